"""What must survive the process: the journal of everything that came in, and what was refused.

The journal is written before anything is acknowledged; a restart takes the
newest undamaged snapshot and replays the entries after it. Every entry and
snapshot carries a checksum, and a gap in the numbers is an error: a state is
never rebuilt from a journal that has lost something.

Any thread may call; each uses a connection of its own. One process only: the
folder is locked. One synced append takes about 0.3 ms, so callers append one
entry per batch of readings, not per reading.
"""

import fcntl
import hashlib
import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from warnstream.adapters.sqlite import Database
from warnstream.model.errors import StoreError
from warnstream.model.refusals import Refusal

logger = logging.getLogger(__name__)

SNAPSHOTS_KEPT = 3
"""A damaged snapshot falls back to the one before it."""

PAGE_ENTRIES = 200
"""Entries read at once while streaming: bounds memory and lets the log be checkpointed in between."""

PRUNE_ENTRIES = 5_000
"""Entries deleted per transaction, so that appending waits some milliseconds at most."""

REFUSED_PAYLOAD_BYTES_MAX = 4_096
"""Bytes kept of a refused payload; its true length is kept beside them."""

JOURNAL_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    written_at REAL NOT NULL,
    kind TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS snapshots (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    sequence INTEGER NOT NULL,
    written_at REAL NOT NULL,
    checksum BLOB NOT NULL,
    payload BLOB NOT NULL
);
"""

REFUSED_SCHEMA = """
CREATE TABLE IF NOT EXISTS refused (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    entry INTEGER NOT NULL,
    received_at REAL NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    payload_bytes INTEGER NOT NULL,
    reinjected_at REAL
);
CREATE TABLE IF NOT EXISTS totals (reason TEXT PRIMARY KEY, refused INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), entry INTEGER NOT NULL);
INSERT OR IGNORE INTO progress VALUES (1, 0);
"""


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
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let another process have the folder."""
        self._file.close()


def _checksum(kind: str, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(kind.encode()))


