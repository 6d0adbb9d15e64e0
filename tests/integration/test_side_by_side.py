"""Configurations over one stream share what they observe, and each finds what it would find alone."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.unit.rule_tests.county import FILES, write_county
from warnstream.assessment.judgement import Judgement
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.engine import EngineStep
from warnstream.hazards import registry
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of
from warnstream.model.rules.rules import HazardRule
from warnstream.runners.build import build_engine, derive
from warnstream.runners.replay.side_by_side import SideBySide, alike

T0 = 1_781_726_400
NOWCAST = ("forecast: {method: none}", "forecast: {method: persistence}")
SOIL = """\
  slope:
    evaluator: rule
    title: {zh: 滑坡, en: Landslide}
    source: survey
    levels:
      - {level: orange, all: [{effective_rain: 12h, at_least: 30mm}, {rain: 3h, at_least: 25mm}]}
      - {level: blue, rain: {days: 2, today: true}, at_least: 15mm}
"""
RIVER = """\
  river:
    evaluator: river_stage
    title: {zh: 洪水, en: River flood}
    table: thresholds.csv
"""
STAGES = """\
village,hazard,duration,level,value,unit,station,source
001,river,,yellow,3.0,m,G1,plan
001,river,,red,5.0,m,G1,plan
"""


def folder(path: Path, *changes: tuple[str, str], more: str = "", stages: str = "") -> Configuration:
    """A county of its own: words of its files changed, hazards added."""
    path.mkdir()
    write_county(path)
    for name in ("warnstream.yaml", "thresholds.yaml"):
        text = FILES[name]
        for before, after in changes:
            text = text.replace(before, after)
        (path / name).write_text(text + (more if name == "thresholds.yaml" else ""), encoding="utf-8")
    if stages:
        (path / "thresholds.csv").write_text(stages, encoding="utf-8")
    return load_configuration(path)


SECOND = """\
  second:
    evaluator: critical_rainfall
    title: {zh: 山洪二, en: Second flood}
    source: test
    levels: [{level: yellow, duration: 1h, rain_mm: 12}, {level: red, duration: 3h, rain_mm: 60}]
