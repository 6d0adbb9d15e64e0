"""Laws of quality control: it changes no rain, dries no village, and forgets nothing at a restart."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.networks import HOUR, QUALITY, T0, WINDOWS, network_of, rain, rain_rule
from warnstream.assessment import Assessment, AssessmentStep, Weights
from warnstream.model.network import StationWeights
from warnstream.model.observations.readings import ReadingBatch, empty_batch
from warnstream.model.observations.station_quality import StationFlag, StationNeighbours, no_neighbours

N = 7
STEPS = 18
STEP_S = 300

Storm = list[list[int | None]]

tips = st.one_of(st.none(), st.just(0), st.integers(0, 8), st.integers(50, 200))
"""Silent, dry, some rain, a cloudburst; tenths of a millimetre in five minutes."""
wet_around = st.lists(st.lists(tips, min_size=2, max_size=2), min_size=STEPS, max_size=STEPS).map(
    lambda own: [
        [*row, *([3 + (step + station) % 4 for station in range(N - 2)])] for step, row in enumerate(own)
    ]
)
anything = st.lists(st.lists(tips, min_size=N, max_size=N), min_size=STEPS, max_size=STEPS)
storms = st.one_of(wet_around, anything)


def new_assessment(*, compared: bool = True) -> Assessment:
    near = np.array([[j for j in range(N) if j != i] for i in range(N)], dtype=np.int32)
    own = StationWeights(
        np.array([[i, (i + 1) % N] for i in range(N)], dtype=np.int32),
        np.tile([0.7, 0.3], (N, 1)),
        np.tile([500.0, 3000.0], (N, 1)),
    )
    neighbours = StationNeighbours(near, np.full(near.shape, 3000.0)) if compared else no_neighbours(N)
    return Assessment(
        network_of(N, N),
        (rain_rule(N, (2, 5, 10, 20), duration_s=3600),),
        weights=Weights(own, own, neighbours),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def batch_of_step(storm: Storm, step: int, order: list[int] | None = None) -> ReadingBatch:
    rows = [(s, STEP_S * (step + 1), t / 10) for s, t in enumerate(storm[step]) if t is not None]
    if order is not None:
        rows = [rows[i] for i in sorted(range(len(rows)), key=lambda i: order[rows[i][0]])]
    return rain(*rows) if rows else empty_batch()


def run(
    storm: Storm, *, compared: bool = True, restart_at: int = -1, order: list[int] | None = None
) -> list[AssessmentStep]:
    assessment, steps = new_assessment(compared=compared), []
    for step in range(STEPS):
        if step == restart_at:
            state = assessment.snapshot()
            assessment = new_assessment(compared=compared)
            assessment.restore(state)
        steps.append(assessment.step(batch_of_step(storm, step, order), T0 + STEP_S * (step + 1)))
    return steps


def told(steps: list[AssessmentStep]) -> list[object]:
    return [
        (step.changes, step.quality.flags.tolist(), step.quality.since_s.tolist(), step.sight.heard.tolist())
        for step in steps
    ]


@settings(max_examples=25, deadline=None)
@given(storm=storms)
def test_comparing_gauges_changes_the_rain_of_no_station(storm: Storm) -> None:
    for with_it, without in zip(run(storm), run(storm, compared=False), strict=True):
        np.testing.assert_array_equal(with_it.rain.station_rain_mm, without.rain.station_rain_mm)
        np.testing.assert_array_equal(with_it.flags, without.flags)


@settings(max_examples=25, deadline=None)
@given(storm=storms)
def test_doubting_gauges_dries_no_village(storm: Storm) -> None:
    """But for a stuck gauge, which repeats itself while its neighbours are dry."""
    for with_it, without in zip(run(storm), run(storm, compared=False), strict=True):
        if with_it.quality.has(StationFlag.STUCK).any():
            break
        assert (np.nan_to_num(with_it.rain.rain_mm) >= np.nan_to_num(without.rain.rain_mm)).all()
        assert (with_it.rain.coverage <= without.rain.coverage + 1e-12).all() or with_it.sight.is_blind.any()
        assert (with_it.sight.heard <= without.sight.heard).all()


@settings(max_examples=25, deadline=None)
@given(storm=storms, restart_at=st.integers(0, STEPS - 1))
def test_a_restart_at_any_step_doubts_the_same_gauges(storm: Storm, restart_at: int) -> None:
    assert told(run(storm, restart_at=restart_at)) == told(run(storm))


@settings(max_examples=15, deadline=None)
@given(storm=storms, idle_s=st.lists(st.integers(0, 2 * HOUR), min_size=1, max_size=12).map(sorted))
@example(storm=[[None, 0] + [5] * (N - 2)] * STEPS, idle_s=[0, 59, 60, 61, 299, 300, HOUR - 1, HOUR])
def test_what_stands_while_nothing_comes_is_what_a_restarted_machine_finds(
    storm: Storm, idle_s: list[int]
) -> None:
    """A restarted machine has kept no judgement and no windows: it works everything out anew."""
    stays = new_assessment()
    for step in range(STEPS):
        last_s = T0 + STEP_S * (step + 1)
        stays.step(batch_of_step(storm, step), last_s)
    for second in idle_s:
        restarted = new_assessment()
        restarted.restore(stays.snapshot())
        steps = [checks.step(empty_batch(), last_s + second) for checks in (stays, restarted)]
        assert told(steps[:1]) == told(steps[1:])
        np.testing.assert_array_equal(steps[0].quality.confidence, steps[1].quality.confidence)
        np.testing.assert_array_equal(steps[0].rain.rain_mm, steps[1].rain.rain_mm)


@settings(max_examples=25, deadline=None)
@given(storm=storms, order=st.permutations(range(N)))
def test_the_order_within_a_step_changes_no_doubt(storm: Storm, order: list[int]) -> None:
    assert told(run(storm, order=order)) == told(run(storm))


def test_the_laws_are_put_to_the_test_by_clogged_gauges() -> None:
    """Otherwise they would hold because nothing ever happens."""
    storm: Storm = [
        [0, 150 if step == 0 else 0, *[3 + (step + s) % 4 for s in range(N - 2)]] for step in range(STEPS)
    ]
    assert run(storm)[-1].quality.has(StationFlag.FAULTY_ZERO).tolist() == [True, True, *[False] * (N - 2)]
