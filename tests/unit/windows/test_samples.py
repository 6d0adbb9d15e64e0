import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.windows.samples import SampleRing, robust_slope
from warnstream.windows.stage_series import StageSeries


def ring_of(rows: list[tuple[int, int, int]], cuts: list[int]) -> SampleRing:
    ring = SampleRing(2, 4, 300)
    bounds = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    for begin, end in itertools.pairwise(bounds):
        series, time, value = (np.array(column) for column in zip(*rows[begin:end], strict=True))
        ring.add(series.astype(np.int32), time, value.astype(np.float64))
    return ring


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3000), st.integers(0, 9)), min_size=1, max_size=30),
    st.lists(st.integers(1, 29), max_size=5),
    st.randoms(use_true_random=False),
)
def test_samples_do_not_depend_on_the_order_of_arrival(
    rows: list[tuple[int, int, int]], cuts: list[int], random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' Random
    one, other = ring_of(rows, []), ring_of(shuffled, cuts)
    np.testing.assert_array_equal(one.time_s, other.time_s)
    np.testing.assert_array_equal(one.value, other.value)


def test_the_last_reading_of_a_spacing_is_kept() -> None:
    ring = ring_of([(0, 0, 1), (0, 299, 2), (0, 300, 3)], [])
    assert ring.value[0].tolist()[2:] == [2, 3]


def test_one_wild_sample_does_not_move_the_slope() -> None:
    time = np.arange(0, 2100, 300)[None]
    value = 0.001 * time.astype(np.float64)
    value[0, 3] += 50
    assert robust_slope(time, value, np.array([0]))[0] == pytest.approx(0.001)


def test_two_samples_have_no_slope() -> None:
    assert np.isnan(robust_slope(np.array([[0, 300]]), np.array([[1.0, 2.0]]), np.array([0]))).all()


def test_a_gauge_that_rises_5_cm_in_5_minutes_rises_60_cm_in_an_hour() -> None:
    series = StageSeries(2)
    for index in range(7):
        series.add(np.array([1], dtype=np.int32), np.array([300 * index]), np.array([10 + 0.05 * index]))
    assert series.rise_m_per_h(np.array([1], dtype=np.int32), 1800)[0] == pytest.approx(0.6)
    assert np.isnan(series.rise_m_per_h(np.array([0], dtype=np.int32), 1800)[0])
