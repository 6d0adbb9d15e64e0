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
from dataclasses import replace
from functools import reduce

import numpy as np

from warnstream.hazards.conditions.memory import Followed, Lasted, Past
from warnstream.hazards.conditions.values import Values, coverage_of, values_of, values_of_model
from warnstream.hazards.expected.asking import asked_of, asked_of_model
from warnstream.hazards.sources import HazardSources
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array
from warnstream.model.observations.days import DayWindow, over_duration
from warnstream.model.rules.comparison import ConditionFound, RuleLevelFound
from warnstream.model.rules.expressions import (
    Expression,
    Group,
    Lasting,
    Leaf,
    LevelTerm,
    ModelTerm,
    Quantity,
    ReachTerm,
    Relation,
    RuleTable,
    Sequence,
    ShareTerm,
    SignTerm,
    Term,
    parts_of,
    rests_on_what_comes,
)
from warnstream.model.rules.indicators import HazardLevels, Indicator, no_levels
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import MINUTE_S

HISTORY_SAMPLES = 12
"""A comparison with an earlier value is good to that part of its time, or to a minute."""

DAYS_COVERAGE_MIN = 0.8
"""Share of a window of days that must have been observed before "at most" may hold."""

StateArrays = dict[str, np.ndarray]


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
        # Invariant: equal conditions are one entry, worked out once a step for all places, so that what `for`
        # and `then` remember moves once a step. Why sorted by text: what is remembered is known by its number
        # in snapshots, whatever the order of the file. Rejected (decision 14): a negation, for which a silent
        # gauge would be good news; expression strings, whose faults have no key and no line.
        self._expressions = tuple(sorted(shared, key=repr))
        numbered = list(enumerate(self._expressions))
        # From here on a condition is its number: to hash a nested one takes as long as to work it out.
        number = {expression: index for index, expression in numbered}
        self._parts = [tuple(number[part] for part in parts_of(e)) for e in self._expressions]
        self._lasted = {n: self._new_lasted() for n, e in numbered if isinstance(e, Lasting)}
        self._followed = {n: self._new_followed() for n, e in numbered if isinstance(e, Sequence)}
        self._past = {n: self._new_past(e) for n, e in numbered if isinstance(e, Term) and e.over_s}
        self._levels = {
            rule.name: sorted((item.level, number[item.when]) for item in rule.thresholds.levels)
            for rule in rules
            if isinstance(rule.thresholds, RuleTable)
        }
        self._sights = {
            rule.name: _sights(rule.thresholds) for rule in rules if isinstance(rule.thresholds, RuleTable)
        }
        self._found: dict[int, BoolArray] = {}
        self._values: dict[Quantity, Values] = {}

    @property
    def n_conditions(self) -> int:
        """Different conditions that are worked out at each step."""
        return len(self._expressions)

    def begin(self) -> None:
        """A new step: what was worked out for the last one is forgotten."""
        self._found.clear()
        self._values.clear()

    def evaluate(self, rule: HazardRule, sources: HazardSources) -> HazardLevels:
        """Level of every village by one rule; the highest level whose condition is reached."""
        table = rule.thresholds
        assert isinstance(table, RuleTable)
        found = no_levels(self._n_places, Indicator.LEVEL)
        for level, number in self._levels[rule.name]:
            reached, holding = self._evaluate(number, sources)
            found.level[reached] = level
            found.holding[holding | reached] = level
        self._see(found, rule, sources)
        if table.concerns is not None:
            elsewhere = ~table.concerns
            found.level[elsewhere], found.holding[elsewhere] = 0, 0
            found.is_blind[elsewhere] = False
        return found

    def value(self, quantity: Quantity, sources: HazardSources) -> Values:
        """What a term reads at this step."""
        if quantity not in self._values:
            self._values[quantity] = values_of(quantity, self._stations.get(quantity.station), sources)
        return self._values[quantity]

    def read(self, term: Term, sources: HazardSources) -> Values:
        """What a term reads at this step, also one whose amounts are part of the question."""
        return (
            values_of_model(term, sources)
            if isinstance(term, ModelTerm)
            else self.value(term.quantity, sources)
        )

    def amount(self, leaf: Term) -> Float64Array:
        """What a term is compared with, shape (n_places,)."""
        return np.broadcast_to(np.asarray(self._amount(leaf.amount)), (self._n_places,))

    def whole(self, leaf: ShareTerm) -> Float64Array:
        """What a share is a part of, shape (n_places,)."""
        return np.broadcast_to(np.asarray(self._amount(leaf.whole)), (self._n_places,))

    def deciding(self, term: Term, place: int, sources: HazardSources) -> Term:
        """A term as it decided at a place: of the days that have ended, where the sum has begun anew."""
        window, quantity = term.quantity.days, term.quantity
        if term.relation is not Relation.AT_LEAST or window is None or not window.resets:
            return term
        if float(self.value(quantity, sources).value[place]) >= float(self.amount(term)[place]):
            return term
        ended = replace(quantity, indicator=Indicator.PRIOR_RAIN, days=window.ended)
        is_enough = float(self.value(ended, sources).value[place]) >= float(self.amount(term)[place])
        return replace(term, quantity=ended) if is_enough else term

    def reached_levels(self, rule: HazardRule, place: int) -> list[int]:
        """Levels whose conditions were reached at a place in the last step, the highest first."""
        return [int(level) for level, n in reversed(self._levels[rule.name]) if self._found[n][0, place]]

    def carriers(self, rule: HazardRule, village: int, level: int) -> list[tuple[Leaf, int]]:
        """Terms that carry a village's level, each with the time since when it had to hold (0: none).

        Of conditions joined by *any* the first that needs no forecast, or the first.
        """
        reached = [n for of, n in self._levels[rule.name] if of == level and self._found[n][0, village]]
        return self._carriers(reached[0], village, 0) if reached else []

    def silent_raisers(
        self, rule: HazardRule, place: int, since_s: int, sources: HazardSources
    ) -> list[tuple[Term, Values]]:
        """Terms of sensors that still held when those fell silent, after `since_s`, and their values."""
        table = rule.thresholds
        assert isinstance(table, RuleTable)
        found = []
        for leaf in table.leaves():
            if not isinstance(leaf, Term) or not leaf.quantity.station or leaf.relation is Relation.RISES_BY:
                continue
            values = self.value(leaf.quantity, sources)
            is_silent = bool(values.concerns[place] and not values.sees[place])
            if is_silent and values.observed_at_s[place] >= since_s:
                clear = float(np.broadcast_to(np.asarray(self._amount(leaf.clear)), (self._n_places,))[place])
                last = float(values.last[place])
                if last <= clear if leaf.relation is Relation.AT_MOST else last >= clear:
                    found.append((leaf, values))
        return found

    def trace_conditions(self, rule: HazardRule, place: int, sources: HazardSources) -> list[RuleLevelFound]:
        """What became of each level's condition at one place in the last step, term by term."""
        table = rule.thresholds
        assert isinstance(table, RuleTable)
        words = {item.level: item.words for item in table.levels}
        return [
            RuleLevelFound(level, words[level], self._trace(number, place, sources))
            for level, number in self._levels[rule.name]
        ]

    def snapshot(self) -> StateArrays:
        """State as named arrays."""
        texts = "\n".join(map(repr, self._expressions)).encode()
        state: StateArrays = {
            "conditions": self._fingerprint(),
            "texts": np.frombuffer(texts, dtype=np.uint8),
        }
        for name, array in self._state():
            state[name] = array.copy()
        return state

    def restore(self, state: StateArrays) -> None:
        """Take up a snapshot. ValueError if it was taken with other conditions."""
        if not np.array_equal(state["conditions"], self._fingerprint()):
            raise ValueError("the rules have other conditions than in the snapshot")
        for name, array in self._state():
            array[:] = state[name]

    def _evaluate(self, number: int, sources: HazardSources) -> BoolArray:
        """Whether a condition is reached, and whether it holds, shape (2, n_places)."""
        if number not in self._found:
            self._found[number] = self._work_out(number, sources)
        return self._found[number]

    def _work_out(self, number: int, sources: HazardSources) -> BoolArray:
        expression = self._expressions[number]
        if isinstance(expression, Term):
            return self._compare(number, expression, sources)
        if isinstance(expression, SignTerm):
            seen = sources.signs.seen(expression.kind, is_validated=expression.is_validated)
            return _twice(seen[self._village])
        if isinstance(expression, LevelTerm):
            stands_at = sources.levels[expression.hazard].level[self._village]
            return _twice(stands_at >= expression.level)
        parts = [self._evaluate(part, sources) for part in self._parts[number]]
        if isinstance(expression, Group):
            return reduce(np.logical_and if expression.is_all else np.logical_or, parts)
        if isinstance(expression, Lasting):
            return self._lasted[number].step(parts[0], expression.for_s, sources.now_s)
        first, then = parts
        return self._followed[number].step(first, then, expression.within_s, sources.now_s)

    def _compare(self, number: int, term: Term, sources: HazardSources) -> BoolArray:
        if isinstance(term, ReachTerm):
            return self._will_reach(term, sources)
        if isinstance(term, ModelTerm):
            chance = sources.chances.get(asked_of_model(term).key)
            if chance is None:
                return _twice(np.zeros(self._n_places, dtype=np.bool_))
            return np.stack([chance.is_reached, chance.is_holding])
        value = self._compared(number, term, sources)
        amount, clear = self._amount(term.amount), self._amount(term.clear)
        if term.relation is Relation.RISES_BY:
            self._past[number].add(sources.now_s, self.value(term.quantity, sources).value)
        if term.relation is Relation.AT_MOST:
            return np.stack([value <= amount, value <= clear])
        if term.relation is Relation.AT_LEAST and (window := term.quantity.days) and window.resets:
            return self._of_days(window, value, amount, clear, sources)
        return np.stack([value >= amount, value >= clear])

    def _will_reach(self, term: ReachTerm, sources: HazardSources) -> BoolArray:
        """Where it is probable enough, or has been observed; where nothing is known it does not hold."""
        value = self.value(term.quantity, sources).value
        observed = np.stack([value >= self._amount(term.amount), value >= self._amount(term.clear)])
        chance = sources.chances.get(asked_of(term).key)
        if chance is None:
            return observed
        return observed | np.stack([chance.is_reached, chance.is_holding])

    @staticmethod
    def _of_days(
        window: DayWindow,
        value: Float64Array,
        amount: float | Float64Array,
        clear: float | Float64Array,
        sources: HazardSources,
    ) -> BoolArray:
        """A sum that begins anew with each day: see `warnstream.hazards.landslide_rain`."""
        sliding = sources.rain.over(window.duration_s)
        reached = (value >= amount) | ((sources.rain.over(window.ended) >= amount) & (sliding >= clear))
        return np.stack([reached, np.fmax(value, sliding) >= clear])

    def _compared(self, number: int, term: Term, sources: HazardSources) -> Float64Array:
        """What a term compares with its amount: the value, or how much it has risen."""
        if isinstance(term, ModelTerm):
            return values_of_model(term, sources).value
        value = self.value(term.quantity, sources).value
        if term.relation is Relation.AT_MOST:
            return np.where(_knows_enough(term.quantity, sources), value, np.nan)
        if term.relation is not Relation.RISES_BY:
            return value
        before = self._past[number].at(sources.now_s - term.over_s)
        # 10.5 - 10.1 must reach 0.4.
        return np.full(len(value), np.nan) if before is None else np.round(value - before, 6)

    def _see(self, found: HazardLevels, rule: HazardRule, sources: HazardSources) -> None:
        """Where a level may fall: rain and other hazards are known. Blind: nothing that concerns it is.

        A sensor that is silent pins nothing, as in `sensor_rows`; what holds a level is what is known.
        """
        sees_all, sees_any, concerned = np.ones(self._n_places, np.bool_), None, None
        for leaf in self._sights[rule.name]:
            concerns, sees, falls = self._sight(leaf, rule.lowering.coverage_min, sources)
            if isinstance(leaf, LevelTerm) or leaf.quantity.indicator.info.is_rain:
                sees_all &= falls | ~concerns
            sees_any = sees & concerns if sees_any is None else sees_any | (sees & concerns)
            concerned = concerns if concerned is None else concerned | concerns
        found.can_fall[:] = sees_all
        if sees_any is not None and concerned is not None:
            found.is_blind[:] = concerned & ~sees_any

    def _sight(
        self, leaf: Term | LevelTerm, coverage_min: float, sources: HazardSources
    ) -> tuple[BoolArray, BoolArray, BoolArray]:
        """Where a term means anything, where it is seen, and where enough is for a level to fall."""
        if isinstance(leaf, LevelTerm):
            sees = ~sources.levels[leaf.hazard].is_blind[self._village]
            return np.ones_like(sees), sees, sees
        values = self.read(leaf, sources)
        concerns = values.concerns
        if isinstance(leaf.amount, str):
            concerns = concerns & ~np.isnan(self._columns[leaf.amount])
        if leaf.quantity.indicator.info.is_rain:
            return concerns, values.sees, values.sees & (coverage_of(sources) >= coverage_min)
        return concerns, values.sees, values.sees

    def _carriers(self, number: int, village: int, since_s: int) -> list[tuple[Leaf, int]]:
        expression, parts = self._expressions[number], self._parts[number]
        if isinstance(expression, Term | SignTerm | LevelTerm):
            return [(expression, since_s)]
        if isinstance(expression, Lasting):
            return self._carriers(parts[0], village, int(self._lasted[number].since_s[village]))
        if isinstance(expression, Sequence):
            parts = parts[1:]  # the first part has been; only what holds now has a value to show
        elif not expression.is_all:
            held = [part for part in parts if self._found[part][0, village]]
            parts = (min(held, key=lambda part: _needs_forecast(self._expressions[part])),)
        return [carrier for part in parts for carrier in self._carriers(part, village, since_s)]

    def _trace(self, number: int, place: int, sources: HazardSources) -> ConditionFound:
        expression, held = self._expressions[number], self._found[number][:, place]
        if isinstance(expression, Term) and held[0]:
            expression = self.deciding(expression, place, sources)
        told = ConditionFound(
            expression,
            bool(held[0]),
            bool(held[1]),
            parts=tuple(self._trace(part, place, sources) for part in self._parts[number]),
        )
        if isinstance(expression, Term):
            return replace(
                told,
                probability=_probability(expression, place, sources),
                value=float(self._compared(number, expression, sources)[place]),
                amount=float(self.amount(expression)[place]),
                station=int(self.read(expression, sources).station[place]),
            )
        if number in self._lasted:
            return replace(told, since_s=int(self._lasted[number].since_s[place]))
        if number in self._followed:
            return replace(told, since_s=int(self._followed[number].first_at_s[place]))
        return told

    def _amount(self, amount: float | str) -> float | Float64Array:
        return self._columns[amount] if isinstance(amount, str) else amount

    def _fingerprint(self) -> np.ndarray:
        text = "\n".join(map(repr, self._expressions)).encode()
        return np.frombuffer(hashlib.sha256(text).digest(), dtype=np.uint8)

    def _state(self) -> list[tuple[str, np.ndarray]]:
        """Every array that is kept, by name."""
        named: list[tuple[str, np.ndarray]] = []
        for number in range(len(self._expressions)):
            if number in self._lasted:
                named.append((f"since_s.{number}", self._lasted[number].since_s))
            if number in self._followed:
                followed = self._followed[number]
                named += [
                    (f"first_at_s.{number}", followed.first_at_s),
                    (f"under_way.{number}", followed.under_way),
                ]
            if number in self._past:
                past = self._past[number]
                named += [(f"past_s.{number}", past.time_s), (f"past.{number}", past.value)]
        return named

    def _new_lasted(self) -> Lasted:
        return Lasted(np.full(self._n_places, -1, dtype=np.int64))

    def _new_followed(self) -> Followed:
        n = self._n_places
        return Followed(np.full(n, -1, dtype=np.int64), np.zeros((2, n), dtype=np.bool_))

    def _new_past(self, term: Term) -> Past:
        spacing_s = max(term.over_s // HISTORY_SAMPLES, MINUTE_S)
        n_samples = term.over_s // spacing_s + 3
        return Past(
            np.full(n_samples, -1, dtype=np.int64), np.full((n_samples, self._n_places), np.nan), spacing_s
        )


def _collect(expression: Expression, shared: dict[Expression, None]) -> None:
    for part in parts_of(expression):
        _collect(part, shared)
    shared[expression] = None


def _sights(table: RuleTable) -> list[Term | LevelTerm]:
    """Terms that differ in what must be seen for them: plain terms of rain see the same."""
    found: dict[object, Term | LevelTerm] = {}
    for leaf in table.leaves():
        if isinstance(leaf, LevelTerm):
            found.setdefault(("hazard", leaf.hazard), leaf)
        elif isinstance(leaf, Term):
            is_plain = leaf.quantity.indicator.info.is_rain and not isinstance(leaf.amount, str)
            found.setdefault(
                "rain" if is_plain else (leaf.quantity.station, leaf.quantity, leaf.amount), leaf
            )
    return list(found.values())


def _probability(term: Term, place: int, sources: HazardSources) -> float:
    """Of a term that asks for one; NaN where nobody knows it."""
    chance = sources.chances.get(asked_of(term).key) if isinstance(term, ReachTerm) else None
    return float("nan") if chance is None else float(chance.found.probability[place])


def _twice(held: BoolArray) -> BoolArray:
    """What has no clear value holds exactly while it is reached."""
    return np.stack([held, held])


def _knows_enough(quantity: Quantity, sources: HazardSources) -> BoolArray | bool:
    """Where a sum of days is no mere lower bound: little rain that was seen is not little rain."""
    window = quantity.days
    if window is None and quantity.indicator is Indicator.RAIN:
        duration_s = int(quantity.parameter)
        window = over_duration(duration_s) if sources.rain.is_by_days(duration_s) else None
    return window is None or sources.rain.coverage_over(window) >= DAYS_COVERAGE_MIN


def _needs_forecast(expression: Expression) -> bool:
    """Whether it holds before what it warns of has been observed."""
    if isinstance(expression, Term):
        return rests_on_what_comes(expression)
    return any(_needs_forecast(part) for part in parts_of(expression))
