"""MQTT under fuzz: the bulk frame scanner, the bulk reader on paho, and the listener's protocol machine.

All in process, without sockets: a transport that records what was written,
and a listener whose loop never runs.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any
from unittest import mock

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from tests.alarms import RecordedAlarms
from tests.fuzz import corpus
from tests.fuzz.mutate import Mutator
from tests.fuzz.targets import Check, Target, cut_anywhere
from warnstream.adapters.inbox import Inbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt import frames as wire
from warnstream.adapters.mqtt import publish_blocks as mqtt_blocks
from warnstream.adapters.mqtt.bulk_client import BulkClient
from warnstream.adapters.mqtt.fields import FrameError
from warnstream.adapters.mqtt.frames import Columns, Frame, StreamBuffer
from warnstream.adapters.mqtt.listener.access import Permissions
from warnstream.adapters.mqtt.listener.connection import ClientConnection
from warnstream.adapters.mqtt.listener.listener import MqttListener
from warnstream.adapters.mqtt.listener.sessions import SessionStore
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.adapters.mqtt.publish_blocks import Block, KnownTopics
from warnstream.config.settings import ListenerSettings

BYTES_MAX = 100_000
TOPICS = ["ws/+/+/+/obs", "ws/clock", "ws/answer/+"]

Message = tuple[bytes, bytes, bytes]


def one_by_one(data: bytes, *, is_v5: bool) -> tuple[list[Message], int, int]:
    """Messages by the plain parser alone: (messages, where it stopped, code of the fault or 0)."""
    found: list[Message] = []
    at = 0
    try:
        while True:
            frame = wire.next_frame(data, at, bytes_max=BYTES_MAX)
            if isinstance(frame, int):
                assert frame > len(data) - at, "asks for bytes that are there"
                return found, at, 0
            if frame.kind == wire.PUBLISH:
                publish = wire.parse_publish(data, frame, is_v5=is_v5)
                found.append(
                    (publish.topic, publish.payload, publish.message_id if publish.qos == 1 else b"")
                )
            at = frame.stop
    except FrameError as error:
        return found, at, error.code


def by_columns(pieces: Sequence[bytes], *, is_v5: bool, mask: int) -> tuple[list[Message], int]:
    """The same with the scanner, as listener and reader use it."""
    stream, topics = StreamBuffer(), dict[bytes, str]()
    found: list[Message] = []
    raw: dict[str, bytes] = {}
    for piece in pieces:
        data = stream.join(piece)
        if data is None:
            continue
        at = 0
        try:
            while True:
                begin, columns = at, Columns()
                at = wire.scan_publishes(
                    data, at, topics, columns, mask=mask, is_v5=is_v5, bytes_max=BYTES_MAX
                )
                assert begin <= at <= len(data)
                found += _joined(data, begin, columns, raw)
                frame = wire.next_frame(data, at, bytes_max=BYTES_MAX)
                if isinstance(frame, int):
                    stream.keep(data[at:], frame)
                    break
                at = _plain(data, frame, topics, raw, found, is_v5=is_v5)
        except FrameError as error:
            return found, error.code
    return found, 0


def _joined(data: bytes, begin: int, columns: Columns, raw: dict[str, bytes]) -> list[Message]:
    """Columns as messages; which of them had an identifier is in the first bytes of their frames."""
    assert len(columns.topics) == len(columns.payloads) >= len(columns.message_ids)
    ids, at, found = iter(columns.message_ids), begin, []
    for topic, payload in zip(columns.topics, columns.payloads, strict=True):
        frame = wire.next_frame(data, at, bytes_max=BYTES_MAX)
        assert isinstance(frame, Frame)
        found.append((raw[topic], payload, next(ids) if frame.head & 6 else b""))
        at = frame.stop
    assert next(ids, None) is None, "more identifiers than messages of QoS 1"
    return found


def _plain(
    data: bytes,
    frame: Frame,
    topics: dict[bytes, str],
    raw: dict[str, bytes],
    found: list[Message],
    *,
    is_v5: bool,
) -> int:
    if frame.kind == wire.PUBLISH:
        publish = wire.parse_publish(data, frame, is_v5=is_v5)
        found.append((publish.topic, publish.payload, publish.message_id if publish.qos == 1 else b""))
        if publish.topic:
            text = publish.topic.decode(errors="surrogateescape")
            topics[publish.topic], raw[text] = text, publish.topic
    return frame.stop


def check_block(data: bytes, known: KnownTopics, *, is_v5: bool, mask: int) -> int:
    """A block holds the first of the messages that the scanner takes; returns how many."""
    columns, rest = Columns(), Columns()
    stop = wire.scan_publishes(data, 0, known.names, columns, mask=mask, is_v5=is_v5, bytes_max=BYTES_MAX)
    known.table()  # no new topics came since
    with mock.patch.object(mqtt_blocks, "BLOCK_BYTES_MIN", 1):
        block = mqtt_blocks.scan_block(data, known, mask=mask, is_v5=is_v5, bytes_max=BYTES_MAX)
    if block is None:
        return 0
    expected = list(zip(columns.topics, columns.payloads, strict=True))
    n_ids, begin = len(block.message_ids), block.stop
    assert block.messages.pairs() == expected[: len(block.messages)], "other messages"
    assert block.message_ids == columns.message_ids[:n_ids], "other identifiers"
    end = wire.scan_publishes(data, begin, known.names, rest, mask=mask, is_v5=is_v5, bytes_max=BYTES_MAX)
    assert end == stop, "it ends elsewhere"
    assert len(rest.topics) + len(block.messages) == len(expected), "between two frames"
    assert len(rest.message_ids) + n_ids == len(columns.message_ids), "more or fewer identifiers"
    return len(block.messages)


def check_scanner(payload: bytes, rng: Random) -> Sequence[str]:
    """Scanner, block and plain parser read the same, whole and in pieces."""
    is_v5 = rng.random() < 0.5
    expected, _, code = one_by_one(payload, is_v5=is_v5)
    known = KnownTopics()
    for topic, _, _ in expected[: rng.choice((1, 2, 100))]:
        known.add(topic, topic.decode(errors="surrogateescape"))
    n_of_block = check_block(payload, known, is_v5=is_v5, mask=rng.choice((0xF4, 0xF5)))
    for pieces in ([payload] if payload else [], cut_anywhere(payload, rng)):
        found, found_code = by_columns(pieces, is_v5=is_v5, mask=rng.choice((0xF4, 0xF5)))
        assert found == expected, "other messages"
        assert found_code == code, "another fault"
    return [f"code {code:#x}", f"messages {min(len(expected), 5)}", f"block {min(n_of_block, 5)}"]


class _Client(BulkClient):
    """The bulk reader, fed from memory; what it would write is dropped."""

    def __init__(self, *, is_v5: bool) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id="fuzz",
            protocol=paho.MQTTv5 if is_v5 else paho.MQTTv311,
            manual_ack=True,
        )
        self.found: list[tuple[str, bytes]] = []
        self.on_columns = self._take_columns
        self.on_block = self._take_messages
        self.on_message = self._take_message

    def know(self, topic: str) -> None:
        """As if a message had come on it before."""
        self._topics.add(topic.encode(), topic)
        self._topics.table()

    def feed(self, piece: bytes) -> bool:
        """Whether the connection would go on."""
        whole = self._stream.join(piece)
        if whole is None:
            return True
        self._sock = _Socket()  # type: ignore[assignment]  # nothing is written or read
        return self._take(whole) is MQTTErrorCode.MQTT_ERR_SUCCESS and self._read_error is None

    def _take_columns(self, columns: Columns, _: int) -> None:
        self.found += zip(columns.topics, columns.payloads, strict=True)

    def _take_messages(self, block: Block) -> None:
        self.found += block.messages.pairs()

    def _take_message(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        self.found.append((message.topic, bytes(message.payload)))

    def _packet_queue(self, *_: Any, **__: Any) -> MQTTErrorCode:
        return MQTTErrorCode.MQTT_ERR_SUCCESS


class _Socket:
    """Stands for a connection."""

    def close(self) -> None:
        """Nothing to close."""

    def fileno(self) -> int:
        """No file."""
        return -1


def check_reader(payload: bytes, rng: Random) -> Sequence[str]:
    """The bulk reader on paho: the same messages whole and in pieces; nothing raised in paho's thread."""
    is_v5 = rng.random() < 0.5
    whole = [payload] if payload else []
    found: list[tuple[list[tuple[str, bytes]], bool]] = []
    for pieces, knows_topics in ((whole, False), (cut_anywhere(payload, rng), False), (whole, True)):
        client = _Client(is_v5=is_v5)
        if knows_topics:
            for topic in {topic for topic, _ in found[0][0]}:
                client.know(topic)
        with mock.patch.object(mqtt_blocks, "BLOCK_BYTES_MIN", 1):
            went_on = all(client.feed(piece) for piece in pieces)
        found.append((client.found, went_on))
    assert found[0] == found[1]
    assert found[0] == found[2], "another beginning, by its block"
    return [f"messages {min(len(found[0][0]), 5)}", f"goes on {found[0][1]}"]


