"""A box that hands over on a full disk stays, says why, and notes it once there is room."""

import threading
from collections.abc import Callable

import pytest

from warnstream.model.errors import StoreError
from warnstream.runners.standby import takeover
from warnstream.runners.standby.takeover import note_until_kept


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeover, "AGAIN_S", 0.0)


class Disk:
    """Refuses so often; `seen` is what /readyz says when it refuses."""

    def __init__(self, refusals: int, stopping: threading.Event, *, ends: bool = False) -> None:
        self.left, self.stopping, self.ends = refusals, stopping, ends
        self.kept, self.seen, self.shown = 0, list[str](), 0
        self.reasons: Callable[[], list[str]] = list

    def keep(self) -> None:
        if self.left:
            self.left -= 1
            self.seen += self.reasons()
            if self.ends and not self.left:
                self.stopping.set()
            raise StoreError(f"standby.json: the disk is full, {self.left} more", retryable=True)
        self.kept += 1

    def show(self, reasons: Callable[[], list[str]]) -> None:
        self.shown += 1
        self.reasons = reasons


def test_it_says_so_and_goes_on_once_there_is_room() -> None:
    stopping = threading.Event()
    disk = Disk(3, stopping)
    note_until_kept(disk.keep, disk.show, stopping, "south")
    assert (disk.kept, disk.shown) == (1, 1)
    text = "south leads; that this box stands by cannot be noted: standby.json: the disk is full, {} more"
    assert disk.seen == [text.format(2), text.format(1)]
    assert disk.reasons() == [text.format(0)]


def test_nothing_is_shown_where_the_disk_takes_it() -> None:
    stopping = threading.Event()
    disk = Disk(0, stopping)
    note_until_kept(disk.keep, disk.show, stopping, "south")
    assert (disk.kept, disk.shown) == (1, 0)


def test_a_process_that_is_to_end_ends() -> None:
    stopping = threading.Event()
    disk = Disk(2, stopping, ends=True)
    note_until_kept(disk.keep, disk.show, stopping, "south")
    assert disk.kept == 0
