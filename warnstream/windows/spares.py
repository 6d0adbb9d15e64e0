"""Rain of gauges that may have a spare beside them: whose readings count.

One rule for windows, for steps of soil water and for frames of the nowcast:

1. Each window is taken from the gauge that *measured* the greatest share of it, the gauge itself before
   its spares. Measured is what was observed, but for the time in which quality control held the gauge for
   clogged (nothing counts) or stuck (a quarter counts).
2. The place has no less rain for that than it would have if nobody were doubted: of the two the greater
   counts. Only a stuck gauge gives way to less, and only to a spare of which nothing is doubted.

A window is never made of two halves, and gauges are never added up. What is taken depends on what the ring
holds and on `DoubtPeriods` alone: not on the order of arrival, and a moment of the past can be asked for.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.observations.readings import UM_PER_MM
from warnstream.model.observations.station_quality import (
    LASTS,
    DoubtPeriods,
    StationFlag,
    Unmeasured,
    no_stretches,
)
from warnstream.model.times import MINUTE_S
from warnstream.windows.accumulation import Accumulation
from warnstream.windows.daily_sums import DayRain
from warnstream.windows.rain_window import RainWindow

_EVERY = slice(None)


@dataclass(frozen=True, slots=True)
class GaugeAndSpare:
    """A gauge and the spare beside it in one window.

    `source` is the station whose rain counts, the gauge or a spare; `spare` the one that counts or, where
    none does, the first that observed anything (-1: there is none).
    """

    source: int
    spare: int
    gauge_mm: float
    spare_mm: float


@dataclass(frozen=True, slots=True)
class SelectedWindows:
    """Windows of the gauges, and whose they are.

    Attributes
    ----------
    accumulation : Accumulation
    own : Accumulation
        Of every gauge its own.
    gauge : Int32Array, shape (n_gauges,)
        Gauges that have a spare, ascending.
    candidate : Int32Array, shape (n_gauges, k)
        Each of them, its spares, and itself again as padding.
    source : Int32Array, shape (n_durations, n_gauges)
        Whose rain each of them was given.
    unmeasured : Unmeasured
        What the gauges whose windows were taken did not measure; of clogged gauges that is nothing where
        a spare measured all.
    """

    accumulation: Accumulation
    own: Accumulation
    gauge: Int32Array
    candidate: Int32Array
    source: Int32Array
    unmeasured: Unmeasured

    def source_of(self, station: int, duration: int) -> int:
        """Whose rain a station was given over the `duration`-th duration; the station itself as a rule."""
        row = self._row(station)
        return station if row < 0 else int(self.source[duration, row])

    def gauge_and_spare(self, station: int, duration: int) -> GaugeAndSpare:
        """A gauge and its spare over the `duration`-th duration."""
        row, rain_um = self._row(station), self.own.rain_um[duration]
        own_mm = float(rain_um[station] / UM_PER_MM)
        if row < 0:
            return GaugeAndSpare(station, -1, own_mm, 0.0)
        source = int(self.source[duration, row])
        spares = self.candidate[row, 1:].tolist()
        seen = (spare for spare in spares if spare != station and self.own.observed_min[duration, spare] > 0)
        spare = source if source != station else next(seen, -1)
        return GaugeAndSpare(source, spare, own_mm, float(rain_um[spare] / UM_PER_MM) if spare >= 0 else 0.0)

    def _row(self, station: int) -> int:
        """Where a gauge stands among those with spares; -1 if it has none."""
        if not len(self.gauge):
            return -1
        row = int(np.searchsorted(self.gauge, station))
        return row if row < len(self.gauge) and self.gauge[row] == station else -1


@dataclass(frozen=True, slots=True)
class _Lost:
    """Part of some windows in which each station was not believed; shape (n_windows, n_named) each.

    `station` are those that any stretch names, ascending. `zero` and `stuck` are shares not measured,
    `touched` tells where any stretch overlaps.
    """

    station: Int32Array
    zero: Float64Array
    stuck: Float64Array
    touched: BoolArray

    def of(self, station: Int32Array, *, by_window: bool = False) -> "_Lost":
        """The same of any stations, shape (n_windows, *station.shape).

        With `by_window` they are others in every window, `station` is (n_windows, n).
        """
        if len(self.station) == 0:
            nothing = np.zeros(station.shape if by_window else (len(self.zero), *station.shape))
            return _Lost(station, nothing, nothing, nothing > 0)
        place = np.minimum(np.searchsorted(self.station, station), len(self.station) - 1)
        rows = np.arange(len(self.zero))[:, None] if by_window else _EVERY
        is_named = self.station[place] == station
        return _Lost(
            station,
            np.where(is_named, self.zero[rows, place], 0.0),
            np.where(is_named, self.stuck[rows, place], 0.0),
            is_named & self.touched[rows, place],
        )


@dataclass(frozen=True, slots=True, eq=False)
class _LastDoubt:
    """What was not measured when it was worked out last, and of which stretches and windows."""

    stretches: DoubtPeriods
    begin_s: Float64Array
    end_s: Float64Array
    lost: _Lost
    of_nobody: Unmeasured

    def holds(self, stretches: DoubtPeriods, begin_s: Float64Array, end_s: Float64Array) -> bool:
        """Whether it is still so: most readings move no window of a gauge that is doubted."""
        return (
            self.stretches is stretches
            and np.array_equal(self.begin_s, begin_s)
            and np.array_equal(self.end_s, end_s)
        )


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which candidate of every gauge: for the coverage, and for the rain; shape (n_windows, n_gauges)."""

    measures: Int64Array
    rains: Int64Array


