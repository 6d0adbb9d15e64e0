"""The first machine: readings and time in, changes of village levels out.

`Assessment.step` is the path of a reading through the first six stages, in
order. It is pure: the same batches at the same times give the same changes,
byte for byte, which is how a disaster is replayed and reviewed.

A hazard that fails holds its levels, is reported, and silences no other. The
cost of a step hardly depends on the number of readings: everything that
arrived since the last step is one batch.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from warnstream.forecast.nowcast import GaugeNowcast
from warnstream.hazards import (
    critical_rainfall,
    forest_fire,
    landslide_rain,
    rain_table,
    rainstorm,
    river_stage,
    slope_movement,
    waterlogging,
)
from warnstream.ingest.counters import RainCounters
from warnstream.ingest.duplicates import DuplicateFilter
from warnstream.lifecycle.hysteresis import LevelState, LevelStep
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array
from warnstream.model.changes import Change, LevelChange, Reason
from warnstream.model.forecast import RainAhead
from warnstream.model.indicators import (
    LEADS_S,
    UNIT_OF_INDICATOR,
    GaugeStage,
    HazardLevels,
    Indicator,
    VillageAntecedent,
    VillageRain,
)
from warnstream.model.level import Level
from warnstream.model.network import Network, StationWeights
from warnstream.model.policies import CounterPolicy, QualityPolicy, WindowPolicy
from warnstream.model.readings import COUNTERS, UNUSABLE, Flag, ReadingBatch, Variable
from warnstream.model.rules import (
    CriticalStage,
    FireTable,
    HazardRule,
    LandslideRain,
    SlopeTable,
    WaterloggingTable,
)
from warnstream.model.times import DAY_S, HOUR_S
from warnstream.quality.checks import QualityControl
from warnstream.villages.combine import combine, greatest, weighted_mean
from warnstream.windows.antecedent import AntecedentPlan, AntecedentRain
from warnstream.windows.fire_weather import FireWeather
from warnstream.windows.rain_window import Accumulation, RainWindow
from warnstream.windows.sensor_series import SensorSeries
from warnstream.windows.soil_water import soil_water_ahead
from warnstream.windows.stage_series import StageSeries

RAIN_EVALUATORS: dict[str, Callable[[HazardRule, VillageRain], HazardLevels]] = {
    "rainstorm": rainstorm.evaluate,
    "critical_rainfall": critical_rainfall.evaluate,
}
"""Evaluators that judge rain over durations; `_evaluate` knows the others."""


ANTECEDENT_INDICATORS = frozenset(landslide_rain.CRITERIA)
"""Indicators whose coverage is that of the past weeks, not of one window."""
ANTECEDENT_COVERAGE_MIN = 0.5
"""Below it the states are still filling: certainty is lower."""


@dataclass(frozen=True, slots=True)
class AssessmentStep:
    """What one step found.

    Attributes
    ----------
    changes : list of LevelChange
        In the order of the rules, then of the villages.
    flags : UInt16Array, shape (n_readings,)
        `Flag` bits of the batch, row by row.
    is_reporting : BoolArray, shape (n_stations,)
    rain : VillageRain
        What the villages were judged by; `rain.is_blind` names those whose own gauges are silent.
    failures : dict
        Hazard (or ``forecast``) -> error text, of those that could not be evaluated.
    forecast : RainAhead or None
        A nowcast that was made at this step.
    """

    changes: list[LevelChange]
    flags: UInt16Array
    is_reporting: BoolArray
    rain: VillageRain
    failures: dict[str, str]
    forecast: RainAhead | None


@dataclass(frozen=True, slots=True)
class Sources:
    """What the hazards of one step are judged by; `antecedent` is None where no rule asks for it."""

    rain: VillageRain
    antecedent: VillageAntecedent | None
    now_s: int


@dataclass(frozen=True, slots=True)
class Weights:
    """Which stations speak for a village, and which when those are silent."""

    own: StationWeights
    fallback: StationWeights


class Assessment:
    """Levels of the villages of one network.

    Parameters
    ----------
    network : Network
    rules : tuple of HazardRule
    weights : Weights
    windows, quality : WindowPolicy, QualityPolicy
    nowcast : GaugeNowcast or None
        None: no forecast is made, only what has been observed reaches a level.
    counters : CounterPolicy, optional
    """

    def __init__(
        self,
        network: Network,
        rules: tuple[HazardRule, ...],
        *,
        weights: Weights,
        windows: WindowPolicy,
        quality: QualityPolicy,
        nowcast: GaugeNowcast | None,
        counters: CounterPolicy | None = None,
    ) -> None:
        stations, n_villages = network.stations, len(network.villages)
        self._plan = _antecedent_plan(rules)
        span_s = windows.longest_s + windows.lateness_s_max
        if self._plan is not None:
            span_s = max(span_s, AntecedentRain.span_s(windows.lateness_s_max))
        self._network = network
        self._rules = rules
        self._weights = weights
        self._windows = windows
        noon_s = [rule.thresholds.noon_s for rule in rules if isinstance(rule.thresholds, FireTable)]
        self._fire = FireWeather(len(stations), noon_s[0]) if noon_s else None
        if self._fire is not None:
            span_s = max(span_s, 2 * DAY_S)
        self._duplicates = DuplicateFilter(len(stations), span_s=span_s + windows.future_s_max)
        self._quality = QualityControl(stations, quality)
        self._rain = RainWindow(
            stations.interval_s, span_s=span_s + windows.future_s_max, grace_s=windows.grace_s
        )
        self._antecedent = (
            AntecedentRain(len(stations), self._plan, lateness_s=windows.lateness_s_max)
            if self._plan is not None
            else None
        )
        self._counters = RainCounters(
            len(stations),
            counters or CounterPolicy(),
            rain_mm_per_min_max=quality.rain_mm_per_min_max,
            spread_s_max=windows.longest_s,
        )
        self._village_antecedent: tuple[tuple[int, int, bytes], VillageAntecedent] | None = None
        self._stages = StageSeries(len(stations))
        self._sensors = SensorSeries(_sensors(rules), len(stations))
        self._duration_s = _durations(rules)
        self._levels = {rule.name: LevelState(n_villages) for rule in rules}
        self._nowcast = nowcast
        self._nowcast_at_s = -DAY_S
        self._ahead_mm: Float64Array = np.full((n_villages, len(LEADS_S)), np.nan)
        self._doubtful_until_s: Int64Array = np.full(len(stations), -1, dtype=np.int64)
        self._now_s = -1

    @property
    def now_s(self) -> int:
        """Time of the last step; -1 before the first."""
        return self._now_s

    def level(self, hazard: str) -> LevelState:
        """Levels of all villages for one hazard."""
        return self._levels[hazard]

    def accumulate(self, duration_s: Int32Array) -> Accumulation:
        """Rain of every station over durations, as of the last step."""
        return self._rain.accumulate(duration_s, self._now_s)

    def last_observed_s(self) -> Int64Array:
        """Newest observation of each station, rain or stage, shape (n_stations,).

        Of stations that have neither it is that of their slope and depth sensors.
        """
        stations = self._network.stations
        gauges = np.maximum(self._rain.last_observed_s, self._stages.observed_at_s)
        return np.where(stations.measures_rain | stations.measures_stage, gauges, self._sensors.observed_at_s)

    def step(self, readings: ReadingBatch, now_s: int) -> AssessmentStep:
        """Take everything that arrived since the last step and judge every village.

        Raises
        ------
        ValueError
            If `now_s` lies before the time of the last step.
        """
        if now_s < self._now_s:
            raise ValueError(f"time only moves forward: step at {now_s} after one at {self._now_s}")
        self._now_s = now_s
        failures: dict[str, str] = {}

        self._rain.advance(now_s)
        flags = self._check(readings, now_s)
        self._count(readings, flags, now_s)
        is_reporting = self._is_reporting(now_s)
        accumulation = self._rain.accumulate(self._duration_s, now_s)
        forecast = self._forecast(now_s, failures)
        rain = self._rain_of_villages(accumulation, is_reporting)
        sources = Sources(rain, self._antecedent_of_villages(rain, is_reporting), now_s)
        changes: list[LevelChange] = []
        for rule in self._rules:
            changes += self._judge(rule, sources, failures)

        return AssessmentStep(changes, flags, is_reporting, rain, failures, forecast)

    def snapshot(self) -> dict[str, dict[str, np.ndarray]]:
        """State as named arrays; `restore` of it continues exactly."""
        scalars = np.array([self._now_s, self._nowcast_at_s], dtype=np.int64)
        return {
            "rain": dict(self._rain.snapshot()),
            "stages": dict(self._stages.snapshot()),
            "fire": {} if self._fire is None else dict(self._fire.snapshot()),
            "sensors": dict(self._sensors.snapshot()),
            "antecedent": {} if self._antecedent is None else dict(self._antecedent.snapshot()),
            "duplicates": dict(self._duplicates.snapshot()),
            "quality": dict(self._quality.snapshot()),
            "counters": dict(self._counters.snapshot()),
            "assessment": {
                "scalars": scalars,
                "ahead_mm": self._ahead_mm.copy(),
                "doubtful_until_s": self._doubtful_until_s.copy(),
            },
            **{f"level.{name}": dict(state.snapshot()) for name, state in self._levels.items()},
        }

    def restore(self, state: dict[str, dict[str, np.ndarray]]) -> None:
        """Take up a snapshot.

        Raises
        ------
        ValueError, KeyError
            If it was taken with another network or other rules; nothing may be assumed then.
        """
        self._rain.restore(state["rain"])
        self._stages.restore(state["stages"])
        self._sensors.restore(state["sensors"])
        if self._fire is not None:
            self._fire.restore(state["fire"])
        if self._antecedent is not None:
            self._antecedent.restore(state["antecedent"])
            self._village_antecedent = None
        self._duplicates.restore(state["duplicates"])
        self._quality.restore(state["quality"])
        self._counters.restore(state["counters"])
        for name, level in self._levels.items():
            level.restore(state[f"level.{name}"])
        own = state["assessment"]
        self._now_s, self._nowcast_at_s = (int(number) for number in own["scalars"])
        self._ahead_mm[:] = own["ahead_mm"]
        self._doubtful_until_s[:] = own["doubtful_until_s"]

    def _check(self, readings: ReadingBatch, now_s: int) -> UInt16Array:
        """Flags of the batch; only readings that pass one check reach the next."""
        flags = self._quality.check_range(readings)
        age_s = now_s - readings.observed_at_s
        flags[age_s < -self._windows.future_s_max] |= np.uint16(Flag.FUTURE)
        flags[age_s > self._windows.lateness_s_max] |= np.uint16(Flag.TOO_LATE)
        flags[age_s > self._windows.silent_after_s] |= np.uint16(Flag.LATE)
        rain = np.flatnonzero((readings.variable == Variable.RAIN) & ((flags & UNUSABLE) == 0))
        repeated = self._duplicates.mark(readings.station[rain], readings.observed_at_s[rain])
        flags[rain[repeated]] |= np.uint16(Flag.DUPLICATE)
        usable = np.flatnonzero((flags & UNUSABLE) == 0)
        flags[usable] |= self._quality.check_series(readings.select(usable))
        doubtful = np.flatnonzero(flags & (Flag.STEP | Flag.STUCK))
        np.maximum.at(self._doubtful_until_s, readings.station[doubtful], readings.observed_at_s[doubtful])
        return flags

    def _count(self, readings: ReadingBatch, flags: UInt16Array, now_s: int) -> None:
        """Bring usable readings into the windows and into what is kept beside them."""
        changed_from_s = self._count_rain(readings, flags)
        usable = readings.select((flags & UNUSABLE) == 0)
        stage = usable.select(usable.variable == Variable.STAGE)
        self._stages.add(stage.station, stage.observed_at_s, stage.value)
        self._sensors.add(usable)
        if self._fire is not None:
            self._fire.advance(self._rain, now_s)
            self._fire.add(usable, now_s)
        if self._antecedent is not None:
            self._antecedent.advance(self._rain, now_s, changed_from_s)

    def _count_rain(self, readings: ReadingBatch, flags: UInt16Array) -> int | None:
        """Rain into the windows; flags what a counter has accounted for already.

        Amounts go first: a counter then adds only what they leave open, so no
        rain is counted twice whatever a station reports. Returns the earliest
        time whose rain changed, None if none did.
        """
        usable = (flags & UNUSABLE) == 0
        rows = np.flatnonzero(usable & (readings.variable == Variable.RAIN))
        rows = rows[~self._is_superseded(readings.select(rows), flags, rows)]
        rain = readings.select(rows)
        self._rain.add(rain.station, rain.observed_at_s, rain.value, rain.interval_s)
        own_s = self._network.stations.interval_s[rain.station]
        begins = [rain.observed_at_s - np.where(rain.interval_s > 0, rain.interval_s, own_s)]
        for variable in COUNTERS:
            rows = np.flatnonzero(usable & (readings.variable == variable))
            if len(rows):
                grown, flags_of_counter = self._counters.step(variable, readings.select(rows))
                flags[rows] |= flags_of_counter
                self._rain.reconcile(
                    grown.station, grown.begin_s, grown.end_s, grown.rain_mm, grown.is_observed
                )
                begins.append(grown.begin_s)
        begin_s = np.concatenate(begins)
        return int(begin_s.min()) if len(begin_s) else None

    def _is_superseded(self, rain: ReadingBatch, flags: UInt16Array, rows: Int64Array) -> BoolArray:
        """Which amounts, shape (n,), fell in minutes that a counter has accounted for."""
        superseded: BoolArray = self._counters.is_counted(rain.station)
        if superseded.any():
            superseded &= self._rain.has_observed(rain.station, rain.observed_at_s, rain.interval_s)
            flags[rows[superseded]] |= np.uint16(Flag.SUPERSEDED)
        return superseded

    def _is_reporting(self, now_s: int) -> BoolArray:
        silent_for_s = now_s - self.last_observed_s() - self._network.stations.interval_s
        return silent_for_s <= self._windows.silent_after_s

    def _forecast(self, now_s: int, failures: dict[str, str]) -> RainAhead | None:
        """A nowcast when one is due; a failing one is no rain known ahead, and is reported."""
        if self._nowcast is None or now_s - self._nowcast_at_s < self._nowcast.every_s:
            return None
        self._nowcast_at_s = now_s
        try:
            frames = self._rain.frames(self._nowcast.frames_wanted, self._nowcast.frame_s, now_s)
            forecast = self._nowcast.rain_ahead(frames)
        except Exception as error:  # noqa: BLE001  # the nowcast failing must not silence the observed rain
            failures["forecast"] = _describe(error)
            self._ahead_mm[:] = np.nan
            return None
        self._ahead_mm = forecast.rain_mm
        return forecast

    def _rain_of_villages(self, accumulation: Accumulation, is_reporting: BoolArray) -> VillageRain:
        combined = combine(
            self._weights.own,
            self._weights.fallback,
            accumulation.rain_mm,
            accumulation.coverage,
            is_reporting,
        )
        return VillageRain(
            duration_s=self._duration_s,
            rain_mm=combined.rain_mm,
            coverage=combined.coverage,
            is_blind=combined.is_blind,
            ahead_mm=self._ahead_mm,
            station_rain_mm=accumulation.rain_mm,
            weights=combined.weights,
        )

    def _antecedent_of_villages(self, rain: VillageRain, is_reporting: BoolArray) -> VillageAntecedent | None:
        """Soil water and its kin by the weights that the rain of the villages has.

        They change every ten minutes, with a nowcast, or when a station falls
        silent; in between the last ones stand.
        """
        if self._antecedent is None or self._plan is None:
            return None
        key = (self._antecedent.version, self._nowcast_at_s, is_reporting.tobytes())
        if self._village_antecedent is None or self._village_antecedent[0] != key:
            self._village_antecedent = key, self._combine_antecedent(self._antecedent, self._plan, rain)
        return self._village_antecedent[1]

    def _combine_antecedent(
        self, stations: AntecedentRain, plan: AntecedentPlan, rain: VillageRain
    ) -> VillageAntecedent:
        states = stations.states()
        columns = np.vstack(
            [
                states.tanks_mm,
                states.effective_mm,
                states.antecedent_mm,
                states.weighted_mm[None],
                states.event_mm,
            ]
        ).T
        value, covered = weighted_mean(
            rain.weights, columns, np.broadcast_to(states.coverage[:, None], columns.shape)
        )
        tanks_mm = value[:, :3].T
        n_lives, n_ratios = len(plan.half_life_s), len(plan.api_ratio)
        effective, api = value[:, 3:], value[:, 3 + n_lives :]
        event_mm = api[:, n_ratios + 1 :]
        return VillageAntecedent(
            soil_water_mm=tanks_mm.sum(axis=0),
            soil_water_ahead_mm=soil_water_ahead(tanks_mm, self._ahead_mm),
            coverage=covered[:, 0],
            effective_mm={life: effective[:, index] for index, life in enumerate(plan.half_life_s)},
            antecedent_mm={ratio: api[:, index] for index, ratio in enumerate(plan.api_ratio)},
            weighted_mm=api[:, n_ratios],
            event_mm={gap: event_mm[:, index] for index, gap in enumerate(plan.dry_gap_s)},
            event_s={
                gap: greatest(rain.weights, states.event_s[index]) for index, gap in enumerate(plan.dry_gap_s)
            },
        )

    def _judge(self, rule: HazardRule, sources: Sources, failures: dict[str, str]) -> list[LevelChange]:
        """Changes of one hazard. The one place where a hazard's failure is caught."""
        state = self._levels[rule.name]
        try:
            found = self._evaluate(rule, sources)
        except Exception as error:  # noqa: BLE001  # one hazard failing never silences another
            failures[rule.name] = _describe(error)
            return self._changes(rule, state.hold(), None, sources)
        return self._changes(rule, state.step(found, rule.lowering, sources.now_s), found, sources)

    def _evaluate(self, rule: HazardRule, sources: Sources) -> HazardLevels:
        if rule.evaluator in RAIN_EVALUATORS:
            return RAIN_EVALUATORS[rule.evaluator](rule, sources.rain)
        if isinstance(rule.thresholds, LandslideRain):
            assert sources.antecedent is not None, "planned for from the rules"
            return landslide_rain.evaluate(rule, sources.rain, sources.antecedent)
        n_villages = len(self._network.villages)
        if isinstance(rule.thresholds, FireTable):
            assert self._fire is not None, "planned for from the rules"
            return forest_fire.evaluate(rule, self._fire.index())
        if isinstance(rule.thresholds, SlopeTable):
            return slope_movement.evaluate(rule, self._sensors.samples(), n_villages, sources.now_s)
        if isinstance(rule.thresholds, WaterloggingTable):
            return waterlogging.evaluate(
                rule, sources.rain, self._sensors.samples(), n_villages, sources.now_s
            )
        return river_stage.evaluate(rule, self._stages_of(rule), n_villages, sources.now_s)

    def _stages_of(self, rule: HazardRule) -> GaugeStage:
        """Newest stages; with the rise of the gauges that the rule names if it looks ahead."""
        table = rule.thresholds
        assert isinstance(table, CriticalStage)
        rise_m_per_h: Float64Array = np.full(len(self._network.stations), np.nan)
        if rule.forecast_level_max > Level.NONE:
            gauges = np.unique(table.station)
            rise_m_per_h[gauges] = self._stages.rise_m_per_h(gauges, table.rise_window_s)
        return GaugeStage(self._stages.stage_m, self._stages.observed_at_s, rise_m_per_h)

    def _changes(
        self,
        rule: HazardRule,
        step: LevelStep,
        found: HazardLevels | None,
        sources: Sources,
    ) -> list[LevelChange]:
        """One `LevelChange` per village whose level moved, or that lost or regained sight of a level."""
        now_s = sources.now_s
        moved = step.level != step.previous
        sight = (step.is_blind != step.was_blind) & (step.level > 0) & ~moved
        changes = []
        for village in np.flatnonzero(moved | sight):
            level, previous = Level(int(step.level[village])), Level(int(step.previous[village]))
            reason = self._reason(rule, int(village), found, sources) if found is not None else None
            for kind in _kinds(level, previous, was_blind=bool(step.was_blind[village])):
                is_rise = kind is Change.RISE
                crossed_at_s = reason.observed_until_s if is_rise and reason is not None else now_s
                at_level = level if is_rise or kind is Change.FALL else previous
                changes.append(
                    LevelChange(
                        kind, rule.name, int(village), at_level, previous, now_s, crossed_at_s, reason
                    )
                )
        return changes

    def _reason(self, rule: HazardRule, village: int, found: HazardLevels, sources: Sources) -> Reason | None:
        """Why the evaluator gave this village its level; None where it gave none."""
        if found.level[village] == 0:
            return None
        station = int(found.station[village])
        indicator = Indicator(int(found.indicator[village]))
        duration_s = int(found.duration_s[village])
        observed_at_s = self._observed_at_s(indicator)[station]
        coverage = _coverage(sources, village, indicator, duration_s)
        is_warming_up = indicator in ANTECEDENT_INDICATORS and coverage < ANTECEDENT_COVERAGE_MIN
        is_doubtful = observed_at_s - duration_s <= self._doubtful_until_s[station]
        return Reason(
            indicator=indicator.word,
            station=self._network.stations.code[station],
            value=round(float(found.value[village]), 3),
            threshold=round(float(found.threshold[village]), 3),
            unit=UNIT_OF_INDICATOR[indicator],
            duration_s=duration_s,
            forecast_value=round(float(found.forecast_value[village]), 3),
            lead_s=int(found.lead_s[village]),
            observed_until_s=int(observed_at_s),
            coverage=round(coverage, 3),
            confirmed=bool(found.is_confirmed[village])
            and not (is_doubtful or found.is_blind[village] or is_warming_up),
            source=rule.source,
        )

    def _observed_at_s(self, indicator: Indicator) -> Int64Array:
        """Newest observation of each station that an indicator rests on."""
        if indicator is Indicator.STAGE:
            return self._stages.observed_at_s
        if indicator is Indicator.FIRE_WEATHER and self._fire is not None:
            return self._fire.observed_at_s
        if indicator >= Indicator.TILT_RATE:
            return self._sensors.observed_at_s
        return self._rain.last_observed_s


