"""Runs of weather models in GRIB 1 and 2, message by message, by ecCodes (extra ``grid-formats``).

The variable is named by ecCodes' short name or number of the parameter. Each message of it says itself when
the run began, which member it is of and what its amount is for (ECMWF's ``tp``, ICON's ``tot_prec``, the
buckets of GFS's ``APCP``). Grids are regular in latitude and longitude; triangles, spectra and reduced grids
are named with the way that works.
"""

from pathlib import Path
from typing import Any

import numpy as np

import warnstream.adapters.grids.projections  # noqa: F401  # before ecCodes, see there
from warnstream.adapters.grids.cells import CellCentres
from warnstream.adapters.grids.content import GridFileError, check_size, needs
from warnstream.adapters.grids.grib import GRIB, messages
from warnstream.adapters.runs.content import NO_BEGIN, RunFile, RunPart
from warnstream.config.settings import ModelSettings
from warnstream.model.observations.refusals import RefusalReason

MISSING = 1e30
_UNKNOWN = ("unknown", "~", "")
_SPANS = ("accum", "avg")


def read_grib_run(path: Path, settings: ModelSettings) -> RunFile:
    """Content of a GRIB file. GridFileError if it is damaged, has no such variable, or ecCodes is missing."""
    try:
        import eccodes
    except (ImportError, RuntimeError):
        raise needs("ecCodes", f"{GRIB} of a weather model") from None
    try:
        return _content(path, settings, eccodes)
    except eccodes.CodesInternalError as error:
        raise GridFileError(RefusalReason.BAD_GRID, f"{GRIB} is cut off or damaged: {error}") from error


def _content(path: Path, settings: ModelSettings, eccodes: Any) -> RunFile:
    centres, unit, parts, there, n_values = None, "", list[RunPart](), set[str](), 0
    for message in messages(path, eccodes):
        names = [str(eccodes.codes_get(message, key)) for key in ("shortName", "paramId")]
        there.add(" = ".join(names))
        if settings.variable.lower() not in (name.lower() for name in names):
            continue
        now = _centres(message, eccodes)
        if centres is not None and not centres.is_same(now):
            raise GridFileError(RefusalReason.WRONG_SHAPE, "messages of one file on different grids")
        centres, unit = now, str(eccodes.codes_get(message, "units"))
        n_values += now.latitude.size
        check_size(n_values)
        parts.append(_part(message, now.latitude.shape, eccodes))
    if centres is None:
        found = ", ".join(sorted(there)) or "no message"
        detail = f"no variable {settings.variable!r}; the file has {found}"
        raise GridFileError(RefusalReason.UNKNOWN_VARIABLE, detail)
    return RunFile(centres, "" if unit in _UNKNOWN else unit, tuple(parts))


def _part(message: Any, shape: tuple[int, ...], eccodes: Any) -> RunPart:
    eccodes.codes_set(message, "missingValue", MISSING)
    values = eccodes.codes_get_values(message).reshape(shape)
    eccodes.codes_set(message, "stepUnits", "m")
    begin_min, end_min = (int(eccodes.codes_get(message, key, int)) for key in ("startStep", "endStep"))
    has_span = str(eccodes.codes_get(message, "stepType")) in _SPANS
    return RunPart(
        _reference_s(message, eccodes),
        _member(message, eccodes),
        60 * begin_min if has_span else NO_BEGIN,
        60 * end_min,
        np.where(values == MISSING, np.nan, values),
    )


def _reference_s(message: Any, eccodes: Any) -> int:
    date, clock = (int(eccodes.codes_get(message, key, int)) for key in ("dataDate", "dataTime"))
    try:
        day = np.datetime64(f"{date // 10000:04d}-{date // 100 % 100:02d}-{date % 100:02d}", "s")
    except ValueError as error:
        raise GridFileError(RefusalReason.BAD_TIME, f"{GRIB} with a beginning of {date}: {error}") from error
    return int(day.astype(np.int64)) + clock // 100 * 3600 + clock % 100 * 60


def _member(message: Any, eccodes: Any) -> int:
    for key in ("perturbationNumber", "number"):
        if eccodes.codes_is_defined(message, key):
            return int(eccodes.codes_get(message, key, int))
    return 0


def _centres(message: Any, eccodes: Any) -> CellCentres:
    kind = str(eccodes.codes_get(message, "gridType"))
    if not kind.startswith(("regular_ll", "rotated_ll", "lambert", "polar", "mercator")):
        advice = "have it on latitude and longitude (ECMWF: grid=0.1/0.1; ICON: regular; or cdo remapbil)"
        raise GridFileError(RefusalReason.UNSUPPORTED_CONTENT, f"{GRIB} on a grid of type {kind}: {advice}")
    names = ("Ni", "Nj") if eccodes.codes_is_defined(message, "Ni") else ("Nx", "Ny")
    n_columns, n_rows = (int(eccodes.codes_get(message, name, int)) for name in names)
    check_size(n_rows * n_columns)
    latitude, longitude = (
        eccodes.codes_get_array(message, name).reshape(n_rows, n_columns)
        for name in ("latitudes", "longitudes")
    )
    return CellCentres(latitude, (longitude + 180.0) % 360.0 - 180.0)
