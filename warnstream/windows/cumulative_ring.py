"""Running totals of every station at every minute of late and at every tenth minute before.

A row holds, for one minute and all stations, the rain fallen since the ring
began (integer micrometres) and the minutes observed since then. What fell
between two minutes is the difference of their rows. A reading is spread over
the minutes of its interval by whole numbers and added to every row after them,
so the order of arrival leaves no trace, at any lateness that the ring covers.

A row of the ten-minute part is exactly the row that the minute part held for
that minute: nothing is rounded on the way, rows between are dropped.

Memory is fixed at start: 6 bytes per row and station. 78 h by the minute are
28 kB per station, 4 h by the minute and 78 h by ten minutes 4.3 kB. Totals
wrap around; differences are exact below 2,147 m of rain and 65,535 observed minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from warnstream.model.arrays import BoolArray, Int32Array, Int64Array, IntpArray, UInt16Array, rows_where

COARSE_MIN = 10
SPAN_MIN_MAX = 65_000
"""45 days: observed minutes are counted in 16 bits."""

_LAG_GROUPS_MIN: Int64Array = np.array([64, 256, 1024])
"""Readings are added in groups of like lateness, so that one late reading does not make all others late."""
_CELLS_MAX = 1 << 24
"""Cells of one block of increments: at most 100 MB of working memory."""
_NARROW = 64
"""Fewer columns than that are added up by numpy down the rows, others a row at a time."""
_WIDE_SHARE = 0.25
"""Where more of the stations than this share are concerned, whole rows are faster than single columns."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Amounts that fell evenly between two minutes, shape (n,).

    Attributes
    ----------
    station : Int32Array
    begin, end : Int64Array
        Minutes since 1970: after `begin`, up to `end`.
    amount_um : Int64Array
    replaced_um : Int64Array or None
        What was spread over the same minutes before and is now taken away.
    is_observed : BoolArray or None
        Whether the minutes count as observed; None: all do.
    """

    station: Int32Array
    begin: Int64Array
    end: Int64Array
    amount_um: Int64Array
    replaced_um: Int64Array | None = None
    is_observed: BoolArray | None = None

    def select(self, rows: BoolArray) -> "Spread":
        """The rows of a mask."""
        return Spread(
            self.station[rows],
            self.begin[rows],
            self.end[rows],
            self.amount_um[rows],
            None if self.replaced_um is None else self.replaced_um[rows],
            None if self.is_observed is None else self.is_observed[rows],
        )

    def increments(
        self, place: Int64Array, n_columns: int, step_min: int, first: int, last: int
    ) -> tuple[Int32Array, UInt16Array]:
        """What the totals of the units `first` to `last` gain, shape (n_units, n_columns).

        What fell before `first` is in the gain of `first` already.
        """
        begins = np.maximum(self.begin // step_min + 1, first)
        ends = np.minimum(np.maximum(-(-self.end // step_min), begins), max(last, first))
        n_units = np.where(begins <= last, ends - begins + 1, 0)
        reading = np.repeat(np.arange(len(place)), n_units)
        offset = np.arange(len(reading)) - np.repeat(np.cumsum(n_units) - n_units, n_units)
        unit = begins[reading] + offset
        begin = self.begin[reading]
        n_min = self.end[reading] - begin
        until = np.minimum(unit * step_min - begin, n_min)
        cell = (unit - first) * n_columns + place[reading]
        rain = np.zeros((last - first + 1) * n_columns, dtype=np.int32)
        observed = np.zeros(len(rain), dtype=np.uint16)
        follows = offset[1:] > 0  # the unit before it is of the same reading
        fallen = self.amount_um[reading] * until // n_min
        if self.replaced_um is not None:
            fallen -= self.replaced_um[reading] * until // n_min
        np.add.at(rain, cell, _steps(fallen, follows).astype(np.int32))
        seen = _steps(until, follows)
        if self.is_observed is not None:
            seen = np.where(self.is_observed[reading], seen, 0)
        np.add.at(observed, cell, seen.astype(np.uint16))
        rain_by_unit, observed_by_unit = rain.reshape(-1, n_columns), observed.reshape(-1, n_columns)
        for gains in (rain_by_unit, observed_by_unit):
            if n_columns < _NARROW:
                np.add.accumulate(gains, axis=0, out=gains)
            else:  # row by row, each contiguous in memory
                for unit in range(1, len(gains)):
                    gains[unit] += gains[unit - 1]
        return rain_by_unit, observed_by_unit


class CumulativeRing:
    """Totals of one network, with every reading so far.

    Parameters
    ----------
    n_stations : int
    span_min : int
        How far back totals are held.
    by_minute_min : int
        How far back they are held at every minute; before that at every tenth.

    Attributes
    ----------
    rain_um : Int32Array, shape (n_rows, n_stations)
    observed_min : UInt16Array, shape (n_rows, n_stations)
    head : int
        Newest minute held, minutes since 1970; -1 before the first.
    n_fine, n_coarse : int
        Rows of single minutes, then of tens.

    Raises
    ------
    ValueError
        If the span is longer than 45 days.
    """

    def __init__(self, n_stations: int, *, span_min: int, by_minute_min: int) -> None:
        # Invariant: rows are whole micrometres and nothing in them is rounded, so no order of arrival leaves
        # a trace. Why totals and not amounts: a window of any length is one difference, where summing costs
        # its length (decision 3). Rejected (decision 13): increments in 16 bits with coarse totals, 10 kB a
        # station and exact at every minute, but up to nine rows are read for each end of a window; one
        # gather for rain and coverage together, which was no faster than two.
        if span_min > SPAN_MIN_MAX:
            raise ValueError(f"the ring spans at most {SPAN_MIN_MAX} min, got {span_min}")
        self.span_min = span_min
        self.n_fine = min(by_minute_min, span_min) + 1
        self.n_coarse = -(-span_min // COARSE_MIN) + 1 if by_minute_min < span_min else 0
        n_rows = self.n_fine + self.n_coarse
        self.rain_um: Int32Array = np.zeros((n_rows, n_stations), dtype=np.int32)
        self.observed_min: UInt16Array = np.zeros((n_rows, n_stations), dtype=np.uint16)
        self.head = -1

    @property
    def oldest(self) -> int:
        """Oldest minute that a total is held for."""
        if self.n_coarse:
            return (self.head // COARSE_MIN - self.n_coarse + 1) * COARSE_MIN
        return self.oldest_by_minute

    @property
    def oldest_by_minute(self) -> int:
        """From that minute on a total is held for every minute."""
        return self.head - self.n_fine + 1

    def advance(self, minute: int) -> None:
        """Open the minutes up to `minute`; an earlier one changes nothing."""
        before = self.head
        if before < 0:
            self.head = minute
        if minute <= self.head:
            return
        newest = before % self.n_fine
        rain_um, observed_min = self.rain_um[newest].copy(), self.observed_min[newest].copy()
        self.head = minute
        opened = [self._fine_rows(max(before + 1, self.oldest_by_minute), minute)]
        if self.n_coarse:
            first, last = before // COARSE_MIN + 1, minute // COARSE_MIN
            opened.append(self._coarse_rows(max(first, last - self.n_coarse + 1), last))
        for rows in opened:
            for part in _slices(rows):
                self.rain_um[part] = rain_um
                self.observed_min[part] = observed_min

    def held_at(self, minute: Int64Array, *, forward: bool) -> Int64Array:
        """The minutes themselves where they are held; else the tenth minute before, or after if `forward`.

        Minutes must lie between `oldest` and `head`.
        """
        fine = minute >= self.oldest_by_minute
        if fine.all():
            return minute
        moved = minute + COARSE_MIN - 1 if forward else minute
        return np.where(fine, minute, moved // COARSE_MIN * COARSE_MIN)

    def rows_of(self, minute: Int64Array) -> Int64Array:
        """Rows of minutes that are held (`held_at`)."""
        fine = minute % self.n_fine
        if not self.n_coarse:
            return fine
        coarse = self.n_fine + minute // COARSE_MIN % self.n_coarse
        return np.where(minute >= self.oldest_by_minute, fine, coarse)

    def edges(self, begin: int, end: int) -> Int64Array:
        """All minutes held from `begin` to `end`, ascending; both lie between `oldest` and `head`."""
        fine_from = max(begin, self.oldest_by_minute)
        fine = np.arange(fine_from, end + 1, dtype=np.int64)
        if begin >= self.oldest_by_minute:
            return fine
        first, last = -(-begin // COARSE_MIN), min(end, self.oldest_by_minute - 1) // COARSE_MIN
        return np.concatenate([np.arange(first, last + 1, dtype=np.int64) * COARSE_MIN, fine])

    def add(self, spread: "Spread") -> None:
        """Add amounts to every row after they fell.

        What began before the ring is spread over the ring's part of it; what
        ended before it is no longer held. No amount may end after `head`.
        """
        begin = np.maximum(spread.begin, self.oldest)
        held = replace(spread, begin=begin)
        is_held = spread.end > begin
        if not is_held.all():
            held = held.select(is_held)
        if len(held.begin) == 0:
            return
        if self.head - int(held.begin.min()) <= _LAG_GROUPS_MIN[0]:  # all in time, the usual case
            self._add_group(held)
            return
        group = np.searchsorted(_LAG_GROUPS_MIN, self.head - held.begin)
        for number in range(len(_LAG_GROUPS_MIN) + 1):
            inside = group == number
            if inside.any():
                self._add_group(held.select(inside))

    def _add_group(self, some: "Spread") -> None:
        is_named = np.zeros(self.rain_um.shape[1], dtype=np.bool_)
        is_named[some.station] = True
        columns = rows_where(is_named)
        n_rows = self.head - int(some.begin.min())
        n_parts = min(-(-n_rows * len(columns) // _CELLS_MAX), len(columns))
        if n_parts > 1:
            for part in np.array_split(columns, n_parts):
                inside = (some.station >= part[0]) & (some.station <= part[-1])
                self._add_columns(some.select(inside), part)
        else:
            self._add_columns(some, columns)

    def _add_columns(self, some: "Spread", columns: IntpArray) -> None:
        """Add to the rows of both parts, in the columns given (ascending, at least those concerned)."""
        n_stations = self.rain_um.shape[1]
        place: IntpArray = some.station.astype(np.intp)
        if len(columns) > _WIDE_SHARE * n_stations:
            columns = np.arange(n_stations)
        else:
            place = np.searchsorted(columns, place)
        fine_from = self.oldest_by_minute
        self._add_rows(some, place, columns, 1, (max(int(some.begin.min()) + 1, fine_from), self.head))
        if self.n_coarse:
            first, last = int(some.begin.min()) // COARSE_MIN + 1, self.head // COARSE_MIN
            if first <= last:
                self._add_rows(some, place, columns, COARSE_MIN, (first, last))

    def _add_rows(
        self,
        some: "Spread",
        place: Int64Array,
        columns: IntpArray,
        step_min: int,
        units: tuple[int, int],
    ) -> None:
        """Add to the rows of the units (minutes or tens) from the first to the last, both included."""
        first, last = units
        rain, observed = some.increments(place, len(columns), step_min, first, last)
        rows = self._fine_rows(first, last) if step_min == 1 else self._coarse_rows(first, last)
        is_wide = len(columns) == self.rain_um.shape[1]
        done = 0
        for part in _slices(rows):
            n = part.stop - part.start
            if is_wide:
                self.rain_um[part] += rain[done : done + n]
                self.observed_min[part] += observed[done : done + n]
            else:
                self.rain_um[part, columns] += rain[done : done + n]
                self.observed_min[part, columns] += observed[done : done + n]
            done += n

    def _fine_rows(self, first: int, last: int) -> tuple[int, int, int, int]:
        return first, last, 0, self.n_fine

    def _coarse_rows(self, first: int, last: int) -> tuple[int, int, int, int]:
        return first, last, self.n_fine, self.n_coarse


def _steps(total: Int64Array, follows: BoolArray) -> Int64Array:
    """What each total is more than the one before it, where it follows that, shape (n,)."""
    steps = total.copy()
    np.subtract(total[1:], total[:-1], out=steps[1:], where=follows)
    return steps


def _slices(rows: tuple[int, int, int, int]) -> Iterator[slice]:
    """Rows of units ``first`` to ``last`` of a part that begins at row ``base`` and has ``n``, in order."""
    first, last, base, n = rows
    unit = first
    while unit <= last:
        row = unit % n
        length = min(last - unit + 1, n - row)
        yield slice(base + row, base + row + length)
        unit += length
