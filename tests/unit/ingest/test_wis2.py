import base64
import gzip
import hashlib
import json
from pathlib import Path

import pytest

from tests.stations import stations_of
from warnstream.ingest.names import Decoded, RawMessage
from warnstream.ingest.senml import Moment
from warnstream.ingest.wis2 import Wis2Decoder
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.refusals import RefusalReason

FLAT = b'{"station":"R1","time":"2026-06-18T08:05:00Z","rain":1.2}'
SENML = b'[{"bn":"R1:","bt":1781769900,"n":"rain","u":"mm","v":1.2}]'


def notification(content: bytes, encoding: str = "base64", **properties: object) -> bytes:
    value = content.decode() if encoding == "utf-8" else base64.b64encode(content).decode()
    inline = {"encoding": encoding, "value": value, "size": len(content)}
    return json.dumps({"type": "Feature", "properties": {"content": inline, **properties}}).encode()


def decode(payload: bytes) -> Decoded:
    decoder = Wis2Decoder(
        stations_of("R1"), DecoderRule("#", "wis2", {}, {}), Moment(), takes_exercises=False
    )
    return decoder.decode([RawMessage("cache/a/wis2/x", payload)])


@pytest.mark.parametrize("content", [FLAT, SENML])
@pytest.mark.parametrize("encoding", ["utf-8", "base64", "gzip"])
def test_inline_content_is_read_whatever_its_encoding(content: bytes, encoding: str) -> None:
    packed = gzip.compress(content) if encoding == "gzip" else content
    decoded = decode(notification(packed, encoding))
    assert decoded.readings.value.tolist() == [1.2]
    assert not decoded.refusals


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", RefusalReason.NOT_JSON),
        (b"[]", RefusalReason.WRONG_SHAPE),
        (b'{"type":"Feature","properties":{"data_id":"x"}}', RefusalReason.UNSUPPORTED_CONTENT),
        (notification(b"BUFR\x00\x00"), RefusalReason.UNSUPPORTED_CONTENT),
        (notification(b"plain text", "utf-8"), RefusalReason.UNSUPPORTED_CONTENT),
        (notification(b" " * 5000), RefusalReason.TOO_LARGE),
        (notification(gzip.compress(b" " * 100_000), "gzip"), RefusalReason.TOO_LARGE),
        (notification(b"not gzip", "gzip"), RefusalReason.WRONG_SHAPE),
        (notification(FLAT, integrity={"method": "sha512", "value": "AAAA"}), RefusalReason.BAD_CHECKSUM),
        (notification(FLAT).replace(b"base64", b"morse"), RefusalReason.UNSUPPORTED_CONTENT),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(payload: bytes, reason: RefusalReason) -> None:
    decoded = decode(payload)
    assert [refusal.reason for refusal in decoded.refusals] == [reason]
    assert len(decoded.readings) == 0


def test_a_hash_that_is_given_is_checked() -> None:
    value = base64.b64encode(hashlib.sha512(FLAT).digest()).decode()
    assert len(decode(notification(FLAT, integrity={"method": "sha512", "value": value})).readings) == 1


def test_what_is_refused_of_the_content_is_the_whole_notification() -> None:
    """So that it can be sent again once the station is known."""
    payload = notification(FLAT.replace(b"R1", b"R9"))
    (refusal,) = decode(payload).refusals
    assert (refusal.reason, refusal.payload) == (RefusalReason.UNKNOWN_STATION, payload)


@pytest.mark.parametrize(
    ("links", "told"),
    [
        ([{"rel": "canonical", "href": "https://example.org/a"}], "only links"),
        ([{"rel": "deletion", "href": "https://example.org/a"}], "deletion"),
        ([], "neither"),
        ("canonical", "neither"),
    ],
)
def test_a_notification_without_content_is_refused_with_what_it_has_instead(links: object, told: str) -> None:
    payload = json.dumps({"type": "Feature", "properties": {"data_id": "x"}, "links": links}).encode()
    (refusal,) = decode(payload).refusals
    assert refusal.reason is RefusalReason.UNSUPPORTED_CONTENT
    assert told in refusal.detail


@pytest.mark.real_data
def test_published_notifications_only_link_to_their_data_and_are_refused_as_such(shared_data: Path) -> None:
    paths = sorted((shared_data / "parser_corpora" / "wis2").glob("*.json"))
    told = {}
    for path in paths:
        (refusal,) = decode(path.read_bytes()).refusals
        assert refusal.reason is RefusalReason.UNSUPPORTED_CONTENT
        told[path.stem.removeprefix("wis2-notification-message_")] = refusal.detail
    assert len(told) == 4
    assert "deletion" in told.pop("example4")
    assert all("only links" in detail for detail in told.values())
