"""Rain against a table of critical values: what has been reached, what will be, what still holds.

Shared by the hazards that judge rain over durations. Each level is reached by
what *has* fallen over a duration, or *will have* when the coming hours bring
the expected rain: observed rain of the past ``duration - lead`` plus the
forecast of ``lead``, for every lead that the forecast has. What rests on a forecast is capped at the
rule's `forecast_level_max`.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from warnstream.hazards.expected import by_chance as by_chances
from warnstream.hazards.expected import shares
from warnstream.hazards.expected.asking import STEP_S, all_asked
from warnstream.hazards.expected.chances import NO_CHANCES, Chances, durations_of
from warnstream.hazards.sources import Needs
from warnstream.hazards.tables import levels_of, threshold_of, worst_column
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array, LevelArray, rows_where
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.comparison import Comparison, capped, clear_of
from warnstream.model.rules.indicators import HazardLevels, Indicator, VillageRain, no_levels
from warnstream.model.rules.outlook import Outlook
from warnstream.model.rules.rules import CriticalRain, HazardRule
from warnstream.model.times import HOUR_S

_EVERY = slice(None)


class Ahead(NamedTuple):
    """Probabilities that are known at a step, and when it is."""

    chances: Chances
    now_s: int


NOTHING_AHEAD = Ahead(NO_CHANCES, 0)
_LEVELS = tuple(map(int, LEVELS))
_MARGIN_MM = 0.01
"""A mean of gauges may be more than the greatest of them by what is rounded."""
_FEW = 256
"""So few villages are compared with all levels at once."""
_BLOCK = 16_384
"""Villages compared at once: what is in between stays in the cache."""


def rain_of(rule: HazardRule) -> CriticalRain:
    """The table of a hazard that has nothing but rain."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    return table


