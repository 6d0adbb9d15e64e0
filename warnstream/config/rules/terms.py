"""One term of a rule: a quantity, where it is measured, and the amount that it is compared with.

A term carries its unit with every amount: ``{rain: 1h, at_least: 40mm}``; an amount of each village
stands in a column of the rule's values table: ``at_least: {column: critical_1h}``. A share is a part of
what a higher level of the rule asks of the same rain: ``{rain: 24h, at_least: 90%, of: orange}``.
"""

import re
from dataclasses import dataclass

from warnstream.config.faults import unknown
from warnstream.config.rules.context import ParsedRule, RuleContext, RuleReader, column_key, station_key
from warnstream.config.rules.models import model_faults
from warnstream.config.thresholds.expected_levels import NO_TABLE, chance_faults
from warnstream.config.yaml.quantities import format_duration, parse_decimal
from warnstream.config.yaml.tree import Location
from warnstream.config.yaml.value_types import choice_of, shown
from warnstream.model.level import Level
from warnstream.model.observations.days import DAYS_MAX, last_days
from warnstream.model.rules.expressions import (
    Expression,
    ModelTerm,
    Quantity,
    ReachTerm,
    Relation,
    ShareTerm,
    Term,
    leaves_of,
)
from warnstream.model.rules.indicators import Indicator, indicator_of_days
from warnstream.model.times import DAY_S, HOUR_S

STATION = "station"
"""What stands in the place of a unit where a column names sensors."""

STAGE_SPAN_M = 1.0
"""A ratio of a stage would depend on the datum: the clear value is that share of a metre lower."""

_AMOUNT = re.compile(r"([+-]?\d[\d.eE+-]*) ?([^\d\s.].*)?")
_RATIO_MAX = 1.0
SHARE_MIN, SHARE_MAX = 0.1, 0.99


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
    "wind_gust": Argument(Indicator.WIND_GUST, "sensor"),
    "fire_weather": Argument(Indicator.FIRE_WEATHER, "sensor"),
}
RELATIONS = tuple(str(relation) for relation in Relation)
_WINDOW_S_MAX = {
    Indicator.STAGE_RISE: HOUR_S,
    Indicator.TILT_RATE: 8 * HOUR_S,
    Indicator.VELOCITY: 8 * HOUR_S,
}


