"""A share of a threshold raises a level before it is reached, and never says that it has been."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.hazards.rain import HOUR, rain_over, rule_of
from warnstream.hazards import critical_rainfall, rainstorm
from warnstream.model.forecast import Expected, ExpectedLevel
from warnstream.model.level import Level
from warnstream.model.rules.indicators import HazardLevels
from warnstream.model.rules.rules import HazardRule

NONE, BLUE, YELLOW, ORANGE, RED = Level
TABLE = {3: {ORANGE: 50}, 24: {YELLOW: 90, ORANGE: 100, RED: 200}}
NEAR_ORANGE = ExpectedLevel(ORANGE, YELLOW, share=0.9)
NEAR_RED = ExpectedLevel(RED, RED, share=0.8, duration_s=(24 * HOUR,))


def rule(*expected: ExpectedLevel, **kinds: object) -> HazardRule:
    return replace(rule_of(TABLE, **kinds), expected=expected)  # type: ignore[arg-type]


def found(amounts: dict[int, float], *expected: ExpectedLevel) -> HazardLevels:
    judged = rule(*expected)
    return critical_rainfall.evaluate(judged, rain_over(judged, amounts))


@pytest.mark.parametrize(
    ("amounts", "level", "holding"),
    [
        ({3: 44.9, 24: 60}, NONE, ORANGE),  # what has been reached holds from 0.8 * 50 mm on
        ({3: 36.0, 24: 60}, NONE, YELLOW),  # the share from 0.8 * 45 mm on
        ({3: 35.9, 24: 60}, NONE, NONE),
        ({3: 45.0, 24: 60}, YELLOW, ORANGE),
        ({3: 50.0, 24: 60}, ORANGE, ORANGE),
        ({3: np.nan, 24: np.nan}, NONE, NONE),
    ],
)
def test_the_share_raises_and_holds_by_its_own_clear_value(
    amounts: dict[int, float], level: Level, holding: Level
) -> None:
    levels = found(amounts, NEAR_ORANGE)
    assert (levels.level[0], levels.holding[0]) == (level, holding)


def test_what_is_found_says_of_which_threshold_and_that_it_is_not_reached() -> None:
    levels = found({3: 45.0, 24: 60}, NEAR_ORANGE)
    assert levels.outlook is not None
    assert levels.outlook.at(0) == Expected(ORANGE, share=0.9)
    assert (levels.value[0], levels.threshold[0], levels.duration_s[0], levels.lead_s[0]) == (
        45,
        50,
        3 * HOUR,
        0,
    )


def test_what_has_been_reached_goes_before_a_share_of_more() -> None:
    levels = found({3: 10, 24: 95}, NEAR_ORANGE)
    assert levels.level[0] == YELLOW
    assert levels.outlook is None or levels.outlook.at(0) is None
    assert levels.threshold[0] == 90


def test_only_the_durations_that_are_named_count() -> None:
    assert found({3: 49, 24: 60}, NEAR_RED).level[0] == NONE
    assert found({3: 49, 24: 160}, NEAR_RED).level[0] == RED


def test_the_higher_of_several_counts() -> None:
    levels = found({3: 49, 24: 170}, NEAR_ORANGE, NEAR_RED)
    assert levels.outlook is not None
    assert (levels.level[0], levels.outlook.at(0)) == (RED, Expected(RED, share=0.8))


def test_the_levels_that_shares_raise_are_defined() -> None:
    only_orange = replace(rule_of({24: {ORANGE: 100}}), expected=(NEAR_ORANGE,))
    assert only_orange.defined(1).tolist() == [[False, True, True, False]]
    assert rule_of({24: {ORANGE: 100}}).defined(1).tolist() == [[False, False, True, False]]


def test_a_rainstorm_that_has_ended_is_near_nothing() -> None:
    storm = rule(NEAR_ORANGE, evaluator="rainstorm", continues_mm_per_h=1.0)
    goes_on, ended = (
        rainstorm.evaluate(storm, rain_over(storm, {1: last, 3: 46, 24: 60})) for last in (5.0, 0.0)
    )
    assert (goes_on.level[0], ended.level[0], ended.holding[0]) == (YELLOW, NONE, NONE)


def test_wet_ground_moves_the_share_with_the_threshold() -> None:
    table = rule(NEAR_ORANGE).thresholds
    half = replace(table, critical_mm=table.critical_mm * 0.5)  # type: ignore[type-var, attr-defined]
    judged = replace(rule(NEAR_ORANGE), thresholds=half)
    assert critical_rainfall.evaluate(judged, rain_over(judged, {3: 22.5, 24: 30})).level[0] == YELLOW


def test_every_comparison_is_told_and_gives_the_level_that_was_found() -> None:
    for amounts in ({3: 45.0, 24: 60}, {3: 44.0, 24: 170}, {3: 60, 24: 10}):
        judged = rule(NEAR_ORANGE, NEAR_RED)
        rain = rain_over(judged, amounts)
        told = critical_rainfall.compare(judged, rain, None, 0)
        assert (
            max(comparison.level for comparison in told) == critical_rainfall.evaluate(judged, rain).level[0]
        )
    (share,) = (comparison for comparison in told if "80% of what reaches red" in comparison.note)
    assert share.critical[RED - 1] == 160
