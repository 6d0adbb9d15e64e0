"""The command ``warnstream explain``: why a village was warned at a minute, or was not."""

import difflib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console

from warnstream import __version__
from warnstream.adapters.outbox.history import message_of
from warnstream.adapters.outbox.reader import FILE as OUTBOX_FILE
from warnstream.adapters.outbox.reader import DeliveryCounts, KeptMessage, read_bulletins, read_messages
from warnstream.assessment import VillageView
from warnstream.config.settings import Configuration
from warnstream.config.wording import days_words
from warnstream.delivery.ledger.past import Tally
from warnstream.delivery.plan import notifications_of
from warnstream.delivery.render import render_bulletin
from warnstream.model.effects import Effects, RecipientKind
from warnstream.model.errors import WarnstreamError
from warnstream.model.network import Villages
from warnstream.model.observations.readings import ReadingBatch, concatenate
from warnstream.model.times import MINUTE_S, clock_local, iso_utc, parse_iso
from warnstream.model.warning import WarningMessage
from warnstream.runners.build import bulletin_wording, topics_of
from warnstream.runners.explain.one_line import describe_duration
from warnstream.runners.explain.record import Record, message_record, view_record
from warnstream.runners.explain.text import format_explanation
from warnstream.runners.history.doors import doors_of_folder
from warnstream.runners.replay.past_engine import (
    EngineAt,
    Progress,
    judge_with,
    later_readings,
    past_of_archive,
    past_of_journal,
)

NEAR_MAX = 5
"""Villages that are named where the one asked for is unknown."""

_WRITING_S = MINUTE_S
"""So young a message may not be in the outbox of a running node yet."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes
    ----------
    village : str
        Code, or a name that only one village has.
    at : str or None
        Minute, ISO 8601 with a zone; None: the newest that is known.
    hazard : str or None
        Only this one; None: all.
    journal, readings : Path or None
        A node's storage directory, or an archive; the node's own directory if both are None.
    known_now : bool
        Also with the readings that came later.
    """

    village: str
    at: str | None = None
    hazard: str | None = None
    journal: Path | None = None
    readings: Path | None = None
    known_now: bool = False


@dataclass(frozen=True, slots=True)
class _Called:
    """Notifications that a message asked for; what became of them is not known here."""

    kind: RecipientKind
    addressed: int


def explain(configuration: Configuration, question: Question, *, as_json: bool) -> int:
    """Answer on standard output; returns the exit status.

    Raises
    ------
    WarnstreamError
        If the village, the hazard or the minute is not known; the message says what is.
    """
    record = answer(configuration, question, Console(stderr=True))
    if as_json:
        print(json.dumps(record, ensure_ascii=False, allow_nan=False))  # noqa: T201
    else:
        print(format_explanation(record, configuration.message.time_zone), end="")  # noqa: T201
    return 0


def answer(configuration: Configuration, question: Question, console: Console) -> Record:
    """The answer as JSON values; progress goes to `console`."""
    village = find_village(configuration.network.villages, question.village)
    _check_hazard(configuration, question.hazard)
    if question.known_now and question.readings is not None:
        raise WarnstreamError("--known-now: an archive has no times of arrival; all of it is known already")
    asked_s = None if question.at is None else _minute(question.at)
    time_zone = configuration.message.time_zone
    with console.status("reading what was known then") as status:
        past = _past(
            configuration,
            question,
            asked_s,
            lambda now_s: status.update(f"repeating {clock_local(now_s, time_zone)}"),
        )
        view = past.engine.assessment.view(village)
        warnings = past.engine.desk.of_village(village)
        record: Record = msgspec.to_builtins(view_record(configuration, view, warnings))
        record["messages"], differences = _messages(configuration, question, past, village, warnings)
        record["bulletins"] = _bulletins(configuration, question, past, village)
        later = _later(configuration, past, view) if question.known_now else None
    known = "if every reading had come in time" if question.readings else "as it was known then"
    record |= {
        "asked": iso_utc(past.asked_s),
        "known": known,
        "source": _source(configuration, question, past),
        "caveats": [*past.caveats, *differences],
        "later": later,
    }
    return _only(record, question.hazard)


def find_village(villages: Villages, asked: str) -> int:
    """Number of a village by code, or by a name that only one has.

    Raises
    ------
    WarnstreamError
        If there is none, or several; names those that come near.
    """
    by_code = villages.index_of_name()
    if asked in by_code:
        return by_code[asked]
    named = [number for number, name in enumerate(villages.name) if name == asked]
    if len(named) == 1:
        return named[0]
    if named:
        codes = ", ".join(villages.code[number] for number in named[:NEAR_MAX])
        raise WarnstreamError(f"{len(named)} villages have the name {asked!r}; codes: {codes}")
    near = [by_code[code] for code in difflib.get_close_matches(asked, villages.code, NEAR_MAX)]
    near += [n for n, name in enumerate(villages.name) if asked and asked in name and n not in near]
    shown = ", ".join(f"{villages.code[number]} ({villages.name[number]})" for number in near[:NEAR_MAX])
    raise WarnstreamError(f"no village {asked!r} in villages.csv" + (f"; near are {shown}" if shown else ""))


