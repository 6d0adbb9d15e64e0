"""RADOLAN composites of the DWD, by wradlib (extra ``warnstream[grid-formats]``).

A composite (RW, RY, YW, SF and their like) says how long its amounts are for and when
that ended. Cells that it marks as clutter count as not seen. Reflectivity (RX, WX) is
refused.

Source: DWD, RADOLAN/RADVOR Kompositformatbeschreibung, version 2.6 (2022).
"""

import re
import warnings
from pathlib import Path

import numpy as np

from warnstream.adapters.grids.cells import CellCentres
from warnstream.adapters.grids.content import GridContent, GridFileError, needs
from warnstream.adapters.grids.times import intervals
from warnstream.config.settings import GridSettings
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import MINUTE_S

RADOLAN = "RADOLAN"
HEADER = re.compile(rb"[A-Z]{2}\d{6}\d{5}\d{4}BY")
_REFLECTIVITY = ("RX", "WX", "EX", "FX", "WN", "EY", "FZ", "PG")


def read_radolan(path: Path, settings: GridSettings) -> GridContent:
    """Content of one composite.

    Raises
    ------
    GridFileError
        If it is reflectivity, or wradlib is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of wradlib about libraries that are not used here
            from wradlib.georef import get_radolan_grid
            from wradlib.io import read_radolan_composite
    except ImportError:
        raise needs("wradlib", RADOLAN) from None
    with path.open("rb") as file:
        product = file.read(2).decode("ascii")
    if product in _REFLECTIVITY:
        detail = f"{RADOLAN} {product} is reflectivity, which is not turned into rain: take RY, YW or RW"
        raise GridFileError(RefusalReason.UNSUPPORTED_CONTENT, detail)
    data, about = read_radolan_composite(str(path), missing=np.nan)
    values = np.array(data, dtype=np.float64)
    if "cluttermask" in about:
        values.ravel()[about["cluttermask"]] = np.nan
    degrees = get_radolan_grid(*values.shape, wgs84=True)
    end_s = int(np.datetime64(about["datetime"].replace(tzinfo=None), "s").astype(np.int64))
    length_s = int(about["intervalseconds"])
    bounds_s = np.array([[end_s - length_s, end_s]], dtype=np.int64)
    end, interval = intervals(bounds_s[:, 1], bounds_s, settings)
    # RADOLAN ends its hours at minute 50: whole minutes all the same.
    assert interval[0] % MINUTE_S == 0
    centres = CellCentres(degrees[..., 1], degrees[..., 0])
    return GridContent(values[None], "mm", centres, end, interval, has_bounds=True)
