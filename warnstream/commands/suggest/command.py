"""The command ``warnstream suggest``."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from warnstream.adapters.geometry import own_weights
from warnstream.adapters.out_folder import demand_folder
from warnstream.commands.suggest.tables import print_suggestions
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import format_duration, parse_duration_s
from warnstream.model.errors import WarnstreamError
from warnstream.model.level import LEVELS, Level, level_named
from warnstream.model.rules.rules import CriticalRain, HazardRule
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.review.events import Event, read_events
from warnstream.review.logger_files import read_readings
from warnstream.review.suggest.counts import highest
from warnstream.review.suggest.files import Asked, as_dict, csv_text, out_of_order, write_suggestion
from warnstream.review.suggest.suggestion import Ask, Place, Suggestion, suggest
from warnstream.review.suggest.sums import gauges_of, village_rain
from warnstream.review.usable_rain import IMPOSSIBLE, lines_of, usable_rain
from warnstream.review.verification import Happened, VerificationPolicy, truth_of

_WISH = re.compile(r"\s*alarms\s*<=\s*(\d+(?:\.\d+)?)\s+per\s+(?:(\d+(?:\.\d+)?)\s+)?years?\s*")
EVENT_BEFORE_S, EVENT_AFTER_S = 6 * HOUR_S, 30 * MINUTE_S
"""Rain of an event is that of so long before to so long after it, as warnings are scored."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked, as the command line gives it."""

    hazard: str
    level: str
    duration: str | None
    wish: str
    archives: tuple[Path, ...]
    region: str
    events: Path | None
    out: Path | None
    as_json: bool


def run_suggest(configuration: Configuration, options: Options) -> int:
    """Count, pool, score, tell and write; returns the exit status.

    Raises
    ------
    WarnstreamError
        If an option, an archive or the events file is wrong, or the hazard is none of rain alone.
    """
    console = Console(stderr=options.as_json)
    demand_folder(options.out)
    rule, table = _rule(configuration, options.hazard)
    level = _level(options.level)
    duration_s = _duration_s(table, level, options)
    wish = wish_of(options.wish)
    events = read_events(options.events) if options.events else []
    asked = Asked(rule, duration_s, level, options.wish.strip())
    with console.status("reading the archives"):
        places, refused = _places(configuration, asked, table, options.archives)
    ask = Ask(wish, rule.lowering, configuration.message.time_zone)
    with console.status("counting alarms"):
        suggestions = [
            suggest(region, some, ask) for region, some in _regions(configuration, places, options.region)
        ]
    missed = _missed(configuration, asked, places, suggestions, events)
    network_places = configuration.network.places
    record = as_dict(suggestions, asked, missed)
    written = []
    if options.out:
        text = csv_text(suggestions, asked, network_places, table)
        written = write_suggestion(options.out, text, record)
    if options.as_json:
        print(json.dumps(record, ensure_ascii=False))  # noqa: T201
        return 0
    print_suggestions(console, suggestions, asked, missed)
    for line in lines_of(refused):
        console.print(line, highlight=False, soft_wrap=True)
    for line in out_of_order(suggestions, asked, network_places, table):
        console.print(f"look at: {line}", highlight=False, soft_wrap=True)
    for path in written:
        console.print(f"written: {path}", highlight=False, soft_wrap=True)
    return 0


def wish_of(text: str) -> float:
    """Alarms a year that are wished at most.

    Raises
    ------
    WarnstreamError
        If it is no such wish.

    Examples
    --------
    >>> wish_of("alarms <= 1 per year"), wish_of("alarms <= 3 per 2 years")
    (1.0, 1.5)
    """
    found = _WISH.fullmatch(text)
    number, years = (float(part or 1) for part in found.groups()) if found else (0.0, 1.0)
    if number <= 0 or years <= 0:
        raise WarnstreamError(f"--wish {text!r}: expected 'alarms <= NUMBER per year', or per N years")
    return number / years


def _rule(configuration: Configuration, name: str) -> tuple[HazardRule, CriticalRain]:
    rule = next((rule for rule in configuration.rules if rule.name == name), None)
    if rule is None:
        names = ", ".join(rule.name for rule in configuration.rules)
        raise WarnstreamError(f"--hazard {name}: thresholds.yaml has {names}")
    table = rule.thresholds
    if not isinstance(table, CriticalRain):
        raise WarnstreamError(
            f"--hazard {name}: {rule.evaluator} does not rest on rain over durations; that is what is counted"
        )
    if table.wetness is not None:
        raise WarnstreamError(f"--hazard {name}: its values depend on how wet the ground is; not counted yet")
    return rule, table


