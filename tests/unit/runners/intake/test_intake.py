import json
from dataclasses import replace

import numpy as np
import pytest

from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain_rule
from tests.unit.desk.county import desk_of
from warnstream.assessment import Assessment, Weights
from warnstream.engine import Engine
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.effects import Answer, OperatorCancel
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.times import UTC, iso_utc
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.runners.intake import backlog, entries, waiting
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.outcome import Outcome
from warnstream.runners.intake.topics import Topics

N = 3
MESSAGES = MessagePolicy(
    prefix="ws",
    sender="test@county.example",
    sender_name="Test",
    status=MessageStatus.EXERCISE,
    time_zone=UTC,
    validity_s=6 * 3600,
    renew_before_s=1800,
    web="http://127.0.0.1",
)
ROUTING = RoutingPolicy(Level.YELLOW, Level.BLUE, (0, 3600, 1800, 600, 300))


def intake_of(clock: str = "simulated", network: Network | None = None) -> Intake:
    network, rules = network or network_of(N, N), (rain_rule(N, (15, 25, 40, 80)),)
    weights = nearest_weights(N, N)
    assessment = Assessment(
        network, rules, weights=Weights(weights, weights), windows=WINDOWS, quality=QUALITY, nowcast=None
    )
    engine = Engine(assessment, desk_of(network, rules, MESSAGES, ROUTING))
    return Intake(engine, network, Topics("ws"), clock=clock)


def rain(station: int, after_s: int, rain_mm: float) -> RawMessage:
    content = {"station": f"S{station}", "time": iso_utc(T0 + after_s), "rain": rain_mm}
    return RawMessage(f"ws/c/rain/S{station}/obs", json.dumps(content).encode())


def clock(after_s: int) -> RawMessage:
    return RawMessage("ws/clock", json.dumps({"time": iso_utc(T0 + after_s)}).encode())


def take(intake: Intake, *messages: RawMessage) -> Outcome:
    return intake.consume(entries.MESSAGES, entries.encode_messages(messages))


def issued(outcome: Outcome) -> list[WarningMessage]:
    return [message for _, step in outcome.steps for message in step.effects.messages]


def test_readings_wait_until_the_clock_is_told() -> None:
    intake = intake_of()
    assert take(intake, rain(0, 300, 50)).steps == []
    (message,) = issued(take(intake, clock(300)))
    assert (message.village, message.level, message.crossed_at_s) == (0, Level.ORANGE, T0 + 300)


def test_several_times_in_one_batch_are_several_steps_in_order() -> None:
    outcome = take(
        intake_of(), rain(0, 300, 20), clock(300), rain(0, 600, 10), clock(600), rain(0, 900, 20), clock(900)
    )
    assert [message.level for message in issued(outcome)] == [Level.BLUE, Level.YELLOW, Level.ORANGE]


def test_how_messages_are_cut_into_batches_changes_nothing() -> None:
    messages = [rain(0, 300, 20), clock(300), rain(0, 600, 10), rain(1, 600, 30), clock(600)]
    whole = issued(take(intake_of(), *messages))
    intake = intake_of()
    assert [warning for message in messages for warning in issued(take(intake, message))] == whole


def test_a_time_that_is_not_later_steps_nothing() -> None:
    intake = intake_of()
    take(intake, clock(600))
    assert take(intake, clock(600), clock(300)).steps == []


def test_a_node_on_the_system_clock_cannot_be_moved_from_outside() -> None:
    intake = intake_of("system")
    assert take(intake, rain(0, 300, 50), clock(300)).steps == []
    assert len(issued(intake.consume(entries.TICK, entries.encode_tick(T0 + 305)))) == 1


@pytest.mark.parametrize("payload", [b"{", b'{"time":5}', b'{"time":"2026-06-18T00:00:00"}', b"\xff"])
def test_a_clock_message_that_is_none_is_refused(payload: bytes) -> None:
    outcome = take(intake_of(), RawMessage("ws/clock", payload))
    assert [refusal.reason for refusal in outcome.refusals] == [RefusalReason.BAD_TIME]


