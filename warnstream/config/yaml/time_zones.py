"""Names of time zones -> since when their clocks are ahead of UTC by how much.

The rules come from the system's time zone database; they are written down
once at load, so that what counts rain reads no file and no clock.

Limit: changes from 2000 to 2050 are known; later the last offset stays.
"""

import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from warnstream.model.times import TimeZone, offset_words

LIVES_ON = datetime(2030, 1, 1, tzinfo=UTC)
"""A zone that changes after that has summer time."""

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=64)  # fifty years of days are looked at: tens of milliseconds a zone
def parse_zone(name: str) -> TimeZone:
    """Changes of a zone's clock: since when, in seconds UTC, it is ahead by how many seconds; ascending.

    Raises
    ------
    ValueError
        If the system knows no such zone, or has no database of zones.

    Examples
    --------
    >>> parse_zone("Asia/Shanghai")
    ((946684800, 28800),)
    >>> [change for change in parse_zone("Europe/Lisbon") if change[0] > 1_770_000_000][:2]
    [(1774746000, 3600), (1792890000, 0)]
    """
    try:
        zone = zoneinfo.ZoneInfo(name.strip())
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if not zoneinfo.available_timezones():
            raise ValueError(
                f"this system has no time zone database to find {name!r} in: install the package tzdata"
            ) from None
        raise ValueError(
            f"expected a time zone of the IANA database such as Asia/Shanghai, got {name!r}"
        ) from None
    found = [(int(FIRST.timestamp()), _ahead_s(zone, FIRST))]
    day = FIRST
    while day < LAST:
        following = day + timedelta(days=1)
        if _ahead_s(zone, following) != found[-1][1]:
            found.append(_change(zone, day, following))
        day = following
    return tuple(found)


def fixed_offset_s(name: str) -> int:
    """Seconds that the clock of a zone is ahead of UTC, of one that is not put forward and back.

    Raises
    ------
    ValueError
        If there is no such zone, or it has summer time: half the year times would be an hour off.

    Examples
    --------
    >>> fixed_offset_s("Asia/Shanghai"), fixed_offset_s("America/Sao_Paulo")
    (28800, -10800)
    """
    zone = parse_zone(name)
    standard_s = standard_offset_s(zone)
    if summer_offset_s(zone) != standard_s:
        raise ValueError(
            f"expected a zone without summer time, {name.strip()} has it: these times go by one offset all "
            f'year, such as "{offset_words(standard_s)}"'
        )
    return standard_s


def standard_offset_s(zone: TimeZone) -> int:
    """Seconds that the standard (winter) time of a zone is ahead of UTC: the least of a year as it is today.

    >>> [standard_offset_s(parse_zone(name)) for name in ("Europe/Berlin", "America/Santiago", "Asia/Tokyo")]
    [3600, -14400, 32400]
    """
    return min(_offsets_of_a_year_s(zone))


def summer_offset_s(zone: TimeZone) -> int:
    """Seconds that the summer time of a zone is ahead of UTC; as in winter where there is none.

    >>> summer_offset_s(parse_zone("America/Santiago"))
    -10800
    """
    return max(_offsets_of_a_year_s(zone))


def _offsets_of_a_year_s(zone: TimeZone) -> list[int]:
    """The offsets that take turns for good; the last one alone where the clock does not change any more."""
    changes_still = zone[-1][0] >= int(LIVES_ON.timestamp())
    return [ahead_s for _, ahead_s in zone[-2:]] if changes_still else [zone[-1][1]]


def _change(zone: zoneinfo.ZoneInfo, before: datetime, after: datetime) -> tuple[int, int]:
    """The second between two moments at which the clock moves, and what it is ahead by then."""
    was_s = _ahead_s(zone, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before).total_seconds() // 2)
        before, after = (middle, after) if _ahead_s(zone, middle) == was_s else (before, middle)
    return int(after.timestamp()), _ahead_s(zone, after)


def _ahead_s(zone: zoneinfo.ZoneInfo, moment: datetime) -> int:
    ahead = moment.astimezone(zone).utcoffset()
    return int(ahead.total_seconds()) if ahead is not None else 0
