"""The officer's alarms of a journal: every one that was raised, by class, and how much of it was a flood.

The entries go through an intake again, as in a replay: acts of officers (`see`) count as they were given.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.config.settings import Configuration
from warnstream.duty import DutyDesk
from warnstream.model.errors import ArchiveError
from warnstream.model.hands.duty import Place, Urgency
from warnstream.runners.build import build_intake
from warnstream.runners.intake.intake import Intake
from warnstream.runners.replay.journal_entries import journal_folder

Known = tuple[Place, Urgency, int]
"""Place and class of an alarm, and since when it stands."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm as it was raised, or raised again because it was worse; `number` counts that."""

    at_s: int
    urgency: str
    county: str
    township: str
    troubles: tuple[str, ...]
    level: str
    village: str
    number: int


@dataclass(slots=True)
class AlarmList:
    """What an officer would have heard.

    Attributes
    ----------
    raised : list of Raised
    begins_s, ends_s : int
        Engine time of the first and last step.
    floods : int
        How often it became a flood.
    flood_s : int
        Seconds of engine time in floods.
    """

    raised: list[Raised] = field(default_factory=list)
    begins_s: int = -1
    ends_s: int = -1
    floods: int = 0
    flood_s: int = 0

    def most_within(self, seconds: int) -> int:
        """The most that were raised in any stretch of that length."""
        times, most, first = [alarm.at_s for alarm in self.raised], 0, 0
        for last, at_s in enumerate(times):
            while times[first] <= at_s - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def of_class(self, urgency: str) -> int:
        """How many of a class."""
        return sum(alarm.urgency == urgency for alarm in self.raised)


def officer_alarms(
    configuration: Configuration, directory: Path, on_progress: Callable[[int], None] = lambda _now_s: None
) -> AlarmList:
    """Alarms of a node's journal, from its first entry that is kept, or the oldest snapshot behind it.

    Raises
    ------
    ArchiveError
        If there is no journal, or nothing to begin with.
    StoreError
        If an entry is missing or damaged.
    """
    folder = journal_folder(directory)
    extent = find_extent(folder)
    intake, first = _begin(configuration, SnapshotFiles(folder), extent.segments[0].first_sequence)
    recorded = ((kind, payload) for _, kind, payload in read_entries(extent, first))
    return alarms_of(intake, recorded, configuration, on_progress)


def alarms_of(
    intake: Intake,
    entries: Iterable[tuple[str, bytes]],
    configuration: Configuration,
    on_progress: Callable[[int], None] = lambda _now_s: None,
) -> AlarmList:
    """Alarms of entries (kind, payload) that an intake takes one after the other."""
    intake.duty.is_watched = True
    found, known = AlarmList(), dict[Known, int]()
    was_flood, before_s = False, -1
    for kind, payload in entries:
        intake.consume(kind, payload)
        now_s, desk = intake.now_s, intake.duty.desk
        if now_s < 0 or now_s == before_s:
            continue
        found.begins_s = now_s if found.begins_s < 0 else found.begins_s
        found.ends_s = now_s
        _take(found, known, desk, configuration)
        if desk.alarms.is_flood:
            found.floods += not was_flood
            found.flood_s += now_s - before_s if was_flood and before_s >= 0 else 0
        was_flood, before_s = desk.alarms.is_flood, now_s
        on_progress(now_s)
    found.raised.sort(key=lambda one: (one.at_s, one.urgency, one.county, one.township))
    return found


def _begin(configuration: Configuration, snapshots: SnapshotFiles, first: int) -> tuple[Intake, int]:
    """An intake, and the first entry that it is to take."""
    if first == 1:
        return build_intake(configuration), first
    for sequence, payload in reversed(list(snapshots.newest_first())):
        if sequence + 1 < first:
            continue
        intake = build_intake(configuration)
        try:
            intake.restore(payload)
        except (ValueError, LookupError):
            continue
        return intake, sequence + 1
    raise ArchiveError(f"the journal begins with entry {first}, and no snapshot fits this configuration")


def _take(found: AlarmList, known: dict[Known, int], desk: DutyDesk, configuration: Configuration) -> None:
    """What was raised since the last look; an alarm that is forgotten and comes back is a new one."""
    codes = configuration.network.villages.code
    standing = {(place, urgency, alarm.since_s): alarm for (place, urgency), alarm in desk.alarms.of.items()}
    for key, alarm in standing.items():
        if alarm.raised <= known.get(key, 0):
            continue
        county, township = alarm.place
        found.raised.append(
            Raised(
                alarm.raised_s,
                "A" if alarm.urgency == Urgency.A else "B",
                county,
                township,
                tuple(str(trouble) for trouble in alarm.badness),
                alarm.level.word if alarm.level else "",
                codes[alarm.village] if 0 <= alarm.village < len(codes) else "",
                alarm.raised,
            )
        )
        known[key] = alarm.raised
    for key in known.keys() - standing.keys():
        del known[key]
