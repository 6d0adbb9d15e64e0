"""`{rain: 3h, at_least: 50mm, within: 2h, probability: 40%}`: read, refused, said."""

import pytest

from tests.unit.rules.county import parse
from warnstream.hazards.expected.asking import asked_of
from warnstream.model.level import Level
from warnstream.model.rules.expressions import ReachTerm

RULE = "[{level: orange, rain: 3h, at_least: 50mm, within: 2h, probability: 40%}]"


def test_a_probability_is_read_with_its_level_and_said_in_words() -> None:
    (level,) = parse(RULE).levels
    assert isinstance(level.when, ReachTerm)
    assert (level.when.within_s, level.when.probability, level.when.of) == (7200, 0.4, Level.ORANGE)
    assert level.words == (
        "rain over 3h reaches 50 mm within 2h with a probability of 40% or more (holds to 40 mm)"
    )
    assert asked_of(level.when).duration_s == (10800,)


@pytest.mark.parametrize(
    ("old", "new", "at", "expected"),
    [
        ("rain: 3h", "rain: 20min", "0.rain", "whole quarter hours"),
        ("within: 2h", "within: 50min", "0.within", "whole quarter hours up to 3h"),
        ("within: 2h", "within: 4h", "0.within", "whole quarter hours up to 3h"),
        (", within: 2h", "", "0", "missing. within"),
        (", probability: 40%", "", "0", "missing. probability"),
        ("40%", "40", "0.probability", "expected the unit %"),
        ("40%", "2%", "0.probability", "from 5% to 95%"),
        ("at_least", "at_most", "0.at_most", "unknown key 'at_most'"),
        ("rain: 3h", "soil_water: 3h", "0.within", "a probability is one of rain"),
        ("rain: 3h", "rain: {days: 3}", "0.within", "a probability is one of rain"),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_key(old: str, new: str, at: str, expected: str) -> None:
    faults = [(".".join(map(str, place)), said) for place, said in parse(RULE.replace(old, new)).faults]
    assert any(place == at and expected in said for place, said in faults), faults


def test_without_a_table_a_probability_is_refused() -> None:
    ((at, said),) = parse(RULE, has_chances=False).faults
    assert at == (0, "probability")
    assert "forecast.table" in said


@pytest.mark.parametrize(
    ("lower", "higher", "is_right"),
    [
        ("within: 2h, probability: 40%", "within: 2h, probability: 60%", True),
        ("within: 2h, probability: 60%", "within: 2h, probability: 40%", False),
        ("within: 2h, probability: 40%", "within: 1h, probability: 40%", True),
    ],
)
def test_of_two_levels_the_higher_asks_for_more(lower: str, higher: str, is_right: bool) -> None:
    text = f"""
    - {{level: yellow, rain: 3h, at_least: 50mm, {lower}}}
    - {{level: orange, rain: 3h, at_least: 50mm, {higher}}}
    """
    assert (parse(text).faults == []) is is_right
