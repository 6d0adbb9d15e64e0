"""`{forecast_rain: 24h, at_least: 100mm, probability: 30%}`: read, refused, said."""

import pytest

from tests.unit.rules.county import parse
from warnstream.hazards.expected.asking import asked_of_model
from warnstream.model.level import Level
from warnstream.model.rules.expressions import ModelTerm

RULE = "[{level: orange, forecast_rain: 24h, at_least: 100mm, probability: 30%}]"


def test_it_is_read_with_its_level_and_said_in_words() -> None:
    (level,) = parse(RULE).levels
    assert isinstance(level.when, ModelTerm)
    assert (level.when.rain_mm, level.when.probability, level.when.of) == (100.0, 0.3, Level.ORANGE)
    assert level.words == (
        "a weather model gives the next 24h 100 mm or more with a probability of 30% or more "
        "(holds to half of that)"
    )
    asked = asked_of_model(level.when)
    assert (asked.duration_s, asked.within_s, asked.is_ahead_alone) == ((86400,), 86400, True)


def test_without_a_probability_it_stays_the_nowcast() -> None:
    (level,) = parse("[{level: orange, forecast_rain: 2h, at_least: 30mm}]").levels
    assert not isinstance(level.when, ModelTerm)


def test_amounts_of_villages_are_a_column() -> None:
    rule = RULE.replace("100mm", "{column: critical}")
    (level,) = parse(rule, columns={"critical": "mm"}, table="own.csv").levels
    assert isinstance(level.when, ModelTerm)
    assert level.when.rain_mm == "own.csv:critical"


@pytest.mark.parametrize(
    ("old", "new", "at", "expected"),
    [
        ("forecast_rain: 24h", "forecast_rain: 90min", "0.forecast_rain", "whole hours up to 3d"),
        ("forecast_rain: 24h", "forecast_rain: 80h", "0.forecast_rain", "whole hours up to 3d"),
        ("forecast_rain: 24h", "forecast_rain: 48h", "0.forecast_rain", "expected at most 42h"),
        (", at_least: 100mm", "", "0", "missing. at_least"),
        ("100mm", "100", "0.at_least", "expected the unit mm"),
        ("30%", "30", "0.probability", "expected the unit %"),
        ("30%", "2%", "0.probability", "from 5% to 95%"),
        ("at_least", "at_most", "0.at_most", "unknown key 'at_most'"),
        ("probability", "within: 2h, probability", "0.within", "unknown key 'within'"),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_key(old: str, new: str, at: str, expected: str) -> None:
    parsed = parse(RULE.replace(old, new), model_reach_s=42 * 3600)
    faults = [(".".join(map(str, place)), said) for place, said in parsed.faults]
    assert any(place == at and expected in said for place, said in faults), faults


def test_without_a_model_it_is_refused() -> None:
    ((at, said),) = parse(RULE, model_reach_s=0).faults
    assert at == (0, "probability")
    assert "expected forecasts in warnstream.yaml" in said


@pytest.mark.parametrize(
    ("lower", "higher", "is_right"),
    [
        ("at_least: 50mm, probability: 30%", "at_least: 100mm, probability: 30%", True),
        ("at_least: 50mm, probability: 30%", "at_least: 50mm, probability: 60%", True),
        ("at_least: 100mm, probability: 30%", "at_least: 50mm, probability: 30%", False),
        ("at_least: 50mm, probability: 30%", "at_least: 50mm, probability: 30%", False),
    ],
)
def test_a_higher_level_asks_for_more(lower: str, higher: str, *, is_right: bool) -> None:
    levels = [
        f"{{level: {level}, forecast_rain: 24h, {asks}}}"
        for level, asks in (("yellow", lower), ("orange", higher))
    ]
    assert (parse(f"[{', '.join(levels)}]").faults == []) is is_right
