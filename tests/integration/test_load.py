"""The load over real sockets, against a receiver whose habits are known."""

import contextlib
import math
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Self

import pytest

from station_sim.errors import BrokerError, SimulatorError
from station_sim.sending.load import Load, LoadPlan
from station_sim.sending.load_frames import LoadFrames, LoadStation, Weather


@dataclass(slots=True)
class Receiver:
    """Takes connections, counts frames of a known length, acknowledges them if it is asked to."""

    frame_bytes: int
    acknowledges: bool = True
    pause_s: float = 0.0
    closes_after: int = 1 << 60
    return_code: int = 0
    received: int = 0
    port: int = 0
    payloads: bytearray = field(default_factory=bytearray)
    _server: socket.socket = field(default_factory=socket.socket)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._server.bind(("127.0.0.1", 0))
        self._server.listen()
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link:
            link.recv(1024)
            link.sendall(bytes([0x20, 2, 0, self.return_code]))
            waiting, count = b"", 0
            while data := self._next(link):
                time.sleep(self.pause_s)  # a broker as slow as the test wants it
                waiting += data
                n = len(waiting) // self.frame_bytes
                with self._lock:
                    self.received += n
                    self.payloads += waiting[: n * self.frame_bytes]
                waiting = waiting[n * self.frame_bytes :]
                count += n
                if count >= self.closes_after:
                    return
                if self.acknowledges:
                    with contextlib.suppress(OSError):
                        link.sendall(b"\x40\x02\x00\x01" * n)

    @staticmethod
    def _next(link: socket.socket) -> bytes:
        try:
            return link.recv(65_536)
        except OSError:
            return b""


def frames(n: int, qos: int = 1) -> LoadFrames:
    stations = [LoadStation(f"S{k:04d}", "c", "rain", ("rain",)) for k in range(n)]
    return LoadFrames(stations, Weather(), prefix="ws", qos=qos)


def test_what_is_planned_is_sent_at_the_rate_and_acknowledged() -> None:
    made = frames(500)
    with Receiver(made.frame_bytes) as receiver:
        load = Load(made, LoadPlan(500, seconds=2, connections=3), "127.0.0.1", receiver.port)
        summary = load.run()
        load.close()
        assert receiver.received == summary.sent == summary.acknowledged == 1000
    assert summary.is_complete
    assert summary.rate_per_s == pytest.approx(500, rel=0.05)
    assert summary.ack_p99_ms >= summary.ack_p50_ms > 0


def test_no_station_says_the_same_time_twice() -> None:
    made = frames(50)
    with Receiver(made.frame_bytes) as receiver:
        load = Load(made, LoadPlan(50, seconds=3, connections=2), "127.0.0.1", receiver.port)
        assert load.run().is_complete
        load.close()
        said = bytes(receiver.payloads)
    texts = [said[k : k + made.frame_bytes] for k in range(0, len(said), made.frame_bytes)]
    seen = [(text[text.index(b'"S') :][:6], text[text.index(b'"time') :][:30]) for text in texts]
    assert len(seen) == len(set(seen)) == 150


def test_a_backlog_holds_one_observation_per_interval_and_station() -> None:
    made = frames(40)
    plan = LoadPlan(0, connections=2, backlog_s=600, interval_s=60)
    with Receiver(made.frame_bytes) as receiver:
        load = Load(made, plan, "127.0.0.1", receiver.port)
        summary = load.run()
        load.close()
        assert receiver.received == summary.sent == 400
        said = bytes(receiver.payloads)
    assert summary.is_complete
    assert len({text[:20] for text in said.split(b'"time":"')[1:]}) == 10


def test_a_receiver_that_never_acknowledges_is_told_of() -> None:
    made = frames(20)
    with Receiver(made.frame_bytes, acknowledges=False) as receiver:
        plan = LoadPlan(20, seconds=1, connections=1, settle_s=0.3)
        load = Load(made, plan, "127.0.0.1", receiver.port)
        summary = load.run()
        load.close()
    assert (summary.sent, summary.acknowledged, summary.unacknowledged) == (20, 0, 20)
    assert not summary.is_complete


def test_a_receiver_that_is_too_slow_leaves_a_shortfall() -> None:
    made = frames(60_000, qos=0)
    with Receiver(made.frame_bytes, acknowledges=False, pause_s=0.2) as receiver:
        plan = LoadPlan(60_000, seconds=1, connections=1, settle_s=0.1)
        load = Load(made, plan, "127.0.0.1", receiver.port)
        summary = load.run()
        load.close()
    assert summary.shortfall > 0
    assert summary.sent + summary.shortfall == summary.planned == 60_000
    assert math.isnan(summary.ack_p50_ms)


def test_a_lost_connection_is_counted_and_ends_the_run() -> None:
    made = frames(100)
    with Receiver(made.frame_bytes, closes_after=5) as receiver:
        load = Load(made, LoadPlan(100, seconds=60, connections=1), "127.0.0.1", receiver.port)
        begun = time.monotonic()
        summary = load.run()
        load.close()
    assert time.monotonic() - begun < 40
    assert summary.lost_connections == 1
    assert not summary.is_complete


def test_nobody_there_is_told_with_the_address() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(BrokerError, match=rf"no MQTT broker at 127\.0\.0\.1:{port}"):
        Load(frames(1), LoadPlan(1 / 60), "127.0.0.1", port)


def test_a_refused_session_is_told_with_its_code() -> None:
    with Receiver(100, return_code=5) as receiver, pytest.raises(BrokerError, match="return code 5"):
        Load(frames(1), LoadPlan(1 / 60), "127.0.0.1", receiver.port)


def test_more_than_one_observation_a_second_of_a_station_is_refused() -> None:
    with pytest.raises(SimulatorError, match="10 messages a round are not enough for 11 a second"):
        Load(frames(10), LoadPlan(11), "127.0.0.1", 1)
