"""Sheets -> the tables of CONFIG_DIR as text, with where each row came from.

Only what a spreadsheet does to cells is mended here, and only where nothing is lost: ``331102901201.0`` is
the code 331102901201. Whether a row is right is judged by the reader of the folder itself.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from warnstream.commands.init.kinds import CODES, COORDINATES, NUMBERS, UNIT_WORDS, Kind, Meant
from warnstream.commands.init.sheets import Cell, DateText, Sheet, letters
from warnstream.model.errors import Fault

DIGITS_MAX = 15
"""Spreadsheets keep so many digits of a number; of longer ones the last are lost."""

VARIABLES = {
    "雨量": "rain",
    "雨量站": "rain",
    "水位": "stage",
    "水位站": "stage",
    "河道水位站": "stage",
    "水文站": "rain stage",
    "雨量水位站": "rain stage",
    "雨量、水位": "rain stage",
}

TOTALS = frozenset({"合计", "总计", "小计", "共计", "总数", "total", "sum"})
"""What the first cell of a row says that sums up the rows above it."""

HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
"""Digits, letters and signs as wide as an ideograph -> as a code is written."""

_LINE = re.compile(r"on line (\d+)")
_WHOLE = re.compile(r"(\d+)\.0+")

_DEGREES = re.compile(
    r"""(?:东经|北纬|[EN])?\s*(\d{1,3})\s*[°º度]\s*(\d{1,2})\s*['′’分]\s*
    (?:(\d{1,2}(?:\.\d+)?)\s*(?:["″”秒]|''|′′))?\s*[EN]?""",
    re.VERBOSE,
)
_ONE_DEGREE = re.compile(r"(?:东经|北纬|[EN])?\s*(\d{1,3}(?:\.\d+)?)\s*[°º度]?\s*[EN]?")
"""North and east alone: what is south or west of zero is written as the folder has it, with a sign."""

Key = tuple[str, str]
"""Table and column."""


class Mending(StrEnum):
    """What was done to a cell; nothing is lost by it."""

    NUMBER = "numbers of a spreadsheet are codes again, no digit lost"
    WIDTH = "in full-width digits or letters are in plain ones"
    DEGREES = "in degrees, minutes and seconds are in degrees"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row of a table came from."""

    sheet: Sheet
    row: int


@dataclass(slots=True)
class Table:
    """One table of CONFIG_DIR.

    Attributes
    ----------
    kind : Kind
    columns : tuple of str
        That any sheet has, or the command line sets.
    rows : list of list of str
    origin : list of Origin
        Of each row.
    column_of : dict of (int, str) to int
        Where a column stands in the sheet of that identity.
    """

    kind: Kind
    columns: tuple[str, ...]
    rows: list[list[str]] = field(default_factory=list)
    origin: list[Origin] = field(default_factory=list)
    column_of: dict[tuple[int, str], int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The file."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return out.getvalue()

    def place(self, line: int, column: str) -> str:
        """Where a cell of the file stands in the sheet that it came from, for people."""
        origin = self.origin[line - 2]
        number = self.column_of.get((id(origin.sheet), column))
        if number is None:
            return f"{origin.sheet.title}: row {origin.row}, {column}"
        header = origin.sheet.header[number]
        return f"{origin.sheet.title}: row {origin.row}, column {letters(number)} ({header})"

    def words(self, expected: str) -> str:
        """What was expected, with rows of sheets where it speaks of lines of the file."""

        def row_of(found: re.Match[str]) -> str:
            line = int(found.group(1))
            is_here = 2 <= line <= len(self.rows) + 1
            return f"in row {self.origin[line - 2].row}" if is_here else found.group()

        return _LINE.sub(row_of, expected)


@dataclass(frozen=True, slots=True)
class Told:
    """What the command line says beside the files: fixed values and units, by table and column."""

    fixed: Mapping[Key, str]
    unit: Mapping[Key, str]


@dataclass(slots=True)
class Reading:
    """What came of reading all sheets."""

    tables: dict[str, Table] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    marked: set[str] = field(default_factory=set)
    healed: Counter[tuple[Key, Mending]] = field(default_factory=Counter)
    totals: list[str] = field(default_factory=list)

    def fault(self, place: str, expected: str) -> None:
        """Note a fault at a place of a sheet, once."""
        if place not in self.marked:
            self.marked.add(place)
            self.faults.append(Fault(place, 0, "", expected))


def read_tables(meant: Sequence[Meant], told: Told) -> Reading:
    """Tables of all sheets; two sheets of one kind are one table, row after row."""
    reading = Reading()
    kinds = {meaning.kind.name: meaning.kind for meaning in meant}
    for name, kind in kinds.items():
        sheets = [meaning for meaning in meant if meaning.kind.name == name]
        given = {column for sheet in sheets for column in sheet.column}
        given |= {column for table, column in told.fixed if table == name}
        if name == "households":
            given.add("household")  # numbered where no sheet has it
        if name == "stations":
            given.add("elevation_m")  # may be empty, but not missing
        table = Table(kind, tuple(column for column in kind.columns if column in given))
        for meaning in sheets:
            _check_columns(meaning, told, reading)
            _take(meaning, table, told, reading)
        reading.tables[name] = table
    return reading


def _check_columns(one: Meant, told: Told, reading: Reading) -> None:
    """What must be there and is not, and units that nobody has said."""
    kind, sheet = one.kind, one.sheet
    for column in kind.must:
        is_numbered = (kind.name, column) == ("households", "household")
        if column not in one.column and (kind.name, column) not in told.fixed and not is_numbered:
            headers = ", ".join(filter(None, sheet.header))
            reading.fault(
                f"{sheet.title}: {column}",
                f"no column is called so; --map {kind.name}.{column}=HEADER (of: {headers}) "
                f"or --set {kind.name}.{column}=VALUE for all rows",
            )
    for column, units in kind.asked.items():
        if column in one.column and _unit(one, column, told) not in units:
            header = sheet.header[one.column[column]]
            reading.fault(
                f"{sheet.title}: column {letters(one.column[column])} ({header})",
                f"of which unit? --unit {kind.name}.{column}={' or '.join(units)}",
            )


def _unit(one: Meant, column: str, told: Told) -> str:
    """Unit of a column: told, in its header, or in the very name that CONFIG_DIR has for it."""
    said = told.unit.get((one.kind.name, column), one.unit.get(column, ""))
    if said:
        return UNIT_WORDS.get(said.lower(), said)
    is_own = one.sheet.header[one.column[column]].strip().lower() == column
    return column.rpartition("_")[2] if is_own else ""


def _take(one: Meant, table: Table, told: Told, reading: Reading) -> None:
    numbers: Counter[str] = Counter()
    for column, place in one.column.items():
        table.column_of[id(one.sheet), column] = place
    for row, cells in one.sheet.rows:
        if _is_total(cells):
            reading.totals.append(f"{one.sheet.title}: row {row}")
            continue
        values = dict(_values(one, (row, cells), told, reading))
        if table.kind.name == "households" and "household" not in values:
            village = values.get("village", "")
            numbers[village] += 1
            values["household"] = f"{village}-{numbers[village]:03d}"
        table.rows.append([values.get(column, "") for column in table.columns])
        table.origin.append(Origin(one.sheet, row))


def _is_total(cells: Sequence[Cell]) -> bool:
    """Whether a row sums up those above it.

    >>> _is_total([None, "合 计", 700.0]), _is_total(["合计村", 1.0])
    (True, False)
    """
    first = next((cell for cell in cells if cell is not None), "")
    return "".join(str(first).split()).rstrip(":：").lower() in TOTALS


def _values(
    one: Meant, row: tuple[int, list[Cell]], told: Told, reading: Reading
) -> Iterator[tuple[str, str]]:
    """Columns of one row, as the file has them."""
    number, cells = row
    for column in one.kind.columns:
        key = one.kind.name, column
        if column not in one.column:
            if key in told.fixed:
                yield column, told.fixed[key]
            continue
        place = one.column[column]
        where = f"{one.sheet.place(number, place)} ({one.sheet.header[place]})"
        yield column, _text(cells[place], key, _factor(one, column, told), where, reading)


def _factor(one: Meant, column: str, told: Told) -> float:
    return one.kind.asked.get(column, {}).get(_unit(one, column, told), 1.0)


def _text(cell: Cell, key: Key, factor: float, where: str, reading: Reading) -> str:
    """A cell as the file has it: what a spreadsheet made of it is mended, or a fault."""
    column = key[1]
    if cell is None:
        return ""
    if isinstance(cell, str) and not isinstance(cell, DateText) and column in CODES | COORDINATES | NUMBERS:
        cell = _plain(cell, key, reading)
    if column in CODES:
        return _code(cell, key, where, reading)
    if isinstance(cell, float):
        return _number(cell * factor)
    if column in COORDINATES:
        return _degrees(cell, key, reading)
    return _words(cell, column, factor)


def _words(cell: str, column: str, factor: float) -> str:
    """Text of a cell; a number of another unit is one of the folder's."""
    if column == "variables":
        return VARIABLES.get(cell.strip(), cell.strip())
    if factor != 1.0:
        try:
            return _number(float(cell) * factor)
        except ValueError:
            return cell
    return " ".join(cell.split())


def _code(cell: str | float, key: Key, where: str, reading: Reading) -> str:
    """A code or a phone number; numbers and ``…0.0`` are codes again where no digit is lost."""
    if isinstance(cell, DateText):
        reading.fault(where, f"a spreadsheet has made a date of the code ({cell}): format the column as text")
        return str(cell)
    if isinstance(cell, str):
        found = _WHOLE.fullmatch(cell)
        if found is None:
            return cell
        reading.healed[key, Mending.NUMBER] += 1
        return found.group(1)
    if not cell.is_integer() or cell < 0:
        reading.fault(where, f"expected a code, got the number {cell:g}: format the column as text")
        return f"{cell:g}"
    if cell >= 10**DIGITS_MAX:
        reading.fault(
            where,
            f"a number of more than {DIGITS_MAX} digits ({cell:.0f}): a spreadsheet has lost the last ones; "
            "format the column as text and fill it in again",
        )
        return f"{cell:.0f}"
    reading.healed[key, Mending.NUMBER] += 1
    return f"{cell:.0f}"


def _plain(cell: str, key: Key, reading: Reading) -> str:
    """Text that is a code or a number, in plain digits and letters."""
    plain = cell.translate(HALF_WIDTH).strip()
    if plain != cell:
        reading.healed[key, Mending.WIDTH] += 1
    return plain


def _degrees(cell: str, key: Key, reading: Reading) -> str:
    """Degrees with a fraction, of whatever a map shows; what is neither stays for the folder's own reader."""
    one = _ONE_DEGREE.fullmatch(cell)
    if one is not None:
        return one.group(1)
    found = _DEGREES.fullmatch(cell)
    if found is None:
        return cell
    degrees, minutes, seconds = (float(part or 0) for part in found.groups())
    if minutes >= 60 or seconds >= 60:
        return cell
    reading.healed[key, Mending.DEGREES] += 1
    return _number(degrees + minutes / 60 + seconds / 3600)


def _number(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(round(value, 9))
