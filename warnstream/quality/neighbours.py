"""Rain gauges against their neighbours: faulty zeros, high influx, station outliers.

The three filters of PWSQC (de Vos, Leijnse, Overeem and Uijlenhoet 2019,
Geophys. Res. Lett. 46, doi 10.1029/2019GL083731), made to run forward in time
for all gauges at once. Each interval of `step_s` is compared once, when it is
old enough for punctual readings to be there:

- *faulty zero*: no rain while the median of the neighbours was wet, for
  `zero_intervals` and one more, and `zero_mm_min` in all (the published filter
  has no such amount); it stays until the gauge reports rain;
- *high influx*: more than `influx_high_mm` where the median is below
  `influx_low_mm`, more than that ratio of the median above it;
- *outlier*: the median of the correlations with the neighbours over the last
  rain is below `outlier_correlation_min`. The published filter takes a window
  of two weeks that reaches further back where it was dry; here the past fades
  with `outlier_memory` intervals in which it rained at the gauge or around it,
  which needs no history: six sums per pair.

An interval of which less than half was observed counts neither for nor
against: silence is not dryness. With fewer than `neighbours_min` neighbours
nothing is said.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.policies import NeighbourPolicy
from warnstream.model.times import HOUR_S
from warnstream.quality.dry_runs import DryRuns

_WEIGHT_MAX = 1e9
"""Newer intervals weigh more, by a factor that grows; beyond this all sums are scaled back."""


class NeighbourChecks:
    """Faulty zeros, high influx and outliers of one network.

    Parameters
    ----------
    neighbours : StationNeighbours
    policy : NeighbourPolicy

    Attributes
    ----------
    zeros : DryRuns
        Faulty zeros of all stations.
    is_outlier : BoolArray, shape (n_stations,)
    influx_at_s : Int64Array, shape (n_stations,)
        End of the newest interval of high influx; -1 where there was none.
    """

    def __init__(self, neighbours: StationNeighbours, policy: NeighbourPolicy) -> None:
        n_stations, k = neighbours.station.shape
        self._policy = policy
        self._n_stations = n_stations
        # The padding points at a station behind the last, whose rain is never known.
        self._near: Int32Array = np.where(neighbours.is_there, neighbours.station, n_stations).astype(
            np.int32
        )
        self.zeros = DryRuns(
            n_stations, intervals=policy.zero_intervals, mm_min=policy.zero_mm_min, step_s=policy.step_s
        )
        self.influx_at_s: Int64Array = np.full(n_stations, -1, dtype=np.int64)
        self.is_outlier: BoolArray = np.zeros(n_stations, dtype=np.bool_)
        self.is_judged: BoolArray = np.zeros(n_stations, dtype=np.bool_)
        self.neighbour_mm: Float64Array = np.full(n_stations, np.nan)
        self._weight: Float64Array = np.ones(n_stations)
        self._sums: Float64Array = np.zeros((6, n_stations, k))  # n, x, y, xx, yy, xy
        self._wet: Float64Array = np.zeros((n_stations, k))

    def step(self, rain_mm: Float64Array, end_s: int) -> BoolArray:
        """Compare one interval; intervals come in order, each once.

        Parameters
        ----------
        rain_mm : Float64Array, shape (n_stations,)
            Rain of the interval; NaN where it was not observed.
        end_s : int
            Its end.

        Returns
        -------
        BoolArray, shape (n_stations,)
            Gauges of high influx in this interval.
        """
        policy = self._policy
        near_mm = np.append(rain_mm, np.nan)[self._near]
        if not (rain_mm > 0).any():
            return self._step_dry(rain_mm, near_mm, end_s)
        median_mm, n_known = median_of(near_mm)
        enough = n_known >= policy.neighbours_min
        self.neighbour_mm = np.where(enough, median_mm, np.nan)
        self.zeros.step(rain_mm, np.where(enough, median_mm, 0.0), end_s)
        ratio = policy.influx_high_mm / policy.influx_low_mm
        limit_mm = np.where(
            median_mm < policy.influx_low_mm, policy.influx_high_mm, np.nan_to_num(median_mm) * ratio
        )
        influx: BoolArray = enough & (rain_mm > limit_mm)
        self.influx_at_s[influx] = end_s
        self._correlate(np.where(influx | self.zeros.is_faulty_zero, np.nan, rain_mm), end_s)
        return influx

    def snapshot(self) -> dict[str, np.ndarray]:
        """State as arrays."""
        return {
            **self.zeros.snapshot(),
            "influx_at_s": self.influx_at_s.copy(),
            "is_outlier": self.is_outlier.copy(),
            "is_judged": self.is_judged.copy(),
            "neighbour_mm": self.neighbour_mm.copy(),
            "weight": self._weight.copy(),
            "sums": self._sums.copy(),
            "wet": self._wet.copy(),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up a snapshot.

        Raises
        ------
        ValueError
            If it was taken of a network with other neighbours.
        """
        if state["sums"].shape != self._sums.shape:
            raise ValueError(
                f"snapshot has neighbours of {state['sums'].shape}, this network has {self._sums.shape}"
            )
        self.zeros.restore(state)
        self.influx_at_s[:] = state["influx_at_s"]
        self.is_outlier[:] = state["is_outlier"]
        self.is_judged[:] = state["is_judged"]
        self.neighbour_mm = state["neighbour_mm"].copy()
        self._weight[:] = state["weight"]
        self._sums[:] = state["sums"]
        self._wet[:] = state["wet"]

    def _step_dry(self, rain_mm: Float64Array, near_mm: Float64Array, end_s: int) -> BoolArray:
        """It rains nowhere: what most intervals are, and most of the work is not needed."""
        known = ~np.isnan(near_mm)
        self.neighbour_mm = np.where(known.sum(axis=1) >= self._policy.neighbours_min, 0.0, np.nan)
        self.zeros.step_dry()
        self._sums[0] += self._weight[:, None] * (known & ~np.isnan(rain_mm)[:, None])
        self._judge_hourly(end_s)
        return np.zeros(self._n_stations, dtype=np.bool_)

    def _correlate(self, own_mm: Float64Array, end_s: int) -> None:
        """Add an interval to the sums of every pair; both must know it, and not be doubted in it."""
        near_mm = np.append(own_mm, np.nan)[self._near]
        known = ~np.isnan(own_mm)[:, None] & ~np.isnan(near_mm)
        x = np.where(known, own_mm[:, None], 0.0)
        y = np.where(known, near_mm, 0.0)
        self._fade(np.asarray((np.maximum(x, y) > 0).any(axis=1)))
        weight = self._weight[:, None]
        for number, value in enumerate((known, x, y, x * x, y * y, x * y)):
            self._sums[number] += weight * value
        self._wet += weight * (y > 0)
        self._judge_hourly(end_s)

    def _fade(self, rained: BoolArray) -> None:
        """The past weighs less where it rained: all that comes after weighs more."""
        self._weight[rained] *= np.exp(1.0 / self._policy.outlier_memory)
        heavy = self._weight > _WEIGHT_MAX
        if heavy.any():
            scale = self._weight[heavy, None]
            self._sums[:, heavy] /= scale
            self._wet[heavy] /= scale
            self._weight[heavy] = 1.0

    def _judge_hourly(self, end_s: int) -> None:
        """Outliers change slowly: they are judged once an hour."""
        if end_s % HOUR_S:
            return
        policy = self._policy
        n, x, y, xx, yy, xy = self._sums
        spread_x, spread_y = n * xx - x * x, n * yy - y * y
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = (n * xy - x * y) / np.sqrt(spread_x * spread_y)
        matched = (self._wet >= policy.outlier_wet_min * self._weight[:, None]) & (spread_x * spread_y > 0)
        median, n_matched = median_of(np.where(matched, correlation, np.nan))
        self.is_judged = n_matched >= policy.neighbours_min
        self.is_outlier = self.is_judged & (median < policy.outlier_correlation_min)


def median_of(value: Float64Array) -> tuple[Float64Array, Int64Array]:
    """Median of each row and how many of its values are known; NaN is not known.

    >>> median, n_known = median_of(np.array([[3.0, np.nan, 1.0, 2.0], [4.0, 8.0, np.nan, np.nan]]))
    >>> median.tolist(), n_known.tolist()
    ([2.0, 6.0], [3, 2])
    """
    n_known = np.count_nonzero(~np.isnan(value), axis=1)
    if value.shape[1] == 0:
        return np.full(len(value), np.nan), n_known.astype(np.int64)
    ordered = np.sort(value, axis=1)  # NaN last
    row = np.arange(len(value))
    last = value.shape[1] - 1
    low, high = np.maximum(n_known - 1, 0) // 2, np.minimum(n_known // 2, last)
    median: Float64Array = (ordered[row, low] + ordered[row, high]) / 2.0
    return median, n_known.astype(np.int64)
