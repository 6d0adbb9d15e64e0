"""Routes of officers who lay a hand on warnings: orders, rehearsals, what binds and what waits."""

from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.bodies import LIST_BYTES_MAX, ProblemsError, posted
from warnstream.adapters.http.models.orders import OrdersRecord, OrderTakenRecord, RehearsalRecord
from warnstream.adapters.http.models.words import Text
from warnstream.adapters.http.people import asking_person, demand_person, name_of_order
from warnstream.adapters.http.routes import RouteSpec, Services, answer, problems
from warnstream.model.hands.requests import OrderFaultsError, OrderRequest

STALE = "version:"
"""Begins the fault of an order whose author saw another message than the last one."""


class OrderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order by hand; `rehearse` says whom it would reach and does nothing.

    `second` is the person who agrees to red, with a token of their own. Headers: ``If-Match`` has the
    last message that the author has seen, ``Idempotency-Key`` makes an order that is sent twice one.
    """

    kind: Text
    author: Text
    reason: Text
    token: Text
    villages: list[str] = []
    townships: list[str] = []
    rivers: list[str] = []
    polygon: dict[str, Any] | None = None
    hazard: str = ""
    level: str = ""
    lasts: str = ""
    second: str = ""
    second_token: str = ""
    alone: bool = False
    post: str = ""
    response: str = ""
    order: str = ""
    zones: list[str] = []
    grades: list[str] = []
    by: str = ""
    onset: str = ""
    verdict: str = ""
    rehearse: bool = False


async def give_order(services: Services, request: Request) -> Response:
    """Take an order, or say everything that is wrong with it."""
    body = await posted(request, OrderBody, LIST_BYTES_MAX)
    demand_person(services, body.author, body.token)
    if body.second:
        demand_person(services, body.second, body.second_token)
    asked = _request_of(body, request)
    try:
        if body.rehearse:
            return answer(await run_in_threadpool(services.node.rehearse_order, asked))
        return answer(await run_in_threadpool(services.node.give_order, asked), 202)
    except OrderFaultsError as error:
        refused = ProblemsError(error.faults)
        if any(fault.startswith(STALE) for fault in error.faults):
            refused.status_code = 412
        raise refused from None


async def orders(services: Services, request: Request) -> Response:
    """What binds and what waits, for a person who proves to be one."""
    asking_person(services, request)
    return answer(await run_in_threadpool(services.node.orders))


def _request_of(body: OrderBody, request: Request) -> OrderRequest:
    said = msgspec.structs.asdict(body)
    for name in ("token", "second_token", "rehearse"):
        del said[name]
    return OrderRequest(
        **said,
        version=request.headers.get("If-Match", "").strip().strip('"'),
        identifier=name_of_order(request, body.author),
    )


ROUTES = (
    RouteSpec(
        "POST",
        "/api/v1/orders",
        give_order,
        "A person of operators.csv gives an order by hand, or rehearses it.",
        {200: RehearsalRecord, 202: OrderTakenRecord} | problems(400, 403, 408, 412, 413, 429, 503),
        body=OrderBody,
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/orders",
        orders,
        "What people have ordered and that still counts, for a person by their token (Basic).",
        {200: OrdersRecord} | problems(403, 429),
        is_limited=True,
    ),
)
