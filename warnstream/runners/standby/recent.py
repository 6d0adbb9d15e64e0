"""The newest entries of a log in memory, for whoever goes through them in order; older ones are read."""

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from warnstream.runners.live.log import Log

BYTES_MAX = 32_000_000
"""Kept in memory; who is farther behind reads files."""

CHUNK_BYTES, CHUNK_ENTRIES = 4_000_000, 2_000
"""At most so much (one entry at least) is handed out at a time."""

Entry = tuple[str, bytes]


class Recent:
    """Entries by number; one thread adds, any thread asks.

    Parameters
    ----------
    log : Log
        Has what is in memory no more.
    bytes_max : int
    """

    def __init__(self, log: Log, bytes_max: int = BYTES_MAX) -> None:
        self._log, self._bytes_max = log, bytes_max
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._last = log.last_sequence()

    @property
    def last(self) -> int:
        """Number of the newest entry."""
        return self._last

    def add(self, entries: Sequence[Entry]) -> None:
        """Entries that the log has just taken."""
        with self._lock:
            self._entries.extend(entries)
            self._last += len(entries)
            self._bytes += sum(len(payload) for _, payload in entries)
            while self._entries and self._bytes > self._bytes_max:
                self._bytes -= len(self._entries.popleft()[1])

    def after(self, number: int, last: int | None = None) -> list[Entry]:
        """Some of the entries after a number, in order, up to `last`; empty if there are none.

        Raises
        ------
        StoreError
            If they have to be read and cannot be: pruned, or damaged.
        """
        with self._lock:
            until = self._last if last is None else min(last, self._last)
            first_kept = self._last - len(self._entries) + 1
            if number + 1 >= first_kept:
                start = number + 1 - first_kept
                kept = islice(self._entries, start, start + max(0, until - number))
                return _chunk(kept)
        read = ((kind, payload) for at, kind, payload in self._log.since(number) if at <= until)
        return _chunk(read)


def _chunk(entries: Iterable[Entry]) -> list[Entry]:
    found: list[Entry] = []
    n_bytes = 0
    for entry in entries:
        n_bytes += len(entry[1])
        if found and n_bytes > CHUNK_BYTES:
            break
        found.append(entry)
        if len(found) == CHUNK_ENTRIES:
            break
    return found


def enumerate_entries(first: int, entries: list[tuple[str, bytes]]) -> list[tuple[int, str, bytes]]:
    """Entries with their numbers."""
    return [(number, kind, payload) for number, (kind, payload) in enumerate(entries, start=first)]
