"""All frames of the corpus: good ones decode, bad ones are refused with their reason.

22 frames: 19 whole ones (7 of them packets of a picture) and 3 without their checksum.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stations import rows_of, stations_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.sl651.decoder import HOUSEKEEPING, OBSERVATIONS, Sl651Decoder
from warnstream.ingest.sl651.frame import Broken, Frame, build, scan
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.refusals import RefusalReason

pytestmark = pytest.mark.real_data

REFUSED = {
    0x30: RefusalReason.TEST_REPORT,
    0x36: RefusalReason.PICTURE,
    0x39: RefusalReason.UNSUPPORTED_CONTENT,
}


@pytest.fixture
def entries(shared_data: Path) -> list[dict[str, Any]]:
    path = shared_data / "parser_corpora" / "sl651" / "frames.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def decode(*entries: dict[str, Any]) -> Decoded:
    decoder = Sl651Decoder(stations_of("0011223344", "40590213762"), DecoderRule("#", "sl651", {}, {}))
    return decoder.decode([RawMessage("t", bytes.fromhex(entry["hex"])) for entry in entries])


def test_the_corpus_is_the_one_that_is_described(entries: list[dict[str, Any]]) -> None:
    assert [len(entries), sum(entry["crc"] == "ok" for entry in entries)] == [22, 19]


def test_every_whole_frame_is_found_and_can_be_built_again(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        whole = bytes.fromhex(entry["hex"])
        (found,) = scan(whole, at_end=True).found
        if entry["crc"] != "ok":
            assert isinstance(found, Broken), entry["hex"]
            continue
        assert isinstance(found, Frame), entry["hex"]
        assert found.function == int(entry["func"], 16)
        assert build(found) == found.raw == whole


def test_every_bad_frame_is_refused_as_one_that_ends_too_early(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        if entry["crc"] != "ok":
            (refusal,) = decode(entry).refusals
            assert refusal.reason is RefusalReason.BAD_FRAME
            assert "ends before its length says" in refusal.detail
            assert refusal.payload == bytes.fromhex(entry["hex"])


def test_every_good_frame_gives_its_readings_or_says_why_not(entries: list[dict[str, Any]]) -> None:
    for entry in (entry for entry in entries if entry["crc"] == "ok"):
        decoded, function = decode(entry), int(entry["func"], 16)
        if function in REFUSED:
            assert [refusal.reason for refusal in decoded.refusals] == [REFUSED[function]]
            assert len(decoded.readings) == 0
        else:
            assert function in OBSERVATIONS | HOUSEKEEPING
            reasons = {refusal.reason for refusal in decoded.refusals}
            assert reasons <= {RefusalReason.NO_READING}, entry["hex"]
            assert not (reasons and len(decoded.readings)), "nothing of it is an observation of ours"


def test_reports_say_what_was_published_with_them(entries: list[dict[str, Any]]) -> None:
    found = {entry["func"]: rows_of(decode(entry).readings) for entry in entries}
    cells = zip(
        ("10:05", "10:10", "10:15", "10:20", "10:25", "10:55", "11:00"),
        (0.5, 0, 0, 0, 2.0, 0, 0),
        strict=True,
    )
    assert {function: rows for function, rows in found.items() if rows} == {
        "33": [("rain_total", "2017-07-18T10:22", 4.0), ("stage", "2017-07-18T10:22", 10.49)],
        "38": [("rain", f"2017-07-18T{time}", value) for time, value in cells],
    }
