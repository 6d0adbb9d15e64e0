"""A drill: simulated changes of levels in some villages, on a desk of their own beside the real one.

What belongs to a drill is known by its name alone: all of its identifiers begin with the prefix of the
node and `DRILL`, which no name of a real warning has.
"""

from dataclasses import dataclass
from enum import StrEnum

from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S

DRILL = "@drill"
"""Behind the node's prefix in every identifier of a drill; no topic prefix may end with it."""

STEPS_MAX = 1_000
"""Simulated changes of one drill."""

LASTS_S_MAX = 12 * HOUR_S
"""The longest drill; nobody forgets one that way."""

AFTER_DRILL_S = HOUR_S
"""So long after a drill what is real says that it is no drill."""

END_S = 10 * MINUTE_S
"""A drill ends by itself so long after its last change, where its order does not say when."""


def drill_prefix(prefix: str) -> str:
    """Prefix of the identifiers of a drill.

    >>> drill_prefix("ws")
    'ws@drill'
    """
    return f"{prefix}{DRILL}"


def is_of_drill(identifier: str) -> bool:
    """Whether a message, bulletin or digest is of a drill.

    >>> is_of_drill("ws@drill.V1.20260618T080000Z.1"), is_of_drill("ws.V1.20260618T080000Z.1")
    (True, False)
    """
    return identifier.partition(".")[0].endswith(DRILL)


class DrillAct(StrEnum):
    """What can be ordered of a drill."""

    START = "start"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class DrillStep:
    """A simulated change: `after_s` seconds into the drill, a hazard is at a level in these villages.

    `villages` are codes; empty: all of the drill.
    """

    after_s: int
    hazard: str
    level: Level
    villages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DrillOrder:
    """A person orders a drill, or its end.

    Attributes
    ----------
    identifier : str
        Unique; names the drill. Of an order to stop: its own.
    act : DrillAct
    author, reason : str
        A person of operators.csv, and why.
    villages : tuple of str
        Codes.
    steps : tuple of DrillStep
        In order of time.
    for_s : int
        The drill ends by itself so long after it began.
    is_announced : bool
        Posts are told at the beginning that there will be a drill, and when; else nobody is.
    """

    identifier: str
    act: DrillAct
    author: str
    reason: str
    villages: tuple[str, ...] = ()
    steps: tuple[DrillStep, ...] = ()
    for_s: int = 0
    is_announced: bool = False
