"""Duties of posts, and rescue teams: what chain.csv and teams.csv say beyond who is called."""

from collections.abc import Collection
from dataclasses import dataclass

DUTIES = ("warn", "lead", "fetch", "gate", "shelter", "command")
"""What a post does when people are to go: warn, lead them, fetch who cannot walk, hold the road, have the
shelter, command."""

IN_COUNTY = "command_county"
"""The duty to command of a post whose area is a county or everything: it is asked for something else."""

NO_AREA = "@team"
"""Area of a rescue team's row: it answers for no village on the ladder."""


@dataclass(frozen=True, slots=True)
class Team:
    """What teams.csv says of a rescue team.

    `area` is a village code, a township name, a county name or ``*``: it is called when a village there
    turns red. `echelon_h` are the hours within which it is to be there, `heads` its people.
    """

    name: str
    base: str
    area: str
    echelon_h: int
    heads: int
    kit: str = ""


def duty_of(duty: str, area: str, counties: Collection[str]) -> str:
    """Duty of a post, by the area that it answers for; `counties` are those and ``*``."""
    return IN_COUNTY if duty == "command" and area in counties else duty
