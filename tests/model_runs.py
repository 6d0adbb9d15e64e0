"""Runs of weather models for tests: as arrays, and as files that services would write."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.networks import T0
from warnstream.config.settings import ModelSettings
from warnstream.model.network import Network
from warnstream.model.radar.fields import FieldGeometry, geometry_of
from warnstream.model.runs.model_run import CELL_M, CELLS_MAX, MARGIN_M, UNITS_PER_MM, ModelRun

HOUR = 3600
LATITUDE, LONGITUDE = np.arange(-1.0, 1.01, 0.1), np.arange(-1.0, 1.51, 0.1)


def cells_of(network: Network) -> FieldGeometry:
    """Cells of a network's runs."""
    return geometry_of(network, CELL_M, MARGIN_M, CELLS_MAX)


def run_of(
    network: Network,
    hourly_mm: Sequence[Sequence[float]],
    *,
    reference_s: int = T0,
    name: str = "ens",
    delay_s: int = 0,
) -> ModelRun:
    """The same rain everywhere; `hourly_mm` by member and hour."""
    geometry = cells_of(network)
    total = np.cumsum(np.array(hourly_mm, dtype=np.float64), axis=1)
    rain = np.rint(total * UNITS_PER_MM).astype(np.int16)[:, :, None, None]
    whole = np.broadcast_to(rain, (*rain.shape[:2], *geometry.shape)).copy()
    lead_s = (np.arange(1, whole.shape[1] + 1) * HOUR).astype(np.int32)
    return ModelRun(name, geometry.digest, reference_s, reference_s + delay_s, lead_s, whole)


def settings_of(folder: Path, **changes: Any) -> ModelSettings:
    """One member to 6 h, since_start, in a folder."""
    known: dict[str, Any] = {
        "name": "ens",
        "folder": folder,
        "pattern": "*",
        "variable": "tp",
        "unit": None,
        "accumulated": "since_start",
        "bucket_s": None,
        "n_members": 1,
        "step_s": 3 * HOUR,
        "reach_s": 6 * HOUR,
        "age_s_max": 6 * HOUR,
        "usual_delay_s": 0,
        "look_s": 0.1,
    }
    return ModelSettings(**known | changes)


def write_netcdf(
    path: Path,
    values: Any,
    hours: Sequence[float],
    *,
    unit: str = "m",
    reference_s: int = T0,
    members: Sequence[int] | None = None,
    bounds: Sequence[tuple[float, float]] | None = None,
    latitude: Any = LATITUDE,
    longitude: Any = LONGITUDE,
    name: str = "tp",
) -> Path:
    """A CF file; `values` of shape (n_members, n_leads), the same in all cells, or with rows and columns."""
    import xarray as xr

    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 2:
        array = np.broadcast_to(array[:, :, None, None], (*array.shape, len(latitude), len(longitude)))
    numbers = list(range(len(array))) if members is None else list(members)
    time = {"units": "seconds since 1970-01-01", "standard_name": "time"}
    dataset = xr.Dataset(
        {name: (("realization", "time", "lat", "lon"), array, {"units": unit})},
        coords={
            "realization": ("realization", numbers, {"standard_name": "realization"}),
            "time": ("time", reference_s + np.array(hours) * HOUR, time),
            "forecast_reference_time": (
                (),
                reference_s,
                {**time, "standard_name": "forecast_reference_time"},
            ),
            "lat": ("lat", latitude, {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("lon", longitude, {"standard_name": "longitude", "units": "degrees_east"}),
        },
    )
    if bounds is not None:
        dataset["time"].attrs["bounds"] = "time_bounds"
        dataset["time_bounds"] = (("time", "edge"), reference_s + np.array(bounds) * HOUR)
    dataset.to_netcdf(path, engine="h5netcdf")
    return path


def write_grib(
    path: Path,
    fields: Sequence[tuple[int, int, int, float]],
    *,
    date: int = 20260618,
    clock: int = 0,
    parameter: tuple[int, int] = (1, 52),
    centre: str = "ecmf",
) -> Path:
    """GRIB 2 messages of (member, begin hour, end hour, value), the same in all cells; needs ecCodes."""
    import eccodes

    with path.open("wb") as file:
        for member, begin, end, value in fields:
            handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
            keys = {
                "centre": centre,
                "productDefinitionTemplateNumber": 11,
                "Ni": len(LONGITUDE),
                "Nj": len(LATITUDE),
                "latitudeOfFirstGridPointInDegrees": 1.0,
                "latitudeOfLastGridPointInDegrees": -1.0,
                "longitudeOfFirstGridPointInDegrees": 359.0,
                "longitudeOfLastGridPointInDegrees": 1.5,
                "iDirectionIncrementInDegrees": 0.1,
                "jDirectionIncrementInDegrees": 0.1,
                "dataDate": date,
                "dataTime": clock,
                "discipline": 0,
                "parameterCategory": parameter[0],
                "parameterNumber": parameter[1],
                "typeOfFirstFixedSurface": 1,
                "typeOfStatisticalProcessing": 1,
                "perturbationNumber": member,
                "numberOfForecastsInEnsemble": 50,
                "stepType": "accum",
                "startStep": begin,
                "endStep": end,
            }
            for key, setting in keys.items():
                eccodes.codes_set(handle, key, setting)
            eccodes.codes_set_values(handle, np.full(len(LATITUDE) * len(LONGITUDE), value))
            eccodes.codes_write(handle, file)
            eccodes.codes_release(handle)
    return path
