"""What stands before every HTTP request: its Host, security headers, limits of body and rate per client."""

import asyncio
import ipaddress
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_S_MAX = 10.0
PROVEN = ("/a/", "/g/", "/api/v1/posts/", "/api/v1/reports")
"""Paths of which each request brings a token that another site's page cannot have."""


class SecurityHeaders:
    """ASGI middleware that adds headers to every answer, errors included."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; complete the headers of its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class HostCheck:
    """ASGI middleware that refuses requests for another host (DNS rebinding: a stranger's page in a browser).

    An address is always one of this machine; names are `localhost`, the machine's own and those given. An
    answer link and a post's page carry their own proof: nobody is turned away because a name was forgotten.

    Parameters
    ----------
    app : ASGI application
    names : collection of str
        Names under which this node is reached.
    key : str
        Where names are declared.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], key: str = "http.hosts") -> None:
        self._app, self._key = app, key
        self._names = {"localhost", socket.gethostname().lower(), *(name.lower() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 400."""
        host = next((value for key, value in scope.get("headers", ()) if key == b"host"), b"")
        if (
            scope["type"] != "http"
            or scope["path"].startswith(PROVEN)
            or self.is_ours(host.decode("latin-1"))
        ):
            await self._app(scope, receive, send)
            return
        text = f"Host: expected a name of this node, got {host.decode('latin-1')!r}; "
        text += f"declare it in {self._key}"
        await JSONResponse({"problems": [text]}, 400)(scope, receive, send)

    def is_ours(self, host: str) -> bool:
        """Whether a Host header names this node; one that is absent (HTTP/1.0) names nobody else."""
        name = host.rpartition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
        name = name.rstrip(".").lower()
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return not host or name in self._names
        return True


class RateLimit:
    """A token bucket per client: `rate_per_s` on average, `burst` at once.

    At most `clients_max` are remembered; the one not heard of longest is
    forgotten first, which can only be to its advantage. For one thread.
    """

    def __init__(
        self, rate_per_s: float, burst: int, clients_max: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate_per_s = rate_per_s
        self._burst = float(burst)
        self._clients_max = clients_max
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, client: str) -> bool:
        """Count one request of a client; False if it has used up its share."""
        now = self._clock()
        left, counted_at = self._left.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - counted_at) * self._rate_per_s)
        is_allowed = left >= 1.0
        self._left[client] = (left - 1.0 if is_allowed else left, now)
        if len(self._left) > self._clients_max:
            self._left.popitem(last=False)
        return is_allowed


class AtMostEvery:
    """Lets something be done at most once in so many seconds; for one thread."""

    def __init__(self, period_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._period_s, self._clock = period_s, clock
        self._done_at = -period_s

    def is_due(self) -> bool:
        """Whether it is time; if so, it counts as done."""
        now = self._clock()
        if now - self._done_at < self._period_s:
            return False
        self._done_at = now
        return True


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The body of a request, never more than `bytes_max` of it in memory.

    Raises
    ------
    HTTPException
        413 if it is longer, 408 if it takes longer than `BODY_S_MAX`.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise HTTPException(413, f"the body is longer than {bytes_max} bytes")
    except TimeoutError:
        raise HTTPException(408, f"the body did not come within {BODY_S_MAX:g} s") from None
    return bytes(body)
