"""River flood by stage: a gauge's water level reaches the values of the villages it warns, or will soon.

Stages and thresholds must stand over the same datum; the configuration says
which gauge warns which village. The forecast half extends the gauge's own
rise (a robust slope over the last 10 to 60 minutes) in a straight line: good
for the next level of a flood that is under way, blind for one that has not
begun.

A gauge upstream warns the villages below it before the flood is there: what it
has reached is *expected* in the village after the travel time of the reach
(the shortest one counts), weakened towards low water by its attenuation.
"""

import numpy as np

from warnstream.hazards.sensor_rows import ObservedRows, SensorRows, age_ok, clear_values, levels_of_villages
from warnstream.hazards.sources import NO_STATIONS, Needs, StationSources
from warnstream.hazards.tables import levels_of, threshold_of
from warnstream.model.arrays import Float64Array, Int32Array, Int64Array, LevelArray, rows_where
from warnstream.model.level import LEVELS, Level
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.indicators import GaugeStage, HazardLevels, Indicator
from warnstream.model.rules.rules import CriticalStage, HazardRule
from warnstream.model.times import HOUR_S, MINUTE_S

SPAN_M_MIN = 1.0


def needs(rule: HazardRule) -> Needs:
    """Newest stages, which all gauges keep, and which stages are known of them."""
    table = rule.thresholds
    assert isinstance(table, CriticalStage)
    ranges: dict[int, tuple[float, float]] = {}
    if table.reaches is not None:
        low_m, high_m = table.reaches.range_m.T.tolist()
        gauges = table.reaches.gauge.tolist()
        ranges = dict(zip(gauges, zip(low_m, high_m, strict=True), strict=True))
    thresholds = {
        gauge: (float(np.nanmin(values_m)), float(np.nanmax(values_m)))
        for gauge in np.unique(table.station).tolist()
        if not np.isnan(values_m := table.critical_m[table.station == gauge]).all()
    }
    return Needs(stations=table.station, threshold_range_m=thresholds, stage_range_m=ranges)


def stages_of(rule: HazardRule, stations: StationSources) -> GaugeStage:
    """Newest stages; with the rise of the gauges that the rule names if it looks ahead."""
    table = rule.thresholds
    assert isinstance(table, CriticalStage)
    looks_ahead = rule.forecast_level_max > Level.NONE
    return stations.stages(np.unique(table.station) if looks_ahead else NO_STATIONS, table.rise_window_s)


def travel_minutes(rule: HazardRule, place: int, station: int) -> tuple[int, int] | None:
    """Shortest and longest time from a gauge to a village that it warns; None where it stands there."""
    table = rule.thresholds
    assert isinstance(table, CriticalStage)
    if table.reaches is None:
        return None
    row = int(rows_where((table.village == place) & (table.station == station))[0])
    least, most = int(table.reaches.travel_min_s[row]) // 60, int(table.reaches.travel_max_s[row]) // 60
    return (least, most) if most else None


def observed_rows(rule: HazardRule) -> ObservedRows:
    """Stages as they reach the villages of the table: weakened on the way where reaches say so."""
    table = rule.thresholds
    assert isinstance(table, CriticalStage)
    reaches = table.reaches

    def arriving(rows: Int64Array, stage_m: Float64Array) -> Float64Array:
        if reaches is None:
            return stage_m
        base_m = reaches.base_m[rows]
        return np.asarray(base_m + reaches.attenuation[rows] * (stage_m - base_m))

    return ObservedRows(
        Variable.STAGE, Indicator.STAGE, table.village, table.station, table.critical_m, arriving
    )


def what_counts(rule: HazardRule, stages: GaugeStage, now_s: int) -> bytes:
    """All that `evaluate` reads of stages and time: while it is the same, so is what is found."""
    table = rule.thresholds
    assert isinstance(table, CriticalStage)
    station = table.station
    fresh = age_ok(stages.observed_at_s[station], now_s, table.stale_after_s)
    parts = fresh, stages.stage_m[station], stages.rise_m_per_h[station]
    return b"".join(part.tobytes() for part in parts)


