"""SL 651-2014 over TCP in: stations dial in, and are answered once their report is durable.

One thread runs an event loop with a coroutine per connection. What a station
sends goes the way of every message, into the journal by the node's loop, and
only then is the station told that it arrived. When the disk refuses, nobody
is told, and stations send again: (station, time) makes that harmless.

Limits: connections, idle time, bytes gathered per connection; beyond them the connection ends.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from warnstream.adapters.descriptors import listening_sockets
from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import Sl651ListenerSettings
from warnstream.ingest.names import RawMessage
from warnstream.ingest.sl651.frame import ACK, EOT, ESC, NAK
from warnstream.ingest.sl651.session import Kept, Session
from warnstream.model.errors import StoreError
from warnstream.model.observations.decoders import LISTENER_TOPIC_SL651

READ_BYTES = 16 * 1024
DURABLE_WAIT_S = 10.0
"""Longest wait for the disk; the connection ends without an answer then."""

_WORD_OF_END = {EOT: "eot", ESC: "esc", ACK: "ack", NAK: "nak"}

log = logging.getLogger(__name__)


class Sl651Listener:
    """Listens from construction on; serves from `start` to `stop`.

    Parameters
    ----------
    settings : Sl651ListenerSettings
    keep : callable
        Takes messages, returns a future that is done once they are durable.
    metrics : Metrics

    Raises
    ------
    OSError
        If the address cannot be listened on; the message names it.
    """

    def __init__(
        self,
        settings: Sl651ListenerSettings,
        keep: Callable[[Sequence[RawMessage]], Future[None]],
        metrics: Metrics,
    ) -> None:
        self._settings, self._keep, self._metrics = settings, keep, metrics
        self._sockets = listening_sockets(settings.host, settings.port, settings.connections_max)
        self.port = int(self._sockets[0].getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="sl651", daemon=True)

    def start(self) -> None:
        """Serve; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End all connections and close the socket."""
        if self._thread.ident is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        for socket in self._sockets:
            socket.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except Exception:
            log.exception("SL 651 listener ended")
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        servers = [await asyncio.start_server(self._connected, sock=socket) for socket in self._sockets]
        await self._stop.wait()
        for server in servers:
            server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= self._settings.connections_max:
            self._metrics.sl651_connections_refused.inc()
            writer.close()
            return
        self._connections.add(task)
        self._metrics.sl651_connections.set(len(self._connections))
        try:
            await self._talk(reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # the peer is gone, or silent, or we stop: nothing was promised
        except StoreError as error:
            log.error("report not confirmed", extra={"error": str(error)})  # noqa: TRY400  # one line is enough
        except Exception:
            log.exception("SL 651 connection failed")
        finally:
            self._connections.discard(task)
            self._metrics.sl651_connections.set(len(self._connections))
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(stays_online=self._settings.stays_online)
        while True:
            async with asyncio.timeout(self._settings.idle_s):
                content = await reader.read(READ_BYTES)
            await self._handle(session.take(content) if content else session.close(), writer)
            if not content:
                return

    async def _handle(self, items: list[Kept], writer: asyncio.StreamWriter) -> None:
        """Make everything durable in one step, then answer in order."""
        messages = [RawMessage(LISTENER_TOPIC_SL651, item.content) for item in items if item.content]
        if messages:
            async with asyncio.timeout(DURABLE_WAIT_S):
                await asyncio.wrap_future(self._keep(messages))
            self._metrics.sl651_messages.inc(len(messages))
        for item in items:
            if item.reply:
                self._metrics.sl651_replies.labels(_WORD_OF_END[item.end]).inc()
                writer.write(item.reply)
        async with asyncio.timeout(DURABLE_WAIT_S):
            await writer.drain()
