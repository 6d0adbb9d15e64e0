"""The page of a grid member: own doors, one tap for each; it works while the phone is out of reach."""

import hashlib
from functools import partial
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.bodies import ProblemsError, posted
from warnstream.adapters.http.models.post_doors import (
    ANSWERS_MAX,
    DoorSaid,
    DoorsSaidRecord,
    PostDoorsRecord,
)
from warnstream.adapters.http.posts import basic_credentials
from warnstream.adapters.http.routes import Media, RouteSpec, Services, answer, problems
from warnstream.model.effects import DIGEST_TYPE
from warnstream.model.hands.drills import is_of_drill

FOLDER = Path(__file__).parents[1] / "grid"
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    # Nothing of anybody stands in it, and it opens again where there is no network.
    "Cache-Control": "private, max-age=86400",
}
FILES = {
    "index.html": (Media.HTML.value, (FOLDER / "index.html").read_bytes()),
    "page.css": (Media.STYLE.value, (FOLDER / "page.css").read_bytes()),
    "page.js": (Media.SCRIPT.value, (FOLDER / "page.js").read_bytes()),
}


class DoorsSaidBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a post says for its doors, oldest first."""

    answers: list[DoorSaid]


async def grid_page(_services: Services, request: Request) -> Response:
    """The page itself; the token stands behind the # of its address, and reaches nobody with it."""
    return _file(request, "index.html")


async def grid_style(_services: Services, request: Request) -> Response:
    """Its style."""
    return _file(request, "page.css")


async def grid_script(_services: Services, request: Request) -> Response:
    """Its script."""
    return _file(request, "page.js")


def _file(request: Request, name: str) -> Response:
    media, content = FILES[name]
    headers = PAGE_HEADERS | {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, media_type=media, headers=headers)
    return Response(content, media_type=media, headers=headers)


async def post_doors(services: Services, request: Request) -> Response:
    """The doors of the post that asks."""
    post, message = await _asking(services, request)
    found = await run_in_threadpool(services.node.post_doors, post, message)
    if found is None:
        raise HTTPException(404, "this post answers for no village")
    return answer(found)


async def doors_said(services: Services, request: Request) -> Response:
    """Keep what the post says for its doors; each is answered for itself."""
    post, _ = await _asking(services, request)
    body = await posted(request, DoorsSaidBody)
    if not 1 <= len(body.answers) <= ANSWERS_MAX:
        raise ProblemsError([f"answers: expected 1 to {ANSWERS_MAX}, got {len(body.answers)}"])
    found = await run_in_threadpool(services.node.say_for_doors, post, body.answers)
    return answer(DoorsSaidRecord(found))


async def _asking(services: Services, request: Request) -> tuple[str, str]:
    """The post that asks, by its own token (Basic) or that of a digest's link (Bearer); and the digest."""
    credentials = request.headers.get("Authorization", "")
    post, token = basic_credentials(credentials)
    if post and services.tokens.proves_post(token, post):
        return post, ""
    scheme, _, token = credentials.partition(" ")
    number = services.tokens.number_in(token.strip()) if scheme.lower() == "bearer" else None
    if number is not None:
        proves = partial(services.tokens.proves, token.strip())
        addressed = await run_in_threadpool(services.outbox.addressed, number, proves)
        is_digest = addressed is not None and addressed.message.msg_type == DIGEST_TYPE
        if addressed is not None and is_digest and not is_of_drill(addressed.message.identifier):
            return addressed.recipient, addressed.message.identifier
    raise HTTPException(403, "the link is over, or of no post")


_PAGE = {200: Media.HTML, 304: Media.HTML} | problems(429)
_STYLE = {200: Media.STYLE, 304: Media.STYLE} | problems(429)
_SCRIPT = {200: Media.SCRIPT, 304: Media.SCRIPT} | problems(429)

ROUTES = (
    RouteSpec("GET", "/g/", grid_page, "The page of a grid member.", _PAGE, is_limited=True),
    RouteSpec("GET", "/g/page.css", grid_style, "Its style.", _STYLE, is_limited=True),
    RouteSpec("GET", "/g/page.js", grid_script, "Its script.", _SCRIPT, is_limited=True),
    RouteSpec(
        "GET",
        "/api/v1/posts/doors",
        post_doors,
        "The doors of a post: by its own token (Basic), or by the token of a digest's link (Bearer).",
        {200: PostDoorsRecord} | problems(403, 404, 429),
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/posts/doors",
        doors_said,
        "A post says something for its doors; what a door has said meanwhile is not overwritten.",
        {200: DoorsSaidRecord} | problems(400, 403, 408, 413, 429, 503),
        body=DoorsSaidBody,
        is_limited=True,
    ),
)
