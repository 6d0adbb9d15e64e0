"""An act in the words of the page as the order that it asks for."""

from warnstream.adapters.console.acts import Said
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
