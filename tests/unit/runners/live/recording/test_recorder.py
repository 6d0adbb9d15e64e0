"""A front is recorded a part per turn of the loop, whatever else is written and whatever refuses."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.alarms import RecordedAlarms
from tests.unit.adapters.county import warning_message
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.model.effects import Effects
from warnstream.model.errors import StoreError
from warnstream.runners.live.log import Log
from warnstream.runners.live.recording import recorder as module
from warnstream.runners.live.recording.parts import PART
from warnstream.runners.live.recording.recorder import Desk, Recorder

DESK = cast("Desk", SimpleNamespace(network=SimpleNamespace(villages=SimpleNamespace(code=())), render=None))


class World:
    """An outbox that writes down what is recorded, a log that has nothing."""

    def __init__(self) -> None:
        self.recorded: list[str] = []
        self.entry = 1
        self.refuses = False
        self.woken = self.unrecorded = 0
        self.alarms = RecordedAlarms()
        self.recorder = Recorder(
            cast("NodeOutbox", self), cast("Log", self), self.alarms, Metrics(), self.wake
        )

    def wake(self) -> None:
        self.woken += 1

    def progress(self) -> int:
        return self.entry

    def advance(self, entry: int) -> None:
        self.entry = max(self.entry, entry)

    def last_sequence(self) -> int:
        return self.entry

    def first_sequence(self) -> int:
        return 1

    def since(self, _sequence: int) -> list[Any]:
        return []

    def names_taken(self, _messages: object, _codes: object) -> list[Any]:
        return []

    def record(self, effects: Effects, _network: object, _render: object, entry: int = 0) -> int:
        if self.refuses:
            raise StoreError("the disk is full", retryable=True)
        self.recorded += [message.identifier for message in effects.messages]
        self.advance(entry)
        return len(effects.messages)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(module, "SLICE_S", 1e-12)
    found = World()
    found.recorder.catch_up(DESK)
    return found


FRONT = Effects(messages=[warning_message(village) for village in range(3 * PART)])


def test_each_turn_records_a_part_and_the_entry_is_noted_with_the_last_of_them(world: World) -> None:
    world.recorder.go_on()
    world.recorder.record(7, FRONT, DESK)
    assert len(world.recorded) == PART, "the first at once"
    assert not world.recorder.is_level
    assert (world.entry, world.unrecorded) == (1, 2)
    assert world.recorder.go_on()
    assert not world.recorder.go_on()
    assert world.recorded == [message.identifier for message in FRONT.messages]
    assert (world.entry, world.recorder.is_level, world.unrecorded) == (7, True, 0)


def test_what_is_written_meanwhile_stays_behind_what_it_is_about(world: World) -> None:
    world.recorder.record(7, FRONT, DESK)
    world.recorder.write(lambda: world.recorded.append("answer"))
    assert "answer" not in world.recorded
    world.recorder.finish()
    assert world.recorded[-1] == "answer"
    assert len(world.recorded) == 3 * PART + 1


def test_looking_whether_the_outbox_is_behind_does_not_record_a_front_at_once(world: World) -> None:
    world.recorder.record(7, FRONT, DESK)
    world.recorder.catch_up_if_due(DESK)
    assert len(world.recorded) == PART


def test_a_refusal_in_the_middle_leaves_the_rest_to_the_log_and_keeps_the_answers(world: World) -> None:
    world.recorder.record(7, FRONT, DESK)
    world.recorder.write(lambda: world.recorded.append("answer"))
    world.refuses = True
    assert not world.recorder.go_on()
    assert "outbox" in world.alarms.standing
    assert world.entry == 1, "the log has it: a later catching up begins there"
    world.refuses = False
    world.recorder.catch_up(DESK)
    assert world.recorded[PART:] == ["answer"]
    assert world.alarms.standing == {}


def test_channels_are_woken_for_every_part(world: World) -> None:
    before = world.woken
    world.recorder.record(7, FRONT, DESK)
    world.recorder.finish()
    assert world.woken == before + 3
