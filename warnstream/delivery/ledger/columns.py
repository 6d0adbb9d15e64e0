"""The columns of a ledger, 12 bytes a door, and counts of villages that follow every change; reading."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from warnstream.delivery.ledger.doors import NO_WAY, DoorRows, Rows
from warnstream.delivery.ledger.past import Past, Tally
from warnstream.delivery.ledger.states import HELP_OPEN, IS_WAITING, WAITING, Delivery, People
from warnstream.model.arrays import BoolArray, Int32Array, Int64Array, UInt8Array, UInt16Array

STATE_BITS = 0x07
"""Of `DoorColumns.state`: the `Delivery`. The other bits are what is remembered beyond an episode."""

Counted = tuple[Int64Array, Int64Array, Int64Array]
"""Of some rows, how many by `Delivery`, by `People`, and by channel and `Delivery`."""

IS_HELP = np.array([number in HELP_OPEN for number in range(STATE_BITS + 1)])
"""By `People`."""


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


class DoorColumns(DoorRows):
    """What every door of a register was told and has answered.

    Parameters
    ----------
    As of `DoorRows`.

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
    sequence, issued_s, arrives_s : Int64Array, shape (n_villages,)
        Of the newest bulletin; 0 before the first.
    tallies : dict of int to dict of int to Tally
        By village and number, of the episode.
    past : Past
        What became of bulletins that were replaced, and tallies of earlier episodes.
    by_way : Int64Array, shape (n_ways, 8)
        Doors by way and `Delivery` of the newest bulletin.
    """

    def __init__(
        self,
        first_of_village: Int32Array,
        way: UInt8Array,
        former_village: Sequence[int] = (),
        grade: UInt8Array | None = None,
        next_way: Mapping[int, int] | None = None,
        silent_way: Mapping[int, int] | None = None,
        channel_of: Sequence[int] = (),
    ) -> None:
        super().__init__(first_of_village, way, former_village, grade, next_way, silent_way, channel_of)
        n_villages, n_rows = len(first_of_village) - 1, len(way)
        self.told: UInt16Array = np.zeros(n_rows, np.uint16)
        self.answered: UInt16Array = np.zeros(n_rows, np.uint16)
        self.state: UInt8Array = np.zeros(n_rows, np.uint8)
        self.people: UInt8Array = np.zeros(n_rows, np.uint8)
        self.tries: UInt8Array = np.zeros(n_rows, np.uint8)
        self.time = np.zeros(n_rows, np.uint32)
        self.sequence: Int64Array = np.zeros(n_villages, np.int64)
        self.issued_s: Int64Array = np.zeros(n_villages, np.int64)
        self.urgency: UInt8Array = np.zeros(n_villages, np.uint8)
        self.arrives_s: Int64Array = np.zeros(n_villages, np.int64)
        self.level: UInt8Array = np.zeros(n_villages, np.uint8)
        self.is_end: BoolArray = np.zeros(n_villages, np.bool_)
        self.tallies: dict[int, dict[int, Tally]] = {}
        self.past = Past()
        self.recount()

    def recount(self) -> None:
        """Bring counts up to columns that were written from outside."""
        n_villages = len(self.sequence)
        cells = self.village.astype(np.int64) * (STATE_BITS + 1)
        size = n_villages * (STATE_BITS + 1)
        shape = (n_villages, STATE_BITS + 1)
        self._by_delivery = np.bincount(cells + (self.state & STATE_BITS), minlength=size).reshape(shape)
        self._by_people = np.bincount(cells + self.people, minlength=size).reshape(shape)
        self._n_cells = self.n_ways * (STATE_BITS + 1)
        self.by_way = self._by_cell(slice(None)).reshape(-1, STATE_BITS + 1)
        self._helps = dict.fromkeys(np.flatnonzero(IS_HELP[self.people]).tolist())
        # Single cells through memory views: a third of the cost of indexing the arrays.
        self._told, self._answered, self._people = self.told.data, self.answered.data, self.people.data
        self._state, self._time = self.state.data, self.time.data
        self._village_of, self._newest = self.village.data, self.sequence.data
        self._people_cell = self._by_people.data

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

    def waiting(self, village: int, channel: int, grade: int | None = None) -> Int64Array:
        """Rows of a village that wait for its newest bulletin on a channel, in order; of one grade or all."""
        rows = self.rows_of(village)
        waits = IS_WAITING[self.state[rows] & STATE_BITS] & (self.channel_of[self.way[rows]] == channel)
        if grade is not None:
            waits &= self.grade[rows] == grade
        found = np.flatnonzero(waits)
        return found + rows.start if isinstance(rows, slice) else rows[found]

    def villages_that_go_on(self, urgency_min: int) -> list[int]:
        """Villages of bulletins from an urgency on in which somebody waits and somebody has another way."""
        waits = (self._by_delivery[:, Delivery.QUEUED] + self._by_delivery[:, Delivery.FAILED]) > 0
        leads = self._n_of_way[:, self.next_way[: self._n_of_way.shape[1]] != NO_WAY].any(axis=1)
        found: list[int] = np.flatnonzero(waits & leads & (self.urgency >= urgency_min)).tolist()
        return found

    def waiting_by_urgency(self, channel: int) -> dict[int, int]:
        """Doors that wait on a channel, by the urgency of what they are to be told."""
        waits = IS_WAITING[self.state & STATE_BITS] & (self.channel_of[self.way] == channel)
        counts = np.bincount(self.urgency[self.village[waits]])
        return {urgency: int(counts[urgency]) for urgency in counts.nonzero()[0].tolist()}

    def waiting_by_village(self) -> Iterator[int]:
        """Villages in which somebody waits."""
        by_state = self._by_delivery
        yield from np.flatnonzero(by_state[:, Delivery.QUEUED] + by_state[:, Delivery.FAILED]).tolist()

    def ever(self, bit: int) -> int:
        """How many doors have a memory: `ADDRESSED`, `REACHED`, `ANSWERED`."""
        return int(np.count_nonzero(self.state & bit))

    def _counted(self, rows: Rows) -> Counted:
        by_cell = self._by_cell(rows)
        by_delivery = by_cell.reshape(-1, STATE_BITS + 1).sum(axis=0)
        return by_delivery, np.bincount(self.people[rows], minlength=STATE_BITS + 1), by_cell

    def _by_cell(self, rows: Rows) -> Int64Array:
        cells = self.way[rows].astype(np.uint16) * (STATE_BITS + 1) + (self.state[rows] & STATE_BITS)
        return np.bincount(cells, minlength=self._n_cells)

    def _count(self, village: int, rows: Rows, before: Counted) -> None:
        delivery, people, by_cell = self._counted(rows)
        self._by_delivery[village] += delivery - before[0]
        self._by_people[village] += people - before[1]
        self.by_way += (by_cell - before[2]).reshape(self.by_way.shape)

    def _is_silent(self, rows: Rows) -> BoolArray:
        state = self.state[rows] & STATE_BITS
        is_told = (state == Delivery.SENT) | (state == Delivery.DELIVERED)
        silent: BoolArray = is_told & (self.people[rows] == People.SILENT)
        return silent

    def silent_since(self, village: int) -> tuple[Int64Array, Int64Array]:
        """Rows of a village's doors that were told, have not answered and have a way for that; told when."""
        rows = self.rows_of(village)
        found = np.flatnonzero(self._is_silent(rows) & (self.silent_way[self.way[rows]] != NO_WAY))
        found = found + rows.start if isinstance(rows, slice) else rows[found]
        return found, self.time[found].astype(np.int64)
