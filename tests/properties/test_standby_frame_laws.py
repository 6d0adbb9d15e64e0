"""What two boxes say survives any cut of the bytes, and a changed byte is never a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.standby.frames import (
    CONTENT_BYTES_MAX,
    HEADER_BYTES,
    FrameReader,
    ProtocolError,
    encode,
)
from warnstream.adapters.standby.messages import (
    AnyMessage,
    Confirm,
    Entries,
    Follow,
    HandedOver,
    HandOver,
    Hello,
    Part,
    Refused,
    Sowing,
    Trouble,
)

texts = st.text(max_size=20)
numbers = st.integers(0, 2**53)
messages: st.SearchStrategy[AnyMessage] = st.one_of(
    st.builds(Hello, numbers, texts, texts, texts, numbers, texts, texts, texts, numbers, texts, texts),
    st.builds(Follow),
    st.builds(Refused, texts, texts, st.integers(-1, 2**53)),
    st.builds(Sowing, numbers, st.lists(st.tuples(texts, numbers), max_size=3)),
    st.builds(Part, st.binary(max_size=200)),
    st.builds(
        Entries, numbers, numbers, numbers, st.lists(st.tuples(texts, st.binary(max_size=50)), max_size=4)
    ),
    st.builds(Confirm, numbers),
    st.builds(Trouble, texts),
    st.builds(HandOver),
    st.builds(HandedOver, numbers),
)


@given(st.lists(messages, max_size=6), st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_any_cut_of_the_bytes_gives_the_same_messages(said: list[AnyMessage], cuts: list[int]) -> None:
    data = b"".join(map(encode, said))
    reader, heard, at = FrameReader(), [], 0
    while at < len(data):
        cut = cuts[at % len(cuts)]
        heard += list(reader.feed(data[at : at + cut]))
        at += cut
    assert heard == said
    assert not reader.is_within


@given(messages, st.data())
def test_a_message_that_was_cut_off_is_known_to_be(said: AnyMessage, data: st.DataObject) -> None:
    frame = encode(said)
    reader = FrameReader()
    assert list(reader.feed(frame[: data.draw(st.integers(1, len(frame) - 1))])) == []
    assert reader.is_within


@given(messages, st.data())
def test_a_changed_byte_is_never_a_message(said: AnyMessage, data: st.DataObject) -> None:
    frame = bytearray(encode(said))
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ProtocolError):
        list(FrameReader(CONTENT_BYTES_MAX).feed(bytes(frame)))


@given(st.binary(min_size=HEADER_BYTES, max_size=200))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(FrameReader().feed(data))
