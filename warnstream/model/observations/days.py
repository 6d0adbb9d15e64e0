"""Windows of whole days, and rain of days that was known before a node began.

A day here is the hydrological day of the network: it begins at one moment of
the clock everywhere (08:00 in China, so that a day runs from 08 to 08). Days
are numbered from 1970 on; day 0 contains that moment of 1970-01-01 UTC.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import Int32Array, UInt16Array
from warnstream.model.times import DAY_S

DAYS_MAX = 60
"""Longest window of days."""
DAY_MIN = DAY_S // 60


@dataclass(frozen=True, slots=True, order=True)
class DayWindow:
    """Rain of some days: the sum of ``ratio ** i * R_i`` over the days ``i`` back, `first` to `last`.

    Attributes
    ----------
    first, last : int
        0 is today so far, 1 yesterday. A sum of n days before today is (1, n), one that counts today
        as a day (0, n - 1).
    ratio : float
        1: the plain sum, exact to the micrometre. Below 1: antecedent precipitation.

    Examples
    --------
    >>> DayWindow(1, 10, 0.84).n_days
    10
    """

    first: int
    last: int
    ratio: float = 1.0

    @property
    def n_days(self) -> int:
        """Days in the window; one that has only begun counts whole."""
        return self.last - self.first + 1

    @property
    def has_today(self) -> bool:
        """Whether today so far is in it."""
        return self.first == 0

    @property
    def duration_s(self) -> int:
        """Its days as seconds, for reasons and texts."""
        return self.n_days * DAY_S

    @property
    def ended(self) -> "DayWindow":
        """The same number of days as it was when today began, all of them over.

        >>> DayWindow(0, 2).ended
        DayWindow(first=1, last=3, ratio=1.0)
        """
        return self if self.first else DayWindow(1, self.last + 1, self.ratio)

    @property
    def resets(self) -> bool:
        """Whether it is a plain sum that begins anew when a day begins: its last day is gone at a stroke."""
        return self.has_today and self.ratio == 1.0

    def begin_s(self, today_s: int) -> int:
        """When the window begins, by when today began."""
        return today_s - self.last * DAY_S

    def end_s(self, today_s: int) -> int:
        """When the window ends: with today, or where today begins."""
        return today_s - (self.first - 1) * DAY_S


def over_duration(duration_s: int) -> DayWindow:
    """What a duration means where rain is kept by days: today so far, and as many whole days before.

    It begins where the sliding window would or up to a day earlier, never
    after, so it never holds less rain; parts of a day count as one.

    >>> over_duration(15 * 86_400), over_duration(15 * 86_400 - 3600)
    (DayWindow(first=0, last=15, ratio=1.0), DayWindow(first=0, last=15, ratio=1.0))
    """
    return DayWindow(0, -(-duration_s // DAY_S))


def last_days(n_days: int, *, today: bool, ratio: float = 1.0) -> DayWindow:
    """The last n days: those before today, or today so far and the n - 1 before.

    >>> last_days(3, today=False), last_days(3, today=True)
    (DayWindow(first=1, last=3, ratio=1.0), DayWindow(first=0, last=2, ratio=1.0))
    """
    return DayWindow(0, n_days - 1, ratio) if today else DayWindow(1, n_days, ratio)


def day_begins_utc_s(day_begins_s: int, utc_offset_s: int) -> int:
    """When days begin after 00:00 UTC, of a local clock.

    >>> day_begins_utc_s(8 * 3600, 8 * 3600), day_begins_utc_s(8 * 3600, 10 * 3600) // 3600
    (0, 22)
    """
    return (day_begins_s - utc_offset_s) % DAY_S


def day_of(time_s: int, day_begins_s: int) -> int:
    """Number of the day that a time lies in; days begin `day_begins_s` after 00:00 UTC.

    >>> day_of(86_399, 0), day_of(86_399, 8 * 3600), day_of(3600, 8 * 3600)
    (0, 0, -1)
    """
    return (int(time_s) - day_begins_s) // DAY_S


def begin_of_day_s(day: int, day_begins_s: int) -> int:
    """When a day begins."""
    return day * DAY_S + day_begins_s


@dataclass(frozen=True, slots=True)
class PastDays:
    """Rain of days from before a node began, as somebody else measured it.

    Attributes
    ----------
    first : int
        Number of the first day.
    rain_um : Int32Array, shape (n_days, n_stations)
    observed_min : UInt16Array, shape (n_days, n_stations)
        0 where nothing is known of a station's day.
    """

    first: int
    rain_um: Int32Array
    observed_min: UInt16Array

    @property
    def last(self) -> int:
        """Number of the last day."""
        return self.first + len(self.rain_um) - 1

    def before(self, day: int) -> "PastDays":
        """The same without a day and all after it."""
        n_days = max(day - self.first, 0)
        return PastDays(self.first, self.rain_um[:n_days], self.observed_min[:n_days])


def best_known(one: PastDays | None, other: PastDays | None) -> PastDays | None:
    """Of each day of each station what observed more of it; of equals the first. Of 61 days at most."""
    if one is None or other is None:
        return one if other is None else other
    last = max(one.last, other.last)
    first = max(min(one.first, other.first), last - DAYS_MAX)
    shape = last - first + 1, one.rain_um.shape[1]
    found = PastDays(first, np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.uint16))
    for table in (one, other):
        begin, end = max(table.first, first), table.last + 1
        rows, own = slice(begin - first, max(end, begin) - first), slice(begin - table.first, None)
        is_better = table.observed_min[own] > found.observed_min[rows]
        found.rain_um[rows][is_better] = table.rain_um[own][is_better]
        found.observed_min[rows][is_better] = table.observed_min[own][is_better]
    return found
