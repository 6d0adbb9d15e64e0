"""The counties that one worker may judge, and those that it judges now."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from warnstream.adapters.kafka.producer import Producer
from warnstream.adapters.kafka.reading import PartitionReader
from warnstream.adapters.kafka.schema import Topics
from warnstream.adapters.metrics.kafka import KafkaMetrics
from warnstream.config.settings import Configuration, KafkaSettings
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.runners.build import Derived, derive
from warnstream.runners.kafka.worker import PartitionWorker

log = logging.getLogger(__name__)

SILENT_TICKS = 3
"""A bridge that has told no time for so many ticks is not there: it is said, and no other time counts."""

SILENT_S_MIN = 10.0


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
        other = by_partition.setdefault(own.partition, configuration)
        if other is not configuration:
            raise WarnstreamError(
                f"{configuration.directory} and {other.directory} share kafka.partition {own.partition}: "
                "give each county another one"
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
        self._settings = settings = one_kafka(configurations)
        self._derived: Mapping[int, Derived] = {
            kafka_of(configuration).partition: derive(configuration) for configuration in configurations
        }
        self._metrics = metrics
        self._producer = Producer(settings, "warnstream-judge")
        self._threads = ThreadPoolExecutor(1, "judging")
        self._workers: dict[int, PartitionWorker] = {}
        self._strangers: set[int] = set()
        self._lock = asyncio.Lock()
        self.trouble = "it has not joined the other workers yet"

    async def hold(self, partitions: Iterable[int]) -> None:
        """These and no others are to be judged here; restoring begins at once.

        Of the others a last snapshot is written, so that whoever has them now begins soon.
        """
        held = set(partitions)
        async with self._lock:
            gone = [self._workers.pop(partition) for partition in sorted(self._workers.keys() - held)]
            self._strangers = {
                partition for partition in held - self._derived.keys() if await self._is_used(partition)
            }
            for worker in gone:
                await worker.close()
            for partition in sorted(held):
                derived = self._derived.get(partition)
                if derived is not None and partition not in self._workers:
                    worker = PartitionWorker(derived, self._producer, self._metrics, self._threads)
                    self._workers[partition] = worker
                    worker.start()
            self.trouble = ""
            log.info("partitions assigned", extra={"partitions": sorted(self._workers)})

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
            standing, name = worker.standing, worker.configuration.node.name
            if standing.state != "judging":
                why = f": {standing.why}" if standing.why else ""
                blocking.append(f"partition {partition} ({name}) is {standing.state}{why}")
                continue
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
        await self.hold(())
        await self._producer.close()
        self._threads.shutdown()

    async def _is_used(self, partition: int) -> bool:
        """Whether a county writes there: a topic may have more partitions than there are counties."""
        reader = PartitionReader(self._settings, Topics(self._settings.prefix).entries, partition)
        try:
            return (await reader.bounds())[1] > 0
        except StoreError:
            return False  # what comes later is seen
        finally:
            await reader.close()

    def _silent_s_max(self, configuration: Configuration) -> float:
        return max(SILENT_TICKS * configuration.node.tick_s, SILENT_S_MIN)
