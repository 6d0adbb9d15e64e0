"""Station weights of villages and their zones by shapely geometry; computed once at start.

Four methods: the nearest stations, inverse distance squared, polygons (each
station counts by the share of the outline that lies in its Thiessen cell),
and grid cells (inverse distance squared at every cell of the outline, then
their mean: the areal rain of a catchment). Work happens in local metres about
the network's centre. A *place* is a zone, or a village without zones.
"""

import json

import numpy as np
import shapely
from shapely import STRtree

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Network, StationWeights
from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.policies import NeighbourPolicy, VillagePolicy

_DISTANCE_FLOOR_M = 250.0
"""Nearer than this a gauge stands in the village; inverse distance has no pole there."""

_CELLS_MAX = 10_000
"""Cells of one outline: a catchment of 2,500 km2 at 500 m; of larger ones the cells grow."""

_POINTS_AT_ONCE = 20_000
"""On a 5 km grid a point has 50 stations within 20 km: a million pairs at once, 50 MB."""


def own_weights(network: Network, policy: VillagePolicy) -> StationWeights:
    """Weights of the stations that speak for each place when they report."""
    if policy.method == "polygon":
        return thiessen_weights(network, policy)
    if policy.method == "grid":
        return grid_weights(network, policy)
    return near_weights(
        network,
        k=policy.neighbours,
        radius_m=policy.radius_m,
        by_distance=policy.method == "inverse_distance",
    )


def fallback_weights(network: Network, policy: VillagePolicy) -> StationWeights:
    """Weights of the farther stations that speak for a place whose own are silent."""
    k = policy.neighbours + policy.fallback_neighbours
    return near_weights(network, k=k, radius_m=policy.fallback_radius_m, by_distance=True)


def station_neighbours(network: Network, policy: NeighbourPolicy) -> StationNeighbours:
    """The nearest rain gauges around each rain gauge, for comparing them with each other."""
    n_stations = len(network.stations)
    station = np.full((n_stations, policy.neighbours), -1, dtype=np.int32)
    distance = np.full(station.shape, np.inf)
    rain = np.flatnonzero(network.stations.measures_rain)
    if len(rain) < 2:
        return StationNeighbours(station[:, :0], distance[:, :0])
    xy = project(network)[0][rain]
    points = [shapely.Point(place) for place in xy]
    own, near = STRtree(points).query(points, predicate="dwithin", distance=policy.radius_m)
    own, near = own[own != near], near[own != near]
    metres = np.hypot(*(xy[own] - xy[near]).T)
    order = np.lexsort((near, metres, own))
    own, near, metres = own[order], near[order], metres[order]
    rank = np.arange(len(own)) - np.searchsorted(own, np.arange(len(rain)))[own]
    keep = rank < policy.neighbours
    row, column = rain[own[keep]], rank[keep]
    station[row, column], distance[row, column] = rain[near[keep]], metres[keep]
    width = int(rank[keep].max(initial=-1)) + 1
    return StationNeighbours(station[:, :width], distance[:, :width])


def project(network: Network) -> tuple[Float64Array, Float64Array]:
    """Stations and places in local metres, shapes (n_stations, 2) and (n_places, 2)."""
    stations, places, centre = network.stations, network.places.site, _centre(network)
    return (
        local_xy_m(stations.latitude, stations.longitude, *centre),
        local_xy_m(places.latitude, places.longitude, *centre),
    )


def _centre(network: Network) -> tuple[float, float]:
    villages = network.villages
    return float(np.mean(villages.latitude)), float(np.mean(villages.longitude))


def near_weights(network: Network, *, k: int, radius_m: float, by_distance: bool) -> StationWeights:
    """The k nearest rain stations within a radius, equal or by inverse distance squared.

    The nearest station counts even beyond the radius: somebody must speak for
    every place. Rows are sorted nearest first and padded with weight 0.
    """
    station_xy, place_xy = project(network)
    rain = np.flatnonzero(network.stations.speaks_for_places)
    return _near_points(station_xy, rain, place_xy, k=k, radius_m=radius_m, by_distance=by_distance)


