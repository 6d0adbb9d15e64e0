"""What a file of a weather model holds, whatever its format."""

from dataclasses import dataclass

from warnstream.adapters.grids.cells import CellCentres
from warnstream.model.arrays import Float64Array

NO_BEGIN = -1


@dataclass(frozen=True, slots=True)
class RunPart:
    """One field of a run: one member, one time.

    Attributes
    ----------
    reference_s : int
        When the run begins, seconds since 1970 UTC.
    member : int
        Number in the file, whatever it begins with.
    begin_s, end_s : int
        What the amount is for, seconds since the beginning of the run; `NO_BEGIN` where the file does not say
        it.
    values : Float64Array, shape (n_rows, n_columns)
        In the file's unit; NaN where the model says nothing.
    """

    reference_s: int
    member: int
    begin_s: int
    end_s: int
    values: Float64Array


@dataclass(frozen=True, slots=True)
class RunFile:
    """All fields of a file that are of the variable; `unit` as the file writes it."""

    centres: CellCentres
    unit: str
    parts: tuple[RunPart, ...]
