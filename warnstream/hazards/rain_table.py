"""Rain against a table of critical values: what has been reached, what will be, what still holds.

Shared by the hazards that judge rain over durations. Each level is reached by
what *has* fallen over a duration, or *will have* when the coming 1, 2 or 3
hours bring the expected rain: observed rain of the past ``duration - lead``
plus the forecast of ``lead``. What rests on a forecast is capped at the
rule's `forecast_level_max`.
"""

from collections.abc import Sequence

import numpy as np

from warnstream.hazards.tables import levels_of, threshold_of, worst_column
from warnstream.model.arrays import BoolArray, Float64Array, LevelArray
from warnstream.model.indicators import LEADS_S, HazardLevels, Indicator, VillageRain, no_levels
from warnstream.model.level import LEVELS, Level
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
    observed = [rain.over(int(duration)) for duration in table.duration_s]
    clear_ratio = rule.lowering.clear_ratio
    reached, holding = _reached(observed, table), _reached(observed, table, clear_ratio)
    if counts is not None:
        reached = np.where(counts, reached, np.uint8(0))
        holding = np.where(counts, holding, np.uint8(0))
    found = _blank(len(reached), holding, rain, rule)
    _take(found, reached, observed, np.zeros(len(reached)), lead_s=0, table=table)
    if rule.forecast_level_max > Level.NONE:
        for index, lead_s in enumerate(LEADS_S):
            _take_expected(found, rule, rain, index, lead_s)
    rows = np.flatnonzero(found.level)
    found.station[rows] = rain.main_station(rows, found.duration_s[rows])
    return found


def _reached(value: Sequence[Float64Array], table: CriticalRain, ratio: float = 1.0) -> LevelArray:
    """Worst level that the values reach, shape (n_villages,); one array per duration, NaN reaches none.

    Where not even the highest value reaches the lowest threshold, no village is compared.
    """
    worst = np.zeros(len(table.critical_mm), dtype=np.uint8)
    for column, of_villages in enumerate(value):
        highest = np.fmax.reduce(of_villages, initial=-np.inf, dtype=np.float64)
        for level in LEVELS:
            if highest >= table.lowest_mm[column, level - 1] * ratio:
                critical = table.critical_mm[:, column, level - 1] * ratio
                np.maximum(worst, (of_villages >= critical) * np.uint8(level), out=worst)
    return worst


def _take_expected(found: HazardLevels, rule: HazardRule, rain: VillageRain, index: int, lead_s: int) -> None:
    """Add what will be reached within one lead time, where it is worse than what was found before."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    # Where no rain is coming nothing *will* be reached; what has been is judged by observation alone.
    coming = rain.ahead_mm[:, index]
    comes = (coming > 0) & (coming >= rule.continues_mm_per_h)
    if not comes.any():
        return
    ahead = np.where(comes, coming, np.nan)
    nothing = np.full(len(ahead), np.nan)
    expected = []
    for duration in table.duration_s.tolist():
        if duration > lead_s:
            expected.append(rain.over(duration - lead_s) + ahead)
        else:
            expected.append(ahead if duration == lead_s else nothing)
    reached = np.minimum(_reached(expected, table), np.uint8(rule.forecast_level_max))
    _take(found, reached, expected, ahead, lead_s=lead_s, table=table)


def _take(
    found: HazardLevels,
    reached: LevelArray,
    value: Sequence[Float64Array],
    forecast_value: Float64Array,
    *,
    lead_s: int,
    table: CriticalRain,
) -> None:
    """Write into `found` those of the villages whose level beats what stands there.

    Only for them is it worked out which duration carries the level.
    """
    village = np.flatnonzero(reached > found.level)
    if len(village) == 0:
        return
    values = np.stack([of_villages[village] for of_villages in value], axis=1)
    critical = table.critical_mm[village]
    level = np.minimum(levels_of(values, critical), reached[village, None])
    column = worst_column(level, values, critical)
    pick = (np.arange(len(village)), column)
    found.level[village] = level[pick]
    found.value[village] = values[pick]
    found.forecast_value[village] = forecast_value[village]
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
