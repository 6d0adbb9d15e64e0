"""Configurations over archives: what each would have warned of, for a comparison with another one.

Archives are replayed one after the other, each piece by piece (`open_archive`). One that
begins within a day of the end of the one before goes on with the same engine; after a
longer gap judging begins anew, from a cold start: what an engine remembers of another
season is no more than what it would learn in a day.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.engine import EngineStep
from warnstream.model.arrays import BoolArray, Int64Array
from warnstream.model.errors import ArchiveError
from warnstream.model.times import DAY_S, MINUTE_S
from warnstream.review.archive import Archive
from warnstream.review.compare.comparison import Judged, Part
from warnstream.review.logger_files import open_readings
from warnstream.runners.build import derive
from warnstream.runners.replay.collected import Collected
from warnstream.runners.replay.minutes_that_count import MinutesThatCount
from warnstream.runners.replay.replay import Minute, minutes_of, whole_minutes
from warnstream.runners.replay.side_by_side import SideBySide

GAP_MAX_S = DAY_S
"""After a longer time without an archive judging begins anew."""

Reader = Callable[[Path, Configuration], Archive]
"""Reads an archive as a configuration does."""

Progress = Callable[[int, float], None]
"""Told the time judged until and the share of the archives done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Leg:
    """An archive, and the whole minutes from and to which it is judged, both included."""

    path: Path
    begin_s: int
    until_s: int


Stretch = tuple[Leg, ...]
"""Archives that are judged by one engine, in the order of time."""


@dataclass(slots=True, kw_only=True)
class _Found(Collected):
    """What was found so far; `changes` are those of the part that is not over."""

    observed_min: Int64Array
    parts: list[Part] = field(default_factory=list)
    n_refused: Counter[str] = field(default_factory=Counter)
    n_readings: int = 0

    sees: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        self.sees = self.observed_min > 0

    def take(self, step: EngineStep, n_left_out: int) -> None:
        """Add a step, and the minutes left out before it, in which villages saw what they saw before."""
        self.collect(step)
        if n_left_out:
            self.observed_min[self.sees] += n_left_out
        self.sees = ~step.assessment.sight.is_blind
        self.observed_min += self.sees

    def end_part(self, begin_s: int, end_s: int) -> None:
        self.parts.append(Part(tuple(self.changes), begin_s, end_s))
        self.changes = []


def stretches_of(
    archives: Sequence[Path],
    configurations: Sequence[Configuration],
    after_s: int = 0,
    read: Reader = open_readings,
) -> list[Stretch]:
    """Archives in connected stretches: all configurations are judged over the same minutes.

    Parameters
    ----------
    archives : sequence of Path
        Parquet, CSV or logger's files, in any order.
    configurations : sequence of Configuration
    after_s : int
        Go on without readings for so long after each stretch, so that levels can fall.
    read : callable

    Raises
    ------
    ArchiveError
        If an archive cannot be read or holds no reading that any of the configurations can use, or if two
        of them overlap; all such faults at once.
    """
    faults: list[str] = []
    legs: list[Leg] = []
    for path in archives:
        try:
            legs.append(_leg(path, configurations, read))
        except ArchiveError as error:
            faults.append(str(error))
    legs.sort(key=lambda leg: (leg.begin_s, leg.until_s))
    faults += [
        f"{former.path} and {later.path} overlap: the archives of a comparison follow each other in time"
        for former, later in pairwise(legs)
        if later.begin_s < former.until_s
    ]
    if faults:
        raise ArchiveError("\n".join(faults))
    return _connected(legs, after_s)


def _leg(path: Path, configurations: Sequence[Configuration], read: Reader) -> Leg:
    ends_s: list[int] = []
    known: list[Configuration] = []
    for configuration in configurations:
        if any(_reads_alike(configuration, other) for other in known):
            continue
        known.append(configuration)
        archive = read(path, configuration)
        ends_s += [at_s for at_s in (archive.begin_s, archive.end_s) if at_s is not None]
    if not ends_s:
        raise ArchiveError(f"{path} holds no reading of a station of these configurations")
    return Leg(path, _whole_minute(min(ends_s)), _whole_minute(max(ends_s)))


