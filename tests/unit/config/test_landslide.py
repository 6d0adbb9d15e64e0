from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warnstream.config.load import load_configuration
from warnstream.model.rules.landslides import LandslideRain

FaultsWith = Callable[[str, str], list[str]]

HAZARD = """\
hazards:
  landslide:
    evaluator: landslide_rain
    title: {zh: 滑坡, en: Landslide}
    source: test
    territories:
      - areas: ["*"]
        intensity_duration:
          - {level: yellow, a: 14.82, b: 0.39, hours_max: 500}
        antecedent_rain:
          - {level: yellow, mm: 120}
          - {level: red, mm: 250}
      - areas: [East, "003"]
        critical_line:
          - {level: orange, soil_water_mm: 150, rain_60min_mm: 20}
          - {level: orange, soil_water_mm: 200, rain_60min_mm: 0}
"""


def test_the_most_exact_name_of_an_area_counts(faults_with: FaultsWith, config_dir: Path) -> None:
    text = HAZARD.replace('[East, "003"]', "[East]").replace('["*"]', '["*", "002"]')
    assert faults_with("thresholds.yaml", text) == []
    table = load_configuration(config_dir).rules[0].thresholds
    assert isinstance(table, LandslideRain)
    assert table.territory.tolist() == [1, 0, 0]


def test_points_of_a_line_are_sorted_by_rain(faults_with: FaultsWith, config_dir: Path) -> None:
    assert faults_with("thresholds.yaml", HAZARD) == []
    table = load_configuration(config_dir).rules[0].thresholds
    assert isinstance(table, LandslideRain)
    orange = table.territories[1]
    assert (orange.line_rain_mm[2].tolist(), orange.line_soil_water_mm[2].tolist()) == ([0, 20], [200, 150])
    np.testing.assert_array_equal(table.territories[0].antecedent_mm, [np.nan, 120, np.nan, 250])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[East, ", "[Esat, ", "territories[1].areas[0]: unknown village, township or county 'Esat'"),
        ('[East, "003"]', '["*"]', "territories[1].areas[0]: area '*' is in territories[0] already"),
        ("soil_water_mm: 150", "soil_water_mm: 250", "critical_line[1]: expected less soil_water_mm"),
        ("mm: 250", "mm: 100", "antecedent_rain[1].mm: expected red above yellow"),
        ("hours_max: 500", "hours_max: 0.5", "hours_min: expected less than hours_max (0.5)"),
        ("intensity_duration", "intensity", "unknown key 'intensity'"),
    ],
)
def test_a_slip_is_named_with_its_place(faults_with: FaultsWith, old: str, new: str, expected: str) -> None:
    (fault,) = faults_with("thresholds.yaml", HAZARD.replace(old, new))
    assert fault.startswith("thresholds.yaml:")
    assert expected in fault


def test_a_territory_without_any_criterion_is_a_fault(faults_with: FaultsWith) -> None:
    text = HAZARD[: HAZARD.index("        critical_line")]
    (fault,) = faults_with("thresholds.yaml", text)
    assert "territories[1]: expected at least one of critical_line" in fault
