"""What the conditions of one rule may refer to, what became of them, and how their faults are noted."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from warnstream.config.faults import unknown
from warnstream.config.yaml.quantities import parse_whole_duration_s
from warnstream.config.yaml.tree import Location
from warnstream.config.yaml.value_types import choice_of, shown
from warnstream.forecast.nowcast import LEADS_S
from warnstream.model.level import LEVELS, Level, parse_level
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.expressions import Relation, RuleLevel
from warnstream.model.rules.indicators import Indicator


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What the terms of one rule may refer to; None where the file that says it is wrong.

    `columns` are those of the rule's values table with their units, or
    ``station``; `table` is that file's name. `leads_s` are those of the nowcast; `has_chances`: there is a
    table of probabilities. `model_reach_s`: how far every run of a weather model reaches from any time at
    which it is used; 0: there is none.
    """

    hazard: str
    hazards: Collection[str]
    sign_kinds: Collection[str]
    clear_ratio: float
    stale_after_s: int
    table: str = ""
    columns: Mapping[str, str] | None = field(default_factory=dict)
    measured: Mapping[str, frozenset[Variable]] | None = None
    longest_s: int | None = None
    leads_s: tuple[int, ...] = LEADS_S
    has_chances: bool | None = None
    model_reach_s: int | None = None
    duration_fault: Callable[[int, int | None], str] = lambda _duration_s, _longest_s: ""


@dataclass(slots=True)
class ParsedRule:
    """What became of the levels of one rule.

    Attributes
    ----------
    levels : list of RuleLevel
        Those without fault.
    faults : list of (Location, str)
    sensors : dict of str to set of Variable
        What the stations of a column must measure.
    derived : dict of str to tuple
        Columns of clear values: amount column, ratio, indicator, relation.
    """

    levels: list[RuleLevel] = field(default_factory=list)
    faults: list[tuple[Location, str]] = field(default_factory=list)
    sensors: dict[str, set[Variable]] = field(default_factory=dict)
    derived: dict[str, tuple[str, float, Indicator, Relation]] = field(default_factory=dict)


def station_key(context: RuleContext, name: object) -> str:
    """Key of a sensor in `RuleTable.stations`: a column of the table, or one station everywhere."""
    return f"column {context.table}:{name['column']}" if isinstance(name, dict) else f"station {name}"


def column_key(context: RuleContext, column: str) -> str:
    """Key of a column of amounts in `RuleTable.columns`."""
    return f"{context.table}:{column}"


class RuleReader:
    """Reads a part of one rule, notes every fault at its key and goes on.

    Parameters
    ----------
    context : RuleContext
    result : ParsedRule
        Takes the faults, and what the part asks of columns.
    """

    def __init__(self, context: RuleContext, result: ParsedRule) -> None:
        self.context = context
        self.result = result

    def duration(self, at: Location, value: object) -> int:
        """Seconds; 0, and a fault, where it is none."""
        if value is None:
            return 0
        try:
            seconds = parse_whole_duration_s(str(value))
        except ValueError as error:
            self.fault(at, str(error))
            return 0
        if seconds <= 0:
            self.fault(at, "expected more than nothing")
        return seconds

    def level(self, at: Location, value: object) -> Level | None:
        """Level of a word; None, and a fault, where it is none."""
        words = [level.word for level in LEVELS]
        if value not in words:
            self.fault(at, f"expected {choice_of(words)}, got {shown(value)}")
            return None
        return parse_level(str(value))

    def needed(self, at: Location, raw: dict[str, object], key: str) -> object:
        """What stands at a key; a fault where it is missing."""
        if key not in raw:
            self.fault(at, f"missing. {key}")
        return raw.get(key)

    def only(self, at: Location, raw: dict[str, object], known: Collection[str]) -> None:
        """A fault at every key that has no meaning here."""
        for key in raw:
            if key not in known:
                self.fault((*at, key), unknown("key", str(key), known))

    def fault(self, at: Location, expected: str) -> None:
        """Note what was expected at a place of the rule."""
        self.result.faults.append((at, expected))
