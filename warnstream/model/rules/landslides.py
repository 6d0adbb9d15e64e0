"""Thresholds of landslides by rain: criteria of territories, any one of which reaches a level."""

from dataclasses import dataclass, field, replace

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array
from warnstream.model.level import LEVELS
from warnstream.model.observations.days import DayWindow
from warnstream.model.times import DAY_S


@dataclass(frozen=True, slots=True)
class LandslideTerritory:
    """Criteria of one landslide territory; index 0 to 3 of every array is blue to red, NaN: no value.

    Attributes
    ----------
    line_rain_mm, line_soil_water_mm : tuple of Float64Array, length 4
        Points of each level's critical line: rain of 60 min ascending, and the
        soil water index that is critical with it, not ascending. Empty: no line.
    intensity_a, intensity_b : Float64Array, shape (4,)
        Mean intensity of the event that is critical: ``a * D ** -b`` mm/h, D in hours.
    intensity_h_range : (float, float)
        Durations for which the curve is meant, hours.
    effective_mm, antecedent_mm, weighted_mm : Float64Array, shape (4,)
        Half-life effective rain, antecedent precipitation with today's rain,
        and weighted rain of seven days that are critical.
    daily_mm : Float64Array, shape (n_windows, 4)
        Rain over each of `LandslideRain.daily` that is critical.
    """

    line_rain_mm: tuple[Float64Array, ...]
    line_soil_water_mm: tuple[Float64Array, ...]
    intensity_a: Float64Array
    intensity_b: Float64Array
    intensity_h_range: tuple[float, float]
    effective_mm: Float64Array
    antecedent_mm: Float64Array
    weighted_mm: Float64Array
    daily_mm: Float64Array = field(default_factory=lambda: np.zeros((0, 4)))

    @property
    def defined(self) -> BoolArray:
        """Levels that any criterion has a value for, shape (4,)."""
        by_line = np.array([len(line) > 0 for line in self.line_rain_mm], dtype=np.bool_)
        single = [self.intensity_a, self.effective_mm, self.antecedent_mm, self.weighted_mm]
        has_value = ~np.isnan(np.vstack([*single, self.daily_mm])).all(axis=0)
        return np.asarray(by_line | has_value)


@dataclass(frozen=True, slots=True)
class LandslideRain:
    """Landslides by rain: which territory a village belongs to, and what is critical there.

    Attributes
    ----------
    territory : Int32Array, shape (n_villages,)
        Index into `territories`; -1 where the village belongs to none and is never warned.
    territories : tuple of LandslideTerritory
    dry_gap_s : int
        A rain event ends when it has not rained for that long.
    half_life_s : int
        Of the effective rain.
    api_ratio : float
        Share of a day's rain that counts one day later in the antecedent precipitation.
    api_days : DayWindow or None
        Days that the antecedent precipitation is taken over; None: all days before, and today's rain whole.
    daily : tuple of DayWindow
        Windows of days that any territory has values for.
    """

    territory: Int32Array
    territories: tuple[LandslideTerritory, ...]
    dry_gap_s: int
    half_life_s: int
    api_ratio: float
    api_days: DayWindow | None = None
    daily: tuple[DayWindow, ...] = ()

    @property
    def day_windows(self) -> frozenset[DayWindow]:
        """Every window of days that is read."""
        own = () if self.api_days is None else (self.api_days,)
        return frozenset((*self.daily, *own, *(window.ended for window in self.resetting)))

    @property
    def resetting(self) -> tuple[DayWindow, ...]:
        """Those of `daily` that begin anew with each day."""
        return tuple(window for window in self.daily if window.resets)

    @property
    def durations_s(self) -> set[int]:
        """Sliding durations that hold levels up when sums of days begin anew."""
        reads_weighted = any(not np.isnan(territory.weighted_mm).all() for territory in self.territories)
        return {window.duration_s for window in self.resetting} | ({DAY_S} if reads_weighted else set())

    @property
    def numbers(self) -> Float64Array:
        """A number for each level that any territory has a criterion for; NaN where it has none."""
        own = [territory.defined for territory in self.territories]
        return np.where(np.array(own, dtype=np.bool_), 1.0, np.nan)

    def defined(self, n_places: int) -> BoolArray:
        """Levels that have a value at each place, shape (n_places, 4)."""
        found: BoolArray = np.zeros((n_places, len(LEVELS)), dtype=np.bool_)
        for number, territory in enumerate(self.territories):
            found[self.territory == number] = territory.defined
        return found

    def of_places(self, places: Int64Array) -> "LandslideRain":
        """The same for some places; all territories stay, so that it asks for what it asked for before."""
        return replace(self, territory=self.territory[places])
