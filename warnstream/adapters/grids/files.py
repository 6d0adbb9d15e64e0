"""Files of rain grids -> frames in millimetres: radar, satellite, a model's analysis.

The format is told by a file's first bytes, not by its name; ``.gz`` is taken
(`warnstream.adapters.grids.formats`). What cannot be used is refused with the
reason. Reflectivity is not turned into rain here.

Needs the extra ``warnstream[grids]`` (xarray, h5netcdf, h5py); projections, GRIB, RADOLAN
and calendars of models need ``warnstream[grid-formats]`` as well.
"""

from pathlib import Path

import numpy as np

from warnstream.adapters.grids.content import CellFrame, GridContent, GridFile, GridFileError
from warnstream.adapters.grids.formats import read_content, unpacked
from warnstream.adapters.grids.totals import check_one_total
from warnstream.adapters.grids.units import UNITS, factors
from warnstream.config.settings import GridSettings
from warnstream.model.arrays import Float64Array
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import MINUTE_S

__all__ = ["UNITS", "CellFrame", "GridFile", "GridFileError", "possible", "read_grid_file"]

BEYOND_SHARE_MAX = 0.01
"""So many cells may be impossible (clutter, a ship); of more the unit must be wrong."""


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
    try:
        with unpacked(path) as plain:
            content = read_content(plain, settings)
    except (ValueError, KeyError, TypeError, RuntimeError, OverflowError) as error:
        # xarray, h5py and the readers of other formats say with these that a file is not what it claims.
        raise GridFileError(RefusalReason.BAD_GRID, f"not readable: {error}") from error
    return _in_millimetres(content, settings, rain_mm_per_min_max)


def _in_millimetres(content: GridContent, settings: GridSettings, rain_mm_per_min_max: float) -> GridFile:
    factor, are_rates = factors(settings.unit or content.unit, settings.variable, content.interval_s)
    are_totals = settings.accumulated in ("since_start", "resets")
    if are_totals and are_rates:
        expected = f"accumulated: {settings.accumulated} is for amounts, the file has rates"
        raise GridFileError(RefusalReason.WRONG_UNIT, expected)
    if content.values.size and np.isnan(content.values).all():
        raise GridFileError(
            RefusalReason.NO_READING, "nothing was seen: every cell of every frame is missing"
        )
    order = np.argsort(content.end_s, kind="stable")
    if (np.diff(content.end_s[order]) == 0).any():
        raise GridFileError(RefusalReason.BAD_TIME, "two frames of one time")
    frames = []
    for frame in order:
        end_s, interval_s = int(content.end_s[frame]), int(content.interval_s[frame])
        rain_mm = content.values[frame] * factor[frame]
        if are_totals:
            rain_mm = np.where(rain_mm < 0, np.nan, rain_mm)
        else:
            rain_mm = possible(rain_mm, rain_mm_per_min_max * interval_s / MINUTE_S)
        frames.append(CellFrame(end_s, interval_s, rain_mm))
    found = GridFile(content.centres, tuple(frames), content.has_bounds, are_totals, are_rates)
    if settings.accumulated is None:
        check_one_total(found)
    return found


def possible(rain_mm: Float64Array, most_mm: float) -> Float64Array:
    """Amounts with NaN where they are impossible.

    Raises
    ------
    GridFileError
        If more than `BEYOND_SHARE_MAX` of them are too great.
    """
    rain_mm = np.where(rain_mm < 0, np.nan, rain_mm)  # radars write -1 and -999 for what they did not see
    beyond = rain_mm > most_mm
    n_beyond, n_seen = int(beyond.sum()), int(np.isfinite(rain_mm).sum())
    if n_beyond > BEYOND_SHARE_MAX * n_seen:
        detail = f"{n_beyond} of {n_seen} cells above {most_mm:g} mm: is the unit right?"
        raise GridFileError(RefusalReason.OUT_OF_RANGE, detail)
    return np.where(beyond | ~np.isfinite(rain_mm), np.nan, rain_mm)
