"""The rainstorm warning signal (暴雨预警信号): has reached and may continue, or will reach.

Each colour of the national table is a disjunction: the amount WILL be reached
within its window, or HAS been reached within it AND rain may continue. Rain
counts as continuing while the last hour brought, or the coming hour is
expected to bring, at least `HazardRule.continues_mm_per_h`; where neither is
known it counts as continuing, the safe side.
"""

import numpy as np

from warnstream.hazards import rain_table
from warnstream.model.arrays import BoolArray
from warnstream.model.rules.comparison import Comparison
from warnstream.model.rules.indicators import HazardLevels, VillageRain
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import HOUR_S


def evaluate(
    rule: HazardRule, rain: VillageRain, ahead: rain_table.Ahead = rain_table.NOTHING_AHEAD
) -> HazardLevels:
    """Level of every village by the rainstorm table.

    Parameters
    ----------
    rule : HazardRule
        With `CriticalRain` thresholds, equal for all villages, and `continues_mm_per_h`.
    rain : VillageRain
        Accumulations over at least what `rain_table.needs` asks for.
    ahead : rain_table.Ahead
    """
    return rain_table.evaluate_where(rule, rain, counts=may_continue(rule, rain), ahead=ahead)


def compare(
    rule: HazardRule,
    rain: VillageRain,
    place: int,
    ahead: rain_table.Ahead = rain_table.NOTHING_AHEAD,
) -> list[Comparison]:
    """What `evaluate` compared at one place."""
    last_hour, next_hour = float(rain.over(HOUR_S)[place]), float(rain.expected_mm(HOUR_S)[place])
    why_not = (
        f"the rain does not go on: {last_hour:.1f} mm in the last hour, {np.nan_to_num(next_hour):.1f} mm "
        f"expected in the next; {rule.continues_mm_per_h:g} mm would be"
    )
    counts = bool(may_continue(rule, rain)[place])
    return rain_table.compare(rule, rain, place, counts=counts, why_not=why_not, ahead=ahead)


def may_continue(rule: HazardRule, rain: VillageRain) -> BoolArray:
    """Where rain goes on, or nobody can tell, shape (n_villages,)."""
    last_hour, next_hour = rain.over(HOUR_S), rain.expected_mm(HOUR_S)
    known_dry = (last_hour < rule.continues_mm_per_h) & ~(next_hour >= rule.continues_mm_per_h)
    return ~known_dry | np.isnan(last_hour)
