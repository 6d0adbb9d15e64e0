"""Batches of messages as columns, and as bytes of the journal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.model.messages import MessageColumns, columns_of, is_packed, pack, unpack

batches = st.lists(st.tuples(st.text(max_size=9), st.binary(max_size=40)), max_size=30)


@given(batches)
def test_what_is_packed_comes_out_again(pairs: list[tuple[str, bytes]]) -> None:
    batch = columns_of([topic for topic, _ in pairs], [payload for _, payload in pairs])
    again = unpack(pack(batch))
    assert batch.pairs() == again.pairs() == pairs
    assert [again.payload(row) for row in range(len(again))] == [payload for _, payload in pairs]
    assert len(set(again.topics)) == len(again.topics)


def test_payloads_may_lie_anywhere_in_the_content() -> None:
    batch = MessageColumns(
        ["b", "a"],
        np.array([1, 0], np.int32),
        b"..xx...y",
        np.array([2, 7], np.int32),
        np.array([4, 8], np.int32),
    )
    assert unpack(pack(batch)).pairs() == [("a", b"xx"), ("b", b"y")]


def test_small_batches_are_told_apart() -> None:
    assert is_packed(pack(columns_of(["t"], [b"x"])))
    assert not is_packed(b"\x91\x92\xa1t\xc4\x01x")


@pytest.mark.parametrize("data", [b"\xc1\x01", b"\xc1\x02" + bytes(40), b"\xc1\x01\0\0" + b"\xff" * 12])
def test_what_is_cut_off_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="cut off"):
        unpack(data)
