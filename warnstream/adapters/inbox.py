"""What arrived and is not durable yet, from every source.

Sources (a broker's connection, our own listener) put columns of messages in
from their threads; the node takes a batch, writes it to the journal and
acknowledges it to the sources. No Python object is made per message.

There are two lanes. A source marks what belongs to a *stream* (a sender that
empties its memory after an outage); a batch has the lone messages first, so a
station that sends one reading never waits behind another that sends a day's.
Each lane keeps its order.

Limits: `MESSAGES_MAX` messages or `BYTES_MAX` bytes of payload wait in memory,
streams may fill `STREAM_SHARE` of that. A full inbox never refuses: sources
ask `has_room` and `has_stream_room` and hold their senders back.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

MESSAGES_MAX = 200_000
BYTES_MAX = 128 * 1024 * 1024

STREAM_SHARE = 0.75
"""Of both limits: the rest is kept free for those who send little."""

STREAM_BATCH = 5_000
STREAM_BATCH_BYTES = 1024 * 1024
"""Messages, and bytes, of streams in one batch: some 50 ms of work that a lone message may wait for."""


class Source(Protocol):
    """Where messages come from."""

    @property
    def name(self) -> str:
        """Word for logs and reasons."""

    @property
    def is_connected(self) -> bool:
        """Messages can arrive now."""

    def look(self) -> None:
        """What time alone begins or ends; called by the node's loop, often."""

    def reload(self) -> None:
        """Read files again that may have changed: certificates, users; from any thread."""

    def start(self) -> None:
        """Open it; messages go to the inbox from now on."""

    def stop(self) -> None:
        """Close it; what is not acknowledged comes again."""

    def acknowledge(self, arrived: Sequence["InboundBatch"]) -> None:
        """These are durable: tell their senders."""


@dataclass(frozen=True, slots=True)
class InboundBatch:
    """Messages that came together.

    Attributes
    ----------
    source : Source
    connection : object
        What the source needs to find the senders again.
    topics : sequence of str
    payloads : sequence of bytes
        One per topic; of a large read both are views of its memory (`warnstream.model.messages`).
    message_ids : list of bytes
        Identifiers to acknowledge, as on the wire, in order; QoS 0 messages have none.
    size_bytes : int
    qos : int
        2 only where a single QoS 2 message waits for its PUBCOMP.
    is_stream : bool
        One of many by a sender that sends all it has: others go first.
    is_awaited : bool
        Its sender may send no more before it is acknowledged.
    is_last : bool
        Its sender does send no more before: waiting for more gains nothing.
    at_s : float
        When it came, by the monotonic clock.
    """

    source: Source
    connection: Any
    topics: Sequence[str]
    payloads: Sequence[bytes]
    message_ids: list[bytes] = field(default_factory=list)
    size_bytes: int = 0
    qos: int = 1
    is_stream: bool = False
    is_awaited: bool = True
    is_last: bool = False
    at_s: float = field(default_factory=time.monotonic)


class _Lane:
    """Arrivals in order, with their count and size."""

    def __init__(self) -> None:
        self.waiting: deque[InboundBatch] = deque()
        self.messages = 0
        self.size_bytes = 0
        self.awaited_at_s: float | None = None

    def put(self, arrived: InboundBatch) -> None:
        self.waiting.append(arrived)
        if arrived.is_awaited and self.awaited_at_s is None:
            self.awaited_at_s = arrived.at_s
        self.messages += len(arrived.topics)
        self.size_bytes += arrived.size_bytes

    def take(self, messages_max: int, bytes_max: int = BYTES_MAX) -> list[InboundBatch]:
        """Up to so many messages or bytes, and what came together with the last of them."""
        batch: list[InboundBatch] = []
        count, size_bytes = 0, 0
        while self.waiting and count < messages_max and size_bytes < bytes_max:
            arrived = self.waiting.popleft()
            batch.append(arrived)
            count += len(arrived.topics)
            size_bytes += arrived.size_bytes
        self.messages -= count
        self.size_bytes -= size_bytes
        self.awaited_at_s = next((block.at_s for block in self.waiting if block.is_awaited), None)
        return batch


