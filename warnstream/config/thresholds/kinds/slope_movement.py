"""Slope sensors in thresholds.yaml: tilt, displacement, cracks and pore pressure by village."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from warnstream.config.faults import unknown
from warnstream.config.thresholds.context import Build, HazardContext
from warnstream.config.thresholds.intervals import check_intervals
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.thresholds.sections import HazardSection
from warnstream.config.thresholds.sensor_rows import check_has_rows, count_sensors, sensor_rows
from warnstream.config.thresholds.units import MOVEMENT, TableUnit
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default, part
from warnstream.model.arrays import Int32Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import SlopeTable, Thresholds


class SlopeMovementSection(HazardSection):
    """Slope sensors: tilt, displacement, cracks, pore pressure."""

    evaluator: Literal["slope_movement"] = Field(description="Module of warnstream.hazards that judges it.")
    table: Annotated[str, value_types.text()] = Field(
        description="CSV file with thresholds by village and sensor."
    )
    window_s: Annotated[int, value_types.duration("30min", "60d", whole_minutes=True)] = default(
        "1h", alias="window", description="Rates are taken over at least that long."
    )
    persistence: Annotated[int, value_types.whole(1, 8)] = default(
        2, description="So many windows or samples in a row must have reached a value."
    )
    noise_mm: Annotated[float, value_types.decimal(0, 1000)] = default(
        2, description="Changes of displacement and crack over a window below that are none, mm."
    )
    noise_deg: Annotated[float, value_types.decimal(0, 10)] = default(
        0.005, description="Changes of tilt over a window below that are none, degrees."
    )
    steady_mm_per_day: dict[
        Annotated[str, value_types.code()], Annotated[float, value_types.decimal(0, 10_000, above=True)]
    ] = part(
        dict,
        "Velocity of the steady stage by station, mm/d; needed for thresholds in `deg` (tangent angles).",
    )
    thermal_deg_per_degc: dict[
        Annotated[str, value_types.code()], Annotated[float, value_types.decimal(-1, 1)]
    ] = part(dict, "Tilt that one degree of warming fakes, by station; the station measures temperature too.")
    fit_r2_min: Annotated[float, value_types.decimal(0, 1)] = default(
        0.9, description="R2 from which on a time to failure counts."
    )
    neighbour_radius_km: Annotated[float, value_types.decimal(0, 50)] = default(
        0.5, description="A sensor within that distance that moves too confirms another, kilometres."
    )
    stale_after_s: Annotated[int, value_types.duration("1min", "90d")] = default(
        "3h", alias="stale_after", description="A sensor silent for longer says nothing."
    )

    table_units = MappingProxyType(
        {
            "deg/h": TableUnit(Indicator.TILT_RATE, (Variable.TILT_X,), 1e-4, 90.0),
            "mm/d": TableUnit(Indicator.VELOCITY, MOVEMENT, 1e-3, 1e6),
            "deg": TableUnit(Indicator.TANGENT_ANGLE, MOVEMENT, 0.1, 89.99),
            "mm": TableUnit(Indicator.DISPLACEMENT, MOVEMENT, 0.1, 1e6),
            "kPa": TableUnit(Indicator.PORE_PRESSURE, (Variable.PORE_PRESSURE,), -100.0, 1e4),
            "h": TableUnit(Indicator.FAILURE_TIME, MOVEMENT, 0.1, 10_000.0, descending=True),
        }
    )

    def read(self, context: HazardContext) -> Build:
        """Check the stations that are named; a tangent angle needs a steady velocity."""
        known = context.around.stations.index_of_code() if context.around.stations else None
        for key, named in (
            ("steady_mm_per_day", self.steady_mm_per_day),
            ("thermal_deg_per_degc", self.thermal_deg_per_degc),
        ):
            for station in named:
                if known is not None and station not in known:
                    context.fault((key, station), unknown("station", station, known))
        tangent = {row.station for row in context.rows if row.unit == "deg"} if context.is_whole else set()
        for station in sorted(tangent - self.steady_mm_per_day.keys()):
            expected = (
                f"expected station {station!r}: it has thresholds in deg, relative to a steady velocity"
            )
            context.fault(("steady_mm_per_day",), expected)
        check_has_rows(self.table, context)
        check_intervals({"stale_after": self.stale_after_s}, context)
        return self._table

    @staticmethod
    def describe(thresholds: Thresholds, n_villages: int) -> str:
        """Sensors and villages of the table."""
        del n_villages
        assert isinstance(thresholds, SlopeTable)
        return f"slope sensors of {count_sensors(thresholds.station, thresholds.village)}"

    def _table(self, rows: Sequence[Threshold], places: Villages, stations: Stations) -> SlopeTable:
        sensors = sensor_rows(rows, places, stations)
        units = [self.table_units[unit] for unit in sensors.unit]
        code = [stations.code[station] for station in sensors.station]
        variable = [
            next(v for v in unit.variables if v in stations.measured[station])
            for unit, station in zip(units, sensors.station, strict=True)
        ]
        indicator = [
            Indicator.CRACK
            if unit.indicator is Indicator.DISPLACEMENT and v is Variable.CRACK
            else unit.indicator
            for unit, v in zip(units, variable, strict=True)
        ]
        nan = float("nan")
        return SlopeTable(
            village=sensors.village,
            station=sensors.station,
            indicator=np.array(indicator, dtype=np.uint8),
            variable=np.array(variable, dtype=np.uint8),
            critical=sensors.critical,
            steady_mm_per_day=np.array([self.steady_mm_per_day.get(name, nan) for name in code]),
            thermal_deg_per_degc=np.array([self.thermal_deg_per_degc.get(name, 0.0) for name in code]),
            near=_neighbours(np.unique(sensors.station), stations, self.neighbour_radius_km * 1000),
            window_s=self.window_s,
            persistence=self.persistence,
            noise_mm=self.noise_mm,
            noise_deg=self.noise_deg,
            fit_r2_min=self.fit_r2_min,
            stale_after_s=self.stale_after_s,
        )


def _neighbours(station: Int32Array, stations: Stations, radius_m: float) -> Int32Array:
    """Pairs of stations within a radius, both ways round, shape (n_pairs, 2)."""
    latitude, longitude = stations.latitude[station], stations.longitude[station]
    xy_m = local_xy_m(latitude, longitude, float(latitude.mean()), float(longitude.mean()))
    pairs = []
    for number, here in enumerate(xy_m):
        near = np.flatnonzero(np.hypot(*(xy_m - here).T) <= radius_m)
        pairs += [(station[number], station[other]) for other in near if other != number]
    return np.array(pairs, dtype=np.int32).reshape(-1, 2)