class _Transport(asyncio.Transport):
    """Records what is written; a closed one takes nothing more."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.is_closed:
            self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Everything is taken."""

    def pause_reading(self) -> None:
        """The feeder goes on: limits are tested elsewhere."""

    def resume_reading(self) -> None:
        """Nothing was paused."""


class _Listener(MqttListener):
    """A listener whose loop does not run."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        settings = ListenerSettings(
            "127.0.0.1", 0, "ws", message_bytes_max=BYTES_MAX, messages_per_s=10_000_000, inflight_max=65_535
        )
        super().__init__(settings, TOPICS, NodePorts(self.inbox, Metrics(), RecordedAlarms()))
        self._loop.close()
        self._open = self.permissions
        self._by_name = Permissions(
            prefix="ws", is_open=False, gateways=frozenset({"gw"}), trusted=frozenset()
        )

    def begin(self, *, is_open: bool) -> None:
        """Forget everything: the next input meets a new listener."""
        self.hub = SessionStore()
        self._peers.clear()
        self.permissions = self._open if is_open else self._by_name

    def call_later(self, delay_s: float, function: Callable[[], object]) -> None:
        """Nothing is late here."""

    def now_s(self) -> float:
        """Time stands still."""
        return 1_000.0


def receive(peer: ClientConnection, transport: _Transport, data: bytes) -> None:
    """Bytes as asyncio gives them to a buffered protocol."""
    while data and not transport.is_closed:
        buffer = peer.get_buffer(-1)
        size = min(len(buffer), len(data))
        assert size > 0, "a buffer without room"
        buffer[:size] = data[:size]
        peer.buffer_updated(size)
        data = data[size:]


def check_listener(listener: _Listener, payload: bytes, rng: Random) -> Sequence[str]:
    """A client's bytes: the same messages, answers and end, whole and in pieces."""
    is_open = rng.random() < 0.7
    found = []
    for pieces in ([payload] if payload else [], cut_anywhere(payload, rng)):
        listener.begin(is_open=is_open)
        peer, transport = ClientConnection(listener), _Transport()
        peer.connection_made(transport)
        messages: list[tuple[str, bytes]] = []
        for piece in pieces:
            if transport.is_closed:
                break
            with mock.patch.object(mqtt_blocks, "BLOCK_BYTES_MIN", 1):
                receive(peer, transport, piece)
            for block in listener.inbox.take(messages_max=10**6, wait_s=0, gather_s=0, streams_max=10**6):
                messages += zip(block.topics, block.payloads, strict=True)
                peer.acknowledge([block])
        was_closed = transport.is_closed
        peer.connection_lost(None)
        assert not listener._peers
        # Who says goodbye does not wait for acknowledgements; how many it still gets is a matter of time.
        answers = sorted(packet for packet in _packets(transport.written) if packet[0] >> 4 != wire.PUBACK)
        found.append((messages, answers, was_closed, dict(listener.hub.retained)))
    whole, cut = found
    assert whole == cut
    return [f"closed {whole[2]}", f"messages {min(len(whole[0]), 5)}", f"written {len(whole[1])}"[:12]]


