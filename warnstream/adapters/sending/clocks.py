"""Clocks of channels: the engine's time, in which messages expire; one that cannot be set, for retries."""

import time
from collections.abc import Callable


class EventClock:
    """Engine time in seconds, from any thread.

    Between steps it runs on with the steady clock, so that an engine that stands still
    (a full disk) does not keep messages young; a simulated time stands between its beacons.

    Parameters
    ----------
    engine_s : callable
        Time of the last step.
    start_s : float or None
        Time until the first step, running on; None takes the engine's own, for a simulated clock.
    """

    def __init__(
        self,
        engine_s: Callable[[], float],
        start_s: float | None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine_s = engine_s
        self._steady = steady
        self._runs = start_s is not None
        stands_s = engine_s()
        # Engine time last seen, the time that counted then, and the steady clock at that moment.
        self._seen = (stands_s, max(stands_s, start_s or stands_s), steady())

    def __call__(self) -> float:
        """The time now."""
        engine_s = self._engine_s()
        if not self._runs:
            return engine_s
        seen_s, counted_s, at = self._seen
        if engine_s != seen_s:
            counted_s, at = engine_s, self._steady()
            self._seen = (engine_s, counted_s, at)
        return counted_s + self._steady() - at


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
