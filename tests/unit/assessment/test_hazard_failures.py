"""Two hazards fail, by an exception and by a table of NaN: others go on, levels hold, it is said."""

from dataclasses import replace

import numpy as np
import pytest

from tests.kinds import judge_by
from tests.networks import (
    HOUR,
    QUALITY,
    T0,
    WINDOWS,
    nearest_weights,
    network_of,
    rain,
    rain_rule,
    stage,
    stage_rule,
)
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, Weights
from warnstream.hazards import critical_rainfall
from warnstream.model.changes import Change
from warnstream.model.level import Level
from warnstream.model.observations.readings import concatenate
from warnstream.model.rules.indicators import HazardLevels, VillageRain
from warnstream.model.rules.rules import CriticalRain, HazardRule

N = 3
SIREN = (15, 25, 40, 80)


def assessment_of(*rules: HazardRule) -> Assessment:
    weights = nearest_weights(N, N)
    return Assessment(
        network_of(N, N),
        rules,
        weights=Weights(weights, weights),
        windows=WINDOWS,
        quality=QUALITY,
        nowcast=None,
    )


def test_an_exception_and_a_table_of_nan_touch_no_other_hazard(monkeypatch: pytest.MonkeyPatch) -> None:
    table = rain_rule(N, SIREN, name="lost_table")
    rules = (
        rain_rule(N, SIREN, name="raises"),
        table,
        rain_rule(N, SIREN, name="sound"),
        stage_rule(2, 1, (101, 102, 103, 104)),
        rule_of("[{level: red, rain: 1h, at_least: 45mm}]", name="written", n_villages=N),
    )
    before = assessment_of(*rules)
    before.step(rain((0, 300, 30.0)), T0 + 300)
    assert before.level("raises").level[0] == before.level("lost_table").level[0] == Level.YELLOW

    def evaluate(rule: HazardRule, villages: VillageRain) -> HazardLevels:
        if rule.name == "raises":
            raise RuntimeError("seeded fault")
        return critical_rainfall.evaluate(rule, villages)

    judge_by(monkeypatch, "critical_rainfall", evaluate)
    nothing = CriticalRain(np.array([HOUR], dtype=np.int32), np.full((N, 1, 4), np.nan))
    after = assessment_of(rules[0], replace(table, thresholds=nothing), *rules[2:])
    after.restore(before.snapshot())
    found = []
    for minute in range(10, 240, 5):
        amount = 50.0 if minute == 10 else 0.0
        batch = rain((0, 60 * minute, 0.0), (1, 60 * minute, amount), (2, 60 * minute, 0.0))
        step = after.step(batch, T0 + 60 * minute)
        found += step.changes
        assert step.failures == {
            "raises": "RuntimeError: seeded fault",
            "lost_table": "ValueError: no threshold is a number: the table has no value at all",
        }
    # Nobody could see either hazard: what stood stands, whatever the hours bring.
    assert after.level("raises").level.tolist() == [Level.YELLOW, 0, 0]
    assert after.level("lost_table").level.tolist() == [Level.YELLOW, 0, 0]
    assert {(c.kind, c.village) for c in found if c.hazard in {"raises", "lost_table"}} == {
        (Change.SIGHT_LOST, 0)
    }
    rises = {(c.hazard, c.village, c.level) for c in found if c.kind is Change.RISE}
    assert rises == {("sound", 1, Level.ORANGE), ("written", 1, Level.RED)}


def test_an_evaluator_that_gives_nonsense_is_a_failure_of_its_hazard(monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluate(rule: HazardRule, villages: VillageRain) -> HazardLevels:
        found = critical_rainfall.evaluate(rule, villages)
        return found if rule.name == "sound" else replace(found, level=found.level[:1] + np.uint8(9))

    judge_by(monkeypatch, "critical_rainfall", evaluate)
    assessment = assessment_of(rain_rule(N, SIREN, name="nonsense"), rain_rule(N, SIREN, name="sound"))
    step = assessment.step(rain((1, 300, 45.0)), T0 + 300)
    assert step.failures == {"nonsense": "ValueError: level of 1 places, expected 3"}
    assert [(change.hazard, change.village) for change in step.changes] == [("sound", 1)]


def test_a_rule_that_reads_a_failing_hazard_reads_its_held_level(monkeypatch: pytest.MonkeyPatch) -> None:
    written = rule_of(
        "[{level: red, all: [{hazard: other, at_least: yellow}, {stage: S0, at_least: 3m}]}]",
        name="own",
        n_villages=N,
    )
    assessment = assessment_of(rain_rule(N, SIREN, name="other"), written)
    assessment.step(rain((0, 300, 30.0)), T0 + 300)

    def broken(_rule: HazardRule, _villages: VillageRain) -> HazardLevels:
        raise RuntimeError("seeded fault")

    judge_by(monkeypatch, "critical_rainfall", broken)
    readings = concatenate([rain((0, 600, 1.0)), stage((0, 600, 3.5))])
    step = assessment.step(readings, T0 + 600)
    assert [(c.hazard, c.village, c.kind) for c in step.changes] == [
        ("other", 0, Change.SIGHT_LOST),
        ("own", 0, Change.RISE),
    ]
