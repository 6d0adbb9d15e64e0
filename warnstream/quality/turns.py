"""Readings in the order in which the checks of series compare them, and the dew points that belong to them.

Turn by turn: the first time of every station, then the second, all series of a station together. So a whole
batch is judged in as few array operations as its busiest station has times.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, rows_where
from warnstream.model.observations.readings import ReadingBatch, Variable

N_VARIABLES = len(Variable)
DEW_POINT = N_VARIABLES
"""A series of its own behind the variables: nobody reports it, humidity and temperature give it."""

_FEW_ROWS = 500
"""Up to so many, a set is quicker than sorting."""


def sorted_by_turn(
    readings: ReadingBatch, series: Int64Array, rows: Int64Array, series_row: Int64Array
) -> "Sorted":
    """Readings of the series that are compared, with their dew points where those are.

    Parameters
    ----------
    readings : ReadingBatch
    series : Int64Array, shape (n,)
        Of each reading.
    rows : Int64Array
        Readings whose series are compared, at least one.
    series_row : Int64Array, shape (N_VARIABLES + 1,)
        -1 for series that are not compared.
    """
    order = _by_station_and_time(readings, series, rows)
    if order is None:
        return _sort_twins(readings, series_row)
    found = Sorted.of(readings, series, order)
    return found.with_dew_points() if series_row[DEW_POINT] >= 0 else found


@dataclass(frozen=True, slots=True)
class Sorted:
    """Readings to be judged, and when: no two of one series have the same turn; all of shape (n,)."""

    series: Int64Array
    station: Int32Array
    at_s: Int64Array
    value: Float64Array
    row: Int64Array
    turn: Int64Array

    @classmethod
    def of(cls, readings: ReadingBatch, series: Int64Array, order: Int64Array) -> "Sorted":
        """Rows of a batch by station and time, no two of one series and time."""
        station, at_s = readings.station[order], readings.observed_at_s[order]
        first_of_station = _is_first(station)
        number = np.cumsum(first_of_station | _is_first(at_s))
        turn: Int64Array = number - np.maximum.accumulate(np.where(first_of_station, number, 0))
        return cls(series[order], station, at_s, readings.value[order], order, turn)

    def with_dew_points(self) -> "Sorted":
        """The same and dew points: a time's humidity comes after its temperature."""
        assert Variable.TEMPERATURE + 1 == Variable.HUMIDITY, "nothing is sorted between them"
        is_humid = (self.series[1:] == Variable.HUMIDITY) & (self.series[:-1] == Variable.TEMPERATURE)
        is_humid &= (self.station[1:] == self.station[:-1]) & (self.at_s[1:] == self.at_s[:-1])
        humid = rows_where(is_humid & (self.value[1:] > 0)) + 1
        if len(humid) == 0:
            return self
        dew_c = dew_point_c(self.value[humid - 1], self.value[humid])
        return Sorted(
            np.concatenate([self.series, np.full(len(humid), DEW_POINT)]),
            np.concatenate([self.station, self.station[humid]]),
            np.concatenate([self.at_s, self.at_s[humid]]),
            np.concatenate([self.value, dew_c]),
            np.concatenate([self.row, self.row[humid]]),
            np.concatenate([self.turn, self.turn[humid]]),
        )

    def select(self, rows: BoolArray | Int64Array) -> "Sorted":
        """Some of them, in their order."""
        return Sorted(
            self.series[rows],
            self.station[rows],
            self.at_s[rows],
            self.value[rows],
            self.row[rows],
            self.turn[rows],
        )

    def turns(self) -> Iterator[slice | Int64Array]:
        """Rows of every turn, one turn after the other."""
        if len(self.turn) == 0:
            return
        last = int(self.turn.max())
        if last == 0:
            yield slice(None)
            return
        # Sixteen bits are sorted by counting.
        turn = self.turn.astype(np.uint16) if last < 1 << 16 else self.turn
        order = np.argsort(turn, kind="stable")
        ends = np.cumsum(np.bincount(self.turn)).tolist()
        for begin, end in zip([0, *ends[:-1]], ends, strict=True):
            if end > begin:
                yield order[begin:end]


