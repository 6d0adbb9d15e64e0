"""A wet fortnight like that before the Lidong landslide (Liandu, Lishui, 2015-11-13 22:50, 38 dead).

Known amounts: more than 50 mm at 13 stations in the 24 h to 08:00, 6 to 8 mm
that evening, after a long wet spell. The spell of 15 mm a day is assumed, and
the critical line is the test's own: what is shown is that soil water and the
last hour together tell this evening from a summer shower, where windows up to
a day see neither the landslide nor the difference.
"""

import numpy as np
import pytest

from tests.networks import HOUR, LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from tests.unit.hazards.test_landslide_rain import line
from warnstream.assessment import Assessment, Weights
from warnstream.model.changes import LevelChange
from warnstream.model.level import Level
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.rules import HazardRule

pytestmark = pytest.mark.slow

WINDOWS_JIANGHUA = {
    1: (35, 45, 60, 80),
    3: (55, 75, 100, 120),
    6: (70, 95, 120, 150),
    24: (100, 130, 160, 200),
}
SOIL_WATER = HazardRule(
    "landslide",
    "landslide_rain",
    "滑坡",
    "Landslide",
    LandslideRain(
        np.zeros(1, dtype=np.int32),
        (line(Level.ORANGE, (0, 100), (5, 72), (30, 50)),),
        12 * HOUR,
        24 * HOUR,
        0.84,
    ),
    0.0,
    Level.NONE,
    LOWERING,
    "line of this test",
)


def rises(hourly_mm: list[float]) -> list[LevelChange]:
    weights = nearest_weights(1, 1)
    rules = (
        SOIL_WATER,
        *(rain_rule(1, mm, duration_s=h * HOUR, name=f"rain_{h}h") for h, mm in WINDOWS_JIANGHUA.items()),
    )
    assessment = Assessment(
        network_of(1, 1, interval_s=3600),
        rules,
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )
    found: list[LevelChange] = []
    for hour, amount in enumerate(hourly_mm, start=1):
        found += assessment.step(rain((0, hour * HOUR, amount)), T0 + hour * HOUR).changes
    return [change for change in found if change.level > 0]


SPELL = [15 / 24] * 24 * 12 + [52 / 24] * 24
EVENING = [0.0] * 13 + [7.0]


def test_soil_water_sees_the_evening_that_windows_miss() -> None:
    (change,) = rises(SPELL + EVENING)
    assert (change.hazard, change.level) == ("landslide", Level.ORANGE)
    assert change.at_s == T0 + len(SPELL + EVENING) * HOUR
    assert change.reason is not None
    assert (change.reason.indicator, change.reason.unit) == ("soil_water", "mm")
    assert change.reason.value > change.reason.threshold
    # 13 days of observation: what lies before them is unknown, and the reason says how much that may be.
    assert 0.9 < change.reason.coverage < 1


def test_the_same_evening_on_dry_ground_is_no_danger() -> None:
    assert rises([0.0] * len(SPELL) + EVENING) == []


def test_a_summer_shower_on_dry_ground_is_no_danger_by_the_same_line() -> None:
    assert rises([0.0] * 24 + [34.0]) == []
