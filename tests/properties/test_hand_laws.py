"""Laws of orders by hand under any sequence of levels, orders, answers, waiting and restarts.

The assessment is played by a small model, and so are bounds: what a village is told must be what the
model of both says.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.desk.county import MESSAGE_POLICY, T0, answer, county, desk_of, reason
from warnstream.desk import Case, DeskInput, VillageCase, WarningDesk
from warnstream.lifecycle.voice import VillageVoice
from warnstream.model.bulletins import Action, Bulletin, BulletinPolicy
from warnstream.model.changes import Change, LevelChange
from warnstream.model.effects import Effects
from warnstream.model.hands.orders import HandOrder, OrderKind, ReleasePolicy, ReleaseRule
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.model.warning import MessageStatus

HAZARDS = ("flash_flood", "rainstorm")
NETWORK = county()
CODES = NETWORK.villages.code
PLACES = [(village, hazard) for village in range(len(CODES)) for hazard in HAZARDS]
RED_S, BELOW_S, FLOOR_S = 30 * MINUTE_S, 2 * HOUR_S, 6 * HOUR_S
BINDING = (OrderKind.ISSUE, OrderKind.RAISE, OrderKind.LOWER, OrderKind.END, OrderKind.CORRECT)

Step = tuple[int, list[tuple[object, ...]]]
Place = tuple[int, str]

villages = st.integers(0, 1)
hazards = st.sampled_from(["flash_flood", "flash_flood", "rainstorm"])
levels = st.sampled_from([*Level, Level.ORANGE, Level.RED])
events = st.one_of(
    st.tuples(st.just("level"), villages, hazards, levels, st.booleans()),
    st.tuples(st.just("sight"), villages, hazards, st.booleans()),
    st.tuples(
        st.just("order"),
        st.sampled_from(BINDING),
        st.lists(villages, min_size=1, max_size=2, unique=True),
        hazards,
        levels,
        st.sampled_from([0, 60, HOUR_S, 10 * HOUR_S]),
    ),
    st.tuples(st.just("extend"), villages, hazards),
    st.tuples(st.just("release"), villages),
    st.tuples(st.just("respond"), st.sampled_from(["IV", "I", "end", "V"])),
    st.tuples(st.just("two"), villages),
    st.tuples(st.just("silence"), st.one_of(st.none(), villages), st.one_of(st.just(""), hazards)),
    st.tuples(st.just("silence"), st.just("post"), st.sampled_from(["grid-a", "town", "leader"])),
    st.tuples(st.just("answer"), st.sampled_from(["grid-a", "town", "leader"])),
)
waits = st.sampled_from([0, 1, 60, 60, 300, 300, 600, 1800, 2 * HOUR_S, 6 * HOUR_S])
sequences = st.lists(st.tuples(waits, st.lists(events, min_size=1, max_size=3)), min_size=5, max_size=25)
rules = st.builds(
    ReleaseRule,
    rise=st.sampled_from([(0,) * 5, (0, 300, 300, 300, 60)]),
    doubtful=st.sampled_from([(0,) * 5, (0, -1, -1, 600, 600)]),
    clear=st.sampled_from([(0,) * 5, (0, 0, 300, 300, -1)]),
)


@dataclass
class Bind:
    """The model's bound of one place."""

    is_floor: bool
    level: Level
    until_s: int


