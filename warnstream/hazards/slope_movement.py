"""Slope movement by sensors: tilt rate, velocity, tangent angle, time to failure, amounts, pore pressure.

One row of the table is one indicator of one station that warns one village.
What several windows in a row say counts, at the slowest of them: a single
jump of a sensor, or of whoever writes its readings down, reaches no level. A
neighbour that moves too makes a level certain; it never changes the level.
"""

import numpy as np

from warnstream.hazards.conditions.movement import (
    changes_per_s,
    persistent,
    pick,
    tangent_angle_deg,
    time_to_failure,
    value_at,
    window_ends,
)
from warnstream.hazards.sensor_rows import SensorRows, age_ok, levels_of_villages
from warnstream.hazards.sources import Needs, series_of
from warnstream.hazards.tables import levels_of, threshold_of
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array, LevelArray
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.indicators import HazardLevels, Indicator, SensorSamples
from warnstream.model.rules.rules import HazardRule, SlopeTable
from warnstream.model.times import DAY_S, HOUR_S

FIT_WINDOWS = 8
"""Windows that a time to failure may rest on."""


VARIABLES = (
    Variable.TILT_X,
    Variable.TILT_Y,
    Variable.DISPLACEMENT,
    Variable.CRACK,
    Variable.PORE_PRESSURE,
    Variable.TEMPERATURE,
)
"""Temperature is kept for the compensation of tilt."""


def needs(rule: HazardRule) -> Needs:
    """Samples of everything that slope sensors measure, of hours."""
    table = rule.thresholds
    assert isinstance(table, SlopeTable)
    return Needs(series=series_of(VARIABLES, table.station), stations=table.station)


def evaluate(rule: HazardRule, samples: SensorSamples, n_villages: int, now_s: int) -> HazardLevels:
    """Level of every village by its sensors.

    Parameters
    ----------
    rule : HazardRule
        With `SlopeTable` thresholds.
    samples : SensorSamples
    n_villages : int
    now_s : int
    """
    return levels_of_villages(rows_of(rule, samples, now_s), n_villages)


def rows_of(rule: HazardRule, samples: SensorSamples, now_s: int) -> SensorRows:
    """What each indicator of each sensor says of the village that it warns."""
    table = rule.thresholds
    assert isinstance(table, SlopeTable)
    n_rows = len(table.village)
    value = np.full(n_rows, np.nan)
    observed_at_s = np.full(n_rows, -1, dtype=np.int64)
    for indicator, variable in {
        (int(i), int(v)) for i, v in zip(table.indicator, table.variable, strict=True)
    }:
        rows = np.flatnonzero((table.indicator == indicator) & (table.variable == variable))
        series = samples.row[table.station[rows]]
        observed_at_s[rows] = samples.time_s[Variable(variable)][series, -1]
        value[rows] = _values(Indicator(indicator), Variable(variable), table, rows, samples, now_s)
    fresh = age_ok(observed_at_s, now_s, table.stale_after_s)
    last, value = value, np.where(fresh, value, np.nan)
    clear = _clear(table, rule.lowering.clear_ratio)
    level = _levels(value, table, table.critical)
    return SensorRows(
        village=table.village,
        station=table.station,
        indicator=table.indicator,
        fresh=fresh,
        level=level,
        holding=_levels(value, table, clear),
        value=value,
        threshold=threshold_of(table.critical, level),
        forecast_value=np.zeros(n_rows),
        duration_s=np.full(n_rows, table.window_s, dtype=np.int32),
        lead_s=np.zeros(n_rows, dtype=np.int32),
        is_confirmed=_is_confirmed(table, level, len(samples.row)),
        critical=table.critical,
        clear=clear,
        observed_at_s=observed_at_s,
        last=last,
        last_holding=_levels(last, table, clear),
        stale_after_s=table.stale_after_s,
    ).that_warn


