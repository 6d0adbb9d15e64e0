"""What a radar's rain is multiplied by at places, from the gauges of the last hour.

One factor for the field, then what gauges near a place say beyond it, as logarithms smoothed over `SPREAD_M`
and drawn towards nothing where they are few or far. Kept within `FACTOR_MIN` and `FACTOR_MAX`.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.forecast.gridding import nearest_gauges
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array

WINDOW_S = 3600
SPREAD_M = 15_000.0
NEAREST = 24
PAIRS_MIN = 5
"""Fewer gauges where both saw rain make no factor."""
PAIR_MM = 0.5
OFFSET_MM = 1.0
"""Added to both sides of a local ratio: of little rain it says little."""
FACTOR_MIN, FACTOR_MAX = 1 / 2.7, 4.0


@dataclass(frozen=True, slots=True, eq=False)
class GaugePairs:
    """Rain of the last hour at rain gauges, as they measured it and as the radar saw it.

    Attributes
    ----------
    gauge_mm, radar_mm : Float64Array, shape (n_gauges,)
    is_whole : BoolArray, shape (n_gauges,)
        Both observed nearly all of it, and nobody doubts the gauge.
    """

    gauge_mm: Float64Array
    radar_mm: Float64Array
    is_whole: BoolArray


class Adjustment:
    """The factors of one network.

    Parameters
    ----------
    gauge_xy_m, place_xy_m : Float64Array, shape (n_gauges, 2), (n_places, 2)
        Rain gauges and places in the same local metres.
    """

    def __init__(self, gauge_xy_m: Float64Array, place_xy_m: Float64Array) -> None:
        self._n_places = len(place_xy_m)
        self._near: Int64Array = np.zeros((self._n_places, 0), dtype=np.int64)
        self._weight: Float64Array = np.zeros((self._n_places, 0))
        if len(gauge_xy_m):
            self._near, squared_m2 = nearest_gauges(place_xy_m, gauge_xy_m, min(NEAREST, len(gauge_xy_m)))
            self._weight = np.exp(-squared_m2 / (2.0 * SPREAD_M**2))

    def of_places(self, places: Int64Array) -> "Adjustment":
        """Those of some places."""
        part = object.__new__(Adjustment)
        part._n_places = len(places)
        part._near, part._weight = self._near[places], self._weight[places]
        return part

    def factors(self, pairs: GaugePairs | None) -> Float64Array | None:
        """What rain is multiplied by, shape (n_places,); None: too few gauges can tell."""
        if pairs is None:
            return None
        wet = pairs.is_whole & (pairs.gauge_mm >= PAIR_MM) & (pairs.radar_mm >= PAIR_MM)
        if int(wet.sum()) < PAIRS_MIN:
            return None
        mean = float(pairs.gauge_mm[wet].sum() / pairs.radar_mm[wet].sum())
        mean = min(max(mean, FACTOR_MIN), FACTOR_MAX)
        known = pairs.is_whole & ((pairs.gauge_mm >= PAIR_MM) | (pairs.radar_mm >= PAIR_MM))
        gauge_mm, radar_mm = np.nan_to_num(pairs.gauge_mm), np.nan_to_num(pairs.radar_mm)
        beyond = np.log((gauge_mm + OFFSET_MM) / (mean * radar_mm + OFFSET_MM))
        weight = self._weight * known[self._near]
        local = (weight * beyond[self._near]).sum(axis=1) / (1.0 + weight.sum(axis=1))
        return np.asarray(np.clip(mean * np.exp(local), FACTOR_MIN, FACTOR_MAX))
