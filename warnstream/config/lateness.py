"""How late a reading may be where nobody said so: as long as a threshold still asks for it.

After an outage of a day a day's sums are right only if the readings of that day
still count; with less, each would stay too low until the day is over.
"""

from warnstream.config.node.document import RAIN_KEPT_S_MAX
from warnstream.hazards.registry import needs_of
from warnstream.hazards.sources import durations_of
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import HOUR_S

LATENESS_S_LEAST = 6 * HOUR_S


def longest_threshold_s(rules: tuple[HazardRule, ...], longest_s: int) -> int:
    """Longest rain that a rule reads to the minute, seconds; what is longer is kept by days."""
    needed_s: list[int] = durations_of([needs_of(rule) for rule in rules], ()).tolist()
    return max(duration_s for duration_s in needed_s if duration_s <= max(longest_s, HOUR_S))


def default_lateness_s(rules: tuple[HazardRule, ...], longest_s: int) -> int:
    """`windows.lateness_max` where it is not written, seconds: the longest threshold, at least six hours."""
    asked_s = max(longest_threshold_s(rules, longest_s), LATENESS_S_LEAST)
    return min(asked_s, longest_s, RAIN_KEPT_S_MAX - longest_s)
