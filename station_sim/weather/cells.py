"""Rain cells: round patches of rain that are born, grow, move and decay.

A cell's intensity has a Gaussian profile about its centre and half a sine
wave over its life, so it begins and ends at nothing. It can be painted on the
1 km field, where the stronger of overlapping cells counts or they add up, and
it can be summed at points without any field, which is how years of weather at
a few gauges take seconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from warnstream.model.arrays import Float64Array, Int64Array

REACH_RADII = 3.5
"""Beyond this many radii a cell brings no rain: 0.2 % of its centre's."""

_ROWS_AT_ONCE = 40_000


@dataclass(frozen=True, slots=True)
class Cells:
    """Rain cells, one entry each.

    Attributes
    ----------
    born_min, life_min : Float64Array
        Minutes since the start; minutes.
    x_m, y_m : Float64Array
        Place at birth, local metres.
    east_m_per_min, north_m_per_min : Float64Array
    peak_mm_per_h : Float64Array
        Intensity of the centre at the middle of its life.
    radius_m : Float64Array
        Distance at which intensity is exp(-1/2) of the centre's.
    """

    born_min: Float64Array
    life_min: Float64Array
    x_m: Float64Array
    y_m: Float64Array
    east_m_per_min: Float64Array
    north_m_per_min: Float64Array
    peak_mm_per_h: Float64Array
    radius_m: Float64Array

    def __len__(self) -> int:
        return len(self.born_min)

    def take(self, which: Int64Array) -> "Cells":
        """The cells of these numbers."""
        return Cells(*(getattr(self, field.name)[which] for field in fields(self)))


def join(parts: Sequence[Cells]) -> Cells:
    """All cells of several groups, one group after the other."""
    return Cells(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Cells)))


def paint(
    field: Float64Array, cells: Cells, minute: float, x_m: Float64Array, y_m: Float64Array, *, add: bool
) -> None:
    """Put the cells that live at a minute on a field, in place.

    Parameters
    ----------
    field : Float64Array, shape (n_rows, n_columns)
        Intensity, mm/h.
    cells : Cells
    minute : float
        Since the start.
    x_m, y_m : Float64Array
        Centres of columns and rows, local metres, ascending.
    add : bool
        Add the cells up; otherwise the stronger one counts.
    """
    combine = np.add if add else np.maximum
    age = (minute - cells.born_min) / cells.life_min
    for n in np.flatnonzero((age > 0) & (age < 1)):
        elapsed_min = minute - cells.born_min[n]
        x = cells.x_m[n] + cells.east_m_per_min[n] * elapsed_min
        y = cells.y_m[n] + cells.north_m_per_min[n] * elapsed_min
        reach_m = REACH_RADII * cells.radius_m[n]
        columns = slice(*np.searchsorted(x_m, (x - reach_m, x + reach_m)))
        rows = slice(*np.searchsorted(y_m, (y - reach_m, y + reach_m)))
        east = np.exp(-0.5 * ((x_m[columns] - x) / cells.radius_m[n]) ** 2)
        north = np.exp(-0.5 * ((y_m[rows] - y) / cells.radius_m[n]) ** 2)
        peak = cells.peak_mm_per_h[n] * np.sin(np.pi * age[n])
        patch = field[rows, columns]
        combine(patch, peak * north[:, None] * east[None, :], out=patch)


def rain_at_points(cells: Cells, xy_m: Float64Array, n_steps: int, step_min: float) -> Float64Array:
    """Rain that cells bring to points, summed over cells.

    A step takes the intensity at its middle; cells must live several steps.

    Parameters
    ----------
    cells : Cells
    xy_m : Float64Array, shape (n_points, 2)
        Local metres.
    n_steps : int
    step_min : float
        Minutes.

    Returns
    -------
    Float64Array, shape (n_steps, n_points)
        Millimetres in each step.
    """
    rain_mm = np.zeros((n_steps, len(xy_m)))
    cells = cells.take(_passing(cells, xy_m))
    for all_steps, all_cells in _steps_alive(cells, n_steps, step_min):
        step, cell = _near(cells, all_steps, all_cells, xy_m, step_min)
        if len(step) == 0:
            continue
        elapsed_min, x, y = _places(cells, step, cell, step_min)
        peak = cells.peak_mm_per_h[cell] * np.sin(np.pi * elapsed_min / cells.life_min[cell])
        half = -0.5 / cells.radius_m[cell] ** 2
        away_m2 = (x[:, None] - xy_m[:, 0]) ** 2 + (y[:, None] - xy_m[:, 1]) ** 2
        share = np.exp(half[:, None] * away_m2)
        share *= (peak * step_min / 60.0)[:, None]
        order = np.argsort(step, kind="stable")
        first = np.flatnonzero(np.diff(step[order], prepend=-1))
        rain_mm[step[order][first]] += np.add.reduceat(share[order], first, axis=0)
    return rain_mm


def _passing(cells: Cells, xy_m: Float64Array) -> Int64Array:
    """Cells whose way may lead past any of the points; nine of ten storms of a year do not."""
    reach_m = REACH_RADII * cells.radius_m
    passes = np.ones(len(cells), dtype=bool)
    ways = ((cells.x_m, cells.east_m_per_min), (cells.y_m, cells.north_m_per_min))
    for axis, (begin, speed) in enumerate(ways):
        end = begin + speed * cells.life_min
        passes &= np.minimum(begin, end) - reach_m < xy_m[:, axis].max()
        passes &= np.maximum(begin, end) + reach_m > xy_m[:, axis].min()
    return np.flatnonzero(passes)


def _places(
    cells: Cells, step: Int64Array, cell: Int64Array, step_min: float
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Minutes since birth and centre of cells in the middle of steps."""
    elapsed_min = (step + 0.5) * step_min - cells.born_min[cell]
    return (
        elapsed_min,
        cells.x_m[cell] + cells.east_m_per_min[cell] * elapsed_min,
        cells.y_m[cell] + cells.north_m_per_min[cell] * elapsed_min,
    )


def _near(
    cells: Cells, step: Int64Array, cell: Int64Array, xy_m: Float64Array, step_min: float
) -> tuple[Int64Array, Int64Array]:
    """The pairs of step and cell that may reach any of the points."""
    _, x, y = _places(cells, step, cell, step_min)
    reach_m = REACH_RADII * cells.radius_m[cell]
    west, south = xy_m.min(axis=0)
    east, north = xy_m.max(axis=0)
    near = (x > west - reach_m) & (x < east + reach_m) & (y > south - reach_m) & (y < north + reach_m)
    return step[near], cell[near]


def _steps_alive(cells: Cells, n_steps: int, step_min: float) -> Iterator[tuple[Int64Array, Int64Array]]:
    """(step, cell) pairs of all steps in whose middle a cell lives, some cells at a time."""
    first = np.maximum(np.ceil(cells.born_min / step_min - 0.5), 0).astype(np.int64)
    last = np.minimum(np.ceil((cells.born_min + cells.life_min) / step_min - 0.5), n_steps).astype(np.int64)
    n_alive = np.maximum(last - first, 0)
    ends = np.cumsum(n_alive)
    begin = 0
    while begin < len(cells):
        done = ends[begin - 1] if begin else 0
        end = max(int(np.searchsorted(ends, done + _ROWS_AT_ONCE, side="right")), begin + 1)
        count = n_alive[begin:end]
        cell = np.repeat(np.arange(begin, end), count)
        within = np.arange(len(cell)) - np.repeat(np.cumsum(count) - count, count)
        yield first[cell] + within, cell
        begin = end
