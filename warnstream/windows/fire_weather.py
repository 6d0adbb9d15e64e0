"""Canadian Fire Weather Index: moisture codes of every station, once a day at local noon.

Equations of Van Wagner & Pickett (1985), Forestry Technical Report 33, with
the day lengths of the northern hemisphere between 30 and 50 degrees. Weather
at noon is that of the last readings within three hours; rain is that of the
24 hours before. A day whose weather is missing leaves the codes as they are:
they are then a day old, and after three such days say nothing.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from warnstream.model.arrays import Float64Array, Int32Array, Int64Array
from warnstream.model.observations.readings import ReadingBatch, Variable
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S
from warnstream.windows.accumulation import Accumulation

FFMC_START, DMC_START, DC_START = 85.0, 6.0, 15.0
READ_AFTER_S = 30 * MINUTE_S
"""So long after noon the day is worked out, so that readings of noon have come."""
WEATHER_S_MAX = 3 * HOUR_S
OLD_DAYS_MAX = 3
RAIN_COVERAGE_MIN = 0.8

_DMC_DAY_H = (6.5, 7.5, 9.0, 12.8, 13.9, 13.9, 12.4, 10.9, 9.4, 8.0, 7.0, 6.0)
_DC_DAY_FACTOR = (-1.6, -1.6, -1.6, 0.9, 3.8, 5.8, 6.4, 5.0, 2.4, 0.4, -1.6, -1.6)
_WEATHER = (Variable.TEMPERATURE, Variable.HUMIDITY, Variable.WIND_SPEED)
_KMH_PER_M_S = 3.6


@dataclass(frozen=True, slots=True)
class NoonWeather:
    """Weather at noon: degrees Celsius, percent, km/h, and mm of the 24 hours before; arrays of one shape."""

    temperature_c: Float64Array
    humidity: Float64Array
    wind_kmh: Float64Array
    rain_mm: Float64Array


def next_ffmc(ffmc: Float64Array, noon: NoonWeather) -> Float64Array:
    """Fine fuel moisture code of the day, from that of the day before."""
    humidity = np.minimum(noon.humidity, 100.0)
    moisture = 147.2 * (101.0 - ffmc) / (59.5 + ffmc)
    net = np.where(noon.rain_mm > 0.5, noon.rain_mm - 0.5, np.nan)
    wetter = moisture + 42.5 * net * np.exp(-100.0 / (251.0 - moisture)) * (1.0 - np.exp(-6.93 / net))
    soaked = 0.0015 * np.maximum(moisture - 150.0, 0.0) ** 2 * np.sqrt(net)
    moisture = np.where(np.isnan(net), moisture, np.minimum(wetter + soaked, 250.0))
    warm = 0.18 * (21.1 - noon.temperature_c) * (1.0 - np.exp(-0.115 * humidity))
    dry_limit = 0.942 * humidity**0.679 + 11.0 * np.exp((humidity - 100.0) / 10.0) + warm
    wet_limit = 0.618 * humidity**0.753 + 10.0 * np.exp((humidity - 100.0) / 10.0) + warm
    heat = 0.581 * np.exp(0.0365 * noon.temperature_c)
    wind = np.sqrt(noon.wind_kmh)
    share = humidity / 100.0
    dries = heat * (0.424 * (1.0 - share**1.7) + 0.0694 * wind * (1.0 - share**8))
    wets = heat * (0.424 * (1.0 - (1.0 - share) ** 1.7) + 0.0694 * wind * (1.0 - (1.0 - share) ** 8))
    moisture = np.where(
        moisture > dry_limit,
        dry_limit + (moisture - dry_limit) * 10.0**-dries,
        np.where(moisture < wet_limit, wet_limit - (wet_limit - moisture) * 10.0**-wets, moisture),
    )
    code: Float64Array = np.clip(59.5 * (250.0 - moisture) / (147.2 + moisture), 0.0, 101.0)
    return code


def next_dmc(dmc: Float64Array, noon: NoonWeather, month: int) -> Float64Array:
    """Duff moisture code of the day; `month` is 1 to 12."""
    net = np.where(noon.rain_mm > 1.5, 0.92 * noon.rain_mm - 1.27, np.nan)
    # As the program of the report has it; its equation 12 rounds to exp(5.6348 - dmc / 43.43).
    moisture = 20.0 + 280.0 / np.exp(0.023 * dmc)
    low = 100.0 / (0.5 + 0.3 * dmc)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = 14.0 - 1.3 * np.log(dmc)
        high = 6.2 * np.log(dmc) - 17.2
    slope = np.where(dmc <= 33.0, low, np.where(dmc <= 65.0, middle, high))
    wet = moisture + 1000.0 * net / (48.77 + slope * net)
    after_rain = np.maximum(43.43 * (5.6348 - np.log(wet - 20.0)), 0.0)
    before = np.where(np.isnan(net), dmc, after_rain)
    warmth = np.maximum(noon.temperature_c, -1.1) + 1.1
    dried: Float64Array = before + 1.894e-4 * warmth * (100.0 - noon.humidity) * _DMC_DAY_H[month - 1]
    return np.maximum(dried, 0.0)


def next_dc(dc: Float64Array, noon: NoonWeather, month: int) -> Float64Array:
    """Drought code of the day; `month` is 1 to 12."""
    net = np.where(noon.rain_mm > 2.8, 0.83 * noon.rain_mm - 1.27, np.nan)
    stored = 800.0 * np.exp(-dc / 400.0)
    after_rain = np.maximum(dc - 400.0 * np.log(1.0 + 3.937 * net / stored), 0.0)
    before = np.where(np.isnan(net), dc, after_rain)
    evaporates = 0.36 * (np.maximum(noon.temperature_c, -2.8) + 2.8) + _DC_DAY_FACTOR[month - 1]
    code: Float64Array = before + 0.5 * np.maximum(evaporates, 0.0)
    return code


def initial_spread(ffmc: Float64Array, wind_kmh: Float64Array) -> Float64Array:
    """Initial spread index."""
    moisture = 147.2 * (101.0 - ffmc) / (59.5 + ffmc)
    fine = 91.9 * np.exp(-0.1386 * moisture) * (1.0 + moisture**5.31 / 4.93e7)
    index: Float64Array = 0.208 * np.exp(0.05039 * wind_kmh) * fine
    return index


def buildup(dmc: Float64Array, dc: Float64Array) -> Float64Array:
    """Buildup index."""
    total = np.where(dmc + 0.4 * dc > 0, dmc + 0.4 * dc, 1.0)
    low = 0.8 * dmc * dc / total
    high = dmc - (1.0 - 0.8 * dc / total) * (0.92 + (0.0114 * dmc) ** 1.7)
    index: Float64Array = np.maximum(np.where(dmc <= 0.4 * dc, low, high), 0.0)
    return index


def fire_weather_index(isi: Float64Array, bui: Float64Array) -> Float64Array:
    """Fire weather index of the initial spread and the buildup index."""
    duff = np.where(bui <= 80.0, 0.626 * bui**0.809 + 2.0, 1000.0 / (25.0 + 108.64 * np.exp(-0.023 * bui)))
    intensity = 0.1 * isi * duff
    log = np.log(np.maximum(intensity, 1.0))
    index: Float64Array = np.where(intensity > 1.0, np.exp(2.72 * (0.434 * log) ** 0.647), intensity)
    return index


class RainOfADay(Protocol):
    """What gives the rain of windows of the past (`warnstream.windows.spares.SparedRain`)."""

    def accumulate_until(self, duration_s: Int32Array, end_min: Int64Array) -> Accumulation:
        """Rain of every station over each duration, ending at a minute of each station."""
        ...


class FireWeather:
    """Moisture codes of the stations of one network.

    Parameters
    ----------
    n_stations : int
    noon_s : int
        Local noon as seconds after 00:00 UTC.
    """

    def __init__(self, n_stations: int, noon_s: int) -> None:
        self._noon_s = noon_s
        self._day = -1  # of the last noon worked out, days since 1970; -1 before the first step
        self._weather: Float64Array = np.full((len(_WEATHER), n_stations), np.nan)
        self._weather_at_s: Int64Array = np.full((len(_WEATHER), n_stations), -1, dtype=np.int64)
        self._codes: Float64Array = np.repeat([[FFMC_START], [DMC_START], [DC_START]], n_stations, axis=1)
        self._wind_kmh: Float64Array = np.full(n_stations, np.nan)
        self._codes_day: Int64Array = np.full(n_stations, -1, dtype=np.int64)

    @property
    def observed_at_s(self) -> Int64Array:
        """Newest weather of each station, shape (n_stations,)."""
        newest: Int64Array = self._weather_at_s.max(axis=0)
        return newest

    def add(self, readings: ReadingBatch, now_s: int) -> None:
        """Take the newest weather up to the noon that comes next; call `advance` first."""
        until_s = self._next_noon_s(now_s)
        for number, variable in enumerate(_WEATHER):
            rows = np.flatnonzero((readings.variable == variable) & (readings.observed_at_s <= until_s))
            order = rows[np.lexsort((readings.value[rows], readings.observed_at_s[rows]))]
            station, at_s = readings.station[order], readings.observed_at_s[order]
            newer = at_s >= self._weather_at_s[number, station]
            self._weather[number, station[newer]] = readings.value[order[newer]]
            self._weather_at_s[number, station[newer]] = at_s[newer]

    def advance(self, ring: RainOfADay, now_s: int) -> None:
        """Work out the day when its noon has passed; at most the newest of several."""
        day = (now_s - READ_AFTER_S - self._noon_s) // DAY_S
        if self._day < 0:
            self._day = day
        if day <= self._day:
            return
        self._day = day
        noon_s = day * DAY_S + self._noon_s
        fallen = ring.accumulate_until(
            np.array([DAY_S], dtype=np.int32), np.full(len(self._codes_day), noon_s // MINUTE_S)
        )
        fresh = (noon_s - self._weather_at_s <= WEATHER_S_MAX).all(axis=0)
        knows = np.flatnonzero(fresh & (fallen.coverage[:, 0] >= RAIN_COVERAGE_MIN))
        temperature, humidity, wind = self._weather[:, knows]
        noon = NoonWeather(temperature, humidity, wind * _KMH_PER_M_S, fallen.rain_mm[knows, 0])
        month = int(np.datetime64(noon_s, "s").astype("datetime64[M]").astype(np.int64)) % 12 + 1
        ffmc, dmc, dc = self._codes[:, knows]
        self._codes[:, knows] = next_ffmc(ffmc, noon), next_dmc(dmc, noon, month), next_dc(dc, noon, month)
        self._wind_kmh[knows] = noon.wind_kmh
        self._codes_day[knows] = day

    def index(self) -> Float64Array:
        """Fire weather index of every station, shape (n_stations,); NaN before its first day, or when old."""
        ffmc, dmc, dc = self._codes
        known = (self._codes_day >= 0) & (self._day - self._codes_day <= OLD_DAYS_MAX)
        found = fire_weather_index(initial_spread(ffmc, self._wind_kmh), buildup(dmc, dc))
        return np.where(known, found, np.nan)

    def snapshot(self) -> dict[str, Float64Array | Int64Array]:
        """State as arrays."""
        return {
            "day": np.array([self._day], dtype=np.int64),
            "weather": self._weather.copy(),
            "weather_at_s": self._weather_at_s.copy(),
            "codes": self._codes.copy(),
            "wind_kmh": self._wind_kmh.copy(),
            "codes_day": self._codes_day.copy(),
        }

    def restore(self, state: dict[str, Float64Array | Int64Array]) -> None:
        """Take up a snapshot of a network of the same size."""
        self._day = int(state["day"][0])
        self._weather[:] = state["weather"]
        self._weather_at_s[:] = state["weather_at_s"]
        self._codes[:] = state["codes"]
        self._wind_kmh[:] = state["wind_kmh"]
        self._codes_day[:] = state["codes_day"]

    def _next_noon_s(self, now_s: int) -> int:
        """Noon that has not been worked out yet."""
        day = (now_s - READ_AFTER_S - self._noon_s) // DAY_S + 1
        return int(day * DAY_S + self._noon_s)
