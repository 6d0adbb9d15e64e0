"""One partition at one worker: restored when it is assigned, then judged entry by entry, whoever brings them.

A client of Kafka (Faust, or aiokafka alone) *offers* records; nothing rests on its being right about them.
Before the next number: known, passed over. After it: what is missing is read again by a plain reader. No
room: left out, and read again. Nothing for a while: the end of the log is looked at. What the client
commits is its own affair.

Events go out before a snapshot that contains their entry is written, and a mark behind them says how far they
are told: a worker that follows a dead one takes what stands there as told.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from warnstream import __version__
from warnstream.adapters.kafka.cuts import CutError, CutRecord
from warnstream.adapters.kafka.library import is_cancelled
from warnstream.adapters.kafka.producer import Producer, Record
from warnstream.adapters.kafka.reading import GoneError, PartitionReader
from warnstream.adapters.kafka.schema import SchemaError, Topics, headers_of, kind_of
from warnstream.adapters.kafka.states import States
from warnstream.adapters.metrics.kafka import KafkaMetrics
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError, WarnstreamError, describe
from warnstream.runners.build import Derived
from warnstream.runners.kafka.parts import cut_of
from warnstream.runners.kafka.shard import Event, OtherConfigurationError, Shard, Taken
from warnstream.runners.live.snapshots.pace import SnapshotPace

log = logging.getLogger(__name__)

OFFERED_MAX = 2_000
OFFERED_BYTES_MAX = 32 * 1024 * 1024
"""Records that wait here, by number and size; more are left out and read again later."""

TOGETHER_MAX = 64
TOGETHER_S = 0.1
"""Entries that are judged before their events go out: so many, or for so long."""

TAKEOVER_S_MAX = 1.0
WRITING_S = 0.1
"""Work that a takeover may have to repeat, and how long a first snapshot is thought to take.

