"""Packs of many gateways read at once: the same readings and refusals as one by one, whatever is in them."""

import numpy as np
import pytest

from tests.unit.ingest.flat_json.test_templates import EPOCH, PLAIN, STATIONS, same
from warnstream.ingest.flat_json.decoder import PAYLOAD_BYTES_MAX, Decoder, RawMessage
from warnstream.ingest.flat_json.packs import unpacked
from warnstream.ingest.flat_json.templates import BATCH_MIN
from warnstream.ingest.speakers import ANY
from warnstream.model.messages import MessageColumns, columns_of


def test_packs_are_read_by_the_forms_of_their_observations(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = b"[" + b",".join([PLAIN, EPOCH] * 10) + b"]"
    batch, anybody = (
        columns_of(["t"] * BATCH_MIN, [pack] * BATCH_MIN),
        np.full(BATCH_MIN, ANY, dtype=np.int32),
    )
    decoder = Decoder(STATIONS)
    expected = decoder.decode([RawMessage("t", pack)] * BATCH_MIN)
    monkeypatch.setattr(decoder, "_decode", None)  # nothing is left for it
    same(decoder.decode_columns(batch, anybody), expected)


def test_a_pack_with_one_fault_is_left_whole_and_its_good_readings_count_once() -> None:
    pack = b"[" + b",".join([PLAIN, PLAIN.replace(b"-3.25", b'"x"'), EPOCH]) + b"]"
    contents = [PLAIN] * BATCH_MIN + [pack]
    decoder = Decoder(STATIONS)
    found = decoder.decode_columns(
        columns_of(["t"] * len(contents), contents), np.full(len(contents), ANY, dtype=np.int32)
    )
    same(found, Decoder(STATIONS).decode([RawMessage("t", content) for content in contents]))
    assert len(found.refusals) == 1


def test_what_is_longer_than_a_message_may_be_is_not_cut() -> None:
    pack = b"[" + b",".join([PLAIN] * (PAYLOAD_BYTES_MAX // len(PLAIN) + 1)) + b"]"
    observations, message = unpacked(columns_of(["t", "t"], [pack, PLAIN]), PAYLOAD_BYTES_MAX)
    assert message.tolist() == [0, 1]
    assert observations.payload(0) == pack


def test_payloads_may_lie_anywhere_in_their_content() -> None:
    columns = columns_of(["t"] * 3, [b"[{1},{2}]", b'{"a":[{},{}]}', b"[{3},{4},{5}]"])
    turned = MessageColumns(
        columns.topics, columns.topic[::-1], columns.content, columns.begin[::-1], columns.end[::-1]
    )
    observations, message = unpacked(turned, 100)
    assert [observations.payload(row) for row in range(len(observations))] == [
        b"{3}", b"{4}", b"{5}", b'{"a":[{},{}]}', b"{1}", b"{2}",
    ]  # fmt: skip
    assert message.tolist() == [0, 0, 0, 1, 2, 2]
