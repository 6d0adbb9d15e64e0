"""Which level each hazard has reached in every village, and why.

A hazard that fails holds its levels, is reported, and silences no other.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from warnstream.assessment.stations import Arrays, StationState
from warnstream.assessment.villages import Sight
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
from warnstream.lifecycle.hysteresis import LevelState, LevelStep
from warnstream.model.arrays import Int32Array, Int64Array
from warnstream.model.changes import Change, LevelChange, Reason
from warnstream.model.errors import describe
from warnstream.model.indicators import (
    UNIT_OF_INDICATOR,
    HazardLevels,
    Indicator,
    VillageAntecedent,
    VillageRain,
)
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules import FireTable, HazardRule, LandslideRain, SlopeTable, WaterloggingTable
from warnstream.model.station_quality import DOUBT, StationQuality
from warnstream.model.times import HOUR_S
from warnstream.villages.zones import worst_of_zones, worst_place

RAIN_EVALUATORS: dict[str, Callable[[HazardRule, VillageRain], HazardLevels]] = {
    "rainstorm": rainstorm.evaluate,
    "critical_rainfall": critical_rainfall.evaluate,
}
"""Evaluators that judge rain over durations; `Judgement` knows the others."""

ANTECEDENT_INDICATORS = frozenset(landslide_rain.CRITERIA)
"""Indicators whose coverage is that of the past weeks, not of one window."""
RAIN_INDICATORS = ANTECEDENT_INDICATORS | {Indicator.RAIN}
"""Indicators that rest on rain gauges, whose quality is known beside that of their readings."""
ANTECEDENT_COVERAGE_MIN = 0.5
"""Below it the states are still filling: certainty is lower."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the hazards of one step are judged by; `antecedent` is None where no rule asks for it."""

    stations: StationState
    rain: VillageRain
    antecedent: VillageAntecedent | None
    sight: Sight
    quality: StationQuality
    now_s: int

    def is_doubtful(self, indicator: Indicator, station: int, place: int, since_s: int) -> bool:
        """Whether readings since a time, the gauge or too few gauges leave a level unconfirmed."""
        by_readings = since_s <= self.stations.doubtful_until_s(indicator, station)
        if indicator not in RAIN_INDICATORS:
            return by_readings
        by_gauge = bool(self.quality.flags[station] & np.uint16(DOUBT))
        return by_readings or by_gauge or bool(self.sight.is_partly_blind[place])


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What was found over places, and which place speaks for each village, shape (n_villages,)."""

    found: HazardLevels
    place: Int64Array


class Judgement:
    """The rules of one network and the level that each has reached in every village."""

    def __init__(self, network: Network, rules: tuple[HazardRule, ...]) -> None:
        self._network = network
        self._places = network.places
        self._rules = rules
        self._without_thresholds = {rule.name for rule in rules if not _has_thresholds(rule)}
        self.levels = {rule.name: LevelState(len(network.villages)) for rule in rules}
        self._by_rain: dict[str, tuple[VillageRain, VillageAntecedent | None, HazardLevels]] = {}

    def step(self, sources: Sources, failures: dict[str, str]) -> list[LevelChange]:
        """Changes of all hazards, in the order of the rules; `failures` takes those that failed."""
        changes: list[LevelChange] = []
        for rule in self._rules:
            changes += self._judge(rule, sources, failures)
        return changes

    def snapshot(self) -> dict[str, Arrays]:
        """State as named arrays, hazard by hazard."""
        return {f"level.{name}": dict(state.snapshot()) for name, state in self.levels.items()}

    def restore(self, state: dict[str, Arrays]) -> None:
        """Take up a snapshot. KeyError if it was taken with other rules."""
        for name, level in self.levels.items():
            level.restore(state[f"level.{name}"])

    def _judge(self, rule: HazardRule, sources: Sources, failures: dict[str, str]) -> list[LevelChange]:
        """Changes of one hazard. The one place where a hazard's failure is caught."""
        state = self.levels[rule.name]
        try:
            found = self._evaluate(rule, sources)
            place = worst_place(found, self._places.first_of_village)
            of_villages = worst_of_zones(found, place, self._places.first_of_village)
        except Exception as error:  # noqa: BLE001  # one hazard failing never silences another
            failures[rule.name] = describe(error)
            return self._changes(rule, state.hold(), None, sources)
        step = state.step(of_villages, rule.lowering, sources.now_s)
        return self._changes(rule, step, _Spoken(found, place), sources)

    def _evaluate(self, rule: HazardRule, sources: Sources) -> HazardLevels:
        if rule.name in self._without_thresholds:
            raise ValueError("its table has no value at all: no rain, stage or movement could reach a level")
        if rule.evaluator in RAIN_EVALUATORS or isinstance(rule.thresholds, LandslideRain):
            return self._evaluate_by_rain(rule, sources.rain, sources.antecedent)
        n_places = len(self._places)
        if isinstance(rule.thresholds, FireTable):
            fire = sources.stations.fire
            assert fire is not None, "planned for from the rules"
            return forest_fire.evaluate(rule, fire.index())
        if isinstance(rule.thresholds, SlopeTable):
            return slope_movement.evaluate(rule, sources.stations.sensors.samples(), n_places, sources.now_s)
        if isinstance(rule.thresholds, WaterloggingTable):
            return waterlogging.evaluate(
                rule, sources.rain, sources.stations.sensors.samples(), n_places, sources.now_s
            )
        return river_stage.evaluate(rule, sources.stations.stages_of(rule), n_places, sources.now_s)

    def _evaluate_by_rain(
        self, rule: HazardRule, rain: VillageRain, antecedent: VillageAntecedent | None
    ) -> HazardLevels:
        """By rain alone: what was found last stands while its sources are the same objects."""
        last = self._by_rain.get(rule.name)
        if last is not None and last[0] is rain and last[1] is antecedent:
            return last[2]
        if isinstance(rule.thresholds, LandslideRain):
            assert antecedent is not None, "planned for from the rules"
            found = landslide_rain.evaluate(rule, rain, antecedent)
        else:
            found = RAIN_EVALUATORS[rule.evaluator](rule, rain)
        self._by_rain[rule.name] = rain, antecedent, found
        return found

    def _changes(
        self,
        rule: HazardRule,
        step: LevelStep,
        spoken: _Spoken | None,
        sources: Sources,
    ) -> list[LevelChange]:
        """One `LevelChange` per village whose level moved, or that lost or regained sight of a level."""
        now_s = sources.now_s
        moved = step.level != step.previous
        sight = (step.is_blind != step.was_blind) & (step.level > 0) & ~moved
        changes = []
        for village in np.flatnonzero(moved | sight):
            level, previous = Level(int(step.level[village])), Level(int(step.previous[village]))
            reason = self._reason(rule, int(village), spoken, sources) if spoken is not None else None
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

    def _reason(self, rule: HazardRule, village: int, spoken: _Spoken, sources: Sources) -> Reason | None:
        """Why the evaluator gave this village its level; None where it gave none."""
        found, place = spoken.found, int(spoken.place[village])
        if found.level[place] == 0:
            return None
        station = int(found.station[place])
        indicator = Indicator(int(found.indicator[place]))
        duration_s = int(found.duration_s[place])
        observed_at_s = sources.stations.observed_at_s(indicator)[station]
        coverage = _coverage(sources, place, indicator, duration_s)
        is_warming_up = indicator in ANTECEDENT_INDICATORS and coverage < ANTECEDENT_COVERAGE_MIN
        is_doubtful = sources.is_doubtful(indicator, station, place, int(observed_at_s - duration_s))
        return Reason(
            indicator=indicator.word,
            station=self._network.stations.code[station],
            value=round(float(found.value[place]), 3),
            threshold=round(float(found.threshold[place]), 3),
            unit=UNIT_OF_INDICATOR[indicator],
            duration_s=duration_s,
            forecast_value=round(float(found.forecast_value[place]), 3),
            lead_s=int(found.lead_s[place]),
            observed_until_s=int(observed_at_s),
            coverage=round(coverage, 3),
            confirmed=bool(found.is_confirmed[place])
            and not (is_doubtful or found.is_blind[place] or is_warming_up),
            source=rule.source,
            zone=self._places.zone[place],
        )


