"""What the stations measure of the truth, and when they report it.

Rain is counted in tips of 0.1 mm (loggers with a counter: 0.1, 0.2 or 0.5 mm):
a report carries the tips of its interval and the remainder stays in the bucket,
so the reports of a station add up to the true amount to one tip. Stage is read
to 1 cm with a few millimetres of waves. The other variables of a weather station
follow the hour, the height and the rain loosely; they are there to be carried,
not to be believed.

A report is one station at one observation time with all its variables.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from station_sim import outline
from station_sim.county.places import StationTable
from station_sim.ground.rivers import STAGE_STEP_M, GroundResponse, Truth
from station_sim.seeds import share_of, stream
from station_sim.stations.faults import FaultKind, ValueFault
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, iso_utc

TENTHS_PER_MM = 10

_LOCAL_OFFSET_S = 8 * HOUR_S
_EPOCH_TIME_SHARE = 0.05
_UNKNOWN_ELEVATION_M = 300.0
_GROUND_M_MAX = 2_000.0
_DECIMALS = {"tilt_x": 3, "tilt_y": 3, "displacement": 2, "crack": 2}


@dataclass(frozen=True, slots=True)
class Reports:
    """Every report that is due, in order of time, then station.

    Attributes
    ----------
    minute : Int64Array, shape (n_reports,)
        Minutes from the start to the observation time, 1 or more.
    station : Int64Array, shape (n_reports,)
    """

    minute: Int64Array
    station: Int64Array

    def __len__(self) -> int:
        return len(self.minute)


def reports_due(stations: StationTable, n_minutes: int) -> Reports:
    """Reports of all stations in the first `n_minutes`, counted from the start."""
    interval_min = stations.interval_s.astype(np.int64) // MINUTE_S
    due = np.arange(1, n_minutes + 1)[:, None] % interval_min[None, :] == 0
    minute, station = np.nonzero(due)
    return Reports(minute.astype(np.int64) + 1, station.astype(np.int64))


class Observations:
    """Measured values of a county under a storm.

    Parameters
    ----------
    seed : int
    stations : StationTable
    truth : Truth
    start_s : int
        Seconds UTC of minute 0.
    """

    def __init__(self, seed: int, stations: StationTable, truth: Truth, start_s: int) -> None:
        self._stations = stations
        self._start_s = start_s
        self._interval_min = (stations.interval_s // MINUTE_S).tolist()
        self._tip_tenths = [
            tip_tenths(code, words) for code, words in zip(stations.code, stations.variables, strict=True)
        ]
        self._tips = cumulative_tips(truth.station_rain_mm, np.array(self._tip_tenths) / TENTHS_PER_MM)
        self._stage_m = _measured_stage(seed, truth)
        self._column_of_gauge = {int(n): column for column, n in enumerate(truth.gauges.station)}
        self._weather = _weather(seed, stations, truth.station_rain_mm, start_s)
        _put_ground(self._weather, stations, truth.ground)
        sends_epoch = stream(seed, "firmware").random(len(stations)) < _EPOCH_TIME_SHARE
        self._sends_epoch = sends_epoch.tolist()
        self._head = [f'{{"station":"{code}","time":' for code in stations.code]
        self._formatters = [self._formatters_of(n) for n in range(len(stations))]

    def _formatters_of(self, station: int) -> list[tuple[str, Callable[[int], str]]]:
        formatters: list[tuple[str, Callable[[int], str]]] = []
        for word in self._stations.variables[station]:
            if word == "rain":
                formatters.append((word, lambda minute, n=station: self._rain(n, minute)))  # type: ignore[misc]
            elif word == "rain_total":
                formatters.append((word, lambda minute, n=station: self._total(n, minute, 0)))  # type: ignore[misc]
            elif word == "stage":
                column = self._column_of_gauge[station]
                formatters.append((word, lambda minute, c=column: f"{self._stage_m[minute - 1, c]:.2f}"))  # type: ignore[misc]
            else:
                formatters.append((word, _series_text(self._weather[word][:, station], word)))
        return formatters

    def _rain(self, station: int, minute: int) -> str:
        return _tenths(self.tips(station, minute) * self._tip_tenths[station])

    def _total(self, station: int, minute: int, since_minute: int) -> str:
        """Counter of a logger that began at 0 at a minute."""
        tips = int(self._tips[minute, station] - self._tips[min(since_minute, minute), station])
        return _tenths(tips * self._tip_tenths[station])

    def tips(self, station: int, minute: int) -> int:
        """Tips of a station's bucket in its report at a minute."""
        first = max(minute - self._interval_min[station], 0)
        return int(self._tips[minute, station] - self._tips[first, station])

    def payload(
        self,
        station: int,
        minute: int,
        *,
        ahead_s: int = 0,
        rain_in_inches: bool = False,
        fault: ValueFault | None = None,
    ) -> str:
        """JSON object of one report.

        `ahead_s` is how far the station's clock is ahead. With `rain_in_inches`
        rain is sent in inches and says so; `fault` is what is wrong with its values.
        """
        time_s = self._start_s + minute * MINUTE_S + ahead_s
        time = str(time_s) if self._sends_epoch[station] else f'"{iso_utc(time_s)}"'
        if fault is None:
            values = ",".join(f'"{word}":{text(minute)}' for word, text in self._formatters[station])
        else:
            values = ",".join(
                f'"{word}":{self._faulty(station, word, text, minute, fault)}'
                for word, text in self._formatters[station]
            )
        if rain_in_inches:
            inches = self.tips(station, minute) * self._tip_tenths[station] / TENTHS_PER_MM / 25.4
            values = f'"rain":{inches:.3f},"unit":{{"rain":"in"}}'
        return f"{self._head[station]}{time},{values}}}"

    def _faulty(
        self, station: int, word: str, text: Callable[[int], str], minute: int, fault: ValueFault
    ) -> str:
        """Text of one value of a report whose sensor or logger is at fault; other variables are right."""
        if fault.kind is FaultKind.STUCK and word in {"rain", "stage"}:
            return text(fault.since_minute)
        if fault.kind is FaultKind.FAULTY_ZERO and word == "rain":
            return "0.0"
        if fault.kind is FaultKind.COUNTER_RESET and word == "rain_total":
            return self._total(station, minute, fault.since_minute)
        is_spike = fault.kind is FaultKind.SPIKE and word in {"rain", "stage"}
        if is_spike or (fault.kind is FaultKind.DRIFT and word == "stage"):
            return f"{float(text(minute)) + fault.amount:.2f}"
        return text(minute)


