"""Laws of the rain windows against an oracle that simply sums."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from warnstream.ingest.duplicates import DuplicateFilter
from warnstream.windows.rain_window import RainWindow

T0 = 1_700_000_040 // 60 * 60
INTERVALS = np.array([60, 300, 900], dtype=np.int32)
SPAN_S = 8 * 3600
DURATIONS = np.array([600, 900, 1800, 3600, 3 * 3600, 6 * 3600], dtype=np.int32)

reading = st.tuples(
    st.integers(0, len(INTERVALS) - 1),
    st.integers(0, 5 * 60),  # minutes after T0
    st.integers(0, 400),  # tips of 0.1 mm
)
storms = st.lists(reading, max_size=60, unique_by=lambda row: row[:2])
splits = st.lists(st.integers(0, 60), max_size=8)


def oracle(rows: list[tuple[int, int, int]], ends_min: np.ndarray) -> np.ndarray:
    """Rain in micrometres by summing minute after minute in plain Python."""
    result = np.zeros((len(INTERVALS), len(DURATIONS)), dtype=np.int64)
    for station, minute, tips in rows:
        n = int(INTERVALS[station]) // 60
        for step in range(n):
            amount = tips * 100 * (step + 1) // n - tips * 100 * step // n
            at = T0 // 60 + minute - n + 1 + step
            for column, duration in enumerate(DURATIONS):
                if ends_min[station] - int(duration) // 60 < at <= ends_min[station]:
                    result[station, column] += amount
    return result


def feed(rows: list[tuple[int, int, int]], cuts: list[int]) -> RainWindow:
    """A ring that got the rows in this order, in batches cut at the given places, all before one time."""
    ring = RainWindow(INTERVALS, span_s=SPAN_S, grace_s=120)
    ring.advance(T0)
    bounds = sorted({min(cut, len(rows)) for cut in cuts} | {0, len(rows)})
    for begin, end in pairwise(bounds):
        station, minute, tips = (np.array(column) for column in zip(*rows[begin:end], strict=True))
        ring.add(station.astype(np.int32), T0 + minute * 60, tips / 10)
    ring.advance(T0 + 6 * 3600)
    return ring


@settings(max_examples=200, deadline=None)
@given(rows=storms, order=st.randoms(use_true_random=False), cuts=splits)
def test_accumulations_equal_a_plain_sum_in_any_order_of_arrival(
    rows: list[tuple[int, int, int]], order: object, cuts: list[int]
) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    ring = feed(shuffled, cuts)
    for now_s in (T0 + 6 * 3600, T0 + 3 * 3600):
        ends = np.minimum(ring.window_end_min(now_s), now_s // 60)
        rain = ring.accumulate_until(DURATIONS, ends).rain_mm
        assert np.array_equal(np.rint(rain * 1000).astype(np.int64), oracle(rows, ends))


@settings(max_examples=100, deadline=None)
@given(rows=storms, cuts=splits)
def test_rain_is_conserved(rows: list[tuple[int, int, int]], cuts: list[int]) -> None:
    """The longest window over everything holds exactly what was accepted."""
    ring = feed(rows, cuts)
    everything = ring.accumulate_until(
        np.array([7 * 3600], dtype=np.int32), np.full(len(INTERVALS), T0 // 60 + 6 * 60)
    )
    assert round(float(everything.rain_mm.sum()) * 10) == sum(tips for _, _, tips in rows)


@settings(max_examples=100, deadline=None)
@given(rows=storms, repeats=st.lists(st.integers(0, 59), max_size=30), cuts=splits)
def test_repeated_readings_change_nothing(
    rows: list[tuple[int, int, int]], repeats: list[int], cuts: list[int]
) -> None:
    stream = rows + [rows[index % len(rows)] for index in repeats if rows]
    station = np.array([row[0] for row in stream], dtype=np.int32)
    at_s = np.array([T0 + row[1] * 60 for row in stream], dtype=np.int64)
    known = DuplicateFilter(len(INTERVALS), span_s=SPAN_S).mark(station, at_s)
    kept = [row for row, is_known in zip(stream, known, strict=True) if not is_known]
    now = np.full(len(INTERVALS), T0 // 60 + 6 * 60)
    assert np.array_equal(
        feed(kept, cuts).accumulate_until(DURATIONS, now).rain_mm,
        feed(rows, []).accumulate_until(DURATIONS, now).rain_mm,
    )


@settings(max_examples=100, deadline=None)
@given(rows=storms, extra=reading)
def test_more_rain_never_lowers_an_accumulation(
    rows: list[tuple[int, int, int]], extra: tuple[int, int, int]
) -> None:
    now = np.full(len(INTERVALS), T0 // 60 + 6 * 60)
    before = feed(rows, []).accumulate_until(DURATIONS, now)
    after = feed([*rows, extra], []).accumulate_until(DURATIONS, now)
    assert (after.rain_mm >= before.rain_mm).all()
    assert (after.coverage >= before.coverage).all()