@pytest.mark.parametrize("topic", ["ws/clock", "ws/answer/H7", "ws/sign/P1"])
@pytest.mark.parametrize("deep", [b'{"x":' * 100_000 + b"1" + b"}" * 100_000, b'{"x":' + b"[" * 100_000])
def test_a_message_nested_without_end_is_refused_and_the_next_is_taken(topic: str, deep: bytes) -> None:
    outcome = take(
        intake_of(), RawMessage(topic, deep), RawMessage("ws/answer/H7", b'{"message":"m.1","answer":"safe"}')
    )
    assert len(outcome.refusals) == 1
    assert len(outcome.answers) == 1


def test_an_answer_over_mqtt_is_taken_for_its_recipient() -> None:
    outcome = take(intake_of(), RawMessage("ws/answer/H7", b'{"message":"m.1","answer":"safe"}'))
    (answer,) = outcome.answers
    assert (answer.recipient, answer.message, answer.answer) == ("H7", "m.1", Answer.SAFE)


@pytest.mark.parametrize("payload", [b"yes", b"{}", b'{"message":"m.1","answer":"maybe"}'])
def test_an_answer_that_is_none_is_refused(payload: bytes) -> None:
    outcome = take(intake_of(), RawMessage("ws/answer/H7", payload))
    assert [refusal.reason for refusal in outcome.refusals] == [RefusalReason.BAD_ANSWER]


def test_readings_that_quality_control_keeps_out_are_set_aside_with_their_content() -> None:
    outcome = take(intake_of(), rain(0, 300, 500), rain(1, 9_000, 1), clock(300))
    assert [refusal.reason for refusal in outcome.refusals] == [
        RefusalReason.OUT_OF_RANGE,
        RefusalReason.FUTURE,
    ]
    assert json.loads(outcome.refusals[0].payload) == {
        "station": "S0",
        "time": iso_utc(T0 + 300),
        "rain": 500.0,
    }


def test_the_duty_officer_ends_a_warning_by_hand() -> None:
    intake = intake_of()
    (message,) = issued(take(intake, rain(0, 300, 50), clock(300)))
    cancel = OperatorCancel(message.warning, "duty", "gauge was being cleaned")
    intake.consume(entries.CANCEL, entries.encode_cancel(cancel))
    (ended,) = issued(take(intake, clock(360)))
    assert (ended.msg_type, ended.level) == ("Cancel", Level.NONE)


def test_an_entry_of_a_newer_version_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown kind 'hologram'"):
        intake_of().consume("hologram", b"")


def test_a_restored_intake_continues_with_what_was_waiting() -> None:
    intake, twin = intake_of(), intake_of()
    take(intake, rain(0, 300, 20), clock(300), rain(0, 600, 30))
    intake.consume(entries.ANSWER, entries.encode_answer("m.1", "H7", Answer.SAFE))
    twin.restore(intake.snapshot())
    expected = take(intake, clock(600))
    got = take(twin, clock(600))
    assert issued(got) == issued(expected)
    assert [message.level for message in issued(got)] == [Level.ORANGE]
    assert np.array_equal(got.steps[0][0].value, [30.0])
    assert twin.snapshot() == intake.snapshot()


def test_levels_of_villages_in_another_order_go_with_their_codes() -> None:
    network = network_of(N, N)
    before = intake_of(network=network)
    take(before, clock(0), rain(1, 300, 50), clock(300))
    other = intake_of(network=replace(network, villages=replace(network.villages, code=("V1", "V0", "V2"))))
    assert other.restore(before.snapshot()) == []
    assert before.engine.assessment.level("flash_flood").level.tolist() == [0, 3, 0]
    assert other.engine.assessment.level("flash_flood").level.tolist() == [3, 0, 0]


def old_rain(count: int, station: int = 0) -> list[RawMessage]:
    """Readings that are hours late at T0 + 24 h, one a second."""
    return [rain(station, second, 0.1) for second in range(count)]


NOW_AFTER_S = 5 * 3600


