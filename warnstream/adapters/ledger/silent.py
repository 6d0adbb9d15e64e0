"""Doors that were asked to go and have not answered for so long that the next channel has its turn.

In the time of the engine. What is found is an entry of the log before anything else; what stands here is only
when to look again, and is found anew after a restart.
"""

from collections.abc import Collection, Iterator

import numpy as np

from warnstream.adapters.ledger.book import Book
from warnstream.delivery.dispatch.queue import Urgency
from warnstream.delivery.ledger.facts import DoorOutcome
from warnstream.delivery.ledger.states import Result
from warnstream.model.arrays import Int64Array
from warnstream.model.bulletins import N_BITS, N_MAX

VILLAGES_MAX = 50
"""Villages looked through at once: a few milliseconds of the loop."""


class SilentDoors:
    """Who is silent for too long; for the loop's thread.

    Parameters
    ----------
    book : Book
    waits_s : collection of int
        After how many seconds without an answer another way may have its turn; empty: never.
    """

    def __init__(self, book: Book, waits_s: Collection[int]) -> None:
        self._book = book
        self.begin_anew(waits_s)

    def begin_anew(self, waits_s: Collection[int]) -> None:
        """Villages have other numbers, or ways other waits: everyone is looked at anew."""
        self._is_used, self._least_s = bool(waits_s), min(waits_s, default=0)
        self._sequence: Int64Array = np.zeros(0, np.int64)
        self._again_s: Int64Array = np.zeros(0, np.int64)

    def due(self, now_s: int) -> list[DoorOutcome]:
        """Doors that go on to their next channel now, of `VILLAGES_MAX` villages at most."""
        if not self._is_used:
            return []
        with self._book.lock:
            return [door for village in self._villages(now_s) for door in self._of_village(village, now_s)]

    def _villages(self, now_s: int) -> list[int]:
        """Where it may be time: the most urgent ones first."""
        ledger = self._book.ledger
        if len(self._sequence) != len(ledger.sequence):
            self._sequence = np.zeros_like(ledger.sequence)
            self._again_s = np.zeros_like(ledger.sequence)
        asks = (ledger.urgency >= Urgency.PREPARE) | (ledger.urgency == Urgency.REMINDER)
        is_time = (self._sequence != ledger.sequence) | (self._again_s <= now_s)
        found = np.flatnonzero(asks & is_time & (ledger.issued_s + self._least_s <= now_s))
        order = np.argsort(-ledger.urgency[found].astype(np.int64), kind="stable")
        villages: list[int] = found[order][:VILLAGES_MAX].tolist()
        return villages

    def _of_village(self, village: int, now_s: int) -> Iterator[DoorOutcome]:
        ledger, register = self._book.ledger, self._book.register
        sequence = int(ledger.sequence[village])
        rows, told_s = ledger.silent_since(village)
        ways = ledger.way[rows]
        due_s = told_s + np.array(register.after_s, dtype=np.int64)[ways]
        is_due = due_s <= now_s
        # Who is told meanwhile has at least the shortest wait before it.
        self._again_s[village] = min(now_s + self._least_s, int(due_s[~is_due].min(initial=now_s + 86_400)))
        self._sequence[village] = sequence
        for way in np.unique(ways[is_due]).tolist():
            yield DoorOutcome(
                register.villages[village],
                sequence >> N_BITS,
                sequence & N_MAX,
                register.channel_of_way(way),
                now_s,
                Result.SILENT,
                [register.code(row) for row in rows[is_due & (ways == way)].tolist()],
            )
