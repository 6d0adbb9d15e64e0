"""No more is rain than fell, whatever a total does; what comes back, wraps or is cut changes no sum."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.windows.test_rain_counter import (
    MIN,
    PJ,
    PT,
    Gauge,
    Row,
    every,
)
from warnstream.model.observations.readings import UNUSABLE, Flag, Variable
from warnstream.model.rules.policies import CounterPolicy

steps = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 20)), min_size=3, max_size=30)
"""Minutes since the reading before, and tenths of a millimetre per minute."""


def totals(found: Sequence[tuple[int, int]], start_mm: float = 50.0) -> list[tuple[int, float]]:
    """Readings of a total: it stands, rises a little, and then by the steps."""
    rows, at_s, total = [(0, start_mm), (MIN, start_mm + 0.2)], MIN, start_mm + 0.2
    for minutes, tenths in found:
        at_s, total = at_s + minutes * MIN, round(total + minutes * tenths / 10, 1)
        rows.append((at_s, total))
    return rows


def run(
    rows: Sequence[Row], cuts: Sequence[int], policy: CounterPolicy | None = None, variable: Variable = PT
) -> Gauge:
    """Feed rows in batches that end at `cuts`, with a restart at each."""
    gauge = Gauge(policy)
    bounds = sorted({0, len(rows), *(cut % len(rows) for cut in cuts)})
    for begin, end in itertools.pairwise(bounds):
        gauge.read(variable, rows[begin:end])
        gauge.restart()
    assert len(gauge.flags) == len(rows)
    return gauge


cuts_of = st.lists(st.integers(0, 40), max_size=8)


@given(found=steps, dips=st.sets(st.integers(2, 30), max_size=12), cuts=cuts_of)
def test_falls_that_come_back_change_no_sum(
    found: list[tuple[int, int]], dips: set[int], cuts: list[int]
) -> None:
    rows = totals(found)
    read = [(at_s, 0.0 if n in dips and n < len(rows) - 1 else value) for n, (at_s, value) in enumerate(rows)]
    gauge = run(read, cuts)
    assert gauge.rain_mm == pytest.approx(rows[-1][1] - 50.0, abs=1e-3)


@given(one=steps, turns=st.lists(st.booleans(), min_size=33, max_size=33), cuts=cuts_of)
def test_two_totals_under_one_identity_are_never_rain_by_their_difference(
    one: list[tuple[int, int]], turns: list[bool], cuts: list[int]
) -> None:
    """The rain of the place, seen by both: not less than each measured, not more than both."""
    rows = totals([(1, tenths) for _, tenths in one], 200.0)
    read = [
        (at_s, value if turn else round(value - 150, 1))
        for (at_s, value), turn in zip(rows, turns, strict=False)
    ]
    seen = [
        [value for (_, value), turn in zip(read, turns, strict=False) if turn is which]
        for which in (True, False)
    ]
    risen = [values[-1] - values[0] if values else 0.0 for values in seen]
    gauge = run(read, cuts)
    assert max(risen) - 1e-3 <= gauge.rain_mm <= sum(risen) + 1e-3


@given(found=steps, reset=st.integers(2, 30), cuts=cuts_of)
def test_a_reset_loses_no_more_than_the_interval_that_it_fell_in(
    found: list[tuple[int, int]], reset: int, cuts: list[int]
) -> None:
    rows = totals([(min(minutes, 5), tenths) for minutes, tenths in found], 400.0)
    place = min(reset, len(rows) - 1)
    at_zero = rows[place - 1][1]
    read = [(at_s, value if n < place else round(value - at_zero, 1)) for n, (at_s, value) in enumerate(rows)]
    truth = rows[-1][1] - 400.0
    gauge = run(read, cuts)
    assert truth - (rows[place][1] - at_zero) - 1e-3 <= gauge.rain_mm <= truth + 1e-3


@given(found=steps, start=st.integers(0, 990), cuts=cuts_of)
def test_real_wraps_count_exactly(found: list[tuple[int, int]], start: int, cuts: list[int]) -> None:
    """The last reading rises: of a wrap to zero that is not known to be one before."""
    rows = totals([(min(minutes, 5), tenths) for minutes, tenths in [*found, (1, 2)]], start / 10)
    read = [(at_s, round(value % 100, 1)) for at_s, value in rows]
    assume(read[-1][1] > 0)
    gauge = run(read, cuts, CounterPolicy(wrap_mm=100))
    assert gauge.rain_mm == pytest.approx(rows[-1][1] - start / 10, abs=1e-3)


@given(
    values=st.lists(
        st.sampled_from([0.0, 0.2, 10.0, 10.4, 80.4, 80.6, 300.0, 9999.0]), min_size=1, max_size=25
    ),
    cuts=cuts_of,
)
def test_any_batches_give_the_same_and_every_reading_has_its_flags(
    values: list[float], cuts: list[int]
) -> None:
    rows = every(5 * MIN, *values)
    whole, parts = run(rows, []), run(rows, cuts)
    assert parts.rain_mm == whole.rain_mm
    assert parts.flags == whole.flags
    assert all(not flag & UNUSABLE or flag & Flag.OUT_OF_RANGE for flag in whole.flags)


@given(
    found=steps,
    late_s=st.integers(-900, 900),
    before_mm=st.integers(30, 90),
    cuts=cuts_of,
)
def test_a_day_counter_never_makes_more_rain_than_fell_whenever_it_is_reset(
    found: list[tuple[int, int]], late_s: int, before_mm: int, cuts: list[int]
) -> None:
    """It loses at most what fell between two readings, of which the reset was one moment."""
    total, at_s, rows = float(before_mm), -40 * MIN, [(-40 * MIN, float(before_mm))]
    for minutes, tenths in [*found, (5, 1)]:
        at_s, total = at_s + min(minutes, 5) * MIN, round(total + min(minutes, 5) * tenths / 10, 1)
        rows.append((at_s, total))
    at_reset = max(value for when, value in rows if when <= max(late_s, rows[0][0]))
    read = [(when, value if when <= late_s else round(value - at_reset, 1)) for when, value in rows]
    gauge = run(read, cuts, variable=PJ)
    after = [value for when, value in rows if when > late_s]
    lost_mm = after[0] - at_reset if after else 0.0
    truth = rows[-1][1] - before_mm
    assert truth - lost_mm - 1e-3 <= gauge.rain_mm <= truth + 1e-3
