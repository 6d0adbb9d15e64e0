"""A threshold for every village of a region that keeps a wish, how sure that is, and how it did elsewhere.

The best guess of a village's threshold is the least value at which its rate, pooled over the region, is no
more than the wish; its range goes from where the low end of the rate keeps the wish to where the high end
does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.rules.rules import DowngradePolicy
from warnstream.model.times import TimeZone
from warnstream.review.suggest.counts import alarms
from warnstream.review.suggest.pooling import CALENDAR_MIN, Rates, Region, predicted, rates_of
from warnstream.review.suggest.sums import VillageRain, day_of, year_of

VILLAGES_MIN, YEARS_MIN, EVENTS_MIN = 3, 5.0, 20
"""Below so many villages, years of the median village, or alarms of the region at the pooled value nothing is
said of single villages."""

YEAR_SHARE_MIN = 0.05
"""A calendar year of which no village has more is left out."""

STEPS = 120
"""Thresholds that are counted, from six alarms for each one wished to a sixth of one."""

COARSE = 40
SPAN = 6.0
SCORED = 7
"""Thresholds at which the ranges of unseen counts are judged."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wished: at most `wish` alarms of a village a year, by the rule's own fall."""

    wish: float
    lowering: DowngradePolicy
    time_zone: TimeZone


@dataclass(frozen=True, slots=True)
class Place:
    """A village, or a zone that is judged by itself; `now_mm` is what its table says today (NaN: nothing)."""

    code: str
    name: str
    rain: VillageRain
    now_mm: float


@dataclass(frozen=True, slots=True)
class Suggested:
    """What is suggested for one place.

    Attributes
    ----------
    value_mm, low_mm, high_mm : float or None
        Best guess and its 90 % range; None: no value of the region's rain keeps the wish.
    keeps : float
        Chance that no more than the wish comes at `value_mm`.
    own_mm : float or None
        What the village alone would say.
    years : float
    events : int
        Alarms of the archive at `value_mm`.
    now_mm : float
    now_per_year : float or None
        Rate at today's value, by the village alone.
    """

    code: str
    name: str
    value_mm: float | None
    low_mm: float | None
    high_mm: float | None
    keeps: float
    own_mm: float | None
    years: float
    events: int
    now_mm: float
    now_per_year: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """How a fit on the first half of the years did in the second half.

    Attributes
    ----------
    fitted, unseen : (int, int)
        First and last year.
    covered : float
        Share of unseen counts that lay in their 90 % ranges, over `thresholds_mm`.
    covered_least : float
        That of the threshold at which it was least.
    pooled_per_year, own_per_year, one_per_year : float
        Alarms of a village a year in the unseen half at the values of the pool, of each village alone, and at
        one value for all.
    pooled_above, own_above, one_above : int
        Villages that had more than the wish.
    pooled_off, own_off, one_off : float
        By how many alarms a year a village was off the wish, mean of the amounts.
    """

    fitted: tuple[int, int]
    unseen: tuple[int, int]
    thresholds_mm: tuple[float, ...]
    covered: float
    covered_least: float
    pooled_per_year: float
    own_per_year: float
    one_per_year: float
    pooled_above: int
    own_above: int
    one_above: int
    pooled_off: float
    own_off: float
    one_off: float
    villages: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is suggested for one region.

    Attributes
    ----------
    too_few : str
        Why nothing is said of single villages; empty where it is. `villages` is empty then.
    first_year, last_year : int
    storm_days : int
        Days on which an alarm began anywhere, at the pooled value; `together` villages on the median one.
    own_weight : float
        How much a median village's own rate counts, 0 to 1.
    pooled_mm : float or None
        One value for all that keeps the wish on the mean.
    score : Score or None
        None where half of the years are too few.
    """

    region: str
    too_few: str
    n_villages: int
    years: float
    first_year: int
    last_year: int
    events: int
    storm_days: int
    together: float
    own_weight: float
    pooled_mm: float | None
    villages: tuple[Suggested, ...]
    score: Score | None


def suggest(region: str, places: Sequence[Place], ask: Ask) -> Suggestion:
    """Thresholds for the places of one region.

    Parameters
    ----------
    region : str
    places : sequence of Place
    ask : Ask
    """
    seen = [place for place in places if sum(place.rain.years.values()) > 0]
    years = _calendar(seen)
    if not years:
        why = f"no year was observed for {YEAR_SHARE_MIN:.0%} of it by a gauge of these villages"
        none = "no gauge of these villages has a reading in the archives"
        return _nothing(region, places, why if seen else none)
    grid = _grid(seen, years, ask)
    counting = _Counting(seen, grid, years, ask)
    rates = rates_of(counting.region(years), ask.wish)
    pooled = first_kept(rates.pooled, ask.wish)
    at = len(grid) - 1 if pooled is None else pooled
    days = counting.days(at)
    total_years = [sum(place.rain.years.values()) for place in seen]
    events = int(counting.region(years).counts[at].sum())
    too_few = _too_few(len(seen), float(np.median(total_years)), events, len(years))
    return Suggestion(
        region=region,
        too_few=too_few,
        n_villages=len(seen),
        years=float(np.sum(total_years)),
        first_year=years[0],
        last_year=years[-1],
        events=events,
        storm_days=len(days),
        together=float(np.median(list(days.values()))) if days else 0.0,
        own_weight=float(rates.weight[at]),
        pooled_mm=None if pooled is None else float(grid[pooled]),
        villages=() if too_few else tuple(_suggested(counting, rates, ask)),
        score=None if too_few else _score(counting, years, ask),
    )


def _calendar(places: Sequence[Place]) -> list[int]:
    """Years of which enough was observed somewhere; the hours beyond an archive's last midnight are none."""
    found: dict[int, float] = {}
    for place in places:
        for year, share in place.rain.years.items():
            found[year] = max(found.get(year, 0.0), share)
    return sorted(year for year, share in found.items() if share >= YEAR_SHARE_MIN)


