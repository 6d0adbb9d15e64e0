"""Forest fire danger: the Canadian Fire Weather Index of the nearest weather stations, once a day."""

import numpy as np

from warnstream.hazards.sources import Needs
from warnstream.hazards.tables import levels_of, threshold_of
from warnstream.model.arrays import Float64Array, Int32Array
from warnstream.model.level import Level
from warnstream.model.rules.comparison import Comparison, clear_of
from warnstream.model.rules.indicators import HazardLevels, Indicator, no_levels
from warnstream.model.rules.rules import FireTable, HazardRule
from warnstream.model.times import DAY_S


def needs(rule: HazardRule) -> Needs:
    """Fire weather of a noon."""
    table = rule.thresholds
    assert isinstance(table, FireTable)
    return Needs(noon_s=table.noon_s)


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
    n_villages = len(table.station)
    found = no_levels(n_villages, Indicator.FIRE_WEATHER)
    value, found.station[:] = _nearest(table, fire_weather)
    critical = np.broadcast_to(table.critical, (n_villages, len(table.critical)))
    found.level[:] = levels_of(value, critical)
    found.holding[:] = levels_of(value, critical * rule.lowering.clear_ratio)
    found.is_blind[:] = np.isnan(value) & (table.station >= 0).any(axis=1)
    found.can_fall[:] = ~np.isnan(value)
    found.value[:] = value
    found.threshold[:] = threshold_of(critical, found.level)
    found.duration_s[:] = DAY_S
    return found


def compare(rule: HazardRule, fire_weather: Float64Array, place: int) -> list[Comparison]:
    """What `evaluate` compared at one place."""
    table = rule.thresholds
    assert isinstance(table, FireTable)
    value, station = _nearest(table, fire_weather)
    critical = tuple(table.critical.tolist())
    return [
        Comparison(
            Indicator.FIRE_WEATHER,
            float(value[place]),
            critical,
            Level(int(levels_of(value[place : place + 1], table.critical[None])[0])),
            duration_s=DAY_S,
            station=int(station[place]),
            clear=clear_of(critical, rule.lowering.clear_ratio),
        )
    ]


def _nearest(table: FireTable, fire_weather: Float64Array) -> tuple[Float64Array, Int32Array]:
    """Index of each village and its station: the nearest that has one; NaN and -1 where none has."""
    n_villages, n_near = table.station.shape
    value, chosen = np.full(n_villages, np.nan), np.full(n_villages, -1, dtype=np.int32)
    for rank in reversed(range(n_near)):
        station = table.station[:, rank]
        here = np.where(station >= 0, fire_weather[station], np.nan)
        known = ~np.isnan(here)
        value[known] = here[known]
        chosen[known] = station[known]
    return value, chosen
