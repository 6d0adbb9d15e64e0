"""What a snapshot holds is of one moment: nothing that the node takes afterwards changes it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.networks import QUALITY, T0, WINDOWS, nearest_weights, network_of, rain_rule
from tests.unit.desk.county import desk_of
from warnstream.assessment import Assessment, Weights
from warnstream.engine import Engine
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.effects import Answer
from warnstream.model.level import Level
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.times import UTC, iso_utc
from warnstream.model.warning import MessageStatus
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake
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


def intake_of() -> Intake:
    network, rules = network_of(N, N), (rain_rule(N, (15, 25, 40, 80)),)
    weights = nearest_weights(N, N)
    assessment = Assessment(
        network, rules, weights=Weights(weights, weights), windows=WINDOWS, quality=QUALITY, nowcast=None
    )
    engine = Engine(assessment, desk_of(network, rules, MESSAGES, ROUTING))
    return Intake(engine, network, Topics("ws"), clock="simulated")


minutes = st.integers(0, 180)
readings = st.tuples(st.just("rain"), st.integers(0, N - 1), minutes, st.integers(0, 60))
clocks = st.tuples(st.just("clock"), minutes)
answers = st.tuples(st.just("answer"), st.integers(0, N - 1))
events = st.lists(st.one_of(readings, clocks, answers), max_size=30)


def take(intake: Intake, event: tuple[str, *tuple[int, ...]]) -> None:
    kind, *numbers = event
    if kind == "answer":
        intake.consume(entries.ANSWER, entries.encode_answer("m.1", f"H{numbers[0]}", Answer.SAFE))
        return
    if kind == "clock":
        message = RawMessage("ws/clock", json.dumps({"time": iso_utc(T0 + 60 * numbers[0])}).encode())
    else:
        station, minute, rain_mm = numbers
        content = {"station": f"S{station}", "time": iso_utc(T0 + 60 * minute), "rain": rain_mm}
        message = RawMessage(f"ws/c/rain/S{station}/obs", json.dumps(content).encode())
    intake.consume(entries.MESSAGES, entries.encode_messages([message]))


@given(before=events, after=events)
def test_a_copy_stays_as_it_was_and_what_is_restored_from_it_is_the_same_state(
    before: list[tuple[str, *tuple[int, ...]]], after: list[tuple[str, *tuple[int, ...]]]
) -> None:
    intake, twin = intake_of(), intake_of()
    for event in before:
        take(intake, event)
    copied, expected = intake.copied(), intake.snapshot()
    for event in after:
        take(intake, event)
    assert copied.packed() == expected
    twin.restore(expected)
    assert twin.snapshot() == expected
    for event in after:
        take(twin, event)
    assert twin.snapshot() == intake.snapshot()
