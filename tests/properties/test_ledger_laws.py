"""Whatever is issued, claimed, answered, lost in a crash: everybody hears the newest word, and help stays."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import numpy as np
import pytest

from warnstream.delivery.dispatch.queue import Urgency
from warnstream.delivery.ledger.ledger import Ledger, Put
from warnstream.delivery.ledger.parts import COLUMNS, pack, unpack
from warnstream.delivery.ledger.queue import FREE, IN_HAND_S_MAX, DoorClaim, DoorQueue
from warnstream.delivery.ledger.states import Delivery, People, Result, Said
from warnstream.model.bulletins import N_BITS, N_MAX

FIRST = np.array([0, 2, 3], dtype=np.int32)
WAY = np.array([0, 1, 0], dtype=np.uint8)
N_DOORS, N_WAYS, NEXT = len(WAY), 3, {0: 2}
"""Doors of channel 0 are told by channel 2 where they are silent, or not reached."""
SEQUENCES, STEPS = 600, 60
URGENCY = {"end": Urgency.END, "remind": Urgency.REMINDER, "rise": Urgency.LEAVE}
DOUBT_S = int(IN_HAND_S_MAX) + 1


@dataclass
class Device:
    """What a door's device was sent; it shows a key once."""

    got: list[int] = field(default_factory=list)

    def take(self, sequence: int) -> None:
        if sequence not in self.got:
            assert not self.got or sequence > self.got[-1], "an older bulletin after a newer one"
            self.got.append(sequence)


