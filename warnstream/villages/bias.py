"""Mean-field bias of a grid against gauges: one factor for all cells.

``factor = sum(gauges) / sum(grid)`` over pairs at the same place and time, the
estimator of Wilson and Brandes (1979, Radar measurement of rainfall: a
summary, Bulletin of the American Meteorological Society 60, 1048-1058), held
within bounds. It takes away what is wrong everywhere (calibration, Z-R, a wet
radome), not what is wrong behind a hill or behind heavy rain.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.model.grids import BiasPolicy


def mean_field_factor(
    gauge_mm: Float64Array, grid_mm: Float64Array, is_whole: BoolArray, policy: BiasPolicy
) -> tuple[float, int]:
    """What the grid is to be multiplied by, and how many pairs say so; (1, 0) if they are too few.

    Parameters
    ----------
    gauge_mm, grid_mm : Float64Array, shape (n_gauges,)
        Rain of one window.
    is_whole : BoolArray, shape (n_gauges,)
        Both observed the window, and the gauge is not doubted.
    policy : BiasPolicy

    Examples
    --------
    A radar that sees two thirds of the rain:

    >>> policy = BiasPolicy(pairs_min=2)
    >>> mean_field_factor(np.array([6.0, 12.0]), np.array([4.0, 8.0]), np.array([True, True]), policy)
    (1.5, 2)
    """
    with np.errstate(invalid="ignore"):
        counts = is_whole & (gauge_mm >= policy.pair_mm_min) & (grid_mm >= policy.pair_mm_min)
    n_pairs = int(counts.sum())
    if n_pairs < max(policy.pairs_min, 1):
        return 1.0, 0
    factor = float(gauge_mm[counts].sum() / grid_mm[counts].sum())
    return min(max(factor, 1 / policy.factor_max), policy.factor_max), n_pairs
