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
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.radar.fields import Frame
from warnstream.model.times import MINUTE_S
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
    readings : ReadingBatch
        Sorted by `observed_at_s`.
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
        readings: ReadingBatch,
        until_s: int | None = None,
        frames: Sequence[Frame] = (),
        alerts: Sequence[tuple[int, AlertArrived]] = (),
        *,
        begin_s: int | None = None,
        engine: Engine | None = None,
    ) -> None:
        if np.any(np.diff(readings.observed_at_s) < 0):
            raise ValueError("the readings of a replay must be sorted by the time observed")
        self.engine: Engine = build_engine(configuration) if engine is None else engine
        self._readings = readings
        self._frames, self._alerts = frames, alerts
        self._times_s = whole_minutes(readings, begin_s, until_s)

    def __len__(self) -> int:
        return len(self._times_s)

    def steps(self, on_progress: Callable[[int], None] | None = None) -> Iterator[ReplayStep]:
        """Run the replay; `on_progress` is told the number of steps done."""
        minutes = minutes_of(self._times_s, self._readings, self._frames, self._alerts)
        for number, minute in enumerate(minutes, start=1):
            step = self.engine.step(minute.readings, minute.alerts, minute.now_s, minute.frames)
            yield ReplayStep(minute.now_s, minute.readings, step)
            if on_progress is not None:
                on_progress(number)


def minutes_of(
    times_s: Int64Array,
    readings: ReadingBatch,
    frames: Sequence[Frame] = (),
    alerts: Sequence[tuple[int, AlertArrived]] = (),
) -> Iterator[Minute]:
    """What has come by each of the times and not before; what came earlier than the first comes with it."""
    ends = np.searchsorted(readings.observed_at_s, times_s, side="right")
    told = np.searchsorted([frame.end_s for frame in frames], times_s, side="right")
    came = np.searchsorted([at_s for at_s, _ in alerts], times_s, side="right")
    begin = first = heard = 0
    for now_s, end, last, until in zip(
        times_s.tolist(), ends.tolist(), told.tolist(), came.tolist(), strict=True
    ):
        arrived = [alert for _, alert in alerts[heard:until]]
        yield Minute(now_s, readings.select(slice(begin, end)), frames[first:last], arrived)
        begin, first, heard = end, last, until


def whole_minutes(readings: ReadingBatch, begin_s: int | None, until_s: int | None) -> Int64Array:
    """Whole minutes: from `begin_s` or the first reading to the last reading or `until_s`, the later one.

    Readings before `begin_s` are taken at its minute.
    """
    observed_at_s = readings.observed_at_s
    if begin_s is None:
        if len(readings) == 0:
            return np.zeros(0, dtype=np.int64)
        begin_s = int(observed_at_s[0])
    last_s = max(int(observed_at_s[-1]) if len(readings) else begin_s, begin_s, until_s or 0)
    return np.arange(-(-begin_s // MINUTE_S), -(-last_s // MINUTE_S) + 1, dtype=np.int64) * MINUTE_S
