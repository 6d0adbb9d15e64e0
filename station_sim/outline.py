"""The frame of the simulated county: an invented outline of Lishui prefecture and its nine counties.

The real outlines may not be passed on. This one is a union of equal discs
about the nine county seats, cut to the prefecture's bounding box and grown
until its area is 17,300 km2; counties are the parts of it nearest to their
seat (Voronoi). Bounding box, seats and village counts are the real ones, so
sizes and distances are right while no line on the map is.

True outlines can be read from GeoJSON (`read_counties`). Areas are computed
in an equirectangular projection: error below 0.5 % in this frame.
"""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import MultiPoint, Point, shape
from shapely.geometry.base import BaseGeometry

from station_sim.errors import CountyFileError
from station_sim.topics import topic_level
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.geodesy import EARTH_RADIUS_M, local_xy_m

WEST, EAST, SOUTH, NORTH = 118.690, 120.435, 27.420, 28.953
"""Bounding box of the prefecture, WGS 84 degrees."""

CENTRE_LATITUDE, CENTRE_LONGITUDE = (SOUTH + NORTH) / 2, (WEST + EAST) / 2

AREA_KM2 = 17_300.0
N_VILLAGES = 2_855
N_TOWNSHIPS = 173

_BISECTIONS = 60


@dataclass(frozen=True, slots=True)
class CountySeat:
    """One of the nine counties: name in topics, name on maps, code, seat, number of villages."""

    name: str
    name_zh: str
    code: str
    latitude: float
    longitude: float
    n_villages: int


COUNTY_SEATS = (
    CountySeat("Liandu", "莲都区", "331102", 28.45, 119.92, 275),
    CountySeat("Qingtian", "青田县", "331121", 28.14, 120.29, 444),
    CountySeat("Jinyun", "缙云县", "331122", 28.66, 120.08, 259),
    CountySeat("Suichang", "遂昌县", "331123", 28.59, 119.27, 211),
    CountySeat("Songyang", "松阳县", "331124", 28.45, 119.48, 414),
    CountySeat("Yunhe", "云和县", "331125", 28.11, 119.57, 177),
    CountySeat("Qingyuan", "庆元县", "331126", 27.62, 119.06, 353),
    CountySeat("Jingning", "景宁畲族自治县", "331127", 27.97, 119.64, 265),
    CountySeat("Longquan", "龙泉市", "331181", 28.07, 119.14, 457),
)


@dataclass(frozen=True, slots=True)
class CountyPart:
    """One county of the frame.

    Attributes
    ----------
    name : str
        As in MQTT topics and stations.csv.
    code : str
        Six digits, begins the village codes.
    polygon : BaseGeometry
        Local metres (`project`).
    n_villages : float
        Villages of the whole county; a cropped county keeps the share of its area.
    """

    name: str
    code: str
    polygon: BaseGeometry
    n_villages: float


def project(latitude: Float64Array, longitude: Float64Array) -> Float64Array:
    """Degrees to metres east and north of the frame's centre, shape (n, 2)."""
    return local_xy_m(latitude, longitude, CENTRE_LATITUDE, CENTRE_LONGITUDE)


