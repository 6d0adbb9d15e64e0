"""What late readings prove is what punctual ones would have raised."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from warnstream.assessment import Assessment, Weights
from warnstream.model.changes import Change
from warnstream.model.level import Level
from warnstream.model.observations.readings import empty_batch

STEP = 300
N_STEPS = 60
amounts = st.lists(
    st.sampled_from([0.0, 0.0, 0.1, 0.3, 1.9, 2.0, 4.7, 5.0, 9.0]), min_size=N_STEPS, max_size=N_STEPS
)
"""Tenths have no exact binary fraction: a sum of them must still reach a threshold that it equals."""
delays = st.lists(st.sampled_from([0, 0, 0, 24, 40]), min_size=N_STEPS, max_size=N_STEPS)
"""By how many steps each reading comes late."""


def run(amount_mm: list[float], delay: list[int]) -> tuple[set[Level], set[Level]]:
    """Levels that were raised, and levels of the past that were proven."""
    weights = nearest_weights(1, 1)
    assessment = Assessment(
        network_of(1, 1),
        (rain_rule(1, (10, 20, 30, 40)),),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )
    raised: set[Level] = set()
    proven: set[Level] = set()
    for now in range(1, N_STEPS + 60):
        rows = [(0, STEP * (n + 1), amount_mm[n]) for n in range(N_STEPS) if n + 1 + delay[n] == now]
        step = assessment.step(rain(*rows) if rows else empty_batch(), T0 + STEP * now)
        raised |= {change.level for change in step.changes if change.kind is Change.RISE}
        proven |= {crossing.level for crossing in step.past_crossings}
    return raised, proven


@given(amounts, delays)
@settings(max_examples=12, deadline=None)
def test_nothing_is_proven_that_punctual_readings_would_not_have_raised(
    amount_mm: list[float], delay: list[int]
) -> None:
    punctual, nothing = run(amount_mm, [0] * N_STEPS)
    raised, proven = run(amount_mm, delay)
    assert nothing == set()
    assert max(proven, default=Level.NONE) <= max(punctual, default=Level.NONE)
    # And the worst of all is never lost: it was raised when it happened, or is proven later.
    assert max(raised | proven, default=Level.NONE) == max(punctual, default=Level.NONE)
