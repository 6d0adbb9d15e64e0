"""What households are told: one numbered sequence of bulletins per village, over all of its hazards.

A warning concerns one hazard; a door has one fear and one pair of legs. A bulletin is composed of
everything that stands in a village: its action comes from the order table by hazard *and* level (red
fire: nobody leaves), never from the colour alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from warnstream.model.changes import Reason
from warnstream.model.hands.orders import ReleasePolicy
from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S, compact_utc
from warnstream.model.warning import MessageStatus


class Action(StrEnum):
    """What a bulletin asks people to do; the first four in ascending order of what is asked."""

    WATCH = "watch"
    READY = "ready"
    PREPARE = "prepare"
    LEAVE = "leave"
    STAY = "stay"
    CLEAR = "clear"
    CORRECT = "correct"
    RETURN = "return"

    @property
    def rank(self) -> int:
        """1 (watch) to 4 (leave); 0 for stay and the ends, which no level asks for by itself."""
        return _RANK.get(self, 0)

    @property
    def is_end(self) -> bool:
        """Nothing stands any more."""
        return self in (Action.CLEAR, Action.CORRECT, Action.RETURN)

    @property
    def moves_people(self) -> bool:
        """Some or all have been asked to go: from then on people may be in shelters."""
        return self in (Action.PREPARE, Action.LEAVE)


_RANK = {Action.WATCH: 1, Action.READY: 2, Action.PREPARE: 3, Action.LEAVE: 4}

ORDERED_ACTIONS = tuple(_RANK)
"""Actions that the order table may name."""


class Refuge(StrEnum):
    """What people flee from, by where that is safe: uphill, sideways, away from fire, indoors."""

    WATER = "water"
    SLOPE = "slope"
    FIRE = "fire"
    WIND = "wind"


class BulletinCause(StrEnum):
    """Why a bulletin was issued."""

    FIRST = "first"
    RAISED = "raised"
    REFUGE = "refuge"
    LOWERED = "lowered"
    REMINDER = "reminder"
    ENDED = "ended"
    CORRECTED = "corrected"
    STATUS = "status"
    RETURNED = "returned"


TRANSFER = "transfer"
"""Stands in the place of a hazard where an order moves people out."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One text in Chinese and English, with ``{village}``, ``{shelter}`` and others in braces."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Order:
    """What one hazard at one level asks of people.

    `response` is the word of CAP's responseType.
    """

    action: Action
    response: str
    text: Wording


@dataclass(frozen=True, slots=True)
class HazardOrders:
    """What one hazard asks at each level that has an order, and what is said when it falls and ends.

    Attributes
    ----------
    refuge : Refuge
    of_level : mapping
        Level -> order; of a level without one the next lower one's counts, below all of them the lowest.
    stay : Wording
        It has fallen, people are in shelters.
    stay_rising : Wording or None
        It rises and asks for less than to go, people are in shelters; None: as `stay`.
    over : Wording
        It has ended after people were asked to go: over, not yet back.
    clear : Wording
        It has ended and nobody was asked to go.
    also : Wording
        Half a sentence for when another hazard leads.
    source : str
    """

    refuge: Refuge
    of_level: Mapping[Level, Order]
    stay: Wording
    over: Wording
    clear: Wording
    also: Wording
    source: str
    stay_rising: Wording | None = None

    def at(self, level: Level) -> Order:
        """The order of a level: its own, the next lower one's, else the lowest there is."""
        below = [order for order in self.of_level if order <= level]
        return self.of_level[max(below, default=min(self.of_level))]


@dataclass(frozen=True, slots=True)
class OrderTable:
    """Orders of every hazard; one that has none of its own takes those of `otherwise`.

    `correct`, `remind` and `not_a_drill` are wordings of every hazard: a false alarm, the repeated order
    and what comes before the first order of something real that interrupts an exercise. `go_home` and
    `go_home_zone` are the return of a village and of some of its zones. `duties` has what a post of each
    duty reads where people are to go (`Network.duties`).
    """

    of_hazard: Mapping[str, HazardOrders]
    otherwise: HazardOrders
    correct: Wording
    remind: Wording
    not_a_drill: Wording
    go_home: Wording
    go_home_zone: Wording
    duties: Mapping[str, Wording] = field(default_factory=dict)

    def of(self, hazard: str) -> HazardOrders:
        """Orders of a hazard."""
        return self.of_hazard.get(hazard, self.otherwise)

    def order(self, hazard: str, level: Level) -> Order:
        """What a hazard at a level asks."""
        return self.of(hazard).at(level)


