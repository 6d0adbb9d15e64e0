"""`{rain: 24h, at_least: 90%, of: orange}`: read, judged, told."""

import pytest

from tests.unit.rules.county import County, parse, rule_of
from warnstream.assessment.explanation import PlaceFinding
from warnstream.model.forecast import Expected
from warnstream.model.level import Level
from warnstream.model.rules.expressions import ShareTerm

RULE = """
- {level: yellow, rain: 1h, at_least: 90%, of: orange}
- {level: orange, rain: 1h, at_least: 40mm}
"""


def faults(text: str) -> list[tuple[str, str]]:
    return [(".".join(map(str, at)), expected) for at, expected in parse(text).faults]


def test_a_share_is_read_whatever_the_order_of_the_levels() -> None:
    for text in (RULE, "\n".join(reversed(RULE.strip().splitlines()))):
        yellow = next(level for level in parse(text).levels if level.level is Level.YELLOW)
        assert isinstance(yellow.when, ShareTerm)
        assert (yellow.when.amount, yellow.when.clear, yellow.when.whole) == (36.0, 28.8, 40.0)
    assert yellow.words == (
        "rain over 1h is at least 90% of what reaches orange (40 mm), 36 mm (holds to 28.8 mm)"
    )
    assert [level.level for level in parse(RULE).levels] == [Level.YELLOW, Level.ORANGE]


def test_a_share_of_a_column_is_a_share_of_each_village_s_own() -> None:
    text = RULE.replace("40mm", "{column: critical}")
    parsed = parse(text, columns={"critical": "mm"})
    assert parsed.faults == []
    assert {key: term[:2] for key, term in parsed.derived.items() if key == "0.9 of :critical"} == {
        "0.9 of :critical": (":critical", 0.9)
    }


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("[{level: yellow, rain: 1h, at_least: 90%, of: orange}]", "0.of", "orange asks none"),
        (RULE.replace("1h, at_least: 40mm", "3h, at_least: 40mm"), "0.of", "orange asks none"),
        (RULE.replace("of: orange", "of: yellow"), "0.of", "expected a level above yellow"),
        (RULE.replace("of: orange", "of: purple"), "0.of", "expected blue, yellow, orange or red"),
        (RULE.replace("90%", "36mm"), "0.at_least", "expected the unit %"),
        (RULE.replace("90%", "100%"), "0.at_least", "expected a share from 10% to 99%"),
        (RULE.replace("90%", "0%"), "0.at_least", "expected a share from 10% to 99%"),
        (RULE.replace(", of: orange", ""), "0.at_least", "expected the unit mm, got % in 90%"),
        (RULE.replace("90%", "90%, clear: 20mm"), "0.clear", "unknown key 'clear'"),
        (
            "[{level: blue, soil_water: now, at_least: 90%, of: red}, {level: red, rain: 1h, at_least: 9mm}]",
            "0.of",
            "a share is one of rain",
        ),
        (
            RULE.replace(
                "rain: 1h, at_least: 40mm", "any: [{rain: 1h, at_least: 40mm}, {rain: 1h, at_least: 50mm}]"
            ),
            "0.of",
            "orange asks several amounts",
        ),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_key(text: str, at: str, expected: str) -> None:
    assert any(at == place and expected in said for place, said in faults(text)), faults(text)


def test_the_share_raises_its_level_and_the_whole_the_other() -> None:
    county = County((rule_of(RULE),))
    yellow, orange = [change for minute in range(5, 50, 5) for change in county.fall(minute, 4.6, 0.0)]
    assert (yellow.level, orange.level) == (Level.YELLOW, Level.ORANGE)
    assert orange.reason is not None
    assert orange.reason.is_observed


def test_a_share_rests_on_nothing_observed_until_the_whole_is_there() -> None:
    county = County((rule_of(RULE),))
    (yellow,) = [change for minute in range(5, 45, 5) for change in county.fall(minute, 4.6, 0.0)]
    assert yellow.reason is not None
    assert (round(yellow.reason.value, 1), yellow.reason.threshold) == (36.8, 40.0)
    assert yellow.reason.expected == Expected(Level.ORANGE, share=0.9)
    assert not yellow.reason.is_observed
    assert not yellow.reason.has_onset


def test_with_other_conditions_beside_it_the_whole_may_have_fallen() -> None:
    text = """
    - {level: yellow, rain: 1h, at_least: 90%, of: orange}
    - {level: orange, all: [{rain: 1h, at_least: 40mm}, {sign: crack}]}
    """
    county = County((rule_of(text),))
    (yellow,) = county.fall(5, 45.0, 0.0)
    assert yellow.reason is not None
    assert yellow.reason.expected is None
    assert yellow.reason.is_observed


def test_what_has_been_observed_is_named_before_a_share() -> None:
    text = """
    - {level: yellow, any: [{rain: 1h, at_least: 90%, of: orange}, {rain: 10min, at_least: 5mm}]}
    - {level: orange, rain: 1h, at_least: 40mm}
    """
    county = County((rule_of(text),))
    (yellow,) = county.fall(5, 37.0, 0.0)
    assert yellow.reason is not None
    assert (yellow.reason.duration_s, yellow.reason.expected) == (600, None)


def test_a_share_holds_to_its_clear_value_and_the_explanation_adds_up() -> None:
    county = County((rule_of(RULE),))
    for minute in range(5, 45, 5):
        county.fall(minute, 4.6, 0.0)
    view = county.assessment.view(0).hazards[0]
    assert view.adds_up
    place: PlaceFinding = view.places[0]
    assert [condition.found.is_reached for condition in place.conditions] == [True, False]
    for minute in range(45, 95, 5):
        county.fall(minute, 0.0, 0.0)
    assert county.level()[0] == Level.YELLOW  # 36.8 mm leave the hour, hold_s has not passed
