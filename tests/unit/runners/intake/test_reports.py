"""Reports of posts and doors on their way into the engine."""

import json

import msgspec
import pytest

from tests.unit.assessment.test_signs import intake
from tests.unit.runners.intake.test_intake import clock, take
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.digests import FieldReport
from warnstream.model.observations.refusals import RefusalReason
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake


def reported(sender: str, content: object) -> RawMessage:
    return RawMessage(f"ws/report/{sender}", json.dumps(content).encode())


def on_duty(node: Intake) -> list[str]:
    desk = node.engine.desk
    return list(desk.chains.of[desk.message_status].reports.state.on_duty)


def test_a_report_is_an_entry_of_the_journal_and_survives_a_restart_before_its_step() -> None:
    node, twin = intake(), intake()
    node.consume(*entries.encode_action(FieldReport("p1", on_duty=True)))
    twin.restore(node.snapshot())
    for each in (node, twin):
        assert on_duty(each) == []
        take(each, clock(60))
        assert on_duty(each) == ["p1"]


def test_a_device_reports_for_the_post_of_its_topic() -> None:
    node = intake()
    assert take(node, reported("p1", {"on_duty": True})).refusals == []
    take(node, clock(60))
    assert on_duty(node) == ["p1"]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"village": "x" * 201, "moved": 1},
        {"to_move": 10**30},
        {"moved": -(10**10)},
        {"to_move": "many"},
        {"to_move": 1.5},
        {"moved": None},
        [],
        {"sender": "p2", "on_duty": True},
    ],
)
def test_what_is_no_report_is_kept_aside(content: object) -> None:
    found = take(intake(), reported("p1", content)).refusals
    assert [(refusal.reason, refusal.topic) for refusal in found] == [
        (RefusalReason.BAD_REPORT, "ws/report/p1")
    ]


def test_an_entry_of_an_older_version_lacks_what_it_does_not_say() -> None:
    assert entries.decode_report(msgspec.msgpack.encode({"sender": "p1"})) == FieldReport("p1")
