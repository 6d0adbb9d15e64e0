"""One counter at its limits: what needs no trial, what lets it count, how long a total may come back."""

from math import inf, nextafter

import pytest

from tests.networks import T0
from warnstream.model.observations.rain_limits import RainLimits
from warnstream.model.observations.readings import Flag
from warnstream.windows.rain_counter import CounterDay, Outcome, RainCounter, Reading, Rise, Track

LIMITS = RainLimits(20)
MIN, HOUR, DAY = 60, 3600, 86_400
LATE_S = 900
FELL, RETURNED, BEGAN = Flag.COUNTER_FELL, Flag.COUNTER_RETURNED, Flag.COUNTER_BEGAN
RECORD_5 = LIMITS.record_of(300)
SOUND_BEGIN_MM = RECORD_5 / 8
"""What a total may show in its first five minutes."""
SOUND_JUMP_MM = RECORD_5 / 2
"""What one that has risen before may rise by."""


def new_counter(*rows: tuple[int, float]) -> RainCounter:
    """A counter that has read some totals, seconds after T0."""
    counter = RainCounter(LIMITS, LATE_S)
    for after_s, value_mm in rows:
        counter.read(Reading(T0 + after_s, value_mm))
    return counter


def read(
    counter: RainCounter,
    after_s: int,
    value_mm: float,
    *,
    source: int = 0,
    wrap_mm: float | None = None,
    day: int | None = None,
    early: bool = False,
) -> tuple[list[tuple[int, int, float]], Flag]:
    """Rises (begin, end, millimetres) and flags of one more reading; `day` began so long after T0."""
    of_day = None if day is None else CounterDay(T0 + day, early)
    outcome: Outcome = counter.read(Reading(T0 + after_s, value_mm, source, wrap_mm, of_day))
    rises = [(rise.begin_s - T0, rise.end_s - T0, round(rise.rain_mm, 6)) for rise in outcome.rises]
    return rises, outcome.flags


def rained(counter: RainCounter) -> RainCounter:
    """One that has risen since it began: no longer new."""
    assert read(counter, 300, 100.2)[0] == [(0, 300, 0.2)]
    return counter


# How great a rise needs no trial.


def test_what_a_new_total_shows_counts_up_to_an_eighth_of_the_record() -> None:
    counter = new_counter((0, 100.0))
    assert read(counter, 300, 100 + SOUND_BEGIN_MM - 0.01) == ([(0, 300, round(SOUND_BEGIN_MM - 0.01, 6))], 0)
    counter = new_counter((0, 100.0))
    assert read(counter, 300, 100 + SOUND_BEGIN_MM + 0.01) == ([(300, 300, 0.0)], BEGAN)


def test_a_total_that_has_risen_before_may_jump_by_half_the_record() -> None:
    counter = rained(new_counter((0, 100.0)))
    assert read(counter, 600, 100.2 + SOUND_JUMP_MM - 0.01)[1] == Flag.NONE
    counter = rained(new_counter((0, 100.0)))
    assert read(counter, 600, 100.2 + SOUND_JUMP_MM + 0.01) == ([(600, 600, 0.0)], BEGAN)


def test_what_has_risen_in_more_than_a_quarter_of_an_hour_waits_for_no_other_reading() -> None:
    mm = 0.9 * LIMITS.record_of(900)
    counter = rained(new_counter((0, 100.0)))
    assert read(counter, 300 + 900, 100.2 + mm) == ([(1200, 1200, 0.0)], BEGAN)
    counter = rained(new_counter((0, 100.0)))
    assert read(counter, 300 + 901, 100.2 + mm) == ([(300, 1201, round(mm, 6))], Flag.NONE)


def test_two_readings_of_one_minute_apart_are_judged_by_a_minute() -> None:
    """Seconds apart hardly anything may fall; the records begin at a minute."""
    a_minute_mm = LIMITS.record_of(MIN)
    counter = rained(new_counter((0, 100.0)))
    assert read(counter, 301, 100.2 + a_minute_mm / 2 - 0.01)[1] == Flag.NONE


