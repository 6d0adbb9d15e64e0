"""A channel behind a wall: whatever it raises or returns, each message gets an outcome.

When a batch makes it raise, the messages are given to it one by one, so that the
one that does it is found and the others are not tried again and again with it.
Receivers know a key that comes twice.
"""

import logging
import time
from collections.abc import Sequence

from warnstream.adapters.channels.channel import Channel, Inbound, Linked, LinkFault, OutgoingMessage
from warnstream.adapters.channels.own_fault import own_fault
from warnstream.adapters.metrics import Metrics
from warnstream.delivery.dispatch.outcome import Outcome, retry, unavailable

logger = logging.getLogger(__name__)

RAISED_MAX = 3
"""So often in a row a channel may raise on single messages; then the rest of the batch waits."""


class GuardedChannel:
    """Opens, sends and closes without ever raising.

    Parameters
    ----------
    name : str
        For logs and metrics.
    channel : Channel
    inbound : Inbound
        What the channel is opened with.
    metrics : Metrics
    """

    def __init__(self, name: str, channel: Channel, inbound: Inbound, metrics: Metrics) -> None:
        self._name = name
        self._channel = channel
        self._inbound = inbound
        self._metrics = metrics
        self._is_open = False
        self._since: float | None = None

    @property
    def batch_max(self) -> int:
        """Most messages of a batch; 1 where the channel says nothing sensible."""
        batch_max = self._channel.batch_max
        return batch_max if isinstance(batch_max, int) and batch_max > 0 else 1

    def under_way_s(self) -> float:
        """How long the batch in hand has been under way, in seconds; 0 if there is none. From any thread."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def open_if_linked(self) -> None:
        """Open a channel to which something can come back before the first message leaves."""
        if isinstance(self._channel, Linked):
            self._open_fault()

    def link_fault(self) -> LinkFault | None:
        """Why nothing can come back over the channel; None if it can, or never does. From any thread."""
        if not isinstance(self._channel, Linked):
            return None
        try:
            return self._channel.link_fault()
        except Exception as error:  # who asks for readiness must get it
            logger.exception("channel failed", extra={"channel": self._name})
            return LinkFault(f"its state is not known ({type(error).__name__})", 0.0)

    def send(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        """The outcome of each message, in the same order."""
        if not batch:
            return []
        self._since = time.monotonic()
        try:
            fault = self._open_fault()
            if fault:
                return [unavailable(fault)] * len(batch)
            outcomes = self._try(batch)
            return outcomes if outcomes is not None else self._one_by_one(batch)
        finally:
            self._since = None

    def _one_by_one(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        if len(batch) == 1:
            return [retry("the channel failed; see the log")]
        outcomes: list[Outcome] = []
        raised = 0
        for message in batch:
            if raised == RAISED_MAX:
                outcomes.append(unavailable("the channel fails on every message; see the log"))
                continue
            single = self._try([message])
            raised = raised + 1 if single is None else 0
            outcomes += single or [retry("the channel failed; see the log")]
        return outcomes

    def _open_fault(self) -> str:
        """Open the channel if that is still to be done; why it could not be, empty if it is open."""
        if self._is_open:
            return ""
        try:
            self._channel.open(self._inbound)
        except BaseException as error:  # noqa: BLE001  foreign code must not end the thread
            self._note(error)
            return own_fault(error) or f"it cannot be opened: {error}"
        self._is_open = True
        return ""

    def _try(self, batch: Sequence[OutgoingMessage]) -> list[Outcome] | None:
        """Outcomes as the channel gave them; None if it raised or lost some: nobody knows what was sent."""
        try:
            outcomes = list(self._channel.send(batch))
            if len(outcomes) != len(batch) or not all(isinstance(outcome, Outcome) for outcome in outcomes):
                raise TypeError(f"{len(batch)} messages, and not as many outcomes")  # noqa: TRY301
        except BaseException as error:  # noqa: BLE001  foreign code must not end the thread
            self._note(error)
            if own := own_fault(error):
                return [unavailable(own)] * len(batch)
            return None
        return outcomes

    def _note(self, error: BaseException) -> None:
        logger.error("channel failed", exc_info=error, extra={"channel": self._name})
        self._metrics.channel_errors.labels(self._name).inc()

    def close(self) -> None:
        """Close the channel; after the end of the thread that sends."""
        try:
            self._channel.close()
        except BaseException as error:  # noqa: BLE001  the other channels are still to be closed
            self._note(error)
