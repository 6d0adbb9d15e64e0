"""Gusts in any order give one level; another gust never lowers it; what is compared is what was found."""

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.hazards.test_strong_wind import NOW_S, judge, rule, samples
from warnstream.hazards import strong_wind

GUSTS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 60), st.floats(0, 60)),
    unique_by=lambda gust: gust[:2],
    max_size=12,
)


@given(GUSTS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(
    gusts: list[tuple[int, int, float]], random: Random
) -> None:
    mixed = list(gusts)
    random.shuffle(mixed)
    one, other = judge(*gusts, n_stations=2), judge(*mixed, n_stations=2)
    assert one.level.tolist() == other.level.tolist()
    np.testing.assert_array_equal(one.value, other.value)


@given(GUSTS)
def test_another_gust_never_lowers_what_fresh_stations_have_reached(
    gusts: list[tuple[int, int, float]],
) -> None:
    before = judge(*gusts, n_stations=2).level[0]
    free = next(minute for minute in range(61) if (0, minute) not in {gust[:2] for gust in gusts})
    newest = min((gust[1] for gust in gusts if gust[0] == 0), default=60)
    if free >= newest:  # a newer one would move the window
        assert judge(*gusts, (0, free, 30.0), n_stations=2).level[0] >= before


@given(GUSTS)
def test_what_was_compared_gives_the_level_that_was_found(gusts: list[tuple[int, int, float]]) -> None:
    read = samples(*gusts, n_stations=2)
    compared = strong_wind.rows_of(rule(n_stations=2), read, NOW_S).compare(0)
    found = strong_wind.evaluate(rule(n_stations=2), read, 1, NOW_S)
    assert max(comparison.level for comparison in compared) == found.level[0]
