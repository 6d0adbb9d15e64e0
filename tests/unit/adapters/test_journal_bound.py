"""The journal's bound: a snapshot early, an alarm where none can be written, then nothing more."""

import pytest

from tests.alarms import RecordedAlarms
from warnstream.adapters.journal.bound import ALARM, EARLY_S, JournalBound
from warnstream.model.errors import StoreError


class Disk:
    def __init__(self) -> None:
        self.now_s, self.size_bytes, self.snapshots = 0.0, 0, 0
        self.is_full, self.freed_bytes = False, 1_000
        self.alarms = RecordedAlarms()
        self.is_writing = self.is_put_off = False
        self.bound = JournalBound(lambda: self.size_bytes, 1_000, self, self.alarms, lambda: self.now_s)

    def begin(self) -> bool:
        self.snapshots += 1
        self.is_writing = not self.is_put_off
        return self.is_writing

    def end(self) -> None:
        self.is_writing = False
        self._let_go()

    def finish(self) -> bool:
        self.snapshots += 1
        return self._let_go()

    def _let_go(self) -> bool:
        if not self.is_full:
            self.size_bytes -= min(self.freed_bytes, self.size_bytes)
        return not self.is_full


def test_a_snapshot_is_early_where_the_journal_is_nearly_full() -> None:
    disk = Disk()
    for size_bytes, snapshots in ((750, 0), (751, 1), (760, 1)):
        disk.size_bytes = size_bytes
        disk.bound.look()
        assert disk.snapshots == snapshots
    assert disk.alarms.standing == {}, "while it is written nobody is told anything"
    disk.end()
    disk.bound.look()
    assert disk.alarms.standing == {}


def test_below_the_bound_early_snapshots_are_seconds_apart() -> None:
    disk = Disk()
    disk.freed_bytes = 0
    disk.size_bytes = 900
    for now_s, snapshots in ((0.0, 1), (EARLY_S - 1, 1), (EARLY_S, 2)):
        disk.now_s = now_s
        disk.bound.look()
        assert disk.snapshots == snapshots
        disk.end()
    disk.bound.look()
    assert "900 bytes of at most 1000" in disk.alarms.standing[ALARM]


def test_while_a_snapshot_is_written_no_other_is_begun_however_long_it_takes() -> None:
    disk = Disk()
    disk.size_bytes = 900
    for now_s in (0.0, EARLY_S, 10 * EARLY_S):
        disk.now_s = now_s
        disk.bound.look()
    assert disk.snapshots == 1


def test_a_snapshot_that_cannot_be_begun_is_an_alarm_only_if_the_next_cannot_either() -> None:
    disk = Disk()
    disk.size_bytes, disk.is_put_off = 900, True
    for now_s, is_told in ((0.0, False), (1.0, False), (EARLY_S, False), (EARLY_S + 1, True)):
        disk.now_s = now_s
        disk.bound.look()
        assert (ALARM in disk.alarms.standing) == is_told
    disk.is_put_off = False
    disk.now_s = 2 * EARLY_S
    disk.bound.look()
    disk.end()
    disk.bound.look()
    assert disk.alarms.standing == {}


def test_at_the_bound_nothing_is_taken_while_no_snapshot_can_be_written() -> None:
    disk = Disk()
    disk.size_bytes, disk.is_full = 1_001, True
    for _ in range(2):
        with pytest.raises(StoreError, match=r"storage\.journal_bytes_max"):
            disk.bound.demand_room()
    assert ALARM in disk.alarms.standing
    disk.is_full = False
    disk.bound.demand_room()
    assert disk.alarms.standing == {}, "and it ends by itself"
    assert disk.snapshots == 3, "tried every time"


def test_one_entry_larger_than_the_bound_is_taken_all_the_same() -> None:
    disk = Disk()
    disk.size_bytes, disk.freed_bytes = 5_000, 0
    disk.bound.demand_room()
    assert ALARM in disk.alarms.standing


def test_an_alarm_of_an_earlier_process_ends_too() -> None:
    disk = Disk()
    disk.alarms.raise_alarm(ALARM, "as before the restart")
    disk.bound.look()
    assert disk.alarms.standing == {}
