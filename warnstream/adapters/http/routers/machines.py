"""Routes of devices and other programs: answers, receipts, and signs that people have seen."""

from typing import Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warnstream.adapters.http.bodies import posted
from warnstream.adapters.http.models.posts import SignRecord
from warnstream.adapters.http.models.words import Text
from warnstream.adapters.http.posts import asking_post, take_action
from warnstream.adapters.http.routes import (
    SUBMISSION_ANSWERS,
    RouteSpec,
    Services,
    accepted,
    answer,
    problems,
)
from warnstream.adapters.outbox.types import split_key
from warnstream.model.effects import Answer
from warnstream.model.observations.signs import SignReport, SignVerdict


class AnswerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer of a recipient to a message."""

    message: Text
    recipient: Text
    answer: Answer
    token: Text


class ReceiptRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device has shown the notification with this key: message|recipient|channel."""

    key: Text
    token: Text


class SignReportRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A post has seen a sign, such as a crack."""

    post: Text
    village: Text
    kind: Text
    note: Text
    token: Text


class SignVerdictRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A post has looked at a sign that another has reported."""

    post: Text
    sign: Text
    note: Text
    token: Text
    verdict: Literal["validated", "rejected"]


async def answers(services: Services, request: Request) -> Response:
    """Keep the answer of a recipient."""
    body = await posted(request, AnswerRequest)
    demand_proof(services, body.token, body.message, body.recipient)
    await run_in_threadpool(services.node.submit_answer, body.message, body.recipient, body.answer)
    return accepted()


async def receipts(services: Services, request: Request) -> Response:
    """A device has shown a notification."""
    body = await posted(request, ReceiptRequest)
    try:
        message, recipient, _ = split_key(body.key)
    except ValueError:
        raise HTTPException(400, "key: expected message|recipient|channel") from None
    demand_proof(services, body.token, message, recipient)
    await run_in_threadpool(services.node.receipt, body.key)
    return accepted()


async def signs(services: Services, request: Request) -> Response:
    """Signs that stand, then those that are over."""
    return answer(await run_in_threadpool(services.node.signs, asking_post(services, request)))


async def report_sign(services: Services, request: Request) -> Response:
    """A post reports a sign."""
    body = await posted(request, SignReportRequest)
    report = SignReport(body.village, body.kind, body.post, body.note)
    return await take_action(services, report, body.post, body.token)


async def judge_sign(services: Services, request: Request) -> Response:
    """A post validates or rejects a sign."""
    body = await posted(request, SignVerdictRequest)
    verdict = SignVerdict(body.sign, body.verdict == "validated", body.post, body.note)
    return await take_action(services, verdict, body.post, body.token)


def demand_proof(services: Services, token: str, message: str, recipient: str) -> None:
    """Refuse a token of another message or recipient."""
    if not services.tokens.proves(token, message, recipient):
        raise HTTPException(403, "the token does not belong to this message and recipient")


ROUTES = (
    RouteSpec(
        "POST",
        "/api/v1/answers",
        answers,
        "Keep the answer of a recipient; repeating it changes nothing.",
        SUBMISSION_ANSWERS,
        body=AnswerRequest,
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/receipts",
        receipts,
        "A device has shown a notification.",
        SUBMISSION_ANSWERS,
        body=ReceiptRequest,
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/signs",
        signs,
        "Signs that people have seen; a post that names itself by its token (Basic) reads who said what.",
        {200: list[SignRecord]} | problems(403, 429),
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/signs",
        report_sign,
        "A post of the responsibility chain reports a sign, or renews it.",
        SUBMISSION_ANSWERS,
        body=SignReportRequest,
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/signs/verdicts",
        judge_sign,
        "A post that answers for the village validates or rejects a sign that another has reported.",
        SUBMISSION_ANSWERS,
        body=SignVerdictRequest,
        is_limited=True,
    ),
)
