"""What is fuzzed, and what must hold for every input of it.

A check returns words that say what became of the input (refusal reasons), so
that inputs that lead somewhere new are mutated further. It raises for a
finding, and lets through whatever the code under test raises: nothing may.
"""

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import cbor2
import msgspec
import numpy as np

from tests.fuzz import corpus
from tests.fuzz.mutate import Mutator
from tests.stations import stations_of
from warnstream.ingest.flat_json.columns import FlatColumns
from warnstream.ingest.flat_json.decoder import Decoder
from warnstream.ingest.flat_json.json_text import decode_json
from warnstream.ingest.flat_json.templates import BATCH_MIN
from warnstream.ingest.names import EPOCH_S_MAX, Decoded, RawMessage
from warnstream.ingest.packed import HEAD_BYTES, encode
from warnstream.ingest.selection import DecoderSelection
from warnstream.ingest.senml import RECORDS_MAX
from warnstream.ingest.sl651.frame import Frame, build, crc16, scan
from warnstream.ingest.sl651.session import Kept, Session
from warnstream.ingest.speakers import ANY
from warnstream.model.messages import columns_of
from warnstream.model.observations.decoders import DecoderRule, VariableMapping
from warnstream.model.observations.layout import Layout
from warnstream.model.observations.readings import VARIABLE_OF_WORD, ReadingBatch, Variable
from warnstream.model.observations.refusals import RefusalReason

NOW_S = 1_781_769_900
DETAIL_CHARACTERS_MAX = 1_000
REFUSALS_MAX = 400
"""Of one message, whatever it contains: a message must not fill the store of what was refused."""

Row = tuple[int, int, int, float, int, int]
Check = Callable[[bytes, Random], Sequence[str]]

STATIONS = stations_of("R1", "0011223344", "0033110001", "12345678")
WORDS = [
    b"station",
    b"time",
    b"unit",
    b"exercise",
    b"sequence",
    *(word.encode() for word in VARIABLE_OF_WORD),
]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz: where its inputs begin, how they are changed, what must hold."""

    name: str
    seeds: Sequence[bytes]
    mutator: Mutator
    check: Check


def rows_of(readings: ReadingBatch) -> list[Row]:
    """Readings as plain tuples."""
    columns = (
        readings.station,
        readings.variable,
        readings.observed_at_s,
        readings.value,
        readings.interval_s,
        readings.sequence,
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))


def check_usable(decoded: Decoded) -> None:
    """What every decoder promises of what it gives."""
    readings = decoded.readings
    lengths = {len(getattr(readings, name)) for name in ReadingBatch.__slots__}
    assert len(lengths) == 1, lengths
    assert np.isfinite(readings.value).all(), readings.value
    assert ((readings.station >= 0) & (readings.station < len(STATIONS))).all(), readings.station
    assert (readings.variable < len(Variable)).all(), readings.variable
    assert ((readings.observed_at_s >= 0) & (readings.observed_at_s < EPOCH_S_MAX)).all(), (
        readings.observed_at_s
    )
    assert ((readings.interval_s >= 0) & (readings.interval_s <= 86_400)).all(), readings.interval_s
    for refusal in decoded.refusals:
        assert refusal.reason is not RefusalReason.DECODER_FAULT, refusal.detail
        assert 0 < len(refusal.detail) <= DETAIL_CHARACTERS_MAX, len(refusal.detail)
        refusal.detail.encode()  # the store keeps it as text
    assert len(decoded.refusals) <= REFUSALS_MAX, len(decoded.refusals)


def words_of(decoded: Decoded) -> list[str]:
    """Reasons, and whether there were readings."""
    reasons = sorted({str(refusal.reason) for refusal in decoded.refusals})
    return [*reasons, f"readings {min(len(decoded.readings), 3)}"]


class FormatCheck:
    """Laws of one format's decoder, through the one door that a node uses."""

    def __init__(self, form: str, good: bytes, rule: DecoderRule | None = None) -> None:
        self._selection = DecoderSelection(STATIONS, [rule or DecoderRule("t", form, {}, {})])
        self._good = RawMessage("t", good)
        self._expected = rows_of(self.decode([self._good]).readings)
        assert self._expected, form

    def decode(self, messages: list[RawMessage]) -> Decoded:
        """Through the selection, at a fixed time."""
        return self._selection.decode(messages, NOW_S)

    def __call__(self, payload: bytes, _: Random) -> Sequence[str]:
        """Usable; and a message changes nothing of its neighbours, nor they of it."""
        message = RawMessage("t", payload)
        alone = self.decode([message])
        check_usable(alone)
        together = self.decode([self._good, message, self._good])
        assert rows_of(together.readings) == self._expected + rows_of(alone.readings) + self._expected
        assert together.refusals == alone.refusals
        self.check_more(payload, alone)
        return words_of(alone)

    def check_more(self, payload: bytes, alone: Decoded) -> None:
        """Laws of one format only."""


