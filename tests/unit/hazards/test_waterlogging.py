import numpy as np

from tests.unit.hazards.rain import HOUR, LOWERING, rain_over, rule_of
from warnstream.hazards import waterlogging
from warnstream.model.level import Level
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.indicators import HazardLevels, Indicator
from warnstream.model.rules.rules import CriticalRain, HazardRule, WaterloggingTable
from warnstream.windows.sensor_series import SensorSeries, Series

NO_RAIN = CriticalRain(np.zeros(0, dtype=np.int32), np.zeros((1, 0, 4)))
RAIN = rule_of({1: {Level.YELLOW: 40, Level.ORANGE: 60}})


def evaluate(
    depth_cm: list[float],
    rain_mm: float = 0.0,
    *,
    coverage: float = 1.0,
    age_s: int = 0,
    by_rain: CriticalRain | None = None,
) -> HazardLevels:
    """One village with one sensor, a sample per minute."""
    series = SensorSeries(np.array([0], dtype=np.int32), {Variable.WATER_DEPTH: Series(10, 60)}, 1)
    n = len(depth_cm)
    series.add(batch_of([0] * n, [Variable.WATER_DEPTH] * n, [60 * i for i in range(n)], depth_cm))
    assert isinstance(RAIN.thresholds, CriticalRain)
    table = WaterloggingTable(
        village=np.zeros(1, dtype=np.int32),
        station=np.zeros(1, dtype=np.int32),
        critical_cm=np.array([[np.nan, 15.0, 27.0, 40.0]]),
        rain=by_rain or RAIN.thresholds,
        persistence=2,
        stale_after_s=1800,
    )
    rule = HazardRule("w", "waterlogging", "内涝", "Waterlogging", table, 0.0, Level.NONE, LOWERING, "test")
    rain = rain_over(RAIN, {1: rain_mm}, coverage=coverage)
    return waterlogging.evaluate(rule, rain, series.samples(), 1, 60 * n + age_s)


def test_depth_that_stays_reaches_its_level() -> None:
    found = evaluate([0, 28, 30])
    assert (found.level[0], found.value[0], found.indicator[0]) == (Level.ORANGE, 28, Indicator.WATER_DEPTH)


def test_a_splash_reaches_nothing() -> None:
    assert evaluate([0, 0, 90]).level[0] == Level.NONE


def test_rain_warns_before_the_water_stands() -> None:
    found = evaluate([0, 0], rain_mm=65)
    assert (found.level[0], found.indicator[0], found.duration_s[0]) == (Level.ORANGE, Indicator.RAIN, HOUR)


def test_of_equal_levels_the_water_that_is_there_is_named() -> None:
    assert evaluate([28, 30], rain_mm=65).indicator[0] == Indicator.WATER_DEPTH


def test_the_level_falls_only_when_sensor_and_rain_allow_it() -> None:
    assert evaluate([0, 0]).can_fall[0]
    assert not evaluate([0, 0], coverage=0.5).can_fall[0]
    assert evaluate([0, 0], age_s=3600).can_fall[0]  # the silent sensor pins nothing
    assert not evaluate([0, 0], age_s=3600, by_rain=NO_RAIN).can_fall[0]


def test_a_silent_sensor_leaves_the_rain_to_see() -> None:
    found = evaluate([50, 50], rain_mm=45, age_s=3600)
    assert (found.level[0], bool(found.is_blind[0])) == (Level.YELLOW, False)


def test_depth_alone_is_a_rule_too() -> None:
    nothing = CriticalRain(np.zeros(0, dtype=np.int32), np.zeros((1, 0, 4)))
    assert evaluate([0, 28, 30], rain_mm=65, by_rain=nothing).level[0] == Level.ORANGE
    assert evaluate([0, 0, 0], rain_mm=65, by_rain=nothing).level[0] == Level.NONE
