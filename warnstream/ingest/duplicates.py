"""Tells a reading that came before from a new one, by (station, time observed).

Gateways resend, brokers redeliver, and the DUP flag of MQTT is not reliable.
A ring of one 64-bit word per minute and station marks the seconds of the
minute for which a reading was counted.

Memory is fixed at start: 8 bytes per minute and station (700 stations and a
lateness of 6 h: 2 MB). Readings older than the ring cannot be told apart; they
are refused as too late.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Int32Array, Int64Array, UInt64Array
from warnstream.model.times import MINUTE_S


class DuplicateFilter:
    """Remembers which (station, second) were counted within the last `span_s` seconds."""

    def __init__(self, n_stations: int, *, span_s: int) -> None:
        self._rows = span_s // MINUTE_S + 2
        self._seconds: UInt64Array = np.zeros((self._rows, n_stations), dtype=np.uint64)
        self._head = -1

    def advance(self, now_s: int) -> None:
        """Forget the minutes that leave the ring as time moves on."""
        minute = int(now_s) // MINUTE_S
        if self._head >= 0 and minute > self._head:
            leaving = np.arange(max(self._head + 1, minute - self._rows + 1), minute + 1) % self._rows
            self._seconds[leaving] = 0
        self._head = max(self._head, minute)

    def mark(self, station: Int32Array, observed_at_s: Int64Array) -> BoolArray:
        """Remember readings and tell which of them were known already.

        Parameters
        ----------
        station : Int32Array, shape (n,)
        observed_at_s : Int64Array, shape (n,)
            Not older than the ring.

        Returns
        -------
        BoolArray, shape (n,)
            True for a repetition, of an earlier batch or of an earlier row of this one.
        """
        if len(station) == 0:
            return np.zeros(0, dtype=np.bool_)
        self.advance(int(observed_at_s.max()))
        row = (observed_at_s // MINUTE_S) % self._rows
        bit = np.uint64(1) << (observed_at_s % MINUTE_S).astype(np.uint64)
        known: BoolArray = (self._seconds[row, station] & bit) != 0
        np.bitwise_or.at(self._seconds, (row, station), bit)
        return known | _repeats_within(station, observed_at_s)

    def snapshot(self) -> dict[str, UInt64Array | Int64Array]:
        """State as arrays."""
        return {"seconds": self._seconds.copy(), "head": np.array([self._head], dtype=np.int64)}

    def restore(self, state: dict[str, UInt64Array | Int64Array]) -> None:
        """Take up a snapshot of a filter of the same shape; ValueError for another."""
        if state["seconds"].shape != self._seconds.shape:
            raise ValueError(
                f"snapshot has {state['seconds'].shape} marks, this network needs {self._seconds.shape}"
            )
        self._seconds[:] = state["seconds"]
        self._head = int(state["head"][0])


def _repeats_within(station: Int32Array, observed_at_s: Int64Array) -> BoolArray:
    """Rows that repeat an earlier row of the same batch."""
    order = np.lexsort((np.arange(len(station)), observed_at_s, station))
    same = (station[order][1:] == station[order][:-1]) & (
        observed_at_s[order][1:] == observed_at_s[order][:-1]
    )
    repeats = np.zeros(len(station), dtype=np.bool_)
    repeats[order[1:]] = same
    return repeats
