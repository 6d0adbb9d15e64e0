"""Doors of a node, its files and its log: whatever fails, each hears the newest word once and in order."""

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from tests.doors import LoggedOutbox
from tests.unit.adapters.county import SENT_S, again, bulletin, given_up, network, rendered, sent
from warnstream.adapters.ledger.book import Book
from warnstream.adapters.ledger.doors import STATE_OF
from warnstream.adapters.outbox.types import Claimed
from warnstream.delivery.dispatch.notification import EXPIRED_UNSENT, Settlement, Signal, State
from warnstream.delivery.ledger.columns import STATE_BITS
from warnstream.delivery.ledger.ledger import Ledger
from warnstream.delivery.ledger.parts import pack
from warnstream.delivery.ledger.queue import IN_HAND
from warnstream.delivery.ledger.states import WAITING, Delivery
from warnstream.model.bulletins import Action, Bulletin, BulletinCause
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL, Answer, Effects
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.times import compact_utc
from warnstream.runners.intake import entries
from warnstream.runners.intake.door_entries import DOUBT, OUTCOME
from warnstream.runners.intake.history_entries import ISSUED

SEEDS, STEPS = 40, 60
LARGE, SMALL = network((3, 2)), network((2, 2))
"""The register, and one that V1-H2 has left."""
LEFT = "V1-H2"

CALLS = ("voice", "0571000")


def with_ways(town: Network, *further: tuple[tuple[str, str], ...]) -> Network:
    """Doors in order with the ways that they have beside their text."""
    return replace(town, households=replace(town.households, further=further))


WAYS_LARGE = with_ways(LARGE, (CALLS,), (("device", "d1"), CALLS), (CALLS,), (), (("device", "d4"),))
WAYS_SMALL = with_ways(SMALL, (), (CALLS,), (("device", "d3"),), (CALLS,))
"""The same doors with other ways, too."""


@dataclass
class Phone:
    """What a door was shown: each key once."""

    keys: list[str] = field(default_factory=list)
    sequences: dict[str, list[int]] = field(default_factory=dict)
    has_ways: bool = False

    def show(self, row: Claimed) -> None:
        if row.key in self.keys:
            return
        self.keys.append(row.key)
        before = self.sequences.setdefault(row.message.village, [])
        # A way that seemed to have failed may have told it all the same: then the next tells it again.
        is_newer = not before or row.message.version > before[-1] - self.has_ways
        assert is_newer, "an older bulletin after a newer one"
        before.append(row.message.version)


