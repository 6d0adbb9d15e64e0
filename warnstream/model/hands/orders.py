"""Hands on warnings: what a person orders, and how long it binds.

An order is an entry of the log with author and reason. Most of them are one idea: a *bound* on the level
in force of villages and a hazard, a floor or a ceiling, that expires.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S

REASON_CHARACTERS_MAX = 200
"""Of an order's reason; longer ones are refused."""

BOUNDS_MAX = 1_000
"""Orders that bind at once; further ones are refused and counted."""

SILENCED_MAX = Level.ORANGE
"""A silence never hides what is worse."""


class OrderKind(StrEnum):
    """What can be ordered."""

    ISSUE = "issue"
    RAISE = "raise"
    LOWER = "lower"
    END = "end"
    CORRECT = "correct"
    EXTEND = "extend"
    SILENCE = "silence"
    RELEASE = "release"
    HOLD = "hold"
    REJECT = "reject"
    CALL_AGAIN = "call-again"
    RESPOND = "respond"
    TRANSFER = "transfer"
    TRANSFER_OVER = "transfer-over"
    LEAVE_SHELTER = "leave-shelter"
    ASSESS = "assess"
    RETURN = "return"
    TRANSFER_CLOSE = "transfer-close"

    @property
    def is_transfer(self) -> bool:
        """It moves people out or brings them back, and binds no level."""
        return self in _OF_TRANSFERS

    @property
    def is_floor(self) -> bool:
        """The level in force is at least the order's."""
        return self in (OrderKind.ISSUE, OrderKind.RAISE)

    @property
    def is_ceiling(self) -> bool:
        """The level in force is at most the order's."""
        return self in (OrderKind.LOWER, OrderKind.END, OrderKind.CORRECT)


_OF_TRANSFERS = frozenset(
    {
        OrderKind.TRANSFER,
        OrderKind.TRANSFER_OVER,
        OrderKind.LEAVE_SHELTER,
        OrderKind.ASSESS,
        OrderKind.RETURN,
        OrderKind.TRANSFER_CLOSE,
    }
)

SAFE, UNSAFE = "safe", "unsafe"
"""Verdicts of an assessment."""


class Response(StrEnum):
    """The county's state of emergency response, I the highest."""

    I = "I"  # noqa: E741  # the plan's own names
    II = "II"
    III = "III"
    IV = "IV"
    END = "end"


@dataclass(frozen=True, slots=True)
class HandOrder:
    """What a person orders.

    Attributes
    ----------
    identifier : str
        Unique; an order given twice under one identifier is carried out once.
    kind : OrderKind
    author, reason : str
        A person of operators.csv, and why.
    villages : tuple of str
        Codes; empty for orders that concern no village.
    hazard : str
        Empty: every hazard (silence, release, extend).
    level : Level
        Of a floor, or what is lowered to.
    for_s : int
        How long it binds from when it is carried out; 0: as long as the policy says.
    second : str
        The second person, where one has agreed already.
    is_alone : bool
        Red by one person alone, on purpose.
    version : str
        Identifier of the message that the author saw; empty: any.
    post : str
        Of a silence: the one post that is not told.
    response : str
        Word of `Response`, of an order to respond.
    order : str
        Of a release: identifier of the order that a second person agrees to; of the close of a transfer
        list: its name.
    zones, grades : tuple of str
        Of a transfer, an assessment, a return: codes of zones (empty: all of the villages), and of a
        transfer whom it is for (empty: all grades).
    by, onset : str
        Of a transfer: by which hour people are away, and when the hazard is expected; a clock such as
        ``18:00`` or a time with its date. Empty: at once; nobody knows.
    verdict : str
        Of an assessment: `SAFE` or `UNSAFE`.
    happened_s : int
        Of what is told late: when it was in truth, seconds UTC; 0: now. It is kept and changes nothing else.
    asks_second : bool
        Whatever it orders, it waits for a second person; red by hand does anyway.
    """

    identifier: str
    kind: OrderKind
    author: str
    reason: str
    villages: tuple[str, ...] = ()
    hazard: str = ""
    level: Level = Level.NONE
    for_s: int = 0
    second: str = ""
    is_alone: bool = False
    version: str = ""
    post: str = ""
    response: str = ""
    order: str = ""
    zones: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    by: str = ""
    onset: str = ""
    verdict: str = ""
    happened_s: int = 0
    asks_second: bool = False


class BoundKind(StrEnum):
    """Sides from which a level can be bound."""

    FLOOR = "floor"
    CEILING = "ceiling"


@dataclass(frozen=True, slots=True)
class Bound:
    """A hand's bound on the level in force of one village and hazard.

    `order` names the order, `since_s` and `expires_s` are engine time.
    """

    order: str
    kind: BoundKind
    level: Level
    author: str
    second: str
    reason: str
    since_s: int
    expires_s: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Posts are not told of rises up to orange: in villages, of a hazard (empty: all), or one post."""

    order: str
    author: str
    reason: str
    villages: tuple[str, ...]
    hazard: str
    post: str
    since_s: int
    expires_s: int


@dataclass(frozen=True, slots=True)
class HandPolicy:
    """How long hands bind.

    `ceiling_red_s` is the longest that a ceiling hides red, `ceiling_s` anything else (also a silence);
    `floor_s` how long a floor binds where its order does not say, `floor_s_max` the longest;
    `second_within_s` how long red by hand waits for the second person.
    """

    ceiling_red_s: int = 30 * MINUTE_S
    ceiling_s: int = 2 * HOUR_S
    floor_s: int = 6 * HOUR_S
    floor_s_max: int = 24 * HOUR_S
    second_within_s: int = 10 * MINUTE_S


AUTOMATIC = 0
MANUAL = -1
"""Instead of the seconds within which an officer can decide before a bulletin goes by itself."""

AT_ONCE = (AUTOMATIC,) * 5


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """Seconds that doors wait for an officer, by level none to red: `AUTOMATIC`, a time, or `MANUAL`.

    `rise` is what is confirmed, `doubtful` what is not or only forecast, `clear` the end by the worst
    level that had been told.
    """

    rise: tuple[int, ...] = AT_ONCE
    doubtful: tuple[int, ...] = AT_ONCE
    clear: tuple[int, ...] = AT_ONCE


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """What doors are told by itself, and what an officer releases."""

    otherwise: ReleaseRule = ReleaseRule()
    of_hazard: Mapping[str, ReleaseRule] = field(default_factory=dict)

    def of(self, hazard: str) -> ReleaseRule:
        """The rule of a hazard."""
        return self.of_hazard.get(hazard, self.otherwise)


class Role(StrEnum):
    """What an operator may do: officers order, seconds agree and release, readers look."""

    OFFICER = "officer"
    SECOND = "second"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Operator:
    """A row of operators.csv: who may lay a hand on warnings of which area.

    `area` is a village's code, a township, a county or ``*``; `public_key` is Ed25519 in base64, or empty;
    `post` is where they are rung while they are on duty, or empty.
    """

    person: str
    name: str
    role: Role
    area: str
    phone: str
    public_key: str = ""
    post: str = ""
