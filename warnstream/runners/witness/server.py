"""The witness: a small process on a third machine, which lends the right to lead to one box at a time.

What it has lent is on disk before the box hears of it. How long that is held it counts by a clock that nobody
sets; after a start it holds what it had lent for the whole time once more.
"""

import logging
import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from warnstream import __version__
from warnstream.adapters.journal.disk import disk_error, sync_directory
from warnstream.adapters.journal.journal import DirectoryLock
from warnstream.adapters.private_files import make_private
from warnstream.adapters.standby.connection import Connection, server_context
from warnstream.adapters.standby.doorway import Doorway
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.messages import VERSION, WITNESS, Hello, LeaseAsk, LeaseSaid
from warnstream.config.settings import BoxSettings, TlsSettings
from warnstream.model.errors import StoreError
from warnstream.runners.witness.lease import Book, Lent

LEASE_S_MIN, LEASE_S_MAX = 5.0, 60.0
"""What is not known after a start may have been lent for the longest time there is."""

_NODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,100}")
NODES_MAX = 1_000

log = logging.getLogger(__name__)


class Kept(msgspec.Struct, frozen=True):
    """Content of ``NODE.json``."""

    term: int
    holder: str
    lasts_s: float


def steady_s() -> float:
    """Seconds of a clock that nobody sets and that does not stand still while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a witness listens and keeps what it has lent; `tls` None: on this machine alone."""

    directory: Path
    host: str
    port: int
    tls: TlsSettings | None = None


class Witness:
    """Serves from its making on.

    Parameters
    ----------
    place : Place

    Raises
    ------
    StoreError
        If another witness uses the folder, or it cannot be used.
    OSError
        If the address cannot be listened on.
    WarnstreamError
        If certificates cannot be used.
    """

    def __init__(self, place: Place) -> None:
        make_private(place.directory)
        self._directory = place.directory
        self._lock = DirectoryLock(place.directory)
        self._asking, self._begun_s = threading.Lock(), steady_s()
        self._books: dict[str, Book] = {}
        box = BoxSettings(WITNESS, place.host, place.port, listens=(place.host, place.port))
        try:
            self._doorway = Doorway(box, server_context(place.tls), self._serve)
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Nobody is lent anything any more."""
        self._doorway.close()
        self._lock.release()

    def _serve(self, connection: Connection, hello: Hello) -> None:
        """One box until it goes. ProtocolError, OSError."""
        if not _NODE.fullmatch(hello.node):
            raise ProtocolError(f"a node is called {hello.node!r}")
        connection.send(Hello(VERSION, WITNESS, hello.node, WITNESS, 0, "", __version__, "", 0, ""))
        if hello.version != VERSION:
            raise ProtocolError(f"{hello.box} speaks version {hello.version}, this witness {VERSION}")
        while True:
            said = connection.receive()
            if not isinstance(said, LeaseAsk) or not LEASE_S_MIN <= said.lasts_s <= LEASE_S_MAX:
                raise ProtocolError(f"{hello.box} asks for nothing that is lent here")
            try:
                answer = self.answer(hello.node, hello.box, said)
            except StoreError as error:
                log.error("what is lent cannot be kept", extra={"node": hello.node, "error": str(error)})  # noqa: TRY400
                answer = LeaseSaid(False, 0, "", 0.0, f"the witness cannot keep it: {error}")
            connection.send(answer)

    def answer(self, node: str, box: str, ask: LeaseAsk) -> LeaseSaid:
        """What a box is told. StoreError: nothing is lent."""
        with self._asking:
            book, now_s = self._book(node, ask.lasts_s), steady_s()
            lent = book.ask(box, ask.term, now_s, is_given=ask.is_given)
            if lent is not None:
                if lent != book.lent or book.lasts_s != ask.lasts_s:
                    log.warning("lent", extra={"node": node, "box": box, "term": ask.term})
                    self._keep(node, Kept(lent.term, lent.holder, ask.lasts_s))
                book.lasts_s = ask.lasts_s
                book.keep(lent, steady_s())
                return LeaseSaid(True, lent.term, lent.holder, book.lasts_s)
            return LeaseSaid(False, book.lent.term, book.lent.holder, book.left_s(now_s))

    def _book(self, node: str, lasts_s: float) -> Book:
        known = self._books.get(node)
        if known is None:
            if len(self._books) >= NODES_MAX:
                raise StoreError(f"{NODES_MAX} nodes are known here, as many as there can be", retryable=True)
            kept = self._kept(node)
            held_s = LEASE_S_MAX if kept is None else kept.lasts_s
            lent = Lent() if kept is None else Lent(kept.term, kept.holder)
            known = self._books[node] = Book(lent, lasts_s, self._begun_s + held_s)
        return known

    def _kept(self, node: str) -> Kept | None:
        path = self._directory / f"{node}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Kept)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise StoreError(f"{path}: cannot be read: {error}", retryable=False) from None
        except OSError as error:
            raise disk_error(path, error) from error

    def _keep(self, node: str, kept: Kept) -> None:
        path = self._directory / f"{node}.json"
        unfinished = path.with_suffix(".new")
        try:
            with unfinished.open("wb") as file:
                file.write(msgspec.json.encode(kept))
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
            sync_directory(self._directory)
        except OSError as error:
            raise disk_error(path, error) from error
