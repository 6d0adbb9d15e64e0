"""Thresholds of two configurations: which level of which villages changed from what to what."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.config.wording import count_villages, name_some
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.arrays import Float64Array, Int32Array
from warnstream.model.level import LEVELS
from warnstream.model.network import Network
from warnstream.model.rules.expressions import RuleTable
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import (
    CriticalRain,
    CriticalStage,
    FireTable,
    HazardRule,
    SlopeTable,
    WaterloggingTable,
)

Measure = tuple[str, str]
"""What a threshold is of, and its unit: ``3h``, ``mm``."""
Values = dict[tuple[Measure, str], tuple[float, ...]]
"""By measure and code of the place: blue to red, NaN where a level has no value."""

EVERYWHERE = ""
PAIRS_SHOWN_MAX = 4
"""Of one level and duration so many changes are told one by one; more are told as ranges."""
CODES_SHOWN_MAX = 3
FACTOR_SPREAD_MAX = 0.02
"""Rounded numbers of one factor differ by less."""


def threshold_differences(old: Configuration, new: Configuration) -> Iterator[str]:
    """One line for each hazard, level and value that changed, in places that both have."""
    after = {rule.name: rule for rule in new.rules}
    names = {rule.name for rule in old.rules}
    called = {before: name for before, name in new.network.hazards_were.items() if before in names}
    yield from (f"{name}: the hazard was {before}" for before, name in called.items())
    before = {called.get(rule.name, rule.name): rule for rule in old.rules}
    for name in sorted(before.keys() - after.keys()):
        yield f"{name}: the hazard is gone"
    for name in sorted(after.keys() - before.keys()):
        yield f"{name}: a new hazard"
    for name, rule in after.items():
        if name not in before:
            continue
        if before[name].evaluator != rule.evaluator:
            yield f"{name}: judged by {rule.evaluator}, no more by {before[name].evaluator}"
            continue
        for line in _told(_values(before[name], old.network), _values(rule, new.network)):
            yield f"{name}: {line}"


def has_numbers(rule: HazardRule) -> bool:
    """Whether all that its levels say is in what `threshold_differences` compares."""
    kinds = CriticalRain | CriticalStage | WaterloggingTable | SlopeTable | FireTable
    return isinstance(rule.thresholds, kinds)


def _values(rule: HazardRule, network: Network) -> Values:
    table, values = rule.thresholds, Values()
    if isinstance(table, CriticalRain):
        _add_rain(values, table, network)
    elif isinstance(table, WaterloggingTable):
        _add_rain(values, table.rain, network)
        _add_rows(values, network, table.village, table.station, table.critical_cm, ("depth at ", "cm"))
    elif isinstance(table, CriticalStage):
        _add_rows(values, network, table.village, table.station, table.critical_m, ("stage at ", "m"))
    elif isinstance(table, SlopeTable):
        for code in np.unique(table.indicator).tolist():
            rows = (table.indicator == code) & (table.village >= 0)
            word = f"{Indicator(code).word} at ", Indicator(code).info.unit
            _add_rows(values, network, table.village[rows], table.station[rows], table.critical[rows], word)
    elif isinstance(table, FireTable):
        values[("fire weather index", ""), EVERYWHERE] = tuple(table.critical.tolist())
    elif isinstance(table, RuleTable):
        for key, column in table.columns.items():
            for place, value in zip(network.places.site.code, column.tolist(), strict=True):
                values[(f"column {key}", ""), place] = (value,)
    return values


def _add_rain(values: Values, table: CriticalRain, network: Network) -> None:
    grounds: list[tuple[str, Float64Array | None]] = [("", table.critical_mm)]
    if table.wetness is not None:
        grounds += [(" on dry ground", table.wetness.dry_mm), (" on wet ground", table.wetness.wet_mm)]
    for words, critical_mm in grounds:
        if critical_mm is None:
            continue
        for number, duration_s in enumerate(table.duration_s.tolist()):
            what = format_duration(duration_s) + words, "mm"
            for place, levels in zip(network.places.site.code, critical_mm[:, number].tolist(), strict=True):
                values[what, place] = tuple(levels)


def _add_rows(
    values: Values,
    network: Network,
    village: Int32Array,
    station: Int32Array,
    critical: Float64Array,
    word: Measure,
) -> None:
    places, stations = network.places.site.code, network.stations.code
    for place, gauge, levels in zip(village.tolist(), station.tolist(), critical.tolist(), strict=True):
        values[(word[0] + stations[gauge], word[1]), places[place]] = tuple(levels)


def _told(old: Values, new: Values) -> Iterator[str]:
    """Lines by what is measured and level; places that only one of both has are told elsewhere."""
    common = {place for _, place in old} & {place for _, place in new}
    changed: defaultdict[tuple[Measure, str], defaultdict[tuple[str, str], list[str]]]
    changed = defaultdict(lambda: defaultdict(list))
    for what, place in dict.fromkeys([*new, *old]):
        if place not in common:
            continue
        before, after = old.get((what, place), ()), new.get((what, place), ())
        for number in range(max(len(before), len(after))):
            pair = _number(before, number), _number(after, number)
            if pair[0] != pair[1]:
                level = LEVELS[number].word if max(len(before), len(after)) > 1 else ""
                changed[what, level][pair].append(place)
    for (what, level), pairs in changed.items():
        words, unit = f"{level} {what[0]}".strip(), f" {what[1]}".rstrip()
        if len(pairs) <= PAIRS_SHOWN_MAX:
            for (was, becomes), places in pairs.items():
                yield f"{_of(places)}{words}: {was} -> {becomes}{unit}"
        else:
            befores, afters = zip(*pairs, strict=True)
            every = [place for places in pairs.values() for place in places]
            yield f"{_of(every)}{words}: {_range(befores)} -> {_range(afters)}{unit}{_factor(pairs)}"


def _number(levels: tuple[float, ...], number: int) -> str:
    value = levels[number] if number < len(levels) else float("nan")
    return "none" if np.isnan(value) else f"{value:g}"


def _factor(pairs: Iterable[tuple[str, str]]) -> str:
    """By how much all of them were multiplied; nothing where they were not.

    >>> _factor([("10", "9"), ("20", "18.1")]), _factor([("10", "9"), ("20", "30")]), _factor([("none", "9")])
    (' (x 0.9)', '', '')
    """
    known = [(float(was), float(becomes)) for was, becomes in pairs if "none" not in (was, becomes)]
    ratios = [becomes / was for was, becomes in known if was]
    if not ratios or max(ratios) - min(ratios) > FACTOR_SPREAD_MAX:
        return ""
    return f" (x {sum(ratios) / len(ratios):.2g})"


def _range(numbers: tuple[str, ...]) -> str:
    """From the least to the greatest.

    >>> _range(("9", "10.5", "none", "9"))
    '9 to 10.5 or none'
    """
    known = sorted((number for number in set(numbers) if number != "none"), key=float)
    if not known:
        return "none"
    said = known[0] if len(known) == 1 else f"{known[0]} to {known[-1]}"
    return said if "none" not in numbers else f"{said} or none"


def _of(places: list[str]) -> str:
    if places == [EVERYWHERE]:
        return ""
    named = f" ({name_some(places)})" if len(places) <= CODES_SHOWN_MAX else ""
    return f"{count_villages(len(places))}{named}, "
