from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.config.load import load_configuration
from warnstream.config.thresholds.rows import find_unordered
from warnstream.model.level import LEVELS, Level
from warnstream.model.rules.rules import CriticalRain, CriticalStage, HazardRule

FaultsAfter = Callable[[str, str, str], list[str]]
FaultsWith = Callable[[str, str], list[str]]

HEADER = "village,hazard,duration,level,value,unit,station,source\n"
STAGE = "001,river_flood,,red,12,m,G1,\n"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            "009,flash_flood,1h,red,50,mm,,",
            "village: unknown village '009': did you mean '003'? Known here: 001, 002, 003",
        ),
        (
            "002,flash_flod,1h,red,50,mm,,",
            (
                "hazard: unknown hazard 'flash_flod': did you mean 'flash_flood'? "
                "Known here: flash_flood, river_flood"
            ),
        ),
        (
            "002,flash_flood,1 hour,red,50,mm,,",
            "duration: expected a number with a unit (ms, s, min, h, d) such as 30min, got '1 hour'",
        ),
        (
            "002,flash_flood,,red,50,mm,,",
            "duration: expected a number with a unit (ms, s, min, h, d) such as 30min, got ''",
        ),
        ("002,flash_flood,5min,red,50,mm,,", "duration: expected at least 10min, got 5min"),
        ("002,flash_flood,630s,red,50,mm,,", "duration: expected whole minutes, got 630s"),
        (
            "002,flash_flood,25h,red,50,mm,,",
            (
                "duration: expected at most windows.longest of warnstream.yaml (24h), "
                "or whole days up to 60d, got 25h"
            ),
        ),
        (
            "002,flash_flood,61d,red,500,mm,,",
            (
                "duration: expected at most windows.longest of warnstream.yaml "
                "(24h), or whole days up to 60d, got 61d"
            ),
        ),
        (
            "002,flash_flood,1h,RED,50,mm,,",
            "level: unknown level 'RED'. Known here: blue, orange, red, yellow",
        ),
        (
            "002,flash_flood,1h,none,50,mm,,",
            "level: unknown level 'none'. Known here: blue, orange, red, yellow",
        ),
        ("002,flash_flood,1h,red,heavy,mm,,", "value: expected a number, got 'heavy'"),
        ("002,flash_flood,1h,red,-5,mm,,", "value: expected a number from 0 to 5000, got -5"),
        ("002,flash_flood,1h,red,0,mm,,", "value: expected rain above 0 mm: 0 would warn in dry weather"),
        ("002,flash_flood,1h,red,50,cm,,", "unit: expected mm, got 'cm'"),
        (
            "002,flash_flood,1h,red,50,mm,G1,",
            "station: expected an empty cell: rain is judged per village, got 'G1'",
        ),
        ("001,river_flood,,yellow,9,mm,G1,", "unit: expected m, got 'mm'"),
        (
            "001,river_flood,1h,yellow,9,m,G1,",
            "duration: expected an empty cell: a stage has no duration, got '1h'",
        ),
        (
            "001,river_flood,,yellow,9,m,,",
            "station: expected the gauge whose stage is judged, got an empty cell",
        ),
        (
            "001,river_flood,,yellow,9,m,G9,",
            "station: unknown station 'G9'. Known here: G1, S1",
        ),
        (
            "001,river_flood,,yellow,9,m,S1,",
            "station: station 'S1' does not measure stage: see `variables` in stations.csv",
        ),
        (
            "001,river_flood,,yellow,9001,m,G1,",
            (
                "value: expected a number from -500 to 9000, got 9001 "
                "(beyond quality.stage_m_range no reading reaches it)"
            ),
        ),
        ("001,river_flood,,red,13,m,G1,", "duplicate threshold, first on line 2"),
        ("001,river_flood,,yellow,12,m,G1,", ""),
    ],
)
def test_a_wrong_threshold_is_named(row: str, expected: str, faults_with: FaultsWith) -> None:
    found = faults_with("thresholds.csv", f"{HEADER}{STAGE}{row}\n")
    if expected:
        assert found == [f"thresholds.csv:3: {expected}"]
    else:
        # The wrong order is told at the higher level, which stands above it in the file.
        assert found == ["thresholds.csv:2: value: expected red above yellow (12 m), got 12 m"]


def test_a_higher_level_must_need_more_rain(faults_after: FaultsAfter) -> None:
    assert faults_after("thresholds.csv", "orange,30", "orange,50") == [
        "thresholds.csv:3: value: expected red over 1h above orange (50 mm), got 50 mm"
    ]


