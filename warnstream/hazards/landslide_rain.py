"""Landslides by rain: soil water and the last hour, intensity and duration, antecedent rain.

Any one criterion of a village's territory reaches a level:

- soil water index against the *critical line*: the wetter the ground, the
  less rain of the last 60 minutes is critical;
- mean intensity of the present rain event against ``a * D ** -b`` mm/h, D its
  duration in hours; an event ends after the rule's dry gap;
- half-life effective rain, antecedent precipitation, and rain of seven days
  weighted by ``(days back + 1) ** -2``;
- rain of whole days, with today so far or without.

The antecedent precipitation is ``sum(k ** i * R_i)``: with `api_days` over so
many days, exact, with today as the day 0 or without it as published criteria
have it; without `api_days` over all days before, and today's rain whole.

A sum that begins anew with each day is never a level's only support: the days
that have just ended reach their level as long as the rain of the last so many
times 24 hours holds it up, and that rain alone holds one that stands. So the
last hour of a day may arrive on the next one, and midnight calms nobody. The
weighted rain, in which yesterday counts a quarter, is held by that of 24 hours.

Only the critical line looks ahead: the tanks are stepped forward with the
expected rain.
"""

from collections.abc import Iterator

import numpy as np

from warnstream.hazards.sources import Needs
from warnstream.hazards.tables import levels_of, threshold_of, worst_column, worst_of
from warnstream.model.arrays import Float64Array, Int32Array, Int64Array, LevelArray, rows_where
from warnstream.model.level import LEVELS, Level
from warnstream.model.observations.days import DayWindow
from warnstream.model.rules.comparison import Comparison, capped, clear_of
from warnstream.model.rules.indicators import (
    HazardLevels,
    Indicator,
    VillageAntecedent,
    VillageRain,
    indicator_of_days,
    no_levels,
)
from warnstream.model.rules.landslides import LandslideRain, LandslideTerritory
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import DAY_S, HOUR_S

CRITERIA = (
    Indicator.SOIL_WATER,
    Indicator.INTENSITY,
    Indicator.EFFECTIVE_RAIN,
    Indicator.ANTECEDENT_RAIN,
    Indicator.WEIGHTED_RAIN,
)
"""First columns of the values and thresholds, one for each window of days follows.

Of criteria equally far above their thresholds the first is named.
"""

WEIGHTED = CRITERIA.index(Indicator.WEIGHTED_RAIN)
TODAY_SHARE = 1.0 / sum((back + 1) ** -2 for back in range(7))
"""Weight of today in the weighted rain of seven days."""
ENDED_NOTE = "counts as far as the rain of the last hours, as many as these days have, still holds it up"

_WEIGHTED_S = 7 * DAY_S
_BLOCK = 4096
"""Villages judged at once: their critical values stay in the cache."""
_ROUNDING = 1e-9
"""A point between two of a line, or of a curve, may round below both."""


def needs(rule: HazardRule) -> Needs:
    """Soil water and its kin, windows of days, and what holds those up."""
    table = rule.thresholds
    assert isinstance(table, LandslideRain)
    return Needs(
        reads_rain=True,
        duration_s=frozenset(table.durations_s),
        ahead_of_s=frozenset({HOUR_S} if rule.forecast_level_max > Level.NONE else ()),
        days=table.day_windows,
        earlier_rain=True,
        half_life_s=frozenset({table.half_life_s}),
        api_ratio=frozenset({table.api_ratio} if table.api_days is None else ()),
        dry_gap_s=frozenset({table.dry_gap_s}),
    )


def evaluate(rule: HazardRule, rain: VillageRain, antecedent: VillageAntecedent) -> HazardLevels:
    """Level of every village by the criteria of its territory.

    Parameters
    ----------
    rule : HazardRule
        With `LandslideRain` thresholds.
    rain : VillageRain
        With the accumulation of one hour, and the windows of days of the rule.
    antecedent : VillageAntecedent
        With the half-life, ratio and dry gap of the rule.
    """
    table = rule.thresholds
    assert isinstance(table, LandslideRain)
    found = no_levels(len(rain.is_blind), Indicator.SOIL_WATER)
    found.can_fall[:] = rain.coverage_over(HOUR_S) >= rule.lowering.coverage_min
    found.is_blind[:] = rain.is_blind
    for territory, rows in _blocks(table):
        event_h = antecedent.event_s[table.dry_gap_s][rows] / HOUR_S
        own = _values(table, rain, antecedent, rows, event_h)
        reaching, holding = _support(table, rain, rows, own, rule.lowering.clear_ratio)
        if _may_reach(table, territory, np.fmax(reaching, holding), rule.lowering.clear_ratio):
            critical = _critical(table, territory, np.nan_to_num(rain.over(HOUR_S)[rows]), event_h)
            level = levels_of(reaching, critical)
            found.holding[rows] = worst_of(levels_of(holding, critical * rule.lowering.clear_ratio))
            _take(found, rows, level, own, critical, table, event_h)
        if rule.forecast_level_max > Level.NONE:
            _take_expected(found, rule, rows, territory, rain, antecedent)
    reached = rows_where(found.level)
    found.station[reached] = rain.main_station(reached, np.full(len(reached), HOUR_S, dtype=np.int32))
    return found


