"""Rules in a whole configuration: docs/rules.md, values tables, cycles, lines of faults."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warnstream.config.load import load_configuration
from warnstream.config.summary import summarise
from warnstream.model.observations.readings import empty_batch
from warnstream.model.rules.expressions import RuleTable
from warnstream.runners.build import build_assessment

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
STATIONS = """\
station,latitude,longitude,elevation_m,variables,interval_s,county
S1,28.40,119.90,120,rain,300,County
G17,28.41,119.91,,rain stage,300,County
"""
VALUES = """\
village,critical_30min(mm),gauge(station)
001,22.5,G17
002,,G17
003,30,
"""


@pytest.fixture
def folder(config_dir: Path) -> Path:
    (config_dir / "stations.csv").write_text(STATIONS, encoding="utf-8")
    (config_dir / "stream.csv").write_text(VALUES, encoding="utf-8")
    return config_dir


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_of_the_page_loads_is_said_and_runs(folder: Path, number: int) -> None:
    (folder / "thresholds.yaml").write_text(EXAMPLES[number], encoding="utf-8")
    configuration = load_configuration(folder)
    rule = configuration.rules[-1]
    assert isinstance(rule.thresholds, RuleTable)
    said = summarise(configuration)
    for item in rule.thresholds.levels:
        assert f"    {item.level.word} if {item.words}" in said
    step = build_assessment(configuration).step(empty_batch(), 1_800_000_000)
    assert step.failures == {}
    assert step.changes == []


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) == 4


def test_a_values_table_gives_every_village_its_own(folder: Path) -> None:
    (folder / "thresholds.yaml").write_text(EXAMPLES[1], encoding="utf-8")
    table = load_configuration(folder).rules[0].thresholds
    assert isinstance(table, RuleTable)
    np.testing.assert_array_equal(table.columns["stream.csv:critical_30min"], [22.5, np.nan, 30.0])
    assert [array.tolist() for array in table.stations.values()] == [[1, 1, -1]]
    assert table.concerns is not None
    assert table.concerns.tolist() == [True, True, False]


def test_a_wrong_unit_is_refused_with_file_and_line(folder: Path, faults: Callable[[], list[str]]) -> None:
    (folder / "thresholds.yaml").write_text(
        """\
hazards:
  own:
    evaluator: rule
    title: {zh: 一, en: One}
    levels:
      - level: red
        all:
          - {rain: 1h, at_least: 60mm}
          - {stage: G17, at_least: 60mm}
""",
        encoding="utf-8",
    )
    assert faults() == [
        "thresholds.yaml:9: hazards.own.levels[0].all[1].at_least: expected the unit m, got mm in 60mm"
    ]


def test_fire_weather_without_a_hazard_that_brings_it_is_refused(
    folder: Path, faults: Callable[[], list[str]]
) -> None:
    (folder / "thresholds.yaml").write_text(
        """\
hazards:
  own:
    evaluator: rule
    title: {zh: 一, en: One}
    levels: [{level: red, fire_weather: S1, at_least: 30}]
""",
        encoding="utf-8",
    )
    expected = "expected a hazard with the evaluator forest_fire too: fire_weather is worked out for it"
    assert faults() == [f"thresholds.yaml:2: hazards.own: {expected}"]


ZONES = """\
zone,village,name,latitude,longitude
001-slope,001,Slope,28.41,119.90
001-street,001,Street,28.40,119.90
"""


def test_a_zone_may_have_its_own_value_and_area(folder: Path) -> None:
    (folder / "zones.csv").write_text(ZONES, encoding="utf-8")
    text = EXAMPLES[1].replace("areas: [East]", "areas: [001-slope, West]")
    (folder / "thresholds.yaml").write_text(text, encoding="utf-8")
    (folder / "stream.csv").write_text(VALUES + "001-slope,18,\n", encoding="utf-8")
    configuration = load_configuration(folder)
    table = configuration.rules[0].thresholds
    assert isinstance(table, RuleTable)
    assert configuration.network.places.site.code == ("001-slope", "001-street", "002", "003")
    np.testing.assert_array_equal(table.columns["stream.csv:critical_30min"], [18.0, 22.5, np.nan, 30.0])
    assert [array.tolist() for array in table.stations.values()] == [[1, 1, 1, -1]]
    assert table.concerns is not None
    assert table.concerns.tolist() == [True, False, False, True]
    step = build_assessment(configuration).step(empty_batch(), 1_800_000_000)
    assert step.failures == {}


def test_a_circle_of_hazards_is_refused(folder: Path, faults: Callable[[], list[str]]) -> None:
    rule = """\
  {0}:
    evaluator: rule
    title: {{zh: 一, en: One}}
    levels:
      - {{level: red, hazard: {1}, at_least: red}}
"""
    text = "hazards:\n" + rule.format("a", "b") + rule.format("b", "c") + rule.format("c", "a")
    (folder / "thresholds.yaml").write_text(text, encoding="utf-8")
    assert faults() == [
        "thresholds.yaml:2: hazards.a: hazards read each other's levels in a circle: a -> b -> c -> a"
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "critical_30min(mm)",
            "critical_30min",
            "stream.csv:1: critical_30min: expected a name with",
        ),
        (
            "critical_30min(mm)",
            "critical_30min(inch)",
            "stream.csv:1: critical_30min(inch): expected a",
        ),
        ("002,,G17", "002,,G18", "stream.csv:3: gauge(station): unknown station 'G18': did you"),
        ("002,,G17", "002,,S1", "stream.csv:3: gauge: station 'S1' does not measure stage"),
        ("001,22.5", "001,much", "stream.csv:2: critical_30min(mm): expected a number, got 'much'"),
        ("003,30,", "009,30,", "stream.csv:4: village: unknown village '009'"),
        ("003,30,", "001,30,", "stream.csv:4: village: duplicate village, first on line 2"),
    ],
)
def test_a_wrong_values_table_is_refused_at_its_cell(
    folder: Path, faults: Callable[[], list[str]], old: str, new: str, expected: str
) -> None:
    (folder / "thresholds.yaml").write_text(EXAMPLES[1], encoding="utf-8")
    (folder / "stream.csv").write_text(VALUES.replace(old, new), encoding="utf-8")
    assert any(fault.startswith(expected) for fault in faults()), faults()


def test_a_missing_values_table_is_a_fault_at_its_key(folder: Path, faults: Callable[[], list[str]]) -> None:
    (folder / "thresholds.yaml").write_text(EXAMPLES[1], encoding="utf-8")
    (folder / "stream.csv").unlink()
    assert [fault.split(" (")[0] for fault in faults()] == [
        "thresholds.yaml:6: hazards.stream.values: no such file: 'stream.csv'"
    ]
