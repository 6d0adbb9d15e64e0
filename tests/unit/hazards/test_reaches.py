"""A gauge upstream warns the villages below it: with a lead, weakened, and over one datum."""

from dataclasses import replace

import numpy as np
import pytest

from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, stage, stage_rule
from tests.unit.desk.county import MESSAGE_POLICY
from tests.unit.hazards.rain import LOWERING
from warnstream.assessment import Assessment, Weights
from warnstream.delivery import texts_en, texts_zh
from warnstream.delivery.texts import reason_parts
from warnstream.model.changes import LevelChange
from warnstream.model.level import Level
from warnstream.model.observations.readings import UNUSABLE, Flag, concatenate
from warnstream.model.rules.rules import CriticalStage, HazardRule, Reaches

NAN = np.nan


def rule_of(**changed: object) -> HazardRule:
    """Gauge S0 stands in village 0 and is 40 to 70 minutes above village 1."""
    values: dict[str, object] = {
        "travel_min_s": np.array([0, 2400], dtype=np.int32),
        "travel_max_s": np.array([0, 4200], dtype=np.int32),
        "attenuation": np.array([1.0, 1.0]),
        "base_m": np.array([100.0, 100.0]),
        "gauge": np.array([0], dtype=np.int32),
        "range_m": np.array([[100.0, 106.0]]),
    }
    table = CriticalStage(
        village=np.array([0, 1], dtype=np.int32),
        station=np.array([0, 0], dtype=np.int32),
        critical_m=np.array([[NAN, NAN, 103.0, 104.0]] * 2),
        stale_after_s=1800,
        reaches=Reaches(**(values | changed)),  # type: ignore[arg-type]
    )
    return HazardRule("river", "river_stage", "洪水", "Flood", table, 0.0, Level.NONE, LOWERING, "test")


def assessment_of(rule: HazardRule) -> Assessment:
    weights = nearest_weights(2, 2)
    return Assessment(
        network_of(2, 2),
        (rule,),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def changes_at(rule: HazardRule, metres: float) -> dict[int, LevelChange]:
    changes = assessment_of(rule).step(stage((0, 300, metres)), T0 + 300).changes
    return {change.village: change for change in changes}


def test_a_crossing_upstream_is_expected_downstream_after_the_travel_time() -> None:
    found = changes_at(rule_of(), 103.2)
    here, below = found[0].reason, found[1].reason
    assert here is not None
    assert below is not None
    assert (found[0].level, here.lead_s, here.facts) == (Level.ORANGE, 0, ())
    assert (found[1].level, below.lead_s, below.value) == (Level.ORANGE, 2400, 103.2)
    way = below.facts[0]
    assert (way.indicator, way.station, way.value, way.threshold, way.unit) == ("travel", "S0", 40, 70, "min")
    assert not below.is_observed


def test_the_text_says_when_the_flood_arrives() -> None:
    reason = changes_at(rule_of(), 103.2)[1].reason
    assert reason is not None
    parts = reason_parts(reason, MESSAGE_POLICY)
    zh, en = texts_zh.reason_text(parts), texts_en.reason_text(parts)
    assert zh.startswith("S0站水位103.2米，达到阈值103米（")
    assert zh.endswith("洪水约40至70分钟后到达。")
    assert en.startswith("Gauge S0: water level 103.2 m, reached the threshold of 103 m (observed ")
    assert en.endswith("The flood takes 40 to 70 min from that gauge.")


def test_a_reach_weakens_the_height_over_low_water() -> None:
    """4 m over low water arrive as 3.2 m: orange at 3 m, not red at 4 m."""
    found = changes_at(rule_of(attenuation=np.array([1.0, 0.8])), 104.0)
    assert (found[0].level, found[1].level) == (Level.RED, Level.ORANGE)
    assert found[1].reason is not None
    assert found[1].reason.value == pytest.approx(103.2)


def test_a_rise_at_the_gauge_adds_its_own_time() -> None:
    rule = replace(rule_of(), forecast_level_max=Level.ORANGE)
    readings = concatenate([stage((0, 300 * n, 101.0 + 0.2 * n)) for n in range(1, 7)])
    changes = assessment_of(rule).step(readings, T0 + 1800).changes
    leads = {change.village: change.reason.lead_s for change in changes if change.reason}
    # 102.2 m, rising 2.4 m/h: 103 m in 20 minutes, and 40 minutes further to the village.
    assert leads == {0: 1200, 1: 3600}


@pytest.mark.parametrize(
    ("metres", "is_refused"), [(3.2, True), (96.9, True), (97.0, False), (109.0, False), (109.1, True)]
)
def test_a_stage_over_another_datum_is_refused_and_never_judged(metres: float, *, is_refused: bool) -> None:
    """The range is 100 to 106 m; half of it more on either side is still believed."""
    step = assessment_of(rule_of()).step(stage((0, 300, metres)), T0 + 300)
    assert bool(step.flags[0] & Flag.OUT_OF_RANGE) is is_refused
    if is_refused:
        assert step.changes == []


def test_another_gauge_has_no_range() -> None:
    step = assessment_of(rule_of()).step(stage((1, 300, 3.2)), T0 + 300)
    assert step.flags.tolist() == [0]


def test_without_a_table_of_gauges_a_gauge_has_the_range_of_its_thresholds() -> None:
    """From 100 m below the lowest for reservoirs to 30 m above the highest for floods never seen."""
    rule = stage_rule(0, 0, [2.0, 3.0, 4.0, 5.0])
    machine = assessment_of(rule)
    step = machine.step(stage((0, 300, 11.5), (0, 600, 65.535), (0, 900, 36.0), (0, 1200, -97.0)), T0 + 1200)
    assert step.flags.tolist()[0] & UNUSABLE == 0
    assert step.flags.tolist()[1] & Flag.OUT_OF_RANGE
    assert step.flags.tolist()[2] & Flag.OUT_OF_RANGE
    assert step.flags.tolist()[3] & UNUSABLE == 0


def test_an_error_value_near_a_gauges_own_thresholds_is_a_stage() -> None:
    for levels, flag in (([60.0, 61.0, 62.0, 70.0], Flag.NONE), ([40.0, 41.0, 42.0, 43.0], Flag.ERROR_VALUE)):
        step = assessment_of(stage_rule(0, 0, levels)).step(stage((0, 300, 65.535)), T0 + 300)
        assert step.flags.tolist() == [flag]
        assert [change.level for change in step.changes] == ([Level.ORANGE] if flag is Flag.NONE else [])
