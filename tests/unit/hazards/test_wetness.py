"""Critical rainfall by how wet the ground is: classes, guidance, and what is not known."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.hazards.rain import HOUR, rain_over, rule_of
from warnstream.hazards import critical_rainfall
from warnstream.model.level import Level
from warnstream.model.rules.indicators import HazardLevels, VillageAntecedent
from warnstream.model.rules.rules import CriticalRain, HazardRule, Wetness

ORANGE, RED = Level.ORANGE, Level.RED
NONE = np.zeros(0)


def table(orange: float, red: float) -> np.ndarray:
    return np.array([[[np.nan, np.nan, orange, red]]])


def ground(soil_water_mm: float, pa_mm: float = np.nan, coverage: float = 1.0) -> VillageAntecedent:
    one = np.array([soil_water_mm])
    return VillageAntecedent(
        one, np.full((1, 3), np.nan), np.array([coverage]), {}, {0.84: np.array([pa_mm])}, one, {}, {}
    )


def with_wetness(wetness: Wetness) -> HazardRule:
    rule = rule_of({1: {ORANGE: 50, RED: 70}})
    assert isinstance(rule.thresholds, CriticalRain)
    return replace(rule, thresholds=replace(rule.thresholds, wetness=wetness))


# Pa against 0.5 and 0.8 of a storage of 120 mm.
CLASSES = with_wetness(Wetness(0.84, (60.0, 96.0), table(60, 80), table(40, 60), NONE, NONE))
GUIDANCE = with_wetness(Wetness(0.0, (0.0, 0.0), None, None, np.array([60.0, 180.0]), np.array([1.0, 0.5])))


def evaluate(rule: HazardRule, rain_mm: float, antecedent: VillageAntecedent) -> HazardLevels:
    return critical_rainfall.evaluate(rule, rain_over(rule, {1: rain_mm}), antecedent)


@pytest.mark.parametrize(
    ("pa_mm", "orange_mm"), [(0, 60), (59.9, 60), (60, 50), (95.9, 50), (96, 40), (300, 40)]
)
def test_the_class_of_the_ground_says_what_is_critical(pa_mm: float, orange_mm: float) -> None:
    assert evaluate(CLASSES, orange_mm, ground(0, pa_mm)).level[0] == ORANGE
    assert evaluate(CLASSES, orange_mm - 0.1, ground(0, pa_mm)).level[0] == Level.NONE
    assert evaluate(CLASSES, orange_mm, ground(0, pa_mm)).threshold[0] == orange_mm


def test_ground_that_nobody_has_watched_counts_as_wet() -> None:
    assert evaluate(CLASSES, 40, ground(0, 0.0, coverage=0.49)).level[0] == ORANGE
    assert evaluate(CLASSES, 40, ground(0, np.nan)).level[0] == ORANGE
    assert evaluate(GUIDANCE, 25, ground(0, coverage=0.49)).level[0] == ORANGE


@pytest.mark.parametrize(
    ("soil_water_mm", "orange_mm"), [(0, 50), (60, 50), (120, 37.5), (180, 25), (500, 25)]
)
def test_guidance_falls_along_its_points(soil_water_mm: float, orange_mm: float) -> None:
    assert evaluate(GUIDANCE, orange_mm, ground(soil_water_mm)).level[0] == ORANGE
    assert evaluate(GUIDANCE, orange_mm - 0.1, ground(soil_water_mm)).level[0] == Level.NONE


def test_the_ratio_is_that_to_the_highest_level_of_the_ground_as_it_is() -> None:
    assert evaluate(CLASSES, 30, ground(0, 0.0)).ratio[0] == pytest.approx(30 / 80)
    assert evaluate(CLASSES, 30, ground(0, 100.0)).ratio[0] == pytest.approx(30 / 60)
    assert evaluate(GUIDANCE, 35, ground(180)).ratio[0] == pytest.approx(1.0)


def test_the_ratio_is_the_greatest_of_all_durations_and_unknown_without_rain() -> None:
    rule = rule_of({1: {RED: 80}, 3: {ORANGE: 100}})
    amounts = {1: 20.0, 3: 60.0}
    assert critical_rainfall.evaluate(rule, rain_over(rule, amounts)).ratio[0] == pytest.approx(0.6)
    assert np.isnan(critical_rainfall.evaluate(rule, rain_over(rule, {})).ratio[0])
    assert isinstance(rule.thresholds, CriticalRain)
    assert rule.thresholds.duration_s.tolist() == [HOUR, 3 * HOUR]
