"""Table and cases of Jianghua county (Hunan), as published: any one of 1, 3, 6, 24 h reaches a level."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.hazards.rain import HOUR, rain_by_hour, rain_over, rule_of
from warnstream.forecast.nowcast import LEADS_S
from warnstream.hazards import critical_rainfall
from warnstream.hazards.rain_table import needs
from warnstream.hazards.sources import durations_of
from warnstream.model.level import Level

BLUE, YELLOW, ORANGE, RED = Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED
JIANGHUA = {
    1: {BLUE: 35, YELLOW: 45, ORANGE: 60, RED: 80},
    3: {BLUE: 55, YELLOW: 75, ORANGE: 100, RED: 120},
    6: {BLUE: 70, YELLOW: 95, ORANGE: 120, RED: 150},
    24: {BLUE: 100, YELLOW: 130, ORANGE: 160, RED: 200},
}


@pytest.mark.parametrize(
    ("amounts", "level", "hours"),
    [
        ({1: 44, 3: 76, 6: 80, 24: 80}, YELLOW, 3),
        ({1: 80, 3: 80, 6: 80, 24: 80}, RED, 1),
        ({1: 79.9, 3: 80, 6: 80, 24: 80}, ORANGE, 1),
        ({1: 10, 3: 20, 6: 30, 24: 99.9}, Level.NONE, 0),
        ({1: 10, 3: 20, 6: 30, 24: 200}, RED, 24),
    ],
)
def test_the_worst_of_the_durations_counts(amounts: dict[int, float], level: Level, hours: int) -> None:
    rule = rule_of(JIANGHUA)
    found = critical_rainfall.evaluate(rule, rain_over(rule, amounts))
    assert found.level[0] == level
    assert found.duration_s[0] == hours * HOUR


def test_the_finding_names_value_threshold_and_station() -> None:
    rule = rule_of(JIANGHUA)
    found = critical_rainfall.evaluate(rule, rain_over(rule, {1: 44, 3: 76, 6: 80, 24: 80}))
    assert (found.value[0], found.threshold[0], found.station[0], found.lead_s[0]) == (76, 75, 0, 0)


def test_unobserved_rain_reaches_no_level() -> None:
    rule = rule_of(JIANGHUA)
    assert critical_rainfall.evaluate(rule, rain_over(rule, {})).level[0] == Level.NONE


def test_a_level_without_a_value_is_passed_over() -> None:
    rule = rule_of({1: {ORANGE: 40}})
    reached = [
        critical_rainfall.evaluate(rule, rain_over(rule, {1: amount})).level[0] for amount in (39.9, 40, 400)
    ]
    assert reached == [Level.NONE, ORANGE, ORANGE]


def test_a_level_holds_until_the_clear_value() -> None:
    rule = rule_of({1: {ORANGE: 40}})
    holding = [
        critical_rainfall.evaluate(rule, rain_over(rule, {1: amount})).holding[0] for amount in (32, 31.9)
    ]
    assert holding == [ORANGE, Level.NONE]


def test_too_little_observed_of_the_last_hour_keeps_levels_from_falling() -> None:
    rule = rule_of({1: {ORANGE: 40}})
    found = critical_rainfall.evaluate(rule, rain_over(rule, {1: 0}, coverage=0.79))
    assert not found.can_fall[0]


def test_observed_and_coming_rain_together_reach_a_level_ahead() -> None:
    """30 mm fell in the last 2 h; 30 mm in the coming hour make 60 mm of the 3 h window (blue at 55)."""
    rule = rule_of({3: JIANGHUA[3]}, forecast_level_max=RED)
    found = critical_rainfall.evaluate(rule, rain_by_hour(rule, [0, 10, 20], ahead=[30, 30, 30]))
    assert (found.level[0], found.lead_s[0]) == (BLUE, HOUR)
    assert (found.value[0], found.forecast_value[0]) == (60, 30)


def test_what_rests_on_a_forecast_is_capped() -> None:
    rule = rule_of({3: JIANGHUA[3]}, forecast_level_max=YELLOW)
    found = critical_rainfall.evaluate(rule, rain_by_hour(rule, [0, 10, 20], ahead=[300, 300, 300]))
    assert found.level[0] == YELLOW


def test_observed_rain_is_not_capped() -> None:
    rule = rule_of({3: JIANGHUA[3]}, forecast_level_max=BLUE)
    found = critical_rainfall.evaluate(rule, rain_by_hour(rule, [40, 40, 41], ahead=[0, 0, 0]))
    assert (found.level[0], found.lead_s[0]) == (RED, 0)


def test_of_several_leads_the_shortest_that_reaches_the_level_is_named() -> None:
    rule = rule_of({6: {BLUE: 50}}, forecast_level_max=RED)
    found = critical_rainfall.evaluate(rule, rain_by_hour(rule, [5] * 6, ahead=[10, 30, 60]))
    assert (found.level[0], found.lead_s[0]) == (BLUE, 2 * HOUR)


def test_without_a_forecast_only_observed_rain_counts() -> None:
    rule = rule_of({3: JIANGHUA[3]}, forecast_level_max=RED)
    found = critical_rainfall.evaluate(rule, rain_by_hour(rule, [10, 10, 10]))
    assert found.level[0] == Level.NONE
    assert np.isnan(found.value[0])


@pytest.mark.parametrize(
    ("values", "ratio"),
    [({BLUE: 20, RED: 80}, 0.5), ({BLUE: 20, ORANGE: 60}, 2 / 3), ({BLUE: 20}, 2.0)],
)
def test_the_score_is_the_rain_over_the_value_of_the_highest_level_that_has_one(
    values: dict[Level, float], ratio: float
) -> None:
    rule = rule_of({1: values})
    found = critical_rainfall.evaluate(rule, rain_over(rule, {1: 40}))
    assert found.ratio[0] == pytest.approx(ratio)


def test_what_is_found_where_no_level_is_reached_cannot_be_written_into() -> None:
    """It is shared between tables."""
    rule = rule_of({1: {ORANGE: 40}})
    quiet = critical_rainfall.evaluate(rule, rain_over(rule, {1: 39}))
    with pytest.raises(ValueError, match="read-only"):
        quiet.level[0] = ORANGE
    assert critical_rainfall.evaluate(rule, rain_over(rule, {1: 40})).level[0] == ORANGE


def test_a_rule_that_looks_at_no_forecast_asks_for_its_own_durations_alone() -> None:
    by_observation = rule_of({3: {BLUE: 20}})
    with_forecast = replace(by_observation, forecast_level_max=Level.RED)
    assert durations_of([needs(by_observation)], LEADS_S).tolist() == [HOUR, 3 * HOUR]
    assert durations_of([needs(with_forecast)], LEADS_S).tolist() == [HOUR, 2 * HOUR, 3 * HOUR]


def test_other_leads_ask_for_other_parts_of_a_duration() -> None:
    rule = rule_of({1: {BLUE: 20}, 3: {BLUE: 40}}, forecast_level_max=Level.RED)
    minutes = [duration_s // 60 for duration_s in durations_of([needs(rule)], (1800, 5400)).tolist()]
    assert minutes == [30, 60, 90, 150, 180]
    assert durations_of([needs(rule)], ()).tolist() == [HOUR, 3 * HOUR]
