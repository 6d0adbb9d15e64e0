"""What hazards read: at one step, and what must be kept for them from step to step.

An evaluator has ``needs(rule)`` beside it: what nobody asks for is not kept. A
duration of rain up to the longest that is kept to the minute is one of those; a
longer one is a window of whole days (`warnstream.model.observations.days.over_duration`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from warnstream.hazards.expected.chances import Chances
from warnstream.model.alerts.relaying import NO_ALERTS, StandingAlerts
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, LevelArray
from warnstream.model.observations.days import DayWindow, over_duration
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.signs import VillageSigns
from warnstream.model.rules.indicators import (
    GaugeStage,
    HazardLevels,
    SensorSamples,
    VillageAntecedent,
    VillageRain,
)
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import HOUR_S

SLOW_SAMPLES, SLOW_SPACING_S = 48, 600
"""Eight hours at one sample in ten minutes; a sensor that is read by hand keeps 48 readings."""
QUICK_SAMPLES, QUICK_SPACING_S = 10, 60

NO_STATIONS: Int32Array = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class SeriesNeed:
    """The last samples of a variable at some stations, not closer together than a spacing.

    Of two needs of one variable the longer series and the closer spacing are kept.
    """

    variable: Variable
    station: Int32Array
    samples: int
    spacing_s: int


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """What one rule reads.

    Attributes
    ----------
    reads_rain : bool
        Rain of the villages, whatever else.
    duration_s : frozenset of int
        Durations that rain is accumulated over.
    ahead_of_s : frozenset of int
        Durations that a forecast completes: what has fallen of each before every lead is read, too.
    leads_s : frozenset of int
        Leads that are named: the forecast must have them.
    days : frozenset of DayWindow
        Windows of days that it is summed over.
    earlier_rain : bool
        Soil water and its kin; with their parameters:
    half_life_s, api_ratio, dry_gap_s : frozenset
    series : tuple of SeriesNeed
    stations : Int32Array
        Stations that the rule names: they count wherever they stand.
    threshold_range_m, stage_range_m : dict of int to (float, float)
        Lowest and highest threshold of gauges; low water and highest possible stage where a table says it.
    noon_s : int or None
        Fire weather of that noon, seconds after 00:00 UTC.
    hazards : frozenset of str
        Hazards whose levels are read.
    """

    reads_rain: bool = False
    duration_s: frozenset[int] = frozenset()
    ahead_of_s: frozenset[int] = frozenset()
    leads_s: frozenset[int] = frozenset()
    days: frozenset[DayWindow] = frozenset()
    earlier_rain: bool = False
    half_life_s: frozenset[int] = frozenset()
    api_ratio: frozenset[float] = frozenset()
    dry_gap_s: frozenset[int] = frozenset()
    series: tuple[SeriesNeed, ...] = ()
    stations: Int32Array = field(default_factory=lambda: NO_STATIONS)
    threshold_range_m: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    stage_range_m: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    noon_s: int | None = None
    hazards: frozenset[str] = frozenset()


def series_of(
    variables: Iterable[Variable], station: Int32Array, *, is_quick: bool = False
) -> tuple[SeriesNeed, ...]:
    """Samples of several variables at the same stations; quick: the last ten minutes, else hours."""
    samples, spacing_s = (QUICK_SAMPLES, QUICK_SPACING_S) if is_quick else (SLOW_SAMPLES, SLOW_SPACING_S)
    return tuple(SeriesNeed(variable, station, samples, spacing_s) for variable in variables)


@dataclass(frozen=True, slots=True)
class RequiredWindows:
    """Windows of one network.

    Attributes
    ----------
    duration_s : Int32Array, shape (n_durations,)
        Durations kept to the minute, ascending.
    days : tuple of DayWindow
        Windows kept by days, ascending.
    """

    duration_s: Int32Array
    days: tuple[DayWindow, ...]


def durations_of(needs: Sequence[Needs], leads_s: Sequence[int]) -> Int32Array:
    """Durations that rules read with a forecast of these leads, ascending; one hour always, for lowering."""
    needed = {HOUR_S}.union(*(need.duration_s for need in needs))
    completed = set[int]().union(*(need.ahead_of_s for need in needs))
    needed |= {duration_s - lead_s for duration_s in completed for lead_s in leads_s if duration_s > lead_s}
    return np.array(sorted(needed), dtype=np.int32)


def asked_windows(needs: Sequence[Needs], leads_s: Sequence[int], longest_s: int) -> RequiredWindows:
    """Windows that the rules read.

    Parameters
    ----------
    needs : sequence of Needs
        Of each rule.
    leads_s : sequence of int
        Of the forecast; empty without one.
    longest_s : int
        Longest that is kept to the minute.
    """
    duration_s = durations_of(needs, leads_s)
    by_minute = duration_s <= max(longest_s, HOUR_S)
    days = {over_duration(duration) for duration in duration_s[~by_minute].tolist()}
    return RequiredWindows(duration_s[by_minute], tuple(sorted(days.union(*(need.days for need in needs)))))


class Standing(Protocol):
    """Where a hazard stands: levels of villages, and where it sees nothing, shape (n_villages,)."""

    level: LevelArray
    is_blind: BoolArray


class Conditions(Protocol):
    """The conditions of all rules of the operator's own, shared."""

    def evaluate(self, rule: HazardRule, sources: "HazardSources") -> HazardLevels:
        """Level of every place by one rule."""
        ...


class StationSources(Protocol):
    """What hazards read of stations; each is worked out when it is asked for, and may fail alone."""

    def stages(self, gauges: Int32Array, window_s: int) -> GaugeStage:
        """Newest stages of all stations; with the rise of some gauges over a window."""
        ...

    def samples(self) -> SensorSamples:
        """Samples of every series that a rule reads."""
        ...

    def fire_weather(self) -> Float64Array:
        """Fire Weather Index of the last noon, shape (n_stations,); NaN where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class HazardSources:
    """Everything that hazards can read at one step.

    Attributes
    ----------
    rain : VillageRain
    antecedent : VillageAntecedent or None
        None where no rule asks for it.
    stations : StationSources
    signs : VillageSigns
    levels : mapping of hazard to Standing
        Levels that the other hazards stand at.
    conditions : Conditions
    n_places, now_s : int
    alerts : StandingAlerts
        Alerts of other services that are in force.
    chances : Chances
        Probabilities that rules and tables ask for, as far as they are known.
    chances_version : int
        Another number when any of them has changed.
    """

    rain: VillageRain
    antecedent: VillageAntecedent | None
    stations: StationSources
    signs: VillageSigns
    levels: Mapping[str, Standing]
    conditions: Conditions
    n_places: int
    now_s: int
    alerts: StandingAlerts = NO_ALERTS
    chances: Chances = field(default_factory=dict)
    chances_version: int = 0

    @property
    def earlier_rain(self) -> VillageAntecedent:
        """What earlier rain has left, for hazards that have asked for it."""
        assert self.antecedent is not None, "planned for from the rules"
        return self.antecedent
