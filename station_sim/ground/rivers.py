"""What the storm does to the ground: discharge, stages, and the floods that really happen.

This is the truth that warnings are scored against. It is made from the true
field, not from what stations measure, and with properties of each village and
river that no table publishes, so thresholds are informative, not perfect:

- *flash flood*: rain of 25 km2 about the village runs through two linear
  reservoirs, slope and stream (K 30 to 60 min each); the flood strikes when the
  outflow reaches the village's capacity: the peak that its published red rain
  in one even hour would cause, times a factor of about 1.1 that spreads by 15 %;
- *river flood*: rain of the gauge's upstream square (13 to 25 km wide) fills
  a slower reservoir (K 1.5 to 3 h); a village is flooded when the stage passes
  its bank, a travel time (2 m/s) after it passed at the gauge;
- *landslide*: one village in six has a slope above it whose soil the rain wets
  until it slips (`station_sim.ground.slopes`);
- *waterlogging*: one village in ten has a low spot where water stands 15 cm deep
  when more runs together than its drains take (`station_sim.ground.low_spots`);
- *rainstorm*: the rain of those 25 km2 reaches a line of the national table,
  counted from the start. Each line is an event of its own, of its level: a
  warning by 50 mm in 3 h cannot be judged by 50 mm in 12 h.

An event is the first time that it happens to a village in the scenario; a
village has at most one of each kind and level.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from station_sim import outline
from station_sim.county import files as county_files
from station_sim.county.county import CRITICAL_DURATION_S, CRITICAL_MM, County
from station_sim.ground.low_spots import PONDING_M, Ponding, drawn_low_spots, pond
from station_sim.ground.slopes import SlopeMovement, drawn_slopes, movement
from station_sim.seeds import stream
from station_sim.weather.field import RainField, Target, sample
from station_sim.weather.kinds import DEFAULT_KIND, weather_over
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.times import MINUTE_S, iso_utc

TRUTH_HEADER = ("event", "time", "latitude", "longitude", "kind", "village", "level")

RAINSTORM_SIGNAL = (("blue", 50.0, 720), ("yellow", 50.0, 360), ("orange", 50.0, 180), ("red", 100.0, 180))
"""Level, millimetres and minutes of the national rainstorm signal, as configs/demo has them."""

STAGE_STEP_M = 0.01

_VILLAGE_HALF_WIDTH_KM = 2
_SLOPE_SHARE = 1 / 6
_LOW_SPOT_SHARE = 1 / 10
_WAVE_M_PER_S = 2.0
_RED = 3
_NORMAL_SHARE_OF_BANK = 0.2
_RATING_EXPONENT = 0.6
_DEFAULT_BANK_M = 4.5


@dataclass(frozen=True, slots=True)
class TruthEvent:
    """A flood, landslide, ponding or rainstorm that happened: what, where, from when on (seconds UTC).

    `level` is empty but for rainstorms, whose rule it is.
    """

    event: str
    time_s: int
    latitude: float
    longitude: float
    kind: str
    village: str
    level: str = ""

    @property
    def label(self) -> str:
        """Kind, and level where it has one: what events are counted by."""
        return f"{self.kind} {self.level}".strip()


@dataclass(frozen=True, slots=True)
class GaugeResponse:
    """Stages of the gauges.

    Attributes
    ----------
    station : Int64Array, shape (n_gauges,)
        Numbers in the county's `StationTable`.
    stage_m : Float64Array, shape (n_minutes, n_gauges)
        True stage at the end of each minute, above the gauge's own zero.
    """

    station: Int64Array
    stage_m: Float64Array


def outflow_mm_per_h(rain_mm: Float64Array, storage_min: Float64Array) -> Float64Array:
    """Outflow of linear reservoirs that are empty at the start.

    Exact for rain that is constant within each minute: the outflow closes
    ``1 - exp(-1 / K)`` of its distance to the inflow each minute.

    Parameters
    ----------
    rain_mm : Float64Array, shape (n_minutes, n)
        Rain of each minute, millimetres.
    storage_min : Float64Array, shape (n,)
        Storage constant K, minutes.

    Returns
    -------
    Float64Array, shape (n_minutes, n)
        At the end of each minute.

    Examples
    --------
    60 mm/h for one storage constant fill the reservoir to 1 - 1/e of it:

    >>> rain = np.ones((45, 1))
    >>> round(float(outflow_mm_per_h(rain, np.array([45.0]))[-1, 0]), 2)
    37.93
    """
    step = 1.0 - np.exp(-1.0 / storage_min)
    outflow = np.empty_like(rain_mm)
    level = np.zeros(rain_mm.shape[1])
    for minute, rain in enumerate(rain_mm):
        level = level + step * (60.0 * rain - level)
        outflow[minute] = level
    return outflow


def gauge_targets(county: County, seed: int) -> tuple[Int64Array, Target]:
    """Numbers of the stage gauges and the squares upstream of them that feed their rivers."""
    stations = county.stations
    gauges = np.array([n for n in range(len(stations)) if "stage" in stations.variables[n]], dtype=np.int64)
    xy_m = outline.project(stations.latitude, stations.longitude)[gauges]
    half_width_km = stream(seed, "catchments").integers(6, 13, len(gauges))
    upstream = np.array([_upstream_direction(county, int(n)) for n in gauges]).reshape(-1, 2)
    return gauges, Target(xy_m + upstream * half_width_km[:, None] * 1000.0, half_width_km)


def _upstream_direction(county: County, gauge: int) -> Float64Array:
    """Away from the villages that the gauge warns; west-north-west where it warns none."""
    villages = county.gauges.village[county.gauges.station == gauge]
    if len(villages) == 0:
        return np.array([-0.9, 0.44])
    place = outline.project(county.stations.latitude[[gauge]], county.stations.longitude[[gauge]])[0]
    here = outline.project(county.villages.latitude[villages], county.villages.longitude[villages])
    away_m = place - here.mean(axis=0)
    direction: Float64Array = away_m / max(float(np.linalg.norm(away_m)), 1.0)
    return direction


def village_target(county: County) -> Target:
    """The 25 km2 about each village."""
    xy_m = outline.project(county.villages.latitude, county.villages.longitude)
    return Target(xy_m, np.full(len(xy_m), _VILLAGE_HALF_WIDTH_KM, dtype=np.int64))


def gauge_response(
    county: County, seed: int, gauges: Int64Array, upstream_rain_mm: Float64Array
) -> GaugeResponse:
    """Stages of all gauges from the rain upstream, shape (n_minutes, n_gauges).

    Stage follows a rating curve: normal stage plus the way to the bank times
    (outflow / bank-full outflow) ** 0.6. Bank-full is what 20 to 38 mm of
    areal rain in two hours cause.
    """
    generator = stream(seed, "rivers of gauges")
    storage_min = generator.uniform(90.0, 180.0, len(gauges))
    bank_rain_mm = generator.uniform(20.0, 38.0, len(gauges))
    bank_full_mm_per_h = bank_rain_mm / 2 * (1 - np.exp(-120.0 / storage_min))
    bank_m = np.array([_bank_m(county, int(gauge)) for gauge in gauges])
    normal_m = _NORMAL_SHARE_OF_BANK * bank_m
    fullness = outflow_mm_per_h(upstream_rain_mm, storage_min) / bank_full_mm_per_h
    return GaugeResponse(gauges, normal_m + (bank_m - normal_m) * fullness**_RATING_EXPONENT)


def _bank_m(county: County, gauge: int) -> float:
    """Mean red stage that the tables give for a gauge."""
    red_m = county.gauges.critical_m[county.gauges.station == gauge, _RED]
    red_m = red_m[~np.isnan(red_m)]
    return float(red_m.mean()) if len(red_m) else _DEFAULT_BANK_M


@dataclass(frozen=True, slots=True)
class GroundResponse:
    """Slopes and low spots of villages, one column each.

    Attributes
    ----------
    slope_village : Int64Array, shape (n_slopes,)
        Village below each slope.
    slope_xy_m : Float64Array, shape (n_slopes, 2)
        Places of the slopes: those of their villages, local metres.
    slopes : SlopeMovement
    low_spot_village : Int64Array, shape (n_low_spots,)
        Village of each low spot.
    low_spot_xy_m : Float64Array, shape (n_low_spots, 2)
    low_spots : Ponding
    """

    slope_village: Int64Array
    slope_xy_m: Float64Array
    slopes: SlopeMovement
    low_spot_village: Int64Array
    low_spot_xy_m: Float64Array
    low_spots: Ponding


def places_at_risk(n_villages: int, seed: int) -> tuple[Int64Array, Int64Array]:
    """Numbers of the villages with a slope above them, and of those with a low spot."""
    on_slope = np.flatnonzero(stream(seed, "villages on slopes").random(n_villages) < _SLOPE_SHARE)
    low = np.flatnonzero(stream(seed, "villages with low spots").random(n_villages) < _LOW_SPOT_SHARE)
    return on_slope, low


def ground_response(county: County, seed: int, village_rain_mm: Float64Array) -> GroundResponse:
    """What slopes and low spots do under the rain of their villages, shape (n_minutes, n_villages)."""
    on_slope, low = places_at_risk(len(county.villages), seed)
    slopes = drawn_slopes(stream(seed, "slopes"), len(on_slope))
    spots = drawn_low_spots(stream(seed, "low spots"), len(low))
    xy_m = outline.project(county.villages.latitude, county.villages.longitude)
    return GroundResponse(
        on_slope,
        xy_m[on_slope],
        movement(slopes, village_rain_mm[:, on_slope]),
        low,
        xy_m[low],
        pond(spots, village_rain_mm[:, low]),
    )


def _landslides(ground: GroundResponse) -> list[tuple[int, int]]:
    failure = ground.slopes.failure_minute
    return [
        (int(village), int(minute))
        for village, minute in zip(ground.slope_village, failure, strict=True)
        if minute >= 0
    ]


def _waterloggings(ground: GroundResponse) -> list[tuple[int, int]]:
    deep = _first_minutes(ground.low_spots.depth_m >= PONDING_M)
    return [(int(ground.low_spot_village[spot]), minute) for spot, minute in deep]


def find_events(
    county: County,
    seed: int,
    start_s: int,
    village_rain_mm: Float64Array,
    gauges: GaugeResponse,
    ground: GroundResponse,
) -> list[TruthEvent]:
    """Everything that really happens, in order of time, then kind, then village."""
    found = [
        *(("landslide", *pair, "") for pair in _landslides(ground)),
        *(("waterlogging", *pair, "") for pair in _waterloggings(ground)),
        *(("flash_flood", *pair, "") for pair in _flash_floods(county, seed, village_rain_mm)),
        *(("river_flood", *pair, "") for pair in _river_floods(county, seed, gauges)),
        *(("rainstorm", *rainstorm) for rainstorm in _rainstorms(village_rain_mm)),
    ]
    found.sort(key=lambda item: (item[2], item[0], item[1]))
    villages = county.villages
    return [
        TruthEvent(
            f"E{number:05d}",
            start_s + MINUTE_S * (minute + 1),
            float(villages.latitude[village]),
            float(villages.longitude[village]),
            kind,
            villages.code[village],
            level,
        )
        for number, (kind, village, minute, level) in enumerate(found, start=1)
    ]


def _flash_floods(county: County, seed: int, village_rain_mm: Float64Array) -> list[tuple[int, int]]:
    generator = stream(seed, "village capacities")
    n_villages = len(county.villages)
    storage_min = generator.uniform(30.0, 60.0, n_villages)
    factor = 1.1 * np.exp(generator.normal(0.0, 0.15, n_villages))
    capacity_mm_per_h = _red_1h_mm(county) * _peak_of_one_hour(storage_min) * factor
    return _first_minutes(_slope_and_stream(village_rain_mm, storage_min) >= capacity_mm_per_h)


def _slope_and_stream(rain_mm: Float64Array, storage_min: Float64Array) -> Float64Array:
    """Outflow of two equal reservoirs in a row, mm/h: the water's way down the slope, then the stream."""
    slope_mm_per_h = outflow_mm_per_h(rain_mm, storage_min)
    return outflow_mm_per_h(slope_mm_per_h / 60.0, storage_min)


