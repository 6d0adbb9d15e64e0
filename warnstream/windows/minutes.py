"""Minutes of intervals: where seconds fall, and which of several readings of one minute is the last."""

import numpy as np

from warnstream.model.arrays import BoolArray, Int32Array, Int64Array
from warnstream.model.times import MINUTE_S


def ceil_minute(time_s: int) -> int:
    """Minute that ends at or after a time."""
    return -(-int(time_s) // MINUTE_S)


def ceil_minutes(time_s: Int64Array) -> Int64Array:
    """Minutes that end at or after times."""
    return -(-time_s // MINUTE_S)


def is_last_of(station: Int32Array, at_s: Int64Array) -> BoolArray:
    """Which sorted rows are the last of their station and time."""
    is_last = np.ones(len(station), dtype=np.bool_)
    is_last[:-1] = (station[1:] != station[:-1]) | (at_s[1:] != at_s[:-1])
    return is_last
