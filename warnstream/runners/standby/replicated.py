"""The log of a box that leads: an entry is on its own disk, then on the other box's, and then it counts."""

from collections.abc import Iterable, Iterator

from warnstream.adapters.journal.journal import Journal
from warnstream.model.errors import StoreError
from warnstream.runners.intake.door_entries import OF_DOORS
from warnstream.runners.intake.standby_entries import TOLD
from warnstream.runners.standby.line import Line

_STILL = OF_DOORS | {TOLD}
"""What was told before a box had to stop is kept, whoever leads."""


class ReplicatedLog:
    """A `Log` over a journal and the line to the other box."""

    def __init__(self, journal: Journal, line: Line) -> None:
        self._journal, self._line = journal, line

    def append_many(self, entries: Iterable[tuple[str, bytes]]) -> int:
        """Keep entries on both disks, or on this one where the other box is not waited for.

        Raises
        ------
        StoreError
            If this disk refuses, or this box may not lead any more: do not acknowledge.
        """
        new = list(entries)
        self._demand_right(new)
        last = self._journal.append_many(new)
        if new:
            self._line.added(new)
            self._line.wait_until_confirmed(last)
            self._demand_right(new)
        return last

    def _demand_right(self, entries: list[tuple[str, bytes]]) -> None:
        if self._line.fenced and any(kind not in _STILL for kind, _ in entries):
            raise StoreError(self._line.fenced, retryable=True)

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        """Entries after a number. StoreError if one is missing or damaged."""
        return self._journal.since(sequence)

    def first_sequence(self) -> int:
        """Number of the oldest entry that is kept."""
        return self._journal.first_sequence()

    def last_sequence(self) -> int:
        """Number of the newest entry on this disk."""
        return self._journal.last_sequence()

    def save_snapshot(self, sequence: int, payload: bytes) -> None:
        """Keep a state. StoreError if the disk refuses."""
        self._journal.save_snapshot(sequence, payload)

    def latest_snapshot(self) -> tuple[int, bytes] | None:
        """The newest undamaged snapshot."""
        return self._journal.latest_snapshot()

    def prune(self, *, older_than_s: float | None = None, bytes_max: int | None = None) -> int:
        """Delete old entries that no kept snapshot needs; who stood by so long is sent a whole state."""
        return self._journal.prune(older_than_s=older_than_s, bytes_max=bytes_max)

    def prune_to_newest(self, bytes_max: int) -> int:
        """Delete what only older snapshots need."""
        return self._journal.prune_to_newest(bytes_max)

    def size_bytes(self) -> int:
        """Bytes of entries and snapshots."""
        return self._journal.size_bytes()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()
