"""Gauges to a regular grid, by inverse distance from the nearest gauges that reported.

A silent gauge is skipped and its cells are filled by the next gauges, so a
silent gauge never reads as a dry one. Neighbours are searched once, at the
start; a frame then costs one weighted mean over `CANDIDATES` gauges per cell.

A field of one value everywhere is reproduced exactly. Limit: `CELLS_MAX` cells.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array

NEIGHBOURS = 6
"""Reporting gauges that make one cell; measured on Rio against 3 and 4 (docs/forecast.md)."""

CANDIDATES = 16
"""Nearest gauges kept per cell; if fewer than one of them reports, the nearest of all that did is used."""

CELLS_MAX = 65_536
"""Largest grid: 256 x 256 cells, 1,280 km at 5 km."""

_POINTS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells; row 0 is the southernmost, column 0 the westernmost.

    Attributes
    ----------
    west_m, south_m : float
        Centre of cell [0, 0] in local metres.
    cell_m : float
    n_rows, n_columns : int
    """

    west_m: float
    south_m: float
    cell_m: float
    n_rows: int
    n_columns: int

    def centres_xy_m(self) -> Float64Array:
        """East and north of the cell centres, shape (n_rows * n_columns, 2), row by row."""
        east = self.west_m + self.cell_m * np.arange(self.n_columns)
        north = self.south_m + self.cell_m * np.arange(self.n_rows)
        return np.stack([np.tile(east, self.n_rows), np.repeat(north, self.n_columns)], axis=-1)

    def positions(self, xy_m: Float64Array) -> Float64Array:
        """Fractional row and column of points, shape (2, n); cell centres are whole numbers."""
        return np.stack([(xy_m[:, 1] - self.south_m) / self.cell_m, (xy_m[:, 0] - self.west_m) / self.cell_m])


def grid_over(xy_m: Float64Array, cell_m: float) -> Grid:
    """Smallest grid whose cell centres enclose the points.

    Parameters
    ----------
    xy_m : Float64Array, shape (n, 2)
        East and north in local metres.
    cell_m : float
        Length of a cell's side.

    Raises
    ------
    ValueError
        If there is no point, `cell_m` is not positive, or more than `CELLS_MAX` cells would be needed.
    """
    if len(xy_m) == 0:
        raise ValueError("a grid needs at least one point to enclose, got none")
    if not cell_m > 0:
        raise ValueError(f"cell_m must be positive, got {cell_m}")
    low, high = xy_m.min(axis=0), xy_m.max(axis=0)
    n_columns, n_rows = (int(n) + 1 for n in np.maximum(np.ceil((high - low) / cell_m), 1))
    if n_rows * n_columns > CELLS_MAX:
        raise ValueError(
            f"{n_rows} x {n_columns} cells of {cell_m:g} m, at most {CELLS_MAX}: take larger ones"
        )
    return Grid(float(low[0]), float(low[1]), float(cell_m), n_rows, n_columns)


