"""What is written of the night in which clocks are put back, 2026-10-25 03:00 of Berlin's summer."""

from dataclasses import replace

import pytest

from tests.unit.adapters.county import GRID_MEMBER, digest
from tests.unit.bulletins.village import message as rise
from tests.unit.bulletins.village import new, wording
from tests.unit.delivery.messages import one_of_each_cause
from tests.unit.desk.county import MESSAGE_POLICY, RULES, county, reason
from warnstream.config.yaml.time_zones import parse_zone
from warnstream.delivery.alarm_texts import alarm_texts
from warnstream.delivery.bulletin_texts import UCS2, bulletin_texts
from warnstream.delivery.digest_texts import digest_texts
from warnstream.delivery.render import render
from warnstream.delivery.transfer import transfer_deadline_s
from warnstream.lifecycle.bulletins import Correction
from warnstream.model.alarms import Alarm
from warnstream.model.level import Level
from warnstream.model.rules.policies import TransferPolicy
from warnstream.model.times import HOUR_S, iso_local, parse_iso
from warnstream.model.warning import Cause, MessageStatus

BERLIN = parse_zone("Europe/Berlin")
POLICY = replace(MESSAGE_POLICY, time_zone=BERLIN)
WORDING = replace(wording(), time_zone=BERLIN)
LAST_OF_SUMMER_S = parse_iso("2026-10-25T01:55:00+02:00")
EXPIRES_S = parse_iso("2026-10-25T03:10:00+01:00")
TWICE_S = parse_iso("2026-10-25T02:30:00+02:00")


def test_a_warning_over_the_change_names_both_times_right() -> None:
    found = replace(
        one_of_each_cause()[Cause.FIRST],
        reason=reason(observed_until_s=LAST_OF_SUMMER_S),
        sent_s=LAST_OF_SUMMER_S,
        onset_s=TWICE_S + HOUR_S,
        expires_s=EXPIRES_S,
    )
    written = render(found, county(), RULES, POLICY)
    assert "<sent>2026-10-25T01:55:00+02:00</sent>" in written.cap_xml
    assert "<onset>2026-10-25T02:30:00+01:00</onset>" in written.cap_xml
    assert "<expires>2026-10-25T03:10:00+01:00</expires>" in written.cap_xml
    assert "有效至25日03:10。" in written.text_zh
    assert "Valid until 03:10 on 25 Oct" in written.text_en
    assert "observed 01:55)" in written.text_en


@pytest.mark.parametrize(("later_s", "offset"), [(0, "UTC+2"), (HOUR_S, "UTC+1")])
def test_in_the_hour_that_comes_twice_every_text_says_which(later_s: int, offset: str) -> None:
    at_s = TWICE_S + later_s
    found = replace(
        one_of_each_cause()[Cause.FIRST], reason=reason(observed_until_s=at_s), sent_s=at_s, expires_s=at_s
    )
    written = render(found, county(), RULES, POLICY)
    assert f"有效至25日02:30 ({offset})。" in written.text_zh
    assert f"Valid until 02:30 ({offset}) on 25 Oct" in written.text_en

    digest_zh = digest_texts(replace(digest(GRID_MEMBER, level=Level.RED), answer_by_s=at_s), WORDING).zh
    assert f"请02:30 ({offset})前应答。" in digest_zh
    assert len(digest_zh) <= UCS2.one

    alarm = Alarm("disk", "full", "ws.x", at_s, True, True, MessageStatus.ACTUAL)
    zh, en = alarm_texts(alarm, "node", BERLIN)
    assert f"自10-25 02:30 ({offset})。" in zh
    assert f"since 10-25 02:30 ({offset})." in en


def test_a_bulletin_of_an_error_says_since_when_it_was_one() -> None:
    voices, ended_s = new(), TWICE_S + 60
    voices.step([rise("flash_flood", Level.RED, at_s=TWICE_S)], TWICE_S)
    over = rise("flash_flood", Level.NONE, at_s=ended_s)
    (told,) = voices.step([over], ended_s, corrections=[Correction(0, "flash_flood")])
    written = bulletin_texts(told, WORDING)
    assert "02:30 (UTC+2)起发给" in written.zh
    assert "since 02:30 (UTC+2) were wrong" in written.en


def test_nightfall_is_that_of_the_clock_of_the_evening_before() -> None:
    """02:30 of winter is nine and a half hours after 18:00 of summer, not eight and a half."""
    onset_s = parse_iso("2026-10-25T02:30:00+01:00")
    found = transfer_deadline_s(onset_s, TransferPolicy(), BERLIN)
    assert iso_local(found, BERLIN) == "2026-10-24T18:00:00+02:00"
    assert onset_s - found == 9.5 * HOUR_S
