"""The way into a county's partition for a loop in a thread: they are in Kafka when `append_many` returns."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as NotInTimeError
from typing import Any, TypeVar

from warnstream.adapters.kafka.client import REQUEST_MS, ensure_topics
from warnstream.adapters.kafka.cuts import CutRecord
from warnstream.adapters.kafka.producer import Producer, Record
from warnstream.adapters.kafka.reading import PartitionReader
from warnstream.adapters.kafka.schema import Topics, headers_of
from warnstream.config.settings import KafkaSettings
from warnstream.model.errors import StoreError

Found = TypeVar("Found")

CALL_S_MAX = 2 * REQUEST_MS / 1000 + 5


class KafkaLoop:
    """An event loop in a thread of its own, for those who wait in another one."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="kafka", daemon=True)
        self._thread.start()

    def call(self, coroutine: Coroutine[Any, Any, Found]) -> Found:
        """Run it there and wait for it. StoreError if that takes for ever."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        try:
            return future.result(CALL_S_MAX)
        except NotInTimeError as error:
            future.cancel()
            raise StoreError(f"Kafka does not answer within {CALL_S_MAX:.0f} s", retryable=True) from error
        except CancelledError as error:
            raise StoreError("the client of Kafka gave up", retryable=True) from error

    def close(self) -> None:
        """End it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()


class KafkaLog:
    """Appends to the partition of a county, or to those of its shards.

    Entries of one call may be there in part, or twice, after a call that failed and was made again: readings,
    times, answers and orders that come again change nothing.

    Parameters
    ----------
    settings : KafkaSettings
    loop : KafkaLoop
    name : str
        For the brokers' logs.
    """

    def __init__(self, settings: KafkaSettings, loop: KafkaLoop, name: str) -> None:
        self._settings, self._loop = settings, loop
        self._topic, self._first = Topics(settings.prefix).entries, settings.partition
        self._producer = Producer(settings, name)
        self._partitions = range(self._first, self._first + settings.shards)
        self._readers = [PartitionReader(settings, self._topic, partition) for partition in self._partitions]

    def open(self) -> None:
        """Make topics that are not there. WarnstreamError if the brokers cannot be used."""
        self._loop.call(ensure_topics(self._settings))

    def append_many(self, entries: Iterable[tuple[str, bytes]]) -> int:
        """Keep entries of a whole county; the number of the last one. StoreError as for `append_divided`."""
        return self.append_divided((0, kind, payload) for kind, payload in entries)

    def append_divided(self, entries: Iterable[tuple[int, str, bytes]]) -> int:
        """Keep entries, each in the partition of its shard; once enough brokers have all of them.

        Returns
        -------
        int
            Number of the last one in its partition; 0 without any.

        Raises
        ------
        StoreError
            If that is not sure: do not acknowledge.
        """
        records = [
            Record(self._topic, self._first + shard, payload, headers=headers_of(kind))
            for shard, kind, payload in entries
        ]
        offsets = self._loop.call(self._producer.send(records))
        return offsets[-1] + 1 if offsets else 0

    def newest_of(self, kind: str, look_back: int = 10_000) -> list[bytes]:
        """Payloads of the newest entry of a kind in each partition, where there is one. StoreError."""
        found = [self._loop.call(reader.newest_of_kind(kind, look_back)) for reader in self._readers]
        return [record.value for record in found if record is not None]

    def demand_cut(self, cut: Mapping[str, int]) -> None:
        """Have every partition know which one has which village; nothing has to be said of a whole county.

        Raises
        ------
        CutError
            If one of them has had a village that is another one's now.
        StoreError, SchemaError
        """
        self._loop.call(self._demand_cut(cut))

    async def _demand_cut(self, cut: Mapping[str, int]) -> None:
        records = [CutRecord(self._settings, partition) for partition in self._partitions]
        try:
            stale = [record for record in records if await record.demand(cut)]
            for record in stale if len(records) > 1 else ():
                await record.write(cut, self._producer)
        finally:
            for record in records:
                await record.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._loop.call(self._close())

    async def _close(self) -> None:
        await self._producer.close()
        for reader in self._readers:
            await reader.close()
