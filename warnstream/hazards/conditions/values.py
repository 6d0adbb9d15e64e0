"""What the terms of the rule language read, for all places at once."""

from dataclasses import dataclass

import numpy as np

from warnstream.hazards.conditions.movement import changes_per_s, pick, value_at, window_ends
from warnstream.hazards.expected.asking import asked_of_model
from warnstream.hazards.sensor_rows import age_ok
from warnstream.hazards.sources import NO_STATIONS, HazardSources
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.expressions import ModelTerm, Quantity
from warnstream.model.rules.indicators import Indicator, VillageAntecedent
from warnstream.model.times import DAY_S, HOUR_S


@dataclass(frozen=True, slots=True)
class Values:
    """Values of a quantity by village, shape (n_villages,).

    NaN where nothing is known. `concerns` is False where the village has no
    such sensor, `sees` where its stations are silent. `station` is -1 where
    no single station is meant. `last` is what a sensor said when it was last
    heard, at `observed_at_s` (-1: never), however long ago; of rain it is `value`.
    """

    value: Float64Array
    concerns: BoolArray
    sees: BoolArray
    station: Int32Array
    last: Float64Array
    observed_at_s: Int64Array


def values_of(quantity: Quantity, station: Int32Array | None, sources: HazardSources) -> Values:
    """Values of one quantity.

    Parameters
    ----------
    quantity : Quantity
    station : Int32Array or None, shape (n_villages,)
        Sensor of each village, -1 for none; None for rain.
    sources : HazardSources
    """
    if quantity.indicator.info.is_rain:
        value = _rain(quantity, sources)
        every = np.ones(len(value), dtype=np.bool_)
        none, never = np.full(len(value), -1, dtype=np.int32), np.full(len(value), -1, dtype=np.int64)
        return Values(value, every, ~sources.rain.is_blind, none, value, never)
    assert station is not None, quantity
    concerns = station >= 0
    value, sees = np.full(len(station), np.nan), np.zeros(len(station), dtype=np.bool_)
    last, heard_at_s = value.copy(), np.full(len(station), -1, dtype=np.int64)
    if concerns.any():
        named, number = np.unique(station[concerns], return_inverse=True)
        read, observed_at_s = _sensor(quantity, named, sources)
        fresh = age_ok(observed_at_s, sources.now_s, quantity.stale_after_s)
        value[concerns] = np.where(fresh, read, np.nan)[number]
        sees[concerns] = fresh[number]
        last[concerns], heard_at_s[concerns] = read[number], observed_at_s[number]
    return Values(value, concerns, sees, station, last, heard_at_s)


def values_of_model(term: ModelTerm, sources: HazardSources) -> Values:
    """How probable a weather model makes it, percent; where no run reaches nothing is seen.

    Once the time that the last run was asked for has passed the term concerns nobody until there is a new
    one: what was said is over, and a level must not stand for it for ever.
    """
    chance = sources.chances.get(asked_of_model(term).key)
    n_places = sources.n_places
    none, never = np.full(n_places, -1, dtype=np.int32), np.full(n_places, -1, dtype=np.int64)
    value: Float64Array = np.full(n_places, np.nan)
    if chance is not None:
        value = np.round(chance.found.probability.astype(np.float64) * 100.0, 1)
    concerns = np.full(n_places, chance is not None)
    return Values(value, concerns, ~np.isnan(value), none, value, never)


def coverage_of(sources: HazardSources) -> Float64Array:
    """Share of the last hour that was observed, shape (n_villages,)."""
    return sources.rain.coverage_over(HOUR_S)


def _rain(quantity: Quantity, sources: HazardSources) -> Float64Array:
    rain, parameter = sources.rain, int(quantity.parameter)
    if quantity.days is not None:
        return rain.over(quantity.days)
    if quantity.indicator is Indicator.RAIN:
        return rain.over(parameter)
    if quantity.indicator is Indicator.FORECAST_RAIN:
        return _at_lead(rain.ahead_mm, rain.leads_s, parameter)
    past = sources.earlier_rain
    if quantity.indicator is Indicator.SOIL_WATER and parameter:
        return _at_lead(past.soil_water_ahead_mm, rain.leads_s, parameter)
    return _past_rain(quantity, past)


def _at_lead(ahead_mm: Float64Array, leads_s: tuple[int, ...], lead_s: int) -> Float64Array:
    """A column of what is ahead; nothing is known without a forecast."""
    if not leads_s:
        return np.full(len(ahead_mm), np.nan)
    column: Float64Array = ahead_mm[:, leads_s.index(lead_s)]
    return column


def _past_rain(quantity: Quantity, past: VillageAntecedent) -> Float64Array:
    """What earlier rain has left."""
    parameter = int(quantity.parameter)
    if quantity.indicator is Indicator.SOIL_WATER:
        return past.soil_water_mm
    if quantity.indicator is Indicator.EFFECTIVE_RAIN:
        return past.effective_mm[parameter]
    if quantity.indicator is Indicator.ANTECEDENT_RAIN:
        return past.antecedent_mm[quantity.parameter]
    if quantity.indicator is Indicator.WEIGHTED_RAIN:
        return past.weighted_mm
    return _event(quantity, past)


def _event(quantity: Quantity, past: VillageAntecedent) -> Float64Array:
    """Rain or mean intensity of the present event."""
    parameter = int(quantity.parameter)
    event_mm, event_h = past.event_mm[parameter], past.event_s[parameter] / HOUR_S
    if quantity.indicator is Indicator.EVENT_RAIN:
        return event_mm
    return np.divide(event_mm, event_h, out=np.zeros_like(event_mm), where=event_h > 0)


def _sensor(
    quantity: Quantity, station: Int32Array, sources: HazardSources
) -> tuple[Float64Array, Int64Array]:
    """Value and time of the newest observation of each station."""
    indicator = quantity.indicator
    if indicator is Indicator.STAGE:
        stages = sources.stations.stages(NO_STATIONS, 0)
        return stages.stage_m[station], stages.observed_at_s[station]
    if indicator is Indicator.STAGE_RISE:
        stages = sources.stations.stages(station, int(quantity.parameter))
        return stages.rise_m_per_h[station], stages.observed_at_s[station]
    if indicator is Indicator.FIRE_WEATHER:
        index = sources.stations.fire_weather()[station]
        # An index knows its own age: it is NaN when it is too old.
        return index, np.where(np.isnan(index), -1, sources.now_s)
    samples = sources.stations.samples()
    series = samples.row[station]
    variable = indicator.info.sensor
    assert variable is not None, indicator
    time_s, value = samples.time_s[variable][series], samples.value[variable][series]
    if indicator is Indicator.TILT_RATE or indicator is Indicator.VELOCITY:
        ends = window_ends(time_s, int(quantity.parameter), 1)
        if indicator is Indicator.VELOCITY:
            return changes_per_s(time_s, value, ends, 0.0)[:, 0] * DAY_S, time_s[:, -1]
        at_s, x_deg = pick(time_s.astype(np.float64), ends), pick(value, ends)
        other = Variable.TILT_Y
        y_deg = value_at(samples.time_s[other][series], samples.value[other][series], at_s)
        moved = np.hypot(x_deg[:, 0] - x_deg[:, 1], np.nan_to_num(y_deg[:, 0] - y_deg[:, 1]))
        return moved / (at_s[:, 0] - at_s[:, 1]) * HOUR_S, time_s[:, -1]
    return value[:, -1], time_s[:, -1]
