"""The keeper of a node's state: entry -> intake -> outcome -> carried out; recovery; snapshots.

Whatever the engine asks for is kept in the outbox, whose channels send it in
threads of their own. A node that was killed takes its newest snapshot and the
entries after it: nothing is lost, and what had been told is known by its key.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.outbox.types import AlarmNotice
from warnstream.adapters.refused.store import RefusedStore
from warnstream.config.settings import Configuration
from warnstream.delivery.alarm_texts import alarm_texts
from warnstream.delivery.render import render
from warnstream.desk import WarningStatus
from warnstream.engine import Engine, EngineStep
from warnstream.model.alarms import Alarm
from warnstream.model.effects import Effects, RenderedMessage
from warnstream.model.errors import StoreError
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.observations.refusals import Refusal
from warnstream.model.times import DAY_S
from warnstream.model.warning import Cause, WarningMessage
from warnstream.routing.duty import duty_posts
from warnstream.runners.build import build_intake
from warnstream.runners.intake.intake import Outcome
from warnstream.runners.live.alarms import Alarms
from warnstream.runners.live.disk import DiskWatch
from warnstream.runners.live.log import Log
from warnstream.runners.live.pace import SnapshotPace
from warnstream.runners.live.views.county_state import CountyState

log = logging.getLogger(__name__)

ALARM_VALID_S = DAY_S
"""An alarm that could not be sent for so long is not sent any more."""

OUTBOX_KEEP_S = 90 * DAY_S
"""Ended warnings stay in the outbox that long, for review and export."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Where what an entry led to is kept."""

    log: Log
    outbox: Outbox
    refused: RefusedStore


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who is told what an entry led to.

    Attributes
    ----------
    alarms : Alarms
    disk : DiskWatch
    metrics : Metrics
    wake_channels : callable
        There may be something to send.
    look_at_grids : callable
        A grid has a new file.
    on_step : callable or None
        Called after every engine step.
    """

    alarms: Alarms
    disk: DiskWatch
    metrics: Metrics
    wake_channels: Callable[[], None]
    look_at_grids: Callable[[], None]
    on_step: Callable[[EngineStep], None] | None = None


class Keeper:
    """The state of one node, for the loop's thread.

    Parameters
    ----------
    configuration : Configuration
    stores : Stores
    watchers : Watchers

    Attributes
    ----------
    board : CountyState
        What people see of the county after the last step.
    warnings : list of WarningStatus
        Open warnings, worst first; replaced, never changed, so that any thread may read it.
    """

    def __init__(self, configuration: Configuration, stores: Stores, watchers: Watchers) -> None:
        self._configuration = configuration
        self._stores, self._watchers = stores, watchers
        self._intake = build_intake(configuration)
        self._duty_posts = duty_posts(configuration.network, configuration.node.duty_posts)
        self._snapshots = SnapshotPace(configuration.storage.snapshot_every_s, time.monotonic())
        self._may_snapshot = True
        self._refused_inputs = 0
        self.board = CountyState(configuration, watchers.metrics)
        self.warnings: list[WarningStatus] = []

    @property
    def engine(self) -> Engine:
        """To be read only, in the loop's thread or after its end."""
        return self._intake.engine

    @property
    def now_s(self) -> int:
        """Engine time; -1 before the first step."""
        return self._intake.now_s

    @property
    def backlog_waiting(self) -> int:
        """Readings of long ago that wait for the engine."""
        return self._intake.backlog_waiting

    @property
    def fresh_waiting(self) -> int:
        """Fresh readings that the next step will judge."""
        return self._intake.fresh_waiting

    def recover(self) -> None:
        """Newest snapshot that fits, then the log after it; effects that are known change nothing."""
        sequence = self._restore_snapshot()
        started, count = time.monotonic(), 0
        for entry, kind, payload in self._stores.log.since(sequence):
            self.take(entry, kind, payload)
            count += 1
        self._watchers.alarms.adopt(self._intake.alarms.standing.values())
        if count:
            took_s = round(time.monotonic() - started, 2)
            log.info("journal replayed", extra={"after": sequence, "entries": count, "took_s": took_s})

    def take(self, sequence: int, kind: str, payload: bytes) -> None:
        """Let the engine see an entry that is durable, and carry out what it asks for."""
        started = time.monotonic()
        try:
            outcome = self._intake.consume(kind, payload)
        except Exception:
            # A bug must not silence the node: the next entry is taken, and everybody is told.
            log.exception("engine step failed", extra={"sequence": sequence, "kind": kind})
            text = f"entry {sequence} could not be judged; see the log"
            self._watchers.alarms.raise_alarm("engine", text)
            return
        if outcome.steps:
            self._watchers.alarms.end_alarm("engine")
            self._watchers.metrics.tick.observe((time.monotonic() - started) / len(outcome.steps))
        self._carry_out(sequence, outcome)
        self._snapshots.worked(time.monotonic() - started)

    def keep_refused(self, refusals: list[Refusal], sequence: int) -> None:
        """Keep refusals for the operator, under the entry that they came in."""
        for refusal in refusals:
            self._watchers.metrics.readings_refused.labels(str(refusal.reason)).inc()
        if refusals:
            self._persist(lambda: self._stores.refused.keep(refusals, time.time(), sequence))

    def snapshot_if_due(self) -> None:
        """Write a snapshot where it is time."""
        if self._snapshots.is_due(time.monotonic()):
            self.snapshot()

    def snapshot(self) -> None:
        """Keep the state, then forget entries no longer needed; a full disk only delays it."""
        self._snapshots.begin(time.monotonic())
        if not self._may_snapshot:
            return
        storage, journal = self._configuration.storage, self._stores.log
        try:
            journal.save_snapshot(journal.last_sequence(), self._intake.snapshot())
            pruned = journal.prune(older_than_s=storage.journal_keep_s, bytes_max=storage.journal_bytes_max)
            if pruned:
                log.info("journal pruned", extra={"entries": pruned, "first": journal.first_sequence()})
            self._stores.outbox.prune(self._intake.now_s - OUTBOX_KEEP_S)
            self._snapshots.written(time.monotonic())
        except StoreError as error:
            self._watchers.metrics.snapshot_failures.inc()
            log.error("snapshot not written", extra={"error": str(error)})  # noqa: TRY400  # one line is enough

    def _restore_snapshot(self) -> int:
        """Number of the entry to continue after."""
        journal = self._stores.log
        snapshot = journal.latest_snapshot()
        if snapshot is None:
            return journal.first_sequence() - 1
        sequence, payload = snapshot
        try:
            self._intake.restore(payload)
        except (ValueError, KeyError) as error:
            log.warning("snapshot does not fit, the journal is replayed whole", extra={"error": str(error)})
            self._intake = build_intake(self._configuration)
            days = self._intake.remember(payload)
            if days:
                log.warning("rain of past days kept from the snapshot", extra={"days": days})
            return journal.first_sequence() - 1
        self.warnings = self._open_warnings()
        return sequence

    def _carry_out(self, sequence: int, outcome: Outcome) -> None:
        self.keep_refused(outcome.refusals, sequence)
        if outcome.announced:
            self._watchers.look_at_grids()
        for alarm in outcome.alarms:
            self._send_alarm(alarm)
        for readings, step in outcome.steps:
            self._record(step.effects)
            self._count_step(readings, step)
            if self._watchers.on_step is not None:
                self._watchers.on_step(step)
        if outcome.answers:
            self._persist(lambda: self._stores.outbox.answer_many(outcome.answers))
            for given in outcome.answers:
                self._watchers.metrics.answers.labels(str(given.answer)).inc()

    def _record(self, effects: Effects) -> None:
        if not effects:
            return
        network = self._configuration.network
        self._persist(lambda: self._stores.outbox.record(effects, network, self._render))
        for message in effects.messages:
            self._watchers.metrics.messages_issued.labels(
                message.hazard, message.level.word, str(message.msg_type)
            ).inc()
        self.warnings = self._open_warnings()
        self._tell_refused_inputs()
        self._watchers.wake_channels()

    def _send_alarm(self, alarm: Alarm) -> None:
        """Begin or end of an alarm, for the duty posts."""
        if not alarm.is_sent or not self._duty_posts:
            return
        configuration = self._configuration
        zh, en = alarm_texts(alarm, configuration.node.name, configuration.message.utc_offset_s)
        at_s = alarm.ended_s or alarm.begun_s
        version = 2 if alarm.ended_s else 1
        notice = AlarmNotice(alarm.name, version, str(alarm.status), at_s, at_s + ALARM_VALID_S, zh, en)
        self._persist(lambda: self._stores.outbox.record_alarm(notice, self._duty_posts))
        self._watchers.wake_channels()

    def _tell_refused_inputs(self) -> None:
        """The desk refuses what cannot be; that is a fault of ours and must be seen."""
        desk = self._intake.engine.desk
        if desk.refused_inputs > self._refused_inputs:
            self._refused_inputs = desk.refused_inputs
            log.error(
                "the desk refused an input", extra={"count": desk.refused_inputs, "last": desk.last_refusal}
            )

    def _persist(self, write: Callable[[], object]) -> None:
        """Write what the engine asked for, however often the disk refuses.

        A node stopped meanwhile takes no snapshot: the journal brings the
        effects back at the next start.
        """
        while True:
            try:
                write()
            except StoreError as error:
                if self._watchers.disk.refused(error):
                    continue
                self._may_snapshot = False
            else:
                self._watchers.disk.took()
            return

    def _render(self, message: WarningMessage) -> RenderedMessage:
        configuration = self._configuration
        status = self._intake.engine.desk.status(message.warning)
        note = status.note if status is not None and message.cause is Cause.CANCELLED else ""
        return render(message, configuration.network, configuration.rules, configuration.message, note)

    def _count_step(self, readings: ReadingBatch, step: EngineStep) -> None:
        """Metrics and the state that people see."""
        assessed = step.assessment
        if any(warning.unaffirmed_s for warning in self.warnings):
            self.warnings = self._open_warnings()  # the duty officer may have confirmed one
        waiting = sum(warning.unaffirmed_s > 0 for warning in self.warnings)
        self._watchers.metrics.warnings_unaffirmed.set(waiting)
        self._tell_failures(assessed.failures)
        self.board.take(readings, assessed, self._intake.engine.assessment, self._intake.now_s)

    def _tell_failures(self, failures: dict[str, str]) -> None:
        alarms = self._watchers.alarms
        alarms.end_others("hazard", failures)
        for hazard, error in failures.items():
            text = f"{hazard} cannot be evaluated, its levels are held: {error}"
            alarms.raise_alarm(f"hazard:{hazard}", text)

    def _open_warnings(self) -> list[WarningStatus]:
        return self._intake.engine.desk.open_warnings()
