"""Which probabilities the rules and tables of a network ask for, and against which thresholds."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from warnstream.hazards.expected.chances import Asked, key_of
from warnstream.model.arrays import Float64Array
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.rules.expressions import ModelTerm, ReachTerm, RuleTable
from warnstream.model.rules.policies import TransferAhead
from warnstream.model.rules.rules import CriticalRain, HazardRule

STEP_S = 900
"""Members come in steps of 15 minutes: durations and times are whole ones."""

RainNow = Callable[[HazardRule], CriticalRain]
"""Table of a hazard on the ground as it is."""


def asked_of(term: ReachTerm) -> Asked:
    """What a term of a rule asks."""
    duration_s = int(term.quantity.parameter)
    key = key_of("rule", duration_s, term.amount, term.within_s, term.probability)
    return Asked(key, (duration_s,), term.within_s, term.probability)


def asked_of_table(rule: HazardRule, one: ExpectedLevel, table: CriticalRain) -> Asked:
    """What an entry of ``expected:`` asks; durations that are no whole steps are left out."""
    duration_s = tuple(
        int(duration)
        for duration in table.duration_s.tolist()
        if duration % STEP_S == 0 and (not one.duration_s or duration in one.duration_s)
    )
    key = key_of("table", rule.name, int(one.of), duration_s, one.within_s, one.probability)
    return Asked(key, duration_s, one.within_s, one.probability)


def asked_of_model(term: ModelTerm) -> Asked:
    """What a term of a rule asks a weather model."""
    within_s = int(term.quantity.parameter)
    key = key_of("model", within_s, term.rain_mm, term.probability)
    return Asked(key, (within_s,), within_s, term.probability, is_of_model=True, is_ahead_alone=True)


def asked_for_transfer(ahead: TransferAhead) -> Asked:
    """What the hour of a transfer asks a weather model: what has fallen is part of it."""
    key = key_of("transfer", ahead.duration_s, ahead.rain_mm, ahead.probability)
    return Asked(key, (ahead.duration_s,), ahead.duration_s, ahead.probability, is_of_model=True)


def model_terms(table: RuleTable) -> list[ModelTerm]:
    """Terms of a rule that ask a weather model."""
    return [leaf for leaf in table.leaves() if isinstance(leaf, ModelTerm)]


def all_asked_of_model(
    rules: Sequence[HazardRule], transfer: TransferAhead | None = None
) -> dict[str, tuple[Asked, Callable[[int], Float64Array]]]:
    """Everything that is asked of a weather model, by key, with the amounts of so many places."""
    found: dict[str, tuple[Asked, Callable[[int], Float64Array]]] = {}
    for rule in rules:
        if isinstance(table := rule.thresholds, RuleTable):
            for term in model_terms(table):
                asked = asked_of_model(term)
                found[asked.key] = asked, partial(_amounts, table, term.rain_mm)
    if transfer is not None:
        asked = asked_for_transfer(transfer)
        found[asked.key] = asked, partial(_amounts, None, transfer.rain_mm)
    return found


def farthest_s(rules: Sequence[HazardRule], transfer: TransferAhead | None = None) -> int:
    """How far ahead anybody asks a weather model; 0: nobody does."""
    return max((asked.within_s for asked, _ in all_asked_of_model(rules, transfer).values()), default=0)


def _amounts(table: RuleTable | None, amount: float | str, n_places: int) -> Float64Array:
    """An amount of every place, shape (1, n_places)."""
    plain = table.columns[amount] if isinstance(amount, str) and table is not None else amount
    return np.array(np.broadcast_to(np.asarray(plain, dtype=np.float64), n_places))[None]


def reach_terms(table: RuleTable) -> list[ReachTerm]:
    """Terms of a rule that ask for a probability."""
    return [leaf for leaf in table.leaves() if isinstance(leaf, ReachTerm)]


def all_asked(rules: Sequence[HazardRule]) -> dict[str, Asked]:
    """Every probability that is asked for, by key."""
    return {asked.key: asked for asked, _ in _asking(rules)}


def critical_of(asked: Asked, rules: Sequence[HazardRule], rain_now: RainNow, n_places: int) -> Float64Array:
    """Thresholds of what is asked as they are now, shape (n_durations, n_places); NaN: none."""
    for entry, by in _asking(rules):
        if entry.key == asked.key:
            return _critical(by, entry, rain_now, n_places)
    return np.full((len(asked.duration_s), n_places), np.nan)


_By = tuple[HazardRule, ReachTerm | ExpectedLevel]


def _asking(rules: Sequence[HazardRule]) -> Iterator[tuple[Asked, _By]]:
    for rule in rules:
        table = rule.thresholds
        if isinstance(table, RuleTable):
            for term in reach_terms(table):
                yield asked_of(term), (rule, term)
        elif isinstance(table, CriticalRain):
            for expectation in rule.expected:
                if expectation.probability > 0:
                    yield asked_of_table(rule, expectation, table), (rule, expectation)


def _critical(by: _By, asked: Asked, rain_now: RainNow, n_places: int) -> Float64Array:
    rule, what = by
    if isinstance(what, ReachTerm):
        table = rule.thresholds
        assert isinstance(table, RuleTable)
        return _amounts(table, what.amount, n_places)
    now = rain_now(rule)
    columns = [now.duration_s.tolist().index(duration_s) for duration_s in asked.duration_s]
    return np.ascontiguousarray(now.critical_mm[:, columns, what.of - 1].T)
