"""Rain of villages from the rain of stations, by weights that were computed once.

Stations count by their weight times their coverage: a gauge that was silent
for half of a window counts half. A village none of whose stations reports is
*blind*: farther stations speak for it, and it is said so.

A gauge that quality control holds for clogged (faulty zero) or stuck counts
less for the time since it stopped measuring, and its neighbours more. What it
did measure is never lost by that: a village has at least the rain that it
would have if the zeros of a clogged gauge were believed.

Cost: about 1 ns per village, station and column; columns are worked on one by
one, contiguous in memory, a block of villages at a time.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array, IntpArray
from warnstream.model.network import StationWeights
from warnstream.model.station_quality import StationFlag, StationQuality

_BLOCK = 8192
"""Villages worked on at once: their columns stay in the cache."""
UM_PER_MM = 1000
"""Village rain is rounded to the micrometre, so that equal gauges give exactly their common value."""


@dataclass(frozen=True, slots=True)
class Combined:
    """Rain and coverage of villages, shape (n_villages, n_durations), and the weights that were used.

    `heard` is the share by weight of a village's own stations that speak, shape (n_villages,).
    """

    rain_mm: Float64Array
    coverage: Float64Array
    is_blind: BoolArray
    heard: Float64Array
    weights: StationWeights


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """What gauges did not measure though they reported.

    Attributes
    ----------
    station : Int64Array, shape (n,)
    share : Float64Array, shape (n, n_durations)
        Part of each window that counts as not observed.
    is_zero : BoolArray, shape (n,)
        The gauge is clogged; others are stuck.
    """

    station: Int64Array
    share: Float64Array
    is_zero: BoolArray

    def less(self, coverage: Float64Array) -> Float64Array:
        """Coverage of all stations without what was not measured."""
        measured = coverage.copy()
        measured[self.station] = np.maximum(coverage[self.station] - self.share, 0.0)
        return measured

    def of_stuck(self) -> "Unmeasured":
        """The part of the gauges that are not clogged."""
        stuck = ~self.is_zero
        return Unmeasured(self.station[stuck], self.share[stuck], self.is_zero[stuck])


def combine(
    own: StationWeights,
    fallback: StationWeights,
    rain_mm: Float64Array,
    coverage: Float64Array,
    speaks: BoolArray,
    *,
    unmeasured: Unmeasured | None = None,
) -> Combined:
    """Rain of every village.

    Parameters
    ----------
    own, fallback : StationWeights
        Weights of the village's stations, and of the farther ones that speak for a blind village.
    rain_mm, coverage : Float64Array, shape (n_stations, n_durations)
    speaks : BoolArray, shape (n_stations,)
        Stations that report and measure.
    unmeasured : Unmeasured, optional
        What part of each window doubted gauges did not measure.

    Returns
    -------
    Combined
        `rain_mm` is NaN where no station observed any part of the window.
    """
    heard = np.zeros(len(own.station))
    is_blind = np.ones(len(own.station), dtype=np.bool_)
    for station, weight in zip(own.station.T, own.weight.T, strict=True):
        speaks_here = speaks[station]
        heard += np.where(speaks_here, weight, 0.0)
        is_blind &= ~(speaks_here & (weight > 0))
    weights = own
    if is_blind.any():
        weights = _replace_rows(own, fallback, is_blind, speaks)
    if unmeasured is None or len(unmeasured.station) == 0:
        rain, covered = weighted_mean(weights, rain_mm, coverage)
    else:
        rain, covered = weighted_mean(weights, rain_mm, unmeasured.less(coverage))
        if unmeasured.is_zero.any():
            believed, _ = weighted_mean(own, rain_mm, unmeasured.of_stuck().less(coverage))
            touched = _touched(own, unmeasured.station[unmeasured.is_zero], len(rain_mm))
            rain[touched] = np.fmax(rain[touched], believed[touched])
    rain *= UM_PER_MM
    np.rint(rain, out=rain)
    rain /= UM_PER_MM
    return Combined(rain, covered, is_blind, heard, weights)


def unmeasured_share(
    quality: StationQuality, station: Int64Array, begin_s: Int64Array, end_s: Int64Array
) -> Unmeasured:
    """How much of each window doubted gauges did not measure.

    Parameters
    ----------
    quality : StationQuality
    station : Int64Array, shape (n,)
        The gauges that have not measured since some time.
    begin_s, end_s : Int64Array, shape (n, n_durations)
        Their windows.
    """
    since_s = quality.since_s[station, None]
    length_s = np.maximum(end_s - begin_s, 1)
    part = np.clip((end_s - np.maximum(since_s, begin_s)) / length_s, 0.0, 1.0)
    share = part * (1.0 - quality.confidence[station, None])
    return Unmeasured(station, share, quality.has(StationFlag.FAULTY_ZERO)[station])


def by_column(weights: StationWeights) -> StationWeights:
    """The same weights, the k-th station of all villages side by side in memory."""
    return StationWeights(
        np.asfortranarray(weights.station),
        np.asfortranarray(weights.weight),
        np.asfortranarray(weights.distance_m),
    )


def weighted_mean(
    weights: StationWeights, value: Float64Array, coverage: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Values of villages by weight times coverage, and their coverage.

    Parameters
    ----------
    weights : StationWeights
    value, coverage : Float64Array, shape (n_stations, n_columns)

    Returns
    -------
    (Float64Array, Float64Array), shape (n_villages, n_columns)
        The value is NaN where the coverage is 0.
    """
    n_villages, n_columns = len(weights.station), value.shape[1]
    total, covered = np.zeros((n_columns, n_villages)), np.empty((n_columns, n_villages))
    cover = np.ascontiguousarray(coverage.T, dtype=np.float64)
    share = cover * value.T
    is_wet = np.any(share, axis=1).tolist()
    has_gap: BoolArray = np.any(cover != 1.0, axis=0)
    for first in range(0, n_villages, _BLOCK):
        rows = slice(first, first + _BLOCK)
        near = _Near(
            [column.astype(np.intp) for column in weights.station[rows].T],
            list(np.ascontiguousarray(weights.weight[rows].T)),
        )
        for column in range(n_columns):
            if is_wet[column]:
                near.add(share[column], total[column, rows])
        _cover(near, cover, has_gap, covered[:, rows])
    with np.errstate(invalid="ignore"):
        total /= covered  # 0 / 0 where nothing was observed
    return total.T, covered.T


