"""Gauges whose rain over a window nobody around them shares: much here, and whole, dry neighbours.

Unlike `buddies`, which doubts a gauge by the last hour, this asks of every
window that a level may rest on, so that a gauge does not become credible by
the passing of an hour. Neighbours that are silent or clogged say nothing; one
wet neighbour is enough to believe the gauge.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, rows_where
from warnstream.model.observations.station_quality import StationNeighbours
from warnstream.model.rules.policies import NeighbourPolicy

WHOLE_MIN = 0.8
"""Share of what the gauge itself observed of a window that a neighbour must have observed to be whole."""


def lone_windows(
    neighbours: StationNeighbours,
    rain_mm: Float64Array,
    coverage: Float64Array,
    is_clogged: BoolArray,
    policy: NeighbourPolicy,
) -> BoolArray:
    """Where a gauge is alone with its rain, shape (n_stations, n_windows).

    Parameters
    ----------
    neighbours : StationNeighbours
    rain_mm, coverage : Float64Array, shape (n_stations, n_windows)
        NaN where nothing was observed.
    is_clogged : BoolArray, shape (n_stations,)
        Gauges that report zeros and do not measure.
    policy : NeighbourPolicy
        A gauge with at least `lonely_mm_min` is looked at; at least `neighbours_min` whole neighbours must
        have less than `lone_dry_mm`.

    Examples
    --------
    Three gauges, each the neighbour of the others; the last has 60 mm in its second window:

    >>> near = StationNeighbours(np.array([[1, 2], [0, 2], [0, 1]], dtype=np.int32), np.zeros((3, 2)))
    >>> rain_mm = np.array([[0.0, 0.2], [0.0, 0.4], [0.0, 60.0]])
    >>> policy = NeighbourPolicy(neighbours_min=2)
    >>> lone_windows(near, rain_mm, np.ones((3, 2)), np.zeros(3, dtype=bool), policy)[2].tolist()
    [False, True]
    """
    lone: BoolArray = np.zeros(rain_mm.shape, dtype=np.bool_)
    row = rows_where(np.asarray((rain_mm >= policy.lonely_mm_min).any(axis=1)))
    alone = rain_mm[row] >= policy.lonely_mm_min
    n_whole = np.zeros(alone.shape, dtype=np.int32)
    for number in range(neighbours.station.shape[1]):
        near = neighbours.station[row, number]
        whole = coverage[near] >= np.maximum(coverage[row] * WHOLE_MIN, 1e-9)
        whole &= ((near >= 0) & ~is_clogged[near])[:, None]
        n_whole += whole
        alone &= ~(whole & (rain_mm[near] >= policy.lone_dry_mm))
        kept = alone.any(axis=1)  # in wide rain the nearest neighbour settles nearly all
        row, alone, n_whole = row[kept], alone[kept], n_whole[kept]
    lone[row] = alone & (n_whole >= policy.neighbours_min)
    return lone
