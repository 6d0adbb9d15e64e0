"""A gauge that is dry while the spare beside it is wet, and the memory of who was not believed."""

import numpy as np
import pytest

from tests.networks import T0
from warnstream.model.observations.station_quality import LASTS, StationFlag
from warnstream.model.rules.policies import NeighbourPolicy
from warnstream.quality.spares import SpareChecks
from warnstream.quality.stretches import StretchBook

STEP = 300
ALL = np.ones(4, dtype=np.bool_)
NOT_STUCK = ALL


def checked(*intervals: tuple[float, ...], spares: tuple[tuple[int, int], ...] = ((1, 3),)) -> SpareChecks:
    """Rain of four stations, interval by interval."""
    checks = SpareChecks(spares, NeighbourPolicy())
    for number, rain_mm in enumerate(intervals, start=1):
        checks.step(np.array(rain_mm), T0 + STEP * number, is_believed=NOT_STUCK)
    return checks


def test_a_gauge_that_is_dry_for_a_quarter_of_an_hour_beside_a_wet_spare_is_contradicted() -> None:
    wet = (9.0, 0.0, 9.0, 1.0)
    assert checked(wet, wet).runs.is_faulty_zero.tolist() == [False]
    found = checked(wet, wet, wet).runs
    assert found.is_faulty_zero.tolist() == [True]
    assert found.zero_since_s.tolist() == [T0]


def test_drizzle_that_one_tip_may_hide_contradicts_nobody() -> None:
    assert not checked(*[(0.0, 0.0, 0.0, 0.2)] * 9).runs.is_faulty_zero.any()
    assert checked(*[(0.0, 0.0, 0.0, 0.2)] * 10).runs.is_faulty_zero.all()


@pytest.mark.parametrize(
    "breaks",
    [(0.0, 0.4, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, np.nan)],
    ids=["the gauge is wet", "the spare is dry", "the spare is silent"],
)
def test_the_run_begins_anew_when(breaks: tuple[float, ...]) -> None:
    wet = (0.0, 0.0, 0.0, 2.0)
    assert not checked(wet, wet, breaks, wet, wet).runs.is_faulty_zero.any()


def test_silence_of_the_gauge_is_no_zero() -> None:
    assert not checked(*[(0.0, np.nan, 0.0, 2.0)] * 9).runs.is_faulty_zero.any()


def test_a_contradicted_gauge_is_believed_again_with_its_next_rain() -> None:
    wet, dry = (0.0, 0.0, 0.0, 2.0), (0.0, 0.0, 0.0, 0.0)
    assert checked(*[wet] * 3, *[dry] * 20).runs.is_faulty_zero.all()
    found = checked(*[wet] * 3, *[dry] * 20, (0.0, 0.2, 0.0, 0.0)).runs
    assert not found.is_faulty_zero.any()
    assert found.wet_at_s.tolist() == [T0 + STEP * 23]


def test_of_several_spares_any_may_contradict() -> None:
    found = checked(*[(0.0, 0.0, 0.0, 2.0)] * 3, spares=((1, 2), (1, 3), (0, 2)))
    assert found.gauge.tolist() == [0, 1]
    assert found.runs.is_faulty_zero.tolist() == [False, True]


def test_a_stuck_spare_contradicts_nobody() -> None:
    checks = SpareChecks(((1, 3),), NeighbourPolicy())
    is_believed = np.array([True, True, True, False])
    for number in range(1, 10):
        checks.step(np.array([0.0, 0.0, 0.0, 2.0]), T0 + STEP * number, is_believed=is_believed)
    assert not checks.runs.is_faulty_zero.any()


def carried(*stations: int) -> np.ndarray:
    return np.isin(np.arange(4), stations)


def times(value: int) -> np.ndarray:
    return np.full(4, value, dtype=np.int64)


def rows(book: StretchBook) -> list[tuple[int, int, int]]:
    now = book.stretches
    columns = (now.station.tolist(), now.begin_s.tolist(), now.end_s.tolist())
    return list(zip(*columns, strict=True))


def test_a_stretch_begins_with_the_flag_and_ends_with_it() -> None:
    book = StretchBook(1000)
    book.follow(StationFlag.FAULTY_ZERO, carried(2), times(100), times(-1))
    book.follow(StationFlag.FAULTY_ZERO, carried(1, 2), times(150), times(-1))
    assert rows(book) == [(1, 150, LASTS), (2, 100, LASTS)]
    book.follow(StationFlag.FAULTY_ZERO, carried(1), times(200), times(250))
    assert rows(book) == [(1, 150, LASTS), (2, 100, 250)]
    book.follow(StationFlag.FAULTY_ZERO, carried(1, 2), times(300), times(-1))
    assert rows(book) == [(1, 150, LASTS), (2, 100, 250), (2, 300, LASTS)]


def test_a_stretch_that_is_found_to_have_begun_earlier_does() -> None:
    book = StretchBook(1000)
    book.follow(StationFlag.FAULTY_ZERO, carried(0), times(200), times(-1))
    book.follow(StationFlag.FAULTY_ZERO, carried(0), times(100), times(-1))
    assert rows(book) == [(0, 100, LASTS)]


def test_flags_do_not_end_each_others_stretches() -> None:
    book = StretchBook(1000)
    book.follow(StationFlag.FAULTY_ZERO, carried(0), times(100), times(-1))
    book.follow(StationFlag.STUCK, carried(), times(-1), times(300))
    assert rows(book) == [(0, 100, LASTS)]


def test_the_same_object_stands_while_nothing_changes() -> None:
    book = StretchBook(1000)
    book.follow(StationFlag.STUCK, carried(0, 3), times(100), times(-1))
    first = book.stretches
    book.follow(StationFlag.STUCK, carried(0, 3), times(100), times(200))
    book.forget(10**9)
    assert book.stretches is first


def test_what_no_window_reaches_is_forgotten_and_what_lasts_is_not() -> None:
    book = StretchBook(1000)
    book.follow(StationFlag.STUCK, carried(0, 3), times(100), times(-1))
    book.follow(StationFlag.STUCK, carried(3), times(100), times(500))
    book.forget(1500)
    assert rows(book) == [(0, 100, 500), (3, 100, LASTS)]
    book.forget(1501)
    assert rows(book) == [(3, 100, LASTS)]


def test_a_stretch_without_length_is_none() -> None:
    book = StretchBook(1000)
    book.follow(StationFlag.STUCK, carried(0), times(100), times(-1))
    book.follow(StationFlag.STUCK, carried(), times(-1), times(90))
    assert rows(book) == []


def test_a_restored_book_continues() -> None:
    book, twin = StretchBook(1000), StretchBook(1000)
    book.follow(StationFlag.STUCK, carried(0, 3), times(100), times(-1))
    twin.restore(book.snapshot())
    for each in (book, twin):
        each.follow(StationFlag.STUCK, carried(3), times(100), times(400))
    assert rows(book) == rows(twin)
