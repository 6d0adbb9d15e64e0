"""Transfer lists for the console: cut to an area, by code and number, with what the five counters miss."""

from collections.abc import Callable

from warnstream.adapters.http.models.transfers import (
    TransferListRecord,
    TransferRowRecord,
    TransfersRecord,
    TransferVillageRecord,
)
from warnstream.config.settings import Configuration
from warnstream.console.reading.models import Counter, Deadline, ListRow, ListVillage, TransferList, Transfers
from warnstream.delivery.texts import clean
from warnstream.model.times import parse_iso

MISSING_SHOWN = 200


def transfers_of(
    record: TransfersRecord,
    is_inside: Callable[[str], bool],
    configuration: Configuration,
    *,
    with_counters: bool,
) -> Transfers:
    """Lists with a village of the area; closed ones last."""
    lists = [found for known in record.lists if (found := _list(known, is_inside)) is not None]
    lists.sort(key=lambda one: (one.is_closed, one.by_s))
    codes = configuration.network.villages.code
    zones = [
        (zone.code, clean(zone.name), codes[zone.village])
        for zone in configuration.network.zones
        if is_inside(codes[zone.village])
    ]
    counters = [
        Counter(
            counter.counter,
            counter.done,
            counter.total,
            counter.persons_done,
            counter.persons_total,
            [clean(name) for name in counter.missing[:MISSING_SHOWN]],
        )
        for counter in (record.counters if with_counters else ())
    ]
    forecast = record.forecast
    deadlines = [
        Deadline(hour.village, parse_iso(hour.deadline), parse_iso(hour.onset), hour.probability)
        for hour in (forecast.villages if forecast is not None else ())
        if is_inside(hour.village)
    ]
    note = "" if forecast is None else clean(forecast.note)
    return Transfers(lists, counters, deadlines, note, zones)


def _list(one: TransferListRecord, is_inside: Callable[[str], bool]) -> TransferList | None:
    villages = tuple(_village(village) for village in one.villages if is_inside(village.village))
    if not villages:
        return None
    return TransferList(
        list=one.transfer,
        state=one.state,
        author=one.author,
        reason=clean(one.reason),
        by_s=parse_iso(one.by),
        left_s=one.left_s,
        villages=villages,
        grades=tuple(one.grades),
        zones=tuple(one.zones),
        advice=one.advice,
        is_overdue=one.overdue,
        is_closed=one.closed is not None,
        rows=tuple(_row(row) for row in one.rows if is_inside(row.village)),
        deadline_s=parse_iso(one.deadline) if one.deadline else None,
        deadline_note=one.deadline_note,
    )


def _village(one: TransferVillageRecord) -> ListVillage:
    figures = one.figures
    known = [place.safe for place in one.places if place.safe is not None]
    return ListVillage(
        code=one.village,
        name=clean(one.name),
        rows=figures.rows,
        open=figures.open,
        persons=figures.persons,
        out=figures.out,
        heads=figures.heads,
        contradictions=[clean(text) for text in figures.contradictions],
        is_over=one.over is not None,
        is_assessed=all(known) and len(known) == len(one.places) if known else None,
    )


def _row(row: TransferRowRecord) -> ListRow:
    return ListRow(
        code=row.code,
        village=row.village,
        kind=row.kind,
        state=row.state,
        zone=row.zone,
        grade=row.grade,
        persons=row.persons or 0,
        helper=clean(row.helper),
        shelter=clean(row.shelter),
        by=row.by,
        at_s=parse_iso(row.at) if row.at else 0,
        note=clean(row.note),
        doubt=clean(row.doubt),
    )
