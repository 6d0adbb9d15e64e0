"""What became of probabilities: how often a threshold was reached in time, by what had been said of it.

A case begins at every place whose threshold has not been reached, all at one time, and ends when the time of
the probability has passed; then the next ones begin, so no two cases of a place overlap. A place of which
nothing is known in between has no case. Many places under one front count as many: cases are not independent.

A tenth with `CASES_MIN` cases in which `OFF_MIN` more or less came than was said is off: those of that
source, window and time are not called calibrated any more.
"""

import numpy as np

from warnstream.hazards.expected.crossing import Crossing
from warnstream.model.arrays import Arrays, BoolArray, Float32Array, Float64Array, Int64Array
from warnstream.model.forecast import ScoreState

TENTHS = 10
CASES_MIN, OFF_MIN = 500, 0.10
GAP_S_MAX = 1800
"""Members that come later than that after the last leave a gap in which nobody looked."""
SOURCES = (
    "gauges",
    "radar",
    "radar and gauges",
    "gauges and model",
    "radar and model",
    "radar and gauges and model",
    "model",
)
"""Of members; the rows of `total`: more behind, never in another order."""


class Score:
    """The cases of one probability, and the sums of those that are over.

    Attributes
    ----------
    said : Float32Array, shape (n_places,)
        Of the cases that are under way; NaN: none.
    came : BoolArray, shape (n_places,)
    times : Int64Array, shape (3,)
        When they began, when was looked last (-1: never), and the number of their source.
    total : Float64Array, shape (n_sources, TENTHS, 3)
        Cases, sum of what was said, and how many came.
    """

    def __init__(self, n_places: int) -> None:
        self.said: Float32Array = np.full(n_places, np.nan, dtype=np.float32)
        self.came: BoolArray = np.zeros(n_places, dtype=np.bool_)
        self.times: Int64Array = np.full(3, -1, dtype=np.int64)
        self.total: Float64Array = np.zeros((len(SOURCES), TENTHS, 3))

    def arrays(self) -> Arrays:
        """State by name; to be written into."""
        return {"case_said": self.said, "case_came": self.came, "case_times": self.times, "score": self.total}

    def restore(self, total: Float64Array) -> None:
        """Take up the sums of a snapshot; one with fewer sources is of an older version."""
        if total.shape[1:] == self.total.shape[1:] and len(total) <= len(self.total):
            self.total[: len(total)] = total

    def step(self, found: Crossing, within_s: int, source: str, now_s: int) -> bool:
        """Look at what was worked out at a cycle; whether cases have ended."""
        is_reached = (found.probability == 1.0) & (found.early_s == 0)
        is_known = ~np.isnan(found.probability)
        began_s, looked_s, _ = self.times.tolist()
        if looked_s < 0 or now_s - looked_s > GAP_S_MAX:
            self._begin(found, is_reached, is_known, source, now_s)
            return False
        self.times[1] = now_s
        self.said[~is_known] = np.nan
        is_over = bool(now_s - began_s >= within_s)
        if now_s - began_s <= within_s:
            self.came |= is_reached
        if is_over:
            self._end()
            self._begin(found, is_reached, is_known, source, now_s)
        return is_over

    def off(self, source: str) -> list[int]:
        """Tenths in which something else came than was said."""
        if source not in SOURCES:
            return []
        cases, said, came = self.total[SOURCES.index(source)].T
        wrong = (cases >= CASES_MIN) & (np.abs(said - came) > OFF_MIN * np.maximum(cases, 1.0))
        return [int(tenth) for tenth in np.flatnonzero(wrong)]

    def states(self, duration_s: tuple[int, ...], within_s: int) -> list[ScoreState]:
        """The sums of every source that has cases."""
        return [
            ScoreState(
                source,
                duration_s,
                within_s,
                tuple(int(n) for n in self.total[number, :, 0]),
                tuple(float(p) for p in self.total[number, :, 1]),
                tuple(int(n) for n in self.total[number, :, 2]),
                tuple(self.off(source)),
            )
            for number, source in enumerate(SOURCES)
            if self.total[number, :, 0].any()
        ]

    def _end(self) -> None:
        case = ~np.isnan(self.said)
        said, came = self.said[case].astype(np.float64), self.came[case]
        tenth = np.minimum((said * TENTHS + 1e-6).astype(np.int64), TENTHS - 1)
        total = self.total[int(self.times[2])]
        total[:, 0] += np.bincount(tenth, minlength=TENTHS)
        total[:, 1] += np.bincount(tenth, said, minlength=TENTHS)
        total[:, 2] += np.bincount(tenth, came, minlength=TENTHS)

    def _begin(
        self, found: Crossing, is_reached: BoolArray, is_known: BoolArray, source: str, now_s: int
    ) -> None:
        may = is_known & ~is_reached & (source in SOURCES)
        self.said[:] = np.where(may, found.probability, np.nan)
        self.came[:] = False
        self.times[:] = now_s, now_s, SOURCES.index(source) if source in SOURCES else 0
