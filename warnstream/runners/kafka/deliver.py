"""A delivery node: it follows a county's partition into a log of its own; one of several tells people.

Ledger, outbox and warnings are those of a box that stands by (`runners.standby.judge`). What channels come
to is an entry of the partition first; every delivery node, this one too, knows it from there. The one that
has waited longest sends. When it dies the next one sends what it has not seen sent: rather twice than
never, under the same keys, which devices show once.
"""

import asyncio
import contextlib
import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from prometheus_client import CollectorRegistry

from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.journal.sown import begin_journal_after
from warnstream.adapters.kafka.client import ensure_topics
from warnstream.adapters.kafka.lease import Lease
from warnstream.adapters.kafka.log import KafkaLog, KafkaLoop
from warnstream.adapters.kafka.producer import Producer
from warnstream.adapters.kafka.reading import GoneError, PartitionReader
from warnstream.adapters.kafka.schema import SchemaError, Topics
from warnstream.adapters.kafka.states import States
from warnstream.adapters.ledger.doors import doubtful_since_s
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.metrics.kafka import KafkaMetrics
from warnstream.adapters.mqtt.publisher import PahoPublisher
from warnstream.adapters.private_files import make_private
from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
from warnstream.config.settings import Configuration
from warnstream.delivery.ledger.facts import encode_outcomes
from warnstream.model.digests import FieldReport
from warnstream.model.effects import Answer
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.runners.history.outbox import open_outbox
from warnstream.runners.intake import entries
from warnstream.runners.intake.door_entries import DOUBT, OUTCOME, encode_doubt
from warnstream.runners.intake.history_entries import CONFIGURATION, decode_configuration
from warnstream.runners.intake.standby_entries import FOLLOWED
from warnstream.runners.kafka.following import Copied, PartitionFollower
from warnstream.runners.kafka.workforce import kafka_of
from warnstream.runners.live.alarms import Alarms
from warnstream.runners.live.doors import note_end
from warnstream.runners.live.recording.delivering import Told, delivery_of
from warnstream.runners.live.requests import Request, Requests
from warnstream.runners.live.watches.channel_watch import tell_channels
from warnstream.runners.live.watches.reply_watch import ReplyWatch
from warnstream.runners.standby.judge import Judge

log = logging.getLogger(__name__)

FOLDER = "deliver"
"""Below the storage directory: a bridge on the same machine uses that itself."""

POLL_S = 0.05
RETRY_S = 2.0
LOOK_S = 1.0
LEAVE_S_MAX = 5.0