def compare(
    rule: HazardRule, rain: VillageRain, antecedent: VillageAntecedent, place: int
) -> list[Comparison]:
    """What `evaluate` compared at one place: each criterion, then the critical line with each lead."""
    table = rule.thresholds
    assert isinstance(table, LandslideRain)
    number, rows = int(table.territory[place]), np.array([place])
    if number < 0:
        return []
    territory = table.territories[number]
    event_h = antecedent.event_s[table.dry_gap_s][rows] / HOUR_S
    critical = _critical(table, territory, np.nan_to_num(rain.over(HOUR_S)[rows]), event_h)
    value = _values(table, rain, antecedent, rows, event_h)
    reaching, _ = _support(table, rain, rows, value, rule.lowering.clear_ratio)
    level, duration_s = levels_of(reaching, critical)[0], _durations(table, event_h)[0]
    found = [
        Comparison(
            indicator,
            float(value[0, column]),
            (thresholds := tuple(critical[0, column].tolist())),
            Level(int(level[column])),
            duration_s=int(duration_s[column]),
            clear=clear_of(thresholds, rule.lowering.clear_ratio),
            note="" if reaching[0, column] == value[0, column] else ENDED_NOTE,
        )
        for column, indicator in enumerate(_names(table)[0])
    ]
    if rule.forecast_level_max > Level.NONE:
        found += _compare_expected(rule, rows, territory, rain, antecedent)
    return found


def _compare_expected(
    rule: HazardRule,
    rows: Int64Array,
    territory: LandslideTerritory,
    rain: VillageRain,
    antecedent: VillageAntecedent,
) -> list[Comparison]:
    found = []
    for index, lead_s in enumerate(rain.leads_s):
        expected, critical = _expected(rows, territory, rain, antecedent, index)
        if np.isnan(expected[0]):
            continue
        one = Comparison(
            Indicator.SOIL_WATER,
            float(expected[0]),
            tuple(critical[0].tolist()),
            Level(int(levels_of(expected[:, None], critical[:, None])[0, 0])),
            duration_s=HOUR_S,
            lead_s=lead_s,
            forecast_value=max(float(expected[0] - antecedent.soil_water_mm[rows[0]]), 0.0),
        )
        found.append(capped(one, rule.forecast_level_max))
    return found


def _blocks(table: LandslideRain) -> Iterator[tuple[LandslideTerritory, Int64Array]]:
    """Every territory with its villages, a block after the other."""
    for number, territory in enumerate(table.territories):
        rows = rows_where(table.territory == number)
        for first in range(0, len(rows), _BLOCK):
            yield territory, rows[first : first + _BLOCK]


def _values(
    table: LandslideRain,
    rain: VillageRain,
    antecedent: VillageAntecedent,
    rows: Int64Array,
    event_h: Float64Array,
) -> Float64Array:
    """Values of the criteria in the villages `rows`, shape (n, n_criteria)."""
    event_mm = antecedent.event_mm[table.dry_gap_s][rows]
    windows = _windows(table)
    value = np.zeros((len(rows), len(CRITERIA) + len(windows)), order="F")
    value[:, 0] = antecedent.soil_water_mm[rows]
    np.divide(event_mm, event_h, out=value[:, 1], where=event_h > 0)
    value[:, 2] = antecedent.effective_mm[table.half_life_s][rows]
    if table.api_days is None:
        value[:, 3] = antecedent.antecedent_mm[table.api_ratio][rows]
    else:
        value[:, 3] = rain.over(table.api_days)[rows]
    value[:, 4] = antecedent.weighted_mm[rows]
    for index, window in enumerate(windows, start=len(CRITERIA)):
        value[:, index] = rain.over(window)[rows]
    return value


def _windows(table: LandslideRain) -> tuple[DayWindow, ...]:
    """Windows of days in the order of their columns: those of the table, then those that have ended."""
    return (*table.daily, *(window.ended for window in table.resetting))


