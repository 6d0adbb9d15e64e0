"""Laws of the assessment: restarts, order within a step, and more rain."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from warnstream.assessment import Assessment, Weights
from warnstream.model.changes import LevelChange
from warnstream.model.readings import ReadingBatch, empty_batch

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
