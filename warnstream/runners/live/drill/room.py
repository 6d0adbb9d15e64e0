"""The drills of a running node: a thread beside the loop, which it never waits for and never holds up.

The loop hands over what its journal has of drills (orders, answers, reports), the engine's time and where
something real stands. Several drills go on at once, each in villages of its own, with a log, desk and
ledger of its own. Whatever fails of one is its own: it is logged, an alarm says so, and real warnings and
all other drills go on. While its disk refuses, a drill stands still and tries again every second.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from types import MappingProxyType
from typing import NamedTuple

from warnstream.adapters.http.models.drills import DrillRecord
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.ledger.beside import MainOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import Configuration
from warnstream.desk import WarningStatus
from warnstream.model.alarms import AlarmPort
from warnstream.model.digests import CallFailed, FieldReport
from warnstream.model.errors import StoreError, describe
from warnstream.model.hands.drills import DRILLS_MAX, DrillAct, DrillOrder, drill_name, name_of_drill
from warnstream.model.times import clock_local, iso_utc
from warnstream.model.warning import MessageStatus
from warnstream.runners.drill.course import HandedOver
from warnstream.runners.drill.entries import Begun
from warnstream.runners.drill.folders import (
    LOGS_KEPT,
    SCORES,
    drill_folders,
    folder_of,
    folders_to_reopen,
    has_begun,
    name_in,
)
from warnstream.runners.live.drill.left import orders_left
from warnstream.runners.live.drill.playing import AGAIN_S, Handed, Outcomes, Playing
from warnstream.runners.live.drill.ports import DrillAlarms, Situation
from warnstream.runners.live.drill.stage import Stage
from warnstream.runners.live.log import Leads

log = logging.getLogger(__name__)

FromJournal = HandedOver | DrillOrder

TURN_S = 0.2
"""Longest wait between two looks at what waits."""

OPEN_MAX = 2 * DRILLS_MAX
"""Of more drills that are on or take late answers, the one that is over longest is let go."""

ORDERED_S = 60.0
"""So long the villages of a drill that was found possible are kept for it."""

NONE_SO_FAR: Mapping[str, Playing] = MappingProxyType({})


class _FromEntry(NamedTuple):
    sequence: int
    given: tuple[FromJournal, ...]


class _Ordered(NamedTuple):
    villages: frozenset[str]
    until: float


class DrillRoom:
    """The drills of one node; any thread may call.

    Parameters
    ----------
    configuration : Configuration
    outbox : MainOutbox
        Gets the drills' outboxes beside it.
    alarms, metrics
    wake_channels : callable
    journal : Journal
        The node's.
    leading : Leads, optional
        There is a second box.
    """

    def __init__(  # what drills stand on, each by name
        self,
        configuration: Configuration,
        outbox: MainOutbox,
        alarms: AlarmPort,
        metrics: Metrics,
        wake_channels: Callable[[], None],
        journal: Journal,
        leading: Leads | None = None,
    ) -> None:
        self._journal, self._leading = journal, leading
        self._looks_back = leading is not None and leading.is_new
        self._configuration, self._outbox, self._metrics = configuration, outbox, metrics
        self._tell, self._wake_channels = alarms, wake_channels
        self._storage = configuration.storage.directory
        self._news = threading.Condition()
        self._handed: deque[_FromEntry] = deque()
        self._ordering = threading.Lock()
        self._ordered: dict[str, _Ordered] = {}
        self._now_s = -1
        self._real: frozenset[str] = frozenset()
        self._warnings: list[WarningStatus] = []
        self._n_ordered = -1
        self._playing = NONE_SO_FAR  # replaced, never changed: other threads read it
        self._is_stopping = False
        self._standing: list[str] = []
        self._to_open: list[Path] | None = None
        self._cut_off: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="drill", daemon=True)
        metrics.drill_villages.set_function(lambda: float(sum(map(_n_running, self._playing.values()))))

    # From the node's loop.

    def go_by(self, configuration: Configuration) -> None:
        """The next drill is of this configuration; those that are under way end under their own."""
        self._configuration = configuration

    def hand(self, sequence: int, given: Sequence[FromJournal]) -> None:
        """What an entry of the node's journal has of drills; taken once, however often it is handed over."""
        if not given:
            return
        with self._ordering:
            for act in given:
                if isinstance(act, DrillOrder) and act.act is DrillAct.START:
                    kept = _Ordered(frozenset(act.villages), float("inf"))
                    self._ordered[drill_name(act.identifier)] = kept
        with self._news:
            self._handed.append(_FromEntry(sequence, tuple(given)))
            self._news.notify_all()

    def look(self, node: Situation) -> None:
        """What stands after a step of the node: drills end there, and their doors hear no more of them."""
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
        """Everything that keeps a drill from beginning, or from being stopped, as things stand.

        The villages of a drill that can begin are kept for it: of two orders at once one is refused.
        """
        if order.act is DrillAct.STOP:
            return self._faults_of_stop(order)
        name = drill_name(order.identifier)
        with self._ordering:
            if name in self._ordered or name in self._playing or has_begun(self._storage, order.identifier):
                return []  # the same order again begins nothing
            faults = self._faults_of_start(order)
            if not faults:
                until = time.monotonic() + ORDERED_S
                self._ordered[name] = _Ordered(frozenset(order.villages), until)
        return faults

    def faults_now(self, order: DrillOrder) -> list[str]:
        """As `faults_of`, for who only asks: nothing is kept for the order."""
        if order.act is DrillAct.STOP:
            return self._faults_of_stop(order)
        with self._ordering:
            return self._faults_of_start(order)

    def _faults_of_stop(self, order: DrillOrder) -> list[str]:
        running = self.running()
        if not running:
            return ["no drill is on"]
        if order.drill and order.drill not in running:
            return [f"drill: {order.drill!r} is not on; on: {', '.join(sorted(running))}"]
        return []

    def _faults_of_start(self, order: DrillOrder) -> list[str]:
        faults = []
        if self._configuration.message.status is MessageStatus.EXERCISE:
            faults.append("the whole node is in an exercise (messages.status): it needs no drill beside it")
        taken = self._villages_taken()
        if len(taken) >= DRILLS_MAX:
            faults.append(f"{DRILLS_MAX} drills are on, as many as there can be: stop one first")
        for name, villages in sorted(taken.items()):
            if both := [code for code in order.villages if code in villages]:
                faults.append(f"villages: drill {name} is on in {_first_of(both)}: stop it first")
        if real := [code for code in order.villages if code in self._real]:
            faults.append(f"villages: something real stands in {_first_of(real)}")
        return faults

    def _villages_taken(self) -> dict[str, frozenset[str]]:
        """Of drills that are on, or have been ordered and not begun yet."""
        now = time.monotonic()
        self._ordered = {name: order for name, order in self._ordered.items() if order.until > now}
        taken = {name: order.villages for name, order in self._ordered.items()}
        return taken | {name: frozenset(codes) for name, codes in self.running().items()}

    def running(self) -> dict[str, list[str]]:
        """Villages in which drills are on, by drill."""
        found = {name: other.stage.course.running() for name, other in self._playing.items()}
        return {name: codes for name, codes in found.items() if codes}

    def notice(self) -> str:
        """That drills are on, for whoever asks whether the node is ready; empty if none is."""
        courses = [playing.stage.course for playing in self._playing.values()]
        running = [(course.ends_s, n) for course in courses if (n := len(course.running()))]
        if not running:
            return ""
        ends = clock_local(max(ends_s for ends_s, _ in running), self._configuration.message.time_zone)
        count = sum(n for _, n in running)
        words = "drill is on" if len(running) == 1 else f"drills are on: {len(running)},"
        return f"{words} in {count} villages until {ends}"

    def records(self) -> list[DrillRecord]:
        """Drills that are on, or still take late answers, newest first."""
        playing = sorted(self._playing.values(), key=lambda one: one.folder.name, reverse=True)
        return [_record_of(drill) for drill in playing]

    def report_fault(self, report: FieldReport) -> str:
        """Why a report to a message of a drill cannot be counted; empty if it can."""
        playing = self._playing.get(name_of_drill(report.message))
        if playing is None:
            return "演练已结束 The exercise is over"
        return playing.stage.desk.report_fault(report)

    # Its life.

    def start(self, standing: Iterable[str] = ()) -> None:
        """Go on with the drills that are not long over; alarms of those that are gone end."""
        self._standing = list(standing)
        self._thread.start()

    def stop(self) -> None:
        """End once channels have ended: what is durable is gone on with at the next start."""
        with self._news:
            self._is_stopping = True
            self._news.notify_all()
        if self._thread.ident is not None:
            self._thread.join(30.0)

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def _run(self) -> None:
        while not self._is_stopping:
            with self._news:
                waits = self._handed or any(drill.outcomes for drill in self._playing.values())
                if not (waits or self._is_stopping):
                    self._news.wait(TURN_S)
            if not self._guarded(self._turn):
                with self._news:
                    self._news.wait_for(lambda: self._is_stopping, AGAIN_S)
        for playing in self._playing.values():
            self._guarded(playing.close)

    def _guarded(self, work: Callable[[], None]) -> bool:
        """Whether that worked; what drills cannot do costs nobody else anything."""
        try:
            work()
        except StoreError as error:
            self._tell.raise_alarm("exercise:disk", f"drills stand still: {error}", is_blocking=False)
            return False
        except Exception as error:
            log.exception("drills cannot go on")
            text = f"drills cannot go on: {describe(error)}"
            self._tell.raise_alarm("exercise:fault", text, is_blocking=False)
            return False
        self._tell.end_alarm("exercise:disk")
        self._tell.end_alarm("exercise:fault")
        return True

    def _reopen(self) -> None:
        """Go on with drills of before. StoreError where a disk refuses for now: it is tried again."""
        if self._to_open is None:
            for key in self._standing:  # what is still wrong is told anew
                self._tell.end_alarm(key)
            self._to_open = folders_to_reopen(drill_folders(self._storage))
        while self._to_open:
            self._open_again(self._to_open[0])
            self._to_open.pop(0)
        if self._looks_back:  # orders that drills of the other box had not taken are taken now
            self._looks_back = False
            for entry, order in orders_left(self._journal, self._storage, self._tell):
                self.hand(entry, [order])

    def _open_again(self, folder: Path) -> None:
        try:
            playing = self._open(folder, None)
        except Exception as error:
            if isinstance(error, StoreError) and error.retryable:
                raise
            log.exception("a drill cannot be read", extra={"folder": folder.name})
            name = name_in(folder)
            text = f"drill {name} cannot be read, its doors hear no end of it: {describe(error)}"
            self._tell.raise_alarm(f"exercise:{name}:lost", text, is_blocking=False)
            return
        if playing.stage.course.taken > self._journal.last_sequence():
            playing.stage.course.taken = 0  # the node's journal was lost and counts anew
        self._use(playing)

    def _open(self, folder: Path, begun: Begun | None) -> Playing:
        name = name_in(folder)
        alarms, outcomes = DrillAlarms(self._tell, name), Outcomes(self._wake)
        stage = Stage(
            folder,
            self._configuration,
            alarms=alarms,
            metrics=self._metrics,
            wake_channels=self._wake_channels,
            ask_log=outcomes.keep,
            event_clock=lambda: float(max(self._now_s, 0)),
            begun=begun,
        )
        return Playing(name, stage, outcomes, self._tell, lambda: self._configuration)

    def _use(self, playing: Playing) -> None:
        self._playing = {**self._playing, playing.name: playing}
        self._show_outboxes()
        self._wake_channels()

    def _show_outboxes(self) -> None:
        self._outbox.drills = {name: other.stage.outbox for name, other in self._playing.items()}

    def _turn(self) -> None:
        refused = None
        try:
            self._reopen()
            while self._handed and self._now_s >= 0:
                self._take(self._handed[0])
                self._handed.popleft()
        except StoreError as error:  # what came waits; drills that are open go on
            refused = error
        for playing in list(self._playing.values()):
            playing.turn(self._now_s, self._real)
            if playing.is_long_over(self._now_s):
                self._let_go(playing)
        if refused is not None:
            raise refused

    def _take(self, entry: _FromEntry) -> None:
        """Orders are carried out; what people did goes to the drill that it answers."""
        for order in (act for act in entry.given if isinstance(act, DrillOrder)):
            if order.act is DrillAct.START:
                self._begin(order, entry.sequence)
                continue
            for playing in self._playing.values():
                if order.drill in ("", playing.name):
                    playing.handed.append(Handed(entry.sequence, (), stops=True))
        for name, given in _by_drill(entry.given).items():
            if (said_in := self._playing.get(name)) is not None:
                said_in.handed.append(Handed(entry.sequence, tuple(given)))

    def _begin(self, order: DrillOrder, sequence: int) -> None:
        """A drill begins; StoreError: its order is tried again. Whatever else is wrong, others go on."""
        name = drill_name(order.identifier)
        try:
            if not has_begun(self._storage, order.identifier):
                self._cut_off.add(name)
                self._open_new(order, sequence)
            elif name in self._cut_off and name not in self._playing:  # it has begun, then the disk refused
                folders = drill_folders(self._storage)
                self._open_again(next(folder for folder in folders if name_in(folder) == name))
        except StoreError:
            raise
        except Exception as error:
            log.exception("a drill cannot begin", extra={"drill": name})
            text = f"drill {name} cannot begin: {describe(error)}"
            self._tell.raise_alarm(f"exercise:{name}:fault", text, is_blocking=False)
        self._cut_off.discard(name)
        with self._ordering:
            self._ordered.pop(name, None)

    def _open_new(self, order: DrillOrder, sequence: int) -> None:
        at_s = max(self._now_s, 0)
        on = {code for codes in self.running().values() for code in codes}
        if both := on.intersection(order.villages):
            raise ValueError(f"another drill is on in {_first_of(sorted(both))}")
        self._make_room()
        playing = self._open(folder_of(self._storage, at_s, order.identifier), Begun(order, at_s))
        self._use(playing)  # whatever the disk refuses from here on, it has begun
        if self._leading is not None:
            self._leading.drill_begun(playing.folder)
        if order.is_announced:
            playing.stage.announce()
        playing.stage.take(sequence, ())  # an order is taken once
        log.warning("drill begun", extra={"drill": playing.name, "villages": len(order.villages)})

    def _make_room(self) -> None:
        """Of drills long ago only the scores are kept; of those that are over not too many stay open."""
        over = [drill for drill in self._playing.values() if drill.stage.course.is_over]
        for playing in sorted(over, key=lambda one: one.stage.course.ends_s):
            if len(self._playing) < OPEN_MAX:
                break
            playing.guarded(playing.score)
            self._let_go(playing)
        open_ones = {drill.folder for drill in self._playing.values()}
        for folder in drill_folders(self._storage)[LOGS_KEPT:]:
            for part in folder.iterdir() if folder not in open_ones else ():
                if part.name != SCORES:
                    rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)

    def _let_go(self, playing: Playing) -> None:
        self._playing = {name: other for name, other in self._playing.items() if other is not playing}
        self._show_outboxes()
        playing.close()


def _record_of(playing: Playing) -> DrillRecord:
    course, begun = playing.stage.course, playing.stage.course.begun
    assert begun is not None, "a drill that plays has begun"
    return DrillRecord(
        drill=playing.name,
        author=begun.order.author,
        reason=begun.order.reason,
        announced=begun.order.is_announced,
        begun=iso_utc(begun.at_s),
        ends=iso_utc(course.ends_s),
        villages=list(begun.order.villages),
        running=course.running(),
        ended={code: said.why for code, said in course.over.items()},
    )


def _n_running(playing: Playing) -> int:
    return len(playing.stage.course.running())


def _first_of(codes: Sequence[str]) -> str:
    return codes[0] + (f" and {len(codes) - 1} more" if len(codes) > 1 else "")


def _by_drill(given: Iterable[FromJournal]) -> dict[str, list[HandedOver]]:
    """What people did, by the drill whose message it answers."""
    found: dict[str, list[HandedOver]] = {}
    for act in given:
        if not isinstance(act, DrillOrder):
            message = act.digest if isinstance(act, CallFailed) else act.message
            found.setdefault(name_of_drill(message), []).append(act)
    return found
