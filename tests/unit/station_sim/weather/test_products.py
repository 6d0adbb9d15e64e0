"""Files of weather: CF names, agreement with gauges, errors that have the right shape."""

from pathlib import Path

import numpy as np
import pytest

from station_sim.errors import SimulatorError
from station_sim.weather.convective import Storm
from station_sim.weather.field import FieldGrid, Target, moved_texture, sample, texture
from station_sim.weather.kinds import weather_over
from station_sim.weather.nwp import forecast_of
from station_sim.weather.products import (
    amounts_of,
    block_means,
    forecast_dataset,
    radar_dataset,
    truth_dataset,
    write_netcdf,
)
from station_sim.weather.radar import RadarErrors, blocked_share, geometry_of, radar_estimate

xarray = pytest.importorskip("xarray", reason="needs the extra warnstream[review]")
READER = xarray.backends.H5netcdfBackendEntrypoint
"""By its name xarray would first import every reader that is installed."""

START_S = 1_800_000_000
PLACES = np.array([[0.0, 0.0], [10_000.0, 5_000.0]])


def test_the_file_of_the_truth_reads_back_and_agrees_with_the_gauges(tmp_path: Path) -> None:
    storm = Storm(5, PLACES, 60)
    amount_mm = amounts_of(storm, 20)
    write_netcdf(truth_dataset(storm.grid, amount_mm, START_S, 20), tmp_path / "truth.nc")
    (gauge_mm,) = sample(storm, [Target(PLACES, np.zeros(2, dtype=np.int64))])
    with xarray.open_dataset(tmp_path / "truth.nc", engine=READER, decode_coords="all") as dataset:
        amount = dataset["precipitation_amount"]
        assert dataset.attrs["Conventions"].startswith("CF-1")
        assert amount.attrs["standard_name"] == "precipitation_amount"
        assert amount.attrs["units"] == "kg m-2"
        assert "time: sum" in amount.attrs["cell_methods"]
        assert dataset["x"].attrs["standard_name"] == "projection_x_coordinate"
        assert dataset["y"].attrs["units"] == "m"
        assert "crs_wkt" in dataset["crs"].attrs
        assert str(dataset["time"].values[0]) == "2027-01-15T08:20:00.000000000"
        bounds = dataset["time_bounds"].values
        assert ((bounds[:, 1] - bounds[:, 0]) / np.timedelta64(1, "m") == 20).all()
        assert (bounds[:, 1] == dataset["time"].values).all()
        for place, rain_mm in zip(PLACES, gauge_mm.T, strict=True):
            series = amount.sel(x=place[0], y=place[1], method="nearest").values
            assert series == pytest.approx(rain_mm.reshape(3, 20).sum(axis=1), rel=1e-4, abs=1e-5)


def test_latitudes_of_the_file_are_those_of_its_cells() -> None:
    storm = Storm(5, PLACES, 5)
    dataset = truth_dataset(storm.grid, amounts_of(storm, 5), START_S, 5)
    # 1 degree of latitude is 111.19 km on the sphere of 6,371 km.
    per_degree = np.diff(dataset["y"].values)[0] / np.diff(dataset["latitude"].values[:, 0])[0]
    assert per_degree == pytest.approx(111_190, rel=1e-3)


def test_a_step_that_does_not_divide_the_weather_is_refused() -> None:
    with pytest.raises(SimulatorError, match="7 minutes do not divide the weather's 60"):
        amounts_of(Storm(5, np.zeros((1, 2)), 60), 7)


def test_a_beam_is_blocked_as_a_disc_behind_an_edge() -> None:
    assert blocked_share(np.array([-2.0, 0.0, 2.0])).tolist() == pytest.approx([0.0, 0.5, 1.0])
    assert (np.diff(blocked_share(np.linspace(-1, 1, 50))) > 0).all()


def grid_of(n_km: int) -> FieldGrid:
    return FieldGrid(-n_km * 500.0, -n_km * 500.0, n_km, n_km)


def quiet() -> RadarErrors:
    return RadarErrors(0.0, 0.0, 0.0, 0.0, 0.0)


def test_a_mountain_blinds_the_radar_behind_it() -> None:
    grid = grid_of(60)
    terrain = np.zeros((60, 60))
    terrain[:, 50] = 3_000.0
    geometry = geometry_of(grid, terrain)
    row, _ = grid.cell_of(geometry.site_m[None])
    assert geometry.is_blind[row[0], 52:].all()
    assert not geometry.is_blind[row[0], :49].any()
    estimate = radar_estimate(grid, terrain, np.ones((2, 60, 60), dtype=np.float32), 5, 1, quiet())
    assert np.isnan(estimate[:, row[0], 55]).all()


