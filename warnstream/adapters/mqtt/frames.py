"""MQTT 3.1.1 and 5 as bytes: streams cut into frames, PUBLISH into columns, packets of a server.

Pure: no sockets, no clock. `scan_publishes` is the hot path: one pass over
everything that was received takes the QoS 0 and 1 messages out as three lists
and stops at the first frame that is something else, which `next_frame` cuts
and the caller handles. Whatever a peer sends, the only exception is
`FrameError`, with the MQTT 5 reason code to close the connection with.

Limit: a frame longer than `frame_bytes_max` is refused from its first bytes,
before any of it is kept.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from warnstream.adapters.mqtt.fields import (
    ALIAS_INVALID,
    MALFORMED,
    PROTOCOL_ERROR,
    TOO_LARGE,
    TOPIC_ALIAS,
    TOPIC_INVALID,
    Cursor,
    FrameError,
)

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7

SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 11, 12, 13, 14

FRAME_BYTES_LIMIT = 268_435_455 + 5
"""Longest frame that MQTT can express."""


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


def publish_head(data: bytes) -> tuple[Publish, int] | int | None:
    """The head of a PUBLISH of 3.1.1 of which the rest may be missing, and the bytes of the whole frame.

    Parameters
    ----------
    data : bytes
        Begins with a frame whose length is all there.

    Returns
    -------
    tuple, int or None
        The message with what is there of its payload; how many bytes must be there before it is worth
        asking again; None if the frame is no PUBLISH.

    Raises
    ------
    FrameError
        If it is malformed.
    """
    if data[0] >> 4 != PUBLISH:
        return None
    body = next(at for at in range(1, len(data)) if data[at] < 128) + 1
    length = sum((byte & 127) << 7 * place for place, byte in enumerate(data[1:body]))
    if len(data) < body + 2:
        return body + 2
    head_stop = body + 2 + int.from_bytes(data[body : body + 2], "big") + (2 if data[0] & 6 else 0)
    if len(data) < head_stop <= body + length:
        return head_stop
    stop = body + length
    return parse_publish(data, Frame(data[0], body, min(stop, len(data))), is_v5=False), stop


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
