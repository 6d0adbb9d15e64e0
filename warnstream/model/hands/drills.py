"""A drill: simulated changes of levels in some villages, on a desk of their own beside the real one.

What belongs to a drill is known by its name alone: all of its identifiers begin with the prefix of the
node, `DRILL` and the drill's own name, which no name of a real warning has.
"""

from dataclasses import dataclass
from enum import StrEnum

from warnstream.model.level import Level
from warnstream.model.times import HOUR_S, MINUTE_S

DRILL = "@drill"
"""Behind the node's prefix in every identifier of a drill; no topic prefix may have it."""

STEPS_MAX = 1_000
"""Simulated changes of one drill."""

LASTS_S_MAX = 12 * HOUR_S
"""The longest drill; nobody forgets one that way."""

AFTER_DRILL_S = HOUR_S
"""So long after a drill what is real says that it is no drill."""

END_S = 10 * MINUTE_S
"""A drill ends by itself so long after its last change, where its order does not say when."""


DRILLS_MAX = 8
"""Drills that are on at once; each in villages of its own."""

NAME_CHARACTERS_MAX = 40


def drill_name(identifier: str) -> str:
    """The name that an order gives its drill: of a folder, and in every identifier of the drill.

    >>> drill_name("3f0a-9c/11")
    '3f0a9c11'
    """
    return "".join(character for character in identifier if character.isalnum() and character.isascii())[
        :NAME_CHARACTERS_MAX
    ]


def drill_prefix(prefix: str, identifier: str) -> str:
    """Prefix of the identifiers of the drill of an order.

    >>> drill_prefix("ws", "3f0a")
    'ws@drill-3f0a'
    """
    return f"{prefix}{DRILL}-{drill_name(identifier)}"


def name_of_drill(identifier: str) -> str:
    """Name of the drill that a message, bulletin, digest or key is of; empty: of none.

    >>> name_of_drill("ws@drill-3f0a.V1.20260618T080000Z.1"), name_of_drill("ws.V1.20260618T080000Z.1")
    ('3f0a', '')
    """
    return identifier.partition(".")[0].partition(f"{DRILL}-")[2]


def is_of_drill(identifier: str) -> bool:
    """Whether a message, bulletin or digest is of a drill.

    >>> is_of_drill("ws@drill-3f0a.V1.20260618T080000Z.1"), is_of_drill("ws.V1.20260618T080000Z.1")
    (True, False)
    """
    return DRILL in identifier.partition(".")[0]


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
        Unique; names the drill (`drill_name`). Of an order to stop: its own.
    act : DrillAct
    author, reason : str
        A person of operators.csv, and why.
    villages : tuple of str
        Codes. Of an order to stop: those of the drill that ends; none: everywhere.
    steps : tuple of DrillStep
        In order of time.
    for_s : int
        The drill ends by itself so long after it began.
    is_announced : bool
        Posts are told at the beginning that there will be a drill, and when; else nobody is.
    drill : str
        Of an order to stop: the name of the drill that ends; empty: all.
    """

    identifier: str
    act: DrillAct
    author: str
    reason: str
    villages: tuple[str, ...] = ()
    steps: tuple[DrillStep, ...] = ()
    for_s: int = 0
    is_announced: bool = False
    drill: str = ""