@dataclass(frozen=True, slots=True)
class BulletinPolicy:
    """When bulletins are issued, and what their texts name.

    `settle_s` is how long a fall must stand before people hear of it, `clear_after_s` how long
    nothing may stand before the end, `remind_every_s` after how long prepare and leave are repeated
    to those who have answered neither moving nor safe (0: never). `level_min` is the lowest level
    that opens an episode. `signature` begins each Chinese text; `shelter` and `phone` stand in for
    villages without their own; an empty `phone`: none. `release` says what waits for an officer.
    """

    level_min: Level = Level.YELLOW
    settle_s: int = 10 * MINUTE_S
    clear_after_s: int = 10 * MINUTE_S
    remind_every_s: int = 3 * HOUR_S
    signature: str = ""
    shelter: Wording = field(default_factory=lambda: Wording("村里指定地点", "the village shelter"))
    phone: str = ""
    release: ReleasePolicy = field(default_factory=ReleasePolicy)


@dataclass(frozen=True, slots=True)
class PaperPolicy:
    """Signals of villages without power, as printed cards say them, and who has agreed them."""

    ready_signal: Wording = field(default_factory=lambda: Wording("慢敲锣、慢吹哨", "slow gong or whistle"))
    leave_signal: Wording = field(default_factory=lambda: Wording("急敲锣、急吹哨", "quick gong or whistle"))
    source: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """One hazard that stands in a village at a level, and its newest measured reason.

    `by_hand`: a person has set the level. Of a transfer `by_s` is when people are to be away, and `where`
    the name of the zone that it is about (empty: all of the village).
    """

    hazard: str
    level: Level
    status: MessageStatus
    reason: Reason | None = None
    by_hand: bool = False
    by_s: int = 0
    where: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Nobody has confirmed it, or it is only forecast."""
        reason = self.reason
        return reason is not None and not self.by_hand and not (reason.confirmed and reason.is_observed)


@dataclass(frozen=True, slots=True)
class ReturnNotice:
    """People may come back, by an order; `zones` are the names of whose, empty: the whole village."""

    order: str
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ordered:
    """What orders about moving people mean for the doors of one village.

    `standing` is the transfer while it stands; `is_away`: people were moved and not told to come back;
    `notice` the last return that was ordered.
    """

    standing: Standing | None = None
    is_away: bool = False
    notice: ReturnNotice | None = None


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What the doors of a village are told, once, until the next one.

    Attributes
    ----------
    identifier : str
        ``{prefix}.{village code}.{opened}.{n}``; of one village later ones have a greater (opened, n).
    village : int
        Index into `Villages`.
    opened_s, n : int
        When this episode began for the doors, and the number in it, from 1.
    issued_s : int
        Engine time.
    action : Action
    worst : Level
        The worst level that stands; NONE at an end.
    standing : tuple of Standing
        What stands, the leading hazard first: the one whose order is given.
    ended : tuple of str
        Hazards that ended since the last bulletin, in order of their names.
    cause : BulletinCause
    status : MessageStatus
        That of the episode's first bulletin, to its end.
    evidence : Reason or None
        Why the leading hazard stands.
    has_moved : bool
        People were asked to go in this episode: the end says that return is decided later.
    zones : tuple of str
        Of a return: names of the zones whose people may come back; empty: the whole village.
    ends_drill : bool
        There is a drill in the village, or has just been one: this says first that it is none.
    """

    identifier: str
    village: int
    opened_s: int
    n: int
    issued_s: int
    action: Action
    worst: Level
    standing: tuple[Standing, ...]
    ended: tuple[str, ...]
    cause: BulletinCause
    status: MessageStatus
    evidence: Reason | None
    has_moved: bool
    zones: tuple[str, ...] = ()
    ends_drill: bool = False

    @property
    def episode(self) -> str:
        """Identity without the number, equal for all bulletins of one episode."""
        return self.identifier.rpartition(".")[0]

    @property
    def voice(self) -> str:
        """Identity of the village's one voice, equal in all its bulletins for ever."""
        return self.episode.rpartition(".")[0]

    @property
    def sequence(self) -> int:
        """(opened, n) as one number: greater is newer, of one village."""
        return (self.opened_s << N_BITS) | self.n


VALID_S = 72 * HOUR_S
"""A bulletin that could not be sent for so long is not sent any more; its text names no end."""

N_BITS = 16
N_MAX = (1 << N_BITS) - 1
"""Bulletins of an episode; the next one opens a new episode."""


def episode_name(prefix: str, village_code: str, opened_s: int) -> str:
    """Identity of an episode: prefix and code are legal in names already.

    >>> episode_name("ws", "331124001005", 1_554_758_100)
    'ws.331124001005.20190408T211500Z'
    """
    return f"{prefix}.{village_code}.{compact_utc(opened_s)}"
