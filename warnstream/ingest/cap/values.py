"""Values of alerts: times, points, polygons, circles, lists in quotes."""

import re
from collections.abc import Sequence

from warnstream.ingest.cap.faults import AlertFaultError
from warnstream.model.alerts.alert import UNKNOWN_S, AlertReference, Circle, Point
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import parse_iso

POINTS_MAX = 20_000
"""Corners of one shape; a national service's outline of a province has some 5,000."""

RADIUS_KM_MAX = 20_100.0
"""Half the way around the Earth."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})")
_WORDS = re.compile(r'"([^"]*)"|(\S+)')


def time_s(text: str, name: str) -> int:
    """Seconds since 1970 of a CAP time, or of a national one (a blank for the ``T``); empty: `UNKNOWN_S`.

    Raises
    ------
    AlertFaultError
        ``bad_time``: it is none, or says no zone.
    """
    if not text:
        return UNKNOWN_S
    try:
        found = parse_iso(text) if _TIME.fullmatch(text) else UNKNOWN_S
    except ValueError:
        found = UNKNOWN_S
    if found < 0:
        expected = "expected a time with its zone such as 2026-06-18T14:05:00+08:00"
        raise AlertFaultError(RefusalReason.BAD_TIME, f"{name} {text[:60]!r}: {expected}")
    return found


def path(text: str) -> tuple[Point, ...]:
    """Points ``latitude,longitude`` with blanks between them. AlertFaultError ``bad_area`` if any is none."""
    pairs = text.split()
    if len(pairs) > POINTS_MAX:
        raise AlertFaultError(RefusalReason.TOO_LARGE, f"a shape of more than {POINTS_MAX} points")
    return tuple(_point(pair) for pair in pairs)


def polygon(text: str) -> tuple[Point, ...]:
    """A closed ring of four points or more. AlertFaultError ``bad_area`` if it is none."""
    ring = path(text)
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise AlertFaultError(
            RefusalReason.BAD_AREA,
            f"polygon of {len(ring)} points: expected four or more, the last as the first",
        )
    return ring


def circle(text: str, metres_per_unit: float) -> Circle:
    """``latitude,longitude radius``; CAP's radius is in kilometres, a national one in metres."""
    parts = text.split()
    if len(parts) != 2:
        raise AlertFaultError(RefusalReason.BAD_AREA, f"circle {text[:60]!r}: expected a point and a radius")
    radius_m = number(parts[1]) * metres_per_unit
    if not 0 <= radius_m <= RADIUS_KM_MAX * 1000:
        raise AlertFaultError(RefusalReason.BAD_AREA, f"circle {text[:60]!r}: no such radius on the Earth")
    return Circle(_point(parts[0]), radius_m)


def number(text: str) -> float:
    """A plain decimal number; neither NaN nor infinity nor an exponent. AlertFaultError ``bad_area``."""
    if len(text) > 40 or _NUMBER.fullmatch(text) is None:
        raise AlertFaultError(RefusalReason.BAD_AREA, f"{text[:40]!r} is no number")
    return float(text)


def references(text: str) -> tuple[AlertReference, ...]:
    """``sender,identifier,sent`` with blanks between them.

    Raises
    ------
    AlertFaultError
        ``wrong_shape`` or ``bad_time``: what is replaced would stay in force, and nobody would know.
    """
    found = []
    for word in text.split():
        sender, _, rest = word.partition(",")
        identifier, _, sent = rest.rpartition(",")
        if not (sender and identifier):
            raise AlertFaultError(
                RefusalReason.WRONG_SHAPE, f"references {word[:100]!r}: expected sender,identifier,sent"
            )
        found.append(AlertReference(sender, identifier, time_s(sent, "references")))
    return tuple(found)


def words(text: str) -> tuple[str, ...]:
    """Words with blanks between them; several words in quotes are one.

    >>> words('one "two three"')
    ('one', 'two three')
    """
    return tuple(quoted or plain for quoted, plain in _WORDS.findall(text))


def one_of(text: str, known: Sequence[str], otherwise: str) -> str:
    """A word as the standard writes it, whatever its case; another one if it is not in the list.

    >>> one_of("severe", ("Extreme", "Severe"), "Unknown"), one_of("awful", ("Extreme",), "Unknown")
    ('Severe', 'Unknown')
    """
    return next((word for word in known if word.casefold() == text.casefold()), otherwise)


def _point(pair: str) -> Point:
    latitude, comma, longitude = pair.partition(",")
    if not comma:
        raise AlertFaultError(RefusalReason.BAD_AREA, f"point {pair[:40]!r}: expected latitude,longitude")
    point = number(latitude), number(longitude)
    if not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180):
        raise AlertFaultError(RefusalReason.BAD_AREA, f"point {pair[:40]!r}: not on the Earth")
    return point
