"""Names of time zones -> since when their clocks are ahead of UTC by how much.

The rules come from the system's time zone database; they are written down
once at load, so that what counts rain reads no file and no clock.

Limit: changes from 2000 to 2050 are known; later the last offset stays.
"""

import zoneinfo
from datetime import UTC, datetime, timedelta

LIVES_ON = datetime(2030, 1, 1, tzinfo=UTC)
"""A zone that changes after that has summer time."""

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)


def parse_zone(name: str) -> tuple[tuple[int, int], ...]:
    """Changes of a zone's clock: since when, in seconds UTC, it is ahead by how many seconds; ascending.

    Raises
    ------
    ValueError
        If the system knows no such zone.

    Examples
    --------
    >>> parse_zone("Asia/Shanghai")
    ((946684800, 28800),)
    >>> [one for one in parse_zone("Europe/Lisbon") if one[0] > 1_770_000_000][:2]
    [(1774746000, 3600), (1792890000, 0)]
    """
    try:
        zone = zoneinfo.ZoneInfo(name.strip())
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
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
        If there is no such zone, or it has summer time: texts and days would be an hour off half the year.

    Examples
    --------
    >>> fixed_offset_s("Asia/Shanghai"), fixed_offset_s("America/Sao_Paulo")
    (28800, -10800)
    """
    changes = parse_zone(name)
    if changes[-1][0] >= int(LIVES_ON.timestamp()):
        winter_s = min(ahead_s for _, ahead_s in changes[-2:])
        raise ValueError(
            f"expected a zone without summer time, {name.strip()} has it: texts and days go by one offset "
            f'all year, such as "{offset_words(winter_s)}"'
        )
    return changes[-1][1]


def offset_words(offset_s: int) -> str:
    """An offset from UTC as people write it.

    >>> offset_words(28_800), offset_words(-12_600)
    ('+08:00', '-03:30')
    """
    hours, minutes = divmod(abs(offset_s) // 60, 60)
    return f"{'-' if offset_s < 0 else '+'}{hours:02d}:{minutes:02d}"


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
