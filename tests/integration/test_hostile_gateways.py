"""Gateways that drip, flood, turn everybody away and fail half of the time, at once, beside one that is well.

A load test in CI's time: five channels of one worker, sixty households each, real sockets.
"""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.doors import LoggedOutbox as Outbox
from tests.integration.test_delivery_worker import QUICK, TIMEOUT_S, count, held, wait_until, worker_of
from tests.unit.adapters.county import network, rendered, told, warning_message
from warnstream.adapters.channels.channel import Channel
from warnstream.adapters.channels.webhook import BODY_BYTES_MAX, IN_FLIGHT, WebhookChannel
from warnstream.adapters.metrics import Metrics
from warnstream.config.channels.webhook import WebhookChannelSection
from warnstream.delivery.dispatch import breaker
from warnstream.delivery.dispatch.notification import State
from warnstream.model.network import Network

FIRST = warning_message()
DOORS = 60
KINDS = ("drip", "flood", "away", "half", "well")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 86400000\r\nContent-Length: 0\r\n\r\n"
ENDLESS = b"HTTP/1.1 %d Endless\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
MEBIBYTE = 1 << 20


@dataclass
class RawGateway:
    """A gateway on a socket; `reply` says what it does with a request, on the connection itself."""

    reply: Callable[["RawGateway", socket.socket, str], None]
    port: int = 0
    posted: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    bytes_sent: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, connection: socket.socket, recipient: str, reply: bytes) -> None:
        connection.sendall(reply)
        if reply.startswith(b"HTTP/1.1 2"):
            self.taken[recipient] += 1


@contextmanager
def serving(gateway: RawGateway) -> Iterator[RawGateway]:
    threads: list[threading.Thread] = []

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while recipient := request_on(connection):
                gateway.posted[recipient] += 1
                gateway.reply(gateway, connection, recipient)

    def accept(listener: socket.socket) -> None:
        while not gateway.over.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                connection.settimeout(TIMEOUT_S)
                threads.append(threading.Thread(target=talk, args=(connection,), daemon=True))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        listener.settimeout(0.05)
        gateway.port = listener.getsockname()[1]
        door = threading.Thread(target=accept, args=(listener,))
        door.start()
        try:
            yield gateway
        finally:
            gateway.over.set()
            door.join()
            for thread in threads:
                thread.join(TIMEOUT_S)