class SparedRain:
    """Rain windows with spares in place of gauges where those measured more.

    Parameters
    ----------
    window : RainWindow
        The rain of every gauge by itself; read here, never written.
    spares : tuple of (int, int)
        Pairs of gauge and spare, the better spare of a gauge first.
    """

    def __init__(self, window: RainWindow, spares: tuple[tuple[int, int], ...] = ()) -> None:
        self._window = window
        self._gauge, self._candidate = _candidates(spares)
        self._stretches = no_stretches()
        self._taken: tuple[SelectedWindows, DoubtPeriods] | None = None
        self._of_minutes: _LastDoubt | None = None
        self._of_days: _LastDoubt | None = None

    @property
    def last_observed_s(self) -> Int64Array:
        """Time of each station's own newest reading, shape (n_stations,); -1 where none came."""
        return self._window.last_observed_s

    @property
    def oldest_min(self) -> int:
        """Oldest minute that the ring reaches back to, minutes since 1970."""
        return self._window.oldest_min

    def doubt(self, stretches: DoubtPeriods) -> tuple[Int32Array, Int64Array]:
        """From now on some gauges are not believed in these times.

        Returns
        -------
        (Int32Array, Int64Array)
            Gauges with a spare whose rain may be another for it, and from what time on.
        """
        since_s: Int64Array = np.full(len(self._gauge), LASTS)
        if stretches is not self._stretches and len(self._gauge):
            for station, begin_s, _, _ in stretches.rows() ^ self._stretches.rows():
                concerned = (self._candidate == station).any(axis=1)
                since_s[concerned] = np.minimum(since_s[concerned], begin_s)
        self._stretches = stretches
        is_other = since_s < LASTS
        return self._gauge[is_other], since_s[is_other]

    def window_end_min(self, now_s: int) -> Int64Array:
        """Minute at which each station's own windows end, shape (n_stations,)."""
        return self._window.window_end_min(now_s)

    def latest(self, duration_s: Int32Array, now_s: int) -> SelectedWindows:
        """Windows that end now, as `RainWindow.latest`: the same object while nothing changes."""
        own = self._window.latest(duration_s, now_s)
        last = self._taken
        if last is not None and last[0].own is own and last[1] is self._stretches:
            return last[0]
        taken = self._take(own, self._window.window_end_min(now_s))
        self._taken = taken, self._stretches
        return taken

    def gauge_and_spare(self, station: int, duration: int) -> GaugeAndSpare:
        """A gauge and its spare over the `duration`-th duration of those asked for last (`latest`)."""
        assert self._taken is not None, "windows are asked for at every step"
        return self._taken[0].gauge_and_spare(station, duration)

    def accumulate(self, duration_s: Int32Array, now_s: int) -> Accumulation:
        """Rain of every station over each duration, ending at its last reading (`RainWindow.accumulate`)."""
        return self.accumulate_until(duration_s, self._window.window_end_min(now_s))

    def accumulate_until(self, duration_s: Int32Array, end_min: Int64Array) -> Accumulation:
        """Rain over each duration ending at a minute of each station (`RainWindow.accumulate_until`)."""
        return self._take(self._window.accumulate_until(duration_s, end_min), end_min).accumulation

    def frames(self, n_frames: int, frame_s: int, now_s: int) -> Float64Array:
        """The last frames of rain, oldest first, for the nowcast.

        Returns
        -------
        Float64Array, shape (n_frames, n_stations)
            Rain in millimetres per frame; NaN where less than half of the frame was observed.
        """
        end = self._window.window_end_min(now_s)
        frame_min = frame_s // MINUTE_S
        result = np.empty((n_frames, len(end)))
        for index in range(n_frames):
            back = (n_frames - 1 - index) * frame_min
            part = self.accumulate_until(np.array([frame_s], dtype=np.int32), end - back)
            result[index] = np.where(part.coverage[:, 0] >= 0.5, part.rain_mm[:, 0], np.nan)
        return result

    def steps(
        self, begin_min: int, n_steps: int, step_min: int, station: slice | Int32Array = _EVERY
    ) -> tuple[Float64Array, Float64Array]:
        """Rain of consecutive steps, and which share of each was observed (`RainWindow.steps`)."""
        rain_mm, observed = self._window.steps(begin_min, n_steps, step_min, station)
        if len(self._gauge) == 0:
            return rain_mm, observed
        asked = np.arange(len(self._window.last_observed_s))[station]
        rows = np.flatnonzero(np.isin(self._gauge, asked))
        if len(rows) == 0:
            return rain_mm, observed
        candidate = self._candidate[rows]
        column = np.flatnonzero(np.isin(asked, self._gauge[rows]))
        column = column[np.argsort(asked[column])]
        flat_mm, flat_observed = self._window.steps(begin_min, n_steps, step_min, candidate.ravel())
        shape = (n_steps, *candidate.shape)
        of_mm, of_observed = flat_mm.reshape(shape), flat_observed.reshape(shape)
        edges_s: Float64Array = (begin_min + step_min * np.arange(n_steps + 1, dtype=np.float64)) * MINUTE_S
        beside = self._stretches.of(candidate)
        lost = _lost_in(beside, edges_s[:-1, None], edges_s[1:, None]).of(candidate)
        choice = _choose(of_mm, of_observed, lost)
        measured = np.maximum(of_observed - lost.zero - lost.stuck, 0.0)
        rain_mm[:, column] = _pick(of_mm, choice.rains)
        observed[:, column] = _pick(measured, choice.measures)
        return rain_mm, observed

    def unmeasured_of_days(self, days: DayRain) -> Unmeasured:
        """What gauges did not measure of windows of days, shape (n, n_windows).

        The days of gauges with a spare were taken from whoever measured more of each (`steps`), and their
        coverage is what was measured: nothing is left to subtract.
        """
        stretches = self._stretches
        begin_s, end_s = days.ends_s(stretches.station.astype(np.int64))
        end_s = np.maximum(end_s, begin_s + 1)  # one that has not begun yet
        last = self._of_days = self._doubt_of(
            self._of_days, begin_s.T.astype(np.float64), end_s.T.astype(np.float64)
        )
        return last.of_nobody

    def _doubt_of(self, last: _LastDoubt | None, begin_s: Float64Array, end_s: Float64Array) -> _LastDoubt:
        """What gauges did not measure of windows, by `_stretches`; the same object while nothing changes."""
        if last is not None and last.holds(self._stretches, begin_s, end_s):
            return last
        lost = _lost_in(self._stretches, begin_s, end_s)
        nobody = np.full((len(lost.zero), len(self._gauge)), -1, dtype=np.int32)
        return _LastDoubt(self._stretches, begin_s, end_s, lost, _unmeasured(lost, self._gauge, nobody))

    def _take(self, own: Accumulation, end_min: Int64Array) -> SelectedWindows:
        """Windows of spares in place of their gauges' where those measured a greater share."""
        stretches = self._stretches
        end_s: Float64Array = end_min[stretches.station].astype(np.float64) * MINUTE_S
        begin_s = end_s - own.length_min[:, stretches.station] * float(MINUTE_S)
        doubt = self._of_minutes = self._doubt_of(self._of_minutes, begin_s, end_s)
        lost = doubt.lost
        if len(self._gauge) == 0:
            nobody = np.zeros((len(own.rain_um), 0), dtype=np.int32)
            return SelectedWindows(own, own, self._gauge, self._candidate, nobody, doubt.of_nobody)
        candidate = self._candidate
        observed = np.minimum(own.observed_min[:, candidate] / own.length_min[:, candidate], 1.0)
        choice = _choose(own.rain_um[:, candidate], observed, lost.of(candidate))
        source, measures = _pick(candidate[None], choice.rains), _pick(candidate[None], choice.measures)
        found = Accumulation(own.rain_um.copy(), own.observed_min.copy(), own.length_min.copy())
        row = np.arange(len(own.rain_um))[:, None]
        found.rain_um[:, self._gauge] = own.rain_um[row, source]
        found.observed_min[:, self._gauge] = own.observed_min[row, measures]
        found.length_min[:, self._gauge] = own.length_min[row, measures]
        missed = _unmeasured(lost, self._gauge, measures)
        return SelectedWindows(found, own, self._gauge, candidate, source, missed)


