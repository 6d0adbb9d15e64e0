"""Cards and lists as HTML: one template, black on white, A4, readable when copied; pure.

No script, no picture, nothing from the network: a page opens from a memory stick.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from warnstream.commands.paper.content import CallRow, FetchRow, VillageCard
from warnstream.commands.paper.words import EN, ZH, Words
from warnstream.model.bulletins import PaperPolicy, Wording
from warnstream.model.transfers.objects import UNKNOWN

CSS = files(__package__).joinpath("card.css").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Printed:
    """What all pages of one printing say: the issuer, when, from which configuration, in which language."""

    issuer: str
    date: str
    fingerprint: str
    paper: PaperPolicy
    language: str

    @property
    def words(self) -> Words:
        """In its language."""
        return ZH if self.language == "zh" else EN

    def of(self, wording: Wording) -> str:
        """Escaped, in its language."""
        return escape(wording.zh if self.language == "zh" else wording.en)


def page(title: str, sections: Iterable[str], printed: Printed, css: str = CSS) -> str:
    """A whole document."""
    lang = "zh-CN" if printed.language == "zh" else "en"
    body = "\n".join(sections)
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{css}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def village_card(card: VillageCard, printed: Printed) -> str:
    """The card on the wall: own values, signals, what to do, whom to call."""
    words = printed.words
    return _section(
        card,
        printed,
        words.card,
        [
            _cup(card, printed),
            _staff(card, printed),
            _signals(card, printed),
            _orders(card, printed),
            _calls(card.calls, words),
        ],
    )


def fetch_list(card: VillageCard, printed: Printed) -> str:
    """Who is fetched, with boxes for whoever knocks."""
    words = printed.words
    wide, narrow = words.fetch_columns[:-3], words.fetch_columns[-3:]
    head = "".join(f"<th>{escape(title)}</th>" for title in wide)
    head += "".join(f'<th class="narrow">{escape(title)}</th>' for title in narrow)
    boxes = '<td class="box">☐</td>' * 3
    rows = "".join(
        f"<tr><td>{escape(row.zone)}</td><td>{escape(row.grade)}</td><td>{escape(row.door)}</td>"
        f"<td>{escape(row.phone)}</td><td>{_people(row, words)}</td><td>{escape(row.helper)}</td>{boxes}</tr>"
        for row in card.fetch
    )
    empty = "" if card.fetch else f"<p>{escape(words.no_doors)}</p>"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{empty}"
    count = f"<p class=note>{escape(words.fetch_note.format(len(card.fetch)))}</p>"
    return _section(card, printed, words.fetch, [count, table])


def _people(row: FetchRow, words: Words) -> str:
    """How many, and how many of them cannot go alone; a line to write on where nobody has counted."""
    if row.persons == UNKNOWN:
        return "____"
    helpless = f" ({escape(words.helpless.format(row.helpless))})" if row.helpless > 0 else ""
    return f"{row.persons}{helpless}"


def code_card(card: VillageCard, printed: Printed) -> str:
    """What is said over a bad satellite telephone: numbers alone."""
    words = printed.words
    levels = "".join(
        f"<tr><td>{number}</td><td>{escape(text)}</td></tr>" for number, text in enumerate(words.levels, 1)
    )
    signs = "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in words.code_parts)
    form = f'<p class="code">{card.number} – {escape(words.code_form)}</p>'
    example = f"<p>{escape(words.code_example.format(number=card.number))}</p>"
    reports = "".join(
        "<tr>" + '<td class="write">&nbsp;</td>' * len(words.log_columns) + "</tr>" for _ in range(10)
    )
    columns = "".join(f"<th>{escape(title)}</th>" for title in words.log_columns)
    lines = f"<table><thead><tr>{columns}</tr></thead><tbody>{reports}</tbody></table>"
    log = f"<h2>{escape(words.log)}</h2>{lines}"
    parts = [
        form,
        f"<table>{signs}</table>",
        example,
        f"<h2>{escape(words.level_numbers)}</h2><table>{levels}</table>",
        f"{log}<p class=note>{escape(words.log_note)}</p>",
    ]
    return _section(card, printed, words.code, parts)


def call_list(title: str, rows: Sequence[tuple[str, CallRow]], printed: Printed) -> str:
    """Posts of many villages: whose they are, and their numbers."""
    words = printed.words
    head = "".join(f"<th>{escape(title)}</th>" for title in words.all_calls_columns)
    body = "".join(
        f"<tr><td>{row.rank}</td><td>{escape(area)}</td><td>{escape(row.role)}</td><td>{escape(row.post)}</td>"
        f"<td>{escape(row.phone) or '________'}</td></tr>"
        for area, row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    name = f"<h1>{escape(title)}<small>{escape(printed.issuer)}</small></h1>"
    header = f"<header>{name}<p>{printed.date}</p></header>"
    return f"<section>{header}{table}{_footer('', printed)}</section>"


def _section(card: VillageCard, printed: Printed, title: str, parts: Iterable[str]) -> str:
    where = escape(f"{card.county} {card.township}")
    drill = card.last_drill[:10] or printed.words.never
    header = (
        f"<header><h1>{escape(card.name)}<small>{where} · {escape(title)}</small></h1>"
        f'<p><span class="number">{escape(card.number)}</span><br>{escape(printed.words.number)}</p></header>'
    )
    footer = _footer(f"{printed.words.last_drill}{drill} · ", printed)
    return f"<section>{header}{''.join(parts)}{footer}</section>"


def _footer(before: str, printed: Printed) -> str:
    words = printed.words
    text = f"{before}{words.printed}{printed.date} · {printed.issuer} · {words.version}{printed.fingerprint}"
    return f"<footer>{escape(text)}</footer>"


def _value(value: float | None, unit: str, kind: str, words: Words, digits: int) -> str:
    if value is None:
        return f'<td class="value none {kind}">{escape(words.by_order)}</td>'
    return f'<td class="value {kind}">{value:.{digits}f} <i>{unit}</i></td>'


def _cup(card: VillageCard, printed: Printed) -> str:
    words = printed.words
    if not card.cup:
        return f"<h2>{escape(words.cup)}</h2><p>{escape(words.no_cup)}</p>"
    rows = "".join(
        f"<tr><td>{printed.of(row.hazard)}</td><td>{printed.of(row.duration)}</td>"
        f"{_value(row.ready_mm, 'mm', '', words, 0)}{_value(row.leave_mm, 'mm', 'go', words, 0)}</tr>"
        for row in card.cup
    )
    head = (
        f"<tr><th>{escape(words.hazard)}</th><th>{escape(words.within)}</th><th>{escape(words.ready)}</th>"
        f'<th class="go">{escape(words.leave)}</th></tr>'
    )
    note = f"<p class=note>{escape(words.cup_note)}</p>"
    return f"<h2>{escape(words.cup)}</h2><table>{head}{rows}</table>{note}"


def _staff(card: VillageCard, printed: Printed) -> str:
    words = printed.words
    if not card.staff:
        return ""
    rows = "".join(
        f"<tr><td>{escape(row.station)}</td>{_value(row.ready_m, 'm', '', words, 2)}"
        f"{_value(row.leave_m, 'm', 'go', words, 2)}</tr>"
        for row in card.staff
    )
    head = (
        f"<tr><th>{escape(words.station)}</th><th>{escape(words.ready)}</th>"
        f'<th class="go">{escape(words.leave)}</th></tr>'
    )
    return f"<h2>{escape(words.staff)}</h2><table>{head}{rows}</table>"


def _signals(card: VillageCard, printed: Printed) -> str:
    words = printed.words
    phone = escape(card.phone) if card.phone else "____________"
    return (
        f"<h2>{escape(words.signals)}</h2><div class=two>"
        f"<div>{escape(words.ready)}<b>{printed.of(printed.paper.ready_signal)}</b></div>"
        f"<div>{escape(words.leave)}<b>{printed.of(printed.paper.leave_signal)}</b></div>"
        f"<div>{escape(words.shelter)}<b>{printed.of(card.shelter)}</b></div>"
        f"<div>{escape(words.phone)}<b>{phone}</b></div></div>"
    )


def _orders(card: VillageCard, printed: Printed) -> str:
    words = printed.words
    rows = "".join(
        f"<li><b>{printed.of(row.hazard)} · {escape(words.of_action(row.action))}</b><br>"
        f"{printed.of(row.text)}</li>"
        for row in card.orders
    )
    return f"<h2>{escape(words.orders)}</h2><ol class=order>{rows}</ol>" if rows else ""


def _calls(rows: Sequence[CallRow], words: Words) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in words.calls_columns)
    body = "".join(
        f"<tr><td>{row.rank}</td><td>{escape(row.role)}</td><td>{escape(row.post)}</td>"
        f"<td>{escape(row.phone) or '____________'}</td></tr>"
        for row in rows
    )
    return f"<h2>{escape(words.calls)}</h2><table><tr>{head}</tr>{body}</table>" if rows else ""
