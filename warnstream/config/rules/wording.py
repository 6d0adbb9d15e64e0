"""A condition of the rule language as a sentence, for `warnstream check` and the duty officer."""

from warnstream.config.wording import days_words
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.rules.expressions import (
    Expression,
    Group,
    Lasting,
    LevelTerm,
    ModelTerm,
    Quantity,
    ReachTerm,
    Relation,
    ShareTerm,
    SignTerm,
    Term,
)
from warnstream.model.rules.indicators import Indicator

_NAMES: dict[Indicator, str] = {
    Indicator.RAIN: "rain over {p}",
    Indicator.FORECAST_RAIN: "forecast rain of the next {p}",
    Indicator.SOIL_WATER: "soil water",
    Indicator.EFFECTIVE_RAIN: "effective rain (half-life {p})",
    Indicator.ANTECEDENT_RAIN: "antecedent rain (ratio {p})",
    Indicator.WEIGHTED_RAIN: "weighted rain of 7d",
    Indicator.EVENT_RAIN: "rain of the event (dry gap {p})",
    Indicator.INTENSITY: "mean intensity of the event (dry gap {p})",
    Indicator.STAGE_RISE: "rise of the stage in {p}",
    Indicator.TILT_RATE: "tilt rate over {p}",
    Indicator.VELOCITY: "velocity over {p}",
}


def words_of(expression: Expression) -> str:
    """What must be so, in words; parts that could be misread stand in brackets."""
    if isinstance(expression, Term):
        return _term(expression)
    if isinstance(expression, SignTerm):
        return (
            f"a {'validated' if expression.is_validated else 'reported or validated'} sign: {expression.kind}"
        )
    if isinstance(expression, LevelTerm):
        return f"{expression.hazard} stands at {expression.level.word} or above"
    if isinstance(expression, Group):
        joint = " and " if expression.is_all else " or "
        return joint.join(_inner(part) for part in expression.parts)
    if isinstance(expression, Lasting):
        return f"{_inner(expression.part)} for {format_duration(expression.for_s)} without a break"
    first, then = _inner(expression.first), _inner(expression.then)
    return f"{first}, and not more than {format_duration(expression.within_s)} later {then}"


def expected_words(one: ExpectedLevel) -> str:
    """What raises a level of a table before its threshold is reached, in words."""
    over = " or ".join(format_duration(duration_s) for duration_s in one.duration_s)
    of = f"what reaches {one.of.word}{f' over {over}' if over else ''}"
    if one.share:
        return f"{one.raises.word} from {one.share:.0%} of {of} on"
    within = f"within {format_duration(one.within_s)} with a probability of {one.probability:.0%}"
    return f"{one.raises.word} if {of} is reached {within}"


def _inner(expression: Expression) -> str:
    words = words_of(expression)
    return words if isinstance(expression, Term | SignTerm | LevelTerm) else f"({words})"


def _term(term: Term) -> str:
    if isinstance(term, ModelTerm):
        rain, over = _amount(term.rain_mm, "mm"), format_duration(term.quantity.parameter)
        asked = f"{rain} or more with a probability of {term.probability:.0%} or more"
        return f"a weather model gives the next {over} {asked} (holds to half of that)"
    written = term.quantity.indicator.info.unit
    amount = _amount(term.amount, written)
    name = quantity_words(term.quantity)
    if term.relation is Relation.RISES_BY:
        return f"{name} has risen by {amount} or more in {format_duration(term.over_s)}"
    until = "" if isinstance(term.clear, str) else f" (holds to {_amount(term.clear, written)})"
    if isinstance(term, ShareTerm):
        of = f"{term.share:.0%} of what reaches {term.of.word} ({_amount(term.whole, written)})"
        amount = of if isinstance(term.whole, str) else f"{of}, {amount}"
    if isinstance(term, ReachTerm):
        within = f"within {format_duration(term.within_s)} with a probability of {term.probability:.0%}"
        return f"{name} reaches {amount} {within} or more{until}"
    verb = "at most" if term.relation is Relation.AT_MOST else "at least"
    return f"{name} is {verb} {amount}{until}"


def quantity_words(quantity: Quantity) -> str:
    """Name of a quantity with its parameter and sensor."""
    if quantity.days is not None:
        return days_words(quantity.days)
    indicator, parameter = quantity.indicator, quantity.parameter
    shown = f"{parameter:g}" if indicator is Indicator.ANTECEDENT_RAIN else format_duration(parameter)
    name = _NAMES.get(indicator, indicator.word.replace("_", " ")).format(p=shown)
    if indicator is Indicator.SOIL_WATER:
        name += f" in {shown}" if parameter else " now"
    return f"{name} at {quantity.station}" if quantity.station else name


def _amount(amount: float | str, unit: str) -> str:
    return f"the village's {amount}" if isinstance(amount, str) else f"{amount:g}{' ' if unit else ''}{unit}"