def _check_hazard(configuration: Configuration, hazard: str | None) -> None:
    names = [rule.name for rule in configuration.rules]
    if hazard is not None and hazard not in names:
        raise WarnstreamError(f"no hazard {hazard!r} in thresholds.yaml; it has {', '.join(names)}")


def _minute(text: str) -> int:
    try:
        return parse_iso(text)
    except ValueError as error:
        raise WarnstreamError(f"{error}, for example 2026-06-18T14:30Z") from None


def _past(
    configuration: Configuration, question: Question, asked_s: int | None, on_progress: Progress
) -> EngineAt:
    if question.readings is not None:
        return past_of_archive(configuration, question.readings, asked_s, on_progress)
    return past_of_journal(configuration, _directory(configuration, question), asked_s, on_progress)


def _directory(configuration: Configuration, question: Question) -> Path:
    return question.journal or configuration.storage.directory


def _source(configuration: Configuration, question: Question, past: EngineAt) -> Record:
    return {
        "kind": "readings" if question.readings else "journal",
        "path": str(question.readings or _directory(configuration, question)),
        "begins": iso_utc(past.begins_s),
        "snapshot": None if past.snapshot_s is None else iso_utc(past.snapshot_s),
        "configuration": configuration.fingerprint,
        "code_version": __version__,
    }


def _messages(
    configuration: Configuration,
    question: Question,
    past: EngineAt,
    village: int,
    warnings: Sequence[tuple[object, WarningMessage]],
) -> tuple[list[Record], list[str]]:
    """Messages of the village up to then and whom they went to; where node and repetition disagree.

    From the node's outbox where it is at hand, from the repetition, and the
    last one of every warning from the snapshot.
    """
    repeated = {
        message.identifier: message
        for effects in past.effects
        for message in effects.messages
        if message.village == village
    }
    kept = _kept(configuration, question, past, village)
    known = {message.identifier: message_of(message.record) for message in kept or ()}
    found = {message.identifier: message for _, message in warnings} | repeated | known
    told = _told_by_repetition(configuration, past, village)
    told |= {message.identifier: list(message.told) for message in kept or ()}
    texts = {message.identifier: message.text_en for message in kept or ()}
    records = [
        {
            **message_record(configuration, message, texts.get(message.identifier)),
            "told": [_told_record(notification) for notification in told.get(message.identifier, ())],
        }
        for message in sorted(found.values(), key=lambda one: (one.sent_s, one.identifier))
    ]
    return records, [] if kept is None else _differences(past, repeated, kept)


def _bulletins(
    configuration: Configuration, question: Question, past: EngineAt, village: int
) -> list[Record]:
    """What the village's doors were told up to then: of the outbox where it is at hand, else repeated."""
    folder = _outbox_folder(configuration, question)
    if folder is not None:
        kept = read_bulletins(folder, configuration.network.villages.code[village], past.asked_s)
        doors = doors_of_folder(folder, configuration.network, topics_of(configuration))
        return [
            {
                **json.loads(message.record),
                "told": [*map(_told_record, message.told), *_told_doors(doors.tally(message.identifier))],
            }
            for message in kept
        ]
    wording = bulletin_wording(configuration)
    told = _told_by_repetition(configuration, past, village)
    return [
        {
            **json.loads(render_bulletin(bulletin, wording).record),
            "told": [_told_record(called) for called in told.get(bulletin.identifier, ())],
        }
        for effects in past.effects
        for bulletin in effects.bulletins
        if bulletin.village == village
    ]


def _told_doors(tally: Tally) -> list[Record]:
    """How far a bulletin has come with doors, as the ledger knows now; nothing where it was for none."""
    counts = (tally.addressed, tally.sent, tally.delivered, tally.answered)
    return [_told_record(DeliveryCounts(RecipientKind.HOUSEHOLD, *counts))] if tally.addressed else []


def _outbox_folder(configuration: Configuration, question: Question) -> Path | None:
    """Where the node's outbox is; None where it is not at hand."""
    if question.readings is not None:
        return None
    directory = _directory(configuration, question)
    folders = (directory, directory.parent)
    return next((folder for folder in folders if (folder / OUTBOX_FILE).exists()), None)


def _kept(
    configuration: Configuration, question: Question, past: EngineAt, village: int
) -> list[KeptMessage] | None:
    """What the node's outbox has; None where it is not at hand."""
    folder = _outbox_folder(configuration, question)
    if folder is None:
        return None
    return read_messages(folder, configuration.network.villages.code[village], past.asked_s)


