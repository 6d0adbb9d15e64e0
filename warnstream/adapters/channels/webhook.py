"""An SMS or voice gateway reached by HTTP POST, one request per message.

2xx is sent; 408, 425, 429 and 5xx are tried again, not before ``Retry-After``
(five minutes at most). 401, 405, 407, a redirect that is not followed and a
gateway that is not reached concern everybody: messages wait. Any other answer is
a refusal of which nobody knows whether it means one recipient or all, such as
404; `warnstream.delivery.dispatch.breaker` finds out. The header ``Idempotency-Key`` lets
the gateway recognise a repetition.

A request has `timeout_s` in all, connection, answer and every byte of it
included. Of an answer 64 KiB are looked at and nothing is unpacked. Connections are
kept open, 16 requests are in flight, and never more than `rate_per_s` are
begun per second.
"""

import asyncio
import email.utils
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from warnstream.adapters.channels.channel import Inbound, OutgoingMessage, Surroundings
from warnstream.adapters.channels.own_fault import own_fault
from warnstream.adapters.channels.own_loop import OwnLoop
from warnstream.adapters.channels.pace import Pace
from warnstream.adapters.channels.payload import webhook_payload
from warnstream.config.channels.webhook import WebhookChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, doubtful, refused, retry, unavailable
from warnstream.model.errors import StoreError

logger = logging.getLogger(__name__)

IN_FLIGHT = 16
BATCH_MAX = 64
BATCH_S_MAX = 15.0
"""A batch ends within about that time: stopping waits for it, and a worse level goes first after it."""

BODY_BYTES_MAX = 65_536
REDIRECTS_MAX = 3

RETRYABLE_STATUS = {
    httpx.codes.REQUEST_TIMEOUT,
    httpx.codes.TOO_EARLY,
    httpx.codes.TOO_MANY_REQUESTS,
}
CHANNEL_STATUS = {
    httpx.codes.UNAUTHORIZED,
    httpx.codes.METHOD_NOT_ALLOWED,
    httpx.codes.PROXY_AUTHENTICATION_REQUIRED,
}
"""These speak of the request or its credentials, never of a recipient."""

REPEATING_REDIRECTS = {httpx.codes.TEMPORARY_REDIRECT, httpx.codes.PERMANENT_REDIRECT}
"""Only these say that the same POST is to be made elsewhere; the others make it a GET without a body."""


class _Answer(msgspec.Struct):
    """What a gateway may say in the body of a success."""

    delivered: bool = False


