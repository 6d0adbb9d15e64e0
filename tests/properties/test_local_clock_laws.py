"""Laws of local clocks: what is written says one time only, in any zone, at any time."""

import re
import zoneinfo
from datetime import datetime
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from warnstream.config.yaml.time_zones import parse_zone
from warnstream.delivery.transfer import transfer_deadline_s
from warnstream.model.rules.policies import TransferPolicy
from warnstream.model.times import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    TimeZone,
    date_and_clock_local,
    fixed_zone,
    iso_local,
    local_to_utc_s,
    offset_at,
    parse_iso,
)

NAMES = (
    *("Europe/Berlin", "America/Santiago", "Europe/Dublin", "Africa/Casablanca", "Australia/Lord_Howe"),
    *("America/Sao_Paulo", "Asia/Shanghai", "Asia/Kathmandu", "Pacific/Apia", "Antarctica/Troll", "UTC"),
)
BEGIN_S, END_S = parse_iso("2000-01-02T00:00:00Z"), parse_iso("2049-12-30T00:00:00Z")
_WRITTEN = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d)(?: \(UTC([+-])(\d+)(?::(\d\d))?\))?")
zone_of = cache(parse_zone)
offsets = st.integers(-14 * 4, 14 * 4).map(lambda quarters: quarters * 15 * MINUTE_S)


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, int]:
    """A zone and a time, as often as not within three hours of a change of its clock."""
    name = draw(st.sampled_from(NAMES))
    changes = [since_s for since_s, _ in zone_of(name)[1:]]
    if draw(st.booleans()) and changes:
        near_s = draw(st.sampled_from(changes)) + draw(st.integers(-3 * HOUR_S, 3 * HOUR_S))
        return name, min(max(near_s, BEGIN_S), END_S)
    return name, draw(st.integers(BEGIN_S, END_S))


def read(written: str, zone: TimeZone) -> int:
    """What a reader understands: with an offset that one, else the only time at which the clock shows it."""
    match = _WRITTEN.fullmatch(written)
    assert match is not None
    date, clock, sign, hours, minutes = match.groups()
    local_s = parse_iso(f"{date}T{clock}:00Z")
    if sign is None:
        return local_to_utc_s(local_s, zone)
    offset_s = int(hours) * HOUR_S + int(minutes or 0) * MINUTE_S
    return local_s - (offset_s if sign == "+" else -offset_s)


@given(moments())
def test_the_offset_is_that_of_the_database(moment: tuple[str, int]) -> None:
    name, time_s = moment
    told = datetime.fromtimestamp(time_s, zoneinfo.ZoneInfo(name)).utcoffset()
    assert told is not None
    assert offset_at(zone_of(name), time_s) == told.total_seconds()


@given(moments())
def test_local_time_without_its_offset_is_the_time(moment: tuple[str, int]) -> None:
    name, time_s = moment
    assert parse_iso(iso_local(time_s, zone_of(name))) == time_s


@given(moments())
def test_what_people_read_is_one_time_only(moment: tuple[str, int]) -> None:
    name, time_s = moment
    minute_s = time_s // MINUTE_S * MINUTE_S
    assert read(date_and_clock_local(time_s, zone_of(name)), zone_of(name)) == minute_s


@given(moments())
def test_an_offset_is_named_only_where_the_clock_alone_says_two_times(moment: tuple[str, int]) -> None:
    name, time_s = moment
    zone = zone_of(name)
    local_s = time_s + offset_at(zone, time_s)
    ahead = {ahead_s for _, ahead_s in zone}
    times = {local_s - ahead_s for ahead_s in ahead if offset_at(zone, local_s - ahead_s) == ahead_s}
    assert ("UTC" in date_and_clock_local(time_s, zone)) == (len(times) > 1)


@given(st.integers(BEGIN_S, END_S), offsets)
def test_a_fixed_offset_writes_what_it_always_wrote(time_s: int, offset_s: int) -> None:
    written = iso_local(time_s, fixed_zone(offset_s))
    assert parse_iso(f"{written[:-6]}Z") == time_s + offset_s
    assert date_and_clock_local(time_s, fixed_zone(offset_s)) == written[:16].replace("T", " ")


@given(moments(), st.integers(0, 12 * HOUR_S))
def test_who_must_leave_before_the_night_leaves_by_the_clock_at_nightfall(
    moment: tuple[str, int], policy_s: int
) -> None:
    """Or before; never within a night that began before the hazard."""
    name, onset_s = moment
    zone, policy = zone_of(name), TransferPolicy(policy_s=policy_s)
    deadline_s = transfer_deadline_s(onset_s, policy, zone)
    assert deadline_s <= onset_s - max(policy_s, policy.law_s)
    clock_s = (onset_s + offset_at(zone, onset_s)) % DAY_S
    if clock_s >= policy.night_begins_s or clock_s < policy.night_ends_s:
        at_clock_s = (deadline_s + offset_at(zone, deadline_s)) % DAY_S
        assert at_clock_s == policy.night_begins_s or deadline_s == onset_s - max(policy_s, policy.law_s)
