"""A partition copied into a log of this machine, with what its judges issued: a delivery node's own journal.

An entry is copied once the judges' mark says that all it led to stands in the events topic; what was issued
for it follows it, as in the journal of a node. How far that goes is an entry, too, in the same append: a
crash copies nothing twice.
"""

from dataclasses import dataclass, field

from msgspec import structs

from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.kafka.log import KafkaLoop
from warnstream.adapters.kafka.reading import GoneError, PartitionReader
from warnstream.adapters.kafka.schema import Topics, header_number, kind_of
from warnstream.config.settings import KafkaSettings
from warnstream.runners.intake.history_entries import ISSUED, decode_issued, encode
from warnstream.runners.intake.standby_entries import (
    FOLLOWED,
    FollowedEntry,
    decode_followed,
    encode_followed,
)
from warnstream.runners.kafka.shard import ISSUED_EVENT
from warnstream.runners.kafka.worker import MARK

ENTRIES_AT_ONCE = 200
EVENTS_AT_ONCE = 5_000
LOOKS_BACK = 20_000
"""An entry of how far it goes stands behind so many others at most."""


@dataclass(slots=True)
class Copied:
    """Entries for the log of this machine, and the number of the partition's entry that is next then."""

    entries: list[tuple[str, bytes]] = field(default_factory=list)
    next_entry: int = 0


class PartitionFollower:
    """Reads a partition for one thread.

    Parameters
    ----------
    settings : KafkaSettings
    journal : Journal
        What is copied so far; nobody else appends to it.
    loop : KafkaLoop

    Attributes
    ----------
    next_entry : int
        Number of the partition's entry that is to be copied next.
    behind : int
        Entries of the partition that are not copied.
    """

    def __init__(self, settings: KafkaSettings, journal: Journal, loop: KafkaLoop) -> None:
        topics = Topics(settings.prefix)
        self._entries = PartitionReader(settings, topics.entries, settings.partition)
        self._events = PartitionReader(settings, topics.events, settings.partition)
        self._journal, self._loop = journal, loop
        known = _followed(journal)
        self.next_entry = known.next_entry
        self._next_event = known.next_event
        self._issued: dict[int, list[bytes]] = {}
        self._event_of: dict[int, int] = {}
        self._mark = 0
        self.behind = 0

    def poll(self) -> Copied:
        """What can be copied now; nothing is remembered as copied before `keep`.

        Raises
        ------
        GoneError
            If entries or events that are needed are not kept any more.
        StoreError, SchemaError
            If the brokers do not answer, or something is of a later version.
        """
        return self._loop.call(self._poll())

    def keep(self, copied: Copied) -> int:
        """Append what was polled; number of the last entry of this machine's log. StoreError."""
        for number in range(self.next_entry, copied.next_entry):
            self._issued.pop(number, None)
            self._event_of.pop(number, None)
        self.next_entry = copied.next_entry
        next_event = min(self._event_of.values(), default=self._next_event)
        entry = encode_followed(FollowedEntry(self.next_entry, next_event))
        return self._journal.append_many([*copied.entries, (FOLLOWED, entry)])

    def close(self) -> None:
        """Let go of the connections."""
        self._loop.call(self._close())

    async def _close(self) -> None:
        await self._entries.close()
        await self._events.close()

    async def _poll(self) -> Copied:
        first, last = await self._entries.bounds()
        if first + 1 > self.next_entry:
            raise GoneError(
                f"{self._entries.name}: entries {self.next_entry} to {first} are not kept any more and this "
                "node has not copied them: start it anew with an empty storage directory",
                retryable=False,
            )
        if self.next_entry > last + 1:
            raise GoneError(
                f"{self._entries.name} ends with entry {last}, this node has copied up to "
                f"{self.next_entry - 1}: this is another log; start it anew with an empty storage directory",
                retryable=False,
            )
        await self._read_events()
        self.behind = max(0, last + 1 - self.next_entry)
        until = min(self._mark, last, self.next_entry - 1 + ENTRIES_AT_ONCE)
        copied, at = Copied(next_entry=self.next_entry), self._journal.last_sequence()
        async for record in self._entries.read(self.next_entry - 1, until):
            number = record.offset + 1
            kind = kind_of(record.headers, f"entry {number} of {self._entries.name}")
            copied.entries.append((kind, record.value or b""))
            own = at + len(copied.entries)
            copied.entries += [(ISSUED, _caused_by(payload, own)) for payload in self._issued.get(number, ())]
            copied.next_entry = number + 1
        return copied

    async def _read_events(self) -> None:
        first, last = await self._events.bounds()
        if self._next_event < first and self.next_entry > 1 and self._next_event:
            raise GoneError(
                f"{self._events.name}: events from {self._next_event} on are not kept any more: start this "
                "node anew with an empty storage directory",
                retryable=False,
            )
        if self._mark >= self.next_entry - 1 + ENTRIES_AT_ONCE:
            return  # what is known can be copied first: a new node does not hold months of events
        begin = max(first, self._next_event)
        async for record in self._events.read(begin, min(last, begin + EVENTS_AT_ONCE)):
            self._next_event = record.offset + 1
            what = f"record {record.offset} of {self._events.name}"
            kind, of = kind_of(record.headers, what), header_number(record.headers, "of", what)
            if kind == MARK:
                self._mark = max(self._mark, of)
            elif kind == ISSUED_EVENT and of >= self.next_entry:
                known = self._issued.setdefault(of, [])
                if record.value not in known:  # told again, in the same bytes
                    known.append(record.value)
                    self._event_of.setdefault(of, record.offset)


def _followed(journal: Journal) -> FollowedEntry:
    last = journal.last_sequence()
    found = FollowedEntry(last + 1, 0)  # new, or begun with a state of the partition's entry of that number
    for _, kind, payload in journal.since(max(last - LOOKS_BACK, journal.first_sequence() - 1)):
        if kind == FOLLOWED:
            found = decode_followed(payload)
    return found


def _caused_by(payload: bytes, number: int) -> bytes:
    """What was issued, under the number that its cause has in this machine's log."""
    return encode(structs.replace(decode_issued(payload), of=number))
