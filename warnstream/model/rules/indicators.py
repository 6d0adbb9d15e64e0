"""What the hazards judge: rain of villages over many durations, stages of gauges, levels."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

import numpy as np

from warnstream.model.arrays import BoolArray, Float64Array, Int32Array, Int64Array, LevelArray, UInt8Array
from warnstream.model.grids import GridRain
from warnstream.model.network import StationWeights
from warnstream.model.observations.days import DayWindow, over_duration
from warnstream.model.observations.readings import COUNTERS, Variable
from warnstream.model.rules.outlook import Outlook


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
    WIND_GUST = 25
    RELAYED = 26
    MODEL_RAIN = 27

    @property
    def word(self) -> str:
        """Name in reasons and reports."""
        return self.name.lower()

    @property
    def info(self) -> "IndicatorInfo":
        """What is known of it."""
        return INDICATORS[self]


@dataclass(frozen=True, slots=True)
class IndicatorInfo:
    """What is known of one indicator; a new one is one row of `INDICATORS`.

    Attributes
    ----------
    unit : str
        Of its values and thresholds.
    words_zh, words_en : str
        Names in texts to people: the value is formatted into ``{value}`` (Chinese puts it after the
        name), its time into ``{over}`` or ``{days}``. Empty where it is no number of an instrument.
    is_rain : bool
        The rain stations of a village answer for it; all others have a station of their own, or none.
    variables : tuple of Variable
        Whose doubtful readings make a level unconfirmed; empty where it rests on no readings.
    sensor : Variable or None
        What a station must measure that a condition reads it at; None: the rain stations of the
        village, or what a hazard of its own works out.
    is_of_earlier_rain : bool
        It remembers so much that a node must have been running for long to know it.
    has_window : bool
        The parameter of a condition is the time that its value is taken over.
    fewer_is_worse : bool, small values are the dangerous ones
    """

    unit: str
    words_zh: str
    words_en: str
    variables: tuple[Variable, ...] = ()
    is_rain: bool = False
    sensor: Variable | None = None
    is_of_earlier_rain: bool = False
    has_window: bool = False
    fewer_is_worse: bool = False


def _rain(
    words_zh: str, words_en: str, unit: str = "mm", *, has_window: bool = False, is_earlier: bool = False
) -> IndicatorInfo:
    return IndicatorInfo(
        unit,
        words_zh,
        words_en,
        _RAIN,
        is_rain=True,
        is_of_earlier_rain=is_earlier,
        has_window=has_window,
    )


def _sensor(
    unit: str, words_zh: str, words_en: str, *variables: Variable, has_window: bool = False
) -> IndicatorInfo:
    return IndicatorInfo(unit, words_zh, words_en, variables, sensor=variables[0], has_window=has_window)


_RAIN = (Variable.RAIN, Variable.RAIN_TIP, *COUNTERS)
_MOVEMENT = (Variable.DISPLACEMENT, Variable.CRACK)
_TILT = (Variable.TILT_X, Variable.TILT_Y, Variable.TEMPERATURE)

INDICATORS: Mapping[Indicator, IndicatorInfo] = MappingProxyType(
    {
        Indicator.RAIN: _rain("{over}雨量", "{value} of rain in {over}", has_window=True),
        Indicator.STAGE: _sensor("m", "水位", "water level {value}", Variable.STAGE),
        Indicator.SOIL_WATER: _rain("土壤雨量指数", "soil water index {value}", is_earlier=True),
        Indicator.INTENSITY: _rain(
            "{over}过程平均雨强", "mean intensity {value} over {over} of rain", "mm/h", is_earlier=True
        ),
        Indicator.EFFECTIVE_RAIN: _rain(
            "有效雨量", "effective rain {value} (half-life {over})", has_window=True, is_earlier=True
        ),
        Indicator.ANTECEDENT_RAIN: _rain("前期有效雨量", "antecedent rain {value}", is_earlier=True),
        Indicator.WEIGHTED_RAIN: _rain("7日加权雨量", "weighted rain of 7 days {value}", is_earlier=True),
        Indicator.TILT_RATE: _sensor("deg/h", "倾斜速率", "tilt rate {value}", *_TILT, has_window=True),
        Indicator.VELOCITY: _sensor("mm/d", "变形速率", "velocity {value}", *_MOVEMENT, has_window=True),
        Indicator.TANGENT_ANGLE: _sensor("deg", "切线角", "tangent angle {value}", *_MOVEMENT),
        Indicator.DISPLACEMENT: _sensor("mm", "累计位移", "displacement {value}", Variable.DISPLACEMENT),
        Indicator.CRACK: _sensor("mm", "裂缝宽度变化", "crack {value}", Variable.CRACK),
        Indicator.PORE_PRESSURE: _sensor(
            "kPa", "孔隙水压力", "pore pressure {value}", Variable.PORE_PRESSURE
        ),
        Indicator.FAILURE_TIME: IndicatorInfo(
            "h",
            "推算距失稳时间",
            "time to failure {value}",
            _MOVEMENT,
            sensor=_MOVEMENT[0],
            fewer_is_worse=True,
        ),
        Indicator.WATER_DEPTH: _sensor("cm", "积水深度", "water depth {value}", Variable.WATER_DEPTH),
        Indicator.FIRE_WEATHER: IndicatorInfo(
            "",
            "森林火险气象指数",
            "fire weather index {value}",
            (*_RAIN, Variable.TEMPERATURE, Variable.HUMIDITY, Variable.WIND_SPEED),
        ),
        Indicator.FORECAST_RAIN: _rain("预报雨量", "forecast rain {value}"),
        Indicator.EVENT_RAIN: _rain("本次过程雨量", "rain of the event {value}", is_earlier=True),
        Indicator.STAGE_RISE: _sensor(
            "m/h", "水位上涨速率", "rise of the water level {value}", Variable.STAGE, has_window=True
        ),
        Indicator.SIGN: IndicatorInfo("", "", ""),
        Indicator.LEVEL: IndicatorInfo("", "", ""),
        Indicator.DAILY_RAIN: _rain("近{days}日雨量（含今日）", "{value} of rain in {days} days with today"),
        Indicator.PRIOR_RAIN: _rain("今日前{days}日雨量", "{value} of rain in the {days} days before today"),
        Indicator.PRIOR_INDEX: _rain(
            "今日前{days}日前期影响雨量", "antecedent rain of the {days} days before today {value}"
        ),
        Indicator.DAILY_INDEX: _rain(
            "近{days}日前期影响雨量（含今日）", "antecedent rain of {days} days with today {value}"
        ),
        Indicator.WIND_GUST: _sensor("m/s", "阵风风速", "gust {value}", Variable.WIND_GUST),
        Indicator.RELAYED: IndicatorInfo("", "", ""),
        Indicator.MODEL_RAIN: IndicatorInfo("%", "未来{over}概率", "probability {value}", has_window=True),
    }
)
"""Every indicator, once."""

INDICATOR_OF_WORD: Mapping[str, Indicator] = MappingProxyType(
    {indicator.word: indicator for indicator in Indicator}
)

BY_DAYS = frozenset(
    {Indicator.DAILY_RAIN, Indicator.PRIOR_RAIN, Indicator.PRIOR_INDEX, Indicator.DAILY_INDEX}
)
"""Rain of whole days, summed or as antecedent precipitation (index); with today so far (daily) or without."""


def indicator_of_days(window: DayWindow) -> Indicator:
    """What a window of days is called."""
    if window.ratio == 1.0:
        return Indicator.DAILY_RAIN if window.has_today else Indicator.PRIOR_RAIN
    return Indicator.DAILY_INDEX if window.has_today else Indicator.PRIOR_INDEX


@dataclass(frozen=True, slots=True, eq=False)
class VillageRain:
    """Rain of every village over several durations, and what is expected next; equal only to itself.

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
    ahead_mm : Float64Array, shape (n_villages, n_leads)
        Expected rain from now over each lead; NaN where there is no forecast.
    station_rain_mm : Float64Array, shape (n_stations, n_columns)
        What the village values were combined from, for explanations.
    weights : StationWeights
        The weights used for each village at this step.
    day_windows : tuple of DayWindow
        Windows that are kept by days; durations beyond the longest are among them (`over_duration`).
    today_s : int
        When today began; 0 without windows of days.
    leads_s : tuple of int
        How far ahead each column of `ahead_mm` reaches, ascending; those of the source of the forecast,
        empty without one.
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
    leads_s: tuple[int, ...] = ()
    grids: GridRain | None = None
    highest_mm: Float64Array = field(init=False)
    _column_of: dict[int | DayWindow, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.ahead_mm.shape[1] != len(self.leads_s):
            raise ValueError(f"{self.ahead_mm.shape[1]} columns ahead for leads of {self.leads_s} s")
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

    def expected_mm(self, lead_s: int) -> Float64Array:
        """Rain that is expected from now over some seconds, shape (n_villages,).

        Between two leads it is spread evenly; NaN beyond the last, and where there is no forecast.
        """
        if lead_s in self.leads_s:
            expected: Float64Array = self.ahead_mm[:, self.leads_s.index(lead_s)]
            return expected
        column = bisect_left(self.leads_s, lead_s)
        if column == len(self.leads_s):
            return np.full(len(self.ahead_mm), np.nan)
        before_s = self.leads_s[column - 1] if column else 0
        before_mm = self.ahead_mm[:, column - 1] if column else np.zeros(len(self.ahead_mm))
        share = (lead_s - before_s) / (self.leads_s[column] - before_s)
        return before_mm + share * (self.ahead_mm[:, column] - before_mm)

    def is_by_days(self, window: int | DayWindow) -> bool:
        """Whether a window is kept by days."""
        return self.column(window) >= len(self.duration_s)

    def main_station(self, village: Int64Array, duration_s: Int32Array) -> Int32Array:
        """The station that weighs most in a village's rain, shape (n,); of dry ones the nearest.

        `village` and `duration_s` have shape (n,).
        """
        different, number = np.unique(duration_s, return_inverse=True)
        column = np.array([self.column(window) for window in different.tolist()], dtype=np.int64)[number]
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


@dataclass(frozen=True, slots=True, eq=False)
class VillageAntecedent:
    """What earlier rain has left at every village; arrays of shape (n_villages,) unless said otherwise.

    NaN where no station speaks for the village. All are lower bounds where
    `coverage` is below 1: rain that nobody observed is not in them.

    Attributes
    ----------
    soil_water_mm : Float64Array
        Soil water index.
    soil_water_ahead_mm : Float64Array, shape (n_villages, n_leads)
        The same after each lead of `VillageRain` with the expected rain; NaN without a forecast.
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
    outlook : Outlook or None
        What levels rest on whose thresholds have not been reached; None: all by observation or the nowcast.
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
    outlook: Outlook | None = None


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
