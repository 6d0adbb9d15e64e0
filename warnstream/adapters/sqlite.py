"""One SQLite file for several threads of one process: WAL, synced commits, errors in our terms.

Every thread that asks gets a connection of its own; writers of one process
take turns at a lock instead of polling SQLite's. A commit returns only after
the write-ahead log is synced (``synchronous=FULL``), about 0.3 ms on a local
disk. Connections of threads that have ended are closed when the next one opens.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warnstream.model.errors import StoreError

BUSY_TIMEOUT_MS = 5_000
"""How long a statement waits for another process (a backup) that holds the file."""

RETRYABLE_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM}
"""Primary result codes after which trying again can help: the disk may be freed, the lock released."""

WORD_OF_CODE = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "another process holds the file",
    sqlite3.SQLITE_LOCKED: "another connection holds the table",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is not a database",
    sqlite3.SQLITE_READONLY: "the file is read-only",
    sqlite3.SQLITE_IOERR: "the disk reported an error",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
}


DAMAGED_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class DamagedError(StoreError):
    """The file's content is not what SQLite wrote."""


def put_aside(path: Path) -> Path:
    """Rename a damaged file, and what SQLite keeps beside it, so that a new one can begin; its new name.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
    number = 1
    while aside.exists():
        number += 1
        aside = aside.with_name(f"{aside.name.partition('~')[0]}~{number}")
    try:
        for suffix in ("", "-wal", "-shm"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise StoreError(f"{path}: cannot be put aside ({error.strerror})", retryable=False) from error
    return aside


def as_store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """Our error for one of SQLite's, saying which file, why, and whether retrying helps."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    reason = WORD_OF_CODE.get(code, "SQLite refused")
    kind = DamagedError if code in DAMAGED_CODES else StoreError
    return kind(f"{path}: {reason} ({error})", retryable=code in RETRYABLE_CODES)


class Database:
    """A SQLite file, opened once per thread.

    Parameters
    ----------
    path : Path
        Created with its tables when absent; its folder must exist.
    schema : str
        ``CREATE TABLE IF NOT EXISTS`` statements.
    version : int
        Of the schema; a file written by another version is refused.
    busy_ms : int
        How long a statement waits for another process that holds the file.
    is_synced : bool
        False leaves the syncing of commits to SQLite's checkpoints: a loss of power may undo the last ones.

    Raises
    ------
    StoreError
        If the file cannot be opened or belongs to another version.
    """

    def __init__(
        self,
        path: Path,
        schema: str,
        version: int,
        busy_ms: int = BUSY_TIMEOUT_MS,
        *,
        is_synced: bool = True,
    ) -> None:
        self.path, self._busy_ms = path, busy_ms
        self._synchronous = "FULL" if is_synced else "NORMAL"
        self._local = threading.local()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._registry_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._is_closed = False
        try:
            with self.errors():
                self._create(schema, version)
        except StoreError:
            self.close()
            raise

    def _create(self, schema: str, version: int) -> None:
        connection = self.connection
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found not in (0, version):
            raise StoreError(
                f"{self.path}: written by another version of warnstream "
                f"(schema {found}, this one reads {version})",
                retryable=False,
            )
        connection.executescript(schema)
        connection.execute(f"PRAGMA user_version = {version}")

    @property
    def connection(self) -> sqlite3.Connection:
        """The calling thread's own connection; each statement outside `transaction` commits itself."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open()
            self._local.connection = connection
        return connection

    def _open(self) -> sqlite3.Connection:
        with self._registry_lock:
            if self._is_closed:
                raise StoreError(f"{self.path}: already closed", retryable=False)
            for thread in [thread for thread in self._connections if not thread.is_alive()]:
                self._connections.pop(thread).close()
            # Only `close` and the line above touch a connection from another thread, hence the flag.
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._connections[threading.current_thread()] = connection
        connection.execute(f"PRAGMA busy_timeout = {self._busy_ms}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        return connection

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn SQLite's errors into `StoreError`."""
        try:
            yield
        except sqlite3.Error as error:
            raise as_store_error(self.path, error) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The thread's connection for queries, errors mapped."""
        with self.errors():
            yield self.connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, durable when the block ends; one writer at a time.

        Raises
        ------
        StoreError
            If the disk refuses; nothing of the block is kept then.
        """
        with self._write_lock, self.errors():
            connection = self.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # SQLite itself rolls back after some errors (disk full); a second ROLLBACK would fail.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def size_bytes(self) -> int:
        """Bytes on disk: the file and its write-ahead log."""
        names = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(name.stat().st_size for name in names if name.exists())

    def close(self) -> None:
        """Close every thread's connection; later calls raise `StoreError`."""
        with self._registry_lock:
            self._is_closed = True
            connections = list(self._connections.values())
            self._connections.clear()
        with self._write_lock:
            for connection in connections:
                connection.close()
        self._local = threading.local()
