"""Signs raise a hazard like any gauge: at once, with a reason, through the journal, over a restart."""

import json
from dataclasses import replace
from typing import NoReturn

import pytest

from tests.kinds import judge_by
from tests.networks import T0, rain, rain_rule
from tests.unit.desk.county import MESSAGE_POLICY, desk_of
from tests.unit.rules.county import County
from tests.unit.runners.intake.test_intake import ROUTING, clock, issued, take
from warnstream.delivery.render import render
from warnstream.engine import Engine
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.level import Level
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.observations.signs import SignKind, SignReport, SignTrigger, SignVerdict
from warnstream.model.rules.rules import HazardRule
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.topics import Topics

TRIGGER = SignTrigger(frozenset({"crack"}), Level.BLUE, Level.ORANGE)
POLICY = replace(MESSAGE_POLICY, signs=(SignKind("crack", "地裂缝", "Crack in the ground"),))


def landslide() -> HazardRule:
    return replace(rain_rule(2, (15, 25, 40, 80), name="landslide"), signs=TRIGGER)


def validated(county: County, minute: int) -> SignVerdict:
    return SignVerdict(county.assessment.signs.all()[0].sign, is_validated=True, validator="p1", note="")


def test_a_report_raises_attention_and_validation_raises_the_level_at_once() -> None:
    county = County((landslide(),))
    (attention,) = county.at(5, None, SignReport("V0", "crack", "p2", "wall"))
    (raised,) = county.at(6, None, validated(county, 6))
    assert [(c.village, c.level) for c in (attention, raised)] == [(0, Level.BLUE), (0, Level.ORANGE)]
    assert attention.reason is not None
    assert raised.reason is not None
    assert (attention.reason.indicator, attention.reason.confirmed) == ("sign", False)
    assert (raised.reason.confirmed, raised.reason.facts[0].note) == (True, "crack")
    assert raised.crossed_at_s == T0 + 360


def test_a_sign_that_raises_no_hazard_raises_nothing() -> None:
    county = County((landslide(),))
    assert county.at(5, None, SignReport("V0", "sound", "p2", "at night")) == []


def test_the_level_falls_with_care_after_the_sign_is_over() -> None:
    county = County((landslide(),))
    county.at(5, None, SignReport("V0", "crack", "p2", "wall"))
    county.at(6, None, validated(county, 6))
    # Dry all day; the sign stands until minute 1446.
    levels: dict[int, int] = {}
    for last in (*range(20, 1430, 15), *range(1430, 1700, 5)):
        heard = [minute for minute in range(last - 10, last + 1, 5) if minute not in levels]
        county.at(last, rain(*((station, 60 * minute, 0.0) for minute in heard for station in range(2))))
        levels |= dict.fromkeys(heard, county.level("landslide")[0])
    assert {levels[minute] for minute in range(10, 1446, 5)} == {Level.ORANGE}
    assert levels[1475] == Level.ORANGE
    assert levels[1695] == Level.NONE


def test_what_was_found_by_rain_and_stands_is_not_raised_with_the_sign() -> None:
    """Nothing changes between the steps but the sign: the finding of the first is used again."""
    county = County((landslide(),))
    county.fall(5, 0.0, 0.0)
    county.at(5, None, SignReport("V0", "crack", "p2", "wall"))
    assert county.level("landslide")[0] == Level.BLUE
    assert county.assessment._judgement._found["landslide"][1].level.tolist() == [0, 0]


def test_more_rain_than_the_sign_is_worth_is_named() -> None:
    county = County((landslide(),))
    county.at(5, None, SignReport("V0", "crack", "p2", "wall"))
    (change,) = county.fall(10, 50.0, 0.0)
    assert change.reason is not None
    assert (change.level, change.reason.indicator) == (Level.ORANGE, "rain")


def test_a_sign_raises_a_hazard_whose_gauges_cannot_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> NoReturn:
        raise RuntimeError("seeded fault")

    county = County((landslide(),))
    judge_by(monkeypatch, "critical_rainfall", broken)
    county.at(5, None, SignReport("V0", "crack", "p2", "wall"))
    (change,) = county.at(6, None, validated(county, 6))
    assert (change.village, change.level) == (0, Level.ORANGE)
    assert county.assessment.level("landslide").is_blind.all()


def intake() -> Intake:
    county = County((landslide(),))
    network = county.assessment._judgement._network
    desk = desk_of(network, county.rules, POLICY, ROUTING)
    return Intake(Engine(county.assessment, desk), network, Topics("ws"), clock="simulated")


def said(post: str, **content: str) -> RawMessage:
    return RawMessage(f"ws/sign/{post}", json.dumps(content).encode())


def test_a_sign_over_mqtt_becomes_a_warning_that_says_what_people_have_seen() -> None:
    node = intake()
    take(node, said("p2", village="V0", kind="crack", note="wall"))
    (first,) = issued(take(node, clock(60)))
    take(node, said("p1", sign="V0.crack.20260618T000100Z", verdict="validated"))
    (second,) = issued(take(node, clock(120)))
    assert (first.level, second.level) == (Level.BLUE, Level.ORANGE)
    network = node.engine.desk._network
    rendered = render(second, network, (landslide(),), POLICY)
    zh, en = rendered.text_zh, rendered.text_en
    assert "有人发现地裂缝（" in zh
    assert "经核实" in zh
    assert "People have seen: Crack in the ground (" in en
    assert "p1" not in zh + en  # who said so is in the register, not in what everybody reads
    assert "not yet validated" in render(first, network, (landslide(),), POLICY).text_en


def test_a_sign_over_http_is_an_entry_of_the_journal_and_survives_a_restart() -> None:
    node, twin = intake(), intake()
    node.consume(entries.SIGN, entries.encode_sign(SignReport("V0", "crack", "p2", "wall")))
    twin.restore(node.snapshot())  # before the step that takes it
    messages = [issued(take(each, clock(60))) for each in (node, twin)]
    assert messages[0] == messages[1]
    assert len(messages[0]) == 1


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"village": "V0"},
        {"sign": "x"},
        {"sign": "x", "verdict": "maybe"},
        {"village": "V0", "kind": "hole"},
    ],
)
def test_what_cannot_be_read_or_cannot_be_is_kept_aside(content: dict[str, str]) -> None:
    node = intake()
    found = take(node, said("p2", **content)).refusals + take(node, clock(60)).refusals
    assert [refusal.reason for refusal in found] == [RefusalReason.BAD_SIGN]
    assert [refusal.topic for refusal in found] == ["ws/sign/p2"]


@pytest.mark.parametrize("over_http", [False, True])
def test_a_refused_verdict_can_be_taken_again_when_its_sign_has_come(*, over_http: bool) -> None:
    node = intake()
    sign = "V0.crack.20260618T000200Z"
    if over_http:
        node.consume(entries.SIGN, entries.encode_sign(SignVerdict(sign, True, "p1", "seen")))
    else:
        take(node, said("p1", sign=sign, verdict="validated", note="seen"))
    (refused,) = take(node, clock(60)).refusals
    assert refused.detail == f"no sign '{sign}' stands"
    take(node, said("p2", village="V0", kind="crack"))
    take(node, clock(120))
    again = take(node, RawMessage(refused.topic, refused.payload))
    assert again.refusals == []
    (message,) = issued(take(node, clock(180)))
    assert message.level == Level.ORANGE
    (known,) = node.engine.assessment.signs.all()
    assert (known.validator, known.note) == ("p1", "seen")
