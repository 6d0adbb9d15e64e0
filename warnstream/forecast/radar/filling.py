"""What stands where a radar sees nothing: the nearest that it does see. No rain would be a guess, too."""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array


def coarser(rain: Float64Array, block: int) -> Float64Array:
    """Means of what was seen in blocks, shape (n_fields, rows of blocks, columns of blocks); NaN: nothing."""
    n_rows, n_columns = (size // block for size in rain.shape[1:])
    cut = rain[:, : n_rows * block, : n_columns * block]
    blocks = cut.reshape(len(rain), n_rows, block, n_columns, block)
    count = (~np.isnan(blocks)).sum(axis=(2, 4))
    total = np.nansum(blocks, axis=(2, 4))
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def filled(rain: Float64Array) -> Float64Array:
    """Fields without NaN; a field in which nothing was seen is dry, and no field of a node is such a one."""
    found = rain.copy()
    for field in found:
        seen = ~np.isnan(field)
        if not seen.any():
            field[:] = 0.0
        elif not seen.all():
            field[:] = field.ravel()[nearest_seen(seen)]
    return found


def nearest_seen(seen: BoolArray) -> Int64Array:
    """Number of the nearest seen cell of every cell, shape (n_rows, n_columns); one at least must be seen."""
    n_rows, n_columns = seen.shape
    column = np.arange(n_columns)
    far = 4 * (n_rows + n_columns)
    left = np.maximum.accumulate(np.where(seen, column, -far), axis=1)
    right = np.minimum.accumulate(np.where(seen, column, far)[:, ::-1], axis=1)[:, ::-1]
    in_row = np.where(column - left <= right - column, left, right)
    across = (in_row - column) ** 2
    row = np.arange(n_rows)
    apart = (row[:, None, None] - row[None, :, None]) ** 2 + across[None]
    best = apart.argmin(axis=1)
    return np.asarray(best * n_columns + in_row[best, column], dtype=np.int64)
