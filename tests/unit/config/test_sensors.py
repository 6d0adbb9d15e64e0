from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warnstream.config.load import load_configuration
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import SlopeTable, WaterloggingTable

FaultsWith = Callable[[str, str], list[str]]

HAZARDS = """\
hazards:
  slope:
    evaluator: slope_movement
    title: {zh: 滑坡, en: Slope}
    table: thresholds.csv
    steady_mm_per_day: {D1: 0.5}
    thermal_deg_per_degc: {T1: 0.002}
  water:
    evaluator: waterlogging
    title: {zh: 内涝, en: Waterlogging}
    levels:
      - {level: yellow, duration: 1h, rain_mm: 40}
    table: thresholds.csv
"""
STATIONS = """\
station,latitude,longitude,elevation_m,variables,interval_s,county
T1,28.4000,119.9000,,tilt_x tilt_y temperature,600,County
D1,28.4010,119.9000,,displacement,600,County
C1,28.4500,119.9000,,crack,600,County
W1,28.4000,119.9000,,water_depth,60,County
S1,28.4000,119.9000,,rain,300,County
"""
HEADER = "village,hazard,duration,level,value,unit,station,source\n"
ROWS = """\
001,slope,,red,0.1,deg/h,T1,a
001,slope,,red,85,deg,D1,a
001,slope,,orange,24,h,D1,a
001,slope,,red,6,h,D1,a
002,slope,,red,30,mm,C1,a
001,water,,orange,27,cm,W1,b
002,water,1h,red,60,mm,,b
"""


@pytest.fixture
def faults_of(config_dir: Path, faults_with: FaultsWith) -> Callable[[str, str], list[str]]:
    """Faults with one text of the hazards or rows replaced."""
    (config_dir / "stations.csv").write_text(STATIONS, encoding="utf-8")
    (config_dir / "households.csv").write_text("household,village,channel,address\n", encoding="utf-8")

    def change(old: str, new: str) -> list[str]:
        (config_dir / "thresholds.csv").write_text(HEADER + ROWS.replace(old, new), encoding="utf-8")
        return faults_with("thresholds.yaml", HAZARDS.replace(old, new))

    return change


def test_the_unit_of_a_row_says_what_is_judged(
    faults_of: Callable[[str, str], list[str]], config_dir: Path
) -> None:
    assert faults_of("", "") == []
    slope, water = (rule.thresholds for rule in load_configuration(config_dir).rules)
    assert isinstance(slope, SlopeTable)
    assert isinstance(water, WaterloggingTable)
    found = list(zip(slope.station.tolist(), slope.indicator.tolist(), slope.variable.tolist(), strict=True))
    assert found == [
        (0, Indicator.TILT_RATE, Variable.TILT_X),
        (1, Indicator.TANGENT_ANGLE, Variable.DISPLACEMENT),
        (1, Indicator.FAILURE_TIME, Variable.DISPLACEMENT),
        (2, Indicator.CRACK, Variable.CRACK),
    ]
    np.testing.assert_array_equal(slope.critical[2], [np.nan, np.nan, 24, 6])
    assert slope.steady_mm_per_day[1] == 0.5
    assert slope.thermal_deg_per_degc.tolist() == [0.002, 0, 0, 0]
    # T1 and D1 stand 111 m apart, C1 five kilometres away.
    assert slope.near.tolist() == [[0, 1], [1, 0]]
    np.testing.assert_array_equal(water.critical_cm, [[np.nan, np.nan, 27, np.nan]])
    np.testing.assert_array_equal(
        water.rain.critical_mm[:2, 0], [[np.nan, 40, np.nan, np.nan], [np.nan] * 3 + [60]]
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("red,6,h", "red,30,h", "value: expected red below orange (24 h), got 30 h"),
        ("deg/h,T1", "deg/s,T1", "unit: expected deg/h, mm/d, deg, mm, kPa or h, got 'deg/s'"),
        ("deg/h,T1", "deg/h,D1", "station 'D1' does not measure tilt_x"),
        ("mm,C1", "mm,T1", "station 'T1' does not measure displacement or crack"),
        ("27,cm,W1", "27,cm,", "station: expected the gauge whose water_depth is judged"),
        ("{D1: 0.5}", "{C1: 0.5}", "steady_mm_per_day: expected station 'D1'"),
        ("{T1: 0.002}", "{T9: 0.002}", "thermal_deg_per_degc.T9: unknown station 'T9'"),
    ],
)
def test_a_slip_is_named_with_its_place(
    faults_of: Callable[[str, str], list[str]], old: str, new: str, expected: str
) -> None:
    found = faults_of(old, new)
    assert len(found) == 1
    assert expected in found[0]
