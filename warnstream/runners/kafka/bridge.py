"""The bridge: what comes in becomes entries of the county's partition, acknowledged once the brokers have it.

It is the ingress of a node without an engine. It alone tells time: ticks are entries, too. While the
brokers do not take entries nothing is acknowledged, senders are held back (the inbox is bounded), and
/readyz, a metric and the log say so.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from prometheus_client import CollectorRegistry

from warnstream import __version__
from warnstream.adapters.descriptors import fit_connections
from warnstream.adapters.http.server import CONNECTIONS_MAX
from warnstream.adapters.inbox import Inbox
from warnstream.adapters.journal.journal import DirectoryLock
from warnstream.adapters.kafka.cuts import CutError
from warnstream.adapters.kafka.lease import Lease
from warnstream.adapters.kafka.log import KafkaLog, KafkaLoop
from warnstream.adapters.kafka.schema import SchemaError
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.metrics.kafka import KafkaMetrics
from warnstream.adapters.mqtt.endpoints import open_endpoints
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.private_files import make_private
from warnstream.adapters.sl651_listener import Sl651Listener
from warnstream.config.settings import Configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.runners.build import build_decoder, topics_of
from warnstream.runners.history.start import entry_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.history_entries import CONFIGURATION, encode
from warnstream.runners.intake.outcome import Outcome
from warnstream.runners.intake.topics import StationTopics
from warnstream.runners.intake.waiting import WaitingReadings
from warnstream.runners.kafka.addressing import addressing_of
from warnstream.runners.kafka.parts import cut_of, parts_of
from warnstream.runners.kafka.workforce import kafka_of
from warnstream.runners.live.alarms import Alarms
from warnstream.runners.live.clock import clock_of
from warnstream.runners.live.ingress import Ingress, Turn
from warnstream.runners.live.orders import Orders
from warnstream.runners.live.requests import Requests
from warnstream.runners.live.watches.grid_watch import GridWatch

log = logging.getLogger(__name__)

RETRY_S = 1.0
LOOK_EVERY_S = 0.25
LEAVE_S_MAX = 5.0
SLOW_S = 3.0
"""Brokers that have not taken a batch for so long hold all up: it is said before the client gives up."""

STEP_SHARE = 0.02
"""Early ticks are told as if a step took so long: the bridge does not know how long it takes the workers."""


class Bridge:
    """One process that takes what comes in for a county.

    Parameters
    ----------
    configuration : Configuration
        With a section `kafka`.
    wall : callable
        The system's clock.

    Attributes
    ----------
    registry : CollectorRegistry
    waits : str
        Why it takes nothing yet; empty once it does.

    Raises
    ------
    WarnstreamError
        If the storage directory or the listener's files cannot be used.
    """

    def __init__(self, configuration: Configuration, wall: Callable[[], float] = time.time) -> None:
        configuration, _ = fit_connections(configuration, CONNECTIONS_MAX)
        self.configuration, self._settings = configuration, kafka_of(configuration)
        self.metrics = Metrics()
        self.registry: CollectorRegistry = self.metrics.registry
        self._own = KafkaMetrics(self.registry)
        self._label = str(self._settings.partition)
        directory = configuration.storage.directory
        make_private(directory)
        self._directory_lock = DirectoryLock(directory)
        self._stopping = threading.Event()
        self._inbox = Inbox()
        self._requests = Requests(self._inbox.wake, self._stopping.is_set)
        self._alarms = Alarms(self._requests.ask, self.metrics)
        self._clock = clock_of(configuration, self._alarms, wall)
        self._alarms.clock = self._clock
        topics = topics_of(configuration)
        self._sources, _ = open_endpoints(
            configuration,
            topics.subscriptions,
            topics.backlogs,
            NodePorts(self._inbox, self.metrics, self._alarms),
            has_run_before=False,
        )
        self._sl651 = (
            Sl651Listener(configuration.sl651, self._keep_messages, self.metrics)
            if configuration.sl651
            else None
        )
        self._grids = GridWatch(configuration, self._requests.ask, self.metrics, self._clock)
        self._orders = Orders(directory, self._requests.ask, lambda _order: [])
        self._ingress = Ingress(configuration, self._inbox, self._requests, self._sources, self._clock)
        self._heard = HeardTimes(configuration)
        self._parts = parts_of(configuration)
        self._addressing = addressing_of(configuration, self._parts)
        self._kafka = KafkaLoop()
        self._log = KafkaLog(self._settings, self._kafka, "warnstream-bridge")
        self._lease = Lease(self._settings, f"bridge-{configuration.node.name}", self._lost)
        self._tick_s = -1
        self._looked_at_s = float("-inf")
        self._refused, self._asked_at_s = "", float("inf")
        self.has_lost = False
        self.waits = "it is starting"

    def run(self) -> None:
        """Wait until it leads, then take what comes in, until `ask_to_stop` or another one leads."""
        try:
            if self._wait_for_lease() and self._cut_is_right():
                self._open()
                while not self._stopping.is_set():
                    self._turn()
        finally:
            self._close()

    def ask_to_stop(self) -> None:
        """End `run` soon; from any thread or a signal handler."""
        self._stopping.set()
        self._inbox.wake()

    def reload(self) -> None:
        """Users and certificates of the endpoints anew; any thread."""
        for source in self._sources:
            source.reload()

    def readiness(self) -> tuple[bool, list[str]]:
        """Whether what comes in is taken, and what is to be said; any thread."""
        blocking = [text for text in (self.waits, self._refused) if text]
        asked_for_s = time.monotonic() - self._asked_at_s
        if asked_for_s > SLOW_S and not self._refused:
            blocking.append(f"nothing is acknowledged: the brokers have not answered for {asked_for_s:.0f} s")
        if not self.waits:
            blocking += [
                f"{source.name} is not connected" for source in self._sources if not source.is_connected
            ]
        lease = self._lease.trouble
        said = [
            *self._alarms.reasons(),
            *self._alarms.reasons(is_blocking=False),
            *([lease] if lease else []),
        ]
        return not blocking, [*blocking, *said]

    def _lost(self) -> None:
        """In Kafka's thread: another bridge leads, this one writes no more."""
        self.has_lost = True
        self.ask_to_stop()

    def _wait_for_lease(self) -> bool:
        self._leasing = asyncio.run_coroutine_threadsafe(self._open_lease(), self._kafka.loop)
        while not self._stopping.is_set():
            if self._lease.is_held:
                return True
            self.waits = (
                self._lease.trouble or "another bridge of this county leads; this one waits for its end"
            )
            self._stopping.wait(0.1)
        return False

    def _cut_is_right(self) -> bool:
        """No village has another partition than before; where one has, nothing is taken and it is said."""
        while not self._stopping.is_set():
            try:
                self._log.demand_cut(cut_of(self.configuration))
            except (CutError, SchemaError) as error:
                log.critical("this bridge takes nothing", extra={"why": str(error)})
                self.waits = str(error)
                self._kafka.call(self._lease.stop())  # one that has the cut of before may lead
                self._stopping.wait()
                return False
            except StoreError as error:
                self._tell_refused(error)
                continue
            self._refused = ""
            return True
        return False

    async def _open_lease(self) -> None:
        """Topics first: a group cannot be joined on one that is not there."""
        while not self._stopping.is_set():
            try:
                await self._topics()
                break
            except WarnstreamError as error:
                self._lease.trouble = str(error)
                log.error("topics cannot be looked at", extra={"error": str(error)})  # noqa: TRY400
                await asyncio.sleep(RETRY_S)
        await self._lease.run()

    async def _topics(self) -> None:
        from warnstream.adapters.kafka.client import ensure_topics

        await ensure_topics(self._settings)

    def _open(self) -> None:
        """It leads: say by which configuration, and let everything in."""
        log.warning("this bridge leads", extra={"partition": self._settings.partition})
        self._own.leads.labels(self._label).set(1)
        self._tick_s = self._last_tick()
        self._clock.begin(self._tick_s)
        at_s = int(self._clock())
        judging = [
            (shard, CONFIGURATION, encode(entry_of(part, __version__, at_s)))
            for shard, part in enumerate(self._parts)
        ]
        self._append(Turn(), judging)
        for source in self._sources:
            source.start()
        if self._sl651 is not None:
            self._sl651.start()
        self._grids.start()
        self._orders.start()
        self.waits = ""

    def _last_tick(self) -> int:
        """What time it was last; -1 if nobody has told any."""
        while not self._stopping.is_set():
            try:
                return max(map(entries.decode_tick, self._log.newest_of(entries.TICK)), default=-1)
            except StoreError as error:
                self._tell_refused(error)
        return -1

    def _turn(self) -> None:
        """Take what came, have the brokers keep it, acknowledge it."""
        turn = self._ingress.take(0, self._tick_s, self._heard.newest)
        self._look_around()
        self._grids.take_refusals()
        if not turn.entries:
            self._ingress.settle(turn)
            return
        self._heard.take(turn)
        last = self._append(turn)
        if last is None:
            return
        for kind, payload in turn.entries:
            if kind == entries.TICK:
                self._tick_s = entries.decode_tick(payload)
                self._ingress.stepped(time.monotonic(), STEP_SHARE, 0)
                self._heard.clear()

    def _look_around(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_at_s >= LOOK_EVERY_S:
            self._looked_at_s = now_s
            for source in self._sources:
                source.look()

    def _append(self, turn: Turn, divided: Sequence[tuple[int, str, bytes]] | None = None) -> int | None:
        """Have the brokers keep entries, however often they refuse; None if it was stopped before."""
        divided = self._addressing.divide(turn.entries) if divided is None else divided
        while True:
            begun_s = time.perf_counter()
            self._asked_at_s = time.monotonic()
            try:
                last = self._log.append_divided(divided)
            except StoreError as error:
                if self._stopping.is_set():
                    self._ingress.give_up(turn, error)
                    return None
                self._tell_refused(error)
                continue
            finally:
                self._asked_at_s = float("inf")
            if self._refused:
                log.warning("Kafka takes entries again")
            self._refused = ""
            self._own.append.observe(time.perf_counter() - begun_s)
            self._own.entries.labels(self._label).inc(len(divided))
            self.metrics.messages_received.inc(sum(len(batch.topics) for batch in turn.arrived))
            self._ingress.settle(turn)
            return last

    def _tell_refused(self, error: StoreError) -> None:
        if not self._refused:
            log.error("Kafka does not take entries: nothing is acknowledged", extra={"error": str(error)})
        self._refused = f"nothing is acknowledged: {error}"
        self._own.refused.labels(self._label).inc()
        self._stopping.wait(RETRY_S)

    def _keep_messages(self, messages: Sequence[RawMessage]) -> Future[None]:
        return self._requests.ask(entries.MESSAGES, entries.encode_messages(messages))

    def _close(self) -> None:
        self._own.leads.labels(self._label).set(0)
        self._stopping.set()
        self.waits = "it is stopping"
        self._grids.stop()
        self._orders.stop()
        if self._sl651 is not None:
            self._sl651.stop()
        for source in self._sources:
            source.stop()
        if not self.has_lost and (requests := self._requests.take()):
            self._append(Turn([(request.kind, request.payload) for request in requests], requests=requests))
        self._kafka.call(self._lease.stop())
        with contextlib.suppress(Exception):
            self._leasing.result(LEAVE_S_MAX)  # it leaves the group, so that the next one leads at once
        self._log.close()
        self._kafka.close()
        self._directory_lock.release()
        log.info("bridge stopped")


class HeardTimes:
    """What stations said of the time since the last tick, for a clock that has to be sure.

    Read only when the clock asks; no more than `MESSAGES_MAX` are held.
    """

    MESSAGES_MAX = 5_000

    def __init__(self, configuration: Configuration) -> None:
        self._decoder = build_decoder(configuration)
        self._topics = StationTopics(topics_of(configuration))
        self._turns: list[bytes] = []
        self._n = 0

    def take(self, turn: Turn) -> None:
        """What is to be written now."""
        self._n += sum(len(batch.topics) for batch in turn.arrived)
        if self._n <= self.MESSAGES_MAX:
            self._turns += [payload for kind, payload in turn.entries if kind == entries.MESSAGES]

    def newest(self) -> dict[int, int]:
        """Newest time observed by each station."""
        waiting = WaitingReadings(self._decoder)
        for payload in self._turns:
            waiting.add(
                RawMessage(topic, content)
                for topic, content in entries.decode_messages(payload)
                if self._topics.has(topic)
            )
        return waiting.newest_by_station(-1, Outcome())

    def clear(self) -> None:
        """A tick has been told."""
        self._turns.clear()
        self._n = 0
