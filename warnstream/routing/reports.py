"""What posts and doors report beyond an answer: who is on duty, who has walked the round, heads by number.

The officer's figure comes first, names later: of each sender the newest of every number counts, and a
village has the newest that any of its posts has said. Numbers of a village begin anew with its next
raise from quiet, since people are in shelters after the end as well. A number that cannot be is not
counted and told in words (`Unclear`); one that is odd is counted and marked.

Limits: `UNCLEAR_MAX` reports that could not be counted, `SENDERS_MAX` senders a village, the last
`PATROL_HOURS` hours of patrols.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from warnstream.model.digests import HEAD_WORDS, FieldReport
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S

HEADS_MAX = 100_000
"""More people than any village has, where nobody said how many live there."""

ABSURD_TIMES = 10
"""A number above so many times the people known is a slip of the finger."""

LATE_S_MAX, AHEAD_S_MAX = 7 * DAY_S, 5 * MINUTE_S
"""A report may tell what happened so long ago; clocks of people may be ahead so much."""

UNCLEAR_S = HOUR_S
"""How long a report that could not be counted is told, unless its sender reports again."""

UNCLEAR_MAX, SENDERS_MAX, PATROL_HOURS = 200, 1_000, 48

WORDS_ZH = {"to_move": "应转", "moved": "已转", "refused": "拒转", "in_need": "求助"}
WORDS_EN = {"to_move": "to move", "moved": "moved", "refused": "refused", "in_need": "in need"}


@dataclass(frozen=True, slots=True)
class PlacedReport:
    """A report with the village that it is about (-1: none, or it is not clear which).

    `is_post` says whether a post has sent it; `fault` why it cannot be counted, empty if it can.
    """

    report: FieldReport
    village: int
    is_post: bool
    fault: str = ""


class Heads(msgspec.Struct):
    """Numbers of one sender: each with when it was said, and what is odd about them (empty: nothing)."""

    said: dict[str, tuple[int, int]] = {}
    doubt: str = ""

    def numbers(self) -> dict[str, int]:
        """By `HEAD_WORDS`, those that were said."""
        return {word: self.said[word][0] for word in HEAD_WORDS if word in self.said}


class VillageReports(msgspec.Struct):
    """What one village's posts and doors have reported; `patrols`: begin of the hour -> who walked last."""

    posts: dict[str, Heads] = {}
    doors: dict[str, Heads] = {}
    patrols: dict[int, str] = {}

    def heads(self) -> dict[str, int]:
        """The newest number of each kind that a post has said; of calls for help the doors' too."""
        newest: dict[str, tuple[int, int]] = {}
        for post in self.posts.values():
            for word, (number, at_s) in post.said.items():
                if word not in newest or newest[word][1] <= at_s:
                    newest[word] = number, at_s
        return {word: newest[word][0] for word in HEAD_WORDS if word in newest}

    def doubt(self) -> str:
        """What is odd about the posts' numbers."""
        return next((post.doubt for post in self.posts.values() if post.doubt), "")


class Unclear(msgspec.Struct, frozen=True):
    """A report that could not be counted: by whom, when, and why."""

    at_s: int
    sender: str
    village: int
    why: str


class ReportState(msgspec.Struct):
    """Everything that was reported; `on_duty` has when each post signed in."""

    on_duty: dict[str, int] = {}
    villages: dict[int, VillageReports] = {}
    unclear: list[Unclear] = []
    n_unclear: int = 0


