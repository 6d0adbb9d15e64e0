"""Readings in a line: ``0x3 8x6 _x2 2..10x5 0x*``.

A token is a value, ``_`` for a report that does not come, or a ramp ``from..to``; ``xN`` repeats it so
often, and a ramp has N values, its ends included. ``x*`` goes on to the end of the test and is the last.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

VALUES_MAX = 100_000
"""A test is no archive: ten weeks of minutes."""

RAMP_DIGITS = 6
"""Values of a ramp are rounded to so many places, so that 0.1 mm is 0.1 mm."""

_NUMBER = r"[+-]?\d{1,9}(?:\.\d{1,6})?"
_TOKEN = re.compile(
    rf"(?:(?P<missing>_)|(?P<first>{_NUMBER})(?:\.\.(?P<last>{_NUMBER}))?)(?:x(?P<count>\d{{1,6}}|\*))?",
    re.ASCII,
)
_EXAMPLE = "such as 0x3 8x6 _x2 2..10x5 0x*"


@dataclass(frozen=True, slots=True)
class Series:
    """Values one after another, at equal distances.

    Attributes
    ----------
    values : tuple of float
        NaN where no report comes.
    rest : float
        Value that is repeated to the end of the test; NaN: nothing more comes.
    """

    values: tuple[float, ...]
    rest: float = math.nan

    @property
    def goes_on(self) -> bool:
        """Whether it lasts as long as the test does."""
        return not math.isnan(self.rest)

    def up_to(self, count: int) -> tuple[float, ...]:
        """The first `count` values, fewer where it ends before."""
        more = max(count - len(self.values), 0) if self.goes_on else 0
        return (self.values + (self.rest,) * more)[:count]


def parse_series(text: str) -> Series:
    """Read a series.

    Raises
    ------
    ValueError
        If a token is none, a ramp has one value, ``x*`` is not the last, or there are more values than
        `VALUES_MAX`.

    Examples
    --------
    >>> parse_series("0x2 8 2..3x3").values
    (0.0, 0.0, 8.0, 2.0, 2.5, 3.0)
    >>> parse_series("4.5 0x*").up_to(4)
    (4.5, 0.0, 0.0, 0.0)
    """
    values: list[float] = []
    tokens = text.split()
    if not tokens:
        raise ValueError(f"expected values {_EXAMPLE}, got nothing")
    for place, token in enumerate(tokens):
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise ValueError(
                f"expected a value, _ or a ramp from..to, each with xN {_EXAMPLE}, got {token!r}"
            )
        if match["count"] == "*":
            if match["first"] is None or match["last"] is not None or place + 1 < len(tokens):
                raise ValueError(f"expected x* behind one value, as the last of the series, got {token!r}")
            return Series(tuple(values), float(match["first"]))
        values += _values_of(token, match)
        if len(values) > VALUES_MAX:
            raise ValueError(f"expected at most {VALUES_MAX} values in a series")
    return Series(tuple(values))


def _values_of(token: str, match: re.Match[str]) -> Iterator[float]:
    if match["count"] is not None and int(match["count"]) == 0:
        raise ValueError(f"expected at least one value, got {token!r}")
    count = int(match["count"] or 1)
    if count > VALUES_MAX:
        raise ValueError(f"expected at most {VALUES_MAX} values in a series, got {token!r}")
    if match["missing"]:
        return iter((math.nan,) * count)
    first = float(match["first"])
    if match["last"] is None:
        return iter((first,) * count)
    if count < 2:
        raise ValueError(
            f"expected a ramp of at least two values such as {token.partition('x')[0]}x5, got {token!r}"
        )
    last = float(match["last"])
    return (round(first + (last - first) * step / (count - 1), RAMP_DIGITS) for step in range(count))
