"""A live node: broker, journal, engine, outbox, channels and HTTP around one loop.

The loop takes what arrived, makes it durable as journal entries, acknowledges
it, and only then lets the engine see it. Whatever the engine asks for is kept
in the outbox, whose channels send it in threads of their own. A node that was
killed takes its newest snapshot, replays the journal after it, and goes on:
nothing is lost, and what had been told is known by its key.

When the disk refuses, nothing is acknowledged: the same entries are tried
again until it takes them, and the node says that it is not ready.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from warnstream.adapters.channels.channel import Surroundings
from warnstream.adapters.channels.registry import make_channels
from warnstream.adapters.http.api import HttpApi
from warnstream.adapters.http.node_port import PostAction
from warnstream.adapters.http.server import HttpServer
from warnstream.adapters.inbox import STREAM_BATCH, InboundBatch, Inbox
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.memory import keep_freed_memory
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt.endpoints import open_doors
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.outbox.types import AlarmNotice
from warnstream.adapters.refused.store import RefusedStore
from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
from warnstream.adapters.sending.event_clock import EventClock
from warnstream.adapters.sending.replies import Replies
from warnstream.adapters.sending.sender import Shared
from warnstream.adapters.sending.worker import DeliveryWorker
from warnstream.adapters.sl651_listener import Sl651Listener
from warnstream.config.settings import Configuration
from warnstream.delivery.alarm_texts import alarm_texts
from warnstream.desk import WarningStatus
from warnstream.engine import Engine, EngineStep
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.alarms import Alarm
from warnstream.model.digests import CallFailed, HelpAssign, HelpClose
from warnstream.model.effects import Answer, Effects, OperatorAffirm, OperatorCancel
from warnstream.model.errors import StoreError
from warnstream.model.observations.readings import ReadingBatch
from warnstream.model.times import DAY_S
from warnstream.model.warning import MessageStatus
from warnstream.routing.duty import duty_posts
from warnstream.runners.build import build_intake, topics_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.backlog import WAITING_MAX
from warnstream.runners.intake.intake import Outcome
from warnstream.runners.live.alarms import Alarms
from warnstream.runners.live.chain_watch import ChainWatch
from warnstream.runners.live.county_state import CountyState
from warnstream.runners.live.explanations import LiveExplanations
from warnstream.runners.live.grid_watch import GridWatch
from warnstream.runners.live.pace import Pace, SnapshotPace
from warnstream.runners.live.past_crossings import tell_past_crossings
from warnstream.runners.live.reinjector import Reinjector
from warnstream.runners.live.renderer import Renderer, no_end_of
from warnstream.runners.live.requests import Request, Requests
from warnstream.runners.live.signs_json import affirm_fault
from warnstream.runners.live.state_json import describe_warnings

log = logging.getLogger(__name__)

WAIT_S_MAX = 0.5
"""Longest sleep of the loop: a bound on how late a tick can be."""

ACKNOWLEDGE_S_MAX = 0.1
"""No message waits longer for others before it is made durable and acknowledged."""

STORE_RETRY_S = 1.0
"""Pause before entries that the disk refused are tried again."""

STORE_TELL_S = 30.0
"""While the disk refuses, the log says so that often."""

CLOCK_BACK_S_MAX = 2
"""Steps back of the system clock that are passed over without a word."""

ALARM_VALID_S = DAY_S
"""An alarm that could not be sent for so long is not sent any more."""

OUTBOX_KEEP_S = 90 * DAY_S
"""Ended warnings stay in the outbox that long, for review and export."""


class Node:
    """One warnstream process; also what its HTTP interface reports (`NodeStatus`).

    Parameters
    ----------
    configuration : Configuration
    on_step : callable, optional
        Called after every engine step, in the loop's thread (the demo watches by it).

    Raises
    ------
    StoreError
        If the storage directory cannot be used.
    """

    def __init__(
        self, configuration: Configuration, on_step: Callable[[EngineStep], None] | None = None
    ) -> None:
        self.configuration = configuration
        self.metrics = Metrics()
        self._on_step = on_step
        self._directory = configuration.storage.directory
        self._journal = Journal(self._directory, segment_bytes=configuration.storage.journal_segment_bytes)
        self._refused = RefusedStore(self._directory, configuration.storage.refused_max)
        self._again = Reinjector(self._directory, self._journal, self.keep_messages, self.metrics)
        self.outbox = Outbox(self._directory)
        self._intake = build_intake(self.configuration)
        self._inbox = Inbox()
        self._stopping = threading.Event()
        self._requests = Requests(self._inbox.wake, self._stopping.is_set)
        self._explanations = LiveExplanations(
            configuration, lambda: self.engine, self._inbox.wake, self.metrics.explanation.observe
        )
        topics = topics_of(configuration)
        self._sources, self._publisher = open_doors(
            configuration, topics.subscriptions, topics.backlogs, self._inbox, self.metrics
        )
        tokens = Tokens(load_or_create_secret(self._directory))
        self.delivery = self._delivery(tokens)
        api = HttpApi(self, self.outbox, tokens, self.metrics)
        self.http = HttpServer(api.app, configuration.http.host, configuration.http.port)
        self.sl651 = (
            Sl651Listener(configuration.sl651, self.keep_messages, self.metrics)
            if configuration.sl651
            else None
        )
        self._grids = GridWatch(configuration, self._requests.ask, self.metrics)
        self.alarms = Alarms(self._requests.ask, self.metrics)
        self._chain = ChainWatch(configuration, self.alarms, self.metrics)
        self._duty_posts = duty_posts(configuration.network, configuration.node.duty_posts)
        self._is_starting = True
        self._renderer = Renderer(configuration, self.metrics, lambda: self.engine.desk)
        self._warnings: list[WarningStatus] = []
        self._board = CountyState(configuration, self.metrics)
        self._is_simulated = configuration.node.clock == "simulated"
        self._pace = Pace(configuration.node.tick_s, configuration.node.react_within_s, time.monotonic())
        self._snapshots = SnapshotPace(configuration.storage.snapshot_every_s, time.monotonic())
        self._may_snapshot = True
        self._refused_inputs = 0
        self._disk_told_at = -STORE_TELL_S
        self.metrics.watch_storage(self._journal.size_bytes, self._directory)
        self.metrics.journal_repairs.inc(self._journal.repair is not None)
        self.metrics.watch_inbox(lambda: self._inbox.messages, self._unjudged_s)

    def _delivery(self, tokens: Tokens) -> DeliveryWorker:
        configuration = self.configuration
        around = Surroundings(configuration.topic_prefix, self._publisher, configuration.directory)
        is_simulated = configuration.node.clock == "simulated"
        shared = Shared(
            outbox=self.outbox,
            tokens=tokens,
            metrics=self.metrics,
            inbound=Replies(self.outbox, tokens, self.submit_answer),
            clock=time.time,
            event_clock=EventClock(lambda: self._intake.now_s, None if is_simulated else time.time()),
            public_url=configuration.http.public_url,
            lost=self._keep_lost,
        )
        return DeliveryWorker(make_channels(configuration.channels, around), shared)

    def start(self) -> None:
        """Recover, then open every door.

        Raises
        ------
        WarnstreamError
            If the journal is damaged, or a port is taken.
        """
        keep_freed_memory()
        self._recover()
        self._publisher.start()
        resent = self.delivery.start()
        self.http.start()
        for source in self._sources:
            source.start()
        if self.sl651 is not None:
            self.sl651.start()
        self._again.start()
        self._grids.start()
        self._is_starting = False
        log.info(
            "node started",
            extra={
                "node": self.configuration.node.name,
                "http": f"{self.configuration.http.host}:{self.http.port}",
                "sent_again": resent,
                "exercise": self._is_exercise,
            },
        )

    def run(self) -> None:
        """Work until `ask_to_stop`; then write a snapshot and close everything."""
        try:
            while not self._stopping.is_set():
                self._turn()
        finally:
            self._close()

    @property
    def engine(self) -> Engine:
        """For those who watch its steps; theirs to read only, in the loop's thread or after its end."""
        return self._intake.engine

    def ask_to_stop(self) -> None:
        """End `run` soon; from any thread or a signal handler."""
        self._stopping.set()
        self._inbox.wake()

    # What the HTTP interface asks for (NodeStatus).

    def alive(self) -> dict[str, object]:
        """The process answers."""
        return {"alive": True, "node": self.configuration.node.name}

    def ready(self) -> tuple[bool, list[str]]:
        """Whether readings come in and warnings would go out now, and the reasons why not."""
        reasons = ["the node is starting"] if self._is_starting else []
        reasons += self.alarms.reasons()
        reasons += [f"the {one.name} is not connected" for one in self._sources if not one.is_connected]
        reasons += self.delivery.troubles()
        return not reasons, reasons

    def notices(self) -> list[str]:
        """What is wrong although warnings go out."""
        return self.alarms.notices()

    def state(self) -> dict[str, object]:
        """The situation of the county after the last step."""
        connected = all(source.is_connected for source in self._sources)
        warnings = {"warnings_open": len(self._warnings)} if self._board.state else {}
        trouble = {"broker_connected": connected, "alarms": self.alarms.records()}
        chain = {"chain": self._chain.state} if self._board.state else {}
        return {**self._board.state, **warnings, **chain, **trouble}

    def warnings(self) -> list[dict[str, object]]:
        """Open warnings, worst first."""
        return describe_warnings(self._warnings, self.configuration.network.villages)

    def explanation(self, village_code: str) -> dict[str, object] | None:
        """What decided on a village at the last step; None if there is no such village."""
        return self._explanations.ask(village_code)

    def submit_answer(self, message: str, recipient: str, answer: Answer) -> None:
        """Take an answer; returns once it is durable. StoreError if it cannot be kept."""
        self._requests.ask_and_wait(entries.ANSWER, entries.encode_answer(message, recipient, answer))

    def submit_cancel(self, cancel: OperatorCancel) -> None:
        """End a warning by hand; returns once that is durable. StoreError if it cannot be kept."""
        self._requests.ask_and_wait(entries.CANCEL, entries.encode_cancel(cancel))

    def signs(self, post: str) -> list[dict[str, object]]:
        """Signs as a post may read them: those that stand, then those that are over."""
        return self._board.signs_for(post)

    def help_calls(self) -> list[dict[str, object]]:
        """Open calls for help, oldest first."""
        return self._chain.calls

    def action_fault(self, action: PostAction) -> str:
        """Why a post cannot do that, as things stand; empty if it can."""
        if isinstance(action, OperatorAffirm):
            return affirm_fault(action, self._warnings, self.configuration.network)
        if isinstance(action, HelpAssign | HelpClose):
            return self._intake.engine.desk.chains.fault_of(action)
        return self._intake.engine.assessment.signs.fault_of(action)

    def submit_action(self, action: PostAction) -> None:
        """Take what a post does; returns once it is durable. StoreError if it cannot be kept."""
        self._requests.ask_and_wait(*entries.encode_action(action))

    def keep_messages(self, messages: Sequence[RawMessage]) -> Future[None]:
        """Messages of a listener into the journal; done once they are durable. StoreError when stopping."""
        return self._requests.ask(entries.MESSAGES, entries.encode_messages(messages))

    def receipt(self, key: str) -> None:
        """A device reports that it has shown a notification."""
        self.outbox.mark_delivered(key, time.time())

    # The loop.

    def _turn(self) -> None:
        """Take what came, make it durable, acknowledge it, let the engine see it.

        Lone messages are judged before those of streams are even decoded.
        """
        broker, backlog = self.configuration.broker, self._intake.backlog_waiting
        arrived = self._inbox.take(
            messages_max=broker.batch_messages_max,
            wait_s=self._wait_s(),
            gather_s=broker.batch_wait_s,
            open_until_s=self._open_until_s(),
            streams_max=STREAM_BATCH if backlog < WAITING_MAX else 0,
        )
        self._explanations.serve()
        requests = self._requests.take()
        if refusals := self._grids.take_refusals():
            self._keep_refused(self._journal.last_sequence(), Outcome(refusals=refusals))
        lone = [one for one in arrived if one.topics and not one.is_stream]
        streams = [one for one in arrived if one.topics and one.is_stream]
        pending = [(entries.MESSAGES, _entry(lone))] if lone else []
        pending += [(request.kind, request.payload) for request in requests]
        if pending:
            self._pace.arrived(lone[0].at_s if lone else time.monotonic())
        tick = self._due_tick()
        if tick is not None:
            pending.append((entries.TICK, entries.encode_tick(tick)))
        if streams:
            pending.append((entries.MESSAGES, _entry(streams)))
        if not pending:
            self._acknowledge(arrived)
            return
        last = self._append(pending, arrived, requests)
        if last is None:
            return
        for sequence, (kind, payload) in enumerate(pending, start=last - len(pending) + 1):
            started = time.monotonic()
            self._consume(sequence, kind, payload)
            now = time.monotonic()
            self._snapshots.worked(now - started)
            if kind == entries.TICK and (waited_s := self._pace.stepped(now, now - started)):
                self.metrics.fresh_wait.observe(waited_s)
        if streams and self._intake.fresh_waiting:
            self._pace.arrived(streams[0].at_s)
        self.metrics.backlog_readings.set(self._intake.backlog_waiting)
        self._snapshot_if_due()

    def _append(
        self, pending: list[tuple[str, bytes]], arrived: list[InboundBatch], requests: list[Request]
    ) -> int | None:
        """Make entries durable, then acknowledge; returns the last one's sequence number.

        None if the node was stopped before the disk took them.
        """
        while True:
            started = time.perf_counter()
            try:
                sequence = self._journal.append_many(pending)
            except StoreError as error:
                if not self._wait_for_disk(error):
                    for request in requests:
                        request.done.set_exception(error)
                    return None
                continue
            self._disk_took()
            self.metrics.journal_append.observe(time.perf_counter() - started)
            self.metrics.journal_sequence.set(sequence)
            self.metrics.messages_received.inc(sum(len(one.topics) for one in arrived))
            self._acknowledge(arrived)
            for request in requests:
                request.done.set_result(None)
            return sequence

    def _acknowledge(self, arrived: list[InboundBatch]) -> None:
        """Tell every source what of its messages is durable."""
        for source in self._sources:
            own = [one for one in arrived if one.source is source]
            if own:
                source.acknowledge(own)

    def _wait_for_disk(self, error: StoreError) -> bool:
        """Nothing is acknowledged while the disk refuses; False once the node is to stop."""
        self.metrics.storage_refusals.inc()
        now = time.monotonic()
        if now - self._disk_told_at >= STORE_TELL_S:
            self._disk_told_at = now  # not at every attempt: the log may be on the same disk
            log.critical("disk refuses: readings are not acknowledged", extra={"error": str(error)})
        self.alarms.raise_alarm("disk", f"readings are not acknowledged: {error}")
        if not error.retryable:
            self._stopping.set()
            raise error
        return not self._stopping.wait(STORE_RETRY_S)

    def _disk_took(self) -> None:
        if self.alarms.standing("disk"):
            self._disk_told_at = -STORE_TELL_S
            self.alarms.end_alarm("disk")
            log.warning("disk writes again: readings are acknowledged")

    def _consume(self, sequence: int, kind: str, payload: bytes) -> None:
        """Let the engine see an entry and carry out what it asks for."""
        started = time.perf_counter()
        try:
            outcome = self._intake.consume(kind, payload)
        except Exception:
            # A bug must not silence the node: the next entry is taken, and everybody is told.
            log.exception("engine step failed", extra={"sequence": sequence, "kind": kind})
            self.alarms.raise_alarm("engine", f"entry {sequence} could not be judged; see the log")
            return
        if outcome.steps:
            self.alarms.end_alarm("engine")
            self.metrics.tick.observe((time.perf_counter() - started) / len(outcome.steps))
        self._carry_out(sequence, outcome)

    def _carry_out(self, sequence: int, outcome: Outcome) -> None:
        self._keep_refused(sequence, outcome)
        if outcome.announced:
            self._grids.look_now()
        for alarm in outcome.alarms:
            self._send_alarm(alarm)
        for readings, step in outcome.steps:
            self._record(step.effects)
            self._count_step(readings, step)
            if self._on_step is not None:
                self._on_step(step)
        if outcome.answers:
            self._persist(lambda: self.outbox.answer_many(outcome.answers))
            for given in outcome.answers:
                self.metrics.answers.labels(str(given.answer)).inc()

    def _record(self, effects: Effects) -> None:
        if not effects:
            return
        network = self.configuration.network
        self.outbox.no_end = no_end_of(self.engine.desk, self.configuration.network.villages)
        self._persist(lambda: self.outbox.record(effects, network, self._renderer))
        self.metrics.count_issued(effects)
        self._warnings = self._open_warnings()
        self._tell_refused_inputs()
        self.delivery.wake()

    def _keep_lost(self, digest: str, post: str) -> None:
        """A post that no way leads to: its villages climb. What is lost in a crash falls due by time."""
        try:
            if self.outbox.is_lost(digest, post):
                failure = entries.encode_undelivered(CallFailed(digest, post))
                self._requests.ask(entries.UNDELIVERED, failure)
        except StoreError as error:
            log.warning("undelivered digest not kept", extra={"error": str(error)})

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
                if self._wait_for_disk(error):
                    continue
                self._may_snapshot = False
            else:
                self._disk_took()
            return

    def _send_alarm(self, alarm: Alarm) -> None:
        """Begin or end of an alarm, for the duty posts."""
        if not alarm.is_sent or not self._duty_posts:
            return
        configuration = self.configuration
        zh, en = alarm_texts(alarm, configuration.node.name, configuration.message.utc_offset_s)
        at_s = alarm.ended_s or alarm.begun_s
        version = 2 if alarm.ended_s else 1
        notice = AlarmNotice(alarm.name, version, str(alarm.status), at_s, at_s + ALARM_VALID_S, zh, en)
        self._persist(lambda: self.outbox.record_alarm(notice, self._duty_posts))
        self.delivery.wake()

    def _keep_refused(self, sequence: int, outcome: Outcome) -> None:
        self.metrics.messages_without_reading.inc(outcome.n_without)
        if not outcome.refusals:
            return
        for refusal in outcome.refusals:
            self.metrics.readings_refused.labels(str(refusal.reason)).inc()
        self._persist(lambda: self._refused.keep(outcome.refusals, time.time(), sequence))

    def _count_step(self, readings: ReadingBatch, step: EngineStep) -> None:
        """Metrics and the state that people see."""
        assessed = step.assessment
        if any(warning.unaffirmed_s for warning in self._warnings):
            self._warnings = self._open_warnings()  # the duty officer may have spoken
        self.metrics.warnings_unaffirmed.set(sum(warning.unaffirmed_s > 0 for warning in self._warnings))
        self._tell_failures(assessed.failures)
        is_live = not self._is_starting
        self._chain.take(self._intake.engine.desk, step.effects.digests, is_live=is_live)
        tell_past_crossings(assessed.past_crossings, self.configuration.network, self.metrics)
        self._board.take(readings, assessed, self._intake.engine.assessment, self._intake.now_s)

    def _tell_failures(self, failures: dict[str, str]) -> None:
        """Hazards that hold their levels, and other parts of the step without which it went on."""
        hazards = {rule.name for rule in self.configuration.rules}
        self.alarms.end_others("hazard", failures.keys() & hazards)
        self.alarms.end_others("part", failures.keys() - hazards)
        for part, error in failures.items():
            is_hazard = part in hazards
            what = "evaluated, its levels are held" if is_hazard else "worked out, the rest of the step is"
            kind = "hazard" if is_hazard else "part"
            self.alarms.raise_alarm(f"{kind}:{part}", f"{part} cannot be {what}: {error}")

    # Recovery.

    def _recover(self) -> None:
        """Newest snapshot that fits, then the journal after it; effects that are known change nothing."""
        sequence = self._restore_snapshot()
        self.outbox.no_end = no_end_of(self.engine.desk, self.configuration.network.villages)
        started, count = time.monotonic(), 0
        for entry, kind, payload in self._journal.since(sequence):
            self._consume(entry, kind, payload)
            count += 1
        self.alarms.adopt(self._intake.alarms.standing.values())
        self._chain.adopt(self._intake.alarms.standing)
        if count:
            took_s = round(time.monotonic() - started, 2)
            log.info("journal replayed", extra={"after": sequence, "entries": count, "took_s": took_s})

    def _restore_snapshot(self) -> int:
        """Journal sequence to continue after."""
        snapshot = self._journal.latest_snapshot()
        if snapshot is None:
            return self._journal.first_sequence() - 1
        sequence, payload = snapshot
        try:
            self._intake.restore(payload)
        except (ValueError, KeyError) as error:
            log.warning("snapshot does not fit, the journal is replayed whole", extra={"error": str(error)})
            self._intake = build_intake(self.configuration)
            days = self._intake.remember(payload)
            if days:
                log.warning("rain of past days kept from the snapshot", extra={"days": days})
            return self._journal.first_sequence() - 1
        self._warnings = self._open_warnings()
        return sequence

    def _snapshot_if_due(self) -> None:
        if self._snapshots.is_due(time.monotonic()):
            self._snapshot()

    def _snapshot(self) -> None:
        """Keep the state, then forget journal entries no longer needed; a full disk only delays it."""
        self._snapshots.begin(time.monotonic())
        if not self._may_snapshot:
            return
        try:
            self._journal.save_snapshot(self._journal.last_sequence(), self._intake.snapshot())
            storage = self.configuration.storage
            pruned = self._journal.prune(
                older_than_s=storage.journal_keep_s, bytes_max=storage.journal_bytes_max
            )
            if pruned:
                log.info("journal pruned", extra={"entries": pruned, "first": self._journal.first_sequence()})
            self.outbox.prune(self._intake.now_s - OUTBOX_KEEP_S)
            self._snapshots.written(time.monotonic())
        except StoreError as error:
            self.metrics.snapshot_failures.inc()
            log.error("snapshot not written", extra={"error": str(error)})  # noqa: TRY400  # one line is enough

    # Small things.

    @property
    def _is_exercise(self) -> bool:
        return self.configuration.message.status is MessageStatus.EXERCISE

    def _open_warnings(self) -> list[WarningStatus]:
        return self._intake.engine.desk.open_warnings()

    def _due_tick(self) -> int | None:
        """Time of a tick that is due by the system's clock; never before the engine's own time."""
        steady_s = time.monotonic()
        if self._is_simulated or not self._pace.is_due(steady_s, self._intake.backlog_waiting):
            return None
        self._pace.plan(steady_s)
        now_s, engine_s = int(time.time()), self._intake.now_s
        if now_s < engine_s - CLOCK_BACK_S_MAX:
            behind = f"the system clock is {engine_s - now_s} s behind the last step"
            self.alarms.raise_alarm("clock", behind)
        else:
            self.alarms.end_alarm("clock")
        return max(now_s, engine_s)

    def _wait_s(self) -> float:
        if self._is_simulated:
            return WAIT_S_MAX
        due_s = self._pace.due_s(self._intake.backlog_waiting)
        return min(max(due_s - time.monotonic(), 0.0), WAIT_S_MAX)

    def _open_until_s(self) -> float:
        """Messages that trickle in are made durable together with the step that judges them."""
        if self._is_simulated:
            return 0.0
        return min(self._pace.reacts_at_s(), time.monotonic() + ACKNOWLEDGE_S_MAX)

    def _unjudged_s(self) -> float:
        """How long the oldest message has waited to be judged, in the inbox or after it."""
        now_s, oldest_s = time.monotonic(), self._inbox.oldest_lone_s()
        return max(self._pace.unjudged_s(now_s), 0.0 if oldest_s is None else now_s - oldest_s)

    def _close(self) -> None:
        """Stop taking, send what is in hand, keep the state, close the files."""
        self._again.stop()
        self._grids.stop()
        if self.sl651 is not None:
            self.sl651.stop()
        self.http.stop()
        self.delivery.stop()
        self._publisher.stop()
        for source in self._sources:
            source.stop()
        self._snapshot()
        self.outbox.close()
        self._refused.close()
        self._journal.close()
        log.info("node stopped", extra={"node": self.configuration.node.name})


def _entry(arrived: Sequence[InboundBatch]) -> bytes:
    return entries.encode_arrived((one.topics, one.payloads) for one in arrived)
