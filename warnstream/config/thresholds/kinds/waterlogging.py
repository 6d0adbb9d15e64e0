"""Waterlogging in thresholds.yaml: depths of sensors by village, and short heavy rain."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from warnstream.config.thresholds.context import Build, HazardContext
from warnstream.config.thresholds.intervals import check_intervals
from warnstream.config.thresholds.rain_levels import RainLevelSection, check_rain_levels, critical_rain
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.thresholds.sections import HazardSection
from warnstream.config.thresholds.sensor_rows import sensor_rows
from warnstream.config.thresholds.units import RAIN_UNIT, TableUnit
from warnstream.config.wording import count_of, count_villages
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default, part
from warnstream.model.level import Level
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import Thresholds, WaterloggingTable


class WaterloggingSection(HazardSection):
    """Waterlogging: depth of water, and short heavy rain."""

    evaluator: Literal["waterlogging"] = Field(description="Module of warnstream.hazards that judges it.")
    levels: list[RainLevelSection] = part(
        list, "Rain of villages without rain rows of their own in the table."
    )
    table: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with depths by village and sensor, and rain by village."
    )
    persistence: Annotated[int, value_types.whole(1, 10)] = default(
        2, description="So many samples in a row, a minute or more apart, must be that deep."
    )
    stale_after_s: Annotated[int, value_types.duration("1min", "7d")] = default(
        "30min", alias="stale_after", description="A depth observed longer ago says nothing."
    )
    forecast_level_max: Annotated[Level, value_types.level(none_allowed=True)] = default(
        "none", description="Highest level that a forecast alone may raise; none: no level."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Without any threshold the hazard would never warn."""
        if self.levels or self.table is not None:
            return []
        return [("", "expected levels, table or both: without thresholds nobody is ever warned")]

    table_units = MappingProxyType(
        {
            "cm": TableUnit(Indicator.WATER_DEPTH, (Variable.WATER_DEPTH,), 0.1, 1000.0),
            "mm": RAIN_UNIT,
        }
    )

    def read(self, context: HazardContext) -> Build:
        """Check the levels of rain; depths by sensor, rain by village."""
        check_rain_levels(self.levels, context)
        check_intervals({"stale_after": self.stale_after_s}, context)
        return self._table

    @staticmethod
    def describe(thresholds: Thresholds, n_villages: int) -> str:
        """Depth sensors, and villages with values for rain."""
        del n_villages
        assert isinstance(thresholds, WaterloggingTable)
        sensors = count_of(len(np.unique(thresholds.station)), "station", "stations")
        return (
            f"depth of {sensors}, rain in {count_villages(int(thresholds.rain.defined(0).any(axis=1).sum()))}"
        )

    def _table(self, rows: Sequence[Threshold], places: Villages, stations: Stations) -> WaterloggingTable:
        depth = sensor_rows([row for row in rows if row.station], places, stations)
        return WaterloggingTable(
            village=depth.village,
            station=depth.station,
            critical_cm=depth.critical,
            rain=critical_rain(self.levels, [row for row in rows if not row.station], places),
            persistence=self.persistence,
            stale_after_s=self.stale_after_s,
        )
