"""Hours as an officer writes them: a clock such as 18:00, or a time with its date."""

import re

from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, TimeZone, local_to_utc_s, offset_at, parse_iso

PASSED_S_MAX = HOUR_S
"""An hour that passed so long ago still means today: the order came late, people go at once."""

AHEAD_S_MAX = 12 * HOUR_S
"""A clock means its next time if that is so near; a later one is given with its date."""

FAR_S_MAX = 48 * HOUR_S
"""A transfer is not ordered further ahead."""

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def moment_of(text: str, now_s: int, time_zone: TimeZone) -> int:
    """The time that an hour means.

    Raises
    ------
    ValueError
        If it is no hour, or too far from now.

    Examples
    --------
    >>> from warnstream.model.times import UTC, iso_utc, parse_iso
    >>> iso_utc(moment_of("18:00", parse_iso("2026-06-18T15:10:00Z"), UTC))
    '2026-06-18T18:00:00Z'
    >>> iso_utc(moment_of("06:00", parse_iso("2026-06-18T22:00:00Z"), UTC))
    '2026-06-19T06:00:00Z'
    """
    if (clock := _CLOCK.fullmatch(text)) is not None:
        wanted_s = int(clock[1]) * HOUR_S + int(clock[2]) * MINUTE_S
        local_s = now_s + offset_at(time_zone, now_s)
        today_s = local_s - local_s % DAY_S + wanted_s
        for found_s in (local_to_utc_s(day_s, time_zone) for day_s in (today_s, today_s + DAY_S)):
            if now_s - PASSED_S_MAX <= found_s <= now_s + AHEAD_S_MAX:
                return found_s
        raise ValueError(f"{text} has passed, or is more than 12 h ahead: give it with its date")
    found_s = parse_iso(text)
    if found_s < now_s - PASSED_S_MAX:
        raise ValueError(f"{text} passed more than an hour ago")
    if found_s > now_s + FAR_S_MAX:
        raise ValueError(f"{text} is more than 48 h ahead")
    return found_s
