"""Coordinates of projections -> latitude and longitude, by pyproj (extra ``warnstream[grid-formats]``).

This module is loaded before anything that may load ecCodes (xarray looks for its
engines, cfgrib among them): ecCodes brings a PROJ of its own, and a process that
loads it first dies in pyproj's. In this order both work.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from warnstream.adapters.grids.cells import CellCentres
from warnstream.adapters.grids.content import GridFileError, needs
from warnstream.model.arrays import Float64Array
from warnstream.model.observations.refusals import RefusalReason

try:
    import pyproj
except ImportError:
    pyproj = None


def is_available() -> bool:
    """Whether pyproj is installed."""
    return pyproj is not None


def metres_of(projection: str, longitude: float, latitude: float) -> tuple[float, float]:
    """Where a place stands in a projection, in its unit.

    Raises
    ------
    GridFileError
        If the projection is unknown.
    """
    try:
        system = pyproj.CRS.from_user_input(projection)
        transform = pyproj.Transformer.from_crs(_wgs84(system), system, always_xy=True).transform
        across, up = transform(longitude, latitude)
    except pyproj.exceptions.ProjError as error:
        raise GridFileError(RefusalReason.BAD_GRID, f"projection not understood: {error}") from error
    return float(across), float(up)


def degrees_of(projection: str | Mapping[str, Any], across: Float64Array, up: Float64Array) -> CellCentres:
    """Centres of cells from their coordinates in a projection.

    Parameters
    ----------
    projection : str or mapping
        A PROJ string, an authority's code, or attributes of a CF grid mapping.
    across, up : Float64Array, shape (n_rows, n_columns)
        In the unit of the projection.

    Raises
    ------
    GridFileError
        If the projection is unknown or pyproj is not installed.
    """
    if pyproj is None:
        raise needs("pyproj", "a grid that has a projection only")
    try:
        system = (
            pyproj.CRS.from_user_input(projection)
            if isinstance(projection, str)
            else pyproj.CRS.from_cf(dict(projection))
        )
        transform = pyproj.Transformer.from_crs(system, _wgs84(system), always_xy=True).transform
        longitude, latitude = transform(across, up)
    except (pyproj.exceptions.ProjError, KeyError, ValueError) as error:
        raise GridFileError(RefusalReason.BAD_GRID, f"projection not understood: {error}") from error
    lost = ~(np.isfinite(longitude) & np.isfinite(latitude))
    return CellCentres(np.where(lost, np.nan, latitude), np.where(lost, np.nan, longitude))


def _wgs84(system: Any) -> Any:
    """Degrees on the projection's own body where it is a sphere or without a datum, WGS 84 otherwise.

    Radar composites are drawn on spheres; as everywhere else their degrees are read as those of WGS 84.
    """
    return system.geodetic_crs if system.geodetic_crs is not None else pyproj.CRS.from_epsg(4326)