def _kinds(level: Level, previous: Level, *, was_blind: bool) -> tuple[Change, ...]:
    """What to tell of a village that moved, or whose sight changed while its level stood.

    A level can fall in the very step in which sight returns; that is told first.
    """
    if level > previous:
        return (Change.RISE,)
    if level < previous:
        return (Change.SIGHT_REGAINED, Change.FALL) if was_blind else (Change.FALL,)
    return (Change.SIGHT_REGAINED,) if was_blind else (Change.SIGHT_LOST,)


def _has_thresholds(rule: HazardRule) -> bool:
    """Whether any value of a hazard's tables is a number.

    A table of NaN would look like fine weather: levels would fall, and nobody would know.
    """
    table = rule.thresholds
    tables = [table, table.rain] if isinstance(table, WaterloggingTable) else [table]
    names = ("critical_mm", "critical_m", "critical_cm", "critical")
    values = [getattr(one, name) for one in tables for name in names if hasattr(one, name)]
    return not values or any(bool(np.isfinite(value).any()) for value in values)


def durations_of(rules: tuple[HazardRule, ...]) -> Int32Array:
    """Every duration that any rule reads, ascending; one hour always, for lowering."""
    needed = {HOUR_S}
    for rule in rules:
        if rule.evaluator in RAIN_EVALUATORS:
            needed |= rain_table.durations_needed(rule)
        elif isinstance(rule.thresholds, WaterloggingTable):
            needed |= rain_table.durations_needed(waterlogging.rain_rule(rule))
    return np.array(sorted(needed), dtype=np.int32)


def _coverage(sources: Sources, place: int, indicator: Indicator, duration_s: int) -> float:
    """Share of the past observed that an indicator rests on."""
    if indicator is Indicator.RAIN:
        column = int(np.searchsorted(sources.rain.duration_s, duration_s))
        return float(sources.rain.coverage[place, column])
    if indicator in ANTECEDENT_INDICATORS and sources.antecedent is not None:
        return float(sources.antecedent.coverage[place])
    return 1.0
