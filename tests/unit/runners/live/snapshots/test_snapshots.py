"""Snapshots beside the loop: one at a time, pruned only behind one on disk, told where it failed."""

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from warnstream.adapters.ledger.copies import LedgerCopy
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import StorageSettings
from warnstream.model.errors import StoreError
from warnstream.runners.intake.intake import Intake
from warnstream.runners.live.log import Log
from warnstream.runners.live.snapshots.keeping import ALARM, Snapshots

WAIT_S = 30.0
STORAGE = StorageSettings(
    directory=Path(),
    snapshot_every_s=600,
    journal_keep_s=3_600,
    journal_bytes_max=1_000_000,
    journal_segment_bytes=65_536,
    refused_max=10,
    audit_keep_s=60,
)


class Alarms:
    def __init__(self) -> None:
        self.standing: dict[str, bool] = {}

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        assert text
        assert not zh
        self.standing[key] = is_blocking

    def end_alarm(self, key: str) -> None:
        self.standing.pop(key, None)


class World:
    """A journal, an outbox and a state that write down what is asked of them."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.sequence, self.is_whole = 7, True
        self.may_write = threading.Event()
        self.may_write.set()
        self.faults: list[Exception] = []
        self.alarms, self.metrics = Alarms(), Metrics()
        doors = SimpleNamespace(copied=lambda: self._did("copy doors"), write=self._write_doors)
        outbox = SimpleNamespace(
            doors=doors,
            advance=lambda sequence: self._did(f"outbox to {sequence}"),
            prune=lambda _before_s: self._did("prune outbox"),
        )
        self.intake = SimpleNamespace(copied=lambda: SimpleNamespace(packed=lambda: b"state"), now_s=0)
        self.snapshots = Snapshots(
            STORAGE,
            cast("Log", self),
            cast("NodeOutbox", outbox),
            lambda _is_awaited: cast("Intake", self.intake) if self.is_whole else None,
            self.alarms,
            self.metrics,
            lambda: None,
        )

    def _did(self, what: str) -> Any:
        self.done.append(what)

    def _write_doors(self, sequence: int, _copied: LedgerCopy) -> None:
        assert self.may_write.wait(WAIT_S)
        self._did(f"doors of {sequence}")

    def last_sequence(self) -> int:
        return self.sequence

    def first_sequence(self) -> int:
        return 1

    def save_snapshot(self, sequence: int, payload: bytes) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self._did(f"{payload.decode()} of {sequence}")

    def prune(self, **_how: object) -> int:
        self._did("prune")
        return 0

    def prune_to_newest(self, bytes_max: int) -> int:
        assert bytes_max == 750_000
        return 0

    def failures(self) -> float:
        return float(self.metrics.snapshot_failures._value.get())


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    found.may_write.set()
    found.snapshots.close()


WRITTEN = ["copy doors", "doors of 7", "state of 7", "prune", "outbox to 7", "prune outbox"]


def test_the_loop_goes_on_while_one_is_written_and_nothing_is_pruned_before_it_is_on_disk(
    world: World,
) -> None:
    world.may_write.clear()
    assert world.snapshots.begin()
    world.sequence = 9
    world.snapshots.settle()
    assert world.snapshots.is_writing
    assert world.done == ["copy doors"]
    world.may_write.set()
    world.snapshots.close()
    assert world.done[: len(WRITTEN)] == WRITTEN, "entries after the copy are not forgotten"


def test_there_is_never_a_second_one_meanwhile(world: World) -> None:
    world.may_write.clear()
    assert world.snapshots.begin()
    assert not world.snapshots.begin()
    world.snapshots.look()
    assert world.done == ["copy doors"]


def test_whoever_waits_gets_one_of_now_behind_the_one_on_its_way(world: World) -> None:
    world.may_write.clear()
    assert world.snapshots.begin()
    world.sequence = 9
    world.may_write.set()
    assert world.snapshots.finish()
    assert [what for what in world.done if what.startswith("state")] == ["state of 7", "state of 9"]
    assert not world.snapshots.is_writing


@pytest.mark.parametrize(
    "fault",
    [
        StoreError("the disk is full", retryable=True),
        OSError(errno.EIO, "input/output error"),
        MemoryError("no room to compress"),
    ],
)
def test_one_that_fails_prunes_nothing_is_told_and_the_next_one_ends_the_alarm(
    world: World, fault: Exception
) -> None:
    world.faults = [fault]
    assert not world.snapshots.finish()
    assert world.done == ["copy doors", "doors of 7"]
    assert world.alarms.standing == {ALARM: False}, "people are warned all the same"
    assert world.failures() == 1
    assert world.snapshots.finish()
    assert world.alarms.standing == {}
    assert world.done[2:] == WRITTEN


def test_a_state_that_cannot_be_copied_ends_nothing_and_is_told(world: World) -> None:
    def no_memory() -> object:
        raise MemoryError("no room for copies")

    copied: Callable[[], object] = world.intake.copied
    world.intake.copied = no_memory
    assert not world.snapshots.begin()
    assert not world.snapshots.is_writing
    assert world.alarms.standing == {ALARM: False}
    world.intake.copied = copied
    assert world.snapshots.finish()


def test_what_is_not_recorded_yet_is_not_kept_and_that_is_no_failure(world: World) -> None:
    world.is_whole = False
    assert not world.snapshots.finish()
    assert world.done == []
    assert world.failures() == 0
    world.is_whole = True


def test_the_end_of_a_node_waits_for_the_last_one(world: World) -> None:
    world.may_write.clear()
    assert world.snapshots.begin()
    ending = threading.Thread(target=world.snapshots.close)
    ending.start()
    world.may_write.set()
    ending.join(WAIT_S)
    assert not ending.is_alive()
    assert world.done.count("state of 7") == 2, "the one on its way, and one of the end"