class _Explaining(FlatColumns):
    """Leaves every message to the decoder that explains."""

    def decode(self, payloads: Any, *_speakers: Any) -> Any:
        empty, message, _ = super().decode([])
        return empty, message, list(range(len(payloads)))


class FlatCheck(FormatCheck):
    """The columns of the quick way are those of the plain way."""

    def __init__(self, good: bytes) -> None:
        super().__init__("flat_json", good)
        self._plain = Decoder(STATIONS)
        self._plain._columns = _Explaining(STATIONS.index_of_code(), self._plain._parse_time, 0)
        forms = Decoder(STATIONS)._forms
        assert forms is not None
        self._forms = forms
        every = np.full(BATCH_MIN, ANY, dtype=np.int32)
        for taught in (good, *corpus.ALIKE):
            self._forms.decode(columns_of(["t"] * BATCH_MIN, [taught] * BATCH_MIN), every)

    def check_more(self, payload: bytes, alone: Decoded) -> None:
        some = columns_of(["t"] * 3, [corpus.ALIKE[0], payload, corpus.ALIKE[0]])
        found, message, _ = self._forms.decode(some, np.full(3, ANY, dtype=np.int32))
        taken = rows_of(found.select(message == 1))
        if taken:  # a form takes a message whole or not at all
            assert taken == rows_of(alone.readings)
            assert not alone.refusals
        plain = self._plain.decode([RawMessage("t", payload)])
        # Within a message the quick way follows the order of variables, not that of the text.
        assert sorted(rows_of(plain.readings)) == sorted(rows_of(alone.readings))
        if len(plain.refusals) < REFUSALS_MAX // 4:
            assert plain.refusals == alone.refusals


