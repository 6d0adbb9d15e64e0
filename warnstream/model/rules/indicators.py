"""What the hazards judge: rain of villages over many durations, stages of gauges, levels."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, LevelArray, UInt8Array
from warnstream.model.grids import GridRain
from warnstream.model.network import StationWeights
from warnstream.model.observations.days import DayWindow, over_duration
from warnstream.model.observations.readings import Variable
from warnstream.model.times import HOUR_S

LEADS_S = (HOUR_S, 2 * HOUR_S, 3 * HOUR_S)
"""How far ahead the nowcast looks; the columns of every ``rain_ahead_mm``."""


class Indicator(IntEnum):
    """What reached a level; the number is the code in `HazardLevels.indicator`."""

    RAIN = 0
    STAGE = 1
    SOIL_WATER = 2
    INTENSITY = 3
    EFFECTIVE_RAIN = 4
    ANTECEDENT_RAIN = 5
    WEIGHTED_RAIN = 6
    TILT_RATE = 7
    VELOCITY = 8
    TANGENT_ANGLE = 9
    DISPLACEMENT = 10
    CRACK = 11
    PORE_PRESSURE = 12
    FAILURE_TIME = 13
    WATER_DEPTH = 14
    FIRE_WEATHER = 15
    FORECAST_RAIN = 16
    EVENT_RAIN = 17
    STAGE_RISE = 18
    SIGN = 19
    LEVEL = 20
    DAILY_RAIN = 21
    PRIOR_RAIN = 22
    PRIOR_INDEX = 23
    DAILY_INDEX = 24

    @property
    def word(self) -> str:
        """Name in reasons and reports."""
        return self.name.lower()


UNIT_OF_INDICATOR: dict[Indicator, str] = {
    Indicator.RAIN: "mm",
    Indicator.STAGE: "m",
    Indicator.SOIL_WATER: "mm",
    Indicator.INTENSITY: "mm/h",
    Indicator.EFFECTIVE_RAIN: "mm",
    Indicator.ANTECEDENT_RAIN: "mm",
    Indicator.WEIGHTED_RAIN: "mm",
    Indicator.TILT_RATE: "deg/h",
    Indicator.VELOCITY: "mm/d",
    Indicator.TANGENT_ANGLE: "deg",
    Indicator.DISPLACEMENT: "mm",
    Indicator.CRACK: "mm",
    Indicator.PORE_PRESSURE: "kPa",
    Indicator.FAILURE_TIME: "h",
    Indicator.WATER_DEPTH: "cm",
    Indicator.FIRE_WEATHER: "",
    Indicator.FORECAST_RAIN: "mm",
    Indicator.EVENT_RAIN: "mm",
    Indicator.STAGE_RISE: "m/h",
    Indicator.SIGN: "",
    Indicator.LEVEL: "",
    Indicator.DAILY_RAIN: "mm",
    Indicator.PRIOR_RAIN: "mm",
    Indicator.PRIOR_INDEX: "mm",
    Indicator.DAILY_INDEX: "mm",
}
"""Unit of the values and thresholds of each indicator."""

BY_DAYS = frozenset(
    {Indicator.DAILY_RAIN, Indicator.PRIOR_RAIN, Indicator.PRIOR_INDEX, Indicator.DAILY_INDEX}
)
"""Rain of whole days, summed or as antecedent precipitation (index); with today so far (daily) or without."""


def indicator_of_days(window: DayWindow) -> Indicator:
    """What a window of days is called."""
    if window.ratio == 1.0:
        return Indicator.DAILY_RAIN if window.has_today else Indicator.PRIOR_RAIN
    return Indicator.DAILY_INDEX if window.has_today else Indicator.PRIOR_INDEX


@dataclass(frozen=True, slots=True)
class VillageRain:
    """Rain of every village over several durations, and what is expected next.

    Attributes
    ----------
    duration_s : Int32Array, shape (n_durations,)
        Of the first columns below; a column of each of `day_windows` follows.
    rain_mm : Float64Array, shape (n_villages, n_columns)
        Observed rain, rounded to the micrometre; NaN where no station speaks for the village.
    coverage : Float64Array, shape (n_villages, n_columns)
        Share of the window observed, weighted like the rain.
    is_blind : BoolArray, shape (n_villages,)
        The village's own stations are silent; the values come from farther ones, or are NaN.
    ahead_mm : Float64Array, shape (n_villages, 3)
        Expected rain over the next 1, 2 and 3 hours; NaN where there is no forecast.
    station_rain_mm : Float64Array, shape (n_stations, n_columns)
        What the village values were combined from, for explanations.
    weights : StationWeights
        The weights used for each village at this step.
    day_windows : tuple of DayWindow
        Windows that are kept by days; durations beyond the longest are among them (`over_duration`).
    today_s : int
        When today began; 0 without windows of days.
    highest_mm : Float64Array, shape (n_columns,)
    grids : GridRain or None
        Where the rain is that of a grid and not of gauges; `coverage` stays that of the gauges.
    highest_mm : Float64Array, shape (n_durations,)
        The most that any village has; minus infinity where none is known.
    """

    duration_s: Int32Array
    rain_mm: Float64Array
    coverage: Float64Array
    is_blind: BoolArray
    ahead_mm: Float64Array
    station_rain_mm: Float64Array
    weights: StationWeights
    day_windows: tuple[DayWindow, ...] = ()
    today_s: int = 0
    grids: GridRain | None = None
    highest_mm: Float64Array = field(init=False)
    _column_of: dict[int | DayWindow, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        windows: list[int | DayWindow] = [*self.duration_s.tolist(), *self.day_windows]
        column_of = {window: column for column, window in enumerate(windows)}
        object.__setattr__(self, "_column_of", column_of)
        highest_mm = np.fmax.reduce(self.rain_mm, axis=0, initial=-np.inf, dtype=np.float64)
        object.__setattr__(self, "highest_mm", highest_mm)

    def over(self, window: int | DayWindow) -> Float64Array:
        """Observed rain over a duration in seconds, or over days, shape (n_villages,).

        Raises
        ------
        KeyError
            If the window was not planned for (`warnstream.assessment.day_plan`).
        """
        return self.rain_mm[:, self.column(window)]

    def highest_over(self, window: int | DayWindow) -> float:
        """The most that any village has over one window."""
        return float(self.highest_mm[self.column(window)])

    def coverage_over(self, window: int | DayWindow) -> Float64Array:
        """Coverage of one window, shape (n_villages,)."""
        return self.coverage[:, self.column(window)]

    def is_by_days(self, window: int | DayWindow) -> bool:
        """Whether a window is kept by days."""
        return self.column(window) >= len(self.duration_s)

    def main_station(self, village: Int64Array, duration_s: Int32Array) -> Int32Array:
        """The station that weighs most in a village's rain, shape (n,); of dry ones the nearest.

        `village` and `duration_s` have shape (n,).
        """
        different, number = np.unique(duration_s, return_inverse=True)
        column = np.array([self.column(one) for one in different.tolist()], dtype=np.int64)[number]
        return self._main_station(village, column)

    def main_station_over(self, village: int, window: int | DayWindow) -> int:
        """The same of one village."""
        return int(self._main_station(np.array([village]), np.array([self.column(window)]))[0])

    def column(self, window: int | DayWindow) -> int:
        """Column of a window. KeyError if it was not planned for."""
        column = self._column_of.get(window)
        if column is None and isinstance(window, int):
            column = self._column_of.get(over_duration(window))
        if column is None:
            what = f"duration of {window} s" if isinstance(window, int) else str(window)
            raise KeyError(f"{what} is not among those accumulated")
        return column

    def _main_station(self, village: Int64Array, column: Int64Array) -> Int32Array:
        station, weight = self.weights.station[village], self.weights.weight[village]
        part = weight * (self.station_rain_mm[station, column[:, None]] + 1e-9)
        best = np.argmax(np.where(np.isnan(part), 0.0, part), axis=1)
        chosen: Int32Array = station[np.arange(len(village)), best]
        return chosen


@dataclass(frozen=True, slots=True)
class VillageAntecedent:
    """What earlier rain has left at every village; arrays of shape (n_villages,) unless said otherwise.

    NaN where no station speaks for the village. All are lower bounds where
    `coverage` is below 1: rain that nobody observed is not in them.

    Attributes
    ----------
    soil_water_mm : Float64Array
        Soil water index.
    soil_water_ahead_mm : Float64Array, shape (n_villages, 3)
        The same in 1, 2 and 3 hours with the expected rain; NaN without a forecast.
    coverage : Float64Array
        Share of the past that was observed, fading with a half-life of three days.
    effective_mm : dict of int to Float64Array
        Effective rain by half-life in seconds.
    antecedent_mm : dict of float to Float64Array
        Antecedent precipitation by daily ratio, with the rain of today.
    weighted_mm : Float64Array
        Weighted rain of seven days.
    event_mm, event_s : dict of int to Float64Array
        Rain and duration of the present event by dry gap in seconds; 0 between events.
    """

    soil_water_mm: Float64Array
    soil_water_ahead_mm: Float64Array
    coverage: Float64Array
    effective_mm: dict[int, Float64Array]
    antecedent_mm: dict[float, Float64Array]
    weighted_mm: Float64Array
    event_mm: dict[int, Float64Array]
    event_s: dict[int, Float64Array]


@dataclass(frozen=True, slots=True)
class GaugeStage:
    """Newest stage of every station: metres (NaN: none), when it was observed, and how fast it rises.

    `rise_m_per_h` is NaN where too few stages are known; only gauges that a rule
    with a forecast half names have one.
    """

    stage_m: Float64Array
    observed_at_s: Int64Array
    rise_m_per_h: Float64Array


@dataclass(frozen=True, slots=True)
class SensorSamples:
    """The last samples of slope and depth sensors.

    Attributes
    ----------
    row : Int32Array, shape (n_stations,)
        Row of each station in the arrays below; -1 where no rule names it.
    time_s, value : dict of Variable to array, shape (n_rows, n_samples)
        Ascending in time, the newest last; padded in front with -1 and NaN.
    """

    row: Int32Array
    time_s: dict[Variable, Int64Array]
    value: dict[Variable, Float64Array]


@dataclass(frozen=True, slots=True)
class HazardLevels:
    """What one hazard's evaluator found, village by village; all arrays have shape (n_villages,).

    Attributes
    ----------
    level : LevelArray
        Level reached by observation, or by observation and forecast together.
    holding : LevelArray
        Level whose clear value is still reached: a level above it may fall.
    can_fall : BoolArray
        Enough was observed of late for a level to fall.
    is_blind : BoolArray
        The sources of this village are silent.
    value, threshold, forecast_value : Float64Array
        What reached the level, where there is one; otherwise NaN.
    duration_s, lead_s : Int32Array
        Accumulation time (0: stage) and lead (0: reached by observation).
    station : Int32Array
        Station that weighs most; -1 where there is no level.
    indicator : UInt8Array
        Code of the `Indicator` that reached the level.
    is_confirmed : BoolArray
        False where a single sensor says so and its neighbours do not.
    ratio : Float64Array
        How much of the critical rainfall of the highest level has fallen, of all durations the
        most; NaN where nothing is known, and from evaluators without such a score.
    """

    level: LevelArray
    holding: LevelArray
    can_fall: BoolArray
    is_blind: BoolArray
    value: Float64Array
    threshold: Float64Array
    forecast_value: Float64Array
    duration_s: Int32Array
    lead_s: Int32Array
    station: Int32Array
    indicator: UInt8Array
    is_confirmed: BoolArray
    ratio: Float64Array


def no_levels(n_villages: int, indicator: Indicator) -> HazardLevels:
    """No level anywhere, nothing known: for evaluators to fill in place."""
    return HazardLevels(
        level=np.zeros(n_villages, dtype=np.uint8),
        holding=np.zeros(n_villages, dtype=np.uint8),
        can_fall=np.zeros(n_villages, dtype=np.bool_),
        is_blind=np.zeros(n_villages, dtype=np.bool_),
        value=np.full(n_villages, np.nan),
        threshold=np.full(n_villages, np.nan),
        forecast_value=np.zeros(n_villages),
        duration_s=np.zeros(n_villages, dtype=np.int32),
        lead_s=np.zeros(n_villages, dtype=np.int32),
        station=np.full(n_villages, -1, dtype=np.int32),
        indicator=np.full(n_villages, indicator, dtype=np.uint8),
        is_confirmed=np.ones(n_villages, dtype=np.bool_),
        ratio=np.full(n_villages, np.nan),
    )
