"""Calls that speak the text, by a gateway with the Calls interface of Twilio's REST API (version 2010-04-01).

Somleng and others offer the same one. A call is made with ``POST /Accounts/{account}/Calls.json``, what is
spoken stands in it as TwiML, and its status is asked for until it ends:
https://www.twilio.com/docs/voice/api/call-resource, https://www.twilio.com/docs/voice/twiml/gather.

A busy line, a phone that nobody takes and one that rings until the time is over are attempts that failed; the
usual waits follow. ``failed`` is a refusal in doubt: a wrong number, or a trunk that reaches nobody. Somebody
who takes the call has *sent* it, no more: only a key says that a person has heard. Keys come to the answer
page (`/a/{token}/keys`): 1 has heard, 2 needs help.

No more than `calls_max` calls are under way; a batch ends with its last call. The interface knows no key of
ours: a request whose answer is lost may ring twice.
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self
from xml.sax.saxutils import escape, quoteattr

import httpx
import msgspec

from warnstream.adapters.channels.channel import Inbound, OutgoingMessage, Surroundings
from warnstream.adapters.channels.own_fault import own_fault
from warnstream.adapters.channels.own_loop import OwnLoop
from warnstream.adapters.channels.pace import Pace
from warnstream.adapters.channels.webhook import retry_after_s
from warnstream.config.channels.voice import VoiceChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, doubtful, refused, retry, unavailable

logger = logging.getLogger(__name__)

REQUEST_S = 10.0
"""One request to the gateway, in all."""

POLL_S = 2.0
KEY_WAIT_S = 8
"""How long the gateway waits for a key after the text."""

SPEECH = {"zh": "zh-CN", "en": "en-US"}
ASKS_FOR_KEY = {
    "zh": "收到请按1，需要帮助请按2。",
    "en": "Press 1 if you have heard this, 2 if you need help.",
}
TIMES_SPOKEN = 2

FAILED_ATTEMPTS = {
    "busy": "the line is busy",
    "no-answer": "nobody took the call",
    "canceled": "the call was canceled",
}
UNDER_WAY = "in-progress"
"""Somebody has taken it and listens."""

OF_THE_ACCOUNT = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}


class _Call(msgspec.Struct):
    """What the gateway says of a call."""

    sid: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
    status: str


class VoiceChannel:
    """Calls through one gateway.

    Parameters
    ----------
    section : VoiceChannelSection
    directory : Path
        Where the file with the token is.
    poll_s : float, optional
        Pause between two questions for the status of a call; `POLL_S` if absent.
    """

    def __init__(self, section: VoiceChannelSection, directory: Path, poll_s: float | None = None) -> None:
        self._section, self._directory = section, directory
        self._poll_s = POLL_S if poll_s is None else poll_s
        self._pace = Pace(section.rate_per_s)
        self.batch_max = self._pace.room(section.calls_max, section.timeout_s)
        self._calls = f"{section.url.rstrip('/')}/2010-04-01/Accounts/{section.account}/Calls"
        self._loop = OwnLoop()

    @classmethod
    def of(cls, section: VoiceChannelSection, around: Surroundings) -> Self:
        """As configured."""
        return cls(section, around.directory)

    def open(self, inbound: Inbound) -> None:
        """Get a loop. Keys that people press come to the answer page, not here."""
        del inbound
        self._loop.open()

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Call everybody of the batch at once; returns when no call is under way any more."""
        return self._loop.run(self._send_all(batch))

    def close(self) -> None:
        """Give back the loop; connections end with their batch."""
        self._loop.close()

    async def _send_all(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        try:
            token = (self._directory / self._section.token_file).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            return [unavailable(f"the file with the token cannot be read ({type(error).__name__})")] * len(
                batch
            )
        credentials = httpx.BasicAuth(self._section.account, token)
        async with httpx.AsyncClient(auth=credentials, timeout=REQUEST_S) as client:
            tasks = []
            for message in batch:
                await self._pace.wait()
                tasks.append(asyncio.create_task(self._call_one(client, message)))
            return list(await asyncio.gather(*tasks))

    async def _call_one(self, client: httpx.AsyncClient, message: OutgoingMessage) -> Outcome:
        """The outcome of one call; whatever goes wrong with it is its own."""
        if not VoiceChannelSection.is_address(message.address):
            return refused(f"the address is not {VoiceChannelSection.address_expected}")
        try:
            form = self._form(message)
            form["Twiml"].encode()
        except ValueError as error:
            return refused(f"the message cannot be spoken ({type(error).__name__})")
        try:
            begun = await self._begin(client, form)
        except (TimeoutError, httpx.HTTPError, OSError) as error:
            return _not_begun(error)
        return begun if isinstance(begun, Outcome) else await self._follow(client, begun)

    def _form(self, message: OutgoingMessage) -> dict[str, str]:
        """The fields of a call."""
        section = self._section
        text = message.text_zh if section.language == "zh" else message.text_en
        return {
            "To": message.address,
            "From": section.caller,
            "Timeout": str(int(section.ring_s)),
            "Twiml": twiml(
                text, section.language, section.speech or SPEECH[section.language], message.answer_url
            ),
        }

    async def _begin(self, client: httpx.AsyncClient, form: dict[str, str]) -> _Call | Outcome:
        async with asyncio.timeout(REQUEST_S):
            response = await client.post(f"{self._calls}.json", data=form)
        if response.is_success:
            try:
                return msgspec.json.decode(response.content, type=_Call)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                return retry("the gateway's answer makes no sense")
        status, reason = response.status_code, f"the gateway answered {response.status_code}"
        if status == httpx.codes.TOO_MANY_REQUESTS:
            wait_s = retry_after_s(response.headers.get("Retry-After"), 0.0)
            return unavailable(f"{reason}: too many calls", max(wait_s, 1.0))
        if status in OF_THE_ACCOUNT or response.is_redirect:
            return unavailable(reason)
        return retry(reason) if response.is_server_error else doubtful(reason)

    async def _follow(self, client: httpx.AsyncClient, call: _Call) -> Outcome:
        """Ask for the status of a call until it ends or its time is over."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._section.timeout_s
        where = f"{self._calls}/{call.sid}.json"
        while (outcome := outcome_of(call.status)) is None and clock() < until:
            await asyncio.sleep(self._poll_s)
            call = await self._asked(client, where) or call
        if outcome is not None:
            return outcome
        if call.status == UNDER_WAY:
            return SENT
        # Nobody must be rung by a call of which nobody waits for the end.
        await self._asked(client, where, {"Status": "completed"})
        return retry("the time was over before the call was taken")

    async def _asked(
        self, client: httpx.AsyncClient, where: str, change: dict[str, str] | None = None
    ) -> _Call | None:
        """What the gateway says of a call, after a change if there is one; None if it says nothing now."""
        try:
            async with asyncio.timeout(REQUEST_S):
                response = await (client.get(where) if change is None else client.post(where, data=change))
            return msgspec.json.decode(response.content, type=_Call) if response.is_success else None
        except (TimeoutError, httpx.HTTPError, OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            logger.warning("status of a call not known", extra={"error": type(error).__name__})
            return None


def outcome_of(status: str) -> Outcome | None:
    """What a call's status means; None while it goes on.

    Examples
    --------
    >>> outcome_of("busy").reason, outcome_of("ringing")
    ('the line is busy', None)
    """
    if status == "completed":
        return SENT
    if status in FAILED_ATTEMPTS:
        return retry(FAILED_ATTEMPTS[status])
    return doubtful("the gateway could not call") if status == "failed" else None


def twiml(text: str, language: str, speech: str, answer_url: str) -> str:
    """What the gateway speaks, and where it reports a key; without an address it asks for none.

    Examples
    --------
    >>> twiml("Go <now>", "en", "en-US", "")
    '<Response><Say language="en-US" loop="2">Go &lt;now&gt;</Say></Response>'
    """
    spoken = f"{text} {ASKS_FOR_KEY[language]}" if answer_url else text
    say = f'<Say language={quoteattr(speech)} loop="{TIMES_SPOKEN}">{escape(spoken)}</Say>'
    if not answer_url:
        return f"<Response>{say}</Response>"
    action = quoteattr(f"{answer_url}/keys")
    gather = f'<Gather numDigits="1" timeout="{KEY_WAIT_S}" method="POST" action={action}>'
    return f"<Response>{gather}{say}</Gather></Response>"


def _not_begun(error: Exception) -> Outcome:
    if own := own_fault(error):
        return unavailable(own)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return unavailable(f"the gateway is not reached ({type(error).__name__})")
    return retry(f"the gateway broke off ({type(error).__name__})")
