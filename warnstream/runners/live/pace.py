"""When a node on the system's clock lets its engine step.

Regularly every `tick_s`; early where something new arrived: at once after a silence, within
`react_within_s` of the last early step in a stream; at once when a whole slice of backlog waits. Pure: the
caller tells the time of a clock that never goes back.

Judging what is fresh may not take the whole processor: early steps have a budget, a share of a core, saved
up over `BUDGET_S` at most. A step costs it what a step takes without its readings, which is about what the
cheapest of the last steps took (readings must be worked through in any case, so a burst is no reason to
wait). A step that took a slice of backlog tells nothing of an empty one: after a backlog the estimate of
before holds. Where a step is dear (a nation: seconds) the first of a silence is early all the same, and
then the regular ticks are nearly all there is.
"""

from warnstream.runners.intake.backlog import SLICE

BUDGET_S = 10.0
"""What early steps have not used of their share is theirs for so long."""

RELAXATION = 1.25
"""How fast the estimate of an empty step follows dearer ones: four times as much after six steps."""

BACKLOG_S = 0.25
"""Less than a slice of backlog waits so long for more of it."""


class Pace:
    """Steps of one node.

    Parameters
    ----------
    tick_s : float
        Longest time between two steps.
    react_within_s : float
        From an early step to the next one if something arrives meanwhile.
    judging_share : float
        Of a core, for early steps: above 0, 1 at most.
    now_s : float
        The first step is due at once.
    """

    def __init__(self, tick_s: float, react_within_s: float, judging_share: float, now_s: float) -> None:
        self._tick_s = tick_s
        self._next_s = now_s
        self._stepped_s = now_s - tick_s
        self._unjudged_s: float | None = None
        self._react_within_s = react_within_s
        self._share = judging_share
        self._empty_s = float("inf")
        self._early_s = float("-inf")
        self._is_early = False
        self._saved_s, self._saved_at_s = judging_share * BUDGET_S, now_s

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
            due_s = min(due_s, self._early_from_s())
        return due_s

    def reacts_at_s(self) -> float:
        """When a step is due for what arrives now."""
        return min(self._next_s, self._early_from_s())

    def _early_from_s(self) -> float:
        """From when on a step may be early: the stream before is judged together, and there is budget."""
        has_budget_s = self._saved_at_s + max(-self._saved_s, 0.0) / self._share
        return max(self._early_s + self._react_within_s, has_budget_s)

    def plan(self, now_s: float) -> None:
        """A step is on its way: the next regular one is `tick_s` later."""
        self._is_early = now_s < self._next_s
        self._next_s = now_s + self._tick_s

    def held(self, now_s: float) -> None:
        """A step that was due cannot be taken yet; it is tried again after `BACKLOG_S`."""
        self._stepped_s = self._early_s = now_s
        self._unjudged_s = None
        self._next_s = now_s + min(self._tick_s, BACKLOG_S)

    def stepped(self, now_s: float, took_s: float, backlog_taken: int = 0) -> float:
        """A step is done; returns how long the first of what it judged had waited, 0 if nothing had.

        `backlog_taken` are readings of long ago that it took.
        """
        if not backlog_taken:
            self._empty_s = min(took_s, self._empty_s * RELAXATION)
        if self._is_early:
            self._early_s = now_s
            self._spend(now_s, 0.0 if self._empty_s == float("inf") else self._empty_s)
        waited_s = self.unjudged_s(now_s)
        self._stepped_s, self._unjudged_s = now_s, None
        return waited_s

    def _spend(self, now_s: float, cost_s: float) -> None:
        """Steps that a backlog asks for do not wait for the budget: at most one of them is owed to it."""
        saved_s = self._saved_s + self._share * (now_s - self._saved_at_s)
        saved_s = min(saved_s, self._share * BUDGET_S)
        self._saved_s, self._saved_at_s = max(saved_s, 0.0) - cost_s, now_s

    def unjudged_s(self, now_s: float) -> float:
        """How long the first of what is not judged has waited; 0 if nothing does."""
        return 0.0 if self._unjudged_s is None else max(now_s - self._unjudged_s, 0.0)