class SenmlCheck(FormatCheck):
    """The same pack written in CBOR gives the same."""

    def __init__(self, good: bytes) -> None:
        super().__init__("senml_json", good)
        self._cbor = DecoderSelection(STATIONS, [DecoderRule("t", "senml_cbor", {}, {})])

    def check_more(self, payload: bytes, alone: Decoded) -> None:
        try:
            pack = decode_json(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if not isinstance(pack, list) or len(pack) > RECORDS_MAX or len(payload) > 50_000:
            return
        if not all(isinstance(record, dict) for record in pack):
            return
        try:
            written = corpus.cbor_of(pack)
            if len(written) > 200_000 or cbor2.loads(written) is None:
                return
        except (ValueError, RecursionError, OverflowError, cbor2.CBORError):
            return  # nested deeper than CBOR is written or read
        other = self._cbor.decode([RawMessage("t", written)], NOW_S)
        assert rows_of(other.readings) == rows_of(alone.readings)
        assert [refusal.reason for refusal in other.refusals] == [
            refusal.reason for refusal in alone.refusals
        ]


class PackedCheck(FormatCheck):
    """What was decoded, encoded again, is the same."""

    def check_more(self, _: bytes, alone: Decoded) -> None:
        found = alone.readings
        variable = found.variable.astype(np.int32)
        again = encode(STATIONS.code, found.station, variable, found.observed_at_s, found.value)
        decoded = self.decode([RawMessage("t", again)])
        assert bool(decoded.refusals) == (len(found) == 0)  # a message without rows is told of
        assert rows_of(decoded.readings) == rows_of(found)


class Sl651Check(FormatCheck):
    """Frames can be built again; frames written in hexadecimal say the same."""

    def check_more(self, payload: bytes, alone: Decoded) -> None:
        if payload[:64].lstrip()[:4].upper() == b"7E7E":
            return
        for found in scan(payload, at_end=True).found:
            if isinstance(found, Frame):
                assert found.raw in payload
            if isinstance(found, Frame) and found.n_packets:
                (again,) = scan(build(found), at_end=True).found
                assert again == found
        if payload[:2] == b"~~" and len(payload) < 100_000:
            text = self.decode([RawMessage("t", payload.hex().encode())])
            assert rows_of(text.readings) == rows_of(alone.readings)
            assert [refusal.reason for refusal in text.refusals] == [
                refusal.reason for refusal in alone.refusals
            ]


def reseal_sl651(payload: bytes) -> bytes:
    """Lengths and checksum of one frame made right again."""
    if payload[:2] == b"~~" and len(payload) > 20:
        size = min(len(payload) - 17, 0xFFF)
        payload = (
            payload[:11]
            + (payload[11] & 0x80 | size >> 8).to_bytes(1)
            + bytes([size & 0xFF])
            + payload[13 : size + 15]
        )
        return payload[:-1] + b"\x03" + crc16(payload[:-1] + b"\x03").to_bytes(2)
    if payload[:1] == b"\x01" and len(payload) > 31:
        size = min(len(payload) - 29, 0xFFF)
        payload = payload[:19] + b"%04X" % size + payload[23 : 24 + size] + b"\x03"
        return payload + b"%04X" % crc16(payload)
    return payload


def reseal_packed(payload: bytes) -> bytes:
    """The checksum made right again."""
    if len(payload) < HEAD_BYTES:
        return payload
    return payload[:12] + zlib.crc32(payload[HEAD_BYTES:]).to_bytes(4, "little") + payload[16:]


def cut_anywhere(data: bytes, rng: Random) -> list[bytes]:
    """The same bytes in random pieces."""
    cuts = sorted(rng.randint(0, len(data)) for _ in range(rng.choice((1, 2, 5, 30))))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return [piece for piece in pieces if piece]


def frames_of(kept: Sequence[Kept]) -> list[Frame]:
    """Frames in what a session keeps, in order."""
    return [
        found
        for frame in kept
        for found in scan(frame.content, at_end=True).found
        if isinstance(found, Frame)
    ]


def check_nothing_is_lost(payload: bytes, kept: Sequence[Kept]) -> None:
    """Every byte is kept, in order; packets are gathered first, and one that came twice is kept once."""
    contents = b"".join(frame.content for frame in kept)
    frames = frames_of(kept)
    if any(frame.n_packets > 1 for frame in frames):
        assert len(contents) <= len(payload)
        assert all(frame.raw in payload for frame in frames)
    else:
        assert contents == payload


def check_session(payload: bytes, rng: Random) -> Sequence[str]:
    """A station's bytes, cut anywhere: the same frames, every byte kept, answers that are frames."""
    decoder = DecoderSelection(STATIONS, [DecoderRule("t", "sl651", {}, {})])
    found = []
    for pieces in ([payload], cut_anywhere(payload, rng)):
        session = Session(stays_online=rng.random() < 0.5)
        kept = [frame for piece in pieces for frame in session.take(piece)] + session.close()
        assert session.close() == []
        for frame in kept:
            for reply in [frame.reply] if frame.reply else []:
                (answer,) = scan(reply, at_end=True).found
                assert isinstance(answer, Frame)
                assert not answer.is_up
        check_nothing_is_lost(payload, kept)
        found.append(kept)
    decoded = decoder.decode([RawMessage("t", frame.content) for frame in found[0] if frame.content], NOW_S)
    check_usable(Decoded(decoded.readings, decoded.refusals[:REFUSALS_MAX]))
    has_noise = payload.count(b"~~") + payload.count(b"\x01") > 60
    if not has_noise:  # then a buffer is given up earlier or later, by where it was cut
        whole, cut = (frames_of(kept) for kept in found)
        assert sorted(map(repr, whole)) == sorted(map(repr, cut))
    return words_of(decoded)


_JSON_WORDS = [
    *WORDS,
    b"R1",
    b"0011223344",
    b"2026-06-18T08:05:00Z",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\\ud800",
    b":",
    b",",
]
_SENML_WORDS = [*(word.encode() for word in corpus.LABELS), *WORDS[5:], b"bver", b"R1:", b"x_", b"Cel", b"/"]
_SL651_WORDS = [
    b"~~",
    b"\xf1\xf1\x00\x11\x22\x33\x44H",
    b"\xf0\xf0\x17\x07\x18\x10\x05",
    b"\xf4\x60",
    b"\xf5\xc0",
    b"\x04\x18\x00\x00\x05",
    b"\x26\x19\x00\x00\x40",
    b"\x20\x19",
    b"\x39\x23\x00\x01\x04\x90",
    b"\xff\xff\xff",
    b"\xff\x01\x19",
    b"\x02",
    b"\x16",
    b"\x03",
    b"\x17",
    b"\xf2\xf2",
    b"\xf3\xf3",
    b"\xfd\xf6",
    b"\x45\x20",
]
_SL651_TEXTS = [
    b"\x01",
    b"ST ",
    b"TT ",
    b"DRN05 ",
    b"DRD99999999999999999999 ",
    b"DRH01 ",
    b"PT ",
    b"PJ ",
    b"Z ",
    b"M ",
    b"DRP ",
    b"DRZ1 ",
    b"RGZS ",
    b"PIC ",
    b"DATA ",
    b"FFFF",
    b"  ",
    b"1707181005 ",
    b"9" * 400 + b" ",
    b"+",
    b"-",
    b"_",
    b"1e9 ",
    b"nan ",
    b"inf ",
]
MAPPED_RULE = DecoderRule(
    "t",
    "flat_json",
    {
        "tips": VariableMapping(Variable.RAIN_TOTAL, 0.2),
        "level": VariableMapping(Variable.STAGE, 0.01, 100.0),
        "temp_f": VariableMapping(Variable.TEMPERATURE, 5 / 9, -160 / 9),
        "huge": VariableMapping(Variable.STAGE, 1e9),
    },
    {"70B3D5": "R1"},
)


ANY_JSON_RULE = DecoderRule(
    "t",
    "json",
    {
        ".": VariableMapping(Variable.STAGE, 0.01),
        "regen": VariableMapping(Variable.RAIN),
        **{word: VariableMapping(variable) for word, variable in VARIABLE_OF_WORD.items()},
    },
    {"t": "R1"},
    layout=Layout(
        station="device.id",
        station_level=1,
        time="ts",
        zone=((0, 28_800),),
        observations=(".", "history"),
        has_decimal_comma=True,
    ),
)


def decoder_targets() -> list[Target]:
    """Every format, and the session of stations that dial in."""
    json_bytes = Mutator("json", _JSON_WORDS)
    senml = Mutator("json", _SENML_WORDS)
    hexadecimal = Mutator("bytes", _SL651_WORDS, reseal_sl651)
    return [
        Target("flat_json", corpus.FLAT, json_bytes, FlatCheck(corpus.FLAT[0])),
        Target("json_array", corpus.ARRAY, json_bytes, FlatCheck(corpus.ARRAY[1])),
        Target(
            "flat_mapped",
            corpus.MAPPED,
            Mutator("json", [*_JSON_WORDS, b"tips", b"level", b"temp_f", b"huge", b"cm"]),
            FormatCheck("flat_json", corpus.MAPPED[0], MAPPED_RULE),
        ),
        Target(
            "senml_json",
            [json.dumps(pack).encode() for pack in corpus.SENML],
            senml,
            SenmlCheck(json.dumps(corpus.SENML[0]).encode()),
        ),
        Target(
            "senml_cbor",
            [corpus.cbor_of(pack) for pack in corpus.SENML],
            Mutator(
                "cbor",
                [
                    b"\x81",
                    b"\xa1",
                    b"\x9f",
                    b"\xff",
                    b"\xc2",
                    b"\xd8\x1c",
                    b"\xd8\x1d\x00",
                    b"\xfb",
                    b"\xf9\x7e\x00",
                ],
            ),
            FormatCheck("senml_cbor", corpus.cbor_of(corpus.SENML[0])),
        ),
        Target("sl651_hex", corpus.SL651_HEX, hexadecimal, Sl651Check("sl651", corpus.SL651_HEX[2])),
        Target(
            "sl651_ascii",
            corpus.SL651_ASCII,
            Mutator("bytes", _SL651_TEXTS, reseal_sl651),
            Sl651Check("sl651", corpus.SL651_ASCII[0]),
        ),
        Target(
            "sl651_session",
            corpus.SL651_STREAM + corpus.SL651_HEX[:6],
            Mutator("bytes", [*_SL651_WORDS, *corpus.SL651_HEX, *corpus.SL651_ASCII]),
            check_session,
        ),
        Target(
            "wis2",
            corpus.WIS2,
            Mutator("json", [b"content", b"value", b"encoding", b"gzip", b"utf-8", b"integrity"]),
            FormatCheck("wis2", corpus.WIS2[0]),
        ),
        Target(
            "chirpstack",
            corpus.CHIRPSTACK,
            Mutator("json", [*WORDS, b"deviceInfo", b"devEui", b"object"]),
            FormatCheck("chirpstack", corpus.CHIRPSTACK[0]),
        ),
        Target(
            "the_things_stack",
            corpus.THINGS_STACK,
            Mutator("json", [*WORDS, b"uplink_message", b"decoded_payload"]),
            FormatCheck("the_things_stack", corpus.THINGS_STACK[0]),
        ),
        *(
            Target(
                form, seeds, Mutator("json", [*WORDS, b"simulated", b"history"]), FormatCheck(form, seeds[0])
            )
            for form, seeds in corpus.OTHER_UPLINKS.items()
        ),
        Target(
            "json",
            corpus.ANY_JSON,
            Mutator("json", [*WORDS, b"history", b"12.5 mm", b"device", b"ts"]),
            FormatCheck("json", corpus.ANY_JSON[0], ANY_JSON_RULE),
        ),
        Target(
            "packed",
            corpus.PACKED,
            Mutator("bytes", [b"WSP1", b"\x02R1", b"\x00" * 16, np.float64("nan").tobytes()], reseal_packed),
            PackedCheck("packed", corpus.PACKED[0]),
        ),
    ]
