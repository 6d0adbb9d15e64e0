"""Levels go on from what people were told; the next step finds the difference and tells it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from warnstream.lifecycle.hysteresis import LevelState
from warnstream.model.arrays import BoolArray, LevelArray
from warnstream.model.rules.indicators import HazardLevels, Indicator, no_levels
from warnstream.model.rules.rules import DowngradePolicy

T0 = 1_781_740_800
LOWERING = DowngradePolicy(clear_ratio=0.8, hold_s=1800, active_s_min=3600, coverage_min=0.8)
NEVER: BoolArray = np.zeros(4, dtype=np.bool_)


def levels(*values: int) -> LevelArray:
    return np.array(values, dtype=np.uint8)


def found(*values: int) -> HazardLevels:
    result = no_levels(len(values), Indicator.RAIN)
    result.level[:] = values
    result.can_fall[:] = True
    return result


def state_at(*values: int) -> LevelState:
    state = LevelState(len(values))
    state.step(found(*values), LOWERING, T0)
    return state


def test_what_people_were_told_stands_and_what_is_worse_rises_at_the_next_step() -> None:
    state = state_at(4, 3, 0, 2)
    differs = state.align(levels(2, 3, 3, 0), NEVER, NEVER, T0 + 60)
    assert differs.tolist() == [True, False, True, True]
    assert state.level.tolist() == [2, 3, 3, 0]
    step = state.step(found(4, 3, 0, 2), LOWERING, T0 + 120)
    assert step.level.tolist() == [4, 3, 3, 2], "risen at once, or held: never an all clear at a start"


def test_a_level_taken_from_what_was_told_falls_with_the_usual_care() -> None:
    state = state_at(0)
    state.align(levels(3), NEVER[:1], NEVER[:1], T0)
    for minute in range(1, 60):
        assert state.step(found(0), LOWERING, T0 + 60 * minute).level.tolist() == [3]
    assert state.step(found(0), LOWERING, T0 + 3600).level.tolist() == [2]


def test_a_level_that_was_ended_by_hand_is_left_where_it_was_measured() -> None:
    state = state_at(3)
    assert not state.align(levels(0), NEVER[:1], np.array([True]), T0 + 60).any()
    step = state.step(found(3), LOWERING, T0 + 120)
    assert step.previous.tolist() == step.level.tolist() == [3], "no rise: nobody is told again"


def test_a_warning_that_was_held_is_held_until_somebody_sees() -> None:
    state = state_at(3)
    state.align(levels(3), np.array([True]), NEVER[:1], T0 + 60)
    step = state.step(found(3), LOWERING, T0 + 120)
    assert (step.was_blind.tolist(), step.is_blind.tolist()) == ([True], [False])


def test_the_lowest_level_that_people_know_begins_and_is_held_like_any_other() -> None:
    """Village 0 was told blue, village 1 nothing: it is not blind, whatever else is said of it."""
    state = state_at(0, 0)
    state.align(levels(1, 0), np.array([True, True]), NEVER[:2], T0 + 60)
    assert state.since_s.tolist() == [T0 + 60, -1]
    assert state.is_blind.tolist() == [True, False]


def test_masks_stay_masks_and_times_whole_after_a_failure_and_a_restart() -> None:
    """`~` of a mask of numbers is no mask."""
    state, twin = state_at(2), LevelState(1)
    assert twin.is_blind.dtype == np.bool_
    assert state.hold(T0 + 60).is_blind.dtype == np.bool_
    kept = state.snapshot()
    twin.restore({name: array.astype(np.float64) for name, array in kept.items()})  # type: ignore[misc]
    for name, array in twin.snapshot().items():
        assert array.dtype == kept[name].dtype
        assert array.tolist() == kept[name].tolist()


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=8))
def test_the_next_step_never_tells_less_than_is_found_nor_drops_what_was_told(
    villages: list[tuple[int, int, int]],
) -> None:
    judged, told, now = (levels(*column) for column in zip(*villages, strict=True))
    state = state_at(*judged.tolist())
    none = np.zeros(len(villages), dtype=np.bool_)
    state.align(told, none, none, T0 + 60)
    step = state.step(found(*now.tolist()), LOWERING, T0 + 120)
    assert step.level.tolist() == np.maximum(told, now).tolist()
    again = LevelState(len(villages))
    again.restore(state.snapshot())
    assert again.level.tolist() == state.level.tolist()
