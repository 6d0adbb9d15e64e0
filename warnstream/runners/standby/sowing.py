"""A whole state goes to a box whose log has nothing, or too little, to go on from.

It is the newest snapshot, the ledger of doors, the outbox, the bundles and the secret
of answer links. The box that leads reads its own files, and goes on meanwhile; the
other one puts what it had aside, all of it, before it takes the new one up.
"""

import logging
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.adapters.journal.sown import begin_journal_after
from warnstream.adapters.sending.answer_tokens import FILE as ANSWER_KEY
from warnstream.adapters.standby.connection import Connection
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.messages import Entries, Part, Sowing
from warnstream.model.errors import StoreError

PART_BYTES = 1_000_000
FILES_MAX = 100_000
STATE, OUTBOX = "state", "outbox.sqlite3"
LEDGER, BUNDLES = "ledger", "configurations"
SOWN, SOWING = "sown-", "sowing-"
"""What folders begin with in which a state is received, and sent."""
ASIDE = "aside"
"""Folder of what a box had before: of its log and of what it knew by it."""

_OF_A_LOG = (JOURNAL, LEDGER, OUTBOX, f"{OUTBOX}-wal", f"{OUTBOX}-shm", BUNDLES)
"""What belongs to a log; secrets, the audit and refused messages stay where they are."""

log = logging.getLogger(__name__)


def sow(connection: Connection, directory: Path, journal: Journal) -> int:
    """Send the state of a storage directory; returns the entry after which the log has to go on.

    Raises
    ------
    OSError, StoreError
        If the other box is gone, or a file cannot be read.
    """
    newest = journal.latest_snapshot()
    if newest is None:
        raise StoreError("there is no snapshot yet to give to the other box", retryable=True)
    reaches, state = newest
    with tempfile.TemporaryDirectory(prefix=SOWING, dir=directory) as made:
        copied = Path(made)
        (copied / STATE).write_bytes(reaches.to_bytes(8, "big") + state)
        _copy_database(directory / OUTBOX, copied / OUTBOX)
        files = [(STATE, copied / STATE), (OUTBOX, copied / OUTBOX), *_own_files(directory, reaches)]
        connection.send(Sowing(reaches, [(name, path.stat().st_size) for name, path in files]))
        for _, path in files:
            for content in _parts(path):
                connection.send(Part(content))
    log.warning("a whole state was sent to the other box", extra={"after": reaches, "files": len(files)})
    return reaches


def _copy_database(path: Path, copy: Path) -> None:
    """A consistent copy of a database that is in use."""
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target, pages=1_000)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be copied: {error}", retryable=True) from error


def _own_files(directory: Path, reaches: int) -> Iterator[tuple[str, Path]]:
    """Files that are never changed once they have their name; of ledgers that of the state's entry."""
    ledger = directory / LEDGER
    numbers = SnapshotFiles(ledger).sequences() if ledger.is_dir() else []
    best = [number for number in numbers if number <= reaches][-1:] or numbers[:1]
    snapshots = [path for number in best for path in ledger.glob(f"snapshot-{number:020d}.wss")]
    register = [path for path in (ledger / "register").rglob("*") if path.is_file()]
    bundles = [path for path in (directory / BUNDLES).rglob("*") if path.is_file()]
    secret = [directory / ANSWER_KEY] if (directory / ANSWER_KEY).is_file() else []
    for path in [*snapshots, *register, *bundles, *secret]:
        yield path.relative_to(directory).as_posix(), path


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while content := file.read(PART_BYTES):
            yield content


def take_sown(connection: Connection, sowing: Sowing, directory: Path) -> Path:
    """Receive a state into a folder beside what is there; the folder, complete.

    Raises
    ------
    ProtocolError
        If it is not what was announced.
    OSError, StoreError
        If the other box is gone, or the disk refuses.
    """
    if len(sowing.files) > FILES_MAX:
        raise ProtocolError(f"a state of {len(sowing.files)} files, expected at most {FILES_MAX}")
    n_bytes = sum(size for _, size in sowing.files)
    free = shutil.disk_usage(directory).free
    if n_bytes > free:
        raise StoreError(
            f"{directory}: a state of {n_bytes >> 20} MB was sent, {free >> 20} MB are free", retryable=True
        )
    folder = Path(tempfile.mkdtemp(prefix=SOWN, dir=directory))
    try:
        for name, n_bytes in sowing.files:
            _take_file(connection, folder / _safe(name), n_bytes)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\x00" in name:
        raise ProtocolError(f"a file of a state is called {name!r}")
    if path.parts[0] not in {STATE, OUTBOX, ANSWER_KEY, LEDGER, BUNDLES}:
        raise ProtocolError(f"a state has no file {name!r}")
    return path


def _take_file(connection: Connection, path: Path, n_bytes: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = n_bytes
    try:
        with path.open("wb") as file:
            while left > 0:
                said = connection.receive()
                if isinstance(said, Entries) and not said.entries:
                    continue
                if not isinstance(said, Part) or len(said.content) > left or not said.content:
                    raise ProtocolError("expected a part of a file")
                file.write(said.content)
                left -= len(said.content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if isinstance(error, ConnectionError | TimeoutError):
            raise
        raise disk_error(path, error) from error


def plant(folder: Path, after: int, directory: Path, segment_bytes: int) -> Path | None:
    """Let a storage directory begin with a received state; where what it had before is, None: nowhere.

    Nothing of the directory may be open.

    Raises
    ------
    StoreError
        If the disk refuses. What was there is whole, at its place or aside.
    ProtocolError
        If the state is none.
    """
    whole = (folder / STATE).read_bytes()
    if len(whole) < 8:
        raise ProtocolError("the state is cut off")
    aside = put_aside(directory)
    try:
        for name in (OUTBOX, LEDGER, BUNDLES, ANSWER_KEY):
            if (folder / name).exists():
                (folder / name).replace(directory / name)
        if (directory / ANSWER_KEY).exists():
            (directory / ANSWER_KEY).chmod(0o600)
        # The journal last: without one a box has nothing yet, and is sent all of it again after a crash.
        reaches = int.from_bytes(whole[:8], "big")
        begin_journal_after(directory, after, (reaches, whole[8:]), segment_bytes)
        sync_directory(directory)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise disk_error(directory, error) from error
    return aside


def clear_unfinished(directory: Path) -> None:
    """Delete what a crash left of states that were being sent or received; nobody else may be at it."""
    for pattern in (f"{SOWN}*", f"{SOWING}*"):
        for left in directory.glob(pattern):
            log.warning("an unfinished state is deleted", extra={"folder": str(left)})
            shutil.rmtree(left, ignore_errors=True)


def put_aside(directory: Path) -> Path | None:
    """Move what belongs to a log out of the way; where to, None if there was nothing. StoreError."""
    found = [directory / name for name in _OF_A_LOG if (directory / name).exists()]
    if not found:
        return None
    aside = directory / ASIDE / time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    number = 1
    while aside.exists():
        number += 1
        aside = aside.with_name(f"{aside.name.partition('~')[0]}~{number}")
    try:
        aside.mkdir(parents=True)
        for path in found:
            path.rename(aside / path.name)
        sync_directory(directory)
    except OSError as error:
        raise disk_error(aside, error) from error
    return aside
