"""Connections of people we do not know yet: a few, and those of one address make room for each other.

Whoever opens connections and says nothing holds descriptors, and could keep
everybody else out. So only so many may wait at once; when one more comes, the
one that goes is the oldest of the address that has most of them. A flood from
one address therefore only pushes itself out.

Pure: no sockets, no clock; for one thread.
"""

from collections import Counter
from typing import Protocol


class Guest(Protocol):
    """A connection that has not said who it is."""

    host: str

    @property
    def is_answering(self) -> bool:
        """It has said who it is and waits for us: its slowness is ours."""

    def turn_away(self, reason: str, detail: str) -> None:
        """Close it; the reason is counted."""


class Doorstep:
    """Guests in the order of their coming, at most `guests_max`."""

    def __init__(self, guests_max: int) -> None:
        self.guests_max = guests_max
        self._guests: dict[Guest, None] = {}

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self, guest: Guest) -> None:
        """One more; if it is one too many, somebody is turned away, in the end this one."""
        self._guests[guest] = None
        if len(self._guests) > self.guests_max:
            self.make_room("too_many", f"{self.guests_max} connections have not said who they are")

    def leave(self, guest: Guest) -> None:
        """It is known now, or gone."""
        self._guests.pop(guest, None)

    def make_room(self, reason: str, detail: str) -> bool:
        """Turn away the oldest guest of the address that has most; False if nobody can go."""
        idle = [guest for guest in self._guests if not guest.is_answering]
        if not idle:
            return False
        (worst, _), *_ = Counter(guest.host for guest in idle).most_common(1)
        oldest = next(guest for guest in idle if guest.host == worst)
        self.leave(oldest)
        oldest.turn_away(reason, detail)
        return True
