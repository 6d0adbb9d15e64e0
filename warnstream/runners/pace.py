"""When a node on the system's clock lets its engine step.

Regularly every `tick_s`; within `FRESH_S` of a step when something new arrived
after it; at once when a whole slice of backlog waits. Pure: the caller tells
the time of a clock that never goes back.
"""

from warnstream.runners.backlog import SLICE

FRESH_S = 1.0
"""What arrives is judged so soon after the last step; also the most steps per second in quiet times."""

BACKLOG_S = 0.25
"""Less than a slice of backlog waits so long for more of it."""


class Pace:
    """Steps of one node.

    Parameters
    ----------
    tick_s : float
        Longest time between two steps.
    now_s : float
        The first step is due at once.
    """

    def __init__(self, tick_s: float, now_s: float) -> None:
        self._tick_s = tick_s
        self._next_s = now_s
        self._stepped_s = now_s - tick_s
        self._unjudged_s: float | None = None

    def arrived(self, at_s: float) -> None:
        """Something new came at that time and is not judged yet."""
        if self._unjudged_s is None:
            self._unjudged_s = at_s

    def is_due(self, now_s: float, backlog: int) -> bool:
        """Whether to step now; `backlog` readings wait."""
        return now_s >= self.due_s(backlog)

    def due_s(self, backlog: int) -> float:
        """When the next step is due."""
        if backlog >= SLICE:
            return self._stepped_s
        due_s = self._next_s
        if backlog:
            due_s = min(due_s, self._stepped_s + BACKLOG_S)
        if self._unjudged_s is not None:
            due_s = min(due_s, self._stepped_s + FRESH_S)
        return due_s

    def plan(self, now_s: float) -> None:
        """A step is on its way: the next regular one is `tick_s` later."""
        self._next_s = now_s + self._tick_s

    def stepped(self, now_s: float) -> float:
        """A step is done; returns how long the first of what it judged had waited, 0 if nothing had."""
        waited_s = self.unjudged_s(now_s)
        self._stepped_s, self._unjudged_s = now_s, None
        return waited_s

    def unjudged_s(self, now_s: float) -> float:
        """How long the first of what is not judged has waited; 0 if nothing does."""
        return 0.0 if self._unjudged_s is None else max(now_s - self._unjudged_s, 0.0)
