"""gauges.csv and travel.csv of a river hazard: what they give, and what is refused where."""

from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.rules.rules import CriticalStage

GAUGES = "station,datum,base_m,top_m\nG1,1985 datum,8,15\n"
TRAVEL = "station,village,minutes_min,minutes_max,attenuation\nG1,001,40,70,0.8\n"
HAZARD = """\
hazards:
  river_flood:
    evaluator: river_stage
    title: {zh: 洪水, en: River flood}
    table: river.csv
    gauges: gauges.csv
    travel: travel.csv
"""
TABLE = """\
village,hazard,duration,level,value,unit,station
001,river_flood,,yellow,10.5,m,G1
001,river_flood,,red,12,m,G1
"""


@pytest.fixture
def folder(config_dir: Path) -> Path:
    for name, text in (
        ("thresholds.yaml", HAZARD),
        ("river.csv", TABLE),
        ("gauges.csv", GAUGES),
        ("travel.csv", TRAVEL),
    ):
        (config_dir / name).write_text(text, encoding="utf-8")
    return config_dir


def test_reaches_and_ranges_are_joined_to_the_thresholds(folder: Path) -> None:
    rule = load_configuration(folder).rules[0]
    assert isinstance(rule.thresholds, CriticalStage)
    reaches = rule.thresholds.reaches
    assert reaches is not None
    assert (reaches.travel_min_s.tolist(), reaches.travel_max_s.tolist()) == ([2400], [4200])
    assert (reaches.attenuation.tolist(), reaches.base_m.tolist()) == ([0.8], [8.0])
    assert (reaches.gauge.tolist(), reaches.range_m.tolist()) == ([1], [[8.0, 15.0]])
    # Not lowered before the flood that has passed the gauge has arrived.
    assert rule.lowering.hold_s == 4200


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "river.csv",
            "red,12,",
            "red,112,",
            "river.csv:3: value: expected 8 to 15 m over 1985 datum",
        ),
        ("gauges.csv", "8,15", "15,8", "gauges.csv:2: top_m: expected above base_m (15 m), got 8 m"),
        ("gauges.csv", "G1", "S1", "gauges.csv:2: station: station 'S1' does not measure stage"),
        ("gauges.csv", "G1", "G2", "gauges.csv:2: station: unknown station 'G2'"),
        (
            "travel.csv",
            "40,70",
            "40,30",
            "travel.csv:2: minutes_max: expected at least minutes_min (40), got 30",
        ),
        (
            "travel.csv",
            "40,70",
            "40min,70",
            "travel.csv:2: minutes_min: expected a whole number, got '40min'",
        ),
        (
            "travel.csv",
            "001",
            "002",
            "travel.csv:2: expected thresholds of village '002' at 'G1', there is none",
        ),
        ("travel.csv", "001", "009", "travel.csv:2: village: unknown village '009'"),
        ("travel.csv", "0.8", "1.8", "travel.csv:2: attenuation: expected a number from 0.01 to 1, got 1.8"),
        (
            "thresholds.yaml",
            "    gauges: gauges.csv\n",
            "",
            "travel.csv:2: attenuation: expected 'G1' in gauges",
        ),
        (
            "thresholds.yaml",
            "travel.csv",
            "way.csv",
            "thresholds.yaml:7: hazards.river_flood.travel: no such file",
        ),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(
    folder: Path, faults: Callable[[], list[str]], file: str, old: str, new: str, expected: str
) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    assert any(fault.startswith(expected) for fault in faults()), faults()
