"""Laws of falling levels: who never raised a level has no say in its fall."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of
from warnstream.assessment import Assessment, Weights
from warnstream.model.changes import LevelChange
from warnstream.model.level import LEVELS, Level
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.rules import CriticalStage, HazardRule

STEP_S = 600
stages = st.lists(st.sampled_from([0.1, 0.9, 1.5, 2.0, 3.2, 4.0]), min_size=1, max_size=12)
"""Stages of a gauge, each for half an hour."""
some_levels = st.sets(st.sampled_from(LEVELS), min_size=1)


def run(
    n_gauges: int, levels: set[Level], of_first: Sequence[float], dies_after: int
) -> tuple[list[LevelChange], Assessment]:
    """A village by one gauge or by two, the second always low until it dies; then a dry day."""
    critical = np.array([[float(level) if level in levels else np.nan for level in LEVELS]] * n_gauges)
    place, gauges = np.zeros(n_gauges, dtype=np.int32), np.arange(n_gauges, dtype=np.int32)
    table = CriticalStage(place, gauges, critical, 1800)
    rule = HazardRule("flood", "river_stage", "洪水", "Flood", table, 0.0, Level.NONE, LOWERING, "test")
    weights = nearest_weights(2, 1)
    assessment = Assessment(
        network_of(2, 1),
        (rule,),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )
    changes: list[LevelChange] = []
    for number, stage_m in enumerate([stage for change in of_first for stage in [change] * 3] + [0.1] * 144):
        at_s = T0 + number * STEP_S
        said = [(0, stage_m)] + ([(1, 0.1)] if n_gauges > 1 and number < dies_after else [])
        stations, values = zip(*said, strict=True)
        batch = batch_of(stations, [Variable.STAGE] * len(said), [at_s] * len(said), values)
        changes += assessment.step(batch, at_s).changes
    return changes, assessment


@given(stages, some_levels, st.integers(0, 40))
@settings(max_examples=20, deadline=None)
def test_a_gauge_that_never_was_high_changes_nothing_by_its_silence(
    of_first: list[float], levels: set[Level], dies_after: int
) -> None:
    alone, _ = run(1, levels, of_first, 0)
    beside_another, _ = run(2, levels, of_first, dies_after)
    assert beside_another == alone


@given(stages, some_levels)
@settings(max_examples=20, deadline=None)
def test_every_warning_ends_and_only_levels_with_a_value_are_ever_stood_at(
    of_first: list[float], levels: set[Level]
) -> None:
    changes, assessment = run(1, levels, of_first, 0)
    assert assessment.level("flood").level[0] == Level.NONE
    assert {change.level for change in changes} <= levels | {Level.NONE}
