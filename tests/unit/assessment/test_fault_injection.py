"""Every function of a stage raises in turn: the other hazards' warnings of that very step arrive."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.networks import (
    LOWERING,
    QUALITY,
    T0,
    WINDOWS,
    nearest_weights,
    network_of,
    rain_rule,
    stage_rule,
)
from tests.unit.desk.county import MESSAGE_POLICY, desk_of
from tests.unit.hazards.test_landslide_rain import territory
from tests.unit.rules.county import SIGNS, rule_of
from warnstream.assessment import Assessment, AssessmentStep, Weights, judgement, reasons, villages
from warnstream.assessment.grids import Grids
from warnstream.assessment.late_proofs import LateProofs
from warnstream.assessment.stations import StationState
from warnstream.delivery import texts_en, texts_zh
from warnstream.delivery.texts import parts_of
from warnstream.hazards import (
    forest_fire,
    landslide_rain,
    rain_table,
    rainstorm,
    river_stage,
    slope_movement,
    waterlogging,
)
from warnstream.hazards.conditions.plan import RulePlan
from warnstream.ingest.duplicates import DuplicateFilter
from warnstream.lifecycle.hysteresis import LevelState
from warnstream.lifecycle.signs import SignBook
from warnstream.model.changes import Change
from warnstream.model.level import Level
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of
from warnstream.model.observations.signs import SignReport, SignTrigger, VillageSigns
from warnstream.model.rules.indicators import Indicator, VillageRain
from warnstream.model.rules.landslides import LandslideRain
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.rules.rules import CriticalRain, FireTable, HazardRule, SlopeTable, WaterloggingTable
from warnstream.quality.checks import QualityControl
from warnstream.quality.stations import RainGaugeQuality
from warnstream.villages import combine
from warnstream.windows.antecedent import AntecedentRain
from warnstream.windows.counters import RainCounters
from warnstream.windows.daily_sums import DailySums
from warnstream.windows.fire_weather import FireWeather
from warnstream.windows.rain_window import RainWindow
from warnstream.windows.sensor_series import SensorSeries
from warnstream.windows.spares import SparedRain
from warnstream.windows.stage_series import StageSeries

N = 3
SIREN = (15, 25, 40, 80)
ROUTING = RoutingPolicy(Level.YELLOW, Level.BLUE, (0, 0, 0, 0, 0))
RAIN_HAZARDS = {"flash_flood", "rainstorm", "landslide", "own", "signed"}
SENSOR_HAZARDS = {"river_flood", "slope", "waterlogging"}
EVERY = RAIN_HAZARDS | SENSOR_HAZARDS | {"own_days"}


@cache
def rules() -> tuple[HazardRule, ...]:
    """One of every evaluator, and one that signs raise too."""
    one = np.zeros(1, dtype=np.int32)
    flood = rain_rule(N, SIREN)
    assert isinstance(flood.thresholds, CriticalRain)
    slope = SlopeTable(
        village=one,
        station=one,
        indicator=np.array([Indicator.PORE_PRESSURE], dtype=np.uint8),
        variable=np.array([Variable.PORE_PRESSURE], dtype=np.uint8),
        critical=np.array([[5.0, 10.0, 20.0, 40.0]]),
        steady_mm_per_day=np.full(1, np.nan),
        thermal_deg_per_degc=np.zeros(1),
        near=np.zeros((0, 2), dtype=np.int32),
        window_s=3600,
        persistence=1,
        noise_mm=2.0,
        noise_deg=0.005,
        fit_r2_min=0.9,
        stale_after_s=3 * 3600,
    )
    no_rain = CriticalRain(np.zeros(0, dtype=np.int32), np.zeros((N, 0, 4)))
    depth = WaterloggingTable(one, one, np.array([[10.0, 15.0, 27.0, 40.0]]), no_rain, 1, 1800)
    ground = territory(effective_mm=np.array([10.0, 20.0, 30.0, 500.0]))
    slide = LandslideRain(np.zeros(N, dtype=np.int32), (ground,), 12 * 3600, 24 * 3600, 0.84)
    fire = FireTable(np.array([5.0, 8.0, 12.0, 40.0]), np.zeros((N, 1), dtype=np.int32), 4 * 3600)

    def named(name: str, evaluator: str, table: object) -> HazardRule:
        return HazardRule(name, evaluator, "灾", name, table, 0.0, Level.NONE, LOWERING, "test")  # type: ignore[arg-type]

    trigger = SignTrigger(frozenset({"crack"}), Level.RED, Level.RED)
    return (
        flood,
        named("rainstorm", "rainstorm", flood.thresholds),
        named("landslide", "landslide_rain", slide),
        stage_rule(1, 1, (101, 102, 103, 104)),
        named("slope", "slope_movement", slope),
        named("waterlogging", "waterlogging", depth),
        named("fire", "forest_fire", fire),
        rule_of("[{level: red, rain: 1h, at_least: 45mm}]", name="own", n_villages=N),
        rule_of(
            "[{level: red, rain: {days: 3, today: true}, at_least: 45mm}]",
            name="own_days",
            n_villages=N,
        ),
        replace(rain_rule(N, SIREN, name="signed"), signs=trigger),
    )


def everything() -> ReadingBatch:
    """Readings that raise every hazard but the fire in one step."""
    rows = [
        (0, Variable.RAIN, 50.0),
        (2, Variable.RAIN_TOTAL, 60.0),
        (1, Variable.STAGE, 103.5),
        (0, Variable.PORE_PRESSURE, 25.0),
        (0, Variable.WATER_DEPTH, 30.0),
        (0, Variable.TEMPERATURE, 20.0),
    ]
    station, variable, value = zip(*rows, strict=True)
    return batch_of(station, variable, [T0 + 600] * len(rows), value)


def assessment_of() -> Assessment:
    weights = nearest_weights(N, N)
    return Assessment(
        network_of(N, N),
        rules(),
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
        signs=SIGNS,
    )


def step_of(assessment: Assessment) -> AssessmentStep:
    """A step that raises everything; the counter of the third gauge had its first reading before it."""
    return assessment.step(everything(), T0 + 600, [SignReport("V2", "crack", "p1", "wall")])


def ready() -> Assessment:
    assessment = assessment_of()
    assessment.step(batch_of([2], [Variable.RAIN_TOTAL], [T0 + 300], [10.0]), T0 + 300)
    return assessment


def told(found: AssessmentStep) -> set[tuple[str, int, Level]]:
    return {(c.hazard, c.village, c.level) for c in found.changes if c.kind is Change.RISE}


@cache
def told_when_sound() -> frozenset[tuple[str, int, Level]]:
    sound = step_of(ready())
    assert {hazard for hazard, _, _ in told(sound)} == EVERY
    assert sound.failures == {}
    return frozenset(told(sound))


FAULTS: list[tuple[object, str, set[str]]] = [
    # quality and ingest: what nobody could check counts, unconfirmed
    (QualityControl, "check_range", set()),
    (QualityControl, "check_series", set()),
    (DuplicateFilter, "mark", set()),
    (RainGaugeQuality, "step", set()),
    (StationState, "take", EVERY),
    (StationState, "_check", set()),
    (StationState, "is_reporting", set()),
    (StationState, "is_usable", set()),
    (StationState, "judge_gauges", set()),
    # windows
    (RainCounters, "step", RAIN_HAZARDS | {"own_days"}),
    (RainWindow, "advance", RAIN_HAZARDS | {"own_days"}),
    (RainWindow, "add", RAIN_HAZARDS | {"own_days"}),
    (RainWindow, "latest", RAIN_HAZARDS | {"own_days"}),
    (SparedRain, "latest", RAIN_HAZARDS | {"own_days"}),
    (StageSeries, "add", {"river_flood"}),
    (SensorSeries, "add", {"slope", "waterlogging"}),
    (SensorSeries, "samples", {"slope", "waterlogging", "own", "own_days"}),
    (AntecedentRain, "advance", {"landslide"}),
    (AntecedentRain, "states", {"landslide"}),
    (DailySums, "advance", {"own_days"}),
    (DailySums, "rain", RAIN_HAZARDS | {"own_days"}),
    (FireWeather, "advance", set()),
    (FireWeather, "add", set()),
    (FireWeather, "index", {"own", "own_days"}),
    # villages, forecast, grids, signs
    (villages.VillageState, "update_nowcast", set()),
    (villages.VillageState, "rain", RAIN_HAZARDS | {"own_days"}),
    (villages.VillageState, "antecedent", {"landslide"}),
    (villages, "combine", RAIN_HAZARDS | {"own_days"}),
    (combine, "_heard", RAIN_HAZARDS | {"own_days"}),
    (Grids, "take", set()),
    (Grids, "stand_in", set()),
    (Grids, "step", set()),
    (LateProofs, "step", set()),
    (SignBook, "step", {"signed"}),
    (SignBook, "standing", {"signed"}),
    (VillageSigns, "levels", {"signed"}),
    # hazards
    (rain_table, "evaluate_where", {"flash_flood", "rainstorm", "signed", "waterlogging"}),
    (rainstorm, "may_continue", {"rainstorm"}),
    (landslide_rain, "evaluate", {"landslide"}),
    (river_stage, "evaluate", {"river_flood"}),
    (river_stage, "what_counts", {"river_flood"}),
    (slope_movement, "evaluate", {"slope"}),
    (waterlogging, "evaluate", {"waterlogging"}),
    (forest_fire, "evaluate", set()),
    (RulePlan, "evaluate", {"own", "own_days"}),
    # villages of zones, reasons, the judgement itself
    (judgement, "check_finding", EVERY),
    (judgement, "worst_of_zones", EVERY),
    (judgement, "reason_of_value", set()),
    (judgement, "reason_of_facts", set()),
    (judgement, "reason_of_sign", set()),
    (reasons, "_spare_facts", set()),
    (RulePlan, "carriers", set()),
    (StationState, "gauge_and_spare", set()),
]


def name_of(fault: tuple[object, str, set[str]]) -> str:
    return f"{getattr(fault[0], '__name__', '')}.{fault[1]}"


@pytest.mark.parametrize(("place", "name", "lost"), FAULTS, ids=map(name_of, FAULTS))
def test_a_function_that_raises_keeps_no_warning_of_another_hazard_back(
    place: object, name: str, lost: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = told_when_sound()
    assessment = ready()
    calls = []

    def broken(*_args: object, **_named: object) -> None:
        calls.append(name)
        raise RuntimeError("seeded fault")

    monkeypatch.setattr(place, name, broken)
    found = step_of(assessment)
    assert calls
    assert all("seeded fault" in error for error in found.failures.values())
    assert found.failures
    assert told(found) >= {rise for rise in sound if rise[0] not in lost}
    warned = desk_of(network_of(N, N), rules(), MESSAGE_POLICY, ROUTING).step(found.changes, T0 + 600)
    assert len(warned.messages) == len(told(found))
    for message in warned.messages:
        for language in (texts_en, texts_zh):
            assert language.texts(parts_of(message, network_of(N, N), rules(), MESSAGE_POLICY)).text


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (judgement, "check_finding"),
        (judgement.Judgement, "_changes"),
        (LevelState, "commit"),
        (RulePlan, "evaluate"),
        (slope_movement, "evaluate"),
        (VillageRain, "main_station"),
    ],
)
def test_what_could_not_be_told_is_told_by_the_next_step(
    place: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No level moves in silence: after a fault the same rise is still to come."""
    sound, assessment = told(step_of(ready())), ready()
    with monkeypatch.context() as patch:
        broken = lambda *_args, **_named: 1 / 0  # noqa: E731
        patch.setattr(place, name, broken)
        first = step_of(assessment)
    second = assessment.step(batch_of([], [], [], []), T0 + 660)
    assert told(first) < sound
    assert told(first) | told(second) == sound


@pytest.mark.parametrize("name", ["reason_of_value", "reason_of_facts", "reason_of_sign"])
def test_a_reason_that_raises_is_replaced_by_a_bare_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assessment = ready()
    monkeypatch.setattr(judgement, name, lambda *_args: 1 / 0)
    found = step_of(assessment)
    bare = [change.reason for change in found.changes if change.reason and not change.reason.station]
    assert bare
    assert all(not reason.confirmed and reason.source for reason in bare)
    assert {part.split()[0] for part in found.failures} == {"reason"}
    assert assessment.view(0).hazards  # and the explanation of that very step can still be asked for


def test_the_bare_reason_of_a_measured_level_still_says_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "reason_of_value", lambda *_args: 1 / 0)
    found = step_of(ready())
    stage = next(change for change in found.changes if change.hazard == "river_flood")
    assert stage.reason is not None
    assert (stage.reason.indicator, stage.reason.value, stage.reason.threshold) == ("stage", 103.5, 103.0)
