"""What quality control thinks of every rain gauge, now: the checks of neighbours and spares put together.

`RainGaugeQuality` is asked once per step. Intervals are compared with those
of the neighbours as soon as they are old enough; lonely gauges are looked for
in the rain of the last hour as it is known now, because a level that rises now
must say now that nobody confirms it.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.network import Stations
from warnstream.model.observations.station_quality import (
    DoubtPeriods,
    StationFlag,
    StationNeighbours,
    StationQuality,
    confidence_of,
)
from warnstream.model.rules.policies import QualityPolicy
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, NEVER_DUE_S
from warnstream.quality.buddies import check_buddies
from warnstream.quality.neighbours import NeighbourChecks
from warnstream.quality.spares import SpareChecks
from warnstream.quality.stretches import StretchBook

INTERVALS_PER_STEP_MAX = 24 * 12
"""After a pause only the newest intervals are compared; what lies before them is passed over."""
OBSERVED_SHARE_MIN = 0.5
STUCK_NEIGHBOUR_SHARE = 0.1
"""A gauge is stuck if its neighbours have less than that share of its rain."""


class RainSteps(Protocol):
    """What gives the rain of consecutive intervals (`warnstream.windows.rain_window.RainWindow`).

    Of every gauge its own: one that is judged by the rain of its spare would never be found.
    """

    def steps(self, begin_min: int, n_steps: int, step_min: int) -> tuple[Float64Array, Float64Array]:
        """Rain and observed share, shape (n_steps, n_stations)."""
        ...


@dataclass(frozen=True, slots=True)
class RainNow:
    """What is known of each gauge's rain at this step; all of shape (n_stations,).

    Attributes
    ----------
    hour_mm, coverage : Float64Array
        Rain of the last hour, and the share of it that was observed.
    equal_run : Int32Array
        How many equal amounts, none of them zero, its newest readings are.
    doubtful_until_s : Int64Array
        Newest doubtful reading; -1: none.
    counter_until_s : Int64Array
        Newest reading of a counter that fell, came back or began anew; -1: none.
    is_beyond_record : BoolArray
        The rain of some window is more than the record of its duration.
    """

    hour_mm: Float64Array
    coverage: Float64Array
    equal_run: Int32Array
    doubtful_until_s: Int64Array
    counter_until_s: Int64Array
    is_beyond_record: BoolArray


class RainGaugeQuality:
    """Flags and confidence of the gauges of one network.

    Parameters
    ----------
    stations : Stations
    neighbours : StationNeighbours
        Rain gauges near each other; stations that measure no rain have none.
    policy : QualityPolicy
    memory_s : int, optional
        How far back any window reaches: so long it is remembered who was not believed.
    """

    def __init__(
        self,
        stations: Stations,
        neighbours: StationNeighbours,
        policy: QualityPolicy,
        *,
        memory_s: int = 2 * DAY_S,
    ) -> None:
        self._neighbours = neighbours
        self._policy = policy
        self._interval_s = stations.interval_s
        self._measures_rain: BoolArray = stations.measures_rain
        self._checks = NeighbourChecks(neighbours, policy.neighbours)
        self._spares = SpareChecks(stations.spares, policy.neighbours)
        self._book = StretchBook(memory_s)
        self._is_compared = neighbours.station.shape[1] > 0 or len(stations.spares) > 0
        self._is_spare: BoolArray = np.zeros(len(stations), dtype=np.bool_)
        self._is_spare[[spare for _, spare in stations.spares]] = True
        n_near = neighbours.is_there.sum(axis=1)
        self._is_isolated: BoolArray = stations.measures_rain & (n_near < policy.neighbours.neighbours_min)
        longest_s = int(stations.interval_s[stations.measures_rain].max(initial=0))
        self._wait_s = min(longest_s, HOUR_S) + policy.neighbours.wait_s
        self._compared_until_s = -1
        self.stuck_since_s: Int64Array = np.full(len(stations), -1, dtype=np.int64)

    def step(self, rain: RainSteps, now: RainNow, now_s: int) -> StationQuality:
        """Compare what is due, and say what is thought of every gauge now."""
        self._compare_due(rain, now_s)
        self._follow_stuck(now, now_s)
        self._book.forget(now_s)
        checks = self._checks
        flags = check_buddies(self._neighbours, now.hour_mm, now.coverage, self._policy.neighbours)
        for flag, carries in (
            (StationFlag.FAULTY_ZERO, checks.zeros.is_faulty_zero),
            (StationFlag.CONTRADICTED, self._is_contradicted()),
            (StationFlag.HIGH_INFLUX, now_s - checks.influx_at_s < HOUR_S),
            (StationFlag.OUTLIER, checks.is_outlier),
            (StationFlag.STUCK, self.stuck_since_s >= 0),
            (StationFlag.READINGS, now_s - now.doubtful_until_s < HOUR_S),
            (StationFlag.ISOLATED, self._is_isolated),
            (StationFlag.COUNTER, now_s - now.counter_until_s < HOUR_S),
            (StationFlag.BEYOND_RECORD, now.is_beyond_record),
        ):
            flags[carries] |= np.uint16(flag)
        zero_since_s = self._zero_since_s()
        since_s = np.where(zero_since_s >= 0, zero_since_s, self.stuck_since_s)
        return StationQuality(flags, confidence_of(flags), since_s, self._book.stretches)

    @property
    def stretches(self) -> DoubtPeriods:
        """When gauges were not believed, as far as it matters."""
        return self._book.stretches

    def stands_until_s(self, now: RainNow, now_s: int) -> int:
        """From when on `step` may find otherwise by time alone, while `now` stays as it is."""
        neighbours = self._policy.neighbours
        fading_s = (
            np.concatenate([self._checks.influx_at_s, now.doubtful_until_s, now.counter_until_s]) + HOUR_S
        )
        fades_s = int(fading_s.min(where=fading_s > now_s, initial=np.iinfo(np.int64).max))
        if not self._is_compared:
            return fades_s
        return min(fades_s, self._compared_until_s + neighbours.step_s + self._wait_s)

    def dry_until_s(self, equal_run: Int32Array, wet_s: int) -> int:
        """From when on another gauge may be believed or not, while only dry reports come; 0: at once.

        No gauge begins to be faulty or is found to measure by intervals in which it rained nowhere.

        Parameters
        ----------
        equal_run : Int32Array, shape (n_stations,)
            As of `RainNow`.
        wet_s : int
            Time of the newest report that was not dry.
        """
        if (self.stuck_since_s >= 0).any() or (equal_run >= self._policy.stuck_readings).any():
            return 0
        if not self._is_compared or self._compared_until_s >= wet_s:
            return NEVER_DUE_S
        return self._compared_until_s + self._policy.neighbours.step_s + self._wait_s

    @property
    def looks_back_s(self) -> int:
        """How old an interval is when it is compared, at most, where steps come in time."""
        return self._policy.neighbours.step_s + self._wait_s

    def snapshot(self) -> dict[str, np.ndarray]:
        """State as arrays."""
        return {
            **self._checks.snapshot(),
            **self._book.snapshot(),
            **{f"spare_{name}": array for name, array in self._spares.runs.snapshot().items()},
            "compared_until_s": np.array([self._compared_until_s], dtype=np.int64),
            "stuck_since_s": self.stuck_since_s.copy(),
            "near": np.where(self._neighbours.is_there, self._neighbours.station, -1),
            "beside": self._spares.gauge.copy(),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up a snapshot. ValueError or KeyError if it does not fit."""
        self._checks.restore(state)
        self._book.restore(state)
        self._spares.runs.restore(
            {name.removeprefix("spare_"): array for name, array in state.items() if name.startswith("spare_")}
        )
        self._compared_until_s = int(state["compared_until_s"][0])
        self.stuck_since_s[:] = state["stuck_since_s"]

    def _compare_due(self, rain: RainSteps, now_s: int) -> None:
        """Give the intervals that are old enough to the checks, each once and in order."""
        if not self._is_compared:
            return
        step_s = self._policy.neighbours.step_s
        until_s = (now_s - self._wait_s) // step_s * step_s
        if self._compared_until_s < 0:
            self._compared_until_s = until_s - step_s
        n_due = (until_s - self._compared_until_s) // step_s
        if n_due <= 0:
            return
        n_steps = min(n_due, INTERVALS_PER_STEP_MAX)
        begin_s = until_s - n_steps * step_s
        rain_mm, observed = rain.steps(begin_s // MINUTE_S, n_steps, step_s // MINUTE_S)
        counts = (observed >= OBSERVED_SHARE_MIN) & self._measures_rain
        rain_mm = np.where(counts, rain_mm, np.nan)
        for number in range(n_steps):
            self._compare(rain_mm[number], begin_s + (number + 1) * step_s)
        self._compared_until_s = until_s

    def _compare(self, rain_mm: Float64Array, end_s: int) -> None:
        """One interval through the checks; who is not believed after it is remembered."""
        if self._neighbours.station.shape[1]:
            self._checks.step(rain_mm, end_s)
        self._spares.step(rain_mm, end_s, is_believed=self.stuck_since_s < 0)
        zero_since_s = self._zero_since_s()
        wet_at_s = self._checks.zeros.wet_at_s.copy()
        beside = self._spares.gauge
        wet_at_s[beside] = np.maximum(wet_at_s[beside], self._spares.runs.wet_at_s)
        self._book.follow(StationFlag.FAULTY_ZERO, zero_since_s >= 0, zero_since_s, wet_at_s)
        at_s: Int64Array = np.full(len(rain_mm), end_s, dtype=np.int64)
        self._book.follow(StationFlag.OUTLIER, self._checks.is_outlier & self._is_spare, at_s, at_s)

    def _is_contradicted(self) -> BoolArray:
        contradicted: BoolArray = np.zeros(len(self._interval_s), dtype=np.bool_)
        contradicted[self._spares.gauge] = self._spares.runs.is_faulty_zero
        return contradicted

    def _zero_since_s(self) -> Int64Array:
        """Since when each gauge has been clogged, whoever found it; -1: it is not."""
        since_s = self._checks.zeros.zero_since_s.copy()
        beside = self._spares.gauge
        by_spare_s, by_neighbours_s = self._spares.runs.zero_since_s, since_s[beside]
        both = (by_spare_s >= 0) & (by_neighbours_s >= 0)
        since_s[beside] = np.where(
            both, np.minimum(by_spare_s, by_neighbours_s), np.maximum(by_spare_s, by_neighbours_s)
        )
        return since_s

    def _follow_stuck(self, now: RainNow, now_s: int) -> None:
        """Stuck is a gauge that repeats itself while its neighbours have hardly any of its rain."""
        repeats = now.equal_run >= self._policy.stuck_readings
        per_step_mm = now.hour_mm * (self._policy.neighbours.step_s / HOUR_S)
        alone = self._checks.neighbour_mm < STUCK_NEIGHBOUR_SHARE * per_step_mm
        begins = repeats & alone & (self.stuck_since_s < 0)
        self.stuck_since_s[begins] = now_s - now.equal_run[begins] * self._interval_s[begins]
        self.stuck_since_s[~repeats] = -1
        ended_s = now_s - self._interval_s.astype(np.int64)
        self._book.follow(StationFlag.STUCK, self.stuck_since_s >= 0, self.stuck_since_s, ended_s)
