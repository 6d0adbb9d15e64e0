"""Vectors: Euler steps of the JMA constants, as worked out from two public implementations of the index."""

import numpy as np
import pytest

from warnstream.forecast.nowcast import LEADS_S
from warnstream.windows.soil_water import advance_tanks, soil_water_ahead


def run(hourly_mm: list[float], steps_per_hour: int) -> list[float]:
    tanks = np.zeros((3, 1))
    index = []
    for amount in hourly_mm:
        for _ in range(steps_per_hour):
            tanks = advance_tanks(tanks, np.array([amount / steps_per_hour]), 1 / steps_per_hour)
        index.append(float(tanks.sum()))
    return index


def test_ten_minute_steps_of_30_mm_per_hour_for_3_hours() -> None:
    expected = [29.7774, 57.4421, 82.6993, 77.1702, 73.1164, 69.7507]
    assert run([30, 30, 30, 0, 0, 0], 6) == pytest.approx(expected, abs=5e-5)


def test_hourly_steps_give_another_index() -> None:
    """The step is part of the definition."""
    expected = [30.0, 58.5, 84.51, 76.4277, 72.0173, 68.4196]
    assert run([30, 30, 30, 0, 0, 0], 1) == pytest.approx(expected, abs=5e-5)


def test_the_three_tanks_after_three_hours() -> None:
    tanks = np.zeros((3, 1))
    for _ in range(18):
        tanks = advance_tanks(tanks, np.array([5.0]), 1 / 6)
    assert tanks[:, 0] == pytest.approx([69.5179, 12.5883, 0.5930], abs=5e-5)


def test_the_three_tanks_after_three_hourly_steps() -> None:
    tanks = np.zeros((3, 1))
    for _ in range(3):
        tanks = advance_tanks(tanks, np.array([30.0]), 1.0)
    assert tanks[:, 0] == pytest.approx([74.322, 10.008, 0.18], abs=5e-4)


def test_100_mm_in_one_hour() -> None:
    assert run([100, 0, 0], 6) == pytest.approx([96.6902, 86.4731, 80.4494], abs=5e-5)
    assert run([100, 0, 0], 1) == pytest.approx([100.0, 85.5, 77.625], abs=5e-5)


def test_a_fourth_order_scheme_gives_the_index_that_short_steps_go_towards() -> None:
    """The reference of the published comparison: Runge-Kutta on the same right-hand side."""

    def change(tanks: np.ndarray, rain_mm_per_h: float) -> np.ndarray:
        small_h = 1e-6
        step = advance_tanks(tanks, np.array([rain_mm_per_h * small_h]), small_h)
        return np.asarray((step - tanks) / small_h)

    tanks, step_h, index = np.zeros((3, 1)), 0.01, []
    for rain in (30.0, 30.0, 30.0, 0.0, 0.0, 0.0):
        for _ in range(100):
            k1 = change(tanks, rain)
            k2 = change(tanks + step_h / 2 * k1, rain)
            k3 = change(tanks + step_h / 2 * k2, rain)
            k4 = change(tanks + step_h * k3, rain)
            tanks = tanks + step_h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        index.append(float(tanks.sum()))
        if len(index) == 3:
            assert tanks[:, 0] == pytest.approx([68.6388, 13.0158, 0.6870], abs=2e-4)
    expected = [29.6806, 57.2044, 82.3416, 77.1370, 73.1611, 69.8508]
    assert index == pytest.approx(expected, abs=2e-4)


def test_the_index_ahead_is_the_index_of_that_rain() -> None:
    ahead = soil_water_ahead(np.zeros((3, 1)), np.array([[30.0, 60.0, 90.0]]), LEADS_S)
    assert ahead[0] == pytest.approx([29.7774, 57.4421, 82.6993], abs=5e-5)


def test_leads_of_another_length_meet_the_same_index_at_the_same_time() -> None:
    """The same rain, 30 mm an hour, told for 30, 90 and 180 min."""
    tanks_mm = np.array([[20.0], [5.0], [1.0]])
    by_hour = soil_water_ahead(tanks_mm, np.array([[30.0, 60.0, 90.0]]), LEADS_S)
    otherwise = soil_water_ahead(tanks_mm, np.array([[15.0, 45.0, 90.0]]), (1800, 5400, 10_800))
    assert otherwise[0, 2] == pytest.approx(by_hour[0, 2], abs=1e-9)
    assert tanks_mm.sum() < otherwise[0, 0] < by_hour[0, 0] < otherwise[0, 1] < by_hour[0, 1]


def test_without_a_forecast_there_is_no_index_ahead() -> None:
    assert np.isnan(soil_water_ahead(np.zeros((3, 1)), np.full((1, 3), np.nan), LEADS_S)).all()
