"""Landslides by rain in thresholds.yaml: criteria of territories, any one of which reaches a level."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from warnstream.config.thresholds.areas import find_unknown_areas, territory_of_villages
from warnstream.config.thresholds.context import Build, HazardContext
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.thresholds.sections import HazardSection, disordered
from warnstream.config.wording import count_of, count_villages, days_words
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.arrays import Float64Array
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.days import DAYS_MAX, DayWindow, last_days
from warnstream.model.rules.landslides import LandslideRain, LandslideTerritory
from warnstream.model.rules.rules import Thresholds


class LinePointSection(Section):
    """One point of a critical line: from here on a level is reached."""

    level: Annotated[Level, value_types.level()] = Field(description="Level that is reached.")
    soil_water_mm: Annotated[float, value_types.decimal(0, 2000, above=True)] = Field(
        description="Soil water index that is critical with that rain, mm."
    )
    rain_60min_mm: Annotated[float, value_types.decimal(0, 500)] = Field(
        description="Rain of the last 60 minutes, mm; 0: at that index without any rain."
    )


class IntensityCurveSection(Section):
    """Intensity and duration: ``a * D ** -b`` mm/h reaches the level."""

    level: Annotated[Level, value_types.level()] = Field(description="Level that is reached.")
    a: Annotated[float, value_types.decimal(0, 1000, above=True)] = Field(
        description="Critical mean intensity of an event of one hour, mm/h."
    )
    b: Annotated[float, value_types.decimal(0, 1)] = Field(description="How fast it falls with the duration.")
    hours_min: Annotated[float, value_types.decimal(0, 1000)] = default(
        1, description="Shortest event that is judged, hours."
    )
    hours_max: Annotated[float, value_types.decimal(0, 2000, above=True)] = default(
        240, description="Longest event that is judged, hours."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """The shortest event is shorter than the longest."""
        if self.hours_min < self.hours_max:
            return []
        return [("hours_min", f"expected less than hours_max ({self.hours_max:g})")]


class LevelValueSection(Section):
    """Rain that reaches a level."""

    level: Annotated[Level, value_types.level()] = Field(description="Level that is reached.")
    mm: Annotated[float, value_types.decimal(0, 5000, above=True)] = Field(description="Rain, mm.")


class DailyLevelSection(LevelValueSection):
    """Rain of whole days that reaches a level."""

    days: Annotated[int, value_types.whole(1, DAYS_MAX)] = Field(description="Number of days.")
    today: Annotated[bool, value_types.yes_or_no()] = default(
        False, description="Whether today so far is one of them; without it they are the days before today."
    )


class TerritorySection(Section):
    """Criteria of one territory; any one of them reaches a level."""

    areas: Annotated[list[Annotated[str, value_types.text()]], Field(min_length=1)] = Field(
        description='Village codes, townships, counties or `"*"`: the most exact name counts, each stands in '
        "one territory."
    )
    critical_line: list[LinePointSection] = part(
        list, "Points `{level, soil_water_mm, rain_60min_mm}`: along a line more rain, less soil water."
    )
    intensity_duration: list[IntensityCurveSection] = part(
        list, "`{level, a, b}`: mean intensity of the event `a * D ** -b` mm/h, D in hours."
    )
    effective_rain: list[LevelValueSection] = part(list, "Half-life effective rain.")
    antecedent_rain: list[LevelValueSection] = part(
        list, "`{level, mm}`: antecedent precipitation, see `api_days`."
    )
    weighted_rain: list[LevelValueSection] = part(
        list, "`{level, mm}`: rain of seven days, weighted `(days back + 1) ** -2`."
    )
    daily_rain: list[DailyLevelSection] = part(
        list, "`{level, days, mm}`: rain of so many whole days (1 to 60)."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Each criterion is ordered by level, and there is one."""
        faults: list[tuple[str, str]] = []
        by_key = {
            "effective_rain": self.effective_rain,
            "antecedent_rain": self.antecedent_rain,
            "weighted_rain": self.weighted_rain,
        }
        for key, items in by_key.items():
            faults += disordered(key, "mm", [(item.level, item.mm) for item in items])
        faults += disordered(
            "intensity_duration", "a", [(item.level, item.a) for item in self.intensity_duration]
        )
        faults += self._disordered_lines() + self._disordered_days()
        if not (self.critical_line or self.intensity_duration or self.daily_rain or any(by_key.values())):
            names = ", ".join((*by_key, "daily_rain"))
            faults.append(("", f"expected at least one of critical_line, intensity_duration, {names}"))
        return faults

    def _disordered_days(self) -> list[tuple[str, str]]:
        """Over the same days a higher level needs more; for a level more days need at least as much."""
        faults: list[tuple[str, str]] = []
        for number, item in enumerate(self.daily_rain):
            for other in self.daily_rain[:number]:
                if item.today != other.today:
                    continue
                if (item.days, item.level) == (other.days, other.level):
                    expected = f"duplicate level {item.level.word} over {item.days} days"
                    faults.append((f"daily_rain.{number}.level", expected))
                elif item.days == other.days:
                    if (item.level > other.level) != (item.mm > other.mm) or item.mm == other.mm:
                        high, low = sorted((item.level, other.level), reverse=True)
                        expected = f"expected {high.word} above {low.word} over {item.days} days"
                        faults.append((f"daily_rain.{number}.mm", expected))
                elif item.level == other.level and (item.mm - other.mm) * (item.days - other.days) < 0:
                    longer, shorter = sorted((item.days, other.days), reverse=True)
                    expected = f"expected {item.level.word} over {longer} days at least that over {shorter}"
                    faults.append((f"daily_rain.{number}.mm", expected))
        return faults

    def _disordered_lines(self) -> list[tuple[str, str]]:
        """More rain makes less soil water critical, on each line."""
        faults = []
        numbered = list(enumerate(self.critical_line))
        for number, point in numbered:
            for _, other in numbered[:number]:
                wetter = point.soil_water_mm > other.soil_water_mm
                if point.level == other.level and (
                    point.rain_60min_mm == other.rain_60min_mm
                    or (
                        wetter == (point.rain_60min_mm > other.rain_60min_mm)
                        and point.soil_water_mm != other.soil_water_mm
                    )
                ):
                    expected = "expected less soil_water_mm with more rain_60min_mm along the line of a level"
                    faults.append((f"critical_line.{number}", expected))
                    break
        return faults


