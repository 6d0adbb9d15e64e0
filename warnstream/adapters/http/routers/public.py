"""Routes of everybody who passes warnings on: the Atom feed of CAP messages, and their documents."""

import hashlib

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.atom import FEED_PATH, PAGE_MAX, feed
from warnstream.adapters.http.routes import Media, RouteSpec, Services, problems
from warnstream.adapters.outbox.cap_messages import LAST

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
NUMBER_DIGITS_MAX = 18


async def cap_feed(services: Services, request: Request) -> Response:
    """A page of the feed; 304 where the reader has it."""
    before = _number(request.query_params.get("before"))
    page = await run_in_threadpool(
        services.outbox.cap_messages, LAST if before is None else before, PAGE_MAX + 1
    )
    base = services.public_url or str(request.base_url)
    body = feed(services.node.alive().node, base.rstrip("/"), page, before)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}  # kept, and asked for each time
    if _has(request.headers.get("If-None-Match", ""), tag):
        return Response(status_code=304, media_type=Media.ATOM.value, headers=headers)
    return Response(body, media_type=Media.ATOM.value, headers=headers)


async def cap_document(services: Services, request: Request) -> Response:
    """The CAP 1.2 document of a message, as it was issued."""
    document = await run_in_threadpool(services.outbox.cap_document, request.path_params["identifier"])
    if document is None:
        raise HTTPException(404, "no such message")
    text = document if document.startswith("<?xml") else DECLARATION + document
    return Response(text.encode(), media_type=Media.CAP.value)


def _number(text: str | None) -> int | None:
    """The number in a link to a page; a page that nobody has linked to is a mistake."""
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= NUMBER_DIGITS_MAX):
        raise HTTPException(400, "before: expected a number, as in the feed's own links")
    return int(text)


def _has(wanted: str, tag: str) -> bool:
    """Whether `If-None-Match` (RFC 9110, 13.1.2) names the tag; compared weakly."""
    return any(known.strip().removeprefix("W/") in (tag, "*") for known in wanted.split(","))


ROUTES = (
    RouteSpec(
        "GET",
        FEED_PATH,
        cap_feed,
        "Atom feed of the CAP messages of the last days, newest first; `before` turns the page.",
        {200: Media.ATOM, 304: Media.ATOM} | problems(400, 429, 503),
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/cap/messages/{identifier}",
        cap_document,
        "The CAP 1.2 document of a message, as it was issued.",
        {200: Media.CAP} | problems(404, 429, 503),
        is_limited=True,
    ),
)