def test_more_than_the_record_is_told_and_more_than_is_possible_is_no_rain() -> None:
    record, impossible = LIMITS.record_of(HOUR), LIMITS.impossible_of(HOUR)
    for mm, flags in ((record, 0), (record + 0.1, Flag.RECORD), (impossible - 0.1, Flag.RECORD)):
        counter = rained(new_counter((0, 100.0)))
        assert read(counter, 300 + HOUR, 100.2 + mm) == ([(300, 300 + HOUR, round(mm, 6))], flags)
    counter = rained(new_counter((0, 100.0)))
    assert read(counter, 300 + HOUR, 100.2 + impossible + 0.1) == (
        [(300 + HOUR, 300 + HOUR, 0.0)],
        Flag.OUT_OF_RANGE,
    )
    assert read(counter, 600 + HOUR, 100.4 + impossible + 0.1)[0] == [(300 + HOUR, 600 + HOUR, 0.2)]


# What lets a trial count.


@pytest.mark.parametrize(("share", "counts"), [(0.251, True), (0.249, False), (0.0, False)])
def test_a_jump_counts_when_the_next_reading_goes_on_with_a_quarter_of_its_intensity(
    share: float, counts: bool
) -> None:
    counter = rained(new_counter((0, 100.0)))
    jump = 40.0 + SOUND_JUMP_MM / 2
    assert read(counter, 600, 100.2 + jump) == ([(600, 600, 0.0)], BEGAN)
    rises, flags = read(counter, 1200, 100.2 + jump + 2 * jump * share)
    first = [(300, 600, round(jump, 6))] if counts else []
    assert rises == [*first, (600, 1200, round(2 * jump * share, 6))]
    assert flags == Flag.NONE
    assert counter.trial is None


def test_a_trial_is_over_when_the_total_of_before_comes_back() -> None:
    counter = rained(new_counter((0, 100.0)))
    read(counter, 600, 100.2 + SOUND_JUMP_MM + 1)
    assert read(counter, 900, 100.4) == ([(300, 900, 0.2)], FELL | RETURNED)
    assert counter.trial is None


def test_a_reset_shows_what_has_fallen_since_when_it_goes_on() -> None:
    counter = rained(new_counter((0, 100.0)))
    assert read(counter, 600, 2.0) == ([(600, 600, 0.0)], FELL)
    assert read(counter, 900, 2.5)[0] == [(300, 600, 2.0), (600, 900, 0.5)]


@pytest.mark.parametrize(("value_mm", "is_tried"), [(50.0, True), (50.2, False)])
def test_a_fall_to_more_than_half_of_what_it_was_is_no_reset(value_mm: float, is_tried: bool) -> None:
    """Rather the same total, a little off."""
    counter = RainCounter(LIMITS, LATE_S)
    for after_s, total in ((0, 100.0), (300, 100.3)):
        read(counter, after_s, total)
    read(counter, 300 + DAY, value_mm)
    assert (counter.trial is not None) == is_tried


def test_a_reset_that_shows_more_than_a_beginning_may_is_not_tried() -> None:
    counter = rained(new_counter((0, 100.0)))
    read(counter, 600, SOUND_BEGIN_MM + 0.1)
    assert counter.trial is None
    counter = rained(new_counter((0, 100.0)))
    read(counter, 600, SOUND_BEGIN_MM - 0.1)
    assert counter.trial is not None


# How long a total may come back.


@pytest.mark.parametrize(("after_s", "comes_back"), [(300 + DAY, True), (301 + DAY, False)])
def test_a_total_may_come_back_for_a_day(after_s: int, comes_back: bool) -> None:
    counter = rained(new_counter((0, 100.0)))
    read(counter, 600, 0.0)
    rises, flags = read(counter, after_s, 100.4)
    assert (rises == [(300, after_s, 0.2)]) == comes_back
    assert bool(flags & RETURNED) == comes_back


def test_a_total_that_climbs_past_the_one_before_by_itself_goes_on() -> None:
    """Before it stood at 3; the new one has climbed to 2.9 from 0 and rises to 3.1, by less than that."""
    counter = new_counter((0, 3.0), (300, 3.0))
    read(counter, 600, 0.0)
    for number, value_mm in enumerate((1.0, 2.0, 2.9, 3.1)):
        assert read(counter, 900 + 300 * number, value_mm)[1] == Flag.NONE
    assert counter.now is not None
    assert (counter.now.start_mm, counter.now.begun_s) == (0.0, T0 + 600)


def test_a_total_that_leaps_to_where_the_one_before_stood_is_that_one() -> None:
    """It has climbed by 0.4 and rises by 79.8."""
    counter = new_counter((0, 80.0), (300, 80.2))
    read(counter, 600, 0.0)
    read(counter, 900, 0.4)
    assert read(counter, 1200, 80.2) == ([(300, 1200, 0.0)], RETURNED)


