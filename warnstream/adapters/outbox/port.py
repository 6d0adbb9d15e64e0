"""What sending needs of an outbox, wherever its rows are.

An outbox is opened for an *owner*. What `claim` hands out is the owner's until it
is settled; `recover` gives back only what that owner had in hand when it ended, so
two senders can share one store and neither sends again what the other is sending.
"""

from collections.abc import Mapping
from typing import Protocol

from warnstream.adapters.outbox.types import Claimed
from warnstream.delivery.dispatch.notification import Settlement
from warnstream.delivery.dispatch.queue import Urgency


class SendingOutbox(Protocol):
    """The outbox as its senders see it. Any thread may call; StoreError if the store refuses."""

    def recover(self) -> int:
        """At start: what this owner was sending when it ended is pending again; returns how many."""

    def claim(self, channel: str, limit: int, now: float) -> list[Claimed]:
        """Take the next notifications of a channel for this owner, at most `limit`."""

    def settle(self, settlements: Mapping[str, Settlement], now: float) -> None:
        """Keep what attempts have led to, by key."""

    def hand_in(self, settlements: Mapping[str, Settlement], now: float) -> bool:
        """Begin to keep it; whether another batch may be sent before `settle` is asked for the same ones."""

    def next_due(self, channel: str) -> float | None:
        """When the next waiting notification of a channel is due; None if none waits."""

    def open_count(self, channel: str) -> int:
        """Notifications of a channel that are ready, wait for another attempt or are being sent."""

    def hand_on(self, channel: str, rooms: Mapping[str, int], now: float) -> int:
        """Let who waits on a held channel be told by another of their ways; returns how many.

        `rooms` are channels that work, and how many more each may be given.
        """

    def waiting(self, channel: str) -> dict[Urgency, int]:
        """Who waits on a channel, or is being told, by what they are to be told."""
