"""A journal as whoever goes through it sees it: it ends with the entry that was taken last."""

from collections.abc import Iterable, Iterator

from warnstream.adapters.journal.journal import Journal
from warnstream.model.errors import StoreError


class TakenLog:
    """A `Log` that nothing can be appended to.

    Attributes
    ----------
    taken : int
        The newest entry that was taken: what is kept of a state is kept as of it.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.taken = 0

    def append_many(self, entries: Iterable[tuple[str, bytes]]) -> int:  # noqa: ARG002  # as of a log
        """Nothing is: StoreError."""
        raise StoreError("a box that stands by writes nothing of its own", retryable=False)

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        """Entries after a number, up to the last one taken. StoreError if one is missing or damaged."""
        for found in self._journal.since(sequence):
            if found[0] > self.taken:
                return
            yield found

    def first_sequence(self) -> int:
        """Number of the oldest entry that is kept."""
        return self._journal.first_sequence()

    def last_sequence(self) -> int:
        """Number of the last entry taken."""
        return self.taken

    def save_snapshot(self, sequence: int, payload: bytes) -> None:
        """Keep a state. StoreError if the disk refuses."""
        self._journal.save_snapshot(sequence, payload)

    def latest_snapshot(self) -> tuple[int, bytes] | None:
        """The newest undamaged snapshot."""
        return self._journal.latest_snapshot()

    def prune(self, *, older_than_s: float | None = None, bytes_max: int | None = None) -> int:
        """Delete old entries that no kept snapshot needs; returns how many."""
        return self._journal.prune(older_than_s=older_than_s, bytes_max=bytes_max)

    def prune_to_newest(self, bytes_max: int) -> int:
        """Delete what only older snapshots need; returns how many."""
        return self._journal.prune_to_newest(bytes_max)

    def size_bytes(self) -> int:
        """Bytes of entries and snapshots."""
        return self._journal.size_bytes()

    def close(self) -> None:
        """The journal is its owner's to close."""
