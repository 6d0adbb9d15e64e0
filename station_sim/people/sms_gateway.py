"""A small SMS or voice gateway: takes notifications by HTTP POST, shows or reads each once, answers some.

POST any path with a JSON object ``{key, message, recipient, address, text, token}``;
the header Idempotency-Key counts before the field `key`. A part of the
requests fails with 503, half of them after the message was shown: the sender
cannot know, sends again, and the key keeps the message from being shown twice.
More requests a second than the gateway takes get 429 with Retry-After, a wrong
number 404 for ever. What is taken may still be lost on the way: no receipt, no
answer. Receipts and answers are posted with the token that came, up to five
times. A voice gateway (`GatewayManners.is_voice`) calls: who does not pick up has
heard nothing.

Limits: bodies of 64 KiB; for 127.0.0.1, not for a network.
"""

import json
import math
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import httpx

from station_sim.errors import SimulatorError
from station_sim.people.answers import AnswerHabits, AnswerTimer
from station_sim.seeds import share_of

BODY_BYTES_MAX = 64 * 1024
_ANSWER_ATTEMPTS_MAX = 5
_ANSWER_AGAIN_S = 1.0
_IDLE_S_MAX = 5
_NOT_PICKED_UP = 0.25


@dataclass(frozen=True, slots=True)
class GatewayCounts:
    """What happened so far.

    `shown` keys were new, `repeats` shown before; `failures` requests got 503, `throttled` ones 429,
    `wrong_numbers` 404, `refused` were not what the gateway expects; `lost` messages were taken and never
    shown, `missed` calls not picked up; `receipts` and `answered` answers were taken by the other side,
    `unanswered` posts given up, `silent` recipients never answer.
    """

    shown: int = 0
    repeats: int = 0
    failures: int = 0
    refused: int = 0
    answered: int = 0
    unanswered: int = 0
    silent: int = 0
    throttled: int = 0
    wrong_numbers: int = 0
    lost: int = 0
    missed: int = 0
    receipts: int = 0


_OUTCOMES = tuple(name for name in GatewayCounts.__slots__ if name != "shown")


@dataclass(frozen=True, slots=True)
class GatewayManners:
    """How a gateway behaves; the default is one that fails never and is as fast as it is asked.

    Attributes
    ----------
    failure_rate : float
        Share of requests that get 503, half of them after the message was shown; below 1.
    rate_per_s : float or None
        Requests a second that are taken; more get 429.
    delay_s : float
        Mean time until a message is shown and its receipt goes out, exponential.
    loss_rate : float
        Share of messages that are taken and never shown.
    wrong_number_share : float
        Share of households whose number nobody has; for posts see `AnswerHabits`.
    is_voice : bool
        Calls instead of texts: one call in four is not picked up.
    """

    failure_rate: float = 0.0
    rate_per_s: float | None = None
    delay_s: float = 0.0
    loss_rate: float = 0.0
    wrong_number_share: float = 0.0
    is_voice: bool = False

    def __post_init__(self) -> None:
        for name in ("failure_rate", "loss_rate", "wrong_number_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {getattr(self, name)}")
        if self.rate_per_s is not None and self.rate_per_s <= 0:
            raise ValueError(f"rate_per_s must be above 0, got {self.rate_per_s}")


class Handled(NamedTuple):
    """What a gateway does with one request: its reply, and the posts that follow if it showed something."""

    status: HTTPStatus
    answer: "SmsAnswer | None" = None
    receipt: "SmsAnswer | None" = None


@dataclass(frozen=True, slots=True)
class SmsAnswer:
    """An answer or receipt to post after a delay."""

    delay_s: float
    content: dict[str, str]


