"""What the assessment asks of a forecast, whoever makes it.

The nowcast from gauges is the only one so far. A source is asked when it is due
and gives rain over leads of its own; which windows of observed rain those ask for
is worked out from them when an assessment is put together.
"""

from typing import Protocol

from warnstream.model.arrays import Float64Array
from warnstream.model.forecast import RainAhead


class ForecastSource(Protocol):
    """Rain of the coming hours at every place.

    Attributes
    ----------
    leads_s : tuple of int
        How far ahead each column of its rain reaches, ascending; whole ten minutes, the steps in
        which soil water looks ahead.
    every_s : int
        How often a new forecast is due.
    frame_s, frames_wanted : int
        Length of the frames of gauge rain that it is given, and how many of them make full use of it.
    """

    @property
    def leads_s(self) -> tuple[int, ...]: ...  # noqa: D102  # described above

    @property
    def every_s(self) -> int: ...  # noqa: D102

    @property
    def frame_s(self) -> int: ...  # noqa: D102

    @property
    def frames_wanted(self) -> int: ...  # noqa: D102

    def rain_ahead(self, frames_mm: Float64Array) -> RainAhead:
        """Totals over the next hours; not usable, with the reason, where nothing can be said.

        Parameters
        ----------
        frames_mm : Float64Array, shape (n_frames, n_stations)
            Rain of each gauge in each of the last frames, oldest first; NaN: not reported.
        """
        ...
