"""What gauges measured over weeks, from archives: rain of ten minutes, who was silent, who was doubted.

Readings go through the very stage that a node has (`StationState`), as if each had come in time: the same
counters, limits, neighbours and flags. Villages and levels are not judged. Ten minutes are read an hour after
their end, when the slowest gauge has told of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from warnstream.adapters.geometry import station_neighbours
from warnstream.assessment.isolation import Isolation
from warnstream.assessment.rule_needs import whole_of
from warnstream.assessment.stations import StationPolicies, StationState
from warnstream.config.settings import Configuration
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array, UInt16Array
from warnstream.model.errors import ArchiveError
from warnstream.model.observations.readings import ReadingBatch, concatenate, empty_batch
from warnstream.model.observations.station_quality import StationFlag
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S
from warnstream.review.archive import Archive

STEP_S = 10 * MINUTE_S
PER_HOUR = HOUR_S // STEP_S
WARM_UP_S = DAY_S
"""So long before the period gauges are heard, so that what is thought of them stands at its begin."""

NOBODY_S = 2 * HOUR_S
"""Where no gauge at all spoke for longer there is no record: nobody can tell who was silent."""


@dataclass(frozen=True, slots=True)
class GaugeYield:
    """What gauges measured; rows are steps of `STEP_S` from `begin_s` on.

    Attributes
    ----------
    begin_s, end_s : int
        The period, whole steps.
    rain_mm, observed : Float64Array, shape (n_steps, n_stations)
        What was observed of each step, and which share of it was.
    is_silent, is_doubted : BoolArray, shape (n_steps, n_stations)
    is_recorded : BoolArray, shape (n_steps,)
        Where gauges spoke; in a gap of all of them nobody is called silent or doubted.
    flags : UInt16Array, shape (n_stations,)
        `StationFlag` bits that each gauge was doubted for.
    refused : dict of str to int
        Readings that could not be used, by reason.
    """

    begin_s: int
    end_s: int
    rain_mm: Float64Array
    observed: Float64Array
    is_silent: BoolArray
    is_doubted: BoolArray
    is_recorded: BoolArray
    flags: UInt16Array
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def recorded_s(self) -> int:
        """How much of the period there is any record of."""
        return int(self.is_recorded.sum()) * STEP_S

    def hours(self) -> Float64Array:
        """Rain of the hour that ends with each step, mm, shape (n_steps, n_stations)."""
        total = np.concatenate([np.zeros((1, self.rain_mm.shape[1])), np.cumsum(self.rain_mm, axis=0)])
        ends = np.arange(1, len(total))
        found: Float64Array = np.round(total[ends] - total[np.maximum(ends - PER_HOUR, 0)], 3)
        return found


def gauge_yield(
    configuration: Configuration,
    archives: Sequence[Archive],
    begin_s: int,
    end_s: int,
    on_progress: Callable[[int], None],
) -> GaugeYield:
    """Go through archives once.

    Parameters
    ----------
    configuration : Configuration
    archives : sequence of Archive
        May overlap: a reading of the same station and time counts once.
    begin_s, end_s : int
        Of the period.
    on_progress : callable
        Told the time that has been reached.

    Raises
    ------
    ArchiveError
        If a part of a step fails: figures without it would be wrong.
    """
    begin_s, end_s = begin_s // STEP_S * STEP_S, -(-end_s // STEP_S) * STEP_S
    run = _Run(configuration, begin_s, (end_s - begin_s) // STEP_S)
    feed = _Feed(archives, begin_s - WARM_UP_S)
    for now_s in range(begin_s - WARM_UP_S + STEP_S, end_s + 2 * HOUR_S + STEP_S, STEP_S):
        run.step(feed.until(now_s), now_s)
        on_progress(now_s)
    refused: dict[str, int] = {}
    for archive in archives:
        for reason, count in archive.n_refused.items():
            refused[reason] = refused.get(reason, 0) + count
    is_recorded = run.is_recorded()
    flags = np.where((run.is_doubted & is_recorded[:, None]).any(axis=0), run.flags, np.uint16(0))
    return GaugeYield(
        begin_s,
        end_s,
        run.rain_mm,
        run.observed,
        run.is_silent & is_recorded[:, None],
        run.is_doubted & is_recorded[:, None],
        is_recorded,
        flags,
        refused,
    )


class _Run:
    def __init__(self, configuration: Configuration, begin_s: int, n_steps: int) -> None:
        network = configuration.network
        needs = whole_of(configuration.rules, configuration.message.transfer.ahead).needs
        policies = StationPolicies(configuration.windows, configuration.quality, configuration.counters)
        neighbours = station_neighbours(network, configuration.quality.neighbours)
        self._state = StationState(network.stations, needs, policies, neighbours)
        self._begin_s, self._n_steps = begin_s, n_steps
        shape = n_steps, len(network.stations)
        self.rain_mm, self.observed = np.zeros(shape), np.zeros(shape)
        self.is_silent, self.is_doubted = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
        self._newest_s, self._spoke_s = -1, list[int]()
        self.flags: UInt16Array = np.zeros(shape[1], dtype=np.uint16)

    def step(self, readings: ReadingBatch, now_s: int) -> None:
        if len(readings) == 0 and now_s - self._newest_s > NOBODY_S + HOUR_S:
            return  # everything that was observed has been read; nobody is judged in a gap of all
        state, isolation = self._state, Isolation()
        state.take(readings, now_s, isolation)
        if isolation.failures:
            part, why = next(iter(isolation.failures.items()))
            raise ArchiveError(f"{part} could not be worked out: {why}")
        quality = state.judge_gauges(now_s)
        newest_s = int(state.last_observed_s().max(initial=-1))
        if newest_s > self._newest_s:
            self._newest_s = newest_s
            self._spoke_s.append(now_s)
        number = (now_s - self._begin_s) // STEP_S - 1
        if 0 <= number < self._n_steps:
            self._judge(number, now_s, quality.flags)
        if (now_s - self._begin_s) % HOUR_S == 0:
            self._read(number - PER_HOUR)

    def is_recorded(self) -> BoolArray:
        """Of each step, whether it lies in no gap of all gauges; after the last reading nobody knows."""
        now_s = self._begin_s + STEP_S * np.arange(1, self._n_steps + 1)
        spoke_s = np.array(self._spoke_s, dtype=np.int64)
        following = np.searchsorted(spoke_s, now_s)
        edges_s = np.concatenate([[-NOBODY_S], spoke_s, [now_s[-1] + 2 * NOBODY_S if len(now_s) else 0]])
        found: BoolArray = (edges_s[following + 1] - edges_s[following] <= NOBODY_S) | np.isin(now_s, spoke_s)
        return found

    def _judge(self, number: int, now_s: int, flags: UInt16Array) -> None:
        doubts = flags & np.uint16(~StationFlag.ISOLATED & 0xFFFF)
        self.is_silent[number] = ~self._state.is_reporting(now_s)
        self.is_doubted[number] = doubts != 0
        self.flags |= doubts

    def _read(self, last: int) -> None:
        """The hour of steps that ends with number `last`."""
        first = last - PER_HOUR + 1
        begin_min = (self._begin_s + first * STEP_S) // MINUTE_S
        rain_mm, observed = self._state.rain.steps(begin_min, PER_HOUR, STEP_S // MINUTE_S)
        low, high = max(first, 0), min(last + 1, self._n_steps)
        if low < high:
            self.rain_mm[low:high], self.observed[low:high] = (
                part[low - first : high - first] for part in (rain_mm, observed)
            )


class _Feed:
    """Readings of several archives in the order of time, a step at a time."""

    def __init__(self, archives: Sequence[Archive], begin_s: int) -> None:
        self._sources = [_Source(archive.pieces(), begin_s) for archive in archives]

    def until(self, time_s: int) -> ReadingBatch:
        found = [batch for source in self._sources if len(batch := source.until(time_s))]
        if not found:
            return empty_batch()
        if len(found) == 1:
            return found[0]
        together = concatenate(found)
        return together.select(np.lexsort((together.station, together.observed_at_s)))


class _Source:
    def __init__(self, pieces: Iterator[ReadingBatch], begin_s: int) -> None:
        self._pieces, self._piece, self._at = pieces, empty_batch(), 0
        self.until(begin_s)

    def until(self, time_s: int) -> ReadingBatch:
        """What was observed up to a time and was not given yet."""
        found = []
        while True:
            reached = int(np.searchsorted(self._piece.observed_at_s, time_s, side="right"))
            if reached > self._at:
                found.append(self._piece.select(slice(self._at, reached)))
                self._at = reached
            if reached < len(self._piece):
                break
            following = next(self._pieces, None)
            if following is None:
                break
            self._piece, self._at = following, 0
        return concatenate(found) if found else empty_batch()


def days_of(found: GaugeYield, day_begins_s: int) -> tuple[Int64Array, Float64Array]:
    """Begins of the whole days of a period, and their rain in mm, shape (n_days, n_stations).

    Parameters
    ----------
    found : GaugeYield
    day_begins_s : int
        After 00:00 UTC, as of `WindowPolicy`.
    """
    first_s = -(-(found.begin_s - day_begins_s) // DAY_S) * DAY_S + day_begins_s
    begins_s = np.arange(first_s, found.end_s - DAY_S + 1, DAY_S, dtype=np.int64)
    first = (begins_s - found.begin_s) // STEP_S
    per_day = DAY_S // STEP_S
    sums = [found.rain_mm[at : at + per_day].sum(axis=0) for at in first.tolist()]
    return begins_s, np.array(sums).reshape(len(sums), found.rain_mm.shape[1])
