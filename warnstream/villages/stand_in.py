"""A grid's rain stands in for gauges that do not cover a window; it is never averaged with them.

Window by window: where the gauges of a place observed enough, only they count.
Elsewhere every minute has one witness: those of the place's own gauges that are
silent now until they fell silent, and the grid since then. That counts if it is more than is known without
it (farther gauges, if the place is blind). A grid can thus raise a level and keep
one up, never lower one: radar loses rain behind hills and behind rain, so less
rain in it proves nothing. For the same reason a window that it saw in part counts
too: there was at least that much.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, UInt8Array
from warnstream.model.grids import NO_GRID
from warnstream.model.observations.readings import UM_PER_MM


@dataclass(frozen=True, slots=True)
class GridEvidence:
    """What a grid and the gauges before it say of windows; all of shape (n_places, n_durations).

    Attributes
    ----------
    rain_mm : Float64Array
        A lower bound where coverage is below 1.
    coverage : Float64Array
        Share of the window that either observed.
    gauge_mm : Float64Array
        The part of the rain that gauges measured.
    """

    rain_mm: Float64Array
    coverage: Float64Array
    gauge_mm: Float64Array


@dataclass(frozen=True, slots=True)
class SubstitutedRain:
    """Rain of places with that of grids where it counts; all of shape (n_places, n_durations).

    `number` is that of the grid where one counts, else `NO_GRID`; there `coverage` is NaN and `gauge_mm` 0.
    """

    rain_mm: Float64Array
    number: UInt8Array
    coverage: Float64Array
    gauge_mm: Float64Array

    def of(self, columns: slice) -> "SubstitutedRain":
        """The same of some windows, sharing its arrays."""
        return SubstitutedRain(
            self.rain_mm[:, columns],
            self.number[:, columns],
            self.coverage[:, columns],
            self.gauge_mm[:, columns],
        )


def nothing(rain_mm: Float64Array) -> SubstitutedRain:
    """No grid counts anywhere yet."""
    shape = rain_mm.shape
    number = np.full(shape, NO_GRID, dtype=np.uint8)
    return SubstitutedRain(rain_mm.copy(), number, np.full(shape, np.nan), np.zeros(shape))


def open_windows(is_blind: BoolArray, coverage: Float64Array, gauges_below: float) -> BoolArray:
    """Windows that the gauges do not cover, shape (n_places, n_durations).

    Parameters
    ----------
    is_blind : BoolArray, shape (n_places,)
        None of the place's own gauges reports; what it has is of farther ones.
    coverage : Float64Array, shape (n_places, n_durations)
        Of the gauges.
    gauges_below : float
    """
    is_open: BoolArray = is_blind[:, None] | (coverage < gauges_below)
    return is_open


def join(gauges: GridEvidence, since: GridEvidence) -> GridEvidence:
    """One witness per minute: gauges, then the grid since they fell silent."""
    gauge_mm = np.nan_to_num(gauges.rain_mm)
    coverage = np.minimum(gauges.coverage + since.coverage, 1.0)
    return GridEvidence(gauge_mm + since.rain_mm, coverage, gauge_mm)


def stand_in(known: SubstitutedRain, may_speak: BoolArray, witness: GridEvidence, number: int) -> None:
    """Let one grid speak where it may, in place.

    Parameters
    ----------
    known : SubstitutedRain
        What the gauges and the grids before it say; `rain_mm` is NaN where nothing is known.
    may_speak : BoolArray, shape (n_places, n_durations)
        Windows that the gauges do not cover, at places of which a gauge is silent and the grid saw something.
    witness : GridEvidence
    number : int
    """
    rain_mm = np.rint(witness.rain_mm * UM_PER_MM) / UM_PER_MM
    counts = may_speak & (witness.rain_mm > witness.gauge_mm) & ~(known.rain_mm >= rain_mm)
    known.rain_mm[counts] = rain_mm[counts]
    known.coverage[counts] = witness.coverage[counts]
    known.gauge_mm[counts] = witness.gauge_mm[counts]
    known.number[counts] = number
