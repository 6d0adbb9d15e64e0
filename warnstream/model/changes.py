"""What the assessment tells the warning desk: a village's level changed, and why."""

from dataclasses import dataclass
from enum import StrEnum

from warnstream.model.forecast import Expected
from warnstream.model.level import Level

UNEXPLAINED = "unexplained"
"""`Reason.indicator` where a level was reached and how could not be worked out."""

SILENT_RAISER = "silent_raiser"
"""Indicator of a sensor that raised a level and is silent now; of a reason that has nothing else to say."""


class Change(StrEnum):
    """Kinds of change of one village and hazard."""

    RISE = "rise"
    FALL = "fall"
    SIGHT_LOST = "sight_lost"
    SIGHT_REGAINED = "sight_regained"


def changes_of(level: Level, previous: Level, *, was_blind: bool) -> tuple[Change, ...]:
    """What to tell of a village that moved, or whose sight changed while its level stood.

    A level can fall in the very step in which sight returns; that is told first.
    """
    if level > previous:
        return (Change.RISE,)
    if level < previous:
        return (Change.SIGHT_REGAINED, Change.FALL) if was_blind else (Change.FALL,)
    return (Change.SIGHT_REGAINED,) if was_blind else (Change.SIGHT_LOST,)


@dataclass(frozen=True, slots=True)
class Fact:
    """One of several things that together are the reason.

    Attributes
    ----------
    indicator : str
        Word of an `Indicator`; ``sign`` and ``level`` have no value. ``replaced``: the gauge whose spare is
        used instead of it, ``spare``: the spare of a doubted gauge that is used all the same.
    station : str
        Code of the station that the value comes from; empty if none or if a grid's.
    value, threshold : float
        In `unit`, never NaN. A level is its number, 0 to 4; a sign counts its reports against 1. Of a gauge
        and its spare the value is that of `station`, the threshold that of the other, which is used.
        Of a `SILENT_RAISER` the value is the last one that was heard, at `held_since_s`.
    unit : str
    duration_s, lead_s : int
        As in `Reason`.
    held_since_s : int
        Since when it has held without a break, where a time was asked for; 0 otherwise.
    note : str
        Kind of the sign, name of the other hazard, begin and end of a window of days, why a gauge is
        doubted (word of a `StationFlag`, or ``silent``), what a `SILENT_RAISER` measures; empty otherwise.
    coverage : float
        Share of the window that was observed, 0 to 1.
    grid : str
        Name of the grid that the value comes from, where gauges are silent.
    """

    indicator: str
    station: str
    value: float
    threshold: float
    unit: str
    duration_s: int = 0
    lead_s: int = 0
    held_since_s: int = 0
    note: str = ""
    coverage: float = 1.0
    grid: str = ""


