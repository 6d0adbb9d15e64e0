"""Whatever comes, no decoder raises, and what it gives can be used."""

import base64
import json

import cbor2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stations import stations_of
from warnstream.ingest.names import RawMessage
from warnstream.ingest.packed import encode
from warnstream.ingest.selection import DecoderSelection
from warnstream.ingest.sl651_frame import ETX, Frame, build, crc16
from warnstream.model.decoders import FORMATS, DecoderRule
from warnstream.model.readings import Variable

STATIONS = stations_of("R1", "0011223344")
SELECTION = DecoderSelection(STATIONS, [DecoderRule(form, form, {}, {}) for form in FORMATS])

_BODY = bytes.fromhex(
    "0033170718110014F1F1001122334448F0F01707181005F4600500000014FFFFFFFFFF0000F0F017071811002619000040392300010490"
)
_ASCII = b"0001170718110000ST 0011223344 H TT 1707181100 PJ 4.0 PT 4.0 Z 10.490 VT 10.99 "
_FLAT = b'[{"station":"R1","time":"2026-06-18T08:05:00Z","rain":1.2,"unit":{"rain":"mm"}}]'
_SENML = [{"bn": "R1:", "bt": 1_781_769_900, "n": "rain", "u": "mm", "v": 1.2}, {"n": "stage", "v": 2}]
SEEDS: dict[str, list[bytes]] = {
    "flat_json": [_FLAT],
    "senml_json": [json.dumps(_SENML).encode()],
    "senml_cbor": [cbor2.dumps([{-2: "R1:", -3: 1_781_769_900, 0: "rain", 2: 1.2}, {0: "stage", 2: 2}])],
    "sl651": [
        build(Frame("0011223344", 5, 0x34, ETX, b"\x03\xe8", True, 0, 0, _BODY, False)),
        build(Frame("0011223344", 5, 0x32, ETX, b"\x03\xe8", True, 0, 0, _ASCII, True)),
    ],
    "wis2": [
        json.dumps(
            {
                "type": "Feature",
                "properties": {"content": {"encoding": "base64", "value": base64.b64encode(_FLAT).decode()}},
            }
        ).encode()
    ],
    "chirpstack": [
        b'{"time":"2026-06-18T08:05:00Z","deviceInfo":{"devEui":"R1"},"object":{"rain":1,"a":{"b":{"c":2}}}}'
    ],
    "the_things_stack": [
        json.dumps(
            {
                "received_at": "2026-06-18T08:05:00Z",
                "end_device_ids": {"device_id": "R1"},
                "uplink_message": {"decoded_payload": {"rain": 1}},
            }
        ).encode()
    ],
    "packed": [encode(["R1"], np.array([0]), np.array([0]), np.array([60]), np.array([1.0]))],
}
edit = st.tuples(st.sampled_from("sid"), st.integers(0, 4000), st.binary(min_size=1, max_size=6))
edits = st.lists(edit, min_size=1, max_size=8)


def mutated(payload: bytes, changes: list[tuple[str, int, bytes]]) -> bytes:
    content = bytearray(payload)
    for kind, place, piece in changes:
        at = place % (len(content) + 1)
        if kind == "s":
            content[at : at + len(piece)] = piece
        elif kind == "i":
            content[at:at] = piece
        else:
            del content[at : at + len(piece)]
    return bytes(content)


def sealed(payload: bytes) -> bytes:
    """With a right checksum again, so that the mutation reaches the body."""
    return payload[:-2] + crc16(payload[:-2]).to_bytes(2)


def check(form: str, payload: bytes) -> None:
    decoded = SELECTION.decode([RawMessage(form, payload)], 1_781_769_900)
    readings = decoded.readings
    assert np.isfinite(readings.value).all()
    assert ((readings.station >= 0) & (readings.station < len(STATIONS))).all()
    assert (readings.variable < len(Variable)).all()
    assert (readings.interval_s >= 0).all()
    assert all(refusal.detail for refusal in decoded.refusals)


@pytest.mark.parametrize("form", FORMATS)
def test_the_seeds_are_good_messages(form: str) -> None:
    for payload in SEEDS[form]:
        decoded = SELECTION.decode([RawMessage(form, payload)])
        assert len(decoded.readings) > 0
        assert not decoded.refusals


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=60, deadline=None)
@given(changes=edits, noise=st.binary(max_size=300))
def test_mutated_messages_and_noise_never_raise(
    form: str, changes: list[tuple[str, int, bytes]], noise: bytes
) -> None:
    check(form, noise)
    for payload in SEEDS[form]:
        check(form, mutated(payload, changes))
        if form == "sl651":
            check(form, sealed(mutated(payload, changes)))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=3000, deadline=None)
@given(changes=edits, seed=st.integers(0, 1), cut=st.integers(0, 200))
def test_many_mutated_messages_never_raise(
    form: str, changes: list[tuple[str, int, bytes]], seed: int, cut: int
) -> None:
    payload = SEEDS[form][seed % len(SEEDS[form])]
    changed = mutated(payload, changes)
    check(form, changed + payload[cut:])
    if form == "sl651" and len(changed) > 20:
        inner = changed[14:-3]
        check(form, build(Frame("0011223344", 5, 0x31 + cut % 8, ETX, b"\x03\xe8", True, 0, 0, inner, False)))
