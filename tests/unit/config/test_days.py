"""Windows of days in a whole configuration: thresholds, rules, when days begin, the warm-up file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warnstream.config.load import load_configuration
from warnstream.config.summary import lints, summarise
from warnstream.forecast.nowcast import LEADS_S
from warnstream.hazards.registry import needs_of
from warnstream.hazards.sources import asked_windows
from warnstream.model.observations.days import DayWindow, begin_of_day_s
from warnstream.model.observations.readings import empty_batch
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.times import iso_utc, parse_iso
from warnstream.runners.build import build_assessment

FaultsAfter = Callable[[str, str, str], list[str]]
FaultsWith = Callable[[str, str], list[str]]
Faults = Callable[[], list[str]]

RULE = """\
hazards:
  wet_season:
    evaluator: rule
    title: {zh: 久雨, en: Long rain}
    source: test
    levels:
      - {level: yellow, rain: {days: 15}, at_least: 300mm}
      - level: orange
        all:
          - {antecedent_rain: {ratio: 0.84, days: 10}, at_least: 80mm}
          - {rain: {days: 3, today: true}, at_least: 100mm}
          - {rain: 30d, at_least: 400mm}
"""
LANDSLIDE = """\
hazards:
  landslide:
    evaluator: landslide_rain
    title: {zh: 滑坡, en: Landslide}
    source: test
    api_days: 10
    territories:
      - areas: ["*"]
        antecedent_rain: [{level: yellow, mm: 120}]
        daily_rain:
          - {level: yellow, days: 3, mm: 150}
          - {level: orange, days: 3, mm: 200}
          - {level: orange, days: 15, mm: 260, today: true}
