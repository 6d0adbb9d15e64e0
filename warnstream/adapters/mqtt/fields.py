"""MQTT fields as bytes: numbers, texts and MQTT 5 properties, read in order and written.

Pure. Whatever a peer sends, the only exception is `FrameError`, with the MQTT 5
reason code to close the connection with.
"""

import struct

MALFORMED, PROTOCOL_ERROR, NOT_AUTHORIZED, TOO_LARGE, ALIAS_INVALID = 0x81, 0x82, 0x87, 0x95, 0x94
TOPIC_INVALID, VERSION_UNSUPPORTED, ID_NOT_FOUND = 0x90, 0x84, 0x92
SESSION_EXPIRY, RECEIVE_MAXIMUM, TOPIC_ALIAS_MAXIMUM, TOPIC_ALIAS = 0x11, 0x21, 0x22, 0x23
MAXIMUM_QOS, MAXIMUM_PACKET, ASSIGNED_CLIENT, SERVER_KEEP_ALIVE, USER_PROPERTY = 0x24, 0x27, 0x12, 0x13, 0x26
SHARED_AVAILABLE, SUBSCRIPTION_ID_AVAILABLE, REASON_STRING, SERVER_REFERENCE = 0x2A, 0x29, 0x1F, 0x1C

_BYTE, _TWO, _FOUR, _VARINT, _BINARY, _TEXT, _PAIR = range(7)

_KIND_OF_PROPERTY = {
    0x01: _BYTE, 0x02: _FOUR, 0x03: _TEXT, 0x08: _TEXT, 0x09: _BINARY, 0x0B: _VARINT, 0x11: _FOUR,
    0x12: _TEXT, 0x13: _TWO, 0x15: _TEXT, 0x16: _BINARY, 0x17: _BYTE, 0x18: _FOUR, 0x19: _BYTE,
    0x1A: _TEXT, 0x1C: _TEXT, 0x1F: _TEXT, 0x21: _TWO, 0x22: _TWO, 0x23: _TWO, 0x24: _BYTE, 0x25: _BYTE,
    0x26: _PAIR, 0x27: _FOUR, 0x28: _BYTE, 0x29: _BYTE, 0x2A: _BYTE,
}  # fmt: skip
"""MQTT 5, table 2-4: how the value of each property is written."""

Property = int | bytes | str | list[tuple[str, str]]


class FrameError(ValueError):
    """A peer broke the protocol or a limit; `code` is MQTT 5's reason code for it."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def text_of(raw: bytes) -> str:
    """UTF-8 of the wire as text; FrameError for what is none."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise FrameError(MALFORMED, "text that is not UTF-8") from error


class Cursor:
    """Reads fields of one packet in order; FrameError instead of reading beyond its end."""

    __slots__ = ("_data", "at", "stop")

    def __init__(self, data: bytes, at: int, stop: int) -> None:
        self._data = data
        self.at = at
        self.stop = stop

    @property
    def is_at_end(self) -> bool:
        """Nothing is left."""
        return self.at >= self.stop

    def take(self, n: int) -> bytes:
        """The next `n` bytes."""
        after = self.at + n
        if after > self.stop:
            raise FrameError(MALFORMED, "a packet ends within a field")
        part = self._data[self.at : after]
        self.at = after
        return part

    def number(self, n: int) -> int:
        """An unsigned number of `n` bytes."""
        return int.from_bytes(self.take(n), "big")

    def varint(self) -> int:
        """A variable byte integer."""
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.number(1)
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise FrameError(MALFORMED, "a variable byte integer of more than four bytes")

    def binary(self) -> bytes:
        """Bytes with a two-byte length before them."""
        return self.take(self.number(2))

    def text(self) -> str:
        """UTF-8 text with a two-byte length before it; NUL is not allowed in it."""
        text = text_of(self.binary())
        if "\0" in text:
            raise FrameError(MALFORMED, "text with NUL")
        return text

    def properties(self) -> dict[int, Property]:
        """MQTT 5 properties by identifier; one that may stand only once and stands twice is an error."""
        length = self.varint()
        inner = Cursor(self._data, self.at, self.at + length)
        if inner.stop > self.stop:
            raise FrameError(MALFORMED, "properties longer than their packet")
        self.at = inner.stop
        found: dict[int, Property] = {}
        pairs: list[tuple[str, str]] = []
        while not inner.is_at_end:
            identifier = inner.varint()
            kind = _KIND_OF_PROPERTY.get(identifier)
            if kind is None:
                raise FrameError(MALFORMED, f"unknown property {identifier:#x}")
            if kind == _PAIR:
                pairs.append((inner.text(), inner.text()))
                continue
            if identifier in found and kind != _VARINT:
                raise FrameError(PROTOCOL_ERROR, f"property {identifier:#x} twice")
            found[identifier] = inner.property_value(kind)
        if pairs:
            found[USER_PROPERTY] = pairs
        return found

    def property_value(self, kind: int) -> int | bytes | str:
        """A value as its kind is written."""
        if kind == _TEXT:
            return self.text()
        if kind == _BINARY:
            return self.binary()
        if kind == _VARINT:
            return self.varint()
        return self.number({_BYTE: 1, _TWO: 2, _FOUR: 4}[kind])


def varint(value: int) -> bytes:
    """A variable byte integer."""
    encoded = bytearray()
    while True:
        value, low = value >> 7, value & 127
        encoded.append(low | (128 if value else 0))
        if not value:
            return bytes(encoded)


def text_field(text: str) -> bytes:
    """UTF-8 with its two-byte length."""
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def properties_field(properties: dict[int, int | str]) -> bytes:
    """MQTT 5 properties with their length."""
    body = b""
    for identifier, value in properties.items():
        kind = _KIND_OF_PROPERTY[identifier]
        if isinstance(value, str):
            written = text_field(value)
        else:
            written = (
                varint(value)
                if kind == _VARINT
                else value.to_bytes({_BYTE: 1, _TWO: 2, _FOUR: 4}[kind], "big")
            )
        body += bytes((identifier,)) + written
    return varint(len(body)) + body
