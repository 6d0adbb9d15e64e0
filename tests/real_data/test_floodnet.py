"""Street floods of New York, September 2023: how long the first water gives until the road is closed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.networks import QUALITY, WINDOWS, nearest_weights, network_of
from tests.unit.hazards.rain import LOWERING
from warnstream.assessment import Assessment, Weights
from warnstream.model.level import Level
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.rules import CriticalRain, HazardRule, WaterloggingTable

pytestmark = pytest.mark.real_data


def profiles(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Floods of 2023-09-29: times in seconds (any zone) and depths, one pair per event."""
    table = pd.read_parquet(folder / "urban_flood_nyc" / "depth_profiles.parquet")
    day = table[(table["time"] >= "2023-09-29") & (table["time"] < "2023-09-30")]
    return [
        (part["time"].to_numpy().astype("datetime64[s]").astype(np.int64), part["depth_cm"].to_numpy())
        for _, part in day.groupby("event_no")
    ]


def rises(times_s: np.ndarray, depth_cm: np.ndarray) -> dict[Level, int]:
    """When each level was first reached."""
    nothing = CriticalRain(np.zeros(0, dtype=np.int32), np.zeros((1, 0, 4)))
    one = np.zeros(1, dtype=np.int32)
    table = WaterloggingTable(one, one, np.array([[np.nan, 10.0, np.nan, 30.0]]), nothing, 2, 3600)
    rule = HazardRule("w", "waterlogging", "内涝", "Waterlogging", table, 0.0, Level.NONE, LOWERING, "test")
    weights = nearest_weights(1, 1)
    assessment = Assessment(
        network_of(1, 1),
        (rule,),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )
    found: dict[Level, int] = {}
    for at_s, depth in zip(times_s.tolist(), depth_cm.tolist(), strict=True):
        step = assessment.step(batch_of([0], [Variable.WATER_DEPTH], [at_s], [depth]), at_s)
        assert step.failures == {}
        for change in step.changes:
            found.setdefault(change.level, at_s)
    return found


def test_ten_centimetres_come_minutes_before_thirty(shared_data: Path) -> None:
    floods = profiles(shared_data)
    found = [(times[0], times[-1], depth.max(), rises(times, depth)) for times, depth in floods]
    deep = [row for row in found if Level.RED in row[3]]
    assert len(deep) == 11
    to_ten = [row[3].get(Level.YELLOW, row[3][Level.RED]) - row[0] for row in deep]
    gives = [row[3][Level.RED] - row[3].get(Level.YELLOW, row[3][Level.RED]) for row in deep]
    assert [int(np.median(minutes)) // 60 for minutes in (to_ten, gives)] == [5, 24]
    assert min(gives) >= 60


def test_no_level_without_the_depth(shared_data: Path) -> None:
    for times, depth in profiles(shared_data):
        for level, critical in ((Level.YELLOW, 10.0), (Level.RED, 30.0)):
            assert level not in rises(times, depth) or depth.max() >= critical
