"""A listener with an inbox that a test takes from, and a client that speaks bytes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from tests.alarms import RecordedAlarms
from warnstream.adapters.inbox import InboundBatch, Inbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.mqtt import fields
from warnstream.adapters.mqtt.listener.listener import MqttListener
from warnstream.adapters.mqtt.ports import NodePorts
from warnstream.config.settings import ListenerSettings

TOPICS = ["ws/+/+/+/obs", "ws/clock", "ws/answer/+"]


class Opened:
    """A listener that is open, and a node's place beside it."""

    def __init__(
        self, listener: MqttListener, inbox: Inbox, metrics: Metrics, alarms: RecordedAlarms
    ) -> None:
        self.listener, self.inbox, self.metrics, self.alarms = listener, inbox, metrics, alarms
        self.received: list[tuple[str, bytes]] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return self.listener.port

    def take(self, *, count: int = 1, acknowledge: bool = True) -> list[tuple[str, bytes]]:
        """The next messages; made durable (as it were) and acknowledged."""
        found: list[tuple[str, bytes]] = []
        deadline = time.monotonic() + 60
        while len(found) < count:
            assert time.monotonic() < deadline, f"only {len(found)} of {count} messages came"
            batch = self.take_arrived()
            found += [pair for block in batch for pair in zip(block.topics, block.payloads, strict=True)]
            if acknowledge:
                self.listener.acknowledge(batch)
        return found

    def take_arrived(self) -> list[InboundBatch]:
        return self.inbox.take(messages_max=1_000, wait_s=0.2, gather_s=0)

    def serve(self) -> None:
        """Take and acknowledge in the background until the end."""

        def work() -> None:
            while not self._stopping.is_set():
                batch = self.take_arrived()
                self.received += [
                    pair for block in batch for pair in zip(block.topics, block.payloads, strict=True)
                ]
                self.listener.acknowledge(batch)

        self._thread = threading.Thread(target=work)
        self._thread.start()

    def refused(self, reason: str, *, at_least: int = 1) -> float:
        """How often; waits for so many, because the client may know before the count does."""
        name = "warnstream_listener_refused_total"
        for _ in range(2_000):
            count = self.metrics.registry.get_sample_value(name, {"reason": reason}) or 0.0
            if count >= at_least:
                return count
            time.sleep(0.01)
        return 0.0

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(10)
        self.listener.stop()


@contextmanager
def listening(inbox: Inbox | None = None, **settings: Any) -> Iterator[Opened]:
    inbox, metrics, alarms = inbox or Inbox(), Metrics(), RecordedAlarms()
    own = ListenerSettings("127.0.0.1", 0, "ws", **settings)
    listener = MqttListener(own, TOPICS, NodePorts(inbox, metrics, alarms))
    listener.start()
    opened = Opened(listener, inbox, metrics, alarms)
    try:
        yield opened
    finally:
        opened.close()


def connect_packet(
    client_id: str,
    *,
    is_v5: bool = False,
    clean: bool = True,
    keepalive_s: int = 60,
    user: tuple[str, str] | None = None,
    will: tuple[str, str] | None = None,
) -> bytes:
    flags = (2 if clean else 0) | (0xC0 if user else 0) | (4 if will else 0)
    body = fields.text_field("MQTT") + bytes((5 if is_v5 else 4, flags)) + keepalive_s.to_bytes(2, "big")
    if is_v5:
        body += fields.properties_field({} if clean else {fields.SESSION_EXPIRY: 1_000})
    body += fields.text_field(client_id)
    if will:
        body += (b"\0" if is_v5 else b"") + fields.text_field(will[0]) + fields.text_field(will[1])
    for text in user or ():
        body += fields.text_field(text)
    return b"\x10" + fields.varint(len(body)) + body


class RawClient:
    """A client that sends what it is told, byte by byte if need be."""

    def __init__(self, port: int, packet: bytes = b"") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        if packet:
            self.send(packet)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, n: int) -> bytes:
        """Exactly `n` bytes, fewer only at the end of the connection."""
        found = b""
        while len(found) < n:
            try:
                part = self.socket.recv(n - len(found))
            except ConnectionResetError:
                break
            if not part:
                break
            found += part
        return found

    def is_closed(self) -> bool:
        """Wait until the other side ends the connection."""
        return self.read(1_000_000) is not None

    def is_silent(self, seconds: float) -> bool:
        """Nothing comes for so long."""
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(60)
