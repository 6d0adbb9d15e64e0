"""The MQTT endpoint of a box that does not lead: every client is told so, and where to go; nothing is taken.

A client of MQTT 3.1.1 reads "server unavailable" (3), one of MQTT 5 "use another server"
(0x9C) with the other one's address. Both try their next address, or again later.
"""

import asyncio
import logging
import ssl
import threading
from contextlib import suppress

from warnstream.adapters.descriptors import listening_sockets
from warnstream.adapters.mqtt.client_packets import parse_connect
from warnstream.adapters.mqtt.fields import SERVER_REFERENCE, FrameError
from warnstream.adapters.mqtt.frames import CONNECT, Frame, next_frame
from warnstream.adapters.mqtt.listener.tls import tls_context
from warnstream.adapters.mqtt.server_packets import encode_connack
from warnstream.config.settings import ListenerSettings

SERVER_UNAVAILABLE, USE_ANOTHER_SERVER = 3, 0x9C
CONNECT_BYTES_MAX = 65_536
WAIT_S_MAX = 5.0
CONNECTIONS_MAX = 1_000
CLOSE_S_MAX = 5.0

log = logging.getLogger(__name__)


class AwayListener:
    """Listens where the node's own listener does once this box leads.

    Parameters
    ----------
    settings : ListenerSettings
    elsewhere : str
        Host and port of the listener of the box that leads.

    Raises
    ------
    OSError
        If the address cannot be listened on; the message names it.
    WarnstreamError
        If its certificates cannot be used.
    """

    def __init__(self, settings: ListenerSettings, elsewhere: str) -> None:
        self._elsewhere = elsewhere
        context = None if settings.tls is None else tls_context(settings.tls)
        self._sockets = listening_sockets(settings.host, settings.port, CONNECTIONS_MAX)
        self._open = 0
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(context,), name="away", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """The address is free when this returns."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(CLOSE_S_MAX)
        for sock in self._sockets:
            sock.close()

    def _run(self, context: ssl.SSLContext | None) -> None:
        try:
            self._loop.run_until_complete(self._serve(context))
        except Exception:
            log.exception("clients are not told that this box does not lead")
        finally:
            self._loop.close()

    async def _serve(self, context: ssl.SSLContext | None) -> None:
        servers = [await asyncio.start_server(self._tell, sock=sock, ssl=context) for sock in self._sockets]
        await self._ended.wait()
        for server in servers:
            server.close()

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= CONNECTIONS_MAX:
                answer = await asyncio.wait_for(self._answer(reader), WAIT_S_MAX)
                writer.write(answer)
                await asyncio.wait_for(writer.drain(), WAIT_S_MAX)
        except (FrameError, OSError, EOFError, TimeoutError) as error:
            log.debug("client went away untold", extra={"error": str(error)})
        finally:
            self._open -= 1
            with suppress(OSError):
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        data = b""
        while True:
            found = next_frame(data, 0, bytes_max=CONNECT_BYTES_MAX)
            if isinstance(found, Frame):
                break
            more = await reader.read(CONNECT_BYTES_MAX)
            if not more:
                raise EOFError("closed before a CONNECT")
            data += more
        if found.kind != CONNECT:
            raise EOFError("expected a CONNECT")
        if not parse_connect(data, found).is_v5:
            return encode_connack(SERVER_UNAVAILABLE, session_present=False, properties=None)
        return encode_connack(
            USE_ANOTHER_SERVER, session_present=False, properties={SERVER_REFERENCE: self._elsewhere}
        )
