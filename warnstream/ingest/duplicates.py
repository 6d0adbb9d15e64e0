"""Tells a reading that came before from a new one, by (station, time observed) and the number of a tip.

Gateways resend, brokers redeliver, and the DUP flag of MQTT is not reliable.
A ring of one 64-bit word per minute and station marks the seconds of the
minute for which a reading was counted.

Tips that their sender numbers are known by (station, second, number): two of
one second are two. One without a number is known by its second alone.

Memory is fixed at start: 8 bytes per minute and station (700 stations and a
lateness of 6 h: 2 MB), but for numbered tips, which are remembered one by one,
`NUMBERS_MAX` a second and station at most. Readings older than the ring cannot be
told apart; they are refused as too late.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Int32Array, Int64Array, UInt64Array
from warnstream.model.times import MINUTE_S

NUMBERS_MAX = 64
"""Tips of one second and station that are told apart: far beyond any rain."""


class DuplicateFilter:
    """Remembers which (station, second) were counted within the last `span_s` seconds."""

    def __init__(self, n_stations: int, *, span_s: int) -> None:
        self._rows = span_s // MINUTE_S + 2
        self._seconds: UInt64Array = np.zeros((self._rows, n_stations), dtype=np.uint64)
        self._head = -1
        self._numbers: dict[int, dict[tuple[int, int], set[int]]] = {}  # by minute, station and second

    def advance(self, now_s: int) -> None:
        """Forget the minutes that leave the ring as time moves on."""
        minute = int(now_s) // MINUTE_S
        if self._head >= 0 and minute > self._head:
            leaving = np.arange(max(self._head + 1, minute - self._rows + 1), minute + 1) % self._rows
            self._seconds[leaving] = 0
        self._head = max(self._head, minute)
        for old in [number for number in self._numbers if number <= self._head - self._rows]:
            del self._numbers[old]

    def mark(
        self, station: Int32Array, observed_at_s: Int64Array, sequence: Int32Array | None = None
    ) -> BoolArray:
        """Remember readings and tell which of them were known already.

        Parameters
        ----------
        station : Int32Array, shape (n,)
        observed_at_s : Int64Array, shape (n,)
            Not older than the ring.
        sequence : Int32Array, shape (n,), optional
            Numbers of tips; 0: without one.

        Returns
        -------
        BoolArray, shape (n,)
            True for a repetition, of an earlier batch or of an earlier row of this one.
        """
        if len(station) == 0:
            return np.zeros(0, dtype=np.bool_)
        self.advance(int(observed_at_s.max()))
        if sequence is None or not sequence.any():
            return self._mark_seconds(station, observed_at_s)
        # What has no number goes first, so that the order within the batch leaves no trace.
        plain, numbered = np.flatnonzero(sequence == 0), np.flatnonzero(sequence)
        repeated = np.zeros(len(station), dtype=np.bool_)
        repeated[plain] = self._mark_seconds(station[plain], observed_at_s[plain])
        for row in numbered.tolist():
            repeated[row] = self._mark_number(int(station[row]), int(observed_at_s[row]), int(sequence[row]))
        return repeated

    def _mark_seconds(self, station: Int32Array, observed_at_s: Int64Array) -> BoolArray:
        row = (observed_at_s // MINUTE_S) % self._rows
        bit = np.uint64(1) << (observed_at_s % MINUTE_S).astype(np.uint64)
        known: BoolArray = (self._seconds[row, station] & bit) != 0
        np.bitwise_or.at(self._seconds, (row, station), bit)
        return known | _repeats_within(station, observed_at_s)

    def _mark_number(self, station: int, observed_at_s: int, number: int) -> bool:
        minute, row = observed_at_s // MINUTE_S, observed_at_s // MINUTE_S % self._rows
        bit = np.uint64(1) << np.uint64(observed_at_s % MINUTE_S)
        of_minute = self._numbers.setdefault(minute, {})
        key = station, observed_at_s
        if key not in of_minute and self._seconds[row, station] & bit:
            return True  # it came before without its number
        numbers = of_minute.setdefault(key, set())
        if number in numbers or len(numbers) >= NUMBERS_MAX:
            return True
        numbers.add(number)
        self._seconds[row, station] |= bit
        return False

    def snapshot(self) -> dict[str, UInt64Array | Int64Array]:
        """State as arrays."""
        numbers = [
            (*key, number)
            for of_minute in self._numbers.values()
            for key, of_second in of_minute.items()
            for number in of_second
        ]
        return {
            "seconds": self._seconds.copy(),
            "head": np.array([self._head], dtype=np.int64),
            "numbers": np.array(sorted(numbers), dtype=np.int64).reshape(-1, 3),
        }

    def restore(self, state: dict[str, UInt64Array | Int64Array]) -> None:
        """Take up a snapshot of a filter of the same shape; ValueError for another."""
        if state["seconds"].shape != self._seconds.shape:
            raise ValueError(
                f"snapshot has {state['seconds'].shape} marks, this network needs {self._seconds.shape}"
            )
        self._seconds[:] = state["seconds"]
        self._head = int(state["head"][0])
        self._numbers = {}
        for station, at_s, number in state["numbers"].tolist():
            self._numbers.setdefault(at_s // MINUTE_S, {}).setdefault((station, at_s), set()).add(number)


def _repeats_within(station: Int32Array, observed_at_s: Int64Array) -> BoolArray:
    """Rows that repeat an earlier row of the same batch."""
    order = np.lexsort((np.arange(len(station)), observed_at_s, station))
    same = (station[order][1:] == station[order][:-1]) & (
        observed_at_s[order][1:] == observed_at_s[order][:-1]
    )
    repeats = np.zeros(len(station), dtype=np.bool_)
    repeats[order[1:]] = same
    return repeats
