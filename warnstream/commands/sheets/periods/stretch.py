"""Which month or quarter is meant, by the local clock."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from warnstream.model.errors import WarnstreamError
from warnstream.model.times import TimeZone, local_to_utc_s, parse_iso

MONTHS = {"monthly": 1, "quarterly": 3}
"""By kind of sheet."""

_FORM = {"monthly": re.compile(r"(\d{4})-(\d{2})"), "quarterly": re.compile(r"(\d{4})-[Qq]([1-4])")}
_EXAMPLE = {"monthly": "a month such as 2026-06", "quarterly": "a quarter such as 2026-Q2"}


@dataclass(frozen=True, slots=True)
class Period:
    """Some whole months; `edges` are the first days of each and of the one after the last."""

    kind: str
    edges: tuple[date, ...]
    time_zone: TimeZone

    @property
    def label(self) -> str:
        """``2026-06`` or ``2026-Q2``."""
        first = self.edges[0]
        return f"{first:%Y-%m}" if self.kind == "monthly" else f"{first.year}-Q{(first.month + 2) // 3}"

    @property
    def edges_s(self) -> tuple[int, ...]:
        """The same in seconds since 1970: local midnights."""
        return tuple(
            local_to_utc_s(parse_iso(f"{day.isoformat()}T00:00:00Z"), self.time_zone) for day in self.edges
        )

    @property
    def begin_s(self) -> int:
        """First second."""
        return self.edges_s[0]

    @property
    def end_s(self) -> int:
        """First second after it."""
        return self.edges_s[-1]

    @property
    def last_day(self) -> date:
        """Its last day."""
        return self.edges[-1] - timedelta(days=1)

    @property
    def months(self) -> list[tuple[str, int, int]]:
        """Name, first second and end of each month."""
        names = [f"{day:%Y-%m}" for day in self.edges]
        return [(name, *both) for name, both in zip(names, pairwise(self.edges_s), strict=False)]


def period_of(kind: str, asked: str | None, today: date, time_zone: TimeZone) -> Period:
    """The period asked for; without a question the last one that is over.

    Raises
    ------
    WarnstreamError
        If it is no month, or no quarter.
    """
    n_months = MONTHS[kind]
    if asked is None:
        now = today.year * 12 + today.month - 1
        first = now // n_months * n_months - n_months
    else:
        found = _FORM[kind].fullmatch(asked)
        year, number = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= 12 // n_months or not 1970 <= year < 2200:
            raise WarnstreamError(f"--period {asked!r}: expected {_EXAMPLE[kind]}")
        first = year * 12 + (number - 1) * n_months
    edges = (divmod(first + month, 12) for month in range(n_months + 1))
    return Period(kind, tuple(date(year, month + 1, 1) for year, month in edges), time_zone)
