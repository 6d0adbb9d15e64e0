"""Forest fire danger: the Canadian Fire Weather Index of the nearest weather stations, once a day."""

import numpy as np

from warnstream.hazards.tables import levels_of, threshold_of
from warnstream.model.arrays import Float64Array
from warnstream.model.indicators import HazardLevels, Indicator, no_levels
from warnstream.model.rules import FireTable, HazardRule
from warnstream.model.times import DAY_S


def evaluate(rule: HazardRule, fire_weather: Float64Array) -> HazardLevels:
    """Level of every village by the nearest of its stations that has an index.

    Parameters
    ----------
    rule : HazardRule
        With `FireTable` thresholds.
    fire_weather : Float64Array, shape (n_stations,)
        Index of the last noon; NaN where there is none. A village none of whose
        stations has one is blind.
    """
    table = rule.thresholds
    assert isinstance(table, FireTable)
    n_villages, n_near = table.station.shape
    found = no_levels(n_villages, Indicator.FIRE_WEATHER)
    value = np.full(n_villages, np.nan)
    for rank in reversed(range(n_near)):
        station = table.station[:, rank]
        here = np.where(station >= 0, fire_weather[station], np.nan)
        known = ~np.isnan(here)
        value[known] = here[known]
        found.station[known] = station[known]
    critical = np.broadcast_to(table.critical, (n_villages, len(table.critical)))
    found.level[:] = levels_of(value, critical)
    found.holding[:] = levels_of(value, critical * rule.lowering.clear_ratio)
    found.is_blind[:] = np.isnan(value) & (table.station >= 0).any(axis=1)
    found.can_fall[:] = ~np.isnan(value)
    found.value[:] = value
    found.threshold[:] = threshold_of(critical, found.level)
    found.duration_s[:] = DAY_S
    return found
