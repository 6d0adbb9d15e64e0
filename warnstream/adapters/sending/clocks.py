"""The clock of retries: one that cannot be set."""

import time
from collections.abc import Callable


class UnsettableClock:
    """Wall clock at the start, running on steadily: setting the clock puts no retry off for a day.

    Parameters
    ----------
    wall, steady : callable
        Seconds.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._steady = steady
        self._ahead_s = wall() - steady()

    def __call__(self) -> float:
        """The time now."""
        return self._ahead_s + self._steady()
