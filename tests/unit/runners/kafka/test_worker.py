"""A worker without a broker: what it holds, what it says, and what one fault does not stop."""

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tests.unit.config.conftest import FILES
from warnstream.adapters.kafka.reading import GoneError
from warnstream.adapters.kafka.schema import headers_of, kind_of
from warnstream.adapters.metrics.kafka import KafkaMetrics
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError
from warnstream.runners.build import derive
from warnstream.runners.kafka import following, worker, workforce
from warnstream.runners.kafka.shard import Shard

KAFKA = '\nkafka: {servers: ["127.0.0.1:1"], partition: 0, partitions: 4}\n'


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    pytest.importorskip("aiokafka", reason="the extra `kafka` is not installed")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text + (KAFKA if name == "warnstream.yaml" else ""), encoding="utf-8")
    return load_configuration(tmp_path)


def made(configuration: Configuration) -> worker.PartitionWorker:
    threads = ThreadPoolExecutor(1)
    return worker.PartitionWorker(derive(configuration), KafkaMetrics(CollectorRegistry()), threads)


def record(offset: int, size: int) -> Any:
    return SimpleNamespace(partition=0, offset=offset, value=b"x" * size, headers=(), timestamp=0)


def test_what_waits_is_bounded_by_its_size_as_well(configuration: Configuration) -> None:
    found = made(configuration)
    big = worker.OFFERED_BYTES_MAX // 4
    for offset in range(3):
        assert found.has_room is (offset < 2)
        found.offer(record(offset, big))
    for offset in range(3, 30):
        found.offer(record(offset, big))
    assert len(found._take_offered()) == 4
    assert found.has_room
    found.offer(record(31, 10))
    assert [taken.offset for taken in found._take_offered()] == [31]


@pytest.mark.parametrize("error", [StoreError("the topic is full", retryable=True), ValueError("a fault")])
def test_a_snapshot_that_cannot_be_written_is_said_and_judging_goes_on(
    configuration: Configuration, error: Exception
) -> None:
    found = made(configuration)

    async def save(*_: object, **__: object) -> None:
        raise error

    async def run() -> None:
        found._shard = Shard(found._derived)
        found._states.save = save  # type: ignore[method-assign]
        found._say("judging")
        await found._snapshot()
        assert found.standing.state == "judging"
        assert str(error) in found.unsaved
        assert not found._pace.is_due(0.0)

        async def kept(*_: object, **__: object) -> None:
            return None

        found._states.save = kept  # type: ignore[method-assign]
        await found._snapshot()
        assert found.unsaved == ""

    asyncio.run(run())


def test_a_snapshot_follows_soon_after_a_long_restore(configuration: Configuration) -> None:
    """Killed within minutes, one after the other, workers would else all begin at the same old entry."""
    found, now_s = made(configuration), time.monotonic()
    assert configuration.storage.snapshot_every_s >= 60
    assert not found._pace.is_due(now_s + 30)
    found._pace.worked(worker.TAKEOVER_S_MAX)
    assert found._pace.is_due(now_s + 30)


def test_what_is_awaited_together_has_ended_when_one_of_it_fails() -> None:
    ended = []

    async def slow() -> None:
        await asyncio.sleep(0.02)
        ended.append("slow")

    async def fails() -> None:
        raise StoreError("no", retryable=True)

    async def run() -> None:
        with pytest.raises(StoreError):
            await worker._all_of(fails(), slow())
        assert ended == ["slow"]

    asyncio.run(run())


def test_a_kind_that_is_no_text_is_set_aside_like_any_other_unknown_one() -> None:
    assert kind_of([("v", b"1"), ("kind", b"\xff\xfe")], "it") == "\ufffd\ufffd"


class Worker:
    """Says when it was started and closed."""

    def __init__(self, log: list[str], configuration: Configuration) -> None:
        self._log, self.configuration = log, configuration
        self.standing, self.set_aside, self.unsaved = worker.Standing("judging"), "", ""

    def start(self) -> None:
        self._log.append("started")

    async def close(self) -> None:
        self._log.append("closed")


class Reader:
    """Of a partition that somebody writes to, by brokers that take their time."""

    def __init__(self, log: list[str]) -> None:
        self._log = log

    async def bounds(self) -> tuple[int, int]:
        await asyncio.sleep(0.01)
        self._log.append("looked")
        return 0, 5

    async def close(self) -> None:
        return None


