"""Whether this node judges at all: readings come, time goes on, steps happen. What it waits for, in words.

A node with open doors and nothing to judge is not ready to warn: stations that
publish elsewhere, a simulated clock that nobody tells, a loop that hangs. It says
so on /readyz, and in the log whenever it waits for something else than before.
"""

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from warnstream.assessment import AssessmentStep
from warnstream.config.settings import Configuration
from warnstream.model.arrays import BoolArray
from warnstream.model.observations.readings import UNUSABLE, ReadingBatch

log = logging.getLogger(__name__)

STILL_S = 60.0
"""Without a step for so long, and twelve ticks, the loop hangs."""

TOLD_STILL_S = 300.0
"""A clock that is told may be silent for so long between two of its messages."""

TICKS_MISSED = 12

NAMED_MAX = 5
"""Stations that are named; the count is always complete."""


class Judging:
    """What came and what was judged since this process began; from any thread.

    Parameters
    ----------
    configuration : Configuration
    clock : callable
        Monotonic clock in seconds.
    """

    def __init__(self, configuration: Configuration, clock: Callable[[], float] = time.monotonic) -> None:
        node, self._codes = configuration.node, configuration.network.stations.code
        self._clock, self._lock = clock, threading.Lock()
        self._is_told = node.clock == "simulated"
        self._topic = f"{configuration.topic_prefix}/clock"
        self._still_s = TOLD_STILL_S if self._is_told else max(STILL_S, TICKS_MISSED * node.tick_s)
        self._stepped_at: float | None = None
        self._has_reading: BoolArray = np.zeros(len(self._codes), dtype=np.bool_)
        self._reports = False
        self._logged: list[str] = []

    def go_on_from(self, other: "Judging") -> None:
        """The same stations were heard, whatever their numbers are."""
        heard, stepped_at, reports, logged = other.heard()
        with self._lock:
            self._has_reading |= np.array([code in heard for code in self._codes], dtype=np.bool_)
            self._stepped_at, self._reports, self._logged = stepped_at, reports, logged

    def heard(self) -> tuple[set[str], float | None, bool, list[str]]:
        """Codes of stations that were heard, when it was last judged, whether any reports, what is logged."""
        with self._lock:
            heard = {code for code, has in zip(self._codes, self._has_reading, strict=True) if has}
            return heard, self._stepped_at, self._reports, self._logged

    def take(self, readings: ReadingBatch, step: AssessmentStep, *, is_live: bool) -> None:
        """Take a step; those of the past tell which stations were heard, not that anything is judged now."""
        heard = readings.station[(step.flags & UNUSABLE) == 0]
        with self._lock:
            self._has_reading[heard] = True
            self._has_reading |= step.is_reporting
            self._reports = bool(step.is_reporting.any())
            if is_live:
                self._stepped_at = self._clock()

    def waits(self) -> list[str]:
        """Why nothing is judged now, one sentence each; empty while it is."""
        with self._lock:
            stepped_at, reports, n_heard = self._stepped_at, self._reports, int(self._has_reading.sum())
        still_s = None if stepped_at is None else self._clock() - stepped_at
        found = []
        if self._is_told and (still_s is None or still_s > self._still_s):
            since = "" if still_s is None else f", which was last told {still_s:.0f} s ago"
            found.append(f"waits for {self._topic}{since}: node.clock is simulated, nothing else moves it")
        elif still_s is None:
            found.append("waits for the first step")
        elif still_s > self._still_s:
            found.append(f"waits for a step: nothing has been judged for {still_s:.0f} s")
        if not reports:
            none = "no reading yet of any" if n_heard == 0 else "none is reporting"
            found.append(f"waits for readings: {none} of {len(self._codes)} stations")
        return found

    def missing(self) -> str:
        """Stations of which no reading has come yet, where others have; empty if none."""
        with self._lock:
            numbers = np.flatnonzero(~self._has_reading)
        if len(numbers) in {0, len(self._codes)}:
            return ""
        named = ", ".join(self._codes[number] for number in numbers[:NAMED_MAX])
        more = f" and {len(numbers) - NAMED_MAX} more" if len(numbers) > NAMED_MAX else ""
        return f"no reading yet of {len(numbers)} of {len(self._codes)} stations: {named}{more}"

    def look(self) -> None:
        """Log what is waited for, where that has changed; called by the node's loop, often."""
        now = self.waits()
        kinds = [sentence.partition(":")[0].partition(",")[0] for sentence in now]
        if kinds == self._logged:
            return
        self._logged = kinds
        if now:
            log.warning("nothing is judged", extra={"because": "; ".join(now)})
        else:
            log.info("readings are judged", extra={"missing": self.missing() or "none"})
