"""When gauges were not believed: the memory behind `DoubtPeriods`."""

import numpy as np

from warnstream.model.arrays import BoolArray, Int64Array, rows_where
from warnstream.model.observations.station_quality import LASTS, DoubtPeriods, StationFlag, no_stretches


class StretchBook:
    """Stretches of the gauges of one network.

    Parameters
    ----------
    memory_s : int
        How long a stretch that is over is kept: no window reaches back farther.

    Attributes
    ----------
    stretches : DoubtPeriods
        A new object whenever anything changes, and only then.
    """

    def __init__(self, memory_s: int) -> None:
        self._memory_s = memory_s
        self.stretches = no_stretches()

    def follow(self, flag: StationFlag, carries: BoolArray, begin_s: Int64Array, end_s: Int64Array) -> None:
        """Begin a stretch where a flag came, end it where it went; all of shape (n_stations,).

        `begin_s` is read where the flag is carried, `end_s` where it no longer is.
        """
        now = self.stretches
        is_open = (now.flag == flag) & (now.end_s == LASTS)
        station = now.station[is_open]
        begins = carries.copy()
        begins[station] = False
        new = rows_where(begins).astype(np.int32)
        stays = carries[station]
        earlier = stays & (begin_s[station] < now.begin_s[is_open])
        if len(new) == 0 and stays.all() and not earlier.any():
            return
        ends, starts = now.end_s.copy(), now.begin_s.copy()
        rows = rows_where(is_open)
        ends[rows[~stays]] = end_s[station[~stays]]
        starts[rows[earlier]] = begin_s[station[earlier]]
        self._set(
            DoubtPeriods(
                np.concatenate([now.station, new]),
                np.concatenate([starts, begin_s[new]]),
                np.concatenate([ends, np.full(len(new), LASTS)]),
                np.concatenate([now.flag, np.full(len(new), flag, dtype=np.uint16)]),
            )
        )

    def forget(self, now_s: int) -> None:
        """Drop what no window reaches any more."""
        if (self.stretches.end_s < now_s - self._memory_s).any():
            self._set(self.stretches, now_s - self._memory_s)

    def snapshot(self) -> dict[str, np.ndarray]:
        """State as arrays."""
        now = self.stretches
        return {
            "stretch_station": now.station.copy(),
            "stretch_begin_s": now.begin_s.copy(),
            "stretch_end_s": now.end_s.copy(),
            "stretch_flag": now.flag.copy(),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up a snapshot. KeyError if it has none."""
        self.stretches = DoubtPeriods(
            state["stretch_station"].copy(),
            state["stretch_begin_s"].copy(),
            state["stretch_end_s"].copy(),
            state["stretch_flag"].copy(),
        )

    def _set(self, stretches: DoubtPeriods, oldest_s: int = -1) -> None:
        kept = (stretches.end_s > stretches.begin_s) & (stretches.end_s >= oldest_s)
        order = rows_where(kept)
        order = order[np.lexsort((stretches.flag[order], stretches.begin_s[order], stretches.station[order]))]
        self.stretches = DoubtPeriods(
            stretches.station[order],
            stretches.begin_s[order],
            stretches.end_s[order],
            stretches.flag[order],
        )
