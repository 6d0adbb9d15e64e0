"""Warning levels: 0 (none) to 4 (red), larger is worse.

Official Chinese grades count the other way round (I is the worst); they
appear in texts only, through `Level.official_grade`.
"""

from enum import IntEnum


class Level(IntEnum):
    """The national four colours, and none."""

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def word(self) -> str:
        """Lower-case name, as written in configuration and archives."""
        return self.name.lower()

    @property
    def official_grade(self) -> str:
        """Roman grade of the national standard: IV (blue) to I (red); empty for none."""
        return ("", "IV", "III", "II", "I")[self]


LEVELS = (Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)
"""The four levels that a threshold can have, ascending."""


def level_named(word: str) -> Level | None:
    """The level of `LEVELS` that a person has named; None for any other word.

    >>> level_named("red"), level_named("none")
    (<Level.RED: 4>, None)
    """
    return next((level for level in LEVELS if level.word == word), None)


def parse_level(word: str) -> Level:
    """Level of a word such as ``"orange"``.

    Raises
    ------
    ValueError
        If the word is not one of none, blue, yellow, orange, red.

    Examples
    --------
    >>> parse_level("orange")
    <Level.ORANGE: 3>
    """
    try:
        return Level[word.strip().upper()]
    except KeyError:
        raise ValueError(f"{word!r} is not a level: none, blue, yellow, orange or red") from None
