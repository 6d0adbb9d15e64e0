import numpy as np

from tests.networks import LOWERING, T0
from warnstream.lifecycle.hysteresis import LevelState, next_lower
from warnstream.model.rules.indicators import HazardLevels, Indicator, no_levels


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


def run(state: LevelState, level: HazardLevels, *after_s: int) -> list[int]:
    """Levels at times after T0 when that is found."""
    return [int(state.step(level, LOWERING, T0 + after).level[0]) for after in after_s]


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
    step = state.hold(T0 + 60)
    assert (step.level[0], step.is_blind[0], step.was_blind[0]) == (3, True, False)


def test_a_failure_in_between_starts_the_hold_time_anew() -> None:
    """While a hazard fails nobody sees whether it stays dry: it does not fall early when it comes back."""
    state = LevelState(1)
    run(state, found(3), 0)
    run(state, found(0), 4000)
    state.hold(T0 + 5000)
    assert run(state, found(0), 5800, 7599, 7600) == [3, 3, 2]


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


YELLOW_AND_ORANGE = np.array([[False, True, True, False]])


def test_a_fall_leads_to_the_next_level_that_has_a_value() -> None:
    """Blue is nobody's level here: yellow falls to none, as its people would be told of nothing they know."""
    state = LevelState(1, YELLOW_AND_ORANGE)
    run(state, found(3), 0)
    assert run(state, found(0), 3600, 5399, 5400, 7199, 7200, 20_000) == [3, 3, 2, 2, 0, 0]


def test_a_level_between_that_a_sign_holds_is_not_passed_over() -> None:
    state = LevelState(1, YELLOW_AND_ORANGE)
    run(state, found(3), 0)
    run(state, found(1, holding=1), 3600)
    assert run(state, found(1, holding=1), 5400, 7200, 9000) == [2, 1, 1]


def test_a_level_that_only_a_forecast_may_raise_falls_to_none_without_it() -> None:
    """Forecasts may raise yellow, orange alone has a value."""
    state = LevelState(1, np.array([[False, False, True, False]]))
    run(state, found(2, 0), 0)
    assert run(state, found(0), 3600, 5400) == [2, 0]


def test_villages_fall_by_their_own_levels() -> None:
    defined = np.array([[True, True, True, True], [False, False, False, True]])
    assert next_lower(defined).tolist() == [[0, 0, 1, 2, 3], [0, 0, 0, 0, 0]]
    assert next_lower(defined).dtype == np.uint8


def test_a_proposed_step_moves_nothing_until_it_is_taken() -> None:
    state = LevelState(1)
    step = state.propose(found(3), LOWERING, T0 + 60)
    assert (step.level[0], state.level[0], state.since_s[0]) == (3, 0, -1)
    state.commit(step)
    assert (state.level[0], state.since_s[0]) == (3, T0 + 60)


def test_a_state_knows_since_when_a_village_is_at_some_level() -> None:
    state, twin = LevelState(1), LevelState(1)
    run(state, found(1), 0)
    run(state, found(3), 600)
    assert state.since_s[0] == T0
    twin.restore(state.snapshot())
    assert twin.since_s[0] == T0
    old = state.snapshot()
    del old["since_s"]  # a snapshot of an earlier version
    twin.restore(old)
    assert twin.since_s[0] == T0 + 600
    run(state, found(0), 10_000, 11_800, 13_600, 15_400)
    assert state.since_s[0] == -1


def test_a_snapshot_of_an_earlier_version_tells_of_every_village_when_its_level_was_reached() -> None:
    state, twin = LevelState(3), LevelState(3)
    for after_s, levels in ((0, [0, 1, 0]), (600, [0, 0, 4])):
        step = no_levels(3, Indicator.RAIN)
        step.level[:] = levels
        state.step(step, LOWERING, T0 + after_s)
    old = state.snapshot()
    del old["since_s"]
    twin.restore(old)
    assert twin.since_s.tolist() == [-1, T0, T0 + 600]


def test_villages_that_share_their_levels_fall_like_one_by_itself() -> None:
    state = LevelState(3, np.repeat(YELLOW_AND_ORANGE, 3, axis=0))
    for after_s, level in ((0, 3), (3600, 0), (5400, 0), (7200, 0)):
        step = no_levels(3, Indicator.RAIN)
        step.level[:] = step.holding[:] = level
        step.can_fall[:] = True
        state.step(step, LOWERING, T0 + after_s)
        if after_s == 5400:
            assert state.level.tolist() == [2, 2, 2]
    assert state.level.tolist() == [0, 0, 0]


def test_a_village_is_falling_while_its_level_stands_below_its_clear_value() -> None:
    state = LevelState(1)
    assert state.falling() == []
    run(state, found(1), 0)
    assert state.falling() == []
    run(state, found(0), 60)
    assert state.falling() == [0]
    run(state, found(1), 120)
    assert state.falling() == [], "it is reached again"
    run(state, found(0), 180, 3720, 7200)
    assert state.level.tolist() == [0]
    assert state.falling() == [], "nothing stands"
