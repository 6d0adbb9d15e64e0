"""Readings in a line."""

import math

import pytest

from warnstream.config.rule_tests.moments import parse_moment, parse_start
from warnstream.config.rule_tests.series import VALUES_MAX, parse_series


def test_a_series_has_values_repeats_gaps_and_ramps() -> None:
    values = parse_series("0x3 8x2 _x2 2..10x5").values
    assert values[:5] == (0, 0, 0, 8, 8)
    assert [math.isnan(value) for value in values[5:7]] == [True, True]
    assert values[7:] == (2, 4, 6, 8, 10)


def test_a_ramp_falls_too_and_goes_below_zero() -> None:
    assert parse_series("1..-1x5").values == (1, 0.5, 0, -0.5, -1)


def test_a_ramp_of_tenths_has_tenths() -> None:
    assert parse_series("0.1..0.7x7").values == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


def test_a_series_goes_on_to_the_end_of_the_test() -> None:
    series = parse_series("5 0x*")
    assert series.goes_on
    assert series.up_to(3) == (5, 0, 0)
    assert parse_series("5 6 7").up_to(2) == (5, 6)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x3",
        "8x",
        "8x0",
        "8y3",
        "2..x3",
        "2..10",
        "2..10x1",
        "0x* 1",
        "_x*",
        "1..2x*",
        "1e3",
        "nan",
        "8 x3",
        "٣",
    ],
)
def test_what_is_no_series_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_series(text)


def test_a_series_has_a_limit() -> None:
    assert len(parse_series(f"1x{VALUES_MAX}").values) == VALUES_MAX
    for text in (f"1x{VALUES_MAX} 1", "1x999999"):
        with pytest.raises(ValueError, match="at most"):
            parse_series(text)


START_S = parse_start("2026-06-17T20:30+08:00")
BEIJING = ((0, 28_800),)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("0min", 0),
        ("90min", 90),
        ("1h30min", 90),
        ("1d", 1440),
        ("1d2h3min", 1563),
        ("20:30", 0),
        ("20:29", 1439),
        ("03:10", 400),
        ("2026-06-17T21:00+08:00", 30),
        ("2026-06-17T13:00Z", 30),
    ],
)
def test_a_time_is_after_the_start_of_day_or_a_date(text: str, minutes: int) -> None:
    assert parse_moment(text, START_S, BEIJING) - START_S == 60 * minutes


@pytest.mark.parametrize(
    "text",
    ["", "90", "1.5h", "25:00", "3:10", "30min1h", "2026-06-17T20:00+08:00", "2026-06-17T21:00:30+08:00"],
)
def test_what_is_no_time_of_the_test_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_moment(text, START_S, BEIJING)


def test_in_the_night_of_the_change_a_time_of_day_is_the_first_after_the_start() -> None:
    berlin = ((1_774_746_000, 7200), (1_792_890_000, 3600))  # put back at 03:00 of 2026-10-25
    start_s = parse_start("2026-10-24T23:00+02:00")
    assert parse_moment("02:30", start_s, berlin) - start_s == 3.5 * 3600
    assert parse_moment("04:00", start_s, berlin) - start_s == 6 * 3600


@pytest.mark.parametrize("text", ["2026-06-17T20:00", "2026-06-17T20:00:30+08:00", "yesterday"])
def test_a_start_has_a_zone_and_a_whole_minute(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|minute|ISO"):
        parse_start(text)
