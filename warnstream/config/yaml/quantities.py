"""Numbers with units as people write them: ``3h``, ``20ms``, ``7d``, ``+08:00``, ``12.5``.

Every function takes the text and returns a number or raises ValueError with a
sentence that says what was expected. Digits are ASCII digits only, and no
number has more than 15 of them, so that none loses precision in a float64.
"""

import re
from decimal import Decimal

from warnstream.config.rounding import is_rounded, rounded_words

CODE_CHARACTERS_MAX = 64
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) ?(ms|s|min|h|d)", re.ASCII)
_SECONDS_OF_UNIT = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "min": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86_400),
}
_UTC_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)", re.ASCII)
_UTC_OFFSET_HOURS_MAX = 14
_DECIMAL = re.compile(r"[+-]?\d{1,15}(?:\.\d{0,15})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_CODE = re.compile(rf"[A-Za-z0-9._-]{{1,{CODE_CHARACTERS_MAX}}}")


def parse_duration_s(text: str) -> float:
    """Seconds of a duration with its unit: ms, s, min, h or d.

    Raises
    ------
    ValueError
        If there is no number, no unit, or another unit.

    Examples
    --------
    >>> parse_duration_s("3h")
    10800.0
    >>> parse_duration_s("20ms")
    0.02
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a number with a unit (ms, s, min, h, d) such as 30min, got {text!r}")
    return float(Decimal(match[1]) * _SECONDS_OF_UNIT[match[2]])


def parse_whole_duration_s(text: str) -> int:
    """Like `parse_duration_s`, for durations that are counted in whole seconds."""
    seconds = parse_duration_s(text)
    if not seconds.is_integer():
        raise ValueError(f"expected whole seconds, got {text!r}")
    return int(seconds)


def format_duration(seconds: float) -> str:
    """A duration in its largest whole unit, readable by `parse_duration_s`.

    >>> [format_duration(s) for s in (0.02, 90, 5400, 86_400, 259_200)]
    ['20ms', '90s', '90min', '24h', '3d']
    """
    milliseconds = round(seconds * 1000)
    # One day is said as 24h, as in tables of critical rainfall.
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0 and not (unit == "d" and milliseconds == size):
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def parse_utc_offset_s(text: str) -> int:
    """Seconds east of UTC of an offset such as ``+08:00``.

    Raises
    ------
    ValueError
        If it has no sign, no colon, or lies beyond 14 hours.

    Examples
    --------
    >>> parse_utc_offset_s("-03:30")
    -12600
    """
    match = _UTC_OFFSET.fullmatch(text.strip())
    seconds = (int(match[2]) * 60 + int(match[3])) * 60 if match else 0
    if match is None or seconds > _UTC_OFFSET_HOURS_MAX * 3600:
        raise ValueError(f'expected an offset from UTC in quotes such as "+08:00", got {text!r}')
    return -seconds if match[1] == "-" else seconds


def parse_decimal(text: str) -> float:
    """A decimal number; no blanks, thousands separators, ``nan`` or ``inf``.

    >>> parse_decimal("-12.5")
    -12.5
    """
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError(f"expected a number, got {text!r}")
    return float(text)


def parse_whole(text: str) -> int:
    """A whole number.

    >>> parse_whole("300")
    300
    """
    if _WHOLE.fullmatch(text) is None:
        raise ValueError(f"expected a whole number, got {text!r}")
    return int(text)


def is_code(text: str) -> bool:
    """Whether a text can be one level of an MQTT topic here: letters, digits, dot, dash, underscore.

    >>> is_code("331125001001"), is_code("a/b")
    (True, False)
    """
    return _CODE.fullmatch(text) is not None


def code_expected(text: str) -> str:
    """Sentence that says why a text is not a code.

    A spreadsheet that took a long code for a number is told apart, because the
    code is lost then and no retyping of characters brings it back.
    """
    if is_rounded(text):
        return rounded_words(text)
    limit = f"1 to {CODE_CHARACTERS_MAX} characters of A-Z a-z 0-9 . _ -"
    return f"expected a code of {limit}, got {text!r}"
