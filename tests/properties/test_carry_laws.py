"""Rings of different lengths: what both hold is the same to the bit, what one alone holds is unknown."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from warnstream.runners.carry.rings import ALL_SECONDS, RingShape, carry_marks, carry_totals, same_units
from warnstream.windows.cumulative_ring import CumulativeRing, Spread

N_STATIONS = 3
HEAD = 10_007
lengths = st.tuples(st.integers(1, 150), st.integers(1, 150))
"""How far back totals are held, and how far by the minute."""
falls = st.lists(
    st.tuples(
        st.integers(0, N_STATIONS - 1), st.integers(0, 200), st.integers(1, 30), st.integers(0, 10_000)
    ),
    max_size=20,
)


def ring_of(length: tuple[int, int], rain: list[tuple[int, int, int, int]]) -> CumulativeRing:
    ring = CumulativeRing(N_STATIONS, span_min=length[0], by_minute_min=length[1])
    ring.advance(HEAD)
    for station, ago, n_min, amount_um in rain:
        end = HEAD - ago
        spread = (np.array([number]) for number in (station, end - n_min, end, amount_um))
        ring.add(Spread(*spread))
    return ring


def shape_of(ring: CumulativeRing) -> RingShape:
    return RingShape(ring.n_fine, ring.n_coarse, ring.head)


def carried(
    old: CumulativeRing, length: tuple[int, int], columns: tuple[list[int], list[int]]
) -> CumulativeRing:
    new = CumulativeRing(N_STATIONS, span_min=length[0], by_minute_min=length[1])
    empty = shape_of(CumulativeRing(1, span_min=length[0], by_minute_min=length[1]))
    rows = np.array(columns[0]), np.array(columns[1])
    now = RingShape(empty.n_fine, empty.n_coarse, old.head)
    for name in ("rain_um", "observed_min"):
        setattr(new, name, carry_totals(getattr(old, name), shape_of(old), getattr(new, name), now, rows))
    new.head = old.head
    return new


def since(ring: CumulativeRing, minute: int) -> list[list[int]]:
    """What fell and was observed from a minute that is held up to now."""
    first, last = (int(ring.rows_of(np.array(number))) for number in (minute, ring.head))
    return [(of[last].astype(np.int64) - of[first]).tolist() for of in (ring.rain_um, ring.observed_min)]


@given(lengths, lengths, falls)
def test_minutes_that_both_rings_hold_are_the_same(
    before: tuple[int, int], now: tuple[int, int], rain: list[tuple[int, int, int, int]]
) -> None:
    every = list(range(N_STATIONS))
    old = ring_of(before, rain)
    new = carried(old, now, (every, every))
    theirs = set(shape_of(old).minutes().tolist()) & set(shape_of(new).minutes().tolist())
    for minute in theirs:
        assert since(new, minute) == since(old, minute)


@given(lengths, lengths, falls)
@example((70, 69), (70, 70), [(0, 39, 30, 0)])
def test_totals_never_fall_and_nothing_is_observed_before_the_older_ring(
    before: tuple[int, int], now: tuple[int, int], rain: list[tuple[int, int, int, int]]
) -> None:
    every = list(range(N_STATIONS))
    old = ring_of(before, rain)
    new = carried(old, now, (every, every))
    minutes = np.sort(shape_of(new).minutes())
    rows = new.rows_of(minutes)
    assert (np.diff(new.rain_um[rows], axis=0) >= 0).all()
    observed = np.diff(new.observed_min[rows].astype(np.int64), axis=0)
    assert (observed >= 0).all()
    assert not observed[minutes[1:] <= old.oldest].any()


@given(lengths, lengths, falls)
def test_stations_are_renumbered_and_a_new_one_is_empty(
    before: tuple[int, int], now: tuple[int, int], rain: list[tuple[int, int, int, int]]
) -> None:
    old = ring_of(before, rain)
    new = carried(old, now, ([0, 2], [2, 1]))
    assert not new.rain_um[:, 0].any()
    assert not new.observed_min[:, 0].any()
    head = new.rows_of(np.array(new.head))
    assert new.rain_um[head, [2, 1]].tolist() == old.rain_um[old.rows_of(np.array(old.head)), [0, 2]].tolist()


@given(st.integers(1, 40), st.integers(1, 40), st.integers(100, 10_000))
def test_units_that_two_rings_hold_are_found_in_both(n_before: int, n_now: int, newest: int) -> None:
    before, now = (np.full(n, -1) for n in (n_before, n_now))
    for ring in (before, now):
        units = np.arange(newest - len(ring) + 1, newest + 1)
        ring[units % len(ring)] = units
    rows_before, rows_now = same_units(newest, n_before, n_now)
    assert before[rows_before].tolist() == now[rows_now].tolist()
    assert len(rows_now) == min(n_before, n_now)


@given(st.integers(2, 40), st.integers(2, 40), st.integers(100, 10_000))
def test_what_is_older_than_the_filter_of_duplicates_counts_as_told(
    n_before: int, n_now: int, head: int
) -> None:
    old = np.zeros((n_before, 2), dtype=np.uint64)
    old[head % n_before, 0] = 5
    marks = carry_marks(old, np.zeros((n_now, 2), dtype=np.uint64), head, (np.array([0]), np.array([1])))
    assert marks[head % n_now, 1] == 5
    assert (marks[:, 1] == ALL_SECONDS).sum() == max(n_now - n_before, 0)
    assert not marks[:, 0].any(), "a new station has told nothing"
