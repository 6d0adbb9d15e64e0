"""Areas of other services' alerts: what their codes mean among our townships and villages."""

from collections.abc import Mapping

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.model.network import Villages

AREA_COLUMNS = Columns(("name", "code", "area"))

AreaCodes = Mapping[tuple[str, str], frozenset[str]]
"""Villages by the name of a code and the code."""


def read_alert_areas(file: str, folder: Folder, villages: Villages | None, faults: FaultLog) -> AreaCodes:
    """Villages that each code means; a code may have several rows.

    Parameters
    ----------
    file : str
    folder : Folder
    villages : Villages or None
        None where they could not be read: then areas are not checked.
    faults : FaultLog
        Receives unknown villages, townships and counties, and rows that say the same twice.
    """
    data = folder.read(file)
    members = _members(villages)
    found: dict[tuple[str, str], frozenset[str]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for row in read_rows(file, data, AREA_COLUMNS, faults) if data is not None else ():
        key = row.text("name"), row.text("code")
        area = row.text("area")
        if not _is_new((*key, area), row, seen) or not all((*key, area)):
            continue
        if villages is not None and area not in members:
            faults.add_unknown(file, row.line, "area", area, members)
        found[key] = found.get(key, frozenset()) | members.get(area, frozenset())
    return found


def _is_new(said: tuple[str, str, str], row: Row, seen: dict[tuple[str, str, str], int]) -> bool:
    if said in seen:
        row.fault("", f"duplicate row, first on line {seen[said]}")
        return False
    seen[said] = row.line
    return True


def _members(villages: Villages | None) -> dict[str, frozenset[str]]:
    """Codes of the villages of every village, township and county."""
    if villages is None:
        return {}
    found: dict[str, set[str]] = {}
    for code, township, county in zip(villages.code, villages.township, villages.county, strict=True):
        for area in (code, township, county):
            found.setdefault(area, set()).add(code)
    return {area: frozenset(codes) for area, codes in found.items()}
