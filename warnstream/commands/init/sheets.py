"""Tables as people keep them: CSV, GeoJSON and spreadsheets, row by row with their numbers.

CSV is UTF-8 or, where it is not, GB 18030, as spreadsheets of Chinese offices write it; which one is said.
Limits: `FILE_BYTES_MAX` a file, `UNPACKED_BYTES_MAX` unpacked, `ROWS_MAX` rows a sheet.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from warnstream.model.errors import WarnstreamError

HEADER_ROWS_MAX = 10
"""Offices write a title, a unit and a date above the header: it is looked for in so many rows."""

FILE_BYTES_MAX, UNPACKED_BYTES_MAX, ROWS_MAX = 200_000_000, 1_000_000_000, 2_000_000
SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
GEOJSON = (".geojson", ".json")

Cell = str | float | None
"""Text, a number of a spreadsheet, or nothing."""


class DateText(str):
    """A date of a spreadsheet; a code that looks like one is lost in it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table.

    Attributes
    ----------
    title : str
        File, and sheet where the file has several, as people find it.
    header : tuple of str
        Names of the columns; empty where a column has none.
    rows : list of (int, list of Cell)
        With the number that the row has in its file, from 1; empty rows are left out.
    note : str
        How it was read where that is not plain; empty otherwise.
    """

    title: str
    header: tuple[str, ...]
    rows: list[tuple[int, list[Cell]]]
    note: str = ""

    def place(self, row: int, column: int) -> str:
        """Where a cell is, as a spreadsheet shows it.

        >>> Sheet("a.csv", ("x",), []).place(7, 27)
        'a.csv: row 7, column AB'
        """
        return f"{self.title}: row {row}, column {letters(column)}"

    def headed(self, place: int) -> "Sheet":
        """The same with another of its rows as header; what is above is left out, and the note says so.

        Parameters
        ----------
        place : int
            Which of the rows.
        """
        number, cells = self.rows[place]
        note = f"header in row {number}"
        said = f"{self.note}, {note}" if self.note else note
        return Sheet(self.title, _names(cells), self.rows[place + 1 :], said)


def letters(column: int) -> str:
    """Name of a column, from 0.

    >>> letters(0), letters(25), letters(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def read_sheets(path: Path) -> list[Sheet]:
    """The tables of a file that have a header.

    Raises
    ------
    WarnstreamError
        If it cannot be read, is too large or of no known kind; says what was expected.
    """
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise WarnstreamError(f"{path}: {size:,} bytes; expected at most {FILE_BYTES_MAX:,}")
        if path.suffix.lower() in SPREADSHEETS:
            return list(_spreadsheet(path))
        data = path.read_bytes()
    except OSError as error:
        raise WarnstreamError(f"{path}: cannot be read: {error.strerror or error}") from None
    if path.suffix.lower() in GEOJSON:
        return [_geojson(path, data)]
    if path.suffix.lower() in (".csv", ".txt", ".tsv"):
        return [_csv(path, data)]
    kinds = ", ".join((".csv", ".geojson", *SPREADSHEETS))
    raise WarnstreamError(f"{path}: expected a name that ends with one of {kinds}")


def _spreadsheet(path: Path) -> Iterator[Sheet]:
    import python_calamine

    _check_size(path)
    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            names = book.sheet_names
            tables = {name: _unmerged(book.get_sheet_by_name(name)) for name in names}
    except (python_calamine.CalamineError, OSError) as error:
        raise WarnstreamError(f"{path}: cannot be read as a spreadsheet: {error}") from None
    for name, (table, note) in tables.items():
        title = path.name if len(names) == 1 else f"{path.name} [{name}]"
        sheet = _sheet(title, ([_cell(value) for value in row] for row in table), note)
        if sheet.header:
            yield sheet


def _unmerged(sheet: Any) -> tuple[list[list[Any]], str]:
    """Rows in which a cell that was merged over several stands in each of them, and what is said of it.

    Columns are not filled: a title over the whole width is no name of each column.
    """
    rows = sheet.to_python(skip_empty_area=False)
    count = 0
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        for row in rows[top + 1 : bottom + 1]:
            row[left] = rows[top][left]
            count += 1
    return rows, f"{count} cells filled from merged ones above" if count else ""


def _check_size(path: Path) -> None:
    """A few bytes may unpack to very many."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as packed:
        size = sum(part.file_size for part in packed.infolist())
    if size > UNPACKED_BYTES_MAX:
        raise WarnstreamError(f"{path}: {size:,} bytes unpacked; expected at most {UNPACKED_BYTES_MAX:,}")


def _cell(value: Any) -> Cell:
    """Of what a spreadsheet holds: numbers stay numbers, everything else is its text."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, date | datetime | time | timedelta):
        return DateText(value)
    text = str(value).strip() if value is not None else ""
    return text or None


def _csv(path: Path, data: bytes) -> Sheet:
    note = ""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            raise WarnstreamError(f"{path}: neither UTF-8 nor GB 18030") from None
        note = "read as GB 18030"
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise WarnstreamError(f"{path}: cannot be read as CSV: {error}") from None
    return _sheet(path.name, ([cell.strip() or None for cell in row] for row in rows), note)


def _sheet(title: str, rows: Iterator[list[Cell]] | Any, note: str = "") -> Sheet:
    """The first row that holds anything is the header, until somebody knows better (`Sheet.headed`)."""
    header: tuple[str, ...] = ()
    found: list[tuple[int, list[Cell]]] = []
    for number, row in enumerate(rows, start=1):
        if all(cell is None for cell in row):
            continue
        if not header:
            header = _names(row)
            continue
        found.append((number, row))
        if len(found) > ROWS_MAX:
            raise WarnstreamError(f"{title}: expected at most {ROWS_MAX:,} rows")
    width = max([len(header), *(len(row) for _, row in found)])  # a title above is narrower than its table
    for _, row in found:
        row.extend([None] * (width - len(row)))
    return Sheet(title, header, found, note)


def _names(cells: list[Cell]) -> tuple[str, ...]:
    """Names of columns as a row has them."""
    return tuple("" if cell is None else " ".join(str(cell).split()) for cell in cells)


def _geojson(path: Path, data: bytes) -> Sheet:
    """Features as rows: their properties, the position, and the outline as well-known text."""
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        content = json.loads(data)
        features = [dict(feature) for feature in content["features"]]
        described = [dict(feature.get("properties") or {}) for feature in features]
    except (ValueError, KeyError, TypeError):
        raise WarnstreamError(f"{path}: expected a GeoJSON FeatureCollection") from None
    names = list(dict.fromkeys(name for properties in described for name in properties))
    rows: list[tuple[int, list[Cell]]] = []
    for number, (feature, properties) in enumerate(zip(features, described, strict=True), start=1):
        try:
            outline = shape(feature["geometry"])
            (x, y), *_ = outline.representative_point().coords
            where: list[Cell] = [float(x), float(y)]
            wkt = None if outline.geom_type == "Point" else outline.wkt
        except (ShapelyError, KeyError, TypeError, ValueError, AttributeError):
            where, wkt = [None, None], None
        rows.append((number, [*(_cell(properties.get(name)) for name in names), *where, wkt]))
    return Sheet(path.name, (*names, "longitude", "latitude", "polygon_wkt"), rows, "rows are features")