@dataclass(frozen=True, slots=True)
class Relayed:
    """A signal of another service that is passed on: who issued what, and when.

    Attributes
    ----------
    issuer_zh, issuer_en : str
    signal_zh, signal_en : str
        What it is called, such as ``暴雨橙色预警``.
    sent_s : int
        When it was issued.
    sender, identifier : str
        As the issuer writes them.
    event, headline : str
        The issuer's own words.
    """

    issuer_zh: str
    issuer_en: str
    signal_zh: str
    signal_en: str
    sent_s: int
    sender: str
    identifier: str
    event: str
    headline: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a level is what it is: the measured fact against the threshold.

    Attributes
    ----------
    indicator : str
        Word of an `Indicator`, or `UNEXPLAINED`.
    station : str
        Code of the station that weighs most in the value, a spare where its readings are used; empty
        if none reports.
    value, threshold : float
        In `unit`; the value includes `forecast_value`.
    unit : str
    duration_s : int
        Accumulation time; 0 for a stage.
    forecast_value : float
        Part of the value that is forecast, not observed; 0 for an observation.
    lead_s : int
        How far ahead the threshold is expected to be reached; 0 when it has been reached.
    observed_until_s : int
        Time of the station's last reading used: the event time of the crossing.
    coverage : float
        Share of the window that was observed, 0 to 1.
    confirmed : bool
        False where a doubtful or single source carries the value: certainty is lower.
    source : str
        Where the threshold comes from.
    zone : str
        Name of the part of the village that is worst; empty where it is not divided.
    grid : str
        Name of the grid that the rain comes from where gauges are silent; `station` is empty then.
    gauge_value : float
        Part of a grid's value that the village's own gauges measured before they fell silent.
    certainty : str
        CAP word that a warning's certainty may not be above; empty: no such limit.
    ratio : float or None
        Rain over the critical rainfall of the highest level, where the hazard has that score.
    lone_gauge : bool
        One gauge alone says so, against whole, dry neighbours: the level is no higher than the policy
        allows, whatever the value has reached.
    facts : tuple of Fact
        Everything that had to hold, where that was more than the value above
        (`warnstream.hazards.conditions`), and signs that people have seen.
    relayed : Relayed or None
        Whose signal it is, where the level is another service's; nothing was measured here then.
    expected : Expected or None
        Why a threshold that the value has not reached gives a level: by a share of it, or by a probability.
    """

    indicator: str
    station: str
    value: float
    threshold: float
    unit: str
    duration_s: int
    forecast_value: float
    lead_s: int
    observed_until_s: int
    coverage: float
    confirmed: bool
    source: str
    zone: str = ""
    facts: tuple[Fact, ...] = ()
    ratio: float | None = None
    grid: str = ""
    gauge_value: float = 0.0
    certainty: str = ""
    lone_gauge: bool = False
    relayed: Relayed | None = None
    expected: Expected | None = None

    @property
    def is_observed(self) -> bool:
        """The threshold has been reached, not only forecast or come near to."""
        return self.lead_s == 0 and self.expected is None

    @property
    def onset_after_s(self) -> int:
        """When it begins after the last observation, at the earliest that is to be expected."""
        if self.expected is not None and self.expected.onset_early_s >= 0:
            return self.expected.onset_early_s
        return self.lead_s

    @property
    def has_onset(self) -> bool:
        """Whether anybody knows when it begins: a share of a threshold says nothing of a time."""
        return self.expected is None or self.expected.probability > 0


@dataclass(frozen=True, slots=True)
class LevelChange:
    """One village and hazard changed at one step.

    `crossed_at_s` is event time (the observation that made the difference),
    `at_s` the engine's time. `reason` is None for sight changes and for falls
    of which nothing is above a threshold any more, unless a sensor that raised
    the level is silent.
    """

    kind: Change
    hazard: str
    village: int
    level: Level
    previous: Level
    at_s: int
    crossed_at_s: int
    reason: Reason | None

    @property
    def confirmed(self) -> bool:
        """False where the duty officer is to look: what carries the change is doubtful, alone or silent."""
        return self.reason is None or self.reason.confirmed


@dataclass(frozen=True, slots=True)
class PastCrossing:
    """A level that would have stood, as readings that came too late for it prove; nobody was told of it.

    Attributes
    ----------
    hazard : str
    village : int
    level : Level
    crossed_at_s, proven_at_s : int
        When it would have been reached, and when that became known.
    station : str
        Code of the station whose late reading proves it; of several the one with the newest.
    observed_at_s : int
        Time of that reading.
    indicator : str
        Word of an `Indicator`.
    value, threshold : float
        In `unit`.
    unit : str
    duration_s : int
        Accumulation time; 0 for a stage or depth.
    """

    hazard: str
    village: int
    level: Level
    crossed_at_s: int
    proven_at_s: int
    station: str
    observed_at_s: int
    indicator: str
    value: float
    threshold: float
    unit: str
    duration_s: int


@dataclass(frozen=True, slots=True)
class ProvenLevel:
    """A level that a village had reached and nobody was told of.

    Attributes
    ----------
    village, name : str
        Code and name.
    hazard : str
    level : Level
    crossed_at_s, proven_at_s : int
        When it was reached, and when that became known.
    station : str
        Code of the station whose late reading proves it.
    """

    village: str
    name: str
    hazard: str
    level: Level
    crossed_at_s: int
    proven_at_s: int
    station: str


@dataclass(frozen=True, slots=True)
class ProvenLevels:
    """What the duty officer is told of at once, as one alarm.

    Attributes
    ----------
    told_s : int
        Engine time.
    count : int
        All of them.
    worst : list of ProvenLevel
        Worst first; of very many only the worst.
    """

    told_s: int
    count: int
    worst: list[ProvenLevel]
