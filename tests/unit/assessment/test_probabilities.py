"""Probabilities through the whole first machine: raised, held, told, snapshotted, failing alone."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.forecasts import steep_members
from tests.networks import LOWERING, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, Weights
from warnstream.forecast.chances.source import GaugeMembers
from warnstream.model.arrays import Arrays
from warnstream.model.changes import LevelChange
from warnstream.model.forecast import ExpectedLevel
from warnstream.model.level import Level
from warnstream.model.observations.readings import empty_batch
from warnstream.model.rules.rules import HazardRule

N = 2
INTERVAL_S = 300


def members(*, is_here: bool = True) -> GaugeMembers:
    return steep_members(network_of(N, N, INTERVAL_S), nearest_weights(N, N), is_here=is_here)


OWN = """
- {level: yellow, rain: 1h, at_least: 40mm, within: 1h, probability: 30%}
- {level: orange, rain: 1h, at_least: 40mm}
"""
IN_TABLE = replace(
    rain_rule(N, [np.nan, np.nan, 40.0, np.nan]),
    evaluator="critical_rainfall",
    lowering=LOWERING,
    expected=(ExpectedLevel(Level.ORANGE, Level.YELLOW, 0.0, (), 3600, 0.3),),
)


class Node:
    def __init__(self, rule: HazardRule, *, ahead: GaugeMembers | None = None) -> None:
        self.rule, self.ahead = rule, ahead
        self.assessment = self.new()
        self.failures: dict[str, str] = {}

    def new(self) -> Assessment:
        weights = nearest_weights(N, N)
        return Assessment(
            network_of(N, N, INTERVAL_S),
            (self.rule,),
            weights=Weights(weights, weights),
            windows=WINDOWS,
            quality=QUALITY,
            nowcast=None,
            ahead=self.ahead,
        )

    def fall(self, minute: int, *mm: float) -> list[LevelChange]:
        """Rain of the last five minutes at the first gauges; the others are silent."""
        batch = rain(*((s, 60 * minute, amount) for s, amount in enumerate(mm))) if mm else empty_batch()
        step = self.assessment.step(batch, T0 + 60 * minute)
        self.failures = step.failures
        return step.changes

    def level(self) -> list[int]:
        return [int(level) for level in self.assessment.level(self.rule.name).level]


RULES = {"own": rule_of(OWN), "table": IN_TABLE}


@pytest.fixture(params=["own", "table"])
def rule(request: pytest.FixtureRequest) -> HazardRule:
    return RULES[request.param]


AMOUNTS = [0.2, 0.2, 3.0, 4.0, 5.0, 6.0, 6.0, 6.0, 6.0, 6.0]


def storm(node: Node, *, first: int = 1) -> list[LevelChange]:
    return [
        change
        for number, mm in enumerate(AMOUNTS[first - 1 :], start=first)
        for change in node.fall(5 * number, mm, 0.2)
    ]


def test_a_probability_raises_before_the_threshold_and_the_threshold_afterwards(rule: HazardRule) -> None:
    node = Node(rule, ahead=members())
    yellow, orange = storm(node)
    assert (yellow.level, yellow.village, orange.level) == (Level.YELLOW, 0, Level.ORANGE)
    assert yellow.at_s < orange.at_s
    assert yellow.reason is not None
    assert orange.reason is not None
    told = yellow.reason.expected
    assert told is not None
    assert told.probability >= 0.3
    assert (told.within_s, told.source, told.calibrated_on) == (3600, "gauges", "the record")
    assert 0 < told.onset_early_s <= 3600
    assert (yellow.reason.threshold, yellow.reason.duration_s) == (40.0, 3600)
    assert yellow.reason.value < 40
    assert not yellow.reason.is_observed
    assert orange.reason.is_observed
    assert orange.reason.expected is None
    assert node.level()[1] == Level.NONE


@cache
def without_restart(of: str) -> tuple[list[LevelChange], dict[int, dict[str, Arrays]], str]:
    """Changes of a node that nobody asks for a snapshot, those before every step, and the view at the end."""
    plain, asked, kept = Node(RULES[of], ahead=members()), Node(RULES[of], ahead=members()), {}
    changes: list[LevelChange] = []
    for number, mm in enumerate(AMOUNTS, start=1):
        kept[number] = asked.assessment.snapshot()
        changes += asked.fall(5 * number, mm, 0.2)
    assert repr(storm(plain)) == repr(changes)
    return changes, kept, repr(plain.assessment.view(0))


@pytest.mark.parametrize("restart_at", range(1, 11))
@pytest.mark.parametrize("of", RULES)
def test_a_restart_at_any_step_equals_no_restart(of: str, restart_at: int) -> None:
    changes, kept, view = without_restart(of)
    restarted = Node(RULES[of], ahead=members())
    restarted.assessment.restore(kept[restart_at])
    expected = [change for change in changes if change.at_s >= T0 + 300 * restart_at]
    assert repr(storm(restarted, first=restart_at)) == repr(expected)
    assert repr(restarted.assessment.view(0)) == view


def test_without_members_only_what_has_fallen_counts(rule: HazardRule) -> None:
    (orange,) = storm(Node(rule))
    assert orange.level == Level.ORANGE


def test_elsewhere_the_message_is_not_called_calibrated() -> None:
    yellow, _ = storm(Node(RULES["own"], ahead=members(is_here=False)))
    assert yellow.reason is not None
    assert yellow.reason.expected is not None
    assert yellow.reason.expected.calibrated_on == ""
    assert not yellow.reason.expected.is_likely


def test_the_explanation_adds_up_and_names_the_probability(rule: HazardRule) -> None:
    node = Node(rule, ahead=members())
    for number, mm in enumerate([0.2, 0.2, 3.0, 4.0, 5.0, 6.0], start=1):
        node.fall(5 * number, mm, 0.2)
        view = node.assessment.view(0).hazards[0]
        assert view.adds_up
    assert view.found == Level.YELLOW
    (place,) = view.places
    if rule.evaluator == "rule":
        assert place.conditions[0].found.probability >= 0.3
    else:
        assert any(
            "orange within 60 min with a probability of" in comparison.note
            for comparison in place.comparisons
        )


def test_members_that_fail_silence_nothing(rule: HazardRule, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object) -> None:
        raise RuntimeError("seeded fault")

    monkeypatch.setattr(GaugeMembers, "members", fails)
    node = Node(rule, ahead=members())
    (orange,) = storm(node)
    assert orange.level == Level.ORANGE
    assert node.failures == {"probabilities": "RuntimeError: seeded fault"}
    node.assessment.step(empty_batch(), T0 + 60 * 50 + 1)  # no members are due: it is still said, once
    assert node.assessment._last is not None
    assert node.assessment._last.failures == {"probabilities": "RuntimeError: seeded fault"}


def test_a_probability_that_cannot_be_worked_out_is_forgotten(
    rule: HazardRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object) -> None:
        raise RuntimeError("seeded fault")

    node = Node(rule, ahead=members())
    for number, mm in enumerate([0.2, 0.2, 3.0, 4.0], start=1):
        node.fall(5 * number, mm, 0.2)
    monkeypatch.setattr("warnstream.hazards.expected.chances.crossing", fails)
    node.fall(25, 5.0, 0.2)
    assert node.failures == {"probabilities": "RuntimeError: seeded fault"}
    assert node.assessment._judgement.ahead.book.known == {}
    step = node.assessment.step(empty_batch(), T0 + 60 * 25 + 1)
    assert step.failures == {"probabilities": "RuntimeError: seeded fault"}
    monkeypatch.undo()
    node.fall(30, 5.0, 0.2)
    assert node.failures == {}


def test_a_silent_gauge_gives_no_probability_and_lowers_nothing(rule: HazardRule) -> None:
    node = Node(rule, ahead=members())
    for number, mm in enumerate([0.2, 0.2, 3.0, 4.0, 5.0, 6.0], start=1):
        node.fall(5 * number, mm, 0.2)
    assert node.level()[0] == Level.YELLOW
    for minute in range(35, 180, 5):
        node.fall(minute)
    assert node.level()[0] == Level.YELLOW


def test_a_level_of_a_probability_falls_when_the_rain_has_gone(rule: HazardRule) -> None:
    node = Node(rule, ahead=members())
    for number, mm in enumerate([0.2, 0.2, 3.0, 4.0, 5.0, 6.0], start=1):
        node.fall(5 * number, mm, 0.2)
    changes = [change for minute in range(35, 220, 5) for change in node.fall(minute, 0.0, 0.0)]
    assert [(change.level, change.previous) for change in changes] == [(Level.NONE, Level.YELLOW)]
