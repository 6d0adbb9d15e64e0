"""The bound by which minutes are left out: greatest gauge and what is coming against the least threshold."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from warnstream.hazards import rain_table
from warnstream.model.arrays import Float64Array
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.level import Level
from warnstream.model.network import StationWeights
from warnstream.model.rules.indicators import VillageRain
from warnstream.model.rules.rules import CriticalRain, DowngradePolicy, HazardRule, Wetness

HOUR = 3600


def rain(gauges_mm: list[list[float]], ahead_mm: list[float], **parts: Any) -> VillageRain:
    """One village that hears gauges over 1 and 3 h, and what is forecast for it."""
    own: Float64Array = np.array(gauges_mm)
    weights = StationWeights(np.zeros((1, 1), dtype=np.int32), np.ones((1, 1)), np.zeros((1, 1)))
    return VillageRain(
        duration_s=np.array([HOUR, 3 * HOUR], dtype=np.int32),
        rain_mm=np.zeros((1, 2)),
        coverage=np.ones((1, 2)),
        is_blind=np.zeros(1, dtype=np.bool_),
        ahead_mm=np.array([ahead_mm]),
        station_rain_mm=own,
        weights=weights,
        leads_s=(HOUR, 2 * HOUR),
        **parts,
    )


def rule(forecast_level_max: Level = Level.YELLOW) -> HazardRule:
    """Yellow at 20 mm in 1 h and 30 in 3 h, red at 40 and 60."""
    nan = float("nan")
    critical = np.array([[[nan, 20.0, nan, 40.0], [nan, 30.0, nan, 60.0]]])
    return HazardRule(
        name="flood",
        evaluator="critical_rainfall",
        title_zh="山洪",
        title_en="Flood",
        source="test",
        continues_mm_per_h=0.0,
        thresholds=CriticalRain(np.array([HOUR, 3 * HOUR], dtype=np.int32), critical),
        lowering=DowngradePolicy(clear_ratio=0.8, hold_s=1800, active_s_min=3600, coverage_min=0.8),
        forecast_level_max=forecast_level_max,
    )


@pytest.mark.parametrize(
    ("gauges_mm", "ahead_mm", "could"),
    [
        ([[0.0, 0.0]], [0.0, 0.0], False),
        ([[19.9, 19.9], [3.0, 29.9]], [0.0, 0.0], False),
        ([[1.0, 1.0], [20.0, 20.0]], [0.0, 0.0], True),  # the mean is below, a weight may move
        ([[1.0, 30.0]], [0.0, 0.0], True),
        ([[10.0, 10.0]], [9.0, 19.0], False),
        ([[10.0, 10.0]], [10.0, 10.0], True),
        ([[0.0, 10.0]], [0.0, 20.0], True),  # two hours ahead reach into three
        ([[np.nan, np.nan]], [np.nan, np.nan], False),
        ([[19.995, 19.995]], [0.0, 0.0], True),  # what is rounded
    ],
)
def test_greatest_gauge_and_forecast_against_the_least_threshold(
    gauges_mm: list[list[float]], ahead_mm: list[float], could: bool
) -> None:
    assert rain_table.could_rise(rule(), rain(gauges_mm, ahead_mm)) is could


def test_what_is_not_looked_at_counts_for_nothing() -> None:
    assert not rain_table.could_rise(rule(Level.NONE), rain([[10.0, 10.0]], [99.0, 99.0]))


def test_without_a_threshold_nothing_rises() -> None:
    blank = replace(
        rule(), thresholds=CriticalRain(np.array([HOUR], dtype=np.int32), np.full((1, 1, 4), np.nan))
    )
    assert not rain_table.could_rise(blank, rain([[500.0, 500.0]], [0.0, 0.0]))


def test_what_depends_on_the_ground_on_a_probability_or_on_a_grid_has_no_bound() -> None:
    """Each alone is enough: no gauge has measured anything, and nothing is coming."""
    nothing = [[0.0, 0.0]], [0.0, 0.0]
    plain = rule()
    assert isinstance(plain.thresholds, CriticalRain)
    none: Float64Array = np.zeros(0)
    ground = Wetness(
        0.0, (20.0, 60.0), plain.thresholds.critical_mm, plain.thresholds.critical_mm, none, none
    )
    likely = ExpectedLevel(Level.RED, Level.YELLOW, 0.0, (), HOUR, 0.3)
    assert not rain_table.could_rise(plain, rain(*nothing))
    assert rain_table.could_rise(
        replace(plain, thresholds=replace(plain.thresholds, wetness=ground)), rain(*nothing)
    )
    assert rain_table.could_rise(replace(plain, expected=(likely,)), rain(*nothing))
    assert rain_table.could_rise(plain, rain(*nothing, grids=object()))
