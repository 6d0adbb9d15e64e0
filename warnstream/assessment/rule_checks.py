"""What evaluators give, and what must be true of it and of rules before any level moves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from warnstream.hazards.registry import kind_of, needs_of
from warnstream.lifecycle.hysteresis import LevelState
from warnstream.model.arrays import Float64Array, Int64Array, LevelArray
from warnstream.model.level import Level
from warnstream.model.rules.indicators import HazardLevels, Indicator, VillageRain
from warnstream.model.rules.rules import HazardRule, Thresholds

_RED = int(Level.RED)


def reading_order(rules: tuple[HazardRule, ...]) -> tuple[HazardRule, ...]:
    """Rules in the order of their judgement: those whose levels others read go first.

    Raises
    ------
    ValueError
        If hazards read each other's levels in a circle, or a level that does not exist.
    """
    reads = {rule.name: needs_of(rule).hazards for rule in rules}
    unknown = set[str]().union(*reads.values()) - reads.keys()
    if unknown:
        raise ValueError(f"rules read the levels of hazards that do not exist: {', '.join(sorted(unknown))}")
    left, ordered = list(rules), list[HazardRule]()
    while left:
        judged = {rule.name for rule in ordered}
        ready = [rule for rule in left if reads[rule.name] <= judged]
        if not ready:
            circle = ", ".join(rule.name for rule in left)
            raise ValueError(f"hazards read each other's levels in a circle: {circle}")
        ordered += ready
        left = [rule for rule in left if rule not in ready]
    return tuple(ordered)


def could_rise(levels: Mapping[str, LevelState], rules: Iterable[HazardRule], rain: VillageRain) -> bool:
    """Whether any level stands, or may be reached while no gauge measures rain (`HazardKind.could_rise`)."""
    if any(state.level.any() for state in levels.values()):
        return True
    return any(kind_of(rule).could_rise(rule, rain) for rule in rules)


def check_finding(found: HazardLevels, n_places: int) -> None:
    """Refuse what no evaluator may give, before it moves any level.

    Raises
    ------
    ValueError
        If arrays have another length, or a level does not exist.
    """
    for name in ("level", "holding", "can_fall", "is_blind"):
        if len(getattr(found, name)) != n_places:
            raise ValueError(f"{name} of {len(getattr(found, name))} places, expected {n_places}")
    if max(found.level.max(initial=0), found.holding.max(initial=0)) > _RED:
        raise ValueError(f"a level above {Level.RED.word}")


def has_no_number(thresholds: Thresholds) -> bool:
    """Whether a table has villages or sensors, and not one number to judge them by.

    Such a table would look like fine weather: levels would fall, and nobody would know.
    """
    numbers = thresholds.numbers
    return numbers.size > 0 and bool(np.isnan(numbers).all())


@dataclass(frozen=True, slots=True)
class VillageFindings:
    """What was found over places and for villages, which place speaks for each, and the worst ratio."""

    of_places: HazardLevels
    of_villages: HazardLevels
    place: Int64Array
    ratio: Float64Array


def with_signs(found: HazardLevels, level: LevelArray) -> HazardLevels:
    """Levels with those that signs raise and hold; of an equal level the measured reason stays."""
    higher = level > found.level
    return replace(
        found,
        level=np.maximum(found.level, level),
        indicator=np.where(higher, np.uint8(Indicator.SIGN), found.indicator),
        lead_s=np.where(higher, np.int32(0), found.lead_s),
        holding=np.maximum(found.holding, level),
    )
