"""Villages from which no post answers: after a time somebody has to go there.

The task is a call for help that nobody there has made (`SILENT_CALLER`): it rings the posts that answer for
the village up to the lowest rank above those who are silent, climbs, is taken by a person and closed by
another. An answer of any post of the village closes it, too; so does the end, unless somebody is on the way.
"""

from collections.abc import Callable, Mapping, Sequence

from warnstream.model.digests import SILENT_CALLER
from warnstream.routing.debts import NEVER
from warnstream.routing.help_calls import HelpCall
from warnstream.routing.needs import Ranked
from warnstream.routing.turns import AWAITING, State, Turn

WaitsS = tuple[int, int, int, int, int]
"""By level, none to red: after how many seconds without any answer a person is sent; 0: never."""


class SilentVillages:
    """Since when nobody has answered for whom.

    Parameters
    ----------
    after_s : WaitsS

    Attributes
    ----------
    since_s : dict of int to int
        By village: time of its last raise, until somebody answers, it ends, or its task is made.
    """

    def __init__(self, after_s: WaitsS) -> None:
        self._after_s = after_s
        self._least_s = min((wait for wait in after_s if wait), default=0)
        self.since_s: dict[int, int] = {}
        self._look_at_s = NEVER

    def raised(self, village: int, now_s: int) -> None:
        """Something there has become worse: answers count anew."""
        if self._least_s:
            self.since_s[village] = now_s
            self._look_at_s = NEVER

    def due(
        self, turns: Mapping[int, Turn], ranked: Callable[[int], Sequence[Ranked]], now_s: int
    ) -> list[tuple[int, int]]:
        """Villages where somebody has to go from now on, each once a raise, and the rank rung in vain."""
        if not self.since_s or now_s < self._look_at_s:
            return []
        found, next_s = [], now_s + self._least_s
        for village, since_s in list(self.since_s.items()):
            turn = turns.get(village)
            if turn is None or turn.state not in AWAITING or turn.answered:
                del self.since_s[village]
                continue
            wait_s = self._after_s[turn.level]
            if wait_s and since_s + wait_s <= now_s:
                del self.since_s[village]
                found.append((village, _rank_silent(turn, dict(ranked(village)))))
            elif wait_s:
                next_s = min(next_s, since_s + wait_s)
        self._look_at_s = next_s
        return sorted(found)

    def restore(self, since_s: Mapping[int, int]) -> None:
        """Take up a snapshot."""
        self.since_s, self._look_at_s = dict(since_s), NEVER


def over(calls: Mapping[str, HelpCall], turns: Mapping[int, Turn]) -> list[str]:
    """Names of tasks that need nobody any more."""
    return [
        name
        for name, call in calls.items()
        if call.caller == SILENT_CALLER and _is_over(call, turns.get(call.village))
    ]


def _is_over(call: HelpCall, turn: Turn | None) -> bool:
    if turn is None or turn.state is State.QUIET:
        return not call.assigned
    return bool(turn.answered)


def _rank_silent(turn: Turn, ranked: Mapping[str, int]) -> int:
    """The highest rank that was asked in vain and has one above it: the next one is rung first."""
    top = max(ranked.values(), default=0)
    return max((rank for rank in (ranked.get(post, 0) for post in turn.silent) if rank < top), default=0)