def _levels(value: Float64Array, table: SlopeTable, critical: Float64Array) -> LevelArray:
    """Level of each row; of hours to failure fewer are worse."""
    sign = np.where(table.indicator == Indicator.FAILURE_TIME, -1.0, 1.0)
    return levels_of(value * sign, critical * sign[:, None])


def _clear(table: SlopeTable, clear_ratio: float) -> Float64Array:
    """Values that still hold each level, shape (n_rows, 4)."""
    fewer = (table.indicator == Indicator.FAILURE_TIME)[:, None]
    return np.where(fewer, table.critical / clear_ratio, table.critical * clear_ratio)


def _values(
    indicator: Indicator,
    variable: Variable,
    table: SlopeTable,
    rows: Int64Array,
    samples: SensorSamples,
    now_s: int,
) -> Float64Array:
    """Values of one indicator at the sensors of `rows`, shape (n_rows,)."""
    series = samples.row[table.station[rows]]
    time_s, value = samples.time_s[variable][series], samples.value[variable][series]
    if indicator in {Indicator.DISPLACEMENT, Indicator.CRACK, Indicator.PORE_PRESSURE}:
        lasting: Float64Array = value[:, -table.persistence :].min(axis=1)
        return lasting
    ends = window_ends(time_s, table.window_s, FIT_WINDOWS)
    if indicator is Indicator.TILT_RATE:
        return persistent(_tilt_deg_per_h(table, rows, samples, ends), table.persistence)
    mm_per_day = changes_per_s(time_s, value, ends, table.noise_mm) * DAY_S
    if indicator is Indicator.FAILURE_TIME:
        at_h = pick(time_s.astype(np.float64), ends) / HOUR_S
        at_h = (at_h[:, :-1] + at_h[:, 1:]) / 2.0  # a rate is that of the middle of its window
        fails_at_h, r2 = time_to_failure(at_h, mm_per_day)
        hours = np.maximum(fails_at_h - now_s / HOUR_S, 0.0)
        return np.where(r2 >= table.fit_r2_min, hours, np.nan)
    velocity = persistent(mm_per_day, table.persistence)
    if indicator is Indicator.TANGENT_ANGLE:
        return tangent_angle_deg(velocity, table.steady_mm_per_day[rows])
    return velocity


def _tilt_deg_per_h(
    table: SlopeTable, rows: Int64Array, samples: SensorSamples, ends: Int64Array
) -> Float64Array:
    """Tilt rate in the plane of both axes over each window, without what the temperature explains."""
    series = samples.row[table.station[rows]]
    time_s, tilt_x = samples.time_s[Variable.TILT_X][series], samples.value[Variable.TILT_X][series]
    at_s = pick(time_s.astype(np.float64), ends)
    x_deg = pick(tilt_x, ends)
    y_deg = value_at(samples.time_s[Variable.TILT_Y][series], samples.value[Variable.TILT_Y][series], at_s)
    warm_c = value_at(
        samples.time_s[Variable.TEMPERATURE][series], samples.value[Variable.TEMPERATURE][series], at_s
    )
    thermal_deg = table.thermal_deg_per_degc[rows][:, None] * warm_c
    change_x = np.diff(x_deg, axis=1) - np.nan_to_num(np.diff(thermal_deg, axis=1))
    change_y = np.nan_to_num(np.diff(y_deg, axis=1))
    change = np.hypot(change_x, change_y)
    change = np.where(change < table.noise_deg, 0.0, change)
    rate: Float64Array = change / -np.diff(at_s, axis=1) * HOUR_S
    return rate


def _is_confirmed(table: SlopeTable, level: LevelArray, n_stations: int) -> BoolArray:
    """Rows whose station has a neighbour that has reached a level too."""
    moves = np.zeros(n_stations, dtype=np.bool_)
    moves[table.station[level > 0]] = True
    confirmed = np.zeros(n_stations, dtype=np.bool_)
    confirmed[table.near[moves[table.near[:, 1]], 0]] = True
    return np.asarray(confirmed[table.station])
