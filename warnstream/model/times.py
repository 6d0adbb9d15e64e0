"""Times are int64 seconds since 1970 UTC everywhere; these functions write them as text.

No function here reads a clock or a database of time zones: time and zone are always arguments.
"""

import re
from bisect import bisect_right

import numpy as np

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400
NEVER_DUE_S = 2**63 - 1
"""Of what does not fall due by time alone: later than any time."""

TimeZone = tuple[tuple[int, int], ...]
"""Since when, in seconds UTC, a local clock is ahead of UTC by how many seconds; ascending, never empty.
Before the first entry its offset holds, too."""

UTC: TimeZone = ((0, 0),)

_DAY_AND_CLOCK = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,18}))?)?)?)?"
)


def iso_utc(time_s: int) -> str:
    """ISO 8601 in UTC.

    >>> iso_utc(1_554_758_100)
    '2019-04-08T21:15:00Z'
    """
    return f"{np.datetime64(int(time_s), 's')}Z"


def fixed_zone(offset_s: int) -> TimeZone:
    """A clock that is ahead of UTC by the same all year.

    >>> fixed_zone(8 * HOUR_S)
    ((0, 28800),)
    """
    return ((0, offset_s),)


def offset_at(time_zone: TimeZone, time_s: int) -> int:
    """How many seconds a local clock is ahead of UTC at a time; it changes in the very second.

    >>> berlin = ((1_774_746_000, 7200), (1_792_890_000, 3600))
    >>> [offset_at(berlin, 1_792_890_000 + later_s) for later_s in (-10**9, -1, 0)]
    [7200, 7200, 3600]
    """
    return time_zone[_place(time_zone, time_s)][1]


def local_to_utc_s(local_s: int, time_zone: TimeZone) -> int:
    """Seconds UTC of a local clock's seconds since 1970.

    Of the hour that a clock shows twice in autumn the first is taken; one that it leaves out in spring is
    counted on from before.

    >>> zone = ((0, 7200), (1_792_890_000, 3600))
    >>> [local_to_utc_s(at_s, zone) - at_s for at_s in (1_700_000_000, 1_792_894_000, 1_793_000_000)]
    [-7200, -7200, -3600]
    """
    found = local_s - time_zone[0][1]
    for number, (since_s, ahead_s) in enumerate(time_zone):
        utc_s = local_s - ahead_s
        until_s = time_zone[number + 1][0] if number + 1 < len(time_zone) else None
        if utc_s < since_s:
            break
        found = utc_s
        if until_s is None or utc_s < until_s:
            break
    return found


def iso_local(time_s: int, time_zone: TimeZone) -> str:
    """ISO 8601 with a numeric offset, as CAP 1.2 demands (its schema refuses ``Z``).

    >>> iso_local(1_554_758_100, fixed_zone(-3 * HOUR_S))
    '2019-04-08T18:15:00-03:00'
    """
    offset_s = offset_at(time_zone, time_s)
    return f"{np.datetime64(int(time_s) + offset_s, 's')}{offset_words(offset_s)}"


def clock_local(time_s: int, time_zone: TimeZone) -> str:
    """Hours and minutes of the local clock, for texts to people.

    In the hour that a clock put back shows twice the offset is said, too, in both of them.

    >>> clock_local(1_554_758_100, fixed_zone(-3 * HOUR_S))
    '18:15'
    >>> berlin = ((1_774_746_000, 7200), (1_792_890_000, 3600))
    >>> [clock_local(1_792_890_000 + later_s, berlin) for later_s in (-3601, -3600, -60, 0, 3599, 3600)]
    ['01:59', '02:00 (UTC+2)', '02:59 (UTC+2)', '02:00 (UTC+1)', '02:59 (UTC+1)', '03:00']
    """
    return date_and_clock_local(time_s, time_zone)[11:]


def date_and_clock_local(time_s: int, time_zone: TimeZone) -> str:
    """Local date and `clock_local`.

    >>> date_and_clock_local(1_554_758_100, fixed_zone(-3 * HOUR_S))
    '2019-04-08 18:15'
    """
    told = iso_local(time_s, time_zone)[:16].replace("T", " ")
    return f"{told} ({_short_offset(offset_at(time_zone, time_s))})" if _is_twice(time_s, time_zone) else told


