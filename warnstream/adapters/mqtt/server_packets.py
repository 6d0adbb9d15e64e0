"""What a server sends, as bytes."""

import struct
from collections.abc import Sequence

from warnstream.adapters.mqtt.fields import properties_field, text_field, varint
from warnstream.adapters.mqtt.frames import CONNACK, DISCONNECT, PUBCOMP, PUBLISH, SUBACK, UNSUBACK


def _packet(head: int, body: bytes) -> bytes:
    return bytes((head,)) + varint(len(body)) + body


def encode_connack(code: int, *, session_present: bool, properties: dict[int, int | str] | None) -> bytes:
    """CONNACK; `properties` is None for 3.1.1."""
    tail = b"" if properties is None else properties_field(properties)
    return _packet(CONNACK << 4, bytes((int(session_present), code)) + tail)


def encode_pubacks(message_ids: Sequence[bytes]) -> bytes:
    """PUBACKs of many messages joined for one write; empty for none."""
    return b"@\x02" + b"@\x02".join(message_ids) if message_ids else b""


def encode_pubrecs(message_ids: Sequence[bytes]) -> bytes:
    """PUBRECs of many messages of QoS 2 joined for one write; empty for none."""
    return b"P\x02" + b"P\x02".join(message_ids) if message_ids else b""


def encode_refused(message_id: bytes, qos: int, code: int) -> bytes:
    """An MQTT 5 PUBACK (QoS 1) or PUBREC (QoS 2) that says why the message was not taken."""
    return (b"@\x03" if qos < 2 else b"P\x03") + message_id + bytes((code,))


def encode_pubcomp(message_id: bytes, code: int = 0) -> bytes:
    """The end of a QoS 2 message; a code other than 0 is MQTT 5's."""
    return _packet(PUBCOMP << 4, message_id + (bytes((code,)) if code else b""))


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
