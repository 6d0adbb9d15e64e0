"""What gauges say of the rain to come: the place's own rain, its neighbours', hour and season.

The last 15 minutes predict better than the last 60, and neighbours add more than
motion does (docs/forecast.md). Amounts enter as ``ln(1 + mm)``. Distances are those
that were fitted on a network with 4 to 8 km between gauges.

Limit: `NEAREST` gauges per place; 2,855 places and 700 gauges cost a few milliseconds.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.forecast.gridding import nearest_gauges
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.network import StationWeights
from warnstream.model.times import DAY_S, MINUTE_S

STEP_S = 15 * MINUTE_S
STEPS = (1, 2, 4, 12)
"""Sums of that many steps: 15, 30, 60 and 180 minutes."""

NEAREST = 64
NEAR_M, AROUND_M = 4_000.0, 12_000.0
"""Standard deviations of the Gaussian means of the neighbours."""
MOST_M = (10_000.0, 20_000.0)
REGION_M = 40_000.0
WET_MM = 0.2
YEAR_S = 365.2425 * DAY_S

FEATURES = (
    "one",
    "own_15min",
    "own_30min",
    "own_60min",
    "own_180min",
    "near_15min",
    "near_60min",
    "around_15min",
    "around_60min",
    "most_10km_15min",
    "most_20km_15min",
    "most_20km_60min",
    "wet_share",
    "region_60min",
    "hour_sin",
    "hour_cos",
    "season_sin",
    "season_cos",
)
"""In the order of the last axis of what `PlaceFeatures.of` gives, and of the table's rows."""


@dataclass(frozen=True, slots=True)
class GaugeSums:
    """Rain of every gauge over the last 15, 30, 60 and 180 minutes, mm.

    Attributes
    ----------
    rain_mm : Float64Array, shape (..., 4, n_stations)
        NaN where a gauge has not reported in the last step, or less than half of the time.
    """

    rain_mm: Float64Array

    @classmethod
    def of_steps(cls, steps_mm: Float64Array) -> "GaugeSums":
        """From steps of 15 minutes, shape (12, n_stations), oldest first; NaN: not reported.

        What a gauge missed it is held to have measured at its own mean rate.
        """
        if steps_mm.ndim != 2 or len(steps_mm) != STEPS[-1]:
            raise ValueError(f"expected shape ({STEPS[-1]}, n_stations), got {steps_mm.shape}")
        known = ~np.isnan(steps_mm)
        sums = []
        for n_steps in STEPS:
            count = known[-n_steps:].sum(axis=0)
            total = np.nansum(steps_mm[-n_steps:], axis=0) * (n_steps / np.maximum(count, 1))
            sums.append(np.where(known[-1] & (2 * count >= n_steps), total, np.nan))
        return cls(np.stack(sums))


class PlaceFeatures:
    """The features of some places, with everything precomputed that does not change.

    Parameters
    ----------
    station_xy_m : Float64Array, shape (n_stations, 2)
    place_xy_m : Float64Array, shape (n_places, 2)
    own : StationWeights
        Which gauges speak for each place.
    """

    def __init__(self, station_xy_m: Float64Array, place_xy_m: Float64Array, own: StationWeights) -> None:
        self._own = own
        main = own.station[np.arange(len(own.station)), own.weight.argmax(axis=1)]
        self._near, squared_m2 = nearest_gauges(place_xy_m, station_xy_m, min(NEAREST, len(station_xy_m)))
        other = self._near != main[:, None]
        self._weight = {
            spread_m: np.where(other, np.exp(-squared_m2 / (2.0 * spread_m**2)), 0.0)
            for spread_m in (NEAR_M, AROUND_M)
        }
        self._within = {reach_m: squared_m2 <= reach_m**2 for reach_m in (*MOST_M, REGION_M)}

    def __len__(self) -> int:
        return len(self._own.station)

    def of_places(self, places: Int64Array) -> "PlaceFeatures":
        """Those of some of the places."""
        part = object.__new__(PlaceFeatures)
        part._own = self._own.of_places(places)  # of the same class
        part._near = self._near[places]
        part._weight = {spread_m: weight[places] for spread_m, weight in self._weight.items()}
        part._within = {reach_m: within[places] for reach_m, within in self._within.items()}
        return part

    def of(self, sums: GaugeSums, at_s: Int64Array | int) -> Float64Array:
        """Features of every place.

        Parameters
        ----------
        sums : GaugeSums
        at_s : int, or Int64Array with the leading shape of `sums`
            When those sums end, seconds UTC.

        Returns
        -------
        Float64Array, shape (..., n_places, n_features)
            NaN throughout where no own gauge speaks for a place.
        """
        rain_mm = sums.rain_mm
        own = [self._own_mm(rain_mm[..., column, :]) for column in range(len(STEPS))]
        for longer in range(1, len(STEPS)):  # a gauge that is back has no three hours to show yet
            own[longer] = np.where(np.isnan(own[longer]), own[longer - 1], own[longer])
        last, half, hour = (rain_mm[..., column, :][..., self._near] for column in range(3))
        near, around = self._weight[NEAR_M], self._weight[AROUND_M]
        region = self._within[REGION_M]
        amounts = [
            *own,
            _mean(last, near, own[0]),
            _mean(hour, near, own[2]),
            _mean(last, around, own[0]),
            _mean(hour, around, own[2]),
            *(_most(last, self._within[reach_m]) for reach_m in MOST_M),
            _most(hour, self._within[MOST_M[1]]),
        ]
        wet = np.where(np.isnan(half), np.nan, half >= WET_MM)
        n_places, shape = len(self), amounts[0].shape
        turns = [np.broadcast_to(turn[..., None], shape) for turn in _turns(np.asarray(at_s, dtype=np.int64))]
        found = [
            np.where(np.isnan(own[0]), np.nan, 1.0),
            *(np.log1p(amount) for amount in amounts),
            _mean(wet, region.astype(np.float64), np.zeros(n_places)),
            np.log1p(_mean(hour, region.astype(np.float64), own[2])),
            *turns,
        ]
        return np.stack(found, axis=-1)

    def _own_mm(self, rain_mm: Float64Array) -> Float64Array:
        return _mean(rain_mm[..., self._own.station], self._own.weight, np.full(len(self), np.nan))


def _mean(value: Float64Array, weight: Float64Array, otherwise: Float64Array) -> Float64Array:
    """Weighted mean along the last axis over what is known; `otherwise` where nothing is."""
    known = ~np.isnan(value)
    total = (weight * known).sum(axis=-1)
    mean = (weight * np.where(known, value, 0.0)).sum(axis=-1) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, mean, otherwise)


def _most(value: Float64Array, within: np.ndarray) -> Float64Array:
    """Greatest known value along the last axis; 0 where nothing is known."""
    return np.asarray(np.max(np.where(within & ~np.isnan(value), value, 0.0), axis=-1))


def _turns(at_s: Int64Array) -> tuple[Float64Array, ...]:
    """The hour of the day and the season as points on circles."""
    day, year = 2 * np.pi * (at_s % DAY_S) / DAY_S, 2 * np.pi * (at_s % YEAR_S) / YEAR_S
    return np.sin(day), np.cos(day), np.sin(year), np.cos(year)
