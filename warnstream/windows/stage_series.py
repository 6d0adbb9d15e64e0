"""The newest stage of every gauge with its time, and how fast it rises.

Readings may come in any order: the newest observation wins, and of two
observations of one time the higher one (the safe side, and free of order).
"""

from warnstream.model.arrays import Float64Array, Int32Array, Int64Array
from warnstream.model.times import HOUR_S
from warnstream.windows.samples import SampleRing, robust_slope

SPACING_S = 300
RISE_WINDOW_S_MAX = HOUR_S


class StageSeries:
    """Stages of the last hour, one per five minutes and station; NaN and time -1 where none came."""

    def __init__(self, n_stations: int) -> None:
        self._samples = SampleRing(n_stations, RISE_WINDOW_S_MAX // SPACING_S + 1, SPACING_S)

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
        """Robust slope over a window that ends at each station's newest stage.

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
        slope = robust_slope(time_s, self._samples.value[station], time_s[:, -1] - window_s)
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
