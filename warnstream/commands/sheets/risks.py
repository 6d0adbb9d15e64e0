"""Sheets over risks.csv: 管控一张表, and per unit 告知函 (what it has to do) and 督办单 (what is overdue)."""

from collections.abc import Iterable, Sequence
from datetime import date

from warnstream.commands.sheets.sheet import Cell, Part, Sheet, Table
from warnstream.commands.sheets.words.say import Say
from warnstream.config.tables.risks import Risk
from warnstream.model.network import Villages

COLUMNS = ("risk", "township", "village", "place", "hazard", "people", "unit", "measure", "due")
_OF_UNIT = ("risk", "township", "village", "place", "hazard", "people", "measure", "due", "decided")


def control_sheet(risks: Sequence[Risk], villages: Villages, today: date, say: Say) -> Sheet:
    """管控一张表: overdue first, then by day; what is closed last, with day and name (动态销号)."""
    overdue = by_day(risk for risk in risks if risk.is_overdue(today))
    opened = by_day(risk for risk in risks if risk.closed is None and not risk.is_overdue(today))
    closed = sorted((risk for risk in risks if risk.closed), key=lambda one: (one.closed or today, one.code))
    share = say("share_closed", share=f"{len(closed) / len(risks):.0%}") if risks else ""
    counts = {"overdue": len(overdue), "opened": len(opened), "closed": len(closed)}
    lines = (say("control_line", today=today, n=len(risks), share=share, **counts),)
    columns = say.columns(*COLUMNS)
    tables = (
        _overdue(overdue, villages, today, say),
        Table(say("in_time"), columns, [cells_of(risk, villages, say) for risk in opened]),
        Table(
            say("closed"),
            (*columns, *say.columns("closed_on", "closed_by")),
            [(*cells_of(risk, villages, say), str(risk.closed), risk.closed_by) for risk in reversed(closed)],
        ),
    )
    return Sheet("control", say("control"), (Part(say("control"), lines, tables),))


def _overdue(overdue: Sequence[Risk], villages: Villages, today: date, say: Say) -> Table:
    """Those whose day has passed, with the days since then."""
    return Table(
        say("overdue"),
        say.columns(*COLUMNS, "days_over"),
        [(*cells_of(risk, villages, say), (today - risk.due).days) for risk in overdue],
    )


def notice_sheet(risks: Sequence[Risk], villages: Villages, today: date, say: Say) -> Sheet:
    """告知函: of each unit what it has to do and until when."""
    opened = [risk for risk in risks if risk.closed is None]
    parts = [
        Part(
            say("notice"),
            (say("to_unit", unit=unit), say("notice_line", today=today)),
            (
                Table(
                    say("risk_list"),
                    say.columns(*_OF_UNIT),
                    [_of_unit(risk, villages, say) for risk in by_day(own)],
                ),
            ),
            say.columns("signed_issued", "signed_received", "date"),
        )
        for unit, own in _by_unit(opened)
    ]
    return Sheet("notices", say("notice"), tuple(parts) or (_nothing(say("notice"), today, say),))


def supervision_sheet(risks: Sequence[Risk], villages: Villages, today: date, say: Say) -> Sheet:
    """督办单: of each unit what is overdue, and by how many days."""
    overdue = [risk for risk in risks if risk.is_overdue(today)]
    parts = [
        Part(
            say("supervision"),
            (say("to_unit", unit=unit), say("supervision_line", today=today)),
            (
                Table(
                    say("overdue_list"),
                    say.columns(*_OF_UNIT, "days_over"),
                    [(*_of_unit(risk, villages, say), (today - risk.due).days) for risk in by_day(own)],
                ),
            ),
            say.columns("signed_supervised", "signed_responsible", "signed_until", "date"),
        )
        for unit, own in _by_unit(overdue)
    ]
    title = say("supervision")
    return Sheet("supervision", title, tuple(parts) or (_nothing(title, today, say),))


def _nothing(title: str, today: date, say: Say) -> Part:
    return Part(title, (say("nothing_to_send", today=today),), ())


def by_day(risks: Iterable[Risk]) -> list[Risk]:
    """By the day that they are due."""
    return sorted(risks, key=lambda risk: (risk.due, risk.code))


def _by_unit(risks: Sequence[Risk]) -> list[tuple[str, list[Risk]]]:
    units = sorted({risk.unit for risk in risks})
    return [(unit, [risk for risk in risks if risk.unit == unit]) for unit in units]


def _where(risk: Risk, villages: Villages) -> tuple[str, str]:
    number = villages.code.index(risk.village)
    return villages.township[number], villages.name[number]


def _people(risk: Risk, say: Say) -> Cell:
    return risk.people or say("not_filled_in")


def cells_of(risk: Risk, villages: Villages, say: Say) -> tuple[Cell, ...]:
    """A row under `COLUMNS`."""
    what = risk.place, risk.hazard, _people(risk, say), risk.unit, risk.measure, str(risk.due)
    return (risk.code, *_where(risk, villages), *what)


def _of_unit(risk: Risk, villages: Villages, say: Say) -> tuple[Cell, ...]:
    where, decided = _where(risk, villages), risk.decided_in or say("not_filled_in")
    people = _people(risk, say)
    return (risk.code, *where, risk.place, risk.hazard, people, risk.measure, str(risk.due), decided)
