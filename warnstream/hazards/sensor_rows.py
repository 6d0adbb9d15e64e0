"""Levels of villages from rows of sensors: the worst row of a village counts.

Shared by the hazards whose tables say which sensor warns which village. A level
comes down by the sensors that raised it: one that reports holds it until it is
below the clear value, one that fell silent at or above it leaves the fall
unconfirmed (`SensorRows.silent_raisers`), and one that never was high has no say.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from warnstream.model.arrays import (
    BoolArray,
    Float64Array,
    Int32Array,
    Int64Array,
    LevelArray,
    UInt8Array,
    rows_where,
)
from warnstream.model.level import Level
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.comparison import Comparison
from warnstream.model.rules.indicators import HazardLevels, Indicator, no_levels


@dataclass(frozen=True, slots=True)
class ObservedRows:
    """Rows of a table whose single observations reach levels: those of the past can be judged again.

    Attributes
    ----------
    variable : Variable
        What is observed.
    indicator : Indicator
        What it is compared as.
    village, station : Int32Array, shape (n_rows,)
    critical : Float64Array, shape (n_rows, 4)
        NaN where a row lacks a level.
    arriving : callable
        Values at the villages of some rows, by row numbers and what the station of each observed.
    """

    variable: Variable
    indicator: Indicator
    village: Int32Array
    station: Int32Array
    critical: Float64Array
    arriving: Callable[[Int64Array, Float64Array], Float64Array] = lambda _rows, value: value


@dataclass(frozen=True, slots=True)
class SensorRows:
    """What each row of a table found; all arrays have shape (n_rows,), two of them (n_rows, 4).

    `holding` is the level whose clear value the row still reaches, `fresh`
    whether its sensor reports. `lead_s` is 0 where the level is observed.
    `critical` and `clear` are the values that reach and that hold each level.
    `last` and `last_holding` are what the sensor said when it was last heard, at
    `observed_at_s` (-1: never), however long ago, and what that holds. Silent is
    a sensor that was heard longer than `stale_after_s` ago.
    """

    village: Int32Array
    station: Int32Array
    indicator: UInt8Array
    fresh: BoolArray
    level: LevelArray
    holding: LevelArray
    value: Float64Array
    threshold: Float64Array
    forecast_value: Float64Array
    duration_s: Int32Array
    lead_s: Int32Array
    is_confirmed: BoolArray
    critical: Float64Array
    clear: Float64Array
    observed_at_s: Int64Array
    last: Float64Array
    last_holding: LevelArray
    stale_after_s: int

    @property
    def that_warn(self) -> "SensorRows":
        """Without rows that warn nobody and only bear out others (village -1)."""
        warns = self.village >= 0
        if warns.all():
            return self
        arrays = (field.name for field in fields(self) if field.name != "stale_after_s")
        return replace(self, **{name: getattr(self, name)[warns] for name in arrays})

    def silent_raisers(self, first: int, end: int, opened_at_s: int) -> Int64Array:
        """Rows of places `first` to `end` whose sensors fell silent high, while at a level."""
        since_s = opened_at_s - self.stale_after_s
        here = (self.village >= first) & (self.village < end)
        was_high = (self.last_holding > 0) & (self.observed_at_s >= since_s)
        return rows_where(here & ~self.fresh & was_high)

    def compare(self, place: int) -> list[Comparison]:
        """What was compared at one place, row by row."""
        return [self._compared(int(row)) for row in rows_where(self.village == place)]

    def _compared(self, row: int) -> Comparison:
        return Comparison(
            Indicator(int(self.indicator[row])),
            float(self.value[row]),
            tuple(self.critical[row].tolist()),
            Level(int(self.level[row])),
            duration_s=int(self.duration_s[row]),
            lead_s=int(self.lead_s[row]),
            forecast_value=float(self.forecast_value[row]),
            station=int(self.station[row]),
            clear=tuple(self.clear[row].tolist()),
            note="" if self.fresh[row] else "silent for too long: it says nothing",
        )


def levels_of_villages(rows: SensorRows, n_villages: int) -> HazardLevels:
    """Level of every village: of its worst row; of equal ones an observed one, then the first in the table.

    A village may fall while any of its sensors reports, and is blind when none does.
    """
    found = no_levels(n_villages, Indicator.STAGE)
    np.maximum.at(found.level, rows.village, rows.level)
    np.maximum.at(found.holding, rows.village, np.maximum(rows.holding, rows.level))
    n_fresh = np.zeros(n_villages, dtype=np.int64)
    n_sensors = np.zeros(n_villages, dtype=np.int64)
    np.add.at(n_fresh, rows.village, rows.fresh)
    np.add.at(n_sensors, rows.village, 1)
    found.can_fall[:] = n_fresh > 0
    found.is_blind[:] = (n_sensors > 0) & (n_fresh == 0)
    carries = rows_where((rows.level > 0) & (rows.level == found.level[rows.village]))
    order = carries[np.lexsort((-carries, rows.lead_s[carries] == 0))]  # what is written last stays
    at = rows.village[order]
    found.value[at] = rows.value[order]
    found.threshold[at] = rows.threshold[order]
    found.forecast_value[at] = rows.forecast_value[order]
    found.duration_s[at] = rows.duration_s[order]
    found.lead_s[at] = rows.lead_s[order]
    found.station[at] = rows.station[order]
    found.indicator[at] = rows.indicator[order]
    found.is_confirmed[at] = rows.is_confirmed[order]
    return found


def clear_values(critical: Float64Array, clear_ratio: float, span_min: float) -> Float64Array:
    """Values below which a level may fall: lower by a share of the distance between the levels.

    A ratio of the value itself would depend on the datum (95 % of 312 m over
    sea level is 15 m lower), so the share is taken of the span from the lowest
    to the highest level of a row, or of `span_min` where it is less.

    Parameters
    ----------
    critical : Float64Array, shape (n_rows, 4)
    clear_ratio, span_min : float
    """
    span = np.maximum(np.nanmax(critical, axis=1) - np.nanmin(critical, axis=1), span_min)
    clear: Float64Array = critical - ((1.0 - clear_ratio) * span)[:, None]
    return clear


def age_ok(observed_at_s: Int64Array, now_s: int, stale_after_s: int) -> BoolArray:
    """Where a sensor's newest observation still says something."""
    fresh: BoolArray = (observed_at_s >= 0) & (now_s - observed_at_s <= stale_after_s)
    return fresh
