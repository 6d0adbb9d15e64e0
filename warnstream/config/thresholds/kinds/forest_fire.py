"""Forest fire danger in thresholds.yaml: the index, and the weather stations of each village."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from warnstream.config.thresholds.context import Build, HazardContext
from warnstream.config.thresholds.nearest import nearest_stations, stations_measuring
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.thresholds.sections import HazardSection, disordered
from warnstream.config.wording import count_villages
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default
from warnstream.model.arrays import Float64Array
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.rules import FireTable, Thresholds

FIRE_VARIABLES = frozenset({Variable.RAIN, Variable.TEMPERATURE, Variable.HUMIDITY, Variable.WIND_SPEED})
STATIONS_MAX = 3
"""So many weather stations of a village, the nearest first, are asked one after the other."""


class FireLevelSection(Section):
    """Fire Weather Index that reaches a level."""

    level: Annotated[Level, value_types.level()] = Field(description="Level that is reached.")
    fwi: Annotated[float, value_types.decimal(0, 200, above=True)] = Field(
        description="Fire Weather Index that reaches the level."
    )


class ForestFireSection(HazardSection):
    """Forest fire danger by the Canadian Fire Weather Index."""

    evaluator: Literal["forest_fire"] = Field(description="Module of warnstream.hazards that judges it.")
    levels: list[FireLevelSection] = Field(min_length=1, description="Index that reaches each level.")
    noon_s: Annotated[int, value_types.duration("0s", "24h", whole_minutes=True)] = default(
        "4h", alias="noon", description="Local noon, after 00:00 UTC."
    )
    weather_radius_km: Annotated[float, value_types.decimal(0, 500, above=True)] = default(
        50, description="Weather stations farther away do not count, kilometres."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A higher level needs a higher index."""
        return disordered("levels", "fwi", [(item.level, item.fwi) for item in self.levels])

    def read(self, context: HazardContext) -> Build:
        """Check that somebody measures the weather; the nearest weather stations of each village."""
        stations = context.around.stations
        if stations is not None and len(stations_measuring(FIRE_VARIABLES, stations)) == 0:
            needed = ", ".join(sorted(variable.word for variable in FIRE_VARIABLES))
            context.fault(
                (), f"expected at least one station that measures {needed} (stations.csv), there is none"
            )
        return self._table

    @staticmethod
    def describe(thresholds: Thresholds, n_villages: int) -> str:
        """Villages that have a weather station."""
        del n_villages
        assert isinstance(thresholds, FireTable)
        return f"fire weather in {count_villages(int((thresholds.station >= 0).any(axis=1).sum()))}"

    def _table(self, rows: Sequence[Threshold], places: Villages, stations: Stations) -> FireTable:
        del rows
        critical: Float64Array = np.full(len(LEVELS), np.nan)
        for item in self.levels:
            critical[item.level - 1] = item.fwi
        near = nearest_stations(
            stations_measuring(FIRE_VARIABLES, stations),
            places,
            stations,
            n_max=STATIONS_MAX,
            radius_m=self.weather_radius_km * 1000,
        )
        return FireTable(critical=critical, station=near, noon_s=self.noon_s % 86_400)
