"""Which probabilities the rules and tables of a network ask for, and against which thresholds."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from warnstream.hazards.expected.chances import Asked, key_of
from warnstream.model.arrays import Float64Array
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.rules.expressions import ReachTerm, RuleTable
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
        amount = table.columns[what.amount] if isinstance(what.amount, str) else what.amount
        critical = np.array(np.broadcast_to(np.asarray(amount, dtype=np.float64), n_places))
        return critical[None]
    now = rain_now(rule)
    columns = [now.duration_s.tolist().index(duration_s) for duration_s in asked.duration_s]
    return np.ascontiguousarray(now.critical_mm[:, columns, what.of - 1].T)
