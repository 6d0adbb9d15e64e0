"""Doors of a held channel that another of their ways can tell: which ones, and by what they go.

A door waits on one way at a time. So while a channel is held its doors are given to the next way that works,
the most urgent first and only as many as that one tells soon: who is still here once the channel is back is
told by it. A door that waits where nothing works goes back to its first way once that works, once a bulletin:
who was refused there would else go round and round.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from warnstream.delivery.dispatch.queue import Urgency
from warnstream.delivery.ledger.doors import NO_WAY
from warnstream.delivery.ledger.ledger import Ledger
from warnstream.delivery.ledger.queue import IN_HAND, DoorClaim, DoorQueue
from warnstream.delivery.ledger.states import Result
from warnstream.model.arrays import Int64Array

NOWHERE = -1


class Leaving(NamedTuple):
    """A door that is in hand to leave its channel; `result` says where it goes."""

    claim: DoorClaim
    result: Result


class HandingOn:
    """Who leaves a held channel, as rows are numbered now."""

    def __init__(self) -> None:
        self._went_back: set[tuple[int, int]] = set()

    def forget(self) -> None:
        """The rows have other numbers now."""
        self._went_back.clear()

    def take(
        self, ledger: Ledger, queue: DoorQueue, channel: int, rooms: Mapping[int, int], now: float
    ) -> list[Leaving]:
        """Take doors of a held channel in hand that are asked to go and that a way can tell that works.

        Parameters
        ----------
        ledger, queue : Ledger, DoorQueue
        channel : int
            Number of the held one.
        rooms : mapping of int to int
            Channels that work, by number, and how many doors more each may be given.
        now : float
            By the clock of retries.
        """
        left = {channel: room for channel, room in rooms.items() if room > 0}
        if not ledger.has_next or not left:
            return []
        onward, found = _targets(ledger, rooms), list[Leaving]()
        for village in sorted(ledger.villages_that_go_on(Urgency.PREPARE), key=queue.place_of_village):
            found += self._of_village(ledger, queue, village, channel, onward, rooms, left, now)
            if not left:
                break
        return found

    def _of_village(  # noqa: PLR0913, PLR0917  # what is the same for all villages
        self,
        ledger: Ledger,
        queue: DoorQueue,
        village: int,
        channel: int,
        onward: Int64Array,
        works: Mapping[int, int],
        left: dict[int, int],
        now: float,
    ) -> Iterator[Leaving]:
        """Those of one village, as they are graded; `left` counts down and loses what is full."""
        rows = ledger.waiting(village, channel)
        rows = rows[queue.hold[rows] != IN_HAND]
        rows = rows[np.argsort(ledger.grade[rows], kind="stable")]
        first = ledger.channel_of[ledger.first_way[rows]].tolist()
        sequence = int(ledger.sequence[village])
        for row, begins, target in zip(rows.tolist(), first, onward[ledger.way[rows]].tolist(), strict=True):
            is_back = target == NOWHERE
            if is_back and (begins == channel or begins not in works or (row, sequence) in self._went_back):
                continue
            to = begins if is_back else target
            if to not in left:
                continue
            left[to] -= 1
            if not left[to]:
                del left[to]
            if is_back:
                self._went_back.add((row, sequence))
            yield Leaving(queue.take_in_hand(row, channel, now), Result.BACK if is_back else Result.HELD)
            if not left:
                return


def _targets(ledger: Ledger, works: Mapping[int, int]) -> Int64Array:
    """By way: the first channel after it that works."""
    return np.array([_target(ledger, way, works) for way in range(ledger.n_ways)], dtype=np.int64)


def _target(ledger: Ledger, way: int, works: Mapping[int, int]) -> int:
    while (way := int(ledger.next_way[way])) != NO_WAY:
        if (channel := int(ledger.channel_of[way])) in works:
            return channel
    return NOWHERE
