"""The map of an area: outlines of villages, cells of those that have none, borders of counties; made once.

A village without an outline gets what lies nearer to its point than to any other, cut to the hull of all
points: a picture of where it is, not of its bounds, and the legend says so.
"""

from collections.abc import Iterator
from typing import cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from warnstream.console import models
from warnstream.console.county import Area, County
from warnstream.delivery.texts import title_of
from warnstream.model.geodesy import local_xy_m

UNIT_M = 10.0
"""A unit of the map; a pixel is more on any screen that shows a county."""

HULL_RATIO = 0.15
"""0 clings to the points, 1 is convex."""

ROOM_SPACINGS = 1.0
"""The hull reaches so many usual spacings of villages beyond its points."""


def geo_of(county: County, area: Area) -> models.Geo:
    """What a browser needs to draw an area; a second for 3,000 villages."""
    shapes, is_cells = _shapes(county)
    own = [shapes[at] for at in area.villages.tolist()]
    at_xy = county.village_xy[area.villages] / UNIT_M
    places = [
        models.Place(
            county.code[at],
            county.name[at],
            int(town),
            round(float(x)),
            round(float(y)),
            list(_rings(shape)),
        )
        for at, town, (x, y), shape in zip(
            area.villages.tolist(), area.town.tolist(), at_xy, own, strict=True
        )
    ]
    stations = county.configuration.network.stations
    station_xy = np.round(county.station_xy[area.stations] / UNIT_M).astype(int).tolist()
    return models.Geo(
        villages=places,
        towns=[_town(area, at, at_xy) for at in range(len(area.towns))],
        counties=_borders(county, area, own),
        stations=[
            (stations.code[at], x, y) for at, (x, y) in zip(area.stations.tolist(), station_xy, strict=True)
        ],
        hazards=hazards_of(county),
        is_cells=is_cells,
    )


def hazards_of(county: County) -> dict[str, tuple[str, str]]:
    """Chinese and English name of every hazard."""
    rules = county.configuration.rules
    titles = {rule.name: title_of(rule.name, rules) for rule in rules}
    return {name: (title.zh, title.en) for name, title in titles.items()}


def _town(area: Area, town: int, xy: np.ndarray) -> models.TownPlace:
    inside = xy[area.town == town]
    # The village nearest to the middle: a label stands on the town, whatever its form.
    middle = inside[np.argmin(np.hypot(*(inside - inside.mean(axis=0)).T))]
    of = area.towns[town]
    return models.TownPlace(of.name, of.county, round(float(middle[0])), round(float(middle[1])))


def _shapes(county: County) -> tuple[list[BaseGeometry], bool]:
    """Outline of every village in local metres, and whether any is a cell."""
    known = [*county.configuration.network.villages.polygon_wkt, *(None for _ in county.kept)]
    outlines = [None if text is None else _outline(county, text) for text in known]
    lacking = [at for at, outline in enumerate(outlines) if outline is None or outline.is_empty]
    if lacking:
        cells = _cells(county)
        for at in lacking:
            outlines[at] = cells[at]
    return [outline for outline in outlines if outline is not None], bool(lacking)


def _outline(county: County, wkt: str) -> BaseGeometry:
    def to_metres(degrees: np.ndarray) -> np.ndarray:
        return local_xy_m(degrees[:, 1], degrees[:, 0], *county.centre)

    return shapely.make_valid(shapely.transform(shapely.from_wkt(wkt), to_metres))


def _cells(county: County) -> list[BaseGeometry]:
    """What lies nearest to each village's point; villages at one point share a cell."""
    points = np.asarray(shapely.points(county.village_xy))
    unique, which = np.unique(county.village_xy, axis=0, return_inverse=True)
    if len(unique) < 3:
        return [point.buffer(1_000.0) for point in points]
    tree = shapely.STRtree(np.asarray(shapely.points(unique)))
    _, spacing = tree.query_nearest(
        np.asarray(shapely.points(unique)), exclusive=True, return_distance=True, all_matches=False
    )
    room = ROOM_SPACINGS * float(np.median(spacing))
    around = shapely.concave_hull(shapely.multipoints(unique), ratio=HULL_RATIO)
    hull = cast("BaseGeometry", shapely.buffer(around, room))
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(unique), extend_to=hull, ordered=True)
    )
    cut = shapely.intersection(cells, hull)
    return [cut[at] for at in which.tolist()]


def _borders(county: County, area: Area, shapes: list[BaseGeometry]) -> list[models.Border]:
    names = [county.county[at] for at in area.villages.tolist()]
    found = []
    for name in dict.fromkeys(names):
        own = [shape for shape, of in zip(shapes, names, strict=True) if of == name]
        # A touch wider than the cells, so that no seam is left between outlines that do not quite meet.
        widened = shapely.buffer(np.array(own, dtype=object), 2 * UNIT_M, quad_segs=1)
        border: BaseGeometry = shapely.union_all(widened)
        label = border.representative_point()
        found.append(
            models.Border(
                name, round(label.x / UNIT_M), round(label.y / UNIT_M), list(_rings(border, is_outer=True))
            )
        )
    return found


def _rings(shape: BaseGeometry, *, is_outer: bool = False) -> Iterator[list[int]]:
    """Rings of the polygons in a shape, each as x, y, x, y … in units of the map."""
    for part in shapely.get_parts(shape).tolist():
        if part.geom_type != "Polygon":
            continue
        for ring in (part.exterior, *(() if is_outer else part.interiors)):
            xy = np.round(shapely.get_coordinates(ring)[:-1] / UNIT_M).astype(np.int64)
            moves = np.ones(len(xy), dtype=np.bool_)
            moves[1:] = np.any(np.diff(xy, axis=0) != 0, axis=1)
            if np.count_nonzero(moves) >= 3:
                yield xy[moves].ravel().tolist()
