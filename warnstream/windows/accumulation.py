"""Sums of many windows, looked up in the rows of a `CumulativeRing`.

The rain of a window is the difference of two rows, whatever its length. Where
windows of all stations end at one minute, or at few, the rows are the same for
many stations and are subtracted whole; the many different ends of a network
that has been cut off are looked up one by one.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from warnstream.model.arrays import Float64Array, Int32Array, Int64Array, UInt16Array, rows_where
from warnstream.model.observations.readings import UM_PER_MM
from warnstream.windows.cumulative_ring import COARSE_MIN, CumulativeRing

FEW = 0.3
"""Where less than that share of the windows differs from the rest or has changed, it is looked up singly."""
_EVERY = slice(None)
_BLOCK = 65_536
"""Stations looked up at once: what is in between stays in the cache."""
_ENDS_MAX = 16
"""Windows that end at no more different minutes than that are looked up minute by minute."""


@dataclass(frozen=True, slots=True)
class Accumulation:
    """Rain over several durations; arrays of integers of shape (n_durations, n_stations).

    Attributes
    ----------
    rain_um : Int32Array
        Rain observed within the window; a lower bound where coverage is below 1.
    observed_min : UInt16Array
        Minutes observed within the window.
    length_min : UInt16Array
        Length of the window.
    """

    rain_um: Int32Array
    observed_min: UInt16Array
    length_min: UInt16Array

    @property
    def rain_mm(self) -> Float64Array:
        """Rain in millimetres, shape (n_stations, n_durations)."""
        rain_mm: Float64Array = self.rain_um / UM_PER_MM
        return rain_mm.T

    @property
    def coverage(self) -> Float64Array:
        """Share of the window that was observed, 0 (no reading) to 1, shape (n_stations, n_durations)."""
        share: Float64Array = self.observed_min / self.length_min
        return np.minimum(share, 1.0, out=share).T

    def of(self, index: int) -> "Accumulation":
        """The same of one duration alone, sharing its arrays."""
        one = slice(index, index + 1)
        return Accumulation(self.rain_um[one], self.observed_min[one], self.length_min[one])


class RainInSteps(Protocol):
    """What gives the rain of consecutive steps (`RainWindow`, `warnstream.windows.spares.SparedRain`)."""

    @property
    def oldest_min(self) -> int:
        """Oldest minute that is held, minutes since 1970."""
        ...

    def steps(
        self, begin_min: int, n_steps: int, step_min: int, station: slice | Int32Array = ...
    ) -> tuple[Float64Array, Float64Array]:
        """Rain and observed share, shape (n_steps, n_stations)."""
        ...


def empty_accumulation(n_durations: int, n_stations: int) -> Accumulation:
    """Arrays to look windows up into; what is in them means nothing."""
    shape = n_durations, n_stations
    return Accumulation(
        np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.uint16), np.empty(shape, dtype=np.uint16)
    )


class Lookup:
    """Windows of one ring.

    Parameters
    ----------
    ring : CumulativeRing
    exact_min : int
        Windows up to that length are exact to the minute; longer ones begin at whole ten minutes.
    """

    def __init__(self, ring: CumulativeRing, exact_min: int) -> None:
        self._ring = ring
        self._exact_min = exact_min

    def all(self, found: Accumulation, duration_min: Int64Array, end: Int64Array) -> None:
        """Windows of all stations that end at the minutes given, into `found`."""
        if len(end) == 0:
            return
        common = end[0]
        if (end != common).any():
            common = end.max() - np.argmax(np.bincount(end.max() - end))
        others = rows_where(end != common)
        if len(others) <= (1 - FEW) * len(end):
            self._look_up_all(found, duration_min, int(common))
            self.some(found, duration_min, others, end[others])
        else:
            self._look_up_mixed(found, duration_min, _EVERY, end)

    def _look_up_all(self, found: Accumulation, duration_min: Int64Array, end: int) -> None:
        """Windows of all stations that end at one minute, into `found`."""
        ring = self._ring
        until = ring.held_at(np.array(end), forward=True)
        last = int(ring.rows_of(until))
        begin, length = self._begins(duration_min, np.array(end), until)
        first = ring.rows_of(begin).tolist()
        found.length_min[:] = length[:, None]
        for block in range(0, found.rain_um.shape[1], _BLOCK):
            some = slice(block, block + _BLOCK)
            rain_um, observed_min = ring.rain_um[last, some], ring.observed_min[last, some]
            for index, row in enumerate(first):
                np.subtract(rain_um, ring.rain_um[row, some], out=found.rain_um[index, some])
                np.subtract(observed_min, ring.observed_min[row, some], out=found.observed_min[index, some])

    def some(
        self, found: Accumulation, duration_min: Int64Array, station: Int64Array, end: Int64Array
    ) -> None:
        """Windows of some stations with an end each, into `found`."""
        if len(station) == 0:
            return
        minutes = rows_where(np.bincount(end - end.min())) + end.min()
        if len(minutes) > _ENDS_MAX:
            self._look_up_mixed(found, duration_min, station, end)
            return
        for minute in minutes.tolist():
            self._look_up_some(found, duration_min, station[end == minute], minute)

    def _look_up_some(
        self, found: Accumulation, duration_min: Int64Array, station: Int64Array, end: int
    ) -> None:
        """Windows of some stations that end at one minute, into `found`."""
        ring = self._ring
        until = ring.held_at(np.array(end), forward=True)
        last = int(ring.rows_of(until))
        begin, length = self._begins(duration_min, np.array(end), until)
        rain_um, observed_min = ring.rain_um[last].take(station), ring.observed_min[last].take(station)
        for index, first in enumerate(ring.rows_of(begin).tolist()):
            found.rain_um[index, station] = rain_um - ring.rain_um[first].take(station)
            found.observed_min[index, station] = observed_min - ring.observed_min[first].take(station)
            found.length_min[index, station] = length[index]

    def _look_up_mixed(
        self, found: Accumulation, duration_min: Int64Array, station: slice | Int64Array, end: Int64Array
    ) -> None:
        """Windows of some stations, or of every one, that end at many different minutes.

        The rows are worked out by minute, not by station.
        """
        ring = self._ring
        n_stations = ring.rain_um.shape[1]
        rain_um, observed_min = ring.rain_um.ravel(), ring.observed_min.ravel()
        minute = np.arange(int(end.min()), int(end.max()) + 1, dtype=np.int64)
        until = ring.held_at(minute, forward=True)
        begin, length = self._begins(duration_min[:, None], minute, until)
        last_of, first_of = ring.rows_of(until) * n_stations, ring.rows_of(begin) * n_stations
        length_of = length.astype(np.uint16)
        for block in range(0, len(end), _BLOCK):
            part = slice(block, min(block + _BLOCK, len(end)))
            some = part if isinstance(station, slice) else station[part]
            place = np.arange(part.start, part.stop) if isinstance(station, slice) else station[part]
            which = end[part] - minute[0]
            last = last_of.take(which) + place
            rain_until, observed_until = rain_um.take(last), observed_min.take(last)
            for index in range(len(duration_min)):
                first = first_of[index].take(which)
                first += place
                found.rain_um[index, some] = rain_until - rain_um.take(first)
                found.observed_min[index, some] = observed_until - observed_min.take(first)
                found.length_min[index, some] = length_of[index].take(which)

    def _begins(
        self, duration_min: Int64Array, end: Int64Array, until: Int64Array
    ) -> tuple[Int64Array, Int64Array]:
        """Minutes held at which windows begin, and the lengths of the windows."""
        begin = end - duration_min
        tenth = begin // COARSE_MIN * COARSE_MIN
        asked = np.where(
            (duration_min > self._exact_min) | (begin < self._ring.oldest_by_minute), tenth, begin
        )
        # What lies before the ring was not observed; it lengthens the window all the same.
        return np.maximum(asked, self._ring.oldest), until - asked
