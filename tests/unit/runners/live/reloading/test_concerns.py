"""What a change is about, in the words of `changes.second_person`."""

from pathlib import Path

import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.runners.live.reloading.scope import concerns_of, wants_second


@pytest.mark.parametrize(
    ("file", "old", "new", "about"),
    [
        ("warnstream.yaml", "node:", "# a remark\nnode:", set()),
        ("warnstream.yaml", "longest: 24h", "longest: 48h", {"node"}),
        ("warnstream.yaml", "chain_level_min: yellow", "chain_level_min: orange", {"routing"}),
        ("warnstream.yaml", "neighbours: 1", "neighbours: 2", {"places"}),
        ("warnstream.yaml", "windows:", "changes: {reload_wakes_max: 1}\nwindows:", {"node"}),
        ("thresholds.yaml", "rain_mm: 20", "rain_mm: 19", {"thresholds"}),
        ("chain.csv", "p1,volunteer", "p1,teacher", {"routing"}),
        ("households.csv", "h1,001", "h9,001", {"people"}),
        ("warnstream.yaml", "windows:", "test_calls: {source: plan}\nwindows:", {"people"}),
        ("villages.csv", "Upper", "Above", {"places"}),
        ("stations.csv", "28.43,", "28.44,", {"places"}),
    ],
)
def test_a_change_is_about(tmp_path: Path, file: str, old: str, new: str, about: set[str]) -> None:
    write_county(tmp_path)
    before = load_configuration(tmp_path)
    path = tmp_path / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert concerns_of(before, load_configuration(tmp_path)) == about


KEYS = ["A" * 43 + "=", "B" * 43 + "="]
OPERATORS = "person,name,role,area,phone,public_key\nli,Li,officer,*,,{}\nwang,Wang,{},*,,{}\n"


@pytest.mark.parametrize(
    ("policy", "operators", "thresholds", "wants"),
    [
        ("[thresholds]", OPERATORS.format(KEYS[0], "second", KEYS[1]), "", []),
        ("[thresholds]", OPERATORS.format(KEYS[0], "second", KEYS[1]), "19", ["thresholds"]),
        ("[thresholds, node]", OPERATORS.format(KEYS[0], "second", KEYS[1]), "", []),
        ("[]", OPERATORS.format(KEYS[0], "second", KEYS[1]), "", ["changes.second_person"]),
        ("[routing]", OPERATORS.format(KEYS[0], "second", KEYS[1]), "", ["changes.second_person"]),
        ("[thresholds]", OPERATORS.format(KEYS[1], "second", KEYS[1]), "", ["who may sign (operators.csv)"]),
        ("[thresholds]", OPERATORS.format(KEYS[0], "reader", KEYS[1]), "", ["who may sign (operators.csv)"]),
    ],
)
def test_a_policy_is_not_got_round_by_changing_it_or_who_may_sign_first(
    tmp_path: Path, policy: str, operators: str, thresholds: str, wants: list[str]
) -> None:
    write_county(tmp_path)
    node = (tmp_path / "warnstream.yaml").read_text(encoding="utf-8")

    def put(policy: str, operators: str) -> Configuration:
        (tmp_path / "operators.csv").write_text(operators, encoding="utf-8")
        text = f"{node}changes: {{second_person: {policy}}}\n"
        (tmp_path / "warnstream.yaml").write_text(text, encoding="utf-8")
        return load_configuration(tmp_path)

    before = put("[thresholds]", OPERATORS.format(KEYS[0], "second", KEYS[1]))
    if thresholds:
        path = tmp_path / "thresholds.yaml"
        text = path.read_text(encoding="utf-8").replace("rain_mm: 20", f"rain_mm: {thresholds}", 1)
        path.write_text(text, encoding="utf-8")
    now = put(policy, operators)
    assert wants_second(before, now) == wants
    assert wants_second(put("[]", operators), now) == []
