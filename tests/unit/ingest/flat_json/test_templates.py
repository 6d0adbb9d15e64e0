"""Messages of one form, read all at once, say what they say when each is read by itself."""

import json

import numpy as np
import pytest

from tests.fuzz.targets import rows_of
from tests.stations import stations_of
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.ingest.flat_json.templates import BATCH_MIN, FlatForms
from warnstream.ingest.names import Decoded
from warnstream.ingest.speakers import ANY, NOBODY
from warnstream.model.messages import columns_of
from warnstream.model.observations.readings import ReadingBatch

STATIONS = stations_of("R1", "G1", "0011223344556677", "S2345678", 'q"x', "b\\x", "中")
PLAIN = b'{"station":"R1","time":"2026-06-18T08:05:00Z","rain":1.2,"temperature":-3.25,"pressure":1001.2}'
SPACED = json.dumps({"time": "2026-06-18T16:05:00+08:00", "stage": 103.4, "station": "G1"}).encode()
EPOCH = b'{"sequence": 12, "time": 1781769900, "station": "S2345678", "rain": 0}'


def same(found: Decoded, expected: Decoded) -> None:
    assert rows_of(found.readings) == rows_of(expected.readings)
    assert np.array_equal(np.signbit(found.readings.value), np.signbit(expected.readings.value))
    assert found.refusals == expected.refusals


def taken(payload: bytes, *forms: bytes, speaker: int = ANY) -> ReadingBatch | None:
    """What a message gives to one who learnt these forms; None if it is left to the other decoders."""
    decoder = Decoder(STATIONS)
    assert decoder._forms is not None
    for form in forms:
        batch = columns_of(["t"] * BATCH_MIN, [form] * BATCH_MIN)
        decoder._forms.decode(batch, np.full(BATCH_MIN, ANY, dtype=np.int32))
    readings, _, left = decoder._forms.decode(
        columns_of(["t"], [payload]), np.array([speaker], dtype=np.int32)
    )
    return None if len(left) else readings


@pytest.mark.parametrize("payload", [PLAIN, SPACED, EPOCH])
def test_a_form_is_learnt_and_then_read_without_the_other_decoders(payload: bytes) -> None:
    readings = taken(payload, PLAIN, SPACED, EPOCH)
    assert readings is not None
    assert rows_of(readings) == rows_of(Decoder(STATIONS).decode([RawMessage("t", payload)]).readings)


@pytest.mark.parametrize(
    "number", ["7", "0", "0.5", "-0.5", "12.75", "1001.25", "-103.45", "1234567", "0.00001", "-100000"]
)
def test_numbers_of_any_usual_width_are_of_the_form(number: str) -> None:
    payload = PLAIN.replace(b"-3.25", number.encode())
    readings = taken(payload, PLAIN)
    assert readings is not None
    assert readings.value.tolist() == [1.2, float(number), 1001.2]


@pytest.mark.parametrize(
    "number", ["-0", "00", "01", "1.", ".5", "1e3", "1.2.3", "null", "true", "12345678", "-", "", "1 "]
)
def test_other_numbers_are_left_to_the_decoder_that_explains(number: str) -> None:
    assert taken(PLAIN.replace(b"-3.25", number.encode()), PLAIN) is None


def test_a_station_that_may_not_speak_is_left_to_the_decoder_that_explains() -> None:
    assert taken(PLAIN, PLAIN, speaker=0) is not None
    assert taken(PLAIN, PLAIN, speaker=1) is None
    assert taken(PLAIN, PLAIN, speaker=NOBODY) is None


def test_a_time_before_1970_in_its_zone_is_left_to_the_decoder_that_explains() -> None:
    assert taken(SPACED.replace(b"2026-06-18T16:05", b"1970-01-01T08:00"), SPACED) is not None
    assert taken(SPACED.replace(b"2026-06-18T16:05", b"1970-01-01T07:59"), SPACED) is None


def test_nothing_before_or_behind_a_message_is_read() -> None:
    # A number that ends the content, and messages that continue each other.
    decoder = Decoder(STATIONS)
    half = len(PLAIN) // 2
    contents = [PLAIN] * BATCH_MIN + [PLAIN[:half], PLAIN[half:], PLAIN[:-1]]
    found = decoder.decode_columns(
        columns_of(["t"] * len(contents), contents), np.full(len(contents), ANY, dtype=np.int32)
    )
    assert len(found.readings) == 3 * BATCH_MIN
    assert [refusal.payload for refusal in found.refusals] == contents[BATCH_MIN:]


def test_forms_are_not_learnt_twice_and_have_a_limit() -> None:
    decoder = Decoder(STATIONS)
    forms = decoder._forms
    assert isinstance(forms, FlatForms)
    every = np.full(BATCH_MIN, ANY, dtype=np.int32)
    for n in range(40):
        payload = PLAIN.replace(b",", b"," + b" " * n)
        for _ in range(2):
            batch = columns_of(["t"] * BATCH_MIN, [payload] * BATCH_MIN)
            assert len(forms.decode(batch, every)[2]) == 0
    assert len(forms._forms) == 16
