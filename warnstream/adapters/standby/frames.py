"""Messages of two boxes as bytes: length, checksum, content. Pure.

A frame is refused at its header already where it is too long or the checksum of the
header is wrong, so that nobody can make a box hold much memory. The magic names the
form; the version of the messages is in `Hello`.
"""

import struct
import zlib
from collections.abc import Iterator

import msgspec

from warnstream.adapters.standby.messages import AnyMessage

MAGIC = b"WSb1"
_HEADER = struct.Struct("<4sII")
HEADER_BYTES = _HEADER.size + 4

CONTENT_BYTES_MAX = 96 * 1024 * 1024
"""A frame holds at least one entry of the journal, which may have 64 MiB."""

GREETING_BYTES_MAX = 4_096
"""Before the other side has said who it is."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(AnyMessage)


class ProtocolError(Exception):
    """The other side does not speak as it should; the connection is of no more use."""


def encode(message: AnyMessage) -> bytes:
    """A message as a frame.

    Raises
    ------
    ValueError
        If it is longer than a frame may be.
    """
    content = _encoder.encode(message)
    if len(content) > CONTENT_BYTES_MAX:
        raise ValueError(f"a message of {len(content)} bytes, expected at most {CONTENT_BYTES_MAX}")
    head = _HEADER.pack(MAGIC, len(content), zlib.crc32(content))
    return b"".join((head, struct.pack("<I", zlib.crc32(head)), content))


class FrameReader:
    """Bytes as they come in -> messages.

    Attributes
    ----------
    bytes_max : int
        Longest content that is taken; raised once the other side has proven who it is.
    """

    def __init__(self, bytes_max: int = GREETING_BYTES_MAX) -> None:
        self.bytes_max = bytes_max
        self._data = bytearray()

    @property
    def is_within(self) -> bool:
        """The last frame is not complete yet: what ends here was cut off."""
        return bool(self._data)

    def feed(self, data: bytes) -> Iterator[AnyMessage]:
        """The messages that are complete with these bytes.

        Raises
        ------
        ProtocolError
            At the first thing that is no frame or no message; nothing after it can be read.
        """
        self._data += data
        while len(self._data) >= HEADER_BYTES:
            n_bytes, checksum = self._header()
            end = HEADER_BYTES + n_bytes
            if len(self._data) < end:
                return
            content = bytes(memoryview(self._data)[HEADER_BYTES:end])
            del self._data[:end]
            if zlib.crc32(content) != checksum:
                raise ProtocolError("the content of a frame is damaged (checksum)")
            yield _decoded(content)

    def _header(self) -> tuple[int, int]:
        head = bytes(self._data[: _HEADER.size])
        magic, n_bytes, checksum = _HEADER.unpack(head)
        if magic != MAGIC:
            raise ProtocolError(f"expected a frame of two boxes ({MAGIC.decode()}), got {magic!r}")
        if struct.unpack_from("<I", self._data, _HEADER.size)[0] != zlib.crc32(head):
            raise ProtocolError("the header of a frame is damaged (checksum)")
        if n_bytes > self.bytes_max:
            raise ProtocolError(f"a frame of {n_bytes} bytes, expected at most {self.bytes_max}")
        return n_bytes, checksum


def _decoded(content: bytes) -> AnyMessage:
    try:
        return _decoder.decode(content)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ProtocolError(f"not a message of two boxes: {error}") from None