def needs(rule: HazardRule) -> Needs:
    """Rain over the durations of the table; where it looks ahead, the parts of them that have passed."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    own = frozenset(_durations(table))
    ahead_of_s = own if rule.forecast_level_max > Level.NONE else frozenset[int]()
    rolled_s = durations_of(list(all_asked([rule]).values()), STEP_S) if rule.expected else set[int]()
    return Needs(reads_rain=True, duration_s=own | {HOUR_S} | rolled_s, ahead_of_s=ahead_of_s)


def evaluate_where(
    rule: HazardRule,
    rain: VillageRain,
    *,
    counts: BoolArray | None,
    ratio: Float64Array | None = None,
    ahead: Ahead = NOTHING_AHEAD,
) -> HazardLevels:
    """Level of every village; observed rain counts only where `counts` (everywhere if None).

    Where it does not count, it reaches no level and holds none. `ratio` is taken into what is found,
    `ahead` is what is known of probabilities.
    """
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    observed = _observed(table, rain)
    reached, holding = _reached(observed, table), _reached(observed, table, rule.lowering.clear_ratio)
    if counts is not None:
        reached = np.where(counts, reached, np.uint8(0))
        holding = np.where(counts, holding, np.uint8(0))
    looks_ahead = rule.forecast_level_max > Level.NONE and bool((rain.ahead_mm > 0).any())
    nothing = _nothing(len(reached))
    by_share = shares.by_shares(rule, table, observed, counts) if rule.expected else None
    by_chance = by_chances.known(rule, table, ahead.chances) if rule.expected else []
    if by_share is not None:
        holding = np.maximum(holding, by_share.holding)
    if by_chance:
        holding = np.maximum(holding, by_chances.holding_of(by_chance, len(holding)))
    is_quiet = not looks_ahead and (reached is nothing.level or not reached.any())
    is_quiet = is_quiet and (by_share is None or not by_share.level.any())
    is_quiet = is_quiet and not by_chances.any_reached(by_chance)
    blank = nothing if is_quiet else no_levels(len(reached), Indicator.RAIN)
    found = HazardLevels(  # by far faster than `replace`, and there are many tables
        blank.level,
        holding,
        rain.coverage_over(HOUR_S) >= rule.lowering.coverage_min,
        rain.is_blind,
        blank.value,
        blank.threshold,
        blank.forecast_value,
        blank.duration_s,
        blank.lead_s,
        blank.station,
        blank.indicator,
        blank.is_confirmed,
        blank.ratio if ratio is None else ratio,
        None if is_quiet or not rule.expected else Outlook.nowhere(len(blank.level)),
    )
    if is_quiet:
        return found
    _take(found, reached, observed, np.zeros(len(reached)), lead_s=0, table=table)
    if looks_ahead:
        for index, lead_s in enumerate(rain.leads_s):
            _take_expected(found, rule, rain, index, lead_s)
    if by_share is not None:
        by_share.take_into(found)
    if by_chance:
        by_chances.take_into(found, by_chance, table, rain, ahead.now_s)
    rows = rows_where(found.level)
    found.station[rows] = rain.main_station(rows, found.duration_s[rows])
    return found


def could_rise(rule: HazardRule, rain: VillageRain) -> bool:
    """Whether any place may reach a level while no gauge measures rain and the forecast stands.

    The sum of every window at every gauge then only falls. A place's rain is a mean of its gauges' whose
    weights may move (one falls silent, another's window is observed better), so it is never more than the
    greatest gauge's: that and what is coming against the least threshold proves that nothing rises.
    Tables that depend on the ground or on probabilities, and grids that stand in, have no such bound.
    """
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    if table.wetness is not None or rule.expected or rain.grids is not None:
        return True
    looks_ahead = rule.forecast_level_max > Level.NONE
    for index, duration_s in enumerate(_durations(table)):
        within = [lead for lead, lead_s in enumerate(rain.leads_s) if looks_ahead and lead_s <= duration_s]
        coming = np.fmax.reduce(rain.ahead_mm[:, within], axis=None, initial=0.0)
        fallen = np.fmax.reduce(rain.station_rain_mm[:, rain.column(duration_s)], initial=0.0)
        if fallen + coming + _MARGIN_MM >= table.lowest_mm[index].min():
            return True
    return False


def compare(
    rule: HazardRule,
    rain: VillageRain,
    place: int,
    *,
    counts: bool = True,
    why_not: str = "",
    ahead: Ahead = NOTHING_AHEAD,
) -> list[Comparison]:
    """What `evaluate_where` compared at one place: each duration as observed, then each with each lead.

    Where observed rain does not count, `why_not` says so.
    """
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    found = []
    for index, column in enumerate(_observed(table, rain)):
        told = _compared(table, index, place, column)
        clear = clear_of(told.critical, rule.lowering.clear_ratio)
        found.append(replace(told, clear=clear) if counts else replace(told, level=Level.NONE, note=why_not))
    if rule.expected:
        found += shares.compare(rule, table, _observed(table, rain), place, counts=counts, why_not=why_not)
        found += by_chances.compare(rule, table, ahead.chances, rain, place)
    if rule.forecast_level_max > Level.NONE:
        for number, lead_s in enumerate(rain.leads_s):
            coming = _expected(rule, rain, number, lead_s)
            if coming is None or np.isnan(coming.rain_mm[place]):
                continue
            coming_mm = float(coming.rain_mm[place])
            for index, column in enumerate(coming.columns):
                told = _compared(table, index, place, column)
                if not np.isnan(told.value):  # a duration shorter than the lead is not looked at
                    told = replace(told, lead_s=lead_s, forecast_value=coming_mm)
                    found.append(capped(told, rule.forecast_level_max))
    return found


def _compared(table: CriticalRain, index: int, place: int, column: "_Column") -> Comparison:
    value, critical = column.total_mm()[place], table.critical_mm[place, index]
    return Comparison(
        Indicator.RAIN,
        float(value),
        tuple(critical.tolist()),
        Level(int(levels_of(value[None], critical[None])[0])),
        duration_s=int(table.duration_s[index]),
    )


def _observed(table: CriticalRain, rain: VillageRain) -> list["_Column"]:
    return [_Column(rain.over(duration), rain.highest_over(duration)) for duration in _durations(table)]


def _durations(table: CriticalRain) -> list[int]:
    durations: list[int] = table.duration_s.tolist()
    return durations


class _Column(NamedTuple):
    """Rain of every village over one duration (NaN: unknown), and an upper bound of all of it.

    What is added to the rain of each village stands apart: it is added only where a level is in reach.
    """

    rain_mm: Float64Array
    bound_mm: float
    ahead_mm: Float64Array | None = None

    def total_mm(self, village: Int64Array | slice = _EVERY) -> Float64Array:
        rain_mm: Float64Array = self.rain_mm[village]
        return rain_mm if self.ahead_mm is None else rain_mm + self.ahead_mm[village]


def _reached(columns: Sequence[_Column], table: CriticalRain, ratio: float = 1.0) -> LevelArray:
    """Worst level that the rain reaches, shape (n_villages,); one column per duration.

    Where not even the greatest rain reaches the lowest threshold, no village is compared.
    """
    worst = _nothing(len(table.critical_mm)).level
    for index, column in enumerate(columns):
        lowest_mm = table.lowest_mm[index].tolist()
        levels = [level for level in _LEVELS if column.bound_mm >= lowest_mm[level - 1] * ratio]
        if levels and not worst.flags.writeable:
            worst = np.zeros(len(worst), dtype=np.uint8)
        if levels and len(worst) <= _FEW:
            reached = levels_of(column.total_mm(), table.critical_mm[:, index] * ratio)
            np.maximum(worst, reached, out=worst)
            continue
        for first in range(0, len(worst) if levels else 0, _BLOCK):
            rows = slice(first, first + _BLOCK)
            total_mm, reached = column.total_mm(rows), worst[rows]
            for level in levels:
                critical = table.critical_mm[rows, index, level - 1] * ratio
                np.maximum(reached, (total_mm >= critical) * np.uint8(level), out=reached)
    return worst


class _Ahead(NamedTuple):
    """What each duration will hold after one lead, and the rain that is coming (NaN: none comes)."""

    columns: list[_Column]
    rain_mm: Float64Array


def _expected(rule: HazardRule, rain: VillageRain, index: int, lead_s: int) -> _Ahead | None:
    """Rain over each duration within one lead time; None if it comes nowhere."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    # Where no rain is coming nothing *will* be reached; what has been is judged by observation alone.
    coming = rain.ahead_mm[:, index]
    comes = (coming > 0) & (coming >= rule.continues_mm_per_h)
    if not comes.any():
        return None
    ahead = np.where(comes, coming, np.nan)
    most = float(coming.max(where=comes, initial=0.0))
    expected = []
    for duration in _durations(table):
        if duration > lead_s:
            past = rain.over(duration - lead_s)
            expected.append(_Column(past, rain.highest_over(duration - lead_s) + most, ahead))
        elif duration == lead_s:
            expected.append(_Column(ahead, most))
        else:
            expected.append(_Column(np.full(len(ahead), np.nan), -np.inf))
    return _Ahead(expected, ahead)


def _take_expected(found: HazardLevels, rule: HazardRule, rain: VillageRain, index: int, lead_s: int) -> None:
    """Add what will be reached within one lead time, where it is worse than what was found before."""
    table = rule.thresholds
    assert isinstance(table, CriticalRain)
    ahead = _expected(rule, rain, index, lead_s)
    if ahead is None:
        return
    reached = np.minimum(_reached(ahead.columns, table), np.uint8(rule.forecast_level_max))
    _take(found, reached, ahead.columns, ahead.rain_mm, lead_s=lead_s, table=table)


def _take(
    found: HazardLevels,
    reached: LevelArray,
    columns: Sequence[_Column],
    forecast_value: Float64Array,
    *,
    lead_s: int,
    table: CriticalRain,
) -> None:
    """Write into `found` those of the villages whose level beats what stands there.

    Only for them is it worked out which duration carries the level.
    """
    village = rows_where(reached > found.level)
    if len(village) == 0:
        return
    values = np.stack([column.total_mm(village) for column in columns], axis=1)
    critical = table.critical_mm[village]
    level = np.minimum(levels_of(values, critical), reached[village, None])
    column = worst_column(level, values, critical)
    pick = (np.arange(len(village)), column)
    found.level[village] = level[pick]
    found.value[village] = values[pick]
    found.forecast_value[village] = forecast_value[village]
    found.threshold[village] = threshold_of(critical, level)[pick]
    found.duration_s[village] = table.duration_s[column]
    found.lead_s[village] = lead_s


@lru_cache(maxsize=_FEW)
def _nothing(n_villages: int) -> HazardLevels:
    """No level anywhere: one for all tables that find none, and nobody can write into it.

    It is asked for all villages, and for any few of them.
    """
    found = no_levels(n_villages, Indicator.RAIN)
    for field in fields(found):
        if (array := getattr(found, field.name)) is not None:
            array.setflags(write=False)
    return found
