import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from station_sim.ground.low_spots import LowSpots, drawn_low_spots, pond
from warnstream.model.arrays import Float64Array

SPOTS = drawn_low_spots(np.random.default_rng(1), 8)
RAIN = npst.arrays(np.float64, (180, 8), elements=st.floats(0, 2.0))


@given(RAIN)
@settings(max_examples=15)
def test_water_that_falls_soaks_in_drains_overflows_or_stands(rain_mm: Float64Array) -> None:
    found = pond(SPOTS, rain_mm)
    gone = found.drained_mm + found.overflow_mm + found.soaked_mm
    assert rain_mm.sum(axis=0) == pytest.approx(gone.sum(axis=0) + found.stored_mm[-1])
    assert (found.depth_m <= SPOTS.rim_m + 1e-9).all()


@given(RAIN, RAIN)
@settings(max_examples=15)
def test_more_rain_never_makes_the_water_shallower(rain_mm: Float64Array, more_mm: Float64Array) -> None:
    assert (pond(SPOTS, rain_mm + more_mm).depth_m >= pond(SPOTS, rain_mm).depth_m - 1e-9).all()


def test_water_stands_as_deep_as_the_bowl_says() -> None:
    """60 mm/h on a sealed catchment, drains for 30: after 30 min 15 of the bowl's 60 mm, half its rim."""
    one = np.ones(1)
    found = pond(LowSpots(one, 30 * one, 60 * one, 0.6 * one), np.ones((30, 1)))
    assert found.stored_mm[-1, 0] == pytest.approx(15.0)
    assert found.depth_m[-1, 0] == pytest.approx(0.3)


def test_rain_within_the_drains_leaves_no_water() -> None:
    assert pond(SPOTS, np.full((120, 8), 0.3)).depth_m.max() == 0
