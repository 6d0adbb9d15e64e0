"""Sends what the outbox holds: one thread per channel, so that a slow one delays no other.

Each thread claims a batch, sends it, and writes down what became of it. New
work wakes it at once; without news it looks once a second for retries that
are due. Whatever a channel raises is counted and the batch tried again. An
outcome that the disk does not take is kept and written before anything else
is sent, so a full disk cannot make people's phones ring without end.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from warnstream.adapters.channels.channel import Channel, Outcome, OutgoingMessage, refused, retry
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.adapters.outbox.types import Claimed, Failure
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.adapters.sending.outgoing import outgoing
from warnstream.delivery.retry import wait_before_attempt_s
from warnstream.model.effects import RecipientKind
from warnstream.model.errors import StoreError
from warnstream.model.rules.policies import RetryPolicy

logger = logging.getLogger(__name__)

POLL_S = 1.0
"""Longest sleep while nothing is ready: a bound on how late a due retry can be."""

TELL_AGAIN_S = 30.0
"""A channel that keeps failing for the same reason is in the log that often."""

STORE_PAUSE_S = 1.0
"""Wait after the disk refused."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What every channel's thread uses."""

    outbox: Outbox
    tokens: Tokens
    metrics: Metrics
    clock: Callable[[], float]


@dataclass(slots=True)
class _Untold:
    """Failures not yet in the log, the reason last told, and when to tell it again."""

    reason: str = ""
    tell_at: float = 0.0
    again: int = 0
    failed: int = 0