def _support(
    table: LandslideRain, rain: VillageRain, rows: Int64Array, value: Float64Array, clear_ratio: float
) -> tuple[Float64Array, Float64Array]:
    """What the criteria reach levels with, and what they hold levels with, shape (n, n_criteria) each.

    Both are the values themselves but for sums that begin anew with each day and for weighted rain.
    """
    reaching, holding = value.copy(order="F"), value.copy(order="F")
    if DAY_S in table.durations_s:
        holding[:, WEIGHTED] = np.fmax(value[:, WEIGHTED], rain.over(DAY_S)[rows] * TODAY_SHARE)
    for number, window in enumerate(table.resetting):
        today = len(CRITERIA) + table.daily.index(window)
        ended = len(CRITERIA) + len(table.daily) + number
        sliding = rain.over(window.duration_s)[rows]
        holding[:, today] = np.fmax(value[:, today], sliding)
        # Both must do: the days that have ended as a whole, and what of their rain still counts.
        reaching[:, ended] = np.minimum(value[:, ended], sliding / clear_ratio)
        holding[:, ended] = sliding
    return reaching, holding


def _may_reach(
    table: LandslideRain, territory: LandslideTerritory, value: Float64Array, clear_ratio: float
) -> bool:
    """Whether the greatest values of some villages come up to the lowest that reaches or holds a level.

    Where they do not, the usual case, no village has to be compared.
    """
    low_h, high_h = territory.intensity_h_range
    with np.errstate(divide="ignore"):  # a range that begins at 0 h
        hours = np.array([[low_h], [high_h]], dtype=np.float64)
        by_h = territory.intensity_a * hours**-territory.intensity_b
    critical = (by_h, territory.effective_mm, territory.antecedent_mm, territory.weighted_mm)
    lowest = np.array(
        [
            _lowest_soil_water_mm(territory),
            *(np.fmin.reduce(of_one, axis=None, initial=np.inf) for of_one in critical),
            *(np.fmin.reduce(of_one, initial=np.inf) for of_one in _daily_mm(table, territory)),
        ]
    )
    greatest = np.fmax.reduce(value, axis=0, initial=-np.inf)
    return bool((greatest >= lowest * (min(clear_ratio, 1.0) * (1 - _ROUNDING))).any())


def _daily_mm(table: LandslideRain, territory: LandslideTerritory) -> Float64Array:
    """Critical rain of each window of `_windows`, shape (n_windows, 4)."""
    ended = [table.daily.index(window) for window in table.resetting]
    return np.concatenate([territory.daily_mm, territory.daily_mm[ended]])


def _critical(
    table: LandslideRain, territory: LandslideTerritory, last_hour_mm: Float64Array, event_h: Float64Array
) -> Float64Array:
    """Critical values of the criteria, shape (n, n_criteria, 4)."""
    daily_mm = _daily_mm(table, territory)
    n_criteria = len(CRITERIA) + len(daily_mm)
    critical = np.full((len(last_hour_mm), n_criteria, len(LEVELS)), np.nan, order="F")
    critical[:, 0] = critical_soil_water(territory, last_hour_mm)
    if not np.isnan(territory.intensity_a).all():  # powers are slow
        low_h, high_h = territory.intensity_h_range
        in_range = rows_where((event_h >= low_h) & (event_h <= high_h))
        critical[in_range, 1] = territory.intensity_a * event_h[in_range, None] ** -territory.intensity_b
    critical[:, 2] = territory.effective_mm
    critical[:, 3] = territory.antecedent_mm
    critical[:, 4] = territory.weighted_mm
    critical[:, len(CRITERIA) :] = daily_mm
    return critical


def critical_soil_water(territory: LandslideTerritory, last_hour_mm: Float64Array) -> Float64Array:
    """Soil water index that is critical with the rain of the last hour, shape (n, 4).

    NaN where a level has no line, or where less rain fell than its lowest point.
    """
    critical = np.full((len(last_hour_mm), len(LEVELS)), np.nan, order="F")
    lines = zip(territory.line_rain_mm, territory.line_soil_water_mm, strict=True)
    for number, (rain_mm, soil_water_mm) in enumerate(lines):
        if len(rain_mm):
            at_line = np.interp(last_hour_mm, rain_mm, soil_water_mm)
            critical[:, number] = np.where(last_hour_mm >= rain_mm[0], at_line, np.nan)
    return critical


