"""Levels that rest on one gauge against its whole, dry neighbours: up to a level of the policy, and said so.

What would be found without the lone gauges is found too, by the same
evaluators. Where that is less, the level rises no higher than the policy allows
(or than the others say), is not confirmed, and its reason says that one gauge
alone carries it. Nothing is deleted, and what holds a level goes on holding it.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from warnstream.assessment.reasons import Sources
from warnstream.assessment.villages import combine_antecedent
from warnstream.hazards.conditions.plan import RulePlan
from warnstream.model.arrays import BoolArray, LevelArray
from warnstream.model.grids import NO_GRID
from warnstream.model.network import StationWeights
from warnstream.model.observations.readings import UM_PER_MM
from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.expressions import Leaf, Term
from warnstream.model.rules.indicators import HazardLevels, Indicator, VillageAntecedent, VillageRain
from warnstream.model.rules.outlook import outlook_where
from warnstream.model.rules.policies import NeighbourPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import HOUR_S
from warnstream.quality.lone_gauges import lone_windows
from warnstream.villages.combine import weighted_mean

_OF_THE_REASON = ("value", "threshold", "forecast_value", "duration_s", "lead_s", "station", "indicator")


@dataclass(frozen=True, slots=True)
class Shared:
    """What is known without lone gauges.

    Attributes
    ----------
    lone : BoolArray, shape (n_stations, n_windows)
        Where gauges are alone with their rain.
    places : BoolArray, shape (n_places,)
        Those that hear any of them.
    rain : VillageRain
    antecedent : VillageAntecedent or None
    """

    lone: BoolArray
    places: BoolArray
    rain: VillageRain
    antecedent: VillageAntecedent | None


@dataclass(frozen=True, slots=True)
class Capped:
    """What was found, as far as it may rise.

    Attributes
    ----------
    found : HazardLevels
    lone : BoolArray, shape (n_places,)
        Where one gauge alone carries the level.
    uncapped : LevelArray, shape (n_places,)
        What that gauge says.
    """

    found: HazardLevels
    lone: BoolArray
    uncapped: LevelArray


class LoneGauges:
    """Lone gauges of one network; what they mean is worked out once for each rain.

    Parameters
    ----------
    neighbours : StationNeighbours or None
        None: no gauge is compared, none is alone.
    policy : NeighbourPolicy
    """

    def __init__(self, neighbours: StationNeighbours | None, policy: NeighbourPolicy) -> None:
        self._neighbours = neighbours
        self._policy = policy
        self._last: tuple[VillageRain, VillageAntecedent | None, Shared | None] | None = None

    def shared(self, sources: Sources) -> Shared | None:
        """What is known without lone gauges; None where no gauge is alone."""
        if self._neighbours is None:
            return None
        last = self._last
        if last is None or last[0] is not sources.rain or last[1] is not sources.antecedent:
            found = self._without(sources, self._neighbours)
            self._last = last = sources.rain, sources.antecedent, found
        return last[2]

    def cap(
        self, found: HazardLevels, believed: HazardLevels | None, level: LevelArray, shared: Shared
    ) -> Capped | None:
        """Levels with those of lone gauges capped; None where no gauge carries one alone.

        Parameters
        ----------
        found : HazardLevels
            With all gauges.
        believed : HazardLevels or None
            Without lone ones; None where the reason of a level is worked out otherwise.
        level : LevelArray, shape (n_places,)
            Level without lone gauges.
        shared : Shared
        """
        higher = shared.places & (found.level > level)
        if not higher.any():
            return None
        cap = np.uint8(self._policy.lone_level_max)
        capped = np.where(higher, np.maximum(level, np.minimum(found.level, cap)), found.level)
        others = higher & (capped == level) & (level > 0)
        kept = {field.name: getattr(found, field.name) for field in fields(found)}
        if believed is not None and others.any():
            for name in _OF_THE_REASON:
                kept[name] = np.where(others, getattr(believed, name), kept[name])
            kept["outlook"] = outlook_where(others, believed.outlook, found.outlook)
        lone = higher & ~others
        kept |= {"level": capped, "is_confirmed": found.is_confirmed & ~lone}
        return Capped(HazardLevels(**kept), lone, np.where(others, level, found.level))

    def level_of_rule(
        self, rule: HazardRule, found: HazardLevels, plan: RulePlan, sources: Sources, shared: Shared
    ) -> LevelArray:
        """Levels that a rule of the operator's own reaches without terms that rest on lone gauges."""
        level = found.level.copy()
        for place in np.flatnonzero(shared.places & (found.level > 0)).tolist():
            level[place] = 0
            for reached in plan.reached_levels(rule, place):
                carriers = plan.carriers(rule, place, reached)
                if not any(_is_lone(leaf, place, sources, shared) for leaf, _ in carriers):
                    level[place] = reached
                    break
        return level

    def _without(self, sources: Sources, neighbours: StationNeighbours) -> Shared | None:
        windows, rain = sources.stations.windows(sources.now_s), sources.rain
        lone = lone_windows(
            neighbours, windows.rain_mm, windows.coverage, sources.quality.is_clogged, self._policy
        )
        if not lone.any():
            return None
        measured = windows.unmeasured.less(windows.coverage)
        is_lone: BoolArray = np.asarray(lone.any(axis=1))
        weights = rain.weights
        places = np.asarray((is_lone[weights.station] & (weights.weight > 0)).any(axis=1))
        rows = np.flatnonzero(places)
        own = StationWeights(weights.station[rows], weights.weight[rows], weights.distance_m[rows])
        mean, _ = weighted_mean(own, windows.rain_mm, np.where(lone, 0.0, measured), per_unit=UM_PER_MM)
        by_grid = np.zeros(mean.shape, np.bool_) if rain.grids is None else rain.grids.number[rows] != NO_GRID
        rain_mm, ahead_mm = rain.rain_mm.copy(), rain.ahead_mm.copy()
        rain_mm[rows] = np.where(by_grid, rain_mm[rows], mean)
        ahead_mm[rows] = np.nan
        others = replace(weights, weight=np.where(is_lone[weights.station], 0.0, weights.weight))
        without = replace(rain, rain_mm=rain_mm, ahead_mm=ahead_mm, weights=others)
        stations, antecedent = sources.stations, None
        if stations.antecedent is not None and stations.plan is not None:
            nobody: BoolArray = np.zeros(len(is_lone), dtype=np.bool_)
            states, plan = stations.antecedent, stations.plan
            antecedent = combine_antecedent(states, plan, without, excluded=nobody)
        return Shared(lone, places, without, antecedent)


def _is_lone(leaf: Leaf, place: int, sources: Sources, shared: Shared) -> bool:
    """Whether a term of a rule rests on a gauge that is alone with its rain."""
    if not isinstance(leaf, Term) or not leaf.quantity.indicator.info.is_rain:
        return False
    quantity, rain = leaf.quantity, sources.rain
    by_window = quantity.days is not None or quantity.indicator is Indicator.RAIN
    window = quantity.days or (int(quantity.parameter) if by_window else HOUR_S)
    station = rain.main_station_over(place, window)
    return bool(shared.lone[station, rain.column(window)] if by_window else shared.lone[station].any())