@dataclass(frozen=True, slots=True)
class _Near:
    """The stations of some villages and their weights: k-th station, shape (n_villages,) each."""

    station: list[IntpArray]
    weight: list[Float64Array]

    def add(self, value: Float64Array, total: Float64Array) -> None:
        """Add the weighted values of the stations to `total`, in place."""
        part = np.empty(len(total))
        for station, weight in zip(self.station, self.weight, strict=True):
            value.take(station, out=part, mode="clip")
            part *= weight
            total += part

    def of(self, rows: IntpArray) -> "_Near":
        """Those of some of the villages."""
        return _Near([s[rows] for s in self.station], [w[rows] for w in self.weight])


def _cover(near: _Near, cover: Float64Array, has_gap: BoolArray, covered: Float64Array) -> None:
    """Coverage of some villages, shape (n_columns, n_villages), into `covered`.

    Where none of a village's stations has a gap in any window, it is the sum of
    the weights: the usual case, and the very number that the long way gives.
    """
    covered[:] = 0.0
    some_gap = np.zeros(covered.shape[1], dtype=np.bool_)
    for station, weight in zip(near.station, near.weight, strict=True):
        some_gap |= has_gap[station]
        covered[0] += weight
    covered[1:] = covered[0]
    rows = np.flatnonzero(some_gap)
    if len(rows) == 0:
        return
    affected = near.of(rows)
    for column, of_stations in enumerate(cover):
        sums = np.zeros(len(rows))
        affected.add(of_stations, sums)
        covered[column, rows] = sums


def greatest(weights: StationWeights, value: Float64Array) -> Float64Array:
    """Greatest value of each village's stations, shape (n_villages,); 0 where it has none."""
    counts = weights.weight > 0
    best: Float64Array = np.where(counts, value[weights.station], 0.0).max(axis=1, initial=0.0)
    return best


def _touched(weights: StationWeights, station: Int64Array, n_stations: int) -> BoolArray:
    """Villages that give weight to any of the stations, shape (n_villages,)."""
    is_named = np.zeros(n_stations, dtype=np.bool_)
    is_named[station] = True
    return np.asarray((is_named[weights.station] & (weights.weight > 0)).any(axis=1))


def _replace_rows(
    own: StationWeights, fallback: StationWeights, rows: BoolArray, speaks: BoolArray
) -> StationWeights:
    """Own weights, but for `rows` the reporting ones among the fallback stations."""
    k = max(own.station.shape[1], fallback.station.shape[1])
    wide_own, wide_fallback = _widen(own, k), _widen(fallback, k)
    usable = np.where(speaks[wide_fallback.station], wide_fallback.weight, 0.0)
    total = usable.sum(axis=1, keepdims=True)
    usable = np.divide(usable, total, out=np.zeros_like(usable), where=total > 0)
    pick = rows[:, None]
    return by_column(
        StationWeights(
            np.where(pick, wide_fallback.station, wide_own.station),
            np.where(pick, usable, wide_own.weight),
            np.where(pick, wide_fallback.distance_m, wide_own.distance_m),
        )
    )


def _widen(weights: StationWeights, k: int) -> StationWeights:
    missing = k - weights.station.shape[1]
    if missing == 0:
        return weights
    pad = ((0, 0), (0, missing))
    return StationWeights(
        np.pad(weights.station, pad),
        np.pad(weights.weight, pad),
        np.pad(weights.distance_m, pad, constant_values=np.inf),
    )