def first_kept(rate: Float64Array, wish: float) -> int | None:
    """First threshold at which a rate that falls is no more than the wish."""
    kept = np.flatnonzero(rate <= wish)
    return int(kept[0]) if len(kept) else None


class _Counting:
    """Alarms of every place at every threshold, by year."""

    def __init__(self, places: Sequence[Place], grid: Float64Array, years: list[int], ask: Ask) -> None:
        self.places, self.grid, self._years = places, grid, years
        self.begins = [
            [alarms(place.rain, threshold, ask.lowering) for place in places] for threshold in grid.tolist()
        ]
        column = {year: number for number, year in enumerate(years)}
        self._zone = ask.time_zone
        # The same storms begin alarms at most thresholds: their years are asked for once, not thirty times.
        year_at = cache(partial(year_of, time_zone=ask.time_zone))
        self._counts = np.zeros((len(grid), len(places), len(years)), dtype=np.int64)
        for row, of_places in enumerate(self.begins):
            for number, begun in enumerate(of_places):
                for at_s in begun:
                    year = year_at(at_s)
                    if year in column:
                        self._counts[row, number, column[year]] += 1
        self._seen = np.array([[place.rain.years.get(year, 0.0) for year in years] for place in places])

    def region(self, years: Sequence[int]) -> Region:
        """Counts of some of the years."""
        columns = [number for number, year in enumerate(self._years) if year in set(years)]
        return Region(self._counts[:, :, columns], self._seen[:, columns])

    def days(self, row: int) -> dict[int, int]:
        """Days on which alarms began at a threshold, and in how many places."""
        found: dict[int, set[int]] = {}
        for number, begun in enumerate(self.begins[row]):
            for at_s in begun:
                found.setdefault(day_of(at_s, self._zone), set()).add(number)
        return {day: len(numbers) for day, numbers in found.items()}


def _grid(places: Sequence[Place], years: list[int], ask: Ask) -> Float64Array:
    """Thresholds between six times the alarms wished and a sixth of them, in steps that people write."""
    top = max(float(place.rain.sum_mm.max(initial=0.0)) for place in places)
    coarse = np.geomspace(1.0, max(top, 2.0), COARSE)
    seen = sum(sum(place.rain.years.get(year, 0.0) for year in years) for place in places)
    rate = np.array(
        [sum(len(alarms(place.rain, mm, ask.lowering)) for place in places) / seen for mm in coarse.tolist()]
    )
    below, above = np.flatnonzero(rate > SPAN * ask.wish), np.flatnonzero(rate < ask.wish / SPAN)
    low = coarse[below[-1]] if len(below) else coarse[0]
    high = coarse[above[0]] if len(above) else coarse[-1]
    step = max(round(2 * (high - low) / STEPS) / 2, 0.5)
    first = np.floor(low / step) * step
    grid: Float64Array = np.arange(max(first, step), high + 1.5 * step, step, dtype=np.float64).round(1)
    return grid


