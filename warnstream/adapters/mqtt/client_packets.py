"""What a client sends to a server beside PUBLISH: CONNECT, SUBSCRIBE, UNSUBSCRIBE, acknowledgements.

Pure; `FrameError` for what is malformed.
"""

from dataclasses import dataclass
from typing import NamedTuple

from warnstream.adapters.mqtt.fields import (
    MALFORMED,
    MAXIMUM_PACKET,
    PROTOCOL_ERROR,
    RECEIVE_MAXIMUM,
    SESSION_EXPIRY,
    VERSION_UNSUPPORTED,
    Cursor,
    FrameError,
    Property,
)
from warnstream.adapters.mqtt.frames import FRAME_BYTES_LIMIT, Frame


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
        detail = f"protocol {name[:8]!r} version {version}, expected 3.1.1 or 5"
        raise FrameError(VERSION_UNSUPPORTED, detail)
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


def parse_pubrel(data: bytes, frame: Frame) -> bytes:
    """Message id of a PUBREL: the client gives up the right to send that message again."""
    if frame.head & 15 != 2:
        raise FrameError(MALFORMED, "PUBREL with wrong flags")
    return Cursor(data, frame.start, frame.stop).take(2)


def parse_puback(data: bytes, frame: Frame) -> tuple[bytes, int]:
    """Message id and reason code (0 where none is given)."""
    cursor = Cursor(data, frame.start, frame.stop)
    message_id = cursor.take(2)
    return message_id, 0 if cursor.is_at_end else cursor.number(1)
