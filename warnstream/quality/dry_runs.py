"""How long gauges have been dry while it rained around them, and how much they missed: faulty zeros."""

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array

_ROUNDING_MM = 1e-6
"""Ten tips of 0.2 mm are 2 mm."""


class DryRuns:
    """Faulty zeros among some gauges, by what others say that it rained.

    Parameters
    ----------
    n_gauges : int
    intervals : int
        A gauge must be dry for more than so many wet intervals.
    mm_min : float
        And must have missed that much.
    step_s : int
        Length of an interval.

    Attributes
    ----------
    is_faulty_zero : BoolArray, shape (n_gauges,)
        From then on until the gauge reports rain.
    zero_since_s : Int64Array, shape (n_gauges,)
        Since when it has not measured; -1 for others.
    wet_at_s : Int64Array, shape (n_gauges,)
        Beginning of the newest interval in which the gauge had rain; -1 before the first.
    """

    def __init__(self, n_gauges: int, *, intervals: int, mm_min: float, step_s: int) -> None:
        self._intervals = intervals
        self._mm_min = mm_min
        self._step_s = step_s
        self._dry_run: Int32Array = np.zeros(n_gauges, dtype=np.int32)
        self._missed_mm: Float64Array = np.zeros(n_gauges)
        self.is_faulty_zero: BoolArray = np.zeros(n_gauges, dtype=np.bool_)
        self.zero_since_s: Int64Array = np.full(n_gauges, -1, dtype=np.int64)
        self.wet_at_s: Int64Array = np.full(n_gauges, -1, dtype=np.int64)

    def step(self, rain_mm: Float64Array, around_mm: Float64Array, end_s: int) -> None:
        """Take one interval; both of shape (n_gauges,), `rain_mm` NaN where nothing was observed.

        `around_mm` is what others had; 0 where nobody can say.
        """
        is_wet, is_dry = rain_mm > 0, rain_mm == 0
        anew = is_wet | ~(around_mm > 0)
        self._dry_run = np.where(anew, 0, self._dry_run + is_dry).astype(np.int32)
        self._missed_mm = np.where(anew, 0.0, self._missed_mm + np.where(is_dry, around_mm, 0.0))
        missed = self._missed_mm >= self._mm_min - _ROUNDING_MM
        enough = (self._dry_run > self._intervals) & missed
        begins = enough & ~self.is_faulty_zero
        self.zero_since_s[begins] = end_s - self._dry_run[begins] * self._step_s
        self.is_faulty_zero = (self.is_faulty_zero | begins) & ~is_wet
        self.zero_since_s[~self.is_faulty_zero] = -1
        self.wet_at_s[is_wet] = end_s - self._step_s

    def step_dry(self) -> None:
        """Take an interval in which it rained nowhere."""
        self._dry_run[:] = 0
        self._missed_mm[:] = 0.0

    def snapshot(self) -> dict[str, np.ndarray]:
        """State as arrays."""
        return {
            "dry_run": self._dry_run.copy(),
            "missed_mm": self._missed_mm.copy(),
            "is_faulty_zero": self.is_faulty_zero.copy(),
            "zero_since_s": self.zero_since_s.copy(),
            "wet_at_s": self.wet_at_s.copy(),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up a snapshot. ValueError or KeyError if it does not fit."""
        self._dry_run[:] = state["dry_run"]
        self._missed_mm[:] = state["missed_mm"]
        self.is_faulty_zero[:] = state["is_faulty_zero"]
        self.zero_since_s[:] = state["zero_since_s"]
        self.wet_at_s[:] = state["wet_at_s"]
