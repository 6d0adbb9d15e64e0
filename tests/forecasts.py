"""A forecast of somebody else for tests: its own leads, the same rain everywhere."""

import numpy as np

from warnstream.model.arrays import Float64Array
from warnstream.model.forecast import RainAhead


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
