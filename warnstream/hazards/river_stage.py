"""River flood by stage: a gauge's water level reaches the values of the villages it warns.

Stages and thresholds must stand over the same datum; the configuration says
which gauge warns which village.
"""

import numpy as np

from warnstream.hazards.tables import levels_of, threshold_of
from warnstream.model.arrays import Float64Array
from warnstream.model.indicators import GaugeStage, HazardLevels, Indicator, no_levels
from warnstream.model.rules import CriticalStage, HazardRule


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
    table = rule.thresholds
    assert isinstance(table, CriticalStage)
    fresh = now_s - stages.observed_at_s[table.station] <= table.stale_after_s
    stage_m = np.where(fresh, stages.stage_m[table.station], np.nan)
    row_level = levels_of(stage_m, table.critical_m)
    row_holding = levels_of(stage_m, _clear_values(table, rule.lowering.clear_ratio))
    level = np.zeros(n_villages, dtype=np.uint8)
    holding = np.zeros(n_villages, dtype=np.uint8)
    n_fresh = np.zeros(n_villages, dtype=np.int64)
    n_gauges = np.zeros(n_villages, dtype=np.int64)
    np.maximum.at(level, table.village, row_level)
    np.maximum.at(holding, table.village, row_holding)
    np.add.at(n_fresh, table.village, fresh)
    np.add.at(n_gauges, table.village, 1)
    found = no_levels(n_villages, Indicator.STAGE)
    found.level[:] = level
    found.holding[:] = holding
    found.can_fall[:] = (n_gauges > 0) & (n_fresh == n_gauges)
    found.is_blind[:] = (n_gauges > 0) & (n_fresh == 0)
    carries = np.flatnonzero((row_level > 0) & (row_level == level[table.village]))
    rows = carries[::-1]  # of several gauges at one level the first in the table is named
    found.value[table.village[rows]] = stage_m[rows]
    found.threshold[table.village[rows]] = threshold_of(table.critical_m[rows], row_level[rows])
    found.station[table.village[rows]] = table.station[rows]
    return found


def _clear_values(table: CriticalStage, clear_ratio: float) -> Float64Array:
    """Stage below which a level may fall: lower by a share of the distance between the levels.

    A ratio of the stage itself would depend on the datum (95 % of 312 m over
    sea level is 15 m lower), so the share is taken of the span from the lowest
    to the highest level of the row, or of one metre where there is only one.
    """
    lowest = np.nanmin(table.critical_m, axis=1)
    span = np.maximum(np.nanmax(table.critical_m, axis=1) - lowest, 1.0)
    clear_m: Float64Array = table.critical_m - ((1.0 - clear_ratio) * span)[:, None]
    return clear_m
