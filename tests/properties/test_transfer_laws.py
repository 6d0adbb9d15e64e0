"""Laws of transfer lists under any sequence of levels, orders, marks, answers, heads, waiting and restarts.

The desk is restored from its snapshot before every step, and a follower reads what a log would have.
"""

from dataclasses import dataclass, field, replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.desk.county import MESSAGE_POLICY, T0, desk_of, reason
from tests.unit.desk.transfers_county import NETWORK_CODES, people
from warnstream.desk import Case, DeskInput, VillageCase, WarningDesk
from warnstream.lifecycle.voice import VillageVoice
from warnstream.model.bulletins import Action, Bulletin, BulletinPolicy
from warnstream.model.changes import Change, LevelChange
from warnstream.model.digests import FieldReport
from warnstream.model.effects import Answer, Effects, RecipientAnswer
from warnstream.model.hands.orders import SAFE, UNSAFE, HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.model.transfers.marks import MarkWord, RowMark
from warnstream.model.warning import MessageStatus
from warnstream.runners.transfers.counters import counters_of
from warnstream.runners.transfers.describe import describe_transfers

Step = tuple[int, list[tuple[object, ...]]]

NETWORK = people()
HAZARDS = ("flash_flood", "rainstorm")
ROWS = ("door-0", "door-1", "door-4", "door-6", "hut", "boat", "pond", "site")

DECISIONS = {
    "over": (OrderKind.TRANSFER_OVER,),
    "shelter": (OrderKind.LEAVE_SHELTER,),
    "back": (OrderKind.TRANSFER_OVER, OrderKind.ASSESS, OrderKind.RETURN),
}

villages = st.integers(0, 2)
events = st.one_of(
    st.tuples(st.just("level"), st.integers(0, 1), st.sampled_from(HAZARDS), st.sampled_from(list(Level))),
    st.tuples(
        st.just("transfer"),
        st.lists(villages, min_size=1, max_size=2, unique=True),
        st.sampled_from([(), ("A",), ("A", "B", "C")]),
        st.sampled_from([(), ("Z-stream",), ("Z-stream", "Z-slope")]),
        st.sampled_from([0, HOUR_S, 5 * HOUR_S]),
    ),
    st.tuples(st.just("over"), villages),
    st.tuples(st.just("shelter"), villages),
    st.tuples(st.just("assess"), villages, st.sampled_from([SAFE, SAFE, UNSAFE])),
    st.tuples(st.just("return"), villages, st.sampled_from([(), (), ("Z-stream",), ("Z-slope",)])),
    st.tuples(st.just("back"), villages),
    st.tuples(st.just("close")),
    st.tuples(st.just("correct"), st.integers(0, 1), st.sampled_from(HAZARDS)),
    st.tuples(st.just("mark"), st.sampled_from(list(MarkWord)), st.sampled_from(ROWS)),
    st.tuples(st.just("all safe"), villages),
    st.tuples(st.just("answer"), st.sampled_from(ROWS[:4]), st.sampled_from(list(Answer))),
    st.tuples(st.just("heads"), st.integers(0, 40), st.integers(-1, 40)),
)
waits = st.sampled_from([0, 1, 60, 300, 600, HOUR_S, 4 * HOUR_S])
OPENED: list[Step] = [(0, [("transfer", [0, 1], (), (), 5 * HOUR_S)])]
OVER: list[Step] = [*OPENED, (60, [("over", 0), ("over", 1)])]
steps = st.lists(st.tuples(waits, st.lists(events, min_size=1, max_size=3)), min_size=4, max_size=16)
sequences = st.builds(lambda first, rest: [*first, *rest], st.sampled_from([[], OPENED, OVER, OVER]), steps)
"""What happens; most often after a list was opened, or was over already."""

settles = st.sampled_from([0, 10 * MINUTE_S])


