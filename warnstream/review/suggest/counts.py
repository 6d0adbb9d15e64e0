"""Alarms that a threshold would have raised: separate events, apart by the rule's own fall."""

import numpy as np

from warnstream.model.rules.rules import DowngradePolicy
from warnstream.review.suggest.sums import VillageRain


def alarms(rain: VillageRain, threshold_mm: float, lowering: DowngradePolicy) -> list[int]:
    """When alarms would have begun.

    An alarm begins where the sum reaches the threshold and none stands. It falls when the sum has been below
    `clear_ratio` of it for `hold_s`, and `active_s_min` after it was last reached.

    Parameters
    ----------
    rain : VillageRain
    threshold_mm : float
    lowering : DowngradePolicy

    Returns
    -------
    list of int
        Seconds since 1970, ascending.
    """
    clear_mm = lowering.clear_ratio * threshold_mm
    matters = np.flatnonzero(rain.sum_mm >= clear_mm)
    found: list[int] = []
    # Until when the sum was at least the threshold, or the clear value; both stand until it changes.
    reached_until_s = held_until_s = None
    ends_s = np.append(rain.at_s[1:], rain.at_s[-1:]) if len(rain.at_s) else rain.at_s
    rows = zip(
        rain.at_s[matters].tolist(), ends_s[matters].tolist(), rain.sum_mm[matters].tolist(), strict=True
    )
    for at_s, end_s, sum_mm in rows:
        if reached_until_s is not None and held_until_s is not None:
            falls_s = max(held_until_s + lowering.hold_s, reached_until_s + lowering.active_s_min)
            if at_s > falls_s:  # at that very time it rises again before it could fall
                reached_until_s = None
        if sum_mm >= threshold_mm:
            if reached_until_s is None:
                found.append(at_s)
            reached_until_s = end_s
        held_until_s = end_s
    return found


def highest(rain: VillageRain, begin_s: int, end_s: int) -> float:
    """Greatest sum that stood at any time of a stretch, in mm; 0 where nothing is known."""
    first = max(int(np.searchsorted(rain.at_s, begin_s, side="right")) - 1, 0)
    last = int(np.searchsorted(rain.at_s, end_s, side="right"))
    return float(rain.sum_mm[first:last].max(initial=0.0))
