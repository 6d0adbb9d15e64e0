"""One ledger with the names that people know: villages' voices, bulletins, doors and keys.

Everything here is asked and changed with `lock` held; the node's loop changes, channels claim.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import NamedTuple

import numpy as np

from warnstream.adapters.ledger.copies import LedgerCopy
from warnstream.adapters.ledger.kept import KeptLedger
from warnstream.adapters.ledger.register import NOTHING_FOLLOWS, Following, FormerDoor, Register
from warnstream.adapters.outbox.types import split_key
from warnstream.delivery.dispatch.queue import arrival_s, urgency_of
from warnstream.delivery.ledger.ledger import HEARD, Put
from warnstream.delivery.ledger.parts import pack, unpack
from warnstream.delivery.ledger.past import Tally
from warnstream.delivery.ledger.queue import DoorQueue
from warnstream.delivery.ledger.states import HELP_OPEN
from warnstream.lifecycle.identity import parse_message_name
from warnstream.model.bulletins import N_BITS, N_MAX, Action, Bulletin, BulletinCause
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL
from warnstream.model.network import Network
from warnstream.model.times import compact_utc, parse_compact_utc

AskLog = Callable[[bytes], Future[None]]
"""Takes an entry of outcomes; done once it is durable. The log's own thread gives it to the ledger."""

NAMES_MAX = 10_000
"""Names of bulletins that are kept at hand."""


class Spot(NamedTuple):
    """A door and a bulletin, by number."""

    village: int
    sequence: int
    row: int


