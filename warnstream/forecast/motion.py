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
from warnstream.forecast.fitting import blurred, correction
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
    """What one fit adds to a motion of these steps."""
    # Where a local fit sees little rain it stays with the common motion.
    return correction(blurred(_moved(earlier, motion), blur), blurred(later, blur), window, _RIDGE)


def _moved(fields: Float64Array, motion: Float64Array) -> Float64Array:
    row, column = np.indices(fields.shape[1:], dtype=np.float64)
    return bilinear(fields, row - motion[0], column - motion[1])


def _explained(earlier: Float64Array, later: Float64Array, motion: Float64Array) -> float:
    """Share of the squared change that a motion explains, 0 where nothing changes.

    Both sides are blurred, so that the smoothing of interpolation does not pass for motion.
    """
    target = blurred(later, _FINE_BLUR)
    unmoved = float(((target - blurred(earlier, _FINE_BLUR)) ** 2).sum())
    moved = float(((target - blurred(_moved(earlier, motion), _FINE_BLUR)) ** 2).sum())
    return 1 - moved / unmoved if unmoved > 0 else 0.0


def _limited(motion: Float64Array, speed_px_max: float) -> Float64Array:
    speed = np.hypot(motion[0], motion[1])
    too_fast = speed > speed_px_max
    return motion * np.where(too_fast, speed_px_max / np.where(too_fast, speed, 1.0), 1.0)
