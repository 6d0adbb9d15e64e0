"""Replays an archive of readings through the engine: time is event time, minute by minute.

The engine steps at every whole minute from the first reading to the last,
just as a live node does when a simulator publishes the archive and tells the
time: the same readings give the same warnings.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.engine import Engine, EngineStep
from warnstream.model.alerts.alert import AlertArrived
from warnstream.model.arrays import Int64Array
from warnstream.model.observations.readings import ReadingBatch, concatenate, empty_batch
from warnstream.model.radar.fields import Frame
from warnstream.model.times import MINUTE_S
from warnstream.review.archive import Archive, ArchiveReadings, in_memory
from warnstream.runners.build import build_engine


@dataclass(frozen=True, slots=True)
class Minute:
    """What arrives in one minute of a replay."""

    now_s: int
    readings: ReadingBatch
    frames: Sequence[Frame]
    alerts: Sequence[AlertArrived]


@dataclass(frozen=True, slots=True)
class ReplayStep:
    """One minute of a replay: its time, the readings taken, and what the engine did."""

    now_s: int
    readings: ReadingBatch
    step: EngineStep


class Replay:
    """An engine and an archive, in order of observation.

    Parameters
    ----------
    configuration : Configuration
    readings : ReadingBatch or Archive
        Sorted by `observed_at_s`. Of an archive memory holds a piece at a time; its frames and alerts count.
    until_s : int, optional
        Go on without readings until that time, so that levels can fall; the last reading's minute if None.
    frames : sequence of Frame
        What grids told, sorted by `end_s`; each is taken at the end of its interval.
    alerts : sequence of (int, AlertArrived)
        Alerts of other services with the time at which each came, sorted by it.
    begin_s : int, optional
        Step from that time on, which takes what was observed before, too; from the first reading if None.
    engine : Engine, optional
        Go on with it; a new one if None.
    """

    def __init__(
        self,
        configuration: Configuration,
        readings: ReadingBatch | Archive,
        until_s: int | None = None,
        frames: Sequence[Frame] = (),
        alerts: Sequence[tuple[int, AlertArrived]] = (),
        *,
        begin_s: int | None = None,
        engine: Engine | None = None,
    ) -> None:
        if isinstance(readings, ReadingBatch):
            if np.any(np.diff(readings.observed_at_s) < 0):
                raise ValueError("the readings of a replay must be sorted by the time observed")
            readings = in_memory(ArchiveReadings(readings, (), {}, tuple(frames), tuple(alerts)))
        self.engine: Engine = build_engine(configuration) if engine is None else engine
        self._archive = readings
        self._times_s = whole_minutes(readings, begin_s, until_s)

    def __len__(self) -> int:
        return len(self._times_s)

    def steps(self, on_progress: Callable[[int], None] | None = None) -> Iterator[ReplayStep]:
        """Run the replay; `on_progress` is told the number of steps done."""
        minutes = minutes_of(self._times_s, self._archive)
        for number, minute in enumerate(minutes, start=1):
            step = self.engine.step(minute.readings, minute.alerts, minute.now_s, minute.frames)
            yield ReplayStep(minute.now_s, minute.readings, step)
            if on_progress is not None:
                on_progress(number)


def minutes_of(times_s: Int64Array, archive: Archive) -> Iterator[Minute]:
    """What has come by each of the times and not before; what came earlier than the first comes with it."""
    frames, alerts = archive.frames, archive.alerts
    told = np.searchsorted([frame.end_s for frame in frames], times_s, side="right")
    came = np.searchsorted([at_s for at_s, _ in alerts], times_s, side="right")
    coming = _Coming(archive.pieces())
    first = heard = 0
    for now_s, last, until in zip(times_s.tolist(), told.tolist(), came.tolist(), strict=True):
        arrived = [alert for _, alert in alerts[heard:until]]
        yield Minute(now_s, coming.until(now_s), frames[first:last], arrived)
        first, heard = last, until


class _Coming:
    """Readings piece by piece, handed out up to one time after the other."""

    def __init__(self, pieces: Iterator[ReadingBatch]) -> None:
        self._pieces = pieces
        self._piece = next(pieces, empty_batch())
        self._next = next(pieces, empty_batch())
        self._at = 0

    def until(self, now_s: int) -> ReadingBatch:
        """What was observed up to a time and was not handed out yet."""
        rows = self._rows_until(now_s)
        if self._at < len(self._piece) or len(self._next) == 0 or int(self._next.observed_at_s[0]) > now_s:
            return rows
        parts = [rows]
        while len(self._next) and int(self._next.observed_at_s[0]) <= now_s:
            self._piece, self._next, self._at = self._next, next(self._pieces, empty_batch()), 0
            parts.append(self._rows_until(now_s))
        return concatenate(parts)

    def _rows_until(self, now_s: int) -> ReadingBatch:
        end = int(np.searchsorted(self._piece.observed_at_s, now_s, side="right"))
        begin, self._at = self._at, end
        return self._piece.select(slice(begin, end))


def whole_minutes(archive: Archive, begin_s: int | None, until_s: int | None) -> Int64Array:
    """Whole minutes: from `begin_s` or the first reading to the last reading or `until_s`, the later one.

    Readings before `begin_s` are taken at its minute.
    """
    if begin_s is None:
        if archive.begin_s is None:
            return np.zeros(0, dtype=np.int64)
        begin_s = archive.begin_s
    last_s = max(begin_s if archive.end_s is None else archive.end_s, begin_s, until_s or 0)
    return np.arange(-(-begin_s // MINUTE_S), -(-last_s // MINUTE_S) + 1, dtype=np.int64) * MINUTE_S
