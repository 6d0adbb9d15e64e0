"""Lonely gauges: an hour's rain far above that of the neighbours, or shared by none of them.

A lonely high gauge on a 5 km grid *is* the convective cell: it raises the
level as any other, but the level is not confirmed by anybody. Two checks, as
in titanlib (Båserud et al. 2020, Adv. Sci. Res. 17, doi
10.5194/asr-17-153-2020), for all gauges at once and for high values only;
dry gauges among wet ones are faulty zeros (`neighbours`):

- *buddy*: ``(x - mean) / max(sd_min, sqrt(var + var / n)) > threshold``, mean and
  variance of the neighbours;
- *event*: it rains hard here and at no neighbour.

A neighbour whose hour was not observed does not count: a NaN must not poison
the mean of everybody around it.
"""

import numpy as np

from warnstream.model.arrays import Float64Array, UInt16Array, rows_where
from warnstream.model.observations.station_quality import StationFlag, StationNeighbours
from warnstream.model.rules.policies import NeighbourPolicy

COVERAGE_MIN = 0.5
"""Share of the hour that a neighbour must have observed to be compared with."""


def check_buddies(
    neighbours: StationNeighbours, hour_mm: Float64Array, coverage: Float64Array, policy: NeighbourPolicy
) -> UInt16Array:
    """`StationFlag.LONELY` and `StationFlag.UNSHARED` of every gauge, shape (n_stations,).

    Parameters
    ----------
    neighbours : StationNeighbours
    hour_mm, coverage : Float64Array, shape (n_stations,)
        Rain of the last hour and the share of it that was observed.
    policy : NeighbourPolicy

    Examples
    --------
    Five gauges, each the neighbour of all others; the fourth has 60 mm:

    >>> near = np.array([[j for j in range(5) if j != i] for i in range(5)], dtype=np.int32)
    >>> found = check_buddies(
    ...     StationNeighbours(near, np.zeros(near.shape)),
    ...     np.array([5.0, 6.0, 5.5, 60.0, 5.2]),
    ...     np.ones(5),
    ...     NeighbourPolicy(neighbours_min=2),
    ... )
    >>> [StationFlag(int(flag)).word for flag in found]
    ['none', 'none', 'none', 'lonely', 'none']
    """
    flags = np.zeros(len(hour_mm), dtype=np.uint16)
    rows = rows_where(hour_mm >= policy.lonely_mm_min)
    if len(rows) == 0 or neighbours.station.shape[1] == 0:
        return flags
    near = neighbours.station[rows]
    known = neighbours.is_there[rows] & (coverage[near] >= COVERAGE_MIN)
    near_mm = np.where(known, hour_mm[near], 0.0)
    n = known.sum(axis=1)
    enough = n >= policy.neighbours_min
    count = np.maximum(n, 1)
    mean = near_mm.sum(axis=1) / count
    variance = (np.where(known, near_mm - mean[:, None], 0.0) ** 2).sum(axis=1) / count
    scale = np.maximum(policy.lonely_sd_mm_min, np.sqrt(variance + variance / count))
    lonely = enough & (hour_mm[rows] - mean > policy.lonely_threshold * scale)
    unshared = enough & (near_mm.max(axis=1) == 0)
    flags[rows[lonely]] |= np.uint16(StationFlag.LONELY)
    flags[rows[unshared]] |= np.uint16(StationFlag.UNSHARED)
    return flags
