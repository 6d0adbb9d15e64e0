"""Readings of long ago that wait for the engine while fresh ones go first.

After an outage a county's stations empty their memories at once. Such
readings correct windows of the past; a village that is in danger now must not
wait for them. They are kept here in order of arrival and given to the engine
a slice per step, so that no step is long.

Counters are differences of readings in order: a fresh one of a station whose
older ones still wait goes behind them.

Limit: at most `WAITING_MAX` readings wait; what comes beyond it makes the next
slice larger, so memory is bounded whatever arrives (25 bytes a reading).
"""

from collections import Counter, deque

import numpy as np

from warnstream.model.arrays import BoolArray
from warnstream.model.observations.readings import COUNTERS, ReadingBatch, concatenate

AGE_S = 900
"""A reading observed longer ago is backlog: stations report every 1 to 15 minutes."""

SLICE = 200_000
"""Readings of a step's slice: some 50 ms, a fifth of it for going back to the oldest of them."""

WAITING_MAX = 400_000


class Backlog:
    """A queue of readings, counted in rows.

    Attributes
    ----------
    taken : int
        Readings of the last slice; 0 if nothing waited.
    """

    def __init__(self) -> None:
        self.taken = 0
        self._waiting: deque[ReadingBatch] = deque()
        self._rows = 0
        self._counting: Counter[int] = Counter()  # counter readings that wait, by station

    def __len__(self) -> int:
        return self._rows

    def add(self, readings: ReadingBatch) -> None:
        """Put readings at the end."""
        if len(readings):
            self._waiting.append(readings)
            self._rows += len(readings)
            self._counting.update(_counting(readings))

    def split(self, readings: ReadingBatch, now_s: int) -> ReadingBatch:
        """Keep what is backlog at the time `now_s`; returns the rest, in order."""
        is_old = readings.observed_at_s < now_s - AGE_S
        if self._counting or is_old.any():
            is_old |= self._is_counted_later(readings, is_old)
        if not is_old.any():
            return readings
        self.add(readings.select(np.flatnonzero(is_old)))
        return readings.select(np.flatnonzero(~is_old))

    def next_slice(self) -> list[ReadingBatch]:
        """The oldest of what waits: `SLICE` readings, and all that is beyond `WAITING_MAX`."""
        wanted, before = max(SLICE, self._rows - WAITING_MAX), self._rows
        taken: list[ReadingBatch] = []
        while self._waiting and wanted > 0:
            batch = self._waiting.popleft()
            if len(batch) > wanted:
                self._waiting.appendleft(batch.select(slice(wanted, None)))
                batch = batch.select(slice(wanted))
            taken.append(batch)
            wanted -= len(batch)
            self._rows -= len(batch)
            # `-=` forgets the stations that have none left.
            self._counting -= Counter(_counting(batch))
        self.taken = before - self._rows
        return taken

    def _is_counted_later(self, readings: ReadingBatch, is_old: BoolArray) -> BoolArray:
        """Counters, shape (n,), of stations of which older ones wait or come with them."""
        is_counter: BoolArray = np.isin(readings.variable, COUNTERS)
        if is_counter.any():
            stations = [*self._counting, *np.unique(readings.station[is_counter & is_old]).tolist()]
            is_counter &= np.isin(readings.station, stations)
        return is_counter

    def whole(self) -> ReadingBatch:
        """Everything that waits, for a snapshot."""
        return concatenate(list(self._waiting))

    def restore(self, readings: ReadingBatch) -> None:
        """Take up what `whole` gave."""
        self._waiting.clear()
        self._counting.clear()
        self._rows = 0
        self.add(readings)


def _counting(readings: ReadingBatch) -> list[int]:
    """Stations of the counter readings of a batch."""
    stations: list[int] = readings.station[np.isin(readings.variable, COUNTERS)].tolist()
    return stations
