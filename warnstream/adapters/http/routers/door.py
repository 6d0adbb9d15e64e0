"""Routes of a household: the page of its answer link, and the keys that it presses during a call."""

import re
import unicodedata
from functools import partial
from typing import Literal
from urllib.parse import parse_qs

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.answer_page import LABEL_OF_HEADS, LABEL_OF_REPORT, answer_page
from warnstream.adapters.http.bodies import BODY_BYTES_MAX
from warnstream.adapters.http.door_page import dead_page, door_page
from warnstream.adapters.http.guard import read_body
from warnstream.adapters.http.routes import Media, RouteSpec, Services, problems
from warnstream.adapters.outbox.types import Addressed
from warnstream.model.digests import FieldReport
from warnstream.model.effects import BULLETIN_TYPES, DIGEST_TYPE, Answer
from warnstream.model.errors import StoreError
from warnstream.model.hands.drills import is_of_drill

ANSWER_OF_KEY = {"1": Answer.ACKNOWLEDGED, "2": Answer.NEED_HELP}


ASKS_FOR_KEY = "收到请按1，需要帮助请按2。 Press 1 if you have heard this, 2 if you need help."


_WHOLE = re.compile(r"-?[0-9]{1,9}|")
"""A number of people as it may be typed; nothing is no number."""


class KeyForm(msgspec.Struct, frozen=True, rename="pascal"):
    """What a gateway reports of a call; the fields that it sends beside it mean nothing here."""

    digits: str


NUMBERS = {**LABEL_OF_HEADS, "arrives_min": "几分钟到 Minutes"}
"""What is a number of people or minutes on the page, and its label."""


class AnswerForm(msgspec.Struct, frozen=True):
    """The button that was pressed; a post's report may have a village and numbers beside it."""

    answer: Literal["acknowledged", "moving", "safe", "need_help", "heads", "on_duty", "patrolled"]
    village: str = ""
    to_move: str = ""
    moved: str = ""
    refused: str = ""
    code: str = ""
    arrives_min: str = ""


async def show_page(services: Services, request: Request) -> Response:
    """What was told, four buttons, and the answer given before; a dead link says whom to call."""
    try:
        addressed = await _addressed(services, request)
    except HTTPException:
        return _html(dead_page(services.node.office()), 404)
    comes = await run_in_threadpool(services.node.who_comes, addressed.recipient)
    doors = doors_page_of(addressed, request.path_params["token"])
    return _shown(services, addressed, addressed.last_answer, comes=comes, doors=doors)


async def answer_on_page(services: Services, request: Request) -> Response:
    """Keep the answer whose button was pressed."""
    try:
        addressed = await _addressed(services, request)
    except HTTPException:
        return _html(dead_page(services.node.office()), 404)
    form = parse_qs((await read_body(request, BODY_BYTES_MAX)).decode("utf-8", errors="replace"))
    words = form.get("answer", [])
    if len(words) == 1 and words[0] in LABEL_OF_REPORT:
        return await _report_on_page(services, addressed, form)
    if len(words) != 1 or words[0] not in tuple(Answer):
        notice = "请按一个按钮 Press one of the buttons"
        return _shown(services, addressed, addressed.last_answer, 400, notice=notice)
    pressed = Answer(words[0])
    try:
        await run_in_threadpool(
            services.node.submit_answer, addressed.message.identifier, addressed.recipient, pressed
        )
    except StoreError:
        notice = "没有收到，请再按一次 Not received: press again"
        return _shown(services, addressed, addressed.last_answer, 503, notice=notice)
    doors = doors_page_of(addressed, request.path_params["token"])
    return _shown(services, addressed, pressed, notice="已收到您的回复 Your answer is received", doors=doors)


