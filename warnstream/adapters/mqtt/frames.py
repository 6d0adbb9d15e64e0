"""MQTT 3.1.1 and 5 as bytes: streams cut into frames, PUBLISH into columns, packets of a server.

Pure: no sockets, no clock. `scan_publishes` is the hot path: one pass over
everything that was received takes the QoS 0 and 1 messages out as three lists
and stops at the first frame that is something else, which `next_frame` cuts
and the caller handles. Whatever a peer sends, the only exception is
`FrameError`, with the MQTT 5 reason code to close the connection with.

Limit: a frame longer than `frame_bytes_max` is refused from its first bytes,
before any of it is kept.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 11, 12, 13, 14

FRAME_BYTES_LIMIT = 268_435_455 + 5
"""Longest frame that MQTT can express."""

MALFORMED, PROTOCOL_ERROR, NOT_AUTHORIZED, TOO_LARGE, ALIAS_INVALID = 0x81, 0x82, 0x87, 0x95, 0x94
TOPIC_INVALID = 0x90

SESSION_EXPIRY, RECEIVE_MAXIMUM, TOPIC_ALIAS_MAXIMUM, TOPIC_ALIAS = 0x11, 0x21, 0x22, 0x23
MAXIMUM_QOS, MAXIMUM_PACKET, ASSIGNED_CLIENT, SERVER_KEEP_ALIVE, USER_PROPERTY = 0x24, 0x27, 0x12, 0x13, 0x26
SHARED_AVAILABLE, SUBSCRIPTION_ID_AVAILABLE, REASON_STRING = 0x2A, 0x29, 0x1F

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


class Frame(NamedTuple):
    """One packet within a buffer: first byte, then the part after the remaining length."""

    head: int
    start: int
    stop: int

    @property
    def kind(self) -> int:
        """Packet type, 1 to 15."""
        return self.head >> 4


class Publish(NamedTuple):
    """One PUBLISH; `message_id` is as on the wire (two bytes), empty at QoS 0."""

    topic: bytes
    payload: bytes
    message_id: bytes
    qos: int
    retain: bool
    alias: int


@dataclass(slots=True)
class Columns:
    """Messages as columns, in order; `message_ids` holds those of QoS 1 only."""

    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    message_ids: list[bytes] = field(default_factory=list)


class StreamBuffer:
    """Keeps the beginning of a frame until the rest has arrived.

    Bytes are joined once, when the frame is complete, so a peer that sends
    single bytes costs no more than one that sends whole frames.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._have = 0
        self._need = 0

    def join(self, data: bytes) -> bytes | None:
        """What is to be scanned now; None while the frame that began earlier is not complete."""
        if not self._parts:
            return data
        self._parts.append(data)
        self._have += len(data)
        if self._have < self._need:
            if len(self._parts) > 256:  # many tiny parts weigh more than their bytes
                self._parts = [b"".join(self._parts)]
            return None
        whole = b"".join(self._parts)
        self._parts, self._have = [], 0
        return whole

    def keep(self, rest: bytes, need: int) -> None:
        """Keep an incomplete frame; nothing is scanned before `need` bytes of it are there."""
        self._parts, self._have, self._need = ([rest] if rest else []), len(rest), need

    def clear(self) -> None:
        """Forget everything: the connection is a new one."""
        self._parts, self._have, self._need = [], 0, 0


def scan_publishes(  # noqa: C901  # the hot path: one loop without calls
    data: bytes,
    at: int,
    topics: dict[bytes, str],
    columns: Columns,
    *,
    mask: int,
    is_v5: bool,
    bytes_max: int,
) -> int:
    """Take messages into `columns` from `at` on, up to the first frame that needs more than that.

    Parameters
    ----------
    topics : dict
        Topics on the wire -> topics that may be taken here. A message with another topic stops the scan.
    columns : Columns
        Grows.
    mask : int
        Bits of the first byte that must be as in a plain PUBLISH: 0xF4 takes QoS 0 and 1 with any
        DUP and RETAIN, 0xF5 leaves retained messages to the caller.
    is_v5 : bool
        Messages with MQTT 5 properties stop the scan.
    bytes_max : int
        Frames above this many bytes stop the scan; `next_frame` refuses them.

    Returns
    -------
    int
        Where the first frame begins that was not taken (perhaps an incomplete one, perhaps the end).
    """
    end = len(data)
    add_topic, add_payload = columns.topics.append, columns.payloads.append
    add_id, find = columns.message_ids.append, topics.get
    while at + 2 <= end:
        head, length, body = data[at], data[at + 1], at + 2
        if head & mask != 0x30:
            break
        if length > 127:
            if body >= end or data[body] > 127:
                break
            length += (data[body] << 7) - 128
            body += 1
        stop = body + length
        if stop > end or stop - at > bytes_max or length < 2:
            break
        after = body + 2 + (data[body] << 8 | data[body + 1])
        topic = find(data[body + 2 : after])
        if topic is None or after > stop:
            break
        if head & 2:
            message_id = data[after : after + 2]
            after += 2
            if after > stop or message_id == b"\0\0":
                break
            if is_v5:
                if after >= stop or data[after]:
                    break
                after += 1
            add_id(message_id)
        elif is_v5:
            if after >= stop or data[after]:
                break
            after += 1
        add_topic(topic)
        add_payload(data[after:stop])
        at = stop
    return at


