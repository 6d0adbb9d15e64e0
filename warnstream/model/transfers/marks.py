"""What a post or an officer says of rows of a transfer list, by name."""

from enum import StrEnum

import msgspec

MARKED_MAX = 1_000
"""Rows that one mark may name."""


class MarkWord(StrEnum):
    """What can be said of a row."""

    MOVING = "moving"
    SAID_SAFE = "said_safe"
    """They say themselves that they are safe."""
    SAFE = "safe"
    """The one who marks has seen them safe, or found the place empty."""
    REFUSED = "refused"
    HELP = "help"
    BACK = "back"
    """They are there again, or it was an error: the row is open anew."""


class RowMark(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing said of some rows; `by` is a person of operators.csv or a post (`is_post`)."""

    identifier: str
    rows: tuple[str, ...]
    word: str
    by: str
    note: str = ""
    is_post: bool = False
