import gc
import json
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.unit.adapters.county import outgoing_message
from warnstream.adapters.channels.channel import Inbound
from warnstream.adapters.channels.webhook import IN_FLIGHT, WebhookChannel
from warnstream.config.channels.webhook import WebhookChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, Verdict
from warnstream.model.digests import FieldReport
from warnstream.model.effects import Answer


@dataclass
class Gateway:
    """What a local SMS gateway was sent, and how it answers."""

    answer: Callable[[dict[str, str]], tuple[int, dict[str, str]]]
    url: str = ""
    requests: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)


@contextmanager
def gateway(
    answer: Callable[[dict[str, str]], tuple[int, dict[str, str]]], reply: bytes = b"", port: int = 0
) -> Iterator[Gateway]:
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
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the base's name
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # the default of 5 drops connections that come at once; they try again late

    server = Server(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_port}/sms"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Receipts:
    """What the gateway has reported."""

    def __init__(self) -> None:
        self.delivered_keys: list[str] = []

    def delivered(self, key: str) -> None:
        self.delivered_keys.append(key)

    def undelivered(self, key: str, reason: str) -> None:  # noqa: ARG002
        raise AssertionError("a gateway reports over HTTP")

    def unread(self, channel: str, recipients: Sequence[str], text: str, why: str) -> None:  # noqa: ARG002
        raise AssertionError("a gateway answers over HTTP")

    def answered(self, token: str, answer: Answer) -> bool:  # noqa: ARG002
        raise AssertionError("a gateway answers over HTTP")

    def reported(self, token: str, report: FieldReport) -> str:  # noqa: ARG002
        raise AssertionError("a gateway answers over HTTP")


@contextmanager
def opened(url: str, inbound: Inbound | None = None, **keys: object) -> Iterator[WebhookChannel]:
    section = WebhookChannelSection.model_validate({"kind": "webhook", "url": url, "timeout": "20s", **keys})
    with closing(WebhookChannel(section)) as channel:
        channel.open(inbound or Receipts())
        yield channel


def send_one(url: str, inbound: Inbound | None = None, **keys: object) -> Outcome:
    with opened(url, inbound, **keys) as channel:
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


@pytest.mark.parametrize("status", [400, 403, 404, 410, 422])
def test_a_refusal_may_mean_this_number_or_everybody(status: int) -> None:
    with gateway(lambda _body: (status, {})) as seen:
        assert send_one(seen.url).verdict is Verdict.DOUBTFUL


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 401, 405, 407])
def test_what_concerns_the_gateway_as_a_whole_is_no_attempt_of_a_message(status: int) -> None:
    with gateway(lambda _body: (status, {"Location": "/elsewhere"})) as seen:
        assert send_one(seen.url).verdict is Verdict.UNAVAILABLE
    assert len(seen.requests) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_on_the_same_host_is_followed_if_that_is_allowed(status: int) -> None:
    replies = iter([(status, {"Location": "/new"}), (200, {})])
    with gateway(lambda _body: next(replies)) as seen:
        assert send_one(seen.url, redirects="same_host") == SENT
    (first, _), (second, _) = seen.requests
    assert first == second


@pytest.mark.parametrize(
    "location", ["http://127.0.0.2:9/", "https://127.0.0.1/", "http://[", "", "//evil/sms"]
)
def test_addresses_of_people_are_never_sent_to_another_host(location: str) -> None:
    replies = iter([(307, {"Location": location}), *[(307, {"Location": location})] * 5])
    with gateway(lambda _body: next(replies)) as seen:
        outcome = send_one(seen.url, redirects="same_host")
    assert outcome.verdict is Verdict.UNAVAILABLE


def test_a_redirect_that_would_drop_the_body_is_not_followed() -> None:
    with gateway(lambda _body: (302, {"Location": "/new"})) as seen:
        assert send_one(seen.url, redirects="same_host").verdict is Verdict.UNAVAILABLE
    assert len(seen.requests) == 1


def test_redirects_in_a_circle_end() -> None:
    with gateway(lambda _body: (307, {"Location": "/sms"})) as seen:
        assert "more than 3 times" in send_one(seen.url, redirects="same_host").reason
    assert len(seen.requests) == 4


def test_retry_after_is_passed_on() -> None:
    with gateway(lambda _body: (429, {"Retry-After": "42"})) as seen:
        assert send_one(seen.url).retry_after_s == 42.0


def test_a_gateway_that_is_silent_is_asked_again() -> None:
    release = threading.Event()

    def never(_body: dict[str, str]) -> tuple[int, dict[str, str]]:
        release.wait(20)
        return 200, {}

    with gateway(never) as seen:
        outcome = send_one(seen.url, timeout="100ms")
        release.set()
    assert outcome.can_retry
    assert "in time" in outcome.reason


