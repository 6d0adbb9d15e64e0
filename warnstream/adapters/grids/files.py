"""Rain grids in NetCDF files by the CF conventions: radar, satellite, a model's analysis.

What is read: one variable over (time,) rows and columns, in millimetres or as a
rate; latitude and longitude of the cells (of one dimension each, or of two); times
in UTC, with the bounds of their intervals if the file has them. Anything else is
refused with the reason. Reflectivity is not turned into rain here.

Needs the extra ``warnstream[grids]`` (xarray, h5netcdf). NetCDF 4 (HDF 5) only.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from warnstream.adapters.grids.cells import CellCentres
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.errors import WarnstreamError
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import HOUR_S, MINUTE_S

if TYPE_CHECKING:
    import xarray

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
VALUES_MAX = 100_000_000
"""Cells times frames of one file: 800 MB as they are read."""
BEYOND_SHARE_MAX = 0.01
"""So many cells may be impossible (clutter, a ship); of more the unit must be wrong."""

_AMOUNTS = {"mm": 1.0, "millimeter": 1.0, "millimetre": 1.0, "kg m-2": 1.0, "m": 1000.0, "cm": 10.0}
_RATES = {"mm h-1": 1 / HOUR_S, "kg m-2 h-1": 1 / HOUR_S, "mm s-1": 1.0, "kg m-2 s-1": 1.0, "m s-1": 1000.0}
_SPELLINGS = {
    "kg/m2": "kg m-2",
    "kg/m^2": "kg m-2",
    "kg m^-2": "kg m-2",
    "kg m**-2": "kg m-2",
    "mm/h": "mm h-1",
    "mm/hr": "mm h-1",
    "mm/hour": "mm h-1",
    "mm hr-1": "mm h-1",
    "mm hour-1": "mm h-1",
    "mm h^-1": "mm h-1",
    "mm/s": "mm s-1",
    "kg/m2/s": "kg m-2 s-1",
    "kg m**-2 s**-1": "kg m-2 s-1",
    "kg m^-2 s^-1": "kg m-2 s-1",
}
UNITS = (*_AMOUNTS, *_RATES)
"""Units that are understood, as CF writes them."""

_LATITUDES = ("latitude", "lat", "latitudes", "nav_lat", "lats")
_LONGITUDES = ("longitude", "lon", "longitudes", "nav_lon", "lons")


class GridFileError(WarnstreamError):
    """A file of a grid cannot be used; `reason` is what the refused store keeps."""

    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CellFrame:
    """Amounts of all cells over one interval, mm, shape (n_rows, n_columns); NaN where nothing was seen."""

    end_s: int
    interval_s: int
    rain_mm: Float64Array


@dataclass(frozen=True, slots=True)
class GridFile:
    """What a file holds, frames in the order of time."""

    centres: CellCentres
    frames: tuple[CellFrame, ...]


def read_grid_file(path: Path, settings: GridSettings, rain_mm_per_min_max: float) -> GridFile:
    """Read a file.

    Parameters
    ----------
    path : Path
    settings : GridSettings
    rain_mm_per_min_max : float
        More is impossible: such cells count as not seen, a file with many of them is refused.

    Raises
    ------
    GridFileError
        If it cannot be used; says what was expected and what is there.
    OSError
        If the file is gone or cannot be read.
    """
    import xarray as xr

    with path.open("rb") as file:
        magic = file.read(len(HDF5_MAGIC))
    if magic != HDF5_MAGIC:
        detail = "no NetCDF 4 file (HDF 5); convert others with nccopy -k nc4"
        raise GridFileError(RefusalReason.BAD_GRID, detail)
    try:
        with xr.open_dataset(path, engine="h5netcdf", decode_timedelta=False) as dataset:
            return _read(dataset, settings, rain_mm_per_min_max)
    except (ValueError, KeyError, TypeError, RuntimeError, OverflowError) as error:
        # xarray and h5py say with these that the content of a file is not what it claims.
        raise GridFileError(RefusalReason.BAD_GRID, f"not readable: {error}") from error


def _read(dataset: "xarray.Dataset", settings: GridSettings, rain_mm_per_min_max: float) -> GridFile:
    rain, rows, columns = _rain_of(dataset, settings.variable)
    latitude = _degrees(dataset, rain, _LATITUDES, (rows, columns), limit=90.0)
    longitude = _degrees(dataset, rain, _LONGITUDES, (rows, columns), limit=360.0)
    end_s, interval_s = _times(dataset, rain, settings)
    unit = settings.unit or str(rain.attrs.get("units", "")).strip()
    unit = _SPELLINGS.get(unit, unit)
    if unit not in UNITS:
        expected = f"unit {unit!r} of {settings.variable}, expected one of {', '.join(UNITS)}"
        raise GridFileError(RefusalReason.WRONG_UNIT, expected)
    if "time" in rain.dims:
        rain = rain.transpose("time", rows, columns)
    values = rain.to_numpy().astype(np.float64).reshape(len(end_s), *latitude.shape)
    frames = []
    for frame in np.argsort(end_s, kind="stable"):
        factor = _AMOUNTS[unit] if unit in _AMOUNTS else _RATES[unit] * float(interval_s[frame])
        most_mm = rain_mm_per_min_max * float(interval_s[frame]) / MINUTE_S
        rain_mm = _possible(values[frame] * factor, most_mm)
        frames.append(CellFrame(int(end_s[frame]), int(interval_s[frame]), rain_mm))
    return GridFile(CellCentres(latitude, (longitude + 180.0) % 360.0 - 180.0), tuple(frames))


def _possible(rain_mm: Float64Array, most_mm: float) -> Float64Array:
    """Amounts with NaN where they are impossible."""
    rain_mm = np.where(rain_mm < 0, np.nan, rain_mm)  # radars write -1 and -999 for what they did not see
    beyond = rain_mm > most_mm
    n_beyond, n_seen = int(beyond.sum()), int(np.isfinite(rain_mm).sum())
    if n_beyond > BEYOND_SHARE_MAX * n_seen:
        detail = f"{n_beyond} of {n_seen} cells above {most_mm:g} mm: is the unit right?"
        raise GridFileError(RefusalReason.OUT_OF_RANGE, detail)
    return np.where(beyond | ~np.isfinite(rain_mm), np.nan, rain_mm)


def _rain_of(dataset: "xarray.Dataset", name: str) -> "tuple[xarray.DataArray, Hashable, Hashable]":
    """The variable without dimensions of length one, and its dimensions of rows and columns."""
    if name not in dataset:
        there = ", ".join(sorted(str(found) for found in dataset.data_vars)) or "none"
        raise GridFileError(RefusalReason.UNKNOWN_VARIABLE, f"no variable {name!r}; the file has {there}")
    rain = dataset[name]
    rain = rain.squeeze([dim for dim in rain.dims if rain.sizes[dim] == 1 and dim != "time"])
    space = [dim for dim in rain.dims if dim != "time"]
    if len(space) != 2:
        shape = ", ".join(f"{dim} {rain.sizes[dim]}" for dim in rain.dims)
        detail = f"{name} has dimensions ({shape}), expected time, rows and columns"
        raise GridFileError(RefusalReason.WRONG_SHAPE, detail)
    if rain.size > VALUES_MAX:
        raise GridFileError(RefusalReason.TOO_LARGE, f"{rain.size} values, at most {VALUES_MAX} are read")
    if not np.issubdtype(rain.dtype, np.number):
        raise GridFileError(RefusalReason.BAD_VALUE, f"{name} holds no numbers but {rain.dtype}")
    return rain, space[0], space[1]


def _degrees(
    dataset: "xarray.Dataset",
    rain: "xarray.DataArray",
    names: tuple[str, ...],
    space: tuple[Hashable, Hashable],
    *,
    limit: float,
) -> Float64Array:
    """Latitudes or longitudes of the cells, shape (n_rows, n_columns)."""
    kind, shape = names[0], (rain.sizes[space[0]], rain.sizes[space[1]])
    for name in dataset.variables:
        array = dataset[name]
        if array.attrs.get("standard_name") != kind and str(name).lower() not in names:
            continue
        values: Float64Array
        if set(array.dims) == set(space):
            values = array.transpose(*space).to_numpy().astype(np.float64)
        elif array.dims == (space[0],):
            values = np.broadcast_to(array.to_numpy().astype(np.float64)[:, None], shape)
        elif array.dims == (space[1],):
            values = np.broadcast_to(array.to_numpy().astype(np.float64)[None, :], shape)
        else:
            continue
        if np.isfinite(values).any() and np.nanmax(np.abs(values)) > limit:
            raise GridFileError(RefusalReason.BAD_GRID, f"{name} beyond {limit:g}: expected degrees")
        return np.array(values)
    detail = f"no {kind} of the cells of {rain.name}: expected a coordinate with standard_name {kind}"
    raise GridFileError(RefusalReason.WRONG_SHAPE, detail)


def _times(
    dataset: "xarray.Dataset", rain: "xarray.DataArray", settings: GridSettings
) -> tuple[Int64Array, Int64Array]:
    """End and length of each frame's interval in seconds, shape (n_frames,) each."""
    if "time" not in dataset.variables:
        raise GridFileError(RefusalReason.BAD_TIME, "no time: expected a coordinate time in UTC")
    time = dataset["time"]
    if ("time" in rain.dims) != (time.ndim == 1) and time.size != 1:
        raise GridFileError(RefusalReason.BAD_TIME, f"{time.size} times for {rain.dims}")
    times_s = _seconds(time)
    bounds_name = time.attrs.get("bounds") or time.encoding.get("bounds")
    if bounds_name in dataset.variables:
        bounds_s = _seconds(dataset[bounds_name]).reshape(-1, 2)
        if len(bounds_s) == len(times_s):
            return _checked(bounds_s[:, 1], bounds_s[:, 1] - bounds_s[:, 0])
    if settings.interval_s is None:
        detail = "no bounds of time: expected them in the file, or `interval` in warnstream.yaml"
        raise GridFileError(RefusalReason.BAD_TIME, detail)
    length_s = np.full(len(times_s), settings.interval_s, dtype=np.int64)
    return _checked(times_s if settings.time_is_end else times_s + length_s, length_s)


def _seconds(times: Any) -> Int64Array:
    """UTC seconds since 1970, shape (n,)."""
    values = np.atleast_1d(times.to_numpy())
    if not np.issubdtype(values.dtype, np.datetime64):
        detail = f"{times.name} is no time of the standard calendar (units {times.attrs.get('units')!r})"
        raise GridFileError(RefusalReason.BAD_TIME, detail)
    if np.isnat(values).any():
        raise GridFileError(RefusalReason.BAD_TIME, f"{times.name} has a missing time")
    seconds: Int64Array = values.astype("datetime64[s]").astype(np.int64)
    return seconds


def _checked(end_s: Int64Array, interval_s: Int64Array) -> tuple[Int64Array, Int64Array]:
    wrong = (interval_s < MINUTE_S) | (interval_s % MINUTE_S != 0) | (end_s % MINUTE_S != 0)
    if wrong.any():
        detail = f"an interval of {int(interval_s[wrong][0])} s, expected whole minutes"
        raise GridFileError(RefusalReason.BAD_TIME, detail)
    return end_s, interval_s
