"""Which windows of rain the rules ask for: some to the minute, longer ones by whole days.

A duration up to the longest that is kept to the minute is one of those; a
longer one is a window of days (`warnstream.model.observations.days.over_duration`). What
nobody asks for is not kept.
"""

from dataclasses import dataclass

from warnstream.model.arrays import Int32Array
from warnstream.model.observations.days import DayWindow, over_duration
from warnstream.model.rules.expressions import RuleTable
from warnstream.model.rules.rules import HazardRule, LandslideRain
from warnstream.model.times import HOUR_S


@dataclass(frozen=True, slots=True)
class RequiredWindows:
    """Windows of one network.

    Attributes
    ----------
    duration_s : Int32Array, shape (n_durations,)
        Durations kept to the minute, ascending.
    days : tuple of DayWindow
        Windows kept by days, ascending.
    """

    duration_s: Int32Array
    days: tuple[DayWindow, ...]


def asked_windows(rules: tuple[HazardRule, ...], duration_s: Int32Array, longest_s: int) -> RequiredWindows:
    """Windows that the rules read.

    Parameters
    ----------
    rules : tuple of HazardRule
    duration_s : Int32Array, shape (n,)
        Every duration that they read, ascending.
    longest_s : int
        Longest that is kept to the minute.
    """
    by_minute = duration_s <= max(longest_s, HOUR_S)
    days = {over_duration(duration) for duration in duration_s[~by_minute].tolist()}
    for table in (rule.thresholds for rule in rules):
        if isinstance(table, LandslideRain):
            days |= table.day_windows
        elif isinstance(table, RuleTable):
            days |= table.day_windows()
    return RequiredWindows(duration_s[by_minute], tuple(sorted(days)))
