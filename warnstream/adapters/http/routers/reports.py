"""Routes of reports from the field: a post signs in, patrols, tells heads by number; what all have told."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.bodies import ProblemsError, posted
from warnstream.adapters.http.models.reports import ReportsRecord
from warnstream.adapters.http.models.words import Text
from warnstream.adapters.http.people import demand_somebody
from warnstream.adapters.http.posts import take_action
from warnstream.adapters.http.routers.machines import demand_proof
from warnstream.adapters.http.routes import (
    SUBMISSION_ANSWERS,
    RouteSpec,
    Services,
    accepted,
    answer,
    problems,
)
from warnstream.model.digests import ReportBody


class ReportRequest(ReportBody, frozen=True, kw_only=True):
    """A report: with the token of the message that it answers, or by itself with the token of its post."""

    sender: Text
    token: Text


async def report(services: Services, request: Request) -> Response:
    """Keep a report once it can be counted; 400 says in words why it cannot."""
    body = await posted(request, ReportRequest)
    try:
        given = body.by(body.sender)
    except ValueError as error:
        raise ProblemsError([str(error)]) from error
    if not given.message:
        return await take_action(services, given, given.sender, body.token)
    demand_proof(services, body.token, given.message, given.sender)
    if fault := await run_in_threadpool(services.node.submit_report, given):
        raise HTTPException(400, fault)
    return accepted()


async def reports(services: Services, request: Request) -> Response:
    """What was reported, for a post or an officer by their token (Basic)."""
    demand_somebody(services, request)
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
