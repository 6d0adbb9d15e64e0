"""Which levels each kind of table has a value for: a fall leads to no other."""

import numpy as np

from tests.networks import rain_rule
from tests.unit.hazards.test_landslide_rain import line, territory
from tests.unit.rules.county import rule_of
from warnstream.model.level import Level
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.rules import CriticalRain, CriticalStage, FireTable, WaterloggingTable, Wetness

NAN = np.nan
HOUR = np.array([3600], dtype=np.int32)


def levels(defined: np.ndarray) -> list[list[int]]:
    return [[int(level) + 1 for level in np.flatnonzero(row)] for row in defined]


def test_a_rain_table_has_the_levels_of_any_duration_village_by_village() -> None:
    critical = np.array([[[NAN, 20, 40, NAN]], [[NAN, NAN, NAN, 80.0]]])
    assert levels(CriticalRain(HOUR, critical).defined(2)) == [[2, 3], [4]]


def test_a_table_of_wet_ground_counts_too() -> None:
    none, wet = np.full((1, 1, 4), NAN), np.array([[[NAN, NAN, 30.0, NAN]]])
    wetness = Wetness(0.84, (60, 96), none, wet, np.zeros(0), np.zeros(0))
    assert levels(CriticalRain(HOUR, np.array([[[NAN, NAN, NAN, 80.0]]]), wetness).defined(1)) == [[3, 4]]


def test_gauges_and_sensors_of_a_village_count_together() -> None:
    place = np.array([0, 0, 2], dtype=np.int32)
    rows = np.array([[NAN, 2.0, NAN, NAN], [NAN, NAN, NAN, 4.0], [1.0, NAN, NAN, NAN]])
    assert levels(CriticalStage(place, place, rows, 1800).defined(3)) == [[2, 4], [], [1]]
    rain = rain_rule(3, (NAN, NAN, 60, NAN)).thresholds
    assert isinstance(rain, CriticalRain)
    assert levels(WaterloggingTable(place, place, rows, rain, 2, 1800).defined(3)) == [[2, 3, 4], [3], [1, 3]]


def test_a_territory_has_the_levels_of_all_its_criteria() -> None:
    both = territory(effective_mm=np.array([NAN, 50, NAN, NAN]), daily_mm=np.array([[NAN, NAN, NAN, 200.0]]))
    table = LandslideRain(
        np.array([0, -1, 1], dtype=np.int32), (both, line(Level.ORANGE, (0, 90))), 1, 1, 0.8
    )
    assert levels(table.defined(3)) == [[2, 4], [], [3]]


def test_a_rule_has_its_levels_where_it_concerns_a_village() -> None:
    rule = rule_of("[{level: yellow, rain: 1h, at_least: 20mm}, {level: red, rain: 1h, at_least: 45mm}]")
    assert levels(rule.thresholds.defined(2)) == [[2, 4], [2, 4]]


def test_fire_has_the_same_levels_everywhere() -> None:
    table = FireTable(np.array([NAN, 21.0, NAN, 50.0]), np.zeros((2, 1), dtype=np.int32), 0)
    assert levels(table.defined(2)) == [[2, 4], [2, 4]]
