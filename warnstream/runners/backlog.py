"""Readings of long ago that wait for the engine while fresh ones go first.

After an outage a county's stations empty their memories at once. Such
readings correct windows of the past; a village that is in danger now must not
wait for them. They are kept here in order of arrival and given to the engine
a slice per step, so that no step is long.

Limit: at most `WAITING_MAX` readings wait; what comes beyond it makes the next
slice larger, so memory is bounded whatever arrives (25 bytes a reading).
"""

from collections import deque

import numpy as np

from warnstream.model.readings import ReadingBatch, concatenate

AGE_S = 900
"""A reading observed longer ago is backlog: stations report every 1 to 15 minutes."""

SLICE = 20_000
"""Readings of a step's slice: about 50 ms."""

WAITING_MAX = 200_000


class Backlog:
    """A queue of readings, counted in rows."""

    def __init__(self) -> None:
        self._waiting: deque[ReadingBatch] = deque()
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def add(self, readings: ReadingBatch) -> None:
        """Put readings at the end."""
        if len(readings):
            self._waiting.append(readings)
            self._rows += len(readings)

    def split(self, readings: ReadingBatch, now_s: int) -> ReadingBatch:
        """Keep what is backlog at the time `now_s`; returns the rest, in order."""
        is_old = readings.observed_at_s < now_s - AGE_S
        if not is_old.any():
            return readings
        self.add(readings.select(np.flatnonzero(is_old)))
        return readings.select(np.flatnonzero(~is_old))

    def next_slice(self) -> list[ReadingBatch]:
        """The oldest of what waits: `SLICE` readings, and all that is beyond `WAITING_MAX`."""
        wanted = max(SLICE, self._rows - WAITING_MAX)
        taken: list[ReadingBatch] = []
        while self._waiting and wanted > 0:
            batch = self._waiting.popleft()
            if len(batch) > wanted:
                self._waiting.appendleft(batch.select(slice(wanted, None)))
                batch = batch.select(slice(wanted))
            taken.append(batch)
            wanted -= len(batch)
            self._rows -= len(batch)
        return taken

    def whole(self) -> ReadingBatch:
        """Everything that waits, for a snapshot."""
        return concatenate(list(self._waiting))

    def restore(self, readings: ReadingBatch) -> None:
        """Take up what `whole` gave."""
        self._waiting.clear()
        self._rows = 0
        self.add(readings)
