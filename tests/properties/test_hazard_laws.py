"""More rain never lowers a level: of all rain hazards, and of rules without rises_by and at_most.

Mean intensity of an event is left out: it is not monotone by nature, because
an earlier drizzle makes the event longer.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.networks import HOUR, LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from tests.unit.hazards.test_landslide_rain import territory
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, Weights
from warnstream.model.level import Level
from warnstream.model.observations.readings import ReadingBatch, empty_batch
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.rules import CriticalRain, HazardRule, WaterloggingTable, Wetness

N = 2
STEPS = 18
STEP_S = 600
AMOUNTS = (5.0, 10.0, 20.0, 40.0)

reading = st.tuples(st.integers(0, N - 1), st.integers(0, STEPS - 1), st.integers(0, 300))
storms = st.lists(reading, max_size=25, unique_by=lambda row: row[:2])


def landslide() -> HazardRule:
    everything = territory(
        line_rain_mm=tuple(np.array([0.0, 20.0]) for _ in AMOUNTS),
        line_soil_water_mm=tuple(np.array([8 * mm, 3 * mm]) for mm in AMOUNTS),
        effective_mm=4 * np.array(AMOUNTS),
        antecedent_mm=5 * np.array(AMOUNTS),
        weighted_mm=2 * np.array(AMOUNTS),
    )
    table = LandslideRain(np.zeros(N, dtype=np.int32), (everything,), 12 * HOUR, 24 * HOUR, 0.84)
    return HazardRule("landslide", "landslide_rain", "滑坡", "x", table, 0.0, Level.NONE, LOWERING, "t")


def flood(name: str, wetness: Wetness | None) -> HazardRule:
    rule = rain_rule(N, AMOUNTS, name=name)
    assert isinstance(rule.thresholds, CriticalRain)
    return replace(rule, thresholds=replace(rule.thresholds, wetness=wetness))


def waterlogging() -> HazardRule:
    plain = rain_rule(N, AMOUNTS, duration_s=1800).thresholds
    assert isinstance(plain, CriticalRain)
    none = np.zeros(0, dtype=np.int32)
    table = WaterloggingTable(none, none, np.zeros((0, 4)), plain, 2, 1800)
    return HazardRule("ponding", "waterlogging", "内涝", "x", table, 0.0, Level.NONE, LOWERING, "t")


def rainstorm() -> HazardRule:
    return replace(
        rain_rule(N, AMOUNTS, duration_s=3 * HOUR, name="rainstorm"),
        evaluator="rainstorm",
        continues_mm_per_h=1.0,
    )


def tables(share: float) -> np.ndarray:
    return np.broadcast_to(share * np.array(AMOUNTS), (N, 1, 4)).copy()


WRITTEN = rule_of(
    """
    - level: blue
      any: [{rain: 1h, at_least: 12mm, for: 20min}, {soil_water: now, at_least: 60mm}]
    - level: yellow
      first: {rain: 30min, at_least: 15mm}
      then: {rain: 10min, at_least: 5mm}
      within: 1h
    - level: orange
      all: [{hazard: landslide, at_least: yellow}, {rain: 1h, at_least: 20mm}]
    - level: red
      all:
        - {effective_rain: 6h, at_least: 60mm}
        - any: [{event_rain: 12h, at_least: 70mm, for: 10min}, {antecedent_rain: 0.84, at_least: 90mm}]
    """,
    name="written",
)
HAZARDS: dict[str, tuple[HazardRule, ...]] = {
    "rainstorm": (rainstorm(),),
    "critical_rainfall": (flood("flood", None),),
    "classes of wetness": (
        flood("flood", Wetness(0.84, (20.0, 40.0), tables(1.2), tables(0.8), np.zeros(0), np.zeros(0))),
    ),
    "guidance": (
        flood("flood", Wetness(0.0, (0, 0), None, None, np.array([10.0, 60.0]), np.array([1.0, 0.5]))),
    ),
    "landslide_rain": (landslide(),),
    "waterlogging": (waterlogging(),),
    "rule": (WRITTEN, landslide()),
}


def new_assessment(rules: tuple[HazardRule, ...]) -> Assessment:
    weights = nearest_weights(N, N)
    return Assessment(
        network_of(N, N, interval_s=STEP_S),
        rules,
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


@cache
def watched(name: str) -> dict[str, dict[str, np.ndarray]]:
    """State after four dry days: the ground is known, so that wetness counts."""
    assessment = new_assessment(HAZARDS[name])
    for hour in range(-96, 0):
        dry = rain(*((s, hour * HOUR + part * STEP_S, 0.0) for s in range(N) for part in range(1, 7)))
        assessment.step(dry, T0 + (hour + 1) * HOUR)
    return assessment.snapshot()


def batch_at(storm: dict[tuple[int, int], int], step: int) -> ReadingBatch:
    rows = [(s, STEP_S * (step + 1), storm.get((s, step), 0) / 10) for s in range(N)]
    return rain(*rows) if rows else empty_batch()


@pytest.mark.parametrize("name", HAZARDS)
@settings(max_examples=8, deadline=None)
@given(storm=storms, extra=reading)
@example(storm=[(1, 7, 272), (1, 8, 127), (1, 9, 284)], extra=(1, 8, 107))  # red earlier, and fell earlier
def test_more_rain_never_lowers_a_level(
    name: str, storm: list[tuple[int, int, int]], extra: tuple[int, int, int]
) -> None:
    station, at, tips = extra
    less = {row[:2]: row[2] for row in storm}
    more = less | {(station, at): less.get((station, at), 0) + tips}
    one, other = (new_assessment(HAZARDS[name]) for _ in range(2))
    for assessment in (one, other):
        assessment.restore(watched(name))
    for step in range(STEPS):
        now_s = T0 + STEP_S * (step + 1)
        one.step(batch_at(less, step), now_s)
        other.step(batch_at(more, step), now_s)
        for rule in HAZARDS[name]:
            assert (other.level(rule.name).level >= one.level(rule.name).level).all(), (rule.name, step)


@settings(max_examples=10, deadline=None)
@given(storm=storms, restart_at=st.integers(0, STEPS - 1))
def test_a_rule_restarted_at_any_step_goes_on_as_if_it_had_not_been(
    storm: list[tuple[int, int, int]], restart_at: int
) -> None:
    rain_of = {row[:2]: row[2] for row in storm}
    runs = []
    for at in (-1, restart_at):
        assessment, changes = new_assessment(HAZARDS["rule"]), []
        assessment.restore(watched("rule"))
        for step in range(STEPS):
            if step == at:
                state, assessment = assessment.snapshot(), new_assessment(HAZARDS["rule"])
                assessment.restore(state)
            changes += assessment.step(batch_at(rain_of, step), T0 + STEP_S * (step + 1)).changes
        runs.append(changes)
    assert runs[0] == runs[1]
