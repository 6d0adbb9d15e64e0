"""The table of probabilities that ``warnstream fit-forecast`` writes: one row per lead and feature.

``lead_min,feature,a,c,calibrated_on,south,west,north,east``; the last five are the same in every row. Rows
called ``bent_-6`` and so on have in `a` what the bracket becomes there, and no `c`.
"""

import hashlib

import numpy as np

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.forecast.chances.features import FEATURES
from warnstream.forecast.chances.table import KNOTS, LEAD_MINUTES, LEADS, ChanceTable
from warnstream.model.arrays import Float64Array

BOX = ("south", "west", "north", "east")
COLUMNS = Columns(("lead_min", "feature", "a", "c", "calibrated_on", *BOX))
COEFFICIENT_MAX = 1e3
NAMES = (*FEATURES, *(f"bent_{knot:g}" for knot in KNOTS))


def read_chances(file: str, folder: Folder, faults: FaultLog) -> ChanceTable | None:
    """The table of a file, checked cell by cell; None where it is wrong."""
    data = folder.read(file)
    if data is None:
        return None
    numbers: Float64Array = np.full((2, LEADS, len(NAMES)), np.nan)
    said: dict[str, str] = {}
    n_rows = 0
    for row in read_rows(file, data, COLUMNS, faults):
        n_rows += 1
        _take(row, numbers)
        for column in ("calibrated_on", *BOX):
            if said.setdefault(column, row.cell(column)) != row.cell(column):
                row.fault(column, f"expected {said[column]!r} as in the first row")
    box = _box(file, said, faults) if n_rows else None
    missing = np.argwhere(np.isnan(numbers).any(axis=0))
    if len(missing):
        lead, feature = missing[0]
        what = f"{LEAD_MINUTES[lead]},{NAMES[feature]}"
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        faults.add(
            file, 0, "lead_min", f"missing a right row {what}{more}: write it with `warnstream fit-forecast`"
        )
    if box is None or len(missing):
        return None
    n = len(FEATURES)
    if not (np.diff(numbers[0, :, n:], axis=1) > 0).all():
        faults.add(file, 0, "a", "expected values at bent_ rows that rise")
        return None
    digest = hashlib.sha256(data).hexdigest()[:16]
    return ChanceTable(
        numbers[0, :, :n], numbers[1, :, :n], numbers[0, :, n:], said["calibrated_on"], box, digest
    )


def table_text(table: ChanceTable) -> str:
    """The file of a table."""
    lines = [",".join((*COLUMNS.required,))]
    south, west, north, east = (f"{edge:.3f}" for edge in table.box)
    about = table.calibrated_on.replace('"', "'")
    for lead, minutes in enumerate(LEAD_MINUTES):
        for number, feature in enumerate(NAMES):
            is_knot = number >= len(FEATURES)
            a = table.bent[lead, number - len(FEATURES)] if is_knot else table.a[lead, number]
            c = 0.0 if is_knot else table.c[lead, number]
            lines.append(f'{minutes},{feature},{a:.5f},{c:.5f},"{about}",{south},{west},{north},{east}')
    return "\n".join(lines) + "\n"


def _take(row: Row, numbers: Float64Array) -> None:
    lead, feature = row.cell("lead_min"), row.cell("feature")
    leads = [str(minutes) for minutes in LEAD_MINUTES]
    if lead not in leads:
        row.fault("lead_min", f"expected one of {', '.join(leads)}, got {lead!r}")
    if feature not in NAMES:
        row.fault("feature", f"expected one of {', '.join(NAMES)}, got {feature!r}")
    cells = [row.decimal(name, -COEFFICIENT_MAX, COEFFICIENT_MAX) for name in ("a", "c")]
    if lead not in leads or feature not in NAMES or None in cells:
        return
    at = leads.index(lead), NAMES.index(feature)
    if not np.isnan(numbers[0][at]):
        row.fault("feature", f"duplicate row {lead},{feature}")
    numbers[0][at], numbers[1][at] = cells


def _box(file: str, said: dict[str, str], faults: FaultLog) -> tuple[float, float, float, float] | None:
    try:
        south, west, north, east = (float(said[edge]) for edge in BOX)
    except ValueError:
        faults.add(file, 2, "south", "expected south, west, north and east in degrees")
        return None
    if not (-90 <= south <= north <= 90 and -180 <= west <= east <= 180):
        faults.add(
            file, 2, "south", f"expected a box in degrees, got {south:g},{west:g} to {north:g},{east:g}"
        )
        return None
    return south, west, north, east
