"""What nobody said is refused at its header."""

import struct
import zlib

import msgspec
import pytest

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
    Confirm,
    Part,
)


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