@dataclass
class World:
    """A desk, what feeds it, the model of its bounds, and everything it said."""

    policy: BulletinPolicy
    desk: WarningDesk = field(init=False)
    now_s: int = T0
    found: dict[Place, Level] = field(default_factory=lambda: defaultdict(lambda: Level.NONE))
    blind: dict[Place, bool] = field(default_factory=lambda: defaultdict(bool))
    bound: dict[Place, Bind] = field(default_factory=dict)
    said: list[Effects] = field(default_factory=list)
    last: dict[int, Bulletin] = field(default_factory=dict)
    n_orders: int = 0

    def __post_init__(self) -> None:
        self.desk = self.new()

    def new(self) -> WarningDesk:
        return desk_of(messages=replace(MESSAGE_POLICY, status=MessageStatus.ACTUAL), bulletins=self.policy)

    def go(self, wait_s: int, happened: list[tuple[object, ...]]) -> tuple[list[DeskInput], Effects]:
        self.now_s += wait_s
        inputs: list[DeskInput] = []
        for event in sorted(happened, key=lambda one: one[0] in ("level", "sight")):  # people first
            inputs += self.inputs_of(event)
        effects = self.desk.step(inputs, self.now_s)
        self.said.append(effects)
        for bulletin in effects.bulletins:
            self.last[bulletin.village] = bulletin
        self.expire()
        return inputs, effects

    def inputs_of(self, event: tuple[object, ...]) -> list[DeskInput]:
        match event:
            case ("level", int(village), str(hazard), Level() as level, bool(sure)):
                return self.moved((village, hazard), level, confirmed=sure)
            case ("sight", int(village), str(hazard), bool(blind)):
                return self.seen((village, hazard), blind)
            case ("answer", str(post)):
                digests = [
                    digest for effects in self.said for digest in effects.digests if digest.post == post
                ]
                return [answer(digests[-1].identifier, post, self.now_s)] if digests else []
            case ("order", OrderKind() as kind, list(where), str(hazard), Level() as level, int(lasts)):
                return self.ordered(kind, where, hazard, level, lasts)
            case ("extend", int(village), str(hazard)):
                return self.extended((village, hazard))
        return self.hands_of(event)

    def hands_of(self, event: tuple[object, ...]) -> list[DeskInput]:
        """Orders that bind no level, but for the red of two persons."""
        match event:
            case ("release", int(village)):
                return [self.order(OrderKind.RELEASE, (CODES[village],), "")]
            case ("respond", str(word)):
                return [self.order(OrderKind.RESPOND, (), "", response=word)]
            case ("two", int(village)):
                return self.by_two(village)
            case ("silence", where, str(name)):
                return [self.silence(where, name)]
        return []

    def silence(self, where: object, name: str) -> HandOrder:
        """Of a post, of a hazard everywhere, or of a village and perhaps one hazard."""
        if where == "post":
            return self.order(OrderKind.SILENCE, (), "", post=name)
        if isinstance(where, int):
            return self.order(OrderKind.SILENCE, (CODES[where],), name)
        return self.order(OrderKind.SILENCE, (), name or "rainstorm")

    def order(self, kind: OrderKind, where: tuple[str, ...], hazard: str, **more: object) -> HandOrder:
        self.n_orders += 1
        given = HandOrder(f"o{self.n_orders}", kind, "zhang", "why", where, hazard, is_alone=True)
        return replace(given, **more)  # type: ignore[arg-type]

    def by_two(self, village: int) -> list[DeskInput]:
        """Red that waits, and somebody who agrees to the one that waits longest, if it still does."""
        found: list[DeskInput] = []
        if waiting := [waiting for waiting in self.desk.hands.state.waiting if waiting.due_s > self.now_s]:
            first = waiting[0].order
            number = CODES.index(first.villages[0])
            self.bind((number, first.hazard), Level.RED, 0, is_floor=True)
            found.append(self.order(OrderKind.RELEASE, (), "", order=first.identifier, author="li"))
        elif self.in_force((village, "flash_flood")) is not Level.RED:
            where = (CODES[village],)
            found.append(self.order(OrderKind.ISSUE, where, "flash_flood", level=Level.RED, is_alone=False))
        return found

    def in_force(self, place: Place) -> Level:
        bound, found = self.bound.get(place), self.found[place]
        if bound is None:
            return found
        return max(found, bound.level) if bound.is_floor else min(found, bound.level)

    def ordered(
        self, kind: OrderKind, where: list[int], hazard: str, level: Level, lasts: int
    ) -> list[DeskInput]:
        """The order, and what the model makes of it; one that cannot be is given all the same."""
        given = self.order(kind, tuple(CODES[place] for place in where), hazard, level=level, for_s=lasts)
        if kind in (OrderKind.END, OrderKind.CORRECT):
            given, level = replace(given, level=Level.NONE), Level.NONE
        told = {village: self.in_force((village, hazard)) for village in where}
        if kind.is_floor:
            is_well = level > Level.NONE and any(worst < level for worst in told.values())
            is_well = is_well and (kind is OrderKind.ISSUE or all(told.values()))
        else:
            is_well = any(worst > level for worst in told.values())
            is_well = is_well and (kind is not OrderKind.LOWER or Level.NONE < level < Level.RED)
        for village in where if is_well else ():
            if kind.is_floor or told[village] > level:
                self.bind((village, hazard), level, lasts, is_floor=kind.is_floor)
        return [given]

    def bind(self, place: Place, level: Level, lasts: int, *, is_floor: bool) -> None:
        found = self.found[place]
        if found is Level.NONE and level is Level.NONE:
            self.bound.pop(place, None)
            return
        is_floor = is_floor or found < level
        self.bound[place] = Bind(is_floor, level, self.now_s + self.lasts(is_floor, found, lasts))

    def lasts(self, is_floor: bool, found: Level, asked_s: int) -> int:
        if is_floor:
            return min(asked_s or FLOOR_S, 24 * HOUR_S)
        most_s = RED_S if found is Level.RED else BELOW_S
        return min(asked_s or most_s, most_s)

    def extended(self, place: Place) -> list[DeskInput]:
        if (bound := self.bound.get(place)) is not None:
            bound.until_s = self.now_s + self.lasts(bound.is_floor, self.found[place], 0)
        return [self.order(OrderKind.EXTEND, (CODES[place[0]],), place[1])]

    def moved(self, place: Place, level: Level, *, confirmed: bool) -> list[DeskInput]:
        before = self.found[place]
        if level == before or (level < before and self.blind[place]):
            return []
        self.found[place] = level
        bound = self.bound.get(place)
        if bound is not None and not bound.is_floor and (level > before or level is Level.NONE):
            del self.bound[place]
        kind = Change.RISE if level > before else Change.FALL
        why = reason(observed_until_s=self.now_s, confirmed=confirmed) if kind is Change.RISE else None
        return [LevelChange(kind, place[1], place[0], level, before, self.now_s, self.now_s, why)]

    def seen(self, place: Place, blind: bool) -> list[DeskInput]:
        if self.blind[place] == blind:
            return []
        self.blind[place] = blind
        level = self.found[place]
        kind = Change.SIGHT_LOST if blind else Change.SIGHT_REGAINED
        return [LevelChange(kind, place[1], place[0], level, level, self.now_s, self.now_s, None)]

    def expire(self) -> None:
        self.bound = {place: bound for place, bound in self.bound.items() if bound.until_s > self.now_s}

    def told(self) -> dict[Place, Level]:
        return {(warning.village, warning.hazard): warning.level for warning in self.desk.open_warnings()}


