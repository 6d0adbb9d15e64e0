"""The ring of totals against cells that are simply added up, minute by minute."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.networks import T0
from warnstream.model.arrays import Int64Array
from warnstream.windows import cumulative_ring
from warnstream.windows.cumulative_ring import SPAN_MIN_MAX, CumulativeRing, Spread

FIRST_MIN = T0 // 60 + 3  # not a tenth minute
N = 9
PAST = 400
"""Minutes before the first that the cells below go back to."""
MINUTES = 2500


@dataclass(frozen=True)
class Amount:
    """What fell at a station in some minutes up to `age` minutes ago, said first or corrected."""

    station: int
    age: int
    length: int
    amount_um: int
    replaced_um: int
    is_observed: bool


amounts = st.builds(
    Amount,
    station=st.integers(0, N - 1),
    age=st.one_of(st.integers(0, 5), st.integers(0, 90)),
    length=st.sampled_from([1, 2, 5, 7, 30, 100]),
    amount_um=st.one_of(st.integers(0, 5000), st.just(2_000_000_000)),
    replaced_um=st.integers(0, 900),
    is_observed=st.booleans(),
)
deeds = st.lists(
    st.one_of(
        st.sampled_from([1, 1, 2, 9, 10, 35, 130, -4]),
        st.tuples(st.sampled_from(["plain", "all", "corrects"]), st.lists(amounts, min_size=1, max_size=7)),
    ),
    max_size=14,
)
"""Minutes to go ahead (or back: nothing happens), or a batch of amounts."""
layouts = st.sampled_from([(60, 20), (65, 20), (60, 60), (60, 90), (60, 0), (200, 70)])
"""How far back totals are held, and how far at every minute."""


def spread_of(batch: list[Amount], kind: str, head: int) -> Spread:
    """A batch; a plain one has only sound amounts of the first time."""
    end = np.array([head - rise.age for rise in batch])
    return Spread(
        np.array([rise.station for rise in batch], dtype=np.int32),
        end - [rise.length for rise in batch],
        end,
        np.array([rise.amount_um for rise in batch], dtype=np.int64),
        np.array([rise.replaced_um for rise in batch], dtype=np.int64) if kind == "corrects" else None,
        None if kind == "plain" else np.array([rise.is_observed for rise in batch]),
    )


class Cells:
    """Micrometres and observed minutes of every station and minute, in plain sums."""

    def __init__(self) -> None:
        self.rain_um = np.zeros((MINUTES, N), dtype=np.int64)
        self.observed = np.zeros((MINUTES, N), dtype=np.int64)

    def add(self, one: Amount, kind: str, head: int, oldest: int) -> None:
        """Spread over the part of its minutes that the ring holds; nothing, if it holds none."""
        end = head - one.age
        begin = max(end - one.length, oldest)
        n = end - begin
        for step in range(n):
            cell = begin + 1 + step - FIRST_MIN + PAST, one.station
            amounts_um = [one.amount_um, -one.replaced_um] if kind == "corrects" else [one.amount_um]
            for amount_um in amounts_um:
                sign, size = np.sign(amount_um), abs(amount_um)
                self.rain_um[cell] += sign * (size * (step + 1) // n - size * step // n)
            self.observed[cell] += kind == "plain" or one.is_observed

    @staticmethod
    def between(cells: Int64Array, begin: int, end: int) -> Int64Array:
        """Sums of the minutes after `begin` up to `end`, by station."""
        sums: Int64Array = cells[begin + 1 - FIRST_MIN + PAST : end + 1 - FIRST_MIN + PAST].sum(axis=0)
        return sums


def held_minutes(ring: CumulativeRing) -> list[int]:
    """Every minute of late, every tenth before."""
    minutes = range(ring.oldest, ring.head + 1)
    return [minute for minute in minutes if minute >= ring.oldest_by_minute or minute % 10 == 0]


def look(ring: CumulativeRing, cells: Cells, by_minute_min: int) -> None:
    """What fell after the oldest minute up to any minute held is the sum of the cells; totals wrap around."""
    held = held_minutes(ring)
    assert ring.edges(ring.oldest, ring.head).tolist() == held
    rows = ring.rows_of(np.array(held))
    assert len(set(rows.tolist())) == len(rows) == min(len(rows), len(ring.rain_um))
    rain_um = ring.rain_um[rows] - ring.rain_um[rows[0]]
    observed = ring.observed_min[rows] - ring.observed_min[rows[0]]
    for place, minute in enumerate(held):
        expected = cells.between(cells.rain_um, ring.oldest, minute)
        assert rain_um[place].tolist() == expected.astype(np.int32).tolist(), minute - ring.head
        expected = cells.between(cells.observed, ring.oldest, minute)
        assert observed[place].tolist() == expected.astype(np.uint16).tolist(), minute - ring.head
    assert ring.oldest_by_minute == max(ring.head - by_minute_min, ring.head - ring.span_min)


@pytest.mark.parametrize(
    ("groups", "cells_max", "narrow", "wide_share"),
    [
        ([64, 256, 1024], 1 << 24, 64, 0.25),
        ([3, 9, 40], 150, 1, 0.25),
        ([0, 1, 2], 1, 1, 0.0),
        ([9], 60, 3, 1.0),
    ],
)
@given(deeds=deeds, layout=layouts)
def test_totals_are_sums_of_all_readings_however_the_work_is_cut(
    groups: list[int],
    cells_max: int,
    narrow: int,
    wide_share: float,
    deeds: list[int | tuple[str, list[Amount]]],
    layout: tuple[int, int],
) -> None:
    """Groups by lateness, blocks of columns, whole rows: they save time and change no figure."""
    span_min, by_minute_min = layout
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cumulative_ring, "_LAG_GROUPS_MIN", np.array(groups))
        patch.setattr(cumulative_ring, "_CELLS_MAX", cells_max)
        patch.setattr(cumulative_ring, "_NARROW", narrow)
        patch.setattr(cumulative_ring, "_WIDE_SHARE", wide_share)
        ring, cells = CumulativeRing(N, span_min=span_min, by_minute_min=by_minute_min), Cells()
        assert ring.head == -1
        ring.advance(FIRST_MIN)
        look(ring, cells, by_minute_min)
        for deed in deeds:
            before = ring.head
            if isinstance(deed, int):
                ring.advance(before + deed)
                assert ring.head == max(before, before + deed)
            else:
                kind, batch = deed
                ring.add(spread_of(batch, kind, ring.head))
                for rise in batch:
                    cells.add(rise, kind, ring.head, ring.oldest)
            look(ring, cells, by_minute_min)


@pytest.mark.parametrize("head", range(FIRST_MIN, FIRST_MIN + 10))
def test_a_ring_goes_back_as_far_as_it_says_and_not_much_farther(head: int) -> None:
    for span_min, by_minute_min in ((60, 20), (65, 20), (60, 0)):
        ring = CumulativeRing(1, span_min=span_min, by_minute_min=by_minute_min)
        ring.advance(head)
        assert ring.oldest % 10 == 0
        assert 0 <= head - span_min - ring.oldest < 20
    fine = CumulativeRing(1, span_min=60, by_minute_min=60)
    fine.advance(head)
    assert fine.oldest == fine.oldest_by_minute == head - 60


@pytest.mark.parametrize("forward", [False, True])
def test_a_minute_that_is_not_held_is_the_tenth_before_or_after(forward: bool) -> None:
    ring = CumulativeRing(1, span_min=60, by_minute_min=20)
    ring.advance(FIRST_MIN)
    minutes = np.arange(ring.oldest, ring.head + 1)
    held = [
        minute
        if minute >= ring.oldest_by_minute
        else (-(-minute // 10) * 10 if forward else minute // 10 * 10)
        for minute in minutes.tolist()
    ]
    assert ring.held_at(minutes, forward=forward).tolist() == held
    late = minutes[minutes >= ring.oldest_by_minute]
    assert ring.held_at(late, forward=forward).tolist() == late.tolist()


def test_minutes_between_two_are_those_that_are_held() -> None:
    ring = CumulativeRing(1, span_min=60, by_minute_min=20)
    ring.advance(FIRST_MIN)
    held = held_minutes(ring)
    for begin in range(ring.oldest, ring.head + 1):
        for end in range(begin, ring.head + 1):
            assert ring.edges(begin, end).tolist() == [minute for minute in held if begin <= minute <= end]


def test_a_ring_of_more_than_45_days_is_refused_by_name() -> None:
    CumulativeRing(1, span_min=SPAN_MIN_MAX, by_minute_min=60)
    with pytest.raises(
        ValueError, match=f"^the ring spans at most {SPAN_MIN_MAX} min, got {SPAN_MIN_MAX + 1}$"
    ):
        CumulativeRing(1, span_min=SPAN_MIN_MAX + 1, by_minute_min=60)