def _near_points(  # the stations, the points, and how they are joined
    station_xy: Float64Array,
    rain: Int64Array,
    point_xy: Float64Array,
    *,
    k: int,
    radius_m: float,
    by_distance: bool,
) -> StationWeights:
    """Weights of the stations numbered `rain` at points, shape (n_points, 2)."""
    station = np.zeros((len(point_xy), k), dtype=np.int32)
    weight = np.zeros((len(point_xy), k))
    distance = np.full((len(point_xy), k), np.inf)
    if len(rain) == 0:
        return StationWeights(station, weight, distance)
    tree = STRtree(np.asarray(shapely.points(station_xy[rain])))
    for begin in range(0, len(point_xy), _POINTS_AT_ONCE):
        rows = slice(begin, begin + _POINTS_AT_ONCE)
        point_of_pair, station_of_pair = _near_pairs(tree, point_xy[rows], radius_m)
        metres = np.hypot(*(station_xy[rain][station_of_pair] - point_xy[rows][point_of_pair]).T)
        order = np.lexsort((station_of_pair, metres, point_of_pair))
        point_of_pair, metres = point_of_pair[order], metres[order]
        first = np.searchsorted(point_of_pair, np.arange(len(point_xy[rows])))
        rank = np.arange(len(order)) - first[point_of_pair]
        keep = rank < k
        row, column = begin + point_of_pair[keep], rank[keep]
        station[row, column] = rain[station_of_pair[order][keep]]
        distance[row, column] = metres[keep]
        weight[row, column] = np.maximum(metres[keep], _DISTANCE_FLOOR_M) ** -2 if by_distance else 1.0
    weight /= weight.sum(axis=1, keepdims=True)
    return StationWeights(station, weight, distance)


def _near_pairs(tree: STRtree, point_xy: Float64Array, radius_m: float) -> tuple[Int64Array, Int64Array]:
    """Pairs (point, station) within the radius; the nearest station where there is none."""
    points = np.asarray(shapely.points(point_xy))
    within = tree.query(points, predicate="dwithin", distance=radius_m)
    lonely = np.setdiff1d(np.arange(len(points)), within[0])
    nearest = tree.query_nearest(points[lonely], all_matches=False)
    point = np.concatenate([within[0], lonely[nearest[0]]])
    station = np.concatenate([within[1], nearest[1]])
    return point.astype(np.int64), station.astype(np.int64)


def thiessen_weights(network: Network, policy: VillagePolicy) -> StationWeights:
    """Shares of each place's outline in the Thiessen cells of the rain stations.

    Places without an outline, and those that touch no cell, take their nearest stations.
    """
    near = near_weights(network, k=policy.neighbours, radius_m=policy.radius_m, by_distance=True)
    station_xy, place_xy = project(network)
    rain = np.flatnonzero(network.stations.speaks_for_places)
    outlines = outlines_in_metres(network)
    known = np.flatnonzero([outline is not None for outline in outlines])
    if len(known) == 0 or len(rain) < 2:
        return near
    everything = shapely.MultiPoint(np.concatenate([station_xy, place_xy])).envelope.buffer(50_000)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(station_xy[rain]), extend_to=everything, ordered=True)
    )
    tree = STRtree(cells)
    shapes = np.array([outlines[index] for index in known])
    of_shape, of_cell = tree.query(shapes, predicate="intersects")
    area = shapely.area(shapely.intersection(shapes[of_shape], cells[of_cell]))
    parts: list[list[tuple[float, int]]] = [[] for _ in range(len(place_xy))]
    for shape, cell, square_m in zip(of_shape, of_cell, area, strict=True):
        if square_m > 0:
            parts[known[shape]].append((float(square_m), int(rain[cell])))
    return _merge_parts(parts, near, station_xy, place_xy)


