"""Critical rainfall in thresholds.yaml: by village, duration and level, and how wet ground lowers it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
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
from warnstream.config.thresholds.units import RAIN_UNIT
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.arrays import Float64Array
from warnstream.model.level import Level
from warnstream.model.network import Stations, Villages
from warnstream.model.rules.rules import CriticalRain, Thresholds, Wetness


class CriticalRainLevelSection(RainLevelSection):
    """Rain that reaches a level, on ground of one class or of all."""

    wetness: Annotated[str | None, value_types.one_of("dry", "medium", "wet")] = default(
        None, description="Ground that the value is for; without it all."
    )


class WetnessSection(Section):
    """How wet the ground is: dry, medium or wet."""

    by: Annotated[str, value_types.one_of("antecedent_rain", "soil_water")] = default(
        "antecedent_rain", description="What the ground is judged by."
    )
    api_ratio: Annotated[float, value_types.decimal(0, 1, above=True)] = default(
        0.84, description="Share of a day's rain that counts one day later; antecedent_rain only."
    )
    storage_mm: Annotated[float, value_types.decimal(0, 2000, above=True)] = Field(
        description="Greatest storage of the ground (Wm), mm."
    )
    medium_from: Annotated[float, value_types.decimal(0, 1, above=True)] = default(
        0.5, description="Share of the storage from which the ground is medium."
    )
    wet_from: Annotated[float, value_types.decimal(0, 1, above=True)] = default(
        0.8, description="Share of the storage from which the ground is wet."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Wet ground holds more than medium ground."""
        if self.medium_from < self.wet_from:
            return []
        return [("wet_from", f"expected above medium_from ({self.medium_from:g})")]


class GuidancePointSection(Section):
    """A point of dynamic critical rainfall."""

    soil_water_mm: Annotated[float, value_types.decimal(0, 2000)] = Field(description="Soil water index, mm.")
    share: Annotated[float, value_types.decimal(0, 2, above=True)] = Field(
        description="Share of the critical rainfall that is critical on such ground."
    )


class CriticalRainfallSection(HazardSection):
    """Critical rainfall: rain over any one of several durations."""

    evaluator: Literal["critical_rainfall"] = Field(
        description="Module of warnstream.hazards that judges it."
    )
    levels: list[CriticalRainLevelSection] = part(
        list, "Thresholds of villages without rows of their own in the table."
    )
    table: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with thresholds by village."
    )
    wetness: WetnessSection | None = Field(None, description="Classes of wetness that values may be for.")
    guidance: list[GuidancePointSection] = part(
        list, "Instead of classes: share of the values that is critical, by soil water."
    )
    critical_ratio: Annotated[float, value_types.decimal(0, 3, above=True)] = default(
        1, description="All values of the hazard times that ratio."
    )
    forecast_level_max: Annotated[Level, value_types.level(none_allowed=True)] = default(
        "none", description="Highest level that a forecast alone may raise; none: no level."
    )
    expected: list[ExpectedSection] = part(list, "What raises a level before its threshold is reached.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """There are thresholds; wetness is said in one way, and more water never asks for more rain."""
        faults = []
        if not self.levels and self.table is None:
            faults.append(("", "expected levels, table or both: without thresholds nobody is ever warned"))
        if self.wetness is not None and self.guidance:
            faults.append(("guidance", "expected wetness or guidance, not both"))
        if self.wetness is None:
            faults += [
                (
                    f"levels.{number}.wetness",
                    "expected a section wetness beside levels",
                )
                for number, level in enumerate(self.levels)
                if level.wetness is not None
            ]
        if len(self.guidance) == 1:
            faults.append(("guidance", "expected at least two points"))
        for number, point in enumerate(self.guidance[1:], start=1):
            before = self.guidance[number - 1]
            if point.soil_water_mm <= before.soil_water_mm or point.share > before.share:
                expected = "expected more soil_water_mm and not more share than in the point before"
                faults.append((f"guidance.{number}", expected))
        return faults

    is_for_every_place = True
    table_units = MappingProxyType({"mm": RAIN_UNIT})

    def read(self, context: HazardContext) -> Build:
        """Check the levels; thresholds by village on ground of any wetness."""
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
        return wetness_of(self, lambda wetness: critical_rain(self.levels, rows, places, wetness))


def wetness_of(hazard: CriticalRainfallSection, table_of: Callable[[str], CriticalRain]) -> CriticalRain:
    """Thresholds of a hazard, with what the wetness makes of them.

    Parameters
    ----------
    hazard : CriticalRainfallSection
    table_of : callable
        Critical rainfall of ground of a class.
    """
    ratio, section, points = hazard.critical_ratio, hazard.wetness, hazard.guidance
    medium = table_of("medium")
    medium = replace(medium, critical_mm=medium.critical_mm * ratio)
    none: Float64Array = np.zeros(0)
    if section is not None:
        dry, wet = (table_of(name).critical_mm * ratio for name in ("dry", "wet"))
        api_ratio = section.api_ratio if section.by == "antecedent_rain" else 0.0
        limit_mm = (section.storage_mm * section.medium_from, section.storage_mm * section.wet_from)
        return replace(medium, wetness=Wetness(api_ratio, limit_mm, dry, wet, none, none))
    if points:
        ordered = sorted((point.soil_water_mm, point.share) for point in points)
        guide_mm, guide_share = (np.array(axis) for axis in zip(*ordered, strict=True))
        return replace(medium, wetness=Wetness(0.0, (0.0, 0.0), None, None, guide_mm, guide_share))
    return medium
