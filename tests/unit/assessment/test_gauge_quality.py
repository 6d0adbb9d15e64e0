"""Gauges that lie, through the whole first machine: what villages, levels and reasons make of them."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.networks import HOUR, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from warnstream.assessment import Assessment, AssessmentStep, Weights
from warnstream.model.level import Level
from warnstream.model.network import StationWeights
from warnstream.model.observations.readings import Flag, ReadingBatch, Variable, batch_of, concatenate
from warnstream.model.observations.station_quality import StationFlag, StationNeighbours

N = 7
STEP = 300
SIREN = (15, 25, 40, 80)


def everybody_near(n: int = N) -> StationNeighbours:
    near = np.array([[j for j in range(n) if j != i] for i in range(n)], dtype=np.int32)
    return StationNeighbours(near, np.full(near.shape, 3000.0))


def two_gauges_each() -> StationWeights:
    """Village i hears station i by 0.7 and station i+1 by 0.3."""
    station = np.array([[i, (i + 1) % N] for i in range(N)], dtype=np.int32)
    return StationWeights(station, np.tile([0.7, 0.3], (N, 1)), np.tile([500.0, 3000.0], (N, 1)))


def assessment_of(
    own: StationWeights | None = None, neighbours: StationNeighbours | None = None
) -> Assessment:
    near = everybody_near() if neighbours is None else neighbours
    weights = Weights(own or two_gauges_each(), two_gauges_each(), near, heard_min=0.5)
    return Assessment(
        network_of(N, N),
        (rain_rule(N, SIREN),),
        weights=weights,
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def interval(number: int, own: float | None, around: float) -> ReadingBatch:
    """One reading of every station; station 0 says `own`, or nothing."""
    rows = [(s, STEP * number, around + 0.1 * ((number + s) % 2) * (around > 0)) for s in range(1, N)]
    return rain(*([] if own is None else [(0, STEP * number, own)]), *rows)


def run(
    assessment: Assessment, intervals: Sequence[tuple[float | None, float]], first: int = 1
) -> list[AssessmentStep]:
    return [
        assessment.step(interval(number, own, around), T0 + STEP * number)
        for number, (own, around) in enumerate(intervals, start=first)
    ]


def flags_of(step: AssessmentStep, station: int = 0) -> StationFlag:
    return StationFlag(int(step.quality.flags[station]))


def test_a_clogged_gauge_is_found_while_it_rains_and_is_silent_not_dry() -> None:
    steps = run(assessment_of(), [(0.0, 2.0)] * 12)
    assert flags_of(steps[-1]) == StationFlag.FAULTY_ZERO
    assert steps[-1].quality.confidence[0] == 0.0
    assert steps[-1].quality.since_s[0] <= T0 + STEP
    assert steps[-1].rain.coverage_over(HOUR)[0] == pytest.approx(0.3)
    assert steps[-1].rain.over(HOUR)[0] == pytest.approx(steps[-1].rain.station_rain_mm[1, -1])


def test_a_village_that_leans_on_a_clogged_gauge_is_partly_blind_and_one_of_that_gauge_alone_is_blind() -> (
    None
):
    partly = run(assessment_of(), [(0.0, 2.0)] * 12)[-1].sight
    assert (partly.heard[0], partly.is_partly_blind.tolist()) == (pytest.approx(0.3), [True] + [False] * 6)
    alone = run(assessment_of(nearest_weights(N, N)), [(0.0, 2.0)] * 12)[-1]
    assert alone.sight.is_blind.tolist() == [True] + [False] * 6
    assert alone.rain.over(HOUR)[0] > 20  # the fallback speaks


def test_the_village_of_a_clogged_gauge_is_warned_by_its_neighbours_and_unconfirmed() -> None:
    steps = run(assessment_of(), [(0.0, 2.6)] * 16)
    rises = [change for step in steps for change in step.changes if change.village == 0]
    assert max(change.level for change in rises) >= Level.YELLOW
    reason = rises[-1].reason
    assert reason is not None
    assert not reason.confirmed
    others = [c.reason for step in steps for c in step.changes if c.village == 3]
    assert all(reason is not None and reason.confirmed for reason in others)


def test_no_level_falls_on_zeros_that_nobody_measured() -> None:
    assessment = assessment_of(nearest_weights(N, N))
    run(assessment, [(12.0, 2.0)] * 3 + [(0.0, 2.0)] * 9)
    reached = int(assessment.level("flash_flood").level[0])
    assert reached >= Level.YELLOW
    run(assessment, [(0.0, 0.0)] * 50, first=13)
    levels = assessment.level("flash_flood").level
    assert levels[0] == reached
    assert levels[1:].max() == Level.NONE


def test_rain_measured_before_a_gauge_clogged_is_not_lost() -> None:
    trusting = assessment_of(neighbours=StationNeighbours(np.zeros((N, 0), dtype=np.int32), np.zeros((N, 0))))
    doubting = assessment_of()
    storm = [(9.0, 1.0)] * 3 + [(0.0, 0.4)] * 9
    believed, doubted = run(trusting, list(storm))[-1], run(doubting, list(storm))[-1]
    assert flags_of(doubted) & StationFlag.FAULTY_ZERO
    assert (doubted.rain.over(HOUR) >= believed.rain.over(HOUR)).all()
    np.testing.assert_array_equal(doubted.rain.station_rain_mm, believed.rain.station_rain_mm)


def test_a_clogged_gauge_is_trusted_again_with_its_next_rain() -> None:
    assessment = assessment_of()
    assert flags_of(run(assessment, [(0.0, 2.0)] * 12)[-1]) & StationFlag.FAULTY_ZERO
    again = run(assessment, [(1.0, 2.0)] * 3, first=13)[-1]
    assert not flags_of(again) & StationFlag.FAULTY_ZERO
    assert again.sight.heard[0] == 1.0


def test_a_single_high_gauge_raises_the_level_at_once_and_unconfirmed() -> None:
    """Alone on a 5 km grid it is the convective cell: nothing of it is lost."""
    steps = run(assessment_of(nearest_weights(N, N)), [(0.0, 0.0)] * 12 + [(30.0, 0.0)])
    (change,) = steps[-1].changes
    assert (change.village, change.level) == (0, Level.YELLOW)
    assert flags_of(steps[-1]) & (StationFlag.LONELY | StationFlag.UNSHARED)
    assert change.reason is not None
    assert (change.reason.value, change.reason.confirmed) == (30.0, False)


def test_a_high_gauge_among_high_ones_is_confirmed() -> None:
    steps = run(assessment_of(nearest_weights(N, N)), [(0.0, 0.0)] * 12 + [(30.0, 22.0)])
    reasons = [change.reason for change in steps[-1].changes if change.village == 0]
    assert [reason is not None and reason.confirmed for reason in reasons] == [True]


def test_a_stuck_gauge_weighs_a_quarter_while_its_neighbours_are_dry() -> None:
    steps = run(assessment_of(), [(3.0, 0.0)] * 14)
    assert flags_of(steps[-1]) & StationFlag.STUCK
    # 0.7 * 0.25 of 36 mm beside 0.3 of nothing, by weights of 0.175 and 0.3
    assert steps[-1].rain.over(HOUR)[0] == pytest.approx(36.0 * 0.175 / 0.475, abs=0.01)


def test_a_stuck_gauge_that_speaks_alone_still_counts_whole() -> None:
    step = run(assessment_of(nearest_weights(N, N)), [(3.0, 0.0)] * 14)[-1]
    assert flags_of(step) & StationFlag.STUCK
    assert step.rain.over(HOUR)[0] == pytest.approx(36.0)


def test_equal_rain_while_the_neighbours_are_wet_is_steady_rain() -> None:
    step = run(assessment_of(), [(0.4, 0.4)] * 14)[-1]
    assert not flags_of(step) & StationFlag.STUCK


def test_a_network_without_neighbours_doubts_nobody_for_it() -> None:
    lonely = StationNeighbours(np.zeros((N, 0), dtype=np.int32), np.zeros((N, 0)))
    step = run(assessment_of(neighbours=lonely), [(0.0, 2.1)] * 12)[-1]
    assert set(step.quality.flags.tolist()) == {int(StationFlag.ISOLATED)}
    assert step.quality.confidence.tolist() == [1.0] * N


def test_a_pause_of_the_node_does_not_skip_intervals() -> None:
    """All of two hours in one step: the intervals are still compared one by one."""
    assessment = assessment_of()
    assessment.step(interval(1, 0.0, 2.0), T0 + STEP)
    parts = [interval(number, 0.0, 2.0) for number in range(2, 13)]
    batch = rain(
        *(
            (int(s), int(t) - T0, float(v))
            for part in parts
            for s, t, v in zip(part.station, part.observed_at_s, part.value, strict=True)
        )
    )
    step = assessment.step(batch, T0 + STEP * 14)
    assert flags_of(step) & StationFlag.FAULTY_ZERO


def test_a_stuck_thermometer_says_nothing_against_the_rain_of_its_station() -> None:
    assessment = assessment_of(nearest_weights(N, N))
    for number in range(1, 14):
        at_s = T0 + STEP * number
        amounts = interval(number, 30.0, 29.0) if number == 13 else interval(number, 0.0, 0.0)
        warm = batch_of([0], [Variable.TEMPERATURE], [at_s], [20.0])
        step = assessment.step(concatenate([amounts, warm]), at_s)
    assert step.flags[-1] == Flag.STUCK
    assert flags_of(step) & StationFlag.READINGS
    assert [c.reason is not None and c.reason.confirmed for c in step.changes if c.village == 0] == [True]


def totals(at_s: int, value: float) -> ReadingBatch:
    return batch_of([0], [Variable.RAIN_TOTAL], [T0 + at_s], [value])


def test_a_counter_that_falls_and_comes_back_raises_nothing_and_is_told_of_for_an_hour() -> None:
    assessment = assessment_of(nearest_weights(N, N))
    changes = []
    for number, value in enumerate((80.4, 0.0, 80.4, 0.0, 0.0, 80.4)):
        step = assessment.step(totals(STEP * number, value), T0 + STEP * number)
        changes += step.changes
        twin = assessment_of(nearest_weights(N, N))
        twin.restore(assessment.snapshot())
        assessment = twin
    assert changes == []
    assert flags_of(step) & StationFlag.COUNTER
    step = assessment.step(totals(STEP * 18, 80.4), T0 + STEP * 18)
    assert not flags_of(step) & StationFlag.COUNTER


def test_a_level_that_rests_on_a_counter_after_its_reset_is_not_confirmed() -> None:
    assessment = assessment_of(nearest_weights(N, N))
    steps = [
        assessment.step(totals(STEP * number, value), T0 + STEP * number)
        for number, value in enumerate((80.0, 84.0, 0.0, 11.0, 22.0, 33.0))
    ]
    changes = [change for step in steps for change in step.changes]
    assert [change.level for change in changes][-1] >= Level.YELLOW
    assert not any(change.reason.confirmed for change in changes if change.reason is not None)


def test_a_sum_that_no_place_has_ever_had_is_doubted_though_each_part_is_possible() -> None:
    """Forty millimetres every five minutes are 480 in an hour."""
    assessment = assessment_of(nearest_weights(N, N))
    for number in range(1, 13):
        step = assessment.step(rain((0, STEP * number, 38.0 + number % 5)), T0 + STEP * number)
        assert bool(flags_of(step) & StationFlag.BEYOND_RECORD) == (number > 10), number
    assert step.flags.tolist() == [0]
    twin = assessment_of(nearest_weights(N, N))
    twin.restore(assessment.snapshot())
    step = twin.step(rain((1, STEP * 13, 0.0)), T0 + STEP * 13)
    assert flags_of(step) & StationFlag.BEYOND_RECORD
