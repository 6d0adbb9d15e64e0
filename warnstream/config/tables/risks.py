"""risks.csv: places that are dangerous, who does what about each until when, and when it was closed.

Read by ``warnstream sheet`` alone: nothing is judged by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from warnstream.config.faults import FaultLog
from warnstream.config.tables.csv_rows import Columns, Row, read_rows

RISKS_FILE = "risks.csv"
RISK_COLUMNS = Columns(
    ("risk", "village", "place", "hazard", "unit", "measure", "due"),
    ("found", "people", "decided_in", "closed", "closed_by", "note"),
)
PEOPLE_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Risk:
    """One row.

    Attributes
    ----------
    code, village, place, hazard, unit, measure : str
        `unit` has to carry out `measure`; `village` is a code.
    due : date
    found : date or None
    people : int
        Who are in danger; 0: nobody said.
    decided_in : str
        The meeting that decided on it.
    closed, closed_by : date or None, str
        When it was done and who has confirmed it; None and empty while it is open.
    note : str
    """

    code: str
    village: str
    place: str
    hazard: str
    unit: str
    measure: str
    due: date
    found: date | None
    people: int
    decided_in: str
    closed: date | None
    closed_by: str
    note: str

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed and it is open."""
        return self.closed is None and self.due < today


def read_risks(content: bytes, villages: Mapping[str, int], faults: FaultLog) -> tuple[Risk, ...]:
    """Rows in the order of the file; those with a fault are left out.

    Parameters
    ----------
    content : bytes
    villages : mapping of str to int
        By code.
    faults : FaultLog
    """
    lines: dict[str, int] = {}
    found = (
        _risk_of(row, villages, lines, faults) for row in read_rows(RISKS_FILE, content, RISK_COLUMNS, faults)
    )
    return tuple(risk for risk in found if risk is not None)


def _risk_of(row: Row, villages: Mapping[str, int], lines: dict[str, int], faults: FaultLog) -> Risk | None:
    n_before = len(faults)
    code, village = row.code("risk"), row.text("village")
    if code in lines:
        row.fault("risk", f"duplicate risk {code!r}, first on line {lines[code]}")
    lines.setdefault(code, row.line)
    if village and village not in villages:
        faults.add_unknown(row.file, row.line, "village", village, villages)
    place, hazard, unit, measure = (row.text(column) for column in ("place", "hazard", "unit", "measure"))
    due, found, closed = (_day(row, column) for column in ("due", "found", "closed"))
    if not row.cell("due"):
        row.fault("due", "expected a day such as 2026-07-31, got an empty cell")
    by = row.cell("closed_by")
    if bool(row.cell("closed")) != bool(by):
        column = "closed_by" if row.cell("closed") else "closed"
        row.fault(
            column, "expected both `closed` and `closed_by`, or neither: who has confirmed it, and when"
        )
    if found and closed and closed < found:
        row.fault("closed", f"expected a day from {found} on, when it was found, got {closed}")
    people = row.whole("people", 0, PEOPLE_MAX) if row.cell("people") else 0
    if len(faults) > n_before or due is None:
        return None
    rest = row.cell("decided_in"), closed, by, row.cell("note")
    return Risk(code, village, place, hazard, unit, measure, due, found, people or 0, *rest)


def _day(row: Row, column: str) -> date | None:
    text = row.cell(column)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        row.fault(column, f"expected a day such as 2026-07-31, got {text!r}")
        return None
