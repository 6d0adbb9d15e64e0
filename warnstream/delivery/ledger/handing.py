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
from warnstream.model.arrays import BoolArray, Int64Array

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
        if not ledger.has_next or not any(rooms.values()):
            return []
        rows = np.flatnonzero(
            ledger.is_waiting_on(channel)
            & (ledger.urgency >= Urgency.PREPARE)[ledger.village]
            & (queue.hold != IN_HAND)
        )
        onward = _targets(ledger, rooms)[ledger.way[rows]]
        first = ledger.channel_of[ledger.first_way[rows]].astype(np.int64)
        goes_back = (onward == NOWHERE) & (first != channel) & np.isin(first, list(rooms))
        may_go = ~goes_back | ~self._have_gone_back(ledger, rows)
        rows, target, back = (
            rows[may_go],
            np.where(goes_back, first, onward)[may_go],
            set(rows[goes_back].tolist()),
        )
        found = []
        for works, room in rooms.items():
            for row in _first_of(ledger, queue, rows[target == works], room):
                claim = queue.take_in_hand(row, channel, now)
                found.append(Leaving(claim, Result.BACK if row in back else Result.HELD))
                if row in back:
                    self._went_back.add((row, claim.sequence))
        return found

    def _have_gone_back(self, ledger: Ledger, rows: Int64Array) -> BoolArray:
        if not self._went_back:
            return np.zeros(len(rows), np.bool_)
        sequences = ledger.sequence[ledger.village[rows]].tolist()
        pairs = zip(rows.tolist(), sequences, strict=True)
        return np.array([pair in self._went_back for pair in pairs], dtype=np.bool_)


def _targets(ledger: Ledger, works: Mapping[int, int]) -> Int64Array:
    """By way: the first channel after it that works."""
    return np.array([_target(ledger, way, works) for way in range(ledger.n_ways)], dtype=np.int64)


def _target(ledger: Ledger, way: int, works: Mapping[int, int]) -> int:
    while (way := int(ledger.next_way[way])) != NO_WAY:
        if (channel := int(ledger.channel_of[way])) in works:
            return channel
    return NOWHERE


def _first_of(ledger: Ledger, queue: DoorQueue, rows: Int64Array, room: int) -> Iterator[int]:
    """So many of these doors, village by village, the most urgent first; of a village as they are graded."""
    villages = ledger.village[rows]
    for village in sorted(np.unique(villages).tolist(), key=queue.place_of_village):
        own = rows[villages == village]
        own = own[np.argsort(ledger.grade[own], kind="stable")][:room]
        yield from own.tolist()
        room -= len(own)
        if room <= 0:
            return
