"""Slopes: published limits of the infinite slope, water balance, and Fukuzono's straight line."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from station_sim.ground.slopes import (
    CREEP_SAFETY,
    WATER_KN_PER_M3,
    Slopes,
    drawn_slopes,
    factor_of_safety,
    movement,
    soil_water,
)
from warnstream.model.arrays import Float64Array

SLOPES = drawn_slopes(np.random.default_rng(1), 12)
RAIN = npst.arrays(np.float64, (240, 12), elements=st.floats(0, 1.5))


def test_dry_sand_stands_at_its_angle_of_friction() -> None:
    """Without cohesion and water the factor is tan(phi) / tan(beta) (Skempton and DeLory 1957)."""
    sand = replace(SLOPES, cohesion_kpa=np.zeros(12))
    expected = np.tan(sand.friction) / np.tan(sand.angle)
    assert factor_of_safety(sand, np.zeros(12)) == pytest.approx(expected)


def test_seepage_to_the_surface_takes_about_half_of_it() -> None:
    """Full seepage along the slope leaves the buoyant share gamma' / gamma of it."""
    sand = replace(SLOPES, cohesion_kpa=np.zeros(12))
    buoyant = (sand.soil_kn_per_m3 - WATER_KN_PER_M3) / sand.soil_kn_per_m3
    expected = buoyant * np.tan(sand.friction) / np.tan(sand.angle)
    assert factor_of_safety(sand, np.ones(12)) == pytest.approx(expected)
    assert (buoyant > 0.4).all()
    assert (buoyant < 0.52).all()


@given(RAIN)
@settings(max_examples=15)
def test_water_that_falls_is_stored_drained_or_runs_off(rain_mm: Float64Array) -> None:
    water = soil_water(SLOPES, rain_mm)
    before = SLOPES.initial * SLOPES.storage_mm
    gone = water.drained_mm.sum(axis=0) + water.runoff_mm.sum(axis=0)
    assert before + rain_mm.sum(axis=0) == pytest.approx(water.stored_mm[-1] + gone)
    assert (water.stored_mm >= 0).all()
    assert (water.stored_mm <= SLOPES.storage_mm + 1e-9).all()
    assert (water.runoff_mm >= -1e-12).all()


@given(RAIN, RAIN)
@settings(max_examples=15)
def test_more_rain_never_makes_a_slope_safer(rain_mm: Float64Array, more_mm: Float64Array) -> None:
    less, more = movement(SLOPES, rain_mm), movement(SLOPES, rain_mm + more_mm)
    assert (more.safety <= less.safety + 1e-9).all()
    fails = less.failure_minute >= 0
    assert (more.failure_minute[fails] >= 0).all()
    assert (more.failure_minute[fails] <= less.failure_minute[fails]).all()


def weak(hurry: float) -> Slopes:
    """One slope that is at a factor of 1 from the first minute on and neither wets nor drains."""
    ones = np.ones(1)
    slope = SLOPES.take(np.array([0]))
    still = replace(slope, initial=0.5 * ones, drain_h=1e9 * ones, hurry=hurry * ones, cohesion_kpa=0 * ones)
    lacking = 1.0 - factor_of_safety(still, 0.5 * ones)
    driving = still.soil_kn_per_m3 * still.depth_m * np.sin(still.angle) * np.cos(still.angle)
    return replace(still, cohesion_kpa=lacking * driving)


def test_the_inverse_of_velocity_falls_in_a_straight_line_to_failure() -> None:
    """Fukuzono 1985: 1/v = A (t_f - t); with 1/v = 0.5 h/mm at the onset and A = 0.25 it fails after 2 h."""
    found = movement(weak(0.25), np.zeros((180, 1)))
    failure = int(found.failure_minute[0])
    assert failure == pytest.approx(120, abs=2)
    inverse = 1.0 / found.velocity_mm_per_h[: failure - 1, 0]
    assert np.diff(inverse) == pytest.approx(np.full(failure - 2, -0.25 / 60))


def test_a_slope_that_gets_its_rain_back_comes_to_rest() -> None:
    """A step: it creeps while it is wet, slows down when it drains, and holds."""
    slopes = replace(weak(0.2), drain_h=np.array([6.0]))
    found = movement(slopes, np.zeros((1_440, 1)))
    assert found.failure_minute[0] == -1
    assert found.safety[-1, 0] > CREEP_SAFETY
    assert found.displacement_mm[-1, 0] > 1
    assert found.velocity_mm_per_h[-1, 0] < 0.1 < found.velocity_mm_per_h[0, 0]


def test_tilt_follows_displacement() -> None:
    found = movement(weak(0.25), np.zeros((100, 1)))
    depth_m = float(weak(0.25).depth_m[0])
    expected = np.degrees(np.arctan(found.displacement_mm / 1e3 / depth_m))
    assert found.tilt_degrees == pytest.approx(expected)


def test_drawn_slopes_stand_when_it_is_dry() -> None:
    slopes = drawn_slopes(np.random.default_rng(2), 500)
    assert factor_of_safety(slopes, slopes.initial).min() >= 1.1 - 1e-9
    assert (movement(slopes, np.zeros((600, 500))).failure_minute == -1).all()
