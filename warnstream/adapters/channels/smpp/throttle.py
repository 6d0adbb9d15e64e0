"""How long to wait after a gateway has said that we are too fast."""

WAIT_FIRST_S, WAIT_S_MAX = 0.25, 8.0


class Throttle:
    """A gate that closes for a while, twice as long each time until something passes. Times are arguments."""

    def __init__(self) -> None:
        self.reason = ""
        """What the gateway said; empty while it lets us pass."""
        self._until = 0.0
        self._wait_s = WAIT_FIRST_S

    def told(self, now: float, reason: str) -> None:
        """The gateway throttles us. What was on its way at the same time is told the same and counts once."""
        if now < self._until:
            return
        self.reason = reason
        self._until = now + self._wait_s
        self._wait_s = min(2 * self._wait_s, WAIT_S_MAX)

    def took_one(self) -> None:
        """The gateway has taken a message."""
        self.reason = ""
        self._wait_s = WAIT_FIRST_S

    def wait_s(self, now: float) -> float:
        """Seconds until the gate opens."""
        return max(self._until - now, 0.0)
