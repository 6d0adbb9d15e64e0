"""strong_wind in thresholds.yaml: who judges which village, and what cannot be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.config.summary import lints, summarise
from warnstream.hazards.strong_wind import WindTable

FaultsWith = Callable[[str, str], list[str]]
FaultsAfter = Callable[[str, str, str], list[str]]

HAZARD = """\
hazards:
  wind:
    evaluator: strong_wind
    title: {zh: 大风, en: Strong wind}
    source: county plan
    radius_km: 5
    levels:
      - {level: blue, gust_m_per_s: 13.9}
      - {level: orange, gust_m_per_s: 28.5}
"""
STATIONS = """\
station,latitude,longitude,elevation_m,variables,interval_s,county
A1,28.400,119.900,120,wind_gust,300,County
A2,28.401,119.900,,wind_speed wind_gust,600,County
A3,28.700,119.900,,wind_gust,300,County
S1,28.400,119.900,120,rain,300,County
"""
TABLE = """\
village,hazard,duration,level,value,unit,station,source
002,wind,,red,40,m/s,A3,ridge above the village
"""


def written(directory: Path, hazard: str = HAZARD, table: str = "") -> Path:
    """The folder with wind alone; 001 stands beside A1 and A2, the others far from any."""
    (directory / "stations.csv").write_text(STATIONS, encoding="utf-8")
    text = hazard + ("    table: wind.csv\n" if table else "")
    (directory / "thresholds.yaml").write_text(text, encoding="utf-8")
    if table:
        (directory / "wind.csv").write_text(table, encoding="utf-8")
    return directory


def table_of(configuration: Configuration) -> WindTable:
    (rule,) = configuration.rules
    assert isinstance(rule.thresholds, WindTable)
    return rule.thresholds


def rows(table: WindTable) -> list[tuple[int, int, list[float | None]]]:
    critical = [[None if v != v else v for v in row] for row in table.critical_m_per_s.tolist()]  # noqa: PLR0124
    return list(zip(table.village.tolist(), table.station.tolist(), critical, strict=True))


def test_a_village_is_judged_by_its_nearest_stations_within_the_radius(config_dir: Path) -> None:
    table = table_of(load_configuration(written(config_dir)))
    assert rows(table) == [(0, 0, [13.9, None, 28.5, None]), (0, 1, [13.9, None, 28.5, None])]
    assert (table.window_s, table.stale_after_s) == (600, 1800)


def test_a_village_with_rows_of_its_own_is_judged_by_those_alone(config_dir: Path) -> None:
    wide = HAZARD.replace("radius_km: 5\n", "radius_km: 50\n    neighbours: 1\n")
    table = table_of(load_configuration(written(config_dir, wide, TABLE)))
    own = [row for row in rows(table) if row[0] == 1]
    assert own == [(1, 2, [None, None, None, 40.0])]
    assert {village for village, _, _ in rows(table)} == {0, 1, 2}


def test_a_table_alone_is_enough(config_dir: Path) -> None:
    alone = HAZARD[: HAZARD.index("    levels:")]
    assert rows(table_of(load_configuration(written(config_dir, alone, TABLE)))) == [
        (1, 2, [None, None, None, 40.0])
    ]


def test_households_are_not_called_unless_asked_for(config_dir: Path) -> None:
    (rule,) = load_configuration(written(config_dir)).rules
    assert not rule.calls_households
    (rule,) = load_configuration(written(config_dir, HAZARD + "    households: true\n")).rules
    assert rule.calls_households


def test_check_says_who_judges_whom_and_names_villages_without_a_station(config_dir: Path) -> None:
    configuration = load_configuration(written(config_dir))
    assert "wind (strong_wind): gusts of 2 stations for 1 village; source: county plan" in summarise(
        configuration
    )
    assert "wind: 2 villages without any threshold: 002, 003" in lints(configuration)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("28.5}", "12}", "hazards.wind.levels[1].gust_m_per_s: expected orange above blue"),
        ("13.9}", "200}", "hazards.wind.levels[0].gust_m_per_s: expected a number above 0 up to 120"),
        (HAZARD[HAZARD.index("    levels:") :], "", "hazards.wind: expected levels, table or both"),
        (
            "    levels:",
            "    stale_after: 5min\n    levels:",
            "hazards.wind.stale_after: expected at least 10min, got 5min: station 'A2' reports every 10min",
        ),
        (
            "    levels:",
            "    window: 2h\n    levels:",
            "hazards.wind.window: expected a duration from 1min to 1h, got 2h",
        ),
    ],
)
def test_what_cannot_be_is_named_with_its_key(
    config_dir: Path, faults_with: FaultsWith, old: str, new: str, expected: str
) -> None:
    written(config_dir)
    found = faults_with("thresholds.yaml", HAZARD.replace(old, new, 1))
    assert any(expected in fault for fault in found), found


def test_without_a_station_that_measures_gusts_nobody_would_be_warned(
    config_dir: Path, faults_with: FaultsWith
) -> None:
    written(config_dir)
    found = faults_with("stations.csv", STATIONS.replace("wind_gust", "wind_speed"))
    assert any("expected at least one station that measures wind_gust" in fault for fault in found), found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("A3", "S1", "station: station 'S1' does not measure wind_gust"),
        ("m/s", "km/h", "unit: expected m/s, got 'km/h'"),
        (",wind,,", ",wind,1h,", "duration: expected an empty cell: a wind gust has no duration, got '1h'"),
        (",40,", ",400,", "value: expected a number from 0.1 to 120"),
    ],
)
def test_a_row_that_cannot_be_is_named_with_its_line(
    config_dir: Path, faults_with: FaultsWith, old: str, new: str, expected: str
) -> None:
    written(config_dir, table=TABLE)
    found = faults_with("wind.csv", TABLE.replace(old, new, 1))
    assert any(expected in fault for fault in found), found
