"""The console's end of ``console.sock``: frames in, questions out; it connects again for ever."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable
from pathlib import Path

from warnstream.adapters.console.frame import (
    FRAME_BYTES_MAX,
    LENGTH_BYTES,
    VERSION,
    Act,
    Ask,
    Frame,
    packed,
    read_from_node,
)
from warnstream.adapters.console.link import socket_address
from warnstream.model.errors import StoreError

log = logging.getLogger(__name__)

AGAIN_S = 0.5
REPLY_S_MAX = 5.0
ASKS_MAX = 16
"""Questions that wait for the node at once."""


class Peer:
    """One node.

    Parameters
    ----------
    directory : Path
        Its storage directory.
    take : callable
        Takes every frame; ValueError if it cannot be used.

    Attributes
    ----------
    fault : str
        Why no frames come; empty while they do.
    """

    def __init__(self, directory: Path, take: Callable[[Frame], None]) -> None:
        self._directory, self._take = directory, take
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._numbers = itertools.count(1)
        self._taken_at = float("-inf")
        self._logged = ""
        self.fault = "the node has not been reached yet"

    @property
    def age_s(self) -> float:
        """Seconds since the newest frame; -1 before the first."""
        return -1.0 if self._taken_at == float("-inf") else time.monotonic() - self._taken_at

    async def run(self) -> None:
        """Read frames until this is cancelled."""
        while True:
            try:
                await self._follow()
            except (OSError, asyncio.IncompleteReadError) as error:
                self._say(f"the node is not there: {getattr(error, 'strerror', None) or 'it has hung up'}")
            except ValueError as error:
                self._say(str(error))
            finally:
                self._drop()
            await asyncio.sleep(AGAIN_S)

    async def ask(self, village: str, what: str = "village", cursor: int = 0) -> bytes:
        """What the node says to a question of `LOOKS`, as it packs that.

        Raises
        ------
        StoreError
            If it does not answer in time, or cannot.
        """
        return await self._answer_to(lambda number: Ask(VERSION, number, village, what, cursor))

    async def act(self, person: str, key: str, seen: str, content: bytes) -> bytes:
        """What came of an act, as the node encodes it. StoreError as of `ask`: the same key is safe again."""
        return await self._answer_to(lambda number: Act(VERSION, number, person, key, seen, content))

    async def _answer_to(self, message_of: Callable[[int], Ask | Act]) -> bytes:
        writer = self._writer
        if writer is None or len(self._waiting) >= ASKS_MAX:
            raise StoreError("the node cannot be asked now", retryable=True)
        number = next(self._numbers)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            writer.write(packed(message_of(number)))
            async with asyncio.timeout(REPLY_S_MAX):
                content: bytes = await reply
                return content
        except (TimeoutError, OSError):
            raise StoreError("the node does not answer", retryable=True) from None
        finally:
            self._waiting.pop(number, None)

    async def _follow(self) -> None:
        with socket_address(self._directory) as address:
            reader, self._writer = await asyncio.open_unix_connection(address)
        while True:
            length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
            if length > FRAME_BYTES_MAX:
                raise ValueError(f"a message of {length} bytes; expected at most {FRAME_BYTES_MAX}")
            message = read_from_node(await reader.readexactly(length))
            if isinstance(message, Frame):
                self._take(message)
                self._taken_at = time.monotonic()
                self._say("")
                continue
            waiting = self._waiting.get(message.number)
            if waiting is None or waiting.done():
                continue
            if message.fault:
                waiting.set_exception(StoreError(message.fault, retryable=True))
            else:
                waiting.set_result(message.content)

    def _drop(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(OSError):
                writer.transport.abort()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(StoreError("the node has hung up", retryable=True))

    def _say(self, fault: str) -> None:
        self.fault = fault
        if fault != self._logged:
            self._logged = fault
            if fault:
                log.warning("no frames of the node", extra={"because": fault})
            else:
                log.info("frames of the node come")
