"""One fault in what a running node looks at and tells keeps nothing else from being looked at and told."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.desk.county import CHAIN, MESSAGE_POLICY, county
from warnstream.adapters.outbox.types import AlarmNotice
from warnstream.model.alarms import Alarm
from warnstream.model.hands.duty import COUNTY, Ring, Trouble
from warnstream.model.warning import MessageStatus
from warnstream.runners.live.alarm_notices import Notices
from warnstream.runners.live.watches.after_step import after_step

T0 = 1_781_740_800
RING = Ring((COUNTY,), (Trouble.DRY,), T0, T0, 1, ("leader",))


def alarm(key: str) -> Alarm:
    return Alarm(key, "it is broken", f"ws.@alarm.{key}", T0, True, True, MessageStatus.ACTUAL)


def broken(*_anything: object) -> None:
    raise RuntimeError("seeded fault")


@pytest.mark.parametrize("seeded", ["replies", "feeds", "first", "none"])
def test_what_is_looked_at_after_a_step_is_looked_at_whatever_fails_before_it(seeded: str) -> None:
    looked: list[str] = []

    def watch(name: str) -> Any:
        return broken if name == seeded else lambda *_: looked.append(name)

    look = after_step(
        SimpleNamespace(look=watch("replies")),  # type: ignore[arg-type]
        SimpleNamespace(take=watch("feeds")),  # type: ignore[arg-type]
        lambda: SimpleNamespace(assessment=SimpleNamespace(feeds=None)),  # type: ignore[arg-type,return-value]
        watch("first"),
        None,
        watch("drills"),
    )
    if seeded == "none":
        look(None)  # type: ignore[arg-type]
    else:
        with pytest.raises(RuntimeError, match="seeded fault"):
            look(None)  # type: ignore[arg-type]
    assert [*looked, seeded].count("drills") == 1
    assert set(looked) == {"replies", "feeds", "first", "drills"} - {seeded}


def test_a_post_that_cannot_be_told_of_an_alarm_keeps_no_warning_of_the_step_from_going_out() -> None:
    told: list[str] = []

    def send(notice: AlarmNotice, _posts: object) -> None:
        if "disk" in notice.name:
            broken()
        told.append(notice.name)

    configuration = SimpleNamespace(
        network=replace(county(), chain=CHAIN),
        message=MESSAGE_POLICY,
        node=SimpleNamespace(name="county", duty_posts=("leader",)),
    )
    notices = Notices(configuration, send)  # type: ignore[arg-type]
    notices.tell_all([alarm("disk"), alarm("clock")], [replace(RING, places=None), RING])  # type: ignore[arg-type]
    assert told == ["ws.@alarm.clock", "ws.@duty.20260618T000000Z-1"]