def test_fresh_readings_are_judged_while_a_backlog_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "DECODED_AT", 1)
    monkeypatch.setattr(backlog, "SLICE", 10)
    intake = intake_of()
    take(intake, clock(NOW_AFTER_S))
    take(intake, *old_rain(25), rain(1, NOW_AFTER_S + 300, 50))
    assert (intake.fresh_waiting, intake.backlog_waiting) == (1, 25)
    outcome = take(intake, clock(NOW_AFTER_S + 300))
    assert [message.village for message in issued(outcome)] == [1]
    ((judged, _),) = outcome.steps
    assert (len(judged), intake.backlog_waiting) == (11, 15)
    for after_s, left in ((301, 5), (302, 0), (303, 0)):
        take(intake, clock(NOW_AFTER_S + after_s))
        assert intake.backlog_waiting == left


def test_a_backlog_gives_the_rain_of_readings_that_came_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "SLICE", 7)
    late, whole = intake_of(), intake_of()
    messages = [rain(station, 300 * n, 1.5) for n in range(1, 40) for station in range(N)]
    take(late, clock(NOW_AFTER_S), *messages)
    take(whole, *messages, clock(NOW_AFTER_S))
    for after_s in range(40):
        take(late, clock(NOW_AFTER_S + after_s))
    take(whole, clock(NOW_AFTER_S + 39))
    durations = np.array([3600, 4 * 3600, 6 * 3600], dtype=np.int32)
    got, expected = (each.engine.assessment.accumulate(durations) for each in (late, whole))
    assert np.array_equal(got.rain_mm, expected.rain_mm)
    assert np.array_equal(got.coverage, expected.coverage)


def test_a_snapshot_holds_the_backlog_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "DECODED_AT", 1)
    monkeypatch.setattr(backlog, "SLICE", 10)
    intake, twin = intake_of(), intake_of()
    take(intake, clock(NOW_AFTER_S), *old_rain(25))
    twin.restore(intake.snapshot())
    assert twin.backlog_waiting == 25
    take(intake, clock(NOW_AFTER_S + 60))
    take(twin, clock(NOW_AFTER_S + 60))
    assert twin.snapshot() == intake.snapshot()


def test_a_backlog_beyond_its_limit_is_taken_in_larger_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "SLICE", 10)
    monkeypatch.setattr(backlog, "WAITING_MAX", 20)
    intake = intake_of()
    take(intake, clock(NOW_AFTER_S), *old_rain(100))
    ((judged, _),) = take(intake, clock(NOW_AFTER_S + 60)).steps
    assert (len(judged), intake.backlog_waiting) == (80, 20)


def test_backlogs_have_topics_of_their_own_unless_a_filter_holds_them_already() -> None:
    assert Topics("ws").backlogs == ["ws/+/+/+/obs/backlog"]
    assert Topics("ws", ("gw/+/up", "lora/#")).backlogs == ["gw/+/up/backlog"]


def total(station: int, after_s: int, rain_mm: float) -> RawMessage:
    content = {"station": f"S{station}", "time": iso_utc(T0 + after_s), "rain_total": rain_mm}
    return RawMessage(f"ws/c/rain/S{station}/obs", json.dumps(content).encode())


def test_a_fresh_counter_waits_for_the_older_ones_of_its_station(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "DECODED_AT", 1)
    monkeypatch.setattr(backlog, "SLICE", 3)
    late, whole = intake_of(), intake_of()
    older = [total(0, 300 * n, 10.0 + n) for n in range(1, 10)]
    fresh = [total(0, NOW_AFTER_S, 30.0), total(1, NOW_AFTER_S, 5.0)]
    take(late, clock(NOW_AFTER_S), *older, *fresh)
    assert (late.fresh_waiting, late.backlog_waiting) == (1, 10)
    take(whole, *older, *fresh, clock(NOW_AFTER_S))
    for after_s in range(6):
        take(late, clock(NOW_AFTER_S + after_s))
        take(whole, clock(NOW_AFTER_S + after_s))
    assert late.backlog_waiting == 0
    durations = np.array([3600, 6 * 3600], dtype=np.int32)
    got, expected = (each.engine.assessment.accumulate(durations) for each in (late, whole))
    assert np.array_equal(got.rain_mm, expected.rain_mm)
    assert got.rain_mm[0, 1] == pytest.approx(19.0)
    take(late, total(0, NOW_AFTER_S + 60, 31.0))
    assert (late.fresh_waiting, late.backlog_waiting) == (1, 0)


