"""A county's network as real ones are: mixed loggers, intervals and buckets, dense gauges, slope sensors.

`build_county` gives every station one interval and a fine bucket. `varied`
keeps its places and changes what stands there:

- every fourth rain station is a weather station with nine variables, one of
  them a rain counter; of the others a third sends amount and counter, some a counter alone;
- intervals are 1 to 60 minutes, most of them 5 (river gauges 5 to 15);
- dense gauges stand near villages, one for every twelve, each minute;
- slope sensors (tilt, displacement, pore pressure) stand at every second village with a slope above it,
  depth sensors at every second low spot: where an office expects something; most slopes hold.

The county's `ground` then knows all slopes and low spots, those of the truth of the same seed.

Loggers that send a counter have buckets of 0.1, 0.2 or 0.5 mm
(`station_sim.stations.observations.tip_tenths`).
"""

from dataclasses import replace

import numpy as np

from station_sim.county.county import AUTOMATIC_WEATHER_STATION, County
from station_sim.county.ground_inventory import GroundInventory
from station_sim.county.places import StationTable
from station_sim.ground.rivers import places_at_risk
from station_sim.seeds import stream
from warnstream.model.arrays import Float64Array, Int32Array, Int64Array

EIGHT_VARIABLES = (*AUTOMATIC_WEATHER_STATION, "rain_total")
SLOPE_VARIABLES = ("tilt_x", "tilt_y", "displacement", "pore_pressure")

_RAIN_INTERVAL_S = ((60, 0.10), (300, 0.55), (600, 0.20), (900, 0.10), (3600, 0.05))
_RIVER_INTERVAL_S = ((300, 0.5), (600, 0.3), (900, 0.2))
_SLOPE_INTERVAL_S = ((600, 0.5), (3600, 0.5))
_DEPTH_INTERVAL_S = ((60, 0.5), (300, 0.5))
_LOGGERS = (
    (EIGHT_VARIABLES, 0.25),
    (("rain", "rain_total"), 0.25),
    (("rain_total",), 0.05),
    (("rain",), 0.45),
)
_VILLAGES_PER_DENSE_GAUGE = 12
_NEAR_DEGREES = 0.01
_ON_THE_SPOT_DEGREES = 0.0005


def varied(county: County, seed: int) -> County:
    """The county with the same places, villages and thresholds, and a varied network."""
    generator = stream(seed, "varied network")
    stations = county.stations
    is_river = np.array(["stage" in words for words in stations.variables])
    n = len(stations)
    loggers = generator.choice(len(_LOGGERS), size=n, p=[share for _, share in _LOGGERS])
    interval_s = np.where(
        is_river,
        _draw(generator, _RIVER_INTERVAL_S, n),
        _draw(generator, _RAIN_INTERVAL_S, n),
    ).astype(np.int32)
    variables = tuple(stations.variables[k] if is_river[k] else _LOGGERS[loggers[k]][0] for k in range(n))
    table = replace(stations, variables=variables, interval_s=interval_s)
    n_dense = len(county.villages) // _VILLAGES_PER_DENSE_GAUGE
    village: Int64Array = np.sort(generator.choice(len(county.villages), size=n_dense, replace=False))
    offset = generator.uniform(-_NEAR_DEGREES, _NEAR_DEGREES, (2, n_dense))
    every_minute = np.full(n_dense, 60, dtype=np.int32)
    table = _added(county, table, "D", ("rain",), every_minute, village, offset)
    return _with_ground_sensors(replace(county, stations=table), seed, generator)


def _with_ground_sensors(county: County, seed: int, generator: np.random.Generator) -> County:
    """The county with sensors at every second slope and low spot, and the inventory of all of them."""
    on_slope, low = places_at_risk(len(county.villages), seed)
    table = county.stations
    sensors = []
    for letter, variables, shares, village in (
        ("S", SLOPE_VARIABLES, _SLOPE_INTERVAL_S, on_slope[::2]),
        ("W", ("water_depth",), _DEPTH_INTERVAL_S, low[::2]),
    ):
        first = len(table)
        offset = generator.uniform(-_ON_THE_SPOT_DEGREES, _ON_THE_SPOT_DEGREES, (2, len(village)))
        interval_s = _draw(generator, shares, len(village))
        table = _added(county, table, letter, variables, interval_s, village, offset)
        sensors.append(tuple((first + n, warned) for n, warned in enumerate(village.tolist())))
    return replace(county, stations=table, ground=GroundInventory(on_slope, low, *sensors))


def _draw(generator: np.random.Generator, shares: tuple[tuple[int, float], ...], n: int) -> Int32Array:
    values = np.array([value for value, _ in shares], dtype=np.int32)
    drawn: Int32Array = generator.choice(values, size=n, p=[share for _, share in shares])
    return drawn


def _added(
    county: County,
    table: StationTable,
    letter: str,
    variables: tuple[str, ...],
    interval_s: Int32Array,
    village: Int64Array,
    offset: Float64Array,
) -> StationTable:
    """The table with stations of a kind, each at a village, moved by an offset in degrees, shape (2, n)."""
    n = len(interval_s)
    return StationTable(
        (*table.code, *(f"{letter}{k + 1:04d}" for k in range(n))),
        np.concatenate([table.latitude, np.round(county.villages.latitude[village] + offset[0], 5)]),
        np.concatenate([table.longitude, np.round(county.villages.longitude[village] + offset[1], 5)]),
        np.concatenate([table.elevation_m, np.full(n, np.nan)]),
        (*table.variables, *((variables,) * n)),
        np.concatenate([table.interval_s, interval_s]),
        (*table.county, *(county.villages.county[k] for k in village.tolist())),
    )