class LandslideRainSection(HazardSection):
    """Landslides by rain: soil water, intensity and duration, antecedent rain."""

    evaluator: Literal["landslide_rain"] = Field(description="Module of warnstream.hazards that judges it.")
    territories: list[TerritorySection] = Field(
        min_length=1, description="Criteria by territory; villages in none are not warned."
    )
    dry_gap_s: Annotated[int, value_types.duration("30min", "10d", whole_minutes=True)] = default(
        "12h", alias="dry_gap", description="A rain event ends when it has not rained for that long."
    )
    half_life_s: Annotated[int, value_types.duration("30min", "30d", whole_minutes=True)] = default(
        "24h", alias="half_life", description="Half-life of the effective rain."
    )
    api_ratio: Annotated[float, value_types.decimal(0, 1, above=True)] = default(
        0.84, description="Share of a day's rain that counts one day later in the antecedent rain."
    )
    api_days: Annotated[int | None, value_types.whole(1, DAYS_MAX)] = default(
        None,
        description="Days that `antecedent_rain` is taken over, exactly; without it all days before count, "
        "and today's rain whole.",
    )
    api_today: Annotated[bool, value_types.yes_or_no()] = default(
        False,
        description="With `api_days`: whether today so far is the first of them, with the weight 1; else "
        "yesterday is, with the weight `api_ratio`.",
    )
    forecast_level_max: Annotated[Level, value_types.level(none_allowed=True)] = default(
        "none", description="Highest level that a forecast alone may raise; none: no level."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """An area belongs to one territory; whether today counts is said of a number of days."""
        first: dict[str, int] = {}
        faults = []
        if self.api_today and self.api_days is None:
            faults.append(("api_today", "expected api_days beside it: without it today's rain counts whole"))
        for number, territory in enumerate(self.territories):
            for index, area in enumerate(territory.areas):
                if first.setdefault(area, number) != number:
                    expected = f"area {area!r} is in territories[{first[area]}] already"
                    faults.append((f"territories.{number}.areas.{index}", expected))
        return faults

    def read(self, context: HazardContext) -> Build:
        """Check the areas of the territories; criteria by village."""
        for number, index, expected in find_unknown_areas(self.territories, context.around):
            context.fault(("territories", number, "areas", index), expected)
        return self._table

    @staticmethod
    def describe(thresholds: Thresholds, n_villages: int) -> str:
        """Territories and their villages, and windows of days."""
        del n_villages
        assert isinstance(thresholds, LandslideRain)
        n = count_of(len(thresholds.territories), "territory", "territories")
        judged = count_villages(int((thresholds.territory >= 0).sum()))
        what = f"soil water and antecedent rain of {n} in {judged}"
        windows = ", ".join(days_words(window) for window in sorted(thresholds.day_windows))
        return what + (f"; {windows}" if windows else "")

    def _table(self, rows: Sequence[Threshold], places: Villages, stations: Stations) -> LandslideRain:
        del rows, stations
        asked = {_window_of(item) for territory in self.territories for item in territory.daily_rain}
        daily = tuple(sorted(asked))
        api_days = None
        if self.api_days is not None and any(territory.antecedent_rain for territory in self.territories):
            api_days = last_days(self.api_days, today=self.api_today, ratio=self.api_ratio)
        return LandslideRain(
            territory=territory_of_villages(self.territories, places),
            territories=tuple(_territory(territory, daily) for territory in self.territories),
            dry_gap_s=self.dry_gap_s,
            half_life_s=self.half_life_s,
            api_ratio=self.api_ratio,
            api_days=api_days,
            daily=daily,
        )


def _window_of(item: DailyLevelSection) -> DayWindow:
    return last_days(item.days, today=item.today)


def _territory(territory: TerritorySection, daily: tuple[DayWindow, ...]) -> LandslideTerritory:
    lines = [
        sorted(
            (point.rain_60min_mm, point.soil_water_mm)
            for point in territory.critical_line
            if point.level == level
        )
        for level in LEVELS
    ]
    curve = {point.level: point for point in territory.intensity_duration}
    nan = float("nan")
    hours = [(point.hours_min, point.hours_max) for point in territory.intensity_duration]
    return LandslideTerritory(
        line_rain_mm=tuple(np.array([rain for rain, _ in line]) for line in lines),
        line_soil_water_mm=tuple(np.array([water for _, water in line]) for line in lines),
        intensity_a=np.array([curve[level].a if level in curve else nan for level in LEVELS]),
        intensity_b=np.array([curve[level].b if level in curve else nan for level in LEVELS]),
        intensity_h_range=(
            min((low for low, _ in hours), default=0.0),
            max((high for _, high in hours), default=0.0),
        ),
        effective_mm=values_of_levels(territory.effective_rain),
        antecedent_mm=values_of_levels(territory.antecedent_rain),
        weighted_mm=values_of_levels(territory.weighted_rain),
        daily_mm=np.array(
            [
                values_of_levels([item for item in territory.daily_rain if _window_of(item) == window])
                for window in daily
            ],
            dtype=np.float64,
        ).reshape(len(daily), len(LEVELS)),
    )


def values_of_levels(levels: Sequence[LevelValueSection]) -> Float64Array:
    """Values of blue to red, shape (4,); NaN where a level has none."""
    values: Float64Array = np.full(len(LEVELS), np.nan)
    for item in levels:
        values[item.level - 1] = item.mm
    return values
