"""Snapshots written beside the loop: the storm goes on, and kill -9 at any moment of it loses nothing."""

import errno
import shutil
import threading
from pathlib import Path

import pytest

from tests.simulation.changed_county import WAIT_S, County, copy_storage
from warnstream.adapters.journal import snapshots
from warnstream.runners.live.doors import REBUILT
from warnstream.runners.live.snapshots.keeping import ALARM

pytestmark = pytest.mark.slow


class Moment:
    """The writing stops in the middle of a file, and goes on when it may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, nth_file: int, share: float) -> None:
        self.reached, self.may_go_on = threading.Event(), threading.Event()
        self._left, self._share, self._write = nth_file, share, snapshots._write_synced
        monkeypatch.setattr(snapshots, "_write_synced", self.write)

    def write(self, path: Path, content: bytes) -> None:
        """As `_write_synced`."""
        if self._left == 0:
            path.write_bytes(content[: int(self._share * len(content))])
            self.reached.set()
            assert self.may_go_on.wait(WAIT_S)
        self._left -= 1
        self._write(path, content)


def begin(county: County) -> None:
    """A snapshot is begun at the next turn of the loop."""
    assert county.node is not None
    found, begun = county.node._keeper.snapshots, threading.Event()
    look = found.look

    def at_once() -> None:
        found.look = look  # type: ignore[method-assign]
        found.begin()
        begun.set()

    found.look = at_once  # type: ignore[method-assign]
    county.step()
    assert begun.wait(WAIT_S)


def alarms(county: County) -> set[str]:
    assert county.node is not None
    return {alarm.alarm for alarm in county.node.status.state().alarms}


@pytest.mark.parametrize(
    ("nth_file", "share"),
    [(0, 0.0), (0, 0.5), (1, 0.0), (1, 0.5), (1, 1.0)],
    ids=["before the ledger", "half of the ledger", "before the state", "half of the state", "not renamed"],
)
def test_a_kill_in_the_middle_of_writing_leaves_the_older_one_and_every_entry_after_it(
    county: County, monkeypatch: pytest.MonkeyPatch, nth_file: int, share: float
) -> None:
    county.rain(8)
    county.write_snapshot()
    county.rain(2)
    moment = Moment(monkeypatch, nth_file, share)
    begin(county)
    assert moment.reached.wait(WAIT_S)
    county.rain(4)
    assert county.find_faults() == [], "the node judges and warns meanwhile"
    data, copy = county.directory / "data", county.directory / "killed"
    copy_storage(data, copy)
    moment.may_go_on.set()
    county.stop()
    shutil.rmtree(data)
    copy.rename(data)
    county.start()
    assert REBUILT not in alarms(county)
    county.rain(2)
    assert county.find_faults() == []
    assert county.gateway.repeats == 0
    county.rain(48, times=0.0)
    assert county.find_faults() == []


def test_a_snapshot_that_the_disk_refuses_is_an_alarm_until_one_is_written_and_nobody_waits(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.rain(8)

    def refuse(path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "no space left on device", str(path))

    with monkeypatch.context() as full:
        full.setattr(snapshots, "_write_synced", refuse)
        begin(county)
        county.rain(3)
        assert ALARM in alarms(county)
        assert county.node is not None
        assert county.node.metrics.snapshot_failures._value.get() == 1
        assert county.find_faults() == []
    county.write_snapshot()
    county.rain(1)
    assert ALARM not in alarms(county)
    county.kill()
    county.start()
    county.rain(2)
    assert county.find_faults() == []
