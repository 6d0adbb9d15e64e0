"""Facts of one village for a console, in the loop's thread: a look at every case, and at the village."""

from warnstream.adapters.console.facts import (
    HazardFacts,
    HelpFacts,
    PostFacts,
    VillageFacts,
    WaitFacts,
    WordsFacts,
)
from warnstream.adapters.console.frame import NEVER
from warnstream.adapters.ledger.doors import DoorStore
from warnstream.desk import WarningDesk, WarningStatus
from warnstream.engine import Engine
from warnstream.lifecycle.voice import Held
from warnstream.model.changes import Reason
from warnstream.model.errors import StoreError
from warnstream.model.network import Network
from warnstream.model.warning import MessageStatus
from warnstream.routing.chain import Chain
from warnstream.runners.console.versions import version_of


def village_facts(engine: Engine, doors: DoorStore, network: Network, village: int) -> VillageFacts:
    """What stands in a village, why, who answers for it, and what its doors were told last."""
    desk = engine.desk
    standing = [(status, message) for status, message in desk.of_village(village) if status.level]
    standing.sort(key=lambda one: -one[0].level)
    last = {warning.hazard: warning.reason for warning in desk.bulletins.standing(village)}
    held = next((held for of, held in desk.bulletins.waiting() if of == village), None)
    return VillageFacts(
        village=network.villages.code[village],
        now_s=desk.now_s,
        hazards=[
            _hazard(engine, status, message.reason or last.get(status.hazard)) for status, message in standing
        ],
        posts=_posts(desk, network, village),
        words=_words(doors, village),
        waits=None if held is None else _waits(held),
        is_dry=any(village in chain.dry_villages for chain in desk.chains.of.values()),
        seen=version_of(desk, village),
        helps=[
            HelpFacts(call.name, call.caller, call.opened_s, call.assigned, call.heads)
            for call in desk.chains.calls
            if call.village == village
        ],
    )


def _waits(held: Held) -> WaitFacts:
    return WaitFacts(str(held.action), held.hazard, int(held.level), held.since_s, held.due_s)


def _hazard(engine: Engine, status: WarningStatus, told: Reason | None) -> HazardFacts:
    """`told`: what was measured when there was last something to tell; a fall and a renewal have nothing."""
    reason = _reason_now(engine, status)
    bound = status.bound
    return HazardFacts(
        hazard=status.hazard,
        level=int(status.level),
        found=int(status.found),
        state=str(status.state),
        since_s=status.crossed_at_s,
        expires_s=status.expires_s,
        reason=reason or told,
        is_now=reason is not None,
        bound=str(bound.kind) if bound else "",
        bound_by=bound.author if bound else "",
        bound_until_s=bound.expires_s if bound else NEVER,
    )


def _reason_now(engine: Engine, status: WarningStatus) -> Reason | None:
    """What is measured now, of a village that is judged."""
    try:
        return engine.assessment.reason_now(status.village, status.hazard)
    except Exception:  # noqa: BLE001  # of a village or hazard that nobody judges any more; the last one stands
        return None


def _posts(desk: WarningDesk, network: Network, village: int) -> list[PostFacts]:
    chain = _chain_of(desk, village)
    if chain is None:
        return []
    roles = {post.post: post.role for post in network.posts_of_village(village)}
    turn, found = chain.turns.get(village), []
    for post, rank in chain.ranked(village):
        debt = chain.debts.get(post)
        owed = None if debt is None else debt.owed.get(village)
        state, due_s = "waiting", NEVER
        if turn is not None and post in turn.answered:
            state = "answered"
        elif owed is not None:
            state, due_s = ("overdue" if owed.is_overdue else "asked"), owed.due_s
        found.append(PostFacts(post, roles.get(post, ""), rank, state, due_s))
    return found


def _chain_of(desk: WarningDesk, village: int) -> Chain | None:
    """The chain in which something stands for a village; that of its doors' status where nothing does."""
    of = desk.chains.of
    for status in MessageStatus:
        turn = of[status].turns.get(village)
        if turn is not None and turn.standing:
            return of[status]
    return of.get(desk.bulletins.status_of(village))


def _words(doors: DoorStore, village: int) -> WordsFacts | None:
    try:
        words = doors.words_of(village)
    except StoreError:
        return None
    return None if words is None else WordsFacts(words.identifier, words.sent_s, words.text_zh, words.text_en)
