"""The inbound side of every channel: receipts to the outbox, answers to the journal, the rest to people."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

import msgspec

from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.outbox.types import Addressed, split_key
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.delivery.dispatch.notification import Settlement, Signal
from warnstream.model.digests import FieldReport
from warnstream.model.effects import BULLETIN_TYPES, Answer

logger = logging.getLogger(__name__)

TEXT_CHARACTERS_MAX = 320
"""Of a reply that a person has to read, in the log."""


class Taker(Protocol):
    """Who takes what people say: the node."""

    def submit_answer(self, message: str, recipient: str, answer: Answer) -> None:
        """Take an answer; returns once it is durable."""

    def submit_report(self, report: FieldReport) -> str:
        """Take a report; returns once it is durable, or why it cannot be counted."""


class Replies:
    """What a channel reports of recipients (`Inbound`).

    Parameters
    ----------
    outbox : Outbox
    tokens : Tokens
    taker : callable
        Who takes answers and reports, once there are any.
    metrics : Metrics
    lost : callable
        Takes message and recipient of what a channel took and could not deliver.
    unread : callable
        Takes channel and recipients of a reply that a person has to read.
    """

    def __init__(
        self,
        outbox: Outbox,
        tokens: Tokens,
        taker: Callable[[], Taker],
        metrics: Metrics,
        lost: Callable[[str, str], None],
        unread: Callable[[str, Sequence[str]], None],
    ) -> None:
        self._outbox = outbox
        self._tokens = tokens
        self._taker = taker
        self._metrics = metrics
        self._lost = lost
        self._unread = unread

    def delivered(self, key: str) -> None:
        """The recipient's device has it. A key that nobody knows is passed over."""
        with suppress(ValueError):  # a text that is no key at all
            self._outbox.mark_delivered(key, time.time())

    def undelivered(self, key: str, reason: str) -> None:
        """It will not reach its recipient: as if the channel had refused it. A post's villages climb."""
        try:
            message, recipient, channel = split_key(key)
        except ValueError:
            return
        self._outbox.settle({key: Settlement(Signal.UNDELIVERED, reason=reason)}, time.time())
        self._metrics.undelivered.labels(channel).inc()
        logger.warning(
            "message not delivered", extra={"channel": channel, "recipient": recipient, "reason": reason}
        )
        self._lost(message, recipient)

    def unread(self, channel: str, recipients: Sequence[str], text: str, why: str) -> None:
        """Into the log, where the duty officer reads it, and told to whoever is on duty."""
        self._metrics.replies_unread.labels(channel).inc()
        self._unread(channel, recipients)
        logger.warning(
            "a reply is for a person",
            extra={
                "channel": channel,
                "recipients": " ".join(recipients) or "unknown",
                "why": why,
                "text": " ".join(text[:TEXT_CHARACTERS_MAX].split()),
            },
        )

    def answered(self, token: str, answer: Answer) -> bool:
        """Take a reply by the token of its message; False if the token was not made here."""
        addressed = self._addressed(token)
        if addressed is None:
            return False
        self._taker().submit_answer(addressed.message.identifier, addressed.recipient, answer)
        return True

    def reported(self, token: str, report: FieldReport) -> str:
        """Take what somebody reports; why a person has to read it, empty if nobody has to.

        A door from which people have gone is on its way; a code that is awaited is an answer.
        """
        addressed = self._addressed(token)
        if addressed is None:
            return "to a message that is not known any more"
        message, recipient = addressed.message.identifier, addressed.recipient
        if report.moved and addressed.message.msg_type in BULLETIN_TYPES:
            self._taker().submit_answer(message, recipient, Answer.MOVING)
        fault = self._taker().submit_report(
            msgspec.structs.replace(report, sender=recipient, message=message)
        )
        if report.code and not fault:
            self._taker().submit_answer(message, recipient, Answer.ACKNOWLEDGED)
        return fault

    def _addressed(self, token: str) -> Addressed | None:
        number = self._tokens.number_in(token)
        return None if number is None else self._outbox.addressed(number, partial(self._tokens.proves, token))