"""
WARM_UP = """\
station,day,rain_mm,coverage
S1,2026-06-16,12.5,
S1,2026-06-17,40,0.5
G1,2026-06-17,0.1234,1
"""


def asked(directory: Path) -> tuple[DayWindow, ...]:
    configuration = load_configuration(directory)
    needs = [needs_of(rule) for rule in configuration.rules]
    return asked_windows(needs, LEADS_S, configuration.windows.longest_s).days


def test_only_what_a_rule_reads_is_kept(config_dir: Path, faults_with: FaultsWith) -> None:
    assert asked(config_dir) == ()
    assert build_assessment(load_configuration(config_dir)).snapshot()["days"] == {}
    assert faults_with("thresholds.yaml", RULE) == []
    assert asked(config_dir) == (
        DayWindow(0, 2),
        DayWindow(0, 3),  # holds up the sum with today, as do the days that have ended
        DayWindow(0, 30),
        DayWindow(1, 3),
        DayWindow(1, 10, 0.84),
        DayWindow(1, 15),
    )
    step = build_assessment(load_configuration(config_dir)).step(empty_batch(), 1_800_000_000)
    assert step.failures == {}


def test_durations_beyond_the_longest_are_days_in_tables_too(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert faults_after("thresholds.csv", "1h,red,50", "15d,red,350") == []
    assert asked(config_dir) == (DayWindow(0, 15),)
    assert faults_after("thresholds.yaml", "duration: 3h, rain_mm: 120", "duration: 60d, rain_mm: 900") == []
    step = build_assessment(load_configuration(config_dir)).step(empty_batch(), 1_800_000_000)
    assert step.failures == {}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "{days: 15}",
            "{days: 61}",
            (
                "thresholds.yaml:7: hazards.wet_season.levels[0].rain.days: "
                "expected a whole number from 1 to 60, got 61"
            ),
        ),
        ("{days: 15}", "{days: 1.5}", "levels[0].rain.days: expected a whole number from 1 to 60, got 1.5"),
        ("{days: 15}", "{today: true}", "levels[0].rain: missing. days"),
        ("{days: 15}", "{days: 15, ratio: 0.8}", "levels[0].rain.ratio: unknown key 'ratio'"),
        ("today: true", "today: 1", "rain.today: expected true or false, got 1"),
        ("ratio: 0.84, ", "", "antecedent_rain: missing. ratio"),
        ("ratio: 0.84", "ratio: 84", "antecedent_rain.ratio: expected the daily ratio, above 0 to 1, got 84"),
        ("300mm", "30cm", "levels[0].at_least: expected the unit mm, got cm in 30cm"),
        (
            "30d",
            "61d",
            "rain: expected at most windows.longest of warnstream.yaml (24h), or whole days up to 60d, got",
        ),
        ("30d", "36h", "(24h), or whole days up to 60d, got 36h"),
    ],
)
def test_a_slip_in_a_rule_is_named_with_its_line(
    faults_with: FaultsWith, old: str, new: str, expected: str
) -> None:
    (fault,) = faults_with("thresholds.yaml", RULE.replace(old, new))
    assert fault.startswith("thresholds.yaml:")
    assert expected in fault


def test_the_landslide_hazard_takes_its_days(config_dir: Path, faults_with: FaultsWith) -> None:
    assert faults_with("thresholds.yaml", LANDSLIDE) == []
    table = load_configuration(config_dir).rules[0].thresholds
    assert isinstance(table, LandslideRain)
    assert (table.api_days, table.daily) == (DayWindow(1, 10, 0.84), (DayWindow(0, 14), DayWindow(1, 3)))
    nan = np.nan
    np.testing.assert_array_equal(table.territories[0].daily_mm, [[nan, nan, 260, nan], [nan, 150, 200, nan]])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "days: 3, mm: 200",
            "days: 3, mm: 150",
            "daily_rain[1].mm: expected orange above yellow over 3 days",
        ),
        ("orange, days: 3", "yellow, days: 3", "daily_rain[1].level: duplicate level yellow over 3 days"),
        (
            "days: 15, mm: 260, today: true",
            "days: 15, mm: 190",
            "daily_rain[2].mm: expected orange over 15 days at least that over 3",
        ),
        ("days: 15,", "days: 61,", "daily_rain[2].days: expected a whole number from 1 to 60, got 61"),
        ("api_days: 10", "api_today: true", "api_today: expected api_days beside it"),
    ],
)
def test_a_slip_in_a_territory_is_named(faults_with: FaultsWith, old: str, new: str, expected: str) -> None:
    (fault,) = faults_with("thresholds.yaml", LANDSLIDE.replace(old, new))
    assert fault.startswith("thresholds.yaml:")
    assert expected in fault


def test_days_begin_at_eight_in_china_unless_said_otherwise(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert load_configuration(config_dir).windows.day_begins_s == 0
    assert faults_after("warnstream.yaml", "longest: 24h", "longest: 24h\n  day_begins: 20h") == []
    assert load_configuration(config_dir).windows.day_begins_s == 12 * 3600
    assert faults_after("warnstream.yaml", "  name: county", '  name: county\n  utc_offset: "-03:00"') == []
    assert load_configuration(config_dir).windows.day_begins_s == 23 * 3600


def test_days_that_begin_between_tenth_minutes_are_refused(faults_after: FaultsAfter) -> None:
    assert faults_after("warnstream.yaml", "longest: 24h", "longest: 24h\n  day_begins: 485min") == [
        (
            "warnstream.yaml:9: windows.day_begins: expected a time that is a whole ten minutes of UTC too, "
            "got one that is 00:05 UTC by node.utc_offset"
        )
    ]


@pytest.fixture
def warm(config_dir: Path, faults_with: FaultsWith, faults_after: FaultsAfter) -> Path:
    """A folder with a warm-up file and rules that read days."""
    (config_dir / "daily_rain.csv").write_text(WARM_UP, encoding="utf-8")
    assert faults_with("thresholds.yaml", RULE) == []
    assert faults_after("warnstream.yaml", "longest: 24h", "longest: 24h\n  warm_up: daily_rain.csv") == []
    return config_dir


def test_a_warm_up_file_is_read_by_the_date_on_which_a_day_begins(warm: Path) -> None:
    past = load_configuration(warm).past_days
    assert past is not None
    assert iso_utc(begin_of_day_s(past.first, 0)) == "2026-06-16T00:00:00Z"  # 08:00 in China
    np.testing.assert_array_equal(past.rain_um, [[12_500, 0], [40_000, 123]])
    np.testing.assert_array_equal(past.observed_min, [[1440, 0], [720, 1440]])


def test_a_node_begins_with_the_days_of_its_file(warm: Path) -> None:
    assessment = build_assessment(load_configuration(warm))
    rain = assessment.step(empty_batch(), parse_iso("2026-06-18T08:10:00+08:00")).rain
    window = DayWindow(1, 15)
    assert rain.station_rain_mm[:, rain.column(window)].tolist() == [52.5, 0.123]
    index = DayWindow(1, 10, 0.84)
    assert rain.station_rain_mm[0, rain.column(index)] == pytest.approx(0.84 * 40 + 0.84**2 * 12.5)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("G1,2026-06-17", "G7,2026-06-17", "4: station: unknown station 'G7'"),
        ("G1,2026-06-17", "G1,17.06.2026", "4: day: expected the date on which the day begins"),
        ("G1,2026-06-17", "G1,2026-06-31", "4: day: expected the date on which the day begins"),
        ("G1,", "S1,", "4: day: duplicate day of 'S1', first on line 3"),
        ("12.5", "-1", "2: rain_mm: expected a number from 0 to 2000, got -1"),
        ("12.5", "", "2: rain_mm: expected a number, got ''"),
        (",0.5", ",50", "3: coverage: expected a number from 0 to 1, got 50"),
        ("rain_mm", "rain", "1: rain_mm: missing column"),
    ],
)
def test_a_slip_in_the_warm_up_file_is_named(
    warm: Path, faults: Faults, old: str, new: str, expected: str
) -> None:
    (warm / "daily_rain.csv").write_text(WARM_UP.replace(old, new), encoding="utf-8")
    found = faults()
    assert any(fault.startswith(f"daily_rain.csv:{expected}") for fault in found), found


def test_a_missing_warm_up_file_is_named_where_it_is_asked_for(warm: Path, faults: Faults) -> None:
    (warm / "daily_rain.csv").unlink()
    (fault,) = faults()
    assert fault.startswith("warnstream.yaml:9: windows.warm_up: ")


def test_the_summary_says_which_days_are_kept_and_known(warm: Path) -> None:
    said = summarise(load_configuration(warm))
    assert (
        "days       begin at 08:00; 30 days are kept for rain of today and the 2 days before, "
        "rain of today and the 3 days before, rain of today and the 30 days before, "
        "rain of the 3 days before today, "
        "antecedent rain of the 10 days before today (ratio 0.84, yesterday 0.84), "
        "rain of the 15 days before today"
    ) in said
    assert "warm-up    days from 2026-06-16 to 2026-06-17 of 2 stations" in said
    assert "yellow if rain of the 15 days before today is at least 300 mm (holds to 240 mm)" in said


def test_a_warm_up_that_nothing_reads_is_pointed_at(warm: Path) -> None:
    assert not any("warm_up" in lint for lint in lints(load_configuration(warm)))
    text = (
        RULE[: RULE.index("      - {level: yellow")] + "      - {level: yellow, rain: 1h, at_least: 40mm}\n"
    )
    (warm / "thresholds.yaml").write_text(text, encoding="utf-8")
    assert "windows.warm_up has no effect: no rule reads earlier rain" in lints(load_configuration(warm))
