"""Which doors a channel tells next; what only a running process knows: who is in hand, when a retry is due.

A channel's queue is a heap of villages, not of doors: a bulletin for 900,000 doors costs an entry a village
and grade, and one that is replaced costs nothing, because the doors of a village are looked up when its turn
comes. The order is that of `delivery.dispatch.queue`, then that of issue.

A door in somebody's hands is given to nobody else before its outcome is known, or before `IN_HAND_S_MAX` has
passed: then whoever had it is gone. Clocks of retries are the caller's; any that does not run back will do.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from warnstream.delivery.dispatch.notification import LONG_DUE
from warnstream.delivery.dispatch.queue import Place, next_to_send, place_of
from warnstream.delivery.ledger.columns import STATE_BITS
from warnstream.delivery.ledger.ledger import Ledger
from warnstream.delivery.ledger.states import Delivery
from warnstream.model.arrays import UInt8Array

IN_HAND_S_MAX = 900.0
"""Longer than any channel's own time limits: a batch of `delivery.dispatch` ends in minutes."""

FREE, IN_HAND, LATER = 0, 1, 2
"""Of a row: nobody has it; somebody sends it now; it waits for another attempt."""

NOBODY: frozenset[int] = frozenset()


class DoorClaim(NamedTuple):
    """A door to be told the newest bulletin of its village: its row, the bulletin, attempts made before."""

    row: int
    village: int
    sequence: int
    tries: int


class Again(NamedTuple):
    """Another attempt, in order of place and time; its bulletin (`sequence`) may have been replaced."""

    place: Place
    due_at: float
    row: int
    sequence: int


class Entry(NamedTuple):
    """Doors of one village and grade that may wait on a channel, in order."""

    place: Place
    turn: int
    village: int


