"""What a duty post owes: one debt, one timer, one numbered sequence of digests.

A village that is owed is in every digest until the post has answered. It enters with a number, and an
answer to digest n settles what entered with n or before: no list of earlier digests has to be kept,
and an answer to one from before a raise settles nothing of the raise.
"""

from collections.abc import Collection

import msgspec

from warnstream.model.hands.roster import OWN
from warnstream.model.warning import Cause

NEVER = -1

ENDS = (Cause.ENDED, Cause.CANCELLED)
"""What everybody hears who was told of a warning, also those who are registered for it no more."""

NOT_YET = 0
"""Number of a village that the next digest brings first."""


class Owed(msgspec.Struct):
    """One village's claim to a post's answer.

    Attributes
    ----------
    first_n : int
        Digest that asked first since the last raise; `NOT_YET`: the next one will.
    due_s : int
        When the answer is overdue; NEVER: not asked yet, or lapsed.
    is_overdue : bool
        It was overdue once: its village has climbed, and the post is rung again.
    has_lapsed : bool
        The next rank has taken over and nobody waits for this post; its answer still counts.
    """

    first_n: int = NOT_YET
    due_s: int = NEVER
    is_overdue: bool = False
    has_lapsed: bool = False


class Debt(msgspec.Struct):
    """One post: what it owes, what it has to hear, and its digests.

    Attributes
    ----------
    owed : dict of int to Owed
        By village.
    news : dict of int to dict of str to Cause
        What changed since the last digest, by village and hazard.
    helps : dict of str to int
        Calls for help that it was rung for and nobody has taken -> digest that brought them first.
    taken : list of str
        Calls that were taken since the last digest.
    rings : bool
        It is to be rung again as soon as a digest may go out.
    rings_for_help : bool
        Likewise, for calls that nobody has taken.
    rings_by_hand : bool
        Likewise, for whatever it owes, because a person wants it.
    tries : int
        How often it was rung again, while it owes, since its last answer.
    is_deputized : bool
        It was rung again in vain once, so its deputy hears what it is told until nothing stands any more.
    opened_s, n : int
        Of the series of its digests: begin, and the last number; NEVER and 0 before the first.
    issued_s : int
        Time of its last digest.
    named : str
        The code by which its digests are named, where the post has another one since; empty: its own.
    shift : int
        Who was rung by its last digest, as `Roster.key`.
    hands_over : bool
        Another person holds the post since, and has to hear what is open there.
    place : int
        First village of its last digest: where it calls from if it calls for help; NEVER before the first.
    """

    owed: dict[int, Owed] = {}
    news: dict[int, dict[str, Cause]] = {}
    helps: dict[str, int] = {}
    taken: list[str] = []
    rings: bool = False
    rings_for_help: bool = False
    rings_by_hand: bool = False
    tries: int = 0
    opened_s: int = NEVER
    n: int = 0
    issued_s: int = NEVER
    place: int = NEVER
    is_deputized: bool = False
    named: str = ""
    shift: int = OWN
    hands_over: bool = False

    def tell(self, village: int, hazard: str, cause: Cause) -> None:
        """Something to hear; the newest of a village and hazard counts."""
        self.news.setdefault(village, {})[hazard] = cause

    def keep_news(self, theirs: Collection[int]) -> None:
        """Of villages that are this post's no more it hears the ends of what it was told, nothing else."""
        ends = {
            village: {hazard: cause for hazard, cause in news.items() if cause in ENDS}
            for village, news in self.news.items()
            if village not in theirs
        }
        kept = {village: news for village, news in self.news.items() if village in theirs}
        self.news = kept | {village: news for village, news in ends.items() if news}

    def lives(self, village: int) -> bool:
        """Whether a village waits for this post, with a timer or a digest that comes."""
        owed = self.owed.get(village)
        return owed is not None and not owed.has_lapsed

    def settled_by(self, n: int) -> list[int]:
        """Villages that an answer to digest n is for, in order."""
        return sorted(village for village, owed in self.owed.items() if NOT_YET < owed.first_n <= n)

    def overdue(self, now_s: int) -> list[int]:
        """Villages whose answer is due, in order."""
        return sorted(village for village, owed in self.owed.items() if NEVER < owed.due_s <= now_s)

    def has_reason(self) -> bool:
        """Whether there is something for a digest."""
        is_new = any(owed.first_n == NOT_YET for owed in self.owed.values())
        is_silent = self.rings and any(owed.is_overdue and not owed.has_lapsed for owed in self.owed.values())
        is_asked = self.rings_by_hand and any(not owed.has_lapsed for owed in self.owed.values())
        calls = self.rings_for_help and self.helps
        return bool(is_new or is_silent or is_asked or calls or self.news or self.taken or self.hands_over)

    def answer_by_s(self) -> int:
        """Earliest time at which an answer is due; NEVER: none is awaited."""
        return min((owed.due_s for owed in self.owed.values() if owed.due_s != NEVER), default=NEVER)
