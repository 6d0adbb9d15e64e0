"""Connections of the HTTP interface: how many, and for how long without a whole request.

A client that opens connections and says nothing, or a byte now and then, gets
`HEADER_S_MAX` for the head of a request and `REQUEST_S_MAX` for the rest and its
answer. When there are too many, those that wait for a request go first
(`warnstream.adapters.doorstep`), so that `/healthz` answers under a flood.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from warnstream.adapters.doorstep import Doorstep

HEADER_S_MAX = 10.0
REQUEST_S_MAX = 60.0

log = logging.getLogger(__name__)


class HttpConnections:
    """All connections of one server; for its event loop's thread."""

    def __init__(self, connections_max: int) -> None:
        self.connections_max = connections_max
        self.open: set[LimitedProtocol] = set()
        self.doorstep = Doorstep(connections_max)

    def allow(self, connections_max: int) -> None:
        """Another number of connections; those that are open stay."""
        self.connections_max = self.doorstep.guests_max = connections_max

    def enter(self, connection: "LimitedProtocol") -> None:
        """One more; if it is one too many, one that waits for a request goes."""
        self.open.add(connection)
        self.doorstep.enter(connection)
        if len(self.open) > self.connections_max and not self.doorstep.make_room("too_many", ""):
            connection.turn_away("too_many", "")

    def leave(self, connection: "LimitedProtocol") -> None:
        """It is closed."""
        self.open.discard(connection)
        self.doorstep.leave(connection)


class LimitedProtocol(H11Protocol):
    """uvicorn's own, with the limits above.

    Parameters
    ----------
    connections : HttpConnections
    options
        As uvicorn gives them.
    """

    is_answering = False
    """On the doorstep it waits for the client."""

    def __init__(self, connections: HttpConnections, **options: Any) -> None:
        super().__init__(**options)
        self._connections = connections
        self._timed: RequestResponseCycle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.host = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As ever, with a time for the first request."""
        super().connection_made(transport)
        self.host = self.client[0] if self.client else ""
        self._expect(HEADER_S_MAX)
        self._connections.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """As ever."""
        self._connections.leave(self)
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As ever; a request that has begun has a time of its own, which no byte prolongs."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """As ever; then the next request is waited for."""
        super().on_response_complete()
        self._look()

    def turn_away(self, reason: str, detail: str) -> None:
        """Close at once; nothing was asked."""
        log.debug("HTTP connection closed", extra={"reason": reason, "detail": detail, "from": self.host})
        self._abort()

    def _look(self) -> None:
        cycle = self.cycle if self.cycle is not None and not self.cycle.response_complete else None
        if cycle is self._timed:
            return
        self._timed = cycle
        if cycle is None:
            self._expect(HEADER_S_MAX)
            if self in self._connections.open:
                self._connections.doorstep.enter(self)
        else:
            self._expect(REQUEST_S_MAX)
            self._connections.doorstep.leave(self)

    def _expect(self, within_s: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(within_s, self._abort)

    def _abort(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()
