"""Rain of the coming hours at every village, from gauges alone.

The gauges of the last 75 minutes are gridded in steps of 15 minutes, the motion
between the steps is fitted, the newest step is moved along it, its intensity
fades, and the totals are read at the villages. Without a motion to believe the
rain stays where it is and fades (decayed persistence).

Nobody near reported: NaN, never zero. Limit: 700 gauges, 2,855 villages and
40 x 40 cells take less than 20 ms a cycle.
"""

from copy import copy
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from warnstream.forecast.extrapolation import accumulate, bilinear, extrapolate
from warnstream.forecast.gridding import CANDIDATES, GaugeGridder, Grid, grid_over, nearest_gauges
from warnstream.forecast.motion import motion_lucas_kanade
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.forecast import RainAhead
from warnstream.model.rules.policies import ForecastPolicy
from warnstream.model.times import HOUR_S, MINUTE_S

INTENSITY_DECAY_S = 2 * HOUR_S
"""Rain falls to 1/e of itself after that long.

Fitted on Alerta Rio 1998-2013: where the gridded last 15 minutes were wet, the next 1, 2
and 3 hours brought 0.75, 0.63 and 0.55 times what they would have brought undamped; this
constant gives 0.79, 0.63 and 0.52. Measured again by ``python -m benchmarks.bench_nowcast --fit``.
"""

STEP_S = 15 * MINUTE_S
"""Rain is looked at in steps of this length; the last 15 minutes tell more than the last 60."""

STEPS_SEEN = 5
"""Steps that motion is fitted on."""

REACH_M = 30_000.0
"""A gauge farther away says nothing: hourly rain 30-50 km apart correlates at 0.24 (Alerta Rio 2011-2017)."""

SPEED_KM_PER_H_MAX = 100.0
"""Faster apparent motion is a fitting error or a squall line that 15 min steps cannot follow."""

COMES_FROM_M = SPEED_KM_PER_H_MAX * 1000 * 3
"""From farther away no rain comes within the longest lead: such a gauge does not stretch the grid."""

METHODS = ("advection", "persistence", "none")

LEADS_S = (HOUR_S, 2 * HOUR_S, 3 * HOUR_S)
"""How far ahead it looks: its error was measured for these (docs/forecast.md)."""


def leads_of(policy: ForecastPolicy) -> tuple[int, ...]:
    """Leads of the nowcast of a policy; none where it is switched off."""
    return () if policy.method == "none" else LEADS_S


