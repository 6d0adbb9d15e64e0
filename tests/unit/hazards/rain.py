"""Rain of one village as the evaluators see it, from amounts per hour or per duration."""

from collections.abc import Mapping, Sequence

import numpy as np

from warnstream.forecast.nowcast import LEADS_S
from warnstream.hazards.rain_table import needs
from warnstream.hazards.sources import durations_of
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import StationWeights
from warnstream.model.rules.indicators import VillageRain
from warnstream.model.rules.rules import CriticalRain, DowngradePolicy, HazardRule

HOUR = 3600
LOWERING = DowngradePolicy(clear_ratio=0.8, hold_s=1800, active_s_min=3600, coverage_min=0.8)


def rule_of(
    table: Mapping[int, Mapping[Level, float]],
    *,
    evaluator: str = "critical_rainfall",
    continues_mm_per_h: float = 0.0,
    forecast_level_max: Level = Level.NONE,
) -> HazardRule:
    """A rule of one village: hours -> level -> millimetres."""
    hours = sorted(table)
    critical = np.array([[[table[hour].get(level, np.nan) for level in LEVELS] for hour in hours]])
    return HazardRule(
        name="test",
        evaluator=evaluator,
        title_zh="测试",
        title_en="Test",
        thresholds=CriticalRain(np.array([hour * HOUR for hour in hours], dtype=np.int32), critical),
        continues_mm_per_h=continues_mm_per_h,
        forecast_level_max=forecast_level_max,
        lowering=LOWERING,
        source="test",
    )


def rain_over(
    rule: HazardRule,
    amounts: Mapping[int, float],
    *,
    ahead: Sequence[float] = (np.nan, np.nan, np.nan),
    coverage: float = 1.0,
) -> VillageRain:
    """Observed rain by hours; durations that are not named hold NaN."""
    asked = durations_of([needs(rule)], LEADS_S).tolist()
    durations = np.array(sorted({*asked, *(hours * HOUR for hours in amounts)}), dtype=np.int32)
    rain = np.array([[amounts.get(int(duration) // HOUR, np.nan) for duration in durations]])
    return VillageRain(
        duration_s=durations,
        rain_mm=rain,
        coverage=np.full_like(rain, coverage),
        is_blind=np.array([False]),
        ahead_mm=np.array([ahead], dtype=np.float64),
        station_rain_mm=rain,
        weights=StationWeights(np.zeros((1, 1), dtype=np.int32), np.ones((1, 1)), np.zeros((1, 1))),
        leads_s=LEADS_S,
    )


def rain_by_hour(
    rule: HazardRule, hourly: Sequence[float], *, ahead: Sequence[float] = (np.nan, np.nan, np.nan)
) -> VillageRain:
    """Observed rain from hourly amounts, the last one being the hour that just ended."""
    newest_first = list(reversed(hourly))
    hours = {int(duration) // HOUR for duration in durations_of([needs(rule)], LEADS_S).tolist()}
    return rain_over(rule, {hour: float(sum(newest_first[:hour])) for hour in hours}, ahead=ahead)