def _peak_of_one_hour(storage_min: Float64Array) -> Float64Array:
    """Peak outflow, mm/h, that one millimetre causes when it falls evenly in one hour."""
    rain_mm = np.zeros((180, len(storage_min)))
    rain_mm[:60] = 1 / 60
    peak: Float64Array = _slope_and_stream(rain_mm, storage_min).max(axis=0)
    return peak


def _red_1h_mm(county: County) -> Float64Array:
    """Published red rain of one hour; the average table's where a village has none."""
    default_mm = CRITICAL_MM[CRITICAL_DURATION_S.index(3600), _RED]
    hour = np.flatnonzero(county.critical_rain.duration_s == 3600)
    if len(hour) == 0:
        return np.full(len(county.villages), default_mm)
    red_mm = county.critical_rain.critical_mm[:, hour[0], _RED]
    return np.where(np.isnan(red_mm), default_mm, red_mm)


def _river_floods(county: County, seed: int, gauges: GaugeResponse) -> list[tuple[int, int]]:
    """First flooding of each village: the earliest of its gauges' waves, delayed by the way to it."""
    rows = county.gauges
    column_of_station = {int(station): column for column, station in enumerate(gauges.station)}
    spread = np.exp(stream(seed, "village banks").normal(0.0, 0.04, len(rows.station)))
    n_minutes = len(gauges.stage_m)
    first: dict[int, int] = {}
    for row, (station, village) in enumerate(zip(rows.station.tolist(), rows.village.tolist(), strict=True)):
        bank_m = rows.critical_m[row, _RED] * spread[row]
        over = np.flatnonzero(gauges.stage_m[:, column_of_station[station]] >= bank_m)
        if len(over):
            minute = int(over[0]) + round(_distance_m(county, station, village) / _WAVE_M_PER_S / MINUTE_S)
            if minute < n_minutes:
                first[village] = min(minute, first.get(village, minute))
    return sorted(first.items())


