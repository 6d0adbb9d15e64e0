import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.channel import SENT, Outcome
from warnstream.adapters.channels.webhook import IN_FLIGHT, WebhookChannel


@dataclass
class Gateway:
    """What a local SMS gateway was sent, and how it answers."""

    answer: Callable[[dict[str, str]], tuple[int, dict[str, str]]]
    url: str = ""
    requests: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)


@contextmanager
def gateway(answer: Callable[[dict[str, str]], tuple[int, dict[str, str]]]) -> Iterator[Gateway]:
    seen = Gateway(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.requests.append((body, dict(self.headers)))
            seen.connections.add(self.client_address[1])
            status, headers = seen.answer(body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the base's name
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # the default of 5 drops connections that come at once; they try again late

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_port}/sms"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send_one(url: str, timeout_s: float = 20.0) -> Outcome:
    with closing(WebhookChannel(url, timeout_s, None)) as channel:
        (outcome,) = channel.send([outgoing_message()])
    return outcome


def test_a_message_arrives_with_its_text_address_and_idempotency_key() -> None:
    with gateway(lambda _body: (200, {})) as seen:
        assert send_one(seen.url) == SENT
    body, headers = seen.requests[0]
    assert (body["text"], body["address"], body["level"]) == ("立即转移", "13800000", "red")
    assert headers["Idempotency-Key"] == body["key"] == outgoing_message().key


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_is_sent(status: int) -> None:
    with gateway(lambda _body: (status, {})) as seen:
        assert send_one(seen.url) == SENT


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_a_gateway_in_trouble_is_asked_again(status: int) -> None:
    with gateway(lambda _body: (status, {})) as seen:
        outcome = send_one(seen.url)
    assert (outcome.is_sent, outcome.can_retry) == (False, True)
    assert str(status) in outcome.reason


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422])
def test_a_refusal_is_final(status: int) -> None:
    with gateway(lambda _body: (status, {})) as seen:
        outcome = send_one(seen.url)
    assert (outcome.is_sent, outcome.can_retry) == (False, False)


def test_retry_after_is_passed_on() -> None:
    with gateway(lambda _body: (429, {"Retry-After": "42"})) as seen:
        assert send_one(seen.url).retry_after_s == 42.0


def test_a_gateway_that_is_silent_is_asked_again() -> None:
    release = threading.Event()

    def never(_body: dict[str, str]) -> tuple[int, dict[str, str]]:
        release.wait(20)
        return 200, {}

    with gateway(never) as seen:
        outcome = send_one(seen.url, timeout_s=0.1)
        release.set()
    assert outcome.can_retry
    assert "in time" in outcome.reason


def test_a_gateway_that_is_not_there_is_asked_again() -> None:
    with gateway(lambda _body: (200, {})) as seen:
        pass
    outcome = send_one(seen.url)
    assert outcome.can_retry
    assert "not reached" in outcome.reason


def test_a_url_that_is_none_is_a_refusal() -> None:
    assert not send_one("gopher://127.0.0.1/").can_retry


def test_a_reason_does_not_tell_the_address() -> None:
    with gateway(lambda _body: (500, {})) as seen:
        assert "13800000" not in send_one(seen.url).reason


def test_a_batch_shares_a_few_connections_and_keeps_the_order_of_outcomes() -> None:
    lock, under_way, most = threading.Lock(), set[str](), []

    def refuse_every_third(body: dict[str, str]) -> tuple[int, dict[str, str]]:
        with lock:
            under_way.add(body["recipient"])
            most.append(len(under_way))
        time.sleep(0.002)
        with lock:
            under_way.remove(body["recipient"])
        return 400 if int(body["recipient"].removeprefix("V1-H")) % 3 == 0 else 200, {}

    with gateway(refuse_every_third) as seen, closing(WebhookChannel(seen.url, 60.0, None)) as channel:
        outcomes = channel.send([outgoing_message(number=n) for n in range(100)])
    assert [outcome.is_sent for outcome in outcomes] == [n % 3 != 0 for n in range(100)]
    assert len(seen.requests) == 100
    assert max(most) <= IN_FLIGHT
    # As many as are in flight, and a few more where a slow machine left one idle until it expired.
    assert len(seen.connections) <= 3 * IN_FLIGHT


def test_no_more_than_the_rate_is_begun_per_second() -> None:
    with gateway(lambda _body: (200, {})) as seen, closing(WebhookChannel(seen.url, 20.0, 50.0)) as channel:
        started_at = time.monotonic()
        channel.send([outgoing_message(number=n) for n in range(11)])
        took_s = time.monotonic() - started_at
    assert took_s >= 10 / 50.0
