"""The chain between two steps, as bytes; villages by code, so that a changed register is noticed."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from warnstream.routing.debts import NEVER, Debt
from warnstream.routing.help_calls import HelpCall
from warnstream.routing.needs import Ranked
from warnstream.routing.proof.sheets import Sheet
from warnstream.routing.reports import ReportState, moved_to
from warnstream.routing.rescue.teams import TeamCall, moved_calls
from warnstream.routing.spot_checks import PostChecks
from warnstream.routing.turns import Turn


class ChainState(msgspec.Struct):
    """Everything that `Chain` remembers; `codes` are the villages that occur, by their numbers then."""

    now_s: int
    turns: dict[int, Turn]
    debts: dict[str, Debt]
    calls: list[HelpCall]
    n_opened: int
    ignored: int
    to_review: list[int]
    register: int
    codes: dict[int, str]
    reports: ReportState = msgspec.field(default_factory=ReportState)
    checks: dict[str, PostChecks] = {}
    teams: dict[str, TeamCall] = {}
    sheets: dict[str, Sheet] = {}
    silent_since_s: dict[int, int] = {}


def keep_theirs(known: ChainState, ranked: Callable[[int], Sequence[Ranked]]) -> None:
    """Nobody owes what is not theirs any more, and calls for help ring anew."""
    for post, debt in known.debts.items():
        theirs = {village for village in known.turns if post in dict(ranked(village))}
        calls = {call.name for call in known.calls if call.village in theirs}
        debt.owed = {village: owed for village, owed in debt.owed.items() if village in theirs}
        debt.keep_news(theirs)
        debt.helps = {name: first for name, first in debt.helps.items() if name in calls}
        debt.taken = [name for name in debt.taken if name in calls]
    for call in known.calls:
        call.due_s = NEVER if call.assigned else known.now_s


def encode(state: ChainState, codes: Sequence[str]) -> bytes:
    """Bytes of a state."""
    occurring = sorted(
        state.turns.keys()
        | state.reports.villages.keys()
        | state.silent_since_s.keys()
        | {debt.place for debt in state.debts.values() if debt.place >= 0}
        | {unclear.village for unclear in state.reports.unclear if unclear.village >= 0}
        | {village for call in state.teams.values() for village in (*call.villages, *call.over)}
    )
    state.codes = {village: codes[village] for village in occurring}
    return msgspec.msgpack.encode(state)


def _called(known: ChainState, now: Mapping[str, str]) -> None:
    """Posts by the codes that they have now: what they owe, have said and proven goes on."""

    def name(post: str) -> str:
        return now.get(post, post)

    for post, debt in known.debts.items():
        if post in now and debt.n and not debt.named:
            debt.named = post  # one numbered sequence of digests, by the name that the post knows
    known.debts = {name(post): debt for post, debt in known.debts.items()}
    known.sheets = {name(post): sheet for post, sheet in known.sheets.items()}
    known.checks = {name(post): checks for post, checks in known.checks.items()}
    known.reports.on_duty = {name(post): at_s for post, at_s in known.reports.on_duty.items()}
    for found in known.reports.villages.values():
        found.posts = {name(post): heads for post, heads in found.posts.items()}
    for turn in known.turns.values():
        turn.answered = [name(post) for post in turn.answered]
        turn.silent = [name(post) for post in turn.silent]
        turn.told = [name(post) for post in turn.told]
    for call in known.calls:
        call.assigned_by = name(call.assigned_by)
        if call.caller_rank:
            call.caller = name(call.caller)


def decode(
    state: bytes, number: Mapping[str, int], post_now: Mapping[str, str] = MappingProxyType({})
) -> ChainState:
    """State with the numbers that villages have now; what concerns villages that are gone is left out.

    `post_now` has the codes of now of posts that had another one.

    Raises
    ------
    ValueError
        If the bytes are no such state.
    """
    try:
        known = msgspec.msgpack.decode(state, type=ChainState)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a snapshot of the chain: {error}") from None
    if post_now:
        _called(known, post_now)
    now = {then: number[code] for then, code in known.codes.items() if code in number}
    if all(then == village for then, village in now.items()) and len(now) == len(known.codes):
        return known
    known.reports = moved_to(known.reports, now)
    known.turns = {now[then]: turn for then, turn in known.turns.items() if then in now}
    known.to_review = [now[then] for then in known.to_review if then in now]
    known.silent_since_s = {now[then]: at_s for then, at_s in known.silent_since_s.items() if then in now}
    known.calls = [call for call in known.calls if call.village in now]
    for call in known.calls:
        call.village = now[call.village]
    moved_calls(known.teams, now)
    open_calls = {call.name for call in known.calls}
    for debt in known.debts.values():
        debt.owed = {now[then]: owed for then, owed in debt.owed.items() if then in now}
        debt.news = {now[then]: news for then, news in debt.news.items() if then in now}
        debt.helps = {name: n for name, n in debt.helps.items() if name in open_calls}
        debt.taken = [name for name in debt.taken if name in open_calls]
        debt.place = now.get(debt.place, -1)
    return known