def _distance_m(county: County, station: int, village: int) -> float:
    ends = outline.project(
        np.array([county.stations.latitude[station], county.villages.latitude[village]]),
        np.array([county.stations.longitude[station], county.villages.longitude[village]]),
    )
    return float(np.linalg.norm(ends[1] - ends[0]))


def _rainstorms(village_rain_mm: Float64Array) -> Iterator[tuple[int, int, str]]:
    """(village, minute, level) of each line of the signal that a village reaches."""
    total = np.cumsum(village_rain_mm, axis=0)
    for level, rain_mm, minutes in RAINSTORM_SIGNAL:
        window = total.copy()
        window[minutes:] -= total[:-minutes]
        for village, minute in _first_minutes(window >= rain_mm):
            yield village, minute, level


def _first_minutes(reached: BoolArray) -> list[tuple[int, int]]:
    """(village, minute) of the first True of each column that has one."""
    villages = np.flatnonzero(reached.any(axis=0))
    first = reached.argmax(axis=0)
    return [(int(village), int(first[village])) for village in villages]


def write_truth(path: Path, events: list[TruthEvent]) -> None:
    """Write truth.csv, the events file that verification reads."""
    county_files.write_rows(
        path,
        TRUTH_HEADER,
        (
            (
                e.event,
                iso_utc(e.time_s),
                f"{e.latitude:.5f}",
                f"{e.longitude:.5f}",
                e.kind,
                e.village,
                e.level,
            )
            for e in events
        ),
    )


