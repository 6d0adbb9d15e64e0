"""Station weights of villages by shapely geometry; computed once at start.

Three methods: the nearest stations, inverse distance squared, and polygons
(each station counts by the share of the village that lies in its Thiessen
cell). Work happens in local metres about the network's centre.
"""

import numpy as np
import shapely
from shapely import STRtree

from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Network, StationWeights
from warnstream.model.policies import VillagePolicy

_DISTANCE_FLOOR_M = 250.0
"""Nearer than this a gauge stands in the village; inverse distance has no pole there."""


def own_weights(network: Network, policy: VillagePolicy) -> StationWeights:
    """Weights of the stations that speak for each village when they report."""
    if policy.method == "polygon":
        return thiessen_weights(network, policy)
    return near_weights(
        network,
        k=policy.neighbours,
        radius_m=policy.radius_m,
        by_distance=policy.method == "inverse_distance",
    )


def fallback_weights(network: Network, policy: VillagePolicy) -> StationWeights:
    """Weights of the farther stations that speak for a village whose own are silent."""
    k = policy.neighbours + policy.fallback_neighbours
    return near_weights(network, k=k, radius_m=policy.fallback_radius_m, by_distance=True)


def project(network: Network) -> tuple[Float64Array, Float64Array]:
    """Stations and villages in local metres, shapes (n_stations, 2) and (n_villages, 2)."""
    stations, villages = network.stations, network.villages
    centre = float(np.mean(villages.latitude)), float(np.mean(villages.longitude))
    return (
        local_xy_m(stations.latitude, stations.longitude, *centre),
        local_xy_m(villages.latitude, villages.longitude, *centre),
    )


def near_weights(network: Network, *, k: int, radius_m: float, by_distance: bool) -> StationWeights:
    """The k nearest rain stations within a radius, equal or by inverse distance squared.

    The nearest station counts even beyond the radius: somebody must speak for
    every village. Rows are sorted nearest first and padded with weight 0.
    """
    station_xy, village_xy = project(network)
    rain = np.flatnonzero(network.stations.measures_rain)
    station = np.zeros((len(village_xy), k), dtype=np.int32)
    weight = np.zeros((len(village_xy), k))
    distance = np.full((len(village_xy), k), np.inf)
    if len(rain) == 0:
        return StationWeights(station, weight, distance)
    village_of_pair, station_of_pair = _near_pairs(station_xy[rain], village_xy, radius_m)
    metres = np.hypot(*(station_xy[rain][station_of_pair] - village_xy[village_of_pair]).T)
    order = np.lexsort((station_of_pair, metres, village_of_pair))
    village_of_pair, metres = village_of_pair[order], metres[order]
    first = np.searchsorted(village_of_pair, np.arange(len(village_xy)))
    rank = np.arange(len(order)) - first[village_of_pair]
    keep = rank < k
    row, column = village_of_pair[keep], rank[keep]
    station[row, column] = rain[station_of_pair[order][keep]]
    distance[row, column] = metres[keep]
    share = np.maximum(metres[keep], _DISTANCE_FLOOR_M) ** -2 if by_distance else np.ones(len(row))
    weight[row, column] = share
    weight /= weight.sum(axis=1, keepdims=True)
    return StationWeights(station, weight, distance)


def _near_pairs(
    station_xy: Float64Array, village_xy: Float64Array, radius_m: float
) -> tuple[Int64Array, Int64Array]:
    """Pairs (village, station) within the radius, and each village's nearest station in any case."""
    tree = STRtree([shapely.Point(xy) for xy in station_xy])
    points = [shapely.Point(xy) for xy in village_xy]
    within = tree.query(points, predicate="dwithin", distance=radius_m)
    nearest = tree.query_nearest(points, all_matches=False)
    pairs = np.unique(np.concatenate([within, nearest], axis=1), axis=1)
    return pairs[0].astype(np.int64), pairs[1].astype(np.int64)


def thiessen_weights(network: Network, policy: VillagePolicy) -> StationWeights:
    """Shares of each village's polygon in the Thiessen cells of the rain stations.

    Villages without a polygon, and those that touch no cell, take their nearest stations.
    """
    near = near_weights(network, k=policy.neighbours, radius_m=policy.radius_m, by_distance=True)
    station_xy, village_xy = project(network)
    rain = np.flatnonzero(network.stations.measures_rain)
    outlines = _outlines_in_metres(network)
    known = np.flatnonzero([outline is not None for outline in outlines])
    if len(known) == 0 or len(rain) < 2:
        return near
    everything = shapely.MultiPoint(np.concatenate([station_xy, village_xy])).envelope.buffer(50_000)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(station_xy[rain]), extend_to=everything, ordered=True)
    )
    tree = STRtree(cells)
    shapes = np.array([outlines[index] for index in known])
    of_shape, of_cell = tree.query(shapes, predicate="intersects")
    area = shapely.area(shapely.intersection(shapes[of_shape], cells[of_cell]))
    parts: list[list[tuple[float, int]]] = [[] for _ in range(len(village_xy))]
    for shape, cell, square_m in zip(of_shape, of_cell, area, strict=True):
        if square_m > 0:
            parts[known[shape]].append((float(square_m), int(rain[cell])))
    return _merge_parts(parts, near, station_xy, village_xy)


def _merge_parts(
    parts: list[list[tuple[float, int]]],
    near: StationWeights,
    station_xy: Float64Array,
    village_xy: Float64Array,
) -> StationWeights:
    """Weights from areas per station where known, else the near ones."""
    k = max(near.station.shape[1], *(len(part) for part in parts))
    pad = ((0, 0), (0, k - near.station.shape[1]))
    station, weight = np.pad(near.station, pad), np.pad(near.weight, pad)
    distance = np.pad(near.distance_m, pad, constant_values=np.inf)
    for village, part in enumerate(parts):
        if not part:
            continue
        part.sort(key=lambda item: (-item[0], item[1]))
        total = sum(square_m for square_m, _ in part)
        station[village], weight[village], distance[village] = 0, 0.0, np.inf
        for column, (square_m, number) in enumerate(part):
            station[village, column] = number
            weight[village, column] = square_m / total
            distance[village, column] = np.hypot(*(station_xy[number] - village_xy[village]))
    return StationWeights(station, weight, distance)


def _outlines_in_metres(network: Network) -> list[shapely.Geometry | None]:
    villages = network.villages
    centre = float(np.mean(villages.latitude)), float(np.mean(villages.longitude))

    def to_metres(longitude_latitude: Float64Array) -> Float64Array:
        return local_xy_m(longitude_latitude[:, 1], longitude_latitude[:, 0], *centre)

    return [
        None if text is None else shapely.transform(shapely.from_wkt(text), to_metres)
        for text in villages.polygon_wkt
    ]
