"""One drill of a running node as it goes on: what waits for it, when it steps, ends, is scored and let go.

For the drills' thread alone, but for what channels hand in. Whatever fails is this drill's own: an alarm
says so, and it is tried again after `AGAIN_S` while all others go on.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

from warnstream.config.settings import Configuration
from warnstream.model.alarms import AlarmPort
from warnstream.model.errors import StoreError, describe
from warnstream.runners.drill.course import HandedOver
from warnstream.runners.drill.entries import LAPSED, REAL, STOPPED
from warnstream.runners.drill.folders import OPEN_S, SCORES
from warnstream.runners.drill.scores import scores_of, write_scores
from warnstream.runners.live.drill.stage import Stage

log = logging.getLogger(__name__)

STEP_EVERY_S = 5
"""Of the engine's time, where nothing waits and the script has nothing."""

SCORE_EVERY_S = 10.0
"""A drill that is over is scored anew so often, while answers still come."""

AGAIN_S = 1.0
"""Before what failed is tried again."""


class Handed(NamedTuple):
    """What an entry of the node's journal has of this drill; `stops`: somebody ordered its end."""

    sequence: int
    given: tuple[HandedOver, ...]
    stops: bool = False


class _Outcome(NamedTuple):
    payload: bytes
    done: "Future[None]"


class Outcomes:
    """What channels say of a drill's doors, until its log has it; any thread hands in."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake, self._lock = wake, threading.Lock()
        self._waiting: deque[_Outcome] = deque()
        self._is_closed = False

    def keep(self, payload: bytes) -> "Future[None]":
        """Done once that is durable. StoreError if the drill is closed."""
        done: Future[None] = Future()
        with self._lock:
            if self._is_closed:
                raise StoreError("the drill is closed", retryable=True)
            self._waiting.append(_Outcome(payload, done))
        self._wake()
        return done

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take_into(self, stage: Stage) -> None:
        """Make durable what waits; who waits is told, also that it could not be."""
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not batch:
            return
        try:
            stage.take_outcomes([outcome.payload for outcome in batch])
        except Exception as error:
            for outcome in batch:
                outcome.done.set_exception(error)
            raise
        for outcome in batch:
            outcome.done.set_result(None)

    def close(self) -> None:
        """Nothing more is taken."""
        with self._lock:
            self._is_closed = True


class Playing:
    """A drill that has begun, until it is let go.

    Parameters
    ----------
    name : str
        As in its identifiers.
    stage : Stage
    outcomes : Outcomes
        What the stage's outbox asks its log to keep.
    alarms : AlarmPort
        The node's.
    configuration : callable
        The node's, as it is now: doors are counted by it.
    """

    def __init__(
        self,
        name: str,
        stage: Stage,
        outcomes: Outcomes,
        alarms: AlarmPort,
        configuration: Callable[[], Configuration],
    ) -> None:
        self.name, self.stage, self.outcomes = name, stage, outcomes
        self._alarms, self._configuration = alarms, configuration
        self.handed: deque[Handed] = deque()
        self._is_scored = stage.course.is_over and (stage.folder / SCORES).exists()
        self._stepped_s = stage.course.now_s if self._is_scored else -1
        self._scored_at = -SCORE_EVERY_S
        self._again_at = 0.0

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self.stage.folder

    def is_long_over(self, now_s: int) -> bool:
        """Whether even late answers have come, and it is scored."""
        return self.stage.course.is_over and self._is_scored and now_s > self.stage.course.ends_s + OPEN_S

    def guarded(self, work: Callable[[], None]) -> bool:
        """Whether that worked; what a drill cannot do costs nobody else anything."""
        try:
            work()
        except StoreError as error:
            text = f"drill {self.name} stands still: {error}"
            self._alarms.raise_alarm(f"exercise:{self.name}:disk", text, is_blocking=False)
        except Exception as error:
            log.exception("a drill cannot go on")
            text = f"drill {self.name} cannot go on: {describe(error)}"
            self._alarms.raise_alarm(f"exercise:{self.name}:fault", text, is_blocking=False)
        else:
            self._alarms.end_alarm(f"exercise:{self.name}:disk")
            self._alarms.end_alarm(f"exercise:{self.name}:fault")
            return True
        self._again_at = time.monotonic() + AGAIN_S
        return False

    def turn(self, now_s: int, real: Collection[str]) -> None:
        """Go on, if what failed last is long enough ago."""
        if time.monotonic() >= self._again_at:
            self.guarded(lambda: self._turn(now_s, real))

    def _turn(self, now_s: int, real: Collection[str]) -> None:
        self.outcomes.take_into(self.stage)  # first: a channel waits for them, and has real warnings to send
        self.stage.pay()
        if now_s < 0:
            return
        while self.handed:
            self._take(self.handed[0], now_s)
            self.handed.popleft()
        self._go_on(now_s, real)

    def _take(self, handed: Handed, now_s: int) -> None:
        """What the node's journal has brought, once, by the number of its entry."""
        course = self.stage.course
        if not handed.stops:
            self.stage.take(handed.sequence, handed.given)
            self._is_scored = False
        elif handed.sequence > course.taken and (running := course.running()):
            self.stage.end(running, STOPPED, now_s, handed.sequence)

    def _go_on(self, now_s: int, real: Collection[str]) -> None:
        """Ends that are due, then a step where one is due; then what waits to be recorded."""
        stage, course = self.stage, self.stage.course
        if ended := [code for code in course.running() if code in real]:
            stage.end(ended, REAL, now_s)
            log.warning("drill ended where something real stands", extra={"villages": len(ended)})
            self._stepped_s = -1
        elif now_s >= course.ends_s and (running := course.running()):
            stage.end(running, LAPSED, now_s)
            self._stepped_s = -1
        # Once everybody has heard the end nobody is rung any more; late answers are kept and scored.
        is_done = course.is_over and stage.desk.is_settled() and self._stepped_s >= 0
        is_due = course.has_work or course.is_due(now_s) or now_s - self._stepped_s >= STEP_EVERY_S
        if now_s >= course.now_s and is_due and not is_done:
            stage.step(now_s)
            self._stepped_s = now_s
        stage.go_on()
        if is_done and not self._is_scored and time.monotonic() - self._scored_at >= SCORE_EVERY_S:
            self.score()

    def score(self) -> None:
        """What came of it is kept for years, beside a log that is not. StoreError."""
        write_scores(self.folder / SCORES, scores_of(self.folder, self._configuration()))
        self._is_scored, self._scored_at = True, time.monotonic()

    def close(self) -> None:
        """What channels still say is kept, then its files are closed; nobody sends any more."""
        self.outcomes.close()
        try:
            self.outcomes.take_into(self.stage)
        finally:
            self.stage.close(has_ended=True)
