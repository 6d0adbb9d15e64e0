"""Minutes of one station that nobody has observed: they get the rest of a sum, and count as observed."""

from typing import NamedTuple

import numpy as np

from warnstream.windows.cumulative_ring import CumulativeRing, Spread


class Part(NamedTuple):
    """Minutes of one station, since 1970: those after `begin`, up to `end`."""

    station: int
    begin: int
    end: int


def add_rest(ring: CumulativeRing, part: Part, total_um: int) -> None:
    """Add what the ring lacks of a sum, evenly over the unobserved minutes, over all if there are none."""
    station, begin, end = part
    edges = ring.edges(begin, end)
    if len(edges) < 2:  # both within one ten minutes of which no more is held than the sum
        edges = np.array([begin, end])
        held_um, unseen = 0, edges[1:] - edges[:-1]
    else:
        rows = ring.rows_of(edges)
        held_um = int((ring.rain_um[rows[-1:], station] - ring.rain_um[rows[:1], station])[0])
        unseen = np.maximum(np.diff(edges) - np.diff(ring.observed_min[rows, station]), 0)
    rest_um = max(total_um - held_um, 0)
    place = np.cumsum(unseen if unseen.any() else np.diff(edges))
    amount_um = np.diff(rest_um * place // place[-1], prepend=0)
    n = len(unseen)
    stations = np.full(n, station, dtype=np.int32)
    ring.add(Spread(stations, edges[:-1], edges[1:], amount_um, None, np.zeros(n, dtype=np.bool_)))


def observe(ring: CumulativeRing, part: Part) -> None:
    """Count the minutes that nobody has observed; of ten held together, so many of them."""
    station, begin, end = part
    edges = ring.edges(begin, end)
    if len(edges) < 2:
        return
    observed = np.diff(ring.observed_min[ring.rows_of(edges), station]).astype(np.int64)
    unseen = np.maximum(np.diff(edges) - observed, 0)
    stations = np.full(len(unseen), station, dtype=np.int32)
    nothing = np.zeros(len(unseen), dtype=np.int64)
    ring.add(Spread(stations, edges[1:] - unseen, edges[1:], nothing).select(unseen > 0))
