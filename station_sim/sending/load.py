"""Load: a whole network's messages over several connections at a steady rate, or a backlog at once.

Frames are encoded before the first is sent (`load_frames`); while sending, a
slice is patched, copied and written in one piece. The rate is kept by the
clock: what a slow receiver holds back is made up for as long as time is left,
and what could not be sent is told as a shortfall, never hidden. At QoS 1 every
acknowledgement is counted, and how long it took.

One thread, about 1 microsecond of CPU a message at large slices. A connection
that is lost is not opened again: the run says so and ends.
"""

import itertools
import math
import resource
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from station_sim.errors import BrokerError, SimulatorError
from station_sim.sending.load_frames import LoadFrames, varint
from warnstream.model.times import MINUTE_S

PACKET_IDS = 65_535
SLICE_MESSAGES_MAX = 2_000
PENDING_BYTES_MAX = 1 << 20
"""Bytes of a connection that wait for the receiver; beyond it nothing new is made."""

INFLIGHT_MAX = 20_000
"""Unacknowledged messages of a connection at QoS 1."""

POLL_MS = 5
_CONNECT_S_MAX = 10.0
_READ_BYTES = 1 << 18
_PUBACK_BYTES = 4


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What to send.

    Attributes
    ----------
    rate_per_s : float
        Messages a second of all connections together; 0 as fast as they are taken.
    seconds : float
        Length; with rate 0 the messages of `backlog_s`.
    connections : int
    backlog_s : int
        How far back observations begin; 0 observes now. Only with rate 0.
    interval_s : int
        From one observation of a station to its next in a backlog.
    settle_s : float
        Longest wait for what is on its way at the end.
    """

    rate_per_s: float
    seconds: float = 60.0
    connections: int = 4
    backlog_s: int = 0
    interval_s: int = MINUTE_S
    settle_s: float = 30.0

    def __post_init__(self) -> None:
        if self.rate_per_s < 0 or self.seconds <= 0 or self.connections < 1:
            raise SimulatorError("expected a rate of 0 or more, a length above 0 and 1 connection or more")
        if (self.rate_per_s == 0) != (self.backlog_s > 0):
            raise SimulatorError("a backlog is sent at rate 0, and only a backlog is")


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What was really sent.

    `planned`, `sent` and `acknowledged` are messages (`acknowledged` is 0 at QoS 0), `observations` those
    in the sent ones. `seconds` is from the first byte to the last, of a backlog to the last
    acknowledgement; `rate_per_s` is sent / seconds and `shortfall` planned - sent. An acknowledgement's
    time is from handing a slice to its socket to the slice's last PUBACK; NaN at QoS 0.
    """

    planned: int
    sent: int
    acknowledged: int
    observations: int
    seconds: float
    rate_per_s: float
    shortfall: int
    unacknowledged: int
    lost_connections: int
    ack_p50_ms: float
    ack_p99_ms: float
    cpu_share: float

    @property
    def is_complete(self) -> bool:
        """Everything planned was sent, and acknowledged where that is asked for."""
        return self.shortfall == 0 and self.unacknowledged == 0 and self.lost_connections == 0


@dataclass(slots=True)
class _Connection:
    """One socket with its own part of the messages."""

    link: socket.socket
    first: int
    last: int
    made: int = 0
    acknowledged: int = 0
    pending: memoryview = field(default_factory=lambda: memoryview(b""))
    half_puback: int = 0
    packet_id: int = 1
    waiting: "deque[tuple[int, float]]" = field(default_factory=deque)
    is_lost: bool = False

    @property
    def n_messages(self) -> int:
        return self.last - self.first


