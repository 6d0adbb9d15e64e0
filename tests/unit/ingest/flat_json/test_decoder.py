import json

import numpy as np
import pytest

from warnstream.ingest.flat_json.decoder import PAYLOAD_BYTES_MAX, Decoded, Decoder, RawMessage
from warnstream.model.network import Stations
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason


def decode(*payloads: object) -> Decoded:
    n = 2
    stations = Stations(
        ("R1", "G1"),
        np.zeros(n),
        np.zeros(n),
        np.full(n, 300, dtype=np.int32),
        np.ones(n, dtype=np.bool_),
        np.ones(n, dtype=np.bool_),
    )
    messages = [
        RawMessage("ws/c/rain/R1/obs", p if isinstance(p, bytes) else json.dumps(p).encode())
        for p in payloads
    ]
    return Decoder(stations).decode(messages)


def reasons(decoded: Decoded) -> list[RefusalReason]:
    return [refusal.reason for refusal in decoded.refusals]


def test_each_variable_of_an_observation_is_one_reading() -> None:
    decoded = decode({"station": "G1", "time": "2026-06-18T16:05:00+08:00", "rain": 1.2, "stage": 103.45})
    readings = decoded.readings
    assert readings.station.tolist() == [1, 1]
    assert readings.variable.tolist() == [Variable.RAIN, Variable.STAGE]
    assert readings.observed_at_s.tolist() == [1781769900, 1781769900]
    assert readings.value.tolist() == [1.2, 103.45]
    assert not decoded.refusals


def test_an_array_holds_several_observations_in_order() -> None:
    decoded = decode([{"station": "R1", "time": 60, "rain": 1}, {"station": "G1", "time": 120, "rain": 2}])
    assert decoded.readings.observed_at_s.tolist() == [60, 120]


def test_null_means_that_the_sensor_had_no_value() -> None:
    decoded = decode({"station": "R1", "time": 60, "rain": None, "stage": 1.0})
    assert decoded.readings.variable.tolist() == [Variable.STAGE]
    assert not decoded.refusals


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff\x00not json", RefusalReason.NOT_JSON),
        (b'{"station":"R1","time":60,"rain":NaN}', RefusalReason.BAD_VALUE),
        (b"[" * 100_000, RefusalReason.NOT_JSON),
        (b"", RefusalReason.NOT_JSON),
        (b" " * (PAYLOAD_BYTES_MAX + 1), RefusalReason.TOO_LARGE),
        (42, RefusalReason.WRONG_SHAPE),
        ({"station": "R9", "time": 60, "rain": 1}, RefusalReason.UNKNOWN_STATION),
        ({"station": ["R1"], "time": 60, "rain": 1}, RefusalReason.UNKNOWN_STATION),
        ({"time": 60, "rain": 1}, RefusalReason.UNKNOWN_STATION),
        ({"station": "R1", "rain": 1}, RefusalReason.BAD_TIME),
        ({"station": "R1", "time": True, "rain": 1}, RefusalReason.BAD_TIME),
        ({"station": "R1", "time": "2026-06-18T16:05:00", "rain": 1}, RefusalReason.BAD_TIME),
        ({"station": "R1", "time": 1_781_769_900_000, "rain": 1}, RefusalReason.BAD_TIME),
        ({"station": "R1", "time": 60, "rane": 1}, RefusalReason.UNKNOWN_VARIABLE),
        ({"station": "R1", "time": 60, "rain": "1.0"}, RefusalReason.BAD_VALUE),
        ({"station": "R1", "time": 60, "rain": False}, RefusalReason.BAD_VALUE),
        (b'{"station":"R1","time":60,"rain":1e999}', RefusalReason.BAD_VALUE),
        ({"station": "R1", "time": 60, "rain": 1, "unit": {"rain": "in"}}, RefusalReason.WRONG_UNIT),
        ({"station": "R1", "time": 60, "rain": 1, "unit": "cm"}, RefusalReason.WRONG_UNIT),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(payload: object, reason: RefusalReason) -> None:
    decoded = decode(payload)
    assert reasons(decoded) == [reason]
    assert len(decoded.readings) == 0


def test_one_bad_field_does_not_take_the_others_with_it() -> None:
    decoded = decode({"station": "R1", "time": 60, "rain": 2, "voltage": 12.6})
    assert decoded.readings.value.tolist() == [2.0]
    assert reasons(decoded) == [RefusalReason.UNKNOWN_VARIABLE]


def test_one_bad_message_does_not_take_the_others_with_it() -> None:
    decoded = decode(b"{", {"station": "R1", "time": 60, "rain": 2})
    assert decoded.readings.value.tolist() == [2.0]


def test_a_refusal_names_the_topic_and_keeps_the_payload() -> None:
    refusal = decode({"station": "R9", "time": 60}).refusals[0]
    assert refusal.topic == "ws/c/rain/R1/obs"
    assert json.loads(refusal.payload)["station"] == "R9"
    assert "'R9' is not in stations.csv" in refusal.detail


def test_a_message_in_other_words_is_refused_with_what_was_looked_for_and_what_was_there() -> None:
    unnamed = decode({"device": "R1", "ts": 60, "rain": 1})
    assert unnamed.refusals[0].detail == "looked for station; there is device, ts, rain"
    untimed = decode({"station": "R1", "ts": 60, "rain": 1})
    assert untimed.refusals[0].detail == "looked for time; there is station, ts, rain"


def test_an_observation_without_a_value_is_counted_or_refused() -> None:
    assert reasons(decode({"station": "R1", "time": 60})) == [RefusalReason.NO_READING]
    assert reasons(decode([])) == [RefusalReason.NO_READING]
    silent = decode({"station": "R1", "time": 60, "rain": None})
    assert not silent.refusals
    assert silent.n_without == 1


def test_an_observation_marked_as_a_test_warns_nobody() -> None:
    for mark in ("exercise", "simulated", "test"):
        assert reasons(decode({"station": "R1", "time": 60, "rain": 1, mark: True})) == [
            RefusalReason.EXERCISE
        ]
        assert len(decode({"station": "R1", "time": 60, "rain": 1, mark: False}).readings) == 1
