"""What silence hid: villages at the minutes that mattered, as known then and with what came later.

Each minute repeats the journal from the snapshot before it, so only the worst few are looked at.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from warnstream.assessment import VillageView
from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError
from warnstream.model.level import Level
from warnstream.model.network import Stations
from warnstream.model.observations.readings import ReadingBatch
from warnstream.review.record.model import Difference, Hidden
from warnstream.runners.replay.past_engine import judge_with, later_readings, past_of_journal

DIFFERS_MM = 0.0005
"""Half a micrometre: rain is whole micrometres."""


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute at which villages are looked at; `why` is ``missed`` or ``worst``, and how bad it was."""

    at_s: int
    why: str
    level: Level
    villages: tuple[str, ...]


def look_behind(
    configuration: Configuration,
    directory: Path,
    minutes: list[Minute],
    on_progress: Callable[[int], None],
) -> tuple[list[Hidden], list[str]]:
    """Villages at minutes, then and now; beside them what could not be looked at, in words.

    Parameters
    ----------
    configuration : Configuration
        As it was then.
    directory : Path
        The node's storage directory, or a copy.
    minutes : list of Minute
    on_progress : callable
        Told the engine time that has been reached.
    """
    found: list[Hidden] = []
    faults: list[str] = []
    for minute in minutes:
        try:
            found += _look(configuration, directory, minute, on_progress)
        except (WarnstreamError, ValueError, LookupError) as error:
            faults.append(f"{minute.at_s}: {error}")
    return found, faults


def _look(
    configuration: Configuration, directory: Path, minute: Minute, on_progress: Callable[[int], None]
) -> Iterator[Hidden]:
    past = past_of_journal(configuration, directory, minute.at_s, on_progress)
    number = configuration.network.villages.index_of_code()
    villages = [number[code] for code in minute.villages if code in number]
    then = [past.engine.assessment.view(village) for village in villages]
    later = later_readings(past)
    judge_with(past, later)
    arrived = [batch for _, batch in later]
    codes = configuration.network.villages.code
    for village, before in zip(villages, then, strict=True):
        after = past.engine.assessment.view(village)
        yield _hidden(codes[village], minute, (before, after), arrived, configuration.network.stations)


def _hidden(
    village: str,
    minute: Minute,
    views: tuple[VillageView, VillageView],
    arrived: list[ReadingBatch],
    stations: Stations,
) -> Hidden:
    before, after = views
    own = {
        station.station: station
        for place in before.places
        for station in place.stations
        if station.own_weight > 0
    }
    late = sum(int(np.isin(batch.station, list(own)).sum()) for batch in arrived)
    return Hidden(
        village=village,
        at_s=minute.at_s,
        why=minute.why,
        heard=round(min((place.heard for place in before.places), default=0.0), 4),
        is_blind=any(place.is_blind for place in before.places),
        silent=tuple(sorted(stations.code[key] for key, station in own.items() if not station.is_reporting)),
        doubted={
            stations.code[key]: tuple(flag.word for flag in station.flags)
            for key, station in sorted(own.items())
            if station.flags
        },
        late_readings=late,
        differences=tuple(_differences(before, after)),
    )


def _differences(then: VillageView, now: VillageView) -> Iterator[Difference]:
    """Rain over each duration, and the level that each hazard finds; only what differs."""
    for before, after in zip(then.places, now.places, strict=True):
        rows = zip(after.window, before.rain_mm, after.rain_mm, strict=True)
        for window, old_mm, new_mm in rows:
            if isinstance(window, int) and _differ(old_mm, new_mm):
                yield Difference("rain", after.zone, "", window, _mm(old_mm), _mm(new_mm))
    for was, is_now in zip(then.hazards, now.hazards, strict=True):
        if was.found != is_now.found:
            yield Difference("level", "", was.hazard, 0, was.found.word, is_now.found.word)


def _differ(old_mm: float, new_mm: float) -> bool:
    if math.isnan(old_mm) or math.isnan(new_mm):
        return math.isnan(old_mm) != math.isnan(new_mm)
    return abs(old_mm - new_mm) >= DIFFERS_MM


def _mm(rain_mm: float) -> str:
    return "" if math.isnan(rain_mm) else f"{rain_mm:.1f}"
