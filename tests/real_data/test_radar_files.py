"""Radar files as agencies publish them, through the reader of a live node.

Emilia-Romagna, 17 September 2022: radar adjusted to gauges, 15 min, beside 280 gauges of ARPAE
(openrainer, CC BY 4.0); Swiss radar without coordinates of its cells (MeteoSwiss).
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from benchmarks.grid_blackouts import radar_at_gauges, read_gauges, settings_of
from tests.networks import HOUR, QUALITY, WINDOWS, rain_rule
from warnstream.adapters.geometry import near_weights
from warnstream.adapters.grids.files import GridFileError
from warnstream.adapters.grids.frames import GridReader
from warnstream.assessment import Assessment, Weights
from warnstream.model.arrays import Float64Array
from warnstream.model.grids import GridPolicy
from warnstream.model.network import Network
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.observations.refusals import RefusalReason

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def pairs(shared_data: Path) -> Path:
    return shared_data / "gauge_radar_pairs"


@pytest.fixture(scope="module")
def gauges(pairs: Path) -> tuple[Network, Float64Array]:
    return read_gauges(pairs)


def test_villages_get_the_cells_that_they_stand_in(pairs: Path, gauges: tuple[Network, Float64Array]) -> None:
    network, rain_mm = gauges
    found = radar_at_gauges(pairs, network)
    assert found.shape == rain_mm.shape
    with xr.open_dataset(pairs / "openrainer_radar_20220917.nc", engine="h5netcdf") as file:
        place = {
            "lat": xr.DataArray(network.stations.latitude, dims="gauge"),
            "lon": xr.DataArray(network.stations.longitude, dims="gauge"),
        }
        cells = file["rainfall_amount"].sel(place, method="nearest").transpose("gauge", "time").to_numpy()
    seen = np.isfinite(found)
    assert seen.mean() > 0.95
    # Nearest in degrees and nearest in metres may differ where a gauge stands on the edge of a cell.
    assert np.isclose(found[seen], cells[seen], atol=1e-5).mean() > 0.98


def test_its_times_are_the_ends_of_its_intervals(pairs: Path, gauges: tuple[Network, Float64Array]) -> None:
    network, rain_mm = gauges
    found = radar_at_gauges(pairs, network)

    def agreement(lag: int) -> float:
        one = rain_mm[:, max(lag, 0) : rain_mm.shape[1] + min(lag, 0)]
        other = found[:, max(-lag, 0) : found.shape[1] - max(lag, 0)]
        wet = np.isfinite(other) & (one + other > 0.2)
        return float(np.corrcoef(one[wet], other[wet])[0, 1])

    same, before, after = agreement(0), agreement(-1), agreement(1)
    assert same > 0.4
    assert same > max(before, after) + 0.1


def test_where_gauges_are_silent_the_hour_is_never_less_than_farther_gauges_or_the_radar_say(
    pairs: Path, gauges: tuple[Network, Float64Array]
) -> None:
    network, rain_mm = gauges
    settings = settings_of(pairs, "openrainer_radar_*.nc", "rainfall_amount")
    frames = list(GridReader(settings, network, 20.0).read_all())
    n = len(network.stations)
    reporting = np.flatnonzero(np.arange(n) % 10 != 0)
    own = near_weights(network, k=1, radius_m=1_000, by_distance=False)
    far = near_weights(network, k=5, radius_m=20_000, by_distance=True)

    def hour_of(grids: tuple[GridPolicy, ...]) -> Float64Array:
        rules = (rain_rule(n, (15, 25, 40, 80)),)
        assessment = Assessment(
            network,
            rules,
            weights=Weights(own, far),
            windows=WINDOWS,
            quality=QUALITY,
            nowcast=None,
            grids=grids,
        )
        for time, frame in enumerate(frames):
            words, at_s = [Variable.RAIN] * len(reporting), [frame.end_s] * len(reporting)
            batch = batch_of(reporting, words, at_s, rain_mm[reporting, time])
            step = assessment.step(batch, frame.end_s, (), [frame] if grids else [])
        return step.rain.over(HOUR)

    by_radar = np.stack([frame.rain_mm[:n] for frame in frames], axis=1)[:, -4:].sum(axis=1)
    by_gauges, found = hour_of(()), hour_of((settings.policy,))
    silent = np.setdiff1d(np.arange(n), reporting)
    np.testing.assert_array_equal(found[reporting], by_gauges[reporting])
    # Gauges are rounded to the micrometre in each of four frames.
    np.testing.assert_allclose(found[silent], np.fmax(by_gauges, by_radar)[silent], atol=0.003)
    assert (found[silent] > by_gauges[silent]).any()


def test_a_radar_file_without_places_of_its_cells_is_refused_and_says_so(
    shared_data: Path, gauges: tuple[Network, Float64Array], tmp_path: Path
) -> None:
    shutil.copy(shared_data / "radar_nowcast" / "mch_20150515.nc", tmp_path / "mch.nc")
    reader = GridReader(settings_of(tmp_path, "mch.nc", "rain_mm"), gauges[0], 20.0)
    with pytest.raises(GridFileError, match="no latitude of the cells") as caught:
        list(reader.read_all())
    assert caught.value.reason is RefusalReason.WRONG_SHAPE
