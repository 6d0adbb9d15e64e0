"""What was looked at, and how it is."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How something is: a FAULT keeps a node from its work, a LOOK may."""

    OK = "ok"
    LOOK = "look"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    part : str
        Such as ``disk`` or ``broker``.
    health : Health
    words : str
        What was found, and what to do where it is not well.
    """

    part: str
    health: Health
    words: str


def ok(part: str, words: str) -> Finding:
    """Something that is well."""
    return Finding(part, Health.OK, words)


def look(part: str, words: str) -> Finding:
    """Something that deserves a look."""
    return Finding(part, Health.LOOK, words)


def fault(part: str, words: str) -> Finding:
    """Something that keeps a node from its work."""
    return Finding(part, Health.FAULT, words)
