"""A broker that does what a test tells it to."""

import socket

from warnstream.adapters.mqtt import fields, server_packets
from warnstream.adapters.mqtt import frames as wire


class ScriptedBroker:
    """Says what a test tells it to; knows just enough to be connected to."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(20)
        self.port = int(self._server.getsockname()[1])
        self.client: socket.socket | None = None

    def accept(
        self,
        *,
        is_v5: bool = False,
        before: bytes = b"",
        code: int = 1,
        is_present: bool = True,
        expiry_s: int = -1,
    ) -> None:
        """Take a connection: CONNACK, perhaps messages, then SUBACK with a code."""
        if self.client is not None:
            self.drop()
        client, _ = self._server.accept()
        client.settimeout(20)
        self.client = client
        assert self._packet()[0] >> 4 == wire.CONNECT
        expiry: dict[int, int | str] = {} if expiry_s < 0 else {fields.SESSION_EXPIRY: expiry_s}
        properties = expiry if is_v5 else None
        client.sendall(server_packets.encode_connack(0, session_present=is_present, properties=properties))
        client.sendall(before)
        packet = self._packet()
        while packet[0] >> 4 != wire.SUBSCRIBE:
            packet = self._packet()
        client.sendall(server_packets.encode_suback(packet[2:4], [code], is_v5=is_v5))

    def send(self, data: bytes) -> None:
        assert self.client is not None
        self.client.sendall(data)

    def read(self, n: int) -> bytes:
        assert self.client is not None
        found = b""
        while len(found) < n:
            part = self.client.recv(n - len(found))
            assert part, "the client closed"
            found += part
        return found

    def _packet(self) -> bytes:
        head = self.read(2)
        return head + self.read(head[1])

    def drop(self) -> None:
        """End the connection rudely."""
        assert self.client is not None
        self.client.close()
        self.client = None

    def close(self) -> None:
        self._server.close()
        if self.client is not None:
            self.client.close()
