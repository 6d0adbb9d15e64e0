"""A grid of rain beside the gauges: it speaks where they do not, raises, and never lowers."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from warnstream.assessment import Assessment, AssessmentStep, Weights
from warnstream.model.changes import Change, LevelChange
from warnstream.model.grids import BiasPolicy, GridFrame, GridPolicy
from warnstream.model.level import Level
from warnstream.model.network import StationWeights
from warnstream.model.observations.readings import ReadingBatch, concatenate, empty_batch
from warnstream.model.observations.refusals import RefusalReason

N = 3
STEP = 300
SIREN = (15, 25, 40, 80)
RADAR = GridPolicy("radar")
FAR = StationWeights(np.full((N, 1), 2, dtype=np.int32), np.ones((N, 1)), np.full((N, 1), 9_000.0))
"""Gauge 2 speaks for every village whose own is silent."""


def assessment_of(*grids: GridPolicy) -> Assessment:
    return Assessment(
        network_of(N, N),
        (rain_rule(N, SIREN),),
        weights=Weights(nearest_weights(N, N), FAR),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
        grids=grids,
    )


def frame(
    after_s: int, rain_mm: float | list[float], *, grid: str = "radar", interval_s: int = STEP
) -> GridFrame:
    """The same rain at all villages and gauges, or one value for each village, then each gauge."""
    amounts = np.full(2 * N, rain_mm) if isinstance(rain_mm, float | int) else np.array(rain_mm)
    return GridFrame(grid, T0 + after_s, interval_s, amounts.astype(np.float64))


def gauges(after_s: int, rain_mm: float = 0.0, stations: tuple[int, ...] = (0, 1, 2)) -> ReadingBatch:
    rows = [(station, after_s, rain_mm) for station in stations]
    return rain(*rows) if rows else empty_batch()


def storm(
    assessment: Assessment,
    *,
    silent_from_s: int = 3_600,
    until_s: int = 7_200,
    grid_mm: float | None = 5.0,
    gauge_mm: float = 0.0,
    from_s: int = STEP,
) -> list[AssessmentStep]:
    """Gauges 0 and 1 fall silent; the grid goes on, or there is none."""
    steps = []
    for after_s in range(from_s, until_s + 1, STEP):
        reporting = (0, 1, 2) if after_s <= silent_from_s else (2,)
        readings = concatenate(
            [
                gauges(after_s, gauge_mm, tuple(station for station in reporting if station != 2)),
                gauges(after_s, 0.0, (2,)),
            ]
        )
        frames = [] if grid_mm is None else [frame(after_s, grid_mm)]
        steps.append(assessment.step(readings, T0 + after_s, (), frames))
    return steps


def rises(steps: list[AssessmentStep]) -> list[LevelChange]:
    return [change for step in steps for change in step.changes if change.kind is Change.RISE]


def test_where_gauges_report_a_grid_says_nothing() -> None:
    steps = storm(assessment_of(RADAR), silent_from_s=7_200, grid_mm=15.0)
    assert rises(steps) == []
    assert steps[-1].rain.grids is None
    assert not steps[-1].grids.states[0].speaks.any()


def test_a_gauge_that_has_just_begun_to_report_is_believed() -> None:
    assessment = assessment_of(RADAR)
    for after_s in range(STEP, 3_601, STEP):
        reporting = (0, 1, 2) if after_s >= 3_300 else (2,)
        step = assessment.step(gauges(after_s, 0.0, reporting), T0 + after_s, (), [frame(after_s, 0.5)])
    assert step.rain.coverage[0].max() < 0.5
    assert step.rain.grids is None


def test_a_village_whose_gauge_is_silent_is_warned_by_the_grid_and_not_confirmed() -> None:
    steps = storm(assessment_of(RADAR))
    found = rises(steps)
    assert {change.village for change in found} == {0, 1}
    worst = max(found, key=lambda change: change.level)
    assert worst.level is Level.ORANGE
    reason = worst.reason
    assert reason is not None
    assert (reason.grid, reason.station) == ("radar", "")
    assert (reason.confirmed, reason.certainty) == (False, "Possible")
    assert reason.value >= 40.0
    assert reason.observed_until_s == worst.crossed_at_s
    assert steps[-1].grids.states[0].speaks.tolist() == [True, True, False]


def test_without_a_grid_it_is_judged_by_farther_gauges() -> None:
    steps = storm(assessment_of(), grid_mm=None)
    assert rises(steps) == []
    assert steps[-1].sight.is_blind.tolist() == [True, True, False]
    assert steps[-1].rain.rain_mm[0].max() == 0.0


def test_gauges_are_believed_until_they_fell_silent_and_the_grid_since_then() -> None:
    assessment = assessment_of(RADAR)
    last = storm(assessment, gauge_mm=2.0, grid_mm=1.0, until_s=5_400)[-1]
    hour = last.rain.duration_s.tolist().index(3_600)
    # Half an hour of 2 mm in 5 min by the gauge, half an hour of 1 mm by the grid.
    assert last.rain.rain_mm[0, hour] == pytest.approx(6 * 2.0 + 6 * 1.0)
    assert last.rain.grids is not None
    assert last.rain.grids.gauge_mm[0, hour] == pytest.approx(12.0)
    assert last.rain.grids.coverage[0, hour] == pytest.approx(1.0)


def test_the_part_that_gauges_measured_is_told() -> None:
    found = rises(storm(assessment_of(RADAR), gauge_mm=1.0, grid_mm=5.0))
    yellow = next(change for change in found if change.level >= Level.YELLOW)
    assert yellow.reason is not None
    assert 0 < yellow.reason.gauge_value < 12
    assert yellow.reason.grid == "radar"


def test_an_explanation_names_the_grid_of_each_window() -> None:
    assessment = assessment_of(RADAR)
    storm(assessment)
    (blind,), (sees,) = (assessment.view(village).places for village in (0, 2))
    hour = blind.window.index(3_600)
    assert (blind.grid[hour], sees.grid[hour]) == ("radar", "")
    assert blind.coverage[hour] == pytest.approx(1.0)


def test_a_grid_that_says_less_than_farther_gauges_is_not_asked() -> None:
    assessment = assessment_of(RADAR)
    storm(assessment, grid_mm=0.0, until_s=5_400)
    (*_, last) = (
        assessment.step(gauges(after_s, 9.0, (2,)), T0 + after_s, (), [frame(after_s, 0.5)])
        for after_s in range(5_700, 7_201, STEP)
    )
    assert last.rain.grids is None
    assert last.rain.rain_mm[0].max() == pytest.approx(54.0)


def test_a_dry_grid_lowers_nothing() -> None:
    assessment = assessment_of(RADAR)
    storm(assessment, gauge_mm=5.0, grid_mm=0.0, until_s=3_600)
    assert assessment.level("flash_flood").level.tolist() == [3, 3, 0]
    changes = [
        change
        for step in storm(assessment, grid_mm=0.0, from_s=3_900, until_s=6 * 3_600)
        for change in step.changes
    ]
    assert assessment.level("flash_flood").level.tolist() == [3, 3, 0]
    assert {change.kind for change in changes} == {Change.SIGHT_LOST}


def test_a_late_grid_speaks_for_nobody() -> None:
    assessment = assessment_of(replace(RADAR, age_s_max=900))
    storm(assessment, grid_mm=1.0)
    for after_s in (7_500, 8_100):
        assert assessment.step(gauges(after_s, 0.0, (2,)), T0 + after_s).rain.grids is not None
    late = assessment.step(gauges(8_400, 0.0, (2,)), T0 + 8_400)
    assert late.rain.grids is None
    assert not late.grids.states[0].is_fresh


def test_cells_that_were_not_seen_leave_a_village_to_its_gauges() -> None:
    assessment = assessment_of(RADAR)
    for after_s in range(STEP, 7_201, STEP):
        seen = [float("nan"), 5.0, 5.0, 5.0, 5.0, 5.0]
        step = assessment.step(gauges(after_s, 0.0, (2,)), T0 + after_s, (), [frame(after_s, seen)])
    assert step.grids.states[0].speaks.tolist() == [False, True, False]
    assert step.grids.states[0].is_seen.tolist() == [False, True, True]
    assert assessment.level("flash_flood").level.tolist() == [0, 3, 0]


def test_a_frame_told_again_changes_nothing() -> None:
    once, twice = assessment_of(RADAR), assessment_of(RADAR)
    for after_s in range(STEP, 3_601, STEP):
        told = frame(after_s, 2.0)
        first = once.step(empty_batch(), T0 + after_s, (), [told])
        second = twice.step(empty_batch(), T0 + after_s, (), [told, told])
    assert second.grids.states[0].n_repeated == 1
    np.testing.assert_array_equal(first.rain.rain_mm, second.rain.rain_mm)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (frame(3_600, 1.0, interval_s=600), RefusalReason.OVERLAP),
        (frame(3_900, 1.0, interval_s=600), RefusalReason.OVERLAP),
        (frame(7_200, 1.0), RefusalReason.FUTURE),
        (frame(-6 * 3_600, 1.0), RefusalReason.TOO_LATE),
        (frame(3_900, 101.0), RefusalReason.OUT_OF_RANGE),
        (frame(3_900, -1.0), RefusalReason.OUT_OF_RANGE),
        (frame(3_900, 1.0, interval_s=90), RefusalReason.BAD_TIME),
        (frame(3_900, 1.0, grid="other"), RefusalReason.BAD_GRID),
    ],
)
def test_a_frame_that_cannot_be_is_refused_with_its_reason(wrong: GridFrame, reason: RefusalReason) -> None:
    assessment = assessment_of(RADAR)
    assessment.step(empty_batch(), T0 + 3_600, (), [frame(3_600, 1.0)])
    step = assessment.step(empty_batch(), T0 + 3_900, (), [wrong])
    assert [refused.reason for refused in step.grids.refused] == [reason]
    assert step.grids.states[0].n_frames == 0


def test_the_grid_is_adjusted_to_the_gauges_that_are_left_within_bounds() -> None:
    for factor_max, expected in ((4.0, 3.0), (2.0, 2.0)):
        bias = BiasPolicy(window_s=3_600, pairs_min=1, factor_max=factor_max)
        assessment = assessment_of(replace(RADAR, bias=bias))
        for after_s in range(STEP, 7_201, STEP):
            swing_mm = 0.1 if after_s % (2 * STEP) else -0.1  # a gauge that stands still would be doubted
            readings = gauges(after_s, 3.0 + swing_mm, (2,))
            seen = [2.0] * N + [1.0] * N
            step = assessment.step(readings, T0 + after_s, (), [frame(after_s, seen)])
        (state,) = step.grids.states
        assert state.factor == pytest.approx(expected)
        assert state.n_pairs == 1
        hour = step.rain.duration_s.tolist().index(3_600)
        assert step.rain.rain_mm[0, hour] == pytest.approx(24 * expected)


def test_too_few_gauges_with_rain_adjust_nothing() -> None:
    assessment = assessment_of(replace(RADAR, bias=BiasPolicy(window_s=3_600, pairs_min=2)))
    for after_s in range(STEP, 3_601, STEP):
        step = assessment.step(gauges(after_s, 3.0, (2,)), T0 + after_s, (), [frame(after_s, 1.0)])
    assert (step.grids.states[0].factor, step.grids.states[0].n_pairs) == (1.0, 0)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(cut=st.integers(1, 23), adjusted=st.booleans())
def test_a_restart_at_any_step_is_no_restart(cut: int, adjusted: bool) -> None:
    policy = replace(RADAR, bias=BiasPolicy(window_s=3_600, pairs_min=1)) if adjusted else RADAR
    whole, before, after = (assessment_of(policy) for _ in range(3))
    expected = storm(whole, gauge_mm=1.0)
    storm(before, gauge_mm=1.0, until_s=cut * STEP)
    after.restore(before.snapshot())
    found = storm(after, gauge_mm=1.0, from_s=(cut + 1) * STEP)
    assert [step.changes for step in found] == [step.changes for step in expected[cut:]]
    np.testing.assert_array_equal(found[-1].rain.rain_mm, expected[-1].rain.rain_mm)


@cache
def hour_of(order: tuple[int, ...]) -> AssessmentStep:
    frames = [frame((1 + number) * STEP, 0.1 * number) for number in order]
    return assessment_of(RADAR).step(empty_batch(), T0 + 3_600, (), frames)


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(12)))
def test_the_order_in_which_frames_come_leaves_no_trace(order: list[int]) -> None:
    expected, found = hour_of(tuple(range(12))), hour_of(tuple(order))
    np.testing.assert_array_equal(found.rain.rain_mm, expected.rain.rain_mm)
    assert found.grids.states[0].newest_s == T0 + 3_600


def test_a_snapshot_of_before_there_was_a_grid_is_taken_up() -> None:
    before, after = assessment_of(), assessment_of(RADAR)
    before.step(gauges(300), T0 + 300)
    after.restore(before.snapshot())
    assert after.step(gauges(600), T0 + 600, (), [frame(600, 1.0)]).grids.states[0].n_frames == 1
