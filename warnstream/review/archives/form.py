"""What the rows of a readings archive are called, and those that are not used.

Needs no extra: a node of a plain installation has an archive's types, and reads none.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from warnstream.model.errors import ArchiveError
from warnstream.model.observations.refusals import RefusalReason

COLUMNS = ("station", "observed_at", "variable", "value")

REFUSED_ROWS_MAX = 1000
"""Refused rows kept as examples; all are counted."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not used: its number, its cells as text, and why.

    Row 1 is the first row of data; empty lines do not count. A row with too many or
    too few cells stands in `station` as it was written.
    """

    row: int
    station: str
    observed_at: str
    variable: str
    value: str
    reason: RefusalReason


@dataclass(slots=True)
class Refused:
    """Rows of one file that are not used.

    Attributes
    ----------
    counts : Counter of str
        By reason.
    rows : list of RefusedRow
        Examples, the first `REFUSED_ROWS_MAX` of those with one cell per column.
    broken : list of int
        Numbers of all rows of a CSV file without one cell per column.
    broken_texts : list of str
        Of the first of them.
    """

    counts: Counter[str] = field(default_factory=Counter)
    rows: list[RefusedRow] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    broken_texts: list[str] = field(default_factory=list)

    def examples(self) -> tuple[RefusedRow, ...]:
        """In the order of the archive."""
        shapes = [
            RefusedRow(row, text, "", "", "", RefusalReason.WRONG_SHAPE)
            for row, text in zip(self.broken, self.broken_texts, strict=False)
        ]
        return tuple(sorted([*self.rows, *shapes], key=lambda row: row.row)[:REFUSED_ROWS_MAX])

    def by_reason(self) -> dict[str, int]:
        """Counts of all; reasons in one order, whatever came first."""
        counts = {str(reason): self.counts[str(reason)] for reason in REASONS}
        counts[RefusalReason.WRONG_SHAPE] = len(self.broken)
        return {reason: count for reason, count in counts.items() if count}


REASONS = (
    RefusalReason.UNKNOWN_STATION,
    RefusalReason.BAD_TIME,
    RefusalReason.UNKNOWN_VARIABLE,
    RefusalReason.BAD_VALUE,
)
"""A row with several faults counts for the first."""


def kind_of(path: Path) -> str:
    """``parquet``, ``csv`` or ``csv.gz``. ArchiveError for a name that ends otherwise."""
    for kind in ("parquet", "csv.gz", "csv"):
        if path.name.endswith(f".{kind}"):
            return kind
    raise ArchiveError(f"{path}: a readings archive ends in .parquet, .csv or .csv.gz")