class SmsBook:
    """What the gateway has shown; knows no network."""

    def __init__(
        self,
        habits: AnswerHabits,
        manners: GatewayManners | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._habits, self._manners = habits, manners or GatewayManners()
        self._monotonic_s = monotonic_s
        self._attempts: dict[str, int] = {}
        self._shown: set[str] = set()
        self._taken: set[str] = set()
        self._count = dict.fromkeys(_OUTCOMES, 0)
        self._tokens, self._filled_at = 1.0, monotonic_s()
        self._lock = threading.Lock()

    def add(self, outcome: str) -> None:
        """Count an outcome named as in `GatewayCounts`."""
        with self._lock:
            self._count[outcome] += 1

    def receive(self, key: str, content: Mapping[str, Any]) -> Handled:
        """Reply to one request, and what will follow if it showed something new."""
        with self._lock:
            if not self._has_room():
                self._count["throttled"] += 1
                return Handled(HTTPStatus.TOO_MANY_REQUESTS)
            if self._is_wrong_number(str(content["recipient"])):
                self._count["wrong_numbers"] += 1
                return Handled(HTTPStatus.NOT_FOUND)
            attempt = self._attempts[key] = self._attempts.get(key, 0) + 1
            share = self._share(key, str(attempt), "failure")
            fails = share < self._manners.failure_rate
            if fails:
                self._count["failures"] += 1
            # The first half of the failures happens before the message is shown, the second after.
            if share < self._manners.failure_rate / 2:
                return Handled(HTTPStatus.SERVICE_UNAVAILABLE)
            answer, receipt = self._show(key, content)
            return Handled(HTTPStatus.SERVICE_UNAVAILABLE if fails else HTTPStatus.OK, answer, receipt)

    def _is_wrong_number(self, recipient: str) -> bool:
        """Posts have a share of their own (`AnswerHabits.wrong_post_share`)."""
        if self._habits.is_post(recipient):
            return self._habits.has_wrong_number(recipient)
        return self._share(recipient, "number") < self._manners.wrong_number_share

    def _share(self, *words: str) -> float:
        return share_of(self._habits.seed, *words)

    def _has_room(self) -> bool:
        """A second's worth of requests may come at once, then they must keep to the rate."""
        rate = self._manners.rate_per_s
        if rate is None:
            return True
        now = self._monotonic_s()
        self._tokens = min(self._tokens + rate * (now - self._filled_at), max(rate, 1.0))
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _show(self, key: str, content: Mapping[str, Any]) -> tuple[SmsAnswer | None, SmsAnswer | None]:
        """Answer and receipt of a message that is new."""
        manners = self._manners
        if key in self._taken:
            self._count["repeats"] += 1
            return None, None
        self._taken.add(key)
        if self._share(key, "loss") < manners.loss_rate:
            self._count["lost"] += 1
            return None, None
        if manners.is_voice and self._share(key, "pick up") < _NOT_PICKED_UP:
            self._count["missed"] += 1
            return None, None
        self._shown.add(key)
        recipient, message = str(content["recipient"]), str(content["message"])
        token = str(content.get("token", ""))
        delay_s = -manners.delay_s * math.log(1.0 - self._share(key, "delay")) / (self._habits.speed or 1.0)
        receipt = SmsAnswer(delay_s, {"key": key, "token": token})
        kind, text_en = str(content.get("type", "")), str(content.get("text_en", ""))
        answer = self._habits.answer(recipient, message, kind, text_en)
        if answer is None:
            self._count["silent"] += 1
            return None, receipt
        posted = {"message": message, "recipient": recipient, "answer": answer[0], "token": token}
        return SmsAnswer(delay_s + answer[1], posted), receipt

    def counts(self) -> GatewayCounts:
        """What happened so far."""
        with self._lock:
            return GatewayCounts(shown=len(self._shown), **self._count)


class SmsGateway:
    """The gateway on a port of this machine: start, stop, counts.

    Parameters
    ----------
    habits : AnswerHabits
    port : int
        0 lets the system choose; see `port` after `start`.
    host : str
    answers_url : str or None
        Where answers are posted; None answers nothing.
    manners : GatewayManners, optional
    receipts_url : str or None
        Where receipts are posted; None sends none.
    """

    def __init__(
        self,
        habits: AnswerHabits,
        port: int = 18081,
        host: str = "127.0.0.1",
        answers_url: str | None = None,
        manners: GatewayManners | None = None,
        receipts_url: str | None = None,
    ) -> None:
        self._address = (host, port)
        self._url = {"answered": answers_url, "receipts": receipts_url}
        self._book = SmsBook(habits, manners)
        self._timer = AnswerTimer()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self._http = httpx.Client(timeout=5.0, trust_env=False)

    @property
    def port(self) -> int:
        """Port that the gateway listens on."""
        return int(self._server.server_address[1]) if self._server else self._address[1]

    def start(self) -> None:
        """Listen.

        Raises
        ------
        SimulatorError
            If the port is taken.
        """
        try:
            self._server = _Server(self._address, _handler_class(self._book, self._plan))
        except OSError as error:
            host, port = self._address
            raise SimulatorError(f"the SMS gateway cannot listen on {host}:{port}: {error}") from error
        self._timer.start()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="station-sim-sms", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and answering."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._timer.stop()
        self._http.close()

    def counts(self) -> GatewayCounts:
        """What happened so far."""
        return self._book.counts()

    def _plan(self, handled: Handled) -> None:
        for outcome, post in (("answered", handled.answer), ("receipts", handled.receipt)):
            url = self._url[outcome]
            if url is not None and post is not None:
                self._later(post.delay_s, outcome, url, post, 1)

    def _later(self, delay_s: float, outcome: str, url: str, post: SmsAnswer, attempt: int) -> None:
        self._timer.after(delay_s, lambda: self._post(outcome, url, post, attempt))

    def _post(self, outcome: str, url: str, post: SmsAnswer, attempt: int) -> None:
        try:
            self._http.post(url, json=post.content).raise_for_status()
        except httpx.HTTPError:
            if attempt >= _ANSWER_ATTEMPTS_MAX:
                self._book.add("unanswered")
            else:
                self._later(_ANSWER_AGAIN_S, outcome, url, post, attempt + 1)
        else:
            self._book.add(outcome)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hung up sends again; anything else is a fault of ours and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def _handler_class(book: SmsBook, plan: "Any") -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _IDLE_S_MAX

        def do_POST(self) -> None:  # name given by http.server
            length = int(self.headers.get("Content-Length") or 0)
            if length > BODY_BYTES_MAX:
                book.add("refused")
                self.close_connection = True
                self._reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {BODY_BYTES_MAX} bytes")
                return
            body = self.rfile.read(length)
            if len(body) < length:  # hung up while it was sent; it comes again
                self.close_connection = True
                return
            try:
                content = json.loads(body)
                key = self.headers.get("Idempotency-Key") or content["key"]
                _ = content["message"], content["recipient"]
            except (ValueError, KeyError, TypeError):
                book.add("refused")
                self._reply(HTTPStatus.BAD_REQUEST, "expected a JSON object with key, message, recipient")
                return
            handled = book.receive(key, content)
            plan(handled)
            self._reply(handled.status, handled.status.phrase)

        def _reply(self, status: HTTPStatus, text: str) -> None:
            body = json.dumps({"result": text}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  name given by http.server
            """Nothing is logged: requests hold addresses."""

    return Handler