class Night:
    """A desk, one channel, people, a register that changes and a process that is killed."""

    large, small = LARGE, SMALL
    channels: tuple[str, ...] = ("sms",)

    def __init__(self, directory: Path, seed: int) -> None:
        self.chance, self.directory, self.network = Random(seed), directory, self.large
        self.outbox = self.opened()
        self.in_hand: list[Claimed] = []
        self.phones: dict[str, Phone] = {}
        self.newest: dict[int, Bulletin] = {}
        self.ended: set[int] = set()
        self.now = SENT_S

    def opened(self) -> LoggedOutbox:
        return LoggedOutbox(self.directory, network=self.network, doubt_since_s=0)

    def issue(self) -> None:
        village = self.chance.randrange(2)
        last = self.newest.get(village)
        kind = self.chance.choice([BulletinCause.RAISED, BulletinCause.REMINDER, BulletinCause.ENDED])
        self.now += 10
        if last is None or last.action.is_end:
            one = bulletin(village, 1, cause=BulletinCause.FIRST)
            one = replace(one, opened_s=self.now)
        elif kind is BulletinCause.ENDED:
            one = replace(
                bulletin(village, last.n + 1, Level.NONE, action=Action.CLEAR), opened_s=last.opened_s
            )
        else:
            one = replace(bulletin(village, last.n + 1, cause=kind), opened_s=last.opened_s)
        self.put_down(village, one)

    def issue_end(self, village: int, last: Bulletin) -> None:
        one = bulletin(village, last.n + 1, Level.NONE, action=Action.CLEAR)
        self.put_down(village, replace(one, opened_s=last.opened_s))

    def put_down(self, village: int, one: Bulletin) -> None:
        name = f"ws.V{village + 1}.{compact_utc(one.opened_s)}.{one.n}"
        one = replace(one, identifier=name, issued_s=self.now)
        self.newest[village] = one
        if one.action.is_end:
            self.ended.add(one.sequence)
        self.outbox.record(Effects(bulletins=[one]), self.network, rendered)

    def end_all(self) -> None:
        """Everything is over, while some are in somebody's hands, and then the process is killed."""
        for village, last in list(self.newest.items()):
            self.claim()
            if not last.action.is_end:
                self.issue_end(village, last)
        self.restart()

    def claim(self) -> None:
        channel = self.channels[0] if len(self.channels) == 1 else self.chance.choice(self.channels)
        claimed = self.outbox.claim(channel, self.chance.randint(1, 4), float(self.now))
        doors = [(row.message.village, row.recipient) for row in (*self.in_hand, *claimed)]
        assert len(set(doors)) == len(doors), "in two hands"
        for row in claimed:
            assert row.message.identifier == self.newest[int(row.message.village[1]) - 1].identifier
        self.in_hand += claimed

    def settle(self) -> None:
        batch, self.in_hand = self.in_hand[:2], self.in_hand[2:]
        ways = ["sent", "sent", "again", "returned"]
        if all(row.message.level for row in batch):  # else who was given up is not told the end
            ways += ["given up", "expired"]
        how = self.chance.choice(ways)
        keys = [row.key for row in batch]
        for row in batch:
            if how == "sent" or (how in ("again", "given up") and self.chance.random() < 0.4):
                self.phone(row).show(row)
        settlements = {
            "sent": sent(keys),
            "again": again(keys, self.now + 20.0),
            "given up": given_up(keys),
            "expired": dict.fromkeys(keys, EXPIRED_UNSENT),
            "returned": dict.fromkeys(keys, Settlement(Signal.RETURNED)),
        }
        self.outbox.settle(settlements[how], self.now)

    def phone(self, row: Claimed) -> Phone:
        return self.phones.setdefault(row.recipient, Phone(has_ways=len(self.channels) > 1))

    def hand_on(self) -> None:
        """A channel is held, and what works beside it may have some of its doors."""
        held = self.chance.choice(self.channels)
        rooms = {name: self.chance.randint(0, 3) for name in self.channels if name != held}
        self.outbox.hand_on(held, rooms, float(self.now))

    def receipt(self) -> None:
        for door, phone in self.phones.items():
            if phone.keys and self.chance.random() < 0.5:
                known = self.outbox.mark_delivered(phone.keys[-1], self.now)
                assert known or door == LEFT, "nobody else is ever forgotten"

    def undelivered(self) -> None:
        for phone in self.phones.values():
            if phone.keys and self.chance.random() < 0.2:
                self.outbox.settle({phone.keys[-1]: Settlement(Signal.UNDELIVERED)}, self.now)

    def answer(self) -> None:
        for door, phone in self.phones.items():
            if phone.keys and self.chance.random() < 0.3:
                message = phone.keys[-1].partition("|")[0]
                known = self.outbox.answer(message, door, self.chance.choice(list(Answer)), self.now)
                assert known or door == LEFT, "nobody else is ever forgotten"

    def snapshot(self) -> None:
        self.outbox.save()

    def restart(self) -> None:
        for row in self.in_hand:
            if self.chance.random() < 0.5:
                self.phone(row).show(row)
        was_quiet = not self.in_hand
        self.in_hand = []
        if was_quiet and self.chance.random() < 0.5:
            self.outbox.doors.follow_no_more()  # as a start does, it forgets former doors that know all
            before = pack_of(self.outbox)
            self.outbox.close()
            self.outbox = self.opened()
            assert pack_of(self.outbox) == before, "the log led to another ledger"
            return
        self.outbox.crash()
        self.outbox = self.opened()

    def register(self) -> None:
        """A door leaves the register, or comes back."""
        if not self.in_hand:
            self.network = self.small if self.network is self.large else self.large
            self.outbox.crash()
            self.outbox = self.opened()
            last = [newest for newest in self.newest.values() if not newest.action.is_end]
            self.outbox.record(Effects(to_newcomers=last), self.network, rendered)

    def move(self) -> None:
        """A door leaves the register, or comes back, while the process runs and doors are in hand."""
        self.snapshot()
        self.network = self.small if self.network is self.large else self.large
        self.outbox.reload(self.network)
        last = [newest for newest in self.newest.values() if not newest.action.is_end]
        self.outbox.record(Effects(to_newcomers=last), self.network, rendered)

    def end(self) -> None:
        """With a channel that works nobody waits, and who heard something has heard its end."""
        self.outbox.settle(sent(row.key for row in self.in_hand), self.now)
        for row in self.in_hand:
            self.phone(row).show(row)
        for channel in self.channels:
            while claimed := self.outbox.claim(channel, 5, 1e12):
                for row in claimed:
                    self.phone(row).show(row)
                self.outbox.settle(sent(row.key for row in claimed), self.now)
            assert self.outbox.open_count(channel) == 0
        for village, newest in self.newest.items():
            if not newest.action.is_end:
                continue
            for door, phone in self.phones.items():
                got = phone.sequences.get(f"V{village + 1}", [])
                assert not got or got[-1] in self.ended, f"{door} waits for an end"
        self.outbox.close()


