"""The state table of a notification: every transition that there is, in one place.

Rule 1: whatever changes the state of a notification is a `Signal`, and what it
does stands in `TRANSITIONS`. Rule 2: a signal that finds another state than it
expects changes nothing, so that a late or repeated one is harmless. The outbox
stores what this file says and decides nothing.

Receipts are the one thing that is believed in any state: a device that shows a
message has it, whatever sending thought of it.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from warnstream.delivery.dispatch.outcome import Outcome, Verdict
from warnstream.delivery.dispatch.retry import wait_before_attempt_s
from warnstream.model.rules.policies import RetryPolicy


class State(IntEnum):
    """What became of a notification; the numbers are stored."""

    PENDING = 0
    SENDING = 1
    SENT = 2
    DELIVERED = 3
    FAILED = 4
    SUPERSEDED = 5
    EXPIRED = 6

    @property
    def word(self) -> str:
        """Lower-case name for metrics and interfaces."""
        return self.name.lower()


class Signal(StrEnum):
    """What can happen to a notification."""

    CLAIMED = "claimed"
    """Its channel has taken it to send it."""
    RECOVERED = "recovered"
    """The process that was sending it has ended; nobody knows the outcome."""
    SENT = "sent"
    DEFERRED = "deferred"
    """An attempt failed; another one follows."""
    RETURNED = "returned"
    """It could not be tried; it waits again as if nothing had happened."""
    GIVEN_UP = "given_up"
    """It was refused for good, or attempts are used up."""
    EXPIRED = "expired"
    """Its message is over before it was sent."""
    UNDELIVERED = "undelivered"
    """The channel took it, and reports that it will not reach its recipient."""
    RECEIPT = "receipt"
    """The recipient's device reports it."""
    ORPHANED = "orphaned"
    """Its channel is configured no more: nobody would ever send it."""
    REPLACED = "replaced"
    """Its recipient gets a newer message of the same warning."""
    CLAIMED_ELSEWHERE = "claimed_elsewhere"
    """The other one of two boxes had it in hand, perhaps while a newer one was recorded here."""
    BEGUN_ELSEWHERE = "begun_elsewhere"
    """An end that would have puzzled: by the other box its recipient heard of the beginning after all."""


OF_OTHER_BOX = frozenset({Signal.CLAIMED_ELSEWHERE, Signal.BEGUN_ELSEWHERE})
"""What another box did is a fact here, whatever this one took for replaced."""

TRANSITIONS: dict[Signal, tuple[frozenset[State], State]] = {
    Signal.CLAIMED: (frozenset({State.PENDING}), State.SENDING),
    Signal.RECOVERED: (frozenset({State.SENDING}), State.PENDING),
    Signal.SENT: (frozenset({State.SENDING}), State.SENT),
    Signal.DEFERRED: (frozenset({State.SENDING}), State.PENDING),
    Signal.RETURNED: (frozenset({State.SENDING}), State.PENDING),
    Signal.GIVEN_UP: (frozenset({State.SENDING}), State.FAILED),
    Signal.EXPIRED: (frozenset({State.SENDING}), State.EXPIRED),
    Signal.UNDELIVERED: (frozenset({State.SENT}), State.FAILED),
    Signal.ORPHANED: (frozenset({State.PENDING, State.SENDING}), State.FAILED),
    Signal.RECEIPT: (frozenset(State) - {State.DELIVERED}, State.DELIVERED),
    Signal.REPLACED: (frozenset({State.PENDING}), State.SUPERSEDED),
    Signal.CLAIMED_ELSEWHERE: (frozenset({State.PENDING, State.SUPERSEDED}), State.SENDING),
    Signal.BEGUN_ELSEWHERE: (frozenset({State.SUPERSEDED}), State.PENDING),
}
"""Signal -> (states in which it changes something, the state it leads to)."""

OPEN_STATES = frozenset({State.PENDING, State.SENDING})
"""Something is left to do."""


def after(state: State, signal: Signal) -> State:
    """The state after a signal.

    Examples
    --------
    >>> after(State.SENDING, Signal.SENT)
    <State.SENT: 2>
    >>> after(State.DELIVERED, Signal.SENT)  # its receipt was faster
    <State.DELIVERED: 3>
    """
    sources, target = TRANSITIONS[signal]
    return target if state in sources else state


NEVER_TRIED = 0.0
"""Stands where other notifications have the time of their next attempt."""

LONG_DUE = 1e-3
"""A time of the next attempt that has long come."""

NO_ATTEMPT = frozenset({Signal.RETURNED, Signal.EXPIRED})
"""After these the attempt does not count."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an attempt means for a notification: its signal, when it may be tried again, and why.

    `retry_at` is `NEVER_TRIED` for one that keeps its place among those whom nobody has tried, and for
    those that are not sent again.
    """

    signal: Signal
    retry_at: float = NEVER_TRIED
    reason: str = ""


EXPIRED_UNSENT = Settlement(Signal.EXPIRED, reason="expired before it could be sent")


def settle(outcome: Outcome, attempt: int, key: str, policy: RetryPolicy, now: float) -> Settlement:
    """What the outcome of an attempt means.

    Parameters
    ----------
    outcome : Outcome
        After the breaker has resolved doubts.
    attempt : int
        Number of the attempt that was made, from 1.
    key : str
        Idempotency key; spreads the waits.
    policy : RetryPolicy
    now : float
        Clock in which `retry_at` is meant, seconds.
    """
    if outcome.verdict is Verdict.SENT:
        return Settlement(Signal.SENT)
    if outcome.verdict is Verdict.REFUSED:
        return Settlement(Signal.GIVEN_UP, reason=outcome.reason)
    if outcome.verdict is Verdict.RETRY:
        wait_s = wait_before_attempt_s(policy, attempt + 1, key)
        if wait_s is None:
            return Settlement(Signal.GIVEN_UP, reason=outcome.reason)
        return Settlement(
            Signal.DEFERRED, max(now + max(wait_s, outcome.retry_after_s), LONG_DUE), outcome.reason
        )
    if outcome.retry_after_s > 0:
        return Settlement(Signal.RETURNED, now + outcome.retry_after_s, outcome.reason)
    return Settlement(Signal.RETURNED, NEVER_TRIED if attempt == 1 else LONG_DUE, outcome.reason)
