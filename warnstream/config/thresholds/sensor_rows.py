"""Rows of a table that name a sensor and the village that it warns, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warnstream.config.thresholds.context import HazardContext
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.wording import count_of, count_villages
from warnstream.model.arrays import Float64Array, Int32Array
from warnstream.model.level import LEVELS
from warnstream.model.network import Stations, Villages


@dataclass(frozen=True, slots=True)
class SensorRows:
    """Rows of a table by village, sensor and unit, with the values of their four levels."""

    village: Int32Array
    station: Int32Array
    unit: tuple[str, ...]
    critical: Float64Array


def count_sensors(station: Int32Array, village: Int32Array) -> str:
    """How many stations judge how many villages, such as ``3 stations for 5 villages``."""
    stations = count_of(len(np.unique(station)), "station", "stations")
    return f"{stations} for {count_villages(len(np.unique(village)))}"


def sensor_rows(rows: Sequence[Threshold], villages: Villages, stations: Stations) -> SensorRows:
    """Rows as arrays, one line of them per village, sensor and unit."""
    village_of_code, station_of_code = villages.index_of_code(), stations.index_of_code()
    place = [(village_of_code[row.village], station_of_code[row.station], row.unit) for row in rows]
    sensors = sorted(set(place))
    number = {sensor: index for index, sensor in enumerate(sensors)}
    critical: Float64Array = np.full((len(sensors), len(LEVELS)), np.nan)
    for sensor, row in zip(place, rows, strict=True):
        critical[number[sensor], row.level - 1] = row.value
    return SensorRows(
        village=np.array([village for village, _, _ in sensors], dtype=np.int32),
        station=np.array([station for _, station, _ in sensors], dtype=np.int32),
        unit=tuple(unit for _, _, unit in sensors),
        critical=critical,
    )


def check_has_rows(table: str, context: HazardContext) -> None:
    """A hazard that only its table gives thresholds, and that has no row there, would never warn."""
    if context.is_whole and not context.rows:
        context.fault(("table",), f"expected rows of hazard {context.name!r} in {table}, there is none")