@pytest.fixture
def force(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], tuple[workforce.Workforce, list[str]]]:
    def make() -> tuple[workforce.Workforce, list[str]]:
        log: list[str] = []
        monkeypatch.setattr(workforce, "PartitionWorker", lambda *_: Worker(log, configuration))
        monkeypatch.setattr(workforce, "PartitionReader", lambda *_: Reader(log))
        return workforce.Workforce([configuration], KafkaMetrics(CollectorRegistry())), log

    return make


def test_a_county_is_begun_before_strange_partitions_are_looked_at(
    force: Callable[[], tuple[workforce.Workforce, list[str]]],
) -> None:
    async def run() -> None:
        found, log = force()
        await found.hold({0, 1, 2, 3})
        assert log == ["started"]
        await asyncio.sleep(0.1)
        assert log == ["started", "looked", "looked", "looked"]
        is_ready, said = found.readiness()
        assert not is_ready
        assert "partition 3 is assigned here and no CONFIG_DIR has it as kafka.partition" in said
        await found.hold({0})
        assert found.readiness() == (True, [])

    asyncio.run(run())


def test_a_client_that_has_ended_is_not_ready_until_it_has_joined_anew(
    force: Callable[[], tuple[workforce.Workforce, list[str]]],
) -> None:
    async def run() -> None:
        found, log = force()
        assert found.readiness() == (False, [workforce.APART, *found.readiness()[1][1:]])
        await found.hold({0})
        assert found.readiness()[0]
        await found.let_go("Faust has crashed")
        assert log == ["started", "closed"]
        assert found.readiness() == (False, ["Faust has crashed"])
        await found.hold(())
        is_ready, said = found.readiness()
        assert is_ready
        assert said == ["no partition is assigned here: there are more workers than counties"]

    asyncio.run(run())


def test_faust_that_crashes_is_not_ready_meanwhile(
    force: Callable[[], tuple[workforce.Workforce, list[str]]],
    configuration: Configuration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faust_client = pytest.importorskip("warnstream.runners.kafka.faust_client")

    class App:
        async def start(self) -> None:
            raise RuntimeError("no broker")

        async def stop(self) -> None:
            return None

    async def run() -> None:
        found, _ = force()
        monkeypatch.setattr(faust_client, "_app", lambda _settings: App())
        monkeypatch.setattr(faust_client, "_listen", lambda *_: None)
        monkeypatch.setattr(faust_client, "RETRY_S", 0.05)
        stopping = asyncio.Event()
        assert configuration.kafka is not None
        task = asyncio.create_task(faust_client.run(found, configuration.kafka, stopping))
        await asyncio.sleep(0.02)
        is_ready, said = found.readiness()
        stopping.set()
        await task
        assert not is_ready
        assert "no broker" in said[0]

    asyncio.run(run())


class Events:
    """A topic of many events, each with a mark behind it."""

    name = "events"

    def __init__(self) -> None:
        self.n_read = 0

    async def bounds(self) -> tuple[int, int]:
        return 0, 100_000

    async def read(self, begin: int, end: int) -> Any:
        for offset in range(begin, end):
            self.n_read += 1
            kind, of = ("issued", offset // 2 + 1) if offset % 2 == 0 else ("judged", offset // 2 + 1)
            headers = headers_of(kind, of=of)
            yield SimpleNamespace(offset=offset, headers=headers, value=b"%d" % of)


def test_a_new_delivery_node_holds_no_more_events_than_it_needs_next() -> None:
    found = following.PartitionFollower.__new__(following.PartitionFollower)
    found._events = events = Events()  # type: ignore[assignment]
    found.next_entry, found._next_event, found._mark = 1, 0, 0
    found._issued, found._event_of = {}, {}

    async def poll(times: Iterable[int]) -> None:
        for _ in times:
            await found._read_events()

    asyncio.run(poll(range(10)))
    assert events.n_read == following.EVENTS_AT_ONCE
    assert len(found._issued) == following.EVENTS_AT_ONCE // 2
    found.next_entry = found._mark - following.ENTRIES_AT_ONCE + 2
    asyncio.run(poll(range(1)))
    assert events.n_read == 2 * following.EVENTS_AT_ONCE


def test_a_delivery_node_does_not_take_an_empty_log_for_its_own() -> None:
    """Partitions given anew: it would wait for entries that never come, and say that it is ready."""
    found = following.PartitionFollower.__new__(following.PartitionFollower)

    class Entries:
        name = "ws.entries.v1/4"

        async def bounds(self) -> tuple[int, int]:
            return 0, 7

    found._entries, found.next_entry = Entries(), 9  # type: ignore[assignment]
    with pytest.raises(GoneError, match="ends with entry 7, this node has copied up to 8"):
        asyncio.run(found._poll())
