"""Strong wind in thresholds.yaml: gusts of the stations near each village, or of those that a table names."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from warnstream.config.thresholds.context import Build, HazardContext
from warnstream.config.thresholds.intervals import check_intervals
from warnstream.config.thresholds.nearest import nearest_stations, stations_measuring
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.thresholds.sections import HazardSection, disordered
from warnstream.config.thresholds.sensor_rows import count_sensors, sensor_rows
from warnstream.config.thresholds.units import TableUnit
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.hazards.strong_wind import WindTable
from warnstream.model.arrays import Float64Array, Int32Array
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import Thresholds

GUST_MAX = 120.0
"""Rounded up from the highest gust on record, 113 m/s."""


class GustLevelSection(Section):
    """Gust that reaches a level."""

    level: Annotated[Level, value_types.level()] = Field(description="Level that is reached.")
    gust_m_per_s: Annotated[float, value_types.decimal(0, GUST_MAX, above=True)] = Field(
        description="Gust that reaches the level, m/s."
    )


class StrongWindSection(HazardSection):
    """Gusts that have been measured; households are not called unless asked for."""

    evaluator: Literal["strong_wind"] = Field(description="Module of warnstream.hazards that judges it.")
    households: Annotated[bool, value_types.yes_or_no()] = default(
        False, description="Whether households are called; without it duty posts alone."
    )
    levels: list[GustLevelSection] = part(
        list, "Gusts of villages without rows of their own in the table, by their nearest stations."
    )
    table: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with gusts by village and station."
    )
    neighbours: Annotated[int, value_types.whole(1, 10)] = default(
        2,
        description="So many of the nearest stations judge a village without rows of its own; the worst "
        "counts.",
    )
    radius_km: Annotated[float, value_types.decimal(0, 200, above=True)] = default(
        10, description="Stations farther away do not count, kilometres."
    )
    window_s: Annotated[int, value_types.duration("1min", "1h", whole_minutes=True)] = default(
        "10min", alias="window", description="The highest gust of that time counts."
    )
    stale_after_s: Annotated[int, value_types.duration("1min", "24h")] = default(
        "30min", alias="stale_after", description="A gust observed longer ago says nothing."
    )

    table_units = MappingProxyType(
        {"m/s": TableUnit(Indicator.WIND_GUST, (Variable.WIND_GUST,), 0.1, GUST_MAX)}
    )
    is_for_every_place = True

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """There are thresholds, and a higher level needs a stronger gust."""
        if not self.levels and self.table is None:
            return [("", "expected levels, table or both: without thresholds nobody is ever warned")]
        return disordered("levels", "gust_m_per_s", [(item.level, item.gust_m_per_s) for item in self.levels])

    def read(self, context: HazardContext) -> Build:
        """Check that somebody measures gusts, often enough; gusts by village and station."""
        stations = context.around.stations
        near: list[str] = []
        if self.levels and stations is not None:
            near = [stations.code[number] for number in _anemometers(stations)]
            if not near:
                context.fault(
                    (), "expected at least one station that measures wind_gust (stations.csv), there is none"
                )
        check_intervals({"stale_after": self.stale_after_s}, context, near)
        return self._table

    @staticmethod
    def describe(thresholds: Thresholds, n_villages: int) -> str:
        """Stations and villages that they judge."""
        del n_villages
        assert isinstance(thresholds, WindTable)
        return f"gusts of {count_sensors(thresholds.station, thresholds.village)}"

    def _table(self, rows: Sequence[Threshold], places: Villages, stations: Stations) -> WindTable:
        own = sensor_rows(rows, places, stations)
        near = nearest_stations(
            _anemometers(stations),
            places,
            stations,
            n_max=self.neighbours,
            radius_m=self.radius_km * 1000,
        )
        near[own.village] = -1  # a village with rows of its own is judged by those alone
        village, rank = np.nonzero(near >= 0) if self.levels else (own.village[:0], own.village[:0])
        critical: Float64Array = np.full(len(LEVELS), np.nan)
        for item in self.levels:
            critical[item.level - 1] = item.gust_m_per_s
        return WindTable(
            village=np.concatenate([own.village, village.astype(np.int32)]),
            station=np.concatenate([own.station, near[village, rank]]),
            critical_m_per_s=np.concatenate([own.critical, np.tile(critical, (len(village), 1))]),
            window_s=self.window_s,
            stale_after_s=self.stale_after_s,
        )


def _anemometers(stations: Stations) -> Int32Array:
    return stations_measuring(frozenset({Variable.WIND_GUST}), stations)
