"""Rows that stay where they are, or beside each other, are copied together: most do in most changes."""

from collections.abc import Iterator

import numpy as np

from warnstream.runners.carry.names import Rows

Block = tuple[slice, slice]
"""Rows before, and the same ones now."""


def is_all(rows: Rows, n_before: int, n_now: int) -> bool:
    """Whether every row stays where it is.

    >>> same = np.arange(3)
    >>> is_all((same, same), 3, 3), is_all((same, same), 3, 4), is_all((same, same[::-1]), 3, 3)
    (True, False, False)
    """
    if not n_before == n_now == len(rows[0]):
        return False
    every = np.arange(n_now)
    return np.array_equal(rows[0], every) and np.array_equal(rows[1], every)


def blocks_of(rows: Rows) -> Iterator[Block]:
    """Stretches of rows that follow each other before and now.

    >>> list(blocks_of((np.array([0, 1, 2, 4]), np.array([1, 2, 3, 4]))))
    [(slice(0, 3, None), slice(1, 4, None)), (slice(4, 5, None), slice(4, 5, None))]
    """
    before, now = rows
    if not len(before):
        return
    ends = np.flatnonzero((np.diff(before) != 1) | (np.diff(now) != 1)) + 1
    for begin, end in zip([0, *ends.tolist()], [*ends.tolist(), len(before)], strict=True):
        yield (
            slice(int(before[begin]), int(before[end - 1]) + 1),
            slice(int(now[begin]), int(now[end - 1]) + 1),
        )
