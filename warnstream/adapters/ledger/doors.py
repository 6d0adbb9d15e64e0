"""Doors of a running node: the ledger behind what senders, answer pages and readers ask of it.

The truth is the node's log: bulletins issued, outcomes, answers, doubts. Whoever appends those gives them to
this store in the log's order (`issue`, `take_outcomes`, `answer_many`, `doubt`); a start goes on from the
newest snapshot and follows the entries after it. Any thread may call.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from warnstream.adapters.ledger.book import AskLog, Book, Spot
from warnstream.adapters.ledger.copies import LedgerCopy
from warnstream.adapters.ledger.kept import KeptLedger, LedgerFiles
from warnstream.adapters.ledger.links import digests_in, door_digest, link_number
from warnstream.adapters.ledger.listing import DoorState, ShownDoor, doors_of
from warnstream.adapters.ledger.past_registers import PastRegisters, RegisterOf, no_register
from warnstream.adapters.ledger.register import NOTHING_FOLLOWS, Following, channel_in
from warnstream.adapters.ledger.sending import DoorSending
from warnstream.adapters.ledger.silent import SilentDoors
from warnstream.adapters.ledger.texts import BulletinTexts, Stored
from warnstream.adapters.outbox.types import Addressed, Reach, StoredMessage, split_key
from warnstream.delivery.dispatch.notification import State
from warnstream.delivery.ledger.columns import STATE_BITS
from warnstream.delivery.ledger.facts import decode_outcomes
from warnstream.delivery.ledger.ledger import ADDRESSED, ANSWERED, REACHED
from warnstream.delivery.ledger.past import Tally
from warnstream.delivery.ledger.queue import IN_HAND, IN_HAND_S_MAX
from warnstream.delivery.ledger.states import IS_WAITING, WAITING, Delivery, People, Said
from warnstream.model.bulletins import Bulletin
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL, Answer, RecipientAnswer
from warnstream.model.network import Network

SAID = {
    Answer.ACKNOWLEDGED: Said.ACKNOWLEDGE,
    Answer.MOVING: Said.MOVE,
    Answer.SAFE: Said.CLAIM_SAFE,
    Answer.NEED_HELP: Said.CALL,
}

ANSWER_OF = {
    People.ACKNOWLEDGED: Answer.ACKNOWLEDGED,
    People.MOVING: Answer.MOVING,
    People.SAID_SAFE: Answer.SAFE,
    People.SAFE: Answer.SAFE,
    People.HELP: Answer.NEED_HELP,
    People.ASSIGNED: Answer.NEED_HELP,
}

STATE_OF = {
    Delivery.SENT: State.SENT,
    Delivery.DELIVERED: State.DELIVERED,
    Delivery.UNREACHABLE: State.FAILED,
    Delivery.EXPIRED: State.EXPIRED,
}
"""Of a door whose bulletin waits for nothing more."""

TIME_MAX_S = (1 << 32) - 1


Proves = Callable[[str, str], bool]
"""Whether a token was made for a message and a recipient."""


class DoorStore:
    """The doors of one node.

    Parameters
    ----------
    directory : Path
        The storage directory; the ledger is its folder ``ledger``.
    network : Network
        The register.
    ask_log : callable
        Takes an entry of outcomes (`encode_outcomes`); done once it is durable.
    stored : callable
        What is kept of a bulletin under its identifier.
    is_read_only : bool
        Nothing is written: the node may be running.
    following : Following
        What goes on after a channel, and when.

    Attributes
    ----------
    sequence : int
        The log's entry that the newest snapshot reaches; 0 without any.
    is_taken_over : bool
        An earlier version had the doors in rows, which say who was in hand.
    texts : BulletinTexts
    sending : DoorSending
    silent : SilentDoors
    registers : PastRegisters

    Raises
    ------
    StoreError
        If the folder cannot be made or read.
    """

    def __init__(
        self,
        directory: Path,
        network: Network,
        ask_log: AskLog,
        stored: Stored,
        *,
        is_read_only: bool = False,
        following: Following = NOTHING_FOLLOWS,
    ) -> None:
        self._files = LedgerFiles(directory, is_read_only=is_read_only)
        self._book = Book(network, following=following)
        self.silent = SilentDoors(self._book, following.waits_s)
        self.texts = BulletinTexts(stored)
        self.sending = DoorSending(self._book, self.texts, ask_log)
        self.registers = PastRegisters(self._book, self.sending)
        self._kept: KeptLedger | None = None
        self.sequence, self.is_taken_over = 0, False
        self._register_saved = ""
        if (found := self._files.newest()) is not None:
            self.sequence, self._kept = found

    @property
    def was_damaged(self) -> bool:
        """Whether a snapshot could not be read at the start, so that more of the log is followed."""
        return self._files.was_damaged

    @property
    def is_new(self) -> bool:
        """No snapshot could be read: what the log does not say is not known."""
        return self._kept is None

    @property
    def is_register_kept(self) -> bool:
        """Whether the register beside the newest snapshot is the one that its doors are of."""
        return self._kept is not None and self._files.register()[0] == self._kept.fingerprint

    @property
    def no_end(self) -> frozenset[tuple[str, str]]:
        """Village code and status of what stands: no such end is handed out there."""
        return self.sending.no_end

    @no_end.setter
    def no_end(self, stands: frozenset[tuple[str, str]]) -> None:
        self.sending.no_end = stands

    @property
    def book(self) -> Book:
        """What is known of every door; to be read with its lock held."""
        return self._book

    @property
    def network(self) -> Network:
        """The register."""
        return self._book.register.network

    def village_numbers(self) -> Mapping[str, int]:
        """Number of each village by its code."""
        return self._book.register.number

    def kept_villages(self) -> list[str]:
        """Villages of the snapshot in which somebody may wait."""
        if self._kept is None:
            return []
        arrays = self._kept.unpacked()
        waits = IS_WAITING[arrays["state"] & STATE_BITS]
        village = np.repeat(np.arange(len(arrays["size"])), arrays["size"])
        return [self._kept.villages[at] for at in np.unique(village[waits]).tolist()]

    def begin(self, network: Network, fingerprint: str = "", register_of: RegisterOf = no_register) -> None:
        """Go on from the newest snapshot; the log is followed from there, to this register at its end."""
        self._register_saved = self._files.register()[0]
        self.registers.begin(self._files, self._kept, network, fingerprint, register_of)

    def move_to(self, network: Network, fingerprint: str, following: Following | None = None) -> None:
        """Go on under another register, and other ways, while channels send: who is in hand stays in hand."""
        following = self._book.following if following is None else following
        self.registers.move_to(network, fingerprint, following)
        self.silent.begin_anew(following.waits_s)

    def waiting_villages(self) -> list[str]:
        """Codes of villages in which somebody waits."""
        with self._book.lock:
            return self._book.waiting_villages()

    def follow_no_more(self) -> None:
        """The log has been followed: doors can be claimed."""
        self.registers.arrive()
        book = self._book
        with book.lock:
            if book.register.former:
                book.move_to(book.register.network)  # those of whom nothing is remembered are forgotten
            book.open_queue()

    def take_over(self, sequence: int, kept: KeptLedger) -> None:
        """Begin with what an earlier version left, as of an entry of the log. StoreError."""
        self._files.save(sequence, kept)
        self.sequence, self._kept, self.is_taken_over = sequence, kept, True

    def save(self, sequence: int) -> None:
        """Write a snapshot that holds everything up to an entry of the log. StoreError."""
        self.write(sequence, self.copied())

    def copied(self) -> LedgerCopy:
        """The ledger as it is now, to be written by any thread."""
        with self._book.lock:
            return self._book.copied()

    def write(self, sequence: int, copied: LedgerCopy) -> None:
        """Write a snapshot of the ledger as it was at an entry of the log. StoreError."""
        self._files.save(sequence, copied.kept())
        self.sequence = sequence
        if copied.fingerprint and copied.fingerprint != self._register_saved:
            # The doors that left are in the snapshot.
            self._files.save_register(copied.fingerprint, copied.register.network)
            self._register_saved = copied.fingerprint

    def save_register(self, fingerprint: str) -> None:
        """Keep the register, so that a door that leaves it can be told the end. StoreError."""
        known, _ = self._files.register()
        if known != fingerprint or not fingerprint:
            self._files.save_register(fingerprint, self.network)
        self._register_saved = fingerprint

    def had_ended_well(self) -> bool:
        """Whether it is known who was in anybody's hands when the last process ended; asked once."""
        return self._files.had_ended_well() or self.is_taken_over

    def end_well(self) -> None:
        """Nobody sends any more. StoreError if that cannot be noted."""
        if not np.any(self._hold() == IN_HAND):
            self._files.end_well()

    def _hold(self) -> np.ndarray:
        queue = self._book.queue
        return np.zeros(0, np.uint8) if queue is None else queue.hold

    def issue(self, bulletins: Iterable[Bulletin]) -> int:
        """What is issued to doors, villages numbered as in the register; returns for how many more doors."""
        with self._book.lock:
            return sum(self._book.put_down(bulletin) for bulletin in bulletins)

    def take_outcomes(self, payload: bytes) -> None:
        """An entry of outcomes that is durable. ValueError if it is none."""
        book = self._book
        for outcome in decode_outcomes(payload):
            with book.lock:
                village = book.register.village_of(outcome.village)
                if village is None:
                    continue
                row_of = {door: book.register.row_of(village, door) for door in outcome.doors}
                rows = sorted({row for row in row_of.values() if row is not None})
                numbers = np.array(rows, dtype=np.int64)
                at_s = _known_time(outcome.at_s)
                channel = book.register.way_of(outcome.channel)
                book.ledger.take(village, outcome.sequence, numbers, outcome.result, at_s, channel)
                self.sending.taken(outcome.sequence, rows)
                unknown = [door for door, row in row_of.items() if row is None]
                self.registers.note(village, outcome.sequence, unknown, outcome.result)

    def needs_doubt(self, since_s: int) -> bool:
        """Whether anybody may have been in hand: somebody waits, or an end was issued since."""
        ledger = self._book.ledger
        with self._book.lock:
            waits = next(iter(ledger.waiting_by_village()), None) is not None
            return waits or bool(np.any(ledger.is_end & (ledger.issued_s >= since_s)))

    def newest_issued_s(self) -> int:
        """Time of the newest bulletin; 0 before the first."""
        issued_s = self._book.ledger.issued_s
        return int(issued_s.max()) if len(issued_s) else 0

    def doubt(self, since_s: int) -> None:
        """Nobody knows who was in hand when a process ended: as of `Ledger.doubt`."""
        with self._book.lock:
            self._book.ledger.doubt(since_s)
            if self._book.queue is not None:
                self._book.open_queue()

    def close_call(self, village: str, door: str, at_s: int) -> None:
        """Another person has closed a door's call for help."""
        book = self._book
        with book.lock:
            number = book.register.village_of(village)
            row = None if number is None else book.register.row_of(number, door)
            if number is not None and row is not None:
                book.ledger.say(row, int(book.ledger.sequence[number]), Said.CONFIRM, _known_time(at_s))

    def is_of_doors(self, message: str) -> bool:
        """Whether a message is a bulletin that was put down for doors."""
        with self._book.lock:
            return self._book.of_name(message) is not None

    def is_key_of_door(self, key: str) -> bool:
        """Whether a key names a bulletin to a door. ValueError if it is none."""
        if self.sending.is_in_hand(key):
            return True
        message, _, channel = split_key(key)
        return channel != VILLAGE_TOPIC_CHANNEL and self.is_of_doors(message)

    def answer_many(self, answers: Sequence[RecipientAnswer]) -> int:
        """Answers, in the log's order; how many are of a door that was to get that bulletin."""
        book, known = self._book, 0
        with book.lock:
            for given in answers:
                spot = book.spot(given.message, given.recipient)
                if spot is not None:
                    known += 1
                    at_s = _known_time(given.at_s)
                    book.ledger.say(spot.row, spot.sequence, SAID[given.answer], at_s)
        return known

    def retire_channels(self, known: Collection[str]) -> int:
        """Doors that wait for a channel that is configured no more cannot be reached; how many."""
        book = self._book
        names = {*known, VILLAGE_TOPIC_CHANNEL}
        with book.lock:
            register = book.register
            channels = [register.channel_of_way(way) for way in range(len(register.ways))]
            return book.ledger.give_up(np.array([name not in names for name in channels] or [False]))

    def counts(self) -> dict[tuple[str, State], int]:
        """Notifications of doors by channel and state, replaced ones among them; costs what is in hand."""
        book = self._book
        found: Counter[tuple[str, State]] = Counter()
        with book.lock:
            ledger, register, queue = book.ledger, book.register, book.queue
            now = ledger.by_way.tolist()
            replaced = dict(zip(register.ways, ledger.past.replaced.tolist(), strict=False))
            replaced |= book.replaced_of_others
            for number, channel in enumerate(register.ways[: register.n_channels]):
                sending = 0 if queue is None else queue.in_hand(number)[0]
                found[channel, State.SENDING] += sending
                found[channel, State.PENDING] -= sending
        for way, name in enumerate(register.ways):
            channel = channel_in(name)
            found[channel, State.PENDING] += sum(now[way][state] for state in WAITING)
            for delivery, known in STATE_OF.items():
                found[channel, known] += now[way][delivery]
        for name, counts in replaced.items():
            for delivery, known in (*STATE_OF.items(), (Delivery.SPARED, State.SUPERSEDED)):
                found[channel_in(name), known] += counts[delivery]
        return {place: count for place, count in found.items() if count}

    def reach(self) -> Reach:
        """How many doors were addressed, reached and have ever answered."""
        with self._book.lock:
            return Reach(*(self._book.ledger.ever(bit) for bit in (ADDRESSED, REACHED, ANSWERED)))

    def by_village(self) -> np.ndarray:
        """Doors of every village by how far its newest bulletin came, then by what people said."""
        with self._book.lock:
            return self._book.ledger.by_village()

    def list_of(self, village: int) -> list[DoorState]:
        """Every door of a village: calls for help first, then who is silent, then the rest by code."""
        with self._book.lock:
            return doors_of(self._book, village)

    def words_of(self, village: int) -> StoredMessage | None:
        """The newest bulletin of a village; None before the first. StoreError if it is not kept."""
        book = self._book
        with book.lock:
            sequence = int(book.ledger.sequence[village])
            if not sequence:
                return None
            name, newest = book.name(village, sequence), book.newest.get(village)
        return self.texts.of(name, newest)

    def tally(self, identifier: str) -> Tally:
        """For how many doors a bulletin was, and how many it reached; zeros if it is not known."""
        with self._book.lock:
            found = self._book.of_name(identifier)
            return (None if found is None else self._book.tally(*found)) or Tally()

    def number_of(self, key: str) -> int | None:
        """Number in the answer links of a notification; None if the key is not of a door."""
        with self._book.lock:
            spot = self._book.spot_of_key(key)
            if spot is None:
                return None
            return link_number(self._book.register.villages[spot.village], split_key(key)[1])

    def addressed(self, number: int, proves: Proves) -> Addressed | None:
        """The bulletin and the door of a link with that number which its token proves; None without any."""
        with self._book.lock:
            found = self._proven(number, proves)
            shown = None if found is None else self._shown(found)
        return None if shown is None else self._addressed(shown)

    def addressed_by(self, message: str, door: str) -> Addressed | None:
        """What a link shows that was made for a bulletin and a door; None if nothing is known of them."""
        with self._book.lock:
            spot = self._book.spot(message, door)
            shown = None if spot is None else self._shown(spot)
        return None if shown is None else self._addressed(shown)

    def _shown(self, spot: Spot) -> ShownDoor:
        """By names; with the lock held, since numbers may be others afterwards."""
        book, village = self._book, spot.village
        newest = int(book.ledger.sequence[village])
        return ShownDoor(
            book.name(village, spot.sequence),
            book.name(village, newest),
            book.newest.get(village),
            book.register.code(spot.row),
            ANSWER_OF.get(People(int(book.ledger.people[spot.row]))),
        )

    def _addressed(self, shown: ShownDoor) -> Addressed:
        current = self.texts.of(shown.newest_name, shown.newest)
        message = current if shown.name == shown.newest_name else self.texts.older(shown.name, current)
        return Addressed(message, shown.door, shown.said, current)

    def _proven(self, number: int, proves: Proves) -> Spot | None:
        of_village, of_door = digests_in(number)
        book = self._book
        with book.lock:
            for village in book.register.villages_of_digest(of_village):
                doors = [door for door in book.register.doors(village) if door_digest(door) == of_door]
                for sequence in book.sequences(village):
                    name = book.name(village, sequence)
                    for door in doors:
                        if proves(name, door):
                            return book.spot(name, door)
        return None

    def forget(self, before_s: int) -> None:
        """Counts of episodes opened before a time are not needed any more."""
        with self._book.lock:
            self._book.ledger.past.forget(before_s)


def _known_time(at_s: int) -> int:
    """A time as rows hold it; there is none before the engine's first step."""
    return min(max(at_s, 0), TIME_MAX_S)


def doubtful_since_s(now_s: int) -> int:
    """Ends issued since then may have come while somebody was in the hands of a process that ended now."""
    return now_s - int(IN_HAND_S_MAX)
