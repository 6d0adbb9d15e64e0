"""How far the replay of the journal is at a start: for /readyz, and a line of the log now and then."""

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

TOLD_EVERY_S = 5.0


class ReplayProgress:
    """Counts entries that were taken of those that there are.

    Parameters
    ----------
    tell : callable
        Takes a sentence, often.
    clock : callable
        Monotonic clock in seconds.
    """

    def __init__(self, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._told_at = clock()

    def taken(self, number: int, after: int, last: int) -> None:
        """Entry `number` was taken, of those after `after` and up to `last`."""
        done, total = number - after, max(last - after, 1)
        self._tell(f"{done} of {total} entries of the journal")
        now = self._clock()
        if now - self._told_at >= TOLD_EVERY_S:
            self._told_at = now
            log.info(
                "journal is replayed", extra={"entries": done, "of": total, "share": f"{done / total:.0%}"}
            )
