"""Times are int64 seconds since 1970 UTC everywhere; these functions write them as text.

No function here reads a clock: time is always an argument.
"""

import re

import numpy as np

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400

_PLAIN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,18})?)?)?)?"
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
    """Seconds since 1970 UTC of an ISO 8601 text with ``Z`` or a numeric offset.

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
    """
    body, offset_s = _split_offset(text.strip())
    if _PLAIN.fullmatch(body) is None:  # numpy would take "now", "NaT" and a second offset too
        raise ValueError(f"{text!r} is not an ISO 8601 time")
    try:
        return int(np.datetime64(body, "s").astype(np.int64)) - offset_s
    except ValueError:
        raise ValueError(f"{text!r} is not an ISO 8601 time") from None


def _split_offset(text: str) -> tuple[str, int]:
    if text.endswith(("Z", "z")):
        return text[:-1], 0
    if text[-5:-4] in ("+", "-") and text[-4:].isdecimal():  # the basic form, +0800
        text = f"{text[:-2]}:{text[-2:]}"
    sign, body, tail = text[-6:-5], text[:-6], text[-5:]
    if len(text) > 16 and sign in "+-" and tail[2:3] == ":" and (tail[:2] + tail[3:]).isdecimal():
        hours, minutes = int(tail[:2]), int(tail[3:])
        if hours < 24 and minutes < 60:
            seconds = hours * HOUR_S + minutes * MINUTE_S
            return body, -seconds if sign == "-" else seconds
    raise ValueError(f"{text!r} has no time zone: expected Z or an offset such as +08:00")
