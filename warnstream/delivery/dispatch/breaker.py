"""Stops a channel that reaches nobody, and decides whom a refusal meant.

A channel is *held* when nothing of a batch got through and the channel itself
is the likely cause: it was not reached, it refused people whom nobody refused
before, or message after message failed. While it is held its notifications
wait, without losing attempts, and one probe at a time asks whether it works
again; the first message that gets through opens it.

A doubtful refusal (HTTP 404: wrong number or wrong gateway?) counts as the
recipient's own once somebody else got through after it. Until then it is the
channel's, and the notification only waits. One or two people alone who are
refused for `PATIENCE_S` are believed to be the cause: a lone wrong number must
not keep a channel in doubt until the warning expires.

Pure: times are arguments, in seconds of any steady clock.
"""

from collections.abc import Sequence
from dataclasses import replace

from warnstream.delivery.dispatch.outcome import Outcome, Verdict

ROOM_MAX = 1 << 20
"""More than any batch: no limit."""

PROBE_FIRST_S = 1.0
PROBE_S_MAX = 10.0
"""Waits between probes double from the first to the longest; news shortens them to the first."""

FAILURES_IN_A_ROW_MAX = 16
"""So many different messages fail one after the other: it is the channel. At a gateway that fails
every second one by chance this happens once in 65,000."""

CROWD_MIN = 3
PATIENCE_S = 300.0
"""Fewer than `CROWD_MIN` people refused for longer than this: the refusals are theirs."""

REMEMBERED_MAX = 100_000
"""Refused messages remembered; when there are more, all are forgotten and doubt begins anew."""


class Breaker:
    """The state of one channel: works, or is held since when and why."""

    def __init__(self) -> None:
        self.reason = ""
        """Why the channel is held; empty while it works."""
        self.held_at = 0.0
        self._probe_at = 0.0
        self._probed_at = 0.0
        self._wait_s = PROBE_FIRST_S
        self._room = ROOM_MAX
        self._got_through = 0
        self._refused_at: dict[str, int] = {}
        self._in_doubt: set[str] = set()
        self._failed_in_a_row: set[str] = set()

    @property
    def is_held(self) -> bool:
        """Nothing but probes is sent."""
        return bool(self.reason)

    def room(self, now: float, batch_max: int) -> int:
        """How many messages may be sent now: a batch, one probe, or none; after it twice as many each time.

        A gateway that came back under the whole load at once might fall again.
        """
        if not self.is_held:
            return min(batch_max, self._room)
        return 1 if now >= self._probe_at else 0

    def probe_in_s(self, now: float) -> float:
        """Seconds until the next probe; 0 while the channel works."""
        return max(self._probe_at - now, 0.0) if self.is_held else 0.0

    def has_news(self) -> None:
        """There is new work: the next probe does not wait longer than the shortest wait."""
        self._probe_at = min(self._probe_at, self._probed_at + PROBE_FIRST_S)

    def release(self) -> None:
        """The channel works, or nothing is left that it could hold."""
        self.reason = ""
        self._wait_s = PROBE_FIRST_S
        self._in_doubt.clear()
        self._failed_in_a_row.clear()

    def judge(self, keys: Sequence[str], outcomes: Sequence[Outcome], now: float) -> list[Outcome]:
        """Take what happened to a batch, in the order of sending; returns it with doubts resolved.

        None of the outcomes returned is doubtful. Those of messages that only
        wait for the channel are ``unavailable`` and so cost no attempt.
        """
        self._remember(keys, outcomes)
        if any(_is_through(outcome) for outcome in outcomes):
            self._room = min(2 * self._room, ROOM_MAX)
            self.release()
            self._count_since_the_last_through(keys, outcomes)
        else:
            self._count(keys, outcomes)
            self._hold_if_at_fault(outcomes, now)
        return [self._resolved(key, outcome, now) for key, outcome in zip(keys, outcomes, strict=True)]

    def _remember(self, keys: Sequence[str], outcomes: Sequence[Outcome]) -> None:
        """For each refused message how many had got through before its first refusal."""
        if len(self._refused_at) > REMEMBERED_MAX:
            self._refused_at.clear()
        for key, outcome in zip(keys, outcomes, strict=True):
            if _is_through(outcome):
                self._got_through += 1
                self._refused_at.pop(key, None)
            elif outcome.verdict is Verdict.DOUBTFUL:
                self._refused_at.setdefault(key, self._got_through)

    def _is_own(self, key: str) -> bool:
        """Somebody else got through after this message was first refused."""
        return self._got_through > self._refused_at.get(key, self._got_through)

    def _count_since_the_last_through(self, keys: Sequence[str], outcomes: Sequence[Outcome]) -> None:
        last = max(place for place, outcome in enumerate(outcomes) if _is_through(outcome))
        self._count(keys[last + 1 :], outcomes[last + 1 :])

    def _count(self, keys: Sequence[str], outcomes: Sequence[Outcome]) -> None:
        for key, outcome in zip(keys, outcomes, strict=True):
            if outcome.verdict is Verdict.RETRY:
                self._failed_in_a_row.add(key)
            elif outcome.verdict is Verdict.DOUBTFUL and not self._is_own(key):
                self._in_doubt.add(key)

    def _hold_if_at_fault(self, outcomes: Sequence[Outcome], now: float) -> None:
        culprit = next((outcome for outcome in outcomes if outcome.verdict is Verdict.UNAVAILABLE), None)
        if culprit is None and self._in_doubt:
            culprit = next((outcome for outcome in outcomes if outcome.verdict is Verdict.DOUBTFUL), None)
        if culprit is None and len(self._failed_in_a_row) >= FAILURES_IN_A_ROW_MAX:
            culprit = next((outcome for outcome in outcomes if outcome.verdict is Verdict.RETRY), None)
        if culprit is None and not self.is_held:
            return
        if not self.is_held:
            self.held_at = now
        if culprit is not None:
            self.reason = culprit.reason or "nothing gets through"
        asked_s = max((outcome.retry_after_s for outcome in outcomes), default=0.0)
        self._room = 1
        self._probed_at = now
        self._probe_at = now + max(self._wait_s, asked_s)
        self._wait_s = min(2 * self._wait_s, PROBE_S_MAX)

    def _resolved(self, key: str, outcome: Outcome, now: float) -> Outcome:
        if outcome.verdict is Verdict.RETRY and self.is_held:
            # Tried while nothing got through: it waits, behind others that may do better as probe.
            return Outcome(Verdict.UNAVAILABLE, outcome.reason, max(PROBE_FIRST_S, outcome.retry_after_s))
        if outcome.verdict is not Verdict.DOUBTFUL:
            return outcome
        is_alone = len(self._in_doubt) < CROWD_MIN and self.is_held and now - self.held_at >= PATIENCE_S
        if self._is_own(key) or is_alone:
            return replace(outcome, verdict=Verdict.RETRY)
        return Outcome(Verdict.UNAVAILABLE, outcome.reason, PROBE_FIRST_S)


def _is_through(outcome: Outcome) -> bool:
    """The channel works: it took the message, or spoke of this very recipient."""
    return outcome.verdict in (Verdict.SENT, Verdict.REFUSED)