class DoorQueue:
    """Doors that wait, for one ledger and all of its channels.

    Parameters
    ----------
    ledger : Ledger
    n_channels : int
        Numbers of channels are below it.

    Attributes
    ----------
    hold : UInt8Array, shape (n_rows,)
        `FREE`, `IN_HAND` or `LATER`.
    """

    def __init__(self, ledger: Ledger, n_channels: int) -> None:
        self._ledger = ledger
        self.hold: UInt8Array = np.zeros(len(ledger), np.uint8)
        self._turns = [0] * len(ledger.sequence)
        self._next_turn = 0
        self._villages: list[list[Entry]] = [[] for _ in range(n_channels)]
        self._listed: list[dict[tuple[int, int], Entry]] = [{} for _ in range(n_channels)]
        self._later: list[list[tuple[float, int, int]]] = [[] for _ in range(n_channels)]
        self._again: list[list[Again]] = [[] for _ in range(n_channels)]
        self._in_hand: list[dict[int, tuple[int, float]]] = [{} for _ in range(n_channels)]
        self._channel_in_hand: dict[int, int] = {}
        for village in sorted(ledger.waiting_by_village(), key=lambda one: int(ledger.issued_s[one])):
            ways = ledger.way[ledger.rows_of(village)]  # some may have gone on to another channel
            self._enlist(village, np.unique(ledger.channel_of[ways]).tolist())
        self._tried_before()

    def _tried_before(self) -> None:
        """Who was tried in vain by an earlier process is due again, and not before those never tried."""
        ledger = self._ledger
        rows = np.flatnonzero((ledger.state & STATE_BITS) == Delivery.FAILED)
        self.hold[rows] = LATER
        sequences = ledger.sequence[ledger.village[rows]].tolist()
        channels = ledger.channel_of[ledger.way[rows]].tolist()
        for row, channel, sequence in zip(rows.tolist(), channels, sequences, strict=True):
            self._later[channel].append((LONG_DUE, row, sequence))

    def _channel(self, row: int) -> int:
        """Number of the channel on which a door is now."""
        return int(self._ledger.channel_of[self._ledger.way[row]])

    def put_down(self, village: int) -> None:
        """A village has a newer bulletin: one entry a channel. No attempt waits, all are first ones."""
        rows = self._ledger.rows_of(village)
        hold = self.hold[rows]
        if hold.any():
            self.hold[rows] = np.where(hold == LATER, FREE, hold)
        self._enlist(village, self._ledger.first_channels(village))

    def _enlist(self, village: int, channels: Sequence[int]) -> None:
        self._next_turn += 1
        self._turns[village] = self._next_turn
        for grade in self._ledger.grades(village):
            place = self._place(village, grade)
            for channel in channels:
                self._list(channel, Entry(place, self._next_turn, village))

    def _place(self, village: int, grade: int) -> Place:
        ledger = self._ledger
        urgency, arrives_s = int(ledger.urgency[village]), int(ledger.arrives_s[village])
        return place_of(urgency, arrives_s, int(ledger.level[village]), grade)

    def _list(self, channel: int, entry: Entry) -> None:
        where = entry.village, entry.place.grade
        if self._listed[channel].get(where) != entry:
            self._listed[channel][where] = entry
            heapq.heappush(self._villages[channel], entry)

    def claim(
        self, channel: int, limit: int, now: float, forbidden: frozenset[int] = NOBODY, urgency_min: int = 0
    ) -> list[DoorClaim]:
        """The next doors of a channel, at most `limit`, in order; they are in hand then.

        `forbidden` are villages whose newest bulletin must not go out now; their doors wait, and so do
        those less urgent than `urgency_min`.
        """
        self._free_abandoned(channel, now)
        again = self._due_again(channel, limit, now, forbidden, urgency_min)
        first = self._never_tried(channel, limit, forbidden, urgency_min)
        rows = next_to_send(first, [(retry.place, retry.row) for retry in again], limit)
        if not rows:
            return []
        self.hold[rows] = IN_HAND
        for retry in again:
            if self.hold[retry.row] == LATER:  # no room for it
                heapq.heappush(self._again[channel], retry)
        ledger, until = self._ledger, now + IN_HAND_S_MAX
        villages = ledger.village[rows]
        columns = (rows, villages.tolist(), ledger.sequence[villages].tolist(), ledger.tries[rows].tolist())
        taken = [DoorClaim(*of_door) for of_door in zip(*columns, strict=True)]
        self._in_hand[channel].update((claim.row, (claim.sequence, until)) for claim in taken)
        self._channel_in_hand.update(dict.fromkeys(rows, channel))
        return taken

    def take_in_hand(self, row: int, channel: int, now: float) -> DoorClaim:
        """One door of a channel that is in nobody's hands, whatever its place."""
        ledger, village = self._ledger, int(self._ledger.village[row])
        claim = DoorClaim(row, village, int(ledger.sequence[village]), int(ledger.tries[row]))
        self.hold[row], self._channel_in_hand[row] = IN_HAND, channel
        self._in_hand[channel][row] = claim.sequence, now + IN_HAND_S_MAX
        return claim

    def place_of_village(self, village: int) -> Place:
        """Where the doors of a village stand, whoever lives there."""
        return self._place(village, 0)

    def hands(self) -> dict[int, tuple[int, float]]:
        """Of every row in hand the bulletin, and when whoever has it is given up."""
        return {row: held for in_hand in self._in_hand for row, held in in_hand.items()}

    def stay_in_hand(self, row: int, sequence: int, until: float) -> None:
        """Somebody had this door in hand under another register, and still has."""
        channel = self._channel(row)
        self.hold[row], self._channel_in_hand[row] = IN_HAND, channel
        self._in_hand[channel][row] = sequence, until

    def _never_tried(
        self, channel: int, limit: int, forbidden: frozenset[int], urgency_min: int
    ) -> list[tuple[Place, int]]:
        """Place and row of free doors; entries of villages that have no more are dropped."""
        heap, listed = self._villages[channel], self._listed[channel]
        found: list[tuple[Place, int]] = []
        kept = []
        while heap and len(found) < limit and -heap[0].place.minus_urgency >= urgency_min:
            entry = heapq.heappop(heap)
            village, grade = entry.village, entry.place.grade
            if listed.get((village, grade)) != entry:  # a newer bulletin has an entry of its own
                continue
            room = limit - len(found)
            free = [] if village in forbidden else self._free(village, channel, grade, room)
            if len(free) == room or village in forbidden:  # there may be more
                kept.append(entry)
            else:
                del listed[village, grade]
            found += [(entry.place, row) for row in free]
        for entry in kept:
            heapq.heappush(heap, entry)
        return found

    def _free(self, village: int, channel: int, grade: int, limit: int) -> list[int]:
        rows = self._ledger.waiting(village, channel, grade)
        free: list[int] = rows[self.hold[rows] == FREE][:limit].tolist()
        return free

    def _due_again(
        self, channel: int, limit: int, now: float, forbidden: frozenset[int], urgency_min: int
    ) -> list[Again]:
        """The most urgent attempts that are due, taken off their heap."""
        self._ripen(channel, now)
        heap, village = self._again[channel], self._ledger.village
        found: list[Again] = []
        forbidden_ones: list[Again] = []
        while heap and len(found) < limit and -heap[0].place.minus_urgency >= urgency_min:
            retry = heapq.heappop(heap)
            if self._channel(retry.row) == channel and self._still_waits(retry.row, retry.sequence):
                (forbidden_ones if int(village[retry.row]) in forbidden else found).append(retry)
        for retry in forbidden_ones:
            heapq.heappush(heap, retry)
        return found

    def _ripen(self, channel: int, now: float) -> None:
        later = self._later[channel]
        while later and later[0][0] <= now:
            due_at, row, sequence = heapq.heappop(later)
            place = self._place(int(self._ledger.village[row]), int(self._ledger.grade[row]))
            heapq.heappush(self._again[channel], Again(place, due_at, row, sequence))

    def _still_waits(self, row: int, sequence: int) -> bool:
        """Not replaced by a newer bulletin, and no receipt has come meanwhile."""
        newest = int(self._ledger.sequence[self._ledger.village[row]])
        return self.hold[row] == LATER and newest == sequence and self._ledger.is_waiting(row)

    def urgency(self, channel: int, now: float) -> int | None:
        """Of the most urgent that could be claimed now, or more; None if there is surely nothing."""
        self._ripen(channel, now)
        heaps = self._villages[channel], self._again[channel]
        heads = [-heap[0][0].minus_urgency for heap in heaps if heap]
        return max(heads, default=None)

    def next_due(self, channel: int) -> float | None:
        """When the next attempt is due; None if none waits for its time.

        One that is due already and that `claim` did not give out must not go out now.
        """
        return self._later[channel][0][0] if self._later[channel] else None

    def in_hand(self, channel: int) -> tuple[int, int]:
        """Doors that are on a channel now and in hand: of whom the newest bulletin waits, and the others.

        A door that another channel has in hand may have gone on, or begun anew, meanwhile.
        """
        held = [row for in_hand in self._in_hand for row in in_hand if self._channel(row) == channel]
        waits = sum(self._ledger.is_waiting(row) for row in held)
        return waits, len(held) - waits

    def _free_abandoned(self, channel: int, now: float) -> None:
        """Whoever had them in hand for so long has gone."""
        in_hand = self._in_hand[channel]
        while in_hand:
            row, (sequence, until) = next(iter(in_hand.items()))  # the one that has been there longest
            if until > now:
                return
            self.release(row, sequence)

    def release(self, row: int, sequence: int, due_at: float = 0.0) -> None:
        """An attempt is over, and the ledger has its outcome.

        Parameters
        ----------
        row, sequence : int
            The door, and the bulletin that it was to be told.
        due_at : float
            Not before that for another attempt; 0: in its place among those whom nobody has tried.
        """
        ledger = self._ledger
        channel, village = self._channel(row), int(ledger.village[row])
        held_by = self._channel_in_hand.pop(row, None)
        if held_by is not None:
            self._in_hand[held_by].pop(row, None)
        if due_at > 0 and sequence == int(ledger.sequence[village]):
            self.hold[row] = LATER
            heapq.heappush(self._later[channel], (due_at, row, sequence))
            return
        self.hold[row] = FREE
        place = self._place(village, int(ledger.grade[row]))
        self._list(channel, Entry(place, self._turns[village], village))
