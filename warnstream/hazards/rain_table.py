"""Rain against a table of critical values: what has been reached, what will be, what still holds.

Shared by the hazards that judge rain over durations. Each level is reached by
what *has* fallen over a duration, or *will have* when the coming 1, 2 or 3
hours bring the expected rain: observed rain of the past ``duration - lead``
plus the forecast of ``lead``. What rests on a forecast is capped at the
rule's `forecast_level_max`.
"""

import numpy as np

from warnstream.hazards.tables import levels_of, threshold_of, worst_column, worst_of
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array, LevelArray
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
    every = np.arange(len(observed))
    _take(found, every, by_duration, observed, np.zeros_like(observed), lead_s=0, table=table)
    if rule.forecast_level_max > Level.NONE:
        for index, lead_s in enumerate(LEADS_S):
            _take_expected(found, rule, rain, index, lead_s)
    rows = np.flatnonzero(found.level)
    found.station[rows] = rain.main_station(rows, found.duration_s[rows])
    return found


def _take_expected(found: HazardLevels, rule: HazardRule, rain: VillageRain, index: int, lead_s: int) -> None:
    """Add what will be reached within one lead time, where it is worse than what was found before."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    # Where no rain is coming nothing *will* be reached; what has been is judged by observation alone.
    coming = rain.ahead_mm[:, index]
    rows = np.flatnonzero((coming > 0) & (coming >= rule.continues_mm_per_h))
    if len(rows) == 0:
        return
    ahead = coming[rows]
    expected = np.full((len(rows), len(table.duration_s)), np.nan)
    for column, duration in enumerate(table.duration_s):
        if duration > lead_s:
            expected[:, column] = rain.over(int(duration) - lead_s)[rows] + ahead
        elif duration == lead_s:
            expected[:, column] = ahead
    levels = np.minimum(levels_of(expected, table.critical_mm[rows]), np.uint8(rule.forecast_level_max))
    share = np.where(np.isnan(expected), np.nan, ahead[:, None])
    _take(found, rows, levels, expected, share, lead_s=lead_s, table=table)


def _take(
    found: HazardLevels,
    village: Int64Array,
    level: LevelArray,
    value: Float64Array,
    forecast_value: Float64Array,
    *,
    lead_s: int,
    table: CriticalRain,
) -> None:
    """Write into `found` those of the villages whose worst level by duration beats what stands there."""
    better = np.flatnonzero(worst_of(level) > found.level[village])
    if len(better) == 0:
        return
    village, level, value = village[better], level[better], value[better]
    critical = table.critical_mm[village]
    column = worst_column(level, value, critical)
    pick = (np.arange(len(village)), column)
    found.level[village] = level[pick]
    found.value[village] = value[pick]
    found.forecast_value[village] = forecast_value[better][pick]
    found.threshold[village] = threshold_of(critical, level)[pick]
    found.duration_s[village] = table.duration_s[column]
    found.lead_s[village] = lead_s


def _blank(n_villages: int, holding: LevelArray, rain: VillageRain, rule: HazardRule) -> HazardLevels:
    """No level anywhere, to be filled in place by `_take`."""
    found = no_levels(n_villages, Indicator.RAIN)
    found.holding[:] = holding
    found.can_fall[:] = rain.coverage_over(HOUR_S) >= rule.lowering.coverage_min
    found.is_blind[:] = rain.is_blind
    return found