class TermReader(RuleReader):
    """Reads the terms of one rule, its higher levels first."""

    def __init__(self, context: RuleContext, result: ParsedRule) -> None:
        super().__init__(context, result)
        self._level: Level | None = None
        self._asked: dict[Level, list[Term]] = {}

    def begin(self, level: Level | None) -> None:
        """The terms that follow are those of a level; None where nobody knows of which."""
        self._level = level

    def keep(self, level: Level, when: Expression) -> None:
        """What a level asks, for shares of it."""
        self._asked[level] = [leaf for leaf in leaves_of(when) if isinstance(leaf, Term)]

    def term(self, at: Location, subject: str, raw: dict[str, object]) -> Term | None:
        """A quantity against an amount; None, and a fault, where it is none."""
        argument = QUANTITIES[subject]
        if "of" in raw:
            return self._share(at, subject, raw)
        if subject == "forecast_rain" and "probability" in raw:
            return self._model(at, raw)
        if "probability" in raw or "within" in raw:
            return self._reach(at, subject, raw)
        window = ("window",) if argument.form == "sensor_window" else ()
        self.only(at, raw, (subject, *RELATIONS, "over", "clear", "clear_ratio", "for", *window))
        quantity = self._quantity(at, subject, argument, raw)
        given = [relation for relation in Relation if relation in raw]
        if len(given) != 1:
            self.fault(at, f"expected one of {choice_of(RELATIONS)}")
            return None
        relation, unit = given[0], argument.indicator.info.unit
        amount = self._amount((*at, str(relation)), raw[str(relation)], unit)
        over_s = self._over(at, relation, raw)
        if quantity is None or amount is None:
            return None
        clear = self._clear(at, raw, argument.indicator, relation, amount)
        return None if clear is None else Term(quantity, relation, amount, clear, over_s)

    def _share(self, at: Location, subject: str, raw: dict[str, object]) -> ShareTerm | None:
        """A part of what a higher level asks of the same rain."""
        self.only(at, raw, (subject, "at_least", "of", "clear_ratio", "for"))
        if subject != "rain":
            self.fault((*at, "of"), f"a share is one of rain, not of {subject}")
            return None
        quantity = self._quantity(at, subject, QUANTITIES[subject], raw)
        of = self.level((*at, "of"), raw["of"])
        percent = self._amount((*at, "at_least"), self.needed(at, raw, "at_least"), "%")
        if quantity is None or of is None or percent is None:
            return None
        share = float(percent) / 100.0 if not isinstance(percent, str) else 0.0
        if not SHARE_MIN <= share <= SHARE_MAX:
            self.fault((*at, "at_least"), f"expected a share from {SHARE_MIN:.0%} to {SHARE_MAX:.0%}")
            return None
        whole = self._whole((*at, "of"), quantity, of)
        if whole is None:
            return None
        amount: float | str
        if isinstance(whole, str):
            amount = f"{share:g} of {whole}"
            self.result.derived[amount] = (whole, share, Indicator.RAIN, Relation.AT_LEAST)
        else:
            amount = round(whole * share, 6)
        plain = {key: value for key, value in raw.items() if key == "clear_ratio"}
        clear = self._clear(at, plain, Indicator.RAIN, Relation.AT_LEAST, amount)
        if clear is None:
            return None
        return ShareTerm(quantity, Relation.AT_LEAST, amount, clear, share=share, of=of, whole=whole)

    def _reach(self, at: Location, subject: str, raw: dict[str, object]) -> ReachTerm | None:
        """Rain that will probably reach an amount within a time."""
        self.only(at, raw, (subject, "at_least", "within", "probability", "clear", "clear_ratio", "for"))
        if subject != "rain" or isinstance(raw[subject], dict):
            self.fault((*at, "within"), "a probability is one of rain over a duration")
            return None
        quantity = self._quantity(at, subject, QUANTITIES[subject], raw)
        within_s = self.duration((*at, "within"), self.needed(at, raw, "within"))
        percent = self._amount((*at, "probability"), self.needed(at, raw, "probability"), "%")
        amount = self._amount((*at, "at_least"), self.needed(at, raw, "at_least"), "mm")
        if quantity is None or percent is None or amount is None or not within_s:
            return None
        probability = float(percent) / 100.0 if not isinstance(percent, str) else 0.0
        faults = chance_faults(int(quantity.parameter), within_s, probability)
        if self.context.has_chances is False:
            faults.append(("probability", NO_TABLE))
        for key, expected in faults:
            self.fault((*at, key or subject), expected)
        clear = self._clear(at, raw, Indicator.RAIN, Relation.AT_LEAST, amount)
        if clear is None or faults:
            return None
        return ReachTerm(
            quantity,
            Relation.AT_LEAST,
            amount,
            clear,
            within_s=within_s,
            probability=probability,
            of=self._standing_for(quantity, amount),
        )

    def _model(self, at: Location, raw: dict[str, object]) -> ModelTerm | None:
        """Rain of the coming hours that a weather model makes probable."""
        self.only(at, raw, ("forecast_rain", "at_least", "probability", "for"))
        ahead_s = self.duration((*at, "forecast_rain"), raw["forecast_rain"])
        percent = self._amount((*at, "probability"), raw["probability"], "%")
        rain_mm = self._amount((*at, "at_least"), self.needed(at, raw, "at_least"), "mm")
        if percent is None or rain_mm is None or not ahead_s:
            return None
        share = float(percent) / 100.0 if not isinstance(percent, str) else 0.0
        faults = model_faults(ahead_s, share, self.context.model_reach_s)
        for key, expected in faults:
            self.fault((*at, key), expected)
        if faults:
            return None
        level, quantity = self._level or Level.NONE, Quantity(Indicator.MODEL_RAIN, float(ahead_s))
        clear = float(percent) / 2
        return ModelTerm(
            quantity, Relation.AT_LEAST, float(percent), clear, rain_mm=rain_mm, probability=share, of=level
        )

    def _standing_for(self, quantity: Quantity, amount: float | str) -> Level:
        """The higher level that is reached by that amount; the term's own where none is."""
        for level, terms in sorted(self._asked.items()):
            if any((term.quantity, term.amount) == (quantity, amount) for term in terms):
                return level
        return self._level or Level.NONE

    def _whole(self, at: Location, quantity: Quantity, of: Level) -> float | str | None:
        """What the level `of` asks of that rain; None, and a fault, where that is not one amount."""
        if self._level is None:
            return None
        if of <= self._level:
            self.fault(at, f"expected a level above {self._level.word}, of which this is a share")
            return None
        asked = {
            term.amount
            for term in self._asked.get(of, [])
            if term.quantity == quantity
            and term.relation is Relation.AT_LEAST
            and not isinstance(term, ShareTerm | ReachTerm)
        }
        if len(asked) != 1:
            found = "asks several amounts" if asked else "asks none"
            self.fault(at, f"expected a level that asks one amount of the same rain, {of.word} {found}")
            return None
        return asked.pop()

    def _quantity(
        self, at: Location, subject: str, argument: Argument, raw: dict[str, object]
    ) -> Quantity | None:
        value, place, form = raw[subject], (*at, subject), argument.form
        if form.startswith("sensor"):
            window_s = 0
            if form == "sensor_window":
                window_s = self.duration((*at, "window"), raw.get("window", "30min"))
                longest_s = _WINDOW_S_MAX[argument.indicator]
                if window_s and not 600 <= window_s <= longest_s:
                    self.fault((*at, "window"), f"expected 10min to {longest_s // HOUR_S}h")
            station = self._sensor(place, value, argument.indicator)
            stale_s = self.context.stale_after_s
            return Quantity(argument.indicator, float(window_s), station, stale_s) if station else None
        if form in {"window", "ratio"} and isinstance(value, dict):
            return self._days(place, value, has_ratio=form == "ratio")
        if form == "ratio":
            ratio = self._ratio(place, value)
            return None if ratio is None else Quantity(argument.indicator, ratio)
        if form == "now_or_lead" and value == "now":
            return Quantity(argument.indicator)
        parameter_s = self.duration(place, value)
        fault = self._parameter_fault(form, parameter_s) if parameter_s else ""
        if fault:
            self.fault(place, fault)
        return Quantity(argument.indicator, float(0 if form == "week" else parameter_s))

    def _ratio(self, at: Location, value: object) -> float | None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value <= _RATIO_MAX:  # type: ignore[operator]
            self.fault(at, f"expected the daily ratio, above 0 to 1, got {shown(value)}")
            return None
        return float(value)  # type: ignore[arg-type]

    def _days(self, at: Location, raw: dict[str, object], *, has_ratio: bool) -> Quantity | None:
        """Rain of whole days: ``{days: 15}``, ``{days: 15, today: true}``, ``{ratio: 0.84, days: 10}``."""
        n_before = len(self.result.faults)
        self.only(at, raw, ("ratio", "days", "today") if has_ratio else ("days", "today"))
        ratio: float | None = 1.0
        if has_ratio:
            given = self.needed(at, raw, "ratio")
            ratio = self._ratio((*at, "ratio"), given) if "ratio" in raw else None
        days, today = self.needed(at, raw, "days"), raw.get("today", False)
        is_whole = isinstance(days, int) and not isinstance(days, bool)
        if "days" in raw and (not is_whole or not 1 <= days <= DAYS_MAX):  # type: ignore[operator]
            self.fault((*at, "days"), f"expected a whole number from 1 to {DAYS_MAX}, got {shown(days)}")
        if not isinstance(today, bool):
            self.fault((*at, "today"), f"expected true or false, got {shown(today)}")
        if ratio is None or len(self.result.faults) > n_before:
            return None
        window = last_days(int(str(days)), today=bool(today), ratio=ratio)
        return Quantity(indicator_of_days(window), days=window)

    def _parameter_fault(self, form: str, parameter_s: int) -> str:
        if form == "window":
            return self.context.duration_fault(parameter_s, self.context.longest_s)
        if form == "week" and parameter_s != 7 * DAY_S:
            return "expected 7d: the weights are those of seven days"
        if form in {"lead", "now_or_lead"} and parameter_s not in self.context.leads_s:
            leads = choice_of([format_duration(lead_s) for lead_s in self.context.leads_s])
            return f"expected {'now, ' if form == 'now_or_lead' else ''}{leads} ahead"
        if form == "memory" and (parameter_s % 60 or not 1800 <= parameter_s <= 30 * DAY_S):
            return "expected whole minutes from 30min to 30d"
        return ""

    def _sensor(self, at: Location, value: object, indicator: Indicator) -> str:
        context, wanted = self.context, indicator.info.sensor
        if isinstance(value, dict) and set(value) == {"column"}:
            column = str(value["column"])
            if context.columns is not None and context.columns.get(column) != STATION:
                known = [name for name, unit in context.columns.items() if unit == STATION]
                self.fault((*at, "column"), unknown("column of stations", column, known))
                return ""
            if wanted is not None:
                self.result.sensors.setdefault(column, set()).add(wanted)
            return station_key(context, value)
        code = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not code:
            self.fault(at, f"expected a station or {{column: name}}, got {shown(value)}")
            return ""
        if context.measured is not None:
            if code not in context.measured:
                self.fault(at, unknown("station", code, context.measured))
                return ""
            if wanted is not None and wanted not in context.measured[code]:
                self.fault(at, f"station {code!r} does not measure {wanted.word}: see stations.csv")
                return ""
        return station_key(context, code)

    def _amount(self, at: Location, value: object, unit: str) -> float | str | None:
        if isinstance(value, dict) and set(value) == {"column"}:
            return self._column((*at, "column"), str(value["column"]), unit)
        text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
        match = _AMOUNT.fullmatch(text.strip())
        written = (match[2] or "").strip() if match else ""
        if match is None:
            self.fault(at, f"expected an amount such as 40{unit}, got {shown(value)}")
            return None
        if written != unit:
            got = f"got {text} without one" if not written else f"got {written} in {text}"
            self.fault(at, f"expected {'the unit ' + unit if unit else 'a number without unit'}, {got}")
            return None
        try:
            return parse_decimal(match[1])
        except ValueError as error:
            self.fault(at, str(error))
            return None

    def _column(self, at: Location, column: str, unit: str) -> str | None:
        columns = self.context.columns
        if columns is not None and column not in columns:
            self.fault(at, unknown("column", column, columns))
            return None
        if columns is not None and columns[column] != unit:
            self.fault(at, f"expected a column in {unit or 'no unit'}, {column} is in {columns[column]}")
            return None
        return column_key(self.context, column)

    def _clear(
        self,
        at: Location,
        raw: dict[str, object],
        indicator: Indicator,
        relation: Relation,
        amount: float | str,
    ) -> float | str | None:
        ratio = raw.get("clear_ratio", self.context.clear_ratio)
        is_number = isinstance(ratio, int | float) and not isinstance(ratio, bool)
        if not is_number or not 0 < ratio <= 1:  # type: ignore[operator]
            self.fault((*at, "clear_ratio"), f"expected a number above 0 up to 1, got {shown(ratio)}")
            return None
        if "clear" in raw:
            clear = self._amount((*at, "clear"), raw["clear"], indicator.info.unit)
            if isinstance(clear, float) and isinstance(amount, float):
                wrong = clear < amount if relation is Relation.AT_MOST else clear > amount
                if wrong:
                    beyond = "above" if relation is Relation.AT_MOST else "below"
                    self.fault((*at, "clear"), f"expected a value {beyond} {amount:g} or equal")
            return clear
        if isinstance(amount, str):
            # A column has its clear values in a column too, which the loader makes.
            key = f"{amount} cleared at {float(ratio):g} {indicator.word} {relation}"  # type: ignore[arg-type]
            self.result.derived[key] = (amount, float(ratio), indicator, relation)  # type: ignore[arg-type]
            return key
        return clear_value(amount, float(ratio), indicator, relation)  # type: ignore[arg-type]

    def _over(self, at: Location, relation: Relation, raw: dict[str, object]) -> int:
        if relation is not Relation.RISES_BY:
            if "over" in raw:
                self.fault((*at, "over"), "only beside rises_by")
            return 0
        over_s = self.duration((*at, "over"), self.needed(at, raw, "over"))
        if over_s and not 60 <= over_s <= DAY_S:
            self.fault((*at, "over"), "expected 1min to 24h")
        return over_s


def clear_value(amount: float, ratio: float, indicator: Indicator, relation: Relation) -> float:
    """Value beyond which a term no longer holds a level up."""
    is_datum = indicator is Indicator.STAGE and relation is not Relation.RISES_BY
    margin = (1.0 - ratio) * (STAGE_SPAN_M if is_datum else abs(amount))
    return amount + margin if relation is Relation.AT_MOST else amount - margin
