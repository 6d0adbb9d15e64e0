"""The node over HTTP: health, metrics, state, answers, and the page where a household answers.

What is served stands in the routers (`warnstream.adapters.http.routers`). A request has at most 8 KiB of
body and each client a rate; nothing that identifies people is logged, and there is no access log because its
paths would be answer links. Blocking work runs in threads: slow disks delay the requests that need them, not
the others.
"""

import logging
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from warnstream.adapters.http.answer_page import STYLE_HASH
from warnstream.adapters.http.bodies import ProblemsError
from warnstream.adapters.http.door_page import STYLE_HASH as DOOR_STYLE
from warnstream.adapters.http.guard import AtMostEvery, RateLimit, SecurityHeaders
from warnstream.adapters.http.models.operations import ProblemsRecord
from warnstream.adapters.http.node_port import NodeStatus
from warnstream.adapters.http.openapi import openapi_document
from warnstream.adapters.http.routers import ROUTES
from warnstream.adapters.http.routes import RouteSpec, Services, answer
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.model.errors import StoreError

logger = logging.getLogger(__name__)

REQUESTS_PER_S = 50.0
REQUESTS_BURST = 500
"""Generous on purpose: many households share one address of a mobile operator."""

CLIENTS_MAX = 10_000
COUNTS_KEPT_S = 10.0
"""Counting notifications reads the whole outbox, so /metrics does it no more often."""

RETRY_LATER_S = 5

SECURITY_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src '{STYLE_HASH}' '{DOOR_STYLE}';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class HttpApi:
    """The routes of one node, as an ASGI application in `app`.

    Parameters
    ----------
    node : NodeStatus
    outbox : Outbox
        Finds what an answer link is about.
    tokens : Tokens
    metrics : Metrics
    clock : callable
        Monotonic seconds, for rates.
    public_url : str
        Address under which people reach the node; empty if it is not known.
    """

    def __init__(
        self,
        node: NodeStatus,
        outbox: Outbox,
        tokens: Tokens,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
        public_url: str = "",
    ) -> None:
        counting = AtMostEvery(COUNTS_KEPT_S, clock)
        document = openapi_document(ROUTES)
        self._services = Services(node, outbox, tokens, metrics, counting.is_due, document, public_url)
        self._rate = RateLimit(REQUESTS_PER_S, REQUESTS_BURST, CLIENTS_MAX, clock)
        self.app = Starlette(
            routes=[Route(spec.path, self._endpoint(spec), methods=[spec.method]) for spec in ROUTES],
            middleware=[Middleware(SecurityHeaders, headers=SECURITY_HEADERS)],
            exception_handlers={HTTPException: _http_problem, StoreError: _store_problem},
        )

    def _endpoint(self, spec: RouteSpec) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            client = request.client.host if request.client else ""
            if spec.is_limited and not self._rate.allows(client):
                raise HTTPException(429, "too many requests", headers={"Retry-After": "1"})
            return await spec.handler(self._services, request)

        return endpoint


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problems = error.problems if isinstance(error, ProblemsError) else [error.detail]
    response = answer(ProblemsRecord(problems), error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _store_problem(_request: Request, error: Exception) -> Response:
    """Without the error's own text, which names files; the node's log has it."""
    logger.error("a request could not be kept", extra={"error": str(error)})
    response = answer(ProblemsRecord(["the node cannot keep this now; try again"]), 503)
    response.headers["Retry-After"] = str(RETRY_LATER_S)
    return response
