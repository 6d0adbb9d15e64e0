"""Warnings against what happened: hits, misses, false alarms, lead times.

A warning is one village and one hazard, from the first message that reaches a
level to the one that leaves it; each village counts, as each county does for
the U.S. National Weather Service (NWS). An event is hit by the earliest
warning of a matching hazard near it that was active at its time, began up to
`lead_h_max` before it, or up to `late_min` after it; the last is a hit that
came late. A late or missed event has no lead time: it is absent from the
median, not zero. Events of one place less than `merge_min` apart are one. An event
of a level (50 mm in 3 h: orange) is an event of that row alone, so that warnings
by one rule are not judged by another; a flood is one of all levels.

POD counts events, FAR counts warnings; CSI and bias follow from the two as the
NWS does: 1/CSI = 1/POD + 1/(1 - FAR) - 1. Warnings that match no event are
false alarms: an upper bound wherever the list of events is incomplete.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from warnstream.model.geodesy import local_xy_m
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Villages
from warnstream.model.times import HOUR_S, MINUTE_S
from warnstream.model.warning import MessageType, WarningMessage
from warnstream.review.events import Event

HAZARDS_OF_KIND: dict[str, tuple[str, ...]] = {
    "landslide": ("landslide",),
    "debris flow": ("landslide", "flash_flood"),
    "siren": ("landslide",),
    "flash flood": ("flash_flood",),
    "river flood": ("river_flood",),
    "rainstorm": ("rainstorm",),
}
"""Which hazards warn of which kind of event; a siren is what the landslide rule should precede."""

CONTEXT_KIND = "warning"
"""Official messages: listed beside the scores, not scored."""

ANY_HAZARD = "any"
"""Row of the scores in which a warning of any matching hazard counts."""

FALSE_ALARM_NOTE = (
    "false alarms, FAR, CSI and bias assume that the events file is complete; where it is not, "
    "false alarms and FAR are upper bounds, CSI a lower bound"
)


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """When a warning counts for an event.

    Attributes
    ----------
    hazards : tuple of str
        The hazards that the configuration judges, in the order of the tables.
    radius_km : float
        An event that names no village concerns those within that distance.
    lead_h_max : float
        A warning that ended before the event counts if it began at most that long before.
    late_min : float
        A warning up to that long after the event counts as a late hit.
    merge_min : float
        Events of one place and kind less than that apart are one.
    hazards_of_kind : mapping
        Kind of event -> hazards that warn of it.
    """

    hazards: tuple[str, ...]
    radius_km: float = 5.0
    lead_h_max: float = 6.0
    late_min: float = 30.0
    merge_min: float = 30.0
    hazards_of_kind: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: HAZARDS_OF_KIND)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event: hit or not, by which warning, how long before.

    `village` and `warning` are empty and `lead_min` is None for a miss; `lead_min`
    is zero or negative for a late hit.
    """

    event: str
    village: str
    warning: str
    lead_min: float | None


@dataclass(frozen=True, slots=True)
class HazardScore:
    """Scores of one hazard for warnings of `level` and above.

    Attributes
    ----------
    hits, misses : int
        Events; `late` of the hits came at or after the event.
    warnings, verified, undecided : int
        Village warnings: all, those that match an event, and those that only match an
        event whose exact time is unknown. The rest are `false_alarms`.
    outcomes : tuple of Outcome
    """

    hazard: str
    level: Level
    hits: int
    late: int
    misses: int
    warnings: int
    verified: int
    undecided: int
    outcomes: tuple[Outcome, ...]

    @property
    def false_alarms(self) -> int:
        """Warnings that match no event: at most that many were false."""
        return self.warnings - self.verified - self.undecided

    @property
    def pod(self) -> float:
        """Share of the events that were warned of, late ones included; NaN without events."""
        events = self.hits + self.misses
        return self.hits / events if events else math.nan

    @property
    def far(self) -> float:
        """Share of the decided warnings without an event; NaN without warnings."""
        decided = self.verified + self.false_alarms
        return self.false_alarms / decided if decided else math.nan

    @property
    def csi(self) -> float:
        """Critical success index from POD and FAR; NaN where neither is known."""
        if self.hits == 0:
            return 0.0 if self.misses + self.false_alarms else math.nan
        return 1 / (1 / self.pod + 1 / (1 - self.far) - 1)

    @property
    def bias(self) -> float:
        """POD / (1 - FAR): warnings per event; NaN without hits."""
        return self.pod / (1 - self.far) if self.hits else math.nan

    @property
    def leads_min(self) -> tuple[float, ...]:
        """Lead times of the hits in minutes, in the order of the events; late ones are not positive."""
        return tuple(outcome.lead_min for outcome in self.outcomes if outcome.lead_min is not None)

    @property
    def lead_min_median(self) -> float:
        """Median lead time of the hits; NaN without hits."""
        return statistics.median(self.leads_min) if self.leads_min else math.nan

    @property
    def early_min_median(self) -> float:
        """Median lead time of the hits that came in time; NaN without any."""
        early = [lead for lead in self.leads_min if lead > 0]
        return statistics.median(early) if early else math.nan


