"""The thread of one channel: claims a batch, sends it, writes down what became of it.

New work wakes it at once; without news it looks once a second for retries that
are due. An outcome that the disk does not take is kept and written before anything
else is sent but one batch, so a full disk cannot make people's phones ring without end: while the log takes
the outcomes of one batch the next one goes out already.

While nothing gets through, the `Breaker` holds the channel: messages wait, one
probe at a time goes out. That and every other trouble of the thread is in
`trouble`, with a begin and an end in the log. Nothing ends the thread but a stop.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warnstream.adapters.channels.channel import ConfiguredChannel, Inbound, OutgoingMessage
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.port import SendingOutbox
from warnstream.adapters.outbox.types import Claimed
from warnstream.adapters.sending.answer_tokens import Tokens
from warnstream.adapters.sending.early import EarlyReports
from warnstream.adapters.sending.failure_log import FailureLog
from warnstream.adapters.sending.guarded_channel import GuardedChannel
from warnstream.adapters.sending.outgoing import outgoing
from warnstream.delivery.dispatch.breaker import Breaker
from warnstream.delivery.dispatch.finishing import Prospect, Throughput
from warnstream.delivery.dispatch.lateness import is_over, seconds_late
from warnstream.delivery.dispatch.notification import EXPIRED_UNSENT, Settlement, Signal, settle
from warnstream.delivery.dispatch.outcome import Outcome, retry
from warnstream.model.effects import DIGEST_TYPE, RecipientKind
from warnstream.model.errors import StoreError
from warnstream.model.times import TimeZone, clock_local, fixed_zone

logger = logging.getLogger(__name__)

POLL_S = 1.0
"""Longest sleep while nothing is ready: a bound on how late a due retry can be."""

STORE_PAUSE_S = 1.0
"""Wait after the disk refused."""

STUCK_S = 60.0
"""A batch that takes longer is told as trouble: the channel does not keep its own time limit."""

LINK_DOWN_S = 5.0
"""A connection that is lost and comes back within that time is no trouble."""

WORD_OF_SIGNAL = {
    Signal.SENT: "sent",
    Signal.DEFERRED: "retry",
    Signal.RETURNED: "waiting",
    Signal.GIVEN_UP: "refused",
    Signal.EXPIRED: "expired",
}
"""Label of `warnstream_send_attempts_total`."""


HAND_ON_EVERY_S = 1.0
HANDED_ON_S = 60.0
HANDED_ON_UNSEEN, HANDED_ON_MAX = 300, 6_000
"""Doors of held channels that another one has at most: what it tells in a minute, where that is seen."""

UTC = fixed_zone(0)

PROSPECT_S = 2.0
"""Who waits is counted anew after so long: it looks at every door."""

REPORT_AFTER_S = 30.0
"""Trouble that lasts so long is an alarm for the duty officer; readiness, metric and log have it at once."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What every channel's thread uses.

    `clock` is the clock in which retries are due, `event_clock` the time in which messages expire;
    `lost` takes digest and post of a digest that one of its ways has given up; `time_zone` is for times told.
    """

    outbox: SendingOutbox
    tokens: Tokens
    metrics: Metrics
    inbound: Inbound
    clock: Callable[[], float]
    event_clock: Callable[[], float]
    public_url: str
    lost: Callable[[str, str], None] = lambda _digest, _post: None
    time_zone: TimeZone = UTC


class Sender:
    """The thread of one channel.

    Attributes
    ----------
    rooms_beside : callable
        Other channels that work, and how many doors of a held one each may be given.
    wake_beside : callable
        Those have been given some.
    """

    def __init__(self, name: str, configured: ConfiguredChannel, shared: Shared) -> None:
        self.name = name
        self._early = EarlyReports(shared.inbound)
        self.channel = GuardedChannel(name, configured.channel, self._early, shared.metrics)
        self._configured = configured
        self._shared = shared
        self._breaker = Breaker()
        self._throughput = Throughput(configured.expected_per_s)
        self._working_since: float | None = None
        self._prospect: tuple[float, Prospect] | None = None
        self._failures = FailureLog(name)
        self._news = threading.Condition()
        self._news_count = 0
        self._is_stopping = self._is_leaving = False
        self._fault = ""
        self._lost: list[tuple[str, str]] = []
        self._handed_in: dict[str, Settlement] = {}
        self._fault_at = 0.0
        self._has_worked = False
        self._hand_on_at = 0.0
        self.rooms_beside: Callable[[], dict[str, int]] = dict
        self.wake_beside: Callable[[], None] = lambda: None
        self.thread = threading.Thread(target=self._run, name=f"channel-{name}", daemon=True)
        shared.metrics.channel_held.labels(name).set_function(lambda: float(bool(self.trouble)))

    @property
    def trouble(self) -> str:
        """Why messages of this channel do not go out now; empty if they do. From any thread."""
        reason = self._fault or self._breaker.reason
        if reason:
            return f"channel {self.name} is held, its messages wait: {reason}{self._stop_words()}"
        lasts_s = self.channel.under_way_s()
        if lasts_s > STUCK_S:
            return f"channel {self.name}: a batch lasts {lasts_s:.0f} s"
        link = self.channel.link_fault()
        if link is None or link.lasts_s < LINK_DOWN_S:
            return ""
        return f"channel {self.name}: no receipts and replies come in: {link.reason}"

    def _stop_words(self) -> str:
        """Since when it is stopped, who waits, and what they need once it is open."""
        prospect = self.prospect()
        if prospect is None or prospect.stopped_s is None or not any(prospect.waiting.values()):
            return ""
        since = clock_local(prospect.stopped_s, self._shared.time_zone)
        return f"; stopped since {since}, {prospect.words()}"

    def prospect(self) -> Prospect | None:
        """Who waits and how long that will take, at most `PROSPECT_S` old; None: nobody can tell now.

        From any thread.
        """
        now, is_stopped, known = time.monotonic(), bool(self._fault or self._breaker.reason), self._prospect
        is_old = known is None or now - known[0] > PROSPECT_S
        if known is None or is_old or is_stopped != (known[1].stopped_s is not None):
            try:
                waiting = self._shared.outbox.waiting(self.name)
            except StoreError:
                return None
            stopped_s = int(self._shared.event_clock() - self._trouble_lasts_s()) if is_stopped else None
            known = self._prospect = now, Prospect(waiting, self._throughput.per_s, stopped_s)
        return known[1]

    def per_s(self) -> float | None:
        """Messages a second while it works, seen or expected; None: not known. From any thread."""
        return self._throughput.per_s

    def report(self) -> str | None:
        """What the duty officer is told of this channel: its trouble once it lasts, nothing where it works.

        None while that is not known: the first batch after a start is still to be sent, or trouble is young.
        From any thread.
        """
        trouble = self.trouble
        if not trouble:
            return "" if self._has_worked else None
        return trouble if self._trouble_lasts_s() >= REPORT_AFTER_S else None

    def _trouble_lasts_s(self) -> float:
        """How long what `trouble` names has lasted, in seconds."""
        if self._fault or self._breaker.is_held:
            begun_at = self._fault_at if self._fault else self._breaker.held_at
            return time.monotonic() - begun_at
        under_way_s = self.channel.under_way_s()
        link = self.channel.link_fault()
        return under_way_s if under_way_s > STUCK_S or link is None else link.lasts_s

    def wake(self) -> None:
        """There may be new work."""
        with self._news:
            self._news_count += 1
            self._news.notify_all()

    def ask_to_stop(self) -> None:
        """End after the batch in hand."""
        with self._news:
            self._is_stopping = True
            self._news.notify_all()

    def ask_to_leave(self) -> None:
        """End after the batch in hand, and not before its outcomes are kept: another one takes its place."""
        with self._news:
            self._is_leaving = True
            self._news.notify_all()

    @property
    def is_stopping(self) -> bool:
        """Whether it has been asked to stop."""
        return self._is_stopping

    @property
    def _is_ending(self) -> bool:
        return self._is_stopping or self._is_leaving

    def _run(self) -> None:
        if self._is_ending:
            return
        self.channel.open_if_linked()
        while not self._is_ending:
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001  whatever it is, the thread goes on and says so
                self._begin_fault(error)
                self._pause(STORE_PAUSE_S)
            else:
                self._end_fault()
        self._settle()

    def _begin_fault(self, error: Exception) -> None:
        fault = f"{type(error).__name__}: {error}"
        if not self._fault:
            self._fault_at = time.monotonic()
        if fault != self._fault:
            logger.error("channel cannot work", exc_info=error, extra={"channel": self.name})
        self._fault = fault

    def _end_fault(self) -> None:
        if self._fault:
            logger.warning("channel works again", extra={"channel": self.name})
        self._fault = ""

    def _turn(self) -> None:
        """Send what there is room for, or wait until there is some."""
        seen = self._news_count
        room = self._breaker.room(time.monotonic(), self.channel.batch_max)
        claimed = self._shared.outbox.claim(self.name, room, self._shared.clock()) if room else []
        if claimed:
            self._send_and_hand_in(claimed)
            self._hand_on()
            return
        self._settle()
        self._hand_on()
        self._working_since = None
        has_doubts = self._breaker.is_held or not self._has_worked
        if room and has_doubts and not self._shared.outbox.open_count(self.name):
            self._has_worked = True
            if self._breaker.is_held:
                self._breaker.release()
                logger.warning("channel released, nothing waits any more", extra={"channel": self.name})
        self._wait_for_news(seen)

    def room_for_others(self) -> int | None:
        """How many doors of held channels this one may be given now; None if it does not work. Any thread.

        What it tells within `HANDED_ON_S`: once the others are back they are quicker than a long queue here.
        """
        if self.trouble:
            return None
        per_s = self._throughput.per_s
        most = HANDED_ON_UNSEEN if per_s is None else min(max(int(per_s * HANDED_ON_S), 1), HANDED_ON_MAX)
        return max(most - self._shared.outbox.open_count(self.name), 0)

    def _hand_on(self) -> None:
        """While nothing gets through here, doors that are asked to go hear it by another of their ways."""
        now = time.monotonic()
        held_s = now - self._breaker.held_at if self._breaker.is_held else 0.0
        if not held_s or held_s < self._configured.hand_on_after_s or now < self._hand_on_at:
            return
        self._hand_on_at = now + HAND_ON_EVERY_S
        rooms = self.rooms_beside()
        count = self._shared.outbox.hand_on(self.name, rooms, self._shared.clock()) if rooms else 0
        if count:
            self._shared.metrics.doors_handed_on.labels(self.name).inc(count)
            said = {"channel": self.name, "doors": count}
            logger.warning("doors of a held channel are told by another way", extra=said)
            self.wake_beside()

    def _wait_for_news(self, seen: int) -> None:
        wait_s = self._breaker.probe_in_s(time.monotonic())
        if not wait_s:
            due_at = self._shared.outbox.next_due(self.name)
            wait_s = POLL_S if due_at is None else max(due_at - self._shared.clock(), 0.0)
        with self._news:
            if self._news.wait_for(lambda: self._is_ending or self._news_count != seen, min(wait_s, POLL_S)):
                self._breaker.has_news()

    def _pause(self, wait_s: float) -> None:
        with self._news:
            self._news.wait_for(lambda: self._is_stopping, wait_s)

    def _send_and_hand_in(self, claimed: Sequence[Claimed]) -> None:
        """Send a batch, settle the one before, begin to keep this one; after a fault it is tried again."""
        try:
            settled = self._send(claimed)
        except Exception:
            unknown, now = retry("a fault of this node; see the log"), self._shared.clock()
            policy = self._configured.retry
            self._hand_in({row.key: settle(unknown, row.attempt, row.key, policy, now) for row in claimed})
            raise
        self._hand_in(settled)

    def _hand_in(self, settled: dict[str, Settlement]) -> None:
        """Of doors the next batch goes out while the log takes this; rows are kept at once."""
        self._settle()
        self._handed_in = settled
        try:
            may_wait = self._shared.outbox.hand_in(settled, self._shared.clock())
        except Exception:  # noqa: BLE001  `settle` finds it again, and says so
            may_wait = False
        if not may_wait:
            self._settle()

    def _send(self, claimed: Sequence[Claimed]) -> dict[str, Settlement]:
        """What became of each notification, by key."""
        now_s = self._shared.event_clock()
        settled: dict[str, Settlement] = {}
        batch: dict[str, tuple[Claimed, OutgoingMessage]] = {}
        for row in claimed:
            if is_over(row.kind, row.message.msg_type, row.message.expires_s, now_s):
                settled[row.key] = EXPIRED_UNSENT
                continue
            try:
                batch[row.key] = (row, self._outgoing(row, now_s))
            except Exception as error:  # a message that contradicts itself; the others go out
                logger.exception("message cannot be sent", extra={"channel": self.name})
                settled[row.key] = Settlement(Signal.GIVEN_UP, reason=str(error))
        begun_s = time.monotonic() if self._working_since is None else self._working_since
        self._early.begin(batch)
        outcomes = self._judged(list(batch), self.channel.send([message for _, message in batch.values()]))
        self._working_since = time.monotonic()
        n_through = sum(outcome.is_sent for outcome in outcomes)
        self._throughput.took(n_through, self._working_since - begun_s)
        now = self._shared.clock()
        for (key, (row, _)), outcome in zip(batch.items(), outcomes, strict=True):
            settled[key] = settle(outcome, row.attempt, key, self._configured.retry, now)
        self._lost += [
            (row.message.identifier, row.recipient)
            for row in claimed
            if row.message.msg_type == DIGEST_TYPE and settled[row.key].signal is Signal.GIVEN_UP
        ]
        self._failures.take(list(settled.values()))
        self._count(settled)
        return settled

    def _outgoing(self, row: Claimed, now_s: float) -> OutgoingMessage:
        token = ""
        if row.kind is not RecipientKind.VILLAGE:
            token = self._shared.tokens.issue(row.number, row.message.identifier, row.recipient)
        late_s = seconds_late(row.message.sent_s, row.answer_by_s, self._configured.late_after_s, now_s)
        return outgoing(row, token, self._shared.public_url, late_s)

    def _judged(self, keys: Sequence[str], outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Outcomes with doubts resolved; the begin and the end of being held are in the log."""
        was_held = self._breaker.is_held
        if not keys:
            return []
        judged = self._breaker.judge(keys, outcomes, time.monotonic())
        self._has_worked = not self._breaker.is_held and (
            self._has_worked or any(outcome.is_sent for outcome in outcomes)
        )
        if self._breaker.is_held and not was_held:
            extra = {"channel": self.name, "reason": self._breaker.reason}
            logger.error("channel held: nothing gets through, messages wait", extra=extra)
        elif was_held and not self._breaker.is_held:
            logger.warning("channel released: a message got through", extra={"channel": self.name})
        return judged

    def _count(self, settled: dict[str, Settlement]) -> None:
        for settlement in settled.values():
            self._shared.metrics.send_attempts.labels(self.name, WORD_OF_SIGNAL[settlement.signal]).inc()

    def _settle(self) -> None:
        """Have the outcomes of the last batch kept; while the disk refuses, nothing more is sent."""
        while self._handed_in:
            try:
                self._shared.outbox.settle(self._handed_in, self._shared.clock())
                self._early.kept(self._handed_in)
            except Exception as error:  # noqa: BLE001  what has been sent must not be forgotten
                self._begin_fault(error)
                if self._is_stopping:
                    return
                self._pause(STORE_PAUSE_S)
            else:
                self._handed_in = {}
                self._tell_lost()

    def _tell_lost(self) -> None:
        """A post that cannot be reached is somebody whose answer need not be waited for."""
        lost, self._lost = self._lost, []
        for digest, post in lost:
            self._shared.lost(digest, post)
