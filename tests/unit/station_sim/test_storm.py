import numpy as np
import pytest

from station_sim import outline
from station_sim.county import County, build_county
from station_sim.response import storm_over
from station_sim.storm import INTENSITY_MM_PER_H_MAX, Storm, Target
from warnstream.model.arrays import Float64Array


def hourly_maxima(rain_mm: Float64Array) -> Float64Array:
    total = np.vstack([np.zeros(rain_mm.shape[1]), np.cumsum(rain_mm, axis=0)])
    maxima: Float64Array = (total[60:] - total[:-60]).max(axis=0)
    return maxima


@pytest.fixture(scope="module")
def full_county() -> County:
    return build_county(1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_storm_is_plausible(full_county: County, seed: int) -> None:
    """Hourly maxima of 40 to 80 mm near the track, most of the county far below, no drop above the bound."""
    xy_m = outline.project(full_county.stations.latitude, full_county.stations.longitude)
    storm = storm_over(full_county, seed, 480)
    (rain_mm,) = storm.sample([Target(xy_m, np.zeros(len(xy_m), dtype=np.int64))])
    hour_mm = hourly_maxima(rain_mm)
    assert 40 <= hour_mm.max() <= 100
    assert np.median(hour_mm) < 15
    assert 0.02 < (hour_mm > 40).mean() < 0.2
    assert rain_mm.min() >= 0
    assert rain_mm.max() * 60 <= INTENSITY_MM_PER_H_MAX


def test_the_storm_crosses_from_the_west(full_county: County) -> None:
    xy_m = outline.project(full_county.stations.latitude, full_county.stations.longitude)
    (rain_mm,) = storm_over(full_county, 1, 480).sample([Target(xy_m, np.zeros(len(xy_m), dtype=np.int64))])
    centre_x_m = [np.average(xy_m[:, 0], weights=rain_mm[m : m + 60].sum(axis=0)) for m in (30, 210, 390)]
    assert np.diff(centre_x_m).min() > 20_000


def test_sampling_agrees_with_the_field() -> None:
    places = np.array([[0.0, 0.0], [9_500.0, 4_500.0]])
    storm = Storm(5, places, 30)
    point, square = storm.sample([Target(places, np.array([0, 0])), Target(places[1:], np.array([2]))])
    frames = np.stack(list(storm.intensity_frames()))
    row, column = storm.grid.cell_of(places)
    assert point * 60 == pytest.approx(frames[:, row, column], abs=1e-9)
    window = frames[:, row[1] - 2 : row[1] + 3, column[1] - 2 : column[1] + 3]
    assert square[:, 0] * 60 == pytest.approx(window.mean(axis=(1, 2)), abs=1e-9)


def test_the_file_holds_the_same_rain_as_the_field() -> None:
    storm = Storm(5, np.array([[0.0, 0.0], [10_000.0, 5_000.0]]), 60)
    dataset = storm.true_field(start_s=1_800_000_000, step_min=20)
    amount = dataset["precipitation_amount"]
    expected = sum(frame.sum() for frame in storm.intensity_frames()) / 60
    assert amount.sizes["time"] == 3
    assert amount.attrs["units"] == "kg m-2"
    assert float(amount.sum()) == pytest.approx(expected, rel=1e-4)
    assert dataset["time_bounds"].values.tolist()[0] == [1_800_000_000, 1_800_001_200]
    assert dataset["time"].attrs["bounds"] == "time_bounds"


def test_a_step_that_does_not_divide_the_storm_is_refused() -> None:
    with pytest.raises(ValueError, match="7 minutes do not divide the storm's 60"):
        Storm(5, np.zeros((1, 2)), 60).true_field(0, step_min=7)
