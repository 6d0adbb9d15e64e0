"""The rows of a ledger: which doors they are, where, on which channels, and who goes first.

A door begins on its first way with every bulletin. Where another way comes after that one, it goes on there
when the first has failed for good; where one is for the silent (voice after text), it goes on to that one
when nobody has answered for long enough. A way is a channel with what comes after it, so doors of one channel
may be on several ways; who sends asks by channel (`channel_of`).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from warnstream.model.arrays import BoolArray, Int32Array, Int64Array, UInt8Array

NO_WAY = 255
"""No way comes after."""

Rows = slice | Int64Array


class DoorRows:
    """Doors of a register by row, those of a village together, former ones last.

    Parameters
    ----------
    first_of_village : Int32Array, shape (n_villages + 1,)
        Doors of village v are ``first_of_village[v]:first_of_village[v + 1]``.
    way : UInt8Array, shape (n_doors + n_former,)
        Number of each door's first way.
    former_village : sequence of int
        Village of each door beyond those of the register: it was told something and has left the register.
        It hears the end alone; where the village has no other doors, everything until then.
    grade : UInt8Array or None, shape (n_rows,)
        Who goes first of those who are told the same; None: all are alike.
    next_way : mapping of int to int
        Number of a way -> of the one that comes after it has failed; no circle.
    silent_way : mapping of int to int, or None
        Number of a way -> of the one that is for who does not answer on it, which comes somewhere after it;
        None: the next one.
    channel_of : sequence of int
        Number of each way's channel; a channel is the number of its way with nothing of its own after it.
        Ways beyond its end are channels themselves.

    Attributes
    ----------
    way : UInt8Array, shape (n_rows,)
        Way by which each door is told its newest bulletin now.
    first_way : UInt8Array, shape (n_rows,)
        Way by which each bulletin begins.
    channel_of : UInt8Array, shape (n_ways,)
    village : Int32Array, shape (n_rows,)
    """

    def __init__(
        self,
        first_of_village: Int32Array,
        way: UInt8Array,
        former_village: Sequence[int] = (),
        grade: UInt8Array | None = None,
        next_way: Mapping[int, int] | None = None,
        silent_way: Mapping[int, int] | None = None,
        channel_of: Sequence[int] = (),
    ) -> None:
        n_villages, n_rows = len(first_of_village) - 1, len(way)
        self._first = [int(first) for first in first_of_village]
        if self._first[-1] + len(former_village) != n_rows:
            raise ValueError(
                f"{n_rows} channels of {self._first[-1]} doors and {len(former_village)} former ones"
            )
        self.first_way, self.way = way, way.copy()
        following = next_way or {}
        self.has_next = bool(following)
        known = [int(way.max(initial=0)), *following.keys(), *following.values(), len(channel_of) - 1]
        self.n_ways = max(known) + 1
        self.next_way = self._after(following)
        self.silent_way = self._after(following if silent_way is None else silent_way)
        self.channel_of: UInt8Array = np.arange(self.n_ways, dtype=np.uint8)
        self.channel_of[: len(channel_of)] = channel_of
        self.grade = np.zeros(n_rows, np.uint8) if grade is None else grade
        sizes = np.array([last - first for first, last in pairwise(self._first)], dtype=np.int64)
        former = np.asarray(former_village, dtype=np.int32)
        self.village: Int32Array = np.concatenate(
            [np.repeat(np.arange(n_villages, dtype=np.int32), sizes), former]
        )
        self._former: dict[int, list[int]] = {}
        for row, village in enumerate(former_village, start=self._first[-1]):
            self._former.setdefault(int(village), []).append(row)
        self._n_of_way = self._counted_by(self.first_way, self.n_ways)
        self._has_grade: BoolArray = self._counted_by(self.grade, int(self.grade.max(initial=0)) + 1) > 0

    def __len__(self) -> int:
        return len(self.way)

    def _after(self, following: Mapping[int, int]) -> UInt8Array:
        """What comes after each way, `NO_WAY` where nothing does."""
        found: UInt8Array = np.full(self.n_ways, NO_WAY, np.uint8)
        for earlier, later in following.items():
            found[earlier] = later
        return found

    def _counted_by(self, column: UInt8Array, n_values: int) -> Int64Array:
        n_villages = len(self._first) - 1
        cells = self.village.astype(np.int64) * n_values + column
        return np.bincount(cells, minlength=n_villages * n_values).reshape(n_villages, n_values)

    def rows_of(self, village: int) -> Rows:
        """Rows of a village's doors, those of former ones last."""
        own = slice(self._first[village], self._first[village + 1])
        former = self._former.get(village)
        if not former:
            return own
        return np.concatenate([np.arange(own.start, own.stop), np.array(former, dtype=np.int64)])

    def n_former(self, village: int) -> int:
        """Former doors of a village."""
        return len(self._former.get(village, ()))

    def first_ways(self, village: int) -> list[int]:
        """Ways by which bulletins of a village begin, by number."""
        ways: list[int] = self._n_of_way[village].nonzero()[0].tolist()
        return ways

    def first_channels(self, village: int) -> list[int]:
        """Channels by which bulletins of a village begin, by number."""
        channels: list[int] = np.unique(self.channel_of[self.first_ways(village)]).tolist()
        return channels

    def grades(self, village: int) -> list[int]:
        """Grades of a village's doors, the first to be told first."""
        found: list[int] = self._has_grade[village].nonzero()[0].tolist()
        return found

    def can_go_on(self, village: int) -> bool:
        """Whether any door of a village has another channel after its first one."""
        return any(self.next_way[way] != NO_WAY for way in self.first_ways(village))
