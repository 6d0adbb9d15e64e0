"""How a slope moves: rates over windows, tangent angle, time to failure by inverse velocity.

Rates are taken over windows that follow each other backwards from the newest
sample, never over neighbouring samples: noise and the daily warming of a
sensor are of the size of a dangerous rate over ten minutes.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array

FIT_POINTS_MIN = 4


def window_ends(time_s: Int64Array, window_s: int, n_windows: int) -> Int64Array:
    """Samples at the ends of consecutive windows, newest first, shape (n_series, n_windows + 1).

    The next one is the newest sample at least `window_s` earlier; -1 where
    there is none.

    Parameters
    ----------
    time_s : Int64Array, shape (n_series, n_samples)
        Ascending, padded in front with -1.

    Examples
    --------
    >>> window_ends(np.array([[-1, 0, 1800, 3600, 5400, 7200]]), 3600, 2)
    array([[5, 3, 1]])
    """
    n_series, n_samples = time_s.shape
    ends = np.full((n_series, n_windows + 1), -1, dtype=np.int64)
    at = np.where(time_s[:, -1] >= 0, n_samples - 1, -1)
    row = np.arange(n_series)
    for number in range(n_windows + 1):
        ends[:, number] = at
        limit_s = time_s[row, at] - window_s
        before = (time_s <= limit_s[:, None]) & (time_s >= 0)
        # Times ascend behind the padding: the last one that is early enough.
        last = n_samples - 1 - np.argmax(before[:, ::-1], axis=1)
        at = np.where((at >= 0) & before.any(axis=1), last, -1)
    return ends


def pick(values: Float64Array, ends: Int64Array) -> Float64Array:
    """Values at sample numbers, NaN where the number is -1; shape of `ends`."""
    picked: Float64Array = np.take_along_axis(values, np.maximum(ends, 0), axis=1)
    return np.where(ends >= 0, picked, np.nan)


def changes_per_s(time_s: Int64Array, value: Float64Array, ends: Int64Array, noise: float) -> Float64Array:
    """Rate over each window, newest first, shape (n_series, n_windows); changes within `noise` are none."""
    at_s, at = pick(time_s.astype(np.float64), ends), pick(value, ends)
    change = at[:, :-1] - at[:, 1:]
    change = np.where(np.abs(change) < noise, 0.0, change)
    rate: Float64Array = change / (at_s[:, :-1] - at_s[:, 1:])
    return rate


def value_at(time_s: Int64Array, value: Float64Array, at_s: Float64Array) -> Float64Array:
    """Newest value at or before each time, shape of `at_s` (n_series, m); NaN where there is none."""
    result = np.full(at_s.shape, np.nan)
    row = np.arange(len(time_s))
    for column in range(at_s.shape[1]):
        before = (time_s >= 0) & (time_s <= at_s[:, column, None])
        last = time_s.shape[1] - 1 - np.argmax(before[:, ::-1], axis=1)
        result[:, column] = np.where(before.any(axis=1), value[row, last], np.nan)
    return result


def persistent(rate: Float64Array, n_windows: int) -> Float64Array:
    """Rate that the newest `n_windows` windows all had, shape (n_series,); NaN if one is missing."""
    return np.asarray(rate[:, :n_windows].min(axis=1))


def tangent_angle_deg(rate: Float64Array, steady_rate: Float64Array) -> Float64Array:
    """Improved tangent angle: ``atan(v / v0)``, 45 degrees at the steady rate.

    >>> np.round(tangent_angle_deg(np.array([1.0, 2.0, 5.671, 11.430]), np.ones(4)), 2).tolist()
    [45.0, 63.43, 80.0, 85.0]
    """
    return np.asarray(np.degrees(np.arctan2(np.maximum(rate, 0.0), steady_rate)))


def time_to_failure(time: Float64Array, rate: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Time at which the inverse velocity reaches zero on a straight line, and how well the line fits.

    Parameters
    ----------
    time, rate : Float64Array, shape (n_series, n_windows)
        Newest first. The line goes through the newest rates up to the first
        that is not positive or not slower than the one after it: from there on the
        slope was not yet accelerating.

    Returns
    -------
    (Float64Array, Float64Array), shape (n_series,)
        Time in the unit of `time`, NaN with fewer than four rates or where the slope
        does not accelerate; and R2 of the line.

    Examples
    --------
    >>> found, r2 = time_to_failure(np.array([[3.0, 2, 1, 0]]), np.array([[5, 10 / 3, 2.5, 2]]))
    >>> round(float(found[0]), 6), round(float(r2[0]), 6)
    (5.0, 1.0)
    """
    counts = _accelerating(rate)
    inverse = np.where(counts, 1.0 / np.where(counts, rate, 1.0), 0.0)
    at = np.where(counts, time - time[:, :1], 0.0)
    n = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_at, mean_inverse = at.sum(axis=1) / n, inverse.sum(axis=1) / n
        off_at = np.where(counts, at - mean_at[:, None], 0.0)
        off_inverse = np.where(counts, inverse - mean_inverse[:, None], 0.0)
        spread = (off_at**2).sum(axis=1)
        slope = (off_at * off_inverse).sum(axis=1) / spread
        r2 = slope**2 * spread / (off_inverse**2).sum(axis=1)
        zero_at = mean_at - mean_inverse / slope
    fits = (n >= FIT_POINTS_MIN) & (slope < 0)
    return np.where(fits, time[:, 0] + zero_at, np.nan), np.where(fits, r2, np.nan)


def _accelerating(rate: Float64Array) -> BoolArray:
    """The newest rates while each is positive and slower than the one after it."""
    counts = rate > 0
    counts[:, 1:] &= rate[:, 1:] < rate[:, :-1]
    return np.asarray(np.logical_and.accumulate(counts, axis=1))