def unproject(xy_m: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Metres east and north of the frame's centre, shape (n, 2), to latitude and longitude."""
    longitude_m = np.cos(np.radians(CENTRE_LATITUDE)) * EARTH_RADIUS_M
    return (
        CENTRE_LATITUDE + np.degrees(xy_m[:, 1] / EARTH_RADIUS_M),
        CENTRE_LONGITUDE + np.degrees(xy_m[:, 0] / longitude_m),
    )


@functools.cache
def invented_counties() -> tuple[CountyPart, ...]:
    """The nine counties inside the invented outline; always the same, so it is grown once."""
    latitude = np.array([seat.latitude for seat in COUNTY_SEATS])
    longitude = np.array([seat.longitude for seat in COUNTY_SEATS])
    seats = [Point(place) for place in project(latitude, longitude)]
    outline = _outline_about(seats)
    # Each seat's cell comes in the order of the seats.
    cells = shapely.get_parts(shapely.voronoi_polygons(MultiPoint(seats), extend_to=outline, ordered=True))
    return tuple(
        CountyPart(seat.name, seat.code, shapely.intersection(cell, outline), seat.n_villages)
        for seat, cell in zip(COUNTY_SEATS, cells, strict=True)
    )


def _outline_about(seats: list[Point]) -> BaseGeometry:
    corners = project(np.array([SOUTH, NORTH]), np.array([WEST, EAST]))
    frame = shapely.box(*corners[0], *corners[1])
    radius_m_low, radius_m_high = 0.0, 150_000.0
    outline: BaseGeometry = frame
    for _ in range(_BISECTIONS):
        radius_m = (radius_m_low + radius_m_high) / 2
        outline = shapely.union_all([seat.buffer(radius_m) for seat in seats]).intersection(frame)
        if outline.area < AREA_KM2 * 1e6:
            radius_m_low = radius_m
        else:
            radius_m_high = radius_m
    return outline


def read_counties(path: Path) -> list[CountyPart]:
    """True county outlines of a GeoJSON FeatureCollection in WGS 84.

    A feature whose `name` is one of the nine counties (Chinese or pinyin) gets
    that county's code and village count; another one gets villages by its area.

    Raises
    ------
    CountyFileError
        If the file is missing, is not such a collection, or a feature lacks a name or polygon.
    """
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        outlines = [(str(item["properties"]["name"]), shape(item["geometry"])) for item in features]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise CountyFileError(
            f"{path}: expected a GeoJSON FeatureCollection of polygons with a property 'name' ({error!r})"
        ) from error
    if not outlines:
        raise CountyFileError(f"{path}: expected at least one county, found none")
    return [_part_of_outline(path, number, *item) for number, item in enumerate(outlines)]


def _part_of_outline(path: Path, number: int, name: str, outline: BaseGeometry) -> CountyPart:
    if outline.geom_type not in {"Polygon", "MultiPolygon"}:
        raise CountyFileError(f"{path}: county {name!r}: expected a polygon, got {outline.geom_type}")
    polygon = shapely.transform(outline, lambda degrees: project(degrees[:, 1], degrees[:, 0]))
    for seat in COUNTY_SEATS:
        if name in {seat.name, seat.name_zh}:
            return CountyPart(seat.name, seat.code, polygon, seat.n_villages)
    density_per_m2 = N_VILLAGES / (AREA_KM2 * 1e6)
    return CountyPart(topic_level(name), f"3311{number:02d}", polygon, polygon.area * density_per_m2)


def grid_points(outline: BaseGeometry, spacing_m: float) -> Float64Array:
    """Centres of a square grid's cells that lie inside an outline, south-west first.

    Parameters
    ----------
    outline : BaseGeometry
        Local metres.
    spacing_m : float

    Returns
    -------
    Float64Array, shape (n, 2)
    """
    west, south, east, north = outline.bounds
    x = np.arange(west + spacing_m / 2, east, spacing_m)
    y = np.arange(south + spacing_m / 2, north, spacing_m)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    inside = shapely.contains_xy(outline, points[:, 0], points[:, 1])
    return points[inside]


def crop(counties: Sequence[CountyPart], centre_xy_m: Float64Array, half_side_m: float) -> list[CountyPart]:
    """The counties' parts inside a square; a county keeps villages in proportion to its area."""
    x, y = centre_xy_m
    square = shapely.box(x - half_side_m, y - half_side_m, x + half_side_m, y + half_side_m)
    parts = []
    for county in counties:
        polygon = shapely.intersection(county.polygon, square)
        if not polygon.is_empty and polygon.area > 0:
            share = polygon.area / county.polygon.area
            parts.append(CountyPart(county.name, county.code, polygon, county.n_villages * share))
    return parts


def county_of_points(counties: Sequence[CountyPart], xy_m: Float64Array) -> Int64Array:
    """Number of the county that holds each point; the nearest one for points on or outside every border."""
    points = shapely.points(xy_m)
    distance_m = np.stack([shapely.distance(county.polygon, points) for county in counties])
    nearest: Int64Array = np.argmin(distance_m, axis=0).astype(np.int64)
    return nearest
