"""A reading that goes on plainly is taken exactly as the long way takes it; turns of rises never overlap."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from tests.networks import QUALITY, T0, network_of
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.policies import CounterPolicy
from warnstream.windows.counters import RainCounters
from warnstream.windows.rain_counter import ANY_SOURCE, RainCounter, Reading, Rise

LIMITS = QUALITY.rain_limits
RESET_LATE_S = CounterPolicy().reset_late_s_max

steps = st.lists(
    st.tuples(
        st.sampled_from((1, 60, 300, 3600, 90_000)),
        st.sampled_from((0.0, 0.0, 0.2, 1.0, 40.0, -0.2, -30.0, -1000.0)),
        st.sampled_from((ANY_SOURCE, 0, 1)),
    ),
    min_size=1,
    max_size=40,
)


@given(steps=steps, start_mm=st.sampled_from((0.0, 5.0, 998.0)))
@example(steps=[(300, 0.0, 0), (300, 0.2, 0), (300, 0.2, 0), (300, -0.2, 0), (300, 0.4, 0)], start_mm=5.0)
def test_a_plain_reading_is_taken_as_any_other(steps: list[tuple[int, float, int]], start_mm: float) -> None:
    plain, whole = RainCounter(LIMITS, RESET_LATE_S), RainCounter(LIMITS, RESET_LATE_S)
    at_s, value_mm = T0, start_mm
    for apart_s, rise_mm, source in steps:
        at_s, value_mm = at_s + apart_s, round(max(value_mm + rise_mm, 0.0), 1)
        one = Reading(at_s, value_mm, source, 1000.0)
        outcome = whole.read(one)
        before = plain.goes_on_plainly(at_s, value_mm, source)
        if before is None:
            assert plain.read(one) == outcome
        else:
            assert outcome.rises == (Rise(before.at_s, at_s, value_mm - before.value_mm),)
            assert not outcome.flags
        assert (plain.now, plain.before, plain.trial) == (whole.now, whole.before, whole.trial)


def test_most_readings_of_a_rainy_day_go_on_plainly() -> None:
    counter, taken = RainCounter(LIMITS, RESET_LATE_S), 0
    for minute in range(0, 1440, 5):
        value_mm = round(0.2 * (minute // 15), 1)
        is_plain = counter.goes_on_plainly(T0 + 60 * minute, value_mm, 0) is not None
        taken += is_plain
        if not is_plain:
            counter.read(Reading(T0 + 60 * minute, value_mm, 0))
    assert taken > 280


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 40), st.sampled_from((0.0, 0.2, 1.0, 30.0, 900.0))),
        max_size=60,
    )
)
def test_rises_of_a_turn_do_not_overlap_and_keep_all_the_rain(rows: list[tuple[int, int, float]]) -> None:
    policy = CounterPolicy()
    counters = RainCounters(network_of(3, 3).stations, policy, limits=LIMITS, spread_s_max=86_400)
    batch = batch_of(
        [station for station, _, _ in rows],
        [Variable.RAIN_TOTAL] * len(rows),
        [T0 + 300 * step for _, step, _ in rows],
        [value for _, _, value in rows],
    )
    turns, _ = counters.step(Variable.RAIN_TOTAL, batch)
    for turn in turns:
        assert (turn.rain_mm >= 0).all()
        for station in np.unique(turn.station):
            own = turn.station == station
            assert (turn.begin_s[own][1:] >= turn.end_s[own][:-1]).all()
