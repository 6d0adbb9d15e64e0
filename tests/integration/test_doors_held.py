"""Doors whose channel is held are told by another of their ways that works, and by one of them alone."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.test_doors_ways import ALL, WaysDesk, town
from tests.integration.test_silent_doors import MINUTE_S, NOW
from tests.unit.adapters.county import bulletin, given_up
from warnstream.delivery.dispatch.notification import Settlement, Signal, State
from warnstream.model.bulletins import Action, BulletinCause
from warnstream.model.errors import StoreError
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.transfers.objects import HouseholdFacts

WITH_TEXT = ["V1-H0", "V1-H1"]
WITHOUT = ["V1-H2"]
"""Its channel has a `next` (voice) in channels.yaml."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WaysDesk]:
    found = WaysDesk(tmp_path)
    yield found
    found.outbox.close()


def hand_on(desk: WaysDesk, held: str, **rooms: int) -> int:
    return desk.outbox.hand_on(held, rooms, NOW)


def test_who_is_to_leave_hears_it_by_the_next_way_that_works_and_not_again_by_the_first(
    desk: WaysDesk,
) -> None:
    desk.issue(bulletin())
    assert hand_on(desk, "device", sms=10) == 2
    assert desk.tell("sms") == WITH_TEXT
    assert desk.tell("device") == WITHOUT, "who has no other way that works waits"
    assert (desk.tell("sms"), desk.tell("voice"), desk.tell("device")) == ([], [], [])
    counts = desk.outbox.counts()
    assert (counts["sms", State.SENT], counts["device", State.SENT]) == (2, 1)
    assert counts["device", State.SUPERSEDED] == 2


@pytest.mark.parametrize("action", [Action.WATCH, Action.READY, Action.STAY])
def test_who_is_not_asked_to_go_waits(desk: WaysDesk, action: Action) -> None:
    desk.issue(bulletin(level=Level.YELLOW, action=action))
    assert hand_on(desk, "device", sms=10, voice=10) == 0
    assert len(desk.tell("device")) == 3


def test_a_way_that_does_not_work_either_is_passed_over(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    assert hand_on(desk, "device", voice=10) == 3
    assert desk.tell("voice") == WITHOUT, "the others are on the text first, which is held too"
    assert hand_on(desk, "sms", voice=10) == 2
    assert desk.tell("voice") == WITH_TEXT


def test_nobody_goes_where_nothing_works(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    assert hand_on(desk, "device") == 0
    assert hand_on(desk, "device", sms=0) == 0
    assert len(desk.tell("device")) == 3


def test_no_more_go_than_the_other_way_has_room_for_those_first_who_cannot_go_alone(tmp_path: Path) -> None:
    desk = WaysDesk(tmp_path)
    plain = town(ALL, ALL, ALL)
    none = ("", "", "")
    facts = HouseholdFacts(("A", "D", "A"), (1, 1, 1), (0, 1, 0), none, none, none)
    desk.reload(replace(plain, households=replace(plain.households, facts=facts)))
    desk.issue(bulletin())
    assert hand_on(desk, "device", sms=1) == 1
    assert desk.tell("sms") == ["V1-H1"]
    assert len(desk.tell("device")) == 2, "once it is back it tells the others at once"
    desk.outbox.close()


def test_a_door_that_a_probe_has_in_hand_stays_with_it(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    (probe,) = desk.outbox.claim("device", 1, NOW)
    assert hand_on(desk, "device", sms=10) == 1
    desk.outbox.settle({probe.key: Settlement(Signal.SENT)}, NOW)
    assert (probe.recipient, desk.tell("sms")) == ("V1-H0", ["V1-H1"])


def test_who_is_on_the_way_to_the_log_is_in_nobody_else_s_hands(
    desk: WaysDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[bytes, Future[None]]] = []

    def later(payload: bytes) -> Future[None]:
        asked.append((payload, Future()))
        return asked[-1][1]

    desk.issue(bulletin())
    monkeypatch.setattr(desk.outbox.doors.sending, "_ask_log", later)
    assert hand_on(desk, "device", sms=10) == 2
    assert hand_on(desk, "device", sms=10) == 0
    monkeypatch.undo()
    assert desk.tell("device") == WITHOUT
    assert desk.tell("sms") == []
    payload, done = asked[0]
    done.set_exception(StoreError("the disk is full", retryable=True))
    assert desk.tell("device") == WITH_TEXT, "the log has refused it: they wait where they were"
    assert payload


def test_a_full_disk_moves_nobody(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    desk.outbox.is_full = True
    hand_on(desk, "device", sms=10)
    desk.outbox.is_full = False
    assert desk.tell("sms") == []
    assert len(desk.tell("device")) == 3


def test_who_waits_where_nothing_works_goes_back_to_the_first_way_once(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    assert hand_on(desk, "device", sms=10) == 2
    assert hand_on(desk, "sms", device=10) == 2
    claimed = desk.outbox.claim("device", 10, NOW)
    assert [row.recipient for row in claimed] == WITH_TEXT + WITHOUT
    desk.outbox.settle(given_up([row.key for row in claimed]), NOW)
    assert hand_on(desk, "sms", device=10) == 0, "refused there: it does not go round and round"
    assert desk.tell("sms") == WITH_TEXT


def test_a_kill_and_a_reload_forget_nothing_of_it(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    assert hand_on(desk, "device", sms=10) == 2
    desk.restart()
    desk.outbox.crash()
    desk.outbox = desk.opened()
    desk.reload(town(ALL, (), ()))
    assert desk.tell("sms") == ["V1-H0"]
    assert desk.tell("device") == ["V1-H1", "V1-H2"], "with the ways that it has left, from the first"


def test_the_silent_are_called_wherever_they_were_told(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    assert hand_on(desk, "device", sms=10) == 2
    assert desk.tell("sms") == WITH_TEXT
    desk.now_s += 10 * MINUTE_S
    assert desk.look() == 2
    assert desk.tell("voice") == WITH_TEXT


def test_a_newer_bulletin_and_the_end_begin_with_the_first_way_again(desk: WaysDesk) -> None:
    desk.issue(bulletin())
    hand_on(desk, "device", sms=10)
    assert desk.tell("sms") == WITH_TEXT
    desk.issue(bulletin(n=2))
    assert len(desk.tell("device")) == 3
    desk.issue(bulletin(n=3, level=Level.NONE, action=Action.CLEAR, cause=BulletinCause.ENDED))
    assert hand_on(desk, "device", sms=10) == 0
    assert len(desk.tell("device")) == 3


def test_plain_doors_without_another_way_cost_nothing(tmp_path: Path) -> None:
    desk = WaysDesk(tmp_path)
    desk.reload(only_text())
    desk.issue(bulletin())
    assert hand_on(desk, "sms", voice=10) == 0
    desk.outbox.close()


def only_text() -> Network:
    plain = town((), (), ())
    households = replace(plain.households, channel=("sms",) * 3, further=())
    return replace(plain, households=households)