def test_a_gateway_that_is_not_there_is_asked_again() -> None:
    with gateway(lambda _body: (200, {})) as seen:
        pass
    outcome = send_one(seen.url)
    assert outcome.can_retry
    assert "not reached" in outcome.reason


@pytest.mark.parametrize("asked", ["999999999", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_an_absurd_retry_after_is_five_minutes(asked: str) -> None:
    with gateway(lambda _body: (503, {"Retry-After": asked})) as seen:
        assert send_one(seen.url).retry_after_s == 300.0


@pytest.mark.parametrize("asked", ["-5", "soon", "Mon, 01 Jan 0001 00:00:00 +2359", "nan", "²"])
def test_a_retry_after_that_is_no_time_is_none(asked: str) -> None:
    with gateway(lambda _body: (503, {"Retry-After": asked.encode().decode("latin-1")})) as seen:
        assert send_one(seen.url).retry_after_s == 0.0


def test_a_gateway_that_says_delivered_gives_a_receipt() -> None:
    receipts = Receipts()
    with gateway(lambda _body: (200, {}), b'{"delivered": true, "id": 7}') as seen:
        assert send_one(seen.url, receipts) == SENT
    assert receipts.delivered_keys == [outgoing_message().key]


@pytest.mark.parametrize(
    "body", [b"OK", b"{}", b'{"delivered": "yes"}', b'{"delivered"', b"[" * 60_000, b"\xff\x00"]
)
def test_any_other_body_of_a_success_means_nothing(body: bytes) -> None:
    receipts = Receipts()
    with gateway(lambda _body: (200, {}), body) as seen:
        assert send_one(seen.url, receipts) == SENT
    assert receipts.delivered_keys == []


def test_a_message_that_cannot_be_written_is_refused_and_the_others_go_out() -> None:
    batch = [outgoing_message(number=n) for n in range(5)]
    batch[2] = replace(batch[2], text_zh="\ud800")
    with gateway(lambda _body: (200, {})) as seen, opened(seen.url) as channel:
        outcomes = channel.send(batch)
    assert [outcome.verdict for outcome in outcomes].count(Verdict.SENT) == 4
    assert outcomes[2].verdict is Verdict.REFUSED
    assert len(seen.requests) == 4


def test_this_machine_out_of_files_is_no_attempt_of_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    with gateway(lambda _body: (200, {})) as seen, opened(seen.url) as channel:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        taken = exhaust_files()
        try:
            outcomes = channel.send([outgoing_message(number=n) for n in range(3)])
        finally:
            for descriptor in taken:
                os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert [outcome.verdict for outcome in outcomes] == [Verdict.UNAVAILABLE] * 3
        assert {outcome.reason for outcome in outcomes} == {"this process has too many files open"}
        assert channel.send([outgoing_message()]) == [SENT]


def exhaust_files() -> list[int]:
    """Every descriptor that this process may still open, under a low limit; to be closed."""
    gc.collect()  # what earlier tests left would give its descriptors back in the middle of this one
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 8, hard))
    taken = []
    with suppress(OSError):
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    return taken


def test_a_name_that_cannot_be_looked_up_is_no_attempt_of_a_message() -> None:
    outcome = send_one("http://gateway.invalid/sms")
    assert outcome.verdict is Verdict.UNAVAILABLE
    assert "looked up" in outcome.reason


def test_a_reason_does_not_tell_the_address() -> None:
    with gateway(lambda _body: (500, {})) as seen:
        assert "13800000" not in send_one(seen.url).reason


def test_a_batch_shares_a_few_connections_and_keeps_the_order_of_outcomes() -> None:
    lock, under_way, most = threading.Lock(), set[str](), []

    def refuse_every_third(body: dict[str, str]) -> tuple[int, dict[str, str]]:
        with lock:
            under_way.add(body["recipient"])
            most.append(len(under_way))
        time.sleep(0.002)  # requests overlap, if they may
        with lock:
            under_way.remove(body["recipient"])
        return 400 if int(body["recipient"].removeprefix("V1-H")) % 3 == 0 else 200, {}

    with gateway(refuse_every_third) as seen, opened(seen.url, timeout="60s") as channel:
        outcomes = channel.send([outgoing_message(number=n) for n in range(100)])
    assert [outcome.is_sent for outcome in outcomes] == [n % 3 != 0 for n in range(100)]
    assert len(seen.requests) == 100
    assert max(most) <= IN_FLIGHT
    # As many as are in flight, and a few more where a slow machine left one idle until it expired.
    assert len(seen.connections) <= 3 * IN_FLIGHT


def test_no_more_than_the_rate_is_begun_per_second() -> None:
    with gateway(lambda _body: (200, {})) as seen, opened(seen.url, rate_per_s=50.0) as channel:
        started_at = time.monotonic()
        channel.send([outgoing_message(number=n) for n in range(11)])
        took_s = time.monotonic() - started_at
    assert took_s >= 10 / 50.0
