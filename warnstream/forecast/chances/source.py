"""Members of the rain of the next three hours at every place, from gauges and a fitted table."""

from copy import copy

import numpy as np

from warnstream.forecast.chances.features import STEP_S, STEPS, GaugeSums, PlaceFeatures
from warnstream.forecast.chances.table import ChanceTable
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.forecast import RainMembers
from warnstream.model.network import StationWeights

SOURCE = "gauges"


class GaugeMembers:
    """The members of one network.

    Parameters
    ----------
    station_xy_m, place_xy_m : Float64Array, shape (n_stations, 2), (n_places, 2)
        In the same local metres.
    own : StationWeights
        Which gauges speak for each place.
    table : ChanceTable
    is_quick : BoolArray, shape (n_stations,)
        Gauges that report every 15 minutes or more often; of others the last 15 minutes are not known.
    is_here : bool
        The table was fitted on a record of this very area.
    every_s : int
        How often new members are due.
    """

    def __init__(
        self,
        station_xy_m: Float64Array,
        place_xy_m: Float64Array,
        own: StationWeights,
        table: ChanceTable,
        *,
        is_quick: BoolArray,
        is_here: bool,
        every_s: int,
    ) -> None:
        self._features = PlaceFeatures(station_xy_m, place_xy_m, own)
        self._table = table
        self._is_quick = is_quick
        self._calibrated_on = table.calibrated_on if is_here else ""
        self.every_s = every_s

    def of_places(self, places: Int64Array) -> "GaugeMembers":
        """The same, at some of the places."""
        part = copy(self)
        part._features = self._features.of_places(places)  # noqa: SLF001  # of the same class
        return part

    @property
    def frames_wanted(self) -> int:
        """Frames of `frame_s` that `members` is given."""
        return STEPS[-1]

    @property
    def frame_s(self) -> int:
        """Length of a frame."""
        return STEP_S

    def members(self, frames_mm: Float64Array, now_s: int) -> RainMembers:
        """Members from now on.

        Parameters
        ----------
        frames_mm : Float64Array, shape (12, n_stations)
            Rain of each gauge in each quarter hour, oldest first, the last one ends now. NaN: not reported,
            which is not dry: a place whose gauges are silent has no members.
        now_s : int
        """
        known = np.where(self._is_quick, frames_mm, np.nan)
        features = self._features.of(GaugeSums.of_steps(known), now_s)
        rain_mm = self._table.members(features)
        return RainMembers(rain_mm, STEP_S, now_s, SOURCE, self._calibrated_on)