def _differences(
    past: EngineAt, repeated: dict[str, WarningMessage], kept: Sequence[KeptMessage]
) -> list[str]:
    """What the node told and this repetition does not, or the reverse: another configuration, as a rule."""
    since_s = past.begins_s if past.snapshot_s is not None else past.begins_s - 1
    names = {message.identifier for message in kept}
    said = [
        f"the node issued {message.identifier}, which this configuration does not"
        for message in kept
        if since_s < message.sent_s <= past.judged_s and message.identifier not in repeated
    ]
    return said + [
        f"the node did not issue {name}, which this configuration does"
        for name, message in repeated.items()
        if since_s < message.sent_s <= past.judged_s - _WRITING_S and name not in names
    ]


def _told_by_repetition(
    configuration: Configuration, past: EngineAt, village: int
) -> dict[str, list[DeliveryCounts | _Called]]:
    """Posts and doors that each message was for, counted."""
    counts: dict[str, Counter[RecipientKind]] = {}
    for effects in past.effects:
        ours = Effects(
            [],
            [bulletin for bulletin in effects.bulletins if bulletin.village == village],
            [digest for digest in effects.digests if any(line.village == village for line in digest.lines)],
        )
        for notification in notifications_of(ours, configuration.network):
            counts.setdefault(notification.message, Counter())[notification.kind] += 1
        n_doors = len(configuration.network.households.of_village(village))
        for bulletin in ours.bulletins:
            counts.setdefault(bulletin.identifier, Counter())[RecipientKind.HOUSEHOLD] += n_doors
    return {
        name: [_Called(kind, number) for kind, number in of_kind.items()] for name, of_kind in counts.items()
    }


def _told_record(one: DeliveryCounts | _Called) -> Record:
    if isinstance(one, DeliveryCounts):
        return {
            "kind": one.kind.value,
            "addressed": one.addressed,
            "sent": one.sent,
            "delivered": one.delivered,
            "answered": one.answered,
        }
    return {
        "kind": one.kind.value,
        "addressed": one.addressed,
        "sent": None,
        "delivered": None,
        "answered": None,
    }


def _later(configuration: Configuration, past: EngineAt, then: VillageView) -> Record:
    """What is known by now of that minute: the same step with the readings that came after it."""
    later = later_readings(past)
    stations = {station.station for place in then.places for station in place.stations}
    judge_with(past, later)
    village = then.village
    now = past.engine.assessment.view(village)
    record = view_record(configuration, now, past.engine.desk.of_village(village))
    return {
        "readings": sum(len(batch) for _, batch in later),
        "own_readings": sum(int(np.isin(batch.station, list(stations)).sum()) for _, batch in later),
        "stations": _late_stations(configuration, later, stations),
        "differences": _changes(then, now),
        "hazards": msgspec.to_builtins(record.hazards),
        "places": msgspec.to_builtins(record.places),
    }


def _late_stations(
    configuration: Configuration, later: list[tuple[int, ReadingBatch]], stations: set[int]
) -> list[Record]:
    """Late readings of the village's gauges."""
    readings = concatenate([batch for _, batch in later])
    arrived_s = np.concatenate([np.full(len(batch), at_s) for at_s, batch in later] or [np.zeros(0)])
    found = []
    for station in sorted(stations):
        rows = np.flatnonzero(readings.station == station)
        if len(rows):
            observed_s = readings.observed_at_s[rows]
            found.append(
                {
                    "station": configuration.network.stations.code[station],
                    "readings": len(rows),
                    "first_observed": iso_utc(int(observed_s.min())),
                    "last_observed": iso_utc(int(observed_s.max())),
                    "arrived_by": iso_utc(int(arrived_s[rows].max())),
                }
            )
    return found


def _changes(then: VillageView, now: VillageView) -> list[str]:
    """What the later readings change, in sentences."""
    said = []
    for before, after in zip(then.places, now.places, strict=True):
        zone = f"{after.zone}: " if after.zone else ""
        for number, window in enumerate(after.window):
            old, new = before.rain_mm[number], after.rain_mm[number]
            covered = f"{before.coverage[number]:.0%} to {after.coverage[number]:.0%} observed"
            if _differs(old, new):
                name = (
                    f"rain in {describe_duration(window)}" if isinstance(window, int) else days_words(window)
                )
                said.append(f"{zone}{name}: {_mm(old)} then, {_mm(new)} as known now, {covered}")
    for was, is_now in zip(then.hazards, now.hazards, strict=True):
        if was.found != is_now.found:
            said.append(f"{was.hazard}: {was.found.word} was found then, {is_now.found.word} as known now")
    return said or ["nothing of that changes what was known of the village"]


def _differs(old: float, new: float) -> bool:
    if math.isnan(old) or math.isnan(new):
        return math.isnan(old) != math.isnan(new)
    return abs(old - new) >= 0.0005  # half a micrometre: rain is whole micrometres


def _mm(rain_mm: float) -> str:
    return "unknown" if math.isnan(rain_mm) else f"{rain_mm:.1f} mm"


def _only(record: Record, hazard: str | None) -> Record:
    """The same with one hazard alone."""
    if hazard is None:
        return record
    for name in ("hazards", "messages"):
        listed = record[name]
        assert isinstance(listed, list)
        record[name] = [entry for entry in listed if entry["hazard"] == hazard]
    return record
