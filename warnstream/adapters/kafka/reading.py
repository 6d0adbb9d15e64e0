"""A plain reader of one partition: no group, no memory of where it was, and every offset is looked at.

Where a client of a group lost its place, or never told that it had (a seek within milliseconds of an
assignment is overwritten; an exception loses a message), the numbers say so, and what is missing is read
again by this.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from warnstream.adapters.kafka.client import client_settings
from warnstream.adapters.kafka.library import (
    AIOKafkaConsumer,
    KafkaError,
    OffsetOutOfRangeError,
    TopicPartition,
    is_cancelled,
    let_go,
)
from warnstream.adapters.kafka.schema import kind_of
from warnstream.config.settings import KafkaSettings
from warnstream.model.errors import StoreError

POLL_MS = 300
EMPTY_POLLS_MAX = 60
"""So many answers without a record before the end is reached: the brokers do not give what they have."""

FETCH_BYTES = 4 * 1024 * 1024


class GoneError(StoreError):
    """Records that are asked for are not kept any more."""


class PartitionReader:
    """Of one partition of one topic; begun at its first use, for one event loop.

    Parameters
    ----------
    settings : KafkaSettings
    topic : str
    partition : int
    is_compacted : bool
        Offsets may have gaps.
    """

    def __init__(
        self, settings: KafkaSettings, topic: str, partition: int, *, is_compacted: bool = False
    ) -> None:
        self._settings, self._is_compacted = settings, is_compacted
        self._at = TopicPartition(topic, partition)
        self._consumer: Any = None

    @property
    def name(self) -> str:
        """Topic and partition, for messages."""
        return f"{self._at.topic}/{self._at.partition}"

    async def bounds(self) -> tuple[int, int]:
        """Offset of the first record that is kept, and of the next that will be written. StoreError."""
        try:
            consumer = await self._started()
            first = await consumer.beginning_offsets([self._at])
            last = await consumer.end_offsets([self._at])
        except (KafkaError, OSError, TimeoutError, asyncio.CancelledError) as error:
            if is_cancelled():
                raise
            await self.close()
            raise StoreError(f"{self.name} cannot be looked at: {error!r}", retryable=True) from error
        return first[self._at], last[self._at]

    async def read(self, offset: int, until: int) -> AsyncIterator[Any]:
        """Records from an offset up to another, that one not included.

        Raises
        ------
        GoneError
            If one of them is not kept any more.
        StoreError
            If the brokers do not give them now, or one is missing between others.
        """
        if offset >= until:
            return
        n_empty = 0
        try:
            consumer = await self._started()
            consumer.seek(self._at, offset)
            while offset < until and n_empty < EMPTY_POLLS_MAX:
                records = (await consumer.getmany(self._at, timeout_ms=POLL_MS)).get(self._at, [])
                n_empty = 0 if records else n_empty + 1
                offset = max(offset, await self._position(consumer, records))
                for record in records:
                    if record.offset >= until:
                        return
                    self._check(offset, record.offset)
                    offset = record.offset + 1
                    yield record
        except OffsetOutOfRangeError as error:
            raise GoneError(f"{self.name}: record {offset} is not kept any more", retryable=False) from error
        except (KafkaError, OSError, TimeoutError, asyncio.CancelledError) as error:
            if is_cancelled():
                raise
            await self.close()
            raise StoreError(f"{self.name} cannot be read: {error!r}", retryable=True) from error
        if offset < until:
            raise StoreError(f"{self.name}: the brokers do not give record {offset}", retryable=True)

    async def _position(self, consumer: Any, records: list[Any]) -> int:
        """Where it goes on over what is compacted away; 0 where records say it."""
        return int(await consumer.position(self._at)) if self._is_compacted and not records else 0

    def _check(self, expected: int, found: int) -> None:
        if found != expected and not self._is_compacted:
            raise StoreError(f"{self.name}: record {expected} is missing, {found} came", retryable=True)

    async def newest_of_kind(self, kind: str, look_back: int) -> Any:
        """The newest record of a kind among so many at the end; None if none of them is one. StoreError."""
        first, last = await self.bounds()
        newest, size = None, 64
        while newest is None:
            begin = max(first, last - size)
            async for record in self.read(begin, last):
                if kind_of(record.headers, f"{self.name} record {record.offset}") == kind:
                    newest = record
            if begin == first or size >= look_back:
                return newest
            size = min(size * 16, look_back)
        return newest

    async def close(self) -> None:
        """Let go of the connection; it is begun again when it is needed."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await let_go(consumer)

    async def _started(self) -> Any:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **client_settings(self._settings, "warnstream-reader"),
                auto_offset_reset="none",  # never a place that nobody asked for
                enable_auto_commit=False,
                fetch_max_wait_ms=POLL_MS // 2,
                max_partition_fetch_bytes=FETCH_BYTES,
            )
            try:
                await consumer.start()
            except BaseException:
                await let_go(consumer)
                raise
            consumer.assign([self._at])
            self._consumer = consumer
        return self._consumer
