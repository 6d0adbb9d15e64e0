"""Mail: one mail per recipient, several over one connection to one server.

A reply of the server is believed as far as it goes (RFC 5321, RFC 3463): 4xx is
tried again; 5xx to a recipient is final where the reply says that it is the
mailbox (5.1.x, 551, 553) or where the server has taken another recipient in the
same session, else it is in doubt. What the server says to us (greeting, TLS,
login, sender, 421) concerns everybody: messages wait. TLS is demanded, never only
tried. Every mail has `timeout_s` in all, and so has the connection with its login.

A repeated message has the same Message-ID, by which mail programs know it.
Replies to mails are not read: people answer on the page that the mail links to.
"""

import hashlib
import ssl
from asyncio import WriteTransport, sleep, timeout
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from socket import gethostname
from typing import Self

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPRecipientRefused, SMTPResponseException, SMTPSenderRefused

from warnstream.adapters.channels.channel import Inbound, OutgoingMessage, Surroundings
from warnstream.adapters.channels.own_fault import own_fault
from warnstream.adapters.channels.own_loop import OwnLoop
from warnstream.adapters.channels.pace import Pace
from warnstream.config.channels.smtp import SmtpChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, Verdict, doubtful, refused, retry, unavailable
from warnstream.model.level import Level

BATCH_MAX = 32
BATCH_S_MAX = 15.0
"""A batch ends within about that time."""

SERVICE_CLOSING = 421
MAILBOX_CODES = {551, 553}
"""The reply speaks of this mailbox, whatever its text."""

SUBJECT_CHARACTERS_MAX = 60
CLOSING_TURNS = 3
"""Turns of the loop in which an ended connection gives back its socket, TLS and all."""
MAILBOX_STATUS = "5.1."
"""Enhanced status codes about the address of a mailbox."""


