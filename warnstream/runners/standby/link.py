"""How a box that stands by ends doing so, and how things stand with the other box."""

from dataclasses import dataclass
from enum import Enum, auto

from warnstream.adapters.standby.messages import Refused


class Ending(Enum):
    """Why a box stands by no more, or has to begin anew."""

    STOPPED = auto()
    TAKES_OVER = auto()
    IS_HANDED_OVER = auto()
    """The other box has stopped, and this one has everything."""
    IS_SOWN = auto()
    DIFFERS = auto()
    """Its log is another one, and it was told to put its own aside."""


@dataclass(slots=True)
class Link:
    """How things stand with the other box; replaced fields, read by any thread."""

    is_linked: bool = False
    settled: int = 0
    behind: int = 0
    trouble: str = ""
    refused: Refused | None = None
    url: str = ""
