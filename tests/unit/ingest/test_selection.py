import json

import pytest

from tests.stations import stations_of
from warnstream.ingest.names import RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.messages import columns_of
from warnstream.model.observations.decoders import (
    DecoderRule,
    VariableMapping,
    conversion,
    matches,
    pattern_fault,
)
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

STATIONS = stations_of("R1", "G1")


def message(topic: str, **content: object) -> RawMessage:
    return RawMessage(topic, json.dumps({"station": "R1", "time": 60, **content}).encode())


def test_the_first_rule_that_matches_a_topic_decodes_it() -> None:
    tips = {"tips": VariableMapping(Variable.RAIN, 0.2)}
    rules = [DecoderRule("gw/special/#", "flat_json", tips, {}), DecoderRule("gw/#", "flat_json", {}, {})]
    decoded = DecoderSelection(STATIONS, rules).decode(
        [message("gw/special/a", tips=5), message("gw/a", rain=2), message("gw/a", tips=1)]
    )
    assert decoded.readings.value.tolist() == [1.0, 2.0]
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.UNKNOWN_VARIABLE]


def test_a_topic_that_no_rule_matches_is_refused() -> None:
    selection = DecoderSelection(STATIONS, [DecoderRule("gw/+", "flat_json", {}, {})])
    decoded = selection.decode([message("other/a", rain=1)])
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.NO_DECODER]


def test_a_backlog_is_read_as_the_topic_above_it() -> None:
    selection = DecoderSelection(STATIONS, [DecoderRule("gw/+", "flat_json", {}, {})])
    assert len(selection.decode([message("gw/a/backlog", rain=1)]).readings) == 1


def test_stations_are_known_by_the_names_of_the_gateway() -> None:
    rule = DecoderRule("#", "flat_json", {}, {"70B3D5": "G1"})
    decoded = DecoderSelection(STATIONS, [rule]).decode([message("a", station="70B3D5", rain=1)])
    assert decoded.readings.station.tolist() == [1]


def test_values_are_converted_only_where_that_is_declared() -> None:
    stage = {"level": VariableMapping(Variable.STAGE, 0.01, 100.0)}
    decoded = DecoderSelection(STATIONS, [DecoderRule("#", "flat_json", stage, {})]).decode(
        [message("a", level=345, unit={"level": "cm"}), message("a", rain=1, unit={"rain": "in"})]
    )
    assert decoded.readings.value.tolist() == [103.45]
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.WRONG_UNIT]


@pytest.mark.parametrize(("takes", "n_readings"), [(False, 0), (True, 1)])
def test_exercises_enter_only_a_node_that_exercises(takes: bool, n_readings: int) -> None:
    rules = [DecoderRule("#", "flat_json", {}, {})]
    decoded = DecoderSelection(STATIONS, rules, takes_exercises=takes).decode(
        [message("a", rain=1, exercise=True)]
    )
    assert len(decoded.readings) == n_readings
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.EXERCISE] * (1 - n_readings)


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/b/c", False),
        ("a/+", "a", False),
        ("a/+", "a/", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("+", "$SYS", False),
        ("$listener/sl651", "$listener/sl651", True),
    ],
)
def test_patterns_match_as_mqtt_says(pattern: str, topic: str, expected: bool) -> None:
    assert matches(pattern, topic) is expected


@pytest.mark.parametrize("pattern", ["a/#/b", "a+/b", "a//b", "/a", "$x/y", "a/b#"])
def test_patterns_that_are_none_are_faults(pattern: str) -> None:
    assert pattern_fault(pattern)


@pytest.mark.parametrize(
    ("unit", "variable", "raw", "value"),
    [
        ("cm", Variable.STAGE, 345.0, 3.45),
        ("in", Variable.RAIN, 0.01, 0.254),
        ("K", Variable.TEMPERATURE, 273.15, 0.0),
        ("degF", Variable.TEMPERATURE, 212.0, 100.0),
        ("/", Variable.HUMIDITY, 0.5, 50.0),
        ("kPa", Variable.PRESSURE, 101.3, 1013.0),
    ],
)
def test_units_become_ours(unit: str, variable: Variable, raw: float, value: float) -> None:
    found = conversion(unit, variable)
    assert found is not None
    assert VariableMapping(variable, *found).value(raw) == pytest.approx(value, abs=1e-9)


def test_a_counter_knows_by_which_mapping_its_number_became_millimetres() -> None:
    """Two topics with two factors, and one with ours: their totals are never compared with each other."""
    halves = DecoderRule("half/#", "flat_json", {"tips": VariableMapping(Variable.RAIN_TOTAL, 0.5)}, {})
    fifths = DecoderRule("fifth/#", "flat_json", {"tips": VariableMapping(Variable.RAIN_TOTAL, 0.2)}, {})
    plain = DecoderRule("plain/#", "flat_json", {}, {})
    selection = DecoderSelection(STATIONS, [halves, fifths, plain])
    found = selection.decode(
        [
            message("half/a", tips=10),
            message("fifth/a", tips=10),
            message("plain/a", rain_total=10, rain=1),
            message("half/a", rain_tip=0.5, sequence=6),
        ]
    ).readings
    counted = found.variable == Variable.RAIN_TOTAL
    assert found.sequence[counted].tolist() == [halves.counter_source, fifths.counter_source, 0]
    assert len({halves.counter_source, fifths.counter_source, 0}) == 3
    assert sorted(found.sequence[~counted].tolist()) == [0, 7], "amounts have none, tips keep their numbers"


def test_many_messages_as_columns_know_their_mapping_too() -> None:
    rule = DecoderRule("#", "flat_json", {}, {}, wrap_mm=1000.0)
    selection = DecoderSelection(STATIONS, [rule])
    some = [message(f"a/{number}", rain_total=10 + number) for number in range(40)]
    columns = columns_of([message.topic for message in some], [message.payload for message in some])
    found = selection.decode_columns(columns).readings
    assert rule.counter_source != 0
    assert set(found.sequence.tolist()) == {rule.counter_source}
