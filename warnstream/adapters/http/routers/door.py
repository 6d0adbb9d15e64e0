"""Routes of a household: the page of its answer link."""

from urllib.parse import parse_qs

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.answer_page import answer_page
from warnstream.adapters.http.bodies import BODY_BYTES_MAX
from warnstream.adapters.http.guard import read_body
from warnstream.adapters.http.routes import Media, RouteSpec, Services, problems
from warnstream.adapters.outbox.types import Addressed
from warnstream.model.effects import Answer
from warnstream.model.errors import StoreError


class AnswerForm(msgspec.Struct, frozen=True):
    """The button that was pressed."""

    answer: Answer


async def show_page(services: Services, request: Request) -> Response:
    """What was told, four buttons, and the answer given before."""
    addressed = await _addressed(services, request)
    return _html(answer_page(addressed, answer=addressed.last_answer))


async def answer_on_page(services: Services, request: Request) -> Response:
    """Keep the answer whose button was pressed."""
    addressed = await _addressed(services, request)
    form = parse_qs((await read_body(request, BODY_BYTES_MAX)).decode("utf-8", errors="replace"))
    words = form.get("answer", [])
    if len(words) != 1 or words[0] not in tuple(Answer):
        notice = "请按一个按钮 Press one of the buttons"
        return _html(answer_page(addressed, answer=addressed.last_answer, notice=notice), 400)
    pressed = Answer(words[0])
    try:
        await run_in_threadpool(
            services.node.submit_answer, addressed.message.identifier, addressed.recipient, pressed
        )
    except StoreError:
        notice = "没有收到，请再按一次 Not received: press again"
        return _html(answer_page(addressed, answer=addressed.last_answer, notice=notice), 503)
    return _html(answer_page(addressed, answer=pressed, notice="已收到您的回复 Your answer is received"))


async def _addressed(services: Services, request: Request) -> Addressed:
    """Whom a link was sent to, and what with it; 404 where its token proves nothing."""
    token = request.path_params["token"]
    number = services.tokens.number_in(token)
    addressed = None
    if number is not None:
        addressed = await run_in_threadpool(services.outbox.addressed, number)
    if addressed is None or not services.tokens.proves(
        token, addressed.message.identifier, addressed.recipient
    ):
        raise HTTPException(404, "no such page")
    return addressed


def _html(content: str, status: int = 200) -> Response:
    return Response(content, status, media_type=Media.HTML.value)


ROUTES = (
    RouteSpec(
        "GET",
        "/a/{token}",
        show_page,
        "The page of an answer link; opening it answers nothing.",
        {200: Media.HTML} | problems(404, 429),
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/a/{token}",
        answer_on_page,
        "Answer on the page; the newest answer counts, a call for help stays.",
        {200: Media.HTML, 400: Media.HTML} | problems(404, 408, 413, 429) | {503: Media.HTML},
        body=AnswerForm,
        is_form=True,
        is_limited=True,
    ),
)
