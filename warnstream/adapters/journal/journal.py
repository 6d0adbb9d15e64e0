"""The journal of a node: entries in segment files, snapshots, the lock of the data directory."""

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from warnstream.adapters.journal.conversion import FOLDER, convert_sqlite_journal
from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.journal.extents import read_timed_entries
from warnstream.adapters.journal.segments import SEGMENT_BYTES, Repair, SegmentLog
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.model.errors import StoreError


class DirectoryLock:
    """Exclusive use of a storage folder, released by the system when the process ends.

    Raises
    ------
    StoreError
        If another node (or another part of this one) already uses the folder.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / "node.lock"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+", encoding="ascii")
        except OSError as error:
            raise StoreError(f"{path}: cannot be opened ({error.strerror})", retryable=False) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise StoreError(
                f"{directory}: another node (process {owner}) uses this storage directory; "
                "stop it, or give this node a directory of its own",
                retryable=False,
            ) from error
        with suppress(OSError):  # the number is a help only; a full disk must not keep a node from starting
            self._file.truncate(0)
            self._file.write(f"{os.getpid()}\n")
            self._file.flush()

    def release(self) -> None:
        """Let another process have the folder."""
        self._file.close()


class Journal:
    """Everything that came in, in order, numbered from 1 without a gap.

    Parameters
    ----------
    directory : Path
        The storage folder, created when absent and locked until `close`; the
        journal is its folder ``journal``.
    clock : callable
        Wall clock in seconds since 1970 UTC, for the times entries are written.
    segment_bytes : int
        Size of a new segment file.

    Raises
    ------
    StoreError
        If the folder is in use, unwritable or the journal damaged at its end.

    Attributes
    ----------
    followed_by : callable or None
        Is given what was appended, once it is durable: number of the first entry, second (UTC) of writing,
        the entries. In the appending thread; must neither fail nor wait.
    """

    def __init__(
        self, directory: Path, clock: Callable[[], float] = time.time, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self._clock = clock
        self.followed_by: Callable[[int, float, Sequence[tuple[str, bytes]]], None] | None = None
        self._lock = DirectoryLock(directory)
        try:
            convert_sqlite_journal(directory, segment_bytes)
            folder = _made(directory / FOLDER)
            self._snapshots = SnapshotFiles(folder)
            at_least = max(self._snapshots.sequences(), default=0)
            self._log = SegmentLog(folder, segment_bytes, at_least=at_least)
        except StoreError:
            self._lock.release()
            raise

    @property
    def repair(self) -> Repair | None:
        """What was removed from the end of the journal at the start; None if nothing had to be."""
        return self._log.repair

    def append(self, kind: str, payload: bytes) -> int:
        """Keep one entry; returns its sequence number once it is durable.

        Raises
        ------
        StoreError
            If the disk refuses. Nothing was kept then: do not acknowledge.
        """
        return self.append_many([(kind, payload)])

    def append_many(self, entries: Iterable[tuple[str, bytes]]) -> int:
        """Keep several entries in one durable step, all or none.

        Returns
        -------
        int
            Sequence number of the last one; of the newest entry so far if `entries` is empty.

        Raises
        ------
        StoreError
            If the disk refuses. Nothing was kept then.
        """
        new, at = list(entries), self._clock()
        last = self._log.append(new, at)
        if new and self.followed_by is not None:
            self.followed_by(last - len(new) + 1, at, new)
        return last

    def last_sequence(self) -> int:
        """Number of the newest entry ever written; 0 for a new journal. Pruning does not lower it."""
        return self._log.extent().last_sequence

    def first_sequence(self) -> int:
        """Number of the oldest entry that is kept; 1 for a new journal."""
        segments = self._log.extent().segments
        return segments[0].first_sequence if segments else 1

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        """Entries after a sequence number, in order, a segment at a time in memory.

        Yields
        ------
        tuple of (int, str, bytes)
            Sequence number, kind, payload.

        Raises
        ------
        StoreError
            If an entry is missing (pruned or lost) or damaged.
        """
        return ((number, kind, payload) for number, _, kind, payload in self.timed_since(sequence))

    def timed_since(self, sequence: int) -> Iterator[tuple[int, float, str, bytes]]:
        """As `since`, with the second (UTC) in which each entry was written after its number."""
        extent = self._log.extent()
        while sequence < extent.last_sequence:
            yield from read_timed_entries(extent, sequence + 1)
            # What was appended meanwhile comes too.
            sequence, extent = extent.last_sequence, self._log.extent()

    def file_after(self, sequence: int) -> int:
        """First entry of the first file that begins after a number: where to read on behind damage."""
        extent = self._log.extent()
        firsts = (segment.first_sequence for segment in extent.segments if segment.first_sequence > sequence)
        return min(firsts, default=extent.last_sequence + 1)

    def save_snapshot(self, sequence: int, payload: bytes) -> None:
        """Keep a state that contains every entry up to and including `sequence`; the last three stay.

        Raises
        ------
        StoreError
            If the disk refuses; the earlier snapshots stay valid.
        ValueError
            If `sequence` is beyond the newest entry: such a state cannot exist.
        """
        newest = self.last_sequence()
        if not 0 <= sequence <= newest:
            raise ValueError(f"a snapshot of entry {sequence} of a journal that ends at {newest}")
        self._snapshots.save(sequence, payload, self._clock())

    def latest_snapshot(self) -> tuple[int, bytes] | None:
        """Newest undamaged snapshot: its sequence number and payload; None if there is none.

        A damaged one is logged and passed over; `since` then replays more.
        """
        return self._snapshots.latest()

    def prune(
        self,
        *,
        keep_from_sequence: int | None = None,
        older_than_s: float | None = None,
        bytes_max: int | None = None,
    ) -> int:
        """Delete old entries, whole segments at a time; those after the oldest kept snapshot always stay.

        Parameters
        ----------
        keep_from_sequence : int, optional
            This entry and all later ones stay.
        older_than_s : float, optional
            Entries written less than that long ago stay, unless `bytes_max` is exceeded.
        bytes_max : int, optional
            The oldest go while all segments together are larger.

        Returns
        -------
        int
            Entries deleted. Without a snapshot nothing is.
        """
        last = min(self._snapshots.sequences(), default=0)
        if keep_from_sequence is not None:
            last = min(last, keep_from_sequence - 1)
        older_than = float("inf") if older_than_s is None else self._clock() - older_than_s
        return self._log.prune(last, older_than, bytes_max)

    def prune_to_newest(self, bytes_max: int) -> int:
        """Delete what only older snapshots than the newest need, while all segments together are larger.

        Returns
        -------
        int
            Entries deleted.
        """
        newest = max(self._snapshots.sequences(), default=0)
        return self._log.prune(newest, float("-inf"), bytes_max)

    def entries_bytes(self) -> int:
        """Bytes of the entry files."""
        return self._log.size_bytes()

    def size_bytes(self) -> int:
        """Bytes of the journal on disk, snapshots included."""
        return self._log.size_bytes() + self._snapshots.size_bytes()

    def close(self) -> None:
        """Close the file and release the folder."""
        self._log.close()
        self._lock.release()


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
        sync_directory(folder.parent)
    except OSError as error:
        raise disk_error(folder, error) from error
    return folder
