from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.ingest.duplicates import NUMBERS_MAX, DuplicateFilter


def mark(known: DuplicateFilter, *rows: tuple[int, int]) -> list[bool]:
    station, at_s = zip(*rows, strict=True)
    repeated = known.mark(np.array(station, dtype=np.int32), np.array(at_s, dtype=np.int64))
    return [bool(reading) for reading in repeated]


def test_a_reading_is_new_once() -> None:
    known = DuplicateFilter(2, span_s=3600)
    assert mark(known, (0, 1000)) == [False]
    assert mark(known, (0, 1000), (1, 1000), (0, 1001)) == [True, False, False]


def test_a_repetition_within_one_batch_is_known() -> None:
    assert mark(DuplicateFilter(1, span_s=3600), (0, 1000), (0, 1020), (0, 1000)) == [False, False, True]


def test_two_seconds_of_one_minute_are_two_readings() -> None:
    assert mark(DuplicateFilter(1, span_s=3600), (0, 1000), (0, 1001)) == [False, False]


def test_old_marks_are_forgotten_when_the_ring_comes_round() -> None:
    known = DuplicateFilter(1, span_s=3600)
    for at_s in range(0, 4 * 3600, 60):
        assert mark(known, (0, at_s)) == [False]


def test_a_restored_filter_remembers() -> None:
    known, twin = DuplicateFilter(1, span_s=3600), DuplicateFilter(1, span_s=3600)
    mark(known, (0, 1000))
    twin.restore(known.snapshot())
    assert mark(twin, (0, 1000)) == [True]


def mark_tips(known: DuplicateFilter, *rows: tuple[int, int, int]) -> list[bool]:
    """Tips as (station, second, number); 0: without one."""
    station, at_s, number = (np.array(column) for column in zip(*rows, strict=True))
    return [
        bool(is_repeated)
        for is_repeated in known.mark(station.astype(np.int32), at_s, number.astype(np.int32))
    ]


def test_two_numbered_tips_of_one_second_are_two_and_each_is_new_once() -> None:
    known = DuplicateFilter(1, span_s=3600)
    assert mark_tips(known, (0, 1000, 7), (0, 1000, 8)) == [False, False]
    assert mark_tips(known, (0, 1000, 8), (0, 1000, 9), (0, 1000, 9)) == [True, False, True]


@pytest.mark.parametrize("first", [0, 7])
def test_a_tip_without_its_number_is_known_by_its_second(first: int) -> None:
    known = DuplicateFilter(1, span_s=3600)
    assert mark_tips(known, (0, 1000, first)) == [False]
    assert mark_tips(known, (0, 1000, 7 - first)) == [True]
    assert mark_tips(known, (0, 1001, 7)) == [False]


def test_numbers_are_forgotten_with_their_minute() -> None:
    known = DuplicateFilter(1, span_s=3600)
    mark_tips(known, (0, 1000, 7))
    known.advance(1000 + 2 * 3600)
    assert known.snapshot()["numbers"].size == 0


def test_no_more_tips_of_one_second_are_told_apart_than_the_limit() -> None:
    rows = [(0, 1000, number) for number in range(1, NUMBERS_MAX + 3)]
    assert sum(mark_tips(DuplicateFilter(1, span_s=3600), *rows)) == 2


tips = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1000, 1003), st.integers(1, 4)), min_size=1, max_size=30
)


@given(rows=tips, cuts=st.lists(st.integers(0, 30), max_size=3), order=st.randoms(use_true_random=False))
def test_however_numbered_tips_come_each_counts_once(
    rows: list[tuple[int, int, int]], cuts: list[int], order: object
) -> None:
    """In any order, cut into any batches, with a restart between them."""
    order.shuffle(rows)  # type: ignore[attr-defined]
    known, counted = DuplicateFilter(2, span_s=3600), []
    edges = [0, *sorted(cuts), len(rows)]
    for begin, end in pairwise(edges):
        batch = rows[begin:end]
        if batch:
            repeated = mark_tips(known, *batch)
            counted += [row for row, is_known in zip(batch, repeated, strict=True) if not is_known]
        twin = DuplicateFilter(2, span_s=3600)
        twin.restore(known.snapshot())
        known = twin
    assert sorted(counted) == sorted(set(rows))
