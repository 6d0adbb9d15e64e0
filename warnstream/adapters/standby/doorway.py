"""Where a box waits for the other one: a listening socket, and a thread for each connection."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

from warnstream.adapters.standby.connection import SILENCE_S_MAX, Connection
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.config.settings import BoxSettings

CONNECTIONS_MAX = 8
"""There is one other box; more are old connections of it, or strangers."""

log = logging.getLogger(__name__)

Serve = Callable[[Connection], None]


class Doorway:
    """Listens from its making on; `serve` may be replaced while it does.

    Parameters
    ----------
    box : BoxSettings
        This one.
    context : SSLContext or None
    serve : callable
        Speaks with whoever connects, in a thread of that connection, until that is over.

    Raises
    ------
    OSError
        If the address cannot be listened on; the message names it.
    """

    def __init__(self, box: BoxSettings, context: ssl.SSLContext | None, serve: Serve) -> None:
        self.serve = serve
        self._context = context
        try:
            self._socket = socket.create_server(box.listens)
        except OSError as error:
            raise OSError(
                error.errno, f"{box.listens[0]}:{box.listens[1]} (standby.boxes.{box.name}): {error.strerror}"
            ) from error
        self._lock = threading.Lock()
        self._open: set[Connection | socket.socket] = set()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="doorway", daemon=True)
        self._thread.start()

    def hang_up(self) -> None:
        """Close every connection; those who still want something come again."""
        with self._lock:
            for one in self._open:
                _close(one)

    def close(self) -> None:
        """Nobody can connect any more."""
        self._is_closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()
        self._thread.join(SILENCE_S_MAX)

    def _run(self) -> None:
        while not self._is_closed:
            try:
                sock, address = self._socket.accept()
            except OSError as error:
                if not self._is_closed:
                    log.error("doorway cannot accept", extra={"error": str(error)})  # noqa: TRY400
                    threading.Event().wait(0.1)
                continue
            with self._lock:
                is_full = len(self._open) >= CONNECTIONS_MAX
                if not is_full:
                    self._open.add(sock)
            if is_full:
                sock.close()
                continue
            threading.Thread(target=self._speak, args=(sock, address), name="standby", daemon=True).start()

    def _speak(self, sock: socket.socket, address: object) -> None:
        entered: Connection | socket.socket = sock
        try:
            sock.settimeout(SILENCE_S_MAX)
            plain = self._context.wrap_socket(sock, server_side=True) if self._context else sock
            entered = self._enter(sock, Connection(plain))
            assert isinstance(entered, Connection)
            self.serve(entered)
        except (ProtocolError, ssl.SSLError) as error:
            log.warning("refused at the doorway", extra={"from": str(address), "error": str(error)})
        except OSError as error:
            log.info("the other box has gone", extra={"error": str(error)})
        except Exception:
            log.exception("the other box cannot be served")
        finally:
            with self._lock:
                self._open.discard(entered)
            _close(entered)

    def _enter(self, sock: socket.socket, connection: Connection) -> Connection:
        with self._lock:
            self._open.discard(sock)
            self._open.add(connection)
        return connection


def _close(one: Connection | socket.socket) -> None:
    with suppress(OSError):
        one.close()
