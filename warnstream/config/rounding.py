"""Codes that a spreadsheet took for numbers and rounded: the code is lost, whoever retypes what is left."""

import re

_ROUNDED_BY_SPREADSHEET = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")


def is_rounded(text: str) -> bool:
    """Whether a code is what a spreadsheet makes of a long number.

    >>> is_rounded("3.31E+11"), is_rounded("331125001001")
    (True, False)
    """
    return _ROUNDED_BY_SPREADSHEET.fullmatch(text) is not None


def rounded_words(code: str, others: str = "") -> str:
    """Sentence about a rounded code, and how many others the column has."""
    return (
        f"a spreadsheet has rounded the code to {code}{others}: "
        "format the column as text and fill it in again"
    )
