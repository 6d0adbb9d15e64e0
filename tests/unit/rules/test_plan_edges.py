"""Conditions of rules at their very edges: what equals its amount has reached it."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.unit.rules.county import rule_of
from warnstream.hazards.conditions import plan
from warnstream.hazards.conditions.plan import RulePlan
from warnstream.model.observations.days import last_days
from warnstream.model.rules.expressions import LevelTerm, Quantity, RuleTable
from warnstream.model.rules.indicators import Indicator

TODAY = last_days(3, today=True)
MM = np.array([100.0])


def rain_of(ended_mm: float, sliding_mm: float) -> SimpleNamespace:
    """Rain of the days that have ended, and of as many hours as the days have."""
    known = {TODAY.ended: np.array([ended_mm]), TODAY.duration_s: np.array([sliding_mm])}
    return SimpleNamespace(rain=SimpleNamespace(over=lambda window: known[window]))


@pytest.mark.parametrize(
    ("value_mm", "ended_mm", "sliding_mm", "reached", "holds"),
    [
        (100.0, 0.0, 0.0, True, True),
        (0.0, 100.0, 80.0, True, True),
        (0.0, 99.9, 80.0, False, True),
        (0.0, 100.0, 79.9, False, False),
        (80.0, 0.0, 0.0, False, True),
        (79.9, 0.0, 79.9, False, False),
    ],
)
def test_days_reach_at_their_amount_and_hold_at_their_clear_value(
    value_mm: float, ended_mm: float, sliding_mm: float, reached: bool, holds: bool
) -> None:
    sources = rain_of(ended_mm, sliding_mm)
    found = RulePlan._of_days(TODAY, np.array([value_mm]), MM, 0.8 * MM, sources)  # type: ignore[arg-type]
    assert found.tolist() == [[reached], [holds]]


def test_a_sum_of_days_is_known_from_four_fifths_of_them_on() -> None:
    quantity = Quantity(Indicator.RAIN, days=TODAY)
    for coverage, is_known in ((0.8, True), (0.79, False)):
        rain = SimpleNamespace(coverage_over=lambda _window, share=coverage: np.array([share]))
        found = plan._knows_enough(quantity, SimpleNamespace(rain=rain))  # type: ignore[arg-type]
        assert np.asarray(found).tolist() == [is_known]


def test_a_group_needs_the_forecast_that_one_of_its_parts_needs() -> None:
    table = rule_of(
        "[{level: red, all: [{rain: 1h, at_least: 40mm}, {any: [{stage: S0, at_least: 3m}, {sign: crack}]}]},"
        " {level: orange, all: [{rain: 1h, at_least: 20mm}, {forecast_rain: 3h, at_least: 60mm}]}]"
    ).thresholds
    assert isinstance(table, RuleTable)
    assert {level.level.word: plan._needs_forecast(level.when) for level in table.levels} == {
        "red": False,
        "orange": True,
    }


def test_levels_of_two_hazards_are_looked_for_each_by_itself() -> None:
    table = rule_of(
        "[{level: red, all: [{hazard: a, at_least: red}, {hazard: b, at_least: red}]}]",
        hazards=frozenset({"a", "b"}),
    ).thresholds
    assert isinstance(table, RuleTable)
    assert [leaf.hazard for leaf in plan._sights(table) if isinstance(leaf, LevelTerm)] == ["a", "b"]