@dataclass(frozen=True, slots=True)
class Unscored:
    """An event that is listed only, and why."""

    event: str
    kind: str
    time: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Scores per hazard and level (and `ANY_HAZARD`), and what could not be scored."""

    scores: tuple[HazardScore, ...]
    unscored: tuple[Unscored, ...]
    note: str = FALSE_ALARM_NOTE


def score_warnings(
    warnings: Sequence[WarningMessage],
    events: Sequence[Event],
    villages: Villages,
    policy: VerificationPolicy,
) -> Verification:
    """Score the warnings of a replay or of a season.

    Parameters
    ----------
    warnings : sequence of WarningMessage
        All messages of all warnings, in the order of issue.
    events : sequence of Event
    villages : Villages
    policy : VerificationPolicy

    Returns
    -------
    Verification
    """
    truth, unscored = truth_of(events, villages, policy)
    spells = {level: spells_of(warnings, level) for level in LEVELS}
    scores = [
        _score(hazard, level, spells[level], truth, villages, policy)
        for hazard in (*policy.hazards, ANY_HAZARD)
        for level in LEVELS
    ]
    return Verification(tuple(scores), unscored)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in numbers: which hazards and villages it concerns, and between when and when it was."""

    event: Event
    hazards: frozenset[str]
    villages: frozenset[int]
    place: tuple[str, ...]
    begin_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Truth:
    """Events of which the time is known, and those of which a window is."""

    exact: list[Happened]
    vague: list[Happened]


@dataclass(frozen=True, slots=True)
class Spell:
    """A warning while it was at or above a level."""

    warning: str
    village: int
    hazard: str
    begin_s: int
    end_s: int


def truth_of(
    events: Sequence[Event], villages: Villages, policy: VerificationPolicy
) -> tuple[Truth, tuple[Unscored, ...]]:
    """What happened, and what of it cannot be scored."""
    unscored, exact, vague = [], [], []
    for event in events:
        happened = _happened(event, villages, policy)
        reason = _why_unscored(event, happened, policy)
        if reason is None:
            exact.append(happened)
        else:
            unscored.append(Unscored(event.name, event.kind, event.time, reason))
            if event.window_s is not None and happened.hazards:
                vague.append(happened)
    merged, repeats = _merged(exact, policy)
    return Truth(merged, vague), (*unscored, *repeats)


def _happened(event: Event, villages: Villages, policy: VerificationPolicy) -> Happened:
    warned_of = _hazards_of(event.kind, policy)
    index = villages.index_of_code()
    concerned = {index[code] for code in event.villages if code in index}
    place = tuple(sorted(event.villages))
    if not concerned and event.latitude is not None and event.longitude is not None and len(villages):
        xy_m = local_xy_m(villages.latitude, villages.longitude, event.latitude, event.longitude)
        distance_m = np.hypot(xy_m[:, 0], xy_m[:, 1])
        concerned |= {int(v) for v in np.flatnonzero(distance_m <= 1000 * policy.radius_km)}
        place = place or (villages.code[int(np.argmin(distance_m))],)
    begin_s, end_s = event.window_s or (event.at_s or 0, event.at_s or 0)
    hazards = frozenset(warned_of) & frozenset(policy.hazards)
    return Happened(event, hazards, frozenset(concerned), place, begin_s, end_s)


def _hazards_of(kind: str, policy: VerificationPolicy) -> tuple[str, ...]:
    """Hazards that warn of a kind of event; a kind may also be written as the hazard's own name."""
    if kind == CONTEXT_KIND:
        return ()
    return policy.hazards_of_kind.get(kind.replace("_", " "), (kind,) if kind in policy.hazards else ())