def _by_station_and_time(readings: ReadingBatch, series: Int64Array, rows: Int64Array) -> Int64Array | None:
    """Some rows by station, time and series; None if two are the same in all three."""
    station, at_s = readings.station[rows].astype(np.int64), readings.observed_at_s[rows]
    begin_s = int(at_s.min())
    span = (int(at_s.max()) - begin_s + 1) * (N_VARIABLES + 1)
    if span * (int(station.max()) + 1) >= 1 << 62:
        return None
    key = station * span + (at_s - begin_s) * (N_VARIABLES + 1) + series[rows]
    order = np.argsort(key, kind="stable")
    key = key[order]
    return rows[order] if (key[1:] != key[:-1]).all() else None


def _sort_twins(readings: ReadingBatch, series_row: Int64Array) -> Sorted:
    """Readings in order where some are of one series and time."""
    series, station, at_s, value, row = _with_dew_point(readings)
    known = rows_where(series_row[series] >= 0)
    order = known[np.lexsort((value[known], series[known], at_s[known], station[known]))]
    series, station, at_s = series[order], station[order], at_s[order]
    turn = _turn_within_station(station, at_s, series)
    return Sorted(series, station, at_s, value[order], row[order], turn)


def _turn_within_station(station: Int32Array, at_s: Int64Array, series: Int64Array) -> Int64Array:
    """When each reading is looked at, shape (n,): the how-manieth time of its station it belongs to.

    Readings are sorted by station, time and series. Of several of one series at one time every one has a
    turn of its own.
    """
    position = np.arange(len(station))
    first_of_station = _is_first(station)
    first_of_time = first_of_station | _is_first(at_s)
    first_of_series = first_of_time | _is_first(series)
    twin = position - np.maximum.accumulate(np.where(first_of_series, position, 0))
    # Turns of a time: one, and one more for every twin.
    begins = rows_where(first_of_time)
    turns = np.maximum.reduceat(twin, begins) + 1
    before = np.cumsum(turns) - turns
    number = np.cumsum(first_of_time) - 1
    of_station = np.maximum.accumulate(np.where(first_of_station[begins], before, 0))
    turn: Int64Array = before[number] - of_station[number] + twin
    return turn


def _is_first(key: Int32Array | Int64Array) -> BoolArray:
    """Where a value differs from the one before, shape (n,)."""
    first = np.ones(len(key), dtype=np.bool_)
    first[1:] = key[1:] != key[:-1]
    return first


def _with_dew_point(
    readings: ReadingBatch,
) -> tuple[Int64Array, Int32Array, Int64Array, Float64Array, Int64Array]:
    """Series, station, time, value and row of every reading, and of the dew points that pairs give."""
    series = readings.variable.astype(np.int64)
    station, at_s = readings.station, readings.observed_at_s
    row = np.arange(len(readings))
    humid = rows_where((series == Variable.HUMIDITY) & (readings.value > 0))
    warm = rows_where(series == Variable.TEMPERATURE)
    if len(humid) == 0 or len(warm) == 0:
        return series, station, at_s, readings.value, row
    key = at_s * (int(station.max()) + 1) + station
    if not _are_pairs(key[humid], key[warm]):
        _, of_humid, of_warm = np.intersect1d(key[humid], key[warm], return_indices=True)
        humid, warm = humid[of_humid], warm[of_warm]
    dew_c = dew_point_c(readings.value[warm], readings.value[humid])
    return (
        np.concatenate([series, np.full(len(humid), DEW_POINT)]),
        np.concatenate([station, station[humid]]),
        np.concatenate([at_s, at_s[humid]]),
        np.concatenate([readings.value, dew_c]),
        np.concatenate([row, humid]),
    )


def _are_pairs(one: Int64Array, other: Int64Array) -> bool:
    """Whether two columns of keys are the same, row by row, each key once; said of few rows only."""
    is_alike = len(one) == len(other) <= _FEW_ROWS and np.array_equal(one, other)
    return is_alike and len(set(one.tolist())) == len(one)


def dew_point_c(temperature_c: Float64Array, humidity_percent: Float64Array) -> Float64Array:
    """Dew point by the Magnus formula with WMO-No. 8's constants (17.62, 243.12 degrees).

    >>> dew_point_c(np.array([25.0, 20.0]), np.array([50.0, 100.0])).round(2).tolist()
    [13.85, 20.0]
    """
    gamma = np.log(humidity_percent / 100.0) + 17.62 * temperature_c / (243.12 + temperature_c)
    dew: Float64Array = 243.12 * gamma / (17.62 - gamma)
    return dew