def _kinds(level: Level, previous: Level, *, was_blind: bool) -> tuple[Change, ...]:
    """What to tell of a village that moved, or whose sight changed while its level stood.

    A level can fall in the very step in which sight returns; that is told first.
    """
    if level > previous:
        return (Change.RISE,)
    if level < previous:
        return (Change.SIGHT_REGAINED, Change.FALL) if was_blind else (Change.FALL,)
    return (Change.SIGHT_REGAINED,) if was_blind else (Change.SIGHT_LOST,)


def _durations(rules: tuple[HazardRule, ...]) -> Int32Array:
    """Every duration that any rule reads, ascending; one hour always, for lowering."""
    needed = {HOUR_S}
    for rule in rules:
        if rule.evaluator in RAIN_EVALUATORS:
            needed |= rain_table.durations_needed(rule)
        elif isinstance(rule.thresholds, WaterloggingTable):
            needed |= rain_table.durations_needed(waterlogging.rain_rule(rule))
    return np.array(sorted(needed), dtype=np.int32)


def _sensors(rules: tuple[HazardRule, ...]) -> Int32Array:
    """Stations whose slope or depth sensors a rule names, ascending."""
    tables = [rule.thresholds for rule in rules]
    stations = [table.station for table in tables if isinstance(table, SlopeTable | WaterloggingTable)]
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int32), *stations]))


def _antecedent_plan(rules: tuple[HazardRule, ...]) -> AntecedentPlan | None:
    """What the rules ask of earlier rain; None if they ask nothing."""
    tables = [rule.thresholds for rule in rules if isinstance(rule.thresholds, LandslideRain)]
    if not tables:
        return None
    return AntecedentPlan(
        half_life_s=tuple(sorted({table.half_life_s for table in tables})),
        api_ratio=tuple(sorted({table.api_ratio for table in tables})),
        dry_gap_s=tuple(sorted({table.dry_gap_s for table in tables})),
    )


def _coverage(sources: Sources, village: int, indicator: Indicator, duration_s: int) -> float:
    """Share of the past observed that an indicator rests on."""
    if indicator is Indicator.RAIN:
        column = int(np.searchsorted(sources.rain.duration_s, duration_s))
        return float(sources.rain.coverage[village, column])
    if indicator in ANTECEDENT_INDICATORS and sources.antecedent is not None:
        return float(sources.antecedent.coverage[village])
    return 1.0


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
