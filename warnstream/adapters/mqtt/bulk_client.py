"""A paho client that reads in bulk: one large read, one pass over its frames, no object per message.

paho keeps the connection, the session, TLS, keepalive and reconnect: every
frame but a plain QoS 0 or 1 PUBLISH is handed to it as if it had just come
from the socket. Only two methods are overridden, `loop_read` (public) and
`_sock_recv` (the one place where paho 2 reads); PUBACKs of a whole batch are
queued as one write, and every read counts as an answer to our ping.
`can_read_in_bulk` says whether the paho that is installed is still built that way.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

from warnstream.adapters.mqtt.fields import TOPIC_INVALID, FrameError
from warnstream.adapters.mqtt.frames import (
    FRAME_BYTES_LIMIT,
    PUBLISH,
    Columns,
    StreamBuffer,
    next_frame,
    parse_publish,
    scan_publishes,
)
from warnstream.adapters.mqtt.publish_blocks import Block, KnownTopics, scan_block
from warnstream.adapters.mqtt.server_packets import encode_pubacks

READ_BYTES = 256 * 1024
READS_MAX = 16
"""Reads of one turn of paho's loop (TLS gives 16 KiB at once): writing gets its turn after them."""

PAUSE_S = 0.003
"""Wait before the next read while messages stream in: fewer, larger reads, less work for the broker too."""

TRICKLE_PAUSE_S = 0.02
"""While a few messages at a time come, reads are at least so far apart: fewer wake-ups."""

STREAMING_MESSAGES = 16
"""A read that brought so many was part of a stream."""

TOPICS_KNOWN_MAX = 65_536
"""Topics whose text is remembered; beyond it they are learnt anew."""

_MASK = 0xF4
"""QoS 0 and 1, retained or not, sent again or not."""

log = logging.getLogger(__name__)


def can_read_in_bulk() -> bool:
    """Whether paho has the private methods that bulk reading stands on."""
    return all(hasattr(paho.Client, name) for name in ("_sock_recv", "_packet_queue", "_check_keepalive"))


