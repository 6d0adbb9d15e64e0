"""Clients, subscriptions and messages that were refused: all are counted, few of one kind are logged."""

import logging
from collections.abc import Mapping

from warnstream.adapters.metrics import Metrics

LOGGED_PER_MINUTE = 20
"""Refusals of one reason that are logged; all are counted."""

log = logging.getLogger(__name__)


class Refusals:
    """Counts by reason; for one thread."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._logged: dict[str, tuple[float, int]] = {}

    def tell(self, reason: str, now_s: float, facts: Mapping[str, object]) -> None:
        """One was refused; `now_s` by a clock that never goes back."""
        self._metrics.listener_refused.labels(reason).inc()
        since_s, count = self._logged.get(reason, (now_s, 0))
        if now_s - since_s > 60:
            since_s, count = now_s, 0
        self._logged[reason] = (since_s, count + 1)
        if count < LOGGED_PER_MINUTE:
            log.warning("client refused", extra={"reason": reason, **facts})
