"""SenML packs; the examples are those of RFC 8428, section 5."""

import json
from pathlib import Path

import cbor2
import pytest

from tests.fuzz.corpus import cbor_of
from tests.stations import stations_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.senml import Moment, SenmlDecoder, resolve
from warnstream.model.observations.decoders import DecoderRule, VariableMapping
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

MAC = "urn:dev:mac:0024befffe804ff1"
TEMPERATURE = {"temp": VariableMapping(Variable.TEMPERATURE)}


def decode(payload: bytes, *, form: str = "senml_json", now_s: int = -1) -> Decoded:
    rule = DecoderRule("#", form, TEMPERATURE, {MAC: "R1"})
    return SenmlDecoder(stations_of("R1"), rule, Moment(now_s)).decode([RawMessage("senml/a", payload)])


def reasons(decoded: Decoded) -> list[RefusalReason]:
    return [refusal.reason for refusal in decoded.refusals]


PACK: list[dict[str, object]] = [
    {"bn": f"{MAC}:", "bt": 1_320_067_464, "n": "rain", "u": "mm", "v": 1.2},
    {"n": "temp", "t": 60, "u": "K", "v": 294.65},
    {"n": "label", "vs": "roof"},
]
CBOR_PACK = [
    {-2: f"{MAC}:", -3: 1_320_067_464, 0: "rain", 1: "mm", 2: 1.2},
    {0: "temp", 6: 60, 1: "K", 2: 294.65},
    {0: "label", 3: "roof"},
]


@pytest.mark.parametrize(
    ("payload", "form"), [(json.dumps(PACK).encode(), "senml_json"), (cbor2.dumps(CBOR_PACK), "senml_cbor")]
)
def test_json_and_cbor_give_the_same_readings_in_our_units(payload: bytes, form: str) -> None:
    readings = decode(payload, form=form).readings
    assert readings.variable.tolist() == [Variable.RAIN, Variable.TEMPERATURE]
    assert readings.observed_at_s.tolist() == [1_320_067_464, 1_320_067_524]
    assert readings.value.tolist() == [1.2, 21.5]


def test_base_values_and_units_hold_until_they_are_replaced() -> None:
    pack = [
        {"bn": "a:", "bu": "A", "bv": 10, "bt": 1e9, "n": "x", "v": 1},
        {"n": "y", "u": "V"},
        {"bu": "W", "v": 2},
    ]
    found = [(record.name, record.unit, record.value) for record in resolve(pack)]
    assert found == [("a:x", "A", 11), ("a:y", "V", 10), ("a:", "W", 12)]


def test_relative_times_count_from_the_engines_time_except_for_amounts_of_rain() -> None:
    pack = [{"bn": f"{MAC}:", "n": "temp", "t": -5, "v": 20}, {"n": "rain", "v": 1}]
    decoded = decode(json.dumps(pack).encode(), now_s=1_781_740_800)
    assert decoded.readings.observed_at_s.tolist() == [1_781_740_795]
    assert reasons(decoded) == [RefusalReason.BAD_TIME]
    assert reasons(decode(json.dumps(pack).encode())) == [RefusalReason.BAD_TIME] * 2


