"""The villages of one chain: who is asked for each, who climbs in, and when nobody owes any more."""

from collections.abc import Callable, Mapping, Sequence

from warnstream.model.digests import AGAIN_FROM, Need
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.warning import Cause, WarningMessage
from warnstream.routing.debts import ENDS, NEVER
from warnstream.routing.needs import NO_DUTIES, Ranked, owing
from warnstream.routing.posts import Posts
from warnstream.routing.turns import AWAITING, Ask, Signal, State, Turn


class Villages:
    """Turns of villages.

    Parameters
    ----------
    posts_of : callable
        Posts of a village with their ranks, each once, lowest rank first.
    policy : RoutingPolicy
    posts : Posts
    duties : mapping of str to str
        By post, of those that have one.

    Attributes
    ----------
    turns : dict of int to Turn
        By village; of those that posts were ever asked or told of.
    dry : set of int
        Villages whose chain ran dry.
    """

    def __init__(
        self,
        posts_of: Callable[[int], Sequence[Ranked]],
        policy: RoutingPolicy,
        posts: Posts,
        duties: Mapping[str, str] = NO_DUTIES,
    ) -> None:
        self._posts_of, self._policy, self._posts, self._duties = posts_of, policy, posts, duties
        self._ranked: dict[int, tuple[Ranked, ...]] = {}
        self.turns: dict[int, Turn] = {}
        self.dry: set[int] = set()

    def ranked(self, village: int) -> tuple[Ranked, ...]:
        """Posts of a village with their ranks, lowest first."""
        if (found := self._ranked.get(village)) is None:
            found = self._ranked[village] = tuple(self._posts_of(village))
        return found

    def turn(self, village: int) -> Turn:
        """Turn of a village, from now on if it had none."""
        return self.turns.setdefault(village, Turn())

    def asked(self, village: int) -> list[str]:
        """Posts that know of a village, lowest rank first."""
        rank = self.turns[village].asked_rank if village in self.turns else 0
        return [post for post, of in self.ranked(village) if of <= rank]

    def hear(self, message: WarningMessage) -> None:
        """What stands after a message: a raise asks, an end releases, anything is told to who knows.

        A raise is a hazard that rises to a level that concerns posts, also below the worst of its village:
        who has answered for the flood has not answered for the slope.
        """
        village, turn = message.village, self.turn(message.village)
        before = turn.hear(message)
        turn.level = self._level_of(turn.standing)
        if self._is_raise(before, message.level):
            self._raise(village, turn)
        self._tell(village, message.hazard, message.cause)
        if not turn.level:
            self._end(village, turn)
        elif message.level < before:
            self.settle(village)

    def answered(self, village: int, post: str) -> None:
        """A post has answered for a village that it owed."""
        turn = self.turns[village]
        self._posts.release(post, village)
        turn.answered.append(post)
        turn.silent = [other for other in turn.silent if other != post]
        self.settle(village)

    def miss(self, post: str, village: int) -> None:
        """A post did not answer in time: the next rank is asked; from orange on it is rung again."""
        debt, turn = self._posts.debt(post), self.turns[village]
        owed = debt.owed[village]
        was_overdue, owed.is_overdue, owed.due_s = owed.is_overdue, True, NEVER
        if turn.level >= AGAIN_FROM:
            debt.rings = True
        else:
            owed.has_lapsed = True
        if not was_overdue:
            turn.silent.append(post)
            self._climb(village, turn, post)
        self._check(village)

    def settle(self, village: int) -> None:
        """Nobody is waited for who is not needed any more; who is needed and was never asked is asked."""
        turn = self.turns[village]
        if turn.state not in AWAITING:
            return
        if self._policy.asks_all_ranks(turn.level):
            turn.asked_rank = self._top(village)
        needed = set(self._needed(village))
        for post, _ in self.ranked(village):
            if post not in needed:
                self._posts.release(post, village)
            elif self._posts.owed(post, village) is None:
                self._posts.ask(post, village)
        self._check(village)

    def align(self, village: int, levels: dict[str, Level]) -> None:
        """What stands is this, whatever was heard: what has risen asks, what has not settles."""
        turn = self.turn(village)
        before, stood, turn.standing = turn.level, turn.standing, dict(levels)
        turn.level = self._level_of(levels)
        has_risen = any(
            self._is_raise(stood.get(hazard, Level.NONE), level) for hazard, level in levels.items()
        )
        if has_risen or turn.level > before:  # the latter where a changed policy concerns posts with more
            self._raise(village, turn)
        elif not turn.level and before:
            self._end(village, turn)
        elif turn.level is not before:
            self.settle(village)

    def review(self, village: int) -> None:
        """After a change of the register or the policy: who is needed now is asked, others are released."""
        turn = self.turns[village]
        lowest = min((rank for _, rank in self.ranked(village)), default=0)
        turn.asked_rank = min(max(turn.asked_rank, lowest), self._top(village))
        for post, _ in self.ranked(village):
            owed = self._posts.owed(post, village)
            if owed is not None and owed.has_lapsed:
                self._posts.release(post, village)
        self.settle(village)

    def restore(self, turns: dict[int, Turn]) -> None:
        """Take up turns of a snapshot."""
        self.turns = turns
        self.dry = {village for village, turn in turns.items() if turn.state is State.DRY}

    def _is_raise(self, before: Level, level: Level) -> bool:
        """Whether a hazard's new level has to be answered by posts."""
        return before < level >= self._policy.chain_level_min

    def _level_of(self, standing: Mapping[str, Level]) -> Level:
        """The worst that stands, where that concerns posts."""
        worst = max(standing.values(), default=Level.NONE)
        return worst if worst >= self._policy.chain_level_min else Level.NONE

    def _raise(self, village: int, turn: Turn) -> None:
        ask = turn.take(Signal.RAISE, self._posts.now_s)
        turn.number += 1
        turn.answered = []
        lowest = min((rank for _, rank in self.ranked(village)), default=0)
        if ask is Ask.ALL or self._policy.asks_all_ranks(turn.level):
            turn.asked_rank = self._top(village)
        else:
            turn.asked_rank = max(turn.asked_rank, lowest)
        needed = self._needed(village)
        for post, _ in self.ranked(village):
            if post not in needed:
                self._posts.release(post, village)
        for post in needed:
            self._posts.ask(post, village)
        turn.silent = [post for post in turn.silent if self._posts.is_silent(post, village)]
        self._check(village)

    def _end(self, village: int, turn: Turn) -> None:
        turn.take(Signal.END, self._posts.now_s)
        turn.asked_rank, turn.answered, turn.silent, turn.told = 0, [], [], []
        self.dry.discard(village)
        self._release_all(village)

    def _tell(self, village: int, hazard: str, cause: Cause) -> None:
        asked, turn = self.asked(village), self.turns[village]
        turn.told += [post for post in asked if post not in turn.told]
        for post in turn.told if cause in ENDS else asked:
            self._posts.debt(post).tell(village, hazard, cause)
            self._posts.touch(post)

    def _climb(self, village: int, turn: Turn, silent: str) -> None:
        """Ask the rank above, or notice that the top is silent."""
        posts = self.ranked(village)
        if (silent, turn.asked_rank) not in posts:
            return  # a rank above has been asked already
        above = [rank for _, rank in posts if rank > turn.asked_rank]
        if above:
            turn.asked_rank = min(above)
            for post, rank in posts:
                if rank == turn.asked_rank:
                    self._posts.ask(post, village)
        elif not any(rank == turn.asked_rank and self._posts.has_time(post, village) for post, rank in posts):
            self._run_dry(village, turn)

    def _check(self, village: int) -> None:
        """Complete if nobody owes; dry if nobody who owes is waited for."""
        turn = self.turns[village]
        if turn.state not in AWAITING:
            return
        needed = self._needed(village)
        if not needed and (self.ranked(village) or self._policy.need_of(turn.level) is Need.NONE):
            turn.take(Signal.COMPLETE, self._posts.now_s)
            self.dry.discard(village)
        elif not any(self._posts.is_awaited(post, village) for post in needed):
            self._run_dry(village, turn)

    def _run_dry(self, village: int, turn: Turn) -> None:
        turn.take(Signal.SILENT, self._posts.now_s)
        self.dry.add(village)

    def _needed(self, village: int) -> list[str]:
        """Of the posts that were asked, those whose answers the village needs and does not have."""
        turn = self.turns[village]
        asked = [ranked for ranked in self.ranked(village) if ranked[1] <= turn.asked_rank]
        return owing(self._policy.need_of(turn.level), asked, turn.answered, self._duties)

    def _release_all(self, village: int) -> None:
        for post, _ in self.ranked(village):
            self._posts.release(post, village)

    def _top(self, village: int) -> int:
        return max((rank for _, rank in self.ranked(village)), default=0)