def tip_tenths(code: str, variables: tuple[str, ...]) -> int:
    """Size of a station's tipping bucket in tenths of a millimetre: 1, 2 or 5.

    Only loggers that send a counter have coarse buckets (half of them 0.2 or 0.5 mm).
    """
    if "rain_total" not in variables:
        return 1
    share = share_of(0, code, "bucket")
    return 1 if share < 0.5 else 2 if share < 0.8 else 5


def cumulative_tips(rain_mm: Float64Array, tip_mm: Float64Array | float = 0.1) -> Int64Array:
    """Tips counted since the start at the end of each minute.

    Parameters
    ----------
    rain_mm : Float64Array, shape (n_minutes, n_stations)
    tip_mm : Float64Array, shape (n_stations,), or float
        What one tip of each station's bucket holds.

    Returns
    -------
    Int64Array, shape (n_minutes + 1, n_stations)
        Row 0 is the start. The bucket keeps what does not fill a tip.

    Examples
    --------
    >>> cumulative_tips(np.array([[0.06], [0.06], [0.30]]))[:, 0].tolist()
    [0, 0, 1, 4]
    """
    total_mm = np.concatenate([np.zeros((1, rain_mm.shape[1])), np.cumsum(rain_mm, axis=0)])
    # A billionth of a tip forgives the rounding of the sum.
    return np.floor(total_mm / tip_mm + 1e-9).astype(np.int64)


def _series_text(series: Float64Array, word: str) -> Callable[[int], str]:
    decimals = _DECIMALS.get(word, 1)
    return lambda minute: f"{series[minute - 1]:.{decimals}f}"


def _tenths(tenths: int) -> str:
    return f"{tenths // TENTHS_PER_MM}.{tenths % TENTHS_PER_MM}"


def _measured_stage(seed: int, truth: Truth) -> Float64Array:
    waves_m = stream(seed, "waves").normal(0.0, 0.004, truth.gauges.stage_m.shape)
    return np.round((truth.gauges.stage_m + waves_m) / STAGE_STEP_M) * STAGE_STEP_M


