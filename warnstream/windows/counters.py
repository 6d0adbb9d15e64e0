"""Readings of rain counters -> how much fell between two of them.

A counter tells how much has fallen since some time: `RAIN_TOTAL` since it was
last reset, `RAIN_DAY` since the rain day began (08:00 in China). The
difference of two readings fell in the time between them; the rain window
spreads it there, less what it already holds of that time. What totals do that
fall, come back or are exchanged is `warnstream.windows.rain_counter`.

- The first reading of a station gives no rain: nobody knows when its amount fell.
- The day counter begins at zero when the day does; what fell between its last
  reading and that moment is unknown to it.
- Readings older than the newest, and repetitions, change nothing. Readings of
  one minute are one: the later is contained in the next difference.

Limit: a difference is spread over at most `spread_s_max`, the share of the
time before is dropped; beyond `gap_s_max` the minutes do not count as
observed, because an even spread hides the bursts in it.
"""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array
from warnstream.model.network import Stations
from warnstream.model.observations.counter_forms import CounterForm
from warnstream.model.observations.rain_limits import RainLimits
from warnstream.model.observations.readings import COUNTERS, Flag, ReadingBatch, Variable
from warnstream.model.rules.policies import CounterPolicy
from warnstream.model.times import DAY_S, MINUTE_S
from warnstream.windows.rain_counter import (
    ANY_SOURCE,
    CounterDay,
    RainCounter,
    Reading,
    Rise,
    Track,
    Trial,
)

_OLD_SNAPSHOT = ("value_mm", "at_s")
"""Arrays of snapshots of before a counter remembered more than its last reading."""


