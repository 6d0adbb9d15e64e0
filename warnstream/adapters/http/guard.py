"""What stands before every HTTP request: security headers, a limit of body size, a rate per client."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send


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


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The body of a request, never more than `bytes_max` of it in memory.

    Raises
    ------
    HTTPException
        413 if it is longer.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            raise HTTPException(413, f"the body is longer than {bytes_max} bytes")
    return bytes(body)
