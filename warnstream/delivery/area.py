"""A village on the map, as CAP 1.2 wants it: polygons of "lat,lon" pairs, or a circle about its point.

An outline that cannot be read never costs a warning its place: the circle
takes over. Holes of an outline are ignored, because people live in them.
"""

from math import isfinite

VILLAGE_RADIUS_KM = 1.0
"""Radius of the circle that stands for a village without an outline."""

_DECIMALS = 6
"""Digits of a degree: 0.1 m."""


def polygons_of_wkt(outline: str) -> list[str]:
    """Outer rings of POLYGON or MULTIPOLYGON text as CAP polygons.

    Parameters
    ----------
    outline : str
        Well-known text in longitude, latitude, WGS 84 degrees; a third coordinate is ignored.

    Returns
    -------
    list of str
        One closed ring each, "lat,lon lat,lon ...", at least four pairs.

    Raises
    ------
    ValueError
        If it is no such text, a ring has fewer than three corners, or a
        coordinate is not on Earth.

    Examples
    --------
    >>> polygons_of_wkt("POLYGON ((119.5 28.4, 119.6 28.4, 119.6 28.5, 119.5 28.4))")
    ['28.4,119.5 28.4,119.6 28.5,119.6 28.4,119.5']
    """
    head, opened, _ = outline.partition("(")
    kind = head.split()[:1]
    if not opened or [word.upper() for word in kind] not in (["POLYGON"], ["MULTIPOLYGON"]):
        raise ValueError(f"expected POLYGON or MULTIPOLYGON text, got {outline[:40]!r}")
    depth_of_ring = 2 if kind[0].upper() == "POLYGON" else 3
    return [_cap_ring(ring) for ring in _outer_rings(outline[len(head) :], depth_of_ring)]


def circle(latitude: float, longitude: float) -> str:
    """CAP circle about a village's point, "lat,lon radius_km".

    >>> circle(28.45, 119.48)
    '28.45,119.48 1'
    """
    return f"{_degrees(latitude)},{_degrees(longitude)} {VILLAGE_RADIUS_KM:g}"


def _outer_rings(body: str, depth_of_ring: int) -> list[str]:
    """Texts of the first ring of each polygon: parentheses are counted, nothing is guessed."""
    rings: list[str] = []
    depth, start, is_outer = 0, 0, True
    for position, character in enumerate(body):
        if character == "(":
            depth += 1
            is_outer = is_outer or depth < depth_of_ring
            start = position + 1
        elif character == ")":
            if depth == depth_of_ring and is_outer:
                rings.append(body[start:position])
                is_outer = False
            depth -= 1
            # The next polygon of several begins with its outer ring again.
            is_outer = is_outer or depth < depth_of_ring - 1
    if depth or not rings:
        raise ValueError(f"parentheses of the outline do not match: {body[:40]!r}")
    return rings


def _cap_ring(ring: str) -> str:
    pairs: list[str] = []
    for corner in ring.split(","):
        numbers = [float(word) for word in corner.split()[:2]]
        if len(numbers) < 2 or not all(isfinite(number) for number in numbers):
            raise ValueError(f"expected longitude and latitude, got {corner!r}")
        longitude, latitude = numbers
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise ValueError(f"{corner!r} is not a longitude and latitude in degrees")
        pair = f"{_degrees(latitude)},{_degrees(longitude)}"
        if not pairs or pair != pairs[-1]:
            pairs.append(pair)
    if pairs[0] != pairs[-1]:
        pairs.append(pairs[0])
    if len(pairs) < 4:
        raise ValueError(f"an outline needs at least three corners, got {ring!r}")
    return " ".join(pairs)


def _degrees(value: float) -> str:
    """Decimal degrees without an exponent or trailing zeros; never ``-0``."""
    return f"{round(value, _DECIMALS) + 0.0:.{_DECIMALS}f}".rstrip("0").rstrip(".")