def test_of_two_totals_that_both_fit_the_higher_one_that_stood_there_goes_on() -> None:
    counter = new_counter((0, 10.0), (300, 10.2))
    read(counter, 600, 300.0)  # another device
    assert read(counter, 900, 300.4)[0] == [(600, 900, 0.4)]
    assert read(counter, 1200, 10.4) == ([(300, 1200, 0.2)], FELL | RETURNED)


def test_totals_of_different_sources_are_never_compared() -> None:
    counter = rained(new_counter((0, 100.0)))
    assert read(counter, 600, 100.4, source=7) == ([(600, 600, 0.0)], BEGAN)
    assert read(counter, 900, 100.6, source=7) == ([(600, 900, 0.2)], 0)
    assert read(counter, 1200, 50.0, source=9) == ([(1200, 1200, 0.0)], BEGAN)


def test_near_the_total_of_before_a_beginning_is_rather_that_one() -> None:
    """At 49 of the 100 of before: what rises past 50 is on trial, though it is less than an eighth."""
    counter = rained(new_counter((0, 100.0)))
    read(counter, 600, 49.0)
    assert counter.now is not None
    rises, flags = read(counter, 900, 50.2)
    assert (rises, flags) == ([(900, 900, 0.0)], BEGAN)


def test_a_beginning_at_half_of_the_total_of_before_or_above_is_another_one() -> None:
    counter = new_counter((0, 100.0))
    read(counter, 300, 50.0)
    assert read(counter, 600, 50.2) == ([(300, 600, 0.2)], Flag.NONE)


def test_what_a_total_showed_when_it_began_has_not_climbed_by_itself() -> None:
    """It began at 8, has climbed by 1.5, and leaps by 10.9 to where the one before stood."""
    counter = new_counter((0, 20.0), (300, 20.2))
    read(counter, 600, 8.0)
    read(counter, 900, 9.5)
    assert read(counter, 1200, 20.4) == ([(300, 1200, 0.2)], RETURNED)


def test_a_total_knows_where_it_began_and_that_it_has_risen() -> None:
    counter = rained(new_counter((0, 100.0)))
    read(counter, 600, 100.4)
    assert counter.now == Track(100.4, T0 + 600, 0, 100.0, T0, is_new=False, is_over=False)
    counter = new_counter((0, 100.0), (300, 100.0))
    assert counter.now == Track(100.0, T0 + 300, 0, 100.0, T0, is_new=True, is_over=False)


# Wraps.


def test_a_wrap_counts_what_was_left_and_what_it_shows() -> None:
    counter = new_counter((0, 998.0))
    read(counter, 300, 999.0, wrap_mm=1000)
    assert read(counter, 600, 2.0, wrap_mm=1000) == ([(300, 600, 3.0)], 0)
    assert counter.before is not None
    assert counter.before.is_over
    assert read(counter, 900, 2.2, wrap_mm=1000) == ([(600, 900, 0.2)], 0)
    assert read(counter, 1200, 999.4, wrap_mm=1000)[1] & RETURNED


def test_a_great_wrap_waits_for_a_reading_that_goes_on_however_little() -> None:
    counter = new_counter((0, 980.0))
    read(counter, 300, 980.2, wrap_mm=1000)
    assert read(counter, 600, 5.0, wrap_mm=1000) == ([(600, 600, 0.0)], FELL)
    assert read(counter, 900, 5.0, wrap_mm=1000) == ([(300, 600, 24.8), (600, 900, 0.0)], 0)


def test_a_wrap_to_zero_waits_until_it_rains() -> None:
    counter = new_counter((0, 999.0))
    read(counter, 300, 999.2, wrap_mm=1000)
    assert read(counter, 600, 0.0, wrap_mm=1000) == ([(600, 600, 0.0)], FELL)
    assert read(counter, 900, 0.0, wrap_mm=1000) == ([(600, 900, 0.0)], 0)
    assert read(counter, 1200, 0.2, wrap_mm=1000) == ([(300, 600, 0.8), (900, 1200, 0.2)], 0)


def test_a_fall_that_no_rain_explains_is_no_wrap() -> None:
    counter = new_counter((0, 500.0))
    read(counter, 300, 500.2, wrap_mm=1000)
    assert read(counter, 600, 2.0, wrap_mm=1000) == ([(600, 600, 0.0)], FELL)
    assert counter.before is not None
    assert not counter.before.is_over


