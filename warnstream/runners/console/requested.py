"""An act in the words of the page as the order that it asks for; a door as the page lists it."""

from collections.abc import Mapping

from warnstream.adapters.console.acts import DoorRow, Said
from warnstream.adapters.ledger.listing import DoorState
from warnstream.desk import WarningDesk
from warnstream.model.hands.orders import HandOrder
from warnstream.model.hands.requests import OrderRequest


def request_of(said: Said, person: str, key: str) -> OrderRequest:
    """What `order_of` takes; `key` names the order for ever."""
    return OrderRequest(
        kind=said.kind,
        author=person,
        reason=said.reason,
        villages=said.villages,
        townships=said.townships,
        hazard=said.hazard,
        level=said.level,
        lasts=said.lasts,
        alone=said.alone,
        post=said.post,
        response=said.response,
        order=said.order,
        zones=said.zones,
        grades=said.grades,
        by=said.by,
        onset=said.onset,
        verdict=said.verdict,
        identifier=key,
    )


def agreed_to(order: HandOrder, desk: WarningDesk) -> HandOrder:
    """The order that a release agrees to; any other one itself."""
    waiting = (proposal.order for proposal in desk.hands.state.waiting)
    return next((asked for asked in waiting if asked.identifier == order.order), order)


def row_of(door: DoorState, who_goes: Mapping[str, str]) -> DoorRow:
    """A door of a list; `who_goes` by caller."""
    return DoorRow(
        door.code,
        door.state.word,
        door.said.word,
        door.channel,
        door.address,
        door.tries,
        door.last_s,
        who_goes.get(door.code, ""),
    )
