"""``reload.sock`` in the storage directory: where `warnstream reload` speaks to the node; its user's alone.

One line of JSON in (`Wish`), one line out for each thing said (`Said`), the last with `is_live`.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from warnstream.adapters.console.link import listen_privately, socket_address
from warnstream.model.errors import StoreError
from warnstream.runners.live.reloading.reloads import Reloads, Wish

log = logging.getLogger(__name__)

SOCKET = "reload.sock"
LINE_BYTES_MAX = 4_096
AGAIN_S = 1.0
PATIENCE_S = 10.0
"""For the line of somebody who has connected."""


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something said; the last one of a wish says whether the change is live."""

    line: str = ""
    is_live: bool | None = None


class ReloadDoor:
    """Takes wishes, one connection at a time, in a thread of its own.

    Parameters
    ----------
    directory : Path
        The storage directory.
    reloads : Reloads
    """

    def __init__(self, directory: Path, reloads: Reloads) -> None:
        self._directory, self._reloads = directory, reloads
        self._stopping = threading.Event()
        self._listening: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="reload door", daemon=True)

    def start(self) -> None:
        """Listen; a node without it works, and says so in the log."""
        try:
            self._listening = listen_privately(self._directory, SOCKET)
        except OSError as error:
            said = {"error": error.strerror or str(error)}
            log.error("warnstream reload cannot reach this node", extra=said)  # noqa: TRY400
            return
        self._thread.start()

    def stop(self) -> None:
        """Take no more."""
        self._stopping.set()
        if self._listening is not None:
            with contextlib.suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            with contextlib.suppress(OSError):
                (self._directory / SOCKET).unlink()

    def _run(self) -> None:
        assert self._listening is not None
        while not self._stopping.is_set():
            try:
                guest, _ = self._listening.accept()
            except OSError as error:  # closed, or no descriptor is free now
                if not self._stopping.wait(AGAIN_S):
                    log.warning("reload door cannot accept", extra={"error": error.strerror or str(error)})
                continue
            # A thread each: who waits for a change that is under way is told so at once.
            threading.Thread(target=self._serve, args=(guest,), name="reload guest", daemon=True).start()

    def _serve(self, guest: socket.socket) -> None:
        with guest:
            guest.settimeout(PATIENCE_S)
            try:
                with guest.makefile("rb") as lines:
                    wish = msgspec.json.decode(lines.readline(LINE_BYTES_MAX), type=Wish)
            except (OSError, msgspec.MsgspecError) as error:
                _tell(guest, Said(f"refused: not a wish ({error})", is_live=False))
                return
            is_live = self._reloads.ask(wish, lambda line: _tell(guest, Said(line)))
            _tell(guest, Said(is_live=is_live))


def _tell(guest: socket.socket, said: Said) -> None:
    """Who has gone is told nothing; the change goes on."""
    with contextlib.suppress(OSError):
        guest.sendall(msgspec.json.encode(said) + b"\n")


def talk(directory: Path, wish: Wish) -> Iterator[Said]:
    """Ask the node of a storage directory, and hear what it says until all is said.

    Raises
    ------
    StoreError
        If no node answers there, or it ends before all is said.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        try:
            with socket_address(directory, SOCKET) as address:
                line.connect(address)
            line.sendall(msgspec.json.encode(wish) + b"\n")
        except OSError as error:
            why = error.strerror or error
            raise StoreError(f"no node answers at {directory / SOCKET} ({why})", retryable=True) from error
        with line.makefile("rb") as lines:
            for content in _until_closed(lines):
                said = msgspec.json.decode(content, type=Said)
                yield said
                if said.is_live is not None:
                    return
    raise StoreError("the node has ended before all was said: ask /readyz which bundle runs", retryable=True)


def _until_closed(lines: BinaryIO) -> Iterator[bytes]:
    with contextlib.suppress(ConnectionError):
        yield from lines
