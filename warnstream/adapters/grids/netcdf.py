"""NetCDF 4 by the CF conventions: one variable over (time,) rows and columns, in the root or in a group.

Cells have latitude and longitude, of one dimension each or of two; with the extra
``warnstream[grid-formats]`` (pyproj) the coordinates of a projection do as well.
What a group does not have itself is looked for in the groups above it.
"""

from collections.abc import Hashable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from warnstream.adapters.grids.cells import CellCentres
from warnstream.adapters.grids.content import GridContent, GridFileError, check_size, needs
from warnstream.adapters.grids.projections import degrees_of, is_available
from warnstream.adapters.grids.times import intervals, seconds
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import Float64Array
from warnstream.model.observations.refusals import RefusalReason

if TYPE_CHECKING:
    import xarray

_LATITUDES = ("latitude", "lat", "latitudes", "nav_lat", "lats")
_LONGITUDES = ("longitude", "lon", "longitudes", "nav_lon", "lons")
_ACROSS = ("projection_x_coordinate", "x", "easting", "xc")
_UP = ("projection_y_coordinate", "y", "northing", "yc")
_METRES = {"m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "km": 1000.0}


def read_netcdf(path: Path, settings: GridSettings) -> GridContent:
    """Content of a NetCDF 4 file.

    Raises
    ------
    GridFileError
        If it cannot be used; says what was expected and what is there.
    """
    import xarray as xr
    from xarray.backends import H5netcdfBackendEntrypoint

    group, _, name = settings.variable.strip("/").rpartition("/")
    with ExitStack() as opened:

        def open_group(part: str) -> "xarray.Dataset":
            return opened.enter_context(
                xr.open_dataset(
                    path,
                    engine=H5netcdfBackendEntrypoint,
                    group=part or None,
                    decode_times=False,
                    decode_timedelta=False,
                )
            )

        try:
            dataset = open_group("")
            for depth in range(group.count("/") + 1 if group else 0):
                dataset = _within(dataset, open_group("/".join(group.split("/")[: depth + 1])))
            if name not in dataset:
                raise unknown_variable(path, settings.variable)
            return _content(dataset, name, settings)
        except OSError as error:
            if group and "group" in str(error).lower():
                raise unknown_variable(path, settings.variable) from error
            raise


def _within(outer: "xarray.Dataset", inner: "xarray.Dataset") -> "xarray.Dataset":
    """A group with what it has from those above it."""
    inherited = {
        name: variable
        for name, variable in outer.variables.items()
        if name not in inner.variables
        and all(inner.sizes.get(dim, n) == n for dim, n in variable.sizes.items())
    }
    return inner.assign(inherited)


def unknown_variable(path: Path, name: str) -> GridFileError:
    """The error of a file without a variable; names those that are there."""
    there = ", ".join(sorted(_variables(path))) or "none"
    return GridFileError(RefusalReason.UNKNOWN_VARIABLE, f"no variable {name!r}; the file has {there}")


def _variables(path: Path) -> Iterator[str]:
    """Variables that are no coordinates, those of groups as group/variable."""
    import h5py

    found: list[str] = []

    def visit(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset) and node.ndim >= 2 and not node.is_scale:
            found.append(name)

    with h5py.File(path) as file:
        file.visititems(visit)
    yield from found


def _content(dataset: "xarray.Dataset", name: str, settings: GridSettings) -> GridContent:
    rain, rows, columns = _rain_of(dataset, name)
    centres = centres_of(dataset, rain, (rows, columns))
    if "time" not in dataset.variables:
        raise GridFileError(RefusalReason.BAD_TIME, "no time: expected a coordinate time in UTC")
    time = dataset["time"]
    if ("time" in rain.dims) != (time.ndim == 1) and time.size != 1:
        raise GridFileError(RefusalReason.BAD_TIME, f"{time.size} times for {rain.dims}")
    times_s = seconds(time.to_numpy(), time.attrs, "time")
    bounds_s = None
    bounds_name = str(time.attrs.get("bounds") or time.encoding.get("bounds"))
    if bounds_name in dataset.variables and dataset[bounds_name].size == 2 * len(times_s):
        bounds = dataset[bounds_name]
        bounds_s = seconds(bounds.to_numpy(), {**time.attrs, **bounds.attrs}, bounds_name).reshape(-1, 2)
    end_s, interval_s = intervals(times_s, bounds_s, settings)
    if "time" in rain.dims:
        rain = rain.transpose("time", rows, columns)
    values = rain.to_numpy().astype(np.float64).reshape(len(end_s), *centres.latitude.shape)
    unit = str(rain.attrs.get("units", "")).strip()
    return GridContent(values, unit, centres, end_s, interval_s, bounds_s is not None)


def _rain_of(dataset: "xarray.Dataset", name: str) -> "tuple[xarray.DataArray, Hashable, Hashable]":
    """The variable without dimensions of length one, and its dimensions of rows and columns."""
    rain = dataset[name]
    rain = rain.squeeze([dim for dim in rain.dims if rain.sizes[dim] == 1 and dim != "time"])
    space = [dim for dim in rain.dims if dim != "time"]
    if len(space) != 2:
        shape = ", ".join(f"{dim} {rain.sizes[dim]}" for dim in rain.dims)
        detail = f"{name} has dimensions ({shape}), expected time, rows and columns"
        raise GridFileError(RefusalReason.WRONG_SHAPE, detail)
    check_size(rain.size)
    if not np.issubdtype(rain.dtype, np.number):
        raise GridFileError(RefusalReason.BAD_VALUE, f"{name} holds no numbers but {rain.dtype}")
    return rain, space[0], space[1]


def centres_of(
    dataset: "xarray.Dataset", rain: "xarray.DataArray", space: tuple[Hashable, Hashable]
) -> CellCentres:
    """Centres of the cells of a variable; `space` are its rows and columns. GridFileError without any."""
    latitude = _coordinate(dataset, rain, _LATITUDES, space, limit=90.0)
    longitude = _coordinate(dataset, rain, _LONGITUDES, space, limit=360.0)
    if latitude is not None and longitude is not None:
        return CellCentres(latitude, (longitude + 180.0) % 360.0 - 180.0)
    across, up = (_coordinate(dataset, rain, names, space) for names in (_ACROSS, _UP))
    mapping = _grid_mapping(dataset, rain)
    if across is None or up is None or mapping is None:
        kind = "longitude" if latitude is not None else "latitude"
        detail = (
            f"no {kind} of the cells of {rain.name}: expected a coordinate with standard_name {kind}, "
            "or x and y with a grid mapping"
        )
        raise GridFileError(RefusalReason.WRONG_SHAPE, detail)
    if not is_available():
        raise needs("pyproj", "NetCDF with a projection (x and y) and no latitude and longitude of its cells")
    return degrees_of(mapping, across, up)


def _coordinate(
    dataset: "xarray.Dataset",
    rain: "xarray.DataArray",
    names: tuple[str, ...],
    space: tuple[Hashable, Hashable],
    *,
    limit: float | None = None,
) -> Float64Array | None:
    """A coordinate of all cells, shape (n_rows, n_columns): degrees, or metres; None without."""
    shape = (rain.sizes[space[0]], rain.sizes[space[1]])
    for name in dataset.variables:
        array = dataset[name]
        if array.attrs.get("standard_name") != names[0] and str(name).lower() not in names:
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
        if limit is None:
            return values * _METRES.get(str(array.attrs.get("units", "m")).lower(), 1.0)
        if np.isfinite(values).any() and np.nanmax(np.abs(values)) > limit:
            raise GridFileError(RefusalReason.BAD_GRID, f"{name} beyond {limit:g}: expected degrees")
        return np.array(values)
    return None


def _grid_mapping(dataset: "xarray.Dataset", rain: "xarray.DataArray") -> dict[str, Any] | None:
    """Attributes of the variable's grid mapping; None if it has none."""
    named = rain.attrs.get("grid_mapping") or rain.encoding.get("grid_mapping")
    if named in dataset.variables:
        return dict(dataset[named].attrs)
    return None
