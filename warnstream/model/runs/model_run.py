"""One run of a weather model about a county: rain since its beginning, by member and lead."""

from dataclasses import dataclass

from warnstream.model.arrays import Int16Array, Int32Array
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import HOUR_S

UNSEEN = -1
UNITS_PER_MM = 10
"""Runs count tenths of a millimetre: their rain is the mean of many square kilometres."""
MEMBERS_MAX, LEADS_MAX = 51, 72
REACH_S_MAX = 72 * HOUR_S
FAR_STEP_S = HOUR_S
"""Steps of members beyond three hours."""
CELL_M, MARGIN_M, CELLS_MAX = 5_000, 32_000, 64
"""Cells of runs (`warnstream.model.radar.fields.geometry_of`): coarser than a radar's, and the rain of
tomorrow does not come from beyond the margin, it is in the run."""
HOUR_MM_MAX, DAY_MM_MAX = 300.0, 2_000.0
"""No more in an hour and in a day anywhere on Earth as the mean of a cell: 305 mm fell in 42 minutes and
1,825 mm in a day at single gauges (WMO archive of weather extremes)."""


@dataclass(frozen=True, slots=True, eq=False)
class ModelRun:
    """A whole run.

    Attributes
    ----------
    forecast : str
        Name in ``forecasts:``.
    geometry : bytes
        Digest of the cells (`FieldGeometry.digest`).
    reference_s : int
        When the run begins, seconds since 1970 UTC.
    told_s : int
        When such a run is usually there: a replay tells it then.
    lead_s : Int32Array, shape (n_leads,)
        Since `reference_s`, ascending, above 0.
    rain : Int16Array, shape (n_members, n_leads, n_rows, n_columns)
        Total since `reference_s` in `UNITS_PER_MM`, never falling along the leads; `UNSEEN`: the model does
        not reach that cell, which is not dry.
    """

    forecast: str
    geometry: bytes
    reference_s: int
    told_s: int
    lead_s: Int32Array
    rain: Int16Array

    @property
    def end_s(self) -> int:
        """When a replay tells it."""
        return self.told_s

    @property
    def grid(self) -> str:
        """Whose files it is from, as of other frames."""
        return self.forecast


@dataclass(frozen=True, slots=True)
class RunRefusal:
    """A run that was not taken, and why."""

    reason: RefusalReason
    detail: str
    run: ModelRun


@dataclass(frozen=True, slots=True)
class RunState:
    """What became of the runs of one model at a step.

    Attributes
    ----------
    forecast : str
    reference_s : int
        Of its newest run; -1 before the first.
    age_s : int
        Since then; -1 before the first.
    is_out : bool
        It has no run that is young enough.
    is_used : bool
        What is known beyond three hours is from it.
    n_runs : int
        Taken at this step.
    refused : tuple of RunRefusal
    """

    forecast: str
    reference_s: int = -1
    age_s: int = -1
    is_out: bool = False
    is_used: bool = False
    n_runs: int = 0
    refused: tuple[RunRefusal, ...] = ()
