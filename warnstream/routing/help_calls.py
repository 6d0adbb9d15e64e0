"""Calls for help: each rings the next rank until a person has it, and stays open until another one closes it.

A call outlives the warning it came under: people in the water do not wait for the all clear. A caller
that calls again while its call is open changes nothing.

Limit: `OPEN_MAX` calls are open at once; the callers of further ones are counted by the chain.
"""

from collections.abc import Sequence

import msgspec

from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.times import compact_utc
from warnstream.routing.debts import NEVER
from warnstream.routing.needs import Ranked

OPEN_MAX = 10_000


class HelpCall(msgspec.Struct):
    """One open call.

    Attributes
    ----------
    name : str
        Identity, unique for ever.
    village : int
    caller : str
        A door or a post.
    caller_rank : int
        Rank of the post in the village; 0: a door.
    opened_s : int
    asked_rank : int
        Highest rank rung for it.
    due_s : int
        When it climbs or is rung again; NEVER once it is assigned, or where nobody is there to ring.
    tries : int
        How often it was rung again.
    assigned, assigned_by : str
        The person who has it, and the post that said so; empty: nobody.
    is_untaken : bool
        Everybody has been rung and nobody has taken it: an alarm until somebody does.
    heads : int
        How many people need help there; 0: nobody said.
    """

    name: str
    village: int
    caller: str
    caller_rank: int
    opened_s: int
    asked_rank: int = 0
    due_s: int = NEVER
    tries: int = 0
    assigned: str = ""
    assigned_by: str = ""
    is_untaken: bool = False
    heads: int = 0

    def ring(self, posts: Sequence[Ranked], policy: RoutingPolicy, now_s: int) -> list[str]:
        """Posts to ring now: the next rank and those below it; everybody again where there is none."""
        above = [rank for post, rank in posts if rank > max(self.asked_rank, self.caller_rank)]
        if above:
            self.asked_rank = min(above)
        elif self.asked_rank:
            self.is_untaken = True
        rung = [post for post, rank in posts if self.caller_rank < rank <= self.asked_rank]
        if not rung:  # the caller is the top of its chain: whoever else is there
            rung = [post for post, _ in posts if post != self.caller]
            self.asked_rank = max((rank for _, rank in posts), default=0)
        self.due_s = now_s + self._wait_s(policy) if rung else NEVER
        self.is_untaken = self.is_untaken or not rung
        self.tries += 1
        return rung

    def _wait_s(self, policy: RoutingPolicy) -> int:
        """As long as a post has at red; then the waits of the silent."""
        within_s = policy.answer_within_s[Level.RED]
        return policy.wait_s(self.tries) if self.tries or within_s <= 0 else within_s

    def assign(self, person: str, post: str) -> None:
        """A person has it: nobody is rung any more."""
        self.assigned, self.assigned_by = person, post
        self.due_s, self.is_untaken = NEVER, False


class HelpCalls:
    """The open calls of one chain.

    Attributes
    ----------
    of_name : dict of str to HelpCall
        In the order of opening.
    n_opened : int
        All that were ever opened: a part of names.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self.of_name: dict[str, HelpCall] = {}
        self.n_opened = 0
        self._of_caller: dict[tuple[int, str], str] = {}

    def open(self, village: int, caller: str, rank: int, now_s: int) -> HelpCall | None:
        """A new call; None where this caller's is open already, or too many are."""
        if (village, caller) in self._of_caller or len(self.of_name) >= OPEN_MAX:
            return None
        self.n_opened += 1
        call = HelpCall(f"{self._mark}{compact_utc(now_s)}-{self.n_opened}", village, caller, rank, now_s)
        self._keep(call)
        return call

    def is_open(self, village: int, caller: str) -> bool:
        """Whether a caller's call is open."""
        return (village, caller) in self._of_caller

    def count_heads(self, caller: str, heads: int) -> None:
        """How many people need help where a caller's calls are open."""
        for call in self.of_name.values():
            if call.caller == caller:
                call.heads = heads

    def fault_of(self, action: HelpAssign | HelpClose) -> str:
        """Why an action cannot be; empty if it can."""
        call = self.of_name.get(action.help)
        if call is None:
            return f"no call for help {action.help!r} is open"
        if not action.person.strip():
            return "expected the name of a person"
        if isinstance(action, HelpAssign):
            return ""
        if not call.assigned:
            return f"nobody has taken the call {action.help}: assign it before it is closed"
        if action.person.strip().casefold() == call.assigned.casefold():
            return f"{call.assigned} has the call {action.help}: another person must close it"
        return ""

    def close(self, name: str) -> HelpCall:
        """Forget a call that is over."""
        call = self.of_name.pop(name)
        del self._of_caller[call.village, call.caller]
        return call

    def restore(self, calls: Sequence[HelpCall], n_opened: int) -> None:
        """Take up calls of a snapshot."""
        self.of_name, self._of_caller, self.n_opened = {}, {}, n_opened
        for call in calls:
            self._keep(call)

    def _keep(self, call: HelpCall) -> None:
        self.of_name[call.name] = call
        self._of_caller[call.village, call.caller] = call.name
