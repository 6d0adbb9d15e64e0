"""What a digest of one post says, composed from what it owes and has to hear."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from warnstream.model.digests import LINES_MAX, Digest, DigestLine, HelpLine, counted
from warnstream.model.level import Level
from warnstream.model.warning import Cause, MessageStatus
from warnstream.routing.debts import Debt
from warnstream.routing.help_calls import HelpCall
from warnstream.routing.reports import Reports
from warnstream.routing.turns import Turn

QUIET = Turn()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a digest is composed from beside its post's debt: villages, calls for help, what was reported.

    `shift_s` is when the shift of whoever is rung began; 0: the post's own way rings. `taken_over` are
    villages where something stands that was told to whoever held the post before.
    """

    turns: Mapping[int, Turn]
    calls: Mapping[str, HelpCall]
    reports: Reports
    shift_s: int = 0
    taken_over: Collection[int] = ()


def standing_of_posts(turns: Mapping[int, Turn]) -> dict[str, set[int]]:
    """By post: villages where something stands of which it was told."""
    found: dict[str, set[int]] = {}
    for village, turn in turns.items():
        for post in turn.told if turn.level else ():
            found.setdefault(post, set()).add(village)
    return found


def given(post: str, villages: Collection[int], calls: Iterable[HelpCall]) -> set[str]:
    """Calls for help that a person has and nobody has closed: in these villages, or given by a post."""
    return {
        call.name
        for call in calls
        if call.assigned and (call.village in villages or call.assigned_by == post)
    }


def compose(post: str, series: str, debt: Debt, seen: Seen, status: MessageStatus) -> Digest:
    """The digest of number ``debt.n``: calls for help, villages that need an answer, then what changed.

    Within each the worst first, then in order of the register. At most `LINES_MAX` are named.
    """
    turns = seen.turns
    live = {village for village in debt.owed if debt.lives(village)}
    villages, named = live.union(debt.news), {*debt.helps, *debt.taken}
    if debt.hands_over:
        villages |= set(seen.taken_over)
        named |= given(post, villages, seen.calls.values())
    found = sorted((seen.calls[name] for name in named), key=lambda one: (one.opened_s, one.name))
    helps = [_help_line(call) for call in found]
    order = sorted(villages, key=lambda one: (one not in live, -_turn(turns, one).level, one))
    room = max(LINES_MAX - len(helps), 0)
    lines = tuple(_line(post, village, debt, seen) for village in order[:room])
    awaited_s = debt.answer_by_s()
    return Digest(
        identifier=f"{series}.{debt.n}",
        post=post,
        series=series,
        opened_s=debt.opened_s,
        n=debt.n,
        issued_s=debt.issued_s,
        answer_by_s=max(awaited_s, 0) if live else 0,
        status=status,
        level=_worst(villages, debt, turns),
        owed=counted([_turn(turns, village).level for village in live]),
        lines=lines,
        helps=tuple(helps[:LINES_MAX]),
        more=len(helps) + len(order) - len(lines) - min(len(helps), LINES_MAX),
        tries=debt.tries,
        to_deputy=debt.is_deputized,
        shift_s=seen.shift_s,
        hands_over=debt.hands_over,
    )


def with_ends(digest: Digest, ends: Iterable[tuple[int, str, Cause]], turns: Mapping[int, Turn]) -> Digest:
    """The digest with ends (village, hazard, cause) that its post was not told; what stands again is none."""
    lines = {line.village: line for line in digest.lines}
    room, more = LINES_MAX - len(digest.lines) - len(digest.helps), digest.more
    for village, hazard, cause in ends:
        turn = _turn(turns, village)
        known = lines.get(village)
        if hazard in turn.standing or (known is not None and hazard in dict(known.changed)):
            continue
        if known is not None:
            lines[village] = replace(known, changed=tuple(sorted([*known.changed, (hazard, cause)])))
        elif room > 0:
            changed = ((hazard, cause),)
            standing = turn.worst_first()
            lines[village] = DigestLine(
                village, turn.level, False, standing, changed, (), turn.relayed_in_order()
            )
            room -= 1
        else:
            more += 1
    return replace(digest, lines=tuple(lines.values()), more=more)


def _turn(turns: Mapping[int, Turn], village: int) -> Turn:
    return turns.get(village, QUIET)


def _line(post: str, village: int, debt: Debt, seen: Seen) -> DigestLine:
    turn, heads = _turn(seen.turns, village), seen.reports.heads_of(village)
    needs_answer = debt.lives(village)
    changed = tuple(sorted(debt.news.get(village, {}).items()))
    silent = tuple(other for other in turn.silent if other != post) if needs_answer else ()
    standing = turn.worst_first()
    return DigestLine(
        village,
        turn.level,
        needs_answer,
        standing,
        changed,
        silent,
        turn.relayed_in_order(),
        heads,
        turn.by_s,
    )


def _help_line(call: HelpCall) -> HelpLine:
    return HelpLine(call.name, call.village, call.caller, call.opened_s, call.assigned, call.heads)


def _worst(villages: set[int], debt: Debt, turns: Mapping[int, Turn]) -> Level:
    """Somebody who calls for help is as urgent as red."""
    if debt.helps:
        return Level.RED
    return max((_turn(turns, village).level for village in villages), default=Level.NONE)
