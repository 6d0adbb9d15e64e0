"""A small SMS gateway: takes notifications by HTTP POST, shows each once, answers some.

POST any path with a JSON object ``{key, message, recipient, address, text, token}``;
the header Idempotency-Key counts before the field `key`. A part of the
requests fails with 503, half of them after the message was shown: the sender
cannot know, sends again, and the key keeps the message from being shown twice.
Answers are posted to `answers_url` with the token that came, up to five times.

Limits: bodies of 64 KiB; for 127.0.0.1, not for a network.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from station_sim.answers import AnswerHabits, AnswerTimer
from station_sim.errors import SimulatorError
from station_sim.seeds import share_of

BODY_BYTES_MAX = 64 * 1024
_ANSWER_ATTEMPTS_MAX = 5
_ANSWER_AGAIN_S = 1.0
_IDLE_S_MAX = 5


@dataclass(frozen=True, slots=True)
class GatewayCounts:
    """What happened so far.

    `shown` keys were new, `repeats` shown before; `failures` requests got 503,
    `refused` were not what the gateway expects; `answered` answers were taken
    by the other side, `unanswered` given up, `silent` recipients never answer.
    """

    shown: int = 0
    repeats: int = 0
    failures: int = 0
    refused: int = 0
    answered: int = 0
    unanswered: int = 0
    silent: int = 0


@dataclass(frozen=True, slots=True)
class SmsAnswer:
    """An answer to post after a delay."""

    delay_s: float
    content: dict[str, str]


class SmsBook:
    """What the gateway has shown; knows no network."""

    def __init__(self, habits: AnswerHabits, failure_rate: float = 0.0) -> None:
        if not 0 <= failure_rate < 1:
            raise ValueError(f"failure_rate must be at least 0 and below 1, got {failure_rate}")
        self._habits, self._failure_rate = habits, failure_rate
        self._attempts: dict[str, int] = {}
        self._shown: set[str] = set()
        self._count = dict.fromkeys(("repeats", "failures", "refused", "answered", "unanswered", "silent"), 0)
        self._lock = threading.Lock()

    def add(self, outcome: str) -> None:
        """Count an outcome named as in `GatewayCounts`."""
        with self._lock:
            self._count[outcome] += 1

    def receive(self, key: str, content: Mapping[str, Any]) -> tuple[HTTPStatus, SmsAnswer | None]:
        """Status of one request, and the answer that will follow if it showed something new."""
        with self._lock:
            attempt = self._attempts[key] = self._attempts.get(key, 0) + 1
            share = share_of(self._habits.seed, key, str(attempt), "failure")
            fails = share < self._failure_rate
            if fails:
                self._count["failures"] += 1
            # The first half of the failures happens before the message is shown, the second after.
            if share < self._failure_rate / 2:
                return HTTPStatus.SERVICE_UNAVAILABLE, None
            answer = self._show(key, content)
            return (HTTPStatus.SERVICE_UNAVAILABLE if fails else HTTPStatus.OK), answer

    def _show(self, key: str, content: Mapping[str, Any]) -> SmsAnswer | None:
        if key in self._shown:
            self._count["repeats"] += 1
            return None
        self._shown.add(key)
        recipient, message = str(content["recipient"]), str(content["message"])
        answer = self._habits.answer(recipient, message, str(content.get("type", "")))
        if answer is None:
            self._count["silent"] += 1
            return None
        token = str(content.get("token", ""))
        return SmsAnswer(
            answer[1], {"message": message, "recipient": recipient, "answer": answer[0], "token": token}
        )

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
    failure_rate : float
        Share of requests that fail with 503.
    """

    def __init__(
        self,
        habits: AnswerHabits,
        port: int = 18081,
        host: str = "127.0.0.1",
        answers_url: str | None = None,
        failure_rate: float = 0.0,
    ) -> None:
        self._address = (host, port)
        self._answers_url = answers_url
        self._book = SmsBook(habits, failure_rate)
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

    def _plan(self, answer: SmsAnswer) -> None:
        if self._answers_url is not None:
            self._timer.after(answer.delay_s, lambda: self._post(answer, 1))

    def _post(self, answer: SmsAnswer, attempt: int) -> None:
        assert self._answers_url is not None, "answers are planned only where they can be posted"
        try:
            self._http.post(self._answers_url, json=answer.content).raise_for_status()
        except httpx.HTTPError:
            if attempt >= _ANSWER_ATTEMPTS_MAX:
                self._book.add("unanswered")
            else:
                self._timer.after(_ANSWER_AGAIN_S, lambda: self._post(answer, attempt + 1))
        else:
            self._book.add("answered")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


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
            try:
                content = json.loads(self.rfile.read(length))
                key = self.headers.get("Idempotency-Key") or content["key"]
                _ = content["message"], content["recipient"]
            except (ValueError, KeyError, TypeError):
                book.add("refused")
                self._reply(HTTPStatus.BAD_REQUEST, "expected a JSON object with key, message, recipient")
                return
            status, answer = book.receive(key, content)
            if answer is not None:
                plan(answer)
            self._reply(status, status.phrase)

        def _reply(self, status: HTTPStatus, text: str) -> None:
            body = json.dumps({"result": text}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  name given by http.server
            """Nothing is logged: requests hold addresses."""

    return Handler
