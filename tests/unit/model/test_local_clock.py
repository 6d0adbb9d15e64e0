"""Local clocks that are put forward and back, by the dates that governments have announced."""

from collections.abc import Callable

import pytest

from warnstream.config.yaml.time_zones import parse_zone
from warnstream.model.times import (
    MINUTE_S,
    TimeZone,
    clock_local,
    date_and_clock_local,
    fixed_zone,
    iso_local,
    offset_at,
    parse_iso,
)

BERLIN = parse_zone("Europe/Berlin")
SANTIAGO = parse_zone("America/Santiago")
LORD_HOWE = parse_zone("Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("zone", "change", "before", "after"),
    [
        (BERLIN, "2026-03-29T01:00:00Z", "2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"),
        (BERLIN, "2026-10-25T01:00:00Z", "2026-10-25T02:59:59+02:00", "2026-10-25T02:00:00+01:00"),
        (SANTIAGO, "2026-04-05T03:00:00Z", "2026-04-04T23:59:59-03:00", "2026-04-04T23:00:00-04:00"),
        (SANTIAGO, "2026-09-06T04:00:00Z", "2026-09-05T23:59:59-04:00", "2026-09-06T01:00:00-03:00"),
    ],
)
def test_the_offset_changes_in_the_very_second(zone: TimeZone, change: str, before: str, after: str) -> None:
    change_s = parse_iso(change)
    assert (iso_local(change_s - 1, zone), iso_local(change_s, zone)) == (before, after)


@pytest.mark.parametrize(
    ("zone", "change", "clocks"),
    [
        (
            BERLIN,
            "2026-10-25T01:00:00Z",
            ("01:59", "02:00 (UTC+2)", "02:59 (UTC+2)", "02:00 (UTC+1)", "02:59 (UTC+1)", "03:00"),
        ),
        (
            SANTIAGO,
            "2026-04-05T03:00:00Z",
            ("22:59", "23:00 (UTC-3)", "23:59 (UTC-3)", "23:00 (UTC-4)", "23:59 (UTC-4)", "00:00"),
        ),
    ],
)
def test_a_clock_of_the_hour_that_comes_twice_says_which(
    zone: TimeZone, change: str, clocks: tuple[str, ...]
) -> None:
    minutes = (-61, -60, -1, 0, 59, 60)
    found = tuple(clock_local(parse_iso(change) + MINUTE_S * minute, zone) for minute in minutes)
    assert found == clocks


def test_half_an_hour_that_comes_twice_has_half_hours_in_its_offset() -> None:
    put_back_s = parse_iso("2026-04-04T15:00:00Z")
    assert date_and_clock_local(put_back_s - MINUTE_S, LORD_HOWE) == "2026-04-05 01:59 (UTC+11)"
    assert date_and_clock_local(put_back_s, LORD_HOWE) == "2026-04-05 01:30 (UTC+10:30)"
    assert date_and_clock_local(put_back_s - 31 * MINUTE_S, LORD_HOWE) == "2026-04-05 01:29"


@pytest.mark.parametrize("write", [clock_local, date_and_clock_local, iso_local])
def test_a_fixed_clock_never_names_an_offset_more_than_before(write: Callable[[int, TimeZone], str]) -> None:
    for time_s in (parse_iso("2026-10-25T00:30:00Z"), parse_iso("2026-03-29T01:30:00Z"), -1):
        assert "UTC" not in write(time_s, fixed_zone(3600))


def test_before_the_first_change_that_is_known_its_offset_holds() -> None:
    assert offset_at(BERLIN, parse_iso("1990-07-01T00:00:00Z")) == BERLIN[0][1]
