"""Critical rainfall (临界雨量): rain over any of several durations reaches a village's own values.

The rule of flash floods, and of sirens for rain-triggered landslides.
"""

from warnstream.hazards import rain_table
from warnstream.model.indicators import HazardLevels, VillageRain
from warnstream.model.rules import HazardRule


def evaluate(rule: HazardRule, rain: VillageRain) -> HazardLevels:
    """Level of every village by critical rainfall.

    Parameters
    ----------
    rule : HazardRule
        With `CriticalRain` thresholds.
    rain : VillageRain
        Accumulations over at least `rain_table.durations_needed(rule)`.
    """
    return rain_table.evaluate_where(rule, rain, counts=None)
