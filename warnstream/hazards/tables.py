"""Values against tables of critical values, for all villages at once."""

import numpy as np

from warnstream.model.arrays import Float64Array, Int64Array, LevelArray
from warnstream.model.level import LEVELS


def levels_of(value: Float64Array, critical: Float64Array) -> LevelArray:
    """Level that each value reaches; `>=` reaches.

    Parameters
    ----------
    value : Float64Array, shape (..., n)
        NaN (nothing observed) reaches no level.
    critical : Float64Array, shape (..., n, 4)
        Values of blue, yellow, orange, red; NaN where a level has none.

    Returns
    -------
    LevelArray, shape (..., n)

    Examples
    --------
    61 mm in one hour reaches orange (60) although 61 mm in 3 h reaches only blue (55):

    >>> levels_of(np.array([61.0, 61.0]), np.array([[35, 45, 60, 80], [55, 75, 100, 120.0]]))
    array([3, 1], dtype=uint8)
    """
    levels: LevelArray = (value >= critical[..., 0]).astype(np.uint8)
    for level in LEVELS[1:]:  # ascending: a higher level beats a lower one
        np.maximum(levels, (value >= critical[..., level - 1]) * np.uint8(level), out=levels)
    return levels


def worst_of(level: LevelArray) -> LevelArray:
    """Highest level of each row, shape (n_rows,); column by column, the fast way for a few columns."""
    worst = np.zeros(len(level), dtype=np.uint8)
    for column in range(level.shape[1]):
        np.maximum(worst, level[:, column], out=worst)
    return worst


def worst_column(level: LevelArray, value: Float64Array, critical: Float64Array) -> Int64Array:
    """Which column carries each row's worst level; of several the one farthest above its threshold.

    Parameters
    ----------
    level, value : shape (n_rows, n_columns)
    critical : Float64Array, shape (n_rows, n_columns, 4)

    Returns
    -------
    Int64Array, shape (n_rows,)
    """
    if level.shape[1] == 1:
        return np.zeros(len(level), dtype=np.int64)
    worst = worst_of(level)
    threshold = threshold_of(critical, np.repeat(worst[:, None], level.shape[1], axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(level == worst[:, None], value / threshold, -np.inf)
    column: Int64Array = np.argmax(np.fmax(ratio, -np.inf), axis=1)
    return column


def threshold_of(critical: Float64Array, level: LevelArray) -> Float64Array:
    """The critical value of a level, same shape as `level`; of level 0 that of blue.

    Where a level has none, that of the next higher one: a forecast that reaches orange but may raise yellow
    alone reached the value of orange.
    """
    index = np.maximum(level.astype(np.intp), 1).ravel() - 1
    by_row, row = critical.reshape(len(index), len(LEVELS)), np.arange(len(index))
    threshold: Float64Array = by_row[row, index]
    for _ in LEVELS[1:]:
        missing = np.isnan(threshold)
        if not missing.any():
            break
        index = np.minimum(index + missing, len(LEVELS) - 1)
        threshold = by_row[row, index]
    return threshold.reshape(level.shape)