class WebhookChannel:
    """Messages as JSON to one URL.

    Parameters
    ----------
    section : WebhookChannelSection
    clock : callable
        Wall clock in seconds, for a ``Retry-After`` that is a date.
    """

    def __init__(self, section: WebhookChannelSection, clock: Callable[[], float] = time.time) -> None:
        self._section = section
        self._clock = clock
        self._pace = Pace(section.rate_per_s)
        rounds = max(1, int(BATCH_S_MAX / section.timeout_s))
        self.batch_max = self._pace.room(min(BATCH_MAX, IN_FLIGHT * rounds), BATCH_S_MAX)
        self._loop = OwnLoop()
        self._client: httpx.AsyncClient | None = None
        self._inbound: Inbound | None = None

    @classmethod
    def of(cls, section: WebhookChannelSection, _around: Surroundings) -> Self:
        """As configured."""
        return cls(section)

    def open(self, inbound: Inbound) -> None:
        """Get a loop and a client; connections are made when there is something to send."""
        self._inbound = inbound
        self._loop.open()
        limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
        # Each phase has the time of the whole, which `_post` bounds: httpx must not end it with less.
        timeout_s = self._section.timeout_s
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._client = httpx.AsyncClient(timeout=timeout_s, limits=limits, cookies=no_cookies)

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """POST every message of the batch; returns when all have an outcome."""
        return self._loop.run(self._send_all(batch))

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._loop.run(self._client.aclose())
        self._loop.close()

    async def _send_all(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        free = asyncio.Semaphore(IN_FLIGHT)
        tasks = []
        for message in batch:
            await self._pace.wait()
            await free.acquire()
            task = asyncio.create_task(self._send_one(message))
            task.add_done_callback(lambda _task: free.release())
            tasks.append(task)
        return list(await asyncio.gather(*tasks))

    async def _send_one(self, message: OutgoingMessage) -> Outcome:
        """The outcome of one message; whatever goes wrong with it is its own."""
        exchange = _Exchange()
        try:
            async with asyncio.timeout(self._section.timeout_s):
                await self._post(message, exchange)
        except Exception as error:  # noqa: BLE001  one message's fault must not reach the others
            if exchange.outcome is None:
                exchange.outcome = self._outcome_of_failure(error, has_begun=exchange.has_begun)
        assert exchange.outcome is not None
        return exchange.outcome

    def _outcome_of_failure(self, error: Exception, *, has_begun: bool) -> Outcome:
        """What an exception means; before the request has begun nothing was sent for sure."""
        if own := own_fault(error):
            return retry(own) if has_begun else unavailable(own)
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            slow = "the gateway did not answer in time"
            return retry(slow) if has_begun else unavailable("the gateway is not reached in time")
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
            word = type(error).__name__
            broken = retry(f"the gateway broke off ({word})")
            return broken if has_begun else unavailable(f"the gateway is not reached ({word})")
        logger.error("request failed", exc_info=error)
        return retry(f"the request failed ({type(error).__name__})")

    async def _post(self, message: OutgoingMessage, exchange: "_Exchange") -> None:
        """Make the request, at another place of the same host if that is allowed."""
        assert self._client is not None, "open comes first"
        url = self._section.url
        try:
            body = webhook_payload(message)
        except ValueError as error:  # a text that is not Unicode
            exchange.outcome = refused(f"the message cannot be written as JSON ({type(error).__name__})")
            return
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        for _ in range(REDIRECTS_MAX + 1):
            async with self._client.stream(
                "POST", url, content=body, headers=headers, extensions={"trace": exchange.note}
            ) as response:
                target = self._redirect_of(response, url)
                if target is None:
                    exchange.outcome = self._outcome(response)
                answer = await _read(response)
            if target is None:
                await self._take_receipt(exchange.outcome, answer, message.key)
                return
            url = target
        exchange.outcome = unavailable(f"the gateway redirects more than {REDIRECTS_MAX} times")

    def _redirect_of(self, response: httpx.Response, url: str) -> str | None:
        """Where the same request is to be made; None if nowhere or where the policy forbids it.

        Never to another host or port, nor from https to http: the body holds people's addresses.
        """
        if self._section.redirects == "refuse" or response.status_code not in REPEATING_REDIRECTS:
            return None
        try:
            target = urljoin(url, response.headers.get("Location", ""))
            here, there = urlsplit(url), urlsplit(target)
            is_same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
        except ValueError:
            return None
        return target if is_same else None

    def _outcome(self, response: httpx.Response) -> Outcome:
        status = response.status_code
        if response.is_success:
            return SENT
        reason = f"the gateway answered {status}"
        if response.is_server_error or status in RETRYABLE_STATUS:
            return retry(reason, retry_after_s(response.headers.get("Retry-After"), self._clock()))
        if response.is_redirect:
            return unavailable(f"{reason}: it has moved, and redirects are not followed there")
        return unavailable(reason) if status in CHANNEL_STATUS else doubtful(reason)

    async def _take_receipt(self, outcome: Outcome | None, answer: bytes, key: str) -> None:
        """A gateway that already knows says ``{"delivered": true}``; other bodies mean nothing."""
        if outcome is not SENT or self._inbound is None or not answer.lstrip().startswith(b"{"):
            return
        try:
            if msgspec.json.decode(answer, type=_Answer).delivered:
                await asyncio.to_thread(self._inbound.delivered, key)
        except (msgspec.MsgspecError, ValueError):
            return
        except StoreError as error:
            logger.warning("receipt not kept", extra={"error": str(error)})


@dataclass(slots=True)
class _Exchange:
    """How far a request has come. An outcome that is known is not changed by what comes after it."""

    has_begun: bool = False
    outcome: Outcome | None = None

    async def note(self, event: str, _info: Mapping[str, Any]) -> None:
        """Take an event of httpx's ``trace``."""
        if event.endswith("send_request_headers.started"):
            self.has_begun = True


async def _read(response: httpx.Response) -> bytes:
    """The body as it came, which lets the connection be used again; of more than `BODY_BYTES_MAX` nothing."""
    body = b""
    chunks = response.aiter_raw()
    assert isinstance(chunks, AsyncGenerator), "httpx has changed"
    async with aclosing(chunks):
        async for chunk in chunks:
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return b""
    return body


def retry_after_s(value: str | None, now: float) -> float:
    """Seconds of a ``Retry-After`` header, which may be a number or a date; 0 if absent or unreadable.

    Examples
    --------
    >>> retry_after_s("120", now=0.0)
    120.0
    >>> retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", now=0.0)
    60.0
    """
    if value is None:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(email.utils.parsedate_to_datetime(value).timestamp() - now, 0.0)
    except (ValueError, OverflowError, TypeError):
        return 0.0
