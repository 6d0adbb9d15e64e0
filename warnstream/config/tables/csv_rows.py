"""Rows of a CSV file with their line numbers; header and cells are checked as they are read.

Files are UTF-8 with or without byte order mark, separated by commas, quoted
with ``"``. Columns may stand in any order; unknown and missing ones are
faults. Blanks around a cell do not count. Reading 900,000 rows of four columns
takes about a second.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from warnstream.config.faults import FaultLog, unknown
from warnstream.config.folder import is_utf8
from warnstream.config.rounding import is_rounded
from warnstream.config.yaml.quantities import code_expected, is_code, parse_decimal, parse_whole

CELL_CHARACTERS_MAX = 10_000_000
"""An outline as well-known text is the longest cell; a county's coast has about 1 MB."""


CODE_COLUMNS = frozenset({"village", "station", "area"})
"""Columns of codes that another file declares."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of a file: those that must be there, and those that may."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Required, then optional."""
        return self.required + self.optional


class Row:
    """One row; every method notes a fault at its line and column where the cell is wrong."""

    __slots__ = ("_cell", "_faults", "file", "line")

    def __init__(self, file: str, line: int, cell: dict[str, str], faults: FaultLog) -> None:
        self.file = file
        self.line = line
        self._cell = cell
        self._faults = faults

    def fault(self, column: str, expected: str) -> None:
        """Note that a cell is wrong."""
        self._faults.add(self.file, self.line, column, expected)

    def cell(self, column: str) -> str:
        """Text of a cell as it stands, possibly empty."""
        return self._cell[column]

    def cells(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Texts of several cells as they stand."""
        cell = self._cell
        return tuple([cell[column] for column in columns])

    def text(self, column: str) -> str:
        """Text of a cell that must not be empty."""
        text = self._cell[column]
        if not text:
            self.fault(column, "expected text, got an empty cell")
        elif column in CODE_COLUMNS and is_rounded(text):
            self._faults.add_rounded(self.file, self.line, column, text)
        return text

    def code(self, column: str) -> str:
        """A code; it is returned even where it is wrong, so that it counts as declared."""
        text = self._cell[column]
        if is_rounded(text):
            self._faults.add_rounded(self.file, self.line, column, text)
        elif not is_code(text):
            self.fault(column, code_expected(text))
        return text

    def decimal(self, column: str, least: float, most: float, hint: str = "") -> float | None:
        """A number within bounds; None and a fault otherwise."""
        try:
            value = parse_decimal(self._cell[column])
        except ValueError as error:
            self.fault(column, str(error))
            return None
        if not least <= value <= most:
            self.fault(column, f"expected a number from {least:g} to {most:g}, got {value:g}{hint}")
            return None
        return value

    def whole(self, column: str, least: int, most: int) -> int | None:
        """A whole number within bounds; None and a fault otherwise."""
        try:
            value = parse_whole(self._cell[column])
        except ValueError as error:
            self.fault(column, str(error))
            return None
        if not least <= value <= most:
            self.fault(column, f"expected a whole number from {least} to {most}, got {value}")
            return None
        return value

    def latitude(self) -> float | None:
        """WGS 84 degrees north."""
        return self.decimal("latitude", -90, 90, " (are latitude and longitude swapped?)")

    def longitude(self) -> float | None:
        """WGS 84 degrees east."""
        return self.decimal("longitude", -180, 180)


def read_rows(file: str, data: bytes, columns: Columns, faults: FaultLog) -> Iterator[Row]:
    """Rows of a CSV file as `Row`; for tables of some ten thousand rows."""
    names = columns.all
    for line, cells in read_cells(file, data, columns, faults):
        yield Row(file, line, dict(zip(names, cells, strict=True)), faults)


def read_cells(
    file: str, data: bytes, columns: Columns, faults: FaultLog
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows of a CSV file as line number and cells in the order of `columns.all`.

    Parameters
    ----------
    file : str
        Name for faults.
    data : bytes
        The whole file.
    columns : Columns
        Cells of optional columns that the file lacks are empty.
    faults : FaultLog
        Receives wrong encoding, header, number of cells and quoting.

    Yields
    ------
    tuple of int and tuple of str
        The line on which the row ends, and its stripped cells.
    """
    if not is_utf8(file, data, faults):
        return
    read_to = 0
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _check_header(file, header, columns, faults):
            return
        n_cells = len(header)
        # A column that is absent is read from an empty cell put behind the row.
        pick = itemgetter(*(header.index(name) if name in header else n_cells for name in columns.all))
        read_to = reader.line_num
        for cells in reader:
            if not any(map(str.strip, cells)):
                pass  # an empty line, or a blank row as spreadsheets leave them
            elif len(cells) == n_cells:
                yield reader.line_num, pick([*map(str.strip, cells), ""])
            else:
                faults.add(
                    file, reader.line_num, "", f"expected {n_cells} cells as in the header, got {len(cells)}"
                )
            read_to = reader.line_num
    except csv.Error:
        faults.add_incomplete(file, read_to + 1, _quote_fault(reader.line_num))


def _quote_fault(line: int) -> str:
    """What is wrong with a row that could not be read up to a line; its first line is named beside it."""
    return (
        f'a quote (") opens in this row and does not close before a comma, up to line {line}: close it, or '
        "write it twice inside a cell; the rest of the file was not read"
    )


def _check_header(file: str, header: list[str], columns: Columns, faults: FaultLog) -> bool:
    n_before = len(faults)
    if not any(header):
        faults.add(file, 1, "", f"expected a header line: {','.join(columns.required)}")
    elif len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        faults.add(file, 1, "", "expected commas between the columns")
    else:
        for name in columns.required:
            if name not in header:
                faults.add(file, 1, name, f"missing column. Expected: {','.join(columns.required)}")
        for index, name in enumerate(header):
            if name not in columns.all:
                faults.add(file, 1, name, unknown("column", name, columns.all))
            elif name in header[:index]:
                faults.add(file, 1, name, "duplicate column")
    return len(faults) == n_before
