"""Levels that a changed configuration finds to be other than told; the next step resolves them."""

import logging
from collections.abc import Sequence

from warnstream.adapters.http.models.county import DifferenceRecord
from warnstream.adapters.metrics import Metrics
from warnstream.runners.intake.alignment import Difference

log = logging.getLogger(__name__)

NAMED_MAX = 5
"""Differences that are named in the log line; the number is always complete."""


def tell_differences(found: Sequence[Difference], metrics: Metrics) -> list[DifferenceRecord]:
    """Count and log them; the records of all of them."""
    metrics.history_differences.set(len(found))
    if found:
        named = ", ".join(
            f"{d.village} {d.hazard} issued {d.issued.word} found {d.found.word}" for d in found[:NAMED_MAX]
        )
        log.warning("levels differ from what was issued", extra={"count": len(found), "first": named})
    return [DifferenceRecord(d.village, d.hazard, issued=d.issued.word, found=d.found.word) for d in found]