class GaugeGridder:
    """Neighbours and weights of every cell, computed once for a network.

    Parameters
    ----------
    xy_m : Float64Array, shape (n_stations, 2)
        East and north of the gauges in local metres.
    grid : Grid
    """

    def __init__(self, xy_m: Float64Array, grid: Grid) -> None:
        self._shape = (grid.n_rows, grid.n_columns)
        self._xy_m = xy_m
        self._centres_xy_m = grid.centres_xy_m()
        self._candidate, squared = nearest_gauges(self._centres_xy_m, xy_m, CANDIDATES)
        # Half a cell: what lies inside one cell is not told apart.
        self._weight = 1.0 / (squared + (grid.cell_m / 2) ** 2)

    def fields(self, rain_mm: Float64Array) -> Float64Array:
        """Grid frames of gauge rain.

        Parameters
        ----------
        rain_mm : Float64Array, shape (n_frames, n_stations)
            Rain of each gauge in each frame. NaN: not reported.

        Returns
        -------
        Float64Array, shape (n_frames, n_rows, n_columns)
            NaN throughout a frame in which no gauge reported.

        Raises
        ------
        ValueError
            If `rain_mm` does not hold one column per gauge.
        """
        if rain_mm.ndim != 2 or rain_mm.shape[1] != len(self._xy_m):
            raise ValueError(f"expected shape (n_frames, {len(self._xy_m)}), got {rain_mm.shape}")
        field = np.stack([self._field(frame) for frame in rain_mm]) if len(rain_mm) else np.zeros((0, 0))
        return field.reshape((len(rain_mm), *self._shape))

    def _field(self, frame_mm: Float64Array) -> Float64Array:
        reported = ~np.isnan(frame_mm)
        if not reported.any():
            return np.full(len(self._candidate), np.nan)
        candidate_reported = reported[self._candidate]
        used = candidate_reported & (np.cumsum(candidate_reported, axis=1) <= NEIGHBOURS)
        value = np.where(used, frame_mm[self._candidate], 0.0)
        nearest = value[np.arange(len(value)), np.argmax(used, axis=1)]
        weight = self._weight * used
        # The mean of differences from the nearest gauge: exact where all gauges agree.
        difference = np.einsum("ck,ck->c", weight, np.where(used, value - nearest[:, None], 0.0))
        total = weight.sum(axis=1)
        field = np.maximum(nearest + difference / np.where(total > 0, total, 1.0), 0.0)
        return self._fill_lonely(field, total == 0, frame_mm, reported)

    def _fill_lonely(
        self, field: Float64Array, lonely: BoolArray, frame_mm: Float64Array, reported: BoolArray
    ) -> Float64Array:
        """Give cells without a reporting candidate the nearest reporting gauge of all."""
        if lonely.any():
            at = np.flatnonzero(reported)
            nearest, _ = nearest_gauges(self._centres_xy_m[lonely], self._xy_m[at], 1)
            field[lonely] = frame_mm[at[nearest[:, 0]]]
        return field


def grid_gauges(rain_mm: Float64Array, xy_m: Float64Array, grid: Grid) -> Float64Array:
    """Grid frames of gauge rain without keeping the weights; see `GaugeGridder`.

    Parameters
    ----------
    rain_mm : Float64Array, shape (n_frames, n_stations)
        NaN: not reported.
    xy_m : Float64Array, shape (n_stations, 2)
        Local metres.
    grid : Grid

    Returns
    -------
    Float64Array, shape (n_frames, n_rows, n_columns)

    Examples
    --------
    The silent gauge in the middle is not dry:

    >>> grid = Grid(west_m=0.0, south_m=0.0, cell_m=1000.0, n_rows=1, n_columns=3)
    >>> xy_m = np.array([[0.0, 0.0], [1000.0, 0.0], [2000.0, 0.0]])
    >>> grid_gauges(np.array([[6.0, np.nan, 6.0]]), xy_m, grid)
    array([[[6., 6., 6.]]])
    """
    return GaugeGridder(xy_m, grid).fields(rain_mm)


def nearest_gauges(
    xy_m: Float64Array, gauge_xy_m: Float64Array, n_max: int
) -> tuple[Int64Array, Float64Array]:
    """The nearest gauges of each point, nearest first; equal distances in gauge order.

    Parameters
    ----------
    xy_m : Float64Array, shape (n, 2)
    gauge_xy_m : Float64Array, shape (n_gauges, 2)
    n_max : int

    Returns
    -------
    Int64Array, shape (n, min(n_max, n_gauges))
        Gauge numbers.
    Float64Array, same shape
        Squared distances in square metres.
    """
    n_near = min(n_max, len(gauge_xy_m))
    gauge = np.empty((len(xy_m), n_near), dtype=np.int64)
    squared_m2 = np.empty((len(xy_m), n_near))
    if n_near == 0 or len(xy_m) == 0:
        return gauge, squared_m2
    # Points are searched tile by tile among the gauges about the tile, farther ones until enough are sure.
    bins = _Bins(gauge_xy_m, n_near)
    for tile in _tiles(xy_m, bins.side_m):
        points, reach_m = tile, bins.side_m
        while len(points):
            about = bins.about(xy_m[points], reach_m)
            found, squared, is_sure = _search(xy_m[points], gauge_xy_m, about, n_near, reach_m)
            gauge[points[is_sure]], squared_m2[points[is_sure]] = found[is_sure], squared[is_sure]
            points, reach_m = points[~is_sure], 2 * reach_m
    return gauge, squared_m2


