"""Rain of villages from the rain of stations, by weights that were computed once.

Stations count by their weight times their coverage: a gauge that was silent
for half of a window counts half. A village none of whose stations reports is
*blind*: farther stations speak for it, and it is said so.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.model.network import StationWeights

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
    is_blind = ~np.any(is_reporting[own.station] & (own.weight > 0), axis=1)
    weights = own
    if is_blind.any():
        weights = _replace_rows(own, fallback, is_blind, is_reporting)
    rain, covered = weighted_mean(weights, rain_mm, coverage)
    return Combined(np.rint(rain * UM_PER_MM) / UM_PER_MM, covered, is_blind, weights)


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
    shape = (len(weights.station), value.shape[1])
    total, covered = np.zeros(shape), np.zeros(shape)
    share = coverage * value
    for k in range(weights.station.shape[1]):
        station, weight = weights.station[:, k], weights.weight[:, k, None]
        total += weight * share[station]
        covered += weight * coverage[station]
    with np.errstate(invalid="ignore"):
        return total / np.where(covered > 0, covered, np.nan), covered


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
    return StationWeights(
        np.where(pick, wide_fallback.station, wide_own.station),
        np.where(pick, usable, wide_own.weight),
        np.where(pick, wide_fallback.distance_m, wide_own.distance_m),
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
