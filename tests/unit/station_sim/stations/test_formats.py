import pytest

from station_sim.message import Message
from station_sim.stations.formats import encoded
from tests.stations import stations_of
from warnstream.ingest.names import RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.observations.decoders import DecoderRule

STREAM = [
    Message(60, "ws/c/rain/R1/obs", b'{"station":"R1","time":1781769900,"rain":1.2,"humidity":80.5}', 1),
    Message(
        60,
        "ws/c/rain/R1/obs",
        b'[{"station":"R1","time":"2026-06-18T08:10:00Z","rain":0.1},{"station":"G1","time":1781770200,"stage":1.5}]',
        2,
    ),
    Message(60, "ws/c/rain/R1/obs", b'{"station":"R1","ti', 0),
    Message(60, "ws/clock", b'{"time":"2026-06-18T08:10:00Z"}', 0),
]


@pytest.mark.parametrize("form", ["flat_json", "senml_json", "packed"])
def test_every_format_carries_the_same_readings(form: str) -> None:
    messages = [sent for message in STREAM for sent in encoded(message, form)]
    assert messages[3] == STREAM[3]
    rule = DecoderRule("ws/+/+/+/obs", form, {}, {})
    decoded = DecoderSelection(stations_of("R1", "G1"), [rule]).decode(
        [RawMessage(message.topic, message.payload) for message in messages[:3]]
    )
    assert decoded.readings.station.tolist() == [0, 0, 0, 1]
    assert decoded.readings.value.tolist() == [1.2, 80.5, 0.1, 1.5]
    assert decoded.readings.observed_at_s.tolist() == [1_781_769_900] * 2 + [1_781_770_200] * 2
    assert len(decoded.refusals) == 1


@pytest.mark.parametrize("form", ["senml_json", "packed"])
def test_a_report_with_units_of_its_own_takes_no_other_with_it(form: str) -> None:
    payload = (
        b'[{"station":"R1","time":1781769900,"rain":1.2},'
        b'{"station":"R1","time":1781770200,"rain":0.1,"unit":{"rain":"in"}}]'
    )
    good, inches = encoded(Message(60, "ws/c/rain/R1/obs", payload, 2), form)
    assert (good.n_readings, inches.n_readings) == (1, 1)
    assert b'"unit":{"rain":"in"}' in inches.payload
    decoded = DecoderSelection(stations_of("R1"), [DecoderRule("ws/+/+/+/obs", form, {}, {})]).decode(
        [RawMessage(message.topic, message.payload) for message in (good, inches)]
    )
    assert decoded.readings.value.tolist() == [1.2]
    assert len(decoded.refusals) == 1