So one follows soon after a long restore: workers that are killed in turn do not all begin at one old entry.
"""

CHUNK = 64
"""Entries of a backlog between two looks whether a snapshot is due."""

LOOK_S = 2.0
"""After so long without a record the end of the log is looked at: clients have been seen to fall silent."""

RETRY_S = 2.0

END_S = 15.0
"""Who is asked to end waits so long for what is under way; who follows goes on from an earlier snapshot."""

MARK = "judged"
MARK_LOOKS_BACK = 100_000


@dataclass(slots=True)
class Offered:
    """An entry as it lies in Kafka."""

    number: int
    kind: str
    payload: bytes
    at_ms: int


@dataclass(slots=True)
class Standing:
    """How a partition stands, for /readyz and `warnstream topology`."""

    state: str = "restoring"
    why: str = ""
    is_over: bool = False
    heard_at_s: float = field(default_factory=time.monotonic)


class PartitionWorker:
    """Judges one partition until it is closed.

    Parameters
    ----------
    derived : Derived
        Of the county.
    metrics : KafkaMetrics
    threads : Executor
        Where judging takes place; the loop answers brokers meanwhile.
    """

    def __init__(self, derived: Derived, metrics: KafkaMetrics, threads: Executor) -> None:
        configuration = derived.configuration
        assert configuration.kafka is not None
        self._derived, self._threads = derived, threads
        self.configuration: Configuration = configuration
        self.partition = configuration.kafka.partition
        self._topics = Topics(configuration.kafka.prefix)
        self._reader = PartitionReader(configuration.kafka, self._topics.entries, self.partition)
        self._told_reader = PartitionReader(configuration.kafka, self._topics.events, self.partition)
        # Its own: what is refused for one partition ends a producer, and no other partition waits for it.
        self._producer = Producer(configuration.kafka, f"warnstream-judge-{self.partition}")
        self._states = States(configuration.kafka, self.partition, self._producer)
        self._metrics, self._label = metrics, str(self.partition)
        self._shard: Shard | None = None
        self._told = self._seen = 0
        self._offered: deque[Any] = deque()
        self._offered_bytes = 0
        self._cut = CutRecord(configuration.kafka, self.partition)
        self._news = asyncio.Event()
        self._pace = SnapshotPace(
            configuration.storage.snapshot_every_s, time.monotonic(), TAKEOVER_S_MAX, WRITING_S
        )
        self.standing = Standing()
        self.set_aside: str = ""
        self.unsaved: str = ""
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False

    @property
    def next(self) -> int:
        """Number of the entry that is to be judged next; 0 while that is not known."""
        return 0 if self._shard is None else self._shard.next

    @property
    def has_room(self) -> bool:
        """More may be offered; what is offered all the same is read again later."""
        return len(self._offered) < OFFERED_MAX // 2 and self._offered_bytes < OFFERED_BYTES_MAX // 2

    def start(self) -> None:
        """Restore and judge, in the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def offer(self, record: Any) -> None:
        """A record of the entries topic, of any client, in any order."""
        self.standing.heard_at_s = time.monotonic()
        self._seen = max(self._seen, record.offset + 1)
        if len(self._offered) < OFFERED_MAX and self._offered_bytes < OFFERED_BYTES_MAX:
            self._offered.append(record)
            self._offered_bytes += len(record.value or b"")
        self._news.set()

    async def close(self) -> None:
        """Judge no more; what is judged is kept in a last snapshot."""
        self._is_closing = True
        self._news.set()
        if self._task is not None:
            await self._end(self._task)
        self._metrics.is_judging.labels(self._label).set(0)
        for part in (self._reader, self._told_reader, self._states, self._cut, self._producer):
            await part.close()

    async def _end(self, task: asyncio.Task[None]) -> None:
        """Wait for what is under way and the last snapshot; not for ever for brokers that are gone."""
        _, late = await asyncio.wait({task}, timeout=END_S)
        if late:
            log.warning(
                "partition let go without a last snapshot",
                extra={"partition": self.partition, "why": f"the brokers took nothing for {END_S:g} s"},
            )
            task.cancel()
            await asyncio.wait({task})
        else:
            await task

    async def _run(self) -> None:
        while not self._is_closing:
            try:
                await self._restore()
                await self._judge()
            except (GoneError, SchemaError, CutError, OtherConfigurationError) as error:
                await self._stop(error)
                return
            except StoreError as error:
                self._metrics.refused.labels(self._label).inc()
                self._say("waiting", f"{error}; tried again")
            except asyncio.CancelledError:
                if is_cancelled():
                    raise
                self._say("waiting", "the client of Kafka gave up; tried again")
            except Exception as error:
                log.exception("partition cannot be judged", extra={"partition": self.partition})
                self._say("waiting", f"a fault of ours: {describe(error)}; restored again")
            await self._pause()
        if self._shard is not None and self.standing.state == "judging":
            await self._snapshot()

    async def _stop(self, error: WarnstreamError) -> None:
        """What no other try mends: said, and another county goes on."""
        if isinstance(error, OtherConfigurationError):
            await self._snapshot()  # the state from which the other configuration goes on
        log.critical("partition is not judged", extra={"partition": self.partition, "why": str(error)})
        self._say("stopped", str(error))
        self.standing.is_over = True
        self._metrics.is_judging.labels(self._label).set(0)

    async def _pause(self) -> None:
        if not self._is_closing:
            log.warning("partition waits", extra={"partition": self.partition, "why": self.standing.why})
            await asyncio.sleep(RETRY_S)

    def _say(self, state: str, why: str = "") -> None:
        self.standing.state, self.standing.why = state, why
        if state != "judging":
            self._metrics.is_judging.labels(self._label).set(0)

    async def _restore(self) -> None:
        """The newest snapshot, and where events are told up to."""
        begun_s = time.monotonic()
        self._say("restoring")
        # At once: each of them waits for brokers or for a core, and a county waits for all of them.
        found, mark, shard, *_ = await _all_of(
            self._states.latest(),
            self._told_reader.newest_of_kind(MARK, MARK_LOOKS_BACK),
            self._in_thread(Shard, self._derived),
            self._reader.bounds(),  # of the connection: what is in the log is looked at after the snapshot
            self._cut.demand(cut_of(self.configuration)),
            self._producer.open(),
        )
        self._told = 0 if mark is None else int(mark.value)
        if found is not None:
            manifest, payload = found
            is_own = (manifest.fingerprint, manifest.software, manifest.kept) == (
                self.configuration.fingerprint,
                __version__,
                False,
            )
            notes = await self._in_thread(lambda: shard.restore(manifest.number, payload, is_own=is_own))
            for note in notes:
                log.warning("state carried", extra={"partition": self.partition, "note": note})
            self._metrics.snapshot_number.labels(self._label).set(manifest.number)
        first, last = await self._reader.bounds()
        if first + 1 > shard.next:
            raise GoneError(
                f"{self._reader.name}: entries {shard.next} to {first} are not kept any more and the newest "
                f"snapshot contains entry {shard.next - 1}: this county's state is not known any more. Bring "
                "them back from a copy, or begin anew with a new topic",
                retryable=False,
            )
        if shard.next > last + 1:
            raise GoneError(
                f"{self._reader.name} ends with entry {last}, the newest snapshot contains entry "
                f"{shard.next - 1}: this is another log than the one that it was made of",
                retryable=False,
            )
        self._shard, self._seen, n_before = shard, max(self._seen, last), shard.next
        await self._catch_up(last)
        took_s = time.monotonic() - begun_s
        self._metrics.restores.labels(self._label).inc()
        self._metrics.restoring.observe(took_s)
        log.info(
            "partition restored",
            extra={
                "partition": self.partition,
                "next": shard.next,
                "entries": shard.next - n_before,
                "took_s": round(took_s, 2),
            },
        )
        self._say("judging")
        self._metrics.is_judging.labels(self._label).set(1)

    async def _judge(self) -> None:
        while not self._is_closing:
            batch = self._take_offered()
            if batch:
                await self._take_in_order(batch)
            else:
                await self._wait()
            if self._pace.is_due(time.monotonic()):
                await self._snapshot()

    async def _wait(self) -> None:
        self._news.clear()
        try:
            async with asyncio.timeout(LOOK_S):
                await self._news.wait()
        except TimeoutError:
            _, last = await self._reader.bounds()
            self._seen = max(self._seen, last)
            await self._catch_up(last)

    async def _take_in_order(self, batch: Sequence[Any]) -> None:
        shard = self._shard
        assert shard is not None
        run: list[Offered] = []
        for record in batch:
            expected = run[-1].number + 1 if run else shard.next
            if record.offset + 1 < expected:
                self._metrics.known.labels(self._label).inc()
                continue
            if record.offset + 1 > expected:
                await self._take(run)
                run = []
                await self._read_to(record.offset)
            run.append(self._opened(record))
        await self._take(run)

    async def _catch_up(self, until: int) -> None:
        """Take what the log has up to an offset; a worker that dies in the middle of it leaves a snapshot."""
        while self.next <= until and not self._is_closing:
            if self.standing.state == "restoring":
                self.standing.why = f"{until - self.next + 1} entries are to be judged"
            await self._read_to(min(until, self.next - 1 + CHUNK))
            if self._pace.is_due(time.monotonic()):
                await self._snapshot()

    async def _read_to(self, until: int) -> None:
        """Take what the log has from the next entry up to an offset, that one not included."""
        shard, run = self._shard, []
        assert shard is not None
        if shard.next > until:
            return
        if self.standing.state == "judging":
            self._metrics.read_again.labels(self._label).inc(until - shard.next + 1)
        async for record in self._reader.read(shard.next - 1, until):
            run.append(self._opened(record))
            if len(run) >= TOGETHER_MAX:
                await self._take(run)
                run = []
            if self._is_closing:
                return
        await self._take(run)

    def _opened(self, record: Any) -> Offered:
        number = record.offset + 1
        kind = kind_of(record.headers, f"entry {number} of {self._reader.name}")
        return Offered(number, kind, record.value or b"", record.timestamp)

    def _take_offered(self) -> list[Any]:
        taken = [self._offered.popleft() for _ in range(min(len(self._offered), TOGETHER_MAX))]
        self._offered_bytes -= sum(len(record.value or b"") for record in taken)
        return taken

    async def _take(self, entries: Sequence[Offered]) -> None:
        """Judge entries that follow each other, a few at a time, and tell what they led to."""
        at = 0
        while at < len(entries):
            taken = await self._in_thread(lambda at=at: self._take_some(entries[at:]))
            await self._tell(entries[at : at + len(taken)], taken)
            at += len(taken)

    def _take_some(self, entries: Sequence[Offered]) -> list[Taken]:
        """In the thread: as many as `TOGETHER_S` allows, at least one."""
        shard, found, begun_s = self._shard, [], time.monotonic()
        assert shard is not None
        for entry in entries:
            assert entry.number == shard.next, f"entry {entry.number} for {shard.next}"
            try:
                found.append(shard.take(entry.kind, entry.payload))
            except OtherConfigurationError:
                if not found:
                    raise
                break
            if time.monotonic() - begun_s > TOGETHER_S:
                break
        self._pace.worked(time.monotonic() - begun_s)
        return found

    async def _tell(self, entries: Sequence[Offered], taken: Sequence[Taken]) -> None:
        last, records = entries[len(taken) - 1].number, []
        is_news = False
        for entry, result in zip(entries, taken, strict=False):
            is_news = is_news or result.n_steps > 0
            if result.error:
                self._tell_set_aside(entry, result.error)
            elif result.n_steps:
                self.set_aside = ""  # the county is judged again
            if entry.number > self._told:
                records += [self._event_record(event) for event in result.events]
                records += [self._dead_letter(entry, result.error)] if result.error else []
        if records:
            await self._producer.send(records)
            self._metrics.events.labels(self._label).inc(len(records))
        if last > self._told:
            await self._producer.send([self._mark(last)])
            self._told = last
        if is_news:
            self._metrics.judged.observe(max(0.0, time.time() - entries[0].at_ms / 1000))
        self._metrics.entries.labels(self._label).inc(len(taken))
        self._metrics.next.labels(self._label).set(last + 1)
        self._metrics.lag.labels(self._label).set(max(0, self._seen - last))

    def _tell_set_aside(self, entry: Offered, error: str) -> None:
        self._metrics.set_aside.labels(self._label).inc()
        self.set_aside = f"entry {entry.number} ({entry.kind}) could not be judged: {error}"
        log.error("entry cannot be judged", extra={"partition": self.partition, "why": self.set_aside})

    def _event_record(self, event: Event) -> Record:
        headers = headers_of(event.kind, of=event.of, node=self.configuration.node.name)
        return Record(self._topics.events, self.partition, event.value, event.key.encode(), headers)

    def _mark(self, number: int) -> Record:
        headers = headers_of(MARK, of=number, node=self.configuration.node.name)
        return Record(self._topics.events, self.partition, str(number).encode(), b"judged", headers)

    def _dead_letter(self, entry: Offered, error: str) -> Record:
        headers = headers_of(entry.kind, of=entry.number, why=error[:1000])
        key = f"{self.partition}/{entry.number}".encode()
        return Record(self._topics.dlq, self.partition, entry.payload, key, headers)

    async def _snapshot(self) -> None:
        """Keep the state; where that fails it is said and tried again, and judging goes on."""
        shard, number = self._shard, self.next - 1
        assert shard is not None
        self._pace.begin(time.monotonic())
        try:
            copied = await self._in_thread(shard.copied)
            payload = await self._in_thread(copied.packed)
            await self._states.save(
                number, payload, self.configuration.fingerprint, __version__, kept=shard.kept
            )
        except Exception as error:
            if is_cancelled():
                raise
            self._pace.failed()
            self._metrics.refused.labels(self._label).inc()
            self.unsaved = f"no snapshot of entry {number} could be written: {describe(error)}"
            log.exception("snapshot not written", extra={"partition": self.partition, "entry": number})
            return
        self.unsaved = ""
        self._pace.written(time.monotonic())
        self._metrics.snapshot_number.labels(self._label).set(number)
        self._metrics.snapshot_bytes.labels(self._label).set(len(payload))
        self._metrics.snapshot_at.labels(self._label).set(time.time())

    async def _in_thread(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


async def _all_of(*awaited: Awaitable[Any]) -> list[Any]:
    """What all of them give, once every one has ended; raises what the first that failed did."""
    found = await asyncio.gather(*awaited, return_exceptions=True)
    for result in found:
        if isinstance(result, BaseException):
            raise result
    return found