class World:
    """A desk, two channels, people and a process that is killed, around one ledger and its log."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.log: list[tuple[str, tuple[object, ...]]] = []
        self.ledger = Ledger(FIRST, WAY, next_way=NEXT)
        self.queue = DoorQueue(self.ledger, N_WAYS)
        self.now = 1_000
        self.in_hand: list[DoorClaim] = []
        self.devices = [Device() for _ in range(N_DOORS)]
        self.settled: set[tuple[int, int, int]] = set()
        self.newest: dict[int, Put] = {}
        self.ends: set[int] = set()
        self.need_none: dict[int, set[int]] = {}
        self.calling: set[int] = set()
        self.way_of: dict[int, int] = {}

    def live(self, steps: int) -> None:
        """Random steps, and after each the laws that hold at any time."""
        names: list[Callable[[], None]] = [
            *[self.issue] * 4,
            *[self.claim] * 4,
            *[self.sent] * 3,
            *[self.not_sent] * 2,
            self.returned,
            self.receipt,
            *[self.answer] * 2,
            self.close_call,
            self.silence,
            self.time_passes,
            self.crash,
        ]
        for _ in range(steps):
            self.chance.choice(names)()
            self.check()
        self.check_log()
        if self.chance.random() < 0.3:
            self.crash()
        self.everything_is_sent()

    def do(self, kind: str, *what: object) -> None:
        """A fact is in the log before the ledger has it."""
        self.log.append((kind, what))
        apply(self.ledger, kind, *what)

    def issue(self) -> None:
        village = self.chance.randrange(len(FIRST) - 1)
        kind = self.chance.choice(["rise", "rise", "remind", "end"])
        last = self.newest.get(village)
        if last is None and kind != "rise":
            return
        self.now += 1
        if last is None or last.is_end or (kind == "rise" and self.chance.random() < 0.1):
            opened, n, kind = self.now, 1, "rise"
        else:
            opened, n = last.sequence >> N_BITS, (last.sequence & N_MAX) + 1
        put = Put(
            village,
            (opened << N_BITS) | n,
            self.now,
            urgency=URGENCY[kind],
            is_end=kind == "end",
            is_reminder=kind == "remind",
            asks=kind != "end",
        )
        self.newest[village] = put
        if put.is_end:
            self.ends.add(put.sequence)
        if put.is_reminder:
            on_their_way = np.isin(self.ledger.people, ON_THEIR_WAY)
            self.need_none[village] = set(np.flatnonzero(on_their_way).tolist())
        self.do("issued", put)
        self.queue.put_down(village)

    def claim(self) -> None:
        way, limit = self.chance.randrange(N_WAYS), self.chance.randint(1, 3)
        taken = self.queue.claim(way, limit, float(self.now))
        assert len(taken) <= limit
        assert not {claim.row for claim in taken} & {claim.row for claim in self.in_hand}, "in two hands"
        for claim in taken:
            assert self.ledger.way[claim.row] == way
            assert claim.sequence == self.newest[claim.village].sequence, "an old bulletin"
            assert (claim.row, claim.sequence, way) not in self.settled, "told twice"
            if way != WAY[claim.row] and self.ledger.told[claim.row] == claim.sequence & N_MAX:
                assert self.ledger.people[claim.row] == People.SILENT, "called, though it has answered"
        self.in_hand += taken
        self.way_of.update((claim.row, way) for claim in taken)

    def settle(self, one: DoorClaim, result: Result, due_at: float = 0.0) -> None:
        way = self.way_of[one.row]
        self.do("outcome", one.village, one.sequence, (one.row,), result, self.now, way)
        self.queue.release(one.row, one.sequence, due_at)
        if result is Result.SENT:
            self.settled.add((one.row, one.sequence, way))

    def silence(self) -> None:
        """Nobody answers: doors that were told go on to the next channel."""
        for village, put in self.newest.items():
            rows, _ = self.ledger.silent_since(village)
            if put.is_end or not len(rows):
                continue
            self.do("outcome", village, put.sequence, tuple(rows.tolist()), Result.SILENT, self.now, 0)
            for row in rows.tolist():
                if self.queue.hold[row] == FREE and self.ledger.is_waiting(row):
                    self.queue.release(row, put.sequence)

    def sent(self) -> None:
        for claim in self.in_hand[:2]:
            self.devices[claim.row].take(claim.sequence)
            self.settle(claim, Result.SENT)
        del self.in_hand[:2]

    def not_sent(self) -> None:
        result = self.chance.choice([Result.FAILED, Result.FAILED, Result.UNREACHABLE, Result.EXPIRED])
        for claim in self.in_hand[:1]:
            if result is not Result.EXPIRED and self.chance.random() < 0.5:  # it said no, and had taken it
                self.devices[claim.row].take(claim.sequence)
            due_at = float(self.now + self.chance.randint(0, 30)) if result is Result.FAILED else 0.0
            self.settle(claim, result, due_at)
        del self.in_hand[:1]

    def returned(self) -> None:
        """It could not be tried: the log knows nothing of it."""
        for claim in self.in_hand[:1]:
            self.queue.release(claim.row, claim.sequence)
        del self.in_hand[:1]

    def receipt(self) -> None:
        """A device says again what it has."""
        door = self.chance.randrange(N_DOORS)
        for sequence in self.devices[door].got[-1:]:
            village, way = int(self.ledger.village[door]), int(WAY[door])
            self.do("outcome", village, sequence, (door,), Result.DELIVERED, self.now, way)
            self.settled.add((door, sequence, way))

    def answer(self) -> None:
        door = self.chance.randrange(N_DOORS)
        said = self.chance.choice([Said.ACKNOWLEDGE, Said.MOVE, Said.CLAIM_SAFE, Said.REFUSE, Said.CALL])
        for sequence in self.devices[door].got[-1:]:
            before = int(self.ledger.people[door])
            self.do("said", door, sequence, said, self.now)
            if said is Said.CALL:
                self.calling.add(door)
            if sequence < self.newest[int(self.ledger.village[door])].sequence and said is Said.ACKNOWLEDGE:
                assert int(self.ledger.people[door]) == before, "an old acknowledgement counts"

    def close_call(self) -> None:
        for door in sorted(self.calling)[:1]:
            sequence = self.devices[door].got[-1]
            self.do("said", door, sequence, Said.ASSIGN, self.now)
            self.do("said", door, sequence, Said.CONFIRM, self.now)
            self.calling.discard(door)

    def time_passes(self) -> None:
        self.now += self.chance.choice([1, 20, DOUBT_S // 3])

    def crash(self) -> None:
        """What is in hand may have arrived, and nobody remembers."""
        for claim in self.in_hand:
            if self.chance.random() < 0.5:
                self.devices[claim.row].take(claim.sequence)
        self.in_hand.clear()
        self.ledger = folded(self.log)
        self.do("doubt", self.now - DOUBT_S)
        self.queue = DoorQueue(self.ledger, N_WAYS)

    def check(self) -> None:
        assert set(self.ledger.helps()) == self.calling, "a call for help is lost"
        assert (self.ledger.past.replaced >= 0).all(), "somebody counted twice"
        for row, sequence, _ in self.settled:
            newest = self.newest[int(self.ledger.village[row])].sequence
            if sequence >> N_BITS == newest >> N_BITS:
                assert self.ledger.told[row] >= sequence & N_MAX, "what was told is forgotten"
        for village in self.newest:
            rows = self.ledger.rows_of(village)
            states, people = self.ledger.state[rows] & 7, self.ledger.people[rows]
            assert (states != Delivery.NONE).all(), "somebody without a state"
            counts = self.ledger.counts([village])
            assert counts.delivery == tuple(np.bincount(states, minlength=8).tolist())
            assert counts.people == tuple(np.bincount(people, minlength=8).tolist())

    def check_log(self) -> None:
        """The log is the whole truth, and a snapshot is the ledger."""
        assert_equal(folded(self.log), self.ledger)
        again, arrays = Ledger(FIRST, WAY, next_way=NEXT), pack(self.ledger)
        rows = [np.arange(FIRST[v], FIRST[v + 1]) for v in arrays["village"]]
        unpack(
            again,
            arrays,
            arrays["village"].tolist(),
            np.concatenate([np.zeros(0, np.int64), *rows]).astype(np.int64),
            range(N_WAYS),
        )
        assert_equal(again, self.ledger)

    def everything_is_sent(self) -> None:
        """With channels that work everybody hears the newest word, and who heard something the end."""
        for claim in self.in_hand:
            self.devices[claim.row].take(claim.sequence)
            self.settle(claim, Result.SENT)
        for way in range(N_WAYS):
            while taken := self.queue.claim(way, 2, 1e9):
                self.way_of.update((claim.row, way) for claim in taken)
                for claim in taken:
                    self.devices[claim.row].take(claim.sequence)
                    self.settle(claim, Result.SENT)
        for village, put in self.newest.items():
            assert self.ledger.counts([village]).waiting == 0, "somebody waits for ever"
            for row in range(FIRST[village], FIRST[village + 1]):
                self.check_door(row, put)

    def check_door(self, row: int, put: Put) -> None:
        got, state = self.devices[row].got, Delivery(int(self.ledger.state[row]) & 7)
        is_given_up = state in (Delivery.UNREACHABLE, Delivery.EXPIRED)
        if put.is_end:
            assert not got or got[-1] in self.ends or is_given_up, "who was told hears the end"
        elif not is_given_up and not (put.is_reminder and row in self.need_none[put.village]):
            assert put.sequence in got, "failed, and never tried again"


ON_THEIR_WAY = (People.MOVING, People.SAID_SAFE, People.SAFE)


@pytest.mark.parametrize("part", range(10))
def test_the_laws_of_the_ledger_hold_in_random_sequences(part: int) -> None:
    for seed in range(part * SEQUENCES // 10, (part + 1) * SEQUENCES // 10):
        try:
            World(seed).live(STEPS)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def folded(log: list[tuple[str, tuple[object, ...]]]) -> Ledger:
    ledger = Ledger(FIRST, WAY, next_way=NEXT)
    for kind, what in log:
        apply(ledger, kind, *what)
    return ledger


def apply(ledger: Ledger, kind: str, *what: object) -> None:
    """One entry of the log."""
    if kind == "issued":
        ledger.put_down(*what)  # type: ignore[arg-type]
    elif kind == "outcome":
        village, sequence, rows, result, at_s, way = what
        numbers = np.array(rows, dtype=np.int64)
        ledger.take(village, sequence, numbers, result, at_s, way)  # type: ignore[arg-type]
    elif kind == "said":
        ledger.say(*what)  # type: ignore[arg-type]
    else:
        ledger.doubt(*what)  # type: ignore[arg-type]


def assert_equal(one: Ledger, other: Ledger) -> None:
    for name in (*COLUMNS, "way", "sequence", "urgency", "is_end"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    assert one.tallies == other.tallies
    assert set(one.helps()) == set(other.helps())
