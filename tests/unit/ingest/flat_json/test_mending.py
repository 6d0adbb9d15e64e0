"""What is nearly JSON: the value or the wrapper is refused, the rain beside it is read."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stations import stations_of
from warnstream.ingest.flat_json.decoder import Decoder
from warnstream.ingest.flat_json.json_text import read_json
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.refusals import RefusalReason

GOOD = '{"station": "R1", "time": 1781769900, "rain": 1.2}'


def decode(payload: bytes) -> Decoded:
    return Decoder(stations_of("R1")).decode([RawMessage("ws/c/rain/R1/obs", payload)])


@pytest.mark.parametrize(
    "value", ["nan", "NaN", "-nan", "NAN", "inf", "-Infinity", "1.#IND", "-1.#QNAN", "ERR", "1e999", "", "-"]
)
def test_a_bare_word_in_the_place_of_a_value_is_refused_and_the_rain_beside_it_is_read(value: str) -> None:
    decoded = decode(f'{{"station":"R1","time":1781769900,"stage":{value},"rain":1.2}}'.encode())
    assert decoded.readings.value.tolist() == [1.2]
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.BAD_VALUE]
    assert "stage" in decoded.refusals[0].detail


@pytest.mark.parametrize("number", ["+1.2", "01.2", "1.2", "001.20"])
def test_a_number_that_json_would_not_write_so_is_that_number(number: str) -> None:
    decoded = decode(f'{{"station":"R1","time":1781769900,"rain":{number}}}'.encode())
    assert decoded.readings.value.tolist() == [1.2]
    assert not decoded.refusals


@pytest.mark.parametrize(
    "payload",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.encode("utf-16"),
        GOOD.encode("utf-16-le"),
        GOOD.encode("utf-16-be"),
        GOOD.encode("utf-32"),
        GOOD.encode() + b"\0",
        GOOD.encode() + b"\0" * 100,
        b"\0" + GOOD.encode(),
        GOOD.encode() + b"\0OK\r\n",
        GOOD.encode() + b"garbage",
        GOOD.replace("{", '{"note": "Z\xe4hler", ', 1).encode("latin-1"),
    ],
)
def test_a_wrapper_is_refused_and_the_rain_in_it_is_read(payload: bytes) -> None:
    decoded = decode(payload)
    assert decoded.readings.value.tolist() == [1.2]
    assert decoded.readings.observed_at_s.tolist() == [1_781_769_900]
    reasons = [refusal.reason for refusal in decoded.refusals]
    assert RefusalReason.NOT_JSON in reasons
    assert set(reasons) <= {RefusalReason.NOT_JSON, RefusalReason.UNKNOWN_VARIABLE}


def test_a_zero_or_a_control_character_in_a_text_costs_that_text_only() -> None:
    decoded = decode(GOOD.replace("{", '{"note": "a\0b", ', 1).encode())
    assert decoded.readings.value.tolist() == [1.2]
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.UNKNOWN_VARIABLE]


def test_observations_line_by_line_are_all_read() -> None:
    lines = GOOD + "\n" + GOOD.replace("1781769900", "1781770200") + "\n"
    decoded = decode(lines.encode())
    assert decoded.readings.observed_at_s.tolist() == [1_781_769_900, 1_781_770_200]
    assert not decoded.refusals


@pytest.mark.parametrize("form", ["senml_json", "chirpstack", "wis2"])
def test_other_formats_of_json_read_what_stands_beside_a_bare_word(form: str) -> None:
    text = {
        "senml_json": '[{"bn":"R1:","bt":1781769900,"n":"rain","v":1.2},{"n":"stage","v":nan}]',
        "chirpstack": '{"time":"2026-06-18T08:05:00Z","deviceInfo":{"devEui":"R1"},'
        '"object":{"rain":1.2,"stage":nan}}',
        "wis2": '{"type":"Feature","properties":{"content":{"encoding":"utf-8","value":'
        '"{\\"station\\":\\"R1\\",\\"time\\":1781769900,\\"rain\\":1.2,\\"stage\\":nan}"}}}',
    }[form]
    selection = DecoderSelection(stations_of("R1"), [DecoderRule("#", form, {}, {})])
    decoded = selection.decode([RawMessage("a", text.encode())])
    assert decoded.readings.value.tolist() == [1.2]
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.BAD_VALUE]


def test_what_cannot_be_read_at_all_says_what_the_parser_said() -> None:
    for payload in (b"", b"hello", b'{"a":', b"[" * 200 + b"nan", b'"text"\0'):
        with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
            read_json(payload)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_mending_changes_nothing_of_what_is_json(content: dict[str, object]) -> None:
    """The same values, with a wrapper that no parser takes."""
    text = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        expected = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    found, unread = read_json(text + b"\0")
    assert found == expected
    assert unread == "zeros around the text"
