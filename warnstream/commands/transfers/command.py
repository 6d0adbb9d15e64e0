"""What ``warnstream transfers`` prints, from the node's snapshot and journal, as its last step left them."""

from collections.abc import Iterator
from typing import Any

import msgspec
from rich.console import Console

from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import TimeZone, date_and_clock_local, parse_iso
from warnstream.routing.reports import WORDS_EN
from warnstream.runners.replay.past_engine import past_of_journal
from warnstream.runners.transfers.describe import describe_transfers

Record = dict[str, Any]

MISSING_SHOWN = 20
"""So many who are missing are named in a line; all of them in --json."""


def transfers(configuration: Configuration, name: str | None) -> Record:
    """What `lines` prints, as JSON values.

    Raises
    ------
    WarnstreamError
        If there is no such list, or the node has kept nothing yet.
    """
    with Console(stderr=True).status("reading the node's journal"):
        past = past_of_journal(configuration, configuration.storage.directory, None, lambda _now_s: None)
    record: Record = msgspec.to_builtins(describe_transfers(past.engine.desk, name, past.engine.assessment))
    if name is not None and not record["lists"]:
        raise WarnstreamError(f"no transfer list {name!r} is known")
    return record


def lines(record: Record, time_zone: TimeZone) -> Iterator[str]:
    """The record as text: the five counters, then each list with its villages and rows."""
    if record["time"]:
        yield f"as of {_local(record['time'], time_zone)}"
    for entry in record["counters"]:
        yield _counter(entry)
    yield from _forecast(record["forecast"], time_zone)
    if not record["lists"]:
        yield "no transfer list is open"
    for entry in record["lists"]:
        yield from _list(entry, time_zone)
    for row in record["lost"]:
        yield f"LOST from the register, not confirmed: {row['code']} of {row['village']}, {row['state']}"


def _forecast(one: Record | None, time_zone: TimeZone) -> Iterator[str]:
    """Villages with an hour by a weather model; that there is none where nobody knows it."""
    if one is None:
        return
    what = f"{one['rain_mm']:g} mm in {one['window_s'] // 3600} h"
    if one["run"] is None:
        yield f"deadlines of transfers ({what}): {one['note']}"
        return
    by = f"by {one['forecast']}, run of {_local(one['run'], time_zone)}"
    unknown = f", not known of {one['unknown']}" if one["unknown"] else ""
    yield f"deadlines of transfers ({what}, {by}): {len(one['villages'])} villages{unknown}"
    for village in one["villages"][:MISSING_SHOWN]:
        onset, deadline = _local(village["onset"], time_zone), _local(village["deadline"], time_zone)
        yield f"  {village['village']} {village['name']}: away by {deadline}, may begin at {onset}"


def _deadline(one: Record, time_zone: TimeZone) -> str:
    by = (
        f"by the forecast they are to be away by {_local(one['deadline'], time_zone)}"
        if one["deadline"]
        else ""
    )
    return "; ".join(text for text in (by, one["deadline_note"]) if text)


def _counter(one: Record) -> str:
    missing = one["missing"]
    named = f"; missing: {' '.join(missing[:MISSING_SHOWN])}" if missing else ""
    more = f" and {len(missing) - MISSING_SHOWN} more" if len(missing) > MISSING_SHOWN else ""
    persons = f", {one['persons_done']} of {one['persons_total']} persons" if one["persons_total"] else ""
    return f"{one['counter'].replace('_', ' ')}: {one['done']} of {one['total']}{persons}{named}{more}"


def _list(one: Record, time_zone: TimeZone) -> Iterator[str]:
    by = _local(one["by"], time_zone)
    left = "closed" if one["closed"] else f"OVERDUE by {-one['left_s'] // 60} min" if one["overdue"] else ""
    left = left or (f"{one['left_s'] // 60} min left" if one["left_s"] >= 0 else "its hour has passed")
    whom = f", only {' '.join(one['grades'])}" if one["grades"] else ""
    who = f"{one['author']}: {one['reason']}"
    yield f"transfer {one['transfer']} {one['state']}: by {by}, {left}; {one['advice']}{whom}; {who}"
    if one["deadline"] or one["deadline_note"]:
        yield f"  {_deadline(one, time_zone)}"
    yield f"  {_figures(one['figures'])}"
    for village in one["villages"]:
        over = f", over since {_local(village['over']['at'], time_zone)}" if village["over"] else ""
        shelter = ", may leave the shelter" if village["shelter_open"] else ""
        yield f"  {village['village']} {village['name']}: {_figures(village['figures'])}{over}{shelter}"
        for place in village["places"] if village["over"] else ():
            yield f"    {place['place']} {place['name']}: {_place(place, time_zone)}"
    for said in one["figures"]["contradictions"]:
        yield f"  CONTRADICTION {said}"
    for row in one["rows"]:
        yield f"  {_row(row, time_zone)}"


def _place(place: Record, time_zone: TimeZone) -> str:
    if place["returned"]:
        done = place["returned"]
        return f"returned {_local(done['at'], time_zone)} by {done['by']} and {done['second']}"
    if place["assessed"] is None:
        return "NOT ASSESSED"
    found = "safe" if place["safe"] else "NOT SAFE"
    return f"{found}, assessed {_local(place['assessed']['at'], time_zone)} by {place['assessed']['by']}"


def _figures(figures: Record) -> str:
    states = ", ".join(f"{state} {count}" for state, count in figures["states"].items())
    heads = ", ".join(f"{WORDS_EN[word]} {number}" for word, number in figures["heads"].items())
    number = f"; by number: {heads}" if heads else ""
    persons = f"{figures['out']} of {figures['persons']} persons out"
    if figures["uncounted"]:
        counted = f"{figures['persons']} are counted, {figures['uncounted']} rows are not"
        persons = f"{figures['out']} persons out ({counted})"
    return f"{figures['open']} of {figures['rows']} rows open ({states}), {persons}{number}"


def _row(row: Record, time_zone: TimeZone) -> str:
    persons = "? persons" if row["persons"] is None else f"{row['persons']} persons"
    helpless = f", {row['helpless']} helpless" if row["helpless"] else ""
    helper = f", helper {row['helper']}" if row["helper"] else ""
    shelter = f", to {row['shelter']}" if row["shelter"] else ""
    said = f", {row['by']} {_local(row['at'], time_zone)}" if row["at"] else ""
    note = f": {row['note']}" if row["note"] else ""
    doubt = f", DOUBTFUL: {row['doubt']}" if row["doubt"] else ""
    lost = ", LOST from the register" if row["lost"] else ""
    what = f"{row['kind']} {row['grade']}".strip()
    return (
        f"{row['code']} {row['village']} {what}, {persons}{helpless}{helper}{shelter}: "
        f"{row['state']}{said}{note}{doubt}{lost}"
    )


def _local(time: object, time_zone: TimeZone) -> str:
    return date_and_clock_local(parse_iso(str(time)), time_zone)
