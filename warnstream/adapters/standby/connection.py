"""A connection between two boxes: TLS or, on one machine, plain; no wait without an end."""

import socket
import ssl
import threading
from collections import deque
from contextlib import suppress
from typing import Any

from warnstream.adapters.standby.frames import CONTENT_BYTES_MAX, FrameReader, ProtocolError, encode
from warnstream.adapters.standby.messages import AnyMessage, Hello
from warnstream.config.settings import BoxSettings, TlsSettings
from warnstream.model.errors import WarnstreamError

CONNECT_S_MAX = 2.0
SILENCE_S_MAX = 5.0
"""A side that says nothing for so long is gone: both give a sign of life every second."""

READ_BYTES = 256 * 1024


def server_context(tls: TlsSettings | None) -> ssl.SSLContext | None:
    """For the side that listens; None where there is no TLS.

    Raises
    ------
    WarnstreamError
        If a file cannot be read, or certificate and key do not belong together.
    """
    return None if tls is None else _context(tls, ssl.Purpose.CLIENT_AUTH)


def client_context(tls: TlsSettings | None) -> ssl.SSLContext | None:
    """For the side that connects; None where there is no TLS. WarnstreamError as of `server_context`."""
    return None if tls is None else _context(tls, ssl.Purpose.SERVER_AUTH)


def _context(tls: TlsSettings, purpose: ssl.Purpose) -> ssl.SSLContext:
    assert tls.certificate is not None
    try:
        context = ssl.create_default_context(purpose, cafile=str(tls.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise WarnstreamError(f"the certificates of standby.tls cannot be used: {error}") from error
    context.check_hostname = False  # the common name is the box's, checked against what it says of itself
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class Connection:
    """One connection; one thread reads, any thread sends.

    Parameters
    ----------
    sock : socket
        After its handshake, if there is one.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._reader = FrameReader()
        self._waiting: deque[AnyMessage] = deque()
        self._sending = threading.Lock()
        sock.settimeout(SILENCE_S_MAX)
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, message: AnyMessage) -> None:
        """Say something.

        Raises
        ------
        OSError
            If the other side is gone, or takes nothing for `SILENCE_S_MAX`.
        """
        frame = encode(message)
        with self._sending:
            self._socket.sendall(frame)

    def receive(self) -> AnyMessage:
        """The next message.

        Raises
        ------
        ProtocolError
            If the other side does not speak as it should.
        OSError
            If it is gone, or says nothing for `SILENCE_S_MAX`.
        """
        while not self._waiting:
            data = self._socket.recv(READ_BYTES)
            if not data:
                cut = ", in the middle of a message" if self._reader.is_within else ""
                raise ConnectionResetError(f"the other box has closed the connection{cut}")
            self._waiting.extend(self._reader.feed(data))
        return self._waiting.popleft()

    def receive_hello(self) -> Hello:
        """Who the other side is; from then on its messages may be long.

        Raises
        ------
        ProtocolError
            If it is nobody: no greeting, or a certificate of another name than it gives itself.
        OSError
            As of `receive`.
        """
        hello = self.receive()
        if not isinstance(hello, Hello):
            raise ProtocolError(f"expected a greeting, got {type(hello).__name__}")
        name = self._proven_name()
        if name is not None and name != hello.box:
            raise ProtocolError(f"a box that calls itself {hello.box!r} has the certificate of {name!r}")
        self._reader.bytes_max = CONTENT_BYTES_MAX
        return hello

    def _proven_name(self) -> str | None:
        """Common name of its certificate; None without TLS."""
        if not isinstance(self._socket, ssl.SSLSocket):
            return None
        certificate: dict[str, Any] = dict(self._socket.getpeercert() or {})
        names = [
            value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"
        ]
        return str(names[0]) if names else ""

    def close(self) -> None:
        """Both sides' waits end."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self._socket.close()


def connect(box: BoxSettings, context: ssl.SSLContext | None) -> Connection:
    """Connect to a box.

    Raises
    ------
    OSError
        If it cannot be reached, or its certificate is not of our authority (`ssl.SSLError`).
    """
    sock = socket.create_connection((box.host, box.port), CONNECT_S_MAX)
    if context is None:
        return Connection(sock)
    try:
        return Connection(context.wrap_socket(sock))
    except BaseException:
        sock.close()
        raise
