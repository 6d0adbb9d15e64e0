"""A sheet: a title, lines, tables; as a page to print and as tables for a spreadsheet. Pure."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from itertools import groupby

from warnstream.commands.paper.page import Printed, page
from warnstream.commands.sheets.words.say import Say
from warnstream.console.reading import models as exported
from warnstream.console.reading.sheets import BYTE_ORDER_MARK, plain

CSS = files(__package__).joinpath("sheet.css").read_text("utf-8")

WIDE = 9
"""A table of more columns is printed across the paper."""

SHORT = 6
"""A cell of no more characters is not broken: the name of a village."""

Cell = str | int | float
Rows = Sequence[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading; `note` stands in place of rows where there are none, and tells why."""

    heading: str
    columns: tuple[str, ...]
    rows: Rows
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What is printed on paper of its own: a title, lines, tables, lines to sign on, and how it was made."""

    title: str
    lines: tuple[str, ...]
    tables: tuple[Table, ...]
    signed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    def say(self) -> Say:
        """In the language of the page."""
        return Say(self.printed.language)

    @property
    def text(self) -> str:
        """One line."""
        say, printed = self.say, self.printed
        of = say("bundle", number=self.bundle) if self.bundle else say("no_bundle")
        made = say("made_by", author=self.author)
        return f"{printed.issuer} · {printed.date} · {made} · {of} {printed.fingerprint}"


@dataclass(frozen=True, slots=True)
class Made:
    """What the head of every table of a workbook says: which node, in which mode, when."""

    node: str
    mode: str
    made_s: int
    utc_offset_s: int


def as_html(sheet: Sheet, footing: Footing) -> str:
    """A page of its own, without scripts or anything from the network."""
    sections = (_section(part, footing) for part in sheet.parts)
    return page(sheet.title, sections, footing.printed, CSS + _on_every_page(sheet, footing))


def as_csv(sheet: Sheet, say: Say) -> str:
    """Every table below the other; the mark at its begin tells a spreadsheet that it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for part in sheet.parts:
        writer.writerow([part.title])
        writer.writerows([plain(line)] for line in part.lines)
        for table in part.tables:
            rows = ([plain(_shown(cell)) for cell in row] for row in table.rows)
            writer.writerows(([], [table.heading], table.columns, *rows))
            if not table.rows:
                writer.writerow([plain(table.note or say("nothing"))])
        if part.notes:
            writer.writerows(([], *([plain(note)] for note in part.notes)))
        writer.writerow([])
    return BYTE_ORDER_MARK + out.getvalue()


def as_exported(sheet: Sheet, footing: Footing, made: Made) -> list[exported.Table]:
    """The tables as the console exports its own; what stands above and below them are their notes."""
    return list(_exported(sheet, footing, made))


def _exported(sheet: Sheet, footing: Footing, made: Made) -> Iterator[exported.Table]:
    for part in sheet.parts:
        for table in part.tables:
            nothing = [] if table.rows else [table.note or footing.say("nothing")]
            yield exported.Table(
                name=sheet.name,
                title=f"{part.title} {table.heading}" if len(sheet.parts) > 1 else table.heading,
                node=made.node,
                mode=made.mode,
                by=footing.author,
                made_s=made.made_s,
                utc_offset_s=made.utc_offset_s,
                columns=[exported.Column(column) for column in table.columns],
                rows=[list(row) for row in table.rows],
                notes=[*part.lines, *part.notes, footing.text, *nothing],
            )


def _shown(cell: Cell) -> str:
    """As people read it: a figure with a fraction to one place."""
    return f"{cell:.1f}" if isinstance(cell, float) else str(cell)


def _on_every_page(sheet: Sheet, footing: Footing) -> str:
    """Head and foot of each printed page; the first has its title in the text."""
    head, foot = (f'"{_css_text(text)}"' for text in (sheet.title, footing.text))
    font = 'font: 8pt "Noto Sans CJK SC", "Noto Sans SC", sans-serif'
    return (
        f"@page {{ @top-left {{ content: {head}; {font}; }} @bottom-left {{ content: {foot}; {font}; }} }}\n"
        "@page :first { @top-left { content: none; } }\n"
    )


def _css_text(text: str) -> str:
    """A text within quotes of a style sheet that stands in a page."""
    return "".join(char if char.isalnum() or char in " ·-:/." else f"\\{ord(char):x} " for char in text)


def _section(part: Part, footing: Footing) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in part.lines)
    issuer = escape(footing.printed.issuer)
    head = f"<header><h1>{escape(part.title)}</h1><p>{issuer}</p></header>{lines}"
    signed = "".join(f"<span>{escape(word)}<i></i></span>" for word in part.signed)
    notes = "".join(f"<p>{escape(note)}</p>" for note in part.notes)
    foot = f"<p class=signed>{signed}</p>" if signed else ""
    foot += f"<div class=notes>{notes}</div>" if notes else ""
    runs = [
        (is_wide, "".join(_table(table, footing.say) for table in tables))
        for is_wide, tables in groupby(part.tables, lambda table: len(table.columns) > WIDE)
    ] or [(False, "")]
    runs[0] = runs[0][0], head + runs[0][1]
    runs[-1] = runs[-1][0], runs[-1][1] + foot
    body = "".join(f'<div class="run {"wide" if is_wide else "tall"}">{text}</div>' for is_wide, text in runs)
    return f"<section>{body}<footer>{escape(footing.text)}</footer></section>"


def _table(table: Table, say: Say) -> str:
    if not table.rows:
        return f"<h2>{escape(table.heading)}</h2><p>{escape(table.note or say('nothing'))}</p>"
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    heading = f"{escape(table.heading)} ({len(table.rows)})"
    return f"<h2>{heading}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(cell: Cell) -> str:
    shown = escape(_shown(cell))
    if isinstance(cell, str):
        return f"<td class=s>{shown}</td>" if len(cell) <= SHORT else f"<td>{shown}</td>"
    return f"<td class=n>{shown}</td>"
