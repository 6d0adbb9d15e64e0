"""Conditions of the rule language, as values: equal conditions are equal objects.

Frozen and hashable, so that a condition that two rules share is one entry of
a dictionary and is worked out once per step for all villages. There is no
negation on purpose: what nobody has observed is neither above nor below, and
"not above" would read silence as good news; `Relation.AT_MOST` says what is
meant, and does not hold where nothing is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.level import LEVELS, Level
from warnstream.model.observations.days import DayWindow
from warnstream.model.rules.indicators import Indicator


class Relation(StrEnum):
    """How a quantity is compared with its amount."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    RISES_BY = "rises_by"


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is measured.

    Attributes
    ----------
    indicator : Indicator
    parameter : float
        Duration, half-life, dry gap or window in seconds; daily ratio of the
        antecedent rain; lead in seconds of forecast rain and soil water. 0: none.
    station : str
        Key into `RuleTable.stations`; empty for rain.
    stale_after_s : int
        A sensor silent for longer says nothing; 0 for rain.
    days : DayWindow or None
        Days that rain of whole days is taken over; None for everything else.
    """

    indicator: Indicator
    parameter: float = 0.0
    station: str = ""
    stale_after_s: int = 0
    days: DayWindow | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A quantity against an amount.

    Attributes
    ----------
    quantity : Quantity
    relation : Relation
    amount : float or str
        In the unit of the indicator; a text is a key into `RuleTable.columns`.
    clear : float or str
        Beyond it (below; above with AT_MOST) the term no longer holds a level up.
    over_s : int
        RISES_BY only: compared with the value that long ago.
    """

    quantity: Quantity
    relation: Relation
    amount: float | str
    clear: float | str
    over_s: int = 0


@dataclass(frozen=True, slots=True)
class ShareTerm(Term):
    """A share of what reaches a higher level; `amount` is that share, `whole` what reaches `of`.

    It says that the level is near, never that it has been reached.
    """

    share: float = 0.0
    of: Level = Level.NONE
    whole: float | str = 0.0


@dataclass(frozen=True, slots=True)
class ReachTerm(Term):
    """Rain that will reach an amount within a time, with at least so much probability.

    `of` is the level that the amount stands for.
    """

    within_s: int = 0
    probability: float = 0.0
    of: Level = Level.NONE


@dataclass(frozen=True, slots=True)
class ModelTerm(Term):
    """Rain of the coming hours that a weather model gives with at least so much probability.

    `amount` is that probability in percent, `rain_mm` what the rain to come alone has to reach (a text is a
    key into `RuleTable.columns`); `of` is the level that it raises.
    """

    rain_mm: float | str = 0.0
    probability: float = 0.0
    of: Level = Level.NONE


@dataclass(frozen=True, slots=True)
class SignTerm:
    """A person has seen a sign in the village; `is_validated`: and a named person has confirmed it."""

    kind: str
    is_validated: bool


@dataclass(frozen=True, slots=True)
class LevelTerm:
    """Another hazard stands at a level or above in the village."""

    hazard: str
    level: Level


@dataclass(frozen=True, slots=True)
class Group:
    """All or any of several conditions."""

    is_all: bool
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Lasting:
    """A condition that has held without a break for a time."""

    part: "Expression"
    for_s: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """`then` holds, and when it began `first` had held within the time before."""

    first: "Expression"
    then: "Expression"
    within_s: int


Leaf = Term | SignTerm | LevelTerm
Expression = Leaf | Group | Lasting | Sequence


@dataclass(frozen=True, slots=True)
class RuleLevel:
    """What reaches one level: the condition in canonical form, and as it is said to people."""

    level: Level
    when: Expression
    words: str


