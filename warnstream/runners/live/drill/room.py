"""The drill of a running node: a thread beside the loop, which it never waits for and never holds up.

The loop hands over what its journal has of a drill (orders, answers, reports), the engine's time and where
something real stands. Whatever fails here is the drill's own: it is logged, an alarm says so, and real
warnings go on. While its disk refuses, the drill stands still and tries again every second.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple, Protocol

from warnstream.adapters.ledger.beside import MainOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import Configuration
from warnstream.desk import WarningStatus
from warnstream.engine import Engine
from warnstream.model.alarms import AlarmPort
from warnstream.model.digests import FieldReport
from warnstream.model.errors import StoreError, describe
from warnstream.model.hands.drills import DrillAct, DrillOrder
from warnstream.model.times import DAY_S, clock_local
from warnstream.model.warning import MessageStatus
from warnstream.runners.drill.course import HandedOver
from warnstream.runners.drill.entries import LAPSED, REAL, STOPPED, Begun
from warnstream.runners.drill.folders import (
    LOGS_KEPT,
    SCORES,
    drill_folders,
    folder_of,
    has_begun,
    is_of_order,
)
from warnstream.runners.drill.scores import scores_of, write_scores
from warnstream.runners.live.drill.stage import Stage
from warnstream.runners.live.log import Log

log = logging.getLogger(__name__)

FromJournal = HandedOver | DrillOrder

TURN_S = 0.2
"""Longest wait between two looks at what waits."""

STEP_EVERY_S = 5
"""Of the engine's time, where nothing waits and the script has nothing."""

SCORE_EVERY_S = 10.0
"""A drill that is over is scored anew so often, while answers still come."""

AGAIN_S = 1.0
"""Before what the disk refused is tried again."""

OPEN_S = DAY_S
"""So long after its end a drill that is over takes late answers and shows its pages."""

ALARM = "exercise"


class Situation(Protocol):
    """What a drill has to know of the node."""

    warnings: list[WarningStatus]

    @property
    def people(self) -> Configuration:
        """What numbers the villages of warnings."""

    @property
    def engine(self) -> Engine:
        """Whose transfers of people are as real as its warnings."""

    @property
    def now_s(self) -> int:
        """Engine time; -1 before the first step."""


class _Handed(NamedTuple):
    sequence: int
    given: tuple[FromJournal, ...]


class _Outcome(NamedTuple):
    payload: bytes
    done: "Future[None]"


class DrillAlarms:
    """Troubles of a drill under keys of their own: they keep the node ready."""

    def __init__(self, alarms: AlarmPort) -> None:
        self._alarms = alarms

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        """As `AlarmPort`; nothing of a drill keeps the node from working."""
        del is_blocking
        self._alarms.raise_alarm(f"{ALARM}:{key}", f"drill: {text}", is_blocking=False, zh=zh)

    def end_alarm(self, key: str) -> None:
        """As `AlarmPort`."""
        self._alarms.end_alarm(f"{ALARM}:{key}")