class BulkClient(paho.Client):
    """`on_block` and `on_columns` get what each read brought; QoS 2 messages go to `on_message` as ever."""

    on_columns: Callable[[Columns, int], None]
    on_block: Callable[[Block], None]
    is_hurried: bool
    """The broker waits for us after every few messages: nothing is gained by waiting for more of them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stream = StreamBuffer()
        self._stream_of: object = None
        self._topics = KnownTopics()
        self._topic_of_alias: dict[int, bytes] = {}
        self._replayed = b""
        self._is_replaying = False
        self._read_error: OSError | None = None
        self._is_ended = False
        self._is_streaming = False
        self._trickled_s = 0.0
        self.is_hurried = False

    def send_pubacks(self, message_ids: Sequence[bytes]) -> None:
        """Acknowledge QoS 1 messages of the present connection in one write, from any thread."""
        if message_ids:
            self._packet_queue(paho.PUBACK, encode_pubacks(message_ids), 0, 0)

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read all that is there, take the messages out, let paho see the rest."""
        if self.socket() is not self._stream_of:
            self._begin_stream()
        if self._is_streaming:
            time.sleep(PAUSE_S)
        elif not self.is_hurried:
            time.sleep(max(self._trickled_s + TRICKLE_PAUSE_S - time.monotonic(), 0.0))
        self._is_streaming = False
        for _ in range(READS_MAX):
            data = self._receive()
            if data:
                self._note_life()
            else:
                # An end or an error of the connection is paho's to handle.
                return super().loop_read(max_packets) if self._is_broken else MQTTErrorCode.MQTT_ERR_SUCCESS
            whole = self._stream.join(data)
            result = self._take(whole) if whole is not None else MQTTErrorCode.MQTT_ERR_SUCCESS
            if result or len(data) < READ_BYTES // 16:
                return result
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _note_life(self) -> None:
        """Bytes came: the broker lives, even if its answer to our ping stands behind many messages.

        paho waits for that very answer, and would end a connection over which a backlog streams.
        """
        self._ping_t = 0.0  # since when it waits; 0: it does not

    @property
    def _is_broken(self) -> bool:
        return self._is_ended or self._read_error is not None

    def _begin_stream(self) -> None:
        self._stream_of = self.socket()
        self._stream.clear()
        self._topic_of_alias.clear()
        self._replayed, self._read_error, self._is_ended = b"", None, False

    def _receive(self) -> bytes:
        try:
            data = super()._sock_recv(READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._read_error = error
            return b""
        self._is_ended = not data
        return data

    def _sock_recv(self, bufsize: int) -> bytes:
        """What paho reads: the frame handed to it, then the end of the connection or nothing yet."""
        if self._replayed:
            part, self._replayed = self._replayed[:bufsize], self._replayed[bufsize:]
            return part
        if self._read_error is not None:
            raise self._read_error
        if self._is_ended:
            return b""
        raise BlockingIOError

    def _take(self, data: bytes) -> MQTTErrorCode:
        is_v5 = self.protocol == paho.MQTTv5
        at, need = self._take_block(data, is_v5=is_v5), 0
        handed, columns = at, Columns()
        result = MQTTErrorCode.MQTT_ERR_SUCCESS
        try:
            while not result:
                at = scan_publishes(
                    data,
                    at,
                    self._topics.names,
                    columns,
                    mask=_MASK,
                    is_v5=is_v5,
                    bytes_max=FRAME_BYTES_LIMIT,
                )
                frame = next_frame(data, at, bytes_max=FRAME_BYTES_LIMIT)
                if isinstance(frame, int):
                    need = frame
                    break
                if frame.kind == PUBLISH and frame.head & 4 == 0:
                    publish = parse_publish(data, frame, is_v5=is_v5)
                    columns.topics.append(self._topic(publish.topic, publish.alias))
                    columns.payloads.append(publish.payload)
                    if publish.qos:
                        columns.message_ids.append(publish.message_id)
                else:
                    self._hand_over(columns, at - handed)
                    handed, columns = at, Columns()
                    result = self._replay(data[at : frame.stop])
                at = frame.stop
        except FrameError as error:
            log.warning("broker sent what is not MQTT", extra={"error": str(error)})
            self._read_error = ConnectionResetError(str(error))
            result = super().loop_read()
        self._hand_over(columns, at - handed)
        if not result:
            self._stream.keep(data[at:], need)
        return result

    def _take_block(self, data: bytes, *, is_v5: bool) -> int:
        """What can be taken at once from the first byte on; returns where it ends."""
        block = scan_block(data, self._topics, mask=_MASK, is_v5=is_v5, bytes_max=FRAME_BYTES_LIMIT)
        if block is None:
            return 0
        self._is_streaming |= len(block.messages) >= STREAMING_MESSAGES
        self.on_block(block)
        return block.stop

    def _hand_over(self, columns: Columns, size_bytes: int) -> None:
        if columns.topics:
            self._is_streaming |= len(columns.topics) >= STREAMING_MESSAGES
            self._trickled_s = time.monotonic()
            self.on_columns(columns, size_bytes)

    def _topic(self, raw: bytes, alias: int) -> str:
        if not raw:
            known = self._topic_of_alias.get(alias)
            if known is None:
                raise FrameError(TOPIC_INVALID, f"topic alias {alias} was never given a topic")
            raw = known
        elif alias:
            self._topic_of_alias[alias] = raw
        topic = self._topics.names.get(raw)
        if topic is None:
            if len(self._topics.names) >= TOPICS_KNOWN_MAX:
                self._topics.clear()
            # A broker checks topics; should one not, the message is judged by its content.
            topic = raw.decode(errors="replace")
            self._topics.add(raw, topic)
        return topic

    def _replay(self, frame: bytes) -> MQTTErrorCode:
        """Let paho read one whole frame."""
        self._replayed = frame
        result = MQTTErrorCode.MQTT_ERR_SUCCESS
        while self._replayed and not result:
            result = super().loop_read()
        return result