class Book:
    """A ledger over a register, and who is in whose hands.

    Attributes
    ----------
    lock : threading.RLock
    register : Register
    ledger : Ledger
    queue : DoorQueue or None
        None while a log is followed from its past.
    newest : dict of int to Bulletin
        By village, as far as this process has seen it issued.
    status : list of str
        By village, of the newest bulletin.
    replaced_of_others : dict of str to list of int
        `Past.replaced` of ways that no door has any more.
    fingerprint : str
        Of the configuration that the register is of; empty where nobody said.
    """

    def __init__(
        self,
        network: Network,
        former: Iterable[FormerDoor] = (),
        following: Following = NOTHING_FOLLOWS,
    ) -> None:
        self.lock = threading.RLock()
        self.fingerprint = ""
        self.following = following
        self.newest: dict[int, Bulletin] = {}
        self.replaced_of_others: dict[str, list[int]] = {}
        self._open(network, former)
        self.open_queue()

    def _open(self, network: Network, former: Iterable[FormerDoor]) -> None:
        self.register = Register(network, former, self.following)
        self.ledger = self.register.new_ledger()
        self.queue: DoorQueue | None = None
        self._voice = [""] * len(self.register.villages)
        self.status = [""] * len(self.register.villages)
        self._village_of_voice: dict[str, int] = {}
        self._names: dict[tuple[int, int], str] = {}
        self._places: dict[str, tuple[int, int]] = {}

    def begin_anew(self, network: Network, former: Iterable[FormerDoor] = ()) -> None:
        """Nobody was told anything; there is no queue yet."""
        self.newest, self.replaced_of_others = {}, {}
        self._open(network, former)

    def open_queue(self) -> None:
        """Everybody who waits is in nobody's hands."""
        self.queue = DoorQueue(self.ledger, self.ledger.n_ways)

    def put_down(self, bulletin: Bulletin) -> int:
        """A bulletin for the doors of its village; returns for how many more."""
        village = bulletin.village
        put = Put(
            village=village,
            sequence=bulletin.sequence,
            issued_s=bulletin.issued_s,
            urgency=urgency_of(bulletin),
            arrives_s=arrival_s(bulletin),
            level=int(bulletin.worst),
            is_end=bulletin.action.is_end,
            is_reminder=bulletin.cause is BulletinCause.REMINDER,
            asks=bulletin.action.moves_people,
            is_return=bulletin.action is Action.RETURN,
        )
        is_newer = put.sequence > int(self.ledger.sequence[village])
        count = self.ledger.put_down(put)
        if is_newer:
            self.newest[village] = bulletin
            self.know_voice(village, bulletin.voice, str(bulletin.status))
        if self.queue is not None and (is_newer or count):
            self.queue.put_down(village)
        return count

    def know_voice(self, village: int, voice: str, status: str) -> None:
        """How the newest bulletin of a village is called, and its status."""
        if self._voice[village] not in ("", voice):
            self._names.clear()
            self._places.clear()
        self._voice[village], self.status[village] = voice, status
        self._village_of_voice[voice] = village

    def name(self, village: int, sequence: int) -> str:
        """Identifier of a bulletin of a village."""
        place = village, sequence
        name = self._names.get(place)
        if name is None:
            name = f"{self._voice[village]}.{compact_utc(sequence >> N_BITS)}.{sequence & N_MAX}"
            if len(self._names) >= NAMES_MAX:
                self._names.clear()
                self._places.clear()
            self._names[place], self._places[name] = name, place
        return name

    def of_name(self, identifier: str) -> tuple[int, int] | None:
        """Village and sequence of a bulletin that was put down; None if there is no such one."""
        if (known := self._places.get(identifier)) is not None:
            return known
        named = parse_message_name(identifier)
        if named is None or named[1] > N_MAX:
            return None
        voice, _, stamp = named[0].rpartition(".")
        village = self._village_of_voice.get(voice)
        try:
            sequence = (parse_compact_utc(stamp) << N_BITS) | named[1]
        except ValueError:
            return None
        if village is None or self.tally(village, sequence) is None:
            return None
        return village, sequence

    def spot(self, identifier: str, door: str) -> Spot | None:
        """A bulletin and a door that was to have one; None if there is none."""
        found = self.of_name(identifier)
        row = None if found is None else self.register.row_of(found[0], door)
        if found is None or row is None or not self.ledger.state[row]:
            return None
        return Spot(*found, row)

    def spot_of_key(self, key: str) -> Spot | None:
        """What a key names. ValueError if it is none."""
        message, recipient, channel = split_key(key)
        return None if channel == VILLAGE_TOPIC_CHANNEL else self.spot(message, recipient)

    def tally(self, village: int, sequence: int) -> Tally | None:
        """Counts of a bulletin; None if it is not known."""
        ledger = self.ledger
        if sequence >> N_BITS == int(ledger.sequence[village]) >> N_BITS:
            return ledger.tallies.get(village, {}).get(sequence & N_MAX)
        return ledger.past.tallies.get(village, {}).get(sequence)

    def sequences(self, village: int) -> Iterator[int]:
        """Bulletins of a village, the newest first."""
        opened = int(self.ledger.sequence[village]) >> N_BITS
        for n in sorted(self.ledger.tallies.get(village, ()), reverse=True):
            yield (opened << N_BITS) | n
        yield from sorted(self.ledger.past.tallies.get(village, ()), reverse=True)

    def waiting_villages(self) -> list[str]:
        """Codes of villages in which somebody waits."""
        return [self.register.villages[village] for village in self.ledger.waiting_by_village()]

    def copied(self) -> LedgerCopy:
        """As it is now."""
        arrays = pack(self.ledger)
        villages = arrays["village"].tolist()
        replaced = self.ledger.past.replaced
        of_ways = {name: replaced[way].tolist() for way, name in enumerate(self.register.ways)}
        return LedgerCopy(
            register=self.register,
            arrays=arrays,
            voices=[self._voice[village] for village in villages],
            statuses=[self.status[village] for village in villages],
            replaced=of_ways | self.replaced_of_others,
            fingerprint=self.fingerprint,
        )

    def kept(self) -> KeptLedger:
        """As files have it."""
        return self.copied().kept()

    def take_up(self, network: Network, kept: KeptLedger, former: Iterable[FormerDoor] = ()) -> None:
        """Go on from what files have, under another register; former doors come with it.

        Who has left the register without having heard anything is forgotten.
        """
        known = {(door.village, door.door): door for door in (*former, *kept.former)}
        self.newest = {}
        self._open(network, known.values())
        register = self.register
        now = [register.village_of(code) for code in kept.villages]
        villages = [-1 if village is None else village for village in now]
        rows = [
            self._row_now(village, door)
            for village, doors in zip(villages, kept.doors, strict=True)
            for door in doors
        ]
        ways = [register.way_of_name(name) for name in kept.ways]
        unpack(self.ledger, kept.unpacked(), villages, np.array(rows, dtype=np.int64), ways)
        for village, voice, status in zip(villages, kept.voices, kept.statuses, strict=True):
            if village >= 0:
                self.know_voice(village, voice, status)
        self.replaced_of_others = {}
        for name, counts in kept.replaced.items():
            way = register.way_of_name(name)
            if way is None:
                self.replaced_of_others[name] = counts
            else:
                self.ledger.past.replaced[way] = counts

    def _row_now(self, village: int, door: str) -> int:
        row = self.register.row_of(village, door) if village >= 0 else None
        return -1 if row is None else row

    def leaving(self, network: Network) -> list[FormerDoor]:
        """Doors that are not in another register of which something is remembered."""
        number = network.villages.index_of_name()
        found = []
        for village in np.flatnonzero(self.ledger.sequence).tolist():
            code = self.register.villages[village]
            own: Sequence[str] = ()
            if code in number:
                rows = network.households.of_village(number[code])
                own = network.households.code[rows.start : rows.stop]
            stays = set(own)
            ways = self.ledger.way
            found += [
                self.register.door_at(village, row, int(ways[row]))
                for row in self._remembered(village, stays)
            ]
        return found

    def _remembered(self, village: int, stays: set[str]) -> Iterator[int]:
        ledger = self.ledger
        rows = ledger.rows_of(village)
        numbers = range(rows.start, rows.stop) if isinstance(rows, slice) else rows.tolist()
        for row in numbers:
            if self.register.code(row) in stays:
                continue
            if ledger.state[row] & HEARD or ledger.is_waiting(row) or ledger.people[row] in HELP_OPEN:
                yield row

    def move_to(self, network: Network) -> None:
        """Go on under another register. Nobody may be in anybody's hands."""
        former, kept = self.leaving(network), self.kept()
        is_queued = self.queue is not None
        kept_former = KeptLedger(
            **{name: getattr(kept, name) for name in kept.__struct_fields__} | {"former": former}
        )
        newest = {self.register.villages[village]: bulletin for village, bulletin in self.newest.items()}
        self.take_up(network, kept_former)
        number = network.villages.index_of_name()
        self.newest = {number[code]: bulletin for code, bulletin in newest.items() if code in number}
        if is_queued:
            self.open_queue()
