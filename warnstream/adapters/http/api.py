"""The node over HTTP: health, metrics, state, answers, and the page where a household answers.

One table, `ROUTES`, makes the routes and the OpenAPI document, so they cannot
disagree. A request has at most 8 KiB of body and each client a rate; nothing
that identifies people is logged, and there is no access log because its paths
would be answer links. Blocking work runs in threads: slow disks delay the
requests that need them, not the others.
"""

import base64
import binascii
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qs

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from warnstream.adapters.http.answer_page import STYLE_HASH, answer_page
from warnstream.adapters.http.guard import RateLimit, SecurityHeaders, read_body
from warnstream.adapters.http.node_port import NodeStatus, PostAction
from warnstream.adapters.http.openapi import openapi_document
from warnstream.adapters.http.routes import ROUTES, RouteSpec
from warnstream.adapters.http.schemas import ANSWER_WORDS, SCHEMAS, ProblemsError, checked_fields
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.outbox.types import Addressed, split_key
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.effects import Answer, OperatorAffirm
from warnstream.model.errors import StoreError
from warnstream.model.observations.signs import SignReport, SignVerdict

logger = logging.getLogger(__name__)

BODY_BYTES_MAX = 8_192
REQUESTS_PER_S = 50.0
REQUESTS_BURST = 500
"""Generous on purpose: many households share one address of a mobile operator."""

CLIENTS_MAX = 10_000
COUNTS_KEPT_S = 10.0
"""Counting notifications reads the whole outbox, so /metrics does it no more often."""

RETRY_LATER_S = 5