def request_on(connection: socket.socket) -> str:
    """Recipient of the next request of a connection; empty at its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            return ""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        chunk = connection.recv(65_536)
        if not chunk:  # who has given up in the middle of a request, on a busy machine
            return ""
        body += chunk
    return str(json.loads(body)["recipient"])


def drip(gateway: RawGateway, connection: socket.socket, _recipient: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not gateway.over.wait(0.02):
        connection.sendall(b"x")


def flood(gateway: RawGateway, connection: socket.socket, recipient: str) -> None:
    """A success with a body without end: the message counts as taken, the body must not count at all."""
    gateway.answer(connection, recipient, ENDLESS % 200)
    chunk = b"100000\r\n" + b"x" * MEBIBYTE + b"\r\n"
    while not gateway.over.is_set():
        connection.sendall(chunk)
        gateway.bytes_sent += len(chunk)


def flood_with_hints(gateway: RawGateway, connection: socket.socket, _recipient: str) -> None:
    while not gateway.over.is_set():
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 1_000)


def well(gateway: RawGateway, connection: socket.socket, recipient: str) -> None:
    gateway.answer(connection, recipient, OK)


def fail_half(gateway: RawGateway, connection: socket.socket, recipient: str) -> None:
    """Every second recipient is refused at the first time; every tenth has a number that nobody has."""
    number = int(recipient.removeprefix("V1-H")) // len(KINDS)
    if number % 10 == 9:
        gateway.answer(connection, recipient, NOT_FOUND)
    elif number % 2 and gateway.posted[recipient] == 1:
        gateway.answer(connection, recipient, BUSY if number % 4 == 1 else b"\x00\x01 no HTTP at all\r\n\r\n")
    else:
        gateway.answer(connection, recipient, OK)


def county_of(channels: list[str]) -> Network:
    """`DOORS` households on each channel, in turn."""
    whole = network((DOORS * len(channels), 0))
    return replace(whole, households=replace(whole.households, channel=tuple(channels * DOORS)))


@pytest.fixture(autouse=True)
def quick_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "PROBE_FIRST_S", 0.05)
    monkeypatch.setattr(breaker, "PROBE_S_MAX", 0.05)
    monkeypatch.setattr("warnstream.delivery.dispatch.outcome.RETRY_AFTER_S_MAX", 0.2)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path)) as opened:
        yield opened


def channel_to(gateway: RawGateway, timeout: str = "500ms") -> WebhookChannel:
    url = f"http://127.0.0.1:{gateway.port}/sms"
    return WebhookChannel(
        WebhookChannelSection.model_validate({"kind": "webhook", "url": url, "timeout": timeout})
    )


def resident_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1_024


def test_four_hostile_gateways_at_once_harm_neither_a_fifth_nor_their_own_recipients(outbox: Outbox) -> None:
    turned_away = threading.Event()

    def away(gateway: RawGateway, connection: socket.socket, recipient: str) -> None:
        gateway.answer(connection, recipient, OK if turned_away.is_set() else NOT_FOUND)

    gateways = dict(zip(KINDS, map(RawGateway, (drip, flood, away, fail_half, well)), strict=True))
    metrics = Metrics()
    with ExitStack() as stack:
        for gateway in gateways.values():
            stack.enter_context(serving(gateway))
        # Only who never answers has a short time: on a busy machine the others may be slow too.
        channels: dict[str, Channel] = {
            name: channel_to(gateway, "500ms" if name == "drip" else "1min")
            for name, gateway in gateways.items()
        }
        outbox.record(told(FIRST), county_of(list(channels)), rendered)
        before_bytes = resident_bytes()
        worker = worker_of(outbox, channels, metrics)
        worker.start()

        wait_until(lambda: count(outbox, State.SENT, "well") == DOORS)
        wait_until(lambda: count(outbox, State.SENT, "flood") == DOORS)
        wait_until(lambda: outbox.open_count("half") == 0)
        wait_until(lambda: gateways["away"].posted.total() > 2 * DOORS)
        wait_until(lambda: held(metrics, "drip") == held(metrics, "away") == 1)
        assert [trouble.split()[1] for trouble in worker.troubles()] == ["drip", "away"]
        assert resident_bytes() - before_bytes < 200 * MEBIBYTE

        turned_away.set()
        wait_until(lambda: count(outbox, State.SENT, "away") == DOORS)
        assert worker.stop(TIMEOUT_S), "a gateway that drips must not keep the node from ending"

    wrong_numbers = DOORS // 10
    assert (count(outbox, State.SENT, "half"), count(outbox, State.FAILED, "half")) == (
        DOORS - wrong_numbers,
        wrong_numbers,
    )
    assert count(outbox, State.FAILED, "away") == count(outbox, State.FAILED, "drip") == 0
    assert count(outbox, State.PENDING, "drip") == DOORS
    assert gateways["flood"].bytes_sent > DOORS * BODY_BYTES_MAX
    for name in ("well", "half", "away", "flood"):
        assert set(gateways[name].taken.values()) == {1}, (
            f"{name}: nobody whose message was taken got it again"
        )
    assert max(gateways["well"].posted.values()) == 1


@pytest.mark.parametrize("reply", [flood_with_hints, drip], ids=["hints", "drip"])
def test_a_gateway_that_never_comes_to_the_point_ends_with_its_time(
    outbox: Outbox, reply: Callable[[RawGateway, socket.socket, str], None]
) -> None:
    with serving(RawGateway(reply)) as gateway:
        outbox.record(told(FIRST), network((IN_FLIGHT, 0)), rendered)
        metrics = Metrics()
        worker = worker_of(outbox, {"sms": channel_to(gateway)}, metrics)
        worker.start()
        wait_until(lambda: held(metrics) == 1)
        assert "did not answer in time" in worker.troubles()[0]
        assert worker.stop(TIMEOUT_S)
    assert count(outbox, State.FAILED) == 0


def test_a_success_whose_body_drips_is_a_success(outbox: Outbox) -> None:
    def drip_body(gateway: RawGateway, connection: socket.socket, recipient: str) -> None:
        gateway.answer(connection, recipient, ENDLESS % 202)
        while not gateway.over.wait(0.02):
            connection.sendall(b"1\r\n{\r\n")

    with serving(RawGateway(drip_body)) as gateway:
        outbox.record(told(FIRST), network((3, 0)), rendered)
        worker = worker_of(outbox, {"sms": channel_to(gateway, "3s")})
        worker.start()
        assert worker.drain(TIMEOUT_S)
        assert worker.stop(TIMEOUT_S)
    assert count(outbox, State.SENT) == 3
    assert set(gateway.posted.values()) == {1}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_while_of_refusals_fails_nobody(outbox: Outbox, status: int) -> None:
    is_well = threading.Event()
    refusal = b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status

    def reply(gateway: RawGateway, connection: socket.socket, recipient: str) -> None:
        gateway.answer(connection, recipient, OK if is_well.is_set() else refusal)

    with serving(RawGateway(reply)) as gateway:
        outbox.record(told(FIRST), network((3, 0)), rendered)
        worker = worker_of(outbox, {"sms": channel_to(gateway, "1min")})
        worker.start()
        wait_until(lambda: gateway.posted.total() > 3 * QUICK.attempts_max)
        assert count(outbox, State.FAILED) == 0
        is_well.set()
        assert worker.drain(TIMEOUT_S)
        assert worker.stop(TIMEOUT_S)
    assert count(outbox, State.SENT) == 3