"""


@pytest.fixture
def county(tmp_path: Path) -> dict[str, Configuration]:
    return {
        "old": folder(tmp_path / "old", NOWCAST),
        "thresholds": folder(tmp_path / "thresholds", NOWCAST, ("rain_mm: 20", "rain_mm: 14")),
        "windows": folder(
            tmp_path / "windows", NOWCAST, ("duration: 1h, rain_mm: 40", "duration: 3h, rain_mm: 55")
        ),
        "hazard": folder(tmp_path / "hazard", NOWCAST, more=SOIL),
        "lowering": folder(tmp_path / "lowering", NOWCAST, ("hold: 30min", "hold: 2h")),
        "kept": folder(tmp_path / "kept", NOWCAST, ("longest: 24h", "longest: 12h")),
        "forecast": folder(tmp_path / "forecast"),
    }


def storm() -> list[tuple[int, ReadingBatch]]:
    """Eight hours of showers, gauges silent now and then, a counter that falls, a stage that rises."""
    random = np.random.default_rng(7)
    minutes = []
    total_mm = 100.0
    for number in range(1, 8 * 60 + 1):
        rows: list[tuple[int, Variable, float]] = []
        if number % 5 == 0:
            wet = np.sin(number / 60) > 0
            rows += [
                (gauge, Variable.RAIN, round(float(random.exponential(2.5)), 1) * wet)
                for gauge in (0, 1)
                if random.random() > 0.1
            ]
        if number % 10 == 0:
            total_mm = 0.4 if number == 200 else total_mm + round(float(random.exponential(1.5)), 1)
            rows += [(2, Variable.RAIN_TOTAL, total_mm), (3, Variable.STAGE, 2.0 + number / 200)]
        at_s = T0 + 60 * number
        station, variable, value = zip(*rows, strict=True) if rows else ((), (), ())
        minutes.append((at_s, batch_of(station, variable, [at_s] * len(rows), value)))
    return minutes


def bytes_of(steps: list[EngineStep]) -> list[bytes]:
    """All that went out, and every level that moved."""
    return [
        repr(step.assessment.changes).encode()
        + msgspec.json.encode([step.effects.messages, step.effects.bulletins])
        + repr(step.assessment.failures).encode()
        for step in steps
    ]


def test_who_agrees_in_gauges_windows_and_forecast_observes_alike(county: dict[str, Configuration]) -> None:
    names = list(county)
    groups = [[names[number] for number in group] for group in alike(list(county.values()))]
    assert groups == [["old", "thresholds", "windows", "hazard", "lowering"], ["kept"], ["forecast"]]


def test_thresholds_of_a_gauge_decide_which_stages_it_can_have(tmp_path: Path) -> None:
    both = [
        folder(tmp_path / "a", more=RIVER, stages=STAGES),
        folder(tmp_path / "b", more=RIVER, stages=STAGES.replace("5.0", "5.5")),
        folder(tmp_path / "c", more=RIVER.replace("洪水", "江河洪水"), stages=STAGES),
    ]
    assert alike(both) == [[0, 2], [1]]


def test_each_finds_side_by_side_what_it_finds_alone(county: dict[str, Configuration]) -> None:
    every = list(county.values())[:5]
    together = SideBySide([derive(configuration) for configuration in every])
    alone = [build_engine(configuration) for configuration in every]
    found: list[list[bytes]] = []
    for now_s, readings in storm():
        one_by_one = [engine.step(readings, (), now_s) for engine in alone]
        assert bytes_of(together.step(readings, now_s)) == bytes_of(one_by_one)
        found.append([msgspec.json.encode(step.effects.messages) for step in one_by_one])
    messages = [b"".join(own) for own in zip(*found, strict=True)]
    assert len(set(messages)) == len(every), "every change shows in this storm"


def test_a_rule_that_both_have_is_judged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = [
        folder(tmp_path / "a", NOWCAST, more=SECOND + SOIL),
        folder(tmp_path / "b", NOWCAST, ("rain_mm: 20", "rain_mm: 14"), more=SECOND + SOIL),
        folder(
            tmp_path / "c", NOWCAST, ("rain_mm: 20", "rain_mm: 14"), more=SECOND.replace("12}", "9}") + SOIL
        ),
    ]
    together = SideBySide([derive(configuration) for configuration in every])
    judged = Counter[str]()
    judge = Judgement._judge

    def count(self: Judgement, rule: HazardRule, *others: Any) -> Any:
        judged[rule.name] += 1
        return judge(self, rule, *others)

    monkeypatch.setattr(Judgement, "_judge", count)
    minutes = storm()[:240]
    steps = [together.step(readings, now_s) for now_s, readings in minutes]
    n = len(minutes)
    assert judged == {"flash_flood": 2 * n, "second": 2 * n, "slope": 3 * n}
    alone = [build_engine(configuration) for configuration in every]
    for (now_s, readings), found in zip(minutes, steps, strict=True):
        assert bytes_of(found) == bytes_of([engine.step(readings, (), now_s) for engine in alone])
    assert {change.hazard for step in steps for change in step[2].assessment.changes} >= {
        "second",
        "flash_flood",
    }


def test_a_rule_that_fails_fails_for_all_who_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = [
        folder(tmp_path / "a", NOWCAST, more=SECOND),
        folder(tmp_path / "b", NOWCAST, ("rain_mm: 20", "rain_mm: 14"), more=SECOND),
    ]
    kind = registry.HAZARD_KINDS["critical_rainfall"]

    def fail(rule: HazardRule, sources: Any) -> Any:
        if rule.name == "second":
            raise ValueError("broken")
        return kind.evaluate(rule, sources)

    broken = {**registry.HAZARD_KINDS, "critical_rainfall": replace(kind, evaluate=fail)}
    monkeypatch.setattr(registry, "HAZARD_KINDS", broken)
    together = SideBySide([derive(configuration) for configuration in every])
    alone = [build_engine(configuration) for configuration in every]
    for now_s, readings in storm()[:150]:
        found = together.step(readings, now_s)
        assert bytes_of(found) == bytes_of([engine.step(readings, (), now_s) for engine in alone])
        assert all("second" in step.assessment.failures for step in found)
