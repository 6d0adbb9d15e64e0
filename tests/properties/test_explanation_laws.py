"""An explanation tells what was judged: laws over random storms, stages and depths."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import HOUR, LOWERING, T0, rain_rule, stage, stage_rule
from tests.properties.test_hazard_laws import (
    AMOUNTS,
    HAZARDS,
    STEP_S,
    STEPS,
    batch_at,
    flood,
    landslide,
    new_assessment,
    rainstorm,
    storms,
    waterlogging,
)
from warnstream.assessment.explanation import HazardView
from warnstream.forecast.nowcast import LEADS_S
from warnstream.hazards import rain_table
from warnstream.hazards import rainstorm as rainstorm_module
from warnstream.model.level import Level
from warnstream.model.network import StationWeights
from warnstream.model.observations.days import DayWindow
from warnstream.model.observations.readings import Variable, batch_of, concatenate
from warnstream.model.rules.indicators import Indicator, VillageRain
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.rules import (
    CriticalRain,
    CriticalStage,
    HazardRule,
    SlopeTable,
    WaterloggingTable,
)

N = 2
BOTH = np.arange(N, dtype=np.int32)


def ponds() -> HazardRule:
    """Waterlogging by depth and rain."""
    table = waterlogging().thresholds
    assert isinstance(table, WaterloggingTable)
    table = replace(table, village=BOTH, station=BOTH, critical_cm=np.array([AMOUNTS] * N))
    return replace(waterlogging(), thresholds=table)


def river() -> HazardRule:
    rule = stage_rule(0, 0, (4.0, 8.0, 12.0, 20.0))
    assert isinstance(rule.thresholds, CriticalStage)
    return replace(rule, forecast_level_max=Level.YELLOW)


def slopes() -> HazardRule:
    """Displacement and its velocity at station 0; hours to failure at station 1."""
    table = SlopeTable(
        village=np.array([0, 0, 1], dtype=np.int32),
        station=np.array([0, 0, 1], dtype=np.int32),
        indicator=np.array(
            [Indicator.DISPLACEMENT, Indicator.VELOCITY, Indicator.FAILURE_TIME], dtype=np.uint8
        ),
        variable=np.full(3, Variable.DISPLACEMENT, dtype=np.uint8),
        critical=np.array([AMOUNTS, (50.0, 100.0, 300.0, 600.0), (48.0, 24.0, 12.0, 6.0)]),
        steady_mm_per_day=np.ones(3),
        thermal_deg_per_degc=np.zeros(3),
        near=np.zeros((0, 2), dtype=np.int32),
        window_s=1800,
        persistence=2,
        noise_mm=0.5,
        noise_deg=0.005,
        fit_r2_min=0.5,
        stale_after_s=HOUR,
    )
    return HazardRule("slope", "slope_movement", "滑坡", "x", table, 0.0, Level.NONE, LOWERING, "t")


def days() -> tuple[HazardRule, ...]:
    """Rain of two days in a table of rain, and of whole days in a territory of landslides."""
    plain = landslide().thresholds
    assert isinstance(plain, LandslideRain)
    windows = DayWindow(0, 1), DayWindow(1, 3, 0.84)
    where = replace(plain.territories[0], daily_mm=np.array([AMOUNTS, AMOUNTS]))
    table = replace(plain, territories=(where,), api_days=DayWindow(0, 9, 0.84), daily=windows)
    return replace(landslide(), thresholds=table), rain_rule(
        N, AMOUNTS, duration_s=48 * HOUR, name="two_days"
    )


SETS = HAZARDS | {
    "days": days(),
    "sensors": (ponds(), river(), slopes()),
    "several": (rainstorm(), landslide(), ponds()),
}


@pytest.mark.parametrize("name", SETS)
@settings(max_examples=6, deadline=None)
@given(storm=storms)
def test_what_was_compared_gives_the_level_that_was_found(
    name: str, storm: list[tuple[int, int, int]]
) -> None:
    """Rain of the storm; the same numbers as stages, depths and displacements, for those who read them."""
    assessment, amounts = new_assessment(SETS[name]), {row[:2]: row[2] for row in storm}
    views: dict[tuple[str, int], HazardView] = {}
    for step in range(STEPS):
        now_s, batch = T0 + STEP_S * (step + 1), batch_at(amounts, step)
        sensors = [
            batch_of(batch.station, [variable] * len(batch), batch.observed_at_s, batch.value * scale)
            for variable, scale in ((Variable.WATER_DEPTH, 1.0), (Variable.DISPLACEMENT, float(step)))
        ]
        stages = stage(*((s, STEP_S * (step + 1), amounts.get((s, step), 0) / 20) for s in range(N)))
        result = assessment.step(concatenate([batch, *sensors, stages]), now_s)
        assert result.failures == {}
        for village in range(N):
            for view in assessment.view(village).hazards:
                level = int(assessment.level(view.hazard).level[village])
                assert view.adds_up, (view.hazard, step, view)
                assert view.standing.level == level >= view.found
                before = views.get((view.hazard, village))
                if before is not None and before.standing.level > level:
                    assert view.standing.level == before.standing.level - 1
                    assert 0 <= before.standing.falls_at_s <= now_s or before.standing.below_since_s < 0
                views[view.hazard, village] = view
        for change in result.changes:
            if change.reason is not None:
                assert views[change.hazard, change.village].reason == change.reason


amounts_mm = st.one_of(st.just(float("nan")), st.integers(0, 60).map(float))


@settings(max_examples=80, deadline=None)
@given(
    rain_mm=st.lists(st.lists(amounts_mm, min_size=10, max_size=10), min_size=3, max_size=3),
    ahead=st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=3, max_size=3),
    level_max=st.sampled_from(Level),
    is_signal=st.booleans(),
)
def test_what_is_expected_is_told_as_it_was_judged(
    rain_mm: list[list[float]], ahead: list[list[int]], level_max: Level, *, is_signal: bool
) -> None:
    durations = np.array([1, 2, 3, 4, 5, 6, 9, 10, 11, 12], dtype=np.int32) * HOUR
    rule = replace(
        rainstorm() if is_signal else flood("flood", None), forecast_level_max=level_max, thresholds=table()
    )
    rain = VillageRain(
        durations,
        np.array(rain_mm),
        np.ones((3, 10)),
        np.zeros(3, dtype=np.bool_),
        np.cumsum(ahead, axis=1).astype(np.float64),
        np.array(rain_mm),
        StationWeights(np.arange(3, dtype=np.int32)[:, None], np.ones((3, 1)), np.zeros((3, 1))),
        leads_s=LEADS_S,
    )
    counts = rainstorm_module.may_continue(rule, rain) if is_signal else None
    found = rain_table.evaluate_where(rule, rain, counts=counts)
    for place in range(3):
        compare = rainstorm_module.compare if is_signal else rain_table.compare
        compared = compare(rule, rain, place)
        worst = max(comparison.level for comparison in compared)
        assert worst == found.level[place]
        if worst:
            carrying = [comparison for comparison in compared if comparison.level == worst]
            value, lead_s = round(float(found.value[place]), 6), found.lead_s[place]
            assert any(
                round(comparison.value, 6) == value and comparison.lead_s == lead_s for comparison in carrying
            )


def table() -> CriticalRain:
    """1, 3, 6 and 12 hours, not every level in each."""
    nan = np.nan
    critical = np.array([[(10, 20, 30, nan), (25, nan, 45, 60), (nan, 50, nan, 80), (60, 70, 90, 120.0)]] * 3)
    return CriticalRain(np.array([1, 3, 6, 12], dtype=np.int32) * HOUR, critical)
