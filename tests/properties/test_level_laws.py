"""Levels against a plain reading of the law of one village: up at once, down with care."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.networks import LOWERING, T0
from warnstream.lifecycle.hysteresis import LevelState, Standing
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.indicators import HazardLevels, Indicator, no_levels

HOLD_S, LEAST_S = LOWERING.hold_s, LOWERING.active_s_min
DEFINED = ((True, True, True, True), (False, True, False, True), (False, False, True, False))
"""Levels that have a value, of three villages."""


@dataclass
class Seen:
    """What is found of one village in one step."""

    level: int
    holding: int
    can_fall: bool
    is_blind: bool


@dataclass
class Village:
    """The law of one village, step by step."""

    defined: tuple[bool, ...]
    level: int = 0
    reached_at_s: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, 5), -1))
    below_since_s: int = -1
    since_s: int = -1
    is_blind: bool = False

    def next_lower(self) -> int:
        return max((level for level in range(1, self.level) if self.defined[level - 1]), default=0)

    def falls_at_s(self) -> int:
        return max(self.below_since_s + HOLD_S, self.reached_at_s[self.level] + LEAST_S)

    def step(self, seen: Seen, now_s: int) -> None:
        if seen.level > self.level:
            self.since_s = now_s if self.level == 0 else self.since_s
            self.level = seen.level
        for level in range(1, seen.level + 1):
            self.reached_at_s[level] = now_s
        held = max(seen.holding, seen.level)
        if held < self.level and seen.can_fall and not seen.is_blind:
            self.below_since_s = now_s if self.below_since_s < 0 else self.below_since_s
            if now_s >= self.falls_at_s():
                self.level = max(self.next_lower(), held)
                self.below_since_s = now_s
        else:
            self.below_since_s = -1
        if self.level == 0:
            self.since_s = -1
        self.is_blind = seen.is_blind

    def fail(self) -> None:
        self.below_since_s = -1
        self.is_blind = True

    def standing(self) -> Standing:
        if self.level == 0:
            return Standing(Level.NONE, -1, -1, -1, Level.NONE)
        falls_at_s = -1 if self.below_since_s < 0 else self.falls_at_s()
        reached_at_s = self.reached_at_s[self.level]
        return Standing(
            Level(self.level), reached_at_s, self.below_since_s, falls_at_s, Level(self.next_lower())
        )


seen = st.builds(
    Seen,
    level=st.sampled_from([0, 0, 0, 1, 2, 3, 4]),
    holding=st.sampled_from([0, 0, 0, 1, 2, 4]),
    can_fall=st.sampled_from([True, True, True, False]),
    is_blind=st.sampled_from([False, False, False, True]),
)
waits = st.sampled_from([60, HOLD_S - 60, HOLD_S, LEAST_S])
steps = st.lists(
    st.tuples(waits, st.one_of(st.none(), *[st.lists(seen, min_size=3, max_size=3)] * 9)),
    min_size=1,
    max_size=40,
)
"""Seconds since the step before, and what is found of three villages; None: the hazard failed."""


def found_of(villages: list[Seen]) -> HazardLevels:
    found = no_levels(len(villages), Indicator.RAIN)
    for place, village in enumerate(villages):
        found.level[place] = village.level
        found.holding[place] = village.holding
        found.can_fall[place] = village.can_fall
        found.is_blind[place] = village.is_blind
    return found


@given(steps=steps, restart_at=st.integers(0, 40))
def test_every_village_rises_and_falls_by_its_own_law(
    steps: list[tuple[int, list[Seen] | None]], restart_at: int
) -> None:
    state, villages = LevelState(3, np.array(DEFINED)), [Village(defined) for defined in DEFINED]
    now_s = T0
    for number, (wait_s, what) in enumerate(steps):
        now_s += wait_s
        before = ([village.level for village in villages], [village.is_blind for village in villages])
        if number == restart_at:
            kept = state.snapshot()
            state = LevelState(3, np.array(DEFINED))
            state.restore(kept)
        if what is None:
            step = state.hold(now_s)
            for village in villages:
                village.fail()
            assert step.reached is None
        else:
            step = state.step(found_of(what), LOWERING, now_s)
            for village, input_ in zip(villages, what, strict=True):
                village.step(input_, now_s)
            reached = [0] * 3 if step.reached is None else step.reached.tolist()
            assert reached == [input_.level for input_ in what] or not any(step.level)
        levels = [village.level for village in villages]
        assert state.level.tolist() == step.level.tolist() == levels
        assert (step.previous.tolist(), step.was_blind.tolist()) == before
        blind = [village.is_blind for village in villages]
        assert state.is_blind.tolist() == step.is_blind.tolist() == blind
        assert step.now_s == now_s
        assert step.below_since_s.tolist() == [village.below_since_s for village in villages]
        assert state.since_s.tolist() == [village.since_s for village in villages]
        standing = [state.standing(place, LOWERING) for place in range(3)]
        assert standing == [village.standing() for village in villages]
        for level in LEVELS:
            expected = [
                max(village.reached_at_s[reached] for reached in range(level, 5)) for village in villages
            ]
            assert state.last_reached_s(level).tolist() == expected


@given(
    steps=st.lists(st.tuples(waits, seen), min_size=1, max_size=12),
    told=st.integers(0, 4),
    is_held=st.booleans(),
    is_free=st.booleans(),
    after=st.lists(st.tuples(waits, seen), min_size=1, max_size=12),
)
def test_levels_go_on_from_what_people_were_told(
    steps: list[tuple[int, Seen]],
    told: int,
    is_held: bool,
    is_free: bool,
    after: list[tuple[int, Seen]],
) -> None:
    """A level taken from what was told counts as reached at that moment; one ended by hand is left alone."""
    state, village = LevelState(1), Village(DEFINED[0])
    now_s = T0
    for wait_s, inputs in steps:
        now_s += wait_s
        state.step(found_of([inputs]), LOWERING, now_s)
        village.step(inputs, now_s)
    now_s += 60
    differs = state.align(np.array([told], dtype=np.uint8), np.array([is_held]), np.array([is_free]), now_s)
    assert differs.tolist() == [told != village.level and not is_free]
    if differs[0]:
        for level in range(1, told + 1):
            village.reached_at_s[level] = now_s
        village.below_since_s = -1
        if told == 0:
            village.since_s = -1
        elif village.level == 0:
            village.since_s = now_s
        village.level = told
    if village.level and not is_free:
        village.is_blind = is_held
    assert state.is_blind.tolist() == [village.is_blind]
    assert state.since_s.tolist() == [village.since_s]
    assert state.standing(0, LOWERING) == village.standing()
    for wait_s, inputs in after:
        now_s += wait_s
        step = state.step(found_of([inputs]), LOWERING, now_s)
        village.step(inputs, now_s)
        assert (step.level.tolist(), state.standing(0, LOWERING)) == ([village.level], village.standing())


def test_without_a_table_every_level_has_a_value() -> None:
    state = LevelState(1)
    state.step(found_of([Seen(4, 4, True, False)]), LOWERING, T0)
    assert state.standing(0, LOWERING).falls_to is Level.ORANGE


def test_a_network_without_villages_has_no_levels() -> None:
    state = LevelState(0, np.zeros((0, 4), dtype=np.bool_))
    assert state.step(found_of([]), LOWERING, T0).level.tolist() == []


def test_a_snapshot_and_a_step_are_not_changed_by_what_comes_after() -> None:
    state = LevelState(1)
    first = state.step(found_of([Seen(2, 2, True, False)]), LOWERING, T0)
    kept = state.snapshot()
    before = {name: array.tolist() for name, array in kept.items()}
    nothing = Seen(0, 0, True, True)
    for minute in range(1, 100):
        state.step(found_of([nothing]), LOWERING, T0 + 60 * minute)
    state.step(found_of([Seen(4, 4, True, False)]), LOWERING, T0 + 7200)
    state.align(np.array([1], dtype=np.uint8), np.array([True]), np.array([False]), T0 + 7260)
    assert {name: array.tolist() for name, array in kept.items()} == before
    assert (first.previous.tolist(), first.level.tolist()) == ([0], [2])
    assert (first.was_blind.tolist(), first.is_blind.tolist()) == ([False], [False])


def test_a_snapshot_of_before_beginnings_were_kept_knows_the_earliest_level_reached() -> None:
    state, twin = LevelState(2), LevelState(2)
    orange, nothing = Seen(3, 3, True, False), Seen(0, 0, True, False)
    state.step(found_of([Seen(1, 1, True, False), nothing]), LOWERING, T0)
    state.step(found_of([orange, nothing]), LOWERING, T0 + 600)
    state.step(found_of([Seen(2, 2, True, False), nothing]), LOWERING, T0 + 900)
    old = state.snapshot()
    del old["since_s"]
    twin.restore(old)
    assert twin.since_s.tolist() == [T0 + 600, -1], "orange was reached last at 600, yellow and blue at 900"
