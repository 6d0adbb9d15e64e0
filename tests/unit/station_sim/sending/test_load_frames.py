import struct
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from station_sim.county.wide_network import VARIABLES, county_code, station_code, station_places
from station_sim.sending.load_frames import LoadFrames, LoadStation, Weather, varint
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.model.network import Stations
from warnstream.model.observations.readings import Variable
from warnstream.model.times import parse_iso

NOON_S = parse_iso("2026-06-18T12:00:00Z")
DRY = Weather(wet_share=0.0)


def stations(n: int) -> list[LoadStation]:
    return [LoadStation(station_code(k), county_code(k), "rain", VARIABLES) for k in range(n)]


def parse(data: bytes, qos: int) -> Iterator[tuple[str, int, bytes]]:
    """Topic, packet identifier and payload of PUBLISH frames, read as the MQTT 3.1.1 text says."""
    place = 0
    while place < len(data):
        assert data[place] == 0x30 | qos << 1
        place, length, shift = place + 1, 0, 0
        while True:
            digit = data[place]
            place, length, shift = place + 1, length | (digit & 0x7F) << shift, shift + 7
            if digit < 0x80:
                break
        body = data[place : place + length]
        place += length
        (n_topic,) = struct.unpack_from(">H", body)
        number = struct.unpack_from(">H", body, 2 + n_topic)[0] if qos else 0
        yield body[2 : 2 + n_topic].decode(), number, body[2 + n_topic + 2 * qos :]


@pytest.mark.parametrize(("number", "text"), [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f")])
def test_lengths_are_written_as_the_mqtt_standard_tabulates(number: int, text: str) -> None:
    assert varint(number).hex() == text


@pytest.mark.parametrize("qos", [0, 1])
def test_every_station_sends_one_observation_of_eight_values(qos: int) -> None:
    frames = LoadFrames(stations(5), DRY, prefix="ws", qos=qos)
    sent = list(parse(frames.slice_of(0, 5, NOON_S, 7), qos))
    assert [topic for topic, _, _ in sent] == [f"ws/c0001/rain/N00000{k}/obs" for k in range(1, 6)]
    assert [number for _, number, _ in sent] == ([7, 8, 9, 10, 11] if qos else [0] * 5)
    for k, (_, _, payload) in enumerate(sent):
        content = msgspec.json.decode(payload)
        assert content.pop("station") == station_code(k)
        assert content.pop("time") == "2026-06-18T12:00:00Z"
        assert set(content) == set(VARIABLES)


def test_packet_identifiers_go_round_without_zero() -> None:
    frames = LoadFrames(stations(4), DRY, prefix="ws", qos=1)
    numbers = [number for _, number, _ in parse(frames.slice_of(0, 4, NOON_S, 65_534), 1)]
    assert numbers == [65_534, 65_535, 1, 2]


def test_a_slice_changes_only_its_own_messages() -> None:
    frames = LoadFrames(stations(6), DRY, prefix="ws", qos=1)
    frames.slice_of(0, 6, NOON_S, 1)
    frames.slice_of(2, 4, NOON_S + 60, 1)
    times = [msgspec.json.decode(payload)["time"][14:16] for _, _, payload in parse(bytes(frames._bytes), 1)]
    assert times == ["00", "00", "01", "01", "00", "00"]


def test_packs_hold_all_stations_and_the_last_may_be_shorter() -> None:
    frames = LoadFrames(stations(7), DRY, prefix="ws", qos=1, pack=3)
    sent = list(parse(frames.slice_of(0, 3, NOON_S, 1), 1))
    packs = [msgspec.json.decode(payload) for _, _, payload in sent]
    assert [len(pack) for pack in packs] == [3, 3, 1]
    assert [message["station"] for pack in packs for message in pack] == [station_code(k) for k in range(7)]
    assert {message["time"] for pack in packs for message in pack} == {"2026-06-18T12:00:00Z"}
    assert {topic for topic, _, _ in sent} == {"ws/c0001/rain/gateway/obs"}


def test_stations_of_different_topics_and_variables_have_frames_of_one_length() -> None:
    mixed = [
        LoadStation("R1", "Liandu", "rain", ("rain",)),
        LoadStation("Z0001", "Qingyuan", "river", ("stage",)),
        LoadStation("W-17", "Yunhe", "rain", VARIABLES),
    ]
    frames = LoadFrames(mixed, Weather(heavy_share=1.0), prefix="ws", qos=1)
    data = frames.slice_of(0, 3, NOON_S, 1)
    assert len(data) == 3 * frames.frame_bytes
    contents = [msgspec.json.decode(payload) for _, _, payload in parse(data, 1)]
    assert [content["station"] for content in contents] == ["R1", "Z0001", "W-17"]
    assert [content.get("rain") for content in contents] == [1.6, None, 1.6]


def test_the_share_of_wet_stations_is_what_was_asked_for() -> None:
    frames = LoadFrames(stations(4000), Weather(wet_share=0.2, heavy_share=0.05), prefix="ws", qos=0)
    rain = np.array(
        [msgspec.json.decode(p)["rain"] for _, _, p in parse(frames.slice_of(0, 4000, NOON_S, 1), 0)]
    )
    assert np.mean(rain == 1.6) == pytest.approx(0.05, abs=0.01)
    assert np.mean((rain > 0) & (rain < 1)) == pytest.approx(0.2, abs=0.02)
    assert rain[rain < 1].max() <= 0.4


def test_rain_differs_from_round_to_round_but_not_between_two_runs() -> None:
    first, again = (LoadFrames(stations(200), Weather(wet_share=1.0), prefix="ws", qos=0) for _ in range(2))
    rounds = [first.slice_of(0, 200, NOON_S + 60 * k, 1) for k in range(3)]
    assert [again.slice_of(0, 200, NOON_S + 60 * k, 1) for k in range(3)] == rounds
    assert rounds[0].replace(b"12:00", b"12:01") != rounds[1]


def test_the_node_reads_every_value() -> None:
    n = 3
    latitude, longitude = station_places(n)
    network = Stations(
        code=tuple(station_code(k) for k in range(n)),
        latitude=latitude,
        longitude=longitude,
        interval_s=np.full(n, 60, dtype=np.int32),
        measures_rain=np.ones(n, dtype=np.bool_),
        measures_stage=np.ones(n, dtype=np.bool_),
        measured=(frozenset(Variable[word.upper()] for word in VARIABLES),) * n,
    )
    frames = LoadFrames(stations(n), Weather(heavy_share=1.0), prefix="ws", qos=1)
    raw = [RawMessage(topic, payload) for topic, _, payload in parse(frames.slice_of(0, n, NOON_S, 1), 1)]
    decoded = Decoder(network).decode(raw)
    assert decoded.refusals == []
    assert len(decoded.readings) == n * len(VARIABLES)
    assert set(decoded.readings.observed_at_s.tolist()) == {NOON_S}


def test_neighbours_on_the_grid_are_five_kilometres_apart() -> None:
    latitude, longitude = station_places(100)
    north_m = np.diff(latitude.reshape(10, 10), axis=0) * 111_320
    east_m = np.diff(longitude.reshape(10, 10), axis=1) * 111_320 * np.cos(np.radians(35.0))
    assert north_m == pytest.approx(5_000)
    assert east_m == pytest.approx(5_000)


def test_the_nation_lies_on_the_globe() -> None:
    latitude, longitude = station_places(384_000)
    assert (np.abs(latitude) < 60).all()
    assert (np.abs(longitude) < 180).all()
