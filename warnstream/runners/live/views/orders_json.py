"""What people have ordered, as records: for `/api/v1/orders`, the state, and `warnstream who`."""

from warnstream.adapters.http.models.orders import (
    BoundRecord,
    CountyResponseRecord,
    HandSilenceRecord,
    HandsRecord,
    HeldRecord,
    OrdersRecord,
    WaitingOrderRecord,
)
from warnstream.desk import Case, WarningDesk
from warnstream.desk.hands import CountyResponse
from warnstream.lifecycle.voice import NEVER
from warnstream.model.hands.orders import BoundKind
from warnstream.model.network import Villages
from warnstream.model.times import iso_utc

SHOWN_MAX = 1_000
"""So many of each are listed."""


def describe_orders(desk: WarningDesk, villages: Villages) -> OrdersRecord:
    """Everything that binds, is silenced, or waits."""
    state = desk.hands.state
    response = state.response
    return OrdersRecord(
        bounds=[_bound(case, villages) for case in desk.bound_cases()[:SHOWN_MAX]],
        silences=[
            HandSilenceRecord(
                order=silence.order,
                villages=len(silence.villages),
                hazard=silence.hazard,
                post=silence.post,
                author=silence.author,
                reason=silence.reason,
                expires=iso_utc(silence.expires_s),
            )
            for silence in state.silences
        ],
        waiting_second=[
            WaitingOrderRecord(
                order=proposal.order.identifier,
                villages=len(proposal.order.villages),
                hazard=proposal.order.hazard,
                author=proposal.order.author,
                reason=proposal.order.reason,
                lapses=iso_utc(proposal.due_s),
            )
            for proposal in state.waiting
        ],
        waiting_release=[
            HeldRecord(
                village=villages.code[village],
                name=villages.name[village],
                action=str(held.action),
                hazard=held.hazard,
                level=held.level.word,
                since=iso_utc(held.since_s),
                due=iso_utc(held.due_s) if held.due_s != NEVER else None,
            )
            for village, held in desk.bulletins.waiting()[:SHOWN_MAX]
        ],
        response=None
        if response is None
        else CountyResponseRecord(
            response.response, response.author, response.reason, iso_utc(response.since_s)
        ),
    )


def _response(said: CountyResponse) -> CountyResponseRecord:
    return CountyResponseRecord(said.response, said.author, said.reason, iso_utc(said.since_s))


def count_orders(desk: WarningDesk) -> HandsRecord:
    """How much binds and waits."""
    kinds = [case.bound.kind for case in desk.bound_cases() if case.bound is not None]
    state = desk.hands.state
    return HandsRecord(
        floors=kinds.count(BoundKind.FLOOR),
        ceilings=kinds.count(BoundKind.CEILING),
        silences=len(state.silences),
        waiting_second=len(state.waiting),
        waiting_release=len(desk.bulletins.waiting()),
        response=state.response.response if state.response else None,
    )


def _bound(case: Case, villages: Villages) -> BoundRecord:
    bound, warning = case.bound, case.warning
    assert bound is not None, "only what is bound is asked for"
    return BoundRecord(
        order=bound.order,
        village=villages.code[warning.village],
        hazard=warning.hazard,
        kind=str(bound.kind),
        bound=bound.level.word,
        found=case.found.word,
        level=case.told.word,
        author=bound.author,
        second=bound.second,
        reason=bound.reason,
        since=iso_utc(bound.since_s),
        expires=iso_utc(bound.expires_s),
    )
