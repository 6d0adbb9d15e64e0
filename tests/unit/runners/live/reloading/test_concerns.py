"""What a change is about, in the words of `changes.second_person`."""

from pathlib import Path

import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.config.load import load_configuration
from warnstream.runners.live.reloading.scope import concerns_of


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
