"""Where a box waits for the other one: a listening socket, and a thread for each connection."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

from warnstream.adapters.standby.connection import SILENCE_S_MAX, Connection
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.messages import Hello
from warnstream.config.settings import BoxSettings

STRANGERS_MAX = 8
"""Connections that have not said who they are; of more the one that has waited longest goes."""

log = logging.getLogger(__name__)

Serve = Callable[[Connection, Hello], None]


class Doorway:
    """Listens from its making on.

    Parameters
    ----------
    box : BoxSettings
        This one.
    context : SSLContext or None
    serve : callable
        Speaks with a box that has greeted, in a thread of that connection, until that is over.
    on_refused : callable
        Is told why somebody was turned away.

    Raises
    ------
    OSError
        If the address cannot be listened on; the message names it.
    """

    def __init__(
        self,
        box: BoxSettings,
        context: ssl.SSLContext | None,
        serve: Serve,
        on_refused: Callable[[str], None] = lambda _why: None,
    ) -> None:
        self._serve, self._on_refused = serve, on_refused
        self._context = context
        try:
            self._socket = socket.create_server(box.listens)
        except OSError as error:
            raise OSError(
                error.errno, f"{box.listens[0]}:{box.listens[1]} (standby.boxes.{box.name}): {error.strerror}"
            ) from error
        self._lock = threading.Lock()
        self._strangers: dict[socket.socket, None] = {}
        self._known: set[Connection] = set()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="doorway", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Nobody can connect any more."""
        self._is_closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            still: list[Connection | socket.socket] = [*self._strangers, *self._known]
            for connection in still:
                _close(connection)
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
                if len(self._strangers) >= STRANGERS_MAX:
                    oldest = next(iter(self._strangers))
                    del self._strangers[oldest]
                    _close(oldest)
                self._strangers[sock] = None
            threading.Thread(target=self._receive, args=(sock, address), name="standby", daemon=True).start()

    def _receive(self, sock: socket.socket, address: object) -> None:
        connection: Connection | None = None
        try:
            sock.settimeout(SILENCE_S_MAX)
            connection = Connection(
                self._context.wrap_socket(sock, server_side=True) if self._context else sock
            )
            hello = connection.receive_hello()
            with self._lock:
                self._strangers.pop(sock, None)
                self._known.add(connection)
            self._serve(connection, hello)
        except (ProtocolError, ssl.SSLError) as error:
            log.warning("refused at the doorway", extra={"from": str(address), "error": str(error)})
            self._on_refused(f"somebody was turned away: {error}")
        except OSError as error:
            log.info("the other box has gone", extra={"error": str(error)})
        except Exception:
            log.exception("the other box cannot be served")
        finally:
            with self._lock:
                self._strangers.pop(sock, None)
                if connection is not None:
                    self._known.discard(connection)
            _close(connection or sock)


def _close(one: Connection | socket.socket) -> None:
    with suppress(OSError):
        one.close()
