from dataclasses import replace

import numpy as np

from tests.unit.hazards.rain import LOWERING
from warnstream.hazards import river_stage
from warnstream.model.level import Level
from warnstream.model.rules.indicators import GaugeStage, HazardLevels
from warnstream.model.rules.rules import CriticalStage, HazardRule

NAN = np.nan
# Village 0 is warned by gauges 0 and 1, village 1 by gauge 1, village 2 by none.
TABLE = CriticalStage(
    village=np.array([0, 0, 1], dtype=np.int32),
    station=np.array([0, 1, 1], dtype=np.int32),
    critical_m=np.array([[NAN, 102.0, 103.0, 104.0], [NAN, 52, 53, 54], [NAN, NAN, 53.5, NAN]]),
    stale_after_s=1800,
)
RULE = HazardRule("river_flood", "river_stage", "洪水", "Flood", TABLE, 0.0, Level.NONE, LOWERING, "test")


def evaluate(
    stage_m: list[float],
    age_s: tuple[int, int] = (0, 0),
    rise_m_per_h: tuple[float, float] = (NAN, NAN),
    rule: HazardRule = RULE,
) -> HazardLevels:
    stages = GaugeStage(np.array(stage_m), 10_000 - np.array(age_s), np.array(rise_m_per_h))
    return river_stage.evaluate(rule, stages, n_villages=3, now_s=10_000)


def test_a_rise_reaches_the_next_level_before_the_water_does() -> None:
    """0.5 m below yellow, rising 1.5 m/h: 20 minutes; orange in an hour, red beyond the horizon of two."""
    rule = replace(RULE, forecast_level_max=Level.RED, thresholds=replace(TABLE, horizon_s=3600))
    found = evaluate([101.5, 40], rise_m_per_h=(1.5, NAN), rule=rule)
    assert (found.level[0], found.lead_s[0], found.value[0]) == (Level.ORANGE, 3600, 103.0)
    assert found.forecast_value[0] == 1.5
    assert not found.level[1]


def test_a_rise_alone_raises_no_higher_than_the_rule_allows() -> None:
    found = evaluate(
        [101.5, 40], rise_m_per_h=(1.5, NAN), rule=replace(RULE, forecast_level_max=Level.YELLOW)
    )
    assert (found.level[0], found.lead_s[0], found.threshold[0]) == (Level.YELLOW, 1200, 102.0)
    assert not evaluate([101.5, 40], rise_m_per_h=(1.5, NAN)).level[0]


def test_what_has_been_reached_goes_before_what_is_expected() -> None:
    """Gauge 1 stands at orange, gauge 0 will reach orange: the observed one is named."""
    rule = replace(RULE, forecast_level_max=Level.ORANGE)
    found = evaluate([102.5, 53.2], rise_m_per_h=(1.0, NAN), rule=rule)
    assert (found.level[0], found.station[0], found.lead_s[0]) == (Level.ORANGE, 1, 0)


def test_falling_water_reaches_nothing() -> None:
    rule = replace(RULE, forecast_level_max=Level.RED)
    assert not evaluate([101.9, 40], rise_m_per_h=(-1.0, 0.0), rule=rule).level.any()


def test_a_stage_reaches_the_levels_of_each_village_it_warns() -> None:
    assert evaluate([101.9, 53.5]).level.tolist() == [Level.ORANGE, Level.ORANGE, Level.NONE]


def test_the_worst_gauge_counts_and_is_named() -> None:
    found = evaluate([104.0, 52.0])
    assert (found.level[0], found.station[0], found.value[0], found.threshold[0]) == (
        Level.RED,
        0,
        104.0,
        104.0,
    )


def test_a_stale_stage_says_nothing() -> None:
    found = evaluate([104.0, 50.0], age_s=(1801, 0))
    assert found.level[0] == Level.NONE


def test_a_stale_gauge_keeps_its_village_from_falling_only_while_no_other_is_heard() -> None:
    assert evaluate([101, 50], age_s=(1801, 0)).can_fall.tolist() == [True, True, False]
    assert evaluate([101, 50], age_s=(0, 1801)).can_fall.tolist() == [True, False, False]


def test_a_village_all_of_whose_gauges_are_stale_is_blind() -> None:
    assert evaluate([101, 50], age_s=(1801, 1801)).is_blind.tolist() == [True, True, False]


def test_the_clear_value_is_a_share_of_the_span_of_levels_not_of_the_datum() -> None:
    """Ratio 0.8 and a span of 2 m: a level holds until 0.4 m below its stage, at 100 m as at 0 m."""
    assert evaluate([101.7, 50]).holding[0] == Level.YELLOW
    assert evaluate([101.5, 50]).holding[0] == Level.NONE


def test_a_gauge_that_never_reported_reaches_nothing() -> None:
    assert evaluate([NAN, NAN]).level.tolist() == [0, 0, 0]
