"""The outbox of a node with that of a drill beside it: channels, links and receipts meet both as one.

What is real always goes first: a channel is given something of a drill only while nothing real waits for it.
Names tell whose a key is. A fault of the drill's outbox is said and costs the real one nothing: what a
channel has done for the drill then counts as not done, and for `PAUSE_S` nothing of the drill is handed out.
"""

import logging
import time
from collections.abc import Mapping

from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.outbox.outbox import Proves
from warnstream.adapters.outbox.types import Addressed, Claimed
from warnstream.delivery.dispatch.notification import EXPIRED_UNSENT, Settlement
from warnstream.model.hands.drills import is_of_drill

log = logging.getLogger(__name__)

PAUSE_S = 30.0

MUTED_ROUNDS_MAX = 100
"""So many batches of villages that must not be told any more are passed over at one claim."""


class MainOutbox(NodeOutbox):
    """The node's outbox.

    Attributes
    ----------
    drill : NodeOutbox or None
        The drill's, while there is one.
    muted : frozenset of str
        Villages whose doors hear something real: nothing of a drill goes out there any more.
    """

    drill: NodeOutbox | None = None
    muted: frozenset[str] = frozenset()
    _paused_until = 0.0

    def claim(self, channel: str, limit: int, now: float, level_min: int = 0) -> list[Claimed]:
        """The next notifications of a channel, at most `limit`; of a drill only where nothing real waits."""
        real = super().claim(channel, limit, now, level_min)
        if real or self.drill is None or time.monotonic() < self._paused_until:
            return real
        try:
            return self._claim_drill(self.drill, channel, limit, now)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with a drill, warnings go on
            self._pause("notifications of the drill cannot be handed out", error)
            return []

    def _claim_drill(self, drill: NodeOutbox, channel: str, limit: int, now: float) -> list[Claimed]:
        for _ in range(MUTED_ROUNDS_MAX):
            claimed = drill.claim(channel, limit, now)
            muted = {claim.key: EXPIRED_UNSENT for claim in claimed if claim.message.village in self.muted}
            if muted:
                drill.settle(muted, now)
            if len(muted) < len(claimed) or not claimed:
                return [claim for claim in claimed if claim.key not in muted]
        return []

    def settle(self, settlements: Mapping[str, Settlement], now: float) -> None:
        """Keep what attempts have led to, by key."""
        of_drill = {key: outcome for key, outcome in settlements.items() if is_of_drill(key)}
        real = {key: outcome for key, outcome in settlements.items() if key not in of_drill}
        if real:
            super().settle(real, now)
        if not of_drill or self.drill is None:
            return
        try:
            self.drill.settle(of_drill, now)
        except Exception as error:  # noqa: BLE001
            self._pause("outcomes of the drill cannot be kept", error)

    def hand_in(self, settlements: Mapping[str, Settlement], now: float) -> bool:
        """Begin to keep outcomes; nothing of a drill is handed in ahead of `settle`."""
        real = {key: outcome for key, outcome in settlements.items() if not is_of_drill(key)}
        is_whole = super().hand_in(real, now) if real else True
        return is_whole and len(real) == len(settlements)

    def _pause(self, what: str, error: Exception) -> None:
        self._paused_until = time.monotonic() + PAUSE_S
        log.error(what, extra={"error": str(error)})

    def next_due(self, channel: str) -> float | None:
        """When the next waiting notification of a channel is due; None if none waits."""
        due = super().next_due(channel)
        of_drill = None
        if self.drill is not None and time.monotonic() >= self._paused_until:
            try:
                of_drill = self.drill.next_due(channel)
            except Exception as error:  # noqa: BLE001
                self._pause("the drill's outbox cannot be read", error)
        return min((time_s for time_s in (due, of_drill) if time_s is not None), default=None)

    def mark_delivered(self, key: str, at: float) -> bool:
        """A receipt came back: the recipient's device has it. False if the key is unknown."""
        if is_of_drill(key):
            return self.drill is not None and self.drill.mark_delivered(key, at)
        return super().mark_delivered(key, at)

    def addressed(self, number: int, proves: Proves) -> Addressed | None:
        """The message and recipient of an answer link; None if its token proves none.

        Both outboxes count from 1, so a number may be known in both: the token proves one of them alone.
        """
        found = super().addressed(number, proves)
        return found if found is not None or self.drill is None else self.drill.addressed(number, proves)

    def number_of(self, key: str) -> int | None:
        """Number in the answer links of a notification; None if the key is unknown."""
        if is_of_drill(key):
            return None if self.drill is None else self.drill.number_of(key)
        return super().number_of(key)

    def is_lost(self, digest: str, post: str) -> bool:
        """Whether no way of a post could bring it a digest."""
        if is_of_drill(digest):
            return self.drill is not None and self.drill.is_lost(digest, post)
        return super().is_lost(digest, post)
