"""Late readings that prove a level of the past which nobody was told of.

A reading that comes after its windows have moved on corrects them, but a peak
that has passed through them raises nothing any more. Here the past is judged
again where late readings fell: rain over the durations of tables, step by step,
and stages and depths as they were observed. What would have stood, and did not,
is a `PastCrossing` for the duty officer; it never raises a level now.

Limits: soil water and sums of days remember late rain by themselves; slopes,
fire weather, signs and rules of the operator's own are not judged again, nor
durations that are kept by days. Of wet ground the highest table counts, and steps are
of five minutes (ten where minutes are not kept): what is found is proven, what
is not found may have been. `PLACES_PER_STEP` places at most are judged at a step, the
others wait; they are part of the snapshot.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass

import numpy as np

from warnstream.assessment.stations import StationState
from warnstream.hazards.registry import kind_of
from warnstream.hazards.tables import levels_of, threshold_of
from warnstream.lifecycle.hysteresis import LevelState
from warnstream.model.arrays import (
    Arrays,
    BoolArray,
    Float64Array,
    Int32Array,
    Int64Array,
    UInt16Array,
    rows_where,
)
from warnstream.model.changes import PastCrossing
from warnstream.model.level import Level
from warnstream.model.network import Network, StationWeights
from warnstream.model.observations.readings import UM_PER_MM, UNUSABLE, ReadingBatch
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.policies import WindowPolicy
from warnstream.model.rules.rules import CriticalRain, HazardRule
from warnstream.model.times import HOUR_S, MINUTE_S

PLACES_PER_STEP = 128
STEP_S = 300
COARSE_STEP_S = 600
SAME_EVENT_S = 6 * HOUR_S
"""A crossing within that time of one that was told of is told of only if its level is higher."""

_NOTHING = np.iinfo(np.int64).max
_RAIN = list(Indicator.RAIN.info.variables)


@dataclass(frozen=True, slots=True)
class _Found:
    """A level that was reached in the past, at one place."""

    place: int
    level: int
    crossed_at_s: int
    station: int
    observed_at_s: int
    indicator: Indicator
    value: float
    threshold: float
    duration_s: int = 0


class LateProofs:
    """Past crossings of one network.

    Parameters
    ----------
    network : Network
    rules : tuple of HazardRule
    own : StationWeights
        Which gauges speak for each place.
    windows : WindowPolicy
    """

    def __init__(
        self, network: Network, rules: tuple[HazardRule, ...], own: StationWeights, windows: WindowPolicy
    ) -> None:
        self._network = network
        self._rules = rules
        self._own = own
        self._windows = windows
        self._step_s = STEP_S if windows.by_minute_s is None else COARSE_STEP_S
        self._village_of_place = network.places.village
        n_places, n_villages = len(self._village_of_place), len(network.villages)
        self._late_from_s: Int64Array = np.full(n_places, _NOTHING, dtype=np.int64)
        self._late_station: Int32Array = np.full(n_places, -1, dtype=np.int32)
        self._late_at_s: Int64Array = np.full(n_places, -1, dtype=np.int64)
        self._durations_s = {rule.name: self._judged_again_s(rule) for rule in rules}
        self._least_mm = {rule.name: self._least(rule) for rule in rules if self._durations_s[rule.name]}
        self._told_level = {rule.name: np.zeros(n_villages, dtype=np.uint8) for rule in rules}
        self._told_at_s = {rule.name: np.full(n_villages, -_NOTHING, dtype=np.int64) for rule in rules}

    def step(
        self,
        readings: ReadingBatch,
        flags: UInt16Array,
        stations: StationState,
        levels: dict[str, LevelState],
        now_s: int,
    ) -> tuple[PastCrossing, ...]:
        """Levels that readings of this step, or of steps before it, prove to have been reached.

        Parameters
        ----------
        readings : ReadingBatch
        flags : UInt16Array, shape (n_readings,)
        stations : StationState
            With these readings.
        levels : dict of str to LevelState
            After this step.
        now_s : int
        """
        late = self._late(readings, flags, now_s)
        found: list[PastCrossing] = []
        if len(late):
            self._mark(late)
            for rule in self._rules:
                found += self._tell(rule, self._by_sensors(rule, late, stations), levels[rule.name], now_s)
        waiting = rows_where(self._late_from_s < _NOTHING)[:PLACES_PER_STEP]
        if len(waiting):
            found += self._by_past_rain(waiting, stations, levels, now_s)
            self._late_from_s[waiting] = _NOTHING
        return tuple(found)

    def snapshot(self) -> dict[str, Arrays]:
        """State as named arrays."""
        waiting: Arrays = {
            "from_s": self._late_from_s.copy(),
            "station": self._late_station.copy(),
            "at_s": self._late_at_s.copy(),
        }
        told: dict[str, Arrays] = {
            f"late.{name}": {"level": self._told_level[name].copy(), "at_s": self._told_at_s[name].copy()}
            for name in self._told_level
        }
        return {"late": waiting, **told}

    def restore(self, state: dict[str, Arrays]) -> None:
        """Take up a snapshot; one of an older version knows of nothing late."""
        if "late" not in state:
            return
        self._late_from_s[:] = state["late"]["from_s"]
        self._late_station[:] = state["late"]["station"]
        self._late_at_s[:] = state["late"]["at_s"]
        for name in self._told_level:
            self._told_level[name][:] = state[f"late.{name}"]["level"]
            self._told_at_s[name][:] = state[f"late.{name}"]["at_s"]

    def _late(self, readings: ReadingBatch, flags: UInt16Array, now_s: int) -> ReadingBatch:
        """Usable readings that came after windows had moved on without them."""
        if len(readings) == 0:
            return readings
        due_s = self._network.stations.interval_s[readings.station] + self._windows.grace_s
        is_late = (now_s - readings.observed_at_s > due_s) & ((flags & UNUSABLE) == 0)
        return readings.select(is_late)

    def _mark(self, late: ReadingBatch) -> None:
        """Places that hear late rain wait to be judged again from when the first of it fell."""
        rain = late.select(np.isin(late.variable, _RAIN))
        if len(rain) == 0:
            return
        n_stations, own_s = len(self._network.stations), self._network.stations.interval_s[rain.station]
        from_s: Int64Array = np.full(n_stations, _NOTHING, dtype=np.int64)
        at_s: Int64Array = np.full(n_stations, -1, dtype=np.int64)
        begin_s = rain.observed_at_s - np.where(rain.interval_s > 0, rain.interval_s, own_s)
        np.minimum.at(from_s, rain.station, begin_s)
        np.maximum.at(at_s, rain.station, rain.observed_at_s)
        hears = self._own.weight > 0
        first_s = np.where(hears, from_s[self._own.station], _NOTHING)
        newest_s = np.where(hears, at_s[self._own.station], -1)
        np.minimum(self._late_from_s, first_s.min(axis=1, initial=_NOTHING), out=self._late_from_s)
        column = newest_s.argmax(axis=1)
        row = np.arange(len(column))
        is_newer = newest_s[row, column] > np.where(self._late_from_s < _NOTHING, self._late_at_s, -1)
        self._late_at_s[is_newer] = newest_s[row, column][is_newer]
        self._late_station[is_newer] = self._own.station[row, column][is_newer]

    def _by_sensors(self, rule: HazardRule, late: ReadingBatch, stations: StationState) -> Iterator[_Found]:
        """Stages and depths that came late, each against the rows of its sensor."""
        table = kind_of(rule).observed(rule)
        if table is None:
            return
        newest_s = stations.observed_at_s(table.indicator)
        own = late.select((late.variable == table.variable) & (late.observed_at_s < newest_s[late.station]))
        highest = own.select(_highest_of_each(own))  # the newest of all is judged as any other
        reading: Int32Array = np.full(len(self._network.stations), -1, dtype=np.int32)
        reading[highest.station] = np.arange(len(highest))
        rows = rows_where(reading[table.station] >= 0)
        of_row = reading[table.station[rows]]
        arriving = table.arriving(rows, highest.value[of_row])
        level = levels_of(arriving, table.critical[rows])
        threshold = threshold_of(table.critical[rows], level)
        for number in rows_where(level).tolist():
            at_s = int(highest.observed_at_s[of_row[number]])
            yield _Found(
                place=int(table.village[rows[number]]),
                level=int(level[number]),
                crossed_at_s=at_s,
                station=int(table.station[rows[number]]),
                observed_at_s=at_s,
                indicator=table.indicator,
                value=float(arriving[number]),
                threshold=float(threshold[number]),
            )

    def _judged_again_s(self, rule: HazardRule) -> tuple[int, ...]:
        """Durations of rain that can be worked out again: kept to the step, and not by days."""
        table = kind_of(rule).rain(rule)
        if table is None:
            return ()
        durations_s: list[int] = table.duration_s.tolist()
        longest_s, step_s = self._windows.longest_s, self._step_s
        return tuple(value for value in durations_s if value <= longest_s and value % step_s == 0)

    def _least(self, rule: HazardRule) -> Float64Array:
        """The least rain by which any of a rule's durations reaches a level, shape (n_places,)."""
        table = kind_of(rule).rain(rule)
        assert table is not None
        places = np.arange(len(self._village_of_place))
        columns = rows_where(np.isin(table.duration_s, self._durations_s[rule.name])).tolist()
        critical = np.stack([_highest(table, places, column) for column in columns], axis=1)
        return np.asarray(np.where(np.isnan(critical), np.inf, critical).min(axis=(1, 2)))

    def _by_past_rain(
        self, waiting: Int64Array, stations: StationState, levels: dict[str, LevelState], now_s: int
    ) -> list[PastCrossing]:
        """Crossings of all rules of rain at places where late rain fell, from one look at the past."""
        if not self._least_mm:
            return []
        longest_s = max(max(self._durations_s[name]) for name in self._least_mm)
        span_s = int(self._late_from_s[waiting].min()) - longest_s, now_s
        past = _Past(self._own_of(waiting), stations, span_s, self._step_s)
        found: list[PastCrossing] = []
        for rule in self._rules:
            if rule.name not in self._least_mm:
                continue
            # Most of what comes late is drizzle: all of it together reaches nothing.
            may = rows_where(past.most_mm >= self._least_mm[rule.name][waiting])
            if len(may):
                reached = self._by_rain(rule, waiting[may], past.of(may))
                found += self._tell(rule, reached, levels[rule.name], now_s)
        return found

    def _own_of(self, places: Int64Array) -> StationWeights:
        own = self._own
        return StationWeights(own.station[places], own.weight[places], own.distance_m[places])

    def _by_rain(self, rule: HazardRule, places: Int64Array, past: "_Past") -> Iterator[_Found]:
        """The highest level that rain reached at each place since late rain began to fall, when first."""
        kind = kind_of(rule)
        table = kind.rain(rule)
        assert table is not None
        going_on_mm = kind.rain_going_on_mm(rule)
        counts = None if going_on_mm is None else past.rain_mm(HOUR_S) >= going_on_mm
        for duration_s in self._durations_s[rule.name]:
            column = table.duration_s.tolist().index(duration_s)
            critical = _highest(table, places, column)
            rain_mm = past.rain_mm(duration_s)
            level = levels_of(rain_mm, np.broadcast_to(critical, (*rain_mm.shape, critical.shape[1])))
            level = np.where(past.ends_s[:, None] > self._late_from_s[places], level, 0)
            level = level if counts is None else np.where(counts, level, 0)
            for number in rows_where(np.asarray(level.any(axis=0))).tolist():
                highest = int(level[:, number].max())
                first = int(np.argmax(level[:, number] == highest))
                place = int(places[number])
                yield _Found(
                    place=place,
                    level=highest,
                    crossed_at_s=int(past.ends_s[first]),
                    station=int(self._late_station[place]),
                    observed_at_s=int(self._late_at_s[place]),
                    indicator=Indicator.RAIN,
                    value=float(rain_mm[first, number]),
                    threshold=float(critical[number, highest - 1]),
                    duration_s=duration_s,
                )

    def _tell(
        self, rule: HazardRule, found: Iterator[_Found], state: LevelState, now_s: int
    ) -> list[PastCrossing]:
        """Of every village the worst, where it neither stands, nor stood then, nor was told of."""
        worst: dict[int, _Found] = {}
        for crossing in found:
            village = int(self._village_of_place[crossing.place])
            if village not in worst or crossing.level > worst[village].level:
                worst[village] = crossing
        told_level, told_at_s = self._told_level[rule.name], self._told_at_s[rule.name]
        crossings = []
        for village, crossing in sorted(worst.items()):
            stood_until_s = (
                int(state.last_reached_s(Level(crossing.level))[village]) + rule.lowering.active_s_min
            )
            stood = crossing.level <= state.level[village] or stood_until_s >= crossing.crossed_at_s
            known = abs(crossing.crossed_at_s - int(told_at_s[village])) <= SAME_EVENT_S
            if stood or (known and crossing.level <= told_level[village]):
                continue
            told_level[village], told_at_s[village] = crossing.level, crossing.crossed_at_s
            crossings.append(
                PastCrossing(
                    hazard=rule.name,
                    village=village,
                    level=Level(crossing.level),
                    crossed_at_s=crossing.crossed_at_s,
                    proven_at_s=now_s,
                    station=self._network.stations.code[crossing.station],
                    observed_at_s=crossing.observed_at_s,
                    indicator=crossing.indicator.word,
                    value=round(crossing.value, 3),
                    threshold=round(crossing.threshold, 3),
                    unit=crossing.indicator.info.unit,
                    duration_s=crossing.duration_s,
                )
            )
        return crossings


