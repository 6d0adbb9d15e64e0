"""One gauge against its whole, dry neighbours warns, up to a level, and says that nobody confirms it."""

from dataclasses import replace

import numpy as np
import pytest

from tests.networks import HOUR, LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from tests.unit.assessment.test_gauge_quality import everybody_near
from tests.unit.desk.county import MESSAGE_POLICY, desk_of
from tests.unit.hazards.test_landslide_rain import territory
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, Weights
from warnstream.delivery import texts_en, texts_zh
from warnstream.delivery.texts import parts_of
from warnstream.model.changes import Change, LevelChange
from warnstream.model.level import Level
from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.policies import NeighbourPolicy, RoutingPolicy
from warnstream.model.rules.rules import CriticalRain, HazardRule, WaterloggingTable

N = 7
STEP = 300
SIREN = (15, 25, 40, 80)
ROUTING = RoutingPolicy(Level.YELLOW, Level.BLUE, (0, 0, 0, 0, 0))


def assessment_of(
    *rules: HazardRule, neighbours: StationNeighbours | None = None, policy: NeighbourPolicy | None = None
) -> Assessment:
    weights = nearest_weights(N, N)
    return Assessment(
        network_of(N, N),
        rules or (rain_rule(N, SIREN),),
        weights=Weights(weights, weights, neighbours or everybody_near(N)),
        windows=WINDOWS,
        quality=replace(QUALITY, neighbours=policy or NeighbourPolicy()),
        nowcast=None,
    )


def go(
    assessment: Assessment, first: int, count: int, own: float, others: float = 0.0, heard: int = N
) -> list[LevelChange]:
    """Intervals of five minutes: the first gauge says `own`, the others that are heard `others`."""
    changes: list[LevelChange] = []
    for number in range(first, first + count):
        rows = [(0, STEP * number, own), *((n, STEP * number, others) for n in range(1, heard))]
        changes += assessment.step(rain(*rows), T0 + STEP * number).changes
    return changes


def highest(changes: list[LevelChange], village: int = 0) -> Level:
    return max((change.level for change in changes if change.village == village), default=Level.NONE)


def slide() -> HazardRule:
    table = LandslideRain(
        np.zeros(N, dtype=np.int32),
        (territory(effective_mm=np.array([10.0, 25.0, 40.0, 80.0])),),
        12 * HOUR,
        24 * HOUR,
        0.84,
    )
    return HazardRule("slide", "landslide_rain", "滑坡", "Slide", table, 0.0, Level.NONE, LOWERING, "test")


def water() -> HazardRule:
    nobody = np.zeros(0, dtype=np.int32)
    rain_table = rain_rule(N, SIREN).thresholds
    assert isinstance(rain_table, CriticalRain)
    table = WaterloggingTable(nobody, nobody, np.zeros((0, 4)), rain_table, 1, 1800)
    return HazardRule("water", "waterlogging", "内涝", "Water", table, 0.0, Level.NONE, LOWERING, "test")


def own_rule() -> HazardRule:
    rows = "{level: yellow, rain: 1h, at_least: 25mm}, {level: red, rain: 1h, at_least: 80mm}"
    return rule_of(f"[{rows}]", name="own", n_villages=N)


def signal() -> HazardRule:
    return replace(rain_rule(N, SIREN, name="signal"), evaluator="rainstorm")


EVERY = [rain_rule(N, SIREN), signal(), slide(), water(), own_rule()]


@pytest.mark.parametrize("rule", EVERY, ids=[rule.evaluator for rule in EVERY])
def test_it_raises_no_higher_than_the_policy_allows_and_says_so(rule: HazardRule) -> None:
    assessment = assessment_of(rule)
    go(assessment, 1, 12, 0.0)
    changes = go(assessment, 13, 6, 20.0)
    assert {change.village for change in changes} == {0}
    assert highest(changes) == Level.YELLOW
    last = changes[-1]
    assert last.reason is not None
    assert (last.confirmed, last.reason.lone_gauge, last.reason.station) == (False, True, "S0")
    assert last.reason.value >= 25
    view = assessment.view(0).hazards[0]
    assert view.adds_up
    assert "one gauge, not confirmed: no higher than yellow" in view.places[0].note


@pytest.mark.parametrize("rule", EVERY, ids=[rule.evaluator for rule in EVERY])
def test_one_wet_neighbour_is_enough_and_the_level_rises_at_that_step(rule: HazardRule) -> None:
    assessment = assessment_of(rule)
    go(assessment, 1, 12, 0.0)
    go(assessment, 13, 6, 20.0)
    rows = [(0, STEP * 19, 0.0), (1, STEP * 19, 1.0), *((n, STEP * 19, 0.0) for n in range(2, N))]
    changes = assessment.step(rain(*rows), T0 + STEP * 19).changes
    assert highest(changes) == Level.RED
    assert changes[0].reason is not None
    assert not changes[0].reason.lone_gauge


