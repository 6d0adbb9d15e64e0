from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.summary import lints, summarise

EXERCISE = "messages.status is Exercise: every message says that it is an exercise"
NO_GAUGES = (
    "river_flood: 1 gauge not in a table of gauges (gauges:), so a stage over another datum is not seen: G1"
)
"""The county of these tests has a river hazard without gauges.csv."""


def test_the_summary_counts_and_names_rules(config_dir: Path) -> None:
    configuration = load_configuration(config_dir)
    assert summarise(configuration).splitlines() == [
        f"node       county (Exercise), configuration {configuration.fingerprint[:12]}",
        "stations   2 (2 measure rain, 1 stage)",
        "villages   3",
        "households 4 (2 by device, 2 by sms)",
        "posts      3 (1 by device, 2 by sms)",
        "rules",
        "  flash_flood (critical_rainfall): rain over 1h, 3h in 3 villages; source: county plan",
        "  river_flood (river_stage): stage of 1 station for 1 village; source: hydrology office",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("households.csv", "h3,003,device,h3\n", "", "1 village without any household: 003"),
        (
            "chain.csv",
            "p3,county leader,3,County,device,p3\n",
            "",
            "1 village without any post of the responsibility chain: 003",
        ),
        (
            "stations.csv",
            "S1,28.40",
            "S1,28.80",
            "1 station farther than 20 km from every village: S1",
        ),
        (
            "villages.csv",
            "003,Hill,28.45",
            "003,Hill,29.45",
            "1 village without a rain station within 20 km, always blind: 003",
        ),
        (
            "villages.csv",
            "West,County",
            "East,Other",
            "township East is in several counties (County, Other): its posts are called for each",
        ),
        (
            "thresholds.yaml",
            "    source: county plan\n",
            "    # no source\n",
            "flash_flood: thresholds without a source",
        ),
        (
            "warnstream.yaml",
            "windows:",
            "routing: {household_level_min: blue, chain_level_min: red}\nwindows:",
            "households are called from blue, the responsibility chain only from red",
        ),
        (
            "warnstream.yaml",
            "host: broker.county.example",
            "embedded: true\n  host: 0.0.0.0",
            "the embedded broker listens on 0.0.0.0 and asks nobody for a password",
        ),
    ],
)
def test_what_may_not_be_meant_is_named(
    file: str,
    old: str,
    new: str,
    expected: str,
    config_dir: Path,
    faults_after: Callable[[str, str, str], list[str]],
) -> None:
    if "source" in expected:
        _drop_sources(config_dir)
    assert faults_after(file, old, new) == []
    assert expected in lints(load_configuration(config_dir))


def _drop_sources(directory: Path) -> None:
    path = directory / "thresholds.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("survey 2024", ""), encoding="utf-8")


def test_a_real_warning_by_a_simulated_clock_is_named(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    faults_after("warnstream.yaml", "name: county", "name: county\n  clock: simulated")
    real = "messages.status is Actual while node.clock is simulated: a drill would pass for real"
    assert real not in lints(load_configuration(config_dir))
    faults_after("warnstream.yaml", "county.example\nwindows", "county.example\n  status: Actual\nwindows")
    assert real in lints(load_configuration(config_dir))


def test_a_village_without_thresholds_is_named(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    levels = """    levels:
      - {level: yellow, duration: 1h, rain_mm: 45}
      - {level: red, duration: 1h, rain_mm: 80}
      - {level: red, duration: 3h, rain_mm: 120}
"""
    assert faults_after("thresholds.yaml", levels, "") == []
    assert "flash_flood: 2 villages without any threshold: 001, 003" in lints(load_configuration(config_dir))


def test_a_forecast_level_without_a_forecast_is_named(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    faults_after("warnstream.yaml", "windows:", "forecast: {method: none}\nwindows:")
    assert faults_after("thresholds.yaml", "    levels:", "    forecast_level_max: yellow\n    levels:") == []
    assert "flash_flood: forecast_level_max has no effect while forecast.method is none" in lints(
        load_configuration(config_dir)
    )


def test_a_gauge_that_a_threshold_names_may_be_far(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    assert faults_after("stations.csv", "G1,28.41", "G1,29.41") == []
    found = lints(load_configuration(config_dir))
    assert found[:2] == [EXERCISE, NO_GAUGES]
    assert not any("farther than" in sentence for sentence in found)


def test_villages_without_outline_are_named_where_outlines_are_asked_for(config_dir: Path) -> None:
    node = config_dir / "warnstream.yaml"
    node.write_text(node.read_text(encoding="utf-8") + "villages: {method: polygon}\n", encoding="utf-8")
    villages = config_dir / "villages.csv"
    header, first, *others = villages.read_text(encoding="utf-8").splitlines()
    outline = '"POLYGON ((119.8 28.3, 120 28.3, 120 28.5, 119.8 28.3))"'
    rows = [f"{header},polygon_wkt", f"{first},{outline}", *(f"{row}," for row in others)]
    villages.write_text("\n".join(rows), encoding="utf-8")
    assert "2 villages without an outline, but villages.method is polygon: 002, 003" in lints(
        load_configuration(config_dir)
    )


def test_names_too_long_for_one_short_message_are_named(config_dir: Path) -> None:
    villages = config_dir / "villages.csv"
    villages.write_text(villages.read_text("utf-8").replace("上村", "上垟村里外头"), encoding="utf-8")
    node = config_dir / "warnstream.yaml"
    node.write_text(node.read_text("utf-8") + "bulletins: {signature: 松阳县防汛指挥部}\n", encoding="utf-8")
    assert lints(load_configuration(config_dir))[-2:] == [
        "1 village with a long name and no short_name, whose bulletins take two short messages: 001",
        "bulletins.signature has more than 5 characters: texts take two",
    ]


def test_of_many_names_five_are_shown(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    more = "".join(f"1{number},a,28.4,119.9,East,County\n" for number in range(8))
    assert faults_after("villages.csv", "003,Hill", f"{more}003,Hill") == []
    assert "8 villages without any household: 10, 11, 12, 13, 14 and 3 more" in lints(
        load_configuration(config_dir)
    )


def test_without_any_rain_station_every_village_is_blind(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    faults_after("stations.csv", "120,rain,", "120,temperature,")
    assert faults_after("stations.csv", ",,rain stage,", ",,stage,") == []
    assert "3 villages without a rain station within 20 km, always blind: 001, 002, 003" in lints(
        load_configuration(config_dir)
    )