SECURITY_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src '{STYLE_HASH}'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class HttpApi:
    """The routes of one node, as an ASGI application in `app`.

    Parameters
    ----------
    node : NodeStatus
    outbox : Outbox
        Finds what an answer link is about.
    tokens : Tokens
    metrics : Metrics
    clock : callable
        Monotonic seconds, for rates.
    """

    def __init__(
        self,
        node: NodeStatus,
        outbox: Outbox,
        tokens: Tokens,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._node = node
        self._outbox = outbox
        self._tokens = tokens
        self._metrics = metrics
        self._clock = clock
        self._counted_at = -COUNTS_KEPT_S
        self._rate = RateLimit(REQUESTS_PER_S, REQUESTS_BURST, CLIENTS_MAX, clock)
        self.app = Starlette(
            routes=[Route(spec.path, self._endpoint(spec), methods=[spec.method]) for spec in ROUTES],
            middleware=[Middleware(SecurityHeaders, headers=SECURITY_HEADERS)],
            exception_handlers={HTTPException: _http_problem, StoreError: _store_problem},
        )

    def _endpoint(self, spec: RouteSpec) -> Callable[[Request], Awaitable[Response]]:
        handler: Callable[[Request], Awaitable[Response]] = getattr(self, f"_{spec.handler}")

        async def endpoint(request: Request) -> Response:
            client = request.client.host if request.client else ""
            if spec.is_limited and not self._rate.allows(client):
                raise HTTPException(429, "too many requests", headers={"Retry-After": "1"})
            return await handler(request)

        return endpoint

    async def _healthz(self, _request: Request) -> Response:
        return _json(self._node.alive())

    async def _readyz(self, _request: Request) -> Response:
        is_ready, reasons = await run_in_threadpool(self._node.ready)
        return _json({"ready": is_ready, "reasons": reasons}, 200 if is_ready else 503)

    async def _metrics_page(self, _request: Request) -> Response:
        if self._clock() - self._counted_at >= COUNTS_KEPT_S:
            self._counted_at = self._clock()
            counts = await run_in_threadpool(self._outbox.counts)
            self._metrics.set_notifications(
                {(channel, state.word): count for (channel, state), count in counts.items()}
            )
        return Response(self._metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    async def _openapi(self, _request: Request) -> Response:
        return _json(openapi_document())

    async def _state(self, _request: Request) -> Response:
        return _json(await run_in_threadpool(self._node.state))

    async def _warnings(self, _request: Request) -> Response:
        return _json(await run_in_threadpool(self._node.warnings))

    async def _explanation(self, request: Request) -> Response:
        if request.query_params:
            raise HTTPException(
                400, "only the last step is told here; for the past ask `warnstream explain` on the node"
            )
        found = await run_in_threadpool(self._node.explanation, request.path_params["village"])
        if found is None:
            raise HTTPException(404, "no such village")
        return _json(found)

    async def _answers(self, request: Request) -> Response:
        fields = checked_fields(await read_body(request, BODY_BYTES_MAX), SCHEMAS["AnswerRequest"])
        message, recipient = fields["message"], fields["recipient"]
        self._demand_proof(fields["token"], message, recipient)
        await self._submit(message, recipient, Answer(fields["answer"]))
        return _json({"accepted": True}, 202)

    async def _receipts(self, request: Request) -> Response:
        fields = checked_fields(await read_body(request, BODY_BYTES_MAX), SCHEMAS["ReceiptRequest"])
        try:
            message, recipient, _ = split_key(fields["key"])
        except ValueError:
            raise HTTPException(400, "key: expected message|recipient|channel") from None
        self._demand_proof(fields["token"], message, recipient)
        await run_in_threadpool(self._node.receipt, fields["key"])
        return _json({"accepted": True}, 202)

    async def _signs(self, request: Request) -> Response:
        return _json(await run_in_threadpool(self._node.signs, self._asking_post(request)))

    async def _report_sign(self, request: Request) -> Response:
        fields = checked_fields(await read_body(request, BODY_BYTES_MAX), SCHEMAS["SignReport"])
        report = SignReport(fields["village"], fields["kind"], fields["post"], fields["note"])
        return await self._take_action(report, fields)

    async def _judge_sign(self, request: Request) -> Response:
        fields = checked_fields(await read_body(request, BODY_BYTES_MAX), SCHEMAS["SignVerdict"])
        is_validated = fields["verdict"] == "validated"
        verdict = SignVerdict(fields["sign"], is_validated, fields["post"], fields["note"])
        return await self._take_action(verdict, fields)

    async def _affirm_warning(self, request: Request) -> Response:
        fields = checked_fields(await read_body(request, BODY_BYTES_MAX), SCHEMAS["Affirmation"])
        affirm = OperatorAffirm(fields["warning"], fields["post"], fields["note"])
        return await self._take_action(affirm, fields)

    async def _help_calls(self, request: Request) -> Response:
        if not self._asking_post(request):
            raise HTTPException(403, "name a post and its token (Basic)")
        return _json(await run_in_threadpool(self._node.help_calls))

    async def _assign_help(self, request: Request) -> Response:
        fields = checked_fields(await read_body(request, BODY_BYTES_MAX), SCHEMAS["HelpAssignment"])
        return await self._take_action(HelpAssign(fields["help"], fields["post"], fields["person"]), fields)

    async def _close_help(self, request: Request) -> Response:
        fields = checked_fields(await read_body(request, BODY_BYTES_MAX), SCHEMAS["HelpClosure"])
        close = HelpClose(fields["help"], fields["post"], fields["person"], fields["note"])
        return await self._take_action(close, fields)

    async def _take_action(self, action: PostAction, fields: Mapping[str, str]) -> Response:
        if not self._tokens.proves_post(fields["token"], fields["post"]):
            raise HTTPException(403, "the token does not belong to this post")
        fault = await run_in_threadpool(self._node.action_fault, action)
        if fault:
            raise HTTPException(400, fault)
        await run_in_threadpool(self._node.submit_action, action)
        return _json({"accepted": True}, 202)

    def _asking_post(self, request: Request) -> str:
        """Post that names itself in the request, proven by its token; empty where nobody does."""
        said = request.headers.get("Authorization")
        if said is None:
            return ""
        post, token = basic_credentials(said)
        if not self._tokens.proves_post(token, post):
            raise HTTPException(403, "the token does not belong to this post")
        return post

    async def _show_page(self, request: Request) -> Response:
        addressed = await self._addressed(request)
        return _html(answer_page(addressed, answer=addressed.last_answer))

    async def _answer_on_page(self, request: Request) -> Response:
        addressed = await self._addressed(request)
        form = parse_qs((await read_body(request, BODY_BYTES_MAX)).decode("utf-8", errors="replace"))
        words = form.get("answer", [])
        if len(words) != 1 or words[0] not in ANSWER_WORDS:
            notice = "请按一个按钮 Press one of the buttons"
            return _html(answer_page(addressed, answer=addressed.last_answer, notice=notice), 400)
        answer = Answer(words[0])
        try:
            await self._submit(addressed.message.identifier, addressed.recipient, answer)
        except StoreError:
            notice = "没有收到，请再按一次 Not received: press again"
            return _html(answer_page(addressed, answer=addressed.last_answer, notice=notice), 503)
        return _html(answer_page(addressed, answer=answer, notice="已收到您的回复 Your answer is received"))

    async def _submit(self, message: str, recipient: str, answer: Answer) -> None:
        await run_in_threadpool(self._node.submit_answer, message, recipient, answer)

    async def _addressed(self, request: Request) -> Addressed:
        token = request.path_params["token"]
        number = self._tokens.number_in(token)
        addressed = None
        if number is not None:
            addressed = await run_in_threadpool(self._outbox.addressed, number)
        if addressed is None or not self._tokens.proves(
            token, addressed.message.identifier, addressed.recipient
        ):
            raise HTTPException(404, "no such page")
        return addressed

    def _demand_proof(self, token: str, message: str, recipient: str) -> None:
        if not self._tokens.proves(token, message, recipient):
            raise HTTPException(403, "the token does not belong to this message and recipient")


def basic_credentials(header: str) -> tuple[str, str]:
    """Name and password of an Authorization header (RFC 7617); two empty texts if it has none.

    >>> basic_credentials("Basic Z3JpZC03OnNlY3JldA==")
    ('grid-7', 'secret')
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").rpartition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _json(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _html(content: str, status: int = 200) -> Response:
    return Response(content, status, media_type="text/html")


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problems = error.problems if isinstance(error, ProblemsError) else [error.detail]
    response = _json({"problems": problems}, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _store_problem(_request: Request, error: Exception) -> Response:
    """Without the error's own text, which names files; the node's log has it."""
    logger.error("a request could not be kept", extra={"error": str(error)})
    response = _json({"problems": ["the node cannot keep this now; try again"]}, 503)
    response.headers["Retry-After"] = str(RETRY_LATER_S)
    return response
