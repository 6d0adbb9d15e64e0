"""A worker by aiokafka alone: partitions come and go with the group, records are offered as they come."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from warnstream.adapters.kafka.client import client_settings
from warnstream.adapters.kafka.library import (
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    TopicPartition,
    is_cancelled,
    let_go,
)
from warnstream.adapters.kafka.schema import ENTRY_BYTES_MAX, Topics
from warnstream.config.settings import KafkaSettings
from warnstream.runners.kafka.workforce import Workforce

log = logging.getLogger(__name__)

POLL_MS = 200
RETRY_S = 2.0
FETCH_BYTES = 4 * 1024 * 1024


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # untyped library
    def __init__(self, workforce: Workforce) -> None:
        self._workforce = workforce

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        """Every rebalance takes all partitions away first; those that come back go on where they were."""

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """A worker reads by itself what came before, wherever the group begins."""
        await self._workforce.hold({part.partition for part in assigned})


async def run(workforce: Workforce, settings: KafkaSettings, stopping: asyncio.Event) -> None:
    """Judge until `stopping`; brokers that are gone are waited for."""
    while not stopping.is_set():
        try:
            await _run_once(workforce, settings, stopping)
        except (Exception, asyncio.CancelledError) as error:  # whatever it is, it is begun anew
            if is_cancelled():
                raise
            workforce.trouble = f"Kafka at {', '.join(settings.servers)} cannot be read: {error!r}"
            log.error("Kafka cannot be read", extra={"error": repr(error)})  # noqa: TRY400
            await _sleep(stopping, RETRY_S)


async def _run_once(workforce: Workforce, settings: KafkaSettings, stopping: asyncio.Event) -> None:
    topic = Topics(settings.prefix).entries
    consumer = AIOKafkaConsumer(
        **client_settings(settings, "warnstream-judge"),
        group_id=f"{settings.prefix}-judges",
        auto_offset_reset="latest",  # wherever it begins, numbers say what is missing
        enable_auto_commit=False,
        session_timeout_ms=settings.session_s * 1000,
        heartbeat_interval_ms=min(3000, settings.session_s * 300),
        max_poll_interval_ms=300_000,
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_bytes=ENTRY_BYTES_MAX,
    )
    consumer.subscribe([topic], listener=_Listener(workforce))
    try:
        await consumer.start()
        while not stopping.is_set():
            _pause(consumer, topic, set(workforce.crowded))
            for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in records:
                    workforce.offer(record)
    finally:
        await workforce.let_go()
        await let_go(consumer)  # leaves the group: the others judge at once


def _pause(consumer: Any, topic: str, crowded: set[int]) -> None:
    """Nothing is fetched of partitions whose entries wait here; fair to the others."""
    assigned = consumer.assignment()
    wanted = {TopicPartition(topic, partition) for partition in crowded} & assigned
    paused = consumer.paused() & assigned
    if more := wanted - paused:
        consumer.pause(*more)
    if again := paused - wanted:
        consumer.resume(*again)


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
