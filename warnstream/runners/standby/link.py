"""How a box greets the other one, how things stand between them, and how a box ends standing by."""

from dataclasses import dataclass
from enum import Enum, auto

from warnstream import __version__
from warnstream.adapters.standby.leadership import Leadership
from warnstream.adapters.standby.messages import VERSION, Hello, Refused
from warnstream.config.settings import Configuration

PUT_ASIDE = (
    "start it with --as-standby: what it has is kept aside, and the box that leads sends it a whole state"
)


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


def hello_of(  # what a greeting has
    configuration: Configuration,
    leadership: Leadership,
    role: str,
    last: int,
    digest: str,
    runs: str = "",
) -> Hello:
    """How a box greets; `runs`: fingerprint of what its log is under, where that is another configuration."""
    standby = configuration.standby
    assert standby is not None
    return Hello(
        VERSION,
        leadership.box,
        configuration.node.name,
        role,
        leadership.term,
        runs or configuration.fingerprint,
        __version__,
        leadership.log,
        last,
        digest,
        standby.boxes[leadership.box].url,
    )
