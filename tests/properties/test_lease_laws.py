"""Three machines, lines that lose and delay, clocks that drift, processes that die: at most one leads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warnstream.runners.witness import lease
from warnstream.runners.witness.lease import Book, Heir, Lent, Right

LEASE_S, PATIENCE_S, STEP_S = 15.0, 20.0, 0.25


@dataclass
class Clock:
    """Of one machine: up to a tenth too fast or too slow, from any beginning."""

    rate: float
    begin: float

    def at(self, true_s: float) -> float:
        return self.begin + self.rate * true_s


@dataclass
class Machine:
    """A box: what it has on disk, and what its process knows."""

    name: str
    clock: Clock
    term: int
    leads: bool
    right: Right = field(default_factory=lambda: Right(LEASE_S, PATIENCE_S))
    heir: Heir = field(default_factory=lambda: Heir(PATIENCE_S, 0.0))
    is_up: bool = True
    asked_s: float | None = None
    has_given: bool = False

    def restart(self, true_s: float) -> None:
        now = self.clock.at(true_s)
        self.right, self.heir = Right(LEASE_S, PATIENCE_S), Heir(PATIENCE_S, now)
        self.asked_s, self.is_up = None, True

    def may(self, true_s: float) -> bool:
        return self.is_up and self.leads and self.right.has(self.clock.at(true_s))


class World:
    """The machines, the lines, and what is on its way: (when it comes, to whom, what)."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.true_s = 0.0
        rates = [random.uniform(0.91, 1.1) for _ in range(3)]
        self.boxes = [
            Machine("north", Clock(rates[0], random.uniform(0, 1e6)), 1, leads=True),
            Machine("south", Clock(rates[1], random.uniform(0, 1e6)), 0, leads=False),
        ]
        for box in self.boxes:
            box.restart(0.0)
        self.clock = Clock(rates[2], random.uniform(0, 1e6))
        self.disk = Lent()
        self.book = Book(self.disk, LEASE_S, self.clock.at(0.0) + LEASE_S)
        self.witness_up = True
        self.cut: set[frozenset[str]] = set()
        self.on_its_way: list[tuple[float, str, tuple[object, ...]]] = []
        self.n_takeovers = self.n_led = 0

    def send(self, sender: str, to: str, *what: object) -> None:
        if frozenset((sender, to)) in self.cut or self.random.random() < 0.05:
            return
        delay = self.random.choice((0.0, 0.1, 0.5, 3.0, 20.0))
        self.on_its_way.append((self.true_s + delay, to, (sender, *what)))

    def box(self, name: str) -> Machine:
        return next(box for box in self.boxes if box.name == name)

    def deliver(self) -> None:
        due = [word for word in self.on_its_way if word[0] <= self.true_s]
        self.on_its_way = [word for word in self.on_its_way if word[0] > self.true_s]
        for _, to, (sender, what, *rest) in due:
            if to == "witness":
                self.witness_hears(str(sender), int(rest[0]), float(rest[1]))  # type: ignore[call-overload, arg-type]
            elif self.box(to).is_up:
                self.box_hears(self.box(to), str(sender), str(what), rest)

    def witness_hears(self, box: str, term: int, asked_s: float) -> None:
        if not self.witness_up:
            return
        now = self.clock.at(self.true_s)
        lent = self.book.ask(box, term, now)
        if lent is not None:
            self.disk = lent  # on disk first
            self.book.keep(lent, now)
        self.send("witness", box, "said", lent is not None, asked_s, term, self.book.lent.term)

    def box_hears(self, box: Machine, sender: str, what: str, rest: list[object]) -> None:
        now = box.clock.at(self.true_s)
        if what == "said":
            is_lent, asked_s, term, known = rest
            self.hears_witness(box, bool(is_lent), float(asked_s), int(term), int(known))  # type: ignore[arg-type, call-overload]
        elif what == "entries":
            term, sent_s = rest
            if not box.leads and int(term) >= box.term and box.asked_s is None:  # type: ignore[call-overload]
                box.term = int(term)  # type: ignore[call-overload]
                box.heir.confirmed(now, is_level=True)
                self.send(box.name, sender, "confirm", term, sent_s)
        elif what == "confirm" and box.leads and rest[0] == box.term:
            box.right.confirmed(float(rest[1]))  # type: ignore[arg-type]

    def hears_witness(self, box: Machine, is_lent: bool, asked_s: float, term: int, known: int) -> None:
        if box.leads and term == box.term:
            if is_lent:
                box.right.lent(asked_s)
            else:
                box.right.refused()
                if known > box.term:
                    box.leads = False  # it stands by from then on
                    box.restart(self.true_s)
        elif not box.leads and box.asked_s == asked_s and term == box.term + 1:
            box.asked_s = None
            if is_lent:
                box.leads, box.term = True, term
                box.right = Right(LEASE_S, PATIENCE_S)
                box.right.lent(asked_s)
                self.n_takeovers += 1

    def act(self) -> None:
        for box, other in (self.boxes, self.boxes[::-1]):
            if not box.is_up or self.random.random() < 0.5:
                continue
            now = box.clock.at(self.true_s)
            if box.leads:
                self.send(box.name, "witness", "ask", box.term, now)
                self.send(box.name, other.name, "entries", box.term, now)
            else:
                if box.asked_s is not None and now - box.asked_s > 5.0:
                    box.asked_s = None
                    box.heir = Heir(PATIENCE_S, now - PATIENCE_S)  # it may ask again, or follow again
                if box.asked_s is None and box.heir.may_ask(now):
                    box.asked_s = now
                    self.send(box.name, "witness", "ask", box.term + 1, now)

    def disturb(self) -> None:
        if self.random.random() > 0.01:
            return
        names = ("north", "south", "witness")
        kinds = ("alone", "alone", "alone", "cut", "mend", "kill", "start", "start", "witness", "lose")
        what = self.random.choice(kinds)
        if what == "alone":  # the box that leads hears nobody, and goes on with what it was told last
            leads = next((box.name for box in self.boxes if box.leads and box.is_up), "north")
            self.cut = {frozenset((leads, name)) for name in names if name != leads}
        elif what == "cut":
            self.cut.add(frozenset(self.random.sample(names, 2)))
        elif what == "mend":
            self.cut.clear()
        elif what == "kill":
            self.random.choice(self.boxes).is_up = False
        elif what == "start":
            for box in self.boxes:
                if not box.is_up:
                    box.restart(self.true_s)
        else:
            # It is started anew, and counts from then on; "lose": its disk is new, too.
            self.disk = Lent() if what == "lose" and self.random.random() < 0.3 else self.disk
            self.witness_up = not self.witness_up or self.random.random() < 0.5
            self.book = Book(self.disk, LEASE_S, self.clock.at(self.true_s) + LEASE_S)


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_never_two_may_lead_at_one_moment(seed: int) -> None:
    world = World(Random(seed))
    for _ in range(1_500):
        world.true_s += STEP_S
        world.disturb()
        world.act()
        world.deliver()
        leading = [box.name for box in world.boxes if box.may(world.true_s)]
        assert len(leading) <= 1, (seed, world.true_s, leading)


