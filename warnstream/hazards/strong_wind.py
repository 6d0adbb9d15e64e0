"""Strong wind: the highest gust of the last minutes reaches a village's values.

What has been measured is said to those who must act; a *signal* of wind to the
public is the met service's, so households are not called unless a county asks
for it. There is no forecast half: a gust front is minutes away when the first
station feels it.

Limits: of the gusts of one minute the last counts (stations send the highest
of their interval); a station in the lee of a house or on a mast says nothing of
the village beside it.
"""

from dataclasses import dataclass, replace

import numpy as np

from warnstream.hazards.sensor_rows import SensorRows, age_ok, levels_of_villages
from warnstream.hazards.sources import Needs, SeriesNeed
from warnstream.hazards.tables import levels_of, threshold_of
from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.by_place import defined_by_rows, rows_of_places
from warnstream.model.rules.indicators import HazardLevels, Indicator, SensorSamples
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import MINUTE_S


@dataclass(frozen=True, slots=True)
class WindTable:
    """Gusts that reach each level: one row is one station that warns one village.

    Attributes
    ----------
    village, station : Int32Array, shape (n_rows,)
    critical_m_per_s : Float64Array, shape (n_rows, 4)
        Gust that reaches blue to red; NaN where a level has no value.
    window_s : int
        The highest gust of that time up to a station's newest one counts.
    stale_after_s : int
        A gust observed longer ago says nothing.
    """

    village: Int32Array
    station: Int32Array
    critical_m_per_s: Float64Array
    window_s: int
    stale_after_s: int

    @property
    def numbers(self) -> Float64Array:
        """All values; NaN where a level has none."""
        return self.critical_m_per_s

    def defined(self, n_places: int) -> BoolArray:
        """Levels that have a value at each place by any station, shape (n_places, 4)."""
        return defined_by_rows(self.village, self.critical_m_per_s, n_places)

    def of_places(self, places: Int64Array) -> "WindTable":
        """The rows that warn some places."""
        rows, village = rows_of_places(self.village, places)
        return replace(
            self,
            village=village,
            station=self.station[rows],
            critical_m_per_s=self.critical_m_per_s[rows],
        )


def needs(rule: HazardRule) -> Needs:
    """The gusts of the window, a sample a minute."""
    table = rule.thresholds
    assert isinstance(table, WindTable)
    samples = -(-table.window_s // MINUTE_S)
    gusts = SeriesNeed(Variable.WIND_GUST, table.station, samples, MINUTE_S)
    return Needs(series=(gusts,), stations=table.station)


def evaluate(rule: HazardRule, samples: SensorSamples, n_villages: int, now_s: int) -> HazardLevels:
    """Level of every village by the gusts of its stations; the worst station counts.

    Parameters
    ----------
    rule : HazardRule
        With `WindTable` thresholds.
    samples : SensorSamples
    n_villages : int
    now_s : int
    """
    return levels_of_villages(rows_of(rule, samples, now_s), n_villages)


def rows_of(rule: HazardRule, samples: SensorSamples, now_s: int) -> SensorRows:
    """What each station says of each village that it warns."""
    table = rule.thresholds
    assert isinstance(table, WindTable)
    series, n_rows = samples.row[table.station], len(table.village)
    time_s, gust = samples.time_s[Variable.WIND_GUST][series], samples.value[Variable.WIND_GUST][series]
    observed_at_s = time_s.max(axis=1, initial=-1)
    is_recent = (time_s >= 0) & (time_s > (observed_at_s - table.window_s)[:, None])
    highest = np.where(is_recent, gust, -np.inf).max(axis=1, initial=-np.inf)
    last = np.where(np.isneginf(highest), np.nan, highest)
    fresh = age_ok(observed_at_s, now_s, table.stale_after_s)
    value = np.where(fresh, last, np.nan)
    clear = table.critical_m_per_s * rule.lowering.clear_ratio
    level = levels_of(value, table.critical_m_per_s)
    return SensorRows(
        village=table.village,
        station=table.station,
        indicator=np.full(n_rows, Indicator.WIND_GUST, dtype=np.uint8),
        fresh=fresh,
        level=level,
        holding=levels_of(value, clear),
        value=value,
        threshold=threshold_of(table.critical_m_per_s, level),
        forecast_value=np.zeros(n_rows),
        duration_s=np.full(n_rows, table.window_s, dtype=np.int32),
        lead_s=np.zeros(n_rows, dtype=np.int32),
        is_confirmed=np.ones(n_rows, dtype=np.bool_),
        critical=table.critical_m_per_s,
        clear=clear,
        observed_at_s=observed_at_s,
        last=last,
        last_holding=levels_of(last, clear),
        stale_after_s=table.stale_after_s,
    )