class Inbox:
    """A queue of `InboundBatch` that one thread takes batches from."""

    def __init__(self, messages_max: int = MESSAGES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._lone = _Lane()
        self._streams = _Lane()
        self._are_streams_full = False
        self._wanted = 1
        self._is_woken = False
        self._is_hurried = False
        self._condition = threading.Condition()
        self._on_room: list[Callable[[], None]] = []

    @property
    def messages(self) -> int:
        """Messages that wait."""
        return self._lone.messages + self._streams.messages

    @property
    def has_room(self) -> bool:
        """Fewer messages and bytes wait than the limit."""
        return (
            self.messages < self._messages_max
            and self._lone.size_bytes + self._streams.size_bytes < self._bytes_max
        )

    @property
    def has_stream_room(self) -> bool:
        """Streams may go on; once they filled their share they wait until half of it is free again."""
        return self.has_room and not self._are_streams_full

    def oldest_lone_s(self) -> float | None:
        """When the oldest waiting message outside streams came, by the monotonic clock."""
        with self._condition:
            return self._lone.waiting[0].at_s if self._lone.waiting else None

    def when_room(self, call: Callable[[], None]) -> None:
        """Call this, in the taker's thread, after every take that gives room again."""
        self._on_room.append(call)

    def put(self, arrived: InboundBatch) -> None:
        """Add messages; always taken, ask `has_room` first."""
        with self._condition:
            lane = self._streams if arrived.is_stream else self._lone
            self._is_hurried |= arrived.is_last
            hastens = arrived.is_last or (arrived.is_awaited and lane.awaited_at_s is None)
            lane.put(arrived)
            self._are_streams_full |= self._fills(self._streams, STREAM_SHARE)
            # The taker is woken once per batch, not once per message; and where it would wait too long.
            if self._wanted == 1 or self.messages >= self._wanted or hastens:
                self._condition.notify()

    def wake(self) -> None:
        """End a waiting `take` early (something else wants the taker's attention)."""
        with self._condition:
            self._is_woken = True
            self._condition.notify()

    def take(
        self,
        *,
        messages_max: int,
        wait_s: float,
        gather_s: float,
        open_until_s: float = 0.0,
        streams_max: int = STREAM_BATCH,
    ) -> list[InboundBatch]:
        """What arrived: lone messages in order, then those of streams in order.

        Waits up to `wait_s` for a first message, then for more of them until there are `messages_max`: lone
        messages until `open_until_s` by the monotonic clock, those that somebody waits for no longer than
        `gather_s`, those of a sender that sends nothing more (`is_last`) no time at all; a stream `gather_s`.
        So a lone message is handed out at once where nothing is to be waited for: what comes while it is made
        durable and judged is the next batch.
        A batch may be larger by what came together with its last message. Empty when nothing came.
        With `streams_max` 0 streams are left where they are.
        """
        with self._condition:
            self._wanted = 1
            self._condition.wait_for(lambda: self._has_waiting(streams_max) or self._is_woken, wait_s)
            begun_s = time.monotonic()
            self._wanted = messages_max
            while (
                self._has_waiting(streams_max)
                and self.messages < messages_max
                and not (self._is_woken or self._is_hurried)
            ):
                remaining_s = self._open_until_s(begun_s, gather_s, open_until_s) - time.monotonic()
                if remaining_s <= 0:
                    break
                self._condition.wait(remaining_s)
            self._wanted = 1
            self._is_woken = self._is_hurried = False
            return self._batch(messages_max, streams_max)

    def _open_until_s(self, begun_s: float, gather_s: float, latest_s: float) -> float:
        """Until when the batch may wait for more; lone messages wait for no stream."""
        if not self._lone.waiting:
            return begun_s + gather_s
        if self._streams.waiting:
            return 0.0
        awaited_at_s = self._lone.awaited_at_s
        return latest_s if awaited_at_s is None else min(awaited_at_s + gather_s, latest_s)

    def _has_waiting(self, streams_max: int) -> bool:
        return bool(self._lone.waiting) or (streams_max > 0 and bool(self._streams.waiting))

    def _fills(self, lane: _Lane, share: float) -> bool:
        return lane.messages >= share * self._messages_max or lane.size_bytes >= share * self._bytes_max

    def _batch(self, messages_max: int, streams_max: int) -> list[InboundBatch]:
        had_room = self.has_room, self.has_stream_room
        batch = self._lone.take(messages_max) + self._streams.take(streams_max, STREAM_BATCH_BYTES)
        if self._are_streams_full and not self._fills(self._streams, STREAM_SHARE / 2):
            self._are_streams_full = False
        if (self.has_room, self.has_stream_room) > had_room:
            for call in self._on_room:
                call()
        return batch