class GaugeNowcast:
    """The nowcast of one network, with everything precomputed that does not change.

    The field is that of all gauges: one grid, one motion. What is read of it at a place does not
    depend on the others, so `of_places` gives some of them exactly what all get.

    Parameters
    ----------
    station_xy_m : Float64Array, shape (n_stations, 2)
        East and north of the rain gauges in local metres.
    village_xy_m : Float64Array, shape (n_villages, 2)
        In the same local metres.
    policy : ForecastPolicy
    frame_s : int
        Length of the frames that `rain_ahead` is given: a divisor of 15 minutes, 15, 30 or 60 minutes.
    leads_s : tuple of int, optional
        Ascending, whole steps of 15 minutes (or of `frame_s`, if that is longer).

    Raises
    ------
    ValueError
        If the method is unknown, a length is not positive, or `frame_s` or `leads_s` do not divide as said.

    Attributes
    ----------
    leads_s : tuple of int
    frame_s, every_s : int
        Length of a frame; how often a new nowcast is due.
    """

    def __init__(
        self,
        station_xy_m: Float64Array,
        village_xy_m: Float64Array,
        policy: ForecastPolicy,
        frame_s: int,
        leads_s: tuple[int, ...] = LEADS_S,
    ) -> None:
        _check(policy, frame_s, leads_s)
        self._policy = policy
        self._n_stations = len(station_xy_m)
        self.leads_s = leads_s
        self.frame_s = frame_s
        self.every_s = policy.every_s
        self._step_s = max(STEP_S, frame_s)
        self._frames_per_step = self._step_s // frame_s
        reach = _Reach.of(village_xy_m, station_xy_m)
        inside = village_xy_m[reach.has_station]
        self._is_empty = policy.method == "none" or len(inside) == 0
        if self._is_empty:
            nowhere: Float64Array = np.full(len(village_xy_m), np.nan)
            self._places = _Readings(reach, nowhere, nowhere)
            return
        grid = field_grid(station_xy_m, inside, policy.cell_m)
        self._gridder = GaugeGridder(station_xy_m, grid)
        self._places = _Readings(reach, *grid.positions(village_xy_m))
        self._speed_px_max = SPEED_KM_PER_H_MAX * 1000 * self._step_s / HOUR_S / policy.cell_m
        self._intensity = _mean_intensity(leads_s[-1] // self._step_s, self._step_s)

    def of_places(self, places: Int64Array) -> "GaugeNowcast":
        """The same field, read at some of the places."""
        part = copy(self)
        part._places = self._places.of(places)  # noqa: SLF001  # of the same class
        return part

    @property
    def frames_wanted(self) -> int:
        """How many frames make full use of what it can see; fewer are fine."""
        return STEPS_SEEN * self._frames_per_step

    def rain_ahead(self, frames_mm: Float64Array) -> RainAhead:
        """Totals over each lead.

        Parameters
        ----------
        frames_mm : Float64Array, shape (n_frames, n_stations)
            Rain of each gauge in each of the last frames, oldest first; the last frame
            ends now. NaN: not reported, which is not dry.

        Returns
        -------
        RainAhead
            Not usable, with the reason, where nothing can be said.

        Raises
        ------
        ValueError
            If `frames_mm` does not hold one column per station.
        """
        if frames_mm.ndim != 2 or frames_mm.shape[1] != self._n_stations:
            raise ValueError(f"expected shape (n_frames, {self._n_stations}), got {frames_mm.shape}")
        if self._policy.method == "none":
            return self._unusable("the forecast is switched off (forecast.method: none)")
        if self._is_empty:
            return self._unusable(f"no village has a rain gauge within {REACH_M / 1000:g} km")
        if len(frames_mm) < self._frames_per_step:
            return self._unusable(f"rain of the last {self._step_s // MINUTE_S} min is needed")
        steps_mm = self._in_steps(frames_mm)
        heard = self._places.reach.any_reported(~np.isnan(steps_mm[-1]))
        if not heard.any():
            return self._unusable(f"no rain gauge reported in the last {self._step_s // MINUTE_S} min")
        totals_mm, method = self._totals(self._gridder.fields(steps_mm))
        rain_mm = bilinear(totals_mm, self._places.row, self._places.column).T
        rain_mm[~heard] = np.nan
        return RainAhead(rain_mm, usable=True, method=method, reason="")

    def _totals(self, fields_mm: Float64Array) -> tuple[Float64Array, str]:
        """Totals per cell, shape (n_leads, n_rows, n_columns), and what was done to get them."""
        last = fields_mm[-1]
        motion = np.zeros((2, *last.shape))
        if self._policy.method == "advection":
            motion = motion_lucas_kanade(fields_mm, self._speed_px_max)
        damp_steps = self._policy.damp_s / self._step_s
        coming = extrapolate(last, motion, len(self._intensity), damp_steps)
        coming *= self._intensity[:, None, None]
        totals = accumulate(coming, self._step_s, self.leads_s)
        return totals, "advection" if motion.any() else "persistence"

    def _in_steps(self, frames_mm: Float64Array) -> Float64Array:
        """Frames added up to steps; a gauge that missed part of a step counts with the rate it reported."""
        n_steps = min(STEPS_SEEN, len(frames_mm) // self._frames_per_step)
        newest = frames_mm[len(frames_mm) - n_steps * self._frames_per_step :]
        parts = newest.reshape(n_steps, self._frames_per_step, self._n_stations)
        reported = (~np.isnan(parts)).sum(axis=1)
        rain = np.nansum(parts, axis=1) * (self._frames_per_step / np.maximum(reported, 1))
        return np.where(reported > 0, rain, np.nan)

    def _unusable(self, reason: str) -> RainAhead:
        rain_mm = np.full((len(self._places.row), len(self.leads_s)), np.nan)
        return RainAhead(rain_mm, usable=False, method="none", reason=reason)


def field_grid(station_xy_m: Float64Array, place_xy_m: Float64Array, cell_m: float) -> Grid:
    """The grid of the field: it encloses places and every gauge whose rain could come to one of them.

    Parameters
    ----------
    station_xy_m, place_xy_m : Float64Array, shapes (n_stations, 2) and (n_places, 2)
        Local metres; places with a gauge in reach.
    cell_m : float

    Raises
    ------
    ValueError
        If that area has too many cells.
    """
    _, squared_m2 = nearest_gauges(station_xy_m, place_xy_m, 1)
    is_near = squared_m2[:, 0] <= COMES_FROM_M**2
    return grid_over(np.concatenate([station_xy_m[is_near], place_xy_m]), cell_m)


def places_in_reach(station_xy_m: Float64Array, place_xy_m: Float64Array) -> BoolArray:
    """Places that have a gauge in reach, shape (n_places,): of the others nothing is forecast."""
    return _Reach.of(place_xy_m, station_xy_m).has_station


@dataclass(frozen=True, slots=True)
class _Reach:
    """Which gauges may speak for which villages: the nearest `CANDIDATES` within `REACH_M`.

    `station` and `is_near` have shape (n_villages, n_candidates).
    """

    station: Int64Array
    is_near: BoolArray

    @classmethod
    def of(cls, village_xy_m: Float64Array, station_xy_m: Float64Array) -> "_Reach":
        """Those of villages and gauges in local metres."""
        station, squared_m2 = nearest_gauges(village_xy_m, station_xy_m, CANDIDATES)
        return cls(station, squared_m2 <= REACH_M**2)

    @property
    def has_station(self) -> BoolArray:
        """Villages with any gauge in reach, shape (n_villages,)."""
        return np.asarray(self.is_near.any(axis=1))

    def any_reported(self, reported: BoolArray) -> BoolArray:
        """Villages of which a gauge in reach reported, shape (n_villages,)."""
        return np.asarray((self.is_near & reported[self.station]).any(axis=1))


@dataclass(frozen=True, slots=True)
class _Readings:
    """Where the field is read: who may speak for each place, and its row and column on the grid."""

    reach: _Reach
    row: Float64Array
    column: Float64Array

    def of(self, places: Int64Array) -> "_Readings":
        """Those of some places."""
        reach = _Reach(self.reach.station[places], self.reach.is_near[places])
        return _Readings(reach, self.row[places], self.column[places])


def _mean_intensity(n_steps: int, step_s: int) -> Float64Array:
    """Mean over each coming step of exp(-lead / INTENSITY_DECAY_S), shape (n_steps,)."""
    at_edge = np.exp(-np.arange(n_steps + 1) * step_s / INTENSITY_DECAY_S)
    return np.asarray((at_edge[:-1] - at_edge[1:]) * INTENSITY_DECAY_S / step_s)


def _check(policy: ForecastPolicy, frame_s: int, leads_s: tuple[int, ...]) -> None:
    if policy.method not in METHODS:
        raise ValueError(f"forecast method must be one of {', '.join(METHODS)}, got {policy.method!r}")
    if policy.cell_m <= 0 or policy.damp_s <= 0:
        raise ValueError(f"cell_m and damp_s must be positive, got {policy.cell_m} and {policy.damp_s}")
    divides = frame_s > 0 and (STEP_S % frame_s == 0 or (frame_s % STEP_S == 0 and HOUR_S % frame_s == 0))
    if not divides:
        raise ValueError(f"frame_s must divide 900, or be 1800 or 3600, got {frame_s}")
    step_s = max(STEP_S, frame_s)
    steps = [after_s - before_s for before_s, after_s in pairwise((0, *leads_s))]
    if not steps or any(part_s <= 0 or part_s % step_s for part_s in steps):
        raise ValueError(f"leads_s must be ascending whole steps of {step_s} s, got {leads_s}")
