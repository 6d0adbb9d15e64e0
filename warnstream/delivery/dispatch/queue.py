"""In which order a channel's notifications leave: everything that orders them stands here.

1. What is asked (`Urgency`): leave, prepare, stay, ready, watch; then an end; a reminder after everything.
2. When the hazard arrives, by quarters of an hour: who has least time hears first, so what is there already
   goes before what is forecast.
3. The worst level that stands: a red leave before an orange one that is as near.
4. The door (`Grade`): people who cannot go alone, then the classes of the register, A before D.
5. The never-tried before retries; then the order of issue.

Doors are ordered by all five, posts and topics (`ROWS`) by what their level asks for: posts go before doors
of that, since they have to act, and they are few.

A leave's retry goes before a first watch, because a house that must be left must not wait half an hour behind
everybody's blue after one lost connection. But retries take at most half of what is sent while anybody waits
for a first attempt: those whom nobody reaches cannot keep the others waiting.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, TypeVar

from warnstream.model.bulletins import Action, Bulletin, BulletinCause
from warnstream.model.level import Level
from warnstream.model.times import MINUTE_S

Item = TypeVar("Item")

ARRIVAL_S = 15 * MINUTE_S
"""Hazards that arrive in the same quarter of an hour are equally near: forecasts are no more exact."""


class Urgency(IntEnum):
    """What a bulletin asks, greater first; the numbers are stored (below 16: of earlier versions)."""

    REMINDER = 16
    END = 17
    WATCH = 18
    READY = 19
    STAY = 20
    PREPARE = 21
    LEAVE = 22


class Grade(IntEnum):
    """Who lives behind a door, smaller first."""

    HELPLESS = 0
    A = 1
    B = 2
    C = 3
    D = 4
    UNKNOWN = 5


OF_ACTION = {
    Action.LEAVE: Urgency.LEAVE,
    Action.PREPARE: Urgency.PREPARE,
    Action.STAY: Urgency.STAY,
    Action.READY: Urgency.READY,
    Action.WATCH: Urgency.WATCH,
    Action.CLEAR: Urgency.END,
    Action.CORRECT: Urgency.END,
    Action.RETURN: Urgency.END,
}

ROWS = {
    Level.RED: Urgency.LEAVE,
    Level.ORANGE: Urgency.LEAVE,
    Level.YELLOW: Urgency.PREPARE,
    Level.BLUE: Urgency.READY,
    Level.NONE: Urgency.END,
}
"""Posts and topics of a level go before doors of that urgency, and behind those of a greater one."""


class Place(NamedTuple):
    """Where a door stands; smaller goes first."""

    minus_urgency: int
    quarter: int
    minus_level: int
    grade: int


def urgency_of(bulletin: Bulletin) -> Urgency:
    """What a bulletin asks of doors."""
    if bulletin.cause is BulletinCause.REMINDER:
        return Urgency.REMINDER
    return OF_ACTION[bulletin.action]


def urgency_of_level(level: int, *, is_reminder: bool) -> Urgency:
    """What a message asks of which only the level is known.

    >>> urgency_of_level(4, is_reminder=False).name, urgency_of_level(4, is_reminder=True).name
    ('LEAVE', 'REMINDER')
    """
    if is_reminder:
        return Urgency.REMINDER
    return (Urgency.END, Urgency.WATCH, Urgency.READY, Urgency.PREPARE, Urgency.LEAVE)[level]


def urgency_kept(number: int) -> int:
    """An urgency as a snapshot has it; earlier versions kept twice the level, one more if no reminder.

    >>> Urgency(urgency_kept(7)).name
    'PREPARE'
    """
    if number >= Urgency.REMINDER:
        return number
    return urgency_of_level(min(number // 2, Level.RED), is_reminder=number % 2 == 0)


def arrival_s(bulletin: Bulletin) -> int:
    """When what a bulletin is about arrives, seconds since 1970; 0: it is there already, or nothing comes."""
    reason = bulletin.evidence
    if reason is None or bulletin.action.is_end or not reason.lead_s:
        return 0
    return reason.observed_until_s + reason.lead_s


def grade_of(letter: str, helpless: int) -> Grade:
    """Of a door by its class in the register (empty: not known) and how many there cannot go alone.

    >>> grade_of("B", 2).name, grade_of("B", 0).name, grade_of("", -1).name
    ('HELPLESS', 'B', 'UNKNOWN')
    """
    return Grade.HELPLESS if helpless > 0 else Grade.__members__.get(letter, Grade.UNKNOWN)


def place_of(urgency: int, arrives_s: int, level: int, grade: int) -> Place:
    """Where a door stands among all that wait."""
    return Place(-urgency, arrives_s // ARRIVAL_S, -level, grade)


def next_to_send(
    first: Sequence[tuple[Place, Item]], again: Sequence[tuple[Place, Item]], limit: int
) -> list[Item]:
    """The next items to send, at most `limit`, in order.

    Parameters
    ----------
    first, again : sequence of (Place, item)
        Never tried, and due for another attempt; each in its own order, smaller places first.

    Examples
    --------
    >>> red, blue = place_of(22, 0, 4, 0), place_of(18, 0, 1, 0)
    >>> next_to_send([(red, "a"), (blue, "b"), (blue, "c")], [(red, "x"), (red, "y"), (red, "z")], limit=4)
    ['a', 'x', 'y', 'b']
    """
    again_max = limit if not first else max(limit // 2, limit - len(first))
    chosen = [(place, 0, item) for place, item in first[:limit]]
    chosen += [(place, 1, item) for place, item in again[:again_max]]
    chosen.sort(key=lambda one: one[:2])
    return [item for _, _, item in chosen[:limit]]


def rows_before(urgency: int) -> int:
    """Lowest level of posts and topics that go before doors of an urgency; above every level: none do.

    >>> rows_before(Urgency.LEAVE) == Level.ORANGE, rows_before(Urgency.END) == Level.NONE
    (True, True)
    """
    return min((int(level) for level, of in ROWS.items() if of >= urgency), default=int(Level.RED) + 1)
