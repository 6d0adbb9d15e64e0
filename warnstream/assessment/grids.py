"""Grids of rain beside the gauges: their frames, their windows, and where they stand in.

Every grid has a rain window of its own over the points of the network
(`warnstream.model.grids.points_of`), the same ring as the gauges have, so that
its rain is exact, independent of the order of arrival and carries its coverage.

Memory is that of as many stations as there are places and rain gauges.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from warnstream.assessment.stations import StationState
from warnstream.forecast.radar.adjustment import GaugePairs
from warnstream.model.arrays import Arrays, BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.grids import (
    NO_GRID,
    GridFrame,
    GridPolicy,
    GridRain,
    GridRefusal,
    GridState,
)
from warnstream.model.network import Network, StationWeights
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.observations.station_quality import StationQuality
from warnstream.model.radar.fields import Frame
from warnstream.model.rules.indicators import VillageRain
from warnstream.model.rules.policies import WindowPolicy
from warnstream.model.times import MINUTE_S, iso_utc
from warnstream.villages.bias import mean_field_factor
from warnstream.villages.combine import by_column, greatest, weighted_mean
from warnstream.villages.stand_in import GridEvidence, join, nothing, open_windows, stand_in
from warnstream.windows.rain_window import RainWindow
from warnstream.windows.spares import SparedRain

PAIR_COVERAGE_MIN = 0.8
"""Share of the window that a gauge and the grid must both have observed to be compared."""


@dataclass(frozen=True, slots=True)
class GridsStep:
    """What grids did at one step: each grid's state, and the frames that were not taken."""

    states: tuple[GridState, ...]
    refused: tuple[GridRefusal, ...]


@dataclass(slots=True)
class _Tally:
    """Frames of one grid at one step."""

    n_frames: int = 0
    n_repeated: int = 0


@dataclass(frozen=True, slots=True)
class _Stood:
    """What stood in last, and for what."""

    rain: VillageRain
    key: tuple[tuple[int, float, bytes], ...]
    filled: VillageRain


@dataclass(frozen=True, slots=True)
class _Silent:
    """Until when each station measured, shape (n_stations,), and what the silent ones weigh at each place."""

    until_s: Int64Array
    weight: Float64Array


