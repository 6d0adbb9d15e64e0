"""The bytes of a journal segment: a header, then frames, then zeros.

A frame holds all entries of one durable append, so they are kept together or
not at all. Two checksums (CRC-32) guard it, one of its header and one of its
body; both start from the checksum of the segment's header, which holds 16
random bytes: a frame that strayed from another file, or that somebody sent as
the payload of a message, is never taken for one of this segment.

What follows the last frame tells what happened to it. Zeros: nothing. No
header of a frame any more: an append was torn, which nobody was told was kept.
A later header that is intact: what lies before it was kept once and is damaged.

::

    segment  "wsjournl", u32 version, u64 first entry, f64 created, 16 random bytes, u32 checksum
    frame    "wsf1", u32 entries, u64 first entry, f64 written, u64 bytes of body,
             u32 checksum of body, u32 checksum of this header
    entry    u8 bytes of kind, u32 bytes of payload, kind, payload       (little-endian throughout)
"""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

SEGMENT_MAGIC = b"wsjournl"
SEGMENT_VERSION = 1
FRAME_MAGIC = b"wsf1"
KIND_BYTES_MAX = 255
PAYLOAD_BYTES_MAX = 0xFFFF_FFFF

_SEGMENT = struct.Struct("<8sIQd16s")
_FRAME = struct.Struct("<4sIQdQI")
_CHECKSUM = struct.Struct("<I")
_ENTRY = struct.Struct("<BI")

SEGMENT_HEADER_BYTES = _SEGMENT.size + _CHECKSUM.size
FRAME_HEADER_BYTES = _FRAME.size + _CHECKSUM.size


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """What a segment says of itself; `seed` starts the checksums of its frames."""

    first_sequence: int
    created_at: float
    salt: bytes

    @property
    def content(self) -> bytes:
        """The header's bytes."""
        head = _SEGMENT.pack(SEGMENT_MAGIC, SEGMENT_VERSION, self.first_sequence, self.created_at, self.salt)
        return head + _CHECKSUM.pack(zlib.crc32(head))

    @property
    def seed(self) -> int:
        """Start of the checksums of this segment's frames."""
        return zlib.crc32(self.content)


def new_segment_header(first_sequence: int, created_at: float) -> SegmentHeader:
    """Header of a segment that begins with that entry."""
    return SegmentHeader(first_sequence, created_at, os.urandom(16))


def read_segment_header(data: bytes) -> SegmentHeader:
    """Header at the beginning of a segment.

    Raises
    ------
    ValueError
        If it is cut short, damaged or of another version; says which.
    """
    if len(data) < SEGMENT_HEADER_BYTES:
        raise ValueError(f"the header is cut off after {len(data)} of {SEGMENT_HEADER_BYTES} bytes")
    magic, version, first_sequence, created_at, salt = _SEGMENT.unpack_from(data)
    if magic != SEGMENT_MAGIC:
        raise ValueError(f"not a journal segment: it begins with {magic!r}")
    if _CHECKSUM.unpack_from(data, _SEGMENT.size)[0] != zlib.crc32(data[: _SEGMENT.size]):
        raise ValueError("the header is damaged (checksum)")
    if version != SEGMENT_VERSION:
        raise ValueError(
            f"written by another version of warnstream (form {version}, this one reads {SEGMENT_VERSION})"
        )
    return SegmentHeader(first_sequence, created_at, salt)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a frame stands and which entries it holds; its body may be damaged."""

    offset: int
    first_sequence: int
    n_entries: int
    written_at: float
    body_bytes: int
    body_checksum: int

    @property
    def last_sequence(self) -> int:
        """Number of its last entry."""
        return self.first_sequence + self.n_entries - 1

    @property
    def begin(self) -> int:
        """Offset of its body."""
        return self.offset + FRAME_HEADER_BYTES

    @property
    def end(self) -> int:
        """Offset of what follows it."""
        return self.begin + self.body_bytes

    def is_intact(self, data: bytes, seed: int) -> bool:
        """The whole body is there and is what was written."""
        if self.end > len(data):
            return False
        return zlib.crc32(memoryview(data)[self.begin : self.end], seed) == self.body_checksum

    def entries(self, data: bytes) -> Iterator[tuple[int, str, bytes]]:
        """Number, kind and payload of each entry of an intact frame."""
        place = self.begin
        for sequence in range(self.first_sequence, self.first_sequence + self.n_entries):
            kind_bytes, payload_bytes = _ENTRY.unpack_from(data, place)
            place += _ENTRY.size
            kind = data[place : place + kind_bytes].decode()
            place += kind_bytes
            yield sequence, kind, data[place : place + payload_bytes]
            place += payload_bytes


def encode_body(entries: Iterable[tuple[str, bytes]]) -> tuple[bytes, int]:
    """Body of a frame and the number of entries in it.

    Raises
    ------
    ValueError
        If a kind or a payload is longer than the form allows.
    """
    parts: list[bytes] = []
    count = 0
    for kind, payload in entries:
        word = kind.encode()
        if len(word) > KIND_BYTES_MAX or len(payload) > PAYLOAD_BYTES_MAX:
            raise ValueError(
                f"a journal entry of {len(payload)} bytes, kind {kind[:40]!r}: expected at most "
                f"{PAYLOAD_BYTES_MAX} bytes and a kind of at most {KIND_BYTES_MAX}"
            )
        parts += (_ENTRY.pack(len(word), len(payload)), word, payload)
        count += 1
    return b"".join(parts), count


def encode_frame(body: bytes, *, n_entries: int, first_sequence: int, written_at: float, seed: int) -> bytes:
    """A frame, ready to be written."""
    head = _FRAME.pack(FRAME_MAGIC, n_entries, first_sequence, written_at, len(body), zlib.crc32(body, seed))
    return b"".join((head, _CHECKSUM.pack(zlib.crc32(head, seed)), body))


def frame_at(data: bytes, offset: int, seed: int) -> Frame | None:
    """The frame whose header stands intact at `offset`; None if there is none."""
    if offset + FRAME_HEADER_BYTES > len(data):
        return None
    magic, n_entries, first, written_at, body_bytes, body_checksum = _FRAME.unpack_from(data, offset)
    if magic != FRAME_MAGIC:
        return None
    head = data[offset : offset + _FRAME.size]
    if _CHECKSUM.unpack_from(data, offset + _FRAME.size)[0] != zlib.crc32(head, seed):
        return None
    return Frame(offset, first, n_entries, written_at, body_bytes, body_checksum)


def frame_after(data: bytes, offset: int, seed: int) -> Frame | None:
    """The next frame beyond `offset` whose header is intact, wherever it begins."""
    place = data.find(FRAME_MAGIC, offset + 1)
    while place >= 0:
        frame = frame_at(data, place, seed)
        if frame is not None:
            return frame
        place = data.find(FRAME_MAGIC, place + 1)
    return None


def used_end(data: bytes, offset: int) -> int:
    """Offset after the last byte that is not zero; `offset` if only zeros follow."""
    written = np.flatnonzero(np.frombuffer(data, dtype=np.uint8, offset=offset))
    return offset + int(written[-1]) + 1 if len(written) else offset
