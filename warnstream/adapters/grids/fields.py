"""Cells of a grid's files -> cells of a network's fields, by numbers that are computed once per geometry."""

import numpy as np
import shapely
from shapely import STRtree

from warnstream.adapters.grids.cells import CellCentres
from warnstream.adapters.grids.content import CellFrame
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.radar.fields import FieldFrame, FieldGeometry, packed_mm

REACH = 0.75
"""A cell of ours without a centre of theirs in it takes the nearest within that many of their diagonals."""


class CellMeans:
    """Means of the cells of files in our cells.

    Parameters
    ----------
    centres : CellCentres
        Of the files.
    geometry : FieldGeometry
        Ours.
    """

    def __init__(self, centres: CellCentres, geometry: FieldGeometry) -> None:
        self._n_cells = geometry.n_rows * geometry.n_columns
        self._cell, self._source = _pairs(centres, geometry)

    @property
    def covered(self) -> Int64Array:
        """Numbers of our cells that the files reach."""
        return np.unique(self._cell)

    def of(self, rain_mm: Float64Array) -> Float64Array:
        """Means of what was seen in each cell, shape (n_cells,); NaN where nothing was."""
        value = rain_mm.ravel()[self._source]
        seen = ~np.isnan(value)
        count = np.bincount(self._cell[seen], minlength=self._n_cells)
        total = np.bincount(self._cell[seen], value[seen], minlength=self._n_cells)
        mean: Float64Array = np.divide(total, count, out=np.full(self._n_cells, np.nan), where=count > 0)
        return mean


class FieldMaker:
    """Fields of one grid, all of whose files have one geometry.

    Parameters
    ----------
    grid : str
    centres : CellCentres
        Of its files.
    geometry : FieldGeometry
    """

    def __init__(self, grid: str, centres: CellCentres, geometry: FieldGeometry) -> None:
        self._grid, self._geometry = grid, geometry
        self._means = CellMeans(centres, geometry)

    def field(self, frame: CellFrame) -> FieldFrame | None:
        """Means of what was seen in each cell; None where nothing at all was."""
        mean = self._means.of(frame.rain_mm)
        if np.isnan(mean).all():
            return None
        rain = packed_mm(mean).reshape(self._geometry.shape)
        return FieldFrame(self._grid, self._geometry.digest, frame.end_s, frame.interval_s, rain)


def _pairs(centres: CellCentres, geometry: FieldGeometry) -> tuple[Int64Array, Int64Array]:
    """Cells of ours and of theirs that lie in them; of coarser ones the nearest."""
    xy_m = local_xy_m(
        centres.latitude.ravel(), centres.longitude.ravel(), geometry.latitude, geometry.longitude
    )
    row = np.rint((xy_m[:, 1] - geometry.south_m) / geometry.cell_m)
    column = np.rint((xy_m[:, 0] - geometry.west_m) / geometry.cell_m)
    inside = (row >= 0) & (row < geometry.n_rows) & (column >= 0) & (column < geometry.n_columns)
    source = np.flatnonzero(inside)  # NaN compares false
    cell = (row[source] * geometry.n_columns + column[source]).astype(np.int64)
    empty = np.setdiff1d(np.arange(geometry.n_rows * geometry.n_columns), cell)
    near_cell, near_source = _nearest(xy_m, centres, geometry, empty)
    return np.concatenate([cell, near_cell]), np.concatenate([source, near_source])


def _nearest(
    xy_m: Float64Array, centres: CellCentres, geometry: FieldGeometry, empty: Int64Array
) -> tuple[Int64Array, Int64Array]:
    nothing: Int64Array = np.zeros(0, dtype=np.int64)
    steps = [np.diff(xy_m.reshape(*centres.latitude.shape, 2), axis=axis) for axis in (0, 1)]
    sizes = [np.hypot(step[..., 0], step[..., 1]) for step in steps]
    diagonal_m = float(np.hypot(*(np.nanmedian(size) for size in sizes)))
    known = np.flatnonzero(np.isfinite(xy_m).all(axis=1))
    if not len(empty) or not len(known):
        return nothing, nothing
    row, column = np.divmod(empty, geometry.n_columns)
    ours = np.stack(
        [geometry.west_m + column * geometry.cell_m, geometry.south_m + row * geometry.cell_m], axis=1
    )
    tree = STRtree(np.asarray(shapely.points(xy_m[known])))
    points, reach_m = np.asarray(shapely.points(ours.astype(np.float64))), REACH * diagonal_m
    cell, source = tree.query_nearest(points, max_distance=reach_m, all_matches=False)
    return empty[cell], known[source]
