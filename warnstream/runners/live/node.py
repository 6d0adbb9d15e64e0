"""A live node: ingress, log and keeper around one loop; outbox, channels and HTTP in threads of their own.

The loop takes what arrived (`ingress`), makes it durable as entries of the log,
acknowledges it, and only then lets the keeper have it (`keeper`): the engine
judges, and what it asks for is carried out.

When the disk refuses, nothing is acknowledged: the same entries are tried
again until it takes them, and the node says that it is not ready (`disk`).
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from warnstream.adapters.descriptors import fit_connections
from warnstream.adapters.http.api import HttpApi
from warnstream.adapters.http.server import CONNECTIONS_MAX
from warnstream.adapters.http.starting import FrontDoor
from warnstream.adapters.inbox import Inbox
from warnstream.adapters.journal.bound import JournalBound
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.ledger.beside import MainOutbox
from warnstream.adapters.memory import keep_freed_memory
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt.endpoints import open_endpoints
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.private_files import make_private
from warnstream.adapters.refused.writer import RefusedWriter
from warnstream.adapters.sending.answer_tokens import Tokens, load_or_create_secret
from warnstream.adapters.sending.worker import TAKE_EVERY_S
from warnstream.adapters.sl651_listener import Sl651Listener
from warnstream.config.settings import Configuration
from warnstream.engine import Engine, EngineStep
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.errors import StoreError
from warnstream.model.hands.drills import DrillOrder
from warnstream.model.hands.orders import HandOrder
from warnstream.model.warning import MessageStatus
from warnstream.runners.audit.writer import AuditWriter
from warnstream.runners.build import topics_of
from warnstream.runners.bundles.keeping import OwnBundle
from warnstream.runners.console.feed import ConsoleFeed
from warnstream.runners.history.outbox import open_outbox
from warnstream.runners.intake import entries
from warnstream.runners.live.alarms import Alarms
from warnstream.runners.live.clock import clock_of
from warnstream.runners.live.disk import DiskWatch
from warnstream.runners.live.doors import note_end
from warnstream.runners.live.drill.room import DrillRoom
from warnstream.runners.live.ingress import Ingress, Turn
from warnstream.runners.live.keeper import Keeper
from warnstream.runners.live.log import Leads, Log
from warnstream.runners.live.orders import AnyOrder, Orders, faults_on
from warnstream.runners.live.recording.around import Stores, Watchers
from warnstream.runners.live.recording.delivering import Told, delivery_of
from warnstream.runners.live.recording.recorder import report_put_aside
from warnstream.runners.live.reinjector import Reinjector
from warnstream.runners.live.reloading.door import ReloadDoor
from warnstream.runners.live.reloading.errands import Errands
from warnstream.runners.live.reloading.node_change import NodeChange, Takes
from warnstream.runners.live.reloading.reloads import Reloads, Wish
from warnstream.runners.live.requests import Requests
from warnstream.runners.live.status import Status
from warnstream.runners.live.views.explanations import LiveExplanations
from warnstream.runners.live.views.replay_progress import ReplayProgress
from warnstream.runners.live.watches.after_step import after_step
from warnstream.runners.live.watches.channel_watch import tell_channels
from warnstream.runners.live.watches.grid_watch import GridWatch
from warnstream.runners.live.watches.reply_watch import ReplyWatch
from warnstream.runners.live.watches.source_watch import SourceWatch
from warnstream.runners.orders.request import agreement_faults

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
"""What time alone changes is looked for so often, not at every turn: messages bring hundreds a second."""


class Node:
    """One warnstream process.

    Parameters
    ----------
    configuration : Configuration
    on_step : callable, optional
        Called after every engine step, in the loop's thread.
    front_door : FrontDoor, optional
        One that serves already, because the configuration took long to read.
    wall : callable
        The system's clock: seconds since 1970 UTC.
    leading : Leads, optional
        It leads beside another box.
    on_change : callable, optional
        Called in the loop with a configuration that is live now.

    Attributes
    ----------
    status : Status
        What its HTTP interface reports.

    Raises
    ------
    StoreError
        If the storage directory cannot be used.
    """

    def __init__(
        self,
        configuration: Configuration,
        on_step: Callable[[EngineStep], None] | None = None,
        front_door: FrontDoor | None = None,
        wall: Callable[[], float] = time.time,
        leading: Leads | None = None,
        on_change: Callable[[Configuration], None] | None = None,
    ) -> None:
        read, (configuration, self._http_max) = configuration, fit_connections(configuration, CONNECTIONS_MAX)
        self.configuration, self.metrics = configuration, Metrics()
        make_private(directory := configuration.storage.directory)
        self._stopping = threading.Event()
        self._looked_at_s = float("-inf")
        self._inbox = Inbox()
        self._requests = Requests(self._inbox.wake, self._stopping.is_set)
        self.alarms = Alarms(self._requests.ask, self.metrics)
        self._clock = clock_of(configuration, self.alarms, wall)
        self._journal = Journal(directory, self._clock, configuration.storage.journal_segment_bytes)
        self._leading = leading
        ways = (self.alarms, self.metrics, self.ask_to_stop)
        self._log: Log = self._journal if leading is None else leading.over(self._journal, *ways)
        self._refused = RefusedWriter(directory, configuration.storage.refused_max, self.alarms, self.metrics)
        self._audit = self._audit_of(configuration)
        self._again = Reinjector(directory, self._journal, self.keep_messages, self.metrics)
        self.outbox = self._outbox_of(configuration)
        self._disk = DiskWatch(self.alarms, self.metrics, self._stopping)
        self._replies = ReplyWatch(self.alarms, configuration.node.replies_s)
        self._heard = SourceWatch(self.alarms, self.metrics, configuration.message.time_zone)
        self._open_ways(configuration)
        tokens = Tokens(load_or_create_secret(directory))
        lost = partial(self._requests.keep_lost, self.outbox)
        told = Told(lambda: self.status, self._replies.heard, lost, self._time)
        self.delivery = delivery_of(configuration, tokens, self.outbox, self._publisher, self.metrics, told)
        wake, metrics, journal = self.delivery.wake, self.metrics, self._journal
        self._drills = DrillRoom(configuration, self.outbox, self.alarms, metrics, wake, journal, leading)
        bundle = OwnBundle(configuration, journal, self.alarms, metrics)
        stores = Stores(self._log, self.outbox, self._refused, bundle)
        watchers = Watchers(
            self.alarms,
            self._clock,
            self._disk,
            metrics,
            wake,
            self._grids.look_now,
            after_step(
                self._replies,
                self._heard,
                lambda: self.engine,
                lambda step: self._console.stepped(step),  # noqa: PLW0108  # the console comes later
                lambda _step: self._drills.look(self._keeper),
                on_step,
            ),
            self._drills.hand,
        )
        self._keeper = Keeper(configuration, stores, watchers)
        self._open_to_changes(read, bundle, on_change)
        self.alarms.clock = self._time
        bytes_max, snapshots = configuration.storage.journal_bytes_max, self._keeper.snapshots
        self._bound = JournalBound(self._journal.entries_bytes, bytes_max, snapshots, self.alarms)
        self._show(configuration)
        url = configuration.http.public_url
        self._api_app = HttpApi(self.status, self.outbox, tokens, metrics, public_url=url).app
        self.http = front_door or FrontDoor(configuration.node.name, configuration.http)
        self._watch_figures()

    def _watch_figures(self) -> None:
        """Metrics that are asked for when somebody reads them."""
        self.metrics.watch_channels(self.delivery.prospects)
        self.metrics.watch_storage(self._journal.size_bytes, self.configuration.storage.directory)
        self.metrics.journal_repairs.inc(self._journal.repair is not None)
        self.metrics.watch_inbox(lambda: self._inbox.messages, self._ingress.unjudged_s)

    def _open_to_changes(
        self, read: Configuration, bundle: OwnBundle, on_change: Callable[[Configuration], None] | None
    ) -> None:
        """How another configuration comes in while this one runs."""
        self._errands = Errands(self._inbox.wake)
        node = NodeChange(self._keeper, read, self._clock, self._parts, on_change)
        node.exchange(self.delivery, self._publisher, self._drills, self._errands)
        self.reloads = Reloads(node, bundle, self._errands, self.metrics, beside=self._leading)
        self._reload_door = ReloadDoor(read.storage.directory, self.reloads)

    def _parts(self) -> tuple[Takes, ...]:
        return self, self._explanations, self.status, self._console, self._clock, self._grids, self._drills

    def _show(self, configuration: Configuration) -> None:
        """What people see of it: over HTTP, and at consoles."""
        self._explanations = LiveExplanations(
            configuration, lambda: self.engine, self._inbox.wake, self.metrics.explanation.observe
        )
        self.status = Status(
            configuration,
            keeper=self._keeper,
            alarms=self.alarms,
            requests=self._requests,
            explanations=self._explanations,
            sources=self._sources,
            outbox=self.outbox,
            delivery=self.delivery,
            audit=self._audit,
            reloads=self.reloads,
            drills=self._drills,
        )
        self._console = ConsoleFeed(
            configuration, self._keeper, self.outbox, self.status, self.alarms, self.metrics, self._requests
        )

    def _outbox_of(self, configuration: Configuration) -> MainOutbox:
        outbox = open_outbox(configuration, self._requests.keep_outcomes, self._time)
        if outbox.put_aside is not None:
            report_put_aside(self.alarms, str(outbox.put_aside))
        outbox.stand_beside(self._leading, self._requests.keep_told)
        return outbox

    def _audit_of(self, configuration: Configuration) -> AuditWriter:
        """What follows the journal from its first entry of this process on."""
        storage = configuration.storage
        audit = AuditWriter(storage.directory, storage.audit_keep_s, self._journal, self.alarms, self.metrics)
        self._journal.followed_by = audit.take
        return audit

    def _open_ways(self, configuration: Configuration) -> None:
        """Everything by which readings come in; nothing is opened before `start`."""
        topics = topics_of(configuration)
        self._sources, self._publisher = open_endpoints(
            configuration,
            topics.subscriptions,
            topics.backlogs,
            NodePorts(self._inbox, self.metrics, self.alarms),
            has_run_before=self._journal.last_sequence() > 0,
        )
        self.sl651 = (
            Sl651Listener(configuration.sl651, self.keep_messages, self.metrics)
            if configuration.sl651
            else None
        )
        self._grids = GridWatch(configuration, self._requests.ask, self.metrics, self._clock, self._time)
        self._orders = Orders(configuration.storage.directory, self._requests.ask, self._order_faults)
        self._ingress = Ingress(configuration, self._inbox, self._requests, self._sources, self._clock)

    def start(self) -> None:
        """Recover, then open every way in and out.

        Raises
        ------
        WarnstreamError
            If the journal is damaged, or a port is taken.
        """
        self.http.start()  # says that the node lives and is not ready, however long the journal is
        keep_freed_memory()
        if self._leading is not None:
            self._leading.begin(self._log)
        self._keeper.recover(ReplayProgress(self.http.tell))
        self._replies.adopt(self.alarms.standing("reply"))
        self._heard.adopt(self.alarms.standing())
        self._audit.start()
        self._publisher.start()
        resent = self.delivery.start()
        self.http.open(self._api_app, self._http_max)
        for source in self._sources:
            source.start()
        if self.sl651 is not None:
            self.sl651.start()
        self._again.start()
        self._grids.start()
        self._orders.start()
        self._console.start()
        self._reload_door.start()
        self._drills.start(self.alarms.standing("exercise"))
        self.status.is_starting = False
        log.info(
            "node started",
            extra={
                "node": self.configuration.node.name,
                "http": f"{self.configuration.http.host}:{self.http.port}",
                "sent_again": resent,
                "exercise": self.configuration.message.status is MessageStatus.EXERCISE,
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
        return self._keeper.engine

    @property
    def people(self) -> Configuration:
        """The configuration with removed rows of open warnings: messages number its villages."""
        return self._keeper.people

    def ask_to_stop(self) -> None:
        """End `run` soon; from any thread or a signal handler."""
        self._stopping.set()
        self._inbox.wake()

    def reload(self) -> None:
        """Users and certificates of the endpoints anew, then CONFIG_DIR; any thread, or a signal handler."""
        for source in self._sources:
            source.reload()
        self.reloads.ask_in_background(Wish())

    def go_by(self, configuration: Configuration) -> None:
        """Another configuration runs from now on; in the loop's thread."""
        self.configuration = configuration

    def keep_messages(self, messages: Sequence[RawMessage]) -> Future[None]:
        """Messages of a listener into the journal; done once they are durable. StoreError when stopping."""
        return self._requests.ask(entries.MESSAGES, entries.encode_messages(messages))

    def _time(self) -> float:
        """Seconds since 1970 UTC in which warnings live: the node's clock, or what is told; any thread."""
        told_s = self._keeper.now_s if self.configuration.node.clock == "simulated" else -1
        return float(told_s) if told_s >= 0 else self._clock()

    def _order_faults(self, order: AnyOrder) -> list[str]:
        if isinstance(order, DrillOrder):
            return self._drills.faults_of(order)
        desk = self.engine.desk
        known = agreement_faults(order, desk, self.configuration) if isinstance(order, HandOrder) else []
        return [*faults_on(desk, order), *known]

    def _turn(self) -> None:
        """Take what came, make it durable, acknowledge it, let the engine see it."""
        keeper, ingress = self._keeper, self._ingress
        turn = ingress.take(
            keeper.backlog_waiting, keeper.now_s, keeper.newest_waiting, is_asked=keeper.is_asked
        )
        self._look_around()
        if refusals := self._grids.take_refusals():
            keeper.keep_refused(refusals, self._journal.last_sequence())
        if turn.entries:
            self._take(turn)
        else:
            ingress.settle(turn)

    def _take(self, turn: Turn) -> None:
        """Entries into the log, then to the engine and the ledger."""
        keeper, ingress = self._keeper, self._ingress
        last = self._append(turn)
        if last is None:
            return
        for sequence, (kind, payload) in enumerate(turn.entries, start=last - len(turn.entries) + 1):
            started = time.monotonic()
            keeper.take(sequence, kind, payload)
            now = time.monotonic()
            if kind == entries.TICK:
                waited_s = ingress.stepped(now, now - started, keeper.backlog_taken)
                if waited_s:
                    self.metrics.fresh_wait.observe(waited_s)
        if keeper.fresh_waiting:
            ingress.left_fresh(turn)
        self.metrics.backlog_readings.set(keeper.backlog_waiting)
        if self._leading is not None:
            self._leading.settle()
        keeper.snapshots.look()
        self._bound.look()

    def _look_around(self) -> None:
        self._explanations.serve()
        if self._keeper.go_on():
            self._inbox.wake()
        self._console.look()
        now_s = time.monotonic()
        if now_s - self._looked_at_s < LOOK_EVERY_S:
            return
        self._looked_at_s = now_s
        self._errands.do()
        for source in self._sources:
            source.look()
        tell_channels(self.delivery.reports(), self.alarms)
        self._keeper.judging.look()

    def _append(self, turn: Turn) -> int | None:
        """Make entries durable, then acknowledge; returns the last one's sequence number.

        None if the node was stopped before the disk took them.
        """
        while True:
            started = time.perf_counter()
            try:
                self._bound.demand_room()
                sequence = self._log.append_many(turn.entries)
            except StoreError as error:
                if self._disk.refused(error):
                    continue
                self._ingress.give_up(turn, error)
                return None
            self._disk.took()
            self.metrics.journal_append.observe(time.perf_counter() - started)
            self.metrics.journal_sequence.set(sequence)
            self.metrics.messages_received.inc(sum(len(batch.topics) for batch in turn.arrived))
            self._ingress.settle(turn, sequence - len(turn.entries) + 1)
            return sequence

    def _close(self) -> None:
        """Stop taking, send what is in hand, keep the state, close the files."""
        with ThreadPoolExecutor(1, "closing") as closing:
            closed = closing.submit(self._close_ways_in)
            while not closed.done():  # channels go on meanwhile, and wait for what they sent to be kept
                self._take_outcomes()
                wait([closed], TAKE_EVERY_S)
        closed.result()
        has_ended = self.delivery.stop(meanwhile=self._take_outcomes)
        self._drills.stop()
        self._publisher.stop()
        for source in self._sources:
            source.stop()
        self._take_outcomes()
        self._errands.give_up()
        self._keeper.snapshots.close()
        note_end(self.outbox.doors, has_ended=has_ended)
        self.outbox.close()
        self._refused.close()
        self._audit.close()
        self._journal.close()
        log.info("node stopped", extra={"node": self.configuration.node.name})

    def _close_ways_in(self) -> None:
        self._reload_door.stop()
        self.reloads.stop()
        self._again.stop()
        self._grids.stop()
        self._orders.stop()
        self._console.stop()
        if self.sl651 is not None:
            self.sl651.stop()
        self.http.stop()

    def _take_outcomes(self) -> None:
        """What channels have sent at the end is in the log before the node ends."""
        if requests := self._requests.take():
            self._take(Turn([(request.kind, request.payload) for request in requests], requests=requests))
