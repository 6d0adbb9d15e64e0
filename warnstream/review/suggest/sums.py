"""Rain of villages over one duration, from archives: where it changes, and how long each was observed.

Amounts above zero alone are kept, with the stretches in which a gauge reported at all: decades of a network
fit in memory. A sum over a window changes when an amount enters it and when it leaves; in between it stands.
"""

from dataclasses import dataclass

import numpy as np

from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.network import StationWeights
from warnstream.model.observations.readings import ReadingBatch, Variable
from warnstream.model.times import DAY_S, TimeZone, offset_at

COVERAGE_MIN = 0.8
"""A window that was observed for less than that share is not known."""

GAP_INTERVALS = 1.5
"""A gauge was silent where readings are farther apart than so many intervals."""

_AMOUNTS = (int(Variable.RAIN), int(Variable.RAIN_TIP))


@dataclass(slots=True)
class GaugeRain:
    """One gauge: amounts above zero by the end of their interval, and the stretches in which it reported."""

    at_s: Int64Array
    rain_mm: Float64Array
    begin_s: Int64Array
    end_s: Int64Array

    def sums(self, at_s: Int64Array, duration_s: int) -> Float64Array:
        """Rain of the window that ends at each time, mm; NaN where less than `COVERAGE_MIN` was observed."""
        total = np.concatenate([[0.0], np.cumsum(self.rain_mm)])
        last = np.searchsorted(self.at_s, at_s, side="right")
        first = np.searchsorted(self.at_s, at_s - duration_s, side="right")
        found = np.round(total[last] - total[first], 6)
        return np.where(self._observed(at_s, duration_s), found, np.nan)

    def _observed(self, at_s: Int64Array, duration_s: int) -> Int64Array:
        if not len(self.begin_s):
            return np.zeros(len(at_s), dtype=np.bool_)
        seconds = np.concatenate([[0], np.cumsum(self.end_s - self.begin_s)])

        def until(time_s: Int64Array) -> Int64Array:
            """Seconds observed up to a time."""
            place = np.searchsorted(self.begin_s, time_s, side="right")
            inside = np.clip(time_s - self.begin_s[place - 1], 0, (self.end_s - self.begin_s)[place - 1])
            before = seconds[np.maximum(place - 1, 0)]
            return np.where(place > 0, before + inside, 0)

        share = (until(at_s) - until(at_s - duration_s)) / duration_s
        return np.asarray(share >= COVERAGE_MIN)


def gauges_of(batches: list[ReadingBatch], interval_s: Int64Array) -> dict[int, GaugeRain]:
    """Gauges by station.

    Parameters
    ----------
    batches : list of ReadingBatch
        Of archives, each in the order of time; of two readings of one time the later one counts.
    interval_s : Int64Array, shape (n_stations,)
        How often each station reports.
    """
    found: dict[int, GaugeRain] = {}
    stations = {int(station) for batch in batches for station in np.unique(batch.station)}
    for station in sorted(stations):
        rows = [
            batch.select((batch.station == station) & np.isin(batch.variable, _AMOUNTS)) for batch in batches
        ]
        at_s = np.concatenate([some.observed_at_s for some in rows])
        if not len(at_s):
            continue
        rain_mm = np.concatenate([some.value for some in rows])
        order = np.argsort(at_s, kind="stable")
        at_s, rain_mm = at_s[order], rain_mm[order]
        is_last = np.append(at_s[1:] != at_s[:-1], True)
        found[station] = _gauge(at_s[is_last], rain_mm[is_last], int(interval_s[station]))
    return found


def _gauge(at_s: Int64Array, rain_mm: Float64Array, interval_s: int) -> GaugeRain:
    breaks = np.flatnonzero(np.diff(at_s) > GAP_INTERVALS * interval_s)
    firsts, lasts = np.append(0, breaks + 1), np.append(breaks, len(at_s) - 1)
    wet = rain_mm > 0
    return GaugeRain(at_s[wet], rain_mm[wet], at_s[firsts] - interval_s, at_s[lasts])


@dataclass(frozen=True, slots=True)
class VillageRain:
    """The rain of a village over one duration.

    Attributes
    ----------
    at_s : Int64Array, shape (n,)
        Times at which it changes, ascending.
    sum_mm : Float64Array, shape (n,)
        From that time to the next; 0 where nobody knows.
    years : dict of int to float
        Calendar year of the local clock -> share of it that was observed.
    """

    at_s: Int64Array
    sum_mm: Float64Array
    years: dict[int, float]


def village_rain(
    gauges: dict[int, GaugeRain], weights: StationWeights, place: int, duration_s: int, time_zone: TimeZone
) -> VillageRain:
    """Rain of one place: the weighted mean of those of its gauges that were observed."""
    used = [
        (gauges[station], weight)
        for station, weight in zip(
            weights.station[place].tolist(), weights.weight[place].tolist(), strict=True
        )
        if weight > 0 and station in gauges
    ]
    if not used:
        nothing = np.zeros(0)
        return VillageRain(nothing.astype(np.int64), nothing, {})
    edges = [gauge.at_s for gauge, _ in used] + [gauge.at_s + duration_s for gauge, _ in used]
    at_s = np.unique(np.concatenate(edges))
    total, weight_sum = np.zeros(len(at_s)), np.zeros(len(at_s))
    for gauge, weight in used:
        sums = gauge.sums(at_s, duration_s)
        known = ~np.isnan(sums)
        total[known] += weight * sums[known]
        weight_sum[known] += weight
    mean = np.divide(total, weight_sum, out=np.zeros_like(total), where=weight_sum > 0)
    return VillageRain(at_s, mean, _years([gauge for gauge, _ in used], time_zone))


def _years(gauges: list[GaugeRain], time_zone: TimeZone) -> dict[int, float]:
    """Share of each local year in which any of some gauges reported."""
    begins = np.concatenate([gauge.begin_s for gauge in gauges])
    ends = np.concatenate([gauge.end_s for gauge in gauges])
    order = np.argsort(begins, kind="stable")
    found: dict[int, float] = {}
    reached_s = np.iinfo(np.int64).min
    for begin_s, end_s in zip(begins[order].tolist(), ends[order].tolist(), strict=True):
        begin_s = max(begin_s, reached_s)  # noqa: PLW2901  # what is counted already is not counted again
        reached_s = max(reached_s, end_s)
        while begin_s < end_s:
            year = year_of(begin_s, time_zone)
            until_s = min(end_s, year_begins_s(year + 1, time_zone))
            length_s = year_begins_s(year + 1, time_zone) - year_begins_s(year, time_zone)
            found[year] = found.get(year, 0.0) + (until_s - begin_s) / length_s
            begin_s = until_s  # noqa: PLW2901
    return found


def year_of(time_s: int, time_zone: TimeZone) -> int:
    """Calendar year of the local clock."""
    local = np.datetime64(time_s + offset_at(time_zone, time_s), "s")
    return int(local.astype("datetime64[Y]").astype(np.int64)) + 1970


def year_begins_s(year: int, time_zone: TimeZone) -> int:
    """First second of a local year."""
    local_s = int(np.datetime64(f"{year}-01-01", "s").astype(np.int64))
    return local_s - offset_at(time_zone, local_s)


def day_of(time_s: int, time_zone: TimeZone) -> int:
    """Number of the local day."""
    return (time_s + offset_at(time_zone, time_s)) // DAY_S
