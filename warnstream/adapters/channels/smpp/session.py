"""One bound session: requests with their responses, what the gateway sends, a sign of life in silence.

Every request has its own deadline. A session that ends takes its open requests with it: nobody knows
whether the gateway has them. What it sends is acknowledged once the caller has kept it, so that it comes
again after a crash.
"""

import asyncio
import logging
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

from warnstream.adapters.channels.smpp import statuses
from warnstream.adapters.channels.smpp.pdu import (
    HEADER,
    RESPONSE,
    SEQUENCE_MAX,
    Command,
    Login,
    Pdu,
    PduError,
    decode,
    length_of,
)

logger = logging.getLogger(__name__)

INBOUND_MAX = 1_000
"""Receipts and replies that wait to be kept; what comes beyond is refused for now, and comes again."""

UNBIND_S = 1.0

Take = Callable[[bytes], Awaitable[int]]
"""Keeps the body of a deliver_sm; returns the status to answer with."""


class SessionEndedError(Exception):
    """The session is over; says why."""


class Session:
    """A transceiver's session; everything happens in one event loop.

    Parameters
    ----------
    reader, writer : StreamReader, StreamWriter
        A connection.
    take : callable
        Keeps what the gateway sends, one after the other.
    silence_s : float
        After so long without a word the gateway is asked whether it is there.
    timeout_s : float
        How long any request may take.
    """

    def __init__(
        self, reader: StreamReader, writer: StreamWriter, take: Take, silence_s: float, timeout_s: float
    ) -> None:
        self._reader, self._writer = reader, writer
        self._take, self._silence_s, self._timeout_s = take, silence_s, timeout_s
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._inbound: asyncio.Queue[Pdu] = asyncio.Queue(INBOUND_MAX)
        self._heard = asyncio.Event()
        self._fault = ""
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def begin(
        cls,
        address: tuple[str, int],
        context: ssl.SSLContext | None,
        login: Login,
        take: Take,
        silence_s: float,
        timeout_s: float,
    ) -> Self:
        """Connect and bind.

        Raises
        ------
        SessionEndedError
            If the gateway does not want us.
        OSError, TimeoutError
            If it is not reached.
        """
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(*address, ssl=context)
            session = cls(reader, writer, take, silence_s, timeout_s)
            try:
                session._begin_reading()
                answer = await session.request(Command.BIND_TRANSCEIVER, login.encode())
            except BaseException:
                session.abort("the bind failed")
                raise
        if answer.status != statuses.OK:
            session.abort("the bind was refused")
            raise SessionEndedError(f"the SMSC refuses our bind ({statuses.shown(answer.status)})")
        return session

    def _begin_reading(self) -> None:
        parts = (self._read(), self._keep_inbound(), self._watch())
        self._tasks = [asyncio.create_task(self._until_the_end(part)) for part in parts]

    async def _until_the_end(self, part: Awaitable[None]) -> None:
        """Run a part of the session; when it ends, whatever the reason, the session ends."""
        try:
            await part
        except (OSError, EOFError, PduError, TimeoutError, SessionEndedError) as error:
            self.abort(str(error) or type(error).__name__)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            logger.exception("session failed")
            self.abort(f"a fault of this node ({type(error).__name__})")

    @property
    def fault(self) -> str:
        """Why it is over; empty while it lasts."""
        return self._fault

    async def ended(self) -> str:
        """Wait for its end; why."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        return self._fault

    async def request(self, command: int, body: bytes = b"") -> Pdu:
        """Send a request; its response.

        Raises
        ------
        SessionEndedError
            If the session ends before, or has ended.
        TimeoutError
            If the response does not come in time.
        """
        if self._fault:
            raise SessionEndedError(self._fault)
        self._sequence = self._sequence % SEQUENCE_MAX + 1
        sequence = self._sequence
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._write(Pdu(command, statuses.OK, sequence, body))
                return await answer
        finally:
            self._waiting.pop(sequence, None)

    async def unbind(self) -> None:
        """Take leave, then end."""
        with suppress(SessionEndedError, TimeoutError, OSError):
            async with asyncio.timeout(UNBIND_S):
                await self.request(Command.UNBIND)
        self.abort("closed by this node")

    def abort(self, why: str) -> None:
        """End at once; nothing happens where it has ended."""
        if self._fault:
            return
        self._fault = why
        self._writer.transport.abort()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(SessionEndedError(why))
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()

    async def _write(self, unit: Pdu) -> None:
        self._writer.write(unit.encode())
        await self._writer.drain()

    async def _read(self) -> None:
        while True:
            header = await self._reader.readexactly(HEADER.size)
            body = await self._reader.readexactly(length_of(header) - HEADER.size)
            self._heard.set()
            unit = decode(header, body)
            if unit.is_response:
                self._settle(unit)
            else:
                await self._serve(unit)

    def _settle(self, unit: Pdu) -> None:
        answer = self._waiting.get(unit.sequence)
        if answer is not None and not answer.done():
            answer.set_result(unit)

    async def _serve(self, unit: Pdu) -> None:
        """What the gateway asks of us."""
        if unit.command == Command.DELIVER_SM:
            try:
                self._inbound.put_nowait(unit)
            except asyncio.QueueFull:
                await self._answer(unit, statuses.RECEIVER_TEMPORARY)
        elif unit.command == Command.UNBIND:
            await self._answer(unit)
            raise SessionEndedError("the SMSC took its leave")
        elif unit.command == Command.ENQUIRE_LINK:
            await self._answer(unit)
        elif unit.command != Command.ALERT_NOTIFICATION:  # it has no response
            nack = Pdu(Command.GENERIC_NACK, statuses.UNKNOWN_COMMAND, unit.sequence)
            await self._write(nack)

    async def _answer(self, unit: Pdu, status: int = statuses.OK) -> None:
        body = b"\0" if unit.command == Command.DELIVER_SM else b""  # an unused message_id (4.6.2)
        await self._write(Pdu(unit.command | RESPONSE, status, unit.sequence, body))

    async def _keep_inbound(self) -> None:
        while True:
            unit = await self._inbound.get()
            await self._answer(unit, await self._take(unit.body))

    async def _watch(self) -> None:
        """Ask after silence; who does not answer is gone, whatever TCP believes."""
        while not self._fault:
            self._heard.clear()
            try:
                async with asyncio.timeout(self._silence_s):
                    await self._heard.wait()
            except TimeoutError:
                await self._ask_for_life()

    async def _ask_for_life(self) -> None:
        try:
            await self.request(Command.ENQUIRE_LINK)
        except TimeoutError:
            raise SessionEndedError("the SMSC does not answer enquire_link") from None
