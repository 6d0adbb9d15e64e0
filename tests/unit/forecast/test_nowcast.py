from functools import cache

import numpy as np
import pytest

from warnstream.forecast.nowcast import INTENSITY_DECAY_S, REACH_M, GaugeNowcast
from warnstream.model.arrays import Float64Array
from warnstream.model.rules.policies import ForecastPolicy

EAST, NORTH = np.meshgrid(np.arange(0, 150_000, 5000.0), np.arange(0, 150_000, 5000.0))
GAUGES = np.stack([EAST.ravel(), NORTH.ravel()], axis=-1)
QUARTER_S = 900


def policy(method: str = "advection", cell_m: float = 5000.0, damp_s: int = 3600) -> ForecastPolicy:
    return ForecastPolicy(method=method, every_s=300, cell_m=cell_m, damp_s=damp_s)


FEW = GAUGES[:8]
"""Where what is asked does not depend on how many gauges there are."""


@cache
def near_three() -> GaugeNowcast:
    """Of the first three gauges' places; it keeps nothing from one cycle to the next."""
    return GaugeNowcast(GAUGES, GAUGES[:3], policy(), QUARTER_S)


def storm(east_m: float, north_m: float, peak_mm: float = 8.0) -> Float64Array:
    """Rain of a quarter of an hour at every gauge under a round cell of 30 km."""
    squared_m2 = ((GAUGES - [east_m, north_m]) ** 2).sum(axis=1)
    return np.asarray(peak_mm * np.exp(-squared_m2 / (2 * 15_000.0**2)))


def decayed_hours(hours: int) -> float:
    """Integral of exp(-t / decay) over the coming hours, in hours."""
    decay_h = INTENSITY_DECAY_S / 3600
    return float(decay_h * (1 - np.exp(-hours / decay_h)))


def test_travelling_cell_is_forecast_where_it_will_be() -> None:
    """24 km/h to the east, hardly damped: the centre of the next hour's rain is about 15 km ahead."""
    frames = np.stack([storm(40_000 + 6_000 * t, 75_000) for t in range(5)])
    now_east_m = 40_000 + 6_000 * 4
    line = np.stack([np.arange(0, 145_000, 1000.0), np.full(145, 75_000.0)], axis=-1)
    ahead = GaugeNowcast(GAUGES, line, policy(damp_s=100_000), QUARTER_S).rain_ahead(frames)
    hour = ahead.rain_mm[:, 0]
    centre_m = float((hour * line[:, 0]).sum() / hour.sum())
    # Rain fades while it travels, so the mean lies a little behind the middle of 6, 12, 18 and 24 km.
    assert centre_m - now_east_m == pytest.approx(14_500, abs=1500)
    assert ahead.method == "advection"


def test_cell_that_stands_still_fades_where_it_is() -> None:
    frames = np.stack([storm(75_000, 75_000)] * 5)
    village = np.array([[75_000.0, 75_000.0]])
    ahead = GaugeNowcast(GAUGES, village, policy(), QUARTER_S).rain_ahead(frames)
    assert ahead.method == "persistence"
    np.testing.assert_allclose(
        ahead.rain_mm[0] / ahead.rain_mm[0, 0], [decayed_hours(h) / decayed_hours(1) for h in (1, 2, 3)]
    )


def test_even_rain_everywhere_gives_its_decayed_amount() -> None:
    frames = np.full((5, len(GAUGES)), 2.0)
    ahead = GaugeNowcast(GAUGES, GAUGES[::50], policy(), QUARTER_S).rain_ahead(frames)
    expected = [8.0 * decayed_hours(hours) for hours in (1, 2, 3)]
    np.testing.assert_allclose(ahead.rain_mm, np.broadcast_to(expected, ahead.rain_mm.shape))


def test_dry_gauges_forecast_zero_and_not_unknown() -> None:
    ahead = near_three().rain_ahead(np.zeros((5, len(GAUGES))))
    assert ahead.usable
    np.testing.assert_array_equal(ahead.rain_mm, 0.0)


def test_silence_is_unknown_and_never_zero() -> None:
    frames = np.full((5, len(GAUGES)), np.nan)
    ahead = near_three().rain_ahead(frames)
    assert not ahead.usable
    assert np.isnan(ahead.rain_mm).all()
    assert "no rain gauge reported in the last 15 min" in ahead.reason


def test_silence_of_the_newest_step_is_not_hidden_by_older_rain() -> None:
    frames = np.stack([storm(75_000, 75_000)] * 5)
    frames[-1] = np.nan
    assert not near_three().rain_ahead(frames).usable


