"""Routes of reports from the field: a post signs in, patrols, tells heads by number; what all have told."""

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.bodies import ProblemsError, posted
from warnstream.adapters.http.models.reports import ReportsRecord
from warnstream.adapters.http.models.words import Text
from warnstream.adapters.http.posts import basic_credentials, take_action
from warnstream.adapters.http.routers.machines import demand_proof
from warnstream.adapters.http.routes import (
    SUBMISSION_ANSWERS,
    RouteSpec,
    Services,
    accepted,
    answer,
    problems,
)
from warnstream.model.digests import FieldReport, ReportNumber, ReportText


class ReportRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A report: with the token of the message that it answers, or by itself with the token of its post."""

    sender: Text
    token: Text
    message: ReportText = ""
    village: ReportText = ""
    on_duty: bool = False
    patrolled: bool = False
    to_move: ReportNumber | None = None
    moved: ReportNumber | None = None
    refused: ReportNumber | None = None
    in_need: ReportNumber | None = None
    code: ReportText = ""


async def report(services: Services, request: Request) -> Response:
    """Keep a report once it can be counted; 400 says in words why it cannot."""
    body = await posted(request, ReportRequest)
    said = msgspec.structs.asdict(body)
    token = said.pop("token")
    given = FieldReport(**said)
    if not given.says_anything:
        raise ProblemsError(["expected on_duty, patrolled, code, to_move, moved, refused or in_need"])
    if not given.message:
        return await take_action(services, given, given.sender, token)
    demand_proof(services, token, given.message, given.sender)
    if fault := await run_in_threadpool(services.node.submit_report, given):
        raise HTTPException(400, fault)
    return accepted()


async def reports(services: Services, request: Request) -> Response:
    """What was reported, for a post or an officer by their token (Basic)."""
    name, token = basic_credentials(request.headers.get("Authorization", ""))
    tokens = services.tokens
    if not name or not (tokens.proves_post(token, name) or tokens.proves_operator(token, name)):
        raise HTTPException(403, "name a post or an officer and the token (Basic)")
    return answer(await run_in_threadpool(services.node.reports))


ROUTES = (
    RouteSpec(
        "POST",
        "/api/v1/reports",
        report,
        "A post is on duty, has patrolled, or tells heads by number; a door tells heads.",
        SUBMISSION_ANSWERS,
        body=ReportRequest,
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/reports",
        reports,
        "Posts on duty and missing, heads by village, patrols, and what could not be counted.",
        {200: ReportsRecord} | problems(403, 429),
        is_limited=True,
    ),
)
