"""Zones by name: against the library that reads the database, and what they mean for days."""

import zoneinfo
from datetime import UTC, datetime

import pytest

from warnstream.config.yaml.time_zones import (
    fixed_offset_s,
    parse_zone,
    standard_offset_s,
    summer_offset_s,
)
from warnstream.config.yaml.value_types import clock
from warnstream.model.times import HOUR_S, fixed_zone, offset_at

NAMES = ("Europe/Berlin", "America/Santiago", "Europe/Dublin", "Africa/Casablanca", "Australia/Lord_Howe")


@pytest.mark.parametrize("name", NAMES)
def test_every_sixth_hour_of_twenty_years_has_the_offset_of_the_database(name: str) -> None:
    zone, expected = parse_zone(name), zoneinfo.ZoneInfo(name)
    begin_s = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp())
    for time_s in range(begin_s, begin_s + 20 * 365 * 24 * HOUR_S, 6 * HOUR_S + 1):
        told = datetime.fromtimestamp(time_s, expected).utcoffset()
        assert told is not None
        assert offset_at(zone, time_s) == told.total_seconds()


@pytest.mark.parametrize(
    ("name", "winter_h", "summer_h"),
    [
        ("Europe/Berlin", 1, 2),
        ("America/Santiago", -4, -3),
        ("Europe/Dublin", 0, 1),
        ("Africa/Casablanca", 0, 1),
        ("Australia/Lord_Howe", 10.5, 11),
        ("America/Sao_Paulo", -3, -3),
        ("Asia/Shanghai", 8, 8),
    ],
)
def test_winter_is_the_least_offset_of_a_year(name: str, winter_h: float, summer_h: float) -> None:
    zone = parse_zone(name)
    assert (standard_offset_s(zone), summer_offset_s(zone)) == (winter_h * HOUR_S, summer_h * HOUR_S)


def test_a_fixed_clock_has_one_offset_all_year() -> None:
    zone = fixed_zone(-3 * HOUR_S)
    assert standard_offset_s(zone) == summer_offset_s(zone) == -3 * HOUR_S


def test_where_one_offset_is_needed_a_zone_with_summer_time_is_refused_with_its_winter() -> None:
    with pytest.raises(ValueError, match=r'Europe/Berlin has it: .* such as "\+01:00"'):
        fixed_offset_s("Europe/Berlin")


@pytest.mark.parametrize("written", ["+08:00", "Asia/Shanghai"])
def test_an_offset_and_a_zone_that_never_changes_are_one_entry(written: str) -> None:
    assert [ahead_s for _, ahead_s in clock().parse(written)] == [8 * HOUR_S]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (8, r"an offset from UTC in quotes such as \"\+08:00\", got '8'"),
        (None, "an offset from UTC in quotes"),
        ("+15:00", "an offset from UTC in quotes"),
        ("Berlin", "a time zone of the IANA database such as Asia/Shanghai, got 'Berlin'"),
        ("Europe/../Berlin", "a time zone of the IANA database"),
    ],
)
def test_what_is_no_clock_is_refused(written: object, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        clock().parse(written)


def test_a_system_without_the_database_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def found_nothing(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", found_nothing)
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    parse_zone.cache_clear()
    with pytest.raises(ValueError, match="no time zone database to find 'Europe/Berlin' in: install"):
        parse_zone("Europe/Berlin")
