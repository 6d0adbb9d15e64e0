"""Laws of the assessment: restarts, order within a step, more rain, and what is kept from step to step."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule, stage_rule
from warnstream.assessment import Assessment, Weights
from warnstream.model.changes import LevelChange
from warnstream.model.level import Level
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of, empty_batch

N = 3
STEPS = 24

reading = st.tuples(st.integers(0, N - 1), st.integers(0, STEPS - 1), st.integers(0, 300))
storms = st.lists(reading, max_size=40, unique_by=lambda row: row[:2])


def new_assessment() -> Assessment:
    weights = nearest_weights(N, N)
    rules = (
        rain_rule(N, (5, 10, 20, 40), duration_s=1800, name="short"),
        rain_rule(N, (15, 25, 40, 80), duration_s=3 * 3600, name="long"),
    )
    return Assessment(
        network_of(N, N),
        rules,
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def batch_at(storm: list[tuple[int, int, int]], step: int) -> ReadingBatch:
    rows = [(station, 600 * (step + 1), tips / 10) for station, at, tips in storm if at == step]
    return rain(*rows) if rows else empty_batch()


def run(storm: list[tuple[int, int, int]], restart_at: int = -1) -> list[LevelChange]:
    assessment, changes = new_assessment(), []
    for step in range(STEPS):
        if step == restart_at:
            state = assessment.snapshot()
            assessment = new_assessment()
            assessment.restore(state)
        changes += assessment.step(batch_at(storm, step), T0 + 600 * (step + 1)).changes
    return changes


@settings(max_examples=60, deadline=None)
@given(storm=storms, restart_at=st.integers(0, STEPS - 1))
def test_a_restart_at_any_step_equals_no_restart(storm: list[tuple[int, int, int]], restart_at: int) -> None:
    assert run(storm, restart_at) == run(storm)


@settings(max_examples=60, deadline=None)
@given(storm=storms, order=st.randoms(use_true_random=False))
def test_the_order_within_a_step_does_not_matter(storm: list[tuple[int, int, int]], order: object) -> None:
    shuffled = list(storm)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert run(shuffled) == run(storm)


@settings(max_examples=60, deadline=None)
@given(storm=storms, extra=reading)
def test_more_rain_never_lowers_a_level(
    storm: list[tuple[int, int, int]], extra: tuple[int, int, int]
) -> None:
    """Compared step by step while only rain is added: levels are at least as high."""
    station, at, tips = extra
    more = [row for row in storm if row[:2] != (station, at)]
    more.append((station, at, tips + sum(row[2] for row in storm if row[:2] == (station, at))))
    less, wetter = new_assessment(), new_assessment()
    for step in range(STEPS):
        now_s = T0 + 600 * (step + 1)
        less.step(batch_at(storm, step), now_s)
        wetter.step(batch_at(more, step), now_s)
        for hazard in ("short", "long"):
            assert (wetter.level(hazard).level >= less.level(hazard).level).all()


# Steps some seconds or an hour apart, each with a few readings of any kind: (seconds before the step,
# station, variable, value). Values are few, so that many repeat the one before.
any_reading = st.tuples(
    st.integers(0, 90),
    st.integers(0, N - 1),
    st.sampled_from([Variable.RAIN, Variable.STAGE, Variable.TEMPERATURE, Variable.HUMIDITY]),
    st.sampled_from([0.0, 1.0, 2.5, 4.0, 60.0]),
)
trickles = st.lists(
    st.tuples(st.sampled_from([0, 1, 5, 70, 3_600]), st.lists(any_reading, max_size=6)), max_size=12
)


def of_all_kinds() -> Assessment:
    weights = nearest_weights(N, N)
    rules = (
        rain_rule(N, (5, 10, 20, 40), duration_s=1800),
        replace(stage_rule(0, 0, (1, 2, 3, 4)), forecast_level_max=Level.ORANGE),
        replace(stage_rule(2, 1, (2, 3, 4, 5)), name="other_river"),
    )
    own = Weights(weights, weights)
    return Assessment(network_of(N, N), rules, weights=own, windows=WINDOWS, quality=QUALITY, nowcast=None)


def seen(assessment: Assessment, batch: ReadingBatch, now_s: int) -> list[object]:
    """Everything that a step found, to be compared."""
    step = assessment.step(batch, now_s)
    levels = [assessment.level(name) for name in ("flash_flood", "river_flood", "other_river")]
    arrays = [step.flags, step.is_reporting, step.rain.rain_mm, step.rain.coverage, *step.ratio.values()]
    arrays += [step.quality.flags, step.quality.confidence, step.quality.since_s]
    arrays += [step.sight.heard, step.sight.is_blind]
    arrays += [array for level in levels for array in level.snapshot().values()]
    return [step.changes, step.failures, [(array.shape, array.tobytes()) for array in arrays]]


@settings(max_examples=40, deadline=None)
@given(trickle=trickles)
def test_what_stands_from_step_to_step_is_what_would_be_found_anew(
    trickle: list[tuple[int, list[tuple[int, int, Variable, float]]]],
) -> None:
    """An assessment that goes on, beside one that begins anew from its snapshot before every step."""
    going_on, now_s = of_all_kinds(), T0
    state = going_on.snapshot()
    for wait_s, rows in trickle:
        now_s += wait_s
        before, station, variable, value = zip(*rows, strict=True) if rows else ((), (), (), ())
        batch = batch_of(station, variable, now_s - np.array(before, dtype=np.int64), value)
        anew = of_all_kinds()
        anew.restore(state)
        assert seen(going_on, batch, now_s) == seen(anew, batch, now_s)
        state = going_on.snapshot()
