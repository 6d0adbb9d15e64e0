"""The rainstorm signal in thresholds.yaml: rain that has been reached and goes on, or will be."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from warnstream.config.thresholds.context import Build, HazardContext
from warnstream.config.thresholds.expected_levels import ExpectedSection, check_expected
from warnstream.config.thresholds.rain_levels import (
    RainLevelSection,
    check_rain_levels,
    critical_rain,
    describe_rain,
    levels_over,
)
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.thresholds.sections import HazardSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default, part
from warnstream.model.level import Level
from warnstream.model.network import Stations, Villages
from warnstream.model.rules.rules import CriticalRain, Thresholds


class RainstormSection(HazardSection):
    """Rainstorm signal: rain has reached a value and goes on, or will reach it."""

    evaluator: Literal["rainstorm"] = Field(description="Module of warnstream.hazards that judges it.")
    levels: list[RainLevelSection] = Field(min_length=1, description="Thresholds of every village.")
    continues_mm_per_h: Annotated[float, value_types.decimal(0, 100)] = default(
        1, description="Rain of the last or the coming hour with which rain counts as continuing, mm."
    )
    forecast_level_max: Annotated[Level, value_types.level(none_allowed=True)] = default(
        "none", description="Highest level that a forecast alone may raise; none: no level."
    )
    expected: list[ExpectedSection] = part(list, "What raises a level before its threshold is reached.")

    is_for_every_place = True

    def read(self, context: HazardContext) -> Build:
        """Check the levels; thresholds that are the same for every village."""
        check_rain_levels(self.levels, context)
        check_expected(self.expected, levels_over(self.levels, context.rows), context)
        return self._table

    @staticmethod
    def describe(thresholds: Thresholds, n_villages: int) -> str:
        """Durations of the table, and villages that have any value."""
        del n_villages
        assert isinstance(thresholds, CriticalRain)
        return describe_rain(thresholds)

    def _table(self, rows: Sequence[Threshold], places: Villages, stations: Stations) -> CriticalRain:
        del stations
        return critical_rain(self.levels, rows, places)
