"""Names of warnings and messages: the same input gives the same name on every node.

A warning is named by who warns, where, of what, and when its threshold was
crossed; a message by its warning and version. Names contain only characters
that CAP 1.2 allows in an identifier, and two warnings never share one, even
if a warning is opened again for the same second.
"""

from dataclasses import dataclass
from functools import lru_cache

from warnstream.model.times import compact_utc

_NOT_IN_NAMES = frozenset("%,&<>.|/+#\"'")
"""Illegal in CAP identifiers, or separators in names, keys and topics."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What must be remembered of a village and hazard so that no name is used twice.

    `last_opened_s` is the latest crossing that named a warning (-1: none);
    `repeats` counts the warnings whose crossing was not later than an earlier one's.
    """

    last_opened_s: int = -1
    repeats: int = 0

    def opened(self, crossed_at_s: int) -> "Naming":
        """After one more warning, opened by this crossing.

        `repeats` never returns to 0: a number once used in a name is not used again.
        """
        if crossed_at_s > self.last_opened_s:
            return Naming(crossed_at_s, self.repeats)
        return Naming(self.last_opened_s, self.repeats + 1)


def warning_name(prefix: str, village_code: str, hazard: str, crossed_at_s: int, naming: Naming) -> str:
    """Identity of the warning that the crossing at `crossed_at_s` opens.

    Parameters
    ----------
    prefix, village_code, hazard : str
        Characters that a name cannot hold are written as ``%`` and their hexadecimal bytes.
    crossed_at_s : int
        Event time of the crossing.
    naming : Naming
        What was remembered *before* this warning.

    Examples
    --------
    >>> warning_name("ws", "331124001005", "flash_flood", 1_554_758_100, Naming())
    'ws.331124001005.flash_flood.20190408T211500Z'
    """
    parts = [legal(prefix), legal(village_code), legal(hazard), compact_utc(crossed_at_s)]
    if crossed_at_s <= naming.last_opened_s:
        parts[-1] += f"-{naming.repeats + 2}"
    return ".".join(parts)


def message_name(warning: str, version: int) -> str:
    """Identifier of one version of a warning.

    >>> message_name("ws.v1.flood.20190408T211500Z", 3)
    'ws.v1.flood.20190408T211500Z.3'
    """
    return f"{warning}.{version}"


def parse_message_name(identifier: str) -> tuple[str, int] | None:
    """Warning and version of a message identifier; None if it is not one.

    >>> parse_message_name("ws.v1.flood.20190408T211500Z.3")
    ('ws.v1.flood.20190408T211500Z', 3)
    >>> parse_message_name("hello") is None
    True
    """
    warning, _, version = identifier.rpartition(".")
    if not warning or not (version.isascii() and version.isdigit()) or len(version) > 9:
        return None
    return (warning, int(version)) if version[0] != "0" else None


@lru_cache(maxsize=65_536)  # the codes of a county come again with every message
def legal(text: str) -> str:
    """Text as a part of a name: what a name cannot hold is written as ``%`` and hexadecimal bytes."""
    if text.replace("-", "").replace("_", "").isalnum():  # most codes; letters and digits are all printable
        return text
    return "".join(_legal_character(character) for character in text)


def _legal_character(character: str) -> str:
    if character.isprintable() and not character.isspace() and character not in _NOT_IN_NAMES:
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