def _level(word: str) -> Level:
    level = level_named(word)
    if level is None:
        raise WarnstreamError(
            f"--level {word!r}: expected one of {', '.join(level.word for level in LEVELS)}"
        )
    return level


def _duration_s(table: CriticalRain, level: Level, options: Options) -> int:
    """The duration asked for, or the only one that the level has."""
    has_value = ~np.isnan(table.critical_mm[:, :, level - 1]).all(axis=0)
    known = table.duration_s[has_value].tolist()
    words = ", ".join(format_duration(seconds) for seconds in known) or "none"
    if options.duration is None:
        if len(known) != 1:
            raise WarnstreamError(f"--duration: {level.word} has values over {words}; expected one of them")
        return int(known[0])
    try:
        duration_s = int(parse_duration_s(options.duration))
    except ValueError as error:
        raise WarnstreamError(f"--duration {options.duration!r}: {error}") from None
    if duration_s not in table.duration_s.tolist():
        of_hazard = ", ".join(format_duration(seconds) for seconds in table.duration_s.tolist())
        raise WarnstreamError(f"--duration {options.duration}: {options.hazard} has {of_hazard}")
    return duration_s


def _places(
    configuration: Configuration, asked: Asked, table: CriticalRain, archives: Sequence[Path]
) -> tuple[list[Place], Counter[str]]:
    """Rain of every place over the duration, and how many readings were left out of it, by reason."""
    network = configuration.network
    interval_s = network.stations.interval_s.astype(np.int64)
    refused: Counter[str] = Counter()
    batches = []
    for path in archives:
        archive = read_readings(path, configuration)
        batch, n_impossible = usable_rain(archive.readings, interval_s, configuration.quality)
        batches.append(batch)
        refused.update(archive.n_refused)
        refused.update({IMPOSSIBLE: n_impossible} if n_impossible else {})
    gauges = gauges_of(batches, interval_s)
    if not gauges:
        why = "; ".join(
            ("the archives hold no amount of rain of a station of CONFIG_DIR", *lines_of(refused))
        )
        raise WarnstreamError(why)
    weights = own_weights(network, configuration.village)
    column = int(np.flatnonzero(table.duration_s == asked.duration_s)[0])
    site = network.places.site
    places = [
        Place(
            site.code[place],
            site.name[place],
            village_rain(gauges, weights, place, asked.duration_s, configuration.message.time_zone),
            float(table.critical_mm[place, column, asked.level - 1]),
        )
        for place in range(len(network.places))
    ]
    return places, refused


def _regions(
    configuration: Configuration, places: Sequence[Place], kind: str
) -> Iterator[tuple[str, list[Place]]]:
    """Places by the region that they are alike in."""
    network = configuration.network
    villages = network.villages
    found: dict[str, list[Place]] = {}
    for place, village in zip(places, network.places.village.tolist(), strict=True):
        of_kind = {"county": villages.county, "township": villages.township}
        name = of_kind[kind][village] if kind in of_kind else "all villages"
        found.setdefault(name, []).append(place)
    yield from found.items()


def _missed(
    configuration: Configuration,
    asked: Asked,
    places: Sequence[Place],
    suggestions: Sequence[Suggestion],
    events: list[Event],
) -> list[dict[str, Any]]:
    """Events whose rain stays below what is suggested, or below the high end of the range."""
    policy = VerificationPolicy(hazards=(asked.rule.name,))
    truth, _ = truth_of(events, configuration.network.villages, policy)
    value = {village.code: village for region in suggestions for village in region.villages}
    village_of_place = configuration.network.places.village.tolist()
    found = []
    for happened in truth.exact:
        near = [
            (place, _rain_of(place, happened))
            for place, village in zip(places, village_of_place, strict=True)
            if village in happened.villages and place.code in value
        ]
        if near:
            found.append(_event(happened, near, value))
    return found


def _rain_of(place: Place, happened: Happened) -> float:
    return highest(place.rain, happened.begin_s - EVENT_BEFORE_S, happened.end_s + EVENT_AFTER_S)


def _event(happened: Happened, near: list[tuple[Place, float]], value: dict[str, Any]) -> dict[str, Any]:
    """The place whose rain came nearest to its value, and whether it reached value and high end."""
    rows = [(place, rain_mm, value[place.code]) for place, rain_mm in near]
    place, rain_mm, one = max(rows, key=lambda row: row[1] / (row[2].value_mm or float("inf")))
    return {
        "event": happened.event.name,
        "village": place.code,
        "rain_mm": round(rain_mm, 3),
        "value_mm": one.value_mm,
        "missed": not any(rain >= (of.value_mm or float("inf")) for _, rain, of in rows),
        "missed_at_high": not any(rain >= (of.high_mm or float("inf")) for _, rain, of in rows),
    }
