"""The newest stage of every gauge, with its time.

Readings may come in any order: the newest observation wins, and of two
observations of one time the higher one (the safe side, and free of order).
"""

import numpy as np

from warnstream.model.arrays import Float64Array, Int32Array, Int64Array


class StageSeries:
    """Newest stage per station; NaN and time -1 where none came."""

    def __init__(self, n_stations: int) -> None:
        self.stage_m: Float64Array = np.full(n_stations, np.nan)
        self.observed_at_s: Int64Array = np.full(n_stations, -1, dtype=np.int64)

    def add(self, station: Int32Array, observed_at_s: Int64Array, stage_m: Float64Array) -> None:
        """Take readings of shape (n,); older ones than the newest known change nothing."""
        order = np.lexsort((stage_m, observed_at_s, station))
        station, observed_at_s, stage_m = station[order], observed_at_s[order], stage_m[order]
        is_last = np.append(station[1:] != station[:-1], [True])[: len(station)]
        station, observed_at_s, stage_m = station[is_last], observed_at_s[is_last], stage_m[is_last]
        known_s, known_m = self.observed_at_s[station], self.stage_m[station]
        wins = (observed_at_s > known_s) | ((observed_at_s == known_s) & (stage_m > known_m))
        self.observed_at_s[station[wins]] = observed_at_s[wins]
        self.stage_m[station[wins]] = stage_m[wins]

    def snapshot(self) -> dict[str, Float64Array | Int64Array]:
        """State as arrays."""
        return {"stage_m": self.stage_m.copy(), "observed_at_s": self.observed_at_s.copy()}

    def restore(self, state: dict[str, Float64Array | Int64Array]) -> None:
        """Take up a snapshot of a network of the same size."""
        self.stage_m[:] = state["stage_m"]
        self.observed_at_s[:] = state["observed_at_s"]