def _too_few(n_villages: int, years: float, events: int, n_calendar: int) -> str:
    """Why nothing can be said of single villages, in words; empty where it can."""
    lacks = []
    if n_villages < VILLAGES_MIN:
        lacks.append(f"{n_villages} villages (at least {VILLAGES_MIN})")
    if years < YEARS_MIN or n_calendar < CALENDAR_MIN:
        lacks.append(f"{years:.1f} years of the median village (at least {YEARS_MIN:g})")
    if events < EVENTS_MIN:
        lacks.append(f"{events} alarms of the region at the pooled value (at least {EVENTS_MIN})")
    return f"too few to say: {', '.join(lacks)}" if lacks else ""


def _suggested(counting: _Counting, rates: Rates, ask: Ask) -> list[Suggested]:
    found = []
    for number, place in enumerate(counting.places):
        row = first_kept(rates.mean[:, number], ask.wish)
        low, high = first_kept(rates.low[:, number], ask.wish), first_kept(rates.high[:, number], ask.wish)
        own = first_kept(rates.own[:, number], ask.wish)
        years = sum(place.rain.years.values())
        is_known = not np.isnan(place.now_mm)
        now = len(alarms(place.rain, place.now_mm, ask.lowering)) / years if is_known else None
        found.append(
            Suggested(
                code=place.code,
                name=place.name,
                value_mm=_mm(counting.grid, row),
                low_mm=_mm(counting.grid, low),
                high_mm=_mm(counting.grid, high),
                keeps=0.0 if row is None else float(rates.keeps[row, number]),
                own_mm=_mm(counting.grid, own),
                years=years,
                events=0 if row is None else len(counting.begins[row][number]),
                now_mm=place.now_mm,
                now_per_year=now,
            )
        )
    return found


def _mm(grid: Float64Array, row: int | None) -> float | None:
    return None if row is None else float(grid[row])


def _score(counting: _Counting, years: list[int], ask: Ask) -> Score | None:
    """A fit on the first half of the years, held against the second."""
    half = (len(years) + 1) // 2
    if len(years) - half < CALENDAR_MIN:
        return None
    known, unseen = counting.region(years[:half]), counting.region(years[half:])
    both = (known.years.sum(axis=1) > 0) & (unseen.years.sum(axis=1) > 0)
    if both.sum() < VILLAGES_MIN:
        return None
    known, unseen = (Region(region.counts[:, both], region.years[both]) for region in (known, unseen))
    rates = rates_of(known, ask.wish)
    rows = np.unique(np.linspace(0, len(counting.grid) - 1, SCORED).astype(int))
    seen_years = unseen.years.sum(axis=1)
    low, high = predicted(known, seen_years)
    actual = unseen.counts.sum(axis=2)
    inside = (low <= actual) & (actual <= high)
    pooled = _kept_rates(rates.mean, actual, seen_years, ask.wish)
    own = _kept_rates(np.nan_to_num(rates.own, nan=np.inf), actual, seen_years, ask.wish)
    same_for_all = np.repeat(rates.pooled[:, None], len(seen_years), axis=1)
    one = _kept_rates(same_for_all, actual, seen_years, ask.wish)
    covered = inside[rows].mean(axis=1)
    return Score(
        fitted=(years[0], years[half - 1]),
        unseen=(years[half], years[-1]),
        thresholds_mm=tuple(float(counting.grid[row]) for row in rows),
        covered=float(covered.mean()),
        covered_least=float(covered.min()),
        pooled_per_year=float(pooled.mean()),
        own_per_year=float(own.mean()),
        one_per_year=float(one.mean()),
        pooled_above=int((pooled > ask.wish).sum()),
        own_above=int((own > ask.wish).sum()),
        one_above=int((one > ask.wish).sum()),
        pooled_off=float(np.abs(pooled - ask.wish).mean()),
        own_off=float(np.abs(own - ask.wish).mean()),
        one_off=float(np.abs(one - ask.wish).mean()),
        villages=int(both.sum()),
    )


def _kept_rates(rate: Float64Array, actual: Int64Array, years: Float64Array, wish: float) -> Float64Array:
    """Alarms a year of each village at the value that its rate seemed to keep the wish at."""
    found = np.zeros(len(years))
    for number in range(len(years)):
        row = first_kept(rate[:, number], wish)
        found[number] = actual[len(rate) - 1 if row is None else row, number] / years[number]
    return found


def _nothing(region: str, places: Sequence[Place], why: str) -> Suggestion:
    return Suggestion(
        region, f"too few to say: {why}", len(places), 0.0, 0, 0, 0, 0, 0.0, 0.0, None, (), None
    )