class SmtpChannel:
    """Messages as mails through one server.

    Parameters
    ----------
    section : SmtpChannelSection
    directory : Path
        Where files that the section names are.
    """

    def __init__(self, section: SmtpChannelSection, directory: Path) -> None:
        self._section = section
        self._directory = directory
        self._pace = Pace(section.rate_per_s)
        mails = max(1, int(BATCH_S_MAX / section.timeout_s) * 4)
        self.batch_max = self._pace.room(min(BATCH_MAX, mails), BATCH_S_MAX)
        self._loop = OwnLoop()

    @classmethod
    def of(cls, section: SmtpChannelSection, around: Surroundings) -> Self:
        """As configured."""
        return cls(section, around.directory)

    def open(self, inbound: Inbound) -> None:
        """Get a loop; the server is called when there is something to send. Nothing comes back by mail."""
        del inbound
        self._loop.open()

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Send the mails of a batch over one connection, one after the other."""
        return self._loop.run(self._send_all(batch))

    def close(self) -> None:
        """Give back the loop; connections end with their batch."""
        self._loop.close()

    async def _send_all(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        try:
            client = self._client()
        except OSError as error:
            return [unavailable(f"the certificate authority cannot be used ({error})")] * len(batch)
        try:
            fault = await self._log_in(client)
            if fault:
                return [unavailable(fault)] * len(batch)
            outcomes = await self._send_each(client, batch)
            await _say(client.quit, self._section.timeout_s)
        finally:
            client.close()
            for _ in range(CLOSING_TURNS):
                await sleep(0)
        return outcomes

    def _client(self) -> SMTP:
        section = self._section
        context = None
        if section.security != "none":
            authority = None if section.ca is None else str(self._directory / section.ca)
            context = ssl.create_default_context(cafile=authority)
        return _Client(
            hostname=section.host,
            port=section.port,
            local_hostname=gethostname(),
            timeout=section.timeout_s,
            use_tls=section.security == "tls",
            start_tls=section.security == "starttls",
            tls_context=context,
        )

    async def _log_in(self, client: SMTP) -> str:
        """Connect, encrypt and log in; why not, empty if all is well."""
        section = self._section
        try:
            async with timeout(section.timeout_s):
                await client.connect()
                if section.username is not None and section.password_file is not None:
                    password = (self._directory / section.password_file).read_text(encoding="utf-8").strip()
                    await client.login(section.username, password)
        except SMTPResponseException as error:
            return f"the mail server refuses us ({error.code})"
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            return own_fault(error) or f"no session with the mail server ({type(error).__name__})"
        return ""

    async def _send_each(self, client: SMTP, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        session = _Session(client, self._section)
        outcomes: list[Outcome] = []
        for message in batch:
            await self._pace.wait()
            outcomes.append(await session.send(message))
        if not session.has_taken_one:
            return outcomes
        # The session works, so those whom it refused are refused themselves.
        return [
            refused(outcome.reason)
            if outcome.verdict is Verdict.DOUBTFUL and place in session.recipients_refused
            else outcome
            for place, outcome in enumerate(outcomes)
        ]


class _Client(SMTP):
    """A connection that ends when it is closed, whatever the server still wants to say over TLS."""

    def close(self) -> None:
        transport = self.transport
        super().close()
        if isinstance(transport, WriteTransport):
            transport.abort()


class _Session:
    """Mails over one connection; after its end the rest of them waits."""

    def __init__(self, client: SMTP, section: SmtpChannelSection) -> None:
        self._client = client
        self._section = section
        self._count = -1
        self.has_taken_one = False
        self.recipients_refused: set[int] = set()

    async def send(self, message: OutgoingMessage) -> Outcome:
        """The outcome of one mail."""
        self._count += 1
        if not self._client.is_connected:
            return unavailable("the mail server ended the session")
        if not SmtpChannelSection.is_address(message.address):
            return refused(f"the address is not {SmtpChannelSection.address_expected}")
        try:
            mail = mail_of(message, self._section.sender)
        except ValueError as error:  # a text that is not Unicode
            return refused(f"the message cannot be written as mail ({type(error).__name__})")
        has_begun = False
        try:
            async with timeout(self._section.timeout_s):
                await self._client.mail(self._section.sender)
                await self._client.rcpt(message.address)
                self.has_taken_one = has_begun = True
                await self._client.data(mail)
        except SMTPResponseException as error:
            if isinstance(error, SMTPRecipientRefused):
                self.recipients_refused.add(self._count)
            await self._begin_anew(error.code)
            return outcome_of_reply(error)
        except (SMTPException, OSError, TimeoutError) as error:
            self._client.close()
            reason = f"the mail server broke off ({type(error).__name__})"
            return retry(reason) if has_begun else unavailable(own_fault(error) or reason)
        return SENT

    async def _begin_anew(self, code: int) -> None:
        """Forget the mail that was refused; end the session where it is over or makes no sense."""
        if (
            code == SERVICE_CLOSING
            or not 400 <= code < 600
            or not await _say(self._client.rset, self._section.timeout_s)
        ):
            self._client.close()


async def _say(command: Callable[[], Awaitable[object]], within_s: float) -> bool:
    """Whether the server has taken a command that no mail depends on."""
    try:
        async with timeout(within_s):
            await command()
    except (SMTPException, OSError, TimeoutError):
        return False
    return True


def outcome_of_reply(error: SMTPResponseException) -> Outcome:
    """What a refusing reply means for the mail and for the channel."""
    code = error.code
    if code == SERVICE_CLOSING or isinstance(error, SMTPSenderRefused):
        return unavailable(f"the mail server refuses us ({code})")
    if not 400 <= code < 600:
        return retry("the mail server's reply makes no sense")
    reason = f"the mail server answered {code}"
    if code < 500:
        return retry(reason)
    if isinstance(error, SMTPRecipientRefused) and (
        code in MAILBOX_CODES or error.message.startswith(MAILBOX_STATUS)
    ):
        return refused(f"{reason}: no such mailbox")
    return doubtful(reason)


def mail_of(message: OutgoingMessage, sender: str) -> bytes:
    """The mail of a message: both texts and the link to answer.

    Raises
    ------
    ValueError
        If a text is not Unicode.
    """
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = " ".join(message.text_zh.split())[:SUBJECT_CHARACTERS_MAX]
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.sent_s, UTC))
    mail["Expires"] = format_datetime(datetime.fromtimestamp(message.expires_s, UTC))
    digest = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if message.level >= Level.ORANGE:
        mail["Importance"] = "high"
    parts = [message.text_zh, message.text_en]
    if message.answer_url:
        parts.append(f"回复 Answer: {message.answer_url}")
    mail.set_content("\n\n".join(parts) + "\n", charset="utf-8")
    return mail.as_bytes()
