"""Rules of the operator's own: conditions over indicators, hazards and signs (docs/rules.md).

`RulePlan` holds the conditions of all rules of a network. Equal conditions are
one entry, worked out once per step for all places as two rows of booleans:
whether it is *reached*, and whether it still *holds* at its clear values.
Terms are array comparisons; there is no object per place.

What a condition remembers (since when it has held, whether the first part of
a sequence has been seen, earlier values) is part of the snapshot: a restart
equals no restart. Nothing that is not known holds.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from warnstream.hazards.rule_values import RuleSources, Values, coverage_of, values_of
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.expressions import (
    RAIN_LIKE,
    Expression,
    Group,
    Lasting,
    Leaf,
    LevelTerm,
    Quantity,
    Relation,
    RuleTable,
    Sequence,
    SignTerm,
    Term,
    parts_of,
)
from warnstream.model.indicators import HazardLevels, Indicator, no_levels
from warnstream.model.rules import HazardRule
from warnstream.model.times import MINUTE_S

HISTORY_SAMPLES = 12
"""A comparison with an earlier value is good to that part of its time, or to a minute."""

StateArrays = dict[str, np.ndarray]


@dataclass(slots=True)
class _Lasted:
    """Since when a condition has held, shape (n_places,); -1: it does not."""

    since_s: Int64Array


@dataclass(slots=True)
class _Followed:
    """When the first part held last, and where the pair is under way (reached, holding)."""

    first_at_s: Int64Array
    under_way: BoolArray


@dataclass(slots=True)
class _Past:
    """Earlier values of a quantity, newest last, shape (n_samples, n_places); time -1: none yet."""

    time_s: Int64Array
    value: Float64Array
    spacing_s: int

    def at(self, time_s: int) -> Float64Array | None:
        """The newest values not younger than a time; None where those are too old to compare with."""
        row = int(np.searchsorted(self.time_s, time_s, side="right")) - 1
        known = row >= 0 and self.time_s[row] >= max(time_s - 2 * self.spacing_s, 0)
        return self.value[row].copy() if known else None

    def add(self, time_s: int, value: Float64Array) -> None:
        """Keep a value; of one spacing the first."""
        if self.time_s[-1] >= 0 and time_s // self.spacing_s <= self.time_s[-1] // self.spacing_s:
            return
        self.time_s[:-1], self.value[:-1] = self.time_s[1:].copy(), self.value[1:].copy()
        self.time_s[-1], self.value[-1] = time_s, value


class RulePlan:
    """The conditions of all rules, shared, with what they remember.

    Parameters
    ----------
    rules : tuple of HazardRule
        Those with `RuleTable` thresholds are taken.
    village : Int32Array, shape (n_places,)
        Village that each place belongs to; everything here is over places.
    """

    def __init__(self, rules: tuple[HazardRule, ...], village: Int32Array) -> None:
        self._village = village
        self._n_places = len(village)
        tables = [rule.thresholds for rule in rules if isinstance(rule.thresholds, RuleTable)]
        self._columns = {key: array for table in tables for key, array in table.columns.items()}
        self._stations = {key: array for table in tables for key, array in table.stations.items()}
        shared: dict[Expression, None] = {}
        for table in tables:
            for item in table.levels:
                _collect(item.when, shared)
        self._expressions = tuple(sorted(shared, key=repr))
        self._lasted = {e: self._new_lasted() for e in self._expressions if isinstance(e, Lasting)}
        self._followed = {e: self._new_followed() for e in self._expressions if isinstance(e, Sequence)}
        self._past = {e: self._new_past(e) for e in self._expressions if isinstance(e, Term) and e.over_s}
        self._found: dict[Expression, BoolArray] = {}
        self._values: dict[Quantity, Values] = {}

    @property
    def n_conditions(self) -> int:
        """Different conditions that are worked out at each step."""
        return len(self._expressions)

    def begin(self) -> None:
        """A new step: what was worked out for the last one is forgotten."""
        self._found.clear()
        self._values.clear()

    def evaluate(self, rule: HazardRule, sources: RuleSources) -> HazardLevels:
        """Level of every village by one rule; the highest level whose condition is reached."""
        table = rule.thresholds
        assert isinstance(table, RuleTable)
        found = no_levels(self._n_places, Indicator.LEVEL)
        for item in sorted(table.levels, key=lambda item: item.level):
            reached, holding = self._evaluate(item.when, sources)
            found.level[reached] = item.level
            found.holding[holding | reached] = item.level
        self._see(found, rule, table, sources)
        if table.concerns is not None:
            elsewhere = ~table.concerns
            found.level[elsewhere], found.holding[elsewhere] = 0, 0
            found.is_blind[elsewhere] = False
        return found

    def value(self, quantity: Quantity, sources: RuleSources) -> Values:
        """What a term reads at this step."""
        if quantity not in self._values:
            self._values[quantity] = values_of(quantity, self._stations.get(quantity.station), sources)
        return self._values[quantity]

    def amount(self, leaf: Term) -> Float64Array:
        """What a term is compared with, shape (n_places,)."""
        return self._amount(leaf.amount)

    def carriers(self, rule: HazardRule, village: int, level: int) -> list[tuple[Leaf, int]]:
        """Terms that carry a village's level, each with the time since when it had to hold (0: none).

        Of conditions joined by *any* the first that needs no forecast, or the first.
        """
        table = rule.thresholds
        assert isinstance(table, RuleTable)
        reached = [i for i in table.levels if i.level == level and self._found[i.when][0, village]]
        return self._carriers(reached[0].when, village, 0) if reached else []

    def snapshot(self) -> StateArrays:
        """State as named arrays."""
        state: StateArrays = {"conditions": self._fingerprint()}
        for name, array in self._state():
            state[name] = array.copy()
        return state

    def restore(self, state: StateArrays) -> None:
        """Take up a snapshot. ValueError if it was taken with other conditions."""
        if not np.array_equal(state["conditions"], self._fingerprint()):
            raise ValueError("the rules have other conditions than in the snapshot")
        for name, array in self._state():
            array[:] = state[name]

    def _evaluate(self, expression: Expression, sources: RuleSources) -> BoolArray:
        """Whether a condition is reached, and whether it holds, shape (2, n_places)."""
        if expression not in self._found:
            self._found[expression] = self._work_out(expression, sources)
        return self._found[expression]

    def _work_out(self, expression: Expression, sources: RuleSources) -> BoolArray:
        if isinstance(expression, Term):
            return self._compare(expression, sources)
        if isinstance(expression, SignTerm):
            seen = sources.signs.seen(expression.kind, is_validated=expression.is_validated)
            return _twice(seen[self._village])
        if isinstance(expression, LevelTerm):
            stands_at = sources.levels[expression.hazard].level[self._village]
            return _twice(stands_at >= expression.level)
        parts = [self._evaluate(part, sources) for part in parts_of(expression)]
        if isinstance(expression, Group):
            join: Callable[[list[BoolArray]], BoolArray] = (
                np.logical_and.reduce if expression.is_all else np.logical_or.reduce
            )
            return join(parts)
        if isinstance(expression, Lasting):
            return self._last(expression, parts[0], sources.now_s)
        return self._follow(expression, parts[0], parts[1], sources.now_s)

    def _compare(self, term: Term, sources: RuleSources) -> BoolArray:
        value = self.value(term.quantity, sources).value
        amount, clear = self.amount(term), self._amount(term.clear)
        if term.relation is Relation.RISES_BY:
            past = self._past[term]
            before = past.at(sources.now_s - term.over_s)
            past.add(sources.now_s, value)
            # 10.5 - 10.1 must reach 0.4.
            value = np.full(len(value), np.nan) if before is None else np.round(value - before, 6)
        if term.relation is Relation.AT_MOST:
            return np.stack([value <= amount, value <= clear])
        return np.stack([value >= amount, value >= clear])

    def _last(self, expression: Lasting, part: BoolArray, now_s: int) -> BoolArray:
        state = self._lasted[expression]
        began = np.where(state.since_s < 0, now_s, state.since_s)
        state.since_s[:] = np.where(part[0], began, -1)
        lasts = part[0] & (now_s - state.since_s >= expression.for_s)
        return np.stack([lasts, part[1]])

    def _follow(self, expression: Sequence, first: BoolArray, then: BoolArray, now_s: int) -> BoolArray:
        state = self._followed[expression]
        state.first_at_s[first[0]] = now_s
        is_recent = (state.first_at_s >= 0) & (now_s - state.first_at_s <= expression.within_s)
        reached = then[0] & (is_recent | state.under_way[0])
        holding = then[1] & (reached | state.under_way[1])
        state.under_way[:] = np.stack([reached, holding])
        return state.under_way.copy()

    def _see(self, found: HazardLevels, rule: HazardRule, table: RuleTable, sources: RuleSources) -> None:
        """Where a level may fall: everything that concerns the village is known. Blind: nothing is."""
        n = self._n_places
        sees_all, sees_any, concerned = np.ones(n, np.bool_), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        for leaf in table.leaves():
            if isinstance(leaf, SignTerm):
                continue
            if isinstance(leaf, LevelTerm):
                concerns, sees = np.ones(n, np.bool_), ~sources.levels[leaf.hazard].is_blind[self._village]
                falls = sees
            else:
                values = self.value(leaf.quantity, sources)
                concerns = values.concerns & ~np.isnan(self.amount(leaf))
                sees = values.sees
                is_rain = leaf.quantity.indicator in RAIN_LIKE
                falls = sees & (coverage_of(sources) >= rule.lowering.coverage_min) if is_rain else sees
            sees_all &= falls | ~concerns
            sees_any |= sees & concerns
            concerned |= concerns
        found.can_fall[:] = sees_all
        found.is_blind[:] = concerned & ~sees_any

    def _carriers(self, expression: Expression, village: int, since_s: int) -> list[tuple[Leaf, int]]:
        if isinstance(expression, Term | SignTerm | LevelTerm):
            return [(expression, since_s)]
        if isinstance(expression, Lasting):
            return self._carriers(expression.part, village, int(self._lasted[expression].since_s[village]))
        if isinstance(expression, Sequence):
            # The first part has been; only what holds now has a value to show.
            parts: tuple[Expression, ...] = (expression.then,)
        elif expression.is_all:
            parts = expression.parts
        else:
            held = [part for part in expression.parts if self._found[part][0, village]]
            parts = (min(held, key=_needs_forecast),)
        return [one for part in parts for one in self._carriers(part, village, since_s)]

    def _amount(self, amount: float | str) -> Float64Array:
        if isinstance(amount, str):
            return self._columns[amount]
        return np.full(self._n_places, amount)

    def _fingerprint(self) -> np.ndarray:
        text = "\n".join(map(repr, self._expressions)).encode()
        return np.frombuffer(hashlib.sha256(text).digest(), dtype=np.uint8)

    def _state(self) -> list[tuple[str, np.ndarray]]:
        """Every array that is kept, by name."""
        named: list[tuple[str, np.ndarray]] = []
        for number, expression in enumerate(self._expressions):
            if expression in self._lasted:
                named.append((f"since_s.{number}", self._lasted[expression].since_s))
            if expression in self._followed:
                followed = self._followed[expression]
                named += [
                    (f"first_at_s.{number}", followed.first_at_s),
                    (f"under_way.{number}", followed.under_way),
                ]
            if expression in self._past:
                past = self._past[expression]
                named += [(f"past_s.{number}", past.time_s), (f"past.{number}", past.value)]
        return named

    def _new_lasted(self) -> _Lasted:
        return _Lasted(np.full(self._n_places, -1, dtype=np.int64))

    def _new_followed(self) -> _Followed:
        n = self._n_places
        return _Followed(np.full(n, -1, dtype=np.int64), np.zeros((2, n), dtype=np.bool_))

    def _new_past(self, term: Term) -> _Past:
        spacing_s = max(term.over_s // HISTORY_SAMPLES, MINUTE_S)
        n_samples = term.over_s // spacing_s + 3
        return _Past(
            np.full(n_samples, -1, dtype=np.int64), np.full((n_samples, self._n_places), np.nan), spacing_s
        )


def _collect(expression: Expression, shared: dict[Expression, None]) -> None:
    for part in parts_of(expression):
        _collect(part, shared)
    shared[expression] = None


def _twice(held: BoolArray) -> BoolArray:
    """What has no clear value holds exactly while it is reached."""
    return np.stack([held, held])


def _needs_forecast(expression: Expression) -> bool:
    if isinstance(expression, Term):
        return lead_s_of(expression.quantity) > 0
    return any(_needs_forecast(part) for part in parts_of(expression))


def lead_s_of(quantity: Quantity) -> int:
    """How far ahead a quantity looks, seconds; 0 for what has been observed."""
    ahead = quantity.indicator in {Indicator.FORECAST_RAIN, Indicator.SOIL_WATER}
    return int(quantity.parameter) if ahead else 0