def world_of(rule: ReleaseRule | None = None) -> World:
    """Ends come at once without a rule of release, and ten minutes later, without a message, with one."""
    release = ReleasePolicy(rule) if rule is not None else ReleasePolicy()
    clear_after_s = 0 if rule is None else 600
    return World(BulletinPolicy(settle_s=0, clear_after_s=clear_after_s, remind_every_s=0, release=release))


@settings(deadline=None, max_examples=300)
@given(sequences)
def test_people_are_told_the_level_in_force_and_nothing_binds_beyond_its_expiry(sequence: list[Step]) -> None:
    world = world_of()
    for wait_s, happened in sequence:
        world.go(wait_s, happened)
        expected = {place: level for place in PLACES if (level := world.in_force(place))}
        assert world.told() == expected
        for case in world.desk.bound_cases():
            assert case.bound is not None
            assert case.bound.expires_s > world.now_s
            assert case.found is world.found[case.warning.village, case.warning.hazard]
        assert "told" not in world.desk.last_refusal
        assert "take the signal" not in world.desk.last_refusal


@settings(deadline=None, max_examples=300)
@given(rules, sequences)
def test_doors_never_hear_less_than_stands_but_what_waits_for_a_release(
    rule: ReleaseRule, sequence: list[Step]
) -> None:
    world = world_of(rule)
    for wait_s, happened in sequence:
        _, effects = world.go(wait_s, happened)
        told, held = world.told(), {village for village, _ in world.desk.bulletins.waiting()}
        for village in range(len(CODES)):
            worst = max((level for (of, _), level in told.items() if of == village), default=Level.NONE)
            last = world.last.get(village)
            is_over = last is None or last.action.is_end
            if village not in held:
                assert worst < Level.YELLOW if is_over else last is not None and last.worst >= worst
        for bulletin in effects.bulletins:
            stands = any(of == bulletin.village for of, _ in told)
            assert bulletin.action not in (Action.CLEAR, Action.CORRECT) or not stands


