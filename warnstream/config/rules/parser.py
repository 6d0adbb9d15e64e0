"""The rule language of thresholds.yaml -> conditions; every fault at the key that is wrong.

docs/rules.md is the page for operators. A term names one quantity and compares
it with an amount that carries its unit; ``any``, ``all`` and ``first``/``then``
join terms; ``for`` asks that what it stands beside has held for a time.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from warnstream.config.faults import unknown
from warnstream.config.rules.wording import words_of
from warnstream.config.yaml.quantities import parse_decimal, parse_whole_duration_s
from warnstream.config.yaml.tree import Location
from warnstream.config.yaml.value_types import choice_of, shown
from warnstream.model.level import LEVELS, Level, parse_level
from warnstream.model.observations.days import DAYS_MAX, last_days
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.expressions import (
    Expression,
    Group,
    Lasting,
    LevelTerm,
    Quantity,
    Relation,
    RuleLevel,
    Sequence,
    SignTerm,
    Term,
    group,
    parts_of,
)
from warnstream.model.rules.indicators import Indicator, indicator_of_days
from warnstream.model.times import DAY_S, HOUR_S

STATION = "station"
"""What stands in the place of a unit where a column names sensors."""

STAGE_SPAN_M = 1.0
"""A ratio of a stage would depend on the datum: the clear value is that share of a metre lower."""

CONDITIONS_MAX = 200
_AMOUNT = re.compile(r"([+-]?\d[\d.eE+-]*) ?([^\d\s.].*)?")
_RATIO_MAX = 1.0


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands behind the name of a quantity: a duration, a ratio, ``now``, a sensor."""

    indicator: Indicator
    form: str


QUANTITIES: dict[str, Argument] = {
    "rain": Argument(Indicator.RAIN, "window"),
    "forecast_rain": Argument(Indicator.FORECAST_RAIN, "lead"),
    "soil_water": Argument(Indicator.SOIL_WATER, "now_or_lead"),
    "effective_rain": Argument(Indicator.EFFECTIVE_RAIN, "memory"),
    "antecedent_rain": Argument(Indicator.ANTECEDENT_RAIN, "ratio"),
    "weighted_rain": Argument(Indicator.WEIGHTED_RAIN, "week"),
    "event_rain": Argument(Indicator.EVENT_RAIN, "memory"),
    "event_intensity": Argument(Indicator.INTENSITY, "memory"),
    "stage": Argument(Indicator.STAGE, "sensor"),
    "stage_rise": Argument(Indicator.STAGE_RISE, "sensor_window"),
    "tilt_rate": Argument(Indicator.TILT_RATE, "sensor_window"),
    "velocity": Argument(Indicator.VELOCITY, "sensor_window"),
    "displacement": Argument(Indicator.DISPLACEMENT, "sensor"),
    "crack_opening": Argument(Indicator.CRACK, "sensor"),
    "pore_pressure": Argument(Indicator.PORE_PRESSURE, "sensor"),
    "water_depth": Argument(Indicator.WATER_DEPTH, "sensor"),
    "fire_weather": Argument(Indicator.FIRE_WEATHER, "sensor"),
}
JOINTS = ("any", "all", "first")
SUBJECTS = (*QUANTITIES, "hazard", "sign", *JOINTS)
_RELATIONS = tuple(str(relation) for relation in Relation)
_WINDOW_S_MAX = {
    Indicator.STAGE_RISE: HOUR_S,
    Indicator.TILT_RATE: 8 * HOUR_S,
    Indicator.VELOCITY: 8 * HOUR_S,
}


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What the terms of one rule may refer to; None where the file that says it is wrong.

    `columns` are those of the rule's values table with their units, or
    ``station``; `table` is that file's name.
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


def parse_levels(raw: list[object], context: RuleContext) -> ParsedRule:
    """Conditions of the levels of one rule.

    Parameters
    ----------
    raw : list
        As the YAML has it.
    context : RuleContext

    Returns
    -------
    ParsedRule
        Faults have locations within `raw`.
    """
    return _Parser(context).parse(raw)