def _merge_parts(
    parts: list[list[tuple[float, int]]],
    near: StationWeights,
    station_xy: Float64Array,
    place_xy: Float64Array,
) -> StationWeights:
    """Weights from parts (areas, shares) per station where known, else the near ones."""
    k = max(near.station.shape[1], *(len(part) for part in parts))
    pad = ((0, 0), (0, k - near.station.shape[1]))
    station, weight = np.pad(near.station, pad), np.pad(near.weight, pad)
    distance = np.pad(near.distance_m, pad, constant_values=np.inf)
    for place, part in enumerate(parts):
        if not part:
            continue
        part.sort(key=lambda item: (-item[0], item[1]))
        total = sum(square_m for square_m, _ in part)
        station[place], weight[place], distance[place] = 0, 0.0, np.inf
        for column, (square_m, number) in enumerate(part):
            station[place, column] = number
            weight[place, column] = square_m / total
            distance[place, column] = np.hypot(*(station_xy[number] - place_xy[place]))
    return StationWeights(station, weight, distance)


def grid_weights(network: Network, policy: VillagePolicy) -> StationWeights:
    """Mean over the grid cells of each outline of the inverse-distance weights at their centres.

    Places without an outline, and outlines smaller than a cell, are judged at their point.
    """
    near = near_weights(network, k=policy.neighbours, radius_m=policy.radius_m, by_distance=True)
    station_xy, place_xy = project(network)
    rain = np.flatnonzero(network.stations.speaks_for_places)
    parts: list[list[tuple[float, int]]] = [[] for _ in range(len(place_xy))]
    for place, outline in enumerate(outlines_in_metres(network)):
        cell_xy = np.zeros((0, 2)) if outline is None else _cells_of(outline, policy.cell_m)
        if len(cell_xy) == 0 or len(rain) == 0:
            continue
        of_cells = _near_points(
            station_xy, rain, cell_xy, k=policy.neighbours, radius_m=policy.radius_m, by_distance=True
        )
        total = np.bincount(of_cells.station.ravel(), of_cells.weight.ravel())
        parts[place] = [(float(total[number]), int(number)) for number in np.flatnonzero(total)]
    return _merge_parts(parts, near, station_xy, place_xy)


def _cells_of(outline: shapely.Geometry, cell_m: float) -> Float64Array:
    """Centres of the square cells that lie in an outline, shape (n, 2)."""
    west, south, east, north = shapely.bounds(outline)
    cell_m = max(cell_m, float(np.sqrt((east - west) * (north - south) / _CELLS_MAX)))
    x, y = np.meshgrid(
        np.arange(west + cell_m / 2, east, cell_m), np.arange(south + cell_m / 2, north, cell_m)
    )
    inside = shapely.contains_xy(outline, x, y)
    return np.stack([x[inside], y[inside]], axis=-1)


def outlines_in_metres(network: Network) -> list[shapely.Geometry | None]:
    """Outline of each place in local metres, as `project` has them; None where only the point is known."""
    centre = _centre(network)

    def to_metres(longitude_latitude: Float64Array) -> Float64Array:
        return local_xy_m(longitude_latitude[:, 1], longitude_latitude[:, 0], *centre)

    return [
        None if text is None else shapely.transform(shapely.from_wkt(text), to_metres)
        for text in network.places.site.polygon_wkt
    ]


def villages_within(network: Network, geojson: dict[str, object]) -> list[int]:
    """Villages whose place lies in a GeoJSON geometry or feature, or whose outline it touches.

    Raises
    ------
    ValueError
        If it is no polygon, or not in degrees.
    """
    geometry = geojson.get("geometry") if geojson.get("type") == "Feature" else geojson
    try:
        area = shapely.from_geojson(json.dumps(geometry))
    except shapely.errors.ShapelyError as error:
        raise ValueError(str(error)) from None
    if area.geom_type not in ("Polygon", "MultiPolygon") or area.is_empty or not area.is_valid:
        raise ValueError("it is no valid polygon")
    west, south, east, north = area.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise ValueError("it reaches beyond 180 degrees east or 90 degrees north")
    villages = network.villages
    shapely.prepare(area)
    points = shapely.points(villages.longitude, villages.latitude)
    inside: BoolArray = np.array(shapely.contains(area, points), dtype=np.bool_)
    for at, outline in enumerate(villages.polygon_wkt):
        if outline and not inside[at]:
            inside[at] = shapely.intersects(area, shapely.from_wkt(outline))
    found: list[int] = np.flatnonzero(inside).tolist()
    return found
