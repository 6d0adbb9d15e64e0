"""Stations near places: for hazards that are judged by the nearest stations that measure something."""

import numpy as np

from warnstream.model.arrays import Int32Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.readings import Variable


def stations_measuring(variables: frozenset[Variable], stations: Stations) -> Int32Array:
    """Stations that measure all of some variables, ascending."""
    return np.array(
        [number for number, measured in enumerate(stations.measured) if measured >= variables],
        dtype=np.int32,
    )


def nearest_stations(
    candidate: Int32Array, places: Villages, stations: Stations, *, n_max: int, radius_m: float
) -> Int32Array:
    """Of some stations the nearest to each place.

    Returns
    -------
    Int32Array, shape (n_places, n_max)
        The nearest first; -1: no more within the radius.
    """
    near: Int32Array = np.full((len(places), n_max), -1, dtype=np.int32)
    if len(candidate) == 0:
        return near
    centre = float(places.latitude.mean()), float(places.longitude.mean())
    xy_m = local_xy_m(stations.latitude[candidate], stations.longitude[candidate], *centre)
    for number, here in enumerate(local_xy_m(places.latitude, places.longitude, *centre)):
        distance_m = np.hypot(*(xy_m - here).T)
        order = np.argsort(distance_m, kind="stable")[:n_max]
        order = order[distance_m[order] <= radius_m]
        near[number, : len(order)] = candidate[order]
    return near
