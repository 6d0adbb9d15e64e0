"""What the rules ask of the stations: sensors that are kept, rises, ranges of stages, earlier rain."""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array
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

BELOW_THRESHOLDS_M, ABOVE_THRESHOLDS_M = 100.0, 30.0
"""How far a stage may be below a gauge's lowest threshold (a reservoir drawn down) and above its highest (the
Ahr rose 7 m above all that had been measured in 2021), where no table of gauges says better."""

USUAL_STAGE_M = 10.0
"""So near to what is known of a gauge no number is an error value."""


def sensors_of(rules: tuple[HazardRule, ...]) -> Int32Array:
    """Stations whose slope or depth sensors a rule names, ascending."""
    tables = [rule.thresholds for rule in rules]
    stations = [table.station for table in tables if isinstance(table, SlopeTable | WaterloggingTable)]
    stations += [
        array for table in tables if isinstance(table, RuleTable) for array in table.stations.values()
    ]
    named = np.unique(np.concatenate([np.zeros(0, dtype=np.int32), *stations]))
    return named[named >= 0]


def known_stages_m(rules: tuple[HazardRule, ...], n_stations: int) -> tuple[Float64Array, BoolArray]:
    """Stages that each gauge is known to have, shape (n_stations, 2), and where a table of gauges says so.

    Without such a table they reach from the gauge's lowest threshold to its highest; NaN where it has none.
    """
    lowest, highest = np.full(n_stations, np.nan), np.full(n_stations, np.nan)
    is_told = np.zeros(n_stations, dtype=np.bool_)
    tables = [rule.thresholds for rule in rules if isinstance(rule.thresholds, CriticalStage)]
    for table in tables:
        is_number = ~np.isnan(table.critical_m)
        station = np.broadcast_to(table.station[:, None], table.critical_m.shape)[is_number]
        np.fmin.at(lowest, station, table.critical_m[is_number])
        np.fmax.at(highest, station, table.critical_m[is_number])
    for table in tables:
        if table.reaches is not None:
            lowest[table.reaches.gauge], highest[table.reaches.gauge] = table.reaches.range_m.T
            is_told[table.reaches.gauge] = True
    return np.stack([lowest, highest], axis=1), is_told


def stage_range_m(known_m: Float64Array, is_told: BoolArray) -> Float64Array:
    """Stages that a gauge can have over its datum, shape (n_stations, 2).

    A flood beyond all experience must pass, another datum and a number that is none must not: half the range
    more on either side where a table of gauges gives it, else far below the lowest threshold, for low
    water, and well above the highest.
    """
    low_m, high_m = known_m.T
    margin_m = np.maximum((high_m - low_m) * STAGE_MARGIN, STAGE_MARGIN_M_MIN)
    below_m = np.where(is_told, margin_m, BELOW_THRESHOLDS_M)
    above_m = np.where(is_told, margin_m, np.maximum(margin_m, ABOVE_THRESHOLDS_M))
    found = np.stack([low_m - below_m, high_m + above_m], axis=1)
    return np.where(np.isnan(found), [-np.inf, np.inf], found)


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
