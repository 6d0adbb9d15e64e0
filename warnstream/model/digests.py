"""What duty posts are told and asked: numbered digests, and what people do about calls for help.

A post gets one sequence of digests over all of its villages, never a call per warning: a county
leader answers for 2,855 villages with one tap.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

from warnstream.model.changes import Relayed
from warnstream.model.level import Level
from warnstream.model.times import parse_iso
from warnstream.model.warning import Cause, MessageStatus

SILENT_CALLER = "@silent"
"""Stands where a call for help has its caller: no post of the village answers, a person has to go there."""

LINES_MAX = 200
"""Villages and calls for help that a digest names; of the rest it has the number."""

N_BITS = 20
"""Room for the number of a digest in `Digest.sequence`: of one series, four years at the shortest pace."""

AGAIN_FROM = Level.ORANGE
"""From this level on a silent post is rung again until it answers; below it the next rank is enough."""


REPORT_TEXT_MAX = 200
"""Characters of a text in a report; longer ones are refused where they come in."""

REPORT_NUMBER_MAX = 1_000_000_000
"""Numbers beyond are no people, nor anything that can be kept: refused where they come in."""

ReportText = Annotated[str, msgspec.Meta(max_length=REPORT_TEXT_MAX)]
ReportNumber = Annotated[int, msgspec.Meta(ge=-REPORT_NUMBER_MAX, le=REPORT_NUMBER_MAX)]

MINUTES_MAX = 24 * 60
"""A rescue team that comes later does not come."""

Minutes = Annotated[int, msgspec.Meta(ge=0, le=MINUTES_MAX)]

HEAD_WORDS = ("to_move", "moved", "refused", "in_need")
"""Numbers of people that are reported: who is to go, has gone, will not go, needs help."""


class FieldReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a post or door reports beyond its answer: itself on duty, a patrol, heads by number.

    Attributes
    ----------
    sender : str
        A post, or a door.
    message : str
        Digest or bulletin that it answers; empty: none, a post reports by itself.
    village : str
        Code, or name as it was written; empty: the village that the sender can only mean.
    on_duty : bool
        The post is at its place.
    patrolled : bool
        It has walked its round there and has seen nothing.
    to_move, moved, refused, in_need : int or None
        People; None where nothing was said.
    code : str
        Of a spot check, as the digest had it; empty: none was written.
    happened_s : int
        Of what is told late: when it was in truth, seconds UTC; 0: now.
    arrives_min : int or None
        Of a rescue team: in how many minutes it is there.
    """

    sender: str
    message: str = ""
    village: str = ""
    on_duty: bool = False
    patrolled: bool = False
    to_move: int | None = None
    moved: int | None = None
    refused: int | None = None
    in_need: int | None = None
    code: str = ""
    happened_s: int = 0
    arrives_min: int | None = None

    @property
    def heads(self) -> dict[str, int]:
        """The numbers that were said, by `HEAD_WORDS`."""
        said = {word: getattr(self, word) for word in HEAD_WORDS}
        return {word: number for word, number in said.items() if number is not None}

    @property
    def says_anything(self) -> bool:
        """Whether anything is reported at all."""
        if self.arrives_min is not None:
            return True
        return self.on_duty or self.patrolled or bool(self.heads or self.code)


class ReportBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a report says, as JSON from outside; who reports comes beside it. Fields: `FieldReport`."""

    message: ReportText = ""
    village: ReportText = ""
    on_duty: bool = False
    patrolled: bool = False
    to_move: ReportNumber | None = None
    moved: ReportNumber | None = None
    refused: ReportNumber | None = None
    in_need: ReportNumber | None = None
    code: ReportText = ""
    happened_at: ReportText = ""
    arrives_min: Minutes | None = None

    def by(self, sender: str) -> FieldReport:
        """The report of its sender. ValueError if it says nothing, or tells no time where it seems to."""
        said = {name: getattr(self, name) for name in ReportBody.__struct_fields__}
        happened_at = said.pop("happened_at")
        report = FieldReport(sender, **said, happened_s=parse_iso(happened_at) if happened_at else 0)
        if not report.says_anything:
            raise ValueError(
                "expected on_duty, patrolled, code, to_move, moved, refused, in_need or arrives_min"
            )
        return report


class Need(StrEnum):
    """Whose answers a village needs: nobody's, any one, one of each rank, everybody's."""

    NONE = "none"
    ONE = "one"
    EACH_RANK = "each_rank"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One village in a digest.

    `standing` are the hazards that stand, worst first; `changed` what happened since the post's last
    digest, by hazard; `silent` who was asked before and did not answer; `relayed` whose signal it is, of
    hazards that another service has issued; `heads` the people that its posts have reported, by word;
    `by_s` by when people are to be away, of a transfer (0: at once, or none stands).
    """

    village: int
    level: Level
    needs_answer: bool
    standing: tuple[tuple[str, Level], ...]
    changed: tuple[tuple[str, Cause], ...]
    silent: tuple[str, ...]
    relayed: tuple[tuple[str, Relayed], ...] = ()
    heads: tuple[tuple[str, int], ...] = ()
    by_s: int = 0


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One call for help in a digest: who calls (`SILENT_CALLER`: nobody answers), who has it (empty: nobody).

    `heads` is how many people need help; 0 where nobody said.
    """

    help: str
    village: int
    caller: str
    opened_s: int
    assigned: str
    heads: int = 0


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
    code : str
        Of a spot check: the answer has to repeat it. Empty: the post is not checked.
    ends_drill : bool
        There is a drill in one of the villages, or has just been one: this says first that it is none.
    asks_arrival : bool
        To a rescue team: the answer is to say in how many minutes it is there.
    to_deputy : bool
        The post was silent once since something stands: its deputy reads this, too.
    shift_s : int
        When the shift of whoever is rung began, by the roster of the configuration that ran; 0: the post's
        own way rings. Who that is stands in no log.
    hands_over : bool
        Another person holds the post than the one whom the last digest rang: this says what is open.
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
    code: str = ""
    ends_drill: bool = False
    asks_arrival: bool = False
    to_deputy: bool = False
    shift_s: int = 0
    hands_over: bool = False

    @property
    def villages(self) -> frozenset[int]:
        """Every village that it names."""
        return frozenset([*(line.village for line in self.lines), *(call.village for call in self.helps)])

    @property
    def voice(self) -> str:
        """Identity of everything that a post is told, equal in all its digests for ever."""
        return self.series.rpartition(".")[0]

    @property
    def sequence(self) -> int:
        """(opened, n) as one number: greater is newer, of one post."""
        return (self.opened_s << N_BITS) | self.n

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


def counted(levels: Iterable[Level]) -> tuple[int, int, int, int, int]:
    """How many there are of each level, none to red: `Digest.owed`."""
    counts = [0] * len(Level)
    for level in levels:
        counts[level] += 1
    none, blue, yellow, orange, red = counts
    return none, blue, yellow, orange, red


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A digest could not be brought to a post on any of its ways."""

    digest: str
    post: str


@dataclass(frozen=True, slots=True)
class RingAgain:
    """A person has whoever owes an answer for a village rung again, as soon as a digest may go out."""

    village: int