def next_frame(data: bytes, at: int, *, bytes_max: int) -> Frame | int:
    """The frame that begins at `at`, or how many bytes of it must be there before it is worth asking again.

    Raises
    ------
    FrameError
        If its length is malformed or above `bytes_max`.
    """
    have = len(data) - at
    if have < 2:
        return 2
    length, shift, body = 0, 0, at + 1
    while True:
        if body >= len(data):
            return have + 1
        byte = data[body]
        length |= (byte & 127) << shift
        body += 1
        if byte < 128:
            break
        shift += 7
        if shift > 21:
            raise FrameError(MALFORMED, "a remaining length of more than four bytes")
    stop = body + length
    if stop - at > bytes_max:
        raise FrameError(TOO_LARGE, f"a packet of {stop - at} bytes, at most {bytes_max} are taken")
    if stop > len(data):
        return stop - at
    return Frame(data[at], body, stop)


def parse_publish(data: bytes, frame: Frame, *, is_v5: bool) -> Publish:
    """One PUBLISH with all that can be in it.

    Raises
    ------
    FrameError
        If it is malformed. A topic with a wildcard, or none without an alias, is.
    """
    qos = frame.head >> 1 & 3
    if qos == 3:
        raise FrameError(MALFORMED, "a PUBLISH with QoS 3")
    cursor = Cursor(data, frame.start, frame.stop)
    topic = cursor.binary()
    message_id = b""
    if qos:
        message_id = cursor.take(2)
        if message_id == b"\0\0":
            raise FrameError(PROTOCOL_ERROR, "message id 0")
    alias = 0
    if is_v5:
        found = cursor.properties().get(TOPIC_ALIAS)
        if found is not None:
            alias = int(found)  # type: ignore[arg-type]  # its kind is a number
            if alias == 0:
                raise FrameError(ALIAS_INVALID, "topic alias 0")
    if b"+" in topic or b"#" in topic or b"\0" in topic:
        raise FrameError(TOPIC_INVALID, "a PUBLISH to a topic with a wildcard or NUL")
    if not topic and not alias:
        raise FrameError(PROTOCOL_ERROR, "a PUBLISH without a topic")
    return Publish(topic, data[cursor.at : frame.stop], message_id, qos, bool(frame.head & 1), alias)


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


class Will(NamedTuple):
    """What is published when a client vanishes."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True, slots=True)
class Connect:
    """A client's CONNECT; `is_v5` False means 3.1.1."""

    is_v5: bool
    client_id: str
    is_clean: bool
    keepalive_s: int
    username: str | None
    password: bytes | None
    will: Will | None
    session_expiry_s: int
    receive_max: int
    packet_bytes_max: int


SESSION_WITHOUT_END = 0xFFFFFFFF


def parse_connect(data: bytes, frame: Frame) -> Connect:
    """A CONNECT.

    Raises
    ------
    FrameError
        If it is malformed; code 0x84 for a version that is neither 3.1.1 nor 5.
    """
    cursor = Cursor(data, frame.start, frame.stop)
    name, version = cursor.binary(), cursor.number(1)
    if name != b"MQTT" or version not in (4, 5):
        raise FrameError(0x84, f"protocol {name[:8]!r} version {version}: 3.1.1 and 5 are spoken")
    flags, keepalive_s = cursor.number(1), cursor.number(2)
    if flags & 1:
        raise FrameError(MALFORMED, "CONNECT with the reserved flag")
    is_v5 = version == 5
    properties = cursor.properties() if is_v5 else {}
    client_id = cursor.text()
    will = None
    if flags & 4:
        if is_v5:
            cursor.properties()
        will = Will(cursor.text(), cursor.binary(), flags >> 3 & 3, bool(flags & 32))
        if will.qos == 3 or not will.topic or "+" in will.topic or "#" in will.topic:
            raise FrameError(MALFORMED, "CONNECT with an impossible will")
    elif flags & 0x38:
        raise FrameError(MALFORMED, "CONNECT with flags of a will and no will")
    username = cursor.text() if flags & 128 else None
    password = cursor.binary() if flags & 64 else None
    is_clean = bool(flags & 2)
    receive_max = _number(properties, RECEIVE_MAXIMUM, 65_535)
    if receive_max == 0:
        raise FrameError(PROTOCOL_ERROR, "receive maximum 0")
    return Connect(
        is_v5=is_v5,
        client_id=client_id,
        is_clean=is_clean,
        keepalive_s=keepalive_s,
        username=username,
        password=password,
        will=will,
        session_expiry_s=_number(properties, SESSION_EXPIRY, 0)
        if is_v5
        else (0 if is_clean else SESSION_WITHOUT_END),
        receive_max=receive_max,
        packet_bytes_max=_number(properties, MAXIMUM_PACKET, FRAME_BYTES_LIMIT),
    )


