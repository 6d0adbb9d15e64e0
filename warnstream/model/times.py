"""Times are int64 seconds since 1970 UTC everywhere; these functions write them as text.

No function here reads a clock: time is always an argument.
"""

import re

import numpy as np

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400

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


def iso_local(time_s: int, utc_offset_s: int) -> str:
    """ISO 8601 with a numeric offset, as CAP 1.2 demands (its schema refuses ``Z``).

    >>> iso_local(1_554_758_100, -3 * HOUR_S)
    '2019-04-08T18:15:00-03:00'
    """
    sign = "-" if utc_offset_s < 0 else "+"
    hours, minutes = divmod(abs(utc_offset_s) // MINUTE_S, 60)
    return f"{np.datetime64(int(time_s) + utc_offset_s, 's')}{sign}{hours:02d}:{minutes:02d}"


def clock_local(time_s: int, utc_offset_s: int) -> str:
    """Hours and minutes of the local clock, for texts to people.

    >>> clock_local(1_554_758_100, -3 * HOUR_S)
    '18:15'
    """
    return str(np.datetime64(int(time_s) + utc_offset_s, "s"))[11:16]


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
