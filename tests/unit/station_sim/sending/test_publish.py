import threading
from collections.abc import Callable

import pytest

from station_sim.errors import BrokerError
from station_sim.message import Message, beacon
from station_sim.sending.publish import Progress, Publisher
from station_sim.sending.scenario import Scenario
from station_sim.topics import is_clock


class RecordingTransport:
    """Keeps what is published; acknowledges when asked to wait."""

    reconnects = 0

    def __init__(self, on_publish: Callable[[str], None] | None = None) -> None:
        self.events: list[tuple[str, str]] = []
        self.published: list[tuple[str, bytes]] = []
        self.unacknowledged = 0
        self._on_publish = on_publish

    def open(self) -> None:
        self.events.append(("open", ""))

    def publish(self, topic: str, payload: bytes, stop: threading.Event) -> None:
        assert not stop.is_set(), "nothing is published after a stop"
        if is_clock(topic):
            assert self.unacknowledged == 0, "a beacon overtook an unacknowledged reading"
        self.unacknowledged += 1
        self.published.append((topic, payload))
        if self._on_publish:
            self._on_publish(topic)

    def wait_acknowledged(self, stop: threading.Event) -> bool:
        self.unacknowledged = 0
        return not stop.is_set()

    def close(self) -> None:
        self.events.append(("close", ""))


class FastClock:
    """Time that jumps to wherever the publisher waits for."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waits_s: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def wait(self, seconds: float | None = None) -> bool:
        assert seconds is not None
        self.waits_s.append(seconds)
        self.now_s += seconds
        return False


def reading(time_s: int) -> Message:
    return Message(time_s, "ws/Liandu/rain/R0001/obs", b"{}", 1)


def test_messages_are_published_in_order_and_counted(scenario: Scenario) -> None:
    transport = RecordingTransport()
    messages = list(scenario.messages())
    summary = Publisher(messages, transport, speed=0).run()
    assert transport.published == [(message.topic, message.payload) for message in messages]
    assert summary.finished
    assert summary.beacons == scenario.n_minutes + 1
    assert summary.clock_s == scenario.end_s
    assert summary.messages == len(messages) - summary.beacons
    assert summary.readings == sum(message.n_readings for message in messages)


def test_a_beacon_waits_until_every_reading_is_acknowledged() -> None:
    """The recording transport asserts it."""
    transport = RecordingTransport()
    Publisher([reading(60), reading(60), beacon("ws", 60), reading(120)], transport, speed=0).run()
    assert len(transport.published) == 4


def test_speed_divides_the_waiting_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FastClock()
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", clock.wait)
    messages = [beacon("ws", 1200), reading(1260), beacon("ws", 1260), beacon("ws", 1320)]
    Publisher(messages, RecordingTransport(), speed=240, monotonic_s=clock).run(stop)
    assert clock.waits_s == pytest.approx([0.25, 0.25])


def test_a_publisher_that_is_late_does_not_wait_and_skips_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FastClock()
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", clock.wait)

    def slow_broker(topic: str) -> None:
        clock.now_s += 10

    transport = RecordingTransport(slow_broker)
    messages = [beacon("ws", 60 * minute) for minute in range(5)]
    Publisher(messages, transport, speed=60, monotonic_s=clock).run(stop)
    assert clock.waits_s == []
    assert len(transport.published) == 5


def test_stopping_ends_the_run_and_closes_the_connection() -> None:
    stop = threading.Event()
    transport = RecordingTransport(lambda topic: stop.set() if is_clock(topic) else None)
    summary = Publisher([reading(60), beacon("ws", 60), reading(120)], transport, speed=0).run(stop)
    assert not summary.finished
    assert len(transport.published) == 2
    assert summary.clock_s is None
    assert transport.events == [("open", ""), ("close", "")]


def test_progress_is_told_after_each_beacon() -> None:
    seen: list[Progress] = []
    messages = [reading(60), beacon("ws", 60), reading(120), reading(120), beacon("ws", 120)]
    Publisher(messages, RecordingTransport(), speed=0).run(on_progress=seen.append)
    assert seen == [Progress(60, 1, 1), Progress(120, 3, 3)]


def test_a_broker_that_cannot_be_reached_ends_the_run_before_anything_is_sent() -> None:
    transport = RecordingTransport()

    def refuse() -> None:
        raise BrokerError("no MQTT broker can be reached")

    transport.open = refuse  # type: ignore[method-assign]
    with pytest.raises(BrokerError, match="no MQTT broker"):
        Publisher([reading(60)], transport, speed=0).run()
    assert transport.published == []


def test_a_negative_speed_is_refused() -> None:
    with pytest.raises(ValueError, match="speed must be 0 or more, got -1"):
        Publisher([], RecordingTransport(), speed=-1)
