"""Rain against a table of critical values: what has been reached, what will be, what still holds.

Shared by the hazards that judge rain over durations. Each level is reached by
what *has* fallen over a duration, or *will have* when the coming 1, 2 or 3
hours bring the expected rain: observed rain of the past ``duration - lead``
plus the forecast of ``lead``. What rests on a forecast is capped at the
rule's `forecast_level_max`.
"""

import numpy as np

from warnstream.hazards.tables import levels_of, threshold_of, worst_column, worst_of
from warnstream.model.arrays import BoolArray, Float64Array, LevelArray
from warnstream.model.indicators import LEADS_S, HazardLevels, Indicator, VillageRain, no_levels
from warnstream.model.level import Level
from warnstream.model.rules import CriticalRain, HazardRule
from warnstream.model.times import HOUR_S


def durations_needed(rule: HazardRule) -> set[int]:
    """Durations whose accumulations `evaluate` reads, in seconds."""
    assert isinstance(rule.thresholds, CriticalRain)
    own = {int(duration) for duration in rule.thresholds.duration_s}
    past = {duration - lead for duration in own for lead in LEADS_S if duration > lead}
    return own | past | {HOUR_S}


def evaluate_where(rule: HazardRule, rain: VillageRain, *, counts: BoolArray | None) -> HazardLevels:
    """Level of every village; observed rain counts only where `counts` (everywhere if None).

    Where it does not count, it reaches no level and holds none.
    """
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    critical = table.critical_mm
    observed = np.stack([rain.over(int(duration)) for duration in table.duration_s], axis=1)
    by_duration = levels_of(observed, critical)
    holding = worst_of(levels_of(observed, critical * rule.lowering.clear_ratio))
    if counts is not None:
        by_duration = np.where(counts[:, None], by_duration, np.uint8(0))
        holding = np.where(counts, holding, np.uint8(0))
    found = _blank(len(observed), holding, rain, rule)
    _take(found, by_duration, observed, np.zeros_like(observed), critical, lead_s=0, table=table)
    if rule.forecast_level_max > Level.NONE:
        for index, lead_s in enumerate(LEADS_S):
            _take_expected(found, rule, rain, observed, index, lead_s)
    rows = np.flatnonzero(found.level)
    found.station[rows] = rain.main_station(rows, found.duration_s[rows])
    return found


def _take_expected(
    found: HazardLevels, rule: HazardRule, rain: VillageRain, observed: Float64Array, index: int, lead_s: int
) -> None:
    """Add what will be reached within one lead time, where it is worse than what was found before."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    ahead = rain.ahead_mm[:, index]
    expected = np.full_like(observed, np.nan)
    for column, duration in enumerate(table.duration_s):
        if duration > lead_s:
            expected[:, column] = rain.over(int(duration) - lead_s) + ahead
        elif duration == lead_s:
            expected[:, column] = ahead
    levels = np.minimum(levels_of(expected, table.critical_mm), np.uint8(rule.forecast_level_max))
    share = np.where(np.isnan(expected), np.nan, ahead[:, None])
    _take(found, levels, expected, share, table.critical_mm, lead_s=lead_s, table=table)


def _take(
    found: HazardLevels,
    level: LevelArray,
    value: Float64Array,
    forecast_value: Float64Array,
    critical: Float64Array,
    *,
    lead_s: int,
    table: CriticalRain,
) -> None:
    """Write into `found` the villages whose worst level by duration beats what stands there."""
    rows = np.flatnonzero(worst_of(level) > found.level)
    if len(rows) == 0:
        return
    level, value, forecast_value = level[rows], value[rows], forecast_value[rows]
    critical = np.broadcast_to(critical, (len(found.level), *critical.shape[1:]))[rows]
    column = worst_column(level, value, critical)
    pick = (np.arange(len(rows)), column)
    found.level[rows] = level[pick]
    found.value[rows] = value[pick]
    found.forecast_value[rows] = forecast_value[pick]
    found.threshold[rows] = threshold_of(critical, level)[pick]
    found.duration_s[rows] = table.duration_s[column]
    found.lead_s[rows] = lead_s


def _blank(n_villages: int, holding: LevelArray, rain: VillageRain, rule: HazardRule) -> HazardLevels:
    """No level anywhere, to be filled in place by `_take`."""
    found = no_levels(n_villages, Indicator.RAIN)
    found.holding[:] = holding
    found.can_fall[:] = rain.coverage_over(HOUR_S) >= rule.lowering.coverage_min
    found.is_blind[:] = rain.is_blind
    return found
