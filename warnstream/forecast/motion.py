"""Motion of rain between frames, by Lucas and Kanade's method (IJCAI 1981), smooth and careful.

One motion for the whole field is fitted first. It is only believed if moving
the earlier frames by it explains at least `EXPLAINED_MIN` of their change;
otherwise there is none: rain that grows, fades or flickers in place does not
move. Then it is corrected locally, by at most `LOCAL_SHARE_MAX` of itself.

Gauges far apart draw a field whose bumps stand at the gauges, so motion
fitted on gauges errs towards zero; and a cell that moves farther than its own
size between two frames is not followed.
"""

import numpy as np

from warnstream.forecast.extrapolation import bilinear
from warnstream.model.arrays import Float64Array

WET_MM = 0.1
"""A cell with less rain in a frame is dry."""

WET_CELLS_MIN = 4
"""Frames with fewer wet cells show no motion."""

EXPLAINED_MIN = 0.1
"""Share of the squared change between frames that the motion must explain to be believed."""

LOCAL_SHARE_MAX = 0.5
"""Local motion departs from the common one by at most that share of its speed."""

_COARSE_BLUR, _FINE_BLUR, _LOCAL_WINDOW = 3.0, 1.0, 8.0
"""Gaussian blur of the frames and width of a local fit, in cells."""

_RIDGE = 0.05
"""Pull of a local fit towards the motion found so far, as a share of the field's mean gradient."""


def motion_lucas_kanade(frames: Float64Array, speed_px_max: float = np.inf) -> Float64Array:
    """Rows and columns that rain moves from one frame to the next.

    Parameters
    ----------
    frames : Float64Array, shape (n_frames, n_rows, n_columns)
        Rain amounts in millimetres, oldest first. Frames with NaN are left out
        together with both their steps.
    speed_px_max : float
        Faster motion is shortened to this, in cells per frame.

    Returns
    -------
    Float64Array, shape (2, n_rows, n_columns)
        Cells per frame, rows first. Zero where nothing moves or too little is seen.
    """
    frames = np.asarray(frames, dtype=np.float64)
    still = np.zeros((2, *frames.shape[1:]))
    earlier, later = _visible_steps(frames)
    if len(earlier) == 0:
        return still
    common = still
    for blur in (_COARSE_BLUR, _COARSE_BLUR, _FINE_BLUR, _FINE_BLUR):
        common = _limited(common + _correction(earlier, later, common, blur, np.inf), speed_px_max)
    explained = _explained(earlier, later, common)
    if explained < EXPLAINED_MIN:
        return still
    allowed = LOCAL_SHARE_MAX * float(np.hypot(common[0, 0, 0], common[1, 0, 0]))
    local = _limited(_correction(earlier, later, common, _FINE_BLUR, _LOCAL_WINDOW), allowed)
    motion = _limited(common + local, speed_px_max)
    return motion if _explained(earlier, later, motion) > explained else common


def _visible_steps(frames: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Earlier and later frames with rain in both, as roots: one heavy cell must not decide alone."""
    visible = (frames >= WET_MM).sum(axis=(1, 2)) >= WET_CELLS_MIN
    visible &= ~np.isnan(frames).any(axis=(1, 2))
    both = np.flatnonzero(visible[:-1] & visible[1:])
    return np.sqrt(frames[both]), np.sqrt(frames[both + 1])


def _correction(
    earlier: Float64Array, later: Float64Array, motion: Float64Array, blur: float, window: float
) -> Float64Array:
    """What one least-squares fit adds to a motion: gradient . correction = -(later - moved earlier)."""
    moved = _blurred(_moved(earlier, motion), blur)
    target = _blurred(later, blur)
    by_row, by_column = np.gradient((moved + target) / 2, axis=(1, 2))
    change = target - moved
    pairs = (
        (by_row, by_row),
        (by_row, by_column),
        (by_column, by_column),
        (by_row, change),
        (by_column, change),
    )
    products = np.stack([(first * other).sum(axis=0) for first, other in pairs])
    # Where a local fit sees little rain it stays with the common motion.
    ridge = 0.0 if np.isinf(window) else _RIDGE * (products[0] + products[2]).mean()
    rr, rc, cc, rt, ct = _blurred(products, window)
    return _solved(rr + ridge, rc, cc + ridge, rt, ct)


def _solved(
    rr: Float64Array, rc: Float64Array, cc: Float64Array, rt: Float64Array, ct: Float64Array
) -> Float64Array:
    """Solution of the 2 x 2 system per cell; zero where it is singular (rain varies along one line only)."""
    determinant = rr * cc - rc * rc
    solvable = determinant > 1e-6 * (rr + cc) ** 2
    safe = np.where(solvable, determinant, 1.0)
    row = np.where(solvable, (rc * ct - cc * rt) / safe, 0.0)
    column = np.where(solvable, (rc * rt - rr * ct) / safe, 0.0)
    return np.stack([row, column])


def _moved(fields: Float64Array, motion: Float64Array) -> Float64Array:
    row, column = np.indices(fields.shape[1:], dtype=np.float64)
    return bilinear(fields, row - motion[0], column - motion[1])


def _explained(earlier: Float64Array, later: Float64Array, motion: Float64Array) -> float:
    """Share of the squared change that a motion explains, 0 where nothing changes.

    Both sides are blurred, so that the smoothing of interpolation does not pass for motion.
    """
    target = _blurred(later, _FINE_BLUR)
    unmoved = float(((target - _blurred(earlier, _FINE_BLUR)) ** 2).sum())
    moved = float(((target - _blurred(_moved(earlier, motion), _FINE_BLUR)) ** 2).sum())
    return 1 - moved / unmoved if unmoved > 0 else 0.0


def _limited(motion: Float64Array, speed_px_max: float) -> Float64Array:
    speed = np.hypot(motion[0], motion[1])
    too_fast = speed > speed_px_max
    return motion * np.where(too_fast, speed_px_max / np.where(too_fast, speed, 1.0), 1.0)


def _blurred(fields: Float64Array, sigma_px: float) -> Float64Array:
    """Gaussian mean as two matrix products; weights are scaled to sum to 1 at the edge too."""
    if np.isinf(sigma_px):
        return np.broadcast_to(fields.mean(axis=(-2, -1), keepdims=True), fields.shape)
    down, across = _gaussian(fields.shape[-2], sigma_px), _gaussian(fields.shape[-1], sigma_px)
    return np.asarray(down @ fields @ across.T)


def _gaussian(n: int, sigma_px: float) -> Float64Array:
    distance = np.arange(n)[:, None] - np.arange(n)[None, :]
    weight = np.exp(-0.5 * (distance / sigma_px) ** 2)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
