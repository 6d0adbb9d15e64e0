"""What the standing hazards of a village ask of its people together; whether that is more than was told."""

from collections.abc import Iterable, Sequence

from warnstream.lifecycle.voice import Asked, Voice
from warnstream.model.bulletins import Action, BulletinCause, OrderTable, Standing
from warnstream.model.level import Level

Meant = tuple[object, ...]
"""Everything that the words of a bulletin follow from, beside the village: equal where its text is."""


class Asking:
    """Weighs hazards that stand by the orders of a county."""

    def __init__(self, orders: OrderTable) -> None:
        self._orders = orders
        self._weights: dict[tuple[str, Level], tuple[int, int]] = {}

    def of(self, heard: Sequence[Standing]) -> Asked:
        """What hazards ask for together. At least one stands."""
        lead = self.in_order(heard)[0]
        worst = max(warning.level for warning in heard) if len(heard) > 1 else lead.level
        action = self._orders.order(lead.hazard, lead.level).action
        weight = self.weight(lead)
        top = [warning for warning in heard if self.weight(warning) == weight or warning.level == worst]
        refuges = frozenset(self._orders.of(warning.hazard).refuge for warning in top)
        return Asked(action, lead.level, worst, refuges)

    def in_order(self, standing: Iterable[Standing]) -> tuple[Standing, ...]:
        """The hazard whose order asks most first."""
        found = tuple(standing)
        if len(found) < 2:
            return found
        weight = self.weight
        return tuple(sorted(found, key=lambda one: (*(-part for part in weight(one)), one.hazard)))

    def weight(self, one: Standing) -> tuple[int, int]:
        """Greater asks for more: rank of the action, then level."""
        place = one.hazard, one.level
        found = self._weights.get(place)
        if found is None:
            found = self._orders.order(*place).action.rank, int(one.level)
            self._weights[place] = found
        return found


def rise_of(asked: Asked, told: Asked) -> BulletinCause | None:
    """Why what is asked for now is more than what was told; None: it is not."""
    if asked.weight > told.weight or asked.worst > told.worst:
        return BulletinCause.RAISED
    if asked.weight == told.weight and asked.refuges - told.refuges:
        return BulletinCause.REFUGE
    return None


def meant_by(voice: Voice, news: tuple[Action, BulletinCause] | None, asking: Asking) -> Meant:
    """What a village's news would ask, and of whom it would say so.

    Hazards beside the one that leads are part of it by the worst level alone: they may add a sentence, and an
    order that was read must not wait for another reading because a lesser danger came beside it.
    """
    if news is None:
        return ()
    standing = asking.in_order(voice.heard())
    relayed = standing[0].reason.relayed if standing and standing[0].reason is not None else None
    lead = tuple((hazard.hazard, hazard.level, hazard.where, hazard.by_s) for hazard in standing[:1])
    worst = max((hazard.level for hazard in standing), default=Level.NONE)
    return (*news, lead, worst, relayed, tuple(sorted(voice.ended)), voice.has_moved, voice.returning)
