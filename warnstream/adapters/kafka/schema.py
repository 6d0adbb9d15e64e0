"""Topics of many counties in one Kafka, and the form of what stands in them.

Every record has a version in its header; a reader that is older than what it meets stops and says so, it
never guesses. Each county has one partition, the same in all topics. Numbers of entries are those of a
journal: from 1, without a gap, so the number of a record is its offset + 1.

| topic | key | value | kept |
|---|---|---|---|
| ``entries`` | none | payload of a journal entry, its kind in a header | by time |
| ``events`` | identity | what an entry led to; its kind and that entry's number in headers | by time |
| ``state`` | number of its last entry, and part | parts of a snapshot, then its manifest | newest by key |
| ``cuts`` | none but one | partition of each village | newest by key |
| ``dlq`` | partition and number | entry that could not be judged, why in a header | by time |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warnstream.model.errors import WarnstreamError

VERSION = 1
"""Of every topic's form; raised when an older reader would misread what is written."""

ENTRY_BYTES_MAX = 64 * 1024 * 1024
"""Of one record: a batch of an outage, a frame of a radar, a front over a whole county."""

PART_BYTES = 512 * 1024
"""A snapshot is cut so: below what Kafka takes by default, whatever a county's state grows to."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Headers = Sequence[tuple[str, bytes]]


class SchemaError(WarnstreamError):
    """A record is of a version, or has a form, that this software does not read."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Names of the topics of one prefix."""

    prefix: str

    @property
    def entries(self) -> str:
        """What came in, in order: the journal of every county."""
        return f"{self.prefix}.entries.v1"

    @property
    def events(self) -> str:
        """What entries led to: level changes, messages, and what a step issued."""
        return f"{self.prefix}.events.v1"

    @property
    def state(self) -> str:
        """Snapshots."""
        return f"{self.prefix}.state.v1"

    @property
    def cuts(self) -> str:
        """Which partition has which village."""
        return f"{self.prefix}.cuts.v1"

    @property
    def dlq(self) -> str:
        """Entries that could not be judged."""
        return f"{self.prefix}.dlq.v1"

    def settings(self, copies: int) -> Mapping[str, Mapping[str, str]]:
        """What each topic is made with."""
        least = {"min.insync.replicas": str(max(1, copies - 1))}
        large = {**least, "max.message.bytes": str(ENTRY_BYTES_MAX), "compression.type": "producer"}
        return {
            self.entries: {**large, "cleanup.policy": "delete", "retention.ms": str(14 * DAY_MS)},
            self.events: {**large, "cleanup.policy": "delete", "retention.ms": str(90 * DAY_MS)},
            self.dlq: {**large, "cleanup.policy": "delete", "retention.ms": str(90 * DAY_MS)},
            self.cuts: {**large, "cleanup.policy": "compact"},
            self.state: {
                **least,
                "cleanup.policy": "compact",
                "segment.bytes": str(64 * 1024 * 1024),
                "min.cleanable.dirty.ratio": "0.2",
                "delete.retention.ms": str(HOUR_MS),
            },
        }


def headers_of(kind: str, **more: str | int) -> list[tuple[str, bytes]]:
    """Headers of a record: the version, the kind, and what else there is."""
    pairs = {"v": VERSION, "kind": kind, **more}
    return [(name, str(value).encode()) for name, value in pairs.items()]


def kind_of(headers: Headers, what: str) -> str:
    """Kind of a record.

    Raises
    ------
    SchemaError
        If it has no version or a later one; `what` names the record.
    """
    found = dict(headers)
    version = found.get("v", b"").decode("ascii", "replace")
    if not version.isdigit():
        raise SchemaError(f"{what} has no header v: it was not written by warnstream")
    if int(version) > VERSION:
        raise SchemaError(
            f"{what} has version {version}, this software reads up to {VERSION}: update it before it goes on"
        )
    kind = found.get("kind")
    if kind is None:
        raise SchemaError(f"{what} has no header kind")
    return kind.decode("utf-8", "replace")  # one of nobody's is set aside as such


def header_number(headers: Headers, name: str, what: str) -> int:
    """A whole number of the headers. SchemaError if it is none."""
    value = dict(headers).get(name, b"").decode("ascii", "replace")
    if not value.isdigit():
        raise SchemaError(f"{what} has no number in header {name}")
    return int(value)