@dataclass
class World:
    """A desk, what feeds it, and everything it said."""

    settle_s: int
    desk: WarningDesk = field(init=False)
    now_s: int = T0
    found: dict[tuple[int, str], Level] = field(default_factory=dict)
    last: dict[int, Bulletin] = field(default_factory=dict)
    n: int = 0

    def __post_init__(self) -> None:
        self.desk = self.new()

    def new(self) -> WarningDesk:
        policy = BulletinPolicy(
            settle_s=self.settle_s, clear_after_s=self.settle_s, remind_every_s=3 * HOUR_S
        )
        messages = replace(MESSAGE_POLICY, status=MessageStatus.ACTUAL)
        return desk_of(NETWORK, messages=messages, bulletins=policy)

    def restart(self) -> None:
        again = self.new()
        again.restore(self.desk.snapshot())
        self.desk = again

    def go(self, wait_s: int, happened: list[tuple[object, ...]]) -> tuple[list[DeskInput], Effects]:
        self.now_s += wait_s
        ordered = sorted(happened, key=lambda one: one[0] == "level")  # people first
        inputs = [entry for event in ordered for entry in self.inputs_of(event)]
        effects = self.desk.step(inputs, self.now_s)
        self.last |= {bulletin.village: bulletin for bulletin in effects.bulletins}
        return inputs, effects

    def inputs_of(self, event: tuple[object, ...]) -> list[DeskInput]:
        match event:
            case ("level", int(village), str(hazard), Level() as level):
                return self.moved(village, hazard, level)
            case ("mark", MarkWord() as word, str(row)):
                return [RowMark(f"m{self.n}", (row,), word, "town", "seen", is_post=True)]
            case ("all safe", int(village)):
                code = NETWORK_CODES[village]
                rows = [
                    row
                    for transfer_list in self.desk.transfers.lists_of(code)
                    for row in transfer_list.rows.values()
                ]
                codes = tuple(row.code for row in rows if row.village == code)
                return [RowMark("all", codes, MarkWord.SAFE, "leader")] if codes else []
            case ("answer", str(door), Answer() as answer):
                village = next(v for v in range(3) if int(door[-1]) in NETWORK.households.of_village(v))
                known = self.last.get(village)
                return [] if known is None else [RecipientAnswer(known.identifier, door, answer, self.now_s)]
            case ("heads", int(to_move), int(moved)):
                return [FieldReport("grid-a", to_move=to_move, moved=moved)]
        return self.orders_of(event)

    def orders_of(self, event: tuple[object, ...]) -> list[DeskInput]:
        match event:
            case ("transfer", list(where), tuple(grades), tuple(zones), int(ahead_s)):
                zones = zones if where == [0] else ()
                by = "" if not ahead_s else self.clock(self.now_s + ahead_s)
                onset = self.clock(self.now_s + ahead_s + HOUR_S) if ahead_s else ""
                return [self.order(OrderKind.TRANSFER, where, grades=grades, zones=zones, by=by, onset=onset)]
            case (str(word), int(village)) if word in DECISIONS:
                return [self.order(kind, [village], verdict=SAFE, second="li") for kind in DECISIONS[word]]
            case ("assess", int(village), str(verdict)):
                return [self.order(OrderKind.ASSESS, [village], verdict=verdict)]
            case ("return", int(village), tuple(zones)):
                zones = zones if village == 0 else ()
                return [self.order(OrderKind.RETURN, [village], zones=zones, second="li")]
            case ("close",):
                names = [transfer_list.name for transfer_list in self.desk.transfers.open][:1]
                return [self.order(OrderKind.TRANSFER_CLOSE, [], order=name) for name in names]
            case ("correct", int(village), str(hazard)):
                return [self.order(OrderKind.CORRECT, [village], hazard=hazard)]
        raise AssertionError(event)

    def order(self, kind: OrderKind, where: list[int], **more: object) -> HandOrder:
        self.n += 1
        given = HandOrder(f"o{self.n}", kind, "zhang", "why", tuple(NETWORK_CODES[place] for place in where))
        return replace(given, **more)  # type: ignore[arg-type]

    def clock(self, at_s: int) -> str:
        local_s = (at_s + 8 * HOUR_S) % (24 * HOUR_S)
        return f"{local_s // HOUR_S:02d}:{local_s % HOUR_S // MINUTE_S:02d}"

    def moved(self, village: int, hazard: str, level: Level) -> list[DeskInput]:
        before = self.found.get((village, hazard), Level.NONE)
        if level == before:
            return []
        self.found[village, hazard] = level
        kind = Change.RISE if level > before else Change.FALL
        why = reason(observed_until_s=self.now_s) if kind is Change.RISE else None
        return [LevelChange(kind, hazard, village, level, before, self.now_s, self.now_s, why)]


def away(desk: WarningDesk) -> set[int]:
    """Villages with people of open lists who were not told to come back."""
    return {at for at, code in enumerate(NETWORK_CODES) if desk.transfers.away_from(code)}


@settings(deadline=None, max_examples=100)
@given(settles, sequences)
def test_nobody_of_an_open_list_is_sent_home_but_by_a_return(settle_s: int, sequence: list[Step]) -> None:
    world, last = World(settle_s), dict[int, Bulletin]()
    for wait_s, happened in sequence:
        world.restart()
        was_away = away(world.desk)
        inputs, effects = world.go(wait_s, happened)
        names = {
            input_.identifier
            for input_ in inputs
            if isinstance(input_, HandOrder) and input_.kind is OrderKind.RETURN
        }
        closed_by_hand = any(
            isinstance(input_, HandOrder) and input_.kind is OrderKind.TRANSFER_CLOSE for input_ in inputs
        )
        standing = {warning.village for warning in world.desk.open_warnings()}
        for bulletin in effects.bulletins:
            if bulletin.action is Action.RETURN:
                record = world.desk.transfers.state.returns[NETWORK_CODES[bulletin.village]]
                assert record.order in names, "a return is told in the step of its order, or never"
                assert bulletin.village not in standing
                assert not bulletin.standing
            elif bulletin.action.is_end and bulletin.village in was_away and not closed_by_hand:
                assert bulletin.action is Action.CLEAR
                assert bulletin.has_moved, "over, not yet back"
            if bulletin.village in was_away and not bulletin.action.is_end and not closed_by_hand:
                assert bulletin.action not in (Action.WATCH, Action.READY), "people are in shelters"
        # A list that is opened and over in one step moves nobody: what was told before stays the last word.
        last = {village: bulletin for village, bulletin in last.items() if village in was_away}
        last |= {bulletin.village: bulletin for bulletin in effects.bulletins}
        told = [bulletin for village, bulletin in last.items() if village in away(world.desk)]
        assert all(bulletin.action is not Action.RETURN or bulletin.zones for bulletin in told)