def _packets(data: bytes) -> list[bytes]:
    """What the listener wrote must be MQTT."""
    packets, at = [], 0
    while at < len(data):
        frame = wire.next_frame(data, at, bytes_max=wire.FRAME_BYTES_LIMIT)
        assert isinstance(frame, Frame), "half a packet was written"
        packets.append(re.sub(rb"auto-[0-9a-f]{16}", b"auto", data[at : frame.stop]))
        at = frame.stop
    return packets


_WORDS = [
    b"\x30",
    b"\x32",
    b"\x34",
    b"\x31",
    b"\x3a",
    b"\x10",
    b"\x82\x05\0\1",
    b"\xa2",
    b"\xc0\0",
    b"\xe0\0",
    b"\x40\2\0\1",
    b"\0\0",
    b"\x03\x23\0\1",
    b"\x80",
    b"\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\x01",
    b"#",
    b"+",
    b"\0\4MQTT",
    b"\0\5#/a/b",
    b"\0\1#",
    b"$share/g/a",
]


def _quietly(check: Check) -> Check:
    """Without a log line for every input."""

    def quiet(payload: bytes, rng: Random) -> Sequence[str]:
        logging.disable()
        try:
            return check(payload, rng)
        finally:
            logging.disable(logging.NOTSET)

    return quiet


def mqtt_targets() -> list[Target]:
    """Scanner, reader and listener."""
    listener = _Listener()
    words = [*_WORDS, *corpus.MQTT_SESSIONS]
    return [
        Target("mqtt_scanner", corpus.MQTT_STREAMS, Mutator("bytes", _WORDS), check_scanner),
        Target("mqtt_reader", corpus.MQTT_STREAMS, Mutator("bytes", _WORDS), _quietly(check_reader)),
        Target(
            "mqtt_listener",
            [*corpus.MQTT_SESSIONS, corpus.connect(is_v5=False, user="gw") + corpus.MQTT_STREAMS[0]],
            Mutator("bytes", words),
            _quietly(lambda payload, rng: check_listener(listener, payload, rng)),
        ),
    ]
