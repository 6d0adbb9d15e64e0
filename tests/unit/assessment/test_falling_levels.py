"""Levels come down by the sensors that raised them, whatever other sensors of the village do."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.networks import LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of
from tests.unit.desk.county import MESSAGE_POLICY, desk_of
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, Weights
from warnstream.delivery import texts_en, texts_zh
from warnstream.delivery.cap import certainty
from warnstream.delivery.texts import parts_of
from warnstream.lifecycle.hysteresis import LevelState
from warnstream.model.changes import SILENT_RAISER, Change, LevelChange
from warnstream.model.level import Level
from warnstream.model.observations.readings import Variable, batch_of
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.rules.rules import (
    CriticalRain,
    CriticalStage,
    HazardRule,
    SlopeTable,
    Thresholds,
    WaterloggingTable,
)

ROUTING = RoutingPolicy(Level.YELLOW, Level.BLUE, (0, 0, 0, 0, 0))
LEVELS = [1.0, 2.0, 3.0, 4.0]
HIGH, LOW = 3.5, 0.1
PLACE, SENSORS = np.zeros(2, dtype=np.int32), np.array([0, 1], dtype=np.int32)


def hazard(evaluator: str, table: Thresholds) -> HazardRule:
    return HazardRule("water", evaluator, "水", "Water", table, 0.0, Level.NONE, LOWERING, "test")


def by_stage() -> HazardRule:
    return hazard("river_stage", CriticalStage(PLACE, SENSORS, np.array([LEVELS] * 2), 1800))


def by_depth() -> HazardRule:
    no_rain = CriticalRain(np.zeros(0, dtype=np.int32), np.zeros((1, 0, 4)))
    return hazard("waterlogging", WaterloggingTable(PLACE, SENSORS, np.array([LEVELS] * 2), no_rain, 1, 1800))


def by_slope() -> HazardRule:
    table = SlopeTable(
        village=PLACE,
        station=SENSORS,
        indicator=np.full(2, Indicator.PORE_PRESSURE, dtype=np.uint8),
        variable=np.full(2, Variable.PORE_PRESSURE, dtype=np.uint8),
        critical=np.array([LEVELS] * 2),
        steady_mm_per_day=np.full(2, np.nan),
        thermal_deg_per_degc=np.zeros(2),
        near=np.zeros((0, 2), dtype=np.int32),
        window_s=3600,
        persistence=1,
        noise_mm=2.0,
        noise_deg=0.005,
        fit_r2_min=0.9,
        stale_after_s=1800,
    )
    return hazard("slope_movement", table)


def by_rule() -> HazardRule:
    text = "[{level: orange, any: [{stage: S0, at_least: 3m}, {stage: S1, at_least: 3m}]}]"
    return rule_of(text, name="water", n_villages=1)


KINDS = pytest.mark.parametrize(
    ("make", "variable"),
    [
        (by_stage, Variable.STAGE),
        (by_slope, Variable.PORE_PRESSURE),
        (by_depth, Variable.WATER_DEPTH),
        (by_rule, Variable.STAGE),
    ],
    ids=["stage", "slope", "depth", "rule"],
)


@dataclass
class Village:
    """One village with two sensors; a step every five minutes, and after an hour every `rest_minutes`."""

    rule: HazardRule
    variable: Variable
    assessment: Assessment = field(init=False)
    minute: int = 0
    rest_minutes: int = 10

    def __post_init__(self) -> None:
        weights = nearest_weights(2, 1)
        self.assessment = Assessment(
            network_of(2, 1),
            (self.rule,),
            weights=Weights(weights, weights),
            windows=WINDOWS,
            quality=QUALITY,
            nowcast=None,
        )

    def go(self, minutes: int, first: float | None, second: float | None) -> list[LevelChange]:
        """Both sensors say the same for so long; None: silent."""
        changes: list[LevelChange] = []
        until = self.minute + minutes
        quick = self.minute + 60
        while self.minute < until:
            self.minute += 5 if self.minute < quick else self.rest_minutes
            at_s = T0 + 60 * self.minute
            said = [(n, value) for n, value in enumerate((first, second)) if value is not None]
            stations, values = [n for n, _ in said], [value for _, value in said]
            batch = batch_of(stations, [self.variable] * len(said), [at_s] * len(said), values)
            changes += self.assessment.step(batch, at_s).changes
        return changes

    def level(self) -> Level:
        return Level(int(self.assessment.level("water").level[0]))


Make = Callable[[], HazardRule]


@KINDS
def test_a_sensor_that_never_was_high_pins_nothing_when_it_falls_silent(
    make: Make, variable: Variable
) -> None:
    village = Village(make(), variable)
    village.go(10, HIGH, LOW)
    assert village.level() == Level.ORANGE
    falls = village.go(240, LOW, None)
    assert village.level() == Level.NONE
    assert {change.kind for change in falls} == {Change.FALL}
    assert all(change.confirmed for change in falls)


@KINDS
def test_a_sensor_that_never_reported_pins_nothing(make: Make, variable: Variable) -> None:
    village = Village(make(), variable)
    village.go(10, HIGH, None)
    assert all(change.confirmed for change in village.go(240, LOW, None))
    assert village.level() == Level.NONE


@KINDS
def test_a_silent_raiser_makes_the_fall_unconfirmed_and_not_impossible(
    make: Make, variable: Variable
) -> None:
    village = Village(make(), variable)
    village.go(10, HIGH, LOW)
    falls = village.go(240, None, LOW)
    assert village.level() == Level.NONE
    assert falls
    for change in falls:
        assert not change.confirmed
        assert change.reason is not None
        (fact,) = change.reason.facts
        assert (fact.indicator, fact.station, fact.value) == (SILENT_RAISER, "S0", HIGH)
        assert fact.held_since_s == T0 + 600


@KINDS
def test_a_raiser_that_was_seen_to_fall_before_it_fell_silent_confirms(
    make: Make, variable: Variable
) -> None:
    village = Village(make(), variable)
    village.go(10, HIGH, LOW)
    village.go(10, LOW, LOW)
    assert all(change.confirmed for change in village.go(240, None, LOW))
    assert village.level() == Level.NONE


@KINDS
def test_a_raiser_that_still_reports_holds_the_level(make: Make, variable: Variable) -> None:
    village = Village(make(), variable)
    village.go(10, HIGH, HIGH)
    assert village.go(240, HIGH, LOW) == []
    assert village.level() == Level.ORANGE


@KINDS
def test_a_village_that_hears_no_sensor_at_all_is_blind_and_held(make: Make, variable: Variable) -> None:
    village = Village(make(), variable)
    village.go(10, HIGH, LOW)
    assert [change.kind for change in village.go(240, None, None)] == [Change.SIGHT_LOST]
    assert village.level() == Level.ORANGE


@KINDS
def test_a_sensor_that_died_high_long_before_has_no_part_in_a_new_warning(
    make: Make, variable: Variable
) -> None:
    village = Village(make(), variable)
    village.go(10, HIGH, LOW)
    village.go(240, None, LOW)
    (again,) = [change for change in village.go(10, None, HIGH) if change.kind is Change.RISE]
    assert again.level == Level.ORANGE
    assert all(change.confirmed for change in village.go(240, None, LOW))
    assert village.level() == Level.NONE


def test_people_are_told_which_gauge_cannot_confirm() -> None:
    village = Village(by_stage(), Variable.STAGE)
    changes = village.go(10, HIGH, LOW) + village.go(240, None, LOW)
    network, rules = network_of(2, 1), (by_stage(),)
    desk = desk_of(network, rules, MESSAGE_POLICY, ROUTING)
    messages = [message for change in changes for message in desk.step([change], change.at_s).messages]
    end = messages[-1]
    assert (end.level, end.confirmed, certainty(end)) == (Level.NONE, False, "Likely")
    said = texts_en.texts(parts_of(end, network, rules, MESSAGE_POLICY)).text
    assert "again. Not confirmed: S0 has been silent since 08:10 (last 3.5 m)." in said
    assert (
        "未核实：S0站08:10后无数据（末值3.5米）。"
        in texts_zh.texts(parts_of(end, network, rules, MESSAGE_POLICY)).text
    )
    lowered = next(message for message in messages if message.level is Level.BLUE)
    assert (
        "Measurements are falling. Not confirmed"
        in texts_en.texts(parts_of(lowered, network, rules, MESSAGE_POLICY)).text
    )


def test_the_same_falls_come_after_a_restart() -> None:
    one, other = Village(by_stage(), Variable.STAGE), Village(by_stage(), Variable.STAGE)
    one.go(10, HIGH, LOW)
    one.go(60, None, LOW)
    other.assessment.restore(one.assessment.snapshot())
    other.minute = one.minute
    assert one.go(600, None, LOW) == other.go(600, None, LOW)
    assert LevelState(1).since_s[0] == -1


def test_a_dead_depth_sensor_leaves_a_level_of_rain_to_the_rain() -> None:
    """Rain raised it, rain is measured, the sensor in the underpass has been dead for a year."""
    rain = CriticalRain(np.array([3600], dtype=np.int32), np.array([[[10.0, 20.0, 30.0, 40.0]]]))
    table = WaterloggingTable(PLACE, SENSORS, np.array([LEVELS] * 2), rain, 1, 1800)
    village = Village(hazard("waterlogging", table), Variable.RAIN, rest_minutes=5)
    village.go(5, 35.0, 35.0)
    assert village.level() == Level.ORANGE
    village.go(240, 0.0, 0.0)
    assert village.level() == Level.NONE