def _weather(
    seed: int, stations: StationTable, rain_mm: Float64Array, start_s: int
) -> dict[str, Float64Array]:
    """Other variables by word, shape (n_minutes, n_stations) each; only those that a station has are used."""
    generator = stream(seed, "weather")
    n_minutes, n_stations = rain_mm.shape
    elevation_m = np.where(np.isnan(stations.elevation_m), _UNKNOWN_ELEVATION_M, stations.elevation_m)
    seconds = start_s + MINUTE_S * np.arange(1, n_minutes + 1)
    afternoon = np.cos(2 * np.pi * (((seconds + _LOCAL_OFFSET_S) % DAY_S) / DAY_S - 15 / 24))[:, None]
    wet = 1.0 - np.exp(-_recent(rain_mm) / 5.0)
    # The heavier the rain of the last minutes, the stronger what it brings down with it.
    squall = 0.4 + 0.6 * np.minimum(_recent(rain_mm) / 30.0, 1.0)
    noise = generator.normal(0.0, 0.2, (n_minutes, n_stations))
    temperature = 27.0 - 0.0065 * elevation_m + 3.5 * afternoon - 4.0 * wet + noise
    humidity = np.clip(72.0 - 9.0 * afternoon + 24.0 * wet + noise, 20.0, 100.0)
    direction = (generator.uniform(0, 360, n_stations) + 120.0 * wet + 20.0 * noise) % 359.9
    return {
        "temperature": temperature,
        "humidity": humidity,
        "pressure": 1006.0 * np.exp(-elevation_m / 8_400.0) - wet + 0.1 * noise,
        "wind_speed": np.abs(1.5 + 5.0 * wet + noise),
        "wind_direction": direction,
        "wind_gust": np.abs(3.0 + 20.0 * wet * squall + 2.0 * noise),
        "tilt_x": 0.010 + 0.001 * noise,
        "tilt_y": -0.020 + 0.001 * noise,
        "displacement": 1.5 + 0.1 * noise,
        "crack": 0.4 + 0.05 * noise,
        "pore_pressure": 8.0 + 0.05 * np.cumsum(rain_mm, axis=0) + 0.1 * noise,
        "water_depth": np.clip(2.0 * (_recent(rain_mm) - 25.0), 0.0, 60.0),
        "soil_moisture": np.clip(24.0 + 0.2 * np.cumsum(rain_mm, axis=0), 0.0, 55.0),
    }


def _put_ground(weather: dict[str, Float64Array], stations: StationTable, ground: GroundResponse) -> None:
    """Let sensors near a slope or low spot feel it, in place: its movement comes on top of their noise.

    A slope tilts to the north-east of its sensor, so both axes see it.
    """
    slopes, spots = ground.slopes, ground.low_spots
    for station, slope in _nearest(stations, "tilt_x displacement pore_pressure", ground.slope_xy_m):
        for axis in ("tilt_x", "tilt_y"):
            weather[axis][:, station] += slopes.tilt_degrees[:, slope] * np.sqrt(0.5)
        weather["displacement"][:, station] += slopes.displacement_mm[:, slope]
        weather["pore_pressure"][:, station] = slopes.pore_pressure_kpa[:, slope]
    for station, spot in _nearest(stations, "water_depth", ground.low_spot_xy_m):
        weather["water_depth"][:, station] = 100.0 * spots.depth_m[:, spot]


def _nearest(stations: StationTable, words: str, xy_m: Float64Array) -> list[tuple[int, int]]:
    """(station, place) of every station that has one of the words and a place within `_GROUND_M_MAX`."""
    having = [n for n, own in enumerate(stations.variables) if set(words.split()) & set(own)]
    if not having or len(xy_m) == 0:
        return []
    here = outline.project(stations.latitude[having], stations.longitude[having])
    away_m = np.linalg.norm(here[:, None] - xy_m[None], axis=-1)
    nearest = away_m.argmin(axis=1)
    return [
        (station, int(place))
        for station, place, far_m in zip(having, nearest, away_m.min(axis=1), strict=True)
        if far_m <= _GROUND_M_MAX
    ]


def _recent(rain_mm: Float64Array, n_minutes: int = 30) -> Float64Array:
    total = np.cumsum(rain_mm, axis=0)
    recent = total.copy()
    recent[n_minutes:] -= total[:-n_minutes]
    return recent
