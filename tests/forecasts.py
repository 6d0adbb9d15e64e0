"""Forecasts for tests: one of somebody else, the same rain everywhere; members by a table of one slope."""

import numpy as np

from warnstream.forecast.chances.features import FEATURES
from warnstream.forecast.chances.source import GaugeMembers
from warnstream.forecast.chances.table import KNOTS, LEADS, ChanceTable
from warnstream.model.arrays import Float64Array
from warnstream.model.forecast import RainAhead
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Network, StationWeights


class ForecastOf:
    """Rain from now over each lead, as good as one likes; one is due every five minutes."""

    every_s = 300
    frame_s = 300
    frames_wanted = 1

    def __init__(self, leads_s: tuple[int, ...], ahead_mm: tuple[float, ...]) -> None:
        self.leads_s = leads_s
        self._ahead_mm = ahead_mm

    def rain_ahead(self, frames_mm: Float64Array) -> RainAhead:
        """The same for as many places as there are gauges."""
        rain_mm = np.tile(np.array(self._ahead_mm, dtype=np.float64), (frames_mm.shape[1], 1))
        return RainAhead(rain_mm, usable=True, method="elsewhere", reason="")


def steep_table(box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)) -> ChanceTable:
    """The more rain of the last 15 minutes, the more comes."""
    a, c = np.zeros((LEADS, len(FEATURES))), np.zeros((LEADS, len(FEATURES)))
    a[:, FEATURES.index("one")] = -4.0 + np.log(np.arange(1, LEADS + 1))
    a[:, FEATURES.index("own_15min")] = 2.0
    c[:, 0] = -1.0
    return ChanceTable(a, c, np.tile(np.array(KNOTS), (LEADS, 1)), "the record", box, "")


def steep_members(network: Network, own: StationWeights, *, is_here: bool = True) -> GaugeMembers:
    """Members of a network by that table, due every five minutes."""
    stations, places = network.stations, network.places.site
    station_xy_m, place_xy_m = (
        local_xy_m(points.latitude, points.longitude, 0.0, 0.0) for points in (stations, places)
    )
    return GaugeMembers(
        station_xy_m,
        place_xy_m,
        own,
        steep_table(),
        is_quick=stations.interval_s <= 900,
        is_here=is_here,
        every_s=300,
    )
