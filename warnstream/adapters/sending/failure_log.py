"""One line in the log when a channel begins to fail or fails for another reason, then one a while."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence

from warnstream.delivery.dispatch.notification import Settlement, Signal

logger = logging.getLogger(__name__)

TELL_AGAIN_S = 30.0
"""A channel that keeps failing for the same reason is in the log that often."""

WORD_OF_SIGNAL = {
    Signal.DEFERRED: "again",
    Signal.RETURNED: "waiting",
    Signal.GIVEN_UP: "failed",
    Signal.EXPIRED: "expired",
}


class FailureLog:
    """Counts what is not sent on a channel and writes it down, not message by message."""

    def __init__(self, channel: str, steady: Callable[[], float] = time.monotonic) -> None:
        self._channel = channel
        self._steady = steady
        self._counts: Counter[str] = Counter()
        self._reason = ""
        self._tell_at = 0.0

    def take(self, settlements: Sequence[Settlement]) -> None:
        """Settlements of a batch; those that were sent are passed over."""
        failures = [settlement for settlement in settlements if settlement.signal is not Signal.SENT]
        if not failures:
            return
        self._counts.update(WORD_OF_SIGNAL[failure.signal] for failure in failures)
        reason, now = failures[0].reason, self._steady()
        if reason == self._reason and now < self._tell_at:
            return
        is_final = self._counts["failed"] + self._counts["expired"] > 0
        level = logging.ERROR if is_final else logging.WARNING
        logger.log(
            level, "messages not sent", extra={"channel": self._channel, **self._counts, "reason": reason}
        )
        self._counts.clear()
        self._reason, self._tell_at = reason, now + TELL_AGAIN_S
