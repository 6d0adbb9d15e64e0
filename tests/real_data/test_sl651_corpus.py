"""All frames of the corpus: good ones decode, bad ones are refused with their reason."""

import json
from pathlib import Path

import pytest

from tests.stations import stations_of
from warnstream.ingest.names import RawMessage
from warnstream.ingest.sl651 import Sl651Decoder
from warnstream.ingest.sl651_frame import Broken, Frame, build, scan
from warnstream.model.decoders import DecoderRule
from warnstream.model.refusals import RefusalReason

pytestmark = pytest.mark.real_data


def test_every_frame_is_found_or_refused_as_its_checksum_says(shared_data: Path) -> None:
    path = shared_data / "parser_corpora" / "sl651" / "frames.json"
    for entry in json.loads(path.read_text(encoding="utf-8")):
        whole = bytes.fromhex(entry["hex"])
        (found,) = scan(whole, at_end=True).found
        if entry["crc"] == "ok":
            assert isinstance(found, Frame), entry["hex"]
            assert found.function == int(entry["func"], 16)
            assert build(found) == whole
        else:
            assert isinstance(found, Broken), entry["hex"]
            assert found.reason in (RefusalReason.BAD_FRAME, RefusalReason.BAD_CHECKSUM)


def test_every_frame_decodes_without_an_error(shared_data: Path) -> None:
    path = shared_data / "parser_corpora" / "sl651" / "frames.json"
    decoder = Sl651Decoder(stations_of("0011223344"), DecoderRule("#", "sl651", {}, {}))
    messages = [
        RawMessage("t", bytes.fromhex(entry["hex"])) for entry in json.loads(path.read_text(encoding="utf-8"))
    ]
    reasons = [refusal.reason for refusal in decoder.decode(messages).refusals]
    assert reasons.count(RefusalReason.TEST_REPORT) == 1
    assert reasons.count(RefusalReason.PICTURE) == 7
    assert RefusalReason.BAD_VALUE not in reasons
