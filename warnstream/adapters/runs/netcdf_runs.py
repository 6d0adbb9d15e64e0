"""Runs of weather models in NetCDF 4 by the CF conventions.

The variable has rows, columns, times and perhaps members. The beginning of the run is a variable with the
standard name ``forecast_reference_time`` (or of that name), or, beside a lead (``forecast_period``,
``step``), the one time there is. Times are valid times or leads; bounds of time say what an amount is for.
"""

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from warnstream.adapters.grids.content import GridFileError, check_size
from warnstream.adapters.grids.netcdf import centres_of, unknown_variable
from warnstream.adapters.grids.times import seconds
from warnstream.adapters.runs.content import NO_BEGIN, RunFile, RunPart
from warnstream.config.settings import ModelSettings
from warnstream.model.arrays import Int64Array
from warnstream.model.observations.refusals import RefusalReason

if TYPE_CHECKING:
    import xarray

_MEMBERS = ("realization", "number", "member", "ensemble", "ensemble_member", "ens")
_REFERENCES = ("forecast_reference_time", "reference_time", "forecast_reference")
_LEADS = ("forecast_period", "step", "leadtime", "lead_time", "lead")
_TIMES = ("time", "valid_time")
_SECONDS_OF = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hr": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
}


def read_netcdf_run(path: Path, settings: ModelSettings) -> RunFile:
    """Content of a NetCDF 4 file. GridFileError if it cannot be used: what was expected, what is there."""
    import xarray as xr
    from xarray.backends import H5netcdfBackendEntrypoint

    with xr.open_dataset(
        path, engine=H5netcdfBackendEntrypoint, decode_times=False, decode_timedelta=False
    ) as dataset:
        if settings.variable not in dataset.data_vars:
            raise unknown_variable(path, settings.variable)
        return _content(dataset, dataset[settings.variable])


def _content(dataset: "xarray.Dataset", rain: "xarray.DataArray") -> RunFile:
    member_dim = _dimension(dataset, rain, _MEMBERS)
    time_dim = _dimension(dataset, rain, (*_LEADS, *_TIMES))
    kept = {member_dim, time_dim}
    rain = rain.squeeze([dim for dim in rain.dims if rain.sizes[dim] == 1 and dim not in kept])
    space = [dim for dim in rain.dims if dim not in kept]
    if len(space) != 2:
        shape = ", ".join(f"{dim} {rain.sizes[dim]}" for dim in rain.dims)
        detail = f"{rain.name} has dimensions ({shape}), expected members, times, rows and columns"
        raise GridFileError(RefusalReason.WRONG_SHAPE, detail)
    check_size(rain.size)
    if not np.issubdtype(rain.dtype, np.number):
        raise GridFileError(RefusalReason.BAD_VALUE, f"{rain.name} holds no numbers but {rain.dtype}")
    reference_s, begin_s, end_s = _times(dataset, time_dim)
    centres = centres_of(dataset, rain, (space[0], space[1]))
    for dim in (time_dim, member_dim):
        rain = rain if dim in rain.dims else rain.expand_dims({dim: 1} if dim else {"_member": 1})
    first = member_dim or "_member"
    rain = rain.transpose(first, time_dim, *space)
    numbers = _numbers(dataset, member_dim, rain.shape[0])
    if rain.shape[1] != len(end_s):
        raise GridFileError(RefusalReason.BAD_TIME, f"{rain.shape[1]} fields for {len(end_s)} times")
    values = rain.to_numpy().astype(np.float64)
    parts = tuple(
        RunPart(reference_s, number, int(begin_s[time]), int(end_s[time]), values[row, time])
        for row, number in enumerate(numbers)
        for time in range(len(end_s))
    )
    return RunFile(centres, str(rain.attrs.get("units", "")).strip(), parts)


def _dimension(
    dataset: "xarray.Dataset", rain: "xarray.DataArray", names: tuple[str, ...]
) -> Hashable | None:
    """The dimension of a variable that is called so, or whose coordinate is."""
    for dim in rain.dims:
        named = dataset[dim].attrs.get("standard_name") if dim in dataset.variables else None
        if str(dim).lower() in names or named in names:
            return dim
    return None