class Journal:
    """Everything that came in, in order, numbered from 1 without a gap.

    Parameters
    ----------
    directory : Path
        Folder of ``journal.sqlite3``, created when absent and locked until `close`.
    clock : callable
        Wall clock in seconds since 1970 UTC, for ``written_at``.

    Raises
    ------
    StoreError
        If the folder is in use, unwritable or the file damaged.
    """

    def __init__(self, directory: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = DirectoryLock(directory)
        try:
            self._database = Database(directory / "journal.sqlite3", JOURNAL_SCHEMA, version=1)
        except StoreError:
            self._lock.release()
            raise

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
        written_at = self._clock()
        rows = [(written_at, kind, _checksum(kind, payload), payload) for kind, payload in entries]
        if rows:
            with self._database.transaction() as connection:
                connection.executemany(
                    "INSERT INTO entries (written_at, kind, checksum, payload) VALUES (?, ?, ?, ?)", rows
                )
                return int(connection.execute("SELECT max(sequence) FROM entries").fetchone()[0])
        return self.last_sequence()

    def last_sequence(self) -> int:
        """Number of the newest entry ever written; 0 for a new journal. Pruning does not lower it."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
        return int(row[0]) if row else 0

    def first_sequence(self) -> int:
        """Number of the oldest entry that is kept; 1 for a new journal."""
        with self._database.reading() as connection:
            first = connection.execute("SELECT min(sequence) FROM entries").fetchone()[0]
        return self.last_sequence() + 1 if first is None else int(first)

    def since(self, sequence: int) -> Iterator[tuple[int, str, bytes]]:
        """Entries after a sequence number, in order, a page at a time.

        Yields
        ------
        tuple of (int, str, bytes)
            Sequence number, kind, payload.

        Raises
        ------
        StoreError
            If an entry is missing (pruned or lost) or its checksum is wrong.
        """
        expected = sequence + 1
        while True:
            # Read before the page: what is durable by now must be in the page.
            newest = self.last_sequence()
            page = self._page(expected)
            if not page:
                break
            for found, kind, checksum, payload in page:
                self._check_entry(expected, found, is_intact=checksum == _checksum(kind, payload))
                yield found, kind, payload
                expected += 1
        if expected <= newest:
            self._check_entry(expected, newest + 1, is_intact=True)

    def _page(self, first: int) -> list[tuple[int, str, int, bytes]]:
        with self._database.reading() as connection:
            return connection.execute(
                "SELECT sequence, kind, checksum, payload FROM entries"
                " WHERE sequence >= ? ORDER BY sequence LIMIT ?",
                (first, PAGE_ENTRIES),
            ).fetchall()

    def _check_entry(self, expected: int, found: int, *, is_intact: bool) -> None:
        path = self._database.path
        if found != expected:
            missing = f"entries {expected} to {found - 1} are missing (pruned or lost)"
            raise StoreError(f"{path}: {missing}", retryable=False)
        if not is_intact:
            raise StoreError(f"{path}: entry {found} is damaged (checksum)", retryable=False)

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
        digest = hashlib.sha256(payload).digest()
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO snapshots (sequence, written_at, checksum, payload) VALUES (?, ?, ?, ?)",
                (sequence, self._clock(), digest, payload),
            )
            connection.execute(
                "DELETE FROM snapshots WHERE number NOT IN"
                " (SELECT number FROM snapshots ORDER BY number DESC LIMIT ?)",
                (SNAPSHOTS_KEPT,),
            )

    def latest_snapshot(self) -> tuple[int, bytes] | None:
        """Newest undamaged snapshot: its sequence number and payload; None if there is none.

        A damaged one is logged and passed over; `since` then replays more.
        """
        with self._database.reading() as connection:
            numbers = connection.execute("SELECT number FROM snapshots ORDER BY number DESC").fetchall()
        for (number,) in numbers:
            snapshot = self._read_snapshot(number)
            if snapshot is not None:
                return snapshot
        return None

    def _read_snapshot(self, number: int) -> tuple[int, bytes] | None:
        try:
            row = self._database.connection.execute(
                "SELECT sequence, checksum, payload FROM snapshots WHERE number = ?", (number,)
            ).fetchone()
        except sqlite3.DatabaseError as error:
            logger.warning("snapshot unreadable", extra={"snapshot": number, "error": str(error)})
            return None
        sequence, checksum, payload = row
        if hashlib.sha256(payload).digest() != checksum:
            logger.warning("snapshot damaged", extra={"snapshot": number, "sequence": sequence})
            return None
        return int(sequence), bytes(payload)

    def prune(self, *, keep_from_sequence: int | None = None, older_than_s: float | None = None) -> int:
        """Delete old entries; those after the oldest kept snapshot always stay.

        Parameters
        ----------
        keep_from_sequence : int, optional
            This entry and all later ones stay.
        older_than_s : float, optional
            Entries written less than that long ago stay.

        Returns
        -------
        int
            Entries deleted. Without a snapshot nothing is.
        """
        with self._database.reading() as connection:
            last = connection.execute("SELECT min(sequence) FROM snapshots").fetchone()[0] or 0
        if keep_from_sequence is not None:
            last = min(last, keep_from_sequence - 1)
        written_before = float("inf") if older_than_s is None else self._clock() - older_than_s
        deleted = 0
        while True:
            count = self._prune_page(last, written_before)
            deleted += count
            if count < PRUNE_ENTRIES:
                return deleted

    def _prune_page(self, last: int, written_before: float) -> int:
        """Delete from the front only, up to the first entry that must stay: the journal keeps no holes."""
        with self._database.transaction() as connection:
            first = connection.execute("SELECT min(sequence) FROM entries").fetchone()[0]
            if first is None:
                return 0
            kept = connection.execute(
                "SELECT min(sequence) FROM entries WHERE sequence < ? AND written_at >= ?",
                (first + PRUNE_ENTRIES, written_before),
            ).fetchone()[0]
            end = min(last + 1, first + PRUNE_ENTRIES, kept if kept is not None else last + 1)
            return connection.execute("DELETE FROM entries WHERE sequence < ?", (end,)).rowcount

    def size_bytes(self) -> int:
        """Bytes of the journal on disk."""
        return self._database.size_bytes()

    def close(self) -> None:
        """Close the file and release the folder."""
        self._database.close()
        self._lock.release()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One refused message or reading; `payload` is cut at `REFUSED_PAYLOAD_BYTES_MAX`, its length is not.

    `topic` is empty where a reading, not a message, was refused. `reinjected_at`
    is None until it was sent again.
    """

    number: int
    received_at: float
    reason: str
    detail: str
    topic: str
    payload: bytes
    payload_bytes: int
    reinjected_at: float | None


class RefusedStore:
    """Refused messages and readings, the newest `refused_max` of them, each with its reason.

    Parameters
    ----------
    directory : Path
        Folder of ``refused.sqlite3``; must exist.
    refused_max : int
        Rows kept; beyond it the oldest are dropped and counted. 100,000 rows
        of the longest payload take about 430 MB.
    """

    def __init__(self, directory: Path, refused_max: int) -> None:
        if refused_max < 1:
            raise ValueError(f"refused_max must be at least 1, got {refused_max}")
        self._refused_max = refused_max
        self._database = Database(directory / "refused.sqlite3", REFUSED_SCHEMA, version=1)

    def keep(self, refusals: Sequence[Refusal], received_at: float, entry: int) -> None:
        """Keep the refusals of one journal entry; durable when it returns.

        Entries must come in order; one that was kept before (the journal is
        being replayed) changes nothing.

        Raises
        ------
        StoreError
            If the disk refuses.
        """
        if not refusals:
            return
        rows = [
            (
                entry,
                received_at,
                str(refusal.reason),
                refusal.detail,
                refusal.topic,
                refusal.payload[:REFUSED_PAYLOAD_BYTES_MAX],
                len(refusal.payload),
            )
            for refusal in refusals
        ]
        with self._database.transaction() as connection:
            if entry <= int(connection.execute("SELECT entry FROM progress").fetchone()[0]):
                return
            connection.execute("UPDATE progress SET entry = ?", (entry,))
            connection.executemany(
                "INSERT INTO refused (entry, received_at, reason, detail, topic, payload, payload_bytes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            connection.executemany(
                "INSERT INTO totals (reason, refused) VALUES (?, 1)"
                " ON CONFLICT (reason) DO UPDATE SET refused = refused + 1",
                [(row[2],) for row in rows],
            )
            connection.execute(
                "DELETE FROM refused WHERE number <= (SELECT max(number) FROM refused) - ?",
                (self._refused_max,),
            )

    def counts(self) -> dict[str, int]:
        """Refusals ever, by reason, including those dropped since."""
        with self._database.reading() as connection:
            return dict(connection.execute("SELECT reason, refused FROM totals").fetchall())

    def dropped(self) -> int:
        """Refusals that had to make room for newer ones."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT (SELECT coalesce(sum(refused), 0) FROM totals) - (SELECT count(*) FROM refused)"
            ).fetchone()
        return int(row[0])

    def recent(self, n: int, reason: str | None = None) -> list[RefusedRow]:
        """The newest `n`, newest first, of one reason or of all."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT number, received_at, reason, detail, topic, payload, payload_bytes, reinjected_at"
                " FROM refused WHERE ?1 IS NULL OR reason = ?1 ORDER BY number DESC LIMIT ?2",
                (reason, n),
            ).fetchall()
        return [RefusedRow(*row) for row in rows]

    def mark_reinjected(self, numbers: Sequence[int], at: float) -> None:
        """Remember that these were sent again; they stay for the record."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE refused SET reinjected_at = ? WHERE number = ?", [(at, number) for number in numbers]
            )

    def close(self) -> None:
        """Close the file."""
        self._database.close()