class DrillRoom:
    """The drill of one node, if there is one; any thread may call.

    Parameters
    ----------
    configuration : Configuration
    outbox : MainOutbox
        Gets the drill's outbox beside it.
    alarms, metrics
    wake_channels : callable
    journal : Log
        The node's.
    """

    def __init__(  # what a drill stands on, each by name
        self,
        configuration: Configuration,
        outbox: MainOutbox,
        alarms: AlarmPort,
        metrics: Metrics,
        wake_channels: Callable[[], None],
        journal: Log,
    ) -> None:
        self._journal = journal
        self._configuration, self._outbox, self._metrics = configuration, outbox, metrics
        self._tell, self._alarms, self._wake_channels = alarms, DrillAlarms(alarms), wake_channels
        self._storage = configuration.storage.directory
        self._news = threading.Condition()
        self._handed: deque[_Handed] = deque()
        self._outcomes: deque[_Outcome] = deque()
        self._now_s = -1
        self._real: frozenset[str] = frozenset()
        self._warnings: list[WarningStatus] = []
        self._n_ordered = -1
        self._stage: Stage | None = None
        self._is_stopping = self._is_finishing = self._is_reopened = False
        self._is_scored, self._scored_at = False, -SCORE_EVERY_S
        self._stepped_s = -1
        self._thread = threading.Thread(target=self._run, name="drill", daemon=True)
        metrics.drill_villages.set_function(lambda: float(self._n_running()))

    # From the node's loop.

    def go_by(self, configuration: Configuration) -> None:
        """The next drill is of this configuration; one that is under way ends under its own."""
        self._configuration = configuration

    def hand(self, sequence: int, given: Sequence[FromJournal]) -> None:
        """What an entry of the node's journal has of a drill; taken once, however often it is handed over."""
        if given:
            with self._news:
                self._handed.append(_Handed(sequence, tuple(given)))
                self._news.notify_all()

    def look(self, node: Situation) -> None:
        """What stands after a step of the node: a drill ends there, and its doors hear no more of it."""
        warnings, transfers = node.warnings, node.engine.desk.transfers
        # The list is replaced, never changed; what people order is counted.
        if warnings is not self._warnings or transfers.n_changes != self._n_ordered:
            codes, self._warnings = node.people.network.villages.code, warnings
            self._n_ordered, moved = transfers.n_changes, frozenset(transfers.standing_in())
            self._real = frozenset(codes[warning.village] for warning in warnings) | moved
            told = (codes[warning.village] for warning in warnings if warning.households_told)
            self._outbox.muted = frozenset(told) | moved
        self._now_s = node.now_s

    # From other threads.

    def faults_of(self, order: DrillOrder) -> list[str]:
        """Everything that keeps a drill from beginning, or from being stopped, as things stand."""
        stage = self._stage
        is_running = stage is not None and not stage.course.is_over
        if order.act is DrillAct.STOP:
            return [] if is_running else ["no drill is on"]
        faults = []
        if self._configuration.message.status is MessageStatus.EXERCISE:
            faults.append("the whole node is in an exercise (messages.status): it needs no drill beside it")
        if is_running:
            faults.append("a drill is on: stop it first")
        real = [code for code in order.villages if code in self._real]
        if real:
            more = f" and {len(real) - 1} more" if len(real) > 1 else ""
            faults.append(f"villages: something real stands in {real[0]}{more}")
        return faults

    def _n_running(self) -> int:
        stage = self._stage
        return 0 if stage is None else len(stage.course.running())

    def notice(self) -> str:
        """That a drill is on, for whoever asks whether the node is ready; empty if none is."""
        stage, count = self._stage, self._n_running()
        if stage is None or not count:
            return ""
        ends = clock_local(stage.course.ends_s, self._configuration.message.time_zone)
        return f"drill is on in {count} villages until {ends}"

    def report_fault(self, report: FieldReport) -> str:
        """Why a report to a message of a drill cannot be counted; empty if it can."""
        stage = self._stage
        if stage is None:
            return "演练已结束 The exercise is over"
        return stage.desk.report_fault(report)

    def keep_outcomes(self, payload: bytes) -> "Future[None]":
        """Outcomes of a channel's batch into the drill's log; done once they are durable."""
        done: Future[None] = Future()
        with self._news:
            if self._is_finishing:
                raise StoreError("the drill is closed", retryable=True)
            self._outcomes.append(_Outcome(payload, done))
            self._news.notify_all()
        return done

    # Its life.

    def start(self) -> None:
        """Go on with the newest drill, if it is not long over."""
        self._thread.start()

    def stop(self) -> None:
        """End once channels have ended: what is durable is gone on with at the next start."""
        with self._news:
            self._is_stopping = True
            self._news.notify_all()
        if self._thread.ident is not None:
            self._thread.join(30.0)

    def _run(self) -> None:
        while not self._is_stopping:
            with self._news:
                if not (self._handed or self._outcomes or self._is_stopping):
                    self._news.wait(TURN_S)
            if not self._guarded(self._turn):
                with self._news:
                    self._news.wait_for(lambda: self._is_stopping, AGAIN_S)
        self._guarded(self._finish)

    def _guarded(self, work: Callable[[], None]) -> bool:
        """Whether that worked; what a drill cannot do costs nobody else anything."""
        try:
            work()
        except StoreError as error:
            self._tell.raise_alarm("exercise:disk", f"a drill stands still: {error}", is_blocking=False)
            return False
        except Exception as error:
            log.exception("the drill cannot go on")
            text = f"a drill cannot go on: {describe(error)}"
            self._tell.raise_alarm("exercise:fault", text, is_blocking=False)
            return False
        self._tell.end_alarm("exercise:disk")
        self._tell.end_alarm("exercise:fault")
        return True

    def _reopen(self) -> None:
        """Go on with the newest drill. StoreError where its disk refuses for now: it is tried again."""
        newest = next(iter(drill_folders(self._storage)), None)
        if newest is None:
            return
        try:
            stage = self._open(newest, None)
        except Exception as error:
            if isinstance(error, StoreError) and error.retryable:
                raise
            log.exception("the newest drill cannot be read", extra={"folder": str(newest)})
            text = f"the newest drill cannot be read, its doors hear no end of it: {describe(error)}"
            self._tell.raise_alarm("exercise:lost", text, is_blocking=False)
            return
        if stage.course.taken > self._journal.last_sequence():  # the node's journal was lost and counts anew
            stage.course.taken = 0
        self._use(stage)

    def _open(self, folder: Path, begun: Begun | None) -> Stage:
        return Stage(
            folder,
            self._configuration,
            alarms=self._alarms,
            metrics=self._metrics,
            wake_channels=self._wake_channels,
            ask_log=self.keep_outcomes,
            event_clock=lambda: float(max(self._now_s, 0)),
            begun=begun,
        )

    def _use(self, stage: Stage) -> None:
        self._stage = stage
        self._is_scored = stage.course.is_over and (stage.folder / SCORES).exists()
        self._stepped_s = stage.course.now_s if self._is_scored else -1
        self._outbox.drill = stage.outbox
        self._wake_channels()

    def _turn(self) -> None:
        if not self._is_reopened:
            self._reopen()
            self._is_reopened = True
        self._take_outcomes()  # first: a channel waits for them, and it has real warnings to send
        if self._stage is not None:
            self._stage.pay()
        while self._handed and self._now_s >= 0:
            self._take(self._handed[0])
            self._handed.popleft()
        if self._stage is not None:
            self._go_on(self._stage)

    def _take_outcomes(self) -> None:
        batch = [self._outcomes[at] for at in range(len(self._outcomes))]
        if not batch:
            return
        try:
            self._keep_outcomes(batch)
        except Exception as error:
            for request in batch:
                self._outcomes.popleft()
                request.done.set_exception(error)
            raise
        for request in batch:
            self._outcomes.popleft()
            request.done.set_result(None)

    def _keep_outcomes(self, batch: Sequence[_Outcome]) -> None:
        if self._stage is None:
            raise StoreError("there is no drill", retryable=False)
        self._stage.take_outcomes([request.payload for request in batch])

    def _take(self, handed: _Handed) -> None:
        orders = [delivery for delivery in handed.given if isinstance(delivery, DrillOrder)]
        for order in orders:
            self._take_order(order, handed.sequence)
        given = [delivery for delivery in handed.given if not isinstance(delivery, DrillOrder)]
        if given and self._stage is not None:
            self._stage.take(handed.sequence, given)
            self._is_scored = False

    def _take_order(self, order: DrillOrder, sequence: int) -> None:
        stage = self._stage
        if order.act is DrillAct.STOP:
            if stage is not None and sequence > stage.course.taken and (running := stage.course.running()):
                stage.end(running, STOPPED, self._now_s, sequence)
            return
        is_free = stage is None or (stage.course.is_over and sequence > stage.course.taken)
        if is_free and not has_begun(self._storage, order.identifier):
            self._begin(order, sequence)
        elif stage is None and self._is_of_newest(order):  # it has begun, and then the disk refused
            self._reopen()

    def _is_of_newest(self, order: DrillOrder) -> bool:
        newest = next(iter(drill_folders(self._storage)), None)
        return newest is not None and is_of_order(newest, order.identifier)

    def _begin(self, order: DrillOrder, sequence: int) -> None:
        """A new drill takes the place of the last one, which is over."""
        at_s = max(self._now_s, 0)
        folder = folder_of(self._storage, at_s, order.identifier)
        if self._stage is not None:
            self._score(self._stage)
            self._let_go(self._stage)
        self._tidy()
        stage = self._open(folder, Begun(order, at_s))
        self._use(stage)  # whatever the disk refuses from here on, it has begun
        if order.is_announced:
            stage.announce()
        stage.take(sequence, ())  # an order is taken once
        log.warning("drill begun", extra={"drill": order.identifier, "villages": len(order.villages)})

    def _let_go(self, stage: Stage) -> None:
        self._stage, self._outbox.drill = None, None
        stage.close(has_ended=True)

    def _go_on(self, stage: Stage) -> None:
        """Ends that are due, then a step where one is due; then what waits to be recorded."""
        course, now_s = stage.course, self._now_s
        if real := [code for code in course.running() if code in self._real]:
            stage.end(real, REAL, now_s)
            log.warning("drill ended where something real stands", extra={"villages": len(real)})
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
            self._score(stage)
        elif is_done and self._is_scored and now_s > course.ends_s + OPEN_S:
            self._let_go(stage)

    def _score(self, stage: Stage) -> None:
        """What came of it is kept for years, beside a log that is not."""
        write_scores(stage.folder / SCORES, scores_of(stage.folder, self._configuration))
        self._is_scored, self._scored_at = True, time.monotonic()

    def _tidy(self) -> None:
        """Of drills long ago only the scores are kept."""
        for folder in drill_folders(self._storage)[LOGS_KEPT:]:
            for part in folder.iterdir():
                if part.name != SCORES:
                    rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)

    def _finish(self) -> None:
        with self._news:
            self._is_finishing = True
        try:
            self._take_outcomes()
        finally:
            if self._stage is not None:
                self._stage.close(has_ended=True)
