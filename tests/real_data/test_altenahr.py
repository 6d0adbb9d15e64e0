"""The Ahr flood of 14 July 2021 at Altenahr, as an hourly gauge and one every five minutes tell it.

The record has discharge. Stages here are ``0.2195 * Q ** 0.4896`` m: a curve through two reported
points (1.05 m at 24.5 m3/s, about 7 m at 1,180 m3/s), which gives 2.60 m where 2.42 m were reported.
The levels are those of the place: 2.36 m the flood of two years, 3.70 m the record of 2016, 5.19 m
the forecast of that afternoon.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.networks import LOWERING, QUALITY, WINDOWS, nearest_weights, network_of
from warnstream.assessment import Assessment, Weights
from warnstream.model.changes import Change
from warnstream.model.level import Level
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.rules import CriticalStage, HazardRule
from warnstream.model.times import parse_iso

pytestmark = pytest.mark.real_data

HOUR = 3600
LEVELS_M = [1.5, 2.36, 3.70, 5.19]
FIRST, LAST = parse_iso("2021-07-14T00:00:00Z"), parse_iso("2021-07-15T06:00:00Z")
Stages = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def stages(shared_data: Path) -> Stages:
    """Time in seconds and stage in metres, hour by hour."""
    pandas = pytest.importorskip("pandas")
    record = pandas.read_parquet(shared_data / "ahr_flood_2021" / "altenahr_hourly_2001_2022.parquet")
    at_s = (pandas.to_datetime(record.time) - pandas.Timestamp(0)).dt.total_seconds().to_numpy()
    rows = (at_s >= FIRST) & (at_s <= LAST)
    return at_s[rows].astype(np.int64), 0.2195 * record.discharge_m3s.to_numpy()[rows] ** 0.4896


def rises(stages: Stages, interval_s: int, forecast: Level = Level.RED) -> dict[Level, tuple[int, int]]:
    """When each level was raised, seconds, and with which lead."""
    one = np.zeros(1, dtype=np.int32)
    table = CriticalStage(one, one, np.array([LEVELS_M]), 2 * HOUR, horizon_s=3 * HOUR)
    rule = HazardRule("flood", "river_stage", "洪水", "Flood", table, 0.0, forecast, LOWERING, "test")
    weights = nearest_weights(1, 1)
    assessment = Assessment(
        network_of(1, 1, interval_s=interval_s),
        (rule,),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )
    found: dict[Level, tuple[int, int]] = {}
    for at_s in range(FIRST, LAST + 1, interval_s):
        stage_m = float(np.interp(at_s, *stages))
        step = assessment.step(batch_of([0], [Variable.STAGE], [at_s], [stage_m]), at_s)
        for change in step.changes:
            if change.kind is Change.RISE and change.reason is not None:
                found.setdefault(change.level, (at_s, change.reason.lead_s))
    return found


def crossings(stages: Stages) -> dict[Level, int]:
    """When the water stood at each level."""
    minutes = np.arange(FIRST, LAST, 60)
    stage_m = np.interp(minutes, *stages)
    return {Level(n + 1): int(minutes[np.argmax(stage_m >= at_m)]) for n, at_m in enumerate(LEVELS_M)}


def test_an_hourly_gauge_looks_ahead(stages: Stages) -> None:
    """Each level is raised at least 50 minutes before the water is there; observed alone it came after it."""
    crossed, ahead, seen = crossings(stages), rises(stages, HOUR), rises(stages, HOUR, Level.NONE)
    assert set(ahead) == set(seen) == set(crossed)
    for level, at_s in crossed.items():
        assert ahead[level][0] <= at_s - 50 * 60
        assert ahead[level][1] > 0
        assert at_s <= seen[level][0] < at_s + HOUR


def test_it_is_later_than_a_gauge_every_five_minutes_by_less_than_two_hours(stages: Stages) -> None:
    hourly, fine = rises(stages, HOUR), rises(stages, 300)
    for level, (at_s, _) in hourly.items():
        assert 0 <= at_s - fine[level][0] < 2 * HOUR


def test_nothing_is_expected_before_the_water_rises(stages: Stages) -> None:
    assert min(at_s for at_s, _ in rises(stages, HOUR).values()) >= parse_iso("2021-07-14T12:00:00Z")
