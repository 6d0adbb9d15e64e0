"""The officer on duty: who has the shift, what rings them, and what they do about it.

A *trouble* is what a person has to look at now; an *alarm* is one a township and class of it.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S

SHIFT_S = 12 * HOUR_S
"""A shift that nobody ends is over after so long: who sleeps at home is not on duty."""

COUNTY = ("", "")
"""Place of what concerns no township: a channel, the node itself."""

Place = tuple[str, str]
"""County and township; of a village without a township its code stands for it."""


class Urgency(IntEnum):
    """A sounds until it is seen, B once; what is neither is silent and has no alarm."""

    A = 1
    B = 2


class Trouble(StrEnum):
    """What rings an officer."""

    HELP = "help"
    RELEASE = "release"
    DRY = "dry"
    RISE = "rise"
    CHANNEL = "channel"
    NODE = "node"

    @property
    def urgency(self) -> Urgency:
        """Its class."""
        return Urgency.A if self in (Trouble.HELP, Trouble.RELEASE, Trouble.DRY) else Urgency.B


@dataclass(frozen=True, slots=True)
class DutyPolicy:
    """When an officer is rung.

    `help_s`: a call for help in orange or red that nobody has taken for so long; `release_s`: a release
    that goes by itself so soon; `unseen_s`: an alarm of class A that nobody has seen for so long rings a
    post, and the next one after as long again; `round_s`: after the last one all are rung anew;
    `again_s`: what comes back sooner is the same alarm; `seen_red_s` and `seen_s`: how long `see`
    silences at most. Above `flood_begins` alarms in `flood_window_s` it is a flood, until below `flood_ends`.
    """

    help_s: int = MINUTE_S
    release_s: int = 5 * MINUTE_S
    unseen_s: int = 3 * MINUTE_S
    round_s: int = 10 * MINUTE_S
    again_s: int = 10 * MINUTE_S
    seen_red_s: int = 15 * MINUTE_S
    seen_s: int = 60 * MINUTE_S
    flood_begins: int = 10
    flood_ends: int = 5
    flood_window_s: int = 10 * MINUTE_S


class DutyKind(StrEnum):
    """What a person on duty does."""

    SEE = "see"
    TAKE_SHIFT = "take_shift"
    HAND_OVER = "hand_over"
    READ = "read"


@dataclass(frozen=True, slots=True)
class DutyAct:
    """An entry of kind ``act``.

    Attributes
    ----------
    identifier : str
        The same one again changes nothing.
    kind : DutyKind
    person : str
    place : Place
        Of an alarm that was seen.
    urgency : int
        Its class.
    for_s : int
        How long it is to be silent; 0: as long as may be.
    area, post : str
        Of the person, with a shift: what they answer for, and where they are rung.
    other : str
        To whom a shift is offered.
    note : str
        Why; or which doors were read.
    """

    identifier: str
    kind: DutyKind
    person: str
    place: Place = COUNTY
    urgency: int = 0
    for_s: int = 0
    area: str = ""
    post: str = ""
    other: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A trouble as it is now: `badness` grows when it worsens, `village` is the worst of those concerned."""

    place: Place
    trouble: Trouble
    badness: int
    village: int
    level: Level = Level.NONE


@dataclass(frozen=True, slots=True)
class Ring:
    """An alarm that nobody has seen is brought to posts.

    `number` counts the rings of the node: with the time it is part of a name that is never used twice.
    """

    place: Place
    troubles: tuple[Trouble, ...]
    since_s: int
    at_s: int
    number: int
    posts: tuple[str, ...]
