"""Laws of the nowcast that hold for every rain: bounds, constants, order of hours, mirror images."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from warnstream.forecast.extrapolation import extrapolate
from warnstream.forecast.gridding import grid_gauges, grid_over
from warnstream.forecast.nowcast import GaugeNowcast
from warnstream.model.arrays import Float64Array
from warnstream.model.rules.policies import ForecastPolicy

XY_M = np.random.default_rng(11).uniform(0, 40_000, (12, 2))
VILLAGES = np.random.default_rng(12).uniform(0, 40_000, (20, 2))
GRID = grid_over(XY_M, 5000.0)
NOWCAST = GaugeNowcast(XY_M, VILLAGES, ForecastPolicy("advection", 900, 5000.0, 3600), 900)

amounts = st.one_of(st.floats(0, 60, allow_subnormal=False), st.just(np.nan))
frames = hnp.arrays(np.float64, (5, 12), elements=amounts)
fields = hnp.arrays(np.float64, (6, 7), elements=st.floats(0, 60, allow_subnormal=False))
motions = hnp.arrays(np.float64, (2, 6, 7), elements=st.floats(-3, 3))


@given(frames)
def test_gridded_rain_stays_between_the_smallest_and_the_largest_report(rain_mm: Float64Array) -> None:
    for frame, field in zip(rain_mm, grid_gauges(rain_mm, XY_M, GRID), strict=True):
        if np.isnan(frame).all():
            assert np.isnan(field).all()
        else:
            assert field.min() >= np.nanmin(frame) - 1e-9
            assert field.max() <= np.nanmax(frame) + 1e-9


@given(fields, motions, st.floats(0.5, 20))
def test_moving_rain_makes_no_new_extremes(
    last: Float64Array, motion: Float64Array, damp_frames: float
) -> None:
    coming = extrapolate(last, motion, 4, damp_frames)
    assert coming.min() >= last.min() - 1e-9
    assert coming.max() <= last.max() + 1e-9


@given(st.floats(0, 100), motions)
def test_constant_rain_is_conserved_exactly_by_any_motion(rain_mm: float, motion: Float64Array) -> None:
    coming = extrapolate(np.full((6, 7), rain_mm), motion, 3, 4.0)
    np.testing.assert_array_equal(coming, rain_mm)


@given(fields, motions)
def test_mirrored_rain_and_motion_give_the_mirrored_forecast(
    last: Float64Array, motion: Float64Array
) -> None:
    forward = extrapolate(last, motion, 3, 4.0)
    mirrored_motion = np.stack([motion[0, :, ::-1], -motion[1, :, ::-1]])
    mirrored = extrapolate(np.ascontiguousarray(last[:, ::-1]), mirrored_motion, 3, 4.0)
    np.testing.assert_allclose(mirrored[:, :, ::-1], forward, atol=1e-6)


@given(frames)
def test_totals_are_never_negative_and_never_fall_with_the_hours(rain_mm: Float64Array) -> None:
    ahead = NOWCAST.rain_ahead(rain_mm).rain_mm
    known = ahead[~np.isnan(ahead[:, 0])]
    assert (known >= 0).all()
    assert (np.diff(known, axis=1) >= 0).all()


@given(frames)
def test_forecast_is_unusable_exactly_when_no_gauge_reported_last(rain_mm: Float64Array) -> None:
    ahead = NOWCAST.rain_ahead(rain_mm)
    assert ahead.usable == bool((~np.isnan(rain_mm[-1])).any())
    assert ahead.usable == (not np.isnan(ahead.rain_mm).all())
    assert ahead.usable == (not ahead.reason)
