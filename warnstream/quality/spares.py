"""Gauges against the spares beside them: a gauge that is dry while its spare is wet.

Two gauges a few metres apart stand in the same shower, so a spare sees what the
median of the neighbours cannot: a clogged gauge under a cell that no neighbour
has, and one in a network too thin to be compared. Zeros of the gauge are held
against the rain of its spares, of several the most, for `spare_intervals` and
one more and `zero_mm_min` in all; it lasts until the gauge reports rain.

Only the gauge is doubted for it, never the spare: clogging is the common
fault, and to take rain for true is the safe side. That nobody but the spare
says so is told by `StationFlag.CONTRADICTED` without `FAULTY_ZERO`.
"""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.rules.policies import NeighbourPolicy
from warnstream.quality.dry_runs import DryRuns


class SpareChecks:
    """Contradicted gauges of one network.

    Parameters
    ----------
    spares : tuple of (int, int)
        Pairs of gauge and spare.
    policy : NeighbourPolicy

    Attributes
    ----------
    gauge : Int32Array, shape (n_gauges,)
        Gauges that have a spare, ascending; the order of all arrays here.
    runs : DryRuns
    """

    def __init__(self, spares: tuple[tuple[int, int], ...], policy: NeighbourPolicy) -> None:
        self.gauge: Int32Array = np.unique(np.array([gauge for gauge, _ in spares], dtype=np.int32))
        self._spare: Int32Array = np.array([spare for _, spare in spares], dtype=np.int32)
        self._row: Int64Array = np.searchsorted(self.gauge, [gauge for gauge, _ in spares])
        self.runs = DryRuns(
            len(self.gauge),
            intervals=policy.spare_intervals,
            mm_min=policy.zero_mm_min,
            step_s=policy.step_s,
        )

    def step(self, rain_mm: Float64Array, end_s: int, *, is_believed: BoolArray) -> None:
        """Compare one interval; intervals come in order, each once.

        Parameters
        ----------
        rain_mm : Float64Array, shape (n_stations,)
            NaN where the interval was not observed.
        end_s : int
        is_believed : BoolArray, shape (n_stations,)
            Spares whose rain says something against their gauge.
        """
        if len(self.gauge) == 0:
            return
        beside_mm = np.zeros(len(self.gauge))
        of_spare = np.where(is_believed[self._spare], np.nan_to_num(rain_mm[self._spare]), 0.0)
        np.maximum.at(beside_mm, self._row, of_spare)
        self.runs.step(rain_mm[self.gauge], beside_mm, end_s)
