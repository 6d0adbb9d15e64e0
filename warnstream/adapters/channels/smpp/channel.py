"""Short messages by SMPP: a session of its own thread, `window` messages on their way at once.

A submission that the gateway throttles waits and costs no attempt. One whose answer does not come, or whose
session ends, is tried again: the phone may get it twice, for SMPP knows no key. What the gateway has against
the node (login, sender, validity) holds the channel; any other refusal is in doubt, see
`warnstream.delivery.dispatch.breaker`.

Receipts and replies come at any time, also when nothing is to be sent, so the session is kept from the
start. They are answered to the gateway once they are kept, so after a crash it sends them again. A reply is
the answer of everybody who is reached at that phone.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Self

from warnstream.adapters.channels.channel import Inbound, LinkFault, OutgoingMessage, Surroundings
from warnstream.adapters.channels.pace import Pace
from warnstream.adapters.channels.smpp import statuses
from warnstream.adapters.channels.smpp.inbox import Inbox
from warnstream.adapters.channels.smpp.letters import Letter
from warnstream.adapters.channels.smpp.link import Link
from warnstream.adapters.channels.smpp.pdu import Command, Number, Submission, message_id_of
from warnstream.adapters.channels.smpp.phones import Phones
from warnstream.adapters.channels.smpp.receipts import noted_id
from warnstream.adapters.channels.smpp.session import Session, SessionEndedError
from warnstream.adapters.channels.smpp.texts import Part, in_parts, whole
from warnstream.adapters.channels.smpp.throttle import Throttle
from warnstream.adapters.channels.smpp.validity import validity_period
from warnstream.config.channels.smpp import SmppChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, refused, retry, unavailable

logger = logging.getLogger(__name__)

BATCH_MAX = 500
BATCH_S_MAX = 15.0
"""A batch ends within about that time, and one response."""

UDH_INDICATOR = 0x40
"""esm_class of a part: its text begins with a header (SMPP 3.4, 5.2.12)."""

CLOSE_S = 5.0
CLOSING_TURNS = 3
"""Turns of the loop in which an ended connection gives back its socket, TLS and all."""


class SmppChannel:
    """Short messages through one gateway.

    Parameters
    ----------
    section : SmppChannelSection
    around : Surroundings
    """

    def __init__(self, section: SmppChannelSection, around: Surroundings) -> None:
        self._section, self._around = section, around
        self._pace = Pace(section.rate_per_s)
        self.batch_max = self._pace.room(BATCH_MAX, BATCH_S_MAX)
        self._phones = Phones(section.country)
        self._throttle = Throttle()
        self._reference = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._link: Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._inbox: Inbox | None = None
        thread_name = f"channel-{around.channel}-letters"
        self._store = ThreadPoolExecutor(max_workers=1, thread_name_prefix=thread_name)

    @classmethod
    def of(cls, section: SmppChannelSection, around: Surroundings) -> Self:
        """As configured."""
        return cls(section, around)

    def open(self, inbound: Inbound) -> None:
        """Begin the session's thread; it binds by itself, now and after every loss."""
        if self._thread is not None:
            return
        self._inbox = Inbox(self._section, self._around, self._phones, inbound)
        self._loop = asyncio.new_event_loop()
        name = f"channel-{self._around.channel}-smpp"
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Submit a batch; returns when each message has an outcome."""
        assert self._loop is not None, "open comes first"
        return asyncio.run_coroutine_threadsafe(self._send_all(batch), self._loop).result()

    def link_fault(self) -> LinkFault | None:
        """Why no receipts and replies come in; None while they can. From any thread."""
        link = self._link
        if link is None or not (fault := link.fault):
            return None
        return LinkFault(fault, time.monotonic() - link.since)

    def close(self) -> None:
        """Take leave of the gateway and end the threads."""
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            ending = asyncio.run_coroutine_threadsafe(self._end(), loop)
            with suppress(TimeoutError):
                ending.result(CLOSE_S)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(CLOSE_S)
            if not thread.is_alive():
                loop.close()
        if self._inbox is not None:
            self._store.submit(self._inbox.close)
        self._store.shutdown(wait=True)

    async def _begin(self) -> None:
        self._link = Link(self._section, self._around.directory, self._take, self._around.channel)
        self._keeper = asyncio.create_task(self._link.run())

    async def _end(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(CLOSING_TURNS):
            await asyncio.sleep(0)

    async def _take(self, body: bytes) -> int:
        """Keep what the gateway sends, in the thread of the letters; the status to answer with."""
        assert self._inbox is not None, "open comes first"
        return await asyncio.get_running_loop().run_in_executor(self._store, self._inbox.take, body)

    async def _send_all(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        assert self._link is not None, "open comes first"
        session = await self._link.session(self._section.timeout_s)
        if session is None:
            return [unavailable(self._link.fault or "no session with the SMSC")] * len(batch)
        until = asyncio.get_running_loop().time() + BATCH_S_MAX
        free, turn = asyncio.Semaphore(self._section.window), asyncio.Lock()
        batch_of = _Batch(session, until, free, turn)
        return list(await asyncio.gather(*(self._send_one(message, batch_of) for message in batch)))

    async def _send_one(self, message: OutgoingMessage, batch: "_Batch") -> Outcome:
        """Submit one message, part after part; whatever goes wrong with it is its own."""
        async with batch.free:
            try:
                return await self._submit_parts(message, batch)
            except SessionEndedError as error:
                ended = f"the session with the SMSC ended ({error})"
                return retry(ended) if batch.has_begun(message) else unavailable(ended)
            except TimeoutError:
                return retry("the SMSC did not answer in time")
            except OSError as error:
                return retry(f"the SMSC broke off ({type(error).__name__})")
            except Exception as error:  # one message's fault must not reach the others
                logger.exception("submission failed", extra={"channel": self._around.channel})
                return retry(f"the submission failed ({type(error).__name__})")

    async def _submit_parts(self, message: OutgoingMessage, batch: "_Batch") -> Outcome:
        if not SmppChannelSection.is_address(message.address):
            return refused(f"the address is not {SmppChannelSection.address_expected}")
        try:
            bodies = [submission.encode() for submission in self._submissions(message)]
        except ValueError as error:  # no Unicode, or too long
            return refused(f"the message cannot be written as short messages ({error})")
        ids = []
        for body in bodies:
            answer = await self._submit(message, body, batch)
            if isinstance(answer, Outcome):
                return answer
            ids.append(answer)
        self._note(message, ids)
        return SENT

    async def _submit(self, message: OutgoingMessage, body: bytes, batch: "_Batch") -> str | Outcome:
        """The gateway's id of one part, or why it has none."""
        clock = asyncio.get_running_loop().time
        while True:
            async with batch.turn:  # one after the other through the gate
                await asyncio.sleep(self._throttle.wait_s(clock()))
                if clock() >= batch.until:
                    return unavailable(self._throttle.reason or "the time of the batch is over")
                await self._pace.wait()
            if batch.session.fault:
                raise SessionEndedError(batch.session.fault)
            batch.begun.add(message.key)
            answer = await batch.session.request(Command.SUBMIT_SM, body)
            if answer.status in statuses.THROTTLES:
                self._throttle.told(clock(), statuses.meaning(answer.status).reason)
                batch.begun.discard(message.key)
                continue
            if answer.command == Command.GENERIC_NACK:
                return retry("the SMSC did not understand us")
            if answer.status != statuses.OK:
                return statuses.meaning(answer.status)
            self._throttle.took_one()
            return noted_id(message_id_of(answer.body), self._section.receipt_ids)

    def _submissions(self, message: OutgoingMessage) -> list[Submission]:
        section = self._section
        text = message.text_zh if section.language == "zh" else message.text_en
        if section.answer_link and message.answer_url:
            text = f"{text}\n{message.answer_url}"
        return [
            Submission(
                source=sender_of(section.sender),
                destination=_phone(message.address),
                text=b"" if is_payload else part.octets,
                payload=part.octets if is_payload else b"",
                coding=part.coding,
                esm_class=UDH_INDICATOR if part.has_header else 0,
                service_type=section.service_type or "",
                validity=validity_period(message, section.validity),
            )
            for part, is_payload in self._parts(text)
        ]

    def _parts(self, text: str) -> list[tuple[Part, bool]]:
        self._reference = (self._reference + 1) % 256
        parts = in_parts(text, self._reference)
        if self._section.concatenation == "payload" and len(parts) > 1:
            return [(whole(text), True)]
        return [(part, False) for part in parts]

    def _note(self, message: OutgoingMessage, ids: Sequence[str]) -> None:
        """Hand to the letters' thread what was sent; it comes there before any receipt that follows."""
        assert self._inbox is not None, "open comes first"
        phone = self._phones.of(_phone(message.address))
        named = tuple(identifier for identifier in ids if identifier)  # without an id there is no receipt
        letter = Letter(named, message.key, phone, message.recipient, message.token)
        self._inbox.taken.append(letter)
        self._store.submit(self._inbox.sent)


class _Batch:
    """What the messages of one batch share."""

    def __init__(self, session: Session, until: float, free: asyncio.Semaphore, turn: asyncio.Lock) -> None:
        self.session, self.until, self.free, self.turn = session, until, free, turn
        self.begun: set[str] = set()

    def has_begun(self, message: OutgoingMessage) -> bool:
        """Something of it may have reached the gateway."""
        return message.key in self.begun


def sender_of(text: str) -> Number:
    """Where messages come from: a number, a short code or a name (5.2.5)."""
    if text.lstrip("+").isdigit():
        return Number(text[1:], 1, 1) if text.startswith("+") else Number(text, 0, 1)
    return Number(text, 5, 0)


def _phone(address: str) -> Number:
    """With a plus an international number, else as the gateway understands it; ISDN plan."""
    return Number(address[1:], 1, 1) if address.startswith("+") else Number(address, 0, 1)
