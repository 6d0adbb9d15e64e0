"""Keeps a session with the gateway: binds, binds again after a loss, says why there is none."""

import asyncio
import logging
import ssl
import time
from contextlib import suppress
from pathlib import Path

from warnstream.adapters.channels.own_fault import own_fault
from warnstream.adapters.channels.smpp.pdu import Login, PduError
from warnstream.adapters.channels.smpp.session import Session, SessionEndedError, Take
from warnstream.config.channels.smpp import SmppChannelSection

logger = logging.getLogger(__name__)

WAIT_FIRST_S, WAIT_S_MAX = 0.5, 10.0
"""Waits between attempts to bind double from the first to the longest; a message that wants out cuts them."""


class Link:
    """One gateway; lives in one event loop, `fault` is for any thread.

    Parameters
    ----------
    section : SmppChannelSection
    directory : Path
        Where files that the section names are.
    take : callable
        Keeps what the gateway sends.
    name : str
        Of the channel, for the log.
    """

    def __init__(self, section: SmppChannelSection, directory: Path, take: Take, name: str) -> None:
        self._section, self._directory, self._take, self._name = section, directory, take, name
        self._session: Session | None = None
        self._wanted = asyncio.Event()
        self._changed = asyncio.Condition()
        self.fault = "not bound yet"
        """Why there is no session; empty while there is one."""
        self.since = time.monotonic()
        """Steady time since when that is so."""

    async def run(self) -> None:
        """Keep a session until cancelled."""
        wait_s = WAIT_FIRST_S
        while True:
            try:
                session = await self._begin()
            except (SessionEndedError, PduError, OSError, TimeoutError, ValueError) as error:
                await self._set(None, _reason(error))
            except Exception as error:
                logger.exception("session cannot begin", extra={"channel": self._name})
                await self._set(None, f"a fault of this node ({type(error).__name__})")
            else:
                wait_s = WAIT_FIRST_S
                await self._set(session, "")
                try:
                    fault = await session.ended()
                except asyncio.CancelledError:
                    await session.unbind()
                    raise
                await self._set(None, fault)
            with suppress(TimeoutError):
                # Not wait_for: Python 3.11 lets it swallow a cancellation (issue 86296).
                async with asyncio.timeout(wait_s):
                    await self._wanted.wait()
            self._wanted.clear()
            wait_s = min(2 * wait_s, WAIT_S_MAX)

    async def session(self, within_s: float) -> Session | None:
        """The session, waited for if there is none just now; None if that takes too long."""
        if self._session is not None and not self._session.fault:
            return self._session
        self._wanted.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: self._session is not None)
        return self._session

    async def _begin(self) -> Session:
        section = self._section
        password = (self._directory / section.password_file).read_text(encoding="utf-8").strip()
        context = None
        if section.security == "tls":
            authority = None if section.ca is None else str(self._directory / section.ca)
            context = ssl.create_default_context(cafile=authority)
        login = Login(section.system_id, password, section.system_type or "")
        address = (section.host, section.port)
        return await Session.begin(
            address, context, login, self._take, section.enquire_link_s, section.timeout_s
        )

    async def _set(self, session: Session | None, fault: str) -> None:
        if fault != self.fault:
            level = logging.WARNING if fault else logging.INFO
            word = "no session with the SMSC" if fault else "bound to the SMSC"
            logger.log(level, word, extra={"channel": self._name, "reason": fault})
        if bool(fault) != bool(self.fault):
            self.since = time.monotonic()
        self.fault = fault
        async with self._changed:
            self._session = session
            self._changed.notify_all()


def _reason(error: Exception) -> str:
    if isinstance(error, SessionEndedError | PduError):
        return str(error)
    if own := own_fault(error):
        return own
    if isinstance(error, TimeoutError):
        return "the SMSC does not answer in time"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return f"the SMSC is not reached ({reason})"
