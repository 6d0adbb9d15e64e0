"""GRIB 1 and 2, as MRMS and weather models write it, by cfgrib (extra ``warnstream[grid-formats]``).

The one field of a file, or the one that `variable` names (as cfgrib calls it). A field
over a step from the start of a forecast (``accum``) ends at its valid time; others,
those of MRMS too, need `interval:`. Parameters that ecCodes does not know have no
unit: `unit:` says it. Negative values (MRMS: -1 missing, -3 no coverage) count as not
seen.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from warnstream.adapters.grids.cells import CellCentres
from warnstream.adapters.grids.content import GridContent, GridFileError, check_size, needs
from warnstream.adapters.grids.times import intervals
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import Float64Array
from warnstream.model.observations.refusals import RefusalReason

GRIB = "GRIB"
_UNKNOWN_UNITS = ("unknown", "~", "")


def read_grib(path: Path, settings: GridSettings) -> GridContent:
    """Content of a GRIB file.

    Raises
    ------
    GridFileError
        If it has several fields and none of that name, or cfgrib is not installed.
    """
    import xarray as xr

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of cfgrib about messages of ecCodes
            import cfgrib.xarray_plugin  # noqa: F401  # xarray finds it by itself; does it work?
            import eccodes
    except (ImportError, RuntimeError):
        raise needs("cfgrib and ecCodes", GRIB) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"indexpath": "", "errors": "raise"}
        try:
            for _ in messages(path, eccodes):
                pass  # each is looked at before any is unpacked
            with xr.open_dataset(
                path, engine="cfgrib", backend_kwargs=options, decode_timedelta=False
            ) as dataset:
                return _content(dataset, settings)
        except (EOFError, OSError, eccodes.CodesInternalError) as error:
            raise GridFileError(RefusalReason.BAD_GRID, f"{GRIB} is cut off or damaged: {error}") from error


def messages(path: Path, eccodes: Any) -> Iterator[Any]:
    """The messages of a file, each while it is looked at.

    Raises
    ------
    GridFileError
        If one says that it has more values than points, or more of either than are read: unpacking what a
        damaged one says takes gigabytes, and minutes in which no other file is read.
    """
    with path.open("rb") as file:
        while (message := eccodes.codes_grib_new_from_file(file)) is not None:
            try:
                _check_sizes(message, eccodes)
                yield message
            finally:
                eccodes.codes_release(message)


def _check_sizes(message: Any, eccodes: Any) -> None:
    n_values, n_points = (
        int(eccodes.codes_get(message, key, int)) if eccodes.codes_is_defined(message, key) else 0
        for key in ("numberOfValues", "numberOfDataPoints")
    )
    if 0 < n_points < n_values:
        detail = f"{GRIB} is damaged: a message of {n_values} values for {n_points} points"
        raise GridFileError(RefusalReason.BAD_GRID, detail)
    check_size(max(n_values, n_points))


def _content(dataset: Any, settings: GridSettings) -> GridContent:
    names = [str(name) for name in dataset.data_vars]
    if not names:
        raise GridFileError(RefusalReason.BAD_GRID, f"{GRIB} without a whole field: cut off or damaged")
    name = settings.variable if settings.variable in names else names[0]
    if len(names) > 1 and name != settings.variable:
        detail = f"{GRIB} with several fields, expected one, or `variable` to name one of {', '.join(names)}"
        raise GridFileError(RefusalReason.UNKNOWN_VARIABLE, detail)
    rain = dataset[name]
    frames = [dim for dim in ("time", "step") if dim in rain.dims]
    space = [dim for dim in rain.dims if dim not in frames]
    if len(space) != 2 or len(frames) > 1:
        shape = ", ".join(f"{dim} {rain.sizes[dim]}" for dim in rain.dims)
        raise GridFileError(
            RefusalReason.WRONG_SHAPE, f"{name} has dimensions ({shape}), expected rows and columns"
        )
    check_size(rain.size)
    rain = rain.transpose(*frames, *space)
    shape = rain.shape[-2:]
    values = rain.to_numpy().astype(np.float64).reshape(-1, *shape)
    valid = np.atleast_1d(dataset["valid_time"].to_numpy()).astype("datetime64[s]").astype(np.int64)
    begin = np.atleast_1d(dataset["time"].to_numpy()).astype("datetime64[s]").astype(np.int64)
    bounds_s = None
    if rain.attrs.get("GRIB_stepType") == "accum" and (valid > begin).all():
        bounds_s = np.stack([np.broadcast_to(begin, valid.shape), valid], axis=-1)
    end_s, interval_s = intervals(valid, bounds_s, settings)
    unit = str(rain.attrs.get("GRIB_units", rain.attrs.get("units", "")))
    unit = "" if unit in _UNKNOWN_UNITS else unit
    centres = _centres(rain, shape)
    return GridContent(values, unit, centres, end_s, interval_s, bounds_s is not None)


def _centres(rain: Any, shape: tuple[int, int]) -> CellCentres:
    latitude, longitude = (rain[kind].to_numpy().astype(np.float64) for kind in ("latitude", "longitude"))
    latitude = np.broadcast_to(latitude[:, None] if latitude.ndim == 1 else latitude, shape)
    longitude = np.broadcast_to(longitude[None, :] if longitude.ndim == 1 else longitude, shape)
    wrapped: Float64Array = (longitude + 180.0) % 360.0 - 180.0
    return CellCentres(np.array(latitude), wrapped)
