"""Readings of rain counters -> how much fell between two of them.

A counter tells how much has fallen since some time: `RAIN_TOTAL` since it was
last reset, `RAIN_DAY` since the rain day began (08:00 in China). The
difference of two readings fell in the time between them; the rain window
spreads it there, less what it already holds of that time.

- The first reading of a station gives no rain: nobody knows when its amount fell.
- A value that falls is a wrap where a modulus is declared and the amount is
  possible; else a reset, and the new value counts from zero where that is possible.
- An impossible jump counts nothing and is the new beginning.
- The day counter begins at zero when the day does; what fell between its last
  reading and that moment is unknown to it.
- Readings older than the newest, and repetitions, change nothing. Readings of
  one minute are one: the later is contained in the next difference.

Limit: a difference is spread over at most `spread_s_max`, the share of the
time before is dropped; beyond `gap_s_max` the minutes do not count as
observed, because an even spread hides the bursts in it.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array
from warnstream.model.observations.readings import COUNTERS, Flag, ReadingBatch, Variable
from warnstream.model.rules.policies import CounterPolicy
from warnstream.model.times import DAY_S, MINUTE_S


@dataclass(frozen=True, slots=True)
class Increments:
    """Rain between readings of counters, one row each, in order of time within a station.

    Attributes
    ----------
    station : Int32Array, shape (n,)
    begin_s, end_s : Int64Array, shape (n,)
        Equal where a reading says only that the station is there.
    rain_mm : Float64Array, shape (n,)
        Not negative.
    is_observed : BoolArray, shape (n,)
        Whether the time between counts as observed.
    """

    station: Int32Array
    begin_s: Int64Array
    end_s: Int64Array
    rain_mm: Float64Array
    is_observed: BoolArray


class RainCounters:
    """The last reading of every counter of one network.

    Parameters
    ----------
    n_stations : int
    policy : CounterPolicy
    rain_mm_per_min_max : float
        What is possible; more is a fault of the counter.
    spread_s_max : int
        Longest time that an increment is spread over.
    """

    def __init__(
        self, n_stations: int, policy: CounterPolicy, *, rain_mm_per_min_max: float, spread_s_max: int
    ) -> None:
        self._policy = policy
        self._mm_per_s_max = rain_mm_per_min_max / MINUTE_S
        self._spread_s_max = spread_s_max
        self._value_mm: Float64Array = np.full((len(COUNTERS), n_stations), np.nan)
        self._at_s: Int64Array = np.full((len(COUNTERS), n_stations), -1, dtype=np.int64)

    def is_counted(self, station: Int32Array) -> BoolArray:
        """Which of the stations, shape (n,), have told a counter before."""
        known: BoolArray = np.any(self._at_s[:, station] >= 0, axis=0)
        return known

    def step(self, variable: Variable, readings: ReadingBatch) -> tuple[Increments, UInt16Array]:
        """Increments of one kind of counter, and flags of its readings.

        Parameters
        ----------
        variable : Variable
            One of `COUNTERS`.
        readings : ReadingBatch
            Usable readings of that variable only.

        Returns
        -------
        tuple of Increments and UInt16Array, shape (n_readings,)
            `Flag.DUPLICATE`, `Flag.SUPERSEDED` (older than the newest), `Flag.OUT_OF_RANGE`, or
            `Flag.COUNTER_FELL` where one fell that should only rise: what it says counts, but is doubtful.
        """
        kind = COUNTERS.index(variable)
        flags = np.zeros(len(readings), dtype=np.uint16)
        rows: list[tuple[int, int, int, float, bool]] = []
        order = np.lexsort((readings.observed_at_s, readings.station))
        for row in order.tolist():
            station, at_s = int(readings.station[row]), int(readings.observed_at_s[row])
            value_mm = float(readings.value[row])
            before_s = int(self._at_s[kind, station])
            if 0 <= at_s <= before_s:
                flags[row] = Flag.DUPLICATE if at_s == before_s else Flag.SUPERSEDED
                continue
            if before_s >= 0 and _minute(at_s) == _minute(before_s):
                continue
            if self._has_fallen(kind, station, at_s, value_mm):
                flags[row] = Flag.COUNTER_FELL
            found = self._increment(kind, station, at_s, value_mm)
            self._value_mm[kind, station], self._at_s[kind, station] = value_mm, at_s
            if found is None:
                flags[row] = Flag.OUT_OF_RANGE
            else:
                rows.append((station, *self._spread(found[0], at_s, found[1])))
        return _increments(rows), flags

    def snapshot(self) -> dict[str, Float64Array | Int64Array]:
        """State as arrays."""
        return {"value_mm": self._value_mm.copy(), "at_s": self._at_s.copy()}

    def restore(self, state: dict[str, Float64Array | Int64Array]) -> None:
        """Take up a snapshot of a network of the same size."""
        self._value_mm[:] = state["value_mm"]
        self._at_s[:] = state["at_s"]

    def _increment(self, kind: int, station: int, at_s: int, value_mm: float) -> tuple[int, float] | None:
        """When it began to fall, and how much; None for what cannot be."""
        before_s, before_mm = int(self._at_s[kind, station]), float(self._value_mm[kind, station])
        if before_s < 0:
            return at_s, 0.0
        if COUNTERS[kind] is Variable.RAIN_DAY:
            day_s = self._day_start_s(at_s)
            if before_s <= day_s:
                before_s, before_mm = day_s, 0.0
        possible_mm = self._mm_per_s_max * max(at_s - before_s, MINUTE_S)
        if value_mm >= before_mm:
            risen_mm = value_mm - before_mm
            return (before_s, risen_mm) if risen_mm <= possible_mm else None
        wrap_mm = self._policy.wrap_mm
        if wrap_mm is not None and COUNTERS[kind] is Variable.RAIN_TOTAL:
            wrapped_mm = value_mm + wrap_mm - before_mm
            if 0 <= wrapped_mm <= possible_mm:
                return before_s, wrapped_mm
        return (before_s, value_mm) if value_mm <= possible_mm else None

    def _has_fallen(self, kind: int, station: int, at_s: int, value_mm: float) -> bool:
        """Whether a counter fell that had no reason to: a new day or a wrap is one, a reset is none."""
        before_s, before_mm = int(self._at_s[kind, station]), float(self._value_mm[kind, station])
        if before_s < 0 or value_mm >= before_mm:
            return False
        if COUNTERS[kind] is Variable.RAIN_DAY:
            return before_s > self._day_start_s(at_s)
        wrap_mm = self._policy.wrap_mm
        possible_mm = self._mm_per_s_max * max(at_s - before_s, MINUTE_S)
        return wrap_mm is None or not 0 <= value_mm + wrap_mm - before_mm <= possible_mm

    def _day_start_s(self, at_s: int) -> int:
        """Begin of the rain day that a time belongs to; the moment itself ends the old day."""
        local_s = at_s + self._policy.utc_offset_s - self._policy.day_start_s
        return (local_s - 1) // DAY_S * DAY_S - self._policy.utc_offset_s + self._policy.day_start_s

    def _spread(self, begin_s: int, end_s: int, rain_mm: float) -> tuple[int, int, float, bool]:
        gap_s = end_s - begin_s
        is_observed = gap_s <= self._policy.gap_s_max
        if gap_s > self._spread_s_max:
            return end_s - self._spread_s_max, end_s, rain_mm * self._spread_s_max / gap_s, is_observed
        return begin_s, end_s, rain_mm, is_observed


def _minute(time_s: int) -> int:
    return -(-time_s // MINUTE_S)


def _increments(rows: list[tuple[int, int, int, float, bool]]) -> Increments:
    station, begin_s, end_s, rain_mm, is_observed = zip(*rows, strict=True) if rows else ((),) * 5
    return Increments(
        np.array(station, dtype=np.int32),
        np.array(begin_s, dtype=np.int64),
        np.array(end_s, dtype=np.int64),
        np.array(rain_mm, dtype=np.float64),
        np.array(is_observed, dtype=np.bool_),
    )