class _Parser:
    """One rule; notes every fault and goes on."""

    def __init__(self, context: RuleContext) -> None:
        self._context = context
        self._result = ParsedRule()
        self._n_conditions = 0

    def parse(self, raw: list[object]) -> ParsedRule:
        seen: dict[Level, int] = {}
        for number, item in enumerate(raw):
            at: Location = (number,)
            if not isinstance(item, dict):
                self._fault(at, f"expected `level:` and a condition, got {shown(item)}")
                continue
            level = self._level((*at, "level"), item.get("level"))
            n_before = len(self._result.faults)
            when = self._condition(at, {key: value for key, value in item.items() if key != "level"})
            if level is not None and seen.setdefault(level, number) != number:
                self._fault(
                    at, f"duplicate level {level.word}, first in levels[{seen[level]}]: join them by any"
                )
            elif level is not None and when is not None and len(self._result.faults) == n_before:
                self._result.levels.append(RuleLevel(level, when, words_of(when)))
        self._check_order(seen)
        return self._result

    def _check_order(self, number_of: dict[Level, int]) -> None:
        """Of two levels that ask the same with other amounts, the higher one asks for more."""
        ordered = sorted(self._result.levels, key=lambda item: item.level)
        for index, lower in enumerate(ordered):
            for higher in ordered[index + 1 :]:
                pairs = _pairs(lower.when, higher.when)
                if pairs is not None and not _asks_more(pairs):
                    expected = f"expected more than for {lower.level.word} ({lower.words})"
                    self._fault((number_of[higher.level],), expected)

    def _condition(self, at: Location, raw: object) -> Expression | None:
        self._n_conditions += 1
        if self._n_conditions == CONDITIONS_MAX:
            self._fault(at, f"expected fewer than {CONDITIONS_MAX} conditions in one rule")
        if self._n_conditions >= CONDITIONS_MAX:
            return None
        if not isinstance(raw, dict) or not raw:
            self._fault(at, f"expected a condition such as {{rain: 1h, at_least: 40mm}}, got {shown(raw)}")
            return None
        subjects = [key for key in raw if key in SUBJECTS]
        if len(subjects) != 1:
            keys = [key for key in raw if key not in subjects and key not in _OTHER_KEYS]
            near = unknown("condition", keys[0], SUBJECTS) if keys and not subjects else ""
            both = f"expected one of them, got {' and '.join(subjects)}" if subjects else ""
            self._fault(at, near or both or f"expected one of {', '.join(SUBJECTS)}")
            return None
        found = self._found(at, subjects[0], dict(raw))
        lasts_s = self._duration((*at, "for"), raw["for"]) if "for" in raw else 0
        return found if found is None or not lasts_s else Lasting(found, lasts_s)

    def _found(self, at: Location, subject: str, raw: dict[str, object]) -> Expression | None:
        if subject in {"any", "all"}:
            self._only(at, raw, (subject, "for"))
            return self._group(at, subject, raw[subject])
        if subject == "first":
            self._only(at, raw, ("first", "then", "within", "for"))
            first = self._condition((*at, "first"), raw["first"])
            then = self._condition((*at, "then"), self._needed(at, raw, "then"))
            within_s = self._duration((*at, "within"), self._needed(at, raw, "within"))
            return None if first is None or then is None else Sequence(first, then, within_s)
        if subject == "sign":
            self._only(at, raw, ("sign", "validated", "for"))
            return self._sign(at, raw)
        if subject == "hazard":
            self._only(at, raw, ("hazard", "at_least", "for"))
            return self._hazard(at, raw)
        return self._term(at, subject, raw)

    def _group(self, at: Location, joint: str, raw: object) -> Expression | None:
        if not isinstance(raw, list) or not raw:
            self._fault((*at, joint), "expected a list of `- ` conditions")
            return None
        parts = [self._condition((*at, joint, number), item) for number, item in enumerate(raw)]
        right = [part for part in parts if part is not None]
        return group(right, is_all=joint == "all") if len(right) == len(parts) else None

    def _sign(self, at: Location, raw: dict[str, object]) -> Expression | None:
        kind, is_validated = raw["sign"], raw.get("validated", True)
        if kind not in self._context.sign_kinds:
            self._fault((*at, "sign"), unknown("kind of sign", str(kind), self._context.sign_kinds))
            return None
        if not isinstance(is_validated, bool):
            self._fault((*at, "validated"), f"expected true or false, got {shown(is_validated)}")
            return None
        return SignTerm(str(kind), is_validated)

    def _hazard(self, at: Location, raw: dict[str, object]) -> Expression | None:
        name, level = raw["hazard"], self._level((*at, "at_least"), raw.get("at_least"))
        if name == self._context.hazard:
            self._fault((*at, "hazard"), "a rule cannot read its own level")
        elif name not in self._context.hazards:
            self._fault((*at, "hazard"), unknown("hazard", str(name), self._context.hazards))
        elif level is not None:
            return LevelTerm(str(name), level)
        return None

    def _term(self, at: Location, subject: str, raw: dict[str, object]) -> Expression | None:
        argument = QUANTITIES[subject]
        window = ("window",) if argument.form == "sensor_window" else ()
        self._only(at, raw, (subject, *_RELATIONS, "over", "clear", "clear_ratio", "for", *window))
        quantity = self._quantity(at, subject, argument, raw)
        given = [relation for relation in Relation if relation in raw]
        if len(given) != 1:
            self._fault(at, f"expected one of {choice_of(_RELATIONS)}")
            return None
        relation, unit = given[0], argument.indicator.info.unit
        amount = self._amount((*at, str(relation)), raw[str(relation)], unit)
        over_s = self._over(at, relation, raw)
        if quantity is None or amount is None:
            return None
        clear = self._clear(at, raw, argument.indicator, relation, amount)
        return None if clear is None else Term(quantity, relation, amount, clear, over_s)

    def _quantity(
        self, at: Location, subject: str, argument: Argument, raw: dict[str, object]
    ) -> Quantity | None:
        value, place, form = raw[subject], (*at, subject), argument.form
        if form.startswith("sensor"):
            window_s = 0
            if form == "sensor_window":
                window_s = self._duration((*at, "window"), raw.get("window", "30min"))
                longest_s = _WINDOW_S_MAX[argument.indicator]
                if window_s and not 600 <= window_s <= longest_s:
                    self._fault((*at, "window"), f"expected 10min to {longest_s // HOUR_S}h")
            station = self._sensor(place, value, argument.indicator)
            stale_s = self._context.stale_after_s
            return Quantity(argument.indicator, float(window_s), station, stale_s) if station else None
        if form in {"window", "ratio"} and isinstance(value, dict):
            return self._days(place, value, has_ratio=form == "ratio")
        if form == "ratio":
            ratio = self._ratio(place, value)
            return None if ratio is None else Quantity(argument.indicator, ratio)
        if form == "now_or_lead" and value == "now":
            return Quantity(argument.indicator)
        parameter_s = self._duration(place, value)
        fault = self._parameter_fault(form, parameter_s) if parameter_s else ""
        if fault:
            self._fault(place, fault)
        return Quantity(argument.indicator, float(0 if form == "week" else parameter_s))

    def _ratio(self, at: Location, value: object) -> float | None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value <= _RATIO_MAX:  # type: ignore[operator]
            self._fault(at, f"expected the daily ratio, above 0 to 1, got {shown(value)}")
            return None
        return float(value)  # type: ignore[arg-type]

    def _days(self, at: Location, raw: dict[str, object], *, has_ratio: bool) -> Quantity | None:
        """Rain of whole days: ``{days: 15}``, ``{days: 15, today: true}``, ``{ratio: 0.84, days: 10}``."""
        n_before = len(self._result.faults)
        self._only(at, raw, ("ratio", "days", "today") if has_ratio else ("days", "today"))
        ratio: float | None = 1.0
        if has_ratio:
            given = self._needed(at, raw, "ratio")
            ratio = self._ratio((*at, "ratio"), given) if "ratio" in raw else None
        days, today = self._needed(at, raw, "days"), raw.get("today", False)
        is_whole = isinstance(days, int) and not isinstance(days, bool)
        if "days" in raw and (not is_whole or not 1 <= days <= DAYS_MAX):  # type: ignore[operator]
            self._fault((*at, "days"), f"expected a whole number from 1 to {DAYS_MAX}, got {shown(days)}")
        if not isinstance(today, bool):
            self._fault((*at, "today"), f"expected true or false, got {shown(today)}")
        if ratio is None or len(self._result.faults) > n_before:
            return None
        window = last_days(int(str(days)), today=bool(today), ratio=ratio)
        return Quantity(indicator_of_days(window), days=window)

    def _parameter_fault(self, form: str, parameter_s: int) -> str:
        if form == "window":
            return self._context.duration_fault(parameter_s, self._context.longest_s)
        if form == "week" and parameter_s != 7 * DAY_S:
            return "expected 7d: the weights are those of seven days"
        if form in {"lead", "now_or_lead"} and parameter_s not in {HOUR_S, 2 * HOUR_S, 3 * HOUR_S}:
            return f"expected {'now, ' if form == 'now_or_lead' else ''}1h, 2h or 3h ahead"
        if form == "memory" and (parameter_s % 60 or not 1800 <= parameter_s <= 30 * DAY_S):
            return "expected whole minutes from 30min to 30d"
        return ""

    def _sensor(self, at: Location, value: object, indicator: Indicator) -> str:
        context, wanted = self._context, indicator.info.sensor
        if isinstance(value, dict) and set(value) == {"column"}:
            column = str(value["column"])
            if context.columns is not None and context.columns.get(column) != STATION:
                known = [name for name, unit in context.columns.items() if unit == STATION]
                self._fault((*at, "column"), unknown("column of stations", column, known))
                return ""
            if wanted is not None:
                self._result.sensors.setdefault(column, set()).add(wanted)
            return station_key(context, value)
        code = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not code:
            self._fault(at, f"expected a station or {{column: name}}, got {shown(value)}")
            return ""
        if context.measured is not None:
            if code not in context.measured:
                self._fault(at, unknown("station", code, context.measured))
                return ""
            if wanted is not None and wanted not in context.measured[code]:
                self._fault(at, f"station {code!r} does not measure {wanted.word}: see stations.csv")
                return ""
        return station_key(context, code)

    def _amount(self, at: Location, value: object, unit: str) -> float | str | None:
        if isinstance(value, dict) and set(value) == {"column"}:
            return self._column((*at, "column"), str(value["column"]), unit)
        text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
        match = _AMOUNT.fullmatch(text.strip())
        written = (match[2] or "").strip() if match else ""
        if match is None:
            self._fault(at, f"expected an amount such as 40{unit}, got {shown(value)}")
            return None
        if written != unit:
            got = f"got {text} without one" if not written else f"got {written} in {text}"
            self._fault(at, f"expected {'the unit ' + unit if unit else 'a number without unit'}, {got}")
            return None
        try:
            return parse_decimal(match[1])
        except ValueError as error:
            self._fault(at, str(error))
            return None

    def _column(self, at: Location, column: str, unit: str) -> str | None:
        columns = self._context.columns
        if columns is not None and column not in columns:
            self._fault(at, unknown("column", column, columns))
            return None
        if columns is not None and columns[column] != unit:
            self._fault(at, f"expected a column in {unit or 'no unit'}, {column} is in {columns[column]}")
            return None
        return column_key(self._context, column)

    def _clear(
        self,
        at: Location,
        raw: dict[str, object],
        indicator: Indicator,
        relation: Relation,
        amount: float | str,
    ) -> float | str | None:
        ratio = raw.get("clear_ratio", self._context.clear_ratio)
        is_number = isinstance(ratio, int | float) and not isinstance(ratio, bool)
        if not is_number or not 0 < ratio <= 1:  # type: ignore[operator]
            self._fault((*at, "clear_ratio"), f"expected a number above 0 up to 1, got {shown(ratio)}")
            return None
        if "clear" in raw:
            clear = self._amount((*at, "clear"), raw["clear"], indicator.info.unit)
            if isinstance(clear, float) and isinstance(amount, float):
                wrong = clear < amount if relation is Relation.AT_MOST else clear > amount
                if wrong:
                    beyond = "above" if relation is Relation.AT_MOST else "below"
                    self._fault((*at, "clear"), f"expected a value {beyond} {amount:g} or equal")
            return clear
        if isinstance(amount, str):
            # A column has its clear values in a column too, which the loader makes.
            key = f"{amount} cleared at {float(ratio):g} {indicator.word} {relation}"  # type: ignore[arg-type]
            self._result.derived[key] = (amount, float(ratio), indicator, relation)  # type: ignore[arg-type]
            return key
        return clear_value(amount, float(ratio), indicator, relation)  # type: ignore[arg-type]

    def _over(self, at: Location, relation: Relation, raw: dict[str, object]) -> int:
        if relation is not Relation.RISES_BY:
            if "over" in raw:
                self._fault((*at, "over"), "only beside rises_by")
            return 0
        over_s = self._duration((*at, "over"), self._needed(at, raw, "over"))
        if over_s and not 60 <= over_s <= DAY_S:
            self._fault((*at, "over"), "expected 1min to 24h")
        return over_s

    def _duration(self, at: Location, value: object) -> int:
        """Seconds; 0, and a fault, where it is none."""
        if value is None:
            return 0
        try:
            seconds = parse_whole_duration_s(str(value))
        except ValueError as error:
            self._fault(at, str(error))
            return 0
        if seconds <= 0:
            self._fault(at, "expected more than nothing")
        return seconds

    def _level(self, at: Location, value: object) -> Level | None:
        words = [level.word for level in LEVELS]
        if value not in words:
            self._fault(at, f"expected {choice_of(words)}, got {shown(value)}")
            return None
        return parse_level(str(value))

    def _needed(self, at: Location, raw: dict[str, object], key: str) -> object:
        if key not in raw:
            self._fault(at, f"missing. {key}")
        return raw.get(key)

    def _only(self, at: Location, raw: dict[str, object], known: Collection[str]) -> None:
        for key in raw:
            if key not in known:
                self._fault((*at, key), unknown("key", str(key), known))

    def _fault(self, at: Location, expected: str) -> None:
        self._result.faults.append((at, expected))


