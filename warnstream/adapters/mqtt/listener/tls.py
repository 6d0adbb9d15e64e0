"""TLS of the listener: certificates, and a connection until its handshake is done."""

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any, Protocol

from warnstream.adapters.doorstep import Doorstep
from warnstream.config.settings import ListenerTlsSettings
from warnstream.model.errors import WarnstreamError

HANDSHAKE_S_MAX = 10.0


class TlsPort(Protocol):
    """What a handshake asks of the listener."""

    doorstep: Doorstep

    def new_connection(self) -> asyncio.BufferedProtocol:
        """What takes over once the handshake is done."""

    def run_task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run in the event loop; ended with the listener."""

    def tell_refused(self, reason: str, detail: str, address: str, user: str | None, client_id: str) -> None:
        """Count a refusal, and log it unless many of its kind were just logged."""


class TlsGate(asyncio.Protocol):
    """A connection before its TLS handshake, so that a failed one is told and counted."""

    def __init__(self, listener: TlsPort, context: ssl.SSLContext) -> None:
        self._listener = listener
        self._context = context
        self._transport: asyncio.Transport | None = None
        self._address = self.host = "unknown"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read nothing: the handshake is TLS's."""
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        remote = transport.get_extra_info("peername")
        self.host = str(remote[0]) if remote else "unknown"
        self._address = f"{self.host}:{remote[1]}" if remote else self.host
        self._transport = transport
        self._listener.doorstep.enter(self)
        if not transport.is_closing():
            self._listener.run_task(self._upgrade(transport))

    @property
    def is_answering(self) -> bool:
        """It has said who it is: not before its handshake."""
        return False

    def turn_away(self, reason: str, detail: str) -> None:
        """There is no room for somebody who has not said who they are."""
        self._listener.tell_refused(reason, detail, self._address, None, "")
        if self._transport is not None:
            self._transport.abort()

    async def _upgrade(self, transport: asyncio.Transport) -> None:
        peer = self._listener.new_connection()
        try:
            upgraded = await asyncio.get_running_loop().start_tls(
                transport, peer, self._context, server_side=True, ssl_handshake_timeout=HANDSHAKE_S_MAX
            )
        except (OSError, ssl.SSLError) as error:
            self._listener.tell_refused("certificate", str(error), self._address, None, "")
            transport.abort()
            return
        except asyncio.CancelledError:
            transport.abort()
            raise
        finally:
            self._listener.doorstep.leave(self)
        assert isinstance(upgraded, asyncio.Transport)
        peer.connection_made(upgraded)


def tls_context(tls: ListenerTlsSettings) -> ssl.SSLContext:
    """A server's context of certificate files.

    Raises
    ------
    WarnstreamError
        If a file cannot be read, or certificate and key do not belong together.
    """
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.ca is not None:
            context.load_verify_locations(tls.ca)
            context.verify_mode = ssl.CERT_REQUIRED if tls.require_client_certificate else ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        raise WarnstreamError(f"the listener's certificates cannot be used: {error}") from error
    return context
