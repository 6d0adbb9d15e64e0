"""What two boxes say survives any cut of the bytes; what nobody said is refused at its header."""

import struct
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.standby.frames import (
    CONTENT_BYTES_MAX,
    GREETING_BYTES_MAX,
    HEADER_BYTES,
    MAGIC,
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


def framed(content: bytes, n_bytes: int | None = None) -> bytes:
    head = struct.pack("<4sII", MAGIC, len(content) if n_bytes is None else n_bytes, zlib.crc32(content))
    return head + struct.pack("<I", zlib.crc32(head)) + content


@pytest.mark.parametrize("n_bytes", [GREETING_BYTES_MAX + 1, 2**32 - 1])
def test_a_huge_frame_is_refused_by_its_header(n_bytes: int) -> None:
    with pytest.raises(ProtocolError, match="expected at most"):
        list(FrameReader().feed(framed(b"", n_bytes)))


def test_a_long_frame_is_taken_from_who_has_greeted() -> None:
    long = Part(bytes(GREETING_BYTES_MAX + 1))
    with pytest.raises(ProtocolError):
        list(FrameReader().feed(encode(long)))
    assert list(FrameReader(CONTENT_BYTES_MAX).feed(encode(long))) == [long]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode(["Unheard", 1]),
        msgspec.msgpack.encode(["Confirm", "x"]),
        b"\x91" * 3_000,
    ],
)
def test_what_is_no_message_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(ProtocolError, match="not a message of two boxes"):
        list(FrameReader().feed(framed(content)))


def test_what_comes_before_a_fault_is_heard() -> None:
    heard = FrameReader().feed(encode(Confirm(1)) + b"?" * HEADER_BYTES)
    assert next(heard) == Confirm(1)
    with pytest.raises(ProtocolError):
        next(heard)
