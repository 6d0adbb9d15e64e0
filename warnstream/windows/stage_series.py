"""The newest stage of every gauge with its time, and how fast it rises.

Readings may come in any order: the newest observation wins, and of two
observations of one time the higher one (the safe side, and free of order).

A rise needs three stages. A gauge that reports so seldom that a window holds
fewer has its rise over a longer one, of `INTERVALS_MIN` of its own intervals: of
an hourly gauge the last two and a half hours. It follows a flood that begins
later than that of a gauge every five minutes does, and extends it as straight.
"""

import numpy as np

from warnstream.model.arrays import Float64Array, Int32Array, Int64Array
from warnstream.model.times import HOUR_S
from warnstream.windows.samples import SampleRing, robust_slope

SPACING_S = 300
RISE_WINDOW_S_MAX = HOUR_S
INTERVALS_MIN = 2.5
"""A rise is over at least so many intervals of the gauge: three stages, the first of them up to half late."""


class StageSeries:
    """The last thirteen stages of each station, one per five minutes; NaN and time -1 where none came.

    Parameters
    ----------
    n_stations : int
    interval_s : Int32Array, shape (n_stations,), optional
        How often each station reports; without it every five minutes or oftener.
    """

    def __init__(self, n_stations: int, interval_s: Int32Array | None = None) -> None:
        self._samples = SampleRing(n_stations, RISE_WINDOW_S_MAX // SPACING_S + 1, SPACING_S)
        every_s = np.zeros(n_stations) if interval_s is None else interval_s
        self._window_s_min: Int64Array = np.ceil(every_s * INTERVALS_MIN).astype(np.int64)

    @property
    def stage_m(self) -> Float64Array:
        """Newest stage, shape (n_stations,)."""
        newest: Float64Array = self._samples.value[:, -1]
        return newest

    @property
    def observed_at_s(self) -> Int64Array:
        """When it was observed, shape (n_stations,)."""
        newest: Int64Array = self._samples.time_s[:, -1]
        return newest

    def add(self, station: Int32Array, observed_at_s: Int64Array, stage_m: Float64Array) -> None:
        """Take readings of shape (n,), in any order."""
        self._samples.add(station, observed_at_s, stage_m)

    def rise_m_per_h(self, station: Int32Array, window_s: int) -> Float64Array:
        """Robust slope over a window up to each station's newest stage, longer where it reports seldom.

        Parameters
        ----------
        station : Int32Array, shape (n,)
        window_s : int
            At most `RISE_WINDOW_S_MAX`.

        Returns
        -------
        Float64Array, shape (n,)
            Metres per hour; NaN with fewer than three stages in the window.
        """
        time_s = self._samples.time_s[station]
        since_s = time_s[:, -1] - np.maximum(self._window_s_min[station], window_s)
        slope = robust_slope(time_s, self._samples.value[station], since_s)
        rise: Float64Array = slope * HOUR_S
        return rise

    def snapshot(self) -> dict[str, Float64Array | Int64Array]:
        """State as arrays."""
        return self._samples.snapshot()

    def restore(self, state: dict[str, Float64Array | Int64Array]) -> None:
        """Take up a snapshot of a network of the same size.

        Raises
        ------
        ValueError
            If it was taken of another network.
        """
        self._samples.restore(state)
