"""Chat rooms and push services by Apprise (https://github.com/caronc/apprise), for posts.

Apprise says whether a service took a message, not why it did not: a refusal is in doubt until another message
got through. There are no receipts, and nobody can answer there; the link of the answer page stands behind the
text. Each message has a service of its own, so none waits for Apprise's pauses between messages.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from warnstream.adapters.channels.channel import Inbound, OutgoingMessage, Surroundings
from warnstream.adapters.channels.pace import Pace
from warnstream.config.channels.apprise import AppriseChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, doubtful, refused, retry, unavailable
from warnstream.model.level import Level

logger = logging.getLogger(__name__)

AT_ONCE = 4
BATCH_MAX = 16
BATCH_S_MAX = 15.0
"""A batch begins within about that time."""

ADDRESS_PLACE = "{address}"


class AppriseChannel:
    """Messages to one service.

    Parameters
    ----------
    section : AppriseChannelSection
    directory : Path
        Where the file with the URL is.
    """

    def __init__(self, section: AppriseChannelSection, directory: Path) -> None:
        self._section, self._directory = section, directory
        self._pace = Pace(section.rate_per_s)
        self.batch_max = self._pace.room(BATCH_MAX, BATCH_S_MAX)
        self._apprise: Any = None
        self._threads: ThreadPoolExecutor | None = None

    @classmethod
    def of(cls, section: AppriseChannelSection, around: Surroundings) -> Self:
        """As configured."""
        return cls(section, around.directory)

    def open(self, inbound: Inbound) -> None:
        """Load Apprise. Nothing comes back over it."""
        del inbound
        import apprise

        apprise.Apprise.instantiate("json://localhost")  # loads all services: not in a message's time
        self._apprise = apprise
        if self._threads is None:
            self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="apprise")

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Hand every message to the service; returns when all have an outcome."""
        assert self._threads is not None, "open comes first"
        try:
            url = (self._directory / self._section.url_file).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            return [unavailable(f"the file with the URL cannot be read ({type(error).__name__})")] * len(
                batch
            )
        under_way = []
        for message in batch:
            asyncio.run(self._pace.wait())
            under_way.append(self._threads.submit(self._send_one, url, message))
        until = time.monotonic() + self._section.timeout_s
        return [self._outcome(future, until) for future in under_way]

    def close(self) -> None:
        """Let go of the threads; one that hangs ends by the limits of its service."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _send_one(self, url: str, message: OutgoingMessage) -> Outcome:
        if not AppriseChannelSection.is_address(message.address):
            return refused(f"the address is not {AppriseChannelSection.address_expected}")
        service = self._apprise.Apprise()
        if not service.add(url.replace(ADDRESS_PLACE, quote(message.address, safe="@+"))):
            return unavailable("the file does not hold a URL that Apprise understands")
        kinds = self._apprise.NotifyType
        kind = kinds.WARNING if message.level >= Level.ORANGE else kinds.INFO
        body = self._body(message)
        try:
            body.encode()
        except ValueError as error:
            return refused(f"the message cannot be written ({type(error).__name__})")
        # Texts are plain: no service is to take a star or a bracket of a place's name for markup.
        is_taken = service.notify(body=body, notify_type=kind, body_format=self._apprise.NotifyFormat.TEXT)
        return SENT if is_taken else doubtful("the service refused the message or was not reached")

    def _body(self, message: OutgoingMessage) -> str:
        text = message.text_zh if self._section.language == "zh" else message.text_en
        return f"{text}\n{message.answer_url}" if message.answer_url else text

    def _outcome(self, future: "Future[Outcome]", until: float) -> Outcome:
        try:
            return future.result(max(until - time.monotonic(), 0.0))
        except TimeoutError:
            if future.cancel():
                return unavailable("the service is too slow for what waits before it")
            return retry("the service did not answer in time")
        except Exception as error:  # the plugin of one service must not keep other messages back
            logger.exception("service failed")
            return retry(f"the service failed ({type(error).__name__})")
