"""The outbox of a node with those of drills beside it: channels, links and receipts meet them as one.

What is real always goes first: a channel is given something of a drill only while nothing real waits for it.
Names tell whose a key is. A fault of a drill's outbox is said and costs the real one and all others nothing:
what a channel has done for that drill counts as not done, and for `PAUSE_S` nothing of it is handed out.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol

from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.outbox.outbox import Proves
from warnstream.adapters.outbox.types import Addressed, Claimed
from warnstream.delivery.dispatch.notification import EXPIRED_UNSENT, Settlement
from warnstream.model.hands.drills import is_of_drill, name_of_drill

log = logging.getLogger(__name__)

PAUSE_S = 30.0

MUTED_ROUNDS_MAX = 100
"""So many batches of villages that must not be told any more are passed over at one claim."""

TellRows = Callable[[Mapping[str, Settlement], float], object]

Drills = Mapping[str, NodeOutbox]


class MaySend(Protocol):
    """Who leads beside another box."""

    def may_send(self) -> bool:
        """Whether people may be told anything at this moment."""


class MainOutbox(NodeOutbox):
    """The node's outbox.

    Attributes
    ----------
    drills : mapping of str to NodeOutbox
        By name, while there are some; replaced, never changed.
    muted : frozenset of str
        Villages whose doors hear something real: nothing of a drill goes out there any more.
    may_send : callable
        Whether anybody may be told anything now: of two boxes with a witness one that reaches nobody may not.
    """

    drills: Drills = MappingProxyType({})
    muted: frozenset[str] = frozenset()
    _paused_until: Mapping[str, float] = MappingProxyType({})
    _served: str = ""
    may_send: Callable[[], bool] = staticmethod(lambda: True)

    def stand_beside(self, leads: MaySend | None, tell_rows: TellRows) -> None:
        """A second box hears what becomes of rows, and nobody is told what may not be told now."""
        if leads is not None:
            self.tell_rows, self.may_send = tell_rows, leads.may_send

    def claim(self, channel: str, limit: int, now: float, level_min: int = 0) -> list[Claimed]:
        """The next notifications of a channel, at most `limit`; of a drill only where nothing real waits."""
        if not self.may_send():
            return []
        real = super().claim(channel, limit, now, level_min)
        if real or not self.drills:
            return real
        for name, drill in self._in_turn():
            try:
                claimed = self._claim_drill(drill, channel, limit, now)
            except Exception as error:  # noqa: BLE001  # whatever is wrong with a drill, warnings go on
                self._pause(name, "notifications of a drill cannot be handed out", error)
                continue
            if claimed:
                self._served = name
                return claimed
        return []

    def _in_turn(self) -> Iterator[tuple[str, NodeOutbox]]:
        """Drills that do not pause, the one that was served last at the end: none holds up another."""
        drills, paused, now = self.drills, self._paused_until, time.monotonic()
        names = sorted(drills)
        first = names.index(self._served) + 1 if self._served in drills else 0
        for name in [*names[first:], *names[:first]]:
            if now >= paused.get(name, 0.0):
                yield name, drills[name]

    def _claim_drill(self, drill: NodeOutbox, channel: str, limit: int, now: float) -> list[Claimed]:
        for _ in range(MUTED_ROUNDS_MAX):
            claimed = drill.claim(channel, limit, now)
            muted = {item.key: EXPIRED_UNSENT for item in claimed if item.message.village in self.muted}
            if muted:
                drill.settle(muted, now)
            if len(muted) < len(claimed) or not claimed:
                return [item for item in claimed if item.key not in muted]
        return []

    def settle(self, settlements: Mapping[str, Settlement], now: float) -> None:
        """Keep what attempts have led to, by key."""
        real: dict[str, Settlement] = {}
        of_drill: dict[str, dict[str, Settlement]] = {}
        for key, settlement in settlements.items():
            (of_drill.setdefault(name_of_drill(key), {}) if is_of_drill(key) else real)[key] = settlement
        if real:
            super().settle(real, now)
        for name, some in of_drill.items():
            if (drill := self.drills.get(name)) is None:
                continue
            try:
                drill.settle(some, now)
            except Exception as error:  # noqa: BLE001
                self._pause(name, "outcomes of a drill cannot be kept", error)

    def hand_in(self, settlements: Mapping[str, Settlement], now: float) -> bool:
        """Begin to keep outcomes; nothing of a drill is handed in ahead of `settle`."""
        real = {key: settlement for key, settlement in settlements.items() if not is_of_drill(key)}
        is_whole = super().hand_in(real, now) if real else True
        return is_whole and len(real) == len(settlements)

    def _pause(self, name: str, what: str, error: Exception) -> None:
        self._paused_until = {**self._paused_until, name: time.monotonic() + PAUSE_S}
        log.error(what, extra={"drill": name, "error": str(error)})

    def next_due(self, channel: str) -> float | None:
        """When the next waiting notification of a channel is due; None if none waits."""
        if not self.may_send():
            return None  # asked again soon, not at once
        dues = [super().next_due(channel)]
        for name, drill in self._in_turn():
            try:
                dues.append(drill.next_due(channel))
            except Exception as error:  # noqa: BLE001
                self._pause(name, "the outbox of a drill cannot be read", error)
        return min((due for due in dues if due is not None), default=None)

    def hand_on(self, channel: str, rooms: Mapping[str, int], now: float) -> int:
        """Let doors of a held channel be told by another way; those of drills where nobody real is."""
        if not self.may_send():
            return 0
        count = super().hand_on(channel, rooms, now)
        for name, drill in self._in_turn() if not count else ():
            try:
                count += drill.hand_on(channel, rooms, now)
            except Exception as error:  # noqa: BLE001
                self._pause(name, "doors of a drill cannot be handed on", error)
        return count

    def mark_delivered(self, key: str, at: float) -> bool:
        """A receipt came back: the recipient's device has it. False if the key is unknown."""
        if is_of_drill(key):
            drill = self.drills.get(name_of_drill(key))
            return drill is not None and drill.mark_delivered(key, at)
        return super().mark_delivered(key, at)

    def addressed(self, number: int, proves: Proves) -> Addressed | None:
        """The message and recipient of an answer link; None if its token proves none.

        All outboxes count from 1, so a number may be known in several: the token proves one of them alone.
        """
        found = super().addressed(number, proves)
        for name, drill in self.drills.items() if found is None else ():
            try:
                if (found := drill.addressed(number, proves)) is not None:
                    return found
            except Exception as error:  # noqa: BLE001
                self._pause(name, "a link of a drill cannot be read", error)
        return found

    def number_of(self, key: str) -> int | None:
        """Number in the answer links of a notification; None if the key is unknown."""
        if is_of_drill(key):
            drill = self.drills.get(name_of_drill(key))
            return None if drill is None else drill.number_of(key)
        return super().number_of(key)

    def is_lost(self, digest: str, post: str) -> bool:
        """Whether no way of a post could bring it a digest."""
        if is_of_drill(digest):
            drill = self.drills.get(name_of_drill(digest))
            return drill is not None and drill.is_lost(digest, post)
        return super().is_lost(digest, post)