def test_heavy_rain_near_the_radar_weakens_what_lies_behind_up_to_a_cap() -> None:
    grid, flat = grid_of(60), np.zeros((60, 60))
    even = np.full((1, 60, 60), 1.0, dtype=np.float32)
    wall = even.copy()
    site = geometry_of(grid, flat).site_m
    row, column = (int(n[0]) for n in grid.cell_of(site[None]))
    wall[0, :, column + 3 : column + 8] = 8.0
    clear = radar_estimate(grid, flat, even, 5, 1, quiet())[0, row]
    behind = radar_estimate(grid, flat, wall, 5, 1, quiet())[0, row]
    ratio = behind[column + 12 :] / clear[column + 12 :]
    assert (ratio < 0.9).all()
    assert ratio.min() >= 10 ** (-10.0 / 16) - 1e-6
    assert behind[:column] == pytest.approx(clear[:column])


def test_the_radar_errs_but_follows_the_rain_and_misses_frames_and_sectors() -> None:
    storm = weather_over("convective", 2, np.array([[-30_000.0, -30_000.0], [30_000.0, 30_000.0]]), 180)
    amount_mm = amounts_of(storm, 5)
    flat = np.zeros(amount_mm.shape[1:])
    bad = RadarErrors(frame_missing=0.1, sector_missing=0.3)
    estimate = radar_estimate(storm.grid, flat, amount_mm, 5, 3, bad)
    again = radar_estimate(storm.grid, flat, amount_mm, 5, 3, bad)
    assert np.array_equal(estimate, again, equal_nan=True)
    missing = np.isnan(estimate).mean(axis=(1, 2))
    assert (missing == 1).any()
    assert ((missing > 0.01) & (missing < 0.2)).any()
    both = ~np.isnan(estimate) & (amount_mm > 0.2)
    assert 0.6 < np.corrcoef(np.log(amount_mm[both]), np.log(estimate[both] + 0.01))[0, 1] < 0.99
    dataset = radar_dataset(storm.grid, estimate, START_S, 5)
    assert "radar" in dataset["precipitation_amount"].attrs["long_name"]


def test_forecasts_get_worse_with_lead_time() -> None:
    """Rain that is alike at all hours, so that hours differ by their lead only."""
    grid = grid_of(160)
    noise = texture(np.random.default_rng(1), 60.0, 200.0)
    hourly = np.stack([moved_texture(noise, grid, np.array([15_000.0 * hour, 0.0])) for hour in range(18)])
    coarse, forecast = forecast_of(grid, hourly.astype(np.float32), 1, 18, 8, n_members=16)
    truth = block_means(hourly, 8)
    skill = [
        np.mean([np.corrcoef(member[lead].ravel(), truth[lead].ravel())[0, 1] for member in forecast])
        for lead in range(18)
    ]
    early, middle, late = (np.nanmean(skill[a:b]) for a, b in ((0, 4), (6, 10), (14, 18)))
    assert early > middle > late
    assert early > 0.5
    assert (coarse.n_rows, coarse.n_columns) == forecast.shape[2:]


def test_the_file_of_a_forecast_knows_its_time_of_issue_and_lead(tmp_path: Path) -> None:
    storm = Storm(5, np.array([[0.0, 0.0], [40_000.0, 30_000.0]]), 120)
    coarse, forecast = forecast_of(storm.grid, amounts_of(storm, 60), 1, 2, 5, n_members=2)
    write_netcdf(forecast_dataset(coarse, forecast, START_S, 5_000.0), tmp_path / "nwp.nc")
    with xarray.open_dataset(
        tmp_path / "nwp.nc", engine=READER, decode_coords="all", decode_timedelta=False
    ) as dataset:
        assert dataset["precipitation_amount"].dims == ("realization", "time", "y", "x")
        assert dataset["forecast_period"].values.tolist() == [1, 2]
        assert dataset["forecast_reference_time"].attrs["standard_name"] == "forecast_reference_time"
        assert np.diff(dataset["x"].values).tolist() == pytest.approx([5_000.0] * (coarse.n_columns - 1))


@pytest.mark.parametrize(("leads", "cell_km", "members"), [(3, 8, 1), (1, 20, 1), (1, 8, 0)])
def test_forecasts_out_of_bounds_are_refused(leads: int, cell_km: int, members: int) -> None:
    with pytest.raises(SimulatorError):
        forecast_of(grid_of(40), np.zeros((2, 40, 40), dtype=np.float32), 1, leads, cell_km, members)
