"""A station speaks for itself alone; a gateway for every station."""

import json

import numpy as np
import pytest

from tests.stations import stations_of
from warnstream.ingest.names import RawMessage
from warnstream.ingest.packed import encode
from warnstream.ingest.selection import DecoderSelection
from warnstream.ingest.speakers import ANY, NOBODY, Senders
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

STATIONS = stations_of("R1", "R2")


def selection(form: str = "flat_json", **names: str) -> DecoderSelection:
    rules = [DecoderRule("ws/+/+/+/obs", form, {}, names), DecoderRule("other/#", form, {}, {})]
    return DecoderSelection(STATIONS, rules, speakers=Senders("ws", STATIONS, ["gateway"], names))


def rain(*stations: str) -> bytes:
    rows = [{"station": station, "time": 60 + 60 * n, "rain": 1.5} for n, station in enumerate(stations)]
    return json.dumps(rows if len(rows) > 1 else rows[0]).encode()


@pytest.mark.parametrize(
    ("topic", "speaker"),
    [
        ("ws/c/rain/R1/obs", 0),
        ("ws/c/rain/R2/obs/backlog", 1),
        ("ws/c/rain/gateway/obs", ANY),
        ("ws/c/rain/GW7/obs", NOBODY),
        ("ws/c/rain/70B3/obs", 1),
        ("ws/clock", ANY),
        ("lora/R1/obs", ANY),
        ("$listener/sl651", ANY),
    ],
)
def test_the_name_in_the_station_s_place_says_who_speaks(topic: str, speaker: int) -> None:
    assert Senders("ws", STATIONS, ["gateway"], {"70B3": "R2"}).of(topic) == speaker


@pytest.mark.parametrize("topic", ["ws/c/rain/R1/obs", "ws/c/rain/R1/obs/backlog", "ws/c/rain/GW7/obs"])
def test_a_station_that_names_another_is_refused_with_the_reason(topic: str) -> None:
    decoded = selection().decode([RawMessage(topic, rain("R2"))])
    assert len(decoded.readings) == 0
    (refusal,) = decoded.refusals
    assert refusal.reason is RefusalReason.WRONG_STATION
    assert "'R2' in a message on" in refusal.detail
    assert "topics.gateways" in refusal.detail


def test_of_an_array_the_station_s_own_observations_count() -> None:
    decoded = selection().decode([RawMessage("ws/c/rain/R1/obs", rain("R1", "R2", "R1"))])
    assert decoded.readings.station.tolist() == [0, 0]
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.WRONG_STATION]


@pytest.mark.parametrize("topic", ["ws/c/rain/gateway/obs", "other/R1"])
def test_a_gateway_speaks_for_every_station(topic: str) -> None:
    decoded = selection().decode([RawMessage(topic, rain("R1", "R2"))])
    assert decoded.readings.station.tolist() == [0, 1]
    assert not decoded.refusals


def test_a_station_is_itself_under_its_gateway_s_name_for_it() -> None:
    decoded = selection(A1="R1").decode(
        [RawMessage("ws/c/rain/A1/obs", rain("A1")), RawMessage("ws/c/rain/A1/obs", rain("R1"))]
    )
    assert decoded.readings.station.tolist() == [0, 0]


def test_one_bad_message_among_good_ones_changes_nothing_for_them() -> None:
    messages = [RawMessage(f"ws/c/rain/{topic}/obs", rain(named)) for topic, named in ("11", "21", "22")
                for topic, named in [(f"R{topic}", f"R{named}")]]  # fmt: skip
    decoded = selection().decode(messages)
    assert decoded.readings.station.tolist() == [0, 1]
    assert len(decoded.refusals) == 1


@pytest.mark.parametrize("form", ["packed", "senml_json"])
def test_other_formats_are_held_to_it_too(form: str) -> None:
    at_s = np.array([60, 120])
    if form == "packed":
        station, variable = np.array([0, 1]), np.full(2, int(Variable.RAIN))
        payload = encode(["R1", "R2"], station, variable, at_s, np.array([1.5, 2.5]))
    else:
        payload = json.dumps(
            [
                {"bn": "R1/", "bt": 1_781_769_900, "n": "rain", "u": "mm", "v": 1.5},
                {"bn": "R2/", "n": "rain", "u": "mm", "v": 2.5},
            ]
        ).encode()
    chosen = selection(form)
    own, other, gateway = (
        chosen.decode([RawMessage(f"ws/c/rain/{name}/obs", payload)]) for name in ("R1", "GW7", "gateway")
    )
    assert (own.readings.station.tolist(), own.readings.value.tolist()) == ([0], [1.5])
    assert [refusal.reason for refusal in own.refusals] == [RefusalReason.WRONG_STATION]
    assert (len(other.readings), len(other.refusals)) == (0, 1)
    assert (gateway.readings.station.tolist(), gateway.refusals) == ([0, 1], [])
