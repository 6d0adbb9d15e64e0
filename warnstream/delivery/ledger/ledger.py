"""The ledger of doors: what each was told and has answered, in 12 bytes a door and counts a village.

A bulletin is put down for a whole village at once; what was told, and not told yet, is then a comparison and
not a list, so a newer bulletin replaces an older one by being there. Counts of a village follow every change,
so they cost what changed. The same bulletins, outcomes and answers in the same order give the same bytes.

Times are seconds of the engine. Limits: 255 channels, 65,535 bulletins an episode (`N_MAX`), 255 attempts
counted a bulletin.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from warnstream.delivery.ledger.past import Past, Tally
from warnstream.delivery.ledger.states import (
    DELIVERED_BY,
    HELP_OPEN,
    IS_WAITING,
    ON_THEIR_WAY,
    PEOPLE_AFTER,
    WAITING,
    Delivery,
    People,
    Result,
    Said,
)
from warnstream.model.arrays import BoolArray, Int32Array, Int64Array, UInt8Array, UInt16Array
from warnstream.model.bulletins import N_BITS, N_MAX

STATE_BITS = 0x07
"""Of `Ledger.state`: the `Delivery`. The other bits are what is remembered beyond an episode."""

ANSWERED, ADDRESSED, REACHED, HEARD = 0x08, 0x10, 0x20, 0x40
"""Ever answered; ever to be told; ever told; may have heard something of which it was not told the end."""

TRIES_MAX = 255
_MAY_HAVE_ARRIVED = frozenset(Result) - {Result.EXPIRED}
_ARRIVED = frozenset({Result.SENT, Result.DELIVERED})
_ATTEMPTS = frozenset({Result.SENT, Result.FAILED, Result.UNREACHABLE})


def _table(members: frozenset[Delivery] | frozenset[People]) -> BoolArray:
    return np.array([number in members for number in range(STATE_BITS + 1)])


_CHANGES = {result: _table(sources) for result, (sources, _) in DELIVERED_BY.items()}
_IS_ON_THEIR_WAY, _IS_HELP = _table(ON_THEIR_WAY), _table(HELP_OPEN)
_AFTER = [
    bytes(target if People(state) in sources else state for state in range(STATE_BITS + 1))
    for sources, target in (PEOPLE_AFTER[said] for said in Said)
]
# Numbers for the path of every answer: members of enumerations would cost more than the rest of it.
_ACKNOWLEDGE, _CALL, _HELP = int(Said.ACKNOWLEDGE), int(Said.CALL), int(People.HELP)

Rows = slice | Int64Array
_Counted = tuple[Int64Array, Int64Array, Int64Array]
"""Of some rows, how many by `Delivery`, by `People`, and by channel and `Delivery`."""


class Put(NamedTuple):
    """A bulletin as the ledger needs it.

    `sequence` is (opened, n) as one number; `urgency` orders what waits, greater first; `asks`: it asks
    people to go; `is_return`: it tells them to come back, an end that follows one.
    """

    village: int
    sequence: int
    issued_s: int
    urgency: int
    is_end: bool = False
    is_reminder: bool = False
    asks: bool = False
    is_return: bool = False


class Counts(NamedTuple):
    """Doors of some villages by state: `delivery` by `Delivery`, `people` by `People`."""

    delivery: tuple[int, ...]
    people: tuple[int, ...]

    @property
    def waiting(self) -> int:
        """Doors still to be told the newest bulletin."""
        return sum(self.delivery[state] for state in WAITING)

    @property
    def help_open(self) -> int:
        """Calls for help that nobody has closed."""
        return sum(self.people[state] for state in HELP_OPEN)


class Ledger:
    """Every door of a register.

    Parameters
    ----------
    first_of_village : Int32Array, shape (n_villages + 1,)
        Doors of village v are ``first_of_village[v]:first_of_village[v + 1]``.
    way : UInt8Array, shape (n_doors + n_former,)
        Number of each door's channel.
    former_village : sequence of int
        Village of each door beyond those of the register: it was told something and has left the register.
        It hears the end alone; where the village has no other doors, everything until then.

    Attributes
    ----------
    told, answered : UInt16Array, shape (n_rows,)
        Number of the newest bulletin of the village's episode that the door was told, has answered; 0: none.
    state : UInt8Array, shape (n_rows,)
        `Delivery` of the newest bulletin, and what is remembered (`HEARD` and others).
    people : UInt8Array, shape (n_rows,)
        `People`.
    tries : UInt8Array, shape (n_rows,)
        Attempts for the newest bulletin.
    time : UInt32Array, shape (n_rows,)
        When the row last changed.
    sequence, issued_s : Int64Array, shape (n_villages,)
        Of the newest bulletin; 0 before the first.
    tallies : dict of int to dict of int to Tally
        By village and number, of the episode.
    past : Past
        What became of bulletins that were replaced, and tallies of earlier episodes.
    by_way : Int64Array, shape (n_ways, 8)
        Doors by channel and `Delivery` of the newest bulletin.
    """

    def __init__(
        self, first_of_village: Int32Array, way: UInt8Array, former_village: Sequence[int] = ()
    ) -> None:
        n_villages, n_rows = len(first_of_village) - 1, len(way)
        self._first = [int(first) for first in first_of_village]
        if self._first[-1] + len(former_village) != n_rows:
            raise ValueError(
                f"{n_rows} channels of {self._first[-1]} doors and {len(former_village)} former ones"
            )
        self.way = way
        self.told: UInt16Array = np.zeros(n_rows, np.uint16)
        self.answered: UInt16Array = np.zeros(n_rows, np.uint16)
        self.state: UInt8Array = np.zeros(n_rows, np.uint8)
        self.people: UInt8Array = np.zeros(n_rows, np.uint8)
        self.tries: UInt8Array = np.zeros(n_rows, np.uint8)
        self.time = np.zeros(n_rows, np.uint32)
        sizes = np.array([last - first for first, last in pairwise(self._first)], dtype=np.int64)
        former = np.asarray(former_village, dtype=np.int32)
        self.village: Int32Array = np.concatenate(
            [np.repeat(np.arange(n_villages, dtype=np.int32), sizes), former]
        )
        self._former: dict[int, list[int]] = {}
        for row, village in enumerate(former_village, start=self._first[-1]):
            self._former.setdefault(int(village), []).append(row)
        self.sequence: Int64Array = np.zeros(n_villages, np.int64)
        self.issued_s: Int64Array = np.zeros(n_villages, np.int64)
        self.urgency: UInt8Array = np.zeros(n_villages, np.uint8)
        self.is_end: BoolArray = np.zeros(n_villages, np.bool_)
        self.tallies: dict[int, dict[int, Tally]] = {}
        self.past = Past()
        self.recount()

    def __len__(self) -> int:
        return len(self.way)

    def recount(self) -> None:
        """Bring counts up to columns that were written from outside."""
        n_villages = len(self.sequence)
        cells = self.village.astype(np.int64) * (STATE_BITS + 1)
        size = n_villages * (STATE_BITS + 1)
        shape = (n_villages, STATE_BITS + 1)
        self._by_delivery = np.bincount(cells + (self.state & STATE_BITS), minlength=size).reshape(shape)
        self._by_people = np.bincount(cells + self.people, minlength=size).reshape(shape)
        self._n_cells = (int(self.way.max(initial=0)) + 1) * (STATE_BITS + 1)
        self.by_way = self._by_cell(slice(None)).reshape(-1, STATE_BITS + 1)
        self._helps = dict.fromkeys(np.flatnonzero(_IS_HELP[self.people]).tolist())
        # Single cells through memory views: a third of the cost of indexing the arrays.
        self._told, self._answered, self._people = self.told.data, self.answered.data, self.people.data
        self._state, self._time = self.state.data, self.time.data
        self._village_of, self._newest = self.village.data, self.sequence.data
        self._people_cell = self._by_people.data

    def rows_of(self, village: int) -> Rows:
        """Rows of a village's doors, those of former ones last."""
        own = slice(self._first[village], self._first[village + 1])
        former = self._former.get(village)
        if not former:
            return own
        return np.concatenate([np.arange(own.start, own.stop), np.array(former, dtype=np.int64)])

    def n_former(self, village: int) -> int:
        """Former doors of a village."""
        return len(self._former.get(village, ()))

    def put_down(self, put: Put) -> int:
        """A bulletin for the doors of its village; returns for how many more.

        An older one changes nothing, the newest one is for doors alone that are new.
        """
        village, known = put.village, int(self.sequence[put.village])
        if put.sequence <= known:
            return self._welcome(put) if put.sequence == known and not put.is_end else 0
        rows = self.rows_of(village)
        before = self._counted(rows)
        if put.sequence >> N_BITS != known >> N_BITS:
            self.told[rows], self.answered[rows] = 0, 0
            self.people[rows] *= _IS_HELP[self.people[rows]]  # a call outlives the episode
            self.past.keep(village, known >> N_BITS, self.tallies.get(village, {}))
            self.tallies[village] = {}
        state, people = self.state[rows], self.people[rows]
        wanted = self._audience(put, state, people, self.told[rows])
        spared = ~wanted & (IS_WAITING[state & STATE_BITS] | put.is_end)
        self.past.replace(self.way[rows], state & STATE_BITS, wanted | spared)
        memory = state & ~np.uint8(STATE_BITS)
        state = np.where(wanted, memory | (Delivery.QUEUED | ADDRESSED), state)
        self.state[rows] = np.where(spared, memory | Delivery.SPARED, state)
        if put.asks:
            people[wanted & (people == People.ACKNOWLEDGED)] = People.SILENT
            self.people[rows] = people
        self.tries[rows] = np.where(wanted, 0, self.tries[rows])
        self._count(village, rows, before)
        self.sequence[village], self.issued_s[village] = put.sequence, put.issued_s
        self.urgency[village], self.is_end[village] = put.urgency, put.is_end
        n_wanted = int(np.count_nonzero(wanted))
        self.tallies[village][put.sequence & N_MAX] = Tally(n_wanted)
        return n_wanted

    def _welcome(self, put: Put) -> int:
        """Doors that are new in the register get the bulletin that stands."""
        own = slice(self._first[put.village], self._first[put.village + 1])
        is_new = (self.state[own] & STATE_BITS) == Delivery.NONE
        if not is_new.any():
            return 0
        rows = np.flatnonzero(is_new) + own.start
        before = self._counted(rows)
        self.state[rows] |= Delivery.QUEUED | ADDRESSED
        self._count(put.village, rows, before)
        tally = self.tallies.setdefault(put.village, {}).setdefault(put.sequence & N_MAX, Tally())
        tally.addressed += len(rows)
        return len(rows)

    def _audience(self, put: Put, state: UInt8Array, people: UInt8Array, told: UInt16Array) -> BoolArray:
        if put.is_end:  # who has heard an end already hears the return all the same
            has_heard = (state & HEARD) != 0
            return np.asarray(has_heard | (told > 0) if put.is_return else has_heard)
        wanted = ~_IS_ON_THEIR_WAY[people] if put.is_reminder else np.ones(len(state), np.bool_)
        n_former = self.n_former(put.village)
        if n_former and n_former < len(state):  # of a village that has other doors
            wanted[-n_former:] = False
        return wanted

    def take(self, village: int, sequence: int, rows: Int64Array, result: Result, at_s: int) -> None:
        """What became of attempts to tell doors of one village a bulletin.

        Parameters
        ----------
        village : int
        sequence : int
            The bulletin that was sent; perhaps not the newest any more.
        rows : Int64Array
            Rows of the doors, each once.
        result : Result
        at_s : int
        """
        newest = int(self.sequence[village])
        if sequence > newest or not len(rows):
            return
        before = self._counted(rows)
        state, n = self.state[rows], sequence & N_MAX
        self._tally(village, sequence, rows, result)
        if result in _ARRIVED:
            state |= REACHED
            if sequence >> N_BITS == newest >> N_BITS:
                self.told[rows] = np.maximum(self.told[rows], n)
        if result in _MAY_HAVE_ARRIVED:
            state |= HEARD
        if sequence == newest:
            state = self._take_newest(village, state, rows, result)
        elif result in _MAY_HAVE_ARRIVED and self.is_end[village]:
            # The end came while something was on its way: who has that hears the end after all.
            is_spared = (state & STATE_BITS) == Delivery.SPARED
            state[is_spared] = (state[is_spared] & ~np.uint8(STATE_BITS)) | Delivery.QUEUED
        if sequence != newest and result is Result.SENT:
            self.past.arrive(self.way[rows])
        self.state[rows] = state
        self.time[rows] = at_s
        self._count(village, rows, before)

    def _take_newest(self, village: int, state: UInt8Array, rows: Int64Array, result: Result) -> UInt8Array:
        if result in _ATTEMPTS:
            self.tries[rows] += self.tries[rows] < TRIES_MAX
        changes = _CHANGES[result][state & STATE_BITS]
        state = np.where(changes, (state & ~np.uint8(STATE_BITS)) | DELIVERED_BY[result][1], state)
        if self.is_end[village] and result in _ARRIVED:
            state &= ~np.uint8(HEARD)
        return state

    def _tally(self, village: int, sequence: int, rows: Int64Array, result: Result) -> None:
        tally = self.tallies.get(village, {}).get(sequence & N_MAX)
        if tally is None or sequence >> N_BITS != int(self.sequence[village]) >> N_BITS:
            return
        if result in _ARRIVED:
            tally.sent += int(np.count_nonzero(self.told[rows] < (sequence & N_MAX)))
        if result is Result.DELIVERED:
            is_new = (self.state[rows] & STATE_BITS) != Delivery.DELIVERED
            tally.delivered += int(np.count_nonzero(is_new | (self.told[rows] < (sequence & N_MAX))))
        if result is Result.UNREACHABLE:
            tally.unreachable += len(rows)
        if result is Result.UNDELIVERED:
            tally.unreachable += int(np.count_nonzero((self.state[rows] & STATE_BITS) == Delivery.SENT))

    def say(self, row: int, sequence: int, said: Said, at_s: int) -> bool:
        """What the people of a door, or others about them, say of a bulletin; False if it does not count.

        An answer to an older bulletin than the newest counts as a call for help, and as what people do
        (moving, safe, refused) as long as the door has heard nothing newer. An acknowledgement is of the
        newest bulletin alone.
        """
        village = self._village_of[row]
        newest, n = self._newest[village], sequence & N_MAX
        is_of_episode = sequence >> N_BITS == newest >> N_BITS
        if sequence != newest:
            if sequence > newest:
                return False
            is_old = not is_of_episode or said == _ACKNOWLEDGE or n < self._told[row]
            if is_old and said < _CALL:
                return False
        before = self._people[row]
        after = _AFTER[said][before]
        if after != before:
            self._people[row] = after
            self._people_cell[village, before] -= 1
            self._people_cell[village, after] += 1
            if after >= _HELP:
                self._helps[row] = None
            elif before >= _HELP:
                self._helps.pop(row, None)
        if is_of_episode and self._answered[row] < n:
            self._answered[row] = n
            if (tally := self.tallies[village].get(n)) is not None:
                tally.answered += 1
        self._state[row] |= ANSWERED
        self._time[row] = at_s
        return True

    def doubt(self, since_s: int) -> None:
        """After a crash: whoever waits may have been on the channel's list, so its end is for them.

        An end issued before `since_s` is no longer for those whom it spared.
        """
        waits = IS_WAITING[self.state & STATE_BITS]
        self.state[waits] |= HEARD
        for village in np.flatnonzero(self.is_end & (self.issued_s >= since_s)).tolist():
            rows = self.rows_of(village)
            before, state = self._counted(rows), self.state[rows]
            spared = (state & STATE_BITS) == Delivery.SPARED
            state[spared] = (state[spared] & ~np.uint8(STATE_BITS)) | (Delivery.QUEUED | HEARD)
            self.state[rows] = state
            self._count(village, rows, before)

    def give_up(self, ways: BoolArray) -> int:
        """Doors that wait for a channel that is configured no more (`ways`, by number); returns how many."""
        lost = IS_WAITING[self.state & STATE_BITS] & ways[self.way]
        self.state[lost] = (self.state[lost] & ~np.uint8(STATE_BITS)) | Delivery.UNREACHABLE
        if lost.any():
            self.recount()
        return int(np.count_nonzero(lost))

    def counts(self, villages: Int64Array | Sequence[int] | slice) -> Counts:
        """Doors of villages by state: of one, of a township, of the county (``slice(None)``)."""
        delivery = self._by_delivery[villages].sum(axis=0)
        people = self._by_people[villages].sum(axis=0)
        return Counts(tuple(delivery.tolist()), tuple(people.tolist()))

    def by_village(self) -> Int64Array:
        """Doors of every village by `Delivery`, then by `People`; a copy, shape (n_villages, 16)."""
        return np.concatenate([self._by_delivery, self._by_people], axis=1)

    def is_closed(self, village: int) -> bool:
        """The end was said, nobody waits for it, and no call for help is open."""
        counts = self.counts([village])
        return bool(self.is_end[village]) and not counts.waiting and not counts.help_open

    def silent(self, village: int) -> Int64Array:
        """Rows of a village's doors that were told something and have not answered since they were asked."""
        rows = self.rows_of(village)
        found = np.flatnonzero((self.told[rows] > 0) & (self.people[rows] == People.SILENT))
        return found + rows.start if isinstance(rows, slice) else rows[found]

    def helps(self) -> list[int]:
        """Rows whose call for help is open, in the order of the calls as far as it is known."""
        return list(self._helps)

    def is_waiting(self, row: int) -> bool:
        """Whether a door is still to be told the newest bulletin."""
        return bool(IS_WAITING[self._state[row] & STATE_BITS])

    def waiting(self, village: int, way: int) -> Int64Array:
        """Rows of a village that wait for its newest bulletin on a channel, in order."""
        rows = self.rows_of(village)
        found = np.flatnonzero(IS_WAITING[self.state[rows] & STATE_BITS] & (self.way[rows] == way))
        return found + rows.start if isinstance(rows, slice) else rows[found]

    def waiting_by_village(self) -> Iterator[int]:
        """Villages in which somebody waits."""
        by_state = self._by_delivery
        yield from np.flatnonzero(by_state[:, Delivery.QUEUED] + by_state[:, Delivery.FAILED]).tolist()

    def ever(self, bit: int) -> int:
        """How many doors have a memory: `ADDRESSED`, `REACHED`, `ANSWERED`."""
        return int(np.count_nonzero(self.state & bit))

    def _counted(self, rows: Rows) -> _Counted:
        by_cell = self._by_cell(rows)
        by_delivery = by_cell.reshape(-1, STATE_BITS + 1).sum(axis=0)
        return by_delivery, np.bincount(self.people[rows], minlength=STATE_BITS + 1), by_cell

    def _by_cell(self, rows: Rows) -> Int64Array:
        cells = self.way[rows].astype(np.uint16) * (STATE_BITS + 1) + (self.state[rows] & STATE_BITS)
        return np.bincount(cells, minlength=self._n_cells)

    def _count(self, village: int, rows: Rows, before: _Counted) -> None:
        delivery, people, by_cell = self._counted(rows)
        self._by_delivery[village] += delivery - before[0]
        self._by_people[village] += people - before[1]
        self.by_way += (by_cell - before[2]).reshape(self.by_way.shape)
