"""What NEW would have done otherwise than OLD over an archive: counts, people told, rates with intervals.

Counting messages hides: 12,963 and 13,736 look like 6 % while orange doubles. So
every hazard and level is counted by episode (`warnstream.review.episodes`). Intervals
of a difference are drawn by days: one storm warns a hundred villages at once, and
single warnings would make the interval far too narrow.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from warnstream.model.arrays import Int64Array
from warnstream.model.bulletins import Bulletin
from warnstream.model.changes import LevelChange
from warnstream.model.level import LEVELS, Level
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, TimeZone, offset_at
from warnstream.model.warning import WarningMessage
from warnstream.review.episodes import NOTHING, Course, Episode, Outcome, courses, episodes

YEAR_MIN = 365.25 * DAY_S / MINUTE_S
EVENT_DAYS_MIN = 10
"""Below so many days with an episode there are counts and no interval."""
DRAWS = 2_000
INTERVAL = (5.0, 95.0)
SEED = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One connected stretch of the archive, judged from a cold start: what changed, until `end_s`."""

    changes: tuple[LevelChange, ...]
    begin_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What one configuration did over the archive.

    Attributes
    ----------
    name, fingerprint : str
    villages, names : tuple of str
        Codes and names.
    doors : Int64Array, shape (n_villages,)
        Households of each village.
    parts : tuple of Part
    messages : tuple of WarningMessage
    bulletins : tuple of Bulletin
    observed_min : Int64Array, shape (n_villages,)
        Minutes in which a village was not blind.
    time_zone : TimeZone
        For days and nights.
    failures : mapping
        Hazard or part of a step -> minutes in which it could not be worked out.
    n_readings : int
    n_refused : mapping
        Reason -> rows of the archive.
    cpu_s : float
    """

    name: str
    fingerprint: str
    villages: tuple[str, ...]
    names: tuple[str, ...]
    doors: Int64Array
    parts: tuple[Part, ...]
    messages: tuple[WarningMessage, ...]
    bulletins: tuple[Bulletin, ...]
    observed_min: Int64Array
    time_zone: TimeZone
    failures: dict[str, int]
    n_readings: int
    n_refused: dict[str, int]
    cpu_s: float

    @property
    def village_years(self) -> float:
        """Village-years observed."""
        return float(self.observed_min.sum() / YEAR_MIN)


@dataclass(frozen=True, slots=True)
class NightHours:
    """Local hours that count as night: from `begin` to before `end`, past midnight where it is less."""

    begin: int = 22
    end: int = 6

    def holds(self, at_s: int, time_zone: TimeZone) -> bool:
        """Whether a time is in the night.

        >>> from warnstream.model.times import fixed_zone
        >>> night, utc = NightHours(22, 6), fixed_zone(0)
        >>> night.holds(23 * 3600, utc), night.holds(6 * 3600, utc)
        (True, False)
        """
        hour = (at_s + offset_at(time_zone, at_s)) // HOUR_S % 24
        if self.begin <= self.end:
            return self.begin <= hour < self.end
        return hour >= self.begin or hour < self.end


@dataclass(frozen=True, slots=True)
class Told:
    """What people would have heard of one configuration."""

    messages: int
    bulletins: int
    villages: int
    households: int
    households_at_night: int


@dataclass(frozen=True, slots=True)
class VillageEpisode:
    """An episode and where it was."""

    hazard: str
    village: str
    episode: Episode


@dataclass(frozen=True, slots=True)
class Rate:
    """Episodes a village-year observed, old and new, and the difference with its interval of 90 %.

    `low` and `high` are None with fewer than `EVENT_DAYS_MIN` days on which an episode began.
    """

    old: float
    new: float
    event_days: int
    low: float | None = None
    high: float | None = None

    @property
    def difference(self) -> float:
        """New less old."""
        return self.new - self.old


@dataclass(frozen=True, slots=True)
class Row:
    """One hazard at or above one level."""

    hazard: str
    level: Level
    old: int
    new: int
    outcomes: Counter[str]
    earlier_min: float
    later_min: float
    split: int
    merged: int
    highest_changed: int
    rate: Rate


@dataclass(frozen=True, slots=True)
class Comparison:
    """OLD beside one NEW."""

    old: Judged
    new: Judged
    rows: tuple[Row, ...]
    episodes: tuple[VillageEpisode, ...]
    told_old: Told
    told_new: Told
    only_old: tuple[str, ...] = field(default=())
    only_new: tuple[str, ...] = field(default=())

    @property
    def changed(self) -> list[VillageEpisode]:
        """Episodes that are not the same under both, the worst level first, then by time."""
        other = [entry for entry in self.episodes if entry.episode.outcome is not Outcome.SAME]
        return sorted(
            other,
            key=lambda entry: (
                -entry.episode.level, entry.episode.during.begin_s, entry.hazard, entry.village,
            ),
        )  # fmt: skip

    def name_of(self, village: str) -> str:
        """Name and code of a village, as NEW calls it."""
        for judged in (self.new, self.old):
            if village in judged.villages:
                name = judged.names[judged.villages.index(village)]
                return village if name == village else f"{name} ({village})"
        return village

    def count(self, outcome: str, level: Level, hazard: str | None = None) -> int:
        """Episodes of one outcome (``split`` and ``merged`` too) at or above a level."""
        rows = [row for row in self.rows if row.level is level and hazard in (None, row.hazard)]
        if outcome in ("split", "merged"):
            return sum(getattr(row, outcome) for row in rows)
        return sum(row.outcomes[outcome] for row in rows)


def compare(old: Judged, new: Judged, night: NightHours = NightHours()) -> Comparison:
    """Both over the same archive: every hazard and level by episode.

    Raises
    ------
    ValueError
        If they were not judged over the same stretches of time.
    """
    if [(part.begin_s, part.end_s) for part in old.parts] != [
        (part.begin_s, part.end_s) for part in new.parts
    ]:
        raise ValueError(f"{old.name} and {new.name} were not judged over the same time")
    found = tuple(_paired(old, new))
    levels = sorted({(entry.hazard, entry.episode.level) for entry in found})
    return Comparison(
        old=old,
        new=new,
        rows=tuple(_row(hazard, level, found, old, new) for hazard, level in levels),
        episodes=found,
        told_old=_told(old, night),
        told_new=_told(new, night),
        only_old=tuple(sorted(set(old.villages) - set(new.villages))),
        only_new=tuple(sorted(set(new.villages) - set(old.villages))),
    )


def _paired(old: Judged, new: Judged) -> Iterator[VillageEpisode]:
    reached = _reached((*old.parts, *new.parts))
    for old_part, new_part in zip(old.parts, new.parts, strict=True):
        before, after = _by_code(old, old_part), _by_code(new, new_part)
        for hazard, village in sorted(before.keys() | after.keys()):
            was = before.get((hazard, village), NOTHING)
            will_be = after.get((hazard, village), NOTHING)
            for level in (level for level in LEVELS if level in reached[hazard]):
                for episode in episodes(was, will_be, level):
                    yield VillageEpisode(hazard, village, episode)


def _reached(parts: Sequence[Part]) -> dict[str, set[Level]]:
    """Levels at which each hazard ever stood: one that nobody defined would repeat the next higher one."""
    found: dict[str, set[Level]] = {}
    for part in parts:
        for change in part.changes:
            found.setdefault(change.hazard, set()).add(change.level)
    return found


def _by_code(judged: Judged, part: Part) -> dict[tuple[str, str], Course]:
    """Courses by the code of the village: its number is another where the table of villages is another."""
    found = courses(part.changes, part.end_s)
    return {(hazard, judged.villages[village]): course for (hazard, village), course in found.items()}


def _row(hazard: str, level: Level, found: Sequence[VillageEpisode], old: Judged, new: Judged) -> Row:
    own = [entry.episode for entry in found if entry.hazard == hazard and entry.episode.level is level]
    outcomes = Counter(str(episode.outcome) for episode in own)
    return Row(
        hazard=hazard,
        level=level,
        old=sum(len(episode.old) for episode in own),
        new=sum(len(episode.new) for episode in own),
        outcomes=outcomes,
        earlier_min=_median(own, Outcome.EARLIER),
        later_min=_median(own, Outcome.LATER),
        split=sum(episode.is_split for episode in own),
        merged=sum(episode.is_merged for episode in own),
        highest_changed=sum(
            bool(episode.old and episode.new) and episode.highest_old is not episode.highest_new
            for episode in own
        ),
        rate=_rate(own, old, new),
    )


def _median(own: Sequence[Episode], outcome: Outcome) -> float:
    shifts = [abs(episode.shift_min) for episode in own if episode.outcome is outcome]
    return float(np.median(shifts)) if shifts else float("nan")


def _rate(own: Sequence[Episode], old: Judged, new: Judged) -> Rate:
    """Paired by day: the same draws for old and new."""
    begins = [_day(episode.during.begin_s, old.time_zone) for episode in own]
    index = {day: number for number, day in enumerate(sorted(set(begins)))}
    counts = np.zeros((2, len(index)))
    for episode, day in zip(own, begins, strict=True):
        counts[:, index[day]] += len(episode.old), len(episode.new)
    years = np.array([old.village_years, new.village_years])
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = counts.sum(axis=1) / years
    if len(index) < EVENT_DAYS_MIN:
        return Rate(float(rates[0]), float(rates[1]), len(index))
    drawn = np.random.default_rng(SEED).integers(0, len(index), (DRAWS, len(index)))
    difference = counts[1][drawn].sum(axis=1) / years[1] - counts[0][drawn].sum(axis=1) / years[0]
    low, high = np.percentile(difference, INTERVAL).tolist()
    return Rate(float(rates[0]), float(rates[1]), len(index), low, high)


def _told(judged: Judged, night: NightHours) -> Told:
    doors = [int(judged.doors[bulletin.village]) for bulletin in judged.bulletins]
    at_night = [night.holds(bulletin.issued_s, judged.time_zone) for bulletin in judged.bulletins]
    return Told(
        messages=len(judged.messages),
        bulletins=len(judged.bulletins),
        villages=len({bulletin.village for bulletin in judged.bulletins}),
        households=sum(doors),
        households_at_night=sum(n for n, is_night in zip(doors, at_night, strict=True) if is_night),
    )


def _day(at_s: int, time_zone: TimeZone) -> int:
    """Number of the local day."""
    return (at_s + offset_at(time_zone, at_s)) // DAY_S
