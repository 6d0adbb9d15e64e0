"""Cells of a rain grid -> places and gauges, by weights that are computed once per geometry.

A place with an outline takes every cell by the share of the outline that lies
in it; a place or gauge without one takes the cell it stands in. Work happens in
local metres about the middle of the network; cells may have any shape that
their centres describe (a rotated or curvilinear grid).
"""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import STRtree

from warnstream.adapters.geometry import outlines_in_metres
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.grids import points_of
from warnstream.model.network import Network

_REACH = 0.75
"""A point belongs to the nearest cell centre within that many cell diagonals: half of one, and some slack."""


@dataclass(frozen=True, slots=True)
class CellCentres:
    """Cells of a grid: WGS 84 degrees, shape (n_rows, n_columns); NaN where a cell has no place."""

    latitude: Float64Array
    longitude: Float64Array

    def is_same(self, other: "CellCentres") -> bool:
        """Whether both describe the same grid."""
        return np.array_equal(self.latitude, other.latitude, equal_nan=True) and np.array_equal(
            self.longitude, other.longitude, equal_nan=True
        )


@dataclass(frozen=True, slots=True)
class CellWeights:
    """What each cell counts at each point, as pairs of shape (n_pairs,).

    `weight` is a share of the point's outline; the pairs of a point sum to less
    than 1 where the grid does not reach all of it.
    """

    n_points: int
    point: Int64Array
    cell: Int64Array
    weight: Float64Array

    @property
    def is_covered(self) -> BoolArray:
        """Points that the grid reaches, shape (n_points,)."""
        covered: BoolArray = np.bincount(self.point, self.weight, minlength=self.n_points) > 0
        return covered

    def amounts(self, rain_mm: Float64Array, seen_min: float) -> Float64Array:
        """Rain of points from the rain of cells.

        Parameters
        ----------
        rain_mm : Float64Array, shape (n_rows, n_columns)
            NaN where the grid saw nothing.
        seen_min : float
            Least share of an outline that must have been seen; the mean of what was seen stands for the rest.

        Returns
        -------
        Float64Array, shape (n_points,)
            NaN where too little was seen.
        """
        value = rain_mm.ravel()[self.cell]
        weight = np.where(np.isnan(value), 0.0, self.weight)
        seen = np.bincount(self.point, weight, minlength=self.n_points)
        total = np.bincount(self.point, weight * np.nan_to_num(value), minlength=self.n_points)
        is_enough = (seen > 0) & (seen >= seen_min - 1e-9)
        found: Float64Array = np.divide(total, seen, out=np.full(self.n_points, np.nan), where=is_enough)
        return found


def cell_weights(network: Network, centres: CellCentres) -> CellWeights:
    """Weights of a grid's cells at the points of a network (`points_of`).

    Raises
    ------
    ValueError
        If the grid has less than two rows or columns, or reaches none of the points.
    """
    if min(centres.latitude.shape) < 2:
        raise ValueError(f"a grid of {centres.latitude.shape} cells, expected two rows and columns or more")
    villages = network.villages
    middle = float(np.mean(villages.latitude)), float(np.mean(villages.longitude))
    latitude, longitude = points_of(network)
    point_xy = local_xy_m(latitude, longitude, *middle)
    centre_xy = local_xy_m(centres.latitude.ravel(), centres.longitude.ravel(), *middle)
    corner_xy = _corners(centre_xy.reshape(*centres.latitude.shape, 2))
    outlines = outlines_in_metres(network)
    shaped = np.array(
        [place for place, outline in enumerate(outlines) if outline is not None], dtype=np.int64
    )
    shapes = np.array([outlines[place] for place in shaped], dtype=object)
    of_outlines = _shares(shapes, corner_xy)
    without = np.setdiff1d(np.arange(len(point_xy)), shaped)
    point, cell = _nearest(point_xy[without], centre_xy, _diagonal_m(corner_xy))
    weights = CellWeights(
        len(point_xy),
        np.concatenate([shaped[of_outlines[0]], without[point]]),
        np.concatenate([of_outlines[1], cell]),
        np.concatenate([of_outlines[2], np.ones(len(point))]),
    )
    if not weights.is_covered.any():
        raise ValueError("the grid reaches none of the villages and rain gauges")
    return weights


def _corners(centre_xy: Float64Array) -> Float64Array:
    """Corners between cell centres, shape (n_rows + 1, n_columns + 1, 2); the rim is extrapolated."""
    for axis in (0, 1):
        first, second = np.take(centre_xy, [0], axis), np.take(centre_xy, [1], axis)
        last, before = np.take(centre_xy, [-1], axis), np.take(centre_xy, [-2], axis)
        centre_xy = np.concatenate([2 * first - second, centre_xy, 2 * last - before], axis)
    corner_xy: Float64Array = (
        centre_xy[:-1, :-1] + centre_xy[1:, :-1] + centre_xy[:-1, 1:] + centre_xy[1:, 1:]
    ) / 4
    return corner_xy


def _diagonal_m(corner_xy: Float64Array) -> float:
    """Usual diagonal of a cell."""
    return float(np.nanmedian(np.hypot(*np.moveaxis(corner_xy[1:, 1:] - corner_xy[:-1, :-1], -1, 0))))


def _nearest(
    point_xy: Float64Array, centre_xy: Float64Array, diagonal_m: float
) -> tuple[Int64Array, Int64Array]:
    """Pairs (point, cell): the nearest centre, for points that stand on the grid."""
    known = np.flatnonzero(np.isfinite(centre_xy).all(axis=1))
    if len(point_xy) == 0 or len(known) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    tree = STRtree(np.asarray(shapely.points(centre_xy[known])))
    point, centre = tree.query_nearest(
        np.asarray(shapely.points(point_xy)), max_distance=_REACH * diagonal_m, all_matches=False
    )
    return point.astype(np.int64), known[centre]


def _shares(shapes: np.ndarray, corner_xy: Float64Array) -> tuple[Int64Array, Int64Array, Float64Array]:
    """Pairs (outline, cell) and the share of the outline that lies in the cell."""
    if len(shapes) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    ring = [corner_xy[:-1, :-1], corner_xy[:-1, 1:], corner_xy[1:, 1:], corner_xy[1:, :-1]]
    corners = np.stack(ring, axis=2).reshape(-1, 4, 2)
    low, high = corners.min(axis=1), corners.max(axis=1)
    west, south, east, north = shapely.total_bounds(shapes)
    # Only cells about the county become shapes: a national radar has a million others. NaN compares false.
    near = (high[:, 0] >= west) & (low[:, 0] <= east) & (high[:, 1] >= south) & (low[:, 1] <= north)
    cells = np.flatnonzero(near)
    if len(cells) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    polygons = np.asarray(shapely.polygons(corners[cells]))
    outline, cell = STRtree(polygons).query(shapes, predicate="intersects")
    area = shapely.area(shapely.intersection(shapes[outline], polygons[cell]))
    keep = area > 0
    return (
        outline[keep].astype(np.int64),
        cells[cell[keep]],
        np.minimum(area[keep] / shapely.area(shapes)[outline[keep]], 1.0),
    )
