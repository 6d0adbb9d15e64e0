"""Amounts of rain in the operator's own rules that cannot be meant: ten times off, never reached, any shower.

Held against what has ever been measured anywhere, and against what the tables of
the other hazards have for the same level and duration. A small amount beside other
conditions of one `all:` is how "and it goes on raining" is said, and is not looked at.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

import numpy as np

from warnstream.config.look_at.amounts import RECORD_SHARE_MIN, TIMES_OFF, rain_tables
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import format_duration
from warnstream.hazards.registry import kind_of
from warnstream.model.arrays import Float64Array
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.expressions import (
    Expression,
    Group,
    Relation,
    RuleTable,
    Term,
    parts_of,
)
from warnstream.model.rules.indicators import Indicator


class RuleAmount(NamedTuple):
    """Amounts of one condition: of each village, or one for all; `stands_alone`: it can reach a level."""

    level: Level
    duration_s: int
    amounts_mm: Float64Array
    stands_alone: bool


def own_rule_amounts(configuration: Configuration) -> Iterator[str]:
    """Conditions of rules whose amount of rain is far from records, or from the other hazards' tables."""
    usual_mm = _usual_mm(configuration)
    for rule in configuration.rules:
        if not kind_of(rule).has_conditions:
            continue
        for amount in _rain_amounts(cast("RuleTable", rule.thresholds)):
            fault = _fault_of(amount, configuration, usual_mm)
            if fault:
                yield f"{rule.name}: {fault}"


def _fault_of(
    one: RuleAmount, configuration: Configuration, usual_mm: Mapping[tuple[int, Level], float]
) -> str:
    """What is odd about an amount; empty if nothing is."""
    record_mm = float(configuration.quality.rain_limits.record_mm(one.duration_s))
    highest, lowest = float(np.nanmax(one.amounts_mm)), float(np.nanmin(one.amounts_mm))
    where = f"in {format_duration(one.duration_s)} for {one.level.word}"
    if highest > record_mm:
        return f"{highest:g} mm {where}: more than has ever fallen anywhere"
    if one.stands_alone and lowest < RECORD_SHARE_MIN * record_mm:
        return f"{lowest:g} mm {where}: any shower reaches that; is the unit mm?"
    usual = usual_mm.get((one.duration_s, one.level), np.nan)
    if highest >= TIMES_OFF * usual:
        return f"{highest:g} mm {where}: {TIMES_OFF:g} times off the tables of other hazards ({usual:g} mm)"
    if one.stands_alone and lowest * TIMES_OFF <= usual:
        return f"{lowest:g} mm {where}: {TIMES_OFF:g} times off the tables of other hazards ({usual:g} mm)"
    return ""


def _usual_mm(configuration: Configuration) -> dict[tuple[int, Level], float]:
    """Median of the tables' amounts by duration and level."""
    found: dict[tuple[int, Level], list[float]] = {}
    for _, table in rain_tables(configuration):
        for column, duration_s in enumerate(table.duration_s.tolist()):
            for level in LEVELS:
                amounts = table.critical_mm[:, column, level - 1]
                found.setdefault((duration_s, level), []).extend(amounts[~np.isnan(amounts)].tolist())
    return {key: float(np.median(amounts)) for key, amounts in found.items() if amounts}


def _rain_amounts(table: RuleTable) -> Iterator[RuleAmount]:
    for item in table.levels:
        for term, stands_alone in _terms(item.when, stands_alone=True):
            quantity = term.quantity
            if quantity.indicator is not Indicator.RAIN or term.relation is not Relation.AT_LEAST:
                continue
            amounts = table.columns[term.amount] if isinstance(term.amount, str) else np.array([term.amount])
            if not np.isnan(amounts).all():
                yield RuleAmount(item.level, int(quantity.parameter), amounts, stands_alone)


def _terms(expression: Expression, *, stands_alone: bool) -> Iterator[tuple[Term, bool]]:
    """Terms of a condition, and whether each reaches the level without others."""
    if isinstance(expression, Term):
        yield expression, stands_alone
        return
    parts = parts_of(expression)
    is_any = len(parts) == 1 or (isinstance(expression, Group) and not expression.is_all)
    for part in parts:
        yield from _terms(part, stands_alone=stands_alone and is_any)
