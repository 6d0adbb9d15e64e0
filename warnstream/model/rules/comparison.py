"""What an evaluator compared at one place: a value against the thresholds of every level.

Evaluators judge all places at once and keep the worst of what they find. These
are the parts of that judgement at a single place, for those who ask why it
is warned or why not (`warnstream.assessment.explanation`).
"""

from dataclasses import dataclass, replace

import numpy as np

from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.expressions import Expression
from warnstream.model.rules.indicators import Indicator


@dataclass(frozen=True, slots=True)
class NextLevel:
    """The next level that a value has not reached: which, its threshold, and how far the value has come.

    `ratio` is NaN where the value is not known.
    """

    level: Level
    threshold: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One value of one place against its thresholds.

    Attributes
    ----------
    indicator : Indicator
    value : float
        In the unit of the indicator; NaN where nobody knows it: it reaches no level.
    critical : tuple of float, length 4
        Thresholds of blue to red as they were at that step; NaN where a level has none.
    level : Level
        What it reaches, as far as it may.
    duration_s, lead_s : int
        Accumulation time (0: none); how far ahead the value looks (0: observed).
    forecast_value : float
        Part of the value that is expected, not observed.
    station : int
        Where it was measured; -1: rain, which several stations give.
    clear : tuple of float
        Values that still hold a level; empty for what is expected: it holds only what it reaches.
    note : str
        What else decided, such as a cap of forecasts; empty if nothing.
    coverage : float
        Share of the window that was observed.
    """

    indicator: Indicator
    value: float
    critical: tuple[float, ...]
    level: Level
    duration_s: int = 0
    lead_s: int = 0
    forecast_value: float = 0.0
    station: int = -1
    clear: tuple[float, ...] = ()
    note: str = ""
    coverage: float = 1.0

    def next_above(self, level: Level) -> NextLevel | None:
        """The first level above `level` that has a threshold; None if there is none."""
        for higher in LEVELS:
            threshold = self.critical[higher - 1]
            if higher > level and not np.isnan(threshold):
                return NextLevel(higher, threshold, self._ratio(threshold))
        return None

    def _ratio(self, threshold: float) -> float:
        fewer_is_worse = self.indicator.info.fewer_is_worse
        over, under = (threshold, self.value) if fewer_is_worse else (self.value, threshold)
        return over / under if under > 0 else float("nan")


@dataclass(frozen=True, slots=True)
class ConditionFound:
    """What became of one condition of a rule at one place.

    Attributes
    ----------
    condition : Expression
    is_reached, is_holding : bool
        Whether it is fulfilled, and whether it still holds up a level at its clear values.
    value, amount : float
        Of a term: what was measured (NaN: nobody knows) and what it is compared with; NaN otherwise.
    station : int
        Of a term with a sensor; -1 otherwise.
    since_s : int
        Of a condition that must last: since when; of a sequence: when its first part held last. -1: not.
    parts : tuple of ConditionFound
    probability : float
        Of a term that asks for one; NaN otherwise, and where nobody knows it.
    """

    condition: Expression
    is_reached: bool
    is_holding: bool
    value: float = float("nan")
    amount: float = float("nan")
    station: int = -1
    since_s: int = -1
    parts: tuple["ConditionFound", ...] = ()
    probability: float = float("nan")


@dataclass(frozen=True, slots=True)
class RuleLevelFound:
    """What became of one level of a rule at one place; `words` is the condition as it stands in the file."""

    level: Level
    words: str
    found: ConditionFound


def capped(one: Comparison, level_max: Level) -> Comparison:
    """The same, reaching at most `level_max`, and saying so where that made a difference."""
    if one.level <= level_max:
        return one
    return replace(one, level=level_max, note=f"a forecast alone raises {level_max.word} at most")


def clear_of(critical: tuple[float, ...], clear_ratio: float) -> tuple[float, ...]:
    """Values that still hold each level, by a ratio."""
    return tuple(value * clear_ratio for value in critical)
