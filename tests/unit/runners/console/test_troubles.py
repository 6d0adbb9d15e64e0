"""What a desk's state means for the officer: each trouble begins and ends at its own time."""

from dataclasses import replace

import pytest

from tests.unit.desk.county import T0, answer, county, desk_of, rise
from tests.unit.desk.transfers_county import Orders, moving_desk
from warnstream.desk import WarningDesk
from warnstream.lifecycle.alarms import AlarmBook
from warnstream.model.alarms import AlarmSignal
from warnstream.model.bulletins import BulletinPolicy
from warnstream.model.digests import HelpAssign
from warnstream.model.effects import Answer
from warnstream.model.hands.duty import COUNTY, DutyPolicy, Found, Trouble
from warnstream.model.hands.orders import OrderKind, ReleasePolicy, ReleaseRule
from warnstream.model.level import Level
from warnstream.model.times import MINUTE_S
from warnstream.model.warning import MessageStatus
from warnstream.runners.intake.duty import troubles_of

WAITS = ReleaseRule(rise=(0, 20 * MINUTE_S, 20 * MINUTE_S, 20 * MINUTE_S, 20 * MINUTE_S))


def book(*signals: AlarmSignal) -> AlarmBook:
    found = AlarmBook("ws", MessageStatus.ACTUAL)
    for signal in signals:
        found.apply(signal)
    return found


def troubles(desk: WarningDesk, now_s: int, alarms: AlarmBook | None = None) -> dict[Trouble, Found]:
    found = troubles_of(desk, alarms or book(), county().villages, DutyPolicy(), now_s)
    return {finding.trouble: finding for finding in found}


@pytest.mark.parametrize(("level", "rings"), [(Level.YELLOW, False), (Level.ORANGE, True), (Level.RED, True)])
def test_orange_and_red_are_troubles_of_their_township(level: Level, rings: bool) -> None:
    desk = desk_of()
    desk.step([rise(level)], T0)
    found = troubles(desk, T0)
    assert (Trouble.RISE in found) is rings
    if rings:
        villages = county().villages
        assert found[Trouble.RISE].place == (villages.county[0], villages.township[0])
        assert (found[Trouble.RISE].badness, found[Trouble.RISE].level) == (level, level)


@pytest.mark.parametrize(("level", "rings"), [(Level.YELLOW, False), (Level.ORANGE, True)])
def test_a_call_is_a_trouble_after_a_minute_until_somebody_goes(level: Level, rings: bool) -> None:
    desk = desk_of()
    effects = desk.step([rise(level)], T0)
    (bulletin,) = effects.to_doors
    call = replace(answer(bulletin.identifier, "door-0"), answer=Answer.NEED_HELP)
    desk.step([call], T0 + 60)
    assert Trouble.HELP not in troubles(desk, T0 + 119)
    assert (Trouble.HELP in troubles(desk, T0 + 120)) is rings
    (open_call,) = desk.chains.calls
    desk.step([HelpAssign(open_call.name, "grid-a", "li")], T0 + 180)
    assert Trouble.HELP not in troubles(desk, T0 + 240)


def test_a_call_where_people_are_moved_is_urgent_whatever_gauges_say() -> None:
    desk, orders = moving_desk(), Orders()
    (bulletin,) = desk.step([orders(OrderKind.TRANSFER, by="11:00")], T0).to_doors
    assert troubles(desk, T0) == {}, "an order that somebody gave is no news to them"
    call = replace(answer(bulletin.identifier, "door-0"), answer=Answer.NEED_HELP)
    desk.step([call], T0 + 60)
    found = troubles(desk, T0 + 120)[Trouble.HELP]
    assert found.level is Level.ORANGE


def test_a_release_is_a_trouble_five_minutes_before_it_goes_by_itself() -> None:
    desk = desk_of(bulletins=BulletinPolicy(settle_s=0, clear_after_s=0, release=ReleasePolicy(WAITS)))
    desk.step([rise(Level.RED)], T0)
    assert Trouble.RELEASE not in troubles(desk, T0 + 15 * MINUTE_S - 1)
    assert troubles(desk, T0 + 15 * MINUTE_S)[Trouble.RELEASE].badness == T0


@pytest.mark.parametrize(("level", "rings"), [(Level.ORANGE, False), (Level.RED, True)])
def test_nobody_answering_is_a_trouble_at_red(level: Level, rings: bool) -> None:
    desk = desk_of()
    desk.step([rise(level)], T0)
    for minute in range(1, 240):
        desk.step([], T0 + minute * MINUTE_S)
    assert desk.chains.dry == [0]
    assert (Trouble.DRY in troubles(desk, T0 + 240 * MINUTE_S)) is rings


def test_channels_and_what_blocks_the_node_are_the_countys() -> None:
    alarms = book(
        AlarmSignal("channel:sms", "down", T0, is_begin=True, is_blocking=True),
        AlarmSignal("disk", "full", T0, is_begin=True, is_blocking=True),
        AlarmSignal("view:console", "old", T0, is_begin=True, is_blocking=False),
    )
    found = troubles(desk_of(), T0, alarms)
    assert {trouble: finding.badness for trouble, finding in found.items()} == {
        Trouble.CHANNEL: 1,
        Trouble.NODE: 1,
    }
    assert all(finding.place == COUNTY for finding in found.values())
