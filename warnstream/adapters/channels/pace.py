"""No more than so many messages a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Pace:
    """Lets `rate_per_s` callers begin per second, evenly; None does not limit."""

    def __init__(
        self,
        rate_per_s: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if rate_per_s is not None and rate_per_s <= 0:
            raise ValueError(f"rate_per_s must be positive, got {rate_per_s}")
        self._interval_s = 0.0 if rate_per_s is None else 1.0 / rate_per_s
        self._clock = clock
        self._sleep = sleep
        self._next_at = 0.0

    def room(self, most: int, seconds: float) -> int:
        """How many may begin within some seconds: at least one, at most `most`."""
        return most if not self._interval_s else max(1, min(most, int(seconds / self._interval_s)))

    async def wait(self) -> None:
        """Return when the next one may begin. For one task."""
        if not self._interval_s:
            return
        now = self._clock()
        if self._next_at > now:
            await self._sleep(self._next_at - now)
        self._next_at = max(self._next_at, now) + self._interval_s