class Reports:
    """Reports to one chain.

    Parameters
    ----------
    people_of : callable
        People known to live in a village; 0: nobody said.
    on_duty_s : int
        For how long a post that has signed in is on duty.

    Attributes
    ----------
    state : ReportState
    """

    def __init__(self, people_of: Callable[[int], int], on_duty_s: int) -> None:
        self._people_of, self._on_duty_s = people_of, on_duty_s
        self.state = ReportState()

    def take(self, placed: PlacedReport, now_s: int) -> bool:
        """Count a report, and whether it counts; one that cannot be is unclear, older ones go."""
        report, village, state = placed.report, placed.village, self.state
        fault = placed.fault or self.fault_as_it_is(placed, now_s)
        state.unclear = [unclear for unclear in state.unclear if unclear.sender != report.sender]
        if fault:
            self.doubt(report.sender, village, fault, now_s)
            return False
        at_s = report.happened_s or now_s
        if report.on_duty:
            state.on_duty[report.sender] = max(at_s, state.on_duty.get(report.sender, at_s))
        if village < 0:
            return True
        known = state.villages.setdefault(village, VillageReports())
        if report.patrolled:
            hour_s = at_s - at_s % HOUR_S
            patrols = {**known.patrols, hour_s: report.sender}
            known.patrols = {
                at_s: who for at_s, who in patrols.items() if at_s > now_s - PATROL_HOURS * HOUR_S
            }
        senders = known.posts if placed.is_post else known.doors
        if report.heads:
            heads = senders.setdefault(report.sender, Heads())
            newer = {
                word: (number, at_s)
                for word, number in report.heads.items()
                if at_s >= heads.said.get(word, (0, at_s))[1]
            }
            heads.said = heads.said | newer
            heads.doubt = doubt_of(heads.numbers(), self._people_of(village))
        return True

    def doubt(self, sender: str, village: int, why: str, now_s: int) -> None:
        """Something that a sender said could not be counted."""
        state = self.state
        told = Unclear(now_s, sender, village, " ".join(why.split()))
        state.unclear = [*state.unclear, told][-UNCLEAR_MAX:]
        state.n_unclear += 1

    def fault_as_it_is(self, placed: PlacedReport, now_s: int) -> str:
        """Why a placed report cannot be counted at a time, in Chinese and English; empty if it can."""
        report = placed.report
        fault = _fault_of_time(report, now_s) or self.fault_of(report, placed.village)
        return fault or self._fault_of_room(placed)

    def fault_of(self, report: FieldReport, village: int) -> str:
        """Why a report's numbers cannot be, in Chinese and English; empty if they can."""
        people = self._people_of(village) if village >= 0 else 0
        limit = ABSURD_TIMES * people if people else HEADS_MAX
        for word, number in report.heads.items():
            if number < 0:
                return f"{WORDS_ZH[word]}{number}：人数不能为负 {number} {WORDS_EN[word]}: below zero"
            if number > limit:
                zh = f"超过全村{people}人的{ABSURD_TIMES}倍" if people else f"超过{HEADS_MAX}人"
                en = f"ten times the {people} people known" if people else f"{HEADS_MAX}"
                return f"{WORDS_ZH[word]}{number}：{zh} {number} {WORDS_EN[word]}: more than {en}"
        return ""

    def _fault_of_room(self, placed: PlacedReport) -> str:
        known = self.state.villages.get(placed.village)
        senders = {} if known is None else known.posts if placed.is_post else known.doors
        if placed.report.sender in senders or len(senders) < SENDERS_MAX:
            return ""
        return f"已有{SENDERS_MAX}人报数 {SENDERS_MAX} senders have reported for this village"

    def begin(self, village: int) -> None:
        """Something begins in a village that was quiet: its numbers begin anew."""
        known = self.state.villages.get(village)
        if known is not None:
            known.posts, known.doors = {}, {}

    def forget_old(self, now_s: int) -> None:
        """What time ends: duty that was not renewed, and what was told long enough."""
        state = self.state
        if any(at_s <= now_s - self._on_duty_s for at_s in state.on_duty.values()):
            state.on_duty = {
                post: at_s for post, at_s in state.on_duty.items() if at_s > now_s - self._on_duty_s
            }
        if state.unclear and state.unclear[0].at_s <= now_s - UNCLEAR_S:
            state.unclear = [unclear for unclear in state.unclear if unclear.at_s > now_s - UNCLEAR_S]

    def heads_of(self, village: int) -> tuple[tuple[str, int], ...]:
        """What a village's posts have reported, by word; empty where nobody has."""
        known = self.state.villages.get(village)
        return tuple(known.heads().items()) if known is not None else ()


def _fault_of_time(report: FieldReport, now_s: int) -> str:
    """Whether the true time of a report can be; before the first step nobody knows."""
    if not report.happened_s or now_s < 0 or now_s - LATE_S_MAX <= report.happened_s <= now_s + AHEAD_S_MAX:
        return ""
    return "发生时间不在过去7天内 the time that it tells is not of the last 7 days"


def moved_to(state: ReportState, now: Mapping[int, int]) -> ReportState:
    """After a change of the register: villages that are known have these numbers now, others are gone."""
    villages = {now[then]: report for then, report in state.villages.items() if then in now}
    unclear = [
        msgspec.structs.replace(report, village=now.get(report.village, -1)) for report in state.unclear
    ]
    return ReportState(state.on_duty, villages, unclear, state.n_unclear)


def doubt_of(numbers: Mapping[str, int], people: int) -> str:
    """What is odd about numbers that may be true, in Chinese and English; empty if nothing.

    >>> doubt_of({"to_move": 31, "moved": 30, "refused": 2}, 0)
    '已转30加拒转2多于应转31 moved 30 and refused 2 are more than 31 to move'
    >>> doubt_of({"to_move": 31, "moved": 20}, 400)
    ''
    """
    if (to_move := numbers.get("to_move")) is not None:
        moved, refused = numbers.get("moved", 0), numbers.get("refused", 0)
        if moved + refused > to_move:
            zh = f"已转{moved}加拒转{refused}多于应转{to_move}"
            return f"{zh} moved {moved} and refused {refused} are more than {to_move} to move"
    worst = max(numbers.values(), default=0)
    if people and worst > people:
        return f"{worst}人多于全村{people}人 {worst} is more than the {people} people known"
    return ""
