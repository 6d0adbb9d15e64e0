"""A sheet: a title, lines, tables; as a page to print and as a table for a spreadsheet. Pure."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from warnstream.commands.paper.page import Printed, page


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading; `note` stands in place of rows where there are none."""

    heading: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = "无"


@dataclass(frozen=True, slots=True)
class Part:
    """What is printed on paper of its own: a title, lines, tables, and lines to sign on."""

    title: str
    lines: tuple[str, ...]
    tables: tuple[Table, ...]
    signed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: the name of its files, its title, and its parts."""

    name: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Footing:
    """What every part says at its foot: when, by whom, from which configuration."""

    printed: Printed
    author: str
    bundle: int

    @property
    def text(self) -> str:
        """One line."""
        of = f"配置 {self.bundle} 号" if self.bundle else "配置未存档"
        printed = self.printed
        return f"{printed.issuer} · {printed.date} · 制表 {self.author} · {of} {printed.fingerprint}"


def as_html(sheet: Sheet, footing: Footing) -> str:
    """A page of its own, without scripts or anything from the network."""
    return page(sheet.title, (_section(part, footing) for part in sheet.parts), footing.printed)


def as_csv(sheet: Sheet) -> str:
    """Every table below the other; the mark at its begin tells a spreadsheet that it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for part in sheet.parts:
        writer.writerow([part.title])
        writer.writerows([line] for line in part.lines)
        for table in part.tables:
            writer.writerows(([], [table.heading], table.columns, *map(_safe, table.rows)))
        writer.writerow([])
    return "\ufeff" + out.getvalue()


def _safe(row: Sequence[str]) -> list[str]:
    """Cells that a spreadsheet would take for a formula are text."""
    return [f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell for cell in row]


def _section(part: Part, footing: Footing) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in part.lines)
    tables = "".join(map(_table, part.tables))
    signed = "".join(f"<p>{escape(word)}：____________</p>" for word in part.signed)
    head = f"<header><h1>{escape(part.title)}</h1><p>{escape(footing.printed.issuer)}</p></header>"
    return f"<section>{head}{lines}{tables}{signed}<footer>{escape(footing.text)}</footer></section>"


def _table(table: Table) -> str:
    if not table.rows:
        return f"<h2>{escape(table.heading)}</h2><p>{escape(table.note)}</p>"
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    heading = f"{escape(table.heading)} ({len(table.rows)})"
    return f"<h2>{heading}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
