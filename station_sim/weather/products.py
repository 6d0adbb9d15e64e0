"""Files of rain fields: the truth, what a radar would see of it, what a model would have forecast.

Each is a CF dataset (xarray, NetCDF): amounts with time bounds, cell centres
in metres of the frame's own projection, and latitude and longitude of every
cell. The projection is the equidistant cylindrical one of a sphere; CF has no
name for it in its table, so `crs` carries it as WKT and programs that do not
read WKT take the two-dimensional latitude and longitude.

Needs the extra ``warnstream[review]`` (xarray, h5netcdf). A file of 8 h on the
full county in steps of 5 minutes takes 15 MB in memory.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from station_sim import outline
from station_sim.errors import SimulatorError
from station_sim.weather.field import CELL_M, FieldGrid, RainField
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.geodesy import EARTH_RADIUS_M
from warnstream.model.times import MINUTE_S

if TYPE_CHECKING:
    import xarray

Amounts = NDArray[np.float32]

_TIME_UNITS = "seconds since 1970-01-01 00:00:00"


def amounts_of(field: RainField, step_min: int) -> Amounts:
    """True rain of steps of `step_min` minutes, shape (n_steps, n_rows, n_columns), mm.

    Raises
    ------
    SimulatorError
        If the steps do not divide the field's minutes.
    """
    if step_min < 1 or field.n_minutes % step_min:
        raise SimulatorError(f"{step_min} minutes do not divide the weather's {field.n_minutes}")
    shape = (field.n_minutes // step_min, field.grid.n_rows, field.grid.n_columns)
    amount_mm = np.zeros(shape, dtype=np.float32)
    for minute, frame in enumerate(field.intensity_frames()):
        amount_mm[minute // step_min] += (frame / 60.0).astype(np.float32)
    return amount_mm


def truth_dataset(grid: FieldGrid, amount_mm: Amounts, start_s: int, step_min: int) -> "xarray.Dataset":
    """CF dataset of true amounts, shape (n_steps, n_rows, n_columns), from `start_s` on."""
    attributes = {"long_name": "simulated true rain of the interval", "cell_methods": "time: sum area: mean"}
    dataset = _dataset(grid, {"precipitation_amount": (amount_mm, attributes)}, CELL_M)
    _put_time(dataset, start_s + MINUTE_S * step_min * np.arange(1, len(amount_mm) + 1), step_min * MINUTE_S)
    dataset.attrs["title"] = "Simulated weather, true rain; no real rain"
    return dataset


def radar_dataset(grid: FieldGrid, estimate_mm: Amounts, start_s: int, step_min: int) -> "xarray.Dataset":
    """CF dataset of a radar's estimate; NaN where and when the radar sees nothing."""
    attributes = {
        "long_name": "simulated radar estimate of the rain of the interval",
        "cell_methods": "time: sum area: mean",
    }
    dataset = _dataset(grid, {"precipitation_amount": (estimate_mm, attributes)}, CELL_M)
    _put_time(
        dataset, start_s + MINUTE_S * step_min * np.arange(1, len(estimate_mm) + 1), step_min * MINUTE_S
    )
    dataset.attrs["title"] = "Simulated radar estimate with its errors; no real rain"
    return dataset


def forecast_dataset(grid: FieldGrid, forecast_mm: Amounts, start_s: int, cell_m: float) -> "xarray.Dataset":
    """CF dataset of hourly forecasts, shape (n_members, n_leads, n_rows, n_columns), issued at `start_s`."""
    import xarray as xr

    n_members, n_leads = forecast_mm.shape[:2]
    attributes = {
        "long_name": "simulated model forecast of the rain of the hour",
        "cell_methods": "time: sum area: mean",
    }
    variables = {"precipitation_amount": (forecast_mm, attributes)}
    dataset = _dataset(grid, variables, cell_m, leading=("realization", "time"))
    _put_time(dataset, start_s + 3600 * np.arange(1, n_leads + 1), 3600)
    dataset["realization"] = xr.Variable(
        "realization", np.arange(n_members), {"standard_name": "realization", "units": "1"}
    )
    dataset["forecast_reference_time"] = xr.Variable(
        (), start_s, {"standard_name": "forecast_reference_time", "units": _TIME_UNITS}
    )
    dataset["forecast_period"] = xr.Variable(
        "time", np.arange(1, n_leads + 1), {"standard_name": "forecast_period", "units": "hours"}
    )
    dataset.attrs["title"] = "Simulated model forecast with its errors; no real forecast"
    return dataset.set_coords(["forecast_reference_time", "forecast_period"])


def write_netcdf(dataset: "xarray.Dataset", path: Path) -> None:
    """Write a dataset, compressed.

    Raises
    ------
    SimulatorError
        If the file cannot be written.
    """
    encoding = {"precipitation_amount": {"zlib": True, "complevel": 4}}
    try:
        dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    except OSError as error:
        raise SimulatorError(f"{path}: cannot be written: {error}") from error


