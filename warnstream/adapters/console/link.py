"""The node's end of ``console.sock``: one slot a console, in a thread of its own.

A newer frame replaces one that was not sent yet, part by part, so a console that is slow, stopped or absent
costs the node nothing and blocks nothing: the loop hands a frame over and goes on. What a console asks is
bounded in size, rate and number; one that breaks the layout is closed.
"""

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from warnstream.adapters.console.frame import (
    ASK_BYTES_MAX,
    LENGTH_BYTES,
    SOCKET,
    VERSION,
    Act,
    Ask,
    Frame,
    Head,
    Part,
    Reply,
    packed,
    read_ask,
)

log = logging.getLogger(__name__)

CONSOLES_MAX = 8
"""Consoles at once; of more the one goes that has taken nothing for the longest."""

ASKS_PER_S = 20.0
REPLIES_MAX = 32
"""Answers that wait for a console to take them; one that takes none is closed."""

SOCKET_MODE = 0o600
PATH_BYTES_MAX = 100
"""Longer paths do not fit into the address of a socket (108 bytes on Linux)."""

OnAsk = Callable[[Ask | Act, Callable[[bytes, str], None]], None]
"""Takes a question and what to call, once, from any thread, with the facts or the fault."""


@contextmanager
def socket_address(directory: Path, name: str = SOCKET) -> Iterator[str]:
    """Address of a socket of a storage directory, however long its path is."""
    path = directory.absolute() / name
    if len(os.fsencode(path)) <= PATH_BYTES_MAX:
        yield str(path)
        return
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)


def listen_privately(directory: Path, name: str) -> socket.socket:
    """A socket of a storage directory, for the node's user alone; one that a crash left goes. OSError."""
    with socket_address(directory, name) as address:
        with contextlib.suppress(FileNotFoundError):
            (directory / name).unlink()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(address)
            (directory / name).chmod(SOCKET_MODE)
            listening.listen()
        except OSError:
            listening.close()
            raise
    return listening


class ConsoleLink:
    """The socket and everybody who is connected.

    Parameters
    ----------
    directory : Path
        The storage directory.
    on_ask : callable
        Takes what consoles ask, in this thread; must not wait.
    on_arrival : callable
        Somebody has come, in this thread: frames are wanted.

    Attributes
    ----------
    sent, replaced : int
        Frames that were sent; that a newer one replaced before.
    """

    def __init__(self, directory: Path, on_ask: OnAsk, on_arrival: Callable[[], None]) -> None:
        self._directory, self._on_ask, self._on_arrival = directory, on_ask, on_arrival
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)
        self._guests: set[_Guest] = set()
        self._stopping = asyncio.Event()
        self._known: dict[str, Part] = {}
        self._sequence = 0
        self.sent = self.replaced = 0

    @property
    def is_watched(self) -> bool:
        """Whether anybody is connected; any thread."""
        return bool(self._guests)

    @property
    def consoles(self) -> int:
        """How many are connected; any thread."""
        return len(self._guests)

    def start(self) -> None:
        """Listen; returns at once. OSError if that is not possible."""
        self._listening = listen_privately(self._directory, SOCKET)
        self._loop = asyncio.new_event_loop()
        self._thread.start()

    def stop(self) -> None:
        """Close everything; frames after it go nowhere."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(5)
        with contextlib.suppress(OSError):
            (self._directory / SOCKET).unlink()

    def publish(self, head: Head, parts: dict[str, Part]) -> None:
        """Hand a frame over; parts that are as they were may be left out. Any thread; it never waits."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the thread has ended meanwhile
                loop.call_soon_threadsafe(self._take, head, parts)

    def _take(self, head: Head, parts: dict[str, Part]) -> None:
        self._sequence += 1
        self._known |= parts
        for guest in self._guests:
            # Who has had no frame yet gets every part that is known.
            news = parts if guest.has_all else dict(self._known)
            self.replaced += guest.put(self._sequence, head, news)

    def _run(self) -> None:
        assert self._loop is not None
        loop = self._loop
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._serve())
        except Exception:  # the node goes on without consoles
            log.exception("the socket of consoles has ended")
        finally:
            self._guests.clear()
            loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._meet, sock=self._listening, limit=ASK_BYTES_MAX)
        try:
            await self._stopping.wait()
        finally:
            server.close()
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = _Guest(reader, writer)
        if len(self._guests) >= CONSOLES_MAX:
            slowest = min(self._guests, key=lambda one: one.taken_at)
            self._guests.discard(slowest)
            slowest.close()
        self._guests.add(guest)
        self._on_arrival()
        try:
            sending = asyncio.create_task(self._send(guest))
            try:
                await self._listen(guest)
            finally:
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await sending
        except ValueError as error:
            log.warning("a console is not understood", extra={"error": str(error)})
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._guests.discard(guest)
            guest.close()

    async def _send(self, guest: "_Guest") -> None:
        """Whatever waits, as soon as the console takes it."""
        while True:
            content, is_frame = await guest.next()
            guest.writer.write(content)
            await guest.writer.drain()
            guest.taken_at = time.monotonic()
            self.sent += is_frame

    async def _listen(self, guest: "_Guest") -> None:
        while True:
            length = int.from_bytes(await guest.reader.readexactly(LENGTH_BYTES), "big")
            if length > ASK_BYTES_MAX:
                raise ValueError(f"a question of {length} bytes; expected at most {ASK_BYTES_MAX}")
            ask = read_ask(await guest.reader.readexactly(length))
            self._on_ask(ask, self._answer_to(guest, ask))
            await asyncio.sleep(1 / ASKS_PER_S)

    def _answer_to(self, guest: "_Guest", ask: Ask | Act) -> Callable[[bytes, str], None]:
        loop = self._loop

        def answer(content: bytes, fault: str) -> None:
            if loop is not None:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(guest.reply, Reply(VERSION, ask.number, content, fault))

        return answer


class _Guest:
    """One connected console: its slot for a frame, and answers that wait for it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.taken_at = time.monotonic()
        self.has_all = False
        self._head: tuple[int, Head] | None = None
        self._parts: dict[str, Part] = {}
        self._replies: deque[Reply] = deque()
        self._news = asyncio.Event()

    def put(self, sequence: int, head: Head, parts: dict[str, Part]) -> bool:
        """A frame into the slot; whether it replaces one that was not sent."""
        replaced, self._head = self._head is not None, (sequence, head)
        self._parts |= parts
        self.has_all = True
        self._news.set()
        return replaced

    def reply(self, reply: Reply) -> None:
        """An answer; who takes none is closed."""
        self._replies.append(reply)
        self._news.set()
        if len(self._replies) > REPLIES_MAX:
            self.close()

    async def next(self) -> tuple[bytes, bool]:
        """What is to be sent next, answers first, and whether it is a frame."""
        while not self._replies and self._head is None:
            self._news.clear()
            await self._news.wait()
        if self._replies:
            return packed(self._replies.popleft()), False
        assert self._head is not None
        (sequence, head), parts = self._head, self._parts
        self._head, self._parts = None, {}
        return packed(Frame(VERSION, sequence, head, parts)), True

    def close(self) -> None:
        """At once; what was not taken is lost."""
        if not self.writer.transport.is_closing():
            self.writer.transport.abort()
