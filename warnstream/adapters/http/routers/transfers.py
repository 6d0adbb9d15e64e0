"""Routes of transfer lists: who is still to go, the five counters, and what is said of rows by name."""

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.bodies import LIST_BYTES_MAX, ProblemsError, posted
from warnstream.adapters.http.models.transfers import MarkTakenRecord, TransfersRecord
from warnstream.adapters.http.models.words import Text
from warnstream.adapters.http.people import demand_somebody
from warnstream.adapters.http.routes import RouteSpec, Services, answer, problems
from warnstream.model.hands.requests import OrderFaultsError


class MarkBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a post, or a person of operators.csv, says of rows; `post` or `person` with their own token."""

    rows: list[Text]
    word: Text
    token: Text
    post: str = ""
    person: str = ""
    note: str = ""


async def transfers(services: Services, request: Request) -> Response:
    """Lists without their rows, and the five counters."""
    demand_somebody(services, request)
    return answer(await run_in_threadpool(services.node.transfers, None))


async def one_transfer(services: Services, request: Request) -> Response:
    """One list with its rows."""
    demand_somebody(services, request)
    found = await run_in_threadpool(services.node.transfers, request.path_params["list"])
    if not found.lists:
        raise HTTPException(404, "no such transfer list")
    return answer(found)


async def mark(services: Services, request: Request) -> Response:
    """Take what is said of rows, or say everything that is wrong with it."""
    body = await posted(request, MarkBody, LIST_BYTES_MAX)
    tokens = services.tokens
    if bool(body.post) == bool(body.person):
        raise ProblemsError(["expected post or person, and their token"])
    by = body.post or body.person
    proves = tokens.proves_post if body.post else tokens.proves_operator
    if not proves(body.token, by):
        raise HTTPException(403, "the token does not belong to this post or person")
    try:
        taken = await run_in_threadpool(
            services.node.mark_rows, body.rows, body.word, by, body.note, is_post=bool(body.post)
        )
    except OrderFaultsError as error:
        raise ProblemsError(error.faults) from None
    return answer(taken, 202)


ROUTES = (
    RouteSpec(
        "GET",
        "/api/v1/transfers",
        transfers,
        "Transfer lists and the five counters, for a post or an officer by their token (Basic).",
        {200: TransfersRecord} | problems(403, 429),
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/transfers/{list}",
        one_transfer,
        "One transfer list with its rows, open ones first.",
        {200: TransfersRecord} | problems(403, 404, 429),
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/transfers/marks",
        mark,
        "A post or an officer says of rows by name who is moving, safe, or refuses.",
        {202: MarkTakenRecord} | problems(400, 403, 408, 413, 429, 503),
        body=MarkBody,
        is_limited=True,
    ),
)
