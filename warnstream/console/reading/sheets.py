"""Tables as files for an office, CSV and XLSX: texts stay texts, whatever they begin with."""

import csv
import io
import tempfile
from collections.abc import Sequence

from warnstream.console.reading.models import Cell, Table
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import date_and_clock_local, fixed_zone

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet reads what begins so as a formula, and may send it somewhere."""

LEVEL_WORDS = {"zh": ("无", "蓝", "黄", "橙", "红"), "en": ("none", "blue", "yellow", "orange", "red")}
BYTE_ORDER_MARK = "\ufeff"
SHEET_NAME_MAX = 31


def as_csv(tables: Sequence[Table], language: str) -> bytes:
    """Tables one below the other, each with who made it, when, at which node."""
    text = io.StringIO()
    writer = csv.writer(text)
    for number, table in enumerate(tables):
        if number:
            writer.writerow([])
        for line in head_of(table, language):
            writer.writerow([plain(part) for part in line])
        writer.writerow([column.name for column in table.columns])
        for row in table.rows:
            writer.writerow([plain(_shown(cell, at, table, language)) for at, cell in enumerate(row)])
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def as_xlsx(tables: Sequence[Table], language: str) -> bytes:
    """A sheet for each table. WarnstreamError where XlsxWriter is not installed."""
    try:
        import xlsxwriter
    except ImportError as error:
        raise WarnstreamError(
            "XLSX wants the extra: pip install 'warnstream[office]'; CSV does without"
        ) from error
    content = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="warnstream-sheet-") as folder:
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False}
        book = xlsxwriter.Workbook(
            content, {**options, "strings_to_urls": False, "strings_to_numbers": False}
        )
        bold = book.add_format({"bold": True})
        taken: set[str] = set()
        for table in tables:
            sheet = book.add_worksheet(_sheet_name(table.title, taken))
            lines = head_of(table, language)
            for line, parts in enumerate(lines):
                for column, part in enumerate(parts):
                    sheet.write_string(line, column, part, bold if line == 0 else None)
            for column, heading in enumerate(table.columns):
                sheet.write_string(len(lines), column, heading.name, bold)
            for line, row in enumerate(table.rows, len(lines) + 1):
                for column, cell in enumerate(row):
                    shown = _shown(cell, column, table, language)
                    if isinstance(shown, str):
                        sheet.write_string(line, column, shown)
                    elif shown is not None:
                        sheet.write_number(line, column, shown)
        book.close()
    return content.getvalue()


def head_of(table: Table, language: str) -> list[list[str]]:
    """Lines above a table: what it is, of which node and mode, of when, and who made it."""
    at = date_and_clock_local(table.made_s, fixed_zone(table.utc_offset_s))
    words = ("节点", "模式", "时间", "制表") if language == "zh" else ("node", "mode", "time", "made by")
    mode = (
        {"live": "实况", "drill": "演练"}.get(table.mode, table.mode)
        if language == "zh"
        else table.mode.upper()
    )
    said = [f"{word} {value}" for word, value in zip(words, (table.node, mode, at, table.by), strict=True)]
    return [[table.title, *said], *([note] for note in table.notes)]


def plain(cell: Cell) -> Cell:
    """A text that no spreadsheet reads as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _shown(cell: Cell, at: int, table: Table, language: str) -> Cell:
    kind = table.columns[at].kind
    if kind == "level" and isinstance(cell, int):
        return LEVEL_WORDS[language][cell]
    if kind == "time":
        zone = fixed_zone(table.utc_offset_s)
        return date_and_clock_local(int(cell), zone) if isinstance(cell, int) and cell else ""
    return cell


def _sheet_name(title: str, taken: set[str]) -> str:
    """At most 31 characters without those that Excel keeps for itself; no two alike, whatever their case."""
    named = "".join(" " if mark in "[]:*?/\\" else mark for mark in title).strip("' ") or "-"
    name, number = named[:SHEET_NAME_MAX], 1
    while name.casefold() in taken:
        number += 1
        end = f" {number}"
        name = named[: SHEET_NAME_MAX - len(end)] + end
    taken.add(name.casefold())
    return name
