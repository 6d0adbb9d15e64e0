"""What a node shows its consoles is what its desk holds."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from tests.unit.desk.county import RULES, T0, answer, county, desk_of, fall, rise
from warnstream.adapters.console.frame import NEVER, UNKNOWN
from warnstream.adapters.ledger.doors import DoorStore
from warnstream.assessment import AssessmentStep
from warnstream.duty import DutyDesk
from warnstream.engine import Engine
from warnstream.model.changes import Reason
from warnstream.model.effects import Answer, Effects
from warnstream.model.level import Level
from warnstream.runners.console.picture import RATIO_EVERY_S, Picture
from warnstream.runners.console.village import village_facts

NOW = 1_000.0


class Node:
    """A desk, its ledger and what it shows."""

    def __init__(self, directory: Path) -> None:
        self.network, self.desk = county(), desk_of()
        self.duty = DutyDesk(self.network.villages.code, ())
        self.doors = DoorStore(directory, self.network, lambda _: None, lambda _: None)  # type: ignore[arg-type, return-value]
        self.doors.begin(self.network)
        self.doors.follow_no_more()
        self.picture = Picture(self.network, RULES, 3)
        self.now = NOW

    def step(self, *inputs: object, at_s: int = T0) -> Effects:
        effects = self.desk.step(list(inputs), at_s)  # type: ignore[arg-type]
        self.doors.issue(effects.to_doors)
        return effects

    def take(self, step: AssessmentStep | None = None) -> dict[str, np.ndarray]:
        parts = self.picture.take(step, self.desk.open_warnings(), self.desk, self.duty, self.doors, self.now)
        return {name: part.array() for name, part in parts.items()}


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def found(ratio: float = 0.5) -> AssessmentStep:
    """As much of a step as is shown."""
    return cast(
        "AssessmentStep",
        SimpleNamespace(
            sight=SimpleNamespace(
                is_blind=np.array([False, False, True]), is_partly_blind=np.array([True, False, False])
            ),
            is_reporting=np.array([True]),
            quality=SimpleNamespace(confidence=np.array([0.4])),
            ratio={"flash_flood": np.array([ratio, np.nan, 0.0])},
            rain=SimpleNamespace(
                leads_s=(3600, 7200), ahead_mm=np.array([[1.04, 2.0], [np.nan, np.nan], [9_999.0, 0.0]])
            ),
        ),
    )


def test_levels_doors_and_debts_are_those_of_the_desk(node: Node) -> None:
    node.step(rise(Level.RED))
    shown = node.take()
    assert shown["level"].tolist() == [[4, 0, 0], [0, 0, 0]]
    assert shown["doors"][0].tolist() == [0, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    ((village, state, due_s),) = shown["chain"].tolist()
    assert (village, state) == (0, 1)
    assert due_s == node.desk.chains.of[node.desk.bulletins.status_of(0)].answer_by_s(0) > T0


def test_what_is_as_it_was_is_left_out(node: Node) -> None:
    node.step(rise(Level.RED))
    assert {"level", "doors", "chain"} <= node.take(found()).keys()
    assert node.take(found()) == {}
    node.step(rise(Level.ORANGE, village=1), at_s=T0 + 60)
    assert node.take(found()).keys() >= {"level", "doors", "chain"}


def test_sight_and_gauges_are_one_number_each(node: Node) -> None:
    shown = node.take(found())
    assert shown["sight"].tolist() == [1, 0, 2]
    assert shown["stations"].tolist() == [3]


def test_ratios_come_once_a_minute(node: Node) -> None:
    np.testing.assert_array_equal(node.take(found())["ratio"][0], np.array([0.5, np.nan, 0.0], np.float32))
    node.now += RATIO_EVERY_S - 1
    assert "ratio" not in node.take(found(0.7))
    node.now += 1
    assert node.take(found(0.7))["ratio"][0, 0] == np.float32(0.7)


def test_rain_ahead_is_in_tenths_of_a_millimetre_and_unknown_is_not_dry(node: Node) -> None:
    ahead = node.take(found())["ahead"]
    assert ahead.tolist() == [[10, UNKNOWN, UNKNOWN - 1], [20, UNKNOWN, 0]]


def test_calls_for_help_come_without_a_name(node: Node) -> None:
    (bulletin,) = node.step(rise(Level.RED)).to_doors
    call = replace(answer(bulletin.identifier, "door-0"), answer=Answer.NEED_HELP)
    node.step(call, at_s=T0 + 60)
    assert node.take()["helps"].tolist() == [[0, T0 + 60, 0]]


def engine(node: Node, now: Reason | None) -> Engine:
    assessment = SimpleNamespace(reason_now=lambda _village, _hazard: now)
    return cast("Engine", SimpleNamespace(desk=node.desk, assessment=assessment))


def test_facts_of_a_village_name_who_was_asked_and_who_has_answered(node: Node) -> None:
    effects = node.step(rise(Level.RED))
    digest = next(digest for digest in effects.digests if digest.post == "grid-a")
    node.step(answer(digest.identifier, "grid-a"), at_s=T0 + 60)
    facts = village_facts(engine(node, None), node.doors, node.network, 0)
    states = {post.post: post.state for post in facts.posts}
    assert states["grid-a"] == "answered"
    assert states["town"] == states["leader"] == "asked"
    assert [post.rank for post in facts.posts] == sorted(post.rank for post in facts.posts)
    (hazard,) = facts.hazards
    assert (hazard.hazard, hazard.level, hazard.found, hazard.is_now) == ("flash_flood", 4, 4, False)
    assert hazard.reason is not None
    assert hazard.bound_until_s == NEVER


def test_the_reason_of_now_goes_before_the_one_that_was_told(node: Node) -> None:
    node.step(rise(Level.RED))
    told = village_facts(engine(node, None), node.doors, node.network, 0).hazards[0].reason
    assert told is not None
    now = replace(told, value=99.0)
    hazard = village_facts(engine(node, now), node.doors, node.network, 0).hazards[0]
    assert (hazard.reason, hazard.is_now) == (now, True)


def test_after_a_fall_the_last_reason_that_was_measured_stands(node: Node) -> None:
    node.step(rise(Level.RED))
    node.step(fall(Level.ORANGE, Level.RED, at_s=T0 + 7_200), at_s=T0 + 7_200)
    (hazard,) = village_facts(engine(node, None), node.doors, node.network, 0).hazards
    assert hazard.level == 3
    assert hazard.reason is not None
    assert not hazard.is_now


def test_a_reason_that_cannot_be_worked_out_leaves_the_one_that_was_told(node: Node) -> None:
    node.step(rise(Level.RED))

    def fails(_village: int, _hazard: str) -> Reason:
        raise ZeroDivisionError

    broken = cast("Engine", SimpleNamespace(desk=node.desk, assessment=SimpleNamespace(reason_now=fails)))
    hazard = village_facts(broken, node.doors, node.network, 0).hazards[0]
    assert hazard.reason is not None
    assert not hazard.is_now


def test_a_village_in_which_nothing_stands_has_its_chain_all_the_same(node: Node) -> None:
    facts = village_facts(engine(node, None), node.doors, node.network, 1)
    assert facts.hazards == []
    assert {post.state for post in facts.posts} == {"waiting"}
    assert facts.words is None
    assert not facts.is_dry


def test_a_list_of_doors_begins_with_who_needs_somebody(node: Node) -> None:
    (bulletin,) = node.step(rise(Level.RED)).to_doors
    said = {"door-1": Answer.SAFE, "door-2": Answer.NEED_HELP, "door-3": Answer.ACKNOWLEDGED}
    given = [replace(answer(bulletin.identifier, door), answer=word) for door, word in said.items()]
    node.doors.answer_many(given)
    listed = node.doors.list_of(0)
    assert [(door.code, door.said.word) for door in listed] == [
        ("door-2", "help"),
        ("door-0", "silent"),
        ("door-3", "acknowledged"),
        ("door-1", "said_safe"),
    ]
    assert all(door.address and door.channel for door in listed)