@dataclass(frozen=True, slots=True)
class RuleTable:
    """Thresholds of the evaluator ``rule``.

    Attributes
    ----------
    levels : tuple of RuleLevel
    columns : dict of str to Float64Array, shape (n_villages,)
        Amounts by village; NaN where a village has none: the term never holds there.
    stations : dict of str to Int32Array, shape (n_villages,)
        Sensors by village; -1: none.
    concerns : BoolArray or None, shape (n_villages,)
        Villages that the rule is for; None: all.
    """

    levels: tuple[RuleLevel, ...]
    columns: dict[str, Float64Array]
    stations: dict[str, Int32Array]
    concerns: BoolArray | None = None

    def leaves(self) -> list[Leaf]:
        """Every term of every level once, in the order of the levels."""
        return list(dict.fromkeys(leaf for item in self.levels for leaf in leaves_of(item.when)))

    def parameters(self, indicator: Indicator) -> set[float]:
        """Parameters with which the rule reads an indicator."""
        return {
            leaf.quantity.parameter
            for leaf in self.leaves()
            if isinstance(leaf, Term) and leaf.quantity.indicator == indicator
        }

    def day_windows(self) -> set[DayWindow]:
        """Windows of days that the rule reads."""
        quantities = (leaf.quantity for leaf in self.leaves() if isinstance(leaf, Term))
        windows = {quantity.days for quantity in quantities if quantity.days is not None}
        return windows | {window.ended for window in windows if window.resets}

    def durations_s(self) -> set[int]:
        """Durations of rain that the rule reads, and those that hold up sums of days that begin anew."""
        read = {int(seconds) for seconds in self.parameters(Indicator.RAIN)}
        return read | {window.duration_s for window in self.day_windows() if window.resets}

    @property
    def numbers(self) -> Float64Array:
        """None: a condition may do without, such as one of signs."""
        return np.zeros(0)

    def defined(self, n_places: int) -> BoolArray:
        """Levels that the rule has, where it concerns a place, shape (n_places, 4)."""
        own = {item.level for item in self.levels}
        concerns = np.ones(n_places, dtype=np.bool_) if self.concerns is None else self.concerns
        return np.asarray(concerns[:, None] & np.array([level in own for level in LEVELS]))

    def of_places(self, places: Int64Array) -> "RuleTable":
        """The same conditions for some places."""
        return replace(
            self,
            columns={key: column[places] for key, column in self.columns.items()},
            stations={key: station[places] for key, station in self.stations.items()},
            concerns=None if self.concerns is None else self.concerns[places],
        )

    @property
    def hazards(self) -> frozenset[str]:
        """Hazards whose levels the rule reads."""
        return frozenset(leaf.hazard for leaf in self.leaves() if isinstance(leaf, LevelTerm))


def lead_s_of(quantity: Quantity) -> int:
    """How far ahead a quantity looks, seconds; 0 for what has been observed."""
    ahead = quantity.indicator in {Indicator.FORECAST_RAIN, Indicator.SOIL_WATER}
    return int(quantity.parameter) if ahead else 0


def rests_on_what_comes(leaf: Term) -> bool:
    """Whether a term holds before what it warns of has been observed."""
    return isinstance(leaf, ShareTerm | ReachTerm | ModelTerm) or lead_s_of(leaf.quantity) > 0


def leaves_of(expression: Expression) -> Iterator[Leaf]:
    """Terms of a condition, from left to right."""
    if isinstance(expression, Term | SignTerm | LevelTerm):
        yield expression
        return
    for part in parts_of(expression):
        yield from leaves_of(part)


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """The conditions that a condition is made of; none for a term."""
    if isinstance(expression, Group):
        return expression.parts
    if isinstance(expression, Lasting):
        return (expression.part,)
    return (expression.first, expression.then) if isinstance(expression, Sequence) else ()


def group(parts: list[Expression], *, is_all: bool) -> Expression:
    """All or any of some conditions in canonical form.

    Groups of the same kind are merged, repetitions dropped, a single
    condition stands for itself, and the order is that of their texts: two
    rules that say the same share one condition.
    """
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, Group) and part.is_all == is_all else (part,)
    unique = sorted(dict.fromkeys(flat), key=repr)
    return unique[0] if len(unique) == 1 else Group(is_all, tuple(unique))
