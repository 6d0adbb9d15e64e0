"""Gusts of the stations near a village against its values."""

import numpy as np
import pytest

from tests.networks import LOWERING
from warnstream.hazards import strong_wind
from warnstream.hazards.registry import HAZARD_KINDS
from warnstream.hazards.strong_wind import WindTable
from warnstream.model.level import Level
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.indicators import HazardLevels, Indicator, SensorSamples
from warnstream.model.rules.rules import HazardRule
from warnstream.windows.sensor_series import SensorSeries, Series

SIGNAL = (13.9, 20.8, 28.5, 37.0)
"""Gusts of Beaufort 7, 9, 11 and 13, at which the national signals of wind begin."""

NOW_S = 36_000
MIN = 60


def rule(window_s: int = 10 * MIN, n_stations: int = 1) -> HazardRule:
    """One village that all stations warn."""
    table = WindTable(
        village=np.zeros(n_stations, dtype=np.int32),
        station=np.arange(n_stations, dtype=np.int32),
        critical_m_per_s=np.tile(np.array(SIGNAL), (n_stations, 1)),
        window_s=window_s,
        stale_after_s=30 * MIN,
    )
    return HazardRule("wind", "strong_wind", "大风", "Wind", table, 0.0, Level.NONE, LOWERING, "test")


def samples(*gusts: tuple[int, int, float], n_stations: int = 1, window_s: int = 10 * MIN) -> SensorSamples:
    """Station, minutes before now and gust of each reading, in any order."""
    (need,) = HAZARD_KINDS["strong_wind"].needs(rule(window_s, n_stations)).series
    series = SensorSeries(need.station, {need.variable: Series(need.samples, need.spacing_s)}, n_stations)
    station, minutes, value = zip(*gusts, strict=True) if gusts else ((), (), ())
    at_s = [NOW_S - MIN * before for before in minutes]
    series.add(batch_of(station, [Variable.WIND_GUST] * len(station), at_s, value))
    return series.samples()


def judge(*gusts: tuple[int, int, float], n_stations: int = 1, window_s: int = 10 * MIN) -> HazardLevels:
    read = samples(*gusts, n_stations=n_stations, window_s=window_s)
    return strong_wind.evaluate(rule(window_s, n_stations), read, 1, NOW_S)


@pytest.mark.parametrize(
    ("gust", "level"),
    [(13.8, 0), (13.9, 1), (20.7, 1), (20.8, 2), (28.5, 3), (36.9, 3), (37.0, 4), (60.0, 4)],
)
def test_a_gust_reaches_a_level_from_its_value_on(gust: float, level: int) -> None:
    assert judge((0, 0, gust)).level.tolist() == [level]


def test_the_values_of_the_signals_are_the_lower_ends_of_their_beaufort_numbers() -> None:
    """V = 0.836 B^1.5 m/s (WMO-No. 306, code table 1100), half a number below."""
    for beaufort, gust in zip((7, 9, 11, 13), SIGNAL, strict=True):
        assert gust == pytest.approx(0.836 * (beaufort - 0.5) ** 1.5, abs=0.15)


def test_the_highest_gust_of_the_window_counts_not_the_newest() -> None:
    found = judge((0, 8, 29.0), (0, 4, 16.0), (0, 0, 5.0))
    assert (found.level[0], found.value[0], found.threshold[0]) == (Level.ORANGE, 29.0, 28.5)
    assert (found.duration_s[0], Indicator(int(found.indicator[0]))) == (600, Indicator.WIND_GUST)


def test_a_gust_before_the_window_is_over() -> None:
    assert judge((0, 10, 29.0), (0, 0, 5.0)).level.tolist() == [0]
    assert judge((0, 10, 29.0), (0, 0, 5.0), window_s=20 * MIN).level.tolist() == [Level.ORANGE]


def test_the_worst_station_counts_and_is_named() -> None:
    found = judge((0, 1, 15.0), (1, 1, 22.0), n_stations=2)
    assert (found.level[0], found.station[0]) == (Level.YELLOW, 1)


def test_a_station_silent_for_too_long_says_nothing_and_a_village_without_another_is_blind() -> None:
    found = judge((0, 31, 40.0))
    assert (found.level[0], found.is_blind[0], found.can_fall[0]) == (0, True, False)
    both = judge((0, 31, 40.0), (1, 0, 5.0), n_stations=2)
    assert (both.level[0], both.is_blind[0], both.can_fall[0]) == (0, False, True)


def test_a_village_without_any_reading_is_blind() -> None:
    found = judge()
    assert (found.level[0], found.is_blind[0]) == (0, True)


def test_a_level_is_held_to_its_clear_value() -> None:
    """28.5 m/s cleared at 0.8 of it: 22.8."""
    assert judge((0, 0, 22.9)).holding.tolist() == [Level.ORANGE]
    assert judge((0, 0, 22.7)).holding.tolist() == [Level.YELLOW]
