"""One producer: every broker that must has a record before it counts, none twice, in the order of sending."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from warnstream.adapters.kafka.client import client_settings
from warnstream.adapters.kafka.library import AIOKafkaProducer, KafkaError, is_cancelled, let_go
from warnstream.adapters.kafka.schema import ENTRY_BYTES_MAX, Headers
from warnstream.config.settings import KafkaSettings
from warnstream.model.errors import StoreError

SEND_S_MAX = 30.0
"""An idempotent producer asks brokers that are gone without end: after so long whoever waits is told."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is sent to a partition; a `value` of None removes the key of a compacted topic."""

    topic: str
    partition: int
    value: bytes | None
    key: bytes | None = None
    headers: Headers = field(default_factory=list)


class Producer:
    """Of one process; for its event loop alone.

    A failure may leave records written that were not confirmed, so it ends the producer: the next call begins
    with a new one, and what was not confirmed is sent again by whoever needs it.

    Parameters
    ----------
    settings : KafkaSettings
    name : str
        For the brokers' logs.
    """

    def __init__(self, settings: KafkaSettings, name: str) -> None:
        self._settings, self._name = settings, name
        self._producer: Any = None
        self._starting = asyncio.Lock()

    async def open(self) -> None:
        """Connect now, so that the first record need not wait for it. StoreError."""
        await self.send(())

    async def send(self, records: Sequence[Record]) -> list[int]:
        """Send records in order; their offsets, once all of them are confirmed.

        Raises
        ------
        StoreError
            If not all of them could be: send them again.
        """
        try:
            async with asyncio.timeout(SEND_S_MAX):
                producer = await self._started()
                waiting = [
                    await producer.send(
                        record.topic, record.value, record.key, record.partition, headers=list(record.headers)
                    )
                    for record in records
                ]
                return [(await future).offset for future in waiting]
        except (KafkaError, OSError, TimeoutError, asyncio.CancelledError) as error:
            if is_cancelled():
                raise
            await self.close()
            raise StoreError(f"Kafka does not take what is written: {error!r}", retryable=True) from error

    async def close(self) -> None:
        """Let go of the connection; what waits for a confirmation is given up."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await let_go(producer)

    async def _started(self) -> Any:
        async with self._starting:  # two that send at once would leave one of two producers behind
            return await self._ready()

    async def _ready(self) -> Any:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **client_settings(self._settings, self._name),
                acks="all",
                enable_idempotence=True,
                max_request_size=ENTRY_BYTES_MAX,
                max_batch_size=1024 * 1024,
                linger_ms=0,
            )
            try:
                await producer.start()
            except BaseException:
                await let_go(producer)
                raise
            self._producer = producer
        return self._producer
