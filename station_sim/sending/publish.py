"""Publish a stream of messages in real or accelerated time.

Readings of simulated minute T go out at T; when the broker has acknowledged
all of them the clock beacon of T follows on the same connection, and when
that is acknowledged the next minute begins. So a receiver that has the beacon
has everything before it. A broker that is slow or restarts makes the clock
late, never skips a reading.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from station_sim.message import Message
from station_sim.mqtt_client import Transport
from station_sim.topics import is_clock


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a publisher is: simulated time, messages and reports so far (beacons not counted)."""

    time_s: int
    messages: int
    readings: int


@dataclass(frozen=True, slots=True)
class PublishSummary:
    """What was published.

    `readings` counts reports (a station at a time, with all its variables);
    `clock_s` is the time of the last acknowledged beacon, None before the
    first; `finished` is False if it was stopped before the end.
    """

    messages: int
    readings: int
    beacons: int
    reconnects: int
    wall_s: float
    clock_s: int | None
    finished: bool


class Publisher:
    """Sends messages through a transport, paced by their time.

    Parameters
    ----------
    messages : iterable of Message
        In order of sending, with clock beacons.
    transport : Transport
        Opened and closed by `run`.
    speed : float
        Simulated seconds per second; 1 is real time, 0 as fast as the broker acknowledges.
    monotonic_s : callable
        The clock that paces; for tests.
    """

    def __init__(
        self,
        messages: Iterable[Message],
        transport: Transport,
        speed: float,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        if speed < 0:
            raise ValueError(f"speed must be 0 or more, got {speed}")
        self._messages, self._transport, self._speed = messages, transport, speed
        self._monotonic_s = monotonic_s
        self._n_messages = self._n_readings = self._n_beacons = 0
        self._clock_s: int | None = None

    def run(
        self, stop: threading.Event | None = None, on_progress: Callable[[Progress], None] | None = None
    ) -> PublishSummary:
        """Publish everything, or until `stop` is set.

        Parameters
        ----------
        stop : threading.Event, optional
        on_progress : callable, optional
            Called after each beacon, in this thread.

        Raises
        ------
        BrokerError
            If the broker cannot be reached at the start.
        """
        stop = stop or threading.Event()
        self._transport.open()
        begun_s = self._monotonic_s()
        try:
            finished = self._publish_all(stop, on_progress, begun_s)
        finally:
            self._transport.close()
        wall_s = self._monotonic_s() - begun_s
        return PublishSummary(
            messages=self._n_messages,
            readings=self._n_readings,
            beacons=self._n_beacons,
            reconnects=self._transport.reconnects,
            wall_s=wall_s,
            clock_s=self._clock_s,
            finished=finished,
        )

    def _publish_all(
        self, stop: threading.Event, on_progress: Callable[[Progress], None] | None, begun_s: float
    ) -> bool:
        first_s: int | None = None
        for message in self._messages:
            first_s = message.time_s if first_s is None else first_s
            self._wait_until_due(message.time_s - first_s, begun_s, stop)
            if stop.is_set() or not self._send(message, stop):
                return False
            if is_clock(message.topic) and on_progress is not None:
                on_progress(Progress(message.time_s, self._n_messages, self._n_readings))
        return self._transport.wait_acknowledged(stop)

    def _wait_until_due(self, elapsed_s: int, begun_s: float, stop: threading.Event) -> None:
        if self._speed:
            wait_s = begun_s + elapsed_s / self._speed - self._monotonic_s()
            if wait_s > 0:
                stop.wait(wait_s)

    def _send(self, message: Message, stop: threading.Event) -> bool:
        """Publish one message; a beacon only between two full stops. False if stopped."""
        beacon = is_clock(message.topic)
        if beacon and not self._transport.wait_acknowledged(stop):
            return False
        self._transport.publish(message.topic, message.payload, stop)
        if beacon:
            if not self._transport.wait_acknowledged(stop):
                return False
            self._n_beacons += 1
            self._clock_s = message.time_s
            return True
        self._n_messages += 1
        self._n_readings += message.n_readings
        return True