def test_a_longer_duration_must_need_at_least_as_much_rain(faults_after: FaultsAfter) -> None:
    assert faults_after("thresholds.csv", "1h,orange,30", "3h,red,49.5") == [
        "thresholds.csv:2: value: expected red over 3h at least that over 1h (50 mm), got 49.5 mm"
    ]


def test_a_longer_duration_may_need_the_same_rain(faults_after: FaultsAfter) -> None:
    assert faults_after("thresholds.csv", "1h,orange,30", "3h,red,50") == []


def test_a_row_of_a_hazard_that_reads_another_table_is_named(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    (config_dir / "stages.csv").write_text(HEADER + STAGE, encoding="utf-8")
    assert faults_after(
        "thresholds.yaml", "River flood}\n    table: thresholds.csv", "River flood}\n    table: stages.csv"
    ) == [
        f"thresholds.csv:{line}: hazard: hazard 'river_flood' does not read this table: "
        "see its `table` in thresholds.yaml"
        for line in (4, 5)
    ]


def test_durations_are_not_judged_by_windows_that_are_wrong_themselves(faults_after: FaultsAfter) -> None:
    found = faults_after("warnstream.yaml", "longest: 24h", "longest: ten days")
    assert len(found) == 1
    assert found[0].startswith("warnstream.yaml:8: windows.longest")


def _rule(directory: Path, name: str) -> HazardRule:
    return next(rule for rule in load_configuration(directory).rules if rule.name == name)


def test_a_village_with_rows_of_its_own_is_judged_by_those_alone(config_dir: Path) -> None:
    thresholds = _rule(config_dir, "flash_flood").thresholds
    assert isinstance(thresholds, CriticalRain)
    assert thresholds.duration_s.tolist() == [3600, 10_800]
    nan = np.nan
    county = [[nan, 45, nan, 80], [nan, nan, nan, 120]]
    own = [[nan, nan, 30, 50], [nan, nan, nan, nan]]
    np.testing.assert_array_equal(thresholds.critical_mm, [county, own, county])


def test_the_national_rainstorm_signal_holds_in_every_village(config_dir: Path) -> None:
    """Values of the national four-colour signal, as in the demo's thresholds.yaml."""
    demo = Path(__file__).parents[4] / "configs" / "demo" / "thresholds.yaml"
    (config_dir / "thresholds.yaml").write_text(demo.read_text(encoding="utf-8"), encoding="utf-8")
    rule = _rule(config_dir, "rainstorm")
    assert isinstance(rule.thresholds, CriticalRain)
    assert rule.thresholds.duration_s.tolist() == [10_800, 21_600, 43_200]
    nan = np.nan
    signal = [[nan, nan, 50, 100], [nan, 50, nan, nan], [50, nan, nan, nan]]
    np.testing.assert_array_equal(rule.thresholds.critical_mm, [signal] * 3)
    assert (rule.continues_mm_per_h, rule.forecast_level_max) == (1.0, Level.YELLOW)


def test_a_gauge_that_warns_a_village_is_one_row(config_dir: Path) -> None:
    thresholds = _rule(config_dir, "river_flood").thresholds
    assert isinstance(thresholds, CriticalStage)
    assert (thresholds.village.tolist(), thresholds.station.tolist()) == ([0], [1])
    np.testing.assert_array_equal(thresholds.critical_m, [[np.nan, 10.5, np.nan, 12]])
    assert thresholds.stale_after_s == 1800


def test_a_source_of_thresholds_yaml_goes_before_those_of_the_table(config_dir: Path) -> None:
    assert _rule(config_dir, "flash_flood").source == "county plan"
    assert _rule(config_dir, "river_flood").source == "hydrology office"


def test_of_many_sources_three_are_named(faults_with: FaultsWith, config_dir: Path) -> None:
    rows = "".join(
        f"001,river_flood,,{level.word},{10 + level},m,G1,survey {level.word}\n" for level in LEVELS
    )
    assert faults_with("thresholds.csv", HEADER + rows) == []
    assert _rule(config_dir, "river_flood").source == "survey blue; survey yellow; survey orange; and 1 more"


Rows = st.lists(
    st.tuples(st.sampled_from([600, 3600, 10_800]), st.sampled_from(LEVELS), st.integers(1, 6).map(float)),
    unique_by=lambda row: row[:2],
)


@given(Rows)
def test_order_is_reported_exactly_if_two_rows_contradict(rows: list[tuple[int, Level, float]]) -> None:
    """Against every pair of rows, where the check itself compares neighbours only."""
    contradicts = any(
        (duration_s == other_s and level < higher and not other > value)
        or (level == higher and duration_s < other_s and other < value)
        for duration_s, level, value in rows
        for other_s, higher, other in rows
    )
    reported: list[int] = []
    find_unordered(rows, "mm", lambda number, _: reported.append(number))
    assert bool(reported) == contradicts