def _numbers(dataset: "xarray.Dataset", member_dim: Hashable | None, n_members: int) -> list[int]:
    """Numbers of the members; a file of one may say which it is."""
    name = member_dim if member_dim in dataset.variables else _named(dataset, _MEMBERS)
    if name is None or dataset[name].size != n_members or dataset[name].dtype.kind not in "iu":
        return list(range(n_members))
    numbers = [int(number) for number in np.atleast_1d(dataset[name].to_numpy())]
    if len(set(numbers)) != len(numbers):
        raise GridFileError(RefusalReason.WRONG_SHAPE, f"{name} has a member twice")
    return numbers


def _named(dataset: "xarray.Dataset", names: tuple[str, ...]) -> Hashable | None:
    """The variable with a standard name, or of one of the names."""
    by_standard = (name for name in dataset.variables if dataset[name].attrs.get("standard_name") in names)
    by_name = (name for name in dataset.variables if str(name).lower() in names)
    return next(by_standard, None) or next(by_name, None)


def _times(dataset: "xarray.Dataset", time_dim: Hashable | None) -> tuple[int, Int64Array, Int64Array]:
    """Beginning of the run, and begin and end of each field since then."""
    lead, time = _named(dataset, _LEADS), _named(dataset, _TIMES)
    reference = _named(dataset, _REFERENCES)
    if reference is None and lead is not None and time is not None and dataset[time].size == 1:
        reference = time  # as GRIB is converted: time is when the run began
    if reference is None or dataset[reference].size != 1:
        expected = "expected one forecast_reference_time in UTC"
        raise GridFileError(RefusalReason.BAD_TIME, f"nothing says when the run began: {expected}")
    reference_s = int(seconds(dataset[reference].to_numpy(), dataset[reference].attrs, str(reference))[0])
    if lead is not None and (time_dim is None or dataset[lead].dims in ((), (time_dim,))):
        array, is_lead = dataset[lead], True
    elif time is not None:
        array, is_lead = dataset[time], False
    else:
        raise GridFileError(RefusalReason.BAD_TIME, "no time and no lead: expected a coordinate of either")
    if is_lead and time is not None and time != reference and _bounds(dataset, dataset[time], array.size):
        array, is_lead = dataset[time], False  # only it says what an amount is for
    end_s = _since(array.to_numpy(), array.attrs, str(array.name), reference_s, is_lead=is_lead)
    begin_s: Int64Array = np.full(len(end_s), NO_BEGIN, dtype=np.int64)
    if bounds_name := _bounds(dataset, array, len(end_s)):
        bounds = dataset[bounds_name]
        attributes = {**array.attrs, **bounds.attrs}
        found = _since(bounds.to_numpy().ravel(), attributes, bounds_name, reference_s, is_lead=is_lead)
        begin_s, end_s = found.reshape(-1, 2).T
    return reference_s, begin_s, end_s


def _bounds(dataset: "xarray.Dataset", array: "xarray.DataArray", n_times: int) -> str:
    """Name of the bounds of a coordinate; empty where it has none."""
    name = str(array.attrs.get("bounds") or array.encoding.get("bounds") or "")
    return name if name in dataset.variables and dataset[name].size == 2 * n_times else ""


def _since(
    values: Any, attributes: dict[str, Any], name: str, reference_s: int, *, is_lead: bool
) -> Int64Array:
    """Seconds since the beginning of a run, of leads or of times."""
    if not is_lead:
        return seconds(values, attributes, name) - reference_s
    unit = str(attributes.get("units", "")).strip().lower()
    factor = _SECONDS_OF.get(unit, _SECONDS_OF.get(unit.rstrip("s"), 0))
    numbers = np.atleast_1d(np.asarray(values)).astype(np.float64)
    if not factor or not np.isfinite(numbers).all():
        raise GridFileError(
            RefusalReason.BAD_TIME, f"{name} in {unit!r}, expected hours, minutes, seconds or days"
        )
    return np.rint(numbers * factor).astype(np.int64)