@pytest.mark.parametrize(("shown_mm", "counts"), [(2.0, False), (12.5, True)])
def test_what_is_on_trial_when_a_total_wraps_counts_if_the_wrap_goes_on_as_hard(
    shown_mm: float, counts: bool
) -> None:
    """A quarter of 52 mm in the next five minutes are 13 mm: one before the wrap and the rest after it."""
    counter = new_counter((0, 946.0))
    read(counter, 300, 946.2, wrap_mm=1000)
    assert read(counter, 600, 999.0, wrap_mm=1000) == ([(600, 600, 0.0)], BEGAN)
    rises, _ = read(counter, 900, shown_mm, wrap_mm=1000)
    assert ((300, 600, 52.8) in rises) == counts


def test_a_wrap_that_fits_exactly_adds_nothing() -> None:
    """Both stand for one amount: the modulus told as it is, and zero."""
    counter = new_counter((0, 999.8))
    read(counter, 300, 1000.0, wrap_mm=1000)
    assert read(counter, 600, 0.0, wrap_mm=1000) == ([(600, 600, 0.0)], FELL)
    assert counter.trial is not None
    assert counter.trial.rise == Rise(T0 + 300, T0 + 600, 0.0)
    assert counter.trial.waits, "a broken cable reads zero as well"
    assert counter.before is not None
    assert counter.before.is_over, "it ended as it should"


# Day counters; the day begins at T0.


def of_day(*rows: tuple[int, float]) -> RainCounter:
    """A counter of the day before T0."""
    counter = RainCounter(LIMITS, LATE_S)
    for after_s, value_mm in rows:
        read(counter, after_s, value_mm, day=-DAY)
    return counter


def test_what_a_day_counter_shows_after_its_reset_fell_since_the_day_began() -> None:
    counter = of_day((-600, 30.0), (-300, 30.2))
    assert read(counter, 300, 0.4, day=0) == ([(0, 300, 0.4)], 0)
    assert counter.now is not None
    assert (counter.now.start_mm, counter.now.begun_s, counter.now.is_new) == (0.0, T0 + 1, False)
    assert counter.before is not None
    assert counter.before.is_over


def test_the_last_reading_of_a_day_may_be_that_of_its_last_second() -> None:
    counter = of_day((-300, 30.0), (0, 30.2))
    assert read(counter, 300, 0.4, day=0) == ([(0, 300, 0.4)], 0)


@pytest.mark.parametrize(("after_s", "rise_mm"), [(LATE_S, 0.2), (LATE_S + 1, None)])
def test_a_total_that_rises_just_after_the_day_began_was_not_reset_yet(
    after_s: int, rise_mm: float | None
) -> None:
    """A quarter of an hour long it is taken for late; after that what it shows is of the new day."""
    counter = of_day((-600, 0.2), (-300, 0.4))
    rises, flags = read(counter, after_s, 0.6, day=0)
    assert rises == [(-300, after_s, rise_mm)] if rise_mm else [(0, after_s, 0.6)]
    assert flags == Flag.NONE


@pytest.mark.parametrize(("after_s", "is_old"), [(2 * HOUR, True), (2 * HOUR + 1, False)])
def test_exactly_the_old_total_is_the_old_one_for_two_hours(after_s: int, is_old: bool) -> None:
    counter = of_day((-600, 3.0), (-300, 3.0))
    rises, _ = read(counter, after_s, 3.0, day=0)
    assert rises == ([(-300, after_s, 0.0)] if is_old else [(0, after_s, 3.0)])


def test_after_a_whole_day_away_a_higher_total_is_that_of_the_new_day() -> None:
    for away_s, begin_s in ((DAY, 0), (DAY - 1, None)):
        counter = of_day((-away_s - 300, 3.0), (-away_s, 3.0))
        rises, _ = read(counter, 1800, 3.0, day=0)
        assert rises == ([(begin_s, 1800, 3.0)] if begin_s is not None else [(-away_s, 1800, 0.0)])


def test_after_a_day_away_a_total_that_is_not_reset_yet_is_of_the_day_before() -> None:
    counter = of_day((-2 * DAY, 3.0), (-2 * DAY + 300, 3.0))
    assert read(counter, LATE_S, 5.0, day=0)[0] == [(-DAY, LATE_S, 5.0)]
    counter = of_day((-2 * DAY, 3.0), (-2 * DAY + 300, 3.0))
    assert read(counter, LATE_S, 2.8, day=0)[0] == [(0, LATE_S, 2.8)]
    counter = of_day((-2 * DAY, 3.0), (-2 * DAY + 300, 3.0))
    assert read(counter, LATE_S + 1, 5.0, day=0)[0] == [(0, LATE_S + 1, 5.0)]