class _Grid:
    """One grid: its ring, the intervals that it has told, its factor."""

    def __init__(self, policy: GridPolicy, n_points: int, n_places: int, windows: WindowPolicy) -> None:
        self.policy = policy
        self.n_places = n_places
        self.factor, self.n_pairs = 1.0, 0
        self.newest_s = -1
        self.n_taken = 0
        self.is_seen: BoolArray = np.zeros(n_places, dtype=np.bool_)
        self._windows = windows
        self.span_s = max(windows.longest_s, policy.bias.window_s if policy.bias else 0)
        self._told: Int64Array = np.zeros((0, 2), dtype=np.int64)
        # While it is fresh its windows end at its newest frame: frames are late by nature.
        grace_s = max(policy.age_s_max - policy.interval_s, 0)
        self.rain = RainWindow(
            np.full(n_points, policy.interval_s, dtype=np.int32),
            span_s=self.span_s + windows.lateness_s_max,
            grace_s=grace_s,
            future_s=windows.future_s_max,
            by_minute_s=windows.by_minute_s,
        )

    def take(
        self, frame: GridFrame, now_s: int, rain_mm_per_min_max: float, points: Int64Array | None
    ) -> GridRefusal | None:
        """Count a frame at its `points` (None: all); a refusal if it cannot be counted."""
        fault = self._fault(frame, now_s, rain_mm_per_min_max)
        if fault is not None:
            return GridRefusal(fault[0], f"grid {self.policy.name}: {fault[1]}", frame)
        if points is not None:  # only now: a frame is whole or refused, whoever reads it
            frame = frame.of_points(points)
        self.n_taken += 1
        self._told = np.vstack([self._told, [[frame.begin_s, frame.end_s]]])
        self._told = self._told[self._told[:, 1] > now_s - self._windows.lateness_s_max]
        seen = np.flatnonzero(~np.isnan(frame.rain_mm))
        n_seen = len(seen)
        self.rain.add(
            seen.astype(np.int32),
            np.full(n_seen, frame.end_s, dtype=np.int64),
            frame.rain_mm[seen],
            np.full(n_seen, frame.interval_s, dtype=np.int32),
        )
        if frame.end_s > self.newest_s:
            self.newest_s = frame.end_s
            self.is_seen = ~np.isnan(frame.rain_mm[: self.n_places])
        return None

    def is_fresh(self, now_s: int) -> BoolArray:
        """Places that it saw of late, shape (n_places,)."""
        fresh: BoolArray = now_s - self.rain.last_observed_s[: self.n_places] <= self.policy.age_s_max
        return fresh

    def snapshot(self) -> Arrays:
        """State as arrays."""
        now = np.array([self.newest_s, self.n_pairs], dtype=np.int64)
        kept = {"told": self._told, "now": now, "factor": np.array([self.factor]), "seen": self.is_seen}
        return {**self.rain.snapshot(), **{name: array.copy() for name, array in kept.items()}}

    def restore(self, state: Arrays) -> None:
        """Take up a snapshot."""
        self.rain.restore(state)
        self._told = state["told"].astype(np.int64)
        self.newest_s, self.n_pairs = (int(number) for number in state["now"])
        self.factor = float(state["factor"][0])
        self.is_seen = state["seen"].astype(np.bool_)

    def _fault(
        self, frame: GridFrame, now_s: int, rain_mm_per_min_max: float
    ) -> tuple[RefusalReason, str] | None:
        if frame.interval_s < MINUTE_S or frame.interval_s % MINUTE_S:
            return RefusalReason.BAD_TIME, f"an interval of {frame.interval_s} s, expected whole minutes"
        if frame.end_s > now_s + self._windows.future_s_max:
            return RefusalReason.FUTURE, f"it ends at {iso_utc(frame.end_s)}, now is {iso_utc(now_s)}"
        if frame.begin_s <= now_s - self._windows.lateness_s_max:
            return RefusalReason.TOO_LATE, f"it began at {iso_utc(frame.begin_s)}, now is {iso_utc(now_s)}"
        most_mm = rain_mm_per_min_max * frame.interval_s / MINUTE_S
        n_beyond = int(((frame.rain_mm < 0) | (frame.rain_mm > most_mm)).sum())
        if n_beyond:
            detail = f"{n_beyond} points outside 0 to {most_mm:g} mm in {frame.interval_s} s"
            return RefusalReason.OUT_OF_RANGE, detail
        begins_s, ends_s = self._told.T
        if not np.any((begins_s < frame.end_s) & (ends_s > frame.begin_s)):
            return None
        span = f"{iso_utc(frame.begin_s)} to {iso_utc(frame.end_s)}"
        return RefusalReason.OVERLAP, f"some of {span} was told before"

    def is_repeated(self, frame: GridFrame) -> bool:
        """Whether exactly this interval was told before."""
        return bool(np.any((self._told[:, 0] == frame.begin_s) & (self._told[:, 1] == frame.end_s)))


