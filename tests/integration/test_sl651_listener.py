"""Stations dial in over TCP: nothing is confirmed before it is durable."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

import pytest

from station_sim.stations.rtu import ESC, Rtu, exchange
from tests.stations import rows_of, stations_of
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.sl651_listener import Sl651Listener
from warnstream.config.settings import Sl651ListenerSettings
from warnstream.ingest.names import RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.errors import StoreError
from warnstream.model.observations.decoders import LISTENER_TOPIC_SL651, DecoderRule

AT_S = 1_781_769_900


class Disk:
    """Keeps messages, when it wants to."""

    def __init__(self) -> None:
        self.kept: list[RawMessage] = []
        self.waiting: list[Future[None]] = []
        self.delays = False
        self.refuses = False

    def keep(self, messages: Sequence[RawMessage]) -> Future[None]:
        done: Future[None] = Future()
        self.kept += messages
        if self.refuses:
            done.set_exception(StoreError("disk full", retryable=True))
        elif self.delays:
            self.waiting.append(done)
        else:
            done.set_result(None)
        return done


Open = Callable[..., tuple[Sl651Listener, Disk, Metrics]]


@pytest.fixture
def opened() -> Iterator[Open]:
    listeners = []

    def open_one(idle_s: int = 10, connections_max: int = 10) -> tuple[Sl651Listener, Disk, Metrics]:
        disk, metrics = Disk(), Metrics()
        settings = Sl651ListenerSettings("127.0.0.1", 0, idle_s, connections_max, stays_online=True)
        listener = Sl651Listener(settings, disk.keep, metrics)
        listener.start()
        listeners.append(listener)
        return listener, disk, metrics

    yield open_one
    for listener in listeners:
        listener.stop()


def test_reports_are_kept_confirmed_and_readable(opened: Open) -> None:
    listener, disk, metrics = opened()
    rtu = Rtu("0012345678")
    frames = [rtu.report(AT_S, 100.0, 12.345), rtu.report(AT_S + 300, 101.5)]
    replies = exchange("127.0.0.1", listener.port, frames)
    assert [reply[-3] for reply in replies] == [ESC, ESC]
    assert replies[0][14:22] == frames[0][14:22]
    assert [message.payload for message in disk.kept] == frames
    rules = [DecoderRule(LISTENER_TOPIC_SL651, "sl651", {}, {"0012345678": "R1"})]
    decoded = DecoderSelection(stations_of("R1"), rules).decode(disk.kept)
    assert rows_of(decoded.readings) == [
        ("rain_total", "2026-06-18T16:05", 100.0),
        ("stage", "2026-06-18T16:05", 12.345),
        ("rain_total", "2026-06-18T16:10", 101.5),
    ]
    assert metrics.registry.get_sample_value("warnstream_sl651_replies_total", {"end": "esc"}) == 2


def test_nothing_is_confirmed_before_it_is_durable(opened: Open) -> None:
    listener, disk, _ = opened()
    disk.delays = True
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as connection:
        connection.sendall(Rtu("0012345678").report(AT_S, 1.0))
        wait_until(lambda: bool(disk.waiting))
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(100)
        disk.waiting[0].set_result(None)
        connection.settimeout(60)
        assert connection.recv(100)[-3] == ESC


def test_when_the_disk_refuses_the_connection_ends_without_a_reply(opened: Open) -> None:
    listener, disk, _ = opened()
    disk.refuses = True
    with pytest.raises(ConnectionError):
        exchange("127.0.0.1", listener.port, [Rtu("0012345678").report(AT_S, 1.0)])


def test_connections_beyond_the_limit_are_ended_and_counted(opened: Open) -> None:
    listener, _, metrics = opened(connections_max=1)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60):
        wait_until(lambda: sample(metrics, "warnstream_sl651_connections") == 1)
        with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as second:
            assert second.recv(10) == b""
    assert sample(metrics, "warnstream_sl651_connections_refused_total") == 1
    wait_until(lambda: sample(metrics, "warnstream_sl651_connections") == 0)


def test_a_silent_connection_is_ended(opened: Open) -> None:
    listener, _, _ = opened(idle_s=0)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as connection:
        assert connection.recv(10) == b""


def test_noise_is_kept_and_does_not_stop_the_next_report(opened: Open) -> None:
    listener, disk, _ = opened()
    report = Rtu("0012345678").report(AT_S, 1.0)
    (reply,) = exchange("127.0.0.1", listener.port, [b"\x00noise" + report])
    assert reply[-3] == ESC
    assert [message.payload for message in disk.kept] == [b"\x00noise", report]


def test_a_port_that_is_taken_is_named(opened: Open) -> None:
    listener, disk, metrics = opened()
    settings = Sl651ListenerSettings("127.0.0.1", listener.port, 10, 10, stays_online=True)
    with pytest.raises(OSError, match=f"127.0.0.1 port {listener.port}"):
        Sl651Listener(settings, disk.keep, metrics)


def sample(metrics: Metrics, name: str) -> float | None:
    return metrics.registry.get_sample_value(name)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