def test_people_read_it_first() -> None:
    assessment = assessment_of()
    changes = go(assessment, 1, 12, 0.0) + go(assessment, 13, 6, 20.0)
    network, rules = network_of(N, N), (rain_rule(N, SIREN),)
    desk = desk_of(network, rules, MESSAGE_POLICY, ROUTING)
    messages = [message for change in changes for message in desk.step([change], change.at_s).messages]
    assert messages
    for message in messages:
        assert not message.confirmed
        parts = parts_of(message, network, rules, MESSAGE_POLICY)
        english, chinese = texts_en.texts(parts), texts_zh.texts(parts)
        assert english.text.startswith("[EXERCISE] One gauge, not confirmed. ")
        assert chinese.text.startswith("【演练】一站未核。")
        assert english.headline.startswith("[EXERCISE] One gauge, not confirmed. ")


def test_a_gauge_does_not_become_credible_by_the_passing_of_an_hour() -> None:
    """100 mm in half an hour; the 24 h rule is reached by it all day."""
    assessment = assessment_of(rain_rule(N, (15, 25, 40, 80), duration_s=24 * HOUR))
    go(assessment, 1, 12, 0.0)
    go(assessment, 13, 5, 20.0)
    for last in range(19, 217, 3):  # a step for three intervals
        at = [STEP * number for number in range(last - 2, last + 1)]
        changes = assessment.step(
            rain(*((n, at_s, 0.0) for at_s in at for n in range(N))), T0 + at[-1]
        ).changes
        assert highest(changes) <= Level.YELLOW
    assert assessment.level("flash_flood").level[0] == Level.YELLOW


def test_a_county_may_allow_more() -> None:
    orange = assessment_of(policy=NeighbourPolicy(lone_level_max=Level.ORANGE))
    every = assessment_of(policy=NeighbourPolicy(lone_level_max=Level.RED))
    for assessment, level in ((orange, Level.ORANGE), (every, Level.RED)):
        go(assessment, 1, 12, 0.0)
        changes = go(assessment, 13, 6, 20.0)
        assert highest(changes) == level
        assert changes[-1].reason is not None
        assert changes[-1].reason.lone_gauge


def test_what_other_windows_carry_stands() -> None:
    """50 mm fell on everybody within three hours: orange. Then one gauge alone has 90 mm more."""
    critical = np.array([[[15, 25, 40, 80.0], [20, 30, 45, 500.0]]] * N)
    table = CriticalRain(np.array([HOUR, 3 * HOUR], dtype=np.int32), critical)
    assessment = assessment_of(replace(rain_rule(N, SIREN), thresholds=table))
    go(assessment, 1, 20, 2.5, 2.5)
    go(assessment, 21, 12, 0.0)
    assert assessment.level("flash_flood").level[0] == Level.ORANGE
    changes = go(assessment, 33, 3, 30.0)
    assert changes == []
    assert assessment.level("flash_flood").level[0] == Level.ORANGE


@pytest.mark.parametrize("heard", [1, 5])
def test_silent_neighbours_are_not_dry_ones(heard: int) -> None:
    assessment = assessment_of()
    go(assessment, 1, 12, 0.0, heard=heard)
    assert highest(go(assessment, 13, 6, 20.0, heard=heard)) == Level.RED


def test_a_gauge_without_neighbours_is_believed() -> None:
    nobody = StationNeighbours(np.zeros((N, 0), dtype=np.int32), np.zeros((N, 0)))
    assessment = assessment_of(neighbours=nobody)
    go(assessment, 1, 12, 0.0)
    assert highest(go(assessment, 13, 6, 20.0)) == Level.RED


def test_a_red_that_was_believed_is_held_by_a_gauge_that_is_alone_now() -> None:
    """Never lowered by doubt: the neighbours' rain has passed out of the hour, the gauge goes on."""
    assessment = assessment_of()
    go(assessment, 1, 12, 10.0, 10.0)
    assert assessment.level("flash_flood").level[0] == Level.RED
    falls = [
        change
        for change in go(assessment, 13, 40, 10.0)
        if change.kind is Change.FALL and change.village == 0
    ]
    assert falls == []


def test_a_fault_in_the_comparison_keeps_no_level_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnstream.assessment.lone_gauges.lone_windows", lambda *_args: 1 / 0)
    assessment = assessment_of()
    go(assessment, 1, 12, 0.0)
    changes = go(assessment, 13, 6, 20.0)
    assert highest(changes) == Level.RED
    assert "lone gauges" in assessment.step(rain((0, STEP * 19, 20.0)), T0 + STEP * 19).failures