@pytest.mark.parametrize(("after_s", "is_reset"), [(2 * HOUR, True), (2 * HOUR + 1, False)])
def test_a_late_reset_is_known_for_two_hours(after_s: int, is_reset: bool) -> None:
    counter = of_day((-600, 30.0), (-300, 30.0))
    assert read(counter, 600, 30.2, day=0) == ([(-300, 600, 0.2)], 0), "not reset yet"
    rises, flags = read(counter, after_s, 0.4, day=0)
    assert (rises, flags) == (([(600, after_s, 0.4)], 0) if is_reset else ([(after_s, after_s, 0.0)], FELL))


def test_an_early_reset_is_one_where_the_next_day_is_near() -> None:
    counter = of_day((-600, 30.0), (-300, 30.2))
    assert read(counter, -100, 0.2, day=-DAY, early=True) == ([(-300, -100, 0.2)], 0)
    counter = of_day((-600, 30.0), (-300, 30.2))
    assert read(counter, -100, 0.2, day=-DAY) == ([(-100, -100, 0.0)], FELL)


def test_a_great_amount_after_a_reset_of_the_day_is_on_trial_and_an_impossible_one_is_none() -> None:
    day_mm = LIMITS.record_of(300) / 2
    counter = of_day((-600, 300.0), (-300, 300.2))
    assert read(counter, 300, day_mm - 0.1, day=0)[1] == Flag.NONE
    counter = of_day((-600, 300.0), (-300, 300.2))
    assert read(counter, 300, day_mm + 0.1, day=0) == ([(300, 300, 0.0)], BEGAN)
    rises, _ = read(counter, 600, 1.25 * (day_mm + 0.1) + 0.1, day=0)
    assert rises[0] == (0, 300, round(day_mm + 0.1, 6))
    impossible = LIMITS.impossible_of(300)
    counter = of_day((-600, 300.0), (-300, 300.2))
    assert read(counter, 300, nextafter(impossible, inf), day=0) == ([(300, 300, 0.0)], Flag.OUT_OF_RANGE)


def test_exactly_what_is_sound_counts_at_once_and_exactly_what_is_possible_is_tried() -> None:
    for limit_mm, found in (
        (LIMITS.record_of(300) / 2, ([(0, 300, round(LIMITS.record_of(300) / 2, 6))], 0)),
        (LIMITS.impossible_of(300), ([(300, 300, 0.0)], BEGAN | Flag.RECORD)),
    ):
        counter = of_day((-600, 300.0), (-300, 300.2))
        assert read(counter, 300, limit_mm, day=0) == found
    half_hour_mm = LIMITS.record_of(1800) / 8
    counter = of_day((-600, 0.2), (-300, 0.4))
    assert read(counter, 1800, half_hour_mm, day=0)[0] == [(0, 1800, round(half_hour_mm, 6))]
    counter = of_day((-600, 0.2), (-300, 0.4))
    assert read(counter, 1800, half_hour_mm + 0.1, day=0)[0] != [(0, 1800, round(half_hour_mm + 0.1, 6))]


@pytest.mark.parametrize(("shown_mm", "counts"), [(13.5, True), (0.4, False)])
def test_what_is_on_trial_when_the_day_ends_counts_if_the_new_day_goes_on_as_hard(
    shown_mm: float, counts: bool
) -> None:
    counter = of_day((-900, 30.0), (-600, 30.2))
    assert read(counter, -300, 83.0, day=-DAY) == ([(-300, -300, 0.0)], BEGAN)
    rises, _ = read(counter, 300, shown_mm, day=0)
    assert ((-600, -300, 52.8) in rises) == counts
    assert (0, 300, shown_mm) in rises


def test_a_great_amount_after_a_reset_may_be_another_device_and_the_old_total_comes_back() -> None:
    counter = of_day((-600, 300.0), (-300, 300.2))
    assert read(counter, 300, 60.0, day=0)[1] == BEGAN
    assert read(counter, 600, 300.4, day=0) == ([(-300, 600, 0.2)], RETURNED)


