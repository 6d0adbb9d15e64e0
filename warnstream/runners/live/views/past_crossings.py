"""Levels of the past that late readings prove: each is logged for the duty officer, and counted."""

import logging
from collections.abc import Sequence

from warnstream.adapters.metrics import Metrics
from warnstream.model.changes import PastCrossing
from warnstream.model.network import Network
from warnstream.model.times import iso_utc

log = logging.getLogger(__name__)

NAMED_MAX = 50
"""Crossings of one step that have a line of their own; an outage of a day proves one in every village."""


def tell_past_crossings(crossings: Sequence[PastCrossing], network: Network, metrics: Metrics) -> None:
    """Log and count what a step found; the worst first."""
    ordered = sorted(crossings, key=lambda one: (-one.level, one.crossed_at_s, one.hazard, one.village))
    for one in ordered:
        metrics.past_crossings.labels(one.hazard, one.level.word).inc()
    for one in ordered[:NAMED_MAX]:
        log.warning(
            "a late reading proves a level that nobody was told of",
            extra={
                "hazard": one.hazard,
                "village": network.villages.code[one.village],
                "level": one.level.word,
                "crossed_at": iso_utc(one.crossed_at_s),
                "station": one.station,
                "observed_at": iso_utc(one.observed_at_s),
                "value": f"{one.value:g} {one.unit}",
                "threshold": f"{one.threshold:g} {one.unit}",
                "duration_s": one.duration_s,
            },
        )
    if len(ordered) > NAMED_MAX:
        log.warning("more levels that nobody was told of", extra={"count": len(ordered) - NAMED_MAX})
