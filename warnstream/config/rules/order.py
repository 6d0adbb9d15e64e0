"""Levels of one rule against each other: what asks the same with other amounts must ask for more."""

from warnstream.model.rules.expressions import (
    Expression,
    Group,
    Lasting,
    ModelTerm,
    ReachTerm,
    Relation,
    Sequence,
    Term,
    parts_of,
)


def asks_less_or_equal(lower: Expression, higher: Expression) -> bool:
    """Whether a higher level asks the same as a lower one, and not for more."""
    pairs = _pairs(lower, higher)
    return pairs is not None and not _asks_more(pairs)


def _pairs(lower: Expression, higher: Expression) -> list[tuple[Term, Term]] | None:
    """Terms of two conditions that differ in their amounts alone; None if they differ otherwise."""
    if isinstance(lower, Term) and isinstance(higher, Term):
        # What is expected asks for another thing than what has fallen.
        mine, others = (
            (term.quantity, term.relation, term.over_s, type(term) in (ReachTerm, ModelTerm))
            for term in (lower, higher)
        )
        same = mine == others
        plain = not any(isinstance(_asked_of(term), str) for term in (lower, higher))
        return [(lower, higher)] if same and plain else ([] if lower == higher else None)
    if type(lower) is not type(higher):
        return None
    inside, other_inside = _inside(lower), _inside(higher)
    if inside is None or other_inside is None:
        return [] if lower == higher else None
    (form, parts), (other_form, other_parts) = inside, other_inside
    if form != other_form or len(parts) != len(other_parts):
        return None
    found = [_pairs(part, other) for part, other in zip(parts, other_parts, strict=True)]
    if any(term is None for term in found):
        return None
    return [pair for term in found if term for pair in term]


def _asked_of(term: Term) -> float | str:
    """The amount of a term; a text where every village has its own."""
    return term.rain_mm if isinstance(term, ModelTerm) else term.amount


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
    for lower, higher in pairs:
        if isinstance(lower, ModelTerm) and isinstance(higher, ModelTerm):
            steps.append(float(_asked_of(higher)) - float(_asked_of(lower)))
        if isinstance(lower, ReachTerm) and isinstance(higher, ReachTerm):
            steps += [higher.probability - lower.probability, float(lower.within_s - higher.within_s)]
    return all(step >= 0 for step in steps) and any(step > 0 for step in steps)