def test_a_snapshot_holds_messages_that_are_not_decoded_yet() -> None:
    intake, twin = intake_of("system"), intake_of("system")
    take(intake, rain(0, 300, 50), RawMessage("ws/c/rain/S0/obs", b"{"))
    twin.restore(intake.snapshot())
    outcome = twin.consume(entries.TICK, entries.encode_tick(T0 + 305))
    assert len(issued(outcome)) == 1
    assert [refusal.reason for refusal in outcome.refusals] == [RefusalReason.NOT_JSON]


def test_steps_between_two_ticks_change_no_warning() -> None:
    """Rain that is judged as it comes ends at the levels of rain judged once."""
    batches = [[rain(station, 300 * k, 6.0 * (station == 1)) for station in range(N)] for k in range(1, 7)]
    often, seldom = intake_of(clock="system"), intake_of(clock="system")
    for number, batch in enumerate(batches, start=1):
        for message in batch:
            take(often, message)
            often.consume(entries.TICK, entries.encode_tick(T0 + 300 * number))
        take(seldom, *batch)
        seldom.consume(entries.TICK, entries.encode_tick(T0 + 300 * number))
    levels = [each.engine.assessment.level("flash_flood").level.tolist() for each in (often, seldom)]
    assert levels[0] == levels[1]
    assert levels[0][1] > 0


@pytest.mark.parametrize(
    "others", [[], [clock(300), RawMessage("ws/sign/", b"x"), rain(1, 600, 7), clock(600)]]
)
def test_an_entry_of_columns_leads_to_what_its_messages_lead_to(others: list[RawMessage]) -> None:
    messages = [rain(number % N, -number // N * 60, 0.1 * (number % 7)) for number in range(300)] + others
    pairs, columns = intake_of(), intake_of()
    for intake in (pairs, columns):
        take(intake, clock(-3600), rain(0, -30, 1.0))  # waits before them
    parts = [
        ([block.topic for block in some], [block.payload for block in some])
        for some in (messages[:99], messages[99:])
    ]
    entry = entries.encode_arrived(parts)
    assert entry[:1] == b"\xc1"
    assert entries.decode_messages(entry) == [tuple(message) for message in messages]
    found, expected = columns.consume(entries.MESSAGES, entry), take(pairs, *messages)
    assert found.refusals == expected.refusals
    assert len(found.steps) == len(expected.steps)
    last = [take(intake, clock(900)) for intake in (pairs, columns)]
    assert issued(last[0]) == issued(last[1])
    assert pairs.snapshot() == columns.snapshot()


def test_an_entry_of_few_messages_is_as_it_was() -> None:
    entry = entries.encode_arrived([(["a"], [b"1"]), ([], []), (["b"], [b"2"])])
    assert entry == entries.encode_messages([RawMessage("a", b"1"), RawMessage("b", b"2")])


def test_what_waits_says_what_time_it_is_and_is_judged_all_the_same() -> None:
    looked, plain = intake_of("system"), intake_of("system")
    messages = [rain(0, 300, 50), rain(1, 300, 1), rain(0, 600, 2), RawMessage("ws/c/rain/S2/obs", b"{")]
    for intake in (looked, plain):
        assert take(intake, *messages).steps == []
    assert looked.newest_waiting() == {0: T0 + 600, 1: T0 + 300}
    assert looked.newest_waiting() == {0: T0 + 600, 1: T0 + 300}
    found, sound = (intake.consume(entries.TICK, entries.encode_tick(T0 + 600)) for intake in (looked, plain))
    assert issued(found) == issued(sound) != []
    assert (
        [refusal.reason for refusal in found.refusals] == [refusal.reason for refusal in sound.refusals] != []
    )
    assert looked.snapshot() == plain.snapshot()
    assert looked.newest_waiting() == {}


def test_of_very_many_readings_the_last_say_what_time_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SAMPLE", 2)
    intake = intake_of("system")
    take(intake, rain(0, 300, 1), rain(1, 300, 1), rain(2, 600, 1))
    assert intake.newest_waiting() == {1: T0 + 300, 2: T0 + 600}