def offset_words(offset_s: int) -> str:
    """An offset from UTC as ISO 8601 writes it.

    >>> offset_words(28_800), offset_words(-12_600)
    ('+08:00', '-03:30')
    """
    hours, minutes = divmod(abs(offset_s) // MINUTE_S, 60)
    return f"{'-' if offset_s < 0 else '+'}{hours:02d}:{minutes:02d}"


def compact_utc(time_s: int) -> str:
    """Time for identifiers, without separators.

    >>> compact_utc(1_554_758_100)
    '20190408T211500Z'
    """
    return iso_utc(time_s).replace("-", "").replace(":", "")


def parse_compact_utc(text: str) -> int:
    """Seconds since 1970 of a time in an identifier. ValueError if it is none.

    >>> parse_compact_utc("20190408T211500Z")
    1554758100
    """
    return parse_iso(f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}")


def parse_iso(text: str) -> int:
    """Seconds since 1970 UTC of an ISO 8601 text with ``Z`` or a numeric offset; fractions are cut off.

    A day ends at 24:00, which is 00:00 of the next one, and the second 60 (of a leap second, or of a
    logger that rounds) is the first of the next minute.

    Raises
    ------
    ValueError
        If the text is not a time, or names no offset (a time without a zone
        would be a guess).

    Examples
    --------
    >>> parse_iso("2019-04-08T18:15:00-03:00")
    1554758100
    >>> parse_iso("2019-04-08T21:15:00Z"), parse_iso("2019-04-08T18:15:00-0300")
    (1554758100, 1554758100)
    >>> parse_iso("2019-04-08T24:00Z") == parse_iso("2019-04-09T00:00Z") == parse_iso("2019-04-08T23:59:60Z")
    True
    """
    body, offset_s = _split_offset(text.strip())
    match = _DAY_AND_CLOCK.fullmatch(body)
    if match is None:  # numpy would take "now", "NaT" and a second offset too
        raise ValueError(f"{text!r} is not an ISO 8601 time")
    day, hour, minute, second, fraction = match.groups(default="0")
    try:
        day_s = int(np.datetime64(day, "s").astype(np.int64))
        return (
            day_s
            + second_of_day(int(hour), int(minute), int(second), has_fraction=int(fraction) > 0)
            - offset_s
        )
    except ValueError:
        raise ValueError(f"{text!r} is not an ISO 8601 time") from None


def second_of_day(hour: int, minute: int, second: int, *, has_fraction: bool = False) -> int:
    """Seconds since the day began, 24:00 and the second 60 included. ValueError beyond them.

    >>> second_of_day(24, 0, 0), second_of_day(8, 59, 60)
    (86400, 32400)
    """
    is_end_of_day = (hour, minute, second, has_fraction) == (24, 0, 0, False)
    if not is_end_of_day and not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second <= 60):
        raise ValueError(f"{hour:02d}:{minute:02d}:{second:02d} is no time of day")
    return hour * HOUR_S + minute * MINUTE_S + second


def _split_offset(text: str) -> tuple[str, int]:
    if text.endswith(("Z", "z")):
        return text[:-1], 0
    if text[-5:-4] in ("+", "-") and text[-4:].isdecimal():  # the basic form, +0800
        text = f"{text[:-2]}:{text[-2:]}"
    elif ":" in text and text[-3:-2] in ("+", "-") and text[-2:].isdecimal():  # hours alone, +08
        text = f"{text}:00"
    sign, body, tail = text[-6:-5], text[:-6], text[-5:]
    if len(text) > 16 and sign in "+-" and tail[2:3] == ":" and (tail[:2] + tail[3:]).isdecimal():
        hours, minutes = int(tail[:2]), int(tail[3:])
        if hours < 24 and minutes < 60:
            seconds = hours * HOUR_S + minutes * MINUTE_S
            return body, -seconds if sign == "-" else seconds
    raise ValueError(f"{text!r} has no time zone: expected Z or an offset such as +08:00")


def _place(time_zone: TimeZone, time_s: int) -> int:
    """Number of the entry that holds at a time."""
    return max(bisect_right(time_zone, time_s, key=lambda change: change[0]) - 1, 0)


def _is_twice(time_s: int, time_zone: TimeZone) -> bool:
    """Whether the clock shows the same at another time, too: it is put back later, or just was."""
    place = _place(time_zone, time_s)
    ahead_s = time_zone[place][1]
    if place + 1 < len(time_zone):
        since_s, then_s = time_zone[place + 1]
        if time_s >= since_s - (ahead_s - then_s):
            return True
    return place > 0 and time_s < time_zone[place][0] + time_zone[place - 1][1] - ahead_s


def _short_offset(offset_s: int) -> str:
    """``UTC+2``, ``UTC-3:30``."""
    hours, minutes = divmod(abs(offset_s) // MINUTE_S, 60)
    return f"UTC{'-' if offset_s < 0 else '+'}{hours}{f':{minutes:02d}' if minutes else ''}"
