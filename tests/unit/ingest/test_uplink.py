import json

import pytest

from tests.stations import stations_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.senml import Moment
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
UPLINK_MESSAGE: dict[str, object] = {"f_port": 2, "decoded_payload": OBJECT, "received_at": TIME}
THINGS_STACK = {
    "end_device_ids": {"device_id": "gauge-7", "dev_eui": "24E124535B123456"},
    "received_at": "2026-06-18T08:05:01Z",
    "uplink_message": UPLINK_MESSAGE,
}


THINGPARK: dict[str, object] = {
    "Time": "2026-06-18T10:05:00.911+02:00",
    "DevEUI": "24E124535B123456",
    "payload": OBJECT,
}
ACTILITY = {"DevEUI_uplink": THINGPARK}
HELIUM = {"dev_eui": "24E124535B123456", "reported_at": 1_781_769_900_123, "decoded": {"payload": OBJECT}}
LORIOT = {"cmd": "rx", "EUI": "24E124535B123456", "ts": 1_781_769_900_123, "decoded": {"data": OBJECT}}
CHIRPSTACK_3 = {
    "devEUI": "JOEkU1sSNFY=",
    "deviceName": "gauge 7",
    "rxInfo": [{"time": None}, {"time": TIME}],
    "publishedAt": "2026-06-18T08:05:02.5Z",
    "objectJSON": json.dumps(OBJECT),
}


def decode(form: str, content: object, *, now_s: int = -1, takes_exercises: bool = False) -> Decoded:
    rule = DecoderRule(
        "#",
        form,
        {"rain.total": VariableMapping(Variable.RAIN_TOTAL, 0.2)},
        {"24e124535b123456": "R1", "gauge-7": "R1"},
    )
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    decoder = UplinkDecoder(stations_of("R1"), rule, Moment(now_s), takes_exercises=takes_exercises)
    return decoder.decode([RawMessage("a", payload)])


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("chirpstack", CHIRPSTACK),
        ("chirpstack", CHIRPSTACK_3),
        ("chirpstack", {**CHIRPSTACK_3, "objectJSON": None, "object": OBJECT, "devEUI": "24e124535b123456"}),
        ("the_things_stack", THINGS_STACK),
        ("actility", ACTILITY),
        ("helium", HELIUM),
        ("loriot", LORIOT),
    ],
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


def with_server_time(time: object, *server: str) -> dict[str, object]:
    return {
        **CHIRPSTACK,
        "time": time,
        "rxInfo": [{"gatewayId": "a"}, *({"nsTime": name} for name in server)],
    }


@pytest.mark.parametrize(
    ("time", "expected_s"),
    [
        ("2026-06-18T08:05:00Z", 1_781_769_900),
        ("2026-06-18T02:05:00Z", 1_781_748_300),  # the gateway was cut off for six hours
        ("1970-01-01T00:00:07Z", 1_781_769_902),  # it never had the time
        ("2026-06-16T08:05:00Z", 1_781_769_902),
        ("2026-06-18T10:05:00Z", 1_781_769_902),  # no clock is right that is ahead of the server
        ("yesterday", 1_781_769_902),
        (None, 1_781_769_902),
    ],
)
def test_a_gateways_time_that_cannot_be_gives_way_to_the_network_servers(
    time: object, expected_s: int
) -> None:
    decoded = decode("chirpstack", with_server_time(time, "2026-06-18T08:05:02.1Z"))
    assert decoded.readings.observed_at_s.tolist() == [expected_s] * 2
    assert not decoded.refusals


def test_an_uplink_without_any_time_is_of_the_last_step_except_for_amounts_of_rain() -> None:
    content = {**CHIRPSTACK, "time": None, "object": {"stage": 2.5, "rain": 7}}
    decoded = decode("chirpstack", content, now_s=1_781_769_930)
    assert decoded.readings.observed_at_s.tolist() == [1_781_769_930]
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.BAD_TIME]


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("the_things_stack", {**THINGS_STACK, "simulated": True}),
        (
            "the_things_stack",
            {**THINGS_STACK, "uplink_message": {**UPLINK_MESSAGE, "simulated": True}},
        ),
        ("chirpstack", {**CHIRPSTACK, "object": {**OBJECT, "exercise": 1}}),
        (
            "chirpstack",
            {**CHIRPSTACK, "deviceInfo": {"devEui": "gauge-7", "tags": {"simulated": "true"}}},
        ),
        ("actility", {"DevEUI_uplink": {**THINGPARK, "simulated": True}}),
        ("helium", {**HELIUM, "simulated": "yes"}),
    ],
)
def test_a_simulated_uplink_is_never_judged_by_a_node_that_warns_for_real(form: str, content: object) -> None:
    decoded = decode(form, content)
    assert len(decoded.readings) == 0
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.EXERCISE]
    assert len(decode(form, content, takes_exercises=True).readings) == 2


def test_an_uplink_that_says_it_is_not_simulated_is_judged() -> None:
    assert len(decode("the_things_stack", {**THINGS_STACK, "simulated": False}).readings) == 2
    assert len(decode("chirpstack", {**CHIRPSTACK, "object": {**OBJECT, "test": "false"}}).readings) == 2


def test_an_uplink_of_which_nothing_is_read_names_what_was_looked_for_and_what_was_there() -> None:
    decoded = decode("chirpstack", {**CHIRPSTACK, "object": {"rainfall": {"sum": 35}, "battery": 3.6}})
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.NO_READING]
    assert decoded.refusals[0].detail == "looked for rain.total; there is rainfall.sum, battery"


def test_a_list_of_past_observations_is_refused_beside_what_is_read() -> None:
    past = [{"time": 1_781_769_600, "temperature": 20.5}]
    decoded = decode("chirpstack", {**CHIRPSTACK, "object": {**OBJECT, "history": past}})
    assert len(decoded.readings) == 2
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.WRONG_SHAPE]
    assert "history" in decoded.refusals[0].detail
    alone = decode("chirpstack", {**CHIRPSTACK, "object": {"history": past}})
    assert [refusal.reason for refusal in alone.refusals] == [RefusalReason.WRONG_SHAPE]


def test_a_sensor_that_has_no_value_is_no_fault() -> None:
    decoded = decode("chirpstack", {**CHIRPSTACK, "object": {"temperature": None}})
    assert not decoded.refusals
    assert decoded.n_without == 1
