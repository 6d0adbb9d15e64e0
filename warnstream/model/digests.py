"""What duty posts are told and asked: numbered digests, and what people do about calls for help.

A post gets one sequence of digests over all of its villages, never a call per warning: a county
leader answers for 2,855 villages with one tap.
"""

from dataclasses import dataclass
from enum import StrEnum

from warnstream.model.level import Level
from warnstream.model.times import MINUTE_S
from warnstream.model.warning import Cause, MessageStatus

LINES_MAX = 200
"""Villages and calls for help that a digest names; of the rest it has the number."""

AGAIN_FROM = Level.ORANGE
"""From this level on a silent post is rung again until it answers; below it the next rank is enough."""


class Need(StrEnum):
    """Whose answers a village needs: nobody's, any one, one of each rank, everybody's."""

    NONE = "none"
    ONE = "one"
    EACH_RANK = "each_rank"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ChainPolicy:
    """Who must answer at each level, and how the silent are rung again.

    Attributes
    ----------
    need : tuple of Need
        By level, none to red.
    within_s : tuple of int
        By level: how long a post has to answer. 0: no answer is needed.
    level_min : Level
        The lowest level that concerns posts.
    all_ranks_from : Level
        From this level on all ranks are asked at once; below it one after the other.
    again_s : tuple of int
        Waits before a silent post is rung again; the last one repeats.
    digest_every_s : int
        A post gets at most one digest in this time.
    """

    need: tuple[Need, Need, Need, Need, Need] = (
        Need.NONE,
        Need.ONE,
        Need.ONE,
        Need.EACH_RANK,
        Need.EACH_RANK,
    )
    within_s: tuple[int, int, int, int, int] = (0, 60 * MINUTE_S, 30 * MINUTE_S, 10 * MINUTE_S, 5 * MINUTE_S)
    level_min: Level = Level.BLUE
    all_ranks_from: Level = Level.ORANGE
    again_s: tuple[int, ...] = (5 * MINUTE_S, 5 * MINUTE_S, 10 * MINUTE_S, 20 * MINUTE_S, 30 * MINUTE_S)
    digest_every_s: int = 2 * MINUTE_S

    def need_of(self, level: Level) -> Need:
        """Whose answers a level needs; nobody's where it gives no time to answer."""
        return self.need[level] if self.within_s[level] > 0 else Need.NONE

    def asks_all_ranks(self, level: Level) -> bool:
        """Whether all ranks are asked at once: also where each of them is needed."""
        need = self.need_of(level)
        return need in (Need.EACH_RANK, Need.ALL) or (need is Need.ONE and level >= self.all_ranks_from)

    def wait_s(self, tries: int) -> int:
        """How long to wait after having rung for the `tries`-th time again."""
        return self.again_s[min(tries, len(self.again_s)) - 1]


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One village in a digest.

    `standing` are the hazards that stand, worst first; `changed` what happened since the post's last
    digest, by hazard; `silent` who was asked before and did not answer.
    """

    village: int
    level: Level
    needs_answer: bool
    standing: tuple[tuple[str, Level], ...]
    changed: tuple[tuple[str, Cause], ...]
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One call for help in a digest: who calls, and who has taken it (empty: nobody yet)."""

    help: str
    village: int
    caller: str
    opened_s: int
    assigned: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What a post is told at one time about all of its villages, and what it must answer.

    Attributes
    ----------
    identifier : str
        ``series.n``; of one post later ones have a greater (opened, n).
    post, series : str
        `series` is the post's sequence of digests since `opened_s`.
    opened_s, n : int
        When the series began, and the number in it, from 1.
    issued_s, answer_by_s : int
        Engine time; `answer_by_s` is 0 where no answer is needed.
    status : MessageStatus
    level : Level
        The worst of what is named; red where somebody calls for help.
    owed : tuple of int
        Villages that need this post's answer, by level, none to red.
    lines : tuple of DigestLine
        Those that need an answer first, the worst of them first; at most `LINES_MAX` with `helps`.
    helps : tuple of HelpLine
    more : int
        Villages and calls beyond `LINES_MAX`.
    tries : int
        How often the post was rung again without an answer; 0 as a rule.
    """

    identifier: str
    post: str
    series: str
    opened_s: int
    n: int
    issued_s: int
    answer_by_s: int
    status: MessageStatus
    level: Level
    owed: tuple[int, int, int, int, int]
    lines: tuple[DigestLine, ...]
    helps: tuple[HelpLine, ...]
    more: int
    tries: int

    @property
    def needs_answer(self) -> bool:
        """Whether the post must answer it."""
        return self.answer_by_s > 0


@dataclass(frozen=True, slots=True)
class HelpAssign:
    """A call for help is given to a person: by whom (a post), to whom."""

    help: str
    post: str
    person: str


@dataclass(frozen=True, slots=True)
class HelpClose:
    """A call for help is over; said by a person who is not the one that went."""

    help: str
    post: str
    person: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A digest could not be brought to a post on any of its ways."""

    digest: str
    post: str
