"""What conditions remember from step to step: since when they hold, what was first, earlier values."""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array


@dataclass(slots=True)
class Lasted:
    """Since when a condition has held, shape (n_places,); -1: it does not."""

    since_s: Int64Array

    def step(self, part: BoolArray, for_s: int, now_s: int) -> BoolArray:
        """Whether the condition has lasted, and whether it still holds, shape (2, n_places)."""
        began = np.where(self.since_s < 0, now_s, self.since_s)
        self.since_s[:] = np.where(part[0], began, -1)
        lasts = part[0] & (now_s - self.since_s >= for_s)
        return np.stack([lasts, part[1]])


@dataclass(slots=True)
class Followed:
    """When the first part held last, and where the pair is under way (reached, holding)."""

    first_at_s: Int64Array
    under_way: BoolArray

    def step(self, first: BoolArray, then: BoolArray, within_s: int, now_s: int) -> BoolArray:
        """Whether the pair is reached, and whether it still holds, shape (2, n_places)."""
        self.first_at_s[first[0]] = now_s
        is_recent = (self.first_at_s >= 0) & (now_s - self.first_at_s <= within_s)
        reached = then[0] & (is_recent | self.under_way[0])
        holding = then[1] & (reached | self.under_way[1])
        self.under_way[:] = np.stack([reached, holding])
        return self.under_way.copy()


@dataclass(slots=True)
class Past:
    """Earlier values of a quantity, newest last, shape (n_samples, n_places); time -1: none yet."""

    time_s: Int64Array
    value: Float64Array
    spacing_s: int

    def at(self, time_s: int) -> Float64Array | None:
        """The newest values not younger than a time; None where those are too old to compare with."""
        row = int(np.searchsorted(self.time_s, time_s, side="right")) - 1
        known = row >= 0 and self.time_s[row] >= max(time_s - 2 * self.spacing_s, 0)
        return self.value[row].copy() if known else None

    def add(self, time_s: int, value: Float64Array) -> None:
        """Keep a value; of one spacing the first."""
        if self.time_s[-1] >= 0 and time_s // self.spacing_s <= self.time_s[-1] // self.spacing_s:
            return
        self.time_s[:-1], self.value[:-1] = self.time_s[1:].copy(), self.value[1:].copy()
        self.time_s[-1], self.value[-1] = time_s, value
