"""Waterlogging: depth of water in streets and underpasses, and short heavy rain.

A depth sensor sees the water that is there, rain the water that will be:
either reaches a level. Both must be below their clear values for a level to
fall, and rain must be observed; a depth sensor that is silent pins nothing.
"""

from dataclasses import replace

import numpy as np

from warnstream.hazards import rain_table
from warnstream.hazards.sensor_rows import ObservedRows, SensorRows, age_ok, levels_of_villages
from warnstream.hazards.sources import Needs, series_of
from warnstream.hazards.tables import levels_of, threshold_of
from warnstream.model.arrays import type_any
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.comparison import Comparison
from warnstream.model.rules.indicators import HazardLevels, Indicator, SensorSamples, VillageRain
from warnstream.model.rules.rules import CriticalRain, HazardRule, WaterloggingTable


def needs(rule: HazardRule) -> Needs:
    """The last depths of sensors, and rain."""
    table = rule.thresholds
    assert isinstance(table, WaterloggingTable)
    depth = series_of((Variable.WATER_DEPTH,), table.station, is_quick=True)
    return replace(rain_table.needs(rain_rule(rule)), series=depth, stations=table.station)


def rain_of(rule: HazardRule) -> CriticalRain:
    """The rain of its table."""
    table = rule.thresholds
    assert isinstance(table, WaterloggingTable)
    return table.rain


def observed_rows(rule: HazardRule) -> ObservedRows:
    """Depths of its table, at the places of their sensors."""
    table = rule.thresholds
    assert isinstance(table, WaterloggingTable)
    return ObservedRows(
        Variable.WATER_DEPTH, Indicator.WATER_DEPTH, table.village, table.station, table.critical_cm
    )


def evaluate(
    rule: HazardRule, rain: VillageRain, samples: SensorSamples, n_villages: int, now_s: int
) -> HazardLevels:
    """Level of every village by depth and rain, the worse of both; of equal ones the depth is named.

    Parameters
    ----------
    rule : HazardRule
        With `WaterloggingTable` thresholds.
    rain : VillageRain
        With the durations of its rain table.
    samples : SensorSamples
    n_villages : int
    now_s : int
    """
    table = rule.thresholds
    assert isinstance(table, WaterloggingTable)
    by_depth = levels_of_villages(rows_of(rule, samples, now_s), n_villages)
    if len(table.rain.duration_s) == 0:
        return by_depth
    by_rain = rain_table.evaluate_where(rain_rule(rule), rain, counts=None)
    has_depth = np.zeros(n_villages, dtype=np.bool_)
    has_depth[table.village] = True
    has_rain = ~np.isnan(table.rain.critical_mm).all(axis=(1, 2))
    use_rain = by_rain.level > by_depth.level

    def worse(name: str) -> type_any:
        return np.where(use_rain, getattr(by_rain, name), getattr(by_depth, name))

    return HazardLevels(
        level=worse("level"),
        holding=np.maximum(by_rain.holding, by_depth.holding),
        can_fall=np.where(has_rain, by_rain.can_fall, by_depth.can_fall),
        is_blind=(by_rain.is_blind | ~has_rain) & (by_depth.is_blind | ~has_depth) & (has_rain | has_depth),
        value=worse("value"),
        threshold=worse("threshold"),
        forecast_value=worse("forecast_value"),
        duration_s=worse("duration_s"),
        lead_s=worse("lead_s"),
        station=worse("station"),
        indicator=worse("indicator"),
        is_confirmed=worse("is_confirmed"),
        ratio=by_rain.ratio,
    )


def compare(
    rule: HazardRule, rain: VillageRain, samples: SensorSamples, place: int, now_s: int
) -> list[Comparison]:
    """What `evaluate` compared at one place: every depth sensor, then rain."""
    table = rule.thresholds
    assert isinstance(table, WaterloggingTable)
    found = rows_of(rule, samples, now_s).compare(place)
    if len(table.rain.duration_s):
        found += rain_table.compare(rain_rule(rule), rain, place)
    return found


def rain_rule(rule: HazardRule) -> HazardRule:
    """The rain half as a rule of its own."""
    assert isinstance(rule.thresholds, WaterloggingTable)
    return replace(rule, thresholds=rule.thresholds.rain)


def rows_of(rule: HazardRule, samples: SensorSamples, now_s: int) -> SensorRows:
    """What each depth sensor says of the village that it warns."""
    table = rule.thresholds
    assert isinstance(table, WaterloggingTable)
    series = samples.row[table.station]
    at_s = samples.time_s[Variable.WATER_DEPTH][series]
    depth_cm = samples.value[Variable.WATER_DEPTH][series]
    observed_at_s = at_s[:, -1] if len(at_s) else np.zeros(0, dtype=np.int64)
    fresh = age_ok(observed_at_s, now_s, table.stale_after_s)
    # A splash or a passing car lasts one sample; water that stays lasts several.
    last = depth_cm[:, -table.persistence :].min(axis=1, initial=np.inf)
    value = np.where(fresh, last, np.nan)
    level = levels_of(value, table.critical_cm)
    clear_cm = table.critical_cm * rule.lowering.clear_ratio
    n_rows = len(table.village)
    return SensorRows(
        village=table.village,
        station=table.station,
        indicator=np.full(n_rows, Indicator.WATER_DEPTH, dtype=np.uint8),
        fresh=fresh,
        level=level,
        holding=levels_of(value, clear_cm),
        value=value,
        threshold=threshold_of(table.critical_cm, level),
        forecast_value=np.zeros(n_rows),
        duration_s=np.zeros(n_rows, dtype=np.int32),
        lead_s=np.zeros(n_rows, dtype=np.int32),
        is_confirmed=np.ones(n_rows, dtype=np.bool_),
        critical=table.critical_cm,
        clear=clear_cm,
        observed_at_s=observed_at_s,
        last=last,
        last_holding=levels_of(last, clear_cm),
        stale_after_s=table.stale_after_s,
    )