class Reloads(Night):
    """The same with no snapshot beside a reload, and kills soon after it."""

    def move(self) -> None:
        self.network = self.small if self.network is self.large else self.large
        self.outbox.reload(self.network)
        last = [newest for newest in self.newest.values() if not newest.action.is_end]
        self.outbox.record(Effects(to_newcomers=last), self.network, rendered)
        for _ in range(2):
            self.claim()
            self.settle()
        self.chance.choice([self.register, self.restart, self.issue])()


class WaysNight(Night):
    """The same with doors of several ways, which change with the register, too."""

    large, small = WAYS_LARGE, WAYS_SMALL
    channels = ("sms", "device", "voice")


class WaysReloads(Reloads, WaysNight):
    """Both."""


def pack_of(outbox: LoggedOutbox) -> dict[str, bytes]:
    ledger: Ledger = outbox.doors._book.ledger
    packed = {name: array.tobytes() for name, array in pack(ledger).items() if name != "way"}
    ways = outbox.doors._book.register.ways  # numbered as registers have come
    return packed | {"way": ";".join(ways[way] for way in pack(ledger)["way"].tolist()).encode()}


def counted(outbox: LoggedOutbox) -> dict[tuple[str, State], int]:
    """`DoorStore.counts`, door by door."""
    book, found = outbox.doors._book, Counter[tuple[str, State]]()
    assert book.queue is not None
    for row in range(len(book.ledger)):
        delivery, channel = Delivery(int(book.ledger.state[row]) & STATE_BITS), channel_now(book, row)
        if delivery in WAITING:
            is_sent_now = book.queue.hold[row] == IN_HAND
            found[channel, State.SENDING if is_sent_now else State.PENDING] += 1
        elif delivery in STATE_OF:
            found[channel, STATE_OF[delivery]] += 1
    replaced = dict(zip(book.register.ways, book.ledger.past.replaced.tolist(), strict=False))
    for name, counts in (replaced | book.replaced_of_others).items():
        channel = name.partition(";")[0]
        for delivery, state in (*STATE_OF.items(), (Delivery.SPARED, State.SUPERSEDED)):
            found[channel, state] += counts[delivery]
    return {place: count for place, count in found.items() if count}


def channel_now(book: Book, row: int) -> str:
    """Channel on which a door is told now."""
    return book.register.channel_of_way(int(book.ledger.way[row]))


def open_counted(outbox: LoggedOutbox, channel: str) -> int:
    """`DoorSending.open_count`, door by door."""
    book = outbox.doors._book
    assert book.queue is not None
    rows = [row for row in range(len(book.ledger)) if channel_now(book, row) == channel]
    return sum(book.ledger.is_waiting(row) or book.queue.hold[row] == IN_HAND for row in rows)


@pytest.mark.parametrize("kind", [Night, WaysNight, Reloads, WaysReloads])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_each_door_hears_the_newest_word_in_order_whatever_fails(seed: int, kind: type[Night]) -> None:
    folder = Path(tempfile.mkdtemp())
    night = kind(folder, seed)
    moves = [
        *[night.issue] * 3,
        *[night.claim] * 4,
        *[night.settle] * 5,
        night.hand_on,
        night.receipt,
        night.undelivered,
        night.answer,
        night.snapshot,
        night.restart,
        night.register,
        night.move,
    ]
    for _ in range(STEPS):
        night.chance.choice(moves)()
        assert night.outbox.doors.counts() == counted(night.outbox)
        for channel in night.channels:
            assert night.outbox.doors.sending.open_count(channel) == open_counted(night.outbox, channel)
        assert len(night.outbox.counts()) < 30
        assert night.outbox.counts().get((VILLAGE_TOPIC_CHANNEL, State.FAILED), 0) == 0
    if night.newest and not all(newest.action.is_end for newest in night.newest.values()):
        night.end_all()
    night.end()
    shutil.rmtree(folder)


@pytest.mark.parametrize("kind", [entries.TICK, ISSUED, entries.ANSWER, entries.MESSAGES, OUTCOME, DOUBT])
@pytest.mark.parametrize("payload", [b"", b"\xff", b"\x93\x01", b"not what it should be"])
def test_an_entry_that_says_nothing_keeps_no_other_from_being_followed(
    tmp_path: Path, kind: str, payload: bytes
) -> None:
    night = Night(tmp_path, 1)
    for village in (0, 1):
        night.put_down(village, bulletin(village, 1, cause=BulletinCause.FIRST))
    night.outbox.journal.append(kind, payload)
    night.put_down(0, bulletin(0, 2, cause=BulletinCause.RAISED))
    night.outbox.crash()
    (again_opened := LoggedOutbox(tmp_path, network=LARGE)).save()
    waiting = {row.key for row in again_opened.claim("sms", 9, 1e12)}
    again_opened.close()
    assert {key.partition("|")[0] for key in waiting} == {
        night.newest[village].identifier for village in (0, 1)
    }
