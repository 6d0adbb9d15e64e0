import numpy as np

from warnstream.ingest.duplicates import DuplicateFilter


def mark(known: DuplicateFilter, *rows: tuple[int, int]) -> list[bool]:
    station, at_s = zip(*rows, strict=True)
    repeated = known.mark(np.array(station, dtype=np.int32), np.array(at_s, dtype=np.int64))
    return [bool(one) for one in repeated]


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
