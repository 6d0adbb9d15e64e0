"""What a file of a grid holds, whatever its format, and why one cannot be used."""

from collections.abc import Callable
from dataclasses import dataclass

from warnstream.adapters.grids.cells import CellCentres
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.errors import WarnstreamError
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.times import iso_utc

VALUES_MAX = 100_000_000
"""Cells times frames of one file: 800 MB as they are read."""

FORMATS_EXTRA = "pip install 'warnstream[grid-formats]'"


class GridFileError(WarnstreamError):
    """A file of a grid cannot be used; `reason` is what the refused store keeps."""

    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class FutureFileError(GridFileError):
    """A file tells of a time that has not come; nothing of it was taken, so it stands in no other's way."""

    def __init__(self, told_s: int, latest_s: float) -> None:
        detail = f"it is of {iso_utc(told_s)}, in the future: expected {iso_utc(int(latest_s))} at the latest"
        super().__init__(RefusalReason.FUTURE, detail)
        self.told_s = told_s


Latest = Callable[[], float]
"""The latest time that a file may tell of, seconds since 1970 UTC."""


def check_not_future(told_s: int, latest: Latest) -> None:
    """FutureFileError if that time has not come."""
    if told_s > (latest_s := latest()):
        raise FutureFileError(told_s, latest_s)


@dataclass(frozen=True, slots=True)
class GridContent:
    """Values of a file as they stand in it.

    Attributes
    ----------
    values : Float64Array, shape (n_frames, n_rows, n_columns)
        Amounts, rates or running totals in `unit`; NaN where nothing was seen.
    unit : str
        As the file writes it; empty where it does not say it.
    centres : CellCentres
    end_s, interval_s : Int64Array, shape (n_frames,)
        Seconds UTC, and length of what each frame is for; whole minutes.
    has_bounds : bool
        The file itself says when each interval began.
    """

    values: Float64Array
    unit: str
    centres: CellCentres
    end_s: Int64Array
    interval_s: Int64Array
    has_bounds: bool


@dataclass(frozen=True, slots=True)
class CellFrame:
    """Amounts of all cells over one interval, mm, shape (n_rows, n_columns); NaN where nothing was seen."""

    end_s: int
    interval_s: int
    rain_mm: Float64Array


@dataclass(frozen=True, slots=True)
class GridFile:
    """What a file holds, frames in the order of time.

    `are_totals`: frames are running totals so far, not yet amounts (`warnstream.adapters.grids.totals`).
    `has_bounds`: the file itself says when each interval (or total) began.
    """

    centres: CellCentres
    frames: tuple[CellFrame, ...]
    has_bounds: bool = False
    are_totals: bool = False
    are_rates: bool = False


def needs(library: str, what: str) -> GridFileError:
    """The error of a file that a library would read that is not installed."""
    return GridFileError(
        RefusalReason.UNSUPPORTED_CONTENT, f"{what}: reading it needs {library}: {FORMATS_EXTRA}"
    )


def check_size(n_values: int) -> None:
    """GridFileError if a file holds more than `VALUES_MAX` values."""
    if n_values > VALUES_MAX:
        raise GridFileError(RefusalReason.TOO_LARGE, f"{n_values} values, at most {VALUES_MAX} are read")