@dataclass(frozen=True, slots=True)
class Truth:
    """The weather as it was: rain at the stations, stages, slopes, water in the streets, events.

    Attributes
    ----------
    station_rain_mm : Float64Array, shape (n_minutes, n_stations)
    village_rain_mm : Float64Array, shape (n_minutes, n_villages)
    gauges : GaugeResponse
    ground : GroundResponse
    events : list of TruthEvent
    """

    station_rain_mm: Float64Array
    village_rain_mm: Float64Array
    gauges: GaugeResponse
    ground: GroundResponse
    events: list[TruthEvent]


def storm_over(county: County, seed: int, n_minutes: int, kind: str = DEFAULT_KIND) -> RainField:
    """The weather of a kind and seed over a county's stations and villages."""
    stations = outline.project(county.stations.latitude, county.stations.longitude)
    villages = outline.project(county.villages.latitude, county.villages.longitude)
    return weather_over(kind, seed, np.concatenate([stations, villages]), n_minutes)


def truth_of(county: County, seed: int, start_s: int, n_minutes: int, kind: str = DEFAULT_KIND) -> Truth:
    """Run the weather over the county and find what it does."""
    station_xy_m = outline.project(county.stations.latitude, county.stations.longitude)
    villages = village_target(county)
    gauges, upstream = gauge_targets(county, seed)
    weather = storm_over(county, seed, n_minutes, kind)
    at_stations = Target(station_xy_m, np.zeros(len(station_xy_m), dtype=np.int64))
    station_mm, village_mm, upstream_mm = sample(weather, [at_stations, villages, upstream])
    response = gauge_response(county, seed, gauges, upstream_mm)
    ground = ground_response(county, seed, village_mm)
    events = find_events(county, seed, start_s, village_mm, response, ground)
    return Truth(station_mm, village_mm, response, ground, events)
