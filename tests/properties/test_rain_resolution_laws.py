"""Laws of the two resolutions, of corrections and of what is worked out anew."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from warnstream.windows.accumulation import Accumulation
from warnstream.windows.rain_window import RainWindow
from warnstream.windows.spares import SparedRain

T0_MIN = 28_333_334  # not a tenth minute
INTERVALS = np.array([60, 300, 600, 900, 3600], dtype=np.int32)
N = len(INTERVALS)
SPAN_S, BY_MINUTE_S = 12 * 3600, 2 * 3600
DURATIONS = np.array([600, 1500, 3600, 7200, 7260, 3 * 3600, 8 * 3600, 12 * 3600], dtype=np.int32)
NOW_MIN = T0_MIN + 12 * 60
TENTH_MIN = -(-T0_MIN // 10) * 10 + 30

reading = st.tuples(
    st.integers(0, N - 1),
    st.integers(60, 12 * 60),  # minutes after T0
    st.integers(0, 400),  # tips of 0.1 mm
    st.sampled_from([0, 60, 420, 600, 3600]),  # interval; 0: the station's own
)
Row = tuple[int, int, int, int]
storms = st.lists(reading, max_size=40, unique_by=lambda row: row[:2])


def minutes_of(row: Row) -> int:
    return (row[3] or int(INTERVALS[row[0]])) // 60


def rain_by_minute(rows: list[Row]) -> dict[tuple[int, int], int]:
    """Micrometres by station and minute, each reading spread over its interval."""
    found: dict[tuple[int, int], int] = {}
    for row in rows:
        n = minutes_of(row)
        for step in range(n):
            amount = row[2] * 100 * (step + 1) // n - row[2] * 100 * step // n
            cell = row[0], T0_MIN + row[1] - n + 1 + step
            found[cell] = found.get(cell, 0) + amount
    return found


def oracle(rows: list[Row], ends_min: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rain and length of every window; those longer than two hours begin at a whole ten minutes."""
    cells = rain_by_minute(rows)
    rain_um = np.zeros((len(DURATIONS), N), dtype=np.int64)
    length_min = np.zeros_like(rain_um)
    for index, duration in enumerate(DURATIONS // 60):
        for station, end in enumerate(ends_min):
            begin = end - duration
            if duration * 60 > BY_MINUTE_S:
                begin = begin // 10 * 10
            length_min[index, station] = end - begin
            rain_um[index, station] = sum(
                amount for (of, minute), amount in cells.items() if of == station and begin < minute <= end
            )
    return rain_um, length_min


def new_ring(by_minute_s: int | None = BY_MINUTE_S) -> RainWindow:
    ring = RainWindow(INTERVALS, span_s=SPAN_S, grace_s=120, by_minute_s=by_minute_s)
    ring.advance(T0_MIN * 60)
    return ring


def add(ring: RainWindow, rows: list[Row]) -> None:
    if rows:
        station, minute, tips, interval_s = (np.array(column) for column in zip(*rows, strict=True))
        ring.add(station.astype(np.int32), (T0_MIN + minute) * 60, tips / 10, interval_s.astype(np.int32))


def fed(rows: list[Row], delays: list[int], by_minute_s: int | None = BY_MINUTE_S) -> RainWindow:
    """A ring that steps every twenty minutes and gets each reading so many steps after its time."""
    ring = new_ring(by_minute_s)
    for step in range(1, 37):
        ring.advance((T0_MIN + 20 * step) * 60)
        due = [
            row for row, delay in zip(rows, delays, strict=True) if min(-(-row[1] // 20) + delay, 36) == step
        ]
        add(ring, due)
    return ring


def equal(one: Accumulation, other: Accumulation) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Accumulation.__slots__)


@settings(max_examples=80, deadline=None)
@given(rows=storms, data=st.data())
def test_windows_of_two_resolutions_equal_a_plain_sum_at_any_lateness(
    rows: list[Row], data: st.DataObject
) -> None:
    delays = data.draw(st.lists(st.integers(0, 36), min_size=len(rows), max_size=len(rows)))
    ring = fed(rows, delays)
    now_s = NOW_MIN * 60
    found = ring.accumulate(DURATIONS, now_s)
    rain_um, length_min = oracle(rows, ring.window_end_min(now_s))
    assert np.array_equal(found.rain_um, rain_um)
    assert np.array_equal(found.length_min, length_min)


@settings(max_examples=60, deadline=None)
@given(rows=storms, ends=st.lists(st.integers(0, 12 * 60), min_size=N, max_size=N))
def test_the_past_is_what_the_minute_ring_holds_at_the_tenth_minutes_around(
    rows: list[Row], ends: list[int]
) -> None:
    """In the ten-minute part a window reaches from the tenth minute before to the one after."""
    coarse, fine = fed(rows, [0] * len(rows)), fed(rows, [0] * len(rows), None)
    held_from = coarse._ring.oldest_by_minute
    end_min = T0_MIN + np.array(ends)
    until = np.where(end_min >= held_from, end_min, -(-end_min // 10) * 10)
    duration = np.array([1200], dtype=np.int32)
    begin = end_min - 20
    begin = np.where(begin >= held_from, begin, begin // 10 * 10)
    found = coarse.accumulate_until(duration, end_min)
    for station in range(N):
        length = int(until[station] - begin[station])
        whole = fine.accumulate_until(np.array([60 * length]), np.full(N, until[station]))
        assert found.rain_um[0, station] == whole.rain_um[0, station]
        assert found.observed_min[0, station] == whole.observed_min[0, station]
        assert found.length_min[0, station] == length


@settings(max_examples=60, deadline=None)
@given(rows=storms, data=st.data())
def test_what_is_worked_out_anew_is_all_that_changed(rows: list[Row], data: st.DataObject) -> None:
    """`latest` after every step equals `accumulate` of everything, with spare gauges and without."""
    ring = new_ring()
    spared = SparedRain(ring, data.draw(st.sampled_from([(), ((1, 3), (1, 0), (2, 4))])))
    waiting = list(rows)
    for minute in range(60, 12 * 60 + 1, data.draw(st.sampled_from([7, 20, 45]))):
        ring.advance((T0_MIN + minute) * 60)
        add(ring, [row for row in waiting if row[1] <= minute and row[1] % 3 < 2])
        waiting = [row for row in waiting if row[1] > minute or row[1] % 3 == 2]
        now_s = (T0_MIN + minute) * 60
        assert equal(ring.latest(DURATIONS, now_s), ring.accumulate(DURATIONS, now_s))
        assert equal(spared.latest(DURATIONS, now_s).accumulation, spared.accumulate(DURATIONS, now_s))
    add(ring, waiting)
    now_s = NOW_MIN * 60
    assert equal(ring.latest(DURATIONS, now_s), ring.accumulate(DURATIONS, now_s))
    assert equal(spared.latest(DURATIONS, now_s).accumulation, spared.accumulate(DURATIONS, now_s))


@settings(max_examples=60, deadline=None)
@given(
    rows=storms, restart_at=st.integers(0, 40), delays=st.lists(st.integers(0, 30), min_size=40, max_size=40)
)
def test_a_restored_ring_of_two_resolutions_continues_exactly(
    rows: list[Row], restart_at: int, delays: list[int]
) -> None:
    ring, twin = new_ring(), new_ring()
    for index, row in enumerate(rows):
        if index == restart_at:
            state = twin.snapshot()
            twin = new_ring()
            twin.restore(state)
        for each in (ring, twin):
            each.advance((T0_MIN + row[1] + 20 * delays[index]) * 60)
            if row[1] > (each._ring.oldest - T0_MIN):
                add(each, [row])
    now_s = (T0_MIN + 24 * 60) * 60
    for each in (ring, twin):
        each.advance(now_s)
    assert equal(ring.accumulate(DURATIONS, now_s), twin.accumulate(DURATIONS, now_s))


correction = st.tuples(st.integers(0, 11), st.integers(0, 300))


@settings(max_examples=80, deadline=None)
@given(values=st.lists(correction, min_size=1, max_size=30), order=st.randoms(use_true_random=False))
def test_of_repeated_readings_the_greatest_counts_in_any_order(
    values: list[tuple[int, int]], order: object
) -> None:
    """Readings of adjoining intervals, each said several times with different amounts, old and new."""

    def run(said: list[tuple[int, int]]) -> RainWindow:
        ring, known = new_ring(), set[int]()
        ring.advance(NOW_MIN * 60)
        for slot, tips in said:
            at_s = np.array([(TENTH_MIN + 60 * slot) * 60])
            station, rain_mm = np.array([2], dtype=np.int32), np.array([tips / 10])
            if slot in known:
                ring.correct(station, at_s, rain_mm, np.zeros(1, dtype=np.int32))
            else:
                ring.add(station, at_s, rain_mm)
            known.add(slot)
        return ring

    shuffled = list(values)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    greatest = {slot: max(tips for of, tips in values if of == slot) for slot, _ in values}
    plain = run(list(greatest.items()))
    now_s = NOW_MIN * 60
    assert equal(run(shuffled).accumulate(DURATIONS, now_s), plain.accumulate(DURATIONS, now_s))