def evaluate(rule: HazardRule, stages: GaugeStage, n_villages: int, now_s: int) -> HazardLevels:
    """Level of every village by the stages of its gauges; the worst gauge counts.

    Parameters
    ----------
    rule : HazardRule
        With `CriticalStage` thresholds.
    stages : GaugeStage
        A stage older than `CriticalStage.stale_after_s` says nothing: it reaches
        no level, and a village all of whose gauges are stale is blind.
    n_villages : int
    now_s : int
    """
    return levels_of_villages(rows_of(rule, stages, now_s), n_villages)


def rows_of(rule: HazardRule, stages: GaugeStage, now_s: int) -> SensorRows:
    """What each gauge says of each village that it warns."""
    table = rule.thresholds
    assert isinstance(table, CriticalStage)
    observed_at_s = stages.observed_at_s[table.station]
    fresh = age_ok(observed_at_s, now_s, table.stale_after_s)
    last_m, rises_m_per_h = stages.stage_m[table.station], stages.rise_m_per_h[table.station]
    reaches = table.reaches
    if reaches is not None:
        last_m = reaches.base_m + reaches.attenuation * (last_m - reaches.base_m)
        rises_m_per_h = reaches.attenuation * rises_m_per_h
    stage_m = np.where(fresh, last_m, np.nan)
    rises_m_per_h = np.where(fresh, rises_m_per_h, np.nan)
    level = levels_of(stage_m, table.critical_m)
    clear_m = clear_values(table.critical_m, rule.lowering.clear_ratio, SPAN_M_MIN)
    holding = levels_of(stage_m, clear_m)
    threshold_m = threshold_of(table.critical_m, level)
    rise_m = np.zeros(len(level))
    lead_s: Int32Array = np.zeros(len(level), dtype=np.int32)
    if rule.forecast_level_max > Level.NONE:
        lead_h = lead_hours(table.critical_m, stage_m, rises_m_per_h)
        expected = expected_level(lead_h, table.horizon_s / HOUR_S, rule.forecast_level_max)
        worse = rows_where(expected > level)
        level[worse] = expected[worse]
        threshold_m[worse] = threshold_of(table.critical_m[worse], expected[worse])
        hours = threshold_of(lead_h[worse], expected[worse])
        lead_s[worse] = np.ceil(hours * HOUR_S / MINUTE_S) * MINUTE_S
        rise_m[worse] = threshold_m[worse] - stage_m[worse]
    value_m = np.where(lead_s > 0, threshold_m, stage_m)
    if reaches is not None:
        lead_s += reaches.travel_min_s
    return SensorRows(
        village=table.village,
        station=table.station,
        indicator=np.full(len(level), Indicator.STAGE, dtype=np.uint8),
        fresh=fresh,
        level=level,
        holding=holding,
        value=value_m,
        threshold=threshold_m,
        forecast_value=rise_m,
        duration_s=np.zeros(len(level), dtype=np.int32),
        lead_s=lead_s,
        is_confirmed=np.ones(len(level), dtype=np.bool_),
        critical=table.critical_m,
        clear=clear_m,
        observed_at_s=observed_at_s,
        last=last_m,
        last_holding=levels_of(last_m, clear_m),
        stale_after_s=table.stale_after_s,
    )


def lead_hours(critical_m: Float64Array, stage_m: Float64Array, rise_m_per_h: Float64Array) -> Float64Array:
    """Hours until each level's stage is reached at the present rise, shape (n_rows, 4).

    NaN where the water does not rise, or stands above the stage already.
    """
    rising = np.where(rise_m_per_h > 0, rise_m_per_h, np.nan)[:, None]
    missing_m = critical_m - stage_m[:, None]
    hours: Float64Array = np.where(missing_m > 0, missing_m, np.nan) / rising
    return hours


def expected_level(lead_h: Float64Array, horizon_h: float, level_max: Level) -> LevelArray:
    """Highest level up to `level_max` that is reached within the horizon, shape (n_rows,)."""
    expected: LevelArray = np.zeros(len(lead_h), dtype=np.uint8)
    for level in LEVELS:
        if level <= level_max:
            expected[lead_h[:, level - 1] <= horizon_h] = level
    return expected