class _Past:
    """Rain of some places over durations that ended in the past, as it is known now."""

    def __init__(
        self, own: StationWeights, stations: StationState, span_s: tuple[int, int], step_s: int
    ) -> None:
        first = span_s[0] // step_s
        self._n_steps = max(span_s[1] // step_s - first, 1)
        self._step_s = step_s
        self._weight = own.weight
        asked, number = np.unique(own.station, return_inverse=True)
        self._number = number.reshape(self._weight.shape)
        begin_min, step_min = first * step_s // MINUTE_S, step_s // MINUTE_S
        rain_mm, observed = stations.rain.steps(begin_min, self._n_steps, step_min, asked.astype(np.int32))
        # Whole micrometres add up exactly: a sum that equals its threshold reaches it, whatever fell before.
        rain_um = np.rint(rain_mm * UM_PER_MM)
        self._rain_um, self._observed = (
            np.vstack([np.zeros(len(asked)), np.cumsum(of_steps, axis=0)]) for of_steps in (rain_um, observed)
        )
        self.ends_s: Int64Array = (first + 1 + np.arange(self._n_steps)) * step_s

    @property
    def most_mm(self) -> Float64Array:
        """What no duration can exceed at a place: all rain of its wettest gauge, shape (n_places,)."""
        total_um = np.where(self._weight > 0, self._rain_um[-1][self._number], 0.0)
        return np.asarray(total_um.max(axis=1, initial=0.0) / UM_PER_MM)

    def of(self, rows: Int64Array) -> "_Past":
        """The same of some of its places."""
        part = copy(self)
        part._weight, part._number = self._weight[rows], self._number[rows]  # noqa: SLF001  # a copy of itself
        return part

    def rain_mm(self, duration_s: int) -> Float64Array:
        """Rain over a duration up to each of `ends_s`, shape (n_ends, n_places); NaN: nobody observed."""
        n = min(duration_s // self._step_s, self._n_steps)
        begin = np.maximum(np.arange(1, self._n_steps + 1) - n, 0)
        rain_um = self._rain_um[1:] - self._rain_um[begin]
        share = (self._observed[1:] - self._observed[begin]) / n
        weight = self._weight * share[:, self._number]
        total, covered = (weight * rain_um[:, self._number]).sum(axis=2), weight.sum(axis=2)
        known: BoolArray = covered > 0
        mean_um = np.rint(total / np.where(known, covered, 1.0))
        return np.where(known, mean_um / UM_PER_MM, np.nan)


def _highest_of_each(readings: ReadingBatch) -> Int64Array:
    """The row of each station's highest reading; of equal ones the earliest."""
    order = np.lexsort((readings.observed_at_s, -readings.value, readings.station))
    _, first = np.unique(readings.station[order], return_index=True)
    return np.asarray(order[first])


def _highest(table: CriticalRain, places: Int64Array, column: int) -> Float64Array:
    """Critical rain of some places on the ground on which most is critical, shape (n_places, 4)."""
    wetness, critical = table.wetness, table.critical_mm[places, column]
    for other in () if wetness is None else (wetness.dry_mm, wetness.wet_mm):
        critical = critical if other is None else np.fmax(critical, other[places, column])
    return np.asarray(critical)
