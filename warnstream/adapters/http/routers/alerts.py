"""Routes by which alerts of other services come in, and where those that stand are listed."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.guard import read_body
from warnstream.adapters.http.models.alerts import AlertRecord, AlertsTakenRecord, UnreadAlertRecord
from warnstream.adapters.http.posts import basic_credentials
from warnstream.adapters.http.routes import Media, RouteSpec, Services, answer, problems
from warnstream.ingest.cap.reader import read_alerts
from warnstream.ingest.cap.tree import BYTES_MAX


async def post_alerts(services: Services, request: Request) -> Response:
    """Keep a document with alerts; what cannot be read of it is kept among the refused, and named."""
    source, token = basic_credentials(request.headers.get("Authorization", ""))
    tokens = services.tokens
    if not source or not (tokens.proves_feed(token, source) or tokens.proves_operator(token, source)):
        raise HTTPException(403, "expected the name and the token of a feed or of a person (Basic)")
    content = await read_body(request, BYTES_MAX)
    read = await run_in_threadpool(read_alerts, content)
    await run_in_threadpool(services.node.submit_alerts, source, content)
    unread = [UnreadAlertRecord(str(fault.reason), fault.detail) for fault in read.faults]
    return answer(AlertsTakenRecord(len(read.alerts), unread), 202 if read.alerts or not unread else 400)


async def alerts(services: Services, _request: Request) -> Response:
    """Alerts that stand."""
    return answer(await run_in_threadpool(services.node.alerts))


ROUTES = (
    RouteSpec(
        "GET",
        "/api/v1/cap",
        alerts,
        "Alerts of other services that stand, in their words.",
        {200: list[AlertRecord]} | problems(429),
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/cap",
        post_alerts,
        "A feed or a person (Basic) brings alerts: CAP 1.1 or 1.2, alone or in Atom, RSS or EDXL, or a "
        "national message.",
        {202: AlertsTakenRecord, 400: AlertsTakenRecord} | problems(403, 408, 413, 429, 503),
        media=Media.CAP,
        is_limited=True,
    ),
)