def _lost_in(stretches: DoubtPeriods, begin_s: Float64Array, end_s: Float64Array) -> _Lost:
    """What stretches cover of windows; the times broadcast to shape (n_windows, n_stretches)."""
    named, place = np.unique(stretches.station, return_inverse=True)
    until_s = np.minimum(end_s, stretches.end_s.astype(np.float64))
    part = np.clip((until_s - np.maximum(begin_s, stretches.begin_s)) / (end_s - begin_s), 0.0, 1.0)
    zero, stuck = np.zeros((len(part), len(named))), np.zeros((len(part), len(named)))
    touched = np.zeros(zero.shape, dtype=np.bool_)
    is_zero = stretches.flag == StationFlag.FAULTY_ZERO
    np.add.at(zero.T, place[is_zero], part.T[is_zero])
    np.add.at(stuck.T, place[~is_zero], (part * stretches.lost).T[~is_zero])
    np.logical_or.at(touched.T, place, part.T > 0)
    return _Lost(named, zero, stuck, touched)


def _candidates(spares: tuple[tuple[int, int], ...]) -> tuple[Int32Array, Int32Array]:
    """Gauges with a spare, ascending, and for each of them itself, its spares, itself again as padding."""
    of_gauge: dict[int, list[int]] = {}
    for gauge, spare in spares:
        of_gauge.setdefault(gauge, [gauge]).append(spare)
    gauges = sorted(of_gauge)
    width = max((len(of_gauge[gauge]) for gauge in gauges), default=1)
    rows = [of_gauge[gauge] + [gauge] * (width - len(of_gauge[gauge])) for gauge in gauges]
    return (
        np.array(gauges, dtype=np.int32),
        np.array(rows, dtype=np.int32).reshape(len(gauges), width),
    )


