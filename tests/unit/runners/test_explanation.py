"""What an explanation says of small counties: numbers and sentences an officer can check by hand."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.kinds import judge_by
from tests.networks import HOUR, QUALITY, T0, WINDOWS, nearest_weights, network_of, rain, rain_rule, stage
from tests.networks import stage_rule as rule_of_stage
from tests.unit.desk.county import MESSAGE_POLICY, ROUTING_POLICY, desk_of
from tests.unit.rules.county import rule_of
from warnstream.assessment import Assessment, Weights
from warnstream.commands.explain import find_village
from warnstream.engine import Engine
from warnstream.hazards import critical_rainfall
from warnstream.model.changes import Reason
from warnstream.model.errors import WarnstreamError
from warnstream.model.level import Level
from warnstream.model.network import Network, StationWeights
from warnstream.model.observations.readings import ReadingBatch, empty_batch
from warnstream.model.rules.indicators import HazardLevels, VillageRain
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.runners.explain.record import view_record
from warnstream.runners.explain.text import format_explanation
from warnstream.runners.explain.verdict import describe_blindness

N = 3
SIREN = (15, 25, 40, 80)
SIREN_RULE = rain_rule(N, SIREN)


@dataclass
class County:
    """Three villages with a gauge each, 5 km apart; the local clock is 8 h ahead of UTC."""

    rules: tuple[HazardRule, ...] = (SIREN_RULE,)
    fallback: StationWeights = field(default_factory=lambda: nearest_weights(N, N))
    network: Network = field(default_factory=lambda: network_of(N, N))
    message: MessagePolicy = MESSAGE_POLICY
    routing: RoutingPolicy = ROUTING_POLICY

    def __post_init__(self) -> None:
        weights = Weights(nearest_weights(N, N), self.fallback)
        assessment = Assessment(
            self.network, self.rules, weights=weights, windows=WINDOWS, quality=QUALITY, nowcast=None
        )
        desk = desk_of(self.network, self.rules, self.message, self.routing)
        self.engine = Engine(assessment, desk)
        self.reasons: list[Reason | None] = []

    def at(self, minute: int, readings: ReadingBatch | None = None) -> None:
        batch = empty_batch() if readings is None else readings
        step = self.engine.step(batch, [], T0 + 60 * minute)
        self.reasons += [message.reason for message in step.effects.messages]

    def fall(self, minute: int, *mm: float) -> None:
        """Rain of the last five minutes at S0, S1, S2."""
        self.at(minute, rain(*((s, 60 * minute, amount) for s, amount in enumerate(mm))))

    def record(self, village: int = 0) -> dict[str, Any]:
        view = self.engine.assessment.view(village)
        record = view_record(self, view, self.engine.desk.of_village(village))
        again: dict[str, Any] = json.loads(msgspec.json.encode(record))
        return again

    def hazard(self, village: int = 0, number: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = self.record(village)["hazards"][number]
        assert found["adds_up"]
        return found

    def page(self, village: int = 0) -> str:
        record = self.record(village) | {"messages": [], "caveats": [], "later": None, "known": "as then"}
        return format_explanation(record | {"asked": record["judged"]}, self.message.time_zone)


def hour(county: County, *mm: float) -> None:
    """The amounts spread over the first hour; unevenly, for a gauge that never changes counts as stuck."""
    for number in range(12):
        share = (0.9 if number % 2 else 1.1) / 12
        county.fall(5 * (number + 1), *(amount * share for amount in mm))


def test_a_village_below_its_thresholds_is_told_how_much_was_missing() -> None:
    county = County()
    hour(county, 31.2, 0, 0)
    hazard = county.hazard()
    assert hazard["level"] == "yellow"
    assert hazard["why"] == ["S0 31.2 mm in 1 h >= 25"]
    assert hazard["why_not_higher"] == ["orange: 31.2 of 40 mm in 1 h (78%)"]
    (compared,) = hazard["places"][0]["comparisons"]
    assert compared["thresholds"] == {"blue": 15, "yellow": 25, "orange": 40, "red": 80}
    assert compared["clear_values"] == {"blue": 12, "yellow": 20, "orange": 32, "red": 64}
    assert compared["next"] == {"level": "orange", "threshold": 40, "ratio": 0.78}


def test_an_unwarned_village_s_answer_names_what_came_nearest() -> None:
    county = County((SIREN_RULE, rule_of_stage(0, 0, (5, 6, 7, 8))))
    hour(county, 12, 0, 0)
    county.at(61, stage((0, 61 * 60, 2.0)))
    record = county.record()
    assert record["answer"] == ["no warning stood", "nearest: flash_flood blue: 12 of 15 mm in 1 h (80%)"]
    assert record["hazards"][1]["why_not_higher"] == ["blue: stage 2 m at S0 is 3.00 m short of 5 m"]
    assert record["hazards"][0]["warning"] is None


def test_a_village_without_thresholds_is_told_so() -> None:
    county = County((rule_of_stage(0, 0, (5, 6, 7, 8)),))
    county.fall(5, 0, 0, 0)
    assert county.hazard(village=1)["why_not_higher"] == ["no threshold of a level is set for this village"]


def test_a_window_that_was_not_wholly_observed_is_told_with_its_gap() -> None:
    county = County()
    for minute in range(5, 25, 5):
        county.fall(minute, 2.0, 0.0, 0.0)
    assert county.hazard()["why_not_higher"] == [
        "blue: 8 of 15 mm in 1 h (53%); only 33% of that time was observed, more may have fallen"
    ]


def test_a_silent_gauge_is_named_and_the_village_is_called_blind() -> None:
    county = County()
    for minute in range(5, 25, 5):
        county.fall(minute, 2.0, 0.0, 0.0)
    for minute in range(25, 65, 5):
        county.at(minute, rain((1, 60 * minute, 0.0), (2, 60 * minute, 0.0)))
    record = county.record()
    assert record["places"][0]["blind"]
    (gauge,) = record["places"][0]["stations"]
    assert (gauge["station"], gauge["state"], gauge["observed_at"]) == (
        "S0",
        "silent",
        "2026-06-18T00:20:00Z",
    )
    assert record["hazards"][0]["why_not_higher"] == [
        "nobody knows: no gauge or sensor that speaks for the village has observed anything",
        "blind: none of its own gauges reports; no farther gauge speaks either",
    ]
    assert record["answer"] == [
        "no warning stood",
        "blind: none of its own gauges reports; no farther gauge speaks either",
    ]
    assert "BLIND" in county.page()


def test_a_blind_village_says_that_farther_gauges_speak() -> None:
    farther = StationWeights(
        np.array([[1], [0], [1]], dtype=np.int32), np.ones((N, 1)), np.full((N, 1), 5000.0)
    )
    county = County(fallback=farther)
    for minute in range(5, 65, 5):
        county.at(minute, rain((1, 60 * minute, minute / 60), (2, 60 * minute, 0.0)))
    record = county.record()
    assert record["hazards"][0]["why_not_higher"][-1] == (
        "blind: none of its own gauges reports; judged by 1 farther gauges"
    )
    states = {
        station["station"]: (station["state"], station["weight"])
        for station in record["places"][0]["stations"]
    }
    assert states == {"S1": ("reports", 1.0), "S0": ("never reported", 0.0)}


def test_a_level_that_stands_says_why_it_is_not_lower() -> None:
    county = County()
    county.fall(5, 30, 0, 0)
    for minute in range(10, 60, 5):
        county.fall(minute, 0, 0, 0)
    assert county.hazard()["why_not_lower"] == []  # 30 mm in the last hour reach it still
    for minute in range(60, 70, 5):
        county.fall(minute, 0, 0, 0)
    # Since 09:05 local time nothing is in the window; last reached at 09:00; hold time 30 min, at least 60.
    hazard = county.hazard()
    assert hazard["why"] == ["yellow was last reached at 09:00"]
    (said,) = hazard["why_not_lower"]
    assert said.startswith("below its clear value since 09:05; falls to blue at 10:00 at the earliest")
    assert said.endswith("(hold time 30 min, at least 1 h after it was last reached)")
    assert hazard["falls_at"] == "2026-06-18T02:00:00Z"
    for minute in range(70, 121, 5):
        county.fall(minute, 0, 0, 0)
    assert county.hazard()["level"] == "blue"


def test_a_level_held_by_its_clear_value_or_by_silence_says_so() -> None:
    county = County()
    county.fall(5, 8, 0, 0)
    for minute in range(10, 40, 5):
        county.fall(minute, 0, 0, 0)
    county.fall(40, 21, 0, 0)
    for minute in range(45, 75, 5):
        county.fall(minute, 0, 0, 0)
    held = ["21 mm in 1 h: it may fall below 20 mm"]
    assert county.hazard()["why_not_lower"] == held
    for minute in range(75, 130, 5):
        county.at(minute)
    assert county.hazard()["why_not_lower"] == [
        "the village is blind to this hazard: without sight no level falls"
    ]


def test_a_hazard_that_fails_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    county = County()
    county.fall(5, 30, 0, 0)

    def evaluate(_rule: HazardRule, _rain: VillageRain) -> HazardLevels:
        raise RuntimeError("seeded fault")

    judge_by(monkeypatch, "critical_rainfall", evaluate)
    county.fall(10, 30, 0, 0)
    record = county.record()
    (hazard,) = record["hazards"]
    assert hazard["failure"] == "RuntimeError: seeded fault"
    assert hazard["why"] == [
        "the hazard could not be evaluated, its levels are held (RuntimeError: seeded fault)"
    ]
    assert "seeded fault" in county.page()
    judge_by(monkeypatch, "critical_rainfall", critical_rainfall.evaluate)


def test_a_rule_says_what_it_still_waits_for() -> None:
    written = rule_of(
        "[{level: red, all: [{rain: 1h, at_least: 20mm, for: 20min}, {rain: 10min, at_least: 5mm}]}]",
        n_villages=N,
    )
    county = County((written,))
    county.fall(5, 21, 0, 0)
    county.fall(10, 0, 0, 0)
    county.fall(15, 0, 0, 0)
    (said,) = county.hazard()["why_not_higher"]
    assert said.startswith("red: ")
    assert "has held for 10 min of 20 min, since 08:05" in said
    assert "; rain over 10min 0 mm, at least 5" in said


def test_rain_that_does_not_go_on_is_named_as_the_reason() -> None:
    signal = replace(
        rain_rule(N, SIREN, duration_s=3 * HOUR, name="rainstorm"),
        evaluator="rainstorm",
        continues_mm_per_h=1.0,
    )
    county = County((signal,))
    hour(county, 14, 0, 0)
    for minute in range(65, 125, 5):
        county.fall(minute, 0, 0, 0)
    county.at(125, rain((0, 1800, 11.2)))  # comes again, greater: 24.3 mm in all, and an hour without rain
    hazard = county.hazard()
    assert hazard["level"] == "none"
    (said,) = hazard["why_not_higher"]
    assert said.startswith("blue: 24.148 mm in 3 h reaches 15 mm, but the rain does not go on: 0.0 mm in the")


def test_the_reason_is_that_of_the_message_of_the_same_step() -> None:
    county = County()
    county.fall(5, 41.5, 0, 0)
    reason = county.reasons[0]
    assert reason is not None
    told = county.hazard()["reason"]
    assert (told["value"], told["threshold"], told["station"], told["source"]) == (
        reason.value,
        reason.threshold,
        reason.station,
        reason.source,
    )
    (stands, *_) = county.record()["answer"]
    assert stands.startswith("flash_flood orange stood (active), crossed at 2026-06-18T08:05:00+08:00")


def test_the_page_marks_what_is_reached_and_says_who_measured() -> None:
    county = County()
    hour(county, 31.2, 0, 0)
    page = county.page()
    assert "blue 15*  yellow 25*  orange 40  red 80" in page
    assert "S0       reports        weight 100%" in page
    assert "flash_flood: YELLOW  (thresholds: test table)" in page


def test_an_unknown_village_is_answered_with_those_that_come_near() -> None:
    villages = network_of(1, 12).villages
    assert find_village(villages, "V3") == 3
    with pytest.raises(WarnstreamError, match=r"no village 'V33' in villages.csv; near are V3 \(V3\)"):
        find_village(villages, "V33")
    twins = replace(villages, name=("Upper",) * 12)
    with pytest.raises(WarnstreamError, match="12 villages have the name 'Upper'; codes: V0, V1"):
        find_village(twins, "Upper")


def test_before_the_first_step_there_is_nothing_to_explain() -> None:
    with pytest.raises(ValueError, match="nothing has been judged yet"):
        County().engine.assessment.view(0)


def test_levels_have_words() -> None:
    county = County()
    hour(county, 90, 0, 0)
    hazard = county.hazard()
    assert hazard["level"] == Level.RED.word
    assert hazard["why_not_higher"] == ["there is no higher level"]


def test_a_blind_village_that_a_grid_stands_in_for_names_the_grid() -> None:
    county = County()
    county.at(30)
    view = county.engine.assessment.view(0)
    (place,) = view.places
    by_radar = replace(view, places=(replace(place, grid=tuple("radar" for _ in place.window)),))
    assert describe_blindness(by_radar) == ["blind: none of its own gauges reports; judged by the grid radar"]