def test_village_far_from_every_reporting_gauge_is_unknown_alone() -> None:
    gauges = np.array([[0.0, 0.0], [200_000.0, 0.0]])
    villages = np.array([[1000.0, 0.0], [199_000.0, 0.0], [100_000.0, 0.0]])
    ahead = GaugeNowcast(gauges, villages, policy(), QUARTER_S).rain_ahead(np.array([[3.0, np.nan]]))
    assert ahead.usable
    np.testing.assert_array_equal(np.isnan(ahead.rain_mm).all(axis=1), [False, True, True])


def test_village_out_of_every_gauges_reach_does_not_enlarge_the_grid() -> None:
    villages = np.array([[0.0, 0.0], [9e9, 9e9]])
    ahead = GaugeNowcast(FEW, villages, policy(), QUARTER_S).rain_ahead(np.ones((1, len(FEW))))
    np.testing.assert_array_equal(np.isnan(ahead.rain_mm[:, 0]), [False, True])


def test_network_without_a_gauge_near_any_village_says_so() -> None:
    nowcast = GaugeNowcast(np.zeros((0, 2)), GAUGES[:2], policy(), QUARTER_S)
    ahead = nowcast.rain_ahead(np.zeros((5, 0)))
    assert ahead.reason == f"no village has a rain gauge within {REACH_M / 1000:g} km"


def test_forecast_that_is_switched_off_says_so() -> None:
    nowcast = GaugeNowcast(GAUGES, GAUGES[:2], policy("none"), QUARTER_S)
    ahead = nowcast.rain_ahead(np.ones((5, len(GAUGES))))
    assert not ahead.usable
    assert "switched off" in ahead.reason


def test_persistence_keeps_a_travelling_cell_in_place() -> None:
    frames = np.stack([storm(40_000 + 6_000 * t, 75_000) for t in range(5)])
    nowcast = GaugeNowcast(GAUGES, GAUGES, policy("persistence"), QUARTER_S)
    wettest = GAUGES[np.argmax(nowcast.rain_ahead(frames).rain_mm[:, 0])]
    np.testing.assert_allclose(wettest, [65_000, 75_000])


def test_too_short_a_past_says_what_is_needed() -> None:
    nowcast = GaugeNowcast(FEW, FEW[:2], policy(), 300)
    assert nowcast.rain_ahead(np.ones((2, len(FEW)))).reason == "rain of the last 15 min is needed"


def test_frames_of_five_minutes_forecast_the_same_as_their_quarter_hours() -> None:
    quarters = np.stack([storm(40_000 + 6_000 * t, 75_000) for t in range(5)])
    fine = GaugeNowcast(GAUGES, GAUGES, policy(), 300)
    coarse = GaugeNowcast(GAUGES, GAUGES, policy(), QUARTER_S)
    assert fine.frames_wanted == 15
    np.testing.assert_allclose(
        fine.rain_ahead(np.repeat(quarters / 3, 3, axis=0)).rain_mm, coarse.rain_ahead(quarters).rain_mm
    )


def test_gauge_that_missed_one_of_three_frames_counts_with_its_rate() -> None:
    frames = np.ones((3, len(FEW)))
    frames[1] = np.nan
    ahead = GaugeNowcast(FEW, FEW[:1], policy(), 300).rain_ahead(frames)
    assert ahead.rain_mm[0, 0] == pytest.approx(12.0 * decayed_hours(1))


@pytest.mark.parametrize("frame_s", [0, 420, 2700, 7200])
def test_frames_that_do_not_fit_the_hour_are_refused(frame_s: int) -> None:
    with pytest.raises(ValueError, match="frame_s must divide 900"):
        GaugeNowcast(GAUGES, GAUGES[:1], policy(), frame_s)


def test_unknown_method_is_refused_naming_the_known() -> None:
    with pytest.raises(ValueError, match="advection, persistence, none"):
        GaugeNowcast(GAUGES, GAUGES[:1], policy("optical_flow"), 300)


def test_cell_of_no_size_is_refused() -> None:
    with pytest.raises(ValueError, match="cell_m and damp_s must be positive"):
        GaugeNowcast(GAUGES, GAUGES[:1], policy(cell_m=0.0), 300)


def test_wrong_number_of_gauges_is_refused() -> None:
    with pytest.raises(ValueError, match="expected shape"):
        GaugeNowcast(FEW, FEW[:1], policy(), 300).rain_ahead(np.zeros((5, 3)))