class _Sender:
    """The thread of one channel."""

    def __init__(self, name: str, channel: Channel, policy: RetryPolicy, shared: _Shared) -> None:
        self.name = name
        self.channel = channel
        self._policy = policy
        self._shared = shared
        self._news = threading.Condition()
        self._news_count = 0
        self._is_stopping = False
        self._untold = _Untold()
        self.thread = threading.Thread(target=self._run, name=f"channel-{name}", daemon=True)

    def wake(self) -> None:
        with self._news:
            self._news_count += 1
            self._news.notify_all()

    def ask_to_stop(self) -> None:
        with self._news:
            self._is_stopping = True
            self._news.notify_all()

    def _run(self) -> None:
        while not self._is_stopping:
            seen = self._news_count
            try:
                claimed = self._shared.outbox.claim(self.name, self.channel.batch_max, self._shared.clock())
            except StoreError as error:
                logger.warning("outbox refuses", extra={"channel": self.name, "error": str(error)})
                self._pause(STORE_PAUSE_S)
                continue
            if claimed:
                self._settle(claimed, self._send(claimed))
            else:
                self._wait_for_news(seen)

    def _wait_for_news(self, seen: int) -> None:
        try:
            due_at = self._shared.outbox.next_due(self.name)
        except StoreError:
            due_at = None
        wait_s = POLL_S if due_at is None else min(max(due_at - self._shared.clock(), 0.0), POLL_S)
        with self._news:
            self._news.wait_for(lambda: self._is_stopping or self._news_count != seen, wait_s)

    def _pause(self, wait_s: float) -> None:
        with self._news:
            self._news.wait_for(lambda: self._is_stopping, wait_s)

    def _send(self, claimed: Sequence[Claimed]) -> list[Outcome]:
        """Outcome of each; a message that contradicts itself is refused, the others go out."""
        outcomes: dict[int, Outcome] = {}
        batch: list[OutgoingMessage] = []
        places: list[int] = []
        for place, row in enumerate(claimed):
            try:
                batch.append(outgoing(row, self._token_of(row)))
                places.append(place)
            except ValueError as error:
                logger.warning("message cannot be sent", extra={"channel": self.name, "error": str(error)})
                outcomes[place] = refused(str(error))
        outcomes.update(zip(places, self._send_batch(batch), strict=True))
        return [outcomes[place] for place in range(len(claimed))]

    def _send_batch(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        if not batch:
            return []
        try:
            outcomes = [outcome for _, outcome in zip(batch, self.channel.send(batch), strict=True)]
        except Exception as error:  # a channel is foreign code: whatever it raises must not end the thread
            logger.exception("channel failed", extra={"channel": self.name})
            self._shared.metrics.channel_errors.labels(self.name).inc()
            return [retry(f"the channel failed ({type(error).__name__})")] * len(batch)
        return outcomes

    def _token_of(self, row: Claimed) -> str:
        if row.kind is RecipientKind.VILLAGE:
            return ""
        return self._shared.tokens.issue(row.number, row.message.identifier, row.recipient)

    def _settle(self, claimed: Sequence[Claimed], outcomes: Sequence[Outcome]) -> None:
        """Write down the outcomes; while the disk refuses, nothing more is sent on this channel."""
        now = self._shared.clock()
        sent = [row.key for row, outcome in zip(claimed, outcomes, strict=True) if outcome.is_sent]
        failures = [
            self._failure(row, outcome, now)
            for row, outcome in zip(claimed, outcomes, strict=True)
            if not outcome.is_sent
        ]
        self._count(outcomes, failures)
        while True:
            try:
                self._shared.outbox.mark_sent(sent, now)
                self._shared.outbox.mark_failed(failures)
            except StoreError as error:
                logger.warning("outcomes not kept", extra={"channel": self.name, "error": str(error)})
                if self._is_stopping:
                    return
                self._pause(STORE_PAUSE_S)
            else:
                return

    def _failure(self, row: Claimed, outcome: Outcome, now: float) -> Failure:
        wait_s = None
        if outcome.can_retry:
            wait_s = wait_before_attempt_s(self._policy, row.attempt + 1, row.key)
        if wait_s is None:
            return Failure(row.key, outcome.reason, None)
        return Failure(row.key, outcome.reason, now + max(wait_s, outcome.retry_after_s))

    def _count(self, outcomes: Sequence[Outcome], failures: Sequence[Failure]) -> None:
        attempts = self._shared.metrics.send_attempts
        for outcome in outcomes:
            word = "sent" if outcome.is_sent else "retry" if outcome.can_retry else "refused"
            attempts.labels(self.name, word).inc()
        self._tell_failures(failures)

    def _tell_failures(self, failures: Sequence[Failure]) -> None:
        """One line when a channel begins to fail or fails for another reason, then one a while."""
        if not failures:
            return
        final = sum(failure.retry_at is None for failure in failures)
        self._untold.again += len(failures) - final
        self._untold.failed += final
        reason, now = failures[0].error, time.monotonic()
        if reason == self._untold.reason and now < self._untold.tell_at:
            return
        counts = {"again": self._untold.again, "failed": self._untold.failed}
        logger.warning("messages not sent", extra={"channel": self.name, **counts, "reason": reason})
        self._untold = _Untold(reason=reason, tell_at=now + TELL_AGAIN_S)


class DeliveryWorker:
    """All channels of a node, each in its own thread.

    Parameters
    ----------
    outbox : Outbox
    channels : mapping of str to (Channel, RetryPolicy)
        By name; the worker closes them when it stops.
    tokens : Tokens
        For the answer links in messages.
    metrics : Metrics
    clock : callable
        Wall clock in seconds; retry times are in it.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, tuple[Channel, RetryPolicy]],
        tokens: Tokens,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outbox = outbox
        shared = _Shared(outbox, tokens, metrics, clock)
        self._senders = [
            _Sender(name, channel, policy, shared) for name, (channel, policy) in channels.items()
        ]

    def start(self) -> int:
        """Put back what was being sent when the process last ended, then start; returns how many that were.

        Raises
        ------
        StoreError
            If the outbox cannot be written.
        """
        recovered = self._outbox.recover()
        for sender in self._senders:
            sender.thread.start()
        return recovered

    def wake(self) -> None:
        """There may be new work, or the clock has moved."""
        for sender in self._senders:
            sender.wake()

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is left to send on any channel; False if that took too long."""
        deadline = time.monotonic() + timeout_s
        self.wake()
        while any(self._outbox.open_count(sender.name) for sender in self._senders):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

    def stop(self, timeout_s: float = 30.0) -> bool:
        """Finish the batches in hand, stop and close the channels; False if one did not end in time.

        A batch cut off by that is sent again after the next start, with the same keys.
        """
        for sender in self._senders:
            sender.ask_to_stop()
        deadline = time.monotonic() + timeout_s
        has_ended = True
        for sender in self._senders:
            if sender.thread.ident is not None:
                sender.thread.join(max(0.0, deadline - time.monotonic()))
            if sender.thread.is_alive():
                logger.warning("channel did not stop in time", extra={"channel": sender.name})
                has_ended = False
            else:
                sender.channel.close()
        return has_ended
