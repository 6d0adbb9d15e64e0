"""`warnstream console`: reads the node's frames and serves the page until it is asked to stop."""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import uvicorn

from warnstream.adapters.descriptors import listening_sockets
from warnstream.adapters.http.connections import HttpConnections, LimitedProtocol
from warnstream.adapters.http.guard import HostCheck
from warnstream.adapters.private_files import DIRECTORY_MODE, PRIVATE_UMASK
from warnstream.config.load import load_configuration
from warnstream.config.node.console import ConsoleSection
from warnstream.config.settings import ConsoleSettings
from warnstream.console.accounts import Accounts
from warnstream.console.app import ConsoleApi
from warnstream.console.hub import Hub

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 1_000
GRACE_S = 1
STREAM_PATH = "/api/v1/stream"
NICE = 5
PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""

FIRST_TO_GO = 500
"""Of -1000 to 1000; raising it needs no right."""


def run_console(directory: Path, *, is_child: bool) -> None:
    """Serve until SIGTERM or Ctrl-C; a child also ends when its standard input does.

    Raises
    ------
    ConfigError
        With every fault of the configuration.
    StoreError
        If the accounts cannot be used.
    OSError
        If the port is taken; the message names it.
    """
    os.umask(PRIVATE_UMASK)
    if is_child:
        end_with_parent()
        stand_back()
    configuration = load_configuration(directory)
    settings = configuration.console or ConsoleSection().settings(directory)
    storage = configuration.storage.directory
    storage.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    accounts = Accounts(storage)
    try:
        if not accounts.people():
            log.warning("nobody can sign in yet: warnstream console-user add CONFIG_DIR PERSON")
        hub = Hub(directory, configuration)
        server = _Server(settings, ConsoleApi(hub, accounts))
        asyncio.run(_serve(hub, server, is_child=is_child))
    finally:
        accounts.close()


def stand_back() -> None:
    """The node goes first: on the processor, and where memory is short this process is the first to go."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(f"{FIRST_TO_GO}\n", encoding="ascii")


def end_with_parent() -> None:
    """Have the system end this process with the node, also while it is stopped and cannot see that itself.

    Elsewhere than on Linux the end of its standard input does, once it goes on.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


class StreamingProtocol(LimitedProtocol):
    """As the node's, but a stream of events may last."""

    def _look(self) -> None:
        super()._look()
        is_stream = self._timed is not None and self._timed.scope["path"] == STREAM_PATH
        if is_stream and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """On sockets of our own, so that the port is known and signals are ours."""

    def __init__(self, settings: ConsoleSettings, api: ConsoleApi) -> None:
        self.listening = listening_sockets(settings.host, settings.port, CONNECTIONS_MAX)
        self.port = int(self.listening[0].getsockname()[1])
        scheme = "http" if settings.certificate is None else "https"
        self.address = f"{scheme}://{settings.host}:{self.port}/"
        connections = HttpConnections(CONNECTIONS_MAX)
        super().__init__(
            uvicorn.Config(
                HostCheck(api.app, settings.hosts, "console.hosts"),
                # uvicorn asks for a class; it only calls it.
                http=partial(StreamingProtocol, connections),  # type: ignore[arg-type]
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                # What a proxy says of its clients counts only if the proxy was declared.
                proxy_headers=bool(settings.proxies),
                forwarded_allow_ips=list(settings.proxies),
                ssl_certfile=settings.certificate,
                ssl_keyfile=settings.key,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: they are taken by `_serve`."""
        yield


async def _serve(hub: Hub, server: _Server, *, is_child: bool) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    if is_child:
        threading.Thread(target=_wait_for_end, args=(loop, stop), daemon=True).start()
    log.info("console serves", extra={"url": server.address})
    running = asyncio.create_task(hub.run())
    running.add_done_callback(lambda _: stop())
    try:
        await server.serve(sockets=list(server.listening))
    finally:
        ended = running.done()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        if ended:
            log.error("the console has ended by a fault")


def _wait_for_end(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """The parent holds the other end of standard input; it closes with it, whatever ends that."""
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1_024):
            pass
    loop.call_soon_threadsafe(stop)