def test_the_world_of_these_laws_has_takeovers_in_it() -> None:
    """Else the law would hold because nobody ever leads."""
    worlds = [World(Random(seed)) for seed in range(40)]
    n_led = 0
    for world in worlds:
        for _ in range(1_500):
            world.true_s += STEP_S
            world.disturb()
            world.act()
            world.deliver()
            n_led += any(box.may(world.true_s) for box in world.boxes)
    assert sum(world.n_takeovers for world in worlds) > 8
    assert n_led > 0.3 * 40 * 1_500


def test_this_world_finds_a_word_that_counts_for_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the law would hold whatever a word is worth."""
    monkeypatch.setattr(lease, "MARGIN", 2.0)
    assert any(n_leading > 1 for seed in range(40) for n_leading in leading_in(World(Random(seed))))


def leading_in(world: World) -> Iterator[int]:
    """How many may lead, at every moment."""
    for _ in range(1_500):
        world.true_s += STEP_S
        world.disturb()
        world.act()
        world.deliver()
        yield sum(box.may(world.true_s) for box in world.boxes)


def test_a_word_counts_for_less_than_it_was_given_for() -> None:
    right = Right(10.0, 20.0)
    right.lent(100.0)
    assert right.has(107.9)
    assert not right.has(108.1)
    right.confirmed(100.0)
    assert right.has(115.9)
    assert not right.has(116.1)


def test_the_witness_gives_to_another_box_only_when_its_count_is_over_or_the_holder_says_so() -> None:
    book = Book(Lent(3, "north"), 10.0, until_s=10.0)
    assert book.ask("north", 3, 1.0) == Lent(3, "north")
    assert book.ask("south", 4, 9.9) is None
    assert book.ask("south", 4, 9.9, is_given=True) == Lent(4, "south")
    assert book.ask("south", 4, 10.0) == Lent(4, "south")
    book.keep(Lent(4, "south"), 10.0)
    assert book.ask("north", 3, 99.0) is None
    assert book.ask("north", 4, 99.0) is None
    assert book.left_s(11.0) == 9.0
