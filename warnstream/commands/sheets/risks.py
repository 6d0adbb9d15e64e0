"""Sheets over risks.csv: 管控一张表, and per unit 告知函 (what it has to do) and 督办单 (what is overdue)."""

from collections.abc import Iterable, Sequence
from datetime import date

from warnstream.commands.sheets.sheet import Part, Sheet, Table
from warnstream.config.tables.risks import Risk
from warnstream.model.network import Villages

_COLUMNS = ("编号", "乡镇", "村", "地点", "灾种", "受威胁人数", "责任单位", "措施", "期限")
_OF_UNIT = ("编号", "乡镇", "村", "地点", "灾种", "受威胁人数", "措施", "期限", "议定")


def control_sheet(risks: Sequence[Risk], villages: Villages, today: date) -> Sheet:
    """管控一张表: overdue first, then by day; what is closed last, with day and name (动态销号)."""
    overdue = _by_day(risk for risk in risks if risk.is_overdue(today))
    opened = _by_day(risk for risk in risks if risk.closed is None and not risk.is_overdue(today))
    closed = sorted((risk for risk in risks if risk.closed), key=lambda one: (one.closed or today, one.code))
    share = f"，销号率 {len(closed) / len(risks):.0%}" if risks else ""
    lines = (
        f"{today}：共 {len(risks)} 处，超期 {len(overdue)}，在期 {len(opened)}，已销号 {len(closed)}{share}",
    )
    tables = (
        Table(
            "超期未销号",
            (*_COLUMNS, "超期天数"),
            [(*_cells(risk, villages), str((today - risk.due).days)) for risk in overdue],
        ),
        Table("在期", _COLUMNS, [_cells(risk, villages) for risk in opened]),
        Table(
            "已销号",
            (*_COLUMNS, "销号日期", "销号人"),
            [(*_cells(risk, villages), str(risk.closed), risk.closed_by) for risk in reversed(closed)],
        ),
    )
    return Sheet("control", "管控一张表", (Part("管控一张表", lines, tables),))


def notice_sheet(risks: Sequence[Risk], villages: Villages, today: date) -> Sheet:
    """告知函: of each unit what it has to do and until when."""
    opened = [risk for risk in risks if risk.closed is None]
    parts = [
        Part(
            "风险隐患告知函",
            (f"{unit}：", f"截至 {today}，下列隐患由你单位负责管控，请按期完成并报销号。"),
            (Table("隐患清单", _OF_UNIT, [_of_unit(risk, villages) for risk in _by_day(own)]),),
            ("签发", "签收", "日期"),
        )
        for unit, own in _by_unit(opened)
    ]
    return Sheet("notices", "风险隐患告知函", tuple(parts) or (_nothing("风险隐患告知函", today),))


def supervision_sheet(risks: Sequence[Risk], villages: Villages, today: date) -> Sheet:
    """督办单: of each unit what is overdue, and by how many days."""
    overdue = [risk for risk in risks if risk.is_overdue(today)]
    parts = [
        Part(
            "督办单",
            (f"{unit}：", f"截至 {today}，下列隐患已超期未销号，请立即整改并书面说明原因。"),
            (
                Table(
                    "超期隐患",
                    (*_OF_UNIT, "超期天数"),
                    [(*_of_unit(risk, villages), str((today - risk.due).days)) for risk in _by_day(own)],
                ),
            ),
            ("督办人", "责任人", "整改期限", "日期"),
        )
        for unit, own in _by_unit(overdue)
    ]
    return Sheet("supervision", "督办单", tuple(parts) or (_nothing("督办单", today),))


def _nothing(title: str, today: date) -> Part:
    return Part(title, (f"截至 {today}，没有需要发出的。",), ())


def _by_day(risks: Iterable[Risk]) -> list[Risk]:
    return sorted(risks, key=lambda risk: (risk.due, risk.code))


def _by_unit(risks: Sequence[Risk]) -> list[tuple[str, list[Risk]]]:
    units = sorted({risk.unit for risk in risks})
    return [(unit, [risk for risk in risks if risk.unit == unit]) for unit in units]


def _where(risk: Risk, villages: Villages) -> tuple[str, str]:
    number = villages.code.index(risk.village)
    return villages.township[number], villages.name[number]


def _people(risk: Risk) -> str:
    return str(risk.people) if risk.people else "未填"


def _cells(risk: Risk, villages: Villages) -> tuple[str, ...]:
    where = _where(risk, villages)
    return (risk.code, *where, risk.place, risk.hazard, _people(risk), risk.unit, risk.measure, str(risk.due))


def _of_unit(risk: Risk, villages: Villages) -> tuple[str, ...]:
    where, decided = _where(risk, villages), risk.decided_in or "未填"
    return (risk.code, *where, risk.place, risk.hazard, _people(risk), risk.measure, str(risk.due), decided)
