"""Rain counters through the assessment: what is read becomes rain, once."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.networks import HOUR, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain_rule
from warnstream.assessment import Assessment, Weights
from warnstream.model.observations.readings import Flag, ReadingBatch, Variable, batch_of, concatenate
from warnstream.model.rules.policies import CounterPolicy

PT, PJ, RAIN = Variable.RAIN_TOTAL, Variable.RAIN_DAY, Variable.RAIN

DURATION = np.array([HOUR, 2 * HOUR], dtype=np.int32)


def assessment_of(counters: CounterPolicy | None = None, interval_s: int = 300) -> Assessment:
    weights = nearest_weights(2, 2)
    return Assessment(
        network_of(2, 2, interval_s),
        (rain_rule(2, (15, 25, 40, 80)),),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
        counters=counters,
    )


def readings(variable: Variable, *rows: tuple[int, float], interval_s: int = 0) -> ReadingBatch:
    at_s, value = zip(*rows, strict=True)
    n = len(rows)
    return batch_of([0] * n, [variable] * n, [T0 + after for after in at_s], value, [interval_s] * n)


def feed(assessment: Assessment, now_s: int, *batches: ReadingBatch) -> list[int]:
    return [int(flag) & ~Flag.LATE for flag in assessment.step(concatenate(list(batches)), T0 + now_s).flags]


def rain_1h(assessment: Assessment) -> tuple[float, float]:
    found = assessment.accumulate(DURATION)
    return round(float(found.rain_mm[0, 0]), 6), round(float(found.coverage[0, 0]), 6)


def test_the_first_reading_gives_no_rain_and_its_station_reports() -> None:
    assessment = assessment_of()
    step = assessment.step(readings(PT, (300, 1234.5)), T0 + 300)
    assert rain_1h(assessment) == (0.0, 0.0)
    assert step.is_reporting.tolist() == [True, False]


def test_differences_are_rain_of_the_time_between() -> None:
    assessment = assessment_of()
    feed(assessment, 3600, readings(PT, (0, 100), (900, 103), (3600, 110.5)))
    assert rain_1h(assessment) == (10.5, 1.0)


def test_what_a_reset_shows_counts_from_zero_once_the_next_reading_goes_on_from_it() -> None:
    assessment = assessment_of()
    feed(assessment, 3000, readings(PT, (0, 100), (1800, 101), (3000, 2.5)))
    assert rain_1h(assessment)[0] == 1.0
    feed(assessment, 3600, readings(PT, (3600, 4.0)))
    assert rain_1h(assessment)[0] == 5.0


def test_what_a_reset_shows_is_no_rain_if_the_next_reading_is_dry() -> None:
    """The first total of an exchanged gauge."""
    assessment = assessment_of()
    feed(assessment, 3600, readings(PT, (0, 100), (1800, 101), (3000, 2.5), (3300, 2.5), (3600, 2.5)))
    assert rain_1h(assessment)[0] == 1.0


def test_a_wrap_counts_across_the_declared_modulus() -> None:
    assessment = assessment_of(CounterPolicy(wrap_mm=1000))
    feed(assessment, 3600, readings(PT, (0, 998), (3600, 3)))
    assert rain_1h(assessment)[0] == 5.0


def test_an_impossible_jump_is_refused_and_is_the_new_beginning() -> None:
    assessment = assessment_of()
    flags = feed(assessment, 900, readings(PT, (0, 10), (300, 9999), (600, 9999.5), (900, 12)))
    assert flags == [0, Flag.OUT_OF_RANGE, 0, Flag.COUNTER_FELL | Flag.COUNTER_RETURNED]
    assert rain_1h(assessment)[0] == 2.0


def test_readings_that_came_before_or_late_change_nothing() -> None:
    assessment = assessment_of()
    feed(assessment, 1800, readings(PT, (0, 10), (1800, 15)))
    flags = feed(assessment, 1860, readings(PT, (1800, 15), (900, 999), (1800, 14)))
    assert flags == [Flag.DUPLICATE, Flag.SUPERSEDED, Flag.DUPLICATE]
    assert rain_1h(assessment)[0] == 5.0


def test_readings_of_one_minute_are_one() -> None:
    assessment = assessment_of()
    feed(assessment, 900, readings(PT, (0, 10), (601, 11), (620, 12), (840, 13)))
    assert rain_1h(assessment)[0] == 3.0


def test_the_day_counter_begins_at_zero_at_eight() -> None:
    """T0 is 08:00 in Beijing: its reading still belongs to the old day."""
    assessment = assessment_of()
    feed(assessment, 600, readings(PJ, (-600, 48.0), (0, 50.0), (300, 1.0), (600, 1.5)))
    assert rain_1h(assessment)[0] == 3.5


def test_a_day_counter_higher_than_the_day_before_still_began_at_zero() -> None:
    assessment = assessment_of()
    feed(assessment, 1800, readings(PJ, (-600, 4.0), (1800, 9.0)))
    assert rain_1h(assessment)[0] == 9.0


def test_the_running_counter_and_that_of_the_day_are_never_both_counted() -> None:
    assessment = assessment_of()
    feed(assessment, 600, readings(PT, (300, 100), (600, 104)), readings(PJ, (300, 1), (600, 5)))
    feed(assessment, 900, readings(PJ, (900, 6)))
    feed(assessment, 1200, readings(PT, (1200, 107)), readings(PJ, (1200, 8)))
    assert rain_1h(assessment)[0] == 7.0


def test_cells_place_the_rain_and_the_counter_fills_their_gaps() -> None:
    """A published hour report: cells sum to 2.5 mm with five invalid ones, PT says 4.0."""
    assessment = assessment_of(interval_s=3600)
    feed(assessment, 0, readings(PT, (0, 0.0)))
    valid = [(300, 0.5), (600, 0), (900, 0), (1200, 0), (1500, 2.0), (3300, 0), (3600, 0)]
    feed(assessment, 3600, readings(RAIN, *valid, interval_s=300), readings(PT, (3600, 4.0)))
    assert rain_1h(assessment) == (4.0, 1.0)
    half = assessment._stations.rain.accumulate_until(
        np.array([1500], dtype=np.int32), np.full(2, (T0 + 1500) // 60)
    )
    assert half.rain_mm[0, 0] == pytest.approx(2.5)


def test_cells_that_come_after_their_counter_change_nothing() -> None:
    assessment = assessment_of()
    feed(assessment, 3600, readings(PT, (0, 0), (3600, 6)))
    flags = feed(assessment, 3660, readings(RAIN, (300, 1), (600, 2), interval_s=300))
    assert flags == [Flag.SUPERSEDED, Flag.SUPERSEDED]
    assert rain_1h(assessment)[0] == 6.0


def test_a_long_gap_is_spread_but_not_observed() -> None:
    assessment = assessment_of()
    feed(assessment, 7200, readings(PT, (0, 0), (7200, 8)))
    found = assessment.accumulate(DURATION)
    assert found.rain_mm[0].round(6).tolist() == [4.0, 8.0]
    assert found.coverage[0].tolist() == [0.0, 0.0]


def test_of_a_gap_beyond_the_longest_window_only_its_share_counts() -> None:
    assessment = assessment_of()
    feed(assessment, 0, readings(PT, (0, 0)))
    feed(assessment, 48 * HOUR, readings(PT, (48 * HOUR, 48.0)))
    assert rain_1h(assessment)[0] == pytest.approx(1.0)


def test_a_restart_goes_on_with_the_last_reading() -> None:
    assessment, twin = assessment_of(), assessment_of()
    feed(assessment, 600, readings(PT, (0, 10), (600, 12)))
    twin.restore(assessment.snapshot())
    for each in (assessment, twin):
        feed(each, 1200, readings(PT, (1200, 15)))
    assert rain_1h(twin) == rain_1h(assessment) == (5.0, 0.333333)


def test_a_cell_of_five_minutes_is_five_minutes_long_at_an_hourly_station() -> None:
    assessment = assessment_of(interval_s=3600)
    feed(assessment, 600, readings(RAIN, (600, 3.0), interval_s=300))
    assert rain_1h(assessment) == (3.0, 0.083333)


minutes = st.lists(
    st.tuples(st.integers(1, 55), st.integers(0, 40)), min_size=1, max_size=20, unique_by=lambda r: r[0]
)


@given(tips=minutes, cuts=st.lists(st.integers(0, 20), max_size=4), resend=st.booleans())
def test_what_a_counter_rose_is_what_fell_however_it_was_cut(
    tips: list[tuple[int, int]], cuts: Sequence[int], resend: bool
) -> None:
    rows, total = [(0, 50.0)], 50.0
    for minute, tenths in sorted(tips):
        total = round(total + tenths / 10, 1)
        rows.append((minute * 60, total))
    assessment = assessment_of()
    bounds = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
    for number, (begin, end) in enumerate(pairwise(bounds)):
        batch = readings(PT, *rows[begin:end])
        feed(assessment, 3600 + number, batch, batch) if resend else feed(assessment, 3600 + number, batch)
    assert rain_1h(assessment)[0] == pytest.approx(total - 50.0, abs=1e-6)
