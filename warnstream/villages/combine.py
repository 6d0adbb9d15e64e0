"""Rain of villages from the rain of stations, by weights that were computed once.

Stations count by their weight times their coverage: a gauge that was silent
for half of a window counts half. A village none of whose stations reports is
*blind*: farther stations speak for it, and it is said so.

Cost: about 1 ns per village, station and column; columns are worked on one by
one, contiguous in memory, a block of villages at a time.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, IntpArray
from warnstream.model.network import StationWeights

_BLOCK = 8192
"""Villages worked on at once: their columns stay in the cache."""
UM_PER_MM = 1000
"""Village rain is rounded to the micrometre, so that equal gauges give exactly their common value."""


@dataclass(frozen=True, slots=True)
class Combined:
    """Rain and coverage of villages, shape (n_villages, n_durations), and the weights that were used."""

    rain_mm: Float64Array
    coverage: Float64Array
    is_blind: BoolArray
    weights: StationWeights


def combine(
    own: StationWeights,
    fallback: StationWeights,
    rain_mm: Float64Array,
    coverage: Float64Array,
    is_reporting: BoolArray,
) -> Combined:
    """Rain of every village.

    Parameters
    ----------
    own, fallback : StationWeights
        Weights of the village's stations, and of the farther ones that speak for a blind village.
    rain_mm, coverage : Float64Array, shape (n_stations, n_durations)
    is_reporting : BoolArray, shape (n_stations,)
        Stations that are not silent.

    Returns
    -------
    Combined
        `rain_mm` is NaN where no station observed any part of the window.
    """
    weights, is_blind = weights_in_use(own, fallback, is_reporting)
    rain, covered = weighted_mean(weights, rain_mm, coverage)
    rain *= UM_PER_MM
    np.rint(rain, out=rain)
    rain /= UM_PER_MM
    return Combined(rain, covered, is_blind, weights)


def weights_in_use(
    own: StationWeights, fallback: StationWeights, is_reporting: BoolArray
) -> tuple[StationWeights, BoolArray]:
    """Own weights, but those of reporting farther stations for blind villages; and which are blind."""
    is_blind = np.ones(len(own.station), dtype=np.bool_)
    for k in range(own.station.shape[1]):
        is_blind &= ~is_reporting[own.station[:, k]] | (own.weight[:, k] <= 0)
    if is_blind.any():
        return _replace_rows(own, fallback, is_blind, is_reporting), is_blind
    return own, is_blind


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
    total, covered = np.zeros((n_columns, n_villages)), np.zeros((n_columns, n_villages))
    cover = np.ascontiguousarray(coverage.T, dtype=np.float64)
    share = cover * value.T
    is_repeated = [
        column > 0 and np.array_equal(cover[column], cover[column - 1]) for column in range(n_columns)
    ]
    is_wet = np.any(share, axis=1).tolist()
    for first in range(0, n_villages, _BLOCK):
        rows = slice(first, first + _BLOCK)
        stations = [column.astype(np.intp) for column in weights.station[rows].T]
        weight = np.ascontiguousarray(weights.weight[rows].T)
        for column in range(n_columns):
            if is_wet[column]:
                _add_weighted(share[column], stations, weight, total[column, rows])
            if is_repeated[column]:
                covered[column, rows] = covered[column - 1, rows]
            else:
                _add_weighted(cover[column], stations, weight, covered[column, rows])
    with np.errstate(invalid="ignore"):
        total /= covered  # 0 / 0 where nothing was observed
    return total.T, covered.T


def _add_weighted(
    value: Float64Array, stations: list[IntpArray], weight: Float64Array, total: Float64Array
) -> None:
    """Add the weighted values of the stations of some villages to `total`, in place."""
    part = np.empty(len(total))
    for station, share in zip(stations, weight, strict=True):
        value.take(station, out=part, mode="clip")
        part *= share
        total += part


def greatest(weights: StationWeights, value: Float64Array) -> Float64Array:
    """Greatest value of each village's stations, shape (n_villages,); 0 where it has none."""
    counts = weights.weight > 0
    best: Float64Array = np.where(counts, value[weights.station], 0.0).max(axis=1, initial=0.0)
    return best


def _replace_rows(
    own: StationWeights, fallback: StationWeights, rows: BoolArray, is_reporting: BoolArray
) -> StationWeights:
    """Own weights, but for `rows` the reporting ones among the fallback stations."""
    k = max(own.station.shape[1], fallback.station.shape[1])
    wide_own, wide_fallback = _widen(own, k), _widen(fallback, k)
    usable = np.where(is_reporting[wide_fallback.station], wide_fallback.weight, 0.0)
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
