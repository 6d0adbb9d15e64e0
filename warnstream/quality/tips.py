"""Tips that follow each other faster than any rain fills a bucket.

A reed switch that bounces, or a bucket that swings back, sends a second tip
for the same water. At the greatest possible intensity a bucket needs a
certain time to fill: its amount over `rain_mm_per_min_max`, 0.6 s for 0.2 mm
at 20 mm/min. A tip nearer to the one before it is doubted, and counts.

Limit: times are whole seconds, so of small buckets only tips of one second
are found, and those without numbers (`sequence`) are repetitions anyway. A tip
is compared with the newest of its station.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Int64Array, rows_where
from warnstream.model.observations.readings import RAIN_TIP, ReadingBatch
from warnstream.model.times import MINUTE_S


class TipTimes:
    """The newest tip of every station.

    Parameters
    ----------
    n_stations : int
    rain_mm_per_min_max : float
        Greatest possible intensity.
    """

    def __init__(self, n_stations: int, rain_mm_per_min_max: float) -> None:
        self._s_per_mm = MINUTE_S / rain_mm_per_min_max
        self.last_at_s: Int64Array = np.full(n_stations, -1, dtype=np.int64)

    def bounced(self, readings: ReadingBatch) -> BoolArray:
        """Which readings, shape (n,), are tips too near to the one before; give it usable readings only.

        Tips of zero say that the station is there and are passed over.
        """
        bounced: BoolArray = np.zeros(len(readings), dtype=np.bool_)
        rows = rows_where((readings.variable == RAIN_TIP) & (readings.value > 0))
        if len(rows) == 0:
            return bounced
        rows = rows[np.lexsort((readings.observed_at_s[rows], readings.station[rows]))]
        station, at_s = readings.station[rows], readings.observed_at_s[rows]
        before_s = self.last_at_s[station]
        follows = station[1:] == station[:-1]
        before_s[1:] = np.where(follows, np.maximum(at_s[:-1], before_s[1:]), before_s[1:])
        is_near = np.abs(at_s - before_s) < readings.value[rows] * self._s_per_mm
        bounced[rows] = (before_s >= 0) & is_near
        np.maximum.at(self.last_at_s, station, at_s)
        return bounced
