"""One correction of Lucas and Kanade's fit (IJCAI 1981), for the motion of rain on gauges and radar."""

import numpy as np

from warnstream.model.arrays import Float64Array


def correction(
    moved: Float64Array, target: Float64Array, window_px: float, ridge_share: float
) -> Float64Array:
    """What one least-squares fit adds to a motion: gradient . correction = -(target - moved).

    Parameters
    ----------
    moved, target : Float64Array, shape (n, n_rows, n_columns)
        Earlier fields moved by the motion so far, and later ones, both blurred.
    window_px : float
        Width of a local fit in cells; infinite: one fit of the whole field.
    ridge_share : float
        Pull of a local fit towards the motion so far where little rain is seen, as a share of the field's
        mean gradient.

    Returns
    -------
    Float64Array, shape (2, n_rows, n_columns)
        Cells, rows first.
    """
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
    ridge = 0.0 if np.isinf(window_px) else ridge_share * (products[0] + products[2]).mean()
    rr, rc, cc, rt, ct = blurred(products, window_px)
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


def blurred(fields: Float64Array, sigma_px: float) -> Float64Array:
    """Gaussian mean of the last two axes as two matrix products; of infinite width the mean."""
    if np.isinf(sigma_px):
        return np.broadcast_to(fields.mean(axis=(-2, -1), keepdims=True), fields.shape)
    down, across = _gaussian(fields.shape[-2], sigma_px), _gaussian(fields.shape[-1], sigma_px)
    return np.asarray(down @ fields @ across.T)


def _gaussian(n: int, sigma_px: float) -> Float64Array:
    """Weights of every cell of a line for every other, shape (n, n); they sum to 1 at the edge, too."""
    distance = np.arange(n)[:, None] - np.arange(n)[None, :]
    weight = np.exp(-0.5 * (distance / sigma_px) ** 2)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
