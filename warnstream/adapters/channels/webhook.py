"""An SMS or voice gateway reached by HTTP POST, one request per message.

2xx is sent; 408, 425, 429, 5xx, timeouts and lost connections are tried
again, not before ``Retry-After``; any other answer is a refusal. The header
``Idempotency-Key`` lets the gateway recognise a repetition. Connections are
kept open, 16 requests are in flight, and never more than `rate_per_s` are
begun per second.
"""

import email.utils
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from warnstream.adapters.channels.channel import SENT, Outcome, OutgoingMessage, refused, retry

IN_FLIGHT = 16
RETRY_AFTER_S_MAX = 3_600.0
"""A gateway that asks for more is asked again after an hour: a warning does not keep longer."""

RETRYABLE_STATUS = {
    httpx.codes.REQUEST_TIMEOUT,
    httpx.codes.TOO_EARLY,
    httpx.codes.TOO_MANY_REQUESTS,
}


class Pace:
    """Lets `rate_per_s` callers begin per second, evenly; None does not limit."""

    def __init__(
        self,
        rate_per_s: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if rate_per_s is not None and rate_per_s <= 0:
            raise ValueError(f"rate_per_s must be positive, got {rate_per_s}")
        self._interval_s = 0.0 if rate_per_s is None else 1.0 / rate_per_s
        self._clock = clock
        self._sleep = sleep
        self._next_at = 0.0

    def wait(self) -> None:
        """Return when the next one may begin. For one thread."""
        if not self._interval_s:
            return
        now = self._clock()
        if self._next_at > now:
            self._sleep(self._next_at - now)
        self._next_at = max(self._next_at, now) + self._interval_s


class WebhookChannel:
    """Messages as JSON to one URL.

    Parameters
    ----------
    url : str
    timeout_s : float
        For connecting and for the answer, each.
    rate_per_s : float or None
        Requests begun per second; None does not limit.
    clock : callable
        Wall clock in seconds, for a ``Retry-After`` that is a date.
    """

    batch_max = 64

    def __init__(
        self,
        url: str,
        timeout_s: float,
        rate_per_s: float | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._clock = clock
        self._pace = Pace(rate_per_s)
        limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
        self._client = httpx.Client(timeout=timeout_s, limits=limits, follow_redirects=False)
        self._pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="webhook")

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """POST every message of the batch; returns when all have an outcome."""
        pending = []
        for message in batch:
            self._pace.wait()
            pending.append(self._pool.submit(self._send_one, message))
        return [future.result() for future in pending]

    def close(self) -> None:
        """Close the connections."""
        self._pool.shutdown()
        self._client.close()

    def _send_one(self, message: OutgoingMessage) -> Outcome:
        try:
            response = self._client.post(
                self._url, json=webhook_payload(message), headers={"Idempotency-Key": message.key}
            )
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            return refused(f"the URL of the channel is wrong: {error}")
        except httpx.TimeoutException as error:
            return retry(f"the gateway did not answer in time ({type(error).__name__})")
        except httpx.TransportError as error:
            return retry(f"the gateway is not reached ({type(error).__name__})")
        return self._outcome(response)

    def _outcome(self, response: httpx.Response) -> Outcome:
        if response.is_success:
            return SENT
        reason = f"the gateway answered {response.status_code}"
        if response.is_server_error or response.status_code in RETRYABLE_STATUS:
            return retry(reason, retry_after_s(response.headers.get("Retry-After"), self._clock()))
        return refused(reason)


def webhook_payload(message: OutgoingMessage) -> dict[str, str]:
    """JSON body of a request; `text` is what the recipient is to read or hear."""
    return {
        "key": message.key,
        "message": message.message,
        "recipient": message.recipient,
        "address": message.address,
        "level": message.level.word,
        "status": str(message.status),
        "text": message.text_zh,
        "text_en": message.text_en,
        "token": message.token,
    }


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
        wait_s = float(value)
    else:
        try:
            wait_s = email.utils.parsedate_to_datetime(value).timestamp() - now
        except ValueError:
            return 0.0
    return min(max(wait_s, 0.0), RETRY_AFTER_S_MAX)
