"""The national four-colour table: 50 mm/12 h, 50/6 h, 50/3 h, 100/3 h, with its published cases."""

import numpy as np
import pytest

from tests.unit.hazards.rain import rain_by_hour, rain_over, rule_of
from warnstream.hazards import rainstorm
from warnstream.model.level import Level
from warnstream.model.rules.rules import HazardRule

BLUE, YELLOW, ORANGE, RED = Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED


def signal(forecast_level_max: Level = Level.NONE) -> HazardRule:
    return rule_of(
        {12: {BLUE: 50}, 6: {YELLOW: 50}, 3: {ORANGE: 50, RED: 100}},
        evaluator="rainstorm",
        continues_mm_per_h=1.0,
        forecast_level_max=forecast_level_max,
    )


@pytest.mark.parametrize(
    ("hourly", "level"),
    [
        ([20, 20, 15], ORANGE),
        ([34, 33, 33], RED),
        ([33, 33, 33.9], ORANGE),
        ([10] * 5, YELLOW),
        ([5] * 10, BLUE),
        ([5] * 9, Level.NONE),
        ([16, 16, 18], ORANGE),
    ],
)
def test_what_has_fallen_reaches_its_colour_while_rain_goes_on(hourly: list[float], level: Level) -> None:
    rule = signal()
    assert rainstorm.evaluate(rule, rain_by_hour(rule, hourly)).level[0] == level


def test_what_has_fallen_gives_no_signal_once_the_rain_has_ended() -> None:
    rule = signal()
    found = rainstorm.evaluate(rule, rain_by_hour(rule, [20, 35, 0], ahead=[0, 0, 0]))
    assert (found.level[0], found.holding[0]) == (Level.NONE, Level.NONE)


def test_a_trace_of_coming_rain_does_not_bring_back_what_has_ended() -> None:
    rule = signal(forecast_level_max=RED)
    found = rainstorm.evaluate(rule, rain_by_hour(rule, [20, 35, 0], ahead=[0.1, 0.2, 0.3]))
    assert found.level[0] == Level.NONE


def test_rain_that_is_expected_to_come_back_counts_as_continuing() -> None:
    rule = signal()
    found = rainstorm.evaluate(rule, rain_by_hour(rule, [20, 35, 0], ahead=[2, 2, 2]))
    assert found.level[0] == ORANGE


def test_where_nobody_knows_rain_counts_as_continuing() -> None:
    rule = signal()
    found = rainstorm.may_continue(rule, rain_by_hour(rule, [np.nan]))
    assert found.tolist() == [True]


def test_what_will_fall_reaches_its_colour_ahead() -> None:
    rule = signal(forecast_level_max=YELLOW)
    found = rainstorm.evaluate(rule, rain_by_hour(rule, [5, 5, 5], ahead=[15, 30, 45]))
    assert found.level[0] == YELLOW
    assert found.lead_s[0] > 0


def test_a_forecast_that_may_raise_less_than_it_reaches_names_the_value_that_it_reaches() -> None:
    """40 mm in 2 h and 20 to come reach orange over 3 h (50), but may be yellow at most; 6 h are unknown."""
    rule = signal(forecast_level_max=YELLOW)
    found = rainstorm.evaluate(rule, rain_over(rule, {1: 20, 2: 40}, ahead=(20, 20, 20)))
    assert (found.level[0], found.threshold[0], found.value[0]) == (YELLOW, 50, 60)
