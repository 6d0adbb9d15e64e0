"""The counties that one worker may judge, and those that it judges now."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from warnstream.adapters.kafka.reading import PartitionReader
from warnstream.adapters.kafka.schema import Topics
from warnstream.adapters.metrics.kafka import KafkaMetrics
from warnstream.config.settings import Configuration, KafkaSettings
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.runners.build import Derived
from warnstream.runners.kafka.parts import derive_parts, name_of
from warnstream.runners.kafka.worker import PartitionWorker

log = logging.getLogger(__name__)

SILENT_TICKS = 3
"""A bridge that has told no time for so many ticks is not there: it is said, and no other time counts."""

SILENT_S_MIN = 10.0
APART = "it has not joined the other workers yet"


def kafka_of(configuration: Configuration) -> KafkaSettings:
    """The section `kafka` of a configuration. WarnstreamError if there is none."""
    if configuration.kafka is None:
        raise WarnstreamError(
            f"{configuration.directory}: warnstream.yaml has no section kafka (docs/scaling.md)"
        )
    return configuration.kafka


def one_kafka(configurations: Sequence[Configuration]) -> KafkaSettings:
    """The Kafka that all of these counties use, each with a partition of its own.

    Raises
    ------
    WarnstreamError
        If one has none, they do not use the same, or two share a partition.
    """
    first, by_partition = kafka_of(configurations[0]), dict[int, Configuration]()
    for configuration in configurations:
        own = kafka_of(configuration)
        if (own.servers, own.prefix) != (first.servers, first.prefix):
            raise WarnstreamError(
                f"{configuration.directory}: expected the servers and prefix of "
                f"{configurations[0].directory} in section kafka: one worker reads one Kafka"
            )
        for partition in range(own.partition, own.partition + own.shards):
            other = by_partition.setdefault(partition, configuration)
            if other is not configuration:
                raise WarnstreamError(
                    f"{configuration.directory} and {other.directory} share partition {partition} "
                    "(kafka.partition, and those after it for the shards of shards.csv): give each its own"
                )
    return first


class Workforce:
    """One process that judges; for its event loop.

    Parameters
    ----------
    configurations : sequence of Configuration
        Of `one_kafka`.
    metrics : KafkaMetrics
    """

    def __init__(self, configurations: Sequence[Configuration], metrics: KafkaMetrics) -> None:
        self._settings = one_kafka(configurations)
        self._derived: Mapping[int, Derived] = {
            kafka_of(derived.configuration).partition: derived
            for configuration in configurations
            for derived in derive_parts(configuration)
        }
        self._metrics = metrics
        self._threads = ThreadPoolExecutor(1, "judging")
        self._workers: dict[int, PartitionWorker] = {}
        self._strangers: set[int] = set()
        self._looking: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()
        self.trouble = APART

    async def hold(self, partitions: Iterable[int]) -> None:
        """These and no others are to be judged here; restoring begins at once.

        Of the others a last snapshot is written, so that whoever has them now begins soon.
        """
        held = set(partitions)
        async with self._lock:
            gone = [self._workers.pop(partition) for partition in sorted(self._workers.keys() - held)]
            for partition in sorted(held & self._derived.keys() - self._workers.keys()):
                worker = PartitionWorker(self._derived[partition], self._metrics, self._threads)
                self._workers[partition] = worker
                worker.start()  # before anything else that waits for brokers: nobody judges it meanwhile
            self.trouble = ""
            log.info("partitions assigned", extra={"partitions": sorted(self._workers)})
            await asyncio.gather(*(worker.close() for worker in gone))
        self._strangers.clear()
        if strangers := held - self._derived.keys():
            look = asyncio.get_running_loop().create_task(self._look_at(strangers))
            self._looking.add(look)
            look.add_done_callback(self._looking.discard)

    async def let_go(self, why: str = "") -> None:
        """Nothing is assigned here any more: the client has ended; until it has joined anew that is said."""
        await self.hold(())
        self.trouble = why or APART

    def offer(self, record: Any) -> None:
        """A record of the entries topic, as a client got it."""
        worker = self._workers.get(record.partition)
        if worker is not None:
            worker.offer(record)
        elif record.partition not in self._derived:
            self._strangers.add(record.partition)

    @property
    def crowded(self) -> list[int]:
        """Partitions whose entries wait: no more need be fetched now."""
        return [partition for partition, worker in self._workers.items() if not worker.has_room]

    def readiness(self) -> tuple[bool, list[str]]:
        """Whether everything that is assigned here is judged, and what is to be said; from any thread."""
        blocking = [self.trouble] if self.trouble else []
        said: list[str] = []
        workers = dict(self._workers)
        for partition, worker in sorted(workers.items()):
            standing, name = worker.standing, name_of(worker.configuration)
            if standing.state != "judging":
                why = f": {standing.why}" if standing.why else ""
                blocking.append(f"partition {partition} ({name}) is {standing.state}{why}")
                continue
            if worker.unsaved:
                said.append(f"partition {partition} ({name}): {worker.unsaved}")
            if worker.set_aside:
                blocking.append(f"partition {partition} ({name}): {worker.set_aside}")
            silent_s = time.monotonic() - standing.heard_at_s
            if silent_s > self._silent_s_max(worker.configuration):
                said.append(
                    f"partition {partition} ({name}): no entry for {silent_s:.0f} s, no time passes there: "
                    "does its bridge run?"
                )
        blocking += [
            f"partition {partition} is assigned here and no CONFIG_DIR has it as kafka.partition"
            for partition in sorted(self._strangers)
        ]
        if not workers and not self.trouble:
            said.append("no partition is assigned here: there are more workers than counties")
        return not blocking, [*blocking, *said]

    async def close(self) -> None:
        """Judge no more; every state is kept."""
        await self.let_go()
        for look in self._looking:
            look.cancel()
        self._threads.shutdown()

    async def _look_at(self, partitions: Iterable[int]) -> None:
        """Whether a county writes there: a topic may have more partitions than there are counties."""
        for partition in sorted(partitions):
            reader = PartitionReader(self._settings, Topics(self._settings.prefix).entries, partition)
            try:
                if (await reader.bounds())[1] > 0:
                    self._strangers.add(partition)
            except StoreError as error:  # what comes later is seen
                log.warning("partition cannot be looked at", extra={"error": str(error)})
            finally:
                await reader.close()

    def _silent_s_max(self, configuration: Configuration) -> float:
        return max(SILENT_TICKS * configuration.node.tick_s, SILENT_S_MIN)
