"""SenML packs; the examples are those of RFC 8428, section 5."""

import json
from pathlib import Path

import cbor2
import pytest

from tests.stations import stations_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.senml import Moment, PackError, SenmlDecoder, resolve
from warnstream.model.decoders import DecoderRule, VariableMapping
from warnstream.model.readings import Variable
from warnstream.model.refusals import RefusalReason

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
    found = [(one.name, one.unit, one.value) for one in resolve(pack)]
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
        ([{"n": "x", "v": "1"}], RefusalReason.WRONG_SHAPE),
        ([{"n": "x", "v": True}], RefusalReason.WRONG_SHAPE),
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


PAIRS = [("ex3.json", "ex3.gen.resolved.json"), ("ex4.json", "ex4.gen.resolved.json"),
         ("ex5.gen.wrap.json", "ex5.gen.resolved.json"), ("ex8.json", "ex8.gen.resolved.json"),
         ("ex10.json", "ex10.gen.resolved.json"), ("ex11.json", "ex11.gen.resolved.json")]  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize(("pack", "resolved"), PAIRS)
def test_packs_of_the_rfc_resolve_to_its_published_results(
    pack: str, resolved: str, shared_data: Path
) -> None:
    folder = shared_data / "parser_corpora" / "senml"
    found = resolve(json.loads((folder / pack).read_text(encoding="utf-8")))
    published = json.loads((folder / resolved).read_text(encoding="utf-8"))
    assert [(one.name, one.unit) for one in found] == [(row["n"], row["u"]) for row in published]
    assert [one.value for one in found] == pytest.approx([row["v"] for row in published])
    assert [one.time_s for one in found] == pytest.approx([row["t"] for row in published], abs=1e-3)


@pytest.mark.real_data
def test_every_pack_of_the_corpus_resolves(shared_data: Path) -> None:
    for path in sorted((shared_data / "parser_corpora" / "senml").glob("*.json")):
        try:
            records = resolve(json.loads(path.read_text(encoding="utf-8")))
        except PackError as error:
            raise AssertionError(path.name) from error
        assert records, path.name
