"""Routes of the officer on duty and of posts: the situation, why a village is warned, help, confirmations."""

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.bodies import posted
from warnstream.adapters.http.models.county import StateRecord, WarningRecord
from warnstream.adapters.http.models.explanation import ExplanationRecord
from warnstream.adapters.http.models.posts import HelpCallRecord
from warnstream.adapters.http.models.words import Text
from warnstream.adapters.http.people import demand_reader
from warnstream.adapters.http.posts import asking_post, take_action
from warnstream.adapters.http.routes import SUBMISSION_ANSWERS, RouteSpec, Services, answer, problems
from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.effects import OperatorAffirm


class Affirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A post says that a warning still stands."""

    post: Text
    warning: Text
    note: Text
    token: Text


class HelpAssignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A post gives a call for help to a person."""

    post: Text
    help: Text
    person: Text
    token: Text


class HelpClosure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person says that a call for help is over."""

    post: Text
    help: Text
    person: Text
    note: Text
    token: Text


async def state(services: Services, request: Request) -> Response:
    """The situation of the county."""
    demand_reader(services, request)
    return answer(await run_in_threadpool(services.node.state))


async def warnings(services: Services, request: Request) -> Response:
    """Open warnings, worst first."""
    demand_reader(services, request)
    return answer(await run_in_threadpool(services.node.warnings))


async def explanation(services: Services, request: Request) -> Response:
    """Why a village is warned after the last step, or is not."""
    demand_reader(services, request)
    if request.query_params:
        raise HTTPException(
            400, "only the last step is told here; for the past ask `warnstream explain` on the node"
        )
    found = await run_in_threadpool(services.node.explanation, request.path_params["village"])
    if found is None:
        raise HTTPException(404, "no such village")
    return answer(found)


async def affirm_warning(services: Services, request: Request) -> Response:
    """A post confirms a warning."""
    body = await posted(request, Affirmation)
    affirm = OperatorAffirm(body.warning, body.post, body.note)
    return await take_action(services, affirm, body.post, body.token)


async def help_calls(services: Services, request: Request) -> Response:
    """Open calls for help, oldest first, for posts alone."""
    if not asking_post(services, request):
        raise HTTPException(403, "name a post and its token (Basic)")
    return answer(await run_in_threadpool(services.node.help_calls))


async def assign_help(services: Services, request: Request) -> Response:
    """A post gives a call to a person."""
    body = await posted(request, HelpAssignment)
    assign = HelpAssign(body.help, body.post, body.person)
    return await take_action(services, assign, body.post, body.token)


async def close_help(services: Services, request: Request) -> Response:
    """A post passes on that a call is over."""
    body = await posted(request, HelpClosure)
    close = HelpClose(body.help, body.post, body.person, body.note)
    return await take_action(services, close, body.post, body.token)


ROUTES = (
    RouteSpec(
        "GET",
        "/api/v1/state",
        state,
        "The situation of the county; from another machine for a post or an officer by their token (Basic).",
        {200: StateRecord} | problems(403, 429),
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/warnings",
        warnings,
        "Open warnings; from another machine for a post or an officer by their token (Basic).",
        {200: list[WarningRecord]} | problems(403, 429),
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/villages/{village}/explanation",
        explanation,
        "Why a village is warned after the last step, or is not.",
        {200: ExplanationRecord} | problems(400, 403, 404, 429, 503),
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/warnings/affirmations",
        affirm_warning,
        "A post that answers for the village says that a warning still stands.",
        SUBMISSION_ANSWERS,
        body=Affirmation,
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/help",
        help_calls,
        "Open calls for help, for a post that names itself by its token (Basic).",
        {200: list[HelpCallRecord]} | problems(403, 429),
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/help/assignments",
        assign_help,
        "A post gives a call for help to a person, who may be the post itself.",
        SUBMISSION_ANSWERS,
        body=HelpAssignment,
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/help/closures",
        close_help,
        "A person who is not the one that went says that a call for help is over.",
        SUBMISSION_ANSWERS,
        body=HelpClosure,
        is_limited=True,
    ),
)
