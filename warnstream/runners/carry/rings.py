"""Rows of rings of different lengths: which held which minute, day or step, and which holds it now."""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import Int64Array
from warnstream.runners.carry.blocks import blocks_of, is_all
from warnstream.runners.carry.names import Rows
from warnstream.windows.cumulative_ring import COARSE_MIN

ALL_SECONDS = np.uint64((1 << 60) - 1)
"""Every second of a minute counts as told before."""
_ROWS_AT_ONCE = 256


def same_units(newest: int, n_before: int, n_now: int) -> Rows:
    """Rows of the newest units that both of two rings hold, where unit u is row ``u % n``.

    >>> before, now = same_units(7, 3, 4)
    >>> before.tolist(), now.tolist()
    ([2, 0, 1], [1, 2, 3])
    """
    units = np.arange(newest - min(n_before, n_now) + 1, newest + 1, dtype=np.int64)
    return units % n_before, units % n_now


@dataclass(frozen=True, slots=True)
class RingShape:
    """Rows of a `CumulativeRing`: single minutes, then tens, up to the minute `head`."""

    n_fine: int
    n_coarse: int
    head: int

    @property
    def oldest_fine(self) -> int:
        """From that minute on every minute has a row."""
        return self.head - self.n_fine + 1

    @property
    def oldest(self) -> int:
        """Oldest minute that has a row."""
        if not self.n_coarse:
            return self.oldest_fine
        return (self.head // COARSE_MIN - self.n_coarse + 1) * COARSE_MIN

    def minutes(self) -> Int64Array:
        """Minute of every row, shape (n_rows,)."""
        fine = np.arange(self.oldest_fine, self.head + 1, dtype=np.int64)
        tens = np.arange(
            self.head // COARSE_MIN - self.n_coarse + 1, self.head // COARSE_MIN + 1, dtype=np.int64
        )
        minutes: Int64Array = np.zeros(self.n_fine + self.n_coarse, dtype=np.int64)
        minutes[fine % self.n_fine] = fine
        if self.n_coarse:
            minutes[self.n_fine + tens % self.n_coarse] = tens * COARSE_MIN
        return minutes

    def row_of(self, minute: Int64Array) -> Int64Array:
        """Row of minutes that have one."""
        fine = minute % self.n_fine
        if not self.n_coarse:
            return fine
        coarse = self.n_fine + minute // COARSE_MIN % self.n_coarse
        return np.where(minute >= self.oldest_fine, fine, coarse)

    def around(self, minute: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Minutes with a row at or before, and at or after each; the oldest where there is none before."""
        within = np.clip(minute, self.oldest, self.head)
        is_held = within >= self.oldest_fine
        below = np.where(is_held, within, np.maximum(within // COARSE_MIN * COARSE_MIN, self.oldest))
        next_ten = np.minimum(-(-within // COARSE_MIN) * COARSE_MIN, self.oldest_fine)
        return below, np.where(is_held, within, next_ten)


def carry_totals(
    old: np.ndarray, before: RingShape, new: np.ndarray, now: RingShape, columns: Rows
) -> np.ndarray:
    """Totals of one ring in the rows of another.

    Minutes that the old one held are the same to the bit. Those between two of its tens lie
    evenly between them. What is older than it is unknown: nothing fell there and nobody observed.

    Parameters
    ----------
    old : array, shape (n_rows_before, n_before)
        Running totals that wrap around.
    before, now : RingShape
        Of the same head.
    new : array, shape (n_rows, n)
        Zeros.
    columns : Rows
        Columns of the same stations.
    """
    if before == now and is_all(columns, old.shape[1], new.shape[1]):
        return old
    totals = new.copy()
    if before == now:
        for was, becomes in blocks_of(columns):
            totals[:, becomes] = old[:, was]
        return totals
    minutes = now.minutes()
    below, above = before.around(minutes)
    share = np.clip(minutes, before.oldest, before.head) - below
    first, second, length = before.row_of(below), before.row_of(above), np.maximum(above - below, 1)
    for start in range(0, len(minutes), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        lower = old[np.ix_(first[part], columns[0])]
        grown = (old[np.ix_(second[part], columns[0])] - lower).astype(np.int64)
        between = grown * share[part, None] // length[part, None]
        rows = np.arange(len(minutes))[part]
        totals[np.ix_(rows, columns[1])] = lower + between.astype(old.dtype)
    return totals


def carry_marks(old: np.ndarray, new: np.ndarray, head: int, columns: Rows) -> np.ndarray:
    """Marks of the filter of duplicates by minute.

    Minutes that the old filter did not reach back to count as told: what came that late was refused
    until now, and nobody can say what of it has been counted.
    """
    n_before, n_now = len(old), len(new)
    if n_before == n_now and is_all(columns, old.shape[1], new.shape[1]):
        return old
    marks = new.copy()
    before, now = same_units(head, n_before, n_now)
    for was, becomes in blocks_of(columns):
        marks[now, becomes] = old[before, was]
    if n_now > n_before:
        older = np.arange(head - n_now + 1, head - n_before + 1, dtype=np.int64) % n_now
        marks[np.ix_(older, columns[1])] = ALL_SECONDS
    return marks
