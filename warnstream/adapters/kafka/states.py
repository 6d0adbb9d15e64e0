"""Snapshots of one county in the compacted topic: parts that Kafka takes by default, the manifest last.

Each has keys of its own number, so a worker that was thought dead and comes back can write an old one and
harm none that is newer. Whoever has written one lets the old ones go, all but `KEPT`.
"""

import hashlib
import logging
from typing import Any

import msgspec

from warnstream.adapters.kafka.producer import Producer, Record
from warnstream.adapters.kafka.reading import PartitionReader
from warnstream.adapters.kafka.schema import PART_BYTES, Topics, headers_of, kind_of
from warnstream.config.settings import KafkaSettings

log = logging.getLogger(__name__)

MANIFEST, PART, GONE = "manifest", "part", "gone"
KEPT = 3
LOOKS_BACK = (128, 4_096, 1 << 40)
"""Records from the end that are looked through for manifests: a few, many, all."""


class Manifest(msgspec.Struct, frozen=True):
    """What a snapshot is, and where its parts begin.

    Attributes
    ----------
    number : int
        Of the last entry that the state contains; the next one is to be taken.
    fingerprint, software : str
        Of the configuration, and of warnstream.
    parts, size : int
        Records, and bytes of all of them together.
    sha256 : str
    offset : int
        Of the first part.
    kept : bool
        It knows rows that the configuration has lost.
    """

    number: int
    fingerprint: str
    software: str
    parts: int
    size: int
    sha256: str
    offset: int = 0
    kept: bool = False


class States:
    """The snapshots of one partition.

    Parameters
    ----------
    settings : KafkaSettings
    partition : int
    producer : Producer
    """

    def __init__(self, settings: KafkaSettings, partition: int, producer: Producer) -> None:
        self._topic, self._partition = Topics(settings.prefix).state, partition
        self._reader = PartitionReader(settings, self._topic, partition, is_compacted=True)
        self._producer = producer
        self._known: dict[int, int] = {}

    async def save(self, number: int, payload: bytes, fingerprint: str, software: str, *, kept: bool) -> None:
        """Keep a state that contains every entry up to a number. StoreError if it cannot be kept now."""
        parts = [payload[at : at + PART_BYTES] for at in range(0, len(payload), PART_BYTES)]
        offsets = await self._producer.send(
            [self._record(f"{number}/{n}", part, PART) for n, part in enumerate(parts)]
        )
        digest = hashlib.sha256(payload).hexdigest()
        manifest = Manifest(
            number, fingerprint, software, len(parts), len(payload), digest, min(offsets), kept
        )
        await self._producer.send([self._record(str(number), msgspec.json.encode(manifest), MANIFEST)])
        self._known[number] = len(parts)
        await self._let_go()

    async def latest(self) -> tuple[Manifest, bytes] | None:
        """The newest whole snapshot; None if there is none. StoreError if the brokers do not give it now."""
        first, last = await self._reader.bounds()
        for back in LOOKS_BACK:
            begin = max(first, last - back)
            manifests = await self._manifests(begin, last)
            for manifest in sorted(manifests.values(), key=lambda one: one.number, reverse=True):
                payload = await self._payload(manifest, last)
                if payload is not None:
                    return manifest, payload
                log.error("snapshot is not whole, an earlier one is taken", extra={"entry": manifest.number})
            if begin == first:
                return None
        return None

    async def close(self) -> None:
        """Let go of the connection."""
        await self._reader.close()

    async def _manifests(self, begin: int, end: int) -> dict[int, Manifest]:
        found: dict[int, Manifest] = {}
        async for record in self._reader.read(begin, end):
            if self._kind(record) == MANIFEST and record.value is not None:
                manifest = msgspec.json.decode(record.value, type=Manifest)
                found[manifest.number] = manifest
            elif record.value is None and b"/" not in record.key:
                found.pop(int(record.key), None)
        self._known |= {number: manifest.parts for number, manifest in found.items()}
        return found

    async def _payload(self, manifest: Manifest, end: int) -> bytes | None:
        parts: dict[bytes, bytes] = {}
        wanted = {f"{manifest.number}/{n}".encode() for n in range(manifest.parts)}
        async for record in self._reader.read(manifest.offset, end):
            if record.key in wanted and record.value is not None:
                parts[record.key] = record.value
            if len(parts) == len(wanted):
                break
        if len(parts) < len(wanted):
            return None
        payload = b"".join(parts[f"{manifest.number}/{n}".encode()] for n in range(manifest.parts))
        return payload if hashlib.sha256(payload).hexdigest() == manifest.sha256 else None

    async def _let_go(self) -> None:
        """Remove what is older than the newest ones."""
        for number in sorted(self._known)[:-KEPT]:
            n_parts = self._known.pop(number)
            keys = [str(number), *(f"{number}/{n}" for n in range(n_parts))]
            await self._producer.send([self._record(key, None, GONE) for key in keys])

    def _record(self, key: str, value: bytes | None, kind: str) -> Record:
        return Record(self._topic, self._partition, value, key.encode(), headers_of(kind))

    def _kind(self, record: Any) -> str:
        return kind_of(record.headers, f"{self._reader.name} record {record.offset}")