class Load:
    """A run of a load over open connections.

    Parameters
    ----------
    frames : LoadFrames
    plan : LoadPlan
    host, port : str, int
        A broker, or a node's own listener; plain connections.
    username, password : str or None
    clock_s : callable
        Time that observations are made at.
    """

    def __init__(
        self,
        frames: LoadFrames,
        plan: LoadPlan,
        host: str,
        port: int,
        *,
        username: str | None = None,
        password: str | None = None,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._frames, self._plan = frames, plan
        self._clock_s = clock_s
        self._latency_ms: list[tuple[float, int]] = []
        self._last_sent_at = time.monotonic()
        n_connections = min(plan.connections, frames.n_messages)
        bounds = np.linspace(0, frames.n_messages, n_connections + 1).astype(int).tolist()
        if plan.rate_per_s:
            period_s = frames.n_messages / plan.rate_per_s
            if period_s < 1:
                raise SimulatorError(
                    f"{frames.n_messages} messages a round are not enough for {plan.rate_per_s:g} a second: "
                    "a station observes once a second at most; use more stations or a lower rate"
                )
        self._connections = [
            _Connection(open_connection(host, port, f"load-{n}", username, password), first, last)
            for n, (first, last) in enumerate(itertools.pairwise(bounds))
        ]

    @property
    def planned(self) -> int:
        """Messages of the whole run."""
        return sum(self._planned_of(connection) for connection in self._connections)

    def _planned_of(self, one: _Connection) -> int:
        plan = self._plan
        if plan.rate_per_s == 0:
            return one.n_messages * (plan.backlog_s // plan.interval_s)
        return math.floor(plan.rate_per_s * plan.seconds * one.n_messages / self._frames.n_messages + 0.5)

    def run(self, on_second: Callable[[int, int], None] | None = None) -> LoadSummary:
        """Send everything, then wait for what is on its way.

        `on_second` is called about once a second with messages made and acknowledged so far.
        """
        begun, wall = time.monotonic(), self._clock_s()
        used = _cpu_s()
        told = begun
        while True:
            now = time.monotonic()
            is_over = self._plan.rate_per_s > 0 and now - begun >= self._plan.seconds
            left = 0
            for connection in self._connections:
                left += self._make(connection, now - begun, wall)
            self._exchange()
            if on_second is not None and now - told >= 1.0:
                told = now
                on_second(*self._progress())
            if is_over or left == 0 or all(connection.is_lost for connection in self._connections):
                break
        self._settle()
        ended = time.monotonic() if self._plan.rate_per_s == 0 else self._last_sent_at
        return self._summary(ended - begun, _cpu_s() - used)

    def close(self) -> None:
        """Say goodbye and close."""
        for connection in self._connections:
            if not connection.is_lost:
                connection.link.setblocking(True)
                connection.link.settimeout(1.0)
                try:
                    connection.link.sendall(b"\xe0\x00")
                except OSError:
                    connection.is_lost = True
            connection.link.close()

    def _progress(self) -> tuple[int, int]:
        made = sum(connection.made for connection in self._connections)
        return made, sum(connection.acknowledged for connection in self._connections)

    def _make(self, one: _Connection, elapsed_s: float, wall_s: float) -> int:
        """Hand the next slice to the socket if one is due; messages that are still to be made."""
        planned = self._planned_of(one)
        left = planned - one.made
        if one.is_lost or left <= 0:
            return 0
        rate = self._plan.rate_per_s * one.n_messages / self._frames.n_messages
        due = min(left, math.floor(rate * elapsed_s) + 1 - one.made) if rate else left
        room = INFLIGHT_MAX - (one.made - one.acknowledged) if self._frames.qos else due
        if len(one.pending) > PENDING_BYTES_MAX:
            return left
        place = one.made % one.n_messages
        n = min(due, room, SLICE_MESSAGES_MAX, one.n_messages - place)
        if n > 0:
            observed_at_s = self._observed_at_s(one, rate, wall_s)
            data = self._frames.slice_of(
                one.first + place, one.first + place + n, observed_at_s, one.packet_id
            )
            one.packet_id = (one.packet_id - 1 + n) % PACKET_IDS + 1
            one.made += n
            one.pending = memoryview(bytes(one.pending) + data) if one.pending else memoryview(data)
            one.waiting.append((one.made, time.monotonic()))
        return left - n

    def _observed_at_s(self, one: _Connection, rate: float, wall_s: float) -> int:
        """One time for all stations of a round, later with every round: the round minute where it can be."""
        plan, turn = self._plan, one.made // one.n_messages
        if rate == 0:
            first_s = int(wall_s) // MINUTE_S * MINUTE_S - plan.backlog_s
            return first_s + (turn + 1) * plan.interval_s
        period_s = one.n_messages / rate
        observed_at_s = int(wall_s) + math.floor(turn * period_s + 1e-6)
        # Rounds are a minute or more apart, so that every round has a minute of its own.
        return observed_at_s // MINUTE_S * MINUTE_S if period_s >= MINUTE_S - 1e-6 else observed_at_s

    def _exchange(self) -> None:
        """Write and read what can be, for some milliseconds at most."""
        poll = select.poll()
        of_number = {}
        for connection in self._connections:
            if not connection.is_lost:
                poll.register(connection.link, select.POLLIN | (select.POLLOUT if connection.pending else 0))
                of_number[connection.link.fileno()] = connection
        for number, event in poll.poll(POLL_MS):
            one = of_number[number]
            try:
                if event & select.POLLIN:
                    self._read(one)
                if event & select.POLLOUT and one.pending:
                    one.pending = one.pending[one.link.send(one.pending[:PENDING_BYTES_MAX]) :]
                    self._last_sent_at = time.monotonic()
                if event & (select.POLLERR | select.POLLHUP):
                    one.is_lost = True
            except BlockingIOError:
                continue
            except OSError:
                one.is_lost = True

    def _read(self, one: _Connection) -> None:
        data = one.link.recv(_READ_BYTES)
        if not data:
            one.is_lost = True
            return
        whole, one.half_puback = divmod(one.half_puback + len(data), _PUBACK_BYTES)
        one.acknowledged += whole
        now = time.monotonic()
        n_before = one.acknowledged - whole
        while one.waiting and one.waiting[0][0] <= one.acknowledged:
            made, handed_at = one.waiting.popleft()
            self._latency_ms.append((1e3 * (now - handed_at), made - n_before))
            n_before = made

    def _settle(self) -> None:
        deadline = time.monotonic() + self._plan.settle_s
        while time.monotonic() < deadline:
            open_ones = [connection for connection in self._connections if not connection.is_lost]
            if not any(gateway.pending for gateway in open_ones) and (
                self._frames.qos == 0 or all(gateway.acknowledged >= gateway.made for gateway in open_ones)
            ):
                return
            self._exchange()

    def _summary(self, elapsed_s: float, cpu_s: float) -> LoadSummary:
        frames = self._frames
        unsent = sum(-(-len(connection.pending) // frames.frame_bytes) for connection in self._connections)
        made, acknowledged = self._progress()
        sent = made - unsent
        planned = self.planned
        p50, p99 = _weighted_percentiles(self._latency_ms)
        return LoadSummary(
            planned=planned,
            sent=sent,
            acknowledged=acknowledged if frames.qos else 0,
            observations=round(sent * frames.n_stations / frames.n_messages),
            seconds=round(elapsed_s, 3),
            rate_per_s=round(sent / max(elapsed_s, 1e-9), 1),
            shortfall=planned - sent,
            unacknowledged=sent - acknowledged if frames.qos else 0,
            lost_connections=sum(connection.is_lost for connection in self._connections),
            ack_p50_ms=p50,
            ack_p99_ms=p99,
            cpu_share=round(cpu_s / max(elapsed_s, 1e-9), 3),
        )


def open_connection(
    host: str, port: int, client_id: str, username: str | None, password: str | None
) -> socket.socket:
    """A clean MQTT 3.1.1 session over a raw socket that does not block.

    Raises
    ------
    BrokerError
        If nobody listens, or the session is refused.
    """
    flags = 0x02 | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    body = _text("MQTT") + bytes([4, flags, 0, 0]) + _text(client_id)
    body += b"".join(_text(word) for word in (username, password) if word is not None)
    try:
        link = socket.create_connection((host, port), timeout=_CONNECT_S_MAX)
    except OSError as error:
        raise BrokerError(f"no MQTT broker at {host}:{port}: {error}") from error
    try:
        link.sendall(b"\x10" + varint(len(body)) + body)
        answer = link.recv(4, socket.MSG_WAITALL)
    except OSError as error:
        link.close()
        raise BrokerError(f"{host}:{port}: no answer to {client_id}: {error}") from error
    if len(answer) < 4 or answer[0] != 0x20 or answer[3]:
        link.close()
        reason = f"return code {answer[3]}" if len(answer) == 4 else "closed without an answer"
        raise BrokerError(f"{host}:{port}: refused {client_id} ({reason})")
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setblocking(False)
    return link


def _text(word: str) -> bytes:
    data = word.encode()
    return len(data).to_bytes(2, "big") + data


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _weighted_percentiles(latency_ms: list[tuple[float, int]]) -> tuple[float, float]:
    """p50 and p99 of messages, from slices; NaN without any."""
    if not latency_ms:
        return math.nan, math.nan
    values = np.array([value for value, _ in latency_ms])
    weights = np.array([weight for _, weight in latency_ms], dtype=np.float64)
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    place = np.minimum(np.searchsorted(share, [0.5, 0.99]), len(values) - 1)
    p50, p99 = values[order][place].tolist()
    return round(p50, 2), round(p99, 2)
