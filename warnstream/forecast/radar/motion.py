"""Motion of fields of a radar: Lucas and Kanade's fit (IJCAI 1981) from coarse to fine.

Rain moves several cells between two fields, so the fit begins on means of 4 x 4 cells and is mended on
2 x 2 and on single ones (Bouguet's pyramid, 2001). Every level pulls towards what the coarser one found, and
the coarsest towards one motion of the whole field: where it is dry, that of the rain around it stands.
"""

import numpy as np

from warnstream.forecast.extrapolation import bilinear
from warnstream.forecast.fitting import blurred, correction
from warnstream.model.arrays import Float64Array

WET_MM_H = 0.2
"""A cell with less rain is dry."""
WET_CELLS_MIN = 12
"""Fields with fewer wet cells show no motion."""
LEVELS = (4, 2, 1)
"""Cells of a block at each level of the pyramid."""
FITS = 2
"""Corrections at each level."""
BLUR = 1.5
"""Gaussian blur before a fit, in blocks: gradients of single cells are noise."""
WINDOW_CELLS = 20.0
"""Width of a local fit: 40 km at 2 km, as wide as storms that move as one."""
RIDGE = 0.1
"""Pull towards the coarser motion, as a share of the field's mean gradient."""


def pyramid_motion(rain_mm_h: Float64Array, speed_px_max: float) -> Float64Array:
    """Rows and columns that rain moves from one field to the next.

    Parameters
    ----------
    rain_mm_h : Float64Array, shape (n_fields, n_rows, n_columns)
        Without NaN, oldest first, equally far apart; two or more.
    speed_px_max : float
        Faster motion is shortened to this, in cells per step.

    Returns
    -------
    Float64Array, shape (2, n_rows, n_columns)
        Cells per step, rows first. Zero where nothing moves or too little rain is seen.
    """
    shape = rain_mm_h.shape[1:]
    is_wet = (rain_mm_h >= WET_MM_H).sum(axis=(1, 2)) >= WET_CELLS_MIN
    pairs = np.flatnonzero(is_wet[:-1] & is_wet[1:])
    motion = np.zeros((2, *shape))
    if len(pairs) == 0:
        return motion
    seen = np.log1p(rain_mm_h / WET_MM_H)  # one heavy cell must not decide alone
    before: tuple[int, ...] | None = None
    for block in LEVELS:
        level = _blocks(seen, block)
        here = level.shape[1:]
        start = np.zeros((2, *here)) if before is None else _finer(motion, here)
        motion = _fitted(level[pairs], level[pairs + 1], start, block, is_first=before is None)
        before = here
    speed = np.hypot(motion[0], motion[1])
    return np.asarray(motion * np.minimum(1.0, speed_px_max / np.maximum(speed, 1e-9)))


def _fitted(
    earlier: Float64Array, later: Float64Array, motion: Float64Array, block: int, *, is_first: bool
) -> Float64Array:
    """Motion of one level in its own blocks; the coarsest is fitted as a whole before it is locally."""
    windows = [np.inf] * (2 * FITS * is_first) + [WINDOW_CELLS / block] * FITS
    for window in windows:
        motion = motion + _correction(earlier, later, motion, window)
    return motion


def _correction(
    earlier: Float64Array, later: Float64Array, motion: Float64Array, window: float
) -> Float64Array:
    """What one fit adds to a motion."""
    row, column = np.indices(earlier.shape[1:], dtype=np.float64)
    moved = blurred(bilinear(earlier, row - motion[0], column - motion[1]), BLUR)
    return correction(moved, blurred(later, BLUR), window, RIDGE)


def _blocks(fields: Float64Array, block: int) -> Float64Array:
    """Means of blocks; what is left over at the far edges joins the last block's rows and columns."""
    if block == 1:
        return fields
    n_rows, n_columns = (max(size // block, 1) for size in fields.shape[1:])
    cut = fields[:, : n_rows * block, : n_columns * block]
    return np.asarray(cut.reshape(len(fields), n_rows, block, n_columns, block).mean(axis=(2, 4)))


def _finer(motion: Float64Array, shape: tuple[int, ...]) -> Float64Array:
    """Motion of a coarser level in the blocks of a finer one, of half the size."""
    row, column = np.indices(shape, dtype=np.float64)
    return 2.0 * bilinear(motion, (row + 0.5) / 2.0 - 0.5, (column + 0.5) / 2.0 - 0.5)
