"""What the rules ask of the stations: sensors that are kept, rises, ranges of stages, earlier rain."""

import numpy as np

from warnstream.model.arrays import Float64Array, Int32Array
from warnstream.model.rules.expressions import RuleTable, Term
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import (
    CriticalRain,
    CriticalStage,
    HazardRule,
    LandslideRain,
    SlopeTable,
    WaterloggingTable,
)
from warnstream.windows.antecedent import AntecedentPlan

ANTECEDENT = (
    Indicator.SOIL_WATER,
    Indicator.INTENSITY,
    Indicator.EFFECTIVE_RAIN,
    Indicator.ANTECEDENT_RAIN,
    Indicator.WEIGHTED_RAIN,
    Indicator.EVENT_RAIN,
)
"""Indicators that rest on earlier rain."""

STAGE_MARGIN = 0.5
STAGE_MARGIN_M_MIN = 1.0
"""So much beyond a gauge's range, as a share of it and in metres, a stage is over another datum."""


def sensors_of(rules: tuple[HazardRule, ...]) -> Int32Array:
    """Stations whose slope or depth sensors a rule names, ascending."""
    tables = [rule.thresholds for rule in rules]
    stations = [table.station for table in tables if isinstance(table, SlopeTable | WaterloggingTable)]
    stations += [
        array for table in tables if isinstance(table, RuleTable) for array in table.stations.values()
    ]
    named = np.unique(np.concatenate([np.zeros(0, dtype=np.int32), *stations]))
    return named[named >= 0]


def stage_range_m(rules: tuple[HazardRule, ...], n_stations: int) -> Float64Array:
    """Stages that a gauge can have over its datum, shape (n_stations, 2); half the range more on either side.

    A flood beyond all experience must pass, another datum must not.
    """
    found = np.tile([-np.inf, np.inf], (n_stations, 1))
    for rule in rules:
        table = rule.thresholds
        if isinstance(table, CriticalStage) and table.reaches is not None:
            low_m, high_m = table.reaches.range_m.T
            margin_m = np.maximum((high_m - low_m) * STAGE_MARGIN, STAGE_MARGIN_M_MIN)
            found[table.reaches.gauge] = np.stack([low_m - margin_m, high_m + margin_m], axis=1)
    return found


def rise_gauges(rules: tuple[HazardRule, ...]) -> dict[int, Int32Array]:
    """Gauges whose rise the conditions of rules read, by window in seconds."""
    found: dict[int, list[Int32Array]] = {}
    for rule in rules:
        table = rule.thresholds
        for leaf in table.leaves() if isinstance(table, RuleTable) else ():
            if isinstance(leaf, Term) and leaf.quantity.indicator is Indicator.STAGE_RISE:
                assert isinstance(table, RuleTable)
                stations = table.stations[leaf.quantity.station]
                found.setdefault(int(leaf.quantity.parameter), []).append(stations[stations >= 0])
    return {window_s: np.unique(np.concatenate(gauges)) for window_s, gauges in found.items()}


def antecedent_plan(rules: tuple[HazardRule, ...]) -> AntecedentPlan | None:
    """What the rules ask of earlier rain; None if they ask nothing."""
    half_life_s: set[int] = set()
    api_ratio: set[float] = set()
    dry_gap_s: set[int] = set()
    asks = False
    for table in (rule.thresholds for rule in rules):
        if isinstance(table, LandslideRain):
            asks = True
            half_life_s.add(table.half_life_s)
            api_ratio |= {table.api_ratio} if table.api_days is None else set()
            dry_gap_s.add(table.dry_gap_s)
        elif isinstance(table, CriticalRain) and table.wetness is not None:
            asks = True
            api_ratio |= {table.wetness.api_ratio} - {0.0}
        elif isinstance(table, RuleTable):
            half_life_s |= {int(seconds) for seconds in table.parameters(Indicator.EFFECTIVE_RAIN)}
            api_ratio |= table.parameters(Indicator.ANTECEDENT_RAIN)
            for indicator in (Indicator.EVENT_RAIN, Indicator.INTENSITY):
                dry_gap_s |= {int(seconds) for seconds in table.parameters(indicator)}
            asks |= any(table.parameters(indicator) for indicator in ANTECEDENT)
    if not asks:
        return None
    return AntecedentPlan(tuple(sorted(half_life_s)), tuple(sorted(api_ratio)), tuple(sorted(dry_gap_s)))
