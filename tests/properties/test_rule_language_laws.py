"""Whatever somebody writes as a rule: a list of faults or a rule that can be said, never an exception."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.rules.county import parse, plain
from warnstream.config.rules.context import RuleContext
from warnstream.config.rules.parser import parse_levels
from warnstream.config.rules.terms import QUANTITIES
from warnstream.model.rules.expressions import Expression, group, leaves_of

WORDS = (
    *QUANTITIES,
    "any",
    "all",
    "first",
    "then",
    "within",
    "sign",
    "hazard",
    "for",
    "over",
    "clear",
    "level",
)
VALUES = ("1h", "10min", "now", "7d", "40mm", "3m", "red", "orange", "crack", "landslide", "x", "")
plain_values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 500), st.floats(-9, 9), st.sampled_from(VALUES)
)
anything = st.recursive(
    plain_values,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    ),
    max_leaves=12,
)
CONTEXT = RuleContext("own", ("own", "landslide"), ("crack",), 0.8, 1800)


@settings(max_examples=150, deadline=None)
@given(raw=st.lists(anything, max_size=4))
def test_any_writing_gives_faults_or_a_rule(raw: list[object]) -> None:
    parsed = parse_levels(raw, CONTEXT)
    assert len(parsed.faults) + len(parsed.levels) >= min(len(raw), 1)
    for item in parsed.levels:
        assert item.words
        assert list(leaves_of(item.when))


terms = st.sampled_from([f"{{rain: {h}h, at_least: {10 * h}mm}}" for h in range(1, 6)])


def one(text: str) -> Expression:
    return parse(f"[{{level: red, any: [{text}]}}]").levels[0].when


@settings(max_examples=50, deadline=None)
@given(chosen=st.lists(terms, min_size=1, max_size=6), order=st.randoms(use_true_random=False))
def test_order_and_repetition_make_no_other_condition(chosen: list[str], order: object) -> None:
    shuffled = [*chosen, chosen[0]]
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    nested = f"{{any: [{', '.join(shuffled)}]}}"
    assert one(", ".join(chosen)) == one(nested)
    assert plain(f"[{chosen[0]}]")
    parts = [one(text) for text in chosen]
    assert group(parts, is_all=True) == group([*reversed(parts), parts[0]], is_all=True)