class _Bins:
    """Gauges by square bins that hold about `n_near` of them, were they spread evenly."""

    def __init__(self, xy_m: Float64Array, n_near: int) -> None:
        extent_m = np.maximum(np.ptp(xy_m, axis=0), 1.0)
        # Not too many rows of bins where all gauges stand in a line.
        even_m = float(np.sqrt(extent_m[0] * extent_m[1] * n_near / len(xy_m)))
        self.side_m = max(even_m, float(extent_m.max()) * n_near / len(xy_m), 1.0)
        self._low = xy_m.min(axis=0)
        column, row = np.floor((xy_m - self._low) / self.side_m).astype(np.int64).T
        self._n_columns, self._n_rows = int(column.max()) + 1, int(row.max()) + 1
        key = row * self._n_columns + column
        self._order = np.argsort(key, kind="stable")
        self._first = np.searchsorted(key[self._order], np.arange(self._n_rows * self._n_columns + 1))

    def about(self, xy_m: Float64Array, reach_m: float) -> Int64Array:
        """Numbers of all gauges within `reach_m` of the points' box, and some beyond; ascending."""
        first = np.floor((xy_m.min(axis=0) - reach_m - self._low) / self.side_m).astype(np.int64)
        last = np.floor((xy_m.max(axis=0) + reach_m - self._low) / self.side_m).astype(np.int64)
        left, right = max(int(first[0]), 0), min(int(last[0]), self._n_columns - 1)
        rows = range(max(int(first[1]), 0), min(int(last[1]), self._n_rows - 1) + 1)
        if left > right or not rows:
            return np.zeros(0, dtype=np.int64)
        starts = [row * self._n_columns for row in rows]
        parts = [self._order[self._first[at + left] : self._first[at + right + 1]] for at in starts]
        return np.sort(np.concatenate(parts))


def _tiles(xy_m: Float64Array, side_m: float) -> Iterator[Int64Array]:
    """Numbers of the points of each square tile, in pieces of `_POINTS_AT_ONCE` at the most."""
    column, row = np.floor((xy_m - xy_m.min(axis=0)) / side_m).astype(np.int64).T
    order = np.lexsort((column, row))
    ends = np.flatnonzero((np.diff(row[order]) != 0) | (np.diff(column[order]) != 0)) + 1
    for tile in np.split(order, ends):
        for start in range(0, len(tile), _POINTS_AT_ONCE):
            yield tile[start : start + _POINTS_AT_ONCE]


def _search(
    xy_m: Float64Array, gauge_xy_m: Float64Array, about: Int64Array, n_near: int, reach_m: float
) -> tuple[Int64Array, Float64Array, BoolArray]:
    """Nearest gauges of a few points among those `about` them: all within `reach_m` of their box.

    Sure are the points whose farthest one lies within `reach_m`: no other gauge can be nearer.
    """
    if len(about) < n_near:
        none = np.zeros((len(xy_m), n_near))
        return none.astype(np.int64), none, np.zeros(len(xy_m), dtype=np.bool_)
    distance = ((xy_m[:, None, :] - gauge_xy_m[about][None, :, :]) ** 2).sum(axis=2)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :n_near]
    squared_m2 = np.take_along_axis(distance, nearest, axis=1)
    is_sure = (squared_m2[:, -1] < reach_m**2) | (len(about) == len(gauge_xy_m))
    return about[nearest], squared_m2, is_sure
