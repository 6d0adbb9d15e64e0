"""Times in a test: so long after its start, a time of day after it, or a date with a zone."""

import re

from warnstream.model.times import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    TimeZone,
    local_to_utc_s,
    offset_at,
    parse_iso,
)

_AFTER = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,6})min)?", re.ASCII)
_CLOCK = re.compile(r"(\d\d):(\d\d)", re.ASCII)
_EXPECTED = (
    "a time after the start such as 90min or 1h30min, a time of day such as 03:10, or a date with a zone"
)


def parse_start(text: str) -> int:
    """Seconds UTC of the minute at which a test begins. ValueError if it names no zone or no whole minute.

    >>> parse_start("2026-06-17T20:00+08:00")
    1781697600
    """
    start_s = parse_iso(text)
    if start_s % MINUTE_S:
        raise ValueError(f"expected a whole minute, got {text!r}")
    return start_s


def parse_moment(text: str, start_s: int, time_zone: TimeZone) -> int:
    """Seconds UTC of a time in a test.

    Parameters
    ----------
    text : str
        ``1d2h30min`` after the start; ``03:10``, the first time at or after the start that the node's
        clock shows it; or ISO 8601 with a zone.
    start_s : int
    time_zone : TimeZone
        The node's clock.

    Raises
    ------
    ValueError
        If it is none of them, lies before the start or within a minute.

    Examples
    --------
    >>> beijing, start_s = ((0, 28_800),), parse_start("2026-06-17T20:00+08:00")
    >>> [parse_moment(text, start_s, beijing) - start_s for text in ("1h30min", "20:10", "03:10")]
    [5400, 600, 25800]
    """
    text = text.strip()
    after, clock = _AFTER.fullmatch(text), _CLOCK.fullmatch(text)
    if after is not None and text:
        days, hours, minutes = (int(part or 0) for part in after.groups())
        return start_s + days * DAY_S + hours * HOUR_S + minutes * MINUTE_S
    if clock is not None:
        return _at_clock(int(clock[1]), int(clock[2]), start_s, time_zone)
    try:
        moment_s = parse_iso(text)
    except ValueError:
        raise ValueError(f"expected {_EXPECTED}, got {text!r}") from None
    if moment_s < start_s or moment_s % MINUTE_S:
        raise ValueError(f"expected a whole minute at or after the start of the test, got {text!r}")
    return moment_s


def _at_clock(hour: int, minute: int, start_s: int, time_zone: TimeZone) -> int:
    if hour > 23 or minute > 59:
        raise ValueError(f"expected {_EXPECTED}, got '{hour:02d}:{minute:02d}'")
    local_s = start_s + offset_at(time_zone, start_s)
    midnight_s = local_s - local_s % DAY_S
    for days in (0, 1, 2):
        moment_s = local_to_utc_s(midnight_s + days * DAY_S + hour * HOUR_S + minute * MINUTE_S, time_zone)
        if moment_s >= start_s:
            return moment_s
    raise AssertionError(local_s)  # a day later every clock has shown it