@settings(deadline=None, max_examples=200)
@given(rules, sequences)
def test_whoever_was_told_hears_the_end(rule: ReleaseRule, sequence: list[Step]) -> None:
    world = world_of(rule)
    for wait_s, happened in sequence:
        world.go(wait_s, happened)
    for village, hazard in PLACES:
        world.go(1, [("sight", village, hazard, False)])
        world.go(1, [("level", village, hazard, Level.NONE, True)])
    world.go(25 * HOUR_S, [])
    assert world.told() == {}
    world.go(HOUR_S, [])
    for village, _ in world.desk.bulletins.waiting():
        world.go(1, [("release", village)])
    assert all(bulletin.action.is_end for bulletin in world.last.values())
    assert world.desk.bulletins.waiting() == []


@settings(deadline=None, max_examples=200)
@given(sequences)
def test_red_is_never_hidden_by_a_silence(sequence: list[Step]) -> None:
    world = world_of()
    for wait_s, happened in sequence:
        world.go(wait_s, happened)
        turns = world.desk.chains.of[MessageStatus.ACTUAL].turns
        for (village, hazard), level in world.told().items():
            if level is Level.RED:
                assert turns[village].standing[hazard] is Level.RED
        if not world.desk.hands.state.silences:
            heard = {
                (village, hazard): level
                for village, turn in turns.items()
                for hazard, level in turn.standing.items()
            }
            assert heard == world.told(), "what was hidden is told when the silence is over"


Logged = tuple[str, Case]


@settings(deadline=None, max_examples=200)
@given(rules, sequences)
def test_replay_is_live_and_a_restart_at_any_step_changes_nothing(
    rule: ReleaseRule, sequence: list[Step]
) -> None:
    world, steady = world_of(rule), world_of(rule)
    follower = world.new()
    for wait_s, happened in sequence:
        again = world.new()
        again.restore(world.desk.snapshot())
        world.desk = again
        inputs, effects = world.go(wait_s, happened)
        _, same = steady.go(wait_s, happened)
        assert same == effects
        assert steady.desk.snapshot() == world.desk.snapshot()
        assert effects.is_told or not effects
        desk = world.desk
        logged = msgspec.msgpack.encode((desk.cases_of(effects), desk.voices_of(effects)))
        given = [entry for entry in inputs if not isinstance(entry, LevelChange)]
        owed = follower.follow(given, world.now_s)
        cases, voices = msgspec.msgpack.decode(logged, type=tuple[list[Logged], list[VillageVoice]])
        follower.adopt([VillageCase(*pair) for pair in cases], voices)
        follower.follow_posts(
            [(CODES[message.village], message) for message in effects.messages], effects.digests
        )
        done = [
            order.identifier
            for order in owed
            if isinstance(order, HandOrder) and follower.has_carried_out(order)
        ]
        carried = {name for _, case in desk.cases() for name in case.orders}
        assert set(done) <= carried
        assert by_place(follower) == by_place(desk)
        assert follower.open_warnings() == desk.open_warnings()
        assert follower.bulletins.snapshot() == desk.bulletins.snapshot()
        assert follower.chains.snapshot() == desk.chains.snapshot()
        mine, theirs = follower.hands.state, desk.hands.state
        assert (mine.silences, mine.waiting) == (theirs.silences, theirs.waiting)
        assert mine.response == theirs.response


def by_place(desk: WarningDesk) -> dict[tuple[str, str], Case]:
    return {(village, case.warning.hazard): case for village, case in desk.cases()}