@pytest.mark.parametrize(("seen_s", "is_reset"), [(0, True), (1, False)])
def test_a_counter_that_was_first_seen_at_the_end_of_the_day_may_be_reset_late(
    seen_s: int, is_reset: bool
) -> None:
    counter = RainCounter(LIMITS, LATE_S)
    for after_s, value_mm in ((seen_s, 30.0), (300, 30.2)):
        read(counter, after_s, value_mm, day=0 if after_s > 0 else -DAY)
    rises, flags = read(counter, 1200, 0.4, day=0)
    assert (rises, flags) == (([(300, 1200, 0.4)], 0) if is_reset else ([(1200, 1200, 0.0)], FELL))


def test_a_day_counter_whose_numbers_changed_begins_anew_even_at_a_new_day() -> None:
    counter = of_day((-600, 30.0), (-300, 30.2))
    assert read(counter, 300, 0.4, day=0, source=7) == ([(300, 300, 0.0)], BEGAN)


def test_a_record_of_a_day_counter_is_told() -> None:
    record = LIMITS.record_of(HOUR)
    counter = of_day((-600, 900.0), (-300, 900.2))
    assert read(counter, HOUR, record + 0.1, day=0) == ([(0, HOUR, round(record + 0.1, 6))], Flag.RECORD)


# What a total keeps of its run.


def test_a_plain_rise_keeps_where_and_when_the_run_began() -> None:
    counter = new_counter((0, 100.0), (300, 100.2))
    assert counter.goes_on_plainly(T0 + 600, 100.4, 0) == Track(100.2, T0 + 300, 0, 100.0, T0, False)
    assert counter.now == Track(100.4, T0 + 600, 0, 100.0, T0, False)
    still = new_counter((0, 100.0))
    assert still.goes_on_plainly(T0 + 300, 100.0, 0) is not None
    assert still.now == Track(100.0, T0 + 300, 0, 100.0, T0, True)


def test_a_wrap_begins_a_run_that_is_not_new() -> None:
    counter = rained(new_counter((0, 100.0)))
    assert read(counter, 600, 0.4, wrap_mm=100.3) == ([(300, 600, 0.5)], Flag.NONE)
    assert counter.now == Track(0.4, T0 + 600, 0, 0.4, T0 + 600, False)


def test_a_foreign_total_that_falls_to_what_cannot_be_either_is_a_fall() -> None:
    """It is more than the total of before can have risen by, and less than the last one."""
    counter = new_counter((0, 10.0), (300, 1000.0))
    assert read(counter, 600, 900.0) == ([(600, 600, 0.0)], FELL)


def test_a_small_rise_after_a_jump_does_not_vouch_for_it() -> None:
    counter = rained(new_counter((0, 100.0)))
    jump = SOUND_JUMP_MM + 1
    assert read(counter, 600, 100.2 + jump) == ([(600, 600, 0.0)], BEGAN)
    assert read(counter, 900, 100.4 + jump) == ([(600, 900, 0.2)], Flag.NONE)


def test_a_wrap_to_zero_counts_with_a_sound_rise_and_not_with_a_jump() -> None:
    for rise_mm, counts in ((SOUND_JUMP_MM - 1, True), (SOUND_JUMP_MM + 1, False)):
        counter = rained(new_counter((0, 100.0)))
        assert read(counter, 600, 0.0, wrap_mm=102.0) == ([(600, 600, 0.0)], FELL)
        rises, _ = read(counter, 900, rise_mm, wrap_mm=102.0)
        first = [(300, 600, 1.8), (600, 900, round(rise_mm, 6))] if counts else [(900, 900, 0.0)]
        assert rises == first


def test_a_day_that_shows_what_cannot_be_leaves_the_total_of_before_to_come_back() -> None:
    counter = new_counter((0, 999.8), (300, 1000.0))
    assert read(counter, 900, LIMITS.impossible_of(300) + 1, day=600)[1] == Flag.OUT_OF_RANGE
    assert counter.before is not None
    assert counter.before.value_mm == 1000.0


def test_a_great_beginning_of_a_day_needs_a_quarter_of_its_intensity_after_it() -> None:
    counter = new_counter((0, 200.0), (300, 200.2))
    great_mm = SOUND_JUMP_MM + 1
    assert read(counter, 900, great_mm, day=600) == ([(900, 900, 0.0)], BEGAN)
    assert read(counter, 1200, great_mm + 0.5, day=600) == ([(900, 1200, 0.5)], Flag.NONE)