def _number(properties: dict[int, Property], identifier: int, otherwise: int) -> int:
    return int(properties.get(identifier, otherwise))  # type: ignore[arg-type]  # its kind is a number


def parse_subscribe(data: bytes, frame: Frame, *, is_v5: bool) -> tuple[bytes, list[tuple[str, int]]]:
    """Message id, and (filter, options) in order; the QoS is in the low two bits of the options."""
    message_id, cursor = _id_and_rest(data, frame, is_v5=is_v5)
    wanted = []
    while not cursor.is_at_end:
        topic_filter, options = cursor.text(), cursor.number(1)
        if options & 3 == 3 or options & 0xC0 or (not is_v5 and options & 0xFC):
            raise FrameError(MALFORMED, "SUBSCRIBE with impossible options")
        wanted.append((topic_filter, options))
    if not wanted:
        raise FrameError(PROTOCOL_ERROR, "SUBSCRIBE without a filter")
    return message_id, wanted


def parse_unsubscribe(data: bytes, frame: Frame, *, is_v5: bool) -> tuple[bytes, list[str]]:
    """Message id and filters in order."""
    message_id, cursor = _id_and_rest(data, frame, is_v5=is_v5)
    filters = []
    while not cursor.is_at_end:
        filters.append(cursor.text())
    if not filters:
        raise FrameError(PROTOCOL_ERROR, "UNSUBSCRIBE without a filter")
    return message_id, filters


def _id_and_rest(data: bytes, frame: Frame, *, is_v5: bool) -> tuple[bytes, Cursor]:
    if frame.head & 15 != 2:
        raise FrameError(MALFORMED, "SUBSCRIBE or UNSUBSCRIBE with wrong flags")
    cursor = Cursor(data, frame.start, frame.stop)
    message_id = cursor.take(2)
    if message_id == b"\0\0":
        raise FrameError(PROTOCOL_ERROR, "message id 0")
    if is_v5:
        cursor.properties()
    return message_id, cursor


def parse_puback(data: bytes, frame: Frame) -> tuple[bytes, int]:
    """Message id and reason code (0 where none is given)."""
    cursor = Cursor(data, frame.start, frame.stop)
    message_id = cursor.take(2)
    return message_id, 0 if cursor.is_at_end else cursor.number(1)


def is_filter(topic_filter: str) -> bool:
    """Whether a subscription's filter is well formed (`+` and `#` alone in their level, `#` last)."""
    levels = topic_filter.split("/")
    return bool(topic_filter) and all(
        ("+" not in level or level == "+") and ("#" not in level or (level == "#" and n == len(levels) - 1))
        for n, level in enumerate(levels)
    )


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic is one of a filter's; topics beginning with ``$`` match no leading wildcard."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for n, level in enumerate(wanted):
        if level == "#":
            return True
        if n >= len(levels) or level not in {"+", levels[n]}:
            return False
    return len(wanted) == len(levels)


def varint(value: int) -> bytes:
    """A variable byte integer."""
    encoded = bytearray()
    while True:
        value, low = value >> 7, value & 127
        encoded.append(low | (128 if value else 0))
        if not value:
            return bytes(encoded)


def _packet(head: int, body: bytes) -> bytes:
    return bytes((head,)) + varint(len(body)) + body


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


def encode_connack(code: int, *, session_present: bool, properties: dict[int, int | str] | None) -> bytes:
    """CONNACK; `properties` is None for 3.1.1."""
    tail = b"" if properties is None else properties_field(properties)
    return _packet(CONNACK << 4, bytes((int(session_present), code)) + tail)


def encode_pubacks(message_ids: Sequence[bytes]) -> bytes:
    """PUBACKs of many messages joined for one write; empty for none."""
    return b"@\x02" + b"@\x02".join(message_ids) if message_ids else b""


def encode_puback_refused(message_id: bytes, code: int) -> bytes:
    """An MQTT 5 PUBACK that says why the message was not taken."""
    return b"@\x03" + message_id + bytes((code,))


def encode_suback(message_id: bytes, codes: Sequence[int], *, is_v5: bool, kind: int = SUBACK) -> bytes:
    """SUBACK, or UNSUBACK by `kind` (whose codes 3.1.1 does not have)."""
    if kind == UNSUBACK and not is_v5:
        return _packet(kind << 4, message_id)
    return _packet(kind << 4, message_id + (b"\0" if is_v5 else b"") + bytes(codes))


def encode_publish(
    topic: str, payload: bytes, message_id: int, *, is_v5: bool, retain: bool = False, dup: bool = False
) -> bytes:
    """PUBLISH at QoS 1, or at QoS 0 if `message_id` is 0."""
    head = PUBLISH << 4 | (2 if message_id else 0) | int(retain) | (8 if dup else 0)
    middle = struct.pack(">H", message_id) if message_id else b""
    return _packet(head, text_field(topic) + middle + (b"\0" if is_v5 else b"") + payload)


def encode_disconnect(code: int) -> bytes:
    """An MQTT 5 DISCONNECT with its reason; a 3.1.1 server just closes."""
    return _packet(DISCONNECT << 4, bytes((code,)))


PINGRESP_PACKET = b"\xd0\x00"