def _reads_alike(one: Configuration, other: Configuration) -> bool:
    """Whether two find the same readings in an archive."""
    stations, others = one.network.stations, other.network.stations
    return (stations.code, stations.was, one.logger_files) == (others.code, others.was, other.logger_files)


def _connected(legs: Sequence[Leg], after_s: int) -> list[Stretch]:
    """One that begins soon after another goes on where it ended, every minute between them judged once."""
    stretches: list[list[Leg]] = []
    for leg in legs:
        former = stretches[-1][-1] if stretches else None
        if former is None or leg.begin_s - former.until_s > GAP_MAX_S:
            stretches.append([leg])
        else:
            stretches[-1].append(replace(leg, begin_s=former.until_s + MINUTE_S))
    return [
        (*stretch[:-1], replace(stretch[-1], until_s=_whole_minute(stretch[-1].until_s + after_s)))
        for stretch in stretches
    ]


def judge(
    configurations: Mapping[str, Configuration],
    stretches: Sequence[Stretch],
    on_progress: Progress = lambda _until_s, _share: None,
    read: Reader = open_readings,
    *,
    every_minute: bool = False,
) -> list[Judged]:
    """Replay archives once with configurations that observe alike (`alike`).

    Minutes that are proved to change nothing are left out (`MinutesThatCount`), unless `every_minute`.

    Parameters
    ----------
    configurations : mapping of str to Configuration
        By what each is called in what people read.
    stretches : sequence of Stretch
        Of `stretches_of`.
    on_progress : callable
    read : callable
    """
    started = time.process_time()
    every = list(configurations.values())
    found = [
        _Found(observed_min=np.zeros(len(configuration.network.villages), dtype=np.int64))
        for configuration in every
    ]
    n_minutes = sum((leg.until_s - leg.begin_s) // MINUTE_S + 1 for stretch in stretches for leg in stretch)
    n_done, derived = 0, [derive(configuration) for configuration in every]
    for stretch in stretches:
        counting = MinutesThatCount(SideBySide(derived), derived, every_minute)
        for leg in stretch:
            for minute in _minutes_of_leg(every[0], leg, found, read):
                n_done += 1
                judged = counting.take(minute, is_last=minute.now_s >= leg.until_s)
                if judged is None:
                    continue
                for own, step in zip(found, judged.steps, strict=True):
                    own.take(step, judged.n_left_out)
                on_progress(minute.now_s, n_done / n_minutes)
        for own in found:
            own.end_part(stretch[0].begin_s, stretch[-1].until_s + MINUTE_S)
    took_s = time.process_time() - started
    return [
        _judged(name, configuration, own, took_s / len(every))
        for (name, configuration), own in zip(configurations.items(), found, strict=True)
    ]


def _judged(name: str, configuration: Configuration, found: _Found, cpu_s: float) -> Judged:
    villages, households = configuration.network.villages, configuration.network.households
    return Judged(
        name=name,
        fingerprint=configuration.fingerprint,
        villages=tuple(villages.code),
        names=tuple(villages.name),
        doors=np.diff(households.first_of_village).astype(np.int64),
        parts=tuple(found.parts),
        messages=tuple(found.messages),
        bulletins=tuple(found.bulletins),
        observed_min=found.observed_min,
        time_zone=configuration.message.time_zone,
        failures=dict(sorted(found.failures.items())),
        n_readings=found.n_readings,
        n_refused=dict(sorted(found.n_refused.items())),
        cpu_s=cpu_s,
    )


def _minutes_of_leg(
    configuration: Configuration, leg: Leg, found: Sequence[_Found], read: Reader
) -> Iterator[Minute]:
    archive = read(leg.path, configuration)
    for own in found:
        own.n_readings += archive.n_readings
        own.n_refused.update(archive.n_refused)
    return minutes_of(whole_minutes(archive, leg.begin_s, leg.until_s), archive)


def _whole_minute(time_s: int) -> int:
    """The first whole minute at or after a time."""
    return -(-time_s // MINUTE_S) * MINUTE_S
