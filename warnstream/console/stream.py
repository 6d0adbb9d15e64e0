"""Changes of a situation as server-sent events: encoded once for all who may see the same, then fanned out.

A viewer that is slow loses its stream, not the others theirs, and reads the state again; one that comes back
soon goes on from the ring of deltas.
"""

import asyncio
import secrets
import time
import zlib
from collections import deque

import msgspec
import numpy as np

from warnstream.console import models
from warnstream.console.situation import View

QUEUE_MAX = 8
"""Events that wait for one viewer; of more its stream ends."""

RING_MAX = 300
"""Deltas kept for viewers that come back."""

encode = msgspec.json.Encoder().encode


class Subscriber:
    """One open stream."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_MAX)
        self.is_open = True

    def put(self, event: bytes) -> None:
        """Queue an event; one too many ends the stream."""
        try:
            self.events.put_nowait(event)
        except asyncio.QueueFull:
            self.is_open = False


class Squeeze:
    """A viewer's stream as gzip, event by event: what a browser is given it can show at once.

    A window of 8 kB is enough for what events have in common, and keeps two hundred streams in 15 MB.
    """

    def __init__(self) -> None:
        self._made = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS - 2 + 16, 6)

    def take(self, event: bytes) -> bytes:
        """Bytes that end where the event ends."""
        return self._made.compress(event) + self._made.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """The last bytes of the stream."""
        return self._made.flush()


class Channel:
    """The stream of one area.

    Attributes
    ----------
    view : View or None
        What the newest delta leads to.
    watched_at : float
        When somebody last came or went; monotonic.
    """

    def __init__(self) -> None:
        # Ids of another process, or after a change of the configuration, mean nothing here.
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=RING_MAX)
        self._subscribers: set[Subscriber] = set()
        self.view: View | None = None
        self.watched_at = time.monotonic()

    def __len__(self) -> int:
        return len(self._subscribers)

    @property
    def id(self) -> str:
        """Of the newest delta."""
        return f"{self._epoch}-{self._number}"

    def advance(self, view: View) -> None:
        """A newer situation: its difference to everybody."""
        before, self.view = self.view, view
        if before is None:
            return
        delta = delta_of(before, view)
        if delta == models.Delta():
            return
        self._number += 1
        event = event_of("delta", encode(delta), self.id)
        self._ring.append((self._number, event))
        self.tell(event)

    def tell(self, event: bytes) -> None:
        """An event to everybody."""
        for subscriber in list(self._subscribers):
            subscriber.put(event)
            if not subscriber.is_open:
                self._subscribers.discard(subscriber)

    def subscribe(self, last_id: str) -> Subscriber:
        """A new stream, from after an event on; `resync` where that is too long ago."""
        subscriber = Subscriber()
        missed = self._since(last_id)
        if missed is None:
            subscriber.put(event_of("resync", b"{}"))
        else:
            for event in missed:
                subscriber.put(event)
        if not subscriber.is_open:  # more than a queue holds
            subscriber = Subscriber()
            subscriber.put(event_of("resync", b"{}"))
        self._subscribers.add(subscriber)
        self.watched_at = time.monotonic()
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """A stream has ended."""
        self._subscribers.discard(subscriber)
        self.watched_at = time.monotonic()

    def end(self) -> None:
        """Everybody reads the state anew; their streams end."""
        self.tell(event_of("resync", b"{}"))
        for subscriber in self._subscribers:
            subscriber.is_open = False
        self._subscribers.clear()

    def _since(self, last_id: str) -> list[bytes] | None:
        epoch, _, digits = last_id.partition("-")
        if epoch != self._epoch or not (digits.isascii() and digits.isdigit() and len(digits) < 16):
            return None
        last = int(digits)
        oldest = self._ring[0][0] if self._ring else self._number + 1
        if not oldest - 1 <= last <= self._number:
            return None
        return [event for number, event in self._ring if number > last]


def event_of(name: str, content: bytes, identifier: str = "") -> bytes:
    """One server-sent event; content is JSON, so it has no line break."""
    head = f"id: {identifier}\n" if identifier else ""
    return f"{head}event: {name}\ndata: ".encode() + content + b"\n\n"


def state_of(view: View, identifier: str, clock: models.Clock) -> models.State:
    """All of a situation."""
    return models.State(
        id=identifier,
        head=view.head,
        clock=clock,
        levels=_digits(view.level),
        sight=_digits(view.sight),
        stations=_digits(view.stations),
        queue=list(view.rows.values()),
        near=view.near,
    )


def delta_of(before: View, after: View) -> models.Delta:
    """What has changed."""
    changed = np.flatnonzero((before.level != after.level) | (before.sight != after.sight))
    villages = [(at, int(after.level[at]), int(after.sight[at])) for at in changed.tolist()]
    stations = []
    if len(before.stations) == len(after.stations):
        places = np.flatnonzero(before.stations != after.stations).tolist()
        stations = [(at, int(after.stations[at])) for at in places]
    else:  # the first that is known of them
        stations = [(at, int(station)) for at, station in enumerate(after.stations)]
    return models.Delta(
        head=after.head if after.head != before.head else None,
        villages=villages,
        stations=stations,
        rows=[row for town, row in after.rows.items() if before.rows.get(town) != row],
        order=after.order if after.order != before.order else None,
        near=after.near if after.near != before.near else None,
    )


def _digits(numbers: np.ndarray) -> str:
    return (numbers.astype(np.uint8) + ord("0")).tobytes().decode("ascii")
