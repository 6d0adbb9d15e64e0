"""When a gauge was silent, against a look at every second by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from warnstream.model.observations.readings import Variable, batch_of
from warnstream.runners.afterwards.gauges import _Gauge
from warnstream.runners.afterwards.scope import Scope

LIMIT_S = 20


def gauge(readings: list[tuple[int, int]], variable: Variable = Variable.RAIN) -> _Gauge:
    """Readings of 1 mm as (arrived, observed), in the order of arrival."""
    n = len(readings)
    arrived_s = np.array([arrived for arrived, _ in readings], dtype=np.int64)
    observed_s = [observed for _, observed in readings]
    return _Gauge(batch_of([0] * n, [int(variable)] * n, observed_s, [1.0] * n), arrived_s)


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 90)), max_size=12),
    st.integers(0, 80),
    st.integers(1, 120),
)
def test_silence_is_when_nothing_known_is_new_enough_at_every_second(
    some: list[tuple[int, int]], begin_s: int, length_s: int
) -> None:
    readings = sorted((arrived, arrived - late) for arrived, late in some)
    end_s = begin_s + length_s
    silent = gauge(readings).silences(begin_s, end_s, LIMIT_S)
    for second in range(begin_s, end_s):
        known = [observed for arrived, observed in readings if arrived <= second]
        is_silent = not known or second - max(known) >= LIMIT_S
        assert is_silent == any(first <= second < last for first, last in silent), second


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 90)), max_size=12))
def test_silences_are_apart_and_in_order(some: list[tuple[int, int]]) -> None:
    readings = sorted((arrived, arrived - late) for arrived, late in some)
    edges = [edge for silence in gauge(readings).silences(0, 300, LIMIT_S) for edge in silence]
    assert edges == sorted(set(edges))


def test_late_is_what_came_after_the_gauge_was_called_silent() -> None:
    scope = Scope(0, 100)
    readings = [(10, 10), (60, 30), (60, 50), (61, 200)]
    assert gauge(readings).late(scope, LIMIT_S) == (1, 1.0)
    assert gauge(readings, Variable.RAIN_TOTAL).late(scope, LIMIT_S) == (1, None)
    assert gauge([(10, 10)]).late(scope, LIMIT_S) == (0, 0.0)