@dataclass(frozen=True, slots=True)
class Increments:
    """Rain between readings of counters, one row each; the times of one station do not overlap.

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
    """Every counter of one network.

    Parameters
    ----------
    stations : Stations
        Some say where their totals wrap and when their day begins.
    policy : CounterPolicy
    limits : RainLimits
        What is possible; more is a fault of the counter.
    spread_s_max : int
        Longest time that an increment is spread over.
    """

    def __init__(
        self, stations: Stations, policy: CounterPolicy, *, limits: RainLimits, spread_s_max: int
    ) -> None:
        self._policy = policy
        self._limits = limits
        self._spread_s_max = spread_s_max
        self._form_of_station = stations.counter_forms
        self._form = CounterForm(policy.wrap_mm, policy.day_start_s)
        self._counters: dict[tuple[int, int], RainCounter] = {}
        self._is_counted: BoolArray = np.zeros(len(stations), dtype=np.bool_)

    def is_counted(self, station: Int32Array) -> BoolArray:
        """Which of the stations, shape (n,), have told a counter before."""
        known: BoolArray = self._is_counted[station]
        return known

    def step(self, variable: Variable, readings: ReadingBatch) -> tuple[list[Increments], UInt16Array]:
        """Increments of one kind of counter, and flags of its readings.

        Parameters
        ----------
        variable : Variable
            One of `COUNTERS`.
        readings : ReadingBatch
            Usable readings of that variable only.

        Returns
        -------
        tuple of list of Increments and UInt16Array, shape (n_readings,)
            The increments are to be brought into the window one after the other. Flags are
            `Flag.DUPLICATE`, `Flag.SUPERSEDED` (older than the newest), `Flag.OUT_OF_RANGE`,
            `Flag.RECORD`, and those of `COUNTER_FLAGS`.
        """
        kind, is_total = COUNTERS.index(variable), variable is not Variable.RAIN_DAY
        flags = np.zeros(len(readings), dtype=np.uint16)
        risen = _Risen()
        order = np.lexsort((readings.observed_at_s, readings.station))
        columns = zip(
            order.tolist(),
            readings.station[order].tolist(),
            readings.observed_at_s[order].tolist(),
            readings.value[order].tolist(),
            readings.sequence[order].tolist(),
            strict=True,
        )
        counters = self._counters
        for row, station, at_s, value_mm, source in columns:
            counter = counters.get((kind, station)) or self._new_counter(kind, station)
            newest_s = -1 if counter.now is None else counter.now.at_s
            if 0 <= at_s <= newest_s:
                flags[row] = Flag.DUPLICATE if at_s == newest_s else Flag.SUPERSEDED
            elif newest_s < 0 or at_s - newest_s >= MINUTE_S or _minute(at_s) != _minute(newest_s):
                before = counter.goes_on_plainly(at_s, value_mm, source) if is_total else None
                if before is not None:
                    risen.add(station, before.at_s, at_s, value_mm - before.value_mm)
                    continue
                outcome = counter.read(self._reading(kind, station, at_s, value_mm, source))
                flags[row] = outcome.flags
                for rise in outcome.rises:
                    risen.add(station, *rise)
        return self._increments(risen), flags

    def snapshot(self) -> dict[str, Float64Array | Int64Array]:
        """State as arrays: counters by kind and station, totals and trials by the counter's row."""
        keys = sorted(self._counters)
        tracks, trials = [], []
        for row, key in enumerate(keys):
            one = self._counters[key]
            for place, track in enumerate((one.now, one.before)):
                if track is not None:
                    tracks.append((row, place, *_row_of(track)))
            if one.trial is not None:
                rise = one.trial.rise
                trials.append((row, *rise, one.trial.next_mm_per_s, one.trial.waits))
        return {
            "keys": np.array(keys, dtype=np.int64).reshape(-1, 2),
            "tracks": np.array(tracks, dtype=np.float64).reshape(-1, 9),
            "trials": np.array(trials, dtype=np.float64).reshape(-1, 6),
        }

    def restore(self, state: dict[str, Float64Array | Int64Array]) -> None:
        """Take up a snapshot of a network of the same size, or one of before `tracks`."""
        self._counters.clear()
        self._is_counted[:] = False
        if all(name in state for name in _OLD_SNAPSHOT):
            self._restore_old(state["value_mm"], state["at_s"])
            return
        counters = [self._new_counter(kind, station) for kind, station in state["keys"].tolist()]
        for row, place, *columns in state["tracks"].tolist():
            setattr(counters[int(row)], ("now", "before")[int(place)], _track_of(columns))
        for row, begin_s, end_s, rain_mm, next_mm_per_s, waits in state["trials"].tolist():
            rise = Rise(int(begin_s), int(end_s), rain_mm)
            counters[int(row)].trial = Trial(rise, next_mm_per_s, bool(waits))

    def _restore_old(self, value_mm: Float64Array | Int64Array, at_s: Float64Array | Int64Array) -> None:
        for kind, station in np.argwhere(at_s >= 0).tolist():
            value, when_s = float(value_mm[kind, station]), int(at_s[kind, station])
            counter = self._new_counter(kind, station)
            counter.now = Track(value, when_s, ANY_SOURCE, value, when_s, is_new=False)

    def _new_counter(self, kind: int, station: int) -> RainCounter:
        found = self._counters[kind, station] = RainCounter(self._limits, self._policy.reset_late_s_max)
        self._is_counted[station] = True
        return found

    def _reading(self, kind: int, station: int, at_s: int, value_mm: float, source: int) -> Reading:
        form = self._form
        if source:
            form = self._policy.forms.get(source, form).over(form)
        own = self._form_of_station.get(station)
        if own is not None:
            form = own.over(form)
        if COUNTERS[kind] is not Variable.RAIN_DAY:
            return Reading(at_s, value_mm, source, form.wrap_mm)
        assert form.day_start_s is not None
        begin_s = self._day_begin_s(at_s, form.day_start_s)
        soon_s = at_s + self._policy.reset_late_s_max
        day = CounterDay(begin_s, resets_early=self._day_begin_s(soon_s, form.day_start_s) != begin_s)
        return Reading(at_s, value_mm, source, None, day)

    def _day_begin_s(self, at_s: int, day_start_s: int) -> int:
        """Begin of the rain day that a time belongs to; the moment itself ends the old day."""
        ahead_s = day_start_s - self._offset_s(at_s)
        begin_s = (at_s - 1 - ahead_s) // DAY_S * DAY_S + ahead_s
        # On the day that the clock moves the day began by the clock of before.
        moved_s = self._offset_s(at_s) - self._offset_s(begin_s)
        return begin_s + moved_s if begin_s + moved_s < at_s else begin_s

    def _offset_s(self, at_s: int) -> int:
        """How far the local clock is ahead of UTC at a time."""
        offsets = self._policy.offsets
        place = bisect_right(offsets, (at_s, DAY_S)) - 1 if offsets else -1
        return offsets[place][1] if place >= 0 else self._policy.utc_offset_s

    def _increments(self, risen: "_Risen") -> list[Increments]:
        """Rises in order; what overlaps an earlier one of its station comes in a later turn."""
        if not risen.station:
            return []
        station = np.array(risen.station, dtype=np.int32)
        begin_s, end_s = np.array(risen.begin_s, dtype=np.int64), np.array(risen.end_s, dtype=np.int64)
        rain_mm = np.array(risen.rain_mm, dtype=np.float64)
        gap_s = end_s - begin_s
        is_observed: BoolArray = gap_s <= self._policy.gap_s_max
        is_long = np.flatnonzero(gap_s > self._spread_s_max)
        begin_s[is_long] = end_s[is_long] - self._spread_s_max
        rain_mm[is_long] = rain_mm[is_long] * self._spread_s_max / gap_s[is_long]
        goes_back = (station[1:] == station[:-1]) & (_minutes(begin_s[1:]) < _minutes(end_s[:-1]))
        if not goes_back.any():  # the usual case
            return [Increments(station, begin_s, end_s, rain_mm, is_observed)]
        so_far = np.concatenate([[0], np.cumsum(goes_back)])
        is_first = np.concatenate([[True], station[1:] != station[:-1]])
        turn = so_far - so_far[is_first][np.cumsum(is_first) - 1]
        rows = [np.flatnonzero(turn == number) for number in range(int(turn.max()) + 1)]
        return [
            Increments(station[own], begin_s[own], end_s[own], rain_mm[own], is_observed[own]) for own in rows
        ]


class _Risen:
    """Rises of many counters, column by column: by station, then in order."""

    def __init__(self) -> None:
        self.station: list[int] = []
        self.begin_s: list[int] = []
        self.end_s: list[int] = []
        self.rain_mm: list[float] = []

    def add(self, station: int, begin_s: int, end_s: int, rain_mm: float) -> None:
        """One more."""
        self.station.append(station)
        self.begin_s.append(begin_s)
        self.end_s.append(end_s)
        self.rain_mm.append(rain_mm)


def _minute(time_s: int) -> int:
    return -(-time_s // MINUTE_S)


def _minutes(time_s: Int64Array) -> Int64Array:
    """The same of many."""
    minutes: Int64Array = -(-time_s // MINUTE_S)
    return minutes


def _row_of(track: Track) -> tuple[float, ...]:
    """A total as numbers; seconds and sources are whole and far below 2**53."""
    return (
        track.value_mm,
        track.at_s,
        track.source,
        track.start_mm,
        track.begun_s,
        track.is_new,
        track.is_over,
    )


def _track_of(columns: list[float]) -> Track:
    value_mm, at_s, source, start_mm, begun_s, is_new, is_over = columns
    return Track(value_mm, int(at_s), int(source), start_mm, int(begun_s), bool(is_new), bool(is_over))
