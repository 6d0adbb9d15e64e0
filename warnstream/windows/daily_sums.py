"""Rain of whole days at every station, and sums of days as long as a rainy season's memory: 60 days.

What fell on a day is the difference of two rows of the rain ring, exact to the
micrometre and free of the order in which readings came. A day can change as
long as the ring holds its beginning, which is longer than any reading may be
late; after that it is kept as it is. Sums are taken over days ``i`` back with
weights ``ratio ** i``: 1 for plain sums (integers), less for antecedent
precipitation.

Every value carries its coverage: the share of its days that was observed up to
where the station's windows end, weighted like the rain. A day that somebody
else measured (`PastDays`) stands in for a past day of which the station itself
observed less; the two are never added up, and today is the station's alone.

Memory is fixed at start: 6 bytes per station and day, 372 bytes per station
for 60 days and today; nothing where no rule reads days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, UInt16Array
from warnstream.model.observations.days import (
    DAY_MIN,
    DayWindow,
    PastDays,
    begin_of_day_s,
    best_known,
    day_of,
)
from warnstream.model.observations.readings import UM_PER_MM
from warnstream.model.times import MINUTE_S
from warnstream.windows.accumulation import RainInSteps

_BLOCK = 16_384
"""Stations summed at once: their days stay in the cache."""
_OPEN_DAYS = 2
"""Windows of stations end at most two hours ago: the days before yesterday are whole."""


@dataclass(frozen=True, slots=True)
class DayRain:
    """Rain over windows of days; nobody may change it.

    Attributes
    ----------
    windows : tuple of DayWindow
    rain_mm, coverage : Float64Array, shape (n_stations, n_windows)
        Rain is a lower bound where coverage is below 1.
    today_s : int
        When today began.
    end_min : Int64Array, shape (n_stations,)
        How far each station's rain is known, minutes since 1970.
    """

    windows: tuple[DayWindow, ...]
    rain_mm: Float64Array
    coverage: Float64Array
    today_s: int
    end_min: Int64Array

    def ends_s(self, station: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Where windows of some stations begin and how far they are known, shape (n, n_windows) each."""
        begin_s = np.array([window.begin_s(self.today_s) for window in self.windows], dtype=np.int64)
        end_s = np.array([window.end_s(self.today_s) for window in self.windows], dtype=np.int64)
        known_s = self.end_min[station, None] * MINUTE_S
        return np.broadcast_to(begin_s, (len(station), len(begin_s))), np.clip(known_s, begin_s, end_s)