def _why_unscored(event: Event, happened: Happened, policy: VerificationPolicy) -> str | None:
    if event.kind == CONTEXT_KIND:
        return "context: an official message, not an event"
    if not happened.hazards:
        return f"no configured hazard warns of kind {event.kind!r}"
    if event.window_s is not None:
        return "only a window is known: warnings that match it are neither hits nor false alarms"
    if event.at_s is None:
        return f"no exact time: {event.time!r}"
    if not happened.villages:
        return f"no village is named or within {policy.radius_km:g} km"
    return None


def _merged(exact: list[Happened], policy: VerificationPolicy) -> tuple[list[Happened], list[Unscored]]:
    """Events without those that only repeat an earlier one of their place."""
    merged: list[Happened] = []
    repeats: list[Unscored] = []
    newest: dict[tuple[tuple[str, ...], frozenset[str], Level | None], tuple[int, str]] = {}
    for happened in sorted(exact, key=lambda one: one.begin_s):
        event = happened.event
        key = happened.place, happened.hazards, event.level
        before_s, first = newest.get(key, (None, event.name))
        if before_s is not None and happened.begin_s - before_s < policy.merge_min * MINUTE_S:
            reason = f"less than {policy.merge_min:g} min after {first} at the same place: one event"
            repeats.append(Unscored(event.name, event.kind, event.time, reason))
        else:
            merged.append(happened)
            first = event.name
        newest[key] = (happened.begin_s, first)
    return merged, repeats


def spells_of(warnings: Iterable[WarningMessage], level: Level) -> list[Spell]:
    """When each warning stood at or above a level; by begin, village and hazard."""
    messages_of: dict[str, list[WarningMessage]] = {}
    for message in warnings:
        messages_of.setdefault(message.warning, []).append(message)
    spells = []
    for name, messages in messages_of.items():
        begin_s: int | None = None
        for message in messages:
            stands = message.msg_type is not MessageType.CANCEL and message.level >= level
            if stands and begin_s is None:
                begin_s = message.sent_s
            elif not stands and begin_s is not None:
                spells.append(Spell(name, message.village, message.hazard, begin_s, message.sent_s))
                begin_s = None
        if begin_s is not None:
            last = messages[-1]
            spells.append(Spell(name, last.village, last.hazard, begin_s, last.expires_s))
    return sorted(spells, key=lambda spell: (spell.begin_s, spell.village, spell.hazard))


def _score(
    hazard: str,
    level: Level,
    spells: list[Spell],
    truth: Truth,
    villages: Villages,
    policy: VerificationPolicy,
) -> HazardScore:
    issued = [spell for spell in spells if hazard in (ANY_HAZARD, spell.hazard)]
    exact, vague = (
        [happened for happened in some if _concerns(happened, hazard, level)]
        for some in (truth.exact, truth.vague)
    )
    outcomes = tuple(_outcome(happened, issued, villages, policy) for happened in exact)
    leads = [outcome.lead_min for outcome in outcomes if outcome.lead_min is not None]
    verified = [any(matches(spell, event, policy) for event in exact) for spell in issued]
    possible = [any(matches(spell, event, policy) for event in vague) for spell in issued]
    return HazardScore(
        hazard=hazard,
        level=level,
        hits=len(leads),
        late=sum(lead <= 0 for lead in leads),
        misses=len(outcomes) - len(leads),
        warnings=len(issued),
        verified=sum(verified),
        undecided=sum(maybe and not sure for maybe, sure in zip(possible, verified, strict=True)),
        outcomes=outcomes,
    )


def _concerns(happened: Happened, hazard: str, level: Level) -> bool:
    """Whether an event belongs to a row of the scores."""
    return (hazard == ANY_HAZARD or hazard in happened.hazards) and happened.event.level in (None, level)


def _outcome(
    happened: Happened, issued: list[Spell], villages: Villages, policy: VerificationPolicy
) -> Outcome:
    first = next((spell for spell in issued if matches(spell, happened, policy)), None)
    if first is None:
        return Outcome(happened.event.name, "", "", None)
    lead_min = (happened.begin_s - first.begin_s) / MINUTE_S
    return Outcome(happened.event.name, villages.code[first.village], first.warning, lead_min)


def matches(spell: Spell, happened: Happened, policy: VerificationPolicy) -> bool:
    """The warning concerned the place, and stood at the time, shortly before or shortly after."""
    if spell.village not in happened.villages or spell.hazard not in happened.hazards:
        return False
    in_time = spell.begin_s <= happened.end_s + policy.late_min * MINUTE_S
    recent = spell.begin_s >= happened.begin_s - policy.lead_h_max * HOUR_S
    return in_time and (recent or spell.end_s > happened.begin_s)