@settings(deadline=None, max_examples=60)
@given(sequences)
def test_a_list_closes_by_a_person_alone_and_its_counts_are_its_rows(sequence: list[Step]) -> None:
    world = World(0)
    for wait_s, happened in sequence:
        world.restart()
        before = {transfer_list.name for transfer_list in world.desk.transfers.open}
        inputs, _ = world.go(wait_s, happened)
        lists = world.desk.transfers.state.lists.values()
        ends = (OrderKind.RETURN, OrderKind.TRANSFER_CLOSE)
        ended = any(isinstance(input_, HandOrder) and input_.kind in ends for input_ in inputs)
        for transfer_list in lists:
            assert transfer_list.n_open == sum(row.is_open for row in transfer_list.rows.values())
            assert (transfer_list.state == "out") == (transfer_list.is_open and transfer_list.n_open == 0)
            if transfer_list.name in before and not transfer_list.is_open:
                assert ended
                assert transfer_list.closed is not None
                assert transfer_list.closed.by == "zhang"
        open_rows = [code for transfer_list in lists if transfer_list.is_open for code in transfer_list.rows]
        assert len(open_rows) == len(set(open_rows)), "a row is on one open list at most"


@settings(deadline=None, max_examples=60)
@given(sequences)
def test_heads_are_never_negative_nor_above_the_list(sequence: list[Step]) -> None:
    world = World(0)
    for wait_s, happened in sequence:
        world.restart()
        world.go(wait_s, happened)
        record = describe_transfers(world.desk)
        for transfer_list in record.lists:
            for figures in [transfer_list.figures, *(village.figures for village in transfer_list.villages)]:
                assert 0 <= figures.open <= figures.rows
                assert 0 <= figures.confirmed <= figures.out_by_name <= figures.persons
                assert all(number >= 0 for number in figures.heads.values())
                assert figures.out >= figures.out_by_name
                if not figures.uncounted:
                    assert figures.out <= figures.persons
                assert sum(figures.states.values()) == figures.rows
        for counter in counters_of(world.desk):
            assert 0 <= counter.done <= counter.total
            assert len(counter.missing) == counter.total - counter.done
            assert 0 <= counter.persons_done <= counter.persons_total


Logged = tuple[str, Case]


@settings(deadline=None, max_examples=100)
@given(settles, sequences)
def test_replay_is_live_and_a_restart_at_any_step_changes_nothing(
    settle_s: int, sequence: list[Step]
) -> None:
    world, steady = World(settle_s), World(settle_s)
    follower = world.new()
    for wait_s, happened in sequence:
        world.restart()
        inputs, effects = world.go(wait_s, happened)
        same_inputs, same = steady.go(wait_s, happened)
        assert (same_inputs, same) == (inputs, effects)
        assert steady.desk.snapshot() == world.desk.snapshot()
        desk = world.desk
        logged = msgspec.msgpack.encode((desk.cases_of(effects), desk.voices_of(effects)))
        follower.follow([input_ for input_ in inputs if not isinstance(input_, LevelChange)], world.now_s)
        cases, voices = msgspec.msgpack.decode(logged, type=tuple[list[Logged], list[VillageVoice]])
        follower.adopt([VillageCase(*pair) for pair in cases], voices)
        messages = [(NETWORK_CODES[message.village], message) for message in effects.messages]
        follower.follow_posts(messages, effects.digests)
        assert follower.transfers.snapshot() == desk.transfers.snapshot()
        assert follower.bulletins.snapshot() == desk.bulletins.snapshot()
        assert follower.chains.snapshot() == desk.chains.snapshot()


@settings(deadline=None, max_examples=100)
@given(sequences)
def test_posts_know_of_a_transfer_as_long_as_it_stands(sequence: list[Step]) -> None:
    world = World(0)
    for wait_s, happened in sequence:
        world.restart()
        world.go(wait_s, happened)
        turns = world.desk.chains.of[MessageStatus.ACTUAL].turns
        for village, code in enumerate(NETWORK_CODES):
            stands = [
                transfer_list
                for transfer_list in world.desk.transfers.lists_of(code)
                if code not in transfer_list.over
            ]
            heard = turns[village].standing if village in turns else {}
            assert ("transfer" in heard) == bool(stands)
            of_doors = {warning.hazard for warning in world.desk.bulletins.standing(village)}
            assert ("transfer" in of_doors) == bool(stands)
