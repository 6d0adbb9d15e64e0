"""Routes of drills: a person of operators.csv begins and ends them, and sees which are on."""

from typing import Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.bodies import ProblemsError, posted
from warnstream.adapters.http.models.drills import DrillsRecord, DrillTakenRecord
from warnstream.adapters.http.models.words import Text
from warnstream.adapters.http.people import asking_person, demand_person, name_of_order
from warnstream.adapters.http.routes import RouteSpec, Services, answer, problems
from warnstream.model.hands.requests import DrillRequest, DrillStepRequest, OrderFaultsError


class DrillBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A drill to begin (villages or townships; hazard and level, or steps), or to stop.

    Header: ``Idempotency-Key`` makes an order that is sent twice one.
    """

    act: Literal["start", "stop"]
    author: Text
    reason: Text
    token: Text
    villages: list[str] = []
    townships: list[str] = []
    hazard: str = ""
    level: str = ""
    steps: list[DrillStepRequest] = []
    lasts: str = ""
    announced: bool = False
    drill: str = ""


async def order_drill(services: Services, request: Request) -> Response:
    """Begin or stop a drill, or say everything that is wrong with it."""
    body = await posted(request, DrillBody)
    demand_person(services, body.author, body.token)
    said = {name: getattr(body, name) for name in body.__struct_fields__ if name != "token"}
    asked = DrillRequest(**said, identifier=name_of_order(request, body.author))
    try:
        return answer(await run_in_threadpool(services.node.order_drill, asked), 202)
    except OrderFaultsError as error:
        raise ProblemsError(error.faults) from None


async def drills(services: Services, request: Request) -> Response:
    """Drills that are on or still take answers, for a person who proves to be one."""
    asking_person(services, request)
    return answer(await run_in_threadpool(services.node.drills))


ROUTES = (
    RouteSpec(
        "POST",
        "/api/v1/drills",
        order_drill,
        "A person of operators.csv begins a drill, or ends one.",
        {202: DrillTakenRecord} | problems(400, 403, 408, 413, 429, 503),
        body=DrillBody,
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/drills",
        drills,
        "Drills that are on or still take answers, for a person by their token (Basic).",
        {200: DrillsRecord} | problems(403, 429),
        is_limited=True,
    ),
)
