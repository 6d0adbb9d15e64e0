"""How files of loggers and archives are read, as declared."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from warnstream.model.observations.decoders import DecoderRule

DELIMITERS: dict[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "blanks": " "}
"""What may stand between cells; blanks are any number of them."""

ONLY_STATION = "(only station)"
"""Member of a row that stands for its file's only station."""


@dataclass(frozen=True, slots=True)
class LoggerFileRule:
    """One entry of ``logger_files:``.

    Attributes
    ----------
    file : str
        Pattern of file names.
    header_line : int
        Line that names the columns, from 1; 0: they are numbered.
    skip_lines : int
        Lines after it that are no data.
    comment : str
        Lines that begin so are passed over; empty: none.
    delimiter : str
        A key of `DELIMITERS`.
    missing, zero : frozenset of str
        Texts that say that there is no value, and that stand for 0.
    only_station : str
        Code of the station where no column names it.
    rows : DecoderRule
        Names, and the layout of a row as of an object whose members are its cells.
    """

    file: str
    header_line: int
    skip_lines: int
    comment: str
    delimiter: str
    missing: frozenset[str]
    zero: frozenset[str]
    only_station: str
    rows: DecoderRule


def rule_of(name: str, rules: tuple[LoggerFileRule, ...]) -> LoggerFileRule | None:
    """The first rule that a file's name fits."""
    return next((rule for rule in rules if fnmatchcase(name, rule.file)), None)
