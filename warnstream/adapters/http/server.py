"""Serves an ASGI application from a thread of this process, with a clean start and stop."""

import logging
import threading
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from warnstream.adapters.descriptors import listening_sockets
from warnstream.adapters.http.connections import HttpConnections, LimitedProtocol
from warnstream.adapters.http.guard import HostCheck
from warnstream.config.settings import HttpSettings

logger = logging.getLogger(__name__)

GRACE_S = 5
"""Requests in hand get that long to finish when the server stops."""

CONNECTIONS_MAX = 1_000
"""Connections at once, if the limit of open files allows; those that ask nothing go first."""


class HttpServer:
    """One listening socket and its thread.

    Parameters
    ----------
    app : ASGI application
    settings : HttpSettings
        Port 0 lets the system choose; see `port` afterwards.
    connections_max : int

    Raises
    ------
    OSError
        If the address cannot be listened on; the message names it.
    """

    def __init__(self, app: ASGIApp, settings: HttpSettings, connections_max: int = CONNECTIONS_MAX) -> None:
        self._sockets = listening_sockets(settings.host, settings.port, connections_max)
        self.port = int(self._sockets[0].getsockname()[1])
        self._connections = HttpConnections(connections_max)
        config = uvicorn.Config(
            HostCheck(app, settings.hosts),
            # uvicorn asks for a class; it only calls it.
            http=partial(LimitedProtocol, self._connections),  # type: ignore[arg-type]
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            # What a proxy says of its clients counts only if the proxy was declared.
            proxy_headers=bool(settings.proxies),
            forwarded_allow_ips=list(settings.proxies),
            timeout_graceful_shutdown=GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def allow(self, connections_max: int) -> None:
        """Another number of connections at once, from any thread."""
        self._connections.allow(connections_max)
        for socket in self._sockets:
            socket.connections_max = connections_max

    def start(self) -> None:
        """Serve; returns at once, connections are queued from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests in hand and close the socket."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        for socket in self._sockets:
            socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=list(self._sockets))
        except Exception:
            logger.exception("HTTP interface ended")
            raise
