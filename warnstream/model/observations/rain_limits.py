"""How much rain is possible, by duration: the world's records, and what lies beyond them.

No rate holds for long: 38 mm fell in a minute, yet no hour had more than
401 mm. A sum beyond the record of its duration is doubtful; one that is
beyond it by `RECORD_MARGIN` counts as missing, like any impossible value.

Between two records the limit is that of the straight line through them on
logarithmic axes; beyond the last it grows with the square root of time, as
the records themselves do (Jennings 1950, Monthly Weather Review 78(1)).
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from warnstream.model.arrays import Float64Array
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S

RAIN_RECORDS: tuple[tuple[int, float], ...] = (
    (1 * MINUTE_S, 38.0),
    (8 * MINUTE_S, 126.0),
    (15 * MINUTE_S, 198.0),
    (42 * MINUTE_S, 305.0),
    (1 * HOUR_S, 401.0),
    (6 * HOUR_S, 840.0),
    (12 * HOUR_S, 1144.0),
    (1 * DAY_S, 1825.0),
    (2 * DAY_S, 2493.0),
    (3 * DAY_S, 3930.0),
    (4 * DAY_S, 4936.0),
)
"""Greatest rain known of each duration, ascending.

Barot 1970 (1 min), Füssen 1920 (8 min), Plumb Point 1916 (15 min), Holt 1947 (42 min), Shangdi 1975
(1 h), Muduocaidang 1977 (6 h), Foc-Foc 1966 (12 h, 24 h), Cherrapunji 1995 (48 h), Cratère Commerson
2007 (72 h, 96 h).
"""

RAIN_RECORDS_SOURCE = (
    "WMO World Weather and Climate Extremes Archive; below 1 h and 6 h WMO-No. 168 and "
    "NOAA HDSC, world record point precipitation"
)

RECORD_MARGIN = 1.25
"""So many times the record is impossible: between the two a new record is doubted, not refused."""

_CACHED_MAX = 4096


@dataclass(frozen=True, slots=True)
class RainLimits:
    """What may fall in a time.

    Attributes
    ----------
    mm_per_min_max : float
        More in any minute is impossible.
    records : tuple of (int, float)
        Seconds and millimetres, ascending in both.
    """

    mm_per_min_max: float
    records: tuple[tuple[int, float], ...] = RAIN_RECORDS
    _known: dict[int, float] = field(default_factory=dict, compare=False, repr=False)

    def record_mm(self, duration_s: ArrayLike) -> Float64Array:
        """Greatest rain known of each duration, shape as given; below the shortest that of the shortest.

        >>> RainLimits(20.0).record_mm([60, 3600, 4 * 4 * 86_400]).tolist()
        [38.0, 401.0, 9872.0]
        """
        log_s, log_mm = _logarithms(self.records)
        (first_s, _), (last_s, _) = self.records[0], self.records[-1]
        time_s = np.maximum(np.asarray(duration_s, dtype=np.float64), first_s)
        inside = np.exp(np.interp(np.log(time_s), log_s, log_mm))
        found: Float64Array = np.round(inside * np.sqrt(np.maximum(time_s / last_s, 1.0)), 6)
        return found

    def impossible_mm(self, duration_s: ArrayLike, record_mm: Float64Array | None = None) -> Float64Array:
        """More in each duration is impossible, shape as given; less than a minute counts as one.

        `record_mm` are the records of these durations, where the caller knows them already.

        >>> RainLimits(20.0).impossible_mm([60, 300, 3600]).tolist()
        [20.0, 100.0, 501.25]
        """
        minutes = np.maximum(np.asarray(duration_s, dtype=np.float64) / MINUTE_S, 1.0)
        records = self.record_mm(duration_s) if record_mm is None else record_mm
        found: Float64Array = np.minimum(self.mm_per_min_max * minutes, RECORD_MARGIN * records)
        return found

    def record_of(self, duration_s: int) -> float:
        """`record_mm` of one duration, remembered."""
        known = self._known.get(duration_s)
        if known is None:
            if len(self._known) >= _CACHED_MAX:
                self._known.clear()
            known = self._known[duration_s] = float(self.record_mm(duration_s))
        return known

    def impossible_of(self, duration_s: int) -> float:
        """`impossible_mm` of one duration."""
        minutes = max(duration_s / MINUTE_S, 1.0)
        return min(self.mm_per_min_max * minutes, RECORD_MARGIN * self.record_of(duration_s))


@cache
def _logarithms(records: tuple[tuple[int, float], ...]) -> tuple[Float64Array, Float64Array]:
    """Of seconds and millimetres; every step asks for them."""
    logarithms: Float64Array = np.log(np.array(records, dtype=np.float64).T)
    return logarithms[0], logarithms[1]