class Deliver:
    """One process that tells people of a county; for one thread, unless a method says otherwise.

    Parameters
    ----------
    configuration : Configuration
        With a section `kafka`.

    Attributes
    ----------
    has_lost : bool
        Another delivery node leads: this one has ended.

    Raises
    ------
    WarnstreamError
        If the storage cannot be used, or channels need what only a node of its own has.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._settings = kafka_of(configuration)
        _demand_broker(configuration)
        part = configuration.part
        directory = configuration.storage.directory / (f"{FOLDER}-{part.number}" if part else FOLDER)
        self._name = configuration.node.name if part is None else f"{configuration.node.name}-{part.number}"
        self.configuration = replace(
            configuration, storage=replace(configuration.storage, directory=directory)
        )
        make_private(configuration.storage.directory)
        make_private(directory)
        self.metrics = Metrics()
        self.registry: CollectorRegistry = self.metrics.registry
        self._own, self._label = KafkaMetrics(self.registry), str(self._settings.partition)
        self._stopping = threading.Event()
        self._requests = Requests(lambda: None, self._stopping.is_set)
        self._alarms = Alarms(self._ask_alarm, self.metrics)
        self._kafka = KafkaLoop()
        self._log = KafkaLog(self._settings, self._kafka, "warnstream-deliver")
        self._lease = Lease(self._settings, f"deliver-{self._name}", self._lost)
        self._replies = ReplyWatch(self._alarms, configuration.node.replies_s)
        self._is_sending = self.has_lost = False
        self._silent_until = 0
        self._leasing: Future[None] | None = None
        self._looked_at_s = float("-inf")
        self.waits, self._trouble = "it is starting", ""

    def run(self) -> None:
        """Follow, and send while it leads, until `ask_to_stop` or another one leads."""
        try:
            if not self._begin():
                return
            while not self._stopping.is_set():
                self._turn()
        except (GoneError, SchemaError) as error:
            self._stay(str(error))
        finally:
            self._close()

    def ask_to_stop(self) -> None:
        """End `run` soon; from any thread or a signal handler."""
        self._stopping.set()

    def readiness(self) -> tuple[bool, list[str]]:
        """Whether people are told from here, or would be if the other one died; any thread."""
        blocking = [text for text in (self.waits, self._trouble) if text]
        said = [*self._alarms.reasons(is_blocking=False)]
        if not self._is_sending:
            said.append(
                f"it follows and tells nobody: {self._lease.trouble or 'another delivery node leads'}"
            )
        return not blocking, [*blocking, *self._alarms.reasons(), *said]

    def submit_answer(self, message: str, recipient: str, answer: Answer) -> None:
        """An answer that came back on a channel becomes an entry; any thread. StoreError."""
        self._requests.ask_and_wait(entries.ANSWER, entries.encode_answer(message, recipient, answer))

    def submit_report(self, report: FieldReport) -> str:
        """A report that came back on a channel becomes an entry; any thread. StoreError."""
        self._requests.ask_and_wait(*entries.encode_action(report))
        return ""

    def _lost(self) -> None:
        """In Kafka's thread."""
        self.has_lost = True
        self.ask_to_stop()

    def _ask_alarm(self, kind: str, payload: bytes) -> None:
        """Alarms of a node that sends nothing are shown here alone: the one that leads has its own."""
        if self._is_sending:
            self._requests.ask(kind, payload)

    def _begin(self) -> bool:
        """Open the log, with a state of the judges where the partition does not reach back far enough."""
        while not self._stopping.is_set():
            try:
                self._kafka.call(ensure_topics(self._settings))
                self._sow_if_new()
                break
            except GoneError:
                raise
            except WarnstreamError as error:
                self.waits = str(error)
                log.error("Kafka cannot be read", extra={"error": str(error)})  # noqa: TRY400
                self._stopping.wait(RETRY_S)
        else:
            return False
        configuration = self.configuration
        storage, directory = configuration.storage, configuration.storage.directory
        self._journal = Journal(directory, segment_bytes=storage.journal_segment_bytes)
        self._outbox = open_outbox(configuration, self._keep_outcomes, self._time)
        self._outbox.tell_rows = self._requests.keep_told
        self._judge = Judge(
            configuration,
            self._journal,
            self._outbox,
            self._alarms,
            self.metrics,
            self._append,
            passes_over=True,
        )
        self._follower = PartitionFollower(self._settings, self._journal, self._kafka)
        lost = partial(self._requests.keep_lost, self._outbox)
        tokens = Tokens(load_or_create_secret(directory))
        told = Told(lambda: self, self._replies.heard, lost, self._time)
        self._publisher = PahoPublisher(
            replace(configuration.broker, client_id=f"{configuration.broker.client_id}-{directory.name}")
        )
        self.delivery = delivery_of(configuration, tokens, self._outbox, self._publisher, self.metrics, told)
        self.metrics.watch_channels(self.delivery.prospects)
        self._leasing = asyncio.run_coroutine_threadsafe(self._lease.run(), self._kafka.loop)
        self._take_rest()
        return True

    def _sow_if_new(self) -> None:
        """A node without a log, of a partition without its beginning, begins with a state of the judges."""
        directory, storage = self.configuration.storage.directory, self.configuration.storage
        if (directory / JOURNAL).exists():
            return
        settings = self._settings
        reader = PartitionReader(settings, Topics(settings.prefix).entries, settings.partition)
        first, _ = self._kafka.call(reader.bounds())
        self._kafka.call(reader.close())
        if first == 0:
            return
        states = States(settings, settings.partition, Producer(settings, "warnstream-deliver"))
        found = self._kafka.call(states.latest())
        self._kafka.call(states.close())
        if found is None or found[0].number < first:
            raise GoneError(
                f"entries 1 to {first} of partition {settings.partition} are not kept any more, no snapshot "
                "contains them: what people were told is not known",
                retryable=False,
            )
        number = found[0].number
        begin_journal_after(directory, number, (number, found[1]), storage.journal_segment_bytes)
        log.warning("a new delivery node begins with a state of the judges", extra={"entry": number})

    def _take_rest(self) -> None:
        """What was copied before a crash and not taken."""
        self._judge_from(self._judge.taken)

    def _turn(self) -> None:
        self._write(self._requests.take())
        copied = self._poll()
        if copied is not None and copied.next_entry > self._follower.next_entry:
            self._take(copied)
        else:
            self._settled()
            self._stopping.wait(POLL_S)
        self._judge.snapshots.settle()
        self._judge.snapshots.look()
        self._look_around()

    def _poll(self) -> Copied | None:
        try:
            copied = self._follower.poll()
        except (GoneError, SchemaError):
            raise
        except StoreError as error:
            self._trouble = str(error)
            self._own.refused.labels(self._label).inc()
            log.error("the partition cannot be read", extra={"error": str(error)})  # noqa: TRY400
            self._stopping.wait(RETRY_S)
            return None
        self._trouble = ""
        self._own.lag.labels(self._label).set(self._follower.behind)
        self._own.next.labels(self._label).set(self._follower.next_entry)
        return copied

    def _take(self, copied: Copied) -> None:
        for kind, payload in copied.entries:
            if kind == CONFIGURATION:
                self._demand_own(payload)
        before, n_entries = self._judge.taken, copied.next_entry - self._follower.next_entry
        self._follower.keep(copied)
        self._own.entries.labels(self._label).inc(n_entries)
        self._judge_from(before)
        if self._is_sending:
            self.delivery.wake()

    def _demand_own(self, payload: bytes) -> None:
        entry = decode_configuration(payload)
        if entry.fingerprint != self.configuration.fingerprint:
            own = self.configuration.fingerprint[:12]
            raise SchemaError(
                f"configuration {entry.fingerprint[:12]} judges now, this node has {own}: copy CONFIG_DIR to "
                "it and start it again"
            )

    def _judge_from(self, number: int) -> None:
        """Follow what this log has after an entry; everything it led to is there."""
        new: list[tuple[int, str, bytes]] = []
        for entry in self._journal.since(number):
            new.append(entry)
            if entry[1] == FOLLOWED:  # what was issued stands behind its cause, before the next of these
                self._judge.learn(new)
                self._judge.take(new)
                self._judge.settle()
                new = []

    def _settled(self) -> None:
        """Everything there is has been taken: whoever leads may send from now on."""
        self.waits = ""
        if self._lease.is_held and not self._is_sending and not self.has_lost:
            self._lead()

    def _lead(self) -> None:
        log.warning("this delivery node leads", extra={"partition": self._settings.partition})
        self._is_sending = True
        doors = self._outbox.doors
        since_s = doubtful_since_s(max(self._judge.now_s, doors.newest_issued_s()))
        if doors.needs_doubt(since_s):  # nobody knows who was in the hands of the one before
            self._append([(DOUBT, encode_doubt(since_s))])
        self._publisher.start()
        self.delivery.start()
        self._own.leads.labels(self._label).set(1)

    def _look_around(self) -> None:
        now_s = time.monotonic()
        if not self._is_sending or now_s - self._looked_at_s < LOOK_S:
            return
        self._looked_at_s = now_s
        tell_channels(self.delivery.reports(), self._alarms)
        self._replies.look()
        self._call_silent()

    def _call_silent(self) -> None:
        """Doors that nobody answers from go on to their next channel, once the last ones are known here."""
        if self._follower.next_entry <= self._silent_until:
            return
        outcomes = self._outbox.doors.silent.due(int(self._time()))
        if outcomes:
            self._silent_until = self._append([(OUTCOME, encode_outcomes(outcomes))]) or 0

    def _time(self) -> float:
        """Time in which warnings live: the engine's where it is told, else the system's."""
        told_s = self._judge.now_s if self.configuration.node.clock == "simulated" else -1
        return float(told_s) if told_s >= 0 else time.time()

    def _keep_outcomes(self, payload: bytes) -> Future[None]:
        return self._requests.keep_outcomes(payload)

    def _append(self, new: list[tuple[str, bytes]]) -> int | None:
        """Entries of this node into the partition, however often it is refused; None if it may not write."""
        while self._is_sending:
            try:
                return self._log.append_many(new)
            except StoreError as error:
                self._tell_refused(error)
                if self._stopping.is_set():
                    return None
        return None

    def _write(self, requests: list[Request]) -> None:
        """What channels came to, and what came back on them."""
        if not requests:
            return
        last = self._append([(request.kind, request.payload) for request in requests])
        for request in requests:
            if last is None:
                request.done.set_exception(StoreError("this node does not lead", retryable=True))
            else:
                request.done.set_result(None)

    def _tell_refused(self, error: StoreError) -> None:
        self._trouble = f"what channels came to cannot be kept: {error}"
        self._own.refused.labels(self._label).inc()
        log.error("Kafka does not take entries", extra={"error": str(error)})
        self._stopping.wait(RETRY_S)

    def _stay(self, why: str) -> None:
        """What no other try mends: say so until somebody ends the process; nothing is sent any more."""
        self.waits = why
        log.critical("nothing is delivered", extra={"why": why})
        self._stop_sending()
        self._stopping.wait()

    def _stop_sending(self) -> None:
        if not self._is_sending:
            return
        has_ended = self.delivery.stop(meanwhile=lambda: self._write(self._requests.take()))
        self._publisher.stop()
        self._write(self._requests.take())
        self._is_sending = False
        note_end(self._outbox.doors, has_ended=has_ended)

    def _close(self) -> None:
        self._stopping.set()
        self._stop_sending()
        self._own.leads.labels(self._label).set(0)
        if hasattr(self, "_judge"):
            self._judge.close()
            self._outbox.close()
            self._journal.close()
            self._follower.close()
        self._kafka.call(self._lease.stop())
        if self._leasing is not None:
            with contextlib.suppress(Exception):
                self._leasing.result(LEAVE_S_MAX)  # it leaves the group: the next one leads at once
        self._log.close()
        self._kafka.close()
        log.info("delivery node stopped")


def _demand_broker(configuration: Configuration) -> None:
    """Villages' topics and devices at the bridge's own listener cannot be reached from another process."""
    if configuration.broker.embedded:
        raise WarnstreamError(
            f"{configuration.directory}: broker.embedded is true: it publishes the villages' topics "
            "and needs a broker that bridge and devices share (broker.host)"
        )
