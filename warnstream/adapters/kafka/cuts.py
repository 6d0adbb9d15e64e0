"""How a county is cut, as its partitions know it: a village stays in one of them while the log lives.

State and numbers of a village stand in the partition that judges it. One that was given to another partition
would begin anew there, and stand in the old one for ever: people would hear two stories. So every partition
has a record of the cut, and whoever has another one is refused.
"""

from collections.abc import Mapping, Sequence

import msgspec

from warnstream.adapters.kafka.producer import Producer, Record
from warnstream.adapters.kafka.reading import PartitionReader
from warnstream.adapters.kafka.schema import SchemaError, Topics, headers_of, kind_of
from warnstream.config.settings import KafkaSettings
from warnstream.model.errors import WarnstreamError

CUT = "cut"
NAMED_MAX = 5


class CutError(WarnstreamError):
    """A village would be judged in another partition than before."""


class Cut(msgspec.Struct, frozen=True):
    """Partition of each village by its code."""

    partition_of: dict[str, int]


class CutRecord:
    """The record of one partition.

    Parameters
    ----------
    settings : KafkaSettings
    partition : int
    """

    def __init__(self, settings: KafkaSettings, partition: int) -> None:
        topics = Topics(settings.prefix)
        self._topic, self._partition = topics.cuts, partition
        self._reader = PartitionReader(settings, topics.cuts, partition, is_compacted=True)
        self._entries = PartitionReader(settings, topics.entries, partition)

    async def demand(self, cut: Mapping[str, int]) -> bool:
        """Whether the record is to be written anew; a log without one has all villages of its county.

        Raises
        ------
        CutError
            If a village of `cut` was judged in another partition.
        StoreError, SchemaError
            If the brokers do not say, or the record is of a later version.
        """
        known = await self._known()
        if known is None:
            _, last = await self._entries.bounds()
            before: Mapping[str, int] = dict.fromkeys(cut, self._partition) if last else {}
        else:
            before = known
        moved = [code for code, partition in cut.items() if before.get(code, partition) != partition]
        if moved:
            raise CutError(_words(moved, self._partition))
        return known != cut

    async def write(self, cut: Mapping[str, int], producer: Producer) -> None:
        """Keep the cut. StoreError."""
        value = msgspec.json.encode(Cut(dict(cut)))
        await producer.send([Record(self._topic, self._partition, value, CUT.encode(), headers_of(CUT))])

    async def close(self) -> None:
        """Let go of the connections."""
        await self._reader.close()
        await self._entries.close()

    async def _known(self) -> dict[str, int] | None:
        first, last = await self._reader.bounds()
        found: dict[str, int] | None = None
        async for record in self._reader.read(first, last):
            name = f"{self._reader.name} record {record.offset}"
            if kind_of(record.headers, name) != CUT or record.value is None:
                continue
            try:
                found = msgspec.json.decode(record.value, type=Cut).partition_of
            except msgspec.MsgspecError as error:
                raise SchemaError(f"{name} is no cut of a county: {error}") from None
        return found


def _words(moved: Sequence[str], partition: int) -> str:
    named = ", ".join(moved[:NAMED_MAX])
    more = f" and {len(moved) - NAMED_MAX} more" if len(moved) > NAMED_MAX else ""
    return (
        f"shards.csv has moved villages since partition {partition} was begun: {named}{more}. A village "
        "stays in its partition: put shards.csv back, or give the county partitions that nobody has used "
        "(kafka.partition)"
    )