def _take(
    found: HazardLevels,
    rows: Int64Array,
    level: LevelArray,
    value: Float64Array,
    critical: Float64Array,
    table: LandslideRain,
    event_h: Float64Array,
) -> None:
    """Write what has been reached in the villages `rows`."""
    reached = rows_where(worst_of(level))
    if len(reached) == 0:
        return
    at, level, value, critical = rows[reached], level[reached], value[reached], critical[reached]
    column = worst_column(level, value, critical)
    pick = (np.arange(len(at)), column)
    found.level[at] = level[pick]
    found.value[at] = value[pick]
    found.threshold[at] = threshold_of(critical, level)[pick]
    found.indicator[at] = np.array(_names(table)[0], dtype=np.uint8)[column]
    found.duration_s[at] = _durations(table, event_h[reached])[pick]


def _durations(table: LandslideRain, event_h: Float64Array) -> Int32Array:
    """Over which time each criterion is taken, shape (n, n_criteria)."""
    fixed_s = np.array(_names(table)[1], dtype=np.int32)
    duration_s = np.tile(fixed_s, (len(event_h), 1))
    duration_s[:, 1] = np.rint(event_h * HOUR_S)
    return duration_s


def _expected(
    rows: Int64Array,
    territory: LandslideTerritory,
    rain: VillageRain,
    antecedent: VillageAntecedent,
    index: int,
) -> tuple[Float64Array, Float64Array]:
    """Soil water after one lead, shape (n,), and what is critical with the hour that ends then, (n, 4)."""
    hour_mm = _hour_before(rain, rows, rain.leads_s[index])
    critical = critical_soil_water(territory, np.nan_to_num(hour_mm))
    return antecedent.soil_water_ahead_mm[rows, index], critical


def _hour_before(rain: VillageRain, rows: Int64Array, lead_s: int) -> Float64Array:
    """Rain of the hour that ends after a lead, shape (n,): of a shorter lead partly observed."""
    expected_mm, begin_s = rain.expected_mm(lead_s)[rows], lead_s - HOUR_S
    if begin_s < 0:
        return expected_mm + np.nan_to_num(rain.over(-begin_s)[rows])
    return expected_mm - rain.expected_mm(begin_s)[rows] if begin_s else expected_mm


def _names(table: LandslideRain) -> tuple[list[Indicator], list[int]]:
    """Indicator and duration in seconds of each criterion; an event's own duration is not known here."""
    indicator, duration_s = list(CRITERIA), [HOUR_S, 0, table.half_life_s, DAY_S, _WEIGHTED_S]
    if table.api_days is not None:
        indicator[3], duration_s[3] = indicator_of_days(table.api_days), table.api_days.duration_s
    indicator += [indicator_of_days(window) for window in _windows(table)]
    duration_s += [window.duration_s for window in _windows(table)]
    return indicator, duration_s


def _take_expected(
    found: HazardLevels,
    rule: HazardRule,
    rows: Int64Array,
    territory: LandslideTerritory,
    rain: VillageRain,
    antecedent: VillageAntecedent,
) -> None:
    """Add the levels that the critical line will reach, where they are worse than what was found."""
    for index, lead_s in enumerate(rain.leads_s):
        if not _in_reach(territory, antecedent.soil_water_ahead_mm[rows, index]):
            continue
        expected, critical = _expected(rows, territory, rain, antecedent, index)
        level = levels_of(expected[:, None], critical[:, None])[:, 0]
        level = np.minimum(level, np.uint8(rule.forecast_level_max))
        worse = rows_where(level > found.level[rows])
        at = rows[worse]
        found.level[at] = level[worse]
        found.value[at] = expected[worse]
        found.threshold[at] = threshold_of(critical[worse], level[worse])
        found.forecast_value[at] = np.maximum(expected[worse] - antecedent.soil_water_mm[at], 0.0)
        found.duration_s[at] = HOUR_S
        found.lead_s[at] = lead_s
        found.indicator[at] = Indicator.SOIL_WATER


def _in_reach(territory: LandslideTerritory, soil_water_mm: Float64Array) -> bool:
    """Whether the wettest ground comes up to the lowest point of any critical line."""
    wettest_mm = float(np.fmax.reduce(soil_water_mm, initial=-np.inf))
    return wettest_mm >= _lowest_soil_water_mm(territory) * (1 - _ROUNDING)


def _lowest_soil_water_mm(territory: LandslideTerritory) -> float:
    """The lowest point of all critical lines; infinite where there is none."""
    return min((float(line.min()) for line in territory.line_soil_water_mm if len(line)), default=np.inf)
