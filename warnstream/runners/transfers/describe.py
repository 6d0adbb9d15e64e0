"""Transfer lists as records: for `/api/v1/transfers`, `warnstream transfers`, metrics and alarms.

Read from any thread: each collection is copied before it is gone through.
"""

from warnstream.adapters.http.models.transfers import (
    DecisionRecord,
    PlaceRecord,
    TransferFiguresRecord,
    TransferListRecord,
    TransferRowRecord,
    TransfersRecord,
    TransferVillageRecord,
)
from warnstream.assessment import Assessment
from warnstream.desk import WarningDesk
from warnstream.desk.transfers.lists import Decision, TransferList
from warnstream.desk.transfers.rows import Row
from warnstream.model.times import iso_utc
from warnstream.runners.transfers.counters import counters_of
from warnstream.runners.transfers.deadlines import Deadlines
from warnstream.runners.transfers.figures import figures_of, heads_since, sum_of

ROWS_SHOWN = 2_000
"""So many rows of a list are in its record, open ones first."""

TO_SHELTER = "to the shelter"
NOW = "go now, there is still time"
NEAREST = "nearest safe place, upstairs"
OVER = "over, not yet back"
BACK = "come back"
CLOSED = "closed, nobody was told to come back"
"""What people of a list are told."""


def describe_transfers(
    desk: WarningDesk, only: str | None = None, assessment: Assessment | None = None
) -> TransfersRecord:
    """Every list without its rows, or `only` one with them; empty if there is no such list.

    Without an `assessment` nobody knows an hour by which people must be away.
    """
    deadlines = Deadlines(desk, assessment)
    lists = list(desk.transfers.state.lists.values())
    found = [transfer_list for transfer_list in lists if only in (None, transfer_list.name)]
    return TransfersRecord(
        time=iso_utc(desk.now_s) if desk.now_s >= 0 else None,
        counters=counters_of(desk),
        lists=[
            describe_list(desk, transfer_list, with_rows=only is not None, deadlines=deadlines)
            for transfer_list in found
        ],
        lost=[_row(row) for row in desk.transfers.lost()[:ROWS_SHOWN]],
        forecast=deadlines.record(),
    )


def describe_list(
    desk: WarningDesk, one: TransferList, *, with_rows: bool = False, deadlines: Deadlines | None = None
) -> TransferListRecord:
    """One list as it is after the last step."""
    rows_of: dict[str, list[Row]] = {code: [] for code in one.villages}
    for row in list(one.rows.values()):
        rows_of.setdefault(row.village, []).append(row)
    villages = [_village(desk, one, code, rows) for code, rows in rows_of.items()]
    deadline_s, note = None, ""
    if deadlines is not None and one.closed is None:
        deadline_s, note = deadlines.of_villages(
            [desk.transfers.number.get(code, -1) for code in one.villages]
        )
    shown = sorted(one.rows.values(), key=lambda row: not row.is_open) if with_rows else []
    return TransferListRecord(
        transfer=one.name,
        state=one.state,
        status=str(one.status),
        author=one.author,
        reason=one.reason,
        zones=one.zones,
        grades=one.grades,
        opened=iso_utc(one.opened_s),
        by=iso_utc(one.by_s),
        onset=iso_utc(one.onset_s) if one.onset_s >= 0 else None,
        left_s=one.by_s - desk.now_s,
        advice=advice(one, desk.now_s),
        overdue=one.is_overdue(desk.now_s),
        closed=_decision(one.closed),
        figures=sum_of(village.figures for village in villages),
        villages=villages,
        rows=[_row(row) for row in shown[:ROWS_SHOWN]],
        deadline=None if deadline_s is None else iso_utc(deadline_s),
        deadline_note=note,
    )


def advice(one: TransferList, now_s: int) -> str:
    """What people of a list are told now."""
    if one.closed is not None:
        return BACK if one.returned else CLOSED
    if one.is_over:
        return OVER
    if one.is_late:
        return NEAREST
    return TO_SHELTER if now_s < one.by_s else NOW


def figures(desk: WarningDesk, one: TransferList) -> TransferFiguresRecord:
    """Figures of a whole list."""
    return describe_list(desk, one).figures


def _village(desk: WarningDesk, one: TransferList, code: str, rows: list[Row]) -> TransferVillageRecord:
    transfers, network = desk.transfers, desk.transfers.network
    number = transfers.number.get(code)
    reports = desk.chains.of[one.status].reports.state.villages
    heads = {} if number is None else heads_since(reports.get(number), one.opened_s)
    names = {zone.code: zone.name for zone in network.zones}
    assessed = transfers.state.assessed
    name = network.villages.name[number] if number is not None else ""
    places = [
        PlaceRecord(
            place=place,
            name=names.get(place, name),
            safe=known.is_safe if (known := assessed.get(place)) is not None else None,
            assessed=_decision(known),
            returned=_decision(one.returned.get(place)),
        )
        for place in transfers.places_of(code, one.zones)
    ]
    return TransferVillageRecord(
        village=code,
        name=name,
        over=_decision(one.over.get(code)),
        shelter_open=_decision(one.shelter.get(code)),
        places=places,
        figures=figures_of(rows, heads),
    )


def _decision(one: Decision | None) -> DecisionRecord | None:
    return None if one is None else DecisionRecord(iso_utc(one.at_s), one.by, one.second, one.note)


def _row(row: Row) -> TransferRowRecord:
    return TransferRowRecord(
        code=row.code,
        village=row.village,
        zone=row.zone,
        kind=row.kind,
        grade=row.grade,
        persons=row.persons if row.persons >= 0 else None,
        helpless=row.helpless if row.helpless >= 0 else None,
        helper=row.helper,
        shelter=row.shelter,
        state=row.people.word,
        by=row.by,
        at=iso_utc(row.at_s) if row.at_s >= 0 else None,
        note=row.note,
        doubt=row.doubt,
        lost=row.is_lost,
    )