class Grids:
    """The grids of one network.

    Parameters
    ----------
    network : Network
    policies : tuple of GridPolicy
        In the order in which they are asked; of two that say the same the first counts.
    windows : WindowPolicy
    rain_mm_per_min_max : float
        The same physical limit that gauges have.
    duration_s : Int32Array, shape (n_durations,)
    own : StationWeights
        Which gauges speak for a place while they report.
    points : Int64Array or None
        Where frames are those of a larger network: which of their points are those of this one
        (`warnstream.model.grids.points_of_places`).
    """

    def __init__(
        self,
        network: Network,
        policies: tuple[GridPolicy, ...],
        windows: WindowPolicy,
        rain_mm_per_min_max: float,
        duration_s: Int32Array,
        own: StationWeights,
        points: Int64Array | None = None,
    ) -> None:
        self._own = by_column(own)
        self._points = points
        self._allowance_s = network.stations.interval_s.astype(np.int64) + windows.grace_s
        self._n_places = len(network.places)
        self._gauge: Int64Array = np.flatnonzero(network.stations.measures_rain)
        n_points = self._n_places + len(self._gauge)
        self._grids = {policy.name: _Grid(policy, n_points, self._n_places, windows) for policy in policies}
        self._rain_mm_per_min_max = rain_mm_per_min_max
        self._duration_s = duration_s
        self._tally: dict[str, _Tally] = {}
        self._refused: list[GridRefusal] = []
        self._stood: _Stood | None = None

    def take(
        self, frames: Sequence[Frame], stations: StationState, quality: StationQuality, now_s: int
    ) -> None:
        """Count what grids have told since the last step; fields are not for it."""
        self._tally = {name: _Tally() for name in self._grids}
        self._refused = []
        for grid in self._grids.values():
            grid.rain.advance(now_s)
        for frame in frames:
            refusal = self._take(frame, now_s) if isinstance(frame, GridFrame) else None
            if refusal is not None:
                self._refused.append(refusal)
        for name, grid in self._grids.items():
            if self._tally[name].n_frames and grid.policy.bias is not None:
                self._adjust(grid, stations, quality)

    def stand_in(
        self, rain: VillageRain, stations: StationState, quality: StationQuality, now_s: int
    ) -> VillageRain:
        """Rain of places with that of grids where gauges do not cover a window.

        The same object while nothing changes; `rain` itself without grids.
        """
        if not self._grids:
            return rain
        grids = tuple(self._grids.values())
        key = tuple((grid.n_taken, grid.factor, grid.is_fresh(now_s).tobytes()) for grid in grids)
        last = self._stood
        if last is None or last.rain is not rain or last.key != key:
            filled = self._fill(rain, stations, quality, now_s)
            self._stood = last = _Stood(rain, key, filled)
        return last.filled

    def pairs(
        self, name: str, window_s: int, *, stations: StationState, quality: StationQuality
    ) -> GaugePairs | None:
        """Rain of gauges and of a grid over the window up to its newest frame; None before the first."""
        grid = self._grids.get(name)
        if grid is None or grid.newest_s < 0 or window_s > grid.span_s:
            return None
        return self._pairs(grid, window_s, stations, quality)

    def step(self, now_s: int) -> GridsStep:
        """What happened at this step, after `take` and `stand_in`."""
        spoken = self._stood.filled.grids if self._stood is not None else None
        states = []
        for number, (name, grid) in enumerate(self._grids.items()):
            speaks = np.zeros(self._n_places, dtype=np.bool_)
            if spoken is not None:
                speaks = np.asarray((spoken.number == number).any(axis=1))
            states.append(
                GridState(
                    name,
                    grid.newest_s,
                    grid.newest_s >= 0 and now_s - grid.newest_s <= grid.policy.age_s_max,
                    grid.factor,
                    grid.n_pairs,
                    self._tally[name].n_frames,
                    self._tally[name].n_repeated,
                    grid.is_seen,
                    speaks,
                )
            )
        return GridsStep(tuple(states), tuple(self._refused))

    def snapshot(self) -> dict[str, Arrays]:
        """State by ``grid.NAME``."""
        return {f"grid.{name}": grid.snapshot() for name, grid in self._grids.items()}

    def restore(self, state: dict[str, Arrays]) -> None:
        """Take up a snapshot; a grid that it does not know begins empty. ValueError if one does not fit."""
        self._stood = None
        for name, grid in self._grids.items():
            if f"grid.{name}" in state:
                grid.restore(state[f"grid.{name}"])

    def _take(self, frame: GridFrame, now_s: int) -> GridRefusal | None:
        if frame.grid not in self._grids:
            detail = f"grid {frame.grid!r} is not in warnstream.yaml"
            return GridRefusal(RefusalReason.BAD_GRID, detail, frame)
        grid, tally = self._grids[frame.grid], self._tally[frame.grid]
        if grid.is_repeated(frame):
            tally.n_repeated += 1
            return None
        refusal = grid.take(frame, now_s, self._rain_mm_per_min_max, self._points)
        tally.n_frames += refusal is None
        return refusal

    def _fill(
        self, rain: VillageRain, stations: StationState, quality: StationQuality, now_s: int
    ) -> VillageRain:
        by_minute = slice(len(self._duration_s))  # grids say nothing of whole days
        known = nothing(rain.rain_mm)
        told = known.of(by_minute)
        grids = list(self._grids.values())
        for number, grid in enumerate(grids):
            may_speak = open_windows(rain.is_blind, rain.coverage[:, by_minute], grid.policy.gauges_below)
            silent = self._silent(grid, stations, quality)
            may_speak &= (grid.is_fresh(now_s) & (silent.weight > 0).any(axis=1))[:, None]
            if may_speak.any():
                stand_in(told, may_speak, self._witness(grid, stations, silent), number)
        if (known.number == NO_GRID).all():
            return rain
        observed_at_s = np.stack([grid.rain.last_observed_s[: self._n_places] for grid in grids])
        policies = tuple(grid.policy for grid in grids)
        grid_rain = GridRain(policies, known.number, known.coverage, known.gauge_mm, observed_at_s)
        return replace(rain, rain_mm=known.rain_mm, grids=grid_rain)

    def _silent(self, grid: _Grid, stations: StationState, quality: StationQuality) -> _Silent:
        """Own gauges of places that measured nothing of the grid's newest interval."""
        until_s = stations.measured_until_s(quality)
        is_silent = until_s + self._allowance_s < grid.newest_s
        weight = np.where(is_silent[self._own.station], self._own.weight, 0.0)
        return _Silent(until_s, weight)

    def _witness(self, grid: _Grid, stations: StationState, silent: _Silent) -> GridEvidence:
        """What a grid says of windows that end with its newest frame, after gauges that are silent now."""
        end_min = grid.newest_s // MINUTE_S
        places = slice(self._n_places)
        weights = by_column(replace(self._own, weight=silent.weight))
        at_gauges = stations.rain.accumulate_until(self._duration_s, _ends(stations.rain, end_min))
        own_mm, own_coverage = weighted_mean(weights, at_gauges.rain_mm, at_gauges.coverage)
        own_coverage /= np.maximum(silent.weight.sum(axis=1), 1e-9)[:, None]
        since_min = -(-greatest(weights, silent.until_s.astype(np.float64)) // MINUTE_S)
        since_mm, share = np.empty_like(own_mm), np.empty_like(own_mm)
        begin_min = np.full(len(grid.rain.last_observed_s), end_min, dtype=np.int64)
        for column, duration_min in enumerate((self._duration_s // MINUTE_S).tolist()):
            begin_min[places] = np.maximum(since_min, end_min - duration_min)
            rain_mm, observed_min = grid.rain.between(begin_min, end_min)
            since_mm[:, column] = rain_mm[places] * grid.factor
            share[:, column] = observed_min[places] / duration_min
        gauges = GridEvidence(own_mm, own_coverage, own_mm)
        return join(gauges, GridEvidence(since_mm, share, np.zeros_like(since_mm)))

    def _adjust(self, grid: _Grid, stations: StationState, quality: StationQuality) -> None:
        """Compare a grid with the gauges up to its newest frame."""
        policy = grid.policy.bias
        assert policy is not None
        pairs = self._pairs(grid, policy.window_s, stations, quality)
        grid.factor, grid.n_pairs = mean_field_factor(pairs.gauge_mm, pairs.radar_mm, pairs.is_whole, policy)

    def _pairs(
        self, grid: _Grid, length_s: int, stations: StationState, quality: StationQuality
    ) -> GaugePairs:
        window_s = np.array([length_s], dtype=np.int32)
        end_min = grid.newest_s // MINUTE_S
        at_gauges = stations.rain.accumulate_until(window_s, _ends(stations.rain, end_min))
        of_grid = grid.rain.accumulate_until(window_s, _ends(grid.rain, end_min))
        points = slice(self._n_places, None)
        gauge_mm: Float64Array = at_gauges.rain_mm[self._gauge, 0]
        grid_mm: Float64Array = of_grid.rain_mm[points, 0]
        is_whole = (at_gauges.coverage[self._gauge, 0] >= PAIR_COVERAGE_MIN) & (
            of_grid.coverage[points, 0] >= PAIR_COVERAGE_MIN
        )
        is_whole &= quality.confidence[self._gauge] >= 1.0
        return GaugePairs(gauge_mm, grid_mm, is_whole)


def _ends(rain: RainWindow | SparedRain, end_min: int) -> Int64Array:
    """All windows of a ring end at one minute."""
    return np.full(len(rain.last_observed_s), end_min, dtype=np.int64)