def _choose(rain: np.ndarray, observed: Float64Array, lost: _Lost) -> _Choice:
    """Whose windows count, by the two rules; all of shape (n_windows, n_gauges, n_candidates)."""
    measures = np.argmax(observed - lost.zero - lost.stuck, axis=2)
    believed = np.argmax(observed, axis=2)
    is_stuck = (_pick(lost.stuck, believed) > 0) & (_pick(lost.zero, believed) == 0)
    gives_way = is_stuck & ~_pick(lost.touched, measures)
    greater = (_pick(rain, believed) > _pick(rain, measures)) & ~gives_way
    return _Choice(measures, np.where(greater, believed, measures))


def _pick(of_candidates: np.ndarray, candidate: Int64Array) -> np.ndarray:
    """Of every window and gauge what its candidate has."""
    whole = np.broadcast_to(of_candidates, (*candidate.shape, of_candidates.shape[-1]))
    picked: np.ndarray = np.take_along_axis(whole, candidate[..., None], axis=2)[..., 0]
    return picked


def _unmeasured(lost: _Lost, gauge: Int32Array, measures: Int32Array) -> Unmeasured:
    """What was not measured in the windows that count; those of `gauge` are of the stations `measures`.

    A clogged gauge is named even where its spare measured everything: a village that is blind for it
    has at least the rain of these windows.
    """
    alone = ~np.isin(lost.station, gauge)
    of_gauge = lost.of(measures, by_window=True)
    named = np.concatenate([lost.station[alone], gauge]).astype(np.int64)
    zero = np.concatenate([lost.zero[:, alone], of_gauge.zero], axis=1).T
    stuck = np.concatenate([lost.stuck[:, alone], of_gauge.stuck], axis=1).T
    is_zero: BoolArray = np.asarray((zero > 0).any(axis=1))
    is_stuck: BoolArray = np.asarray((stuck > 0).any(axis=1))
    is_zero[len(is_zero) - len(gauge) :] |= (lost.of(gauge).zero > 0).any(axis=0)
    return Unmeasured(
        np.concatenate([named[is_zero], named[is_stuck]]),
        np.concatenate([zero[is_zero], stuck[is_stuck]]),
        np.concatenate([np.ones(is_zero.sum(), dtype=np.bool_), np.zeros(is_stuck.sum(), dtype=np.bool_)]),
    )
