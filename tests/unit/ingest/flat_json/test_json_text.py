import msgspec
import pytest

from tests.stations import stations_of
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.ingest.flat_json.json_text import DEPTH_MAX, decode_json
from warnstream.model.observations.refusals import RefusalReason

STATIONS = stations_of("R0001")


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def at_stack_depth(depth: int, payload: bytes) -> object:
    """What `decode_json` gives when it is called from that far down."""
    if depth:
        return at_stack_depth(depth - 1, payload)
    try:
        return decode_json(payload)
    except msgspec.DecodeError as error:
        return str(error)


def test_what_is_nested_to_the_limit_is_read_and_one_more_is_refused() -> None:
    assert decode_json(nested(DEPTH_MAX)) is not None
    with pytest.raises(msgspec.DecodeError, match="nested more than 64 deep"):
        decode_json(nested(DEPTH_MAX + 1))


def test_brackets_that_texts_close_close_nothing() -> None:
    """The keys hold as many closing brackets as lists are opened: counted alike they would hide any depth."""
    payload = b'[{"]}]}": ' * 900 + b"1" + b"}]" * 900
    with pytest.raises(msgspec.DecodeError, match="nested more than 64 deep"):
        decode_json(payload)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert len(decode_json(b"[" + b",".join([b"{}"] * 1000) + b"]")) == 1000


@pytest.mark.parametrize("depth", [DEPTH_MAX, DEPTH_MAX + 1, 900, 5000])
def test_the_same_text_is_taken_or_refused_wherever_it_is_called_from(depth: int) -> None:
    payload = nested(depth)
    assert at_stack_depth(0, payload) == at_stack_depth(300, payload)


def test_a_nested_value_beside_good_ones_is_refused_alone() -> None:
    payload = b'{"station":"%s","time":1781740000,"rain":1.0,"temperature":%s}' % (
        STATIONS.code[0].encode(),
        nested(30),
    )
    decoded = Decoder(STATIONS).decode([RawMessage("t", payload)])
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.BAD_VALUE]
    assert len(decoded.readings) == 1
