"""The duty posts of one chain: their debts, their timers and the digests that go out.

Limit: a post that has to wait for its next digest is looked through when that may go out, not at every
raise; a step costs the posts that it touches and those that fall due.
"""

import heapq
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from warnstream.model.digests import Digest
from warnstream.model.hands.orders import SILENCED_MAX
from warnstream.model.hands.roster import NOBODY, Roster
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.times import NEVER_DUE_S
from warnstream.model.warning import MessageStatus
from warnstream.routing.debts import ENDS, NEVER, NOT_YET, Debt, Owed
from warnstream.routing.digests import Seen, compose, given, standing_of_posts
from warnstream.routing.help_calls import HelpCalls
from warnstream.routing.reports import Reports
from warnstream.routing.turns import Turn

N_DIGITS_MAX = 9
"""Digits of a digest's number."""

Timer = tuple[bool, str]
"""What a timer is for: a post (True) or a call for help, and its name."""


class Posts:
    """Debts and timers of posts.

    Parameters
    ----------
    policy : RoutingPolicy
    status : MessageStatus
        Of the digests.
    series : callable
        Name of a post's sequence of digests that opens at a time.
    posts_were : mapping of str to str, optional
        By a code that a post had before, its code now.
    roster : Roster, optional
        Who holds a post by time.

    Attributes
    ----------
    debts : dict of str to Debt
        By post; of those that were ever asked or told something.
    now_s : int
        Time of the step.
    silenced : set of str
        Posts whose digests are held back, but for red, ends and calls for help; their time to answer runs.
    """

    def __init__(
        self,
        policy: RoutingPolicy,
        status: MessageStatus,
        series: Callable[[str, int], str],
        posts_were: Mapping[str, str] = MappingProxyType({}),
        roster: Roster = NOBODY,
    ) -> None:
        self._policy, self._status, self._series = policy, status, series
        self._posts_were, self._roster = posts_were, roster
        self._next_shift_s, self._standing = NEVER, dict[str, set[int]]()
        self.debts: dict[str, Debt] = {}
        self.now_s = NEVER
        self.silenced: set[str] = set()
        self._held: set[str] = set()
        self._touched: set[str] = set()
        self._fallen: set[str] = set()
        self._timers: list[tuple[int, Timer]] = []
        self._planned: dict[Timer, int] = {}

    @property
    def due_s(self) -> int:
        """When time alone may ring or ask anybody; infinite: never."""
        due_s = self._timers[0][0] if self._timers else NEVER_DUE_S
        return min(due_s, self._next_shift_s) if self.debts else due_s

    def debt(self, post: str) -> Debt:
        """Debt of a post, from now on if it had none."""
        return self.debts.setdefault(post, Debt())

    def owed(self, post: str, village: int) -> Owed | None:
        """A village's claim to a post's answer."""
        debt = self.debts.get(post)
        return None if debt is None else debt.owed.get(village)

    def is_awaited(self, post: str, village: int) -> bool:
        """Whether somebody waits for a post's answer: it has a timer, or a digest that comes."""
        owed = self.owed(post, village)
        return owed is not None and not owed.has_lapsed

    def has_time(self, post: str, village: int) -> bool:
        """Whether a post's answer is awaited and was never overdue."""
        owed = self.owed(post, village)
        return owed is not None and not owed.is_overdue

    def is_silent(self, post: str, village: int) -> bool:
        """Whether a post's answer is awaited and overdue."""
        owed = self.owed(post, village)
        return owed is not None and owed.is_overdue

    def owing(self, villages: Collection[int]) -> list[str]:
        """Posts whose answer for any of these villages is waited for."""
        return [
            post
            for post, debt in self.debts.items()
            if any(village in villages and not owed.has_lapsed for village, owed in debt.owed.items())
        ]

    def ask(self, post: str, village: int) -> None:
        """A post owes an answer for a village, anew; who is waited for already gets no more time by it."""
        before = self.owed(post, village) or Owed()
        is_overdue = before.is_overdue and not before.has_lapsed
        self.debt(post).owed[village] = Owed(due_s=before.due_s, is_overdue=is_overdue)
        self.touch(post)

    def release(self, post: str, village: int) -> None:
        """Nobody waits for a post in a village any more; its timer and the call that comes are gone."""
        if post in self.debts:
            self.debts[post].owed.pop(village, None)

    def touch(self, post: str) -> None:
        """There may be something for a digest."""
        self._touched.add(post)

    def plan(self, timer: Timer, at_s: int) -> None:
        """Look at a post or a call at a time; nothing where that happens sooner already."""
        planned_s = self._planned.get(timer, NEVER)
        if planned_s == NEVER or at_s < planned_s:
            self._planned[timer] = at_s
            heapq.heappush(self._timers, (at_s, timer))

    def fallen(self) -> list[Timer]:
        """Calls for help, then posts, whose timers are over; each must be looked at in this step."""
        found: set[Timer] = set()
        while self._timers and self._timers[0][0] <= self.now_s:
            at_s, timer = heapq.heappop(self._timers)
            if self._planned.get(timer) == at_s:
                del self._planned[timer]
            found.add(timer)
        return sorted(found)

    def look_again(self, post: str) -> None:
        """Due times of a post have changed."""
        self._fallen.add(post)
        self.touch(post)

    def ask_anew(self) -> None:
        """The next digest of every post that owes something asks for all of it."""
        for post, debt in self.debts.items():
            for village in debt.owed:
                debt.owed[village] = Owed()
            if debt.owed:
                debt.rings, debt.tries = False, 0
                self.touch(post)

    def number_as(self, digest: Digest) -> None:
        """A digest was issued under this number: later ones get greater ones."""
        post, debt = digest.post, self.debt(digest.post)
        earlier = (before for before, now in self._posts_were.items() if now == post)
        names = (code for code in (post, *earlier) if self._series(code, digest.opened_s) == digest.series)
        if (name := next(names, post)) != post:
            debt.named = name
        if (debt.opened_s, debt.n) < (digest.opened_s, digest.n):
            debt.opened_s, debt.n = digest.opened_s, digest.n
            debt.issued_s = max(debt.issued_s, digest.issued_s)
            debt.shift, debt.hands_over = self._roster.key(post, digest.issued_s), False

    def number_of(self, identifier: str, post: str) -> int:
        """Number of a digest that a post was sent; 0 if it was not."""
        debt, digits = self.debts.get(post), identifier.rpartition(".")[2]
        if debt is None or not (digits.isascii() and digits.isdigit() and len(digits) <= N_DIGITS_MAX):
            return 0
        is_theirs = debt.n > 0 and identifier == f"{self.series_of(post)}.{int(digits)}"
        return int(digits) if is_theirs and int(digits) <= debt.n else 0

    def issue(self, turns: Mapping[int, Turn], calls: HelpCalls, reports: Reports) -> list[Digest]:
        """Digests of the posts that were touched, worst first."""
        self._hand_over()
        digests = []
        looked_at, self._held = self._touched | (self._held - self.silenced), self._held & self.silenced
        hands_over = any(self.debt(post).hands_over for post in looked_at)
        self._standing = standing_of_posts(turns) if hands_over else {}
        for post in sorted(looked_at):
            debt = self.debt(post)
            ready_s = debt.issued_s + self._policy.digest_every_s if debt.n else self.now_s
            if post in self.silenced and not _is_loud(debt, turns):
                self._hold(post, debt, turns)
            elif ready_s > self.now_s:
                self.plan((True, post), ready_s)
            elif self._has_reason(post, debt, calls):
                digests.append(self._write(post, debt, turns, calls, reports))
                self._fallen.add(post)
            if post in self._fallen and (due_s := debt.answer_by_s()) != NEVER:
                self.plan((True, post), due_s)
        self._touched, self._fallen = set(), set()
        digests.sort(key=lambda digest: -digest.level)
        return digests

    def _hand_over(self) -> None:
        """Where another person holds a post now than its last digest rang, that one hears what is open there.

        What is compared is who was rung last, so a step that was left out, a clock that jumped and a roster
        that was changed hand over as a change of shift does.
        """
        if self.now_s < self._next_shift_s:
            return
        self._next_shift_s = self._roster.next_change_s(self.now_s)
        for post, debt in self.debts.items():
            debt.hands_over = bool(debt.n) and self._roster.key(post, self.now_s) != debt.shift
            if debt.hands_over:
                self.touch(post)

    def _has_reason(self, post: str, debt: Debt, calls: HelpCalls) -> bool:
        """Whether there is something for a digest: also another person at a post where anything is open."""
        owes = debt.helps or any(debt.lives(village) for village in debt.owed)
        if debt.hands_over and not (
            owes or post in self._standing or given(post, (), calls.of_name.values())
        ):
            debt.shift, debt.hands_over = self._roster.key(post, self.now_s), False
        return debt.has_reason()

    def _hold(self, post: str, debt: Debt, turns: Mapping[int, Turn]) -> None:
        """Nothing is sent to a silenced post, and what it would be asked for falls due all the same."""
        self._held.add(post)
        for village, owed in debt.owed.items():
            if owed.first_n == NOT_YET and not owed.is_overdue and owed.due_s == NEVER:
                owed.due_s = self.now_s + self._policy.answer_within_s[turns[village].level]
        self._fallen.add(post)

    def series_of(self, post: str) -> str:
        """Name of a post's sequence of digests; it has had one."""
        debt = self.debts[post]
        return self._series(debt.named or post, debt.opened_s)

    def restore(self, debts: dict[str, Debt], now_s: int) -> None:
        """Take up debts of a snapshot, and plan their timers."""
        self.debts, self.now_s = debts, now_s
        self._touched, self._fallen, self._timers, self._planned = set(), set(), [], {}
        self._next_shift_s = NEVER
        self._held = {post for post, debt in debts.items() if debt.has_reason()}
        for post, debt in debts.items():
            self.plan((True, post), debt.issued_s + self._policy.digest_every_s)
            if (due_s := debt.answer_by_s()) != NEVER:
                self.plan((True, post), due_s)

    def _write(
        self, post: str, debt: Debt, turns: Mapping[int, Turn], calls: HelpCalls, reports: Reports
    ) -> Digest:
        debt.opened_s = self.now_s if debt.opened_s == NEVER else debt.opened_s
        debt.issued_s = self.now_s
        debt.n += 1
        silent = [owed for owed in debt.owed.values() if owed.is_overdue and not owed.has_lapsed]
        debt.tries = debt.tries + debt.rings if silent else 0
        debt.is_deputized |= debt.tries > 0
        debt.rings = debt.rings_for_help = debt.rings_by_hand = False
        for owed in silent:
            owed.due_s = self.now_s + self._policy.wait_s(max(debt.tries, 1))
        for village, owed in debt.owed.items():
            if owed.first_n == NOT_YET:
                owed.first_n = debt.n
                due_s = self.now_s + self._policy.answer_within_s[turns[village].level]
                owed.due_s = due_s if owed.due_s == NEVER else min(owed.due_s, due_s)
        debt.helps = {name: first or debt.n for name, first in debt.helps.items()}
        debt.shift = self._roster.key(post, self.now_s)
        begun_s = self._roster.begin_s(post, self.now_s)
        taken_over = self._standing.get(post, ()) if debt.hands_over else ()
        seen = Seen(turns, calls.of_name, reports, begun_s, taken_over)
        digest = compose(post, self.series_of(post), debt, seen, self._status)
        named = digest.lines or digest.helps
        debt.place = named[0].village if named else debt.place
        debt.news, debt.taken, debt.hands_over = {}, [], False
        if debt.is_deputized and not digest.needs_answer:
            debt.is_deputized = any(post in turn.told for turn in turns.values())
        return digest


def _is_loud(debt: Debt, turns: Mapping[int, Turn]) -> bool:
    """Whether a digest would tell of red, of an end or of a call for help: no silence hides those."""
    named = debt.owed.keys() | debt.news.keys()
    is_red = any(turns[village].level > SILENCED_MAX for village in named if village in turns)
    is_end = any(cause in ENDS for news in debt.news.values() for cause in news.values())
    return is_red or is_end or bool(debt.helps or debt.taken)
