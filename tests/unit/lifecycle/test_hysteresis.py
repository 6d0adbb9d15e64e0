import numpy as np

from warnstream.lifecycle.hysteresis import LevelState
from warnstream.model.rules.indicators import HazardLevels
from warnstream.model.rules.rules import DowngradePolicy

LOWERING = DowngradePolicy(clear_ratio=0.8, hold_s=1800, active_s_min=3600, coverage_min=0.8)


def found(
    level: int, holding: int | None = None, *, can_fall: bool = True, is_blind: bool = False
) -> HazardLevels:
    one = np.zeros(1)
    return HazardLevels(
        level=np.array([level], dtype=np.uint8),
        holding=np.array([level if holding is None else holding], dtype=np.uint8),
        can_fall=np.array([can_fall]),
        is_blind=np.array([is_blind]),
        value=one,
        threshold=one,
        forecast_value=one,
        duration_s=one.astype(np.int32),
        lead_s=one.astype(np.int32),
        station=one.astype(np.int32),
        indicator=one.astype(np.uint8),
        is_confirmed=np.ones(1, dtype=np.bool_),
        ratio=one,
    )


def run(state: LevelState, level: HazardLevels, *times_s: int) -> list[int]:
    return [int(state.step(level, LOWERING, now_s).level[0]) for now_s in times_s]


def test_a_level_rises_in_the_step_that_finds_it() -> None:
    state = LevelState(1)
    assert run(state, found(4), 0) == [4]


def test_a_level_falls_one_step_per_hold_time() -> None:
    state = LevelState(1)
    run(state, found(3), 0)
    assert run(state, found(0), 3600, 5399, 5400, 7199, 7200, 9000) == [3, 3, 2, 2, 1, 0]


def test_a_level_stays_its_least_time_however_dry_it_gets() -> None:
    state = LevelState(1)
    run(state, found(2), 0)
    assert run(state, found(0), 60, 1860, 3599, 3600) == [2, 2, 2, 1]


def test_the_least_time_counts_from_the_last_time_the_level_was_reached() -> None:
    """A storm that reached the level earlier, and again as late, does not lower it earlier."""
    early, late = LevelState(1), LevelState(1)
    run(early, found(4), 0)
    for state in (early, late):
        run(state, found(4), 600)
    times = range(660, 6000, 60)
    assert run(early, found(0), *times) == run(late, found(0), *times)


def test_the_least_time_of_a_lower_level_counts_from_its_own_last_time() -> None:
    state = LevelState(1)
    run(state, found(2), 0)
    run(state, found(1), 3000, 4500)
    # Yellow falls at 4800, half an hour below it; blue was last reached at 4500.
    assert run(state, found(0), 4799, 4800, 6600, 8099, 8100) == [2, 1, 1, 1, 0]


def test_a_level_stands_while_its_clear_value_is_reached() -> None:
    state = LevelState(1)
    run(state, found(3), 0)
    assert run(state, found(2, holding=3), 7200, 14_400) == [3, 3]


def test_a_rise_in_between_starts_the_hold_time_anew() -> None:
    state = LevelState(1)
    run(state, found(2), 0)
    run(state, found(0), 3600)
    run(state, found(2), 4000)
    assert run(state, found(0), 4060, 5860 - 60, 7600) == [2, 2, 1]


def test_without_data_nothing_falls() -> None:
    state = LevelState(1)
    run(state, found(3), 0)
    assert run(state, found(0, can_fall=False), 3600, 20_000) == [3, 3]


def test_while_blind_nothing_falls() -> None:
    state = LevelState(1)
    run(state, found(3), 0)
    assert run(state, found(0, is_blind=True), 3600, 20_000) == [3, 3]


def test_a_gap_in_the_data_starts_the_hold_time_anew() -> None:
    state = LevelState(1)
    run(state, found(3), 0)
    run(state, found(0), 4000)
    run(state, found(0, can_fall=False), 5000)
    assert run(state, found(0), 5800, 7599, 7600) == [3, 3, 2]


def test_a_hazard_that_cannot_be_evaluated_holds_every_level_and_is_blind() -> None:
    state = LevelState(1)
    run(state, found(3), 0)
    step = state.hold()
    assert (step.level[0], step.is_blind[0], step.was_blind[0]) == (3, True, False)


def test_a_restored_state_falls_at_the_same_time() -> None:
    state, twin = LevelState(1), LevelState(1)
    run(state, found(3), 0)
    run(state, found(0), 3600)
    twin.restore(state.snapshot())
    assert run(twin, found(0), 5399, 5400) == run(state, found(0), 5399, 5400) == [3, 2]


def test_a_level_that_is_expected_again_and_again_holds() -> None:
    """A forecast reaches yellow, observed rain holds nothing: no falling and rising again."""
    state = LevelState(1)
    assert run(state, found(2, 0), 0, 3600, 7200, 10_800, 14_400) == [2, 2, 2, 2, 2]
