"""The last samples of many series, thinned to a spacing, in order of time.

Of the readings within one spacing the last is kept, of two readings of one
time the greater (the safe side). What is kept depends on the readings alone,
not on the order of their arrival, as long as they are not older than the
oldest sample of a full series.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, rows_where


class SampleRing:
    """Samples of `n_series` series; newest last, padded in front with time -1 and NaN.

    Attributes
    ----------
    time_s : Int64Array, shape (n_series, n_samples)
    value : Float64Array, shape (n_series, n_samples)
    """

    def __init__(self, n_series: int, n_samples: int, spacing_s: int) -> None:
        self.time_s: Int64Array = np.full((n_series, n_samples), -1, dtype=np.int64)
        self.value: Float64Array = np.full((n_series, n_samples), np.nan)
        self._spacing_s = spacing_s

    def add(self, series: Int32Array, observed_at_s: Int64Array, value: Float64Array) -> None:
        """Take readings of shape (n,)."""
        if len(series) == 0:
            return
        first, count = np.unique(series, return_counts=True)
        is_lone = np.zeros(len(self.time_s), dtype=np.bool_)
        is_lone[first[count == 1]] = True
        follows = is_lone[series] & (observed_at_s > self.time_s[series, -1])
        self._append(series[follows], observed_at_s[follows], value[follows])
        self._merge(series[~follows], observed_at_s[~follows], value[~follows])

    def snapshot(self) -> dict[str, Float64Array | Int64Array]:
        """State as arrays."""
        return {"time_s": self.time_s.copy(), "value": self.value.copy()}

    def restore(self, state: dict[str, Float64Array | Int64Array]) -> None:
        """Take up a snapshot.

        Raises
        ------
        ValueError
            If it was taken of rings of another shape.
        """
        if state["time_s"].shape != self.time_s.shape:
            raise ValueError(
                f"snapshot has samples of {state['time_s'].shape}, this network needs {self.time_s.shape}"
            )
        self.time_s[:] = state["time_s"]
        self.value[:] = state["value"]

    def _append(self, series: Int32Array, observed_at_s: Int64Array, value: Float64Array) -> None:
        """The usual case: one reading per series, newer than all before."""
        newest_s = self.time_s[series, -1]
        opens = (newest_s < 0) | (observed_at_s // self._spacing_s > newest_s // self._spacing_s)
        shifted = series[opens]
        self.time_s[shifted, :-1] = self.time_s[shifted, 1:]
        self.value[shifted, :-1] = self.value[shifted, 1:]
        self.time_s[series, -1] = observed_at_s
        self.value[series, -1] = value

    def _merge(self, series: Int32Array, observed_at_s: Int64Array, value: Float64Array) -> None:
        """Any readings: those of the series together with what they hold, thinned again."""
        if len(series) == 0:
            return
        rows = np.unique(series)
        n_samples = self.time_s.shape[1]
        all_series = np.concatenate([np.repeat(rows, n_samples), series])
        all_time_s = np.concatenate([self.time_s[rows].ravel(), observed_at_s])
        all_value = np.concatenate([self.value[rows].ravel(), value])
        known = all_time_s >= 0
        order = rows_where(known)[np.lexsort((all_value[known], all_time_s[known], all_series[known]))]
        all_series, all_time_s, all_value = all_series[order], all_time_s[order], all_value[order]
        bucket = all_time_s // self._spacing_s
        is_last = _is_last(all_series, bucket)
        all_series, all_time_s, all_value = all_series[is_last], all_time_s[is_last], all_value[is_last]
        end = np.searchsorted(all_series, all_series, side="right")
        place = n_samples - (end - np.arange(len(all_series)))
        kept = place >= 0
        self.time_s[rows], self.value[rows] = -1, np.nan
        self.time_s[all_series[kept], place[kept]] = all_time_s[kept]
        self.value[all_series[kept], place[kept]] = all_value[kept]


def _is_last(series: Int32Array, bucket: Int64Array) -> BoolArray:
    """Where a sorted row is the last of its series and bucket."""
    is_last = np.ones(len(series), dtype=np.bool_)
    is_last[:-1] = (series[1:] != series[:-1]) | (bucket[1:] != bucket[:-1])
    return is_last


def robust_slope(time_s: Int64Array, value: Float64Array, since_s: Int64Array) -> Float64Array:
    """Theil-Sen slope of each series: the median of the slopes between all pairs of samples.

    One wild sample of five or more moves it hardly at all.

    Parameters
    ----------
    time_s, value : shape (n_series, n_samples)
        As `SampleRing` holds them.
    since_s : Int64Array, shape (n_series,)
        Samples before that time do not count.

    Returns
    -------
    Float64Array, shape (n_series,)
        Per second; NaN with fewer than three samples.

    Examples
    --------
    >>> time_s = np.array([[0, 300, 600, 900]])
    >>> round(float(robust_slope(time_s, np.array([[1.0, 1.3, 9.9, 1.9]]), np.array([0]))[0]), 6)
    0.001
    """
    counts = (time_s >= since_s[:, None]) & ~np.isnan(value)
    first, second = np.triu_indices(time_s.shape[1], k=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (value[:, second] - value[:, first]) / (time_s[:, second] - time_s[:, first])
    slope[~(counts[:, first] & counts[:, second])] = np.nan
    slope.sort(axis=1)  # NaN last
    n = np.count_nonzero(~np.isnan(slope), axis=1)
    row = np.arange(len(slope))
    low, high = np.maximum(n - 1, 0) // 2, np.minimum(n // 2, slope.shape[1] - 1)
    median: Float64Array = (slope[row, low] + slope[row, high]) / 2.0
    return np.where(counts.sum(axis=1) >= 3, median, np.nan)
