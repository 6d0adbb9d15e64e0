"""The two state tables of a door: how far its newest bulletin has come, and what its people have said.

Rule 1: whatever changes a state is a `Result` or a `Said`, and what it does stands in `DELIVERED_BY` or
`PEOPLE_AFTER`. Rule 2: what finds another state than it expects changes nothing, so a late or repeated
one is harmless.
"""

from enum import IntEnum, StrEnum

import numpy as np


class Delivery(IntEnum):
    """How far the newest bulletin of a village has come with one of its doors; the numbers are stored."""

    NONE = 0
    """Nothing of this episode is for the door."""
    QUEUED = 1
    SENT = 2
    DELIVERED = 3
    """Its device, or a receipt, has said so."""
    FAILED = 4
    """The last attempt failed; another one follows."""
    UNREACHABLE = 5
    """Refused for good, or attempts are used up; the next bulletin tries again."""
    EXPIRED = 6
    """It was over before it could be sent."""
    SPARED = 7
    """It is not for this door: an end of what the door never heard of, a reminder to who is on the way."""

    @property
    def word(self) -> str:
        """Lower-case name for interfaces."""
        return self.name.lower()


class People(IntEnum):
    """What the people of a door have said in this episode; the numbers are stored."""

    SILENT = 0
    ACKNOWLEDGED = 1
    MOVING = 2
    SAID_SAFE = 3
    SAFE = 4
    """Another person has confirmed it."""
    REFUSED = 5
    HELP = 6
    ASSIGNED = 7
    """A person goes there."""

    @property
    def word(self) -> str:
        """Lower-case name for interfaces."""
        return self.name.lower()


class Result(StrEnum):
    """What became of one attempt to tell a door."""

    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"
    UNDELIVERED = "undelivered"
    """The channel took it, and reports that it will not reach the door."""
    SILENT = "silent"
    """No attempt: it was told, and nobody has answered for so long that the next channel has its turn."""
    HELD = "held"
    """No attempt: its channel has been held for so long that the next one has its turn."""
    BACK = "back"
    """No attempt: its channel is held, none after it works, and the first one does."""


class Said(IntEnum):
    """What is said by or about the people of a door."""

    ACKNOWLEDGE = 0
    MOVE = 1
    CLAIM_SAFE = 2
    REFUSE = 3
    CALL = 4
    """They need help."""
    ASSIGN = 5
    """Help is on its way: a person has the call."""
    CONFIRM = 6
    """Another person has seen them safe, or closed their call."""

    @property
    def word(self) -> str:
        """Lower-case name for interfaces."""
        return self.name.lower()


WAITING = frozenset({Delivery.QUEUED, Delivery.FAILED})
"""The door is still to be told."""

IS_WAITING = np.array([state in WAITING for state in Delivery])
"""By `Delivery`."""

_UNTOLD = frozenset(Delivery) - {Delivery.SENT, Delivery.DELIVERED}

DELIVERED_BY: dict[Result, tuple[frozenset[Delivery], Delivery]] = {
    Result.SENT: (_UNTOLD, Delivery.SENT),
    Result.DELIVERED: (frozenset(Delivery) - {Delivery.DELIVERED}, Delivery.DELIVERED),
    Result.FAILED: (WAITING, Delivery.FAILED),
    Result.UNREACHABLE: (WAITING, Delivery.UNREACHABLE),
    Result.EXPIRED: (WAITING, Delivery.EXPIRED),
    Result.UNDELIVERED: (frozenset({Delivery.SENT}), Delivery.UNREACHABLE),
    Result.SILENT: (frozenset({Delivery.SENT, Delivery.DELIVERED}), Delivery.QUEUED),
    Result.HELD: (WAITING, Delivery.QUEUED),
    Result.BACK: (WAITING, Delivery.QUEUED),
}
"""Result -> (states in which it changes something, the state it leads to), for the newest bulletin.

A receipt is believed in any state. A failure never lowers what was sent. Where another channel comes after
the one that a door is on, `UNREACHABLE`, `SILENT` and `HELD` lead to that one, to wait there (`Ledger.take`).
"""

_ON_THEIR_OWN = frozenset(
    {People.SILENT, People.ACKNOWLEDGED, People.MOVING, People.SAID_SAFE, People.REFUSED}
)

PEOPLE_AFTER: dict[Said, tuple[frozenset[People], People]] = {
    Said.ACKNOWLEDGE: (frozenset({People.SILENT}), People.ACKNOWLEDGED),
    Said.MOVE: (frozenset({People.SILENT, People.ACKNOWLEDGED, People.REFUSED}), People.MOVING),
    Said.CLAIM_SAFE: (_ON_THEIR_OWN - {People.SAID_SAFE}, People.SAID_SAFE),
    Said.REFUSE: (frozenset({People.SILENT, People.ACKNOWLEDGED, People.MOVING}), People.REFUSED),
    Said.CALL: (frozenset(People) - {People.HELP, People.ASSIGNED}, People.HELP),
    Said.ASSIGN: (frozenset({People.HELP}), People.ASSIGNED),
    Said.CONFIRM: (frozenset(People) - {People.SAFE}, People.SAFE),
}
"""Said -> (states in which it changes something, the state it leads to).

Help stays until another person has closed it, whatever is said later by the door itself.
"""

HELP_OPEN = frozenset({People.HELP, People.ASSIGNED})
"""A call for help that nobody has closed."""

ON_THEIR_WAY = frozenset({People.MOVING, People.SAID_SAFE, People.SAFE})
"""A reminder is not for them."""


def after(state: People, said: Said) -> People:
    """The people's state after something was said.

    Examples
    --------
    >>> after(People.MOVING, Said.CALL)
    <People.HELP: 6>
    >>> after(People.HELP, Said.CLAIM_SAFE)  # only another person closes a call
    <People.HELP: 6>
    """
    sources, target = PEOPLE_AFTER[said]
    return target if state in sources else state
