"""Which points lie in a drawn area, or so near to its edge that they count as inside.

No map library: the core has none. Work happens in local metres, only for points in the box of the shape.
"""

from collections.abc import Sequence

import numpy as np

from warnstream.model.alerts.alert import Circle, Point
from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.model.geodesy import local_xy_m


def in_circle(latitude: Float64Array, longitude: Float64Array, circle: Circle, margin_m: float) -> BoolArray:
    """Points in a circle or within `margin_m` of it, shape (n,)."""
    xy_m = local_xy_m(latitude, longitude, *circle.centre)
    found: BoolArray = np.hypot(xy_m[:, 0], xy_m[:, 1]) <= circle.radius_m + margin_m
    return found


def in_path(
    latitude: Float64Array,
    longitude: Float64Array,
    path: Sequence[Point],
    margin_m: float,
    *,
    is_closed: bool,
) -> BoolArray:
    """Points within `margin_m` of a path, or inside it where it is a closed ring.

    Parameters
    ----------
    latitude, longitude : Float64Array, shape (n,)
        WGS 84 degrees.
    path : sequence of Point
        Of a ring the first point stands again at the end.
    margin_m : float
    is_closed : bool

    Returns
    -------
    BoolArray, shape (n,)
    """
    found: BoolArray = np.zeros(len(latitude), dtype=np.bool_)
    corners = np.array(path, dtype=np.float64)
    centre = corners.mean(axis=0).tolist()
    corner_m = local_xy_m(corners[:, 0], corners[:, 1], *centre)
    point_m = local_xy_m(latitude, longitude, *centre)
    low, high = corner_m.min(axis=0) - margin_m, corner_m.max(axis=0) + margin_m
    for point in np.flatnonzero(((point_m >= low) & (point_m <= high)).all(axis=1)):
        here = point_m[point]
        is_inside = is_closed and _is_inside(here, corner_m)
        found[point] = is_inside or _distance_m(here, corner_m) <= margin_m
    return found


def _is_inside(point: Float64Array, corners: Float64Array) -> bool:
    """A ray to the east crosses the ring an odd number of times."""
    begin, end = corners[:-1], corners[1:]
    spans = (begin[:, 1] > point[1]) != (end[:, 1] > point[1])
    a, b = begin[spans], end[spans]
    crossing = a[:, 0] + (point[1] - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
    return int(np.count_nonzero(point[0] < crossing)) % 2 == 1


def _distance_m(point: Float64Array, corners: Float64Array) -> float:
    """From a point to the nearest part of a path."""
    begin, way = corners[:-1], np.diff(corners, axis=0)
    length_2 = np.maximum((way**2).sum(axis=1), 1e-9)
    along = np.clip(((point - begin) * way).sum(axis=1) / length_2, 0.0, 1.0)
    away = point - (begin + along[:, None] * way)
    return float(np.hypot(away[:, 0], away[:, 1]).min(initial=np.inf))
