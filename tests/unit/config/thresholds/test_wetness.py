"""Critical rainfall by wetness in a configuration: what is refused, all at once, and what comes of it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warnstream.config.load import load_configuration
from warnstream.model.rules.rules import CriticalRain

HAZARD = """\
hazards:
  flash_flood:
    evaluator: critical_rainfall
    title: {zh: 山洪, en: Flash flood}
    source: county survey
    wetness: {storage_mm: 120}
    critical_ratio: 0.9
    levels:
      - {level: orange, duration: 1h, rain_mm: 60, wetness: dry}
      - {level: orange, duration: 1h, rain_mm: 50, wetness: medium}
      - {level: orange, duration: 1h, rain_mm: 40, wetness: wet}
      - {level: red, duration: 1h, rain_mm: 80}
    table: thresholds.csv
"""
TABLE = """\
village,hazard,duration,level,value,unit,station,wetness
002,flash_flood,30min,orange,30,mm,,dry
002,flash_flood,30min,orange,25,mm,,medium
002,flash_flood,30min,orange,20,mm,,wet
002,flash_flood,30min,red,35,mm,,
"""


@pytest.fixture
def folder(config_dir: Path) -> Path:
    (config_dir / "thresholds.yaml").write_text(HAZARD, encoding="utf-8")
    (config_dir / "thresholds.csv").write_text(TABLE, encoding="utf-8")
    return config_dir


def test_each_class_has_its_values_and_those_of_all(folder: Path) -> None:
    table = load_configuration(folder).rules[0].thresholds
    assert isinstance(table, CriticalRain)
    wetness = table.wetness
    assert wetness is not None
    assert wetness.dry_mm is not None
    assert wetness.wet_mm is not None
    assert (wetness.api_ratio, wetness.limit_mm) == (0.84, (60.0, 96.0))
    for critical, orange, own in (
        (wetness.dry_mm, 60, 30),
        (table.critical_mm, 50, 25),
        (wetness.wet_mm, 40, 20),
    ):
        np.testing.assert_allclose(critical[0, 1], [np.nan, np.nan, 0.9 * orange, 72.0])
        np.testing.assert_allclose(critical[1, 0], [np.nan, np.nan, 0.9 * own, 31.5])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "002,flash_flood,30min,orange,20,mm,,wet",
            "002,flash_flood,30min,orange,26,mm,,wet",
            "thresholds.csv:4: value: expected orange over 30min on wet ground at most that on medium",
        ),
        (
            "orange,30,mm,,dry",
            "orange,36,mm,,dry",
            "thresholds.csv:5: value: expected red over 30min above orange (36 mm), got 35 mm",
        ),
        (
            "mm,,medium",
            "mm,,moist",
            "thresholds.csv:3: wetness: expected dry, medium or wet or an empty cell, got 'moist'",
        ),
        (
            "30min,orange,25,mm,,medium",
            "30min,orange,25,mm,,dry",
            "thresholds.csv:3: duplicate threshold, first on line 2",
        ),
    ],
)
def test_a_table_that_is_not_monotone_is_refused(
    folder: Path, faults: Callable[[], list[str]], old: str, new: str, expected: str
) -> None:
    assert TABLE.count(old) == 1
    (folder / "thresholds.csv").write_text(TABLE.replace(old, new), encoding="utf-8")
    assert any(fault.startswith(expected) for fault in faults()), faults()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "rain_mm: 40, wetness: wet",
            "rain_mm: 55, wetness: wet",
            "thresholds.yaml:11: hazards.flash_flood.levels[2].rain_mm: expected orange over 1h on wet",
        ),
        (
            "    wetness: {storage_mm: 120}\n",
            "",
            "thresholds.yaml:8: hazards.flash_flood.levels[0].wetness: expected a section wetness beside",
        ),
        (
            "{storage_mm: 120}",
            "{storage_mm: 120, wet_from: 0.4}",
            "thresholds.yaml:6: hazards.flash_flood.wetness.wet_from: expected above medium_from (0.5)",
        ),
        (
            "    critical_ratio: 0.9\n",
            "    guidance: [{soil_water_mm: 60, share: 0.5}, {soil_water_mm: 90, share: 0.6}]\n",
            "thresholds.yaml:7: hazards.flash_flood.guidance[1]: expected more soil_water_mm and not more",
        ),
        (
            "    critical_ratio: 0.9\n",
            "    guidance: [{soil_water_mm: 60, share: 0.5}, {soil_water_mm: 90, share: 0.4}]\n",
            "thresholds.yaml:7: hazards.flash_flood.guidance: expected wetness or guidance, not both",
        ),
    ],
)
def test_a_section_that_contradicts_itself_is_refused(
    folder: Path, faults: Callable[[], list[str]], old: str, new: str, expected: str
) -> None:
    assert HAZARD.count(old) == 1
    (folder / "thresholds.yaml").write_text(HAZARD.replace(old, new), encoding="utf-8")
    assert any(fault.startswith(expected) for fault in faults()), faults()


def test_every_violation_is_told_at_once(folder: Path, faults: Callable[[], list[str]]) -> None:
    """A longer duration, a higher level and wetter ground, each the wrong way round."""
    (folder / "thresholds.csv").write_text(
        TABLE.replace("30min,orange,20,", "30min,orange,27,").replace("red,35", "red,28")
        + "002,flash_flood,1h,red,27,mm,,\n",
        encoding="utf-8",
    )
    found = [fault for fault in faults() if fault.startswith("thresholds.csv")]
    assert [fault.split(":")[1] for fault in found] == ["4", "5", "6"]
