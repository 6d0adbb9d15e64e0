"""What the rule language takes, what it refuses, and where it says so."""

import pytest

from tests.unit.rules.county import parse

RIGHT = [
    "{level: red, rain: 1h, at_least: 80mm}",
    "{level: red, rain: 1h, at_least: 80 mm, clear: 60mm, for: 10min}",
    "{level: red, any: [{soil_water: now, at_least: 150mm}, {soil_water: 2h, at_least: 160mm}]}",
    "{level: red, antecedent_rain: 0.84, at_least: 180mm}",
    "{level: red, event_intensity: 12h, at_least: 14.8mm/h}",
    "{level: red, fire_weather: W1, at_least: 30}",
    "{level: red, velocity: D1, window: 2h, at_least: 40mm/d}",
    "{level: red, hazard: landslide, at_least: orange, for: 1h}",
    "{level: red, sign: crack, validated: false}",
    "{level: red, first: {rain: 1h, at_least: 20mm}, then: {stage: G1, at_least: 3m}, within: 2h}",
]

WRONG = [
    ("{level: red, rain: 1h, at_least: 80}", "at_least", "expected the unit mm, got 80 without one"),
    ("{level: red, rain: 1h, at_least: 8cm}", "at_least", "expected the unit mm, got cm in 8cm"),
    (
        "{level: red, fire_weather: W1, at_least: 30mm}",
        "at_least",
        "expected a number without unit, got mm in 30mm",
    ),
    (
        "{level: red, stage: G1, at_least: {column: critical}}",
        "at_least.column",
        "expected a column in m, critical is in mm",
    ),
    ("{level: red, rain: 1h, at_least: {column: critcal}}", "at_least.column", "did you mean 'critical'?"),
    ("{level: red, stage: {column: critical}, at_least: 3m}", "stage.column", "unknown column of stations"),
    ("{level: red, stage: G9, at_least: 3m}", "stage", "unknown station 'G9'"),
    ("{level: red, water_depth: G1, at_least: 30cm}", "water_depth", "does not measure water_depth"),
    ("{level: red, rian: 1h, at_least: 80mm}", "", "unknown condition 'rian': did you mean 'rain'?"),
    (
        "{level: red, rain: 1h, soil_water: now, at_least: 8mm}",
        "",
        "got rain and soil_water",
    ),
    ("{level: red, rain: 1h}", "", "expected one of at_least, at_most or rises_by"),
    ("{level: red, rain: 1h, at_least: 8mm, over: 1h}", "over", "only beside rises_by"),
    ("{level: red, rain: 1h, rises_by: 8mm}", "", "missing. over"),
    ("{level: red, rain: 5, at_least: 8mm}", "rain", "expected a number with a unit"),
    ("{level: red, rain: 36h, at_least: 8mm}", "rain", "expected at most windows.longest"),
    ("{level: red, forecast_rain: 4h, at_least: 8mm}", "forecast_rain", "expected 1h, 2h or 3h ahead"),
    ("{level: red, rain: 1h, at_least: 8mm, clear: 9mm}", "clear", "expected a value below 8 or equal"),
    ("{level: red, rain: 1h, at_least: 8mm, clear_ratio: 1.2}", "clear_ratio", "above 0 up to 1"),
    ("{level: red, rain: 1h, at_least: 8mm, whlie: 1h}", "whlie", "unknown key 'whlie'"),
    ("{level: red, any: []}", "any", "expected a list"),
    ("{level: red, any: [{rain: 1h, at_least: 8}]}", "any.0.at_least", "got 8 without one"),
    ("{level: red, sign: hole}", "sign", "unknown kind of sign 'hole'"),
    ("{level: red, hazard: own, at_least: red}", "hazard", "cannot read its own level"),
    ("{level: red, hazard: lanslide, at_least: red}", "hazard", "did you mean 'landslide'?"),
    ("{level: red, hazard: landslide, at_least: high}", "at_least", "expected blue, yellow, orange or red"),
    ("{level: purple, rain: 1h, at_least: 8mm}", "level", "expected blue, yellow, orange or red"),
    ("{level: red, first: {rain: 1h, at_least: 20mm}, within: 2h}", "", "missing. then"),
]


def _measured() -> dict[str, frozenset[object]]:
    from warnstream.model.observations.readings import Variable

    return {
        "G1": frozenset({Variable.STAGE}),
        "D1": frozenset({Variable.DISPLACEMENT}),
        "W1": frozenset({Variable.RAIN}),
    }


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_condition_has_no_fault_and_can_be_said(text: str) -> None:
    parsed = parse(f"[{text}]", measured=_measured(), columns={"critical": "mm"})
    assert parsed.faults == []
    assert parsed.levels[0].words


@pytest.mark.parametrize(("text", "place", "expected"), WRONG)
def test_a_wrong_condition_is_refused_at_its_key(text: str, place: str, expected: str) -> None:
    parsed = parse(f"[{text}]", measured=_measured(), columns={"critical": "mm"})
    assert any(
        ".".join(map(str, location[1:])) == place and expected in sentence
        for location, sentence in parsed.faults
    ), parsed.faults
    assert parsed.levels == []


def test_every_fault_is_told_at_once() -> None:
    parsed = parse("[{level: red, all: [{rain: 1h, at_least: 8}, {sign: hole}, {stage: G1, at_least: 3mm}]}]")
    assert len(parsed.faults) == 3


def test_a_higher_level_that_asks_for_less_is_a_fault() -> None:
    parsed = parse(
        """
        - {level: orange, all: [{rain: 1h, at_least: 40mm}, {soil_water: now, at_least: 150mm}]}
        - {level: red, all: [{rain: 1h, at_least: 60mm}, {soil_water: now, at_least: 140mm}]}
        """
    )
    ((location, sentence),) = parsed.faults
    assert location == (1,)
    assert sentence.startswith("expected more than for orange (")


def test_a_level_stands_once() -> None:
    parsed = parse("[{level: red, sign: crack}, {level: red, sign: sound}]")
    assert parsed.faults == [((1,), "duplicate level red, first in levels[0]: join them by any")]


def test_a_condition_is_said_in_words() -> None:
    parsed = parse(
        """
        - level: red
          all:
            - {rain: 1h, at_least: 60mm, for: 10min}
            - {any: [{sign: crack}, {hazard: other, at_least: red}]}
        """
    )
    assert parsed.levels[0].words == (
        "(other stands at red or above or a validated sign: crack) and "
        "(rain over 1h is at least 60 mm (holds to 48 mm) for 10min without a break)"
    )


def test_a_rule_of_too_many_conditions_is_refused() -> None:
    terms = ", ".join(f"{{rain: 1h, at_least: {n}mm}}" for n in range(1, 300))
    parsed = parse(f"[{{level: red, any: [{terms}]}}]")
    assert "fewer than 200 conditions" in parsed.faults[0][1]