def _dataset(
    grid: FieldGrid,
    variables: dict[str, tuple[Amounts, dict[str, str]]],
    cell_m: float,
    leading: tuple[str, ...] = ("time",),
) -> "xarray.Dataset":
    import xarray as xr

    x_m = grid.west_m + (np.arange(grid.n_columns) + 0.5) * cell_m
    y_m = grid.south_m + (np.arange(grid.n_rows) + 0.5) * cell_m
    across, up = np.meshgrid(x_m, y_m)
    latitude, longitude = outline.unproject(np.stack([across.ravel(), up.ravel()], axis=-1))
    data: dict[str, Any] = {
        name: (
            (*leading, "y", "x"),
            amount,
            {
                "standard_name": "precipitation_amount",
                "units": "kg m-2",
                "grid_mapping": "crs",
                **attributes,
            },
        )
        for name, (amount, attributes) in variables.items()
    }
    data["crs"] = ((), np.int32(0), _grid_mapping())
    metres = {"units": "m", "axis": "X", "standard_name": "projection_x_coordinate"}
    shape = across.shape
    degrees = {
        "latitude": (latitude, {"standard_name": "latitude", "units": "degrees_north"}),
        "longitude": (longitude, {"standard_name": "longitude", "units": "degrees_east"}),
    }
    coordinates: dict[str, Any] = {
        "x": ("x", x_m, metres),
        "y": ("y", y_m, metres | {"axis": "Y", "standard_name": "projection_y_coordinate"}),
    }
    for name, (values, attributes) in degrees.items():
        coordinates[name] = (("y", "x"), values.reshape(shape), attributes)
    comment = "1 kg m-2 is 1 mm; values are means of cells whose centres are x and y"
    return xr.Dataset(data, coordinates, {"Conventions": "CF-1.11", "comment": comment})


def _put_time(dataset: "xarray.Dataset", ends_s: Int64Array, step_s: int) -> None:
    """Give a dataset its times, in place: each stands at the end of its interval."""
    import xarray as xr

    attributes = {
        "standard_name": "time",
        "units": _TIME_UNITS,
        "calendar": "standard",
        "bounds": "time_bounds",
    }
    dataset["time"] = xr.Variable("time", ends_s, attributes)
    dataset["time_bounds"] = xr.Variable(("time", "bounds"), np.stack([ends_s - step_s, ends_s], axis=-1))


def _grid_mapping() -> dict[str, object]:
    latitude, longitude = outline.CENTRE_LATITUDE, outline.CENTRE_LONGITUDE
    base = (
        f'BASEGEOGCRS["sphere",DATUM["sphere",ELLIPSOID["sphere",{EARTH_RADIUS_M:.1f},0,LENGTHUNIT["metre",1]]],'
        'PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]]]'
    )
    method = (
        'CONVERSION["frame",METHOD["Equidistant Cylindrical (Spherical)",ID["EPSG",1029]],'
        f'PARAMETER["Latitude of 1st standard parallel",{latitude},ANGLEUNIT["degree",0.0174532925199433]],'
        f'PARAMETER["Longitude of natural origin",{longitude},ANGLEUNIT["degree",0.0174532925199433]],'
        'PARAMETER["False easting",0,LENGTHUNIT["metre",1]],'
        f'PARAMETER["False northing",{-np.radians(latitude) * EARTH_RADIUS_M},LENGTHUNIT["metre",1]]]'
    )
    axes = 'CS[Cartesian,2],AXIS["easting",east],AXIS["northing",north],LENGTHUNIT["metre",1]'
    return {
        "grid_mapping_name": "equidistant_cylindrical",
        "standard_parallel": latitude,
        "longitude_of_projection_origin": longitude,
        "latitude_of_projection_origin": latitude,
        "false_easting": 0.0,
        "false_northing": 0.0,
        "earth_radius": EARTH_RADIUS_M,
        "crs_wkt": f'PROJCRS["local frame",{base},{method},{axes}]',
    }


def coarse_grid(grid: FieldGrid, factor: int) -> FieldGrid:
    """The grid whose cells are `factor` kilometres wide and cover whole blocks of the 1 km grid."""
    return FieldGrid(grid.west_m, grid.south_m, grid.n_rows // factor, grid.n_columns // factor)


def block_means(amount_mm: Float64Array | Amounts, factor: int) -> Float64Array:
    """Means of blocks of factor x factor cells of the last two axes; an incomplete rim is left out."""
    rows, columns = (n // factor for n in amount_mm.shape[-2:])
    whole = amount_mm[..., : rows * factor, : columns * factor]
    blocks = whole.reshape(*amount_mm.shape[:-2], rows, factor, columns, factor)
    means: Float64Array = blocks.mean(axis=(-3, -1), dtype=np.float64)
    return means
