"""Serves an ASGI application from a thread of this process, with a clean start and stop."""

import logging
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

logger = logging.getLogger(__name__)

GRACE_S = 5
"""Requests in hand get that long to finish when the server stops."""

REQUESTS_MAX = 1_000
"""Requests served at once; beyond it a client gets 503 at once."""


class HttpServer:
    """One listening socket and its thread.

    Parameters
    ----------
    app : ASGI application
    host : str
        Name or address to listen on; IPv6 addresses without brackets.
    port : int
        0 lets the system choose; see `port` afterwards.

    Raises
    ------
    OSError
        If the address cannot be listened on; the message names it.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=2_048)
        except OSError as error:
            raise OSError(f"cannot listen on {host} port {port}: {error.strerror}") from error
        self.port = int(self._socket.getsockname()[1])
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            limit_concurrency=REQUESTS_MAX,
            timeout_graceful_shutdown=GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Serve; returns at once, connections are queued from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests in hand and close the socket."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except Exception:
            logger.exception("HTTP interface ended")
            raise