async def _report_on_page(services: Services, addressed: Addressed, form: dict[str, list[str]]) -> Response:
    """Keep what a post reports; whoever reports has heard."""
    message, recipient = addressed.message.identifier, addressed.recipient
    said = {name: unicodedata.normalize("NFKC", values[-1][:100]).strip() for name, values in form.items()}
    wrong = [label for word, label in NUMBERS.items() if not _WHOLE.fullmatch(said.get(word, ""))]
    numbers = {word: int(said[word]) for word in NUMBERS if not wrong and said.get(word)}
    pressed = said["answer"]
    if wrong or (pressed == "heads" and not numbers and not said.get("code")):
        notice = f"请填整数 Whole numbers of people or minutes: {'、'.join(wrong or LABEL_OF_HEADS.values())}"
        return _html(answer_page(addressed, answer=addressed.last_answer, notice=notice), 400)
    report = FieldReport(
        recipient,
        message,
        village=said.get("village", ""),
        on_duty=pressed == "on_duty",
        patrolled=pressed == "patrolled",
        to_move=numbers.get("to_move"),
        moved=numbers.get("moved"),
        refused=numbers.get("refused"),
        code=said.get("code", ""),
        arrives_min=numbers.get("arrives_min"),
    )
    try:
        await run_in_threadpool(services.node.submit_answer, message, recipient, Answer.ACKNOWLEDGED)
        fault = await run_in_threadpool(services.node.submit_report, report)
    except StoreError:
        notice = "没有收到，请再按一次 Not received: press again"
        return _html(answer_page(addressed, answer=addressed.last_answer, notice=notice), 503)
    told = f"没有计入：{fault} (not counted)" if fault else "已收到您的上报 Your report is received"
    return _html(answer_page(addressed, answer=Answer.ACKNOWLEDGED, notice=told), 400 if fault else 200)


async def answer_by_key(services: Services, request: Request) -> Response:
    """Keep the key that somebody has pressed; what the gateway says before it hangs up."""
    addressed = await _addressed(services, request)
    form = parse_qs((await read_body(request, BODY_BYTES_MAX)).decode("utf-8", errors="replace"))
    # Some gateways leave blanks, or the key that ends a row of keys, beside the digit.
    keys = unicodedata.normalize("NFKC", form.get("Digits", [""])[0])
    pressed = ANSWER_OF_KEY.get(keys.strip().removesuffix("#"))
    if pressed is None:
        # The gateway has spoken the text twice; who presses another key hears which there are.
        return _spoken(ASKS_FOR_KEY, again=True)
    try:
        await run_in_threadpool(
            services.node.submit_answer, addressed.message.identifier, addressed.recipient, pressed
        )
    except StoreError:
        return _spoken("没有收到，请再按一次。 Not received: press again.", again=True)
    return _spoken("已收到。 Received.")


def _spoken(text: str, *, again: bool = False) -> Response:
    """TwiML that speaks; `again` waits for a key that is reported to the same address."""
    say = f'<Say language="zh-CN">{text}</Say>'
    gather = f'<Gather numDigits="1" timeout="8" method="POST">{say}</Gather>'
    body = f"<Response>{gather if again else say}</Response>"
    return Response(body, media_type=Media.XML.value)


async def _addressed(services: Services, request: Request) -> Addressed:
    """Whom a link was sent to, and what with it; 404 where its token proves nothing."""
    token = request.path_params["token"]
    number = services.tokens.number_in(token)
    addressed = None
    if number is not None:
        proves = partial(services.tokens.proves, token)
        addressed = await run_in_threadpool(services.outbox.addressed, number, proves)
    if addressed is None:
        raise HTTPException(404, "no such page")
    return addressed


def _shown(
    services: Services,
    addressed: Addressed,
    answer: Answer | None,
    status: int = 200,
    *,
    notice: str = "",
    comes: str = "",
    doors: str = "",
) -> Response:
    """The page of a door, or of a post."""
    if addressed.current.msg_type in BULLETIN_TYPES:
        office = services.node.office()
        return _html(door_page(addressed, office, answer=answer, notice=notice, comes=comes), status)
    return _html(answer_page(addressed, answer=answer, notice=notice, comes=comes, doors=doors), status)


def doors_page_of(addressed: Addressed, token: str) -> str:
    """Address of the page of a post's own doors, beside that of its digest; empty for who has none.

    What stands behind the # is not sent when the page is asked for.
    """
    message = addressed.message
    if message.msg_type != DIGEST_TYPE or is_of_drill(message.identifier):
        return ""
    return f"../g/#{token}"


def _html(content: str, status: int = 200) -> Response:
    return Response(content, status, media_type=Media.HTML.value)


ROUTES = (
    RouteSpec(
        "GET",
        "/a/{token}",
        show_page,
        "The page of an answer link; opening it answers nothing.",
        {200: Media.HTML, 404: Media.HTML} | problems(429),
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/a/{token}",
        answer_on_page,
        "Answer on the page; the newest answer counts, a call for help stays.",
        {200: Media.HTML, 400: Media.HTML, 404: Media.HTML} | problems(408, 413, 429) | {503: Media.HTML},
        body=AnswerForm,
        is_form=True,
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/a/{token}/keys",
        answer_by_key,
        "A telephone gateway reports the key that was pressed: 1 has heard, 2 needs help. Answers TwiML.",
        {200: Media.XML} | problems(404, 408, 413, 429),
        body=KeyForm,
        is_form=True,
        is_limited=True,
    ),
)
