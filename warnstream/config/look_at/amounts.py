"""Thresholds that are right in form and cannot be meant: ten times off, never reached, half a table.

An amount is held against what has ever been measured anywhere, against what the
quality checks take for possible, and against the same amount of the villages around.

Amounts in the operator's own rules: `warnstream.config.look_at.rule_amounts`.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from warnstream.config.settings import Configuration
from warnstream.config.wording import count_of, count_villages, name_some
from warnstream.config.yaml.quantities import format_duration
from warnstream.hazards.registry import kind_of
from warnstream.hazards.sensor_rows import ObservedRows
from warnstream.model.arrays import BoolArray, Float64Array
from warnstream.model.level import LEVELS
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import CriticalRain

TIMES_OFF = 5.0
"""So many times more or less than around is asked about: a slip of the decimal point is ten times."""

RECORD_SHARE_MIN = 0.01
"""Share of the record of its duration below which an amount is asked about: 4 mm in 1 h, 18 mm in 24 h."""

NEIGHBOURS_MIN = 4
"""Fewer amounts of one township are no yardstick: then those of the county are."""

OWN_SHARE_MIN, OWN_SHARE_MAX = 0.3, 0.9
"""With fewer villages in its table a hazard is meant to have general levels and exceptions; beyond,
those without amounts of their own may have the general ones by right."""

SPAN_M_MAX = 30.0
"""Between the lowest and the highest level of a gauge; the greatest known floods of gorges rise so far."""


def beyond_records(configuration: Configuration) -> Iterator[str]:
    """Amounts that no rain has ever reached, or that a shower reaches."""
    for name, table in rain_tables(configuration):
        record_mm = configuration.quality.rain_limits.record_mm(table.duration_s)[None, :, None]
        over = table.critical_mm > record_mm
        if over.any():
            yield f"{name}: {_example(table, over, configuration)}: more than has ever fallen anywhere"
        under = table.critical_mm < RECORD_SHARE_MIN * record_mm
        if under.any():
            yield f"{name}: {_example(table, under, configuration)}: any shower reaches that; is the unit mm?"


def beyond_quality(configuration: Configuration) -> Iterator[str]:
    """Amounts whose readings the quality checks would set aside as impossible."""
    for name, table in rain_tables(configuration):
        possible_mm = configuration.quality.rain_limits.impossible_mm(table.duration_s)[None, :, None]
        record_mm = configuration.quality.rain_limits.record_mm(table.duration_s)[None, :, None]
        never = (table.critical_mm > possible_mm) & (table.critical_mm <= record_mm)
        if never.any():
            example = _example(table, never, configuration)
            limit = f"quality.rain_mm_per_min_max {configuration.quality.rain_mm_per_min_max:g}"
            yield f"{name}: {example}: out of reach, {limit}"


def unlike_neighbours(configuration: Configuration) -> Iterator[str]:
    """Amounts many times more or less than those of the other villages of the township."""
    townships = np.array(configuration.network.places.site.township)
    for name, table in rain_tables(configuration):
        usual_mm = _usual_mm(table.critical_mm, townships)
        with np.errstate(invalid="ignore", divide="ignore"):
            off = (table.critical_mm >= TIMES_OFF * usual_mm) | (table.critical_mm * TIMES_OFF <= usual_mm)
        if off.any():
            example = _example(table, off, configuration)
            yield f"{name}: {example}: {TIMES_OFF:g} times off the villages around"


def _usual_mm(critical_mm: Float64Array, township: NDArray[np.str_]) -> Float64Array:
    """Median of each amount in its township, else in the county, shape as given; NaN where few have one."""
    usual_mm = np.full(critical_mm.shape, np.nan)
    county = np.arange(len(township))
    for members in (county, *(np.flatnonzero(township == number) for number in np.unique(township))):
        own = critical_mm[members]
        for duration, level in np.argwhere((~np.isnan(own)).sum(axis=0) >= NEIGHBOURS_MIN):
            usual_mm[members, duration, level] = np.nanmedian(own[:, duration, level])
    return usual_mm


def half_tables(configuration: Configuration) -> Iterator[str]:
    """Tables that end before all villages have their rows, and villages that lack what most have."""
    codes = configuration.network.places.site.code
    for name, table in rain_tables(configuration):
        cells = np.nan_to_num(table.critical_mm.reshape(len(codes), -1), nan=-1.0)
        _, general, inverse, count = np.unique(
            cells, axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        most = int(count.argmax())
        own = inverse.reshape(-1) != most
        has_general = bool((cells[general[most]] >= 0).any())
        if count[most] > 1 and has_general and OWN_SHARE_MIN <= own.mean() <= OWN_SHARE_MAX:
            same = [code for code, is_own in zip(codes, own.tolist(), strict=True) if not is_own]
            yield (
                f"{name}: {int(own.sum())} of {len(codes)} villages have amounts of their own, "
                f"{len(same)} the general ones: {name_some(same)}; is the table whole?"
            )
        yield from _lacking(name, table, codes)
    for name, rows in _stage_tables(configuration):
        stations = [configuration.network.stations.code[number] for number in rows.station]
        yield from _lacking_levels(name, rows.critical, stations)


def _lacking(name: str, table: CriticalRain, codes: Sequence[str]) -> Iterator[str]:
    """Villages without a level over a duration that most villages have."""
    has = ~np.isnan(table.critical_mm)
    common = has.mean(axis=0) > 0.5
    lacks = (common[None] & ~has).any(axis=(1, 2)) & has.any(axis=(1, 2))
    if lacks.any():
        village = int(lacks.argmax())
        duration, level = np.argwhere(common & ~has[village])[0]
        what = f"{LEVELS[level].word} over {format_duration(int(table.duration_s[duration]))}"
        named = [code for code, lack in zip(codes, lacks.tolist(), strict=True) if lack]
        n = count_villages(len(named))
        yield f"{name}: {n} without levels that most have, such as {what}: {name_some(named)}"


def _lacking_levels(name: str, critical_m: Float64Array, stations: Sequence[str]) -> Iterator[str]:
    """Gauges whose highest level is below orange, while others have more: nobody would be told to leave."""
    reaches_orange = [bool(row.any()) for row in ~np.isnan(critical_m[:, 2:])]
    if any(reaches_orange):
        rows = zip(stations, reaches_orange, strict=True)
        named = sorted({station for station, is_whole in rows if not is_whole})
    else:
        named = []
    if named:
        yield f"{name}: {count_of(len(named), 'gauge', 'gauges')} without orange or red: {name_some(named)}"


def stages_apart(configuration: Configuration) -> Iterator[str]:
    """Stages of one gauge that lie farther apart than rivers rise: one is over another datum, or a slip."""
    for name, rows in _stage_tables(configuration):
        for station in np.unique(rows.station):
            own = rows.critical[rows.station == station]
            lowest, highest = float(np.nanmin(own)), float(np.nanmax(own))
            if highest - lowest > SPAN_M_MAX:
                code = configuration.network.stations.code[int(station)]
                yield (
                    f"{name}: levels of gauge {code} lie from {lowest:g} to {highest:g} m: "
                    "is one over another datum, or a decimal point lost?"
                )


def rain_tables(configuration: Configuration) -> Iterator[tuple[str, CriticalRain]]:
    """Every table of rain amounts with the name of its hazard."""
    for rule in configuration.rules:
        table = kind_of(rule).rain(rule)
        if table is not None:
            yield rule.name, table


def _stage_tables(configuration: Configuration) -> Iterator[tuple[str, ObservedRows]]:
    for rule in configuration.rules:
        rows = kind_of(rule).observed(rule)
        if rows is not None and rows.indicator is Indicator.STAGE and len(rows.station):
            yield rule.name, rows


def _example(table: CriticalRain, wrong: BoolArray, configuration: Configuration) -> str:
    """Villages with such an amount, and the first of them in words."""
    codes = configuration.network.places.site.code
    villages = np.flatnonzero(wrong.any(axis=(1, 2)))
    duration, level = np.argwhere(wrong[villages[0]])[0]
    amount = float(table.critical_mm[villages[0], duration, level])
    words = f"{LEVELS[level].word} from {amount:g} mm in {format_duration(int(table.duration_s[duration]))}"
    named = name_some([codes[number] for number in villages])
    return f"{count_villages(len(villages))} with amounts such as {words} ({named})"
