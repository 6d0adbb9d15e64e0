import json

import pytest

from tests.stations import stations_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.uplink import UplinkDecoder
from warnstream.model.observations.decoders import DecoderRule, VariableMapping
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

TIME = "2026-06-18T08:05:00.123456+00:00"
OBJECT = {"rain": {"total": 35}, "battery": 3.6, "temperature": 21.5, "humidity": None}
CHIRPSTACK = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": TIME,
    "deviceInfo": {"deviceName": "gauge 7", "devEui": "24e124535b123456"},
    "fPort": 2,
    "object": OBJECT,
}
THINGS_STACK = {
    "end_device_ids": {"device_id": "gauge-7", "dev_eui": "24E124535B123456"},
    "received_at": "2026-06-18T08:05:01Z",
    "uplink_message": {"f_port": 2, "decoded_payload": OBJECT, "received_at": TIME},
}


def decode(form: str, content: object) -> Decoded:
    rule = DecoderRule(
        "#",
        form,
        {"rain.total": VariableMapping(Variable.RAIN_TOTAL, 0.2)},
        {"24e124535b123456": "R1", "gauge-7": "R1"},
    )
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return UplinkDecoder(stations_of("R1"), rule).decode([RawMessage("a", payload)])


@pytest.mark.parametrize(
    ("form", "content"), [("chirpstack", CHIRPSTACK), ("the_things_stack", THINGS_STACK)]
)
def test_the_decoded_object_of_an_uplink_gives_the_mapped_readings(form: str, content: object) -> None:
    decoded = decode(form, content)
    assert decoded.readings.variable.tolist() == [Variable.RAIN_TOTAL, Variable.TEMPERATURE]
    assert decoded.readings.value.tolist() == [7.0, 21.5]
    assert decoded.readings.observed_at_s.tolist() == [1_781_769_900] * 2
    assert not decoded.refusals


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", RefusalReason.NOT_JSON),
        ([], RefusalReason.WRONG_SHAPE),
        ({**CHIRPSTACK, "object": None}, RefusalReason.WRONG_SHAPE),
        ({**CHIRPSTACK, "deviceInfo": 5}, RefusalReason.UNKNOWN_STATION),
        ({**CHIRPSTACK, "time": None}, RefusalReason.BAD_TIME),
        ({**CHIRPSTACK, "time": "yesterday"}, RefusalReason.BAD_TIME),
        ({**CHIRPSTACK, "object": {"temperature": "warm"}}, RefusalReason.BAD_VALUE),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(content: object, reason: RefusalReason) -> None:
    decoded = decode("chirpstack", content)
    assert [refusal.reason for refusal in decoded.refusals] == [reason]
    assert len(decoded.readings) == 0
