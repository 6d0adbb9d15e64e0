"""Takes over the journal of an earlier version: ``journal.sqlite3`` becomes the folder ``journal``.

Every entry keeps its number, kind, content and time; snapshots come along. The
folder appears under its name only when it is complete; then the old file is
renamed to ``journal.sqlite3.converted``, which may be deleted. A crash in
between is made good at the next start.
"""

import hashlib
import logging
import shutil
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.journal.segments import SegmentLog
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.adapters.sqlite import Database
from warnstream.model.errors import StoreError

log = logging.getLogger(__name__)

FOLDER = "journal"
OLD_FILE = "journal.sqlite3"
CONVERTED = "journal.sqlite3.converted"

_SCHEMA_VERSION = 1
_UNFINISHED = "journal.unfinished"
_MARK = "converted-from-sqlite"
"""In the new folder until the old file has its new name."""

_PAGE_ENTRIES = 200


def convert_sqlite_journal(directory: Path, segment_bytes: int) -> None:
    """Convert a journal of an earlier version, if there is one.

    Parameters
    ----------
    directory : Path
        The storage folder; the caller holds its lock.
    segment_bytes : int
        Size of the new segments.

    Raises
    ------
    StoreError
        If the old journal is damaged, the disk refuses, or both an old and a
        new journal are there and nobody can say which is right.
    """
    old, new = directory / OLD_FILE, directory / FOLDER
    if not old.exists():
        return
    try:
        if not new.exists():
            _convert(old, directory / _UNFINISHED, segment_bytes)
            (directory / _UNFINISHED).rename(new)
            sync_directory(directory)
        elif not (new / _MARK).exists():
            raise StoreError(
                f"{old}: an earlier version has written here after the conversion to {new}; "
                "move the one that is not to be used out of the directory",
                retryable=False,
            )
        old.rename(directory / CONVERTED)
        sync_directory(directory)
        (new / _MARK).unlink()
    except OSError as error:
        raise disk_error(new, error) from error


def _convert(old: Path, folder: Path, segment_bytes: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / _MARK).touch()
    with (
        closing(Database(old, "", _SCHEMA_VERSION)) as database,
        closing(SegmentLog(folder, segment_bytes)) as segments,
    ):
        last = _last_sequence(database)
        first, began_at = _first_entry(database, last)
        segments.begin_after(first - 1, began_at)
        for written_at, page in _pages(database, first, last):
            segments.append(page, written_at)
        n_snapshots = _convert_snapshots(database, SnapshotFiles(folder))
    sync_directory(folder)
    log.info(
        "journal of an earlier version converted",
        extra={"file": old, "entries": last - first + 1, "snapshots": n_snapshots},
    )


def _last_sequence(database: Database) -> int:
    with database.reading() as connection:
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
    return int(row[0]) if row else 0


def _first_entry(database: Database, last: int) -> tuple[int, float]:
    """Number and time of the oldest entry; of the one that will follow if none is left."""
    with database.reading() as connection:
        row = connection.execute(
            "SELECT sequence, written_at FROM entries ORDER BY sequence LIMIT 1"
        ).fetchone()
    return (int(row[0]), float(row[1])) if row else (last + 1, 0.0)


def _pages(database: Database, first: int, last: int) -> Iterator[tuple[float, list[tuple[str, bytes]]]]:
    """Entries of the old journal in order, each checked, with the time of the newest of a page."""
    while first <= last:
        with database.reading() as connection:
            rows = connection.execute(
                "SELECT sequence, written_at, kind, checksum, payload FROM entries"
                " WHERE sequence >= ? ORDER BY sequence LIMIT ?",
                (first, _PAGE_ENTRIES),
            ).fetchall()
        for expected, (sequence, _, kind, checksum, payload) in enumerate(rows, start=first):
            if sequence != expected or checksum != zlib.crc32(payload, zlib.crc32(kind.encode())):
                raise StoreError(f"{database.path}: entry {expected} is missing or damaged", retryable=False)
        if not rows:
            raise StoreError(f"{database.path}: entries {first} to {last} are missing", retryable=False)
        yield max(row[1] for row in rows), [(row[2], row[4]) for row in rows]
        first += len(rows)


def _convert_snapshots(database: Database, snapshots: SnapshotFiles) -> int:
    count = 0
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT sequence, written_at, checksum, payload FROM snapshots ORDER BY number"
        )
        for sequence, written_at, checksum, payload in rows:
            if hashlib.sha256(payload).digest() != checksum:
                log.warning("snapshot damaged", extra={"file": database.path, "sequence": sequence})
                continue
            snapshots.save(sequence, payload, written_at)
            count += 1
    return count
