"""What a post reads of a test call, and by which way."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from tests.unit.desk.county import MESSAGE_POLICY, county
from warnstream.adapters.outbox.types import TEST_TYPE, AlarmNotice
from warnstream.config.settings import Configuration
from warnstream.model.hands.roster import Roster, Shift
from warnstream.model.hands.weekly_calls import TestCall, TestWay, is_test
from warnstream.model.level import Level
from warnstream.model.network import ChainPost
from warnstream.runners.live.alarm_notices import Notices

AT_S = 1_781_575_200
"""2026-06-16 10:00 Beijing time."""


def test_a_test_call_goes_by_the_way_that_is_tested_whoever_holds_the_post_and_says_first_what_it_is() -> (
    None
):
    roster = Roster([Shift("town", AT_S - 60, AT_S + 60, "Li", "sms", "777")])
    configuration = SimpleNamespace(
        network=replace(county(), roster=roster),
        message=MESSAGE_POLICY,
        node=SimpleNamespace(name="county", duty_posts=()),
        bulletins=SimpleNamespace(signature="县防指"),
    )
    sent: list[tuple[AlarmNotice, list[ChainPost]]] = []
    notices = Notices(
        cast("Configuration", configuration), lambda notice, posts: sent.append((notice, list(posts)))
    )
    call = TestCall(17, TestWay("town", "Gushi", "satellite", "+871"), AT_S, AT_S + 1800)
    notices.tell_all([], [call])
    ((notice, posts),) = sent
    assert [(post.post, post.channel, post.address) for post in posts] == [("town", "satellite", "+871")]
    assert notice.text_zh == "【县防指】测试，不是预警：本电话每周测试，请10:30前回复收到。"
    assert notice.text_en == "TEST, no warning: weekly test of this phone, please answer by 10:30."
    assert (notice.level, notice.answer_by_s, notice.msg_type) == (Level.NONE, AT_S + 1800, TEST_TYPE)
    assert notice.expires_s == AT_S + 1800, "nobody is called when the time to answer is over"
    assert is_test(notice.name)
