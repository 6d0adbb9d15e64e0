"""The area that a nowcast would have to be made for: a mistyped position, or cells too small, is a fault."""

import numpy as np

from warnstream.config.faults import FaultLog
from warnstream.config.node.document import ForecastSection
from warnstream.config.yaml.tree import YamlTree
from warnstream.forecast.nowcast import field_grid, places_in_reach
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Network

KM = 1000


def check_forecast_area(
    section: ForecastSection, tree: YamlTree | None, network: Network, faults: FaultLog
) -> None:
    """A field over all villages has not too many cells to be worked out every few minutes. ConfigError."""
    stations, villages, places = network.stations, network.villages, network.places.site
    if section.method == "none" or not len(stations) or not len(villages):
        return
    centre = float(np.mean(villages.latitude)), float(np.mean(villages.longitude))
    station_xy_m = local_xy_m(stations.latitude, stations.longitude, *centre)
    place_xy_m = local_xy_m(places.latitude, places.longitude, *centre)
    inside = place_xy_m[places_in_reach(station_xy_m, place_xy_m)]
    if not len(inside):
        return
    try:
        field_grid(station_xy_m, inside, section.cell_km * KM)
    except ValueError as error:
        middle = np.median(place_xy_m, axis=0)
        far_m = np.hypot(*(place_xy_m - middle).T)
        code, far_km = places.parent[int(far_m.argmax())], far_m.max() / KM
        faults.add(
            "" if tree is None else tree.file,
            0 if tree is None else tree.line_of(("forecast", "cell_km")),
            "forecast.cell_km",
            f"{error}; village {code!r} is {far_km:.0f} km from the middle of all: is its position right?",
        )
        faults.raise_if_any()
