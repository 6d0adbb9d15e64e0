"""Amounts in rules of the operator's own: ten times off is asked about, and what is meant is not."""

from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.look_at.registry import look_at
from warnstream.config.look_at.rule_amounts import own_rule_amounts

RULE = """\
  debris_flow:
    evaluator: rule
    title: {{zh: 泥石流, en: Debris flow}}
    source: county geology office, 2026
    levels:
      - level: red
        {condition}
"""


def found_with(directory: Path, condition: str) -> list[str]:
    path = directory / "thresholds.yaml"
    path.write_text(path.read_text("utf-8") + RULE.format(condition=condition), "utf-8")
    configuration = load_configuration(directory)
    found = list(own_rule_amounts(configuration))
    assert set(found) <= set(look_at(configuration)), "check prints it"
    return found


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("any: [{rain: 1h, at_least: 800mm}]", "800 mm in 1h for red: more than has ever fallen anywhere"),
        (
            "all: [{rain: 1h, at_least: 400mm}, {soil_water: now, at_least: 120mm}]",
            "400 mm in 1h for red: 5 times off the tables of other hazards (80 mm)",
        ),
        ("any: [{rain: 1h, at_least: 3mm}]", "3 mm in 1h for red: any shower reaches that; is the unit mm?"),
        (
            "any: [{rain: 1h, at_least: 8mm}, {sign: crack}]",
            "8 mm in 1h for red: 5 times off the tables of other hazards (80 mm)",
        ),
    ],
)
def test_amounts_ten_times_off_are_looked_at(config_dir: Path, condition: str, said: str) -> None:
    if "crack" in condition:
        signs = "signs:\n  kinds:\n    crack: {zh: 地裂缝, en: Crack}\n"
        path = config_dir / "thresholds.yaml"
        path.write_text(signs + path.read_text("utf-8"), "utf-8")
    assert found_with(config_dir, condition) == [f"debris_flow: {said}"]


@pytest.mark.parametrize(
    "condition",
    [
        "any: [{rain: 1h, at_least: 60mm}]",
        "all: [{rain: 3h, at_least: 110mm}, {rain: 1h, at_least: 2mm}]",
        "all: [{soil_water: now, at_least: 120mm}, {rain: 10min, at_least: 8mm, for: 20min}]",
    ],
)
def test_what_is_meant_is_not_looked_at(config_dir: Path, condition: str) -> None:
    assert found_with(config_dir, condition) == []