@pytest.mark.parametrize(
    ("pack", "reason"),
    [
        ({}, RefusalReason.WRONG_SHAPE),
        ([], RefusalReason.WRONG_SHAPE),
        ([5], RefusalReason.WRONG_SHAPE),
        ([{"n": "x"}], RefusalReason.WRONG_SHAPE),
        ([{"n": "x", "v": 1, "vs": "a"}], RefusalReason.WRONG_SHAPE),
        ([{"n": "x", "v": "1"}], RefusalReason.BAD_VALUE),
        ([{"n": "x", "v": True}], RefusalReason.BAD_VALUE),
        ([{"bver": 11, "n": "x", "v": 1}], RefusalReason.WRONG_SHAPE),
        ([{"n": "x", "v": 1, "must_": 1}], RefusalReason.WRONG_SHAPE),
        ([{"v": 1}], RefusalReason.WRONG_SHAPE),
        ([{"bn": "other:", "bt": 1e9, "n": "rain", "v": 1}], RefusalReason.UNKNOWN_STATION),
        ([{"bn": f"{MAC}:", "bt": 1e9, "n": "noise", "v": 1}], RefusalReason.UNKNOWN_VARIABLE),
        ([{"bn": f"{MAC}:", "bt": 1e9, "n": "rain", "u": "Cel", "v": 1}], RefusalReason.WRONG_UNIT),
        ([{"bn": f"{MAC}:", "bt": 1e12, "n": "rain", "v": 1}], RefusalReason.BAD_TIME),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(pack: object, reason: RefusalReason) -> None:
    decoded = decode(json.dumps(pack).encode())
    assert reasons(decoded) == [reason]
    assert len(decoded.readings) == 0


@pytest.mark.parametrize("payload", [b"", b"\xff\xff", b"\x9f" * 5000, b"\x81\xa1\x00"])
def test_bytes_that_are_no_cbor_are_refused(payload: bytes) -> None:
    assert reasons(decode(payload, form="senml_cbor")) == [RefusalReason.NOT_CBOR]


def test_base_fields_persist_as_in_a_worked_example() -> None:
    """RFC 8428, section 4: the second record has bt - 60 and bv + 0.5."""
    pack = [{"bn": "urn:x:", "bt": 1.6240e9, "bv": 10, "n": "r", "v": 2}, {"n": "r", "t": -60, "v": 0.5}]
    found = [(record.name, record.value, record.time_s) for record in resolve(pack)]
    assert found == [("urn:x:r", 12, 1_624_000_000), ("urn:x:r", 10.5, 1_623_999_940)]


def test_times_from_two_to_the_28_on_are_absolute() -> None:
    """RFC 8428, section 4.5.3: 2**28 is 1978-07-04T21:24:16Z."""
    pack = [{"bn": f"{MAC}:", "n": "temp", "t": 2**28, "v": 20}, {"n": "temp", "t": 2**28 - 1, "v": 21}]
    decoded = decode(json.dumps(pack).encode(), now_s=1_000_000_000)
    assert decoded.readings.observed_at_s.tolist() == [268_435_456, 1_268_435_455]


def test_a_sum_that_no_number_holds_is_refused() -> None:
    pack = [{"bn": f"{MAC}:", "bt": 1e9, "bv": 1e308, "n": "temp", "v": 1e308}]
    decoded = decode(json.dumps(pack).encode())
    assert len(decoded.readings) == 0
    assert reasons(decoded) == [RefusalReason.BAD_VALUE]


@pytest.mark.parametrize("number", [10**6_000, -(10**6_000)], ids=["positive", "negative"])
def test_a_number_without_end_is_refused_and_harms_nobody(number: int) -> None:
    pack = [{-2: f"{MAC}:", -3: 1_000_000_000, 0: "temp", 2: number}]
    assert reasons(decode(cbor2.dumps(pack), form="senml_cbor")) == [RefusalReason.BAD_VALUE]


def test_bytes_behind_a_pack_are_told_and_take_nothing_from_it() -> None:
    """Two packs in one message, or padding of a modem: nothing is passed over in silence."""
    whole = cbor2.dumps(CBOR_PACK)
    for tail in (whole, b"\x00\x00"):
        decoded = decode(whole + tail, form="senml_cbor")
        assert decoded.readings.value.tolist() == [1.2, 21.5]
        assert reasons(decoded) == [RefusalReason.WRONG_SHAPE]
        assert f"{len(tail)} bytes behind" in decoded.refusals[0].detail


def examples_of(folder: Path) -> dict[str, list[Path]]:
    """Files of each numbered example: as printed, generated, wrapped, resolved."""
    examples: dict[str, list[Path]] = {}
    for path in sorted((folder / "parser_corpora" / "senml").glob("*.json")):
        examples.setdefault(path.name.split(".")[0], []).append(path)
    return examples


def resolved(path: Path) -> list[tuple[str, str | None, float | None, float]]:
    records = resolve(json.loads(path.read_text(encoding="utf-8")))
    return [(record.name, record.unit, record.value, round(record.time_s, 3)) for record in records]


@pytest.mark.real_data
def test_every_form_of_an_example_of_the_rfc_resolves_to_the_same(shared_data: Path) -> None:
    """23 files of 13 examples; a resolved file resolves to itself."""
    examples = examples_of(shared_data)
    assert (len(examples), sum(map(len, examples.values()))) == (13, 23)
    compared = 0
    for name, paths in examples.items():
        forms = [resolved(path) for path in paths]
        assert forms[0], name
        assert all(form == forms[0] for form in forms), name
        compared += len(forms) - 1
    assert compared == 10


@pytest.mark.real_data
def test_resolved_files_hold_what_they_say(shared_data: Path) -> None:
    paths = [path for many in examples_of(shared_data).values() for path in many if ".resolved." in path.name]
    assert len(paths) == 8
    for path in paths:
        published = json.loads(path.read_text(encoding="utf-8"))
        expected = [(row["n"], row["u"], row.get("v"), round(row["t"], 3)) for row in published]
        assert resolved(path) == expected, path.name


@pytest.mark.real_data
def test_examples_in_cbor_give_the_readings_of_those_in_json(shared_data: Path) -> None:
    words = {"voltage": VariableMapping(Variable.STAGE), "temp": VariableMapping(Variable.TEMPERATURE)}
    stations = {f"urn:dev:ow:10e2073a0108{tail}": "R1" for tail in ("0063", "006")}
    checked = 0
    for path in (path for many in examples_of(shared_data).values() for path in many):
        pack = json.loads(path.read_text(encoding="utf-8"))
        found = []
        for form, payload in (("senml_json", json.dumps(pack).encode()), ("senml_cbor", cbor_of(pack))):
            decoder = SenmlDecoder(stations_of("R1"), DecoderRule("#", form, words, stations), Moment(10**9))
            decoded = decoder.decode([RawMessage("a", payload)])
            readings = decoded.readings
            found.append((readings.observed_at_s.tolist(), readings.value.tolist(), reasons(decoded)))
        assert found[0] == found[1], path.name
        checked += len(found[0][0])
    assert checked > 0