_OTHER_KEYS = frozenset(
    {*_RELATIONS, "for", "over", "clear", "clear_ratio", "window", "then", "within", "validated"}
)


def clear_value(amount: float, ratio: float, indicator: Indicator, relation: Relation) -> float:
    """Value beyond which a term no longer holds a level up."""
    is_datum = indicator is Indicator.STAGE and relation is not Relation.RISES_BY
    margin = (1.0 - ratio) * (STAGE_SPAN_M if is_datum else abs(amount))
    return amount + margin if relation is Relation.AT_MOST else amount - margin


def _pairs(lower: Expression, higher: Expression) -> list[tuple[Term, Term]] | None:
    """Terms of two conditions that differ in their amounts alone; None if they differ otherwise."""
    if isinstance(lower, Term) and isinstance(higher, Term):
        same = (lower.quantity, lower.relation, lower.over_s) == (
            higher.quantity,
            higher.relation,
            higher.over_s,
        )
        plain = not isinstance(lower.amount, str) and not isinstance(higher.amount, str)
        return [(lower, higher)] if same and plain else ([] if lower == higher else None)
    if type(lower) is not type(higher):
        return None
    mine, others = _inside(lower), _inside(higher)
    if mine is None or others is None:
        return [] if lower == higher else None
    (form, parts), (other_form, other_parts) = mine, others
    if form != other_form or len(parts) != len(other_parts):
        return None
    found = [_pairs(part, other) for part, other in zip(parts, other_parts, strict=True)]
    if any(one is None for one in found):
        return None
    return [pair for one in found if one for pair in one]


def _inside(expression: Expression) -> tuple[object, tuple[Expression, ...]] | None:
    """What joins the parts of a condition, and the parts; None for a term."""
    if isinstance(expression, Group):
        return expression.is_all, expression.parts
    if isinstance(expression, Lasting):
        return expression.for_s, parts_of(expression)
    if isinstance(expression, Sequence):
        return expression.within_s, parts_of(expression)
    return None


def _asks_more(pairs: list[tuple[Term, Term]]) -> bool:
    """Whether no amount asks for less, and one for more."""
    signs = [-1.0 if lower.relation is Relation.AT_MOST else 1.0 for lower, _ in pairs]
    steps = [
        sign * (float(higher.amount) - float(lower.amount))
        for sign, (lower, higher) in zip(signs, pairs, strict=True)
    ]
    return all(step >= 0 for step in steps) and any(step > 0 for step in steps)
