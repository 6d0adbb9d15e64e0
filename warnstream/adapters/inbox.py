"""What arrived and is not durable yet, from every source, in order of arrival.

Sources (a broker's connection, our own listener) put columns of messages in
from their threads; the node takes a batch, writes it to the journal and
acknowledges it to the sources. No Python object is made per message.

Limit: `MESSAGES_MAX` messages or `BYTES_MAX` bytes of payload wait in memory.
A full inbox never refuses: sources ask `has_room` and hold their senders back.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

MESSAGES_MAX = 200_000
BYTES_MAX = 128 * 1024 * 1024


class Source(Protocol):
    """Where messages come from."""

    @property
    def name(self) -> str:
        """Word for logs and reasons."""

    @property
    def is_connected(self) -> bool:
        """Messages can arrive now."""

    def start(self) -> None:
        """Open it; messages go to the inbox from now on."""

    def stop(self) -> None:
        """Close it; what is not acknowledged comes again."""

    def acknowledge(self, arrived: Sequence["Arrived"]) -> None:
        """These are durable: tell their senders."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Messages that came together.

    Attributes
    ----------
    source : Source
    connection : object
        What the source needs to find the senders again.
    topics : list of str
    payloads : list of bytes
        One per topic.
    message_ids : list of bytes
        Identifiers to acknowledge, as on the wire, in order; QoS 0 messages have none.
    size_bytes : int
    qos : int
        2 only where a single QoS 2 message waits for its PUBCOMP.
    """

    source: Source
    connection: Any
    topics: list[str]
    payloads: list[bytes]
    message_ids: list[bytes] = field(default_factory=list)
    size_bytes: int = 0
    qos: int = 1


class Inbox:
    """A queue of `Arrived` that one thread takes batches from."""

    def __init__(self, messages_max: int = MESSAGES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._waiting: deque[Arrived] = deque()
        self._messages = 0
        self._bytes = 0
        self._wanted = 1
        self._is_woken = False
        self._condition = threading.Condition()
        self._on_room: list[Callable[[], None]] = []

    @property
    def has_room(self) -> bool:
        """Fewer messages and bytes wait than the limit."""
        return self._messages < self._messages_max and self._bytes < self._bytes_max

    def when_room(self, call: Callable[[], None]) -> None:
        """Call this, in the taker's thread, after every take that leaves room."""
        self._on_room.append(call)

    def put(self, arrived: Arrived) -> None:
        """Add messages; always taken, ask `has_room` first."""
        with self._condition:
            self._waiting.append(arrived)
            self._messages += len(arrived.topics)
            self._bytes += arrived.size_bytes
            # The taker is woken once per batch, not once per message.
            if self._wanted == 1 or self._messages >= self._wanted:
                self._condition.notify()

    def wake(self) -> None:
        """End a waiting `take` early (something else wants the taker's attention)."""
        with self._condition:
            self._is_woken = True
            self._condition.notify()

    def take(self, *, messages_max: int, wait_s: float, gather_s: float) -> list[Arrived]:
        """What arrived, in order.

        Waits up to `wait_s` for a first message, then up to `gather_s` until there are `messages_max`.
        A batch may be larger by what came together with its last message. Empty when nothing came.
        """
        with self._condition:
            self._wanted = 1
            self._condition.wait_for(lambda: self._waiting or self._is_woken, wait_s)
            deadline_s = time.monotonic() + gather_s
            self._wanted = messages_max
            while self._waiting and self._messages < messages_max and not self._is_woken:
                remaining_s = deadline_s - time.monotonic()
                if remaining_s <= 0:
                    break
                self._condition.wait(remaining_s)
            self._wanted = 1
            self._is_woken = False
            return self._batch(messages_max)

    def _batch(self, messages_max: int) -> list[Arrived]:
        batch: list[Arrived] = []
        count = 0
        had_room = self.has_room
        while self._waiting and count < messages_max:
            arrived = self._waiting.popleft()
            batch.append(arrived)
            count += len(arrived.topics)
            self._bytes -= arrived.size_bytes
        self._messages -= count
        if not had_room and self.has_room:
            for call in self._on_room:
                call()
        return batch