class DailySums:
    """Days of all stations of one network.

    Parameters
    ----------
    n_stations : int
    windows : sequence of DayWindow
        Not empty; every window that is asked for.
    day_begins_s : int
        Days begin so long after 00:00 UTC; whole ten minutes, for which the ring holds a row.
    past : PastDays, optional
        Days that count where the stations observed less of them.

    Raises
    ------
    ValueError
        If days do not begin on whole ten minutes, or `past` is of another number of stations.
    """

    def __init__(
        self,
        n_stations: int,
        windows: Sequence[DayWindow],
        *,
        day_begins_s: int,
        past: PastDays | None = None,
    ) -> None:
        if day_begins_s % (10 * MINUTE_S):
            raise ValueError(f"days must begin on whole ten minutes, got {day_begins_s} s after 00:00 UTC")
        if past is not None and past.rain_um.shape[1] != n_stations:
            raise ValueError(f"days of {past.rain_um.shape[1]} stations, this network has {n_stations}")
        self.windows = tuple(windows)
        self._day_begins_s = day_begins_s
        self.past = past
        self._n_days = max(window.last for window in self.windows) + 1
        self._weights = [
            np.array([[window.ratio**back] for back in range(window.first, window.last + 1)])
            for window in self.windows
        ]
        self._rain_um: Int32Array = np.zeros((n_stations, self._n_days), dtype=np.int32)
        self._observed_min: UInt16Array = np.zeros((n_stations, self._n_days), dtype=np.uint16)
        self._today = -1  # number of the newest day; -1 before the first
        self._sum_mm: Float64Array = np.zeros((len(self.windows), n_stations))
        self._sum_min: Float64Array = np.zeros((len(self.windows), n_stations))
        self._found: tuple[Int64Array, DayRain] | None = None

    @staticmethod
    def span_s(longest_s: int, lateness_s: int) -> int:
        """How far back the rain ring must reach: to the beginning of any day that can still change."""
        return longest_s + lateness_s + 25 * 3600

    def advance(self, ring: RainInSteps, now_s: int, station: Int32Array, changed_from_s: Int64Array) -> None:
        """Take what the ring has gained since the last call.

        Parameters
        ----------
        ring : RainInSteps
            Advanced to `now_s`, with every reading so far.
        now_s : int
        station : Int32Array, shape (n,)
            Stations whose rain was added to since the last call.
        changed_from_s : Int64Array, shape (n,)
            Beginning of the interval that each addition fell in.
        """
        today = day_of(now_s, self._day_begins_s)
        if today != self._today:
            self._open(ring, today)
        elif len(station):
            first = day_of(int(changed_from_s.min()), self._day_begins_s)
            self._take(ring, np.unique(station), first)

    def rain(self, end_min: Int64Array) -> DayRain:
        """Rain over every window; the same object while nothing changes.

        Parameters
        ----------
        end_min : Int64Array, shape (n_stations,)
            Where each station's windows end (`RainWindow.window_end_min`), minutes since 1970.
        """
        if self._found is None or not np.array_equal(self._found[0], end_min):
            self._found = end_min, self._rain(end_min)
        return self._found[1]

    def snapshot(self) -> dict[str, Int32Array | Int64Array | UInt16Array]:
        """State as arrays; `restore` of it continues exactly."""
        past = self.past
        state: dict[str, Int32Array | Int64Array | UInt16Array] = {
            "rain_um": self._rain_um.copy(),
            "observed_min": self._observed_min.copy(),
            "today": np.array([self._today, self._day_begins_s], dtype=np.int64),
        }
        if past is not None:
            state |= {
                "past_first": np.array([past.first], dtype=np.int64),
                "past_um": past.rain_um.copy(),
                "past_min": past.observed_min.copy(),
            }
        return state

    def restore(self, state: dict[str, Int32Array | Int64Array | UInt16Array]) -> None:
        """Take up a snapshot, and the past days that it knew.

        Raises
        ------
        ValueError
            If it was taken of another number of stations or days, or of days that begin at another time.
        """
        if state["rain_um"].shape != self._rain_um.shape:
            raise ValueError(
                f"snapshot has days of {state['rain_um'].shape}, "
                f"this configuration needs {self._rain_um.shape}"
            )
        if state["today"][1] != self._day_begins_s:
            raise ValueError(
                f"snapshot has days from {state['today'][1]} s after 00:00 UTC, now {self._day_begins_s} s"
            )
        self.past = best_known(self.past, _past_of(state))
        self._rain_um[:] = state["rain_um"]
        self._observed_min[:] = state["observed_min"]
        self._today = int(state["today"][0])
        self._sum_up(np.arange(len(self._rain_um)))

    def _open(self, ring: RainInSteps, today: int) -> None:
        """Begin the days up to `today`, and take all days anew that the ring holds."""
        n_new = today - self._today if self._today >= 0 else self._n_days
        slots = np.arange(today - min(n_new, self._n_days) + 1, today + 1) % self._n_days
        self._rain_um[:, slots] = 0
        self._observed_min[:, slots] = 0
        self._today = today
        self._take(ring, None, today - self._n_days + 1)

    def _take(self, ring: RainInSteps, station: Int32Array | None, first: int) -> None:
        """Days from `first` to today of some stations (None: all) as the ring has them, and their sums.

        Days that the ring does not hold from their beginning stay as they are: nothing can change them.
        """
        oldest = -(-(ring.oldest_min * MINUTE_S - self._day_begins_s) // (DAY_MIN * MINUTE_S))
        first = max(first, oldest, self._today - self._n_days + 1)
        columns: slice | Int32Array = slice(None) if station is None else station
        rows = np.arange(len(self._rain_um)) if station is None else station
        if first <= self._today and len(rows):
            begin_min = begin_of_day_s(first, self._day_begins_s) // MINUTE_S
            n_days = self._today - first + 1
            rain_mm, observed = ring.steps(begin_min, n_days, DAY_MIN, columns)
            slots = np.arange(first, self._today + 1) % self._n_days
            self._rain_um[rows[:, None], slots] = np.rint(rain_mm.T * UM_PER_MM)
            self._observed_min[rows[:, None], slots] = np.rint(observed.T * DAY_MIN)
        self._sum_up(rows)

    def _sum_up(self, rows: Int32Array | Int64Array) -> None:
        """Weighted sums of some stations, day by day: the same whichever stations are summed together."""
        self._found = None
        for start in range(0, len(rows), _BLOCK):
            some = rows[start : start + _BLOCK]
            rain_um, observed_min = self._days(some)
            for number, (window, weight) in enumerate(zip(self.windows, self._weights, strict=True)):
                days = slice(window.first, window.last + 1)
                # Added up one day after the other, as `np.sum` would not: last bits are those of any subset.
                self._sum_mm[number, some] = np.cumsum(weight * rain_um[days], axis=0)[-1] / UM_PER_MM
                self._sum_min[number, some] = np.cumsum(weight * observed_min[days], axis=0)[-1]

    def _days(self, station: Int32Array | Int64Array) -> tuple[Int32Array, UInt16Array]:
        """Rain and observed minutes of every day, today first, shape (n_days, n_stations).

        Of the stations, or of the past where more of it is known.
        """
        back = np.arange(self._n_days)
        slot = (self._today - back) % self._n_days
        rain_um, observed_min = (
            self._rain_um.T[slot[:, None], station],
            self._observed_min.T[slot[:, None], station],
        )
        past = self.past
        if past is None:
            return rain_um, observed_min
        day = self._today - back
        known = np.flatnonzero((day != self._today) & (day >= past.first) & (day <= past.last))
        row = (day[known] - past.first)[:, None]
        is_better: BoolArray = past.observed_min[row, station] > observed_min[known]
        rain_um[known] = np.where(is_better, past.rain_um[row, station], rain_um[known])
        observed_min[known] = np.where(is_better, past.observed_min[row, station], observed_min[known])
        return rain_um, observed_min

    def _rain(self, end_min: Int64Array) -> DayRain:
        today_s = begin_of_day_s(self._today, self._day_begins_s)
        length: Float64Array = np.zeros((len(self.windows), len(end_min)))
        for number, window in enumerate(self.windows):
            for back in range(window.first, window.last + 1):
                if back < _OPEN_DAYS:
                    known_min = np.clip(end_min - (today_s // MINUTE_S - back * DAY_MIN), 0, DAY_MIN)
                    length[number] += window.ratio**back * known_min
                else:
                    length[number] += window.ratio**back * DAY_MIN
        # A window that has not begun yet has been observed by nobody.
        share = np.divide(self._sum_min, length, out=np.zeros_like(length), where=length > 0)
        coverage = np.minimum(share, 1.0)
        return DayRain(self.windows, self._sum_mm.T.copy(), coverage.T, today_s, end_min)


def _past_of(state: Mapping[str, np.ndarray]) -> PastDays | None:
    if "past_um" not in state:
        return None
    return PastDays(int(state["past_first"][0]), state["past_um"], state["past_min"])
