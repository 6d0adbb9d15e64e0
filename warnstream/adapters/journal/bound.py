"""The journal never takes more than `storage.journal_bytes_max`, whatever arrives between two snapshots.

Near the bound a snapshot is written early, so that older entries can go. Where
none can be written that is an alarm, and at the bound nothing more is taken:
senders keep what is not acknowledged, as with a full disk.
"""

import time
from collections.abc import Callable
from typing import Protocol

from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import StoreError

NEAR = 0.75
"""Share of the bound from which on a snapshot is due early."""

EARLY_S = 5.0
"""Early snapshots are at least so far apart, below the bound."""

ALARM = "journal"


class Snapshots(Protocol):
    """What lets old entries go."""

    @property
    def is_writing(self) -> bool:
        """One is on its way."""

    def begin(self) -> bool:
        """Have one written; False if that cannot be done now."""

    def finish(self) -> bool:
        """Wait until one of now is on disk; False if none could be written."""


class JournalBound:
    """Watches the size of the entries of a journal; for the node's loop.

    Parameters
    ----------
    size_bytes : callable
        Bytes of all entry files.
    bytes_max : int
    snapshots : Snapshots
    alarms : AlarmPort
    clock : callable
        Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        size_bytes: Callable[[], int],
        bytes_max: int,
        snapshots: Snapshots,
        alarms: AlarmPort,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size_bytes, self._bytes_max = size_bytes, bytes_max
        self._snapshots, self._alarms, self._clock = snapshots, alarms, clock
        self._tried_at_s = float("-inf")
        self._has_tried = self._is_put_off = False

    @property
    def near_bytes(self) -> int:
        """Above so many bytes the older snapshots lose their entries."""
        return int(NEAR * self._bytes_max)

    def look(self) -> None:
        """After entries were judged: a snapshot is due early where the journal is nearly full.

        Where the last one that was tried has ended and it is nearly full still, that is an alarm. One that
        cannot be begun now (a front is being recorded) is none, unless the next one cannot either.
        """
        if not self._is_near():
            self._end()
        elif not self._snapshots.is_writing:
            if self._has_tried:
                self._alarms.raise_alarm(ALARM, self._state())
            if self._clock() - self._tried_at_s >= EARLY_S:
                self._tried_at_s = self._clock()
                is_begun = self._snapshots.begin()
                self._has_tried |= is_begun or self._is_put_off
                self._is_put_off = not is_begun

    def demand_room(self) -> None:
        """Before entries are appended; at the bound it waits for a snapshot.

        Raises
        ------
        StoreError
            If the journal is at its bound and nothing of it can go.
        """
        if self._size_bytes() > self._bytes_max and not self._let_go():
            refused = f"{self._state()}, and no snapshot can be written that lets old entries go"
            raise StoreError(refused, retryable=True)

    def _let_go(self) -> bool:
        self._tried_at_s, self._has_tried = self._clock(), True
        is_written = self._snapshots.finish()
        if self._is_near():
            self._alarms.raise_alarm(ALARM, self._state())
        else:
            self._end()
        return is_written

    def _end(self) -> None:
        self._has_tried = self._is_put_off = False
        self._alarms.end_alarm(ALARM)

    def _is_near(self) -> bool:
        return self._size_bytes() > self.near_bytes

    def _state(self) -> str:
        most = f"{self._bytes_max} (storage.journal_bytes_max)"
        return f"the journal takes {self._size_bytes()} bytes of at most {most}"
