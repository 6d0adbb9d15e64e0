"""What the record of an event holds: one model, from which review.json and both pages are written.

Times are seconds since 1970; `None` is not known, or did not happen. Levels, hazards, causes and answers are
the words of the interfaces. `who` is a post or a door: its code, or a number where names are masked.
"""

from dataclasses import dataclass, field

SCHEMA = "warnstream-review/1"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain, for one group of those who went through it.

    Attributes
    ----------
    link : str
        ``crossed_judged``, ``judged_written``, ``written_sent``, ``sent_delivered`` or ``issued_answered``.
    kind : str
        Who went through it: ``warning``, ``door`` or ``post``.
    group : str
        Hazard of warnings, channel of doors and posts, rank and role of posts that answered.
    rank : int
        Of posts that answered; 0 otherwise.
    n, n_none : int
        How often the link was passed, and how often it was begun and never ended.
    n_late : int
        Answers after the time that was allowed.
    median_s, worst_s : float or None
        None where it was never passed.
    worst_village, worst_who : str
        Where the worst was; empty where that is not one village, or nobody's.
    """

    link: str
    kind: str
    group: str
    rank: int
    n: int
    n_none: int
    n_late: int
    median_s: float | None
    worst_s: float | None
    worst_village: str
    worst_who: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline.

    `kind` is ``warning``, ``bulletin``, ``order``, ``alarm``, ``alarm_ended``, ``help``, ``sign``,
    ``report``, ``undelivered``, ``mark``, ``drill``, ``configuration`` or ``event``; `word` the cause, action
    or kind of order; `text` what was said, in English, `text_zh` in Chinese where there is that.
    """

    at_s: int
    kind: str
    village: str = ""
    hazard: str = ""
    level: str = ""
    previous: str = ""
    word: str = ""
    who: str = ""
    text: str = ""
    text_zh: str = ""


@dataclass(frozen=True, slots=True)
class LevelStep:
    """From a time on a warning stands at a level, as people were told it."""

    at_s: int
    level: str
    cause: str


@dataclass(frozen=True, slots=True)
class WarningRecord:
    """One warning of one village.

    Attributes
    ----------
    verdict : str
        ``hit``, ``late``, ``false`` or ``undecided`` against the events; empty where none were given.
    lead_min : float or None
        Event less issue, of a hit or late one.
    reason : str
        Measured fact of the first message that reached its worst level.
    """

    warning: str
    hazard: str
    worst: str
    crossed_s: int
    issued_s: int
    ended_s: int | None
    steps: tuple[LevelStep, ...]
    reason: str
    verdict: str = ""
    lead_min: float | None = None


@dataclass(frozen=True, slots=True)
class BulletinRecord:
    """What the doors of a village were told once, and how many of them it came to.

    `sent` and `delivered` count doors, `failed` those whose last recorded attempt did not get through;
    `untried`: no attempt is recorded, a newer bulletin came first or the door has to be told still.
    """

    issued_s: int
    action: str
    level: str
    cause: str
    doors: int
    sent: int
    delivered: int
    failed: int
    untried: int
    first_sent_s: int | None
    last_sent_s: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One demand for an answer, of one post about one village.

    `tries` counts how often it had been rung again before; `answered_s` is the first answer to this digest or
    a later one; `answer` its word.
    """

    at_s: int
    who: str
    role: str
    rank: int
    level: str
    tries: int
    answer_by_s: int
    answered_s: int | None
    answer: str


@dataclass(frozen=True, slots=True)
class VillageRecord:
    """One village: what stood, what its doors were told, who was asked for an answer, in that order.

    `unreached` are doors that were told nothing of what asked them to do something, by what became of the
    last attempt; `answers` counts doors by the strongest answer that they gave. `missed` names events that no
    warning was in time or late for.
    """

    code: str
    name: str
    township: str
    worst: str
    warnings: tuple[WarningRecord, ...]
    bulletins: tuple[BulletinRecord, ...]
    doors: int
    unreached: tuple[tuple[str, str], ...]
    answers: dict[str, int]
    asked: tuple[Asked, ...]
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeverAnswered:
    """A post that was asked and never answered within the record."""

    who: str
    role: str
    rank: int
    area: str
    n_asked: int
    first_s: int
    worst: str
    villages: int


@dataclass(frozen=True, slots=True)
class GaugeRecord:
    """A gauge of the villages that was silent, or brought readings late.

    `silent` are begin and end of each silence as the node held it, within the record; `late_mm` is the rain
    that those readings hold, None where they are counters or no rain.
    """

    station: str
    villages: int
    silent: tuple[tuple[int, int], ...]
    late_readings: int
    late_mm: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What is known now of a minute and was not then.

    `what` is ``rain`` (over `window_s`, in mm) or ``level`` (of `hazard`, words).
    """

    what: str
    zone: str
    hazard: str
    window_s: int
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """One village at one minute: gauges silent or doubted, and what their readings showed later."""

    village: str
    at_s: int
    why: str
    heard: float
    is_blind: bool
    silent: tuple[str, ...]
    doubted: dict[str, tuple[str, ...]]
    late_readings: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """Scores of one hazard from one level on, as in summary.json of a replay."""

    hazard: str
    level: str
    events: int
    hits: int
    late: int
    misses: int
    warnings: int
    false_alarms: int
    undecided: int
    pod: float | None
    far: float | None
    csi: float | None
    lead_min_median: float | None


@dataclass(frozen=True, slots=True)
class ConfigurationRecord:
    """A configuration that ran within the record; `since_s` None: it ran before the journal begins."""

    since_s: int | None
    bundle: int
    fingerprint: str
    version: str
    status: str


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something that keeps this from being all that happened: a word (`words.CAVEATS`) and its detail."""

    word: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """The record of an event.

    Attributes
    ----------
    question, begin_s, end_s
        What was asked, and the stretch that it means.
    node, time_zone, clock
        Name of the node; offsets of its local clock, as pairs of since and seconds ahead; ``system`` or
        ``simulated``: of the latter sending times are of another clock than levels.
    names_shown : bool
        Codes of posts, doors and officers are shown.
    audit : str
        Newest hash of the node's audit, empty without one; `audit_faults` what is wrong with it.
    titles : dict of str to (str, str)
        Hazards by name: what they are called in Chinese and English.
    counts : dict of str to int
        Messages, bulletins, digests, answers, villages, doors told, posts asked.
    """

    question: str
    begin_s: int
    end_s: int
    node: str
    time_zone: tuple[tuple[int, int], ...]
    clock: str
    names_shown: bool
    configurations: tuple[ConfigurationRecord, ...]
    bundle_used: int
    audit: str
    audit_faults: int
    titles: dict[str, tuple[str, str]]
    counts: dict[str, int]
    links: tuple[Link, ...]
    timeline: tuple[Moment, ...]
    villages: tuple[VillageRecord, ...]
    never_answered: tuple[NeverAnswered, ...]
    gauges: tuple[GaugeRecord, ...]
    hidden: tuple[Hidden, ...]
    scores: tuple[ScoreRow, ...]
    unscored: tuple[str, ...]
    caveats: tuple[Caveat, ...]
    schema: str = field(default=SCHEMA)
