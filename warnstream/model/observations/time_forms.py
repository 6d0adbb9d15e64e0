"""Times written in a declared form, such as ``%d.%m.%Y %H:%M``.

The directives are those of C's strptime: ``%Y %y %m %b %d %j %H %I %p %M %S %f
%z %%``; month names are English. Anything else stands for itself, blanks for any number of blanks.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, second_of_day

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PATTERN_OF = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "b": rf"(?P<b>{'|'.join(_MONTHS)})[a-z]*",
    "d": r"(?P<d>[0-9]{1,2})",
    "j": r"(?P<j>[0-9]{1,3})",
    "H": r"(?P<H>[0-9]{1,2})",
    "I": r"(?P<I>[0-9]{1,2})",
    "p": r"(?P<p>[ap])\.?m\.?",
    "M": r"(?P<M>[0-9]{2})",
    "S": r"(?P<S>[0-9]{2})",
    "f": r"(?P<f>[0-9]{1,9})",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
_FIXED = {"Y": 4, "y": 2, "m": 2, "d": 2, "j": 3, "H": 2, "I": 2}
"""Digits of a directive that stands right before another one, as in ``%Y%m%d``."""

_CENTURY_BEGINS = 69
"""Years of two digits from here on are of the last century (POSIX)."""


@dataclass(frozen=True, slots=True)
class TimeForm:
    """A form that has been read; `parse` reads times of it."""

    form: str
    pattern: re.Pattern[str]

    def parse(self, text: str) -> tuple[int, int | None]:
        """Seconds since 1970 by the clock that wrote a time, and what that is ahead of UTC, if it says so.

        Raises
        ------
        ValueError
            If the text is no time of this form.
        """
        match = self.pattern.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text[:80]!r} is not of the form {self.form}")
        part = {name: value for name, value in match.groupdict().items() if value is not None}
        try:
            return _date_s(part) + _clock_s(part), _ahead_s(part.get("z"))
        except ValueError:
            raise ValueError(f"{text[:80]!r} is not a time of the form {self.form}") from None


@lru_cache(maxsize=256)
def time_form(form: str) -> TimeForm:
    """Read a form.

    >>> time_form("%d.%m.%Y %H:%M").parse("18.06.2026 10:05")
    (1781777100, None)
    >>> time_form("%Y%m%d%H%M%z").parse("202606181005+0200")
    (1781777100, 7200)

    Raises
    ------
    ValueError
        If it has an unknown directive, one twice, or tells no date or no time of day.
    """
    pattern, names = "", []
    pieces = re.findall(r"%(.)|(\s+)|([^%\s])", form, re.DOTALL)
    for number, (directive, blanks, letter) in enumerate(pieces):
        if not directive:
            pattern += r"\s+" if blanks else re.escape(letter)
            continue
        if directive not in _PATTERN_OF or directive in names:
            raise ValueError(f"%{directive} in {form!r} is not known here, or stands twice")
        names.append(directive)
        follows = number + 1 < len(pieces) and pieces[number + 1][0] in _PATTERN_OF
        exact = directive in _FIXED and follows
        pattern += f"(?P<{directive}>[0-9]{{{_FIXED[directive]}}})" if exact else _PATTERN_OF[directive]
    has_year, has_day = {"Y", "y"} & set(names), "j" in names or ("d" in names and {"m", "b"} & set(names))
    has_clock = "M" in names and ("H" in names or {"I", "p"} <= set(names))
    if not (has_year and has_day and has_clock):
        raise ValueError(f"{form!r} does not tell a date and a time of day")
    return TimeForm(form, re.compile(pattern, re.IGNORECASE))


def _date_s(part: dict[str, str]) -> int:
    if "Y" in part:
        year = int(part["Y"])
    else:
        year = int(part["y"]) + (1900 if int(part["y"]) >= _CENTURY_BEGINS else 2000)
    if "j" in part:
        first, day = np.datetime64(f"{year:04d}-01-01"), int(part["j"])
        date = first + np.timedelta64(day - 1, "D")
        if day < 1 or date.astype("datetime64[Y]") != first.astype("datetime64[Y]"):
            raise ValueError(part["j"])
    else:
        month = int(part["m"]) if "m" in part else _MONTHS.index(part["b"].lower()) + 1
        date = np.datetime64(f"{year:04d}-{month:02d}-{int(part['d']):02d}")
    return int(date.astype("datetime64[D]").astype(np.int64)) * DAY_S


def _clock_s(part: dict[str, str]) -> int:
    hour, minute, second = int(part.get("H", -1)), int(part["M"]), int(part.get("S", 0))
    if hour < 0:
        half = int(part["I"])
        if not 1 <= half <= 12:
            raise ValueError(part["I"])
        hour = half % 12 + (12 if part["p"].lower() == "p" else 0)
    return second_of_day(hour, minute, second)


def _ahead_s(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone.upper() == "Z":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * HOUR_S + int(digits[2:]) * MINUTE_S
    return -seconds if zone[0] == "-" else seconds
