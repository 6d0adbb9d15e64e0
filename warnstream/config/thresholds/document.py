"""The keys of thresholds.yaml: form, unit, default, meaning.

As in `documents`, durations are written with a unit and are seconds once
validated; one section is one evaluator of `warnstream.hazards`.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.level import Level
from warnstream.model.observations.days import DAYS_MAX


class TitleSection(Section):
    """Event name in texts to people."""

    zh: Annotated[str, value_types.text()] = Field(description="Chinese.")
    en: Annotated[str, value_types.text()] = Field(description="English.")


class LoweringSection(Section):
    """How a level falls: with care, and only with data."""

    clear_ratio: Annotated[float, value_types.decimal(0, 1, above=True)] = default(
        0.8, description="A level holds while its indicator is at or above this share of the threshold."
    )
    hold_s: Annotated[int, value_types.duration("0s", "7d")] = default(
        "30min", alias="hold", description="How long the indicator must have been below before a level falls."
    )
    active_s_min: Annotated[int, value_types.duration("0s", "7d")] = default(
        "60min", alias="active_min", description="A level stays at least that long after it was last reached."
    )
    coverage_min: Annotated[float, value_types.decimal(0, 1)] = default(
        0.8, description="Share of the window that must have been observed before a level falls."
    )


class RainLevelSection(Section):
    """Rain that reaches a level."""

    level: Annotated[Level, value_types.level()] = Field(description="Level that is reached.")
    duration_s: Annotated[int, value_types.duration("10min", "60d", whole_minutes=True)] = Field(
        alias="duration", description="Accumulation time up to windows.longest, or whole days up to 60d."
    )
    rain_mm: Annotated[float, value_types.decimal(0, 5000, above=True)] = Field(
        description="Rain over the duration that reaches the level, mm."
    )


class SignTriggerSection(Section):
    """What signs that people see mean for a hazard."""

    kinds: Annotated[list[Annotated[str, value_types.code()]], Field(min_length=1)] = Field(
        description="Kinds of signs that count, of signs.kinds."
    )
    reported_level: Annotated[Level, value_types.level(none_allowed=True)] = default(
        "blue", description="Level of a sign that nobody has validated yet; none: no level."
    )
    validated_level: Annotated[Level, value_types.level()] = default(
        "orange", description="Level of a validated sign, at once."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A validated sign counts at least as much as a reported one."""
        if self.reported_level <= self.validated_level:
            return []
        return [("reported_level", f"expected at most validated_level ({self.validated_level.word})")]


class SignKindSection(Section):
    """Name of a kind of sign in texts."""

    zh: Annotated[str, value_types.text()] = Field(description="Chinese.")
    en: Annotated[str, value_types.text()] = Field(description="English.")


class SignsSection(Section):
    """Signs that people may report: cracks, muddy springs, sounds."""

    kinds: dict[Annotated[str, value_types.code()], SignKindSection] = part(
        dict, "Kinds by name, with their titles."
    )
    expires_s: Annotated[int, value_types.duration("10min", "30d", whole_minutes=True)] = default(
        "24h", alias="expires", description="A sign that nobody renews is over after that time."
    )


class HazardSection(Section):
    """What every hazard has."""

    title: TitleSection = Field(description="Event name in texts.")
    source: Annotated[str, value_types.text()] = default(
        "", description="Where the thresholds come from; named in every warning."
    )
    lowering: LoweringSection = part(LoweringSection, "How a level falls.")
    signs: SignTriggerSection | None = Field(None, description="Signs of people that raise it, too.")


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
        list, "Critical rainfall that falls with the soil water: points of a line."
    )
    critical_ratio: Annotated[float, value_types.decimal(0, 3, above=True)] = default(
        1, description="All values of the hazard times that ratio."
    )
    forecast_level_max: Annotated[Level, value_types.level(none_allowed=True)] = default(
        "none", description="Highest level that a forecast alone may raise; none: no level."
    )

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


class RiverStageSection(HazardSection):
    """River stage at gauges that warn villages."""

    evaluator: Literal["river_stage"] = Field(description="Module of warnstream.hazards that judges it.")
    table: Annotated[str, value_types.text()] = Field(
        description="CSV file with stages by village and gauge."
    )
    stale_after_s: Annotated[int, value_types.duration("1min", "7d")] = default(
        "30min", alias="stale_after", description="A stage observed longer ago says nothing."
    )
    forecast_level_max: Annotated[Level, value_types.level(none_allowed=True)] = default(
        "none", description="Highest level that a forecast alone may raise; none: no level."
    )
    rise_window_s: Annotated[int, value_types.duration("10min", "1h", whole_minutes=True)] = default(
        "30min", alias="rise_window", description="Over which the rise of the stage is taken."
    )
    horizon_s: Annotated[int, value_types.duration("5min", "6h", whole_minutes=True)] = default(
        "2h", alias="horizon", description="How far ahead the rise is extended."
    )
    gauges: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with datum, low water and highest stage of gauges."
    )
    travel: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with travel times from gauges to villages below them."
    )


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
        description="Codes of villages, townships, counties, or *: the most exact name counts."
    )
    critical_line: list[LinePointSection] = part(list, "Soil water index against rain of 60 minutes.")
    intensity_duration: list[IntensityCurveSection] = part(list, "Intensity of the event by duration.")
    effective_rain: list[LevelValueSection] = part(list, "Half-life effective rain.")
    antecedent_rain: list[LevelValueSection] = part(list, "Antecedent precipitation with today's rain.")
    weighted_rain: list[LevelValueSection] = part(list, "Weighted rain of seven days (LHASA).")
    daily_rain: list[DailyLevelSection] = part(list, "Rain of whole days, of one or more numbers of days.")

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


def disordered(key: str, unit: str, values: list[tuple[Level, float]]) -> list[tuple[str, str]]:
    """Faults of a list of levels: each level once, a higher level needs more."""
    faults = []
    for number, (level, value) in enumerate(values):
        for other, before in values[:number]:
            if level == other:
                faults.append((f"{key}.{number}.level", f"duplicate level {level.word}"))
            elif (level > other) != (value > before) or value == before:
                high, low = (level, other) if level > other else (other, level)
                faults.append((f"{key}.{number}.{unit}", f"expected {high.word} above {low.word}"))
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
        description="Days that the antecedent rain is taken over; without it all days before, and today's "
        "rain whole.",
    )
    api_today: Annotated[bool, value_types.yes_or_no()] = default(
        False,
        description="With api_days: whether today so far is one of them, with the weight 1; else yesterday "
        "is the first, with the weight api_ratio.",
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
    ] = part(dict, "Velocity of the steady stage by station, for tangent angles, mm/d.")
    thermal_deg_per_degc: dict[
        Annotated[str, value_types.code()], Annotated[float, value_types.decimal(-1, 1)]
    ] = part(dict, "Tilt that one degree of warming fakes, by station that measures temperature.")
    fit_r2_min: Annotated[float, value_types.decimal(0, 1)] = default(
        0.9, description="R2 from which on a time to failure counts."
    )
    neighbour_radius_km: Annotated[float, value_types.decimal(0, 50)] = default(
        0.5, description="A sensor within that distance that moves too confirms another, kilometres."
    )
    stale_after_s: Annotated[int, value_types.duration("1min", "90d")] = default(
        "3h", alias="stale_after", description="A sensor silent for longer says nothing."
    )


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
        2, description="So many samples in a row must be that deep."
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


class FireLevelSection(Section):
    """Fire Weather Index that reaches a level."""

    level: Annotated[Level, value_types.level()] = Field(description="Level that is reached.")
    fwi: Annotated[float, value_types.decimal(0, 200, above=True)] = Field(description="Fire Weather Index.")


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


class RuleSection(HazardSection):
    """A rule of the operator's own; docs/rules.md is its page."""

    evaluator: Literal["rule"] = Field(description="Module of warnstream.hazards that judges it.")
    levels: list[Annotated[Any, value_types.condition()]] = Field(
        min_length=1, description="`level:` and the condition that reaches it."
    )
    areas: list[Annotated[str, value_types.text()]] = Field(
        default_factory=lambda: ["*"],
        min_length=1,
        description="Villages, townships or counties that the rule is for; * for all.",
    )
    values: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file with amounts and sensors by village, for `{column: name}`."
    )
    stale_after_s: Annotated[int, value_types.duration("1min", "90d")] = default(
        "30min", alias="stale_after", description="A sensor silent for longer says nothing."
    )


HazardDocument = (
    RainstormSection
    | CriticalRainfallSection
    | RiverStageSection
    | LandslideRainSection
    | SlopeMovementSection
    | WaterloggingSection
    | ForestFireSection
    | RuleSection
)
AnyHazard = Annotated[HazardDocument, Field(discriminator="evaluator")]


class ThresholdsDocument(Section):
    """thresholds.yaml: what reaches which level."""

    hazards: dict[Annotated[str, value_types.code()], AnyHazard] = Field(
        min_length=1, description="Hazards by name, e.g. flash_flood; the name stands in every warning."
    )
    signs: SignsSection = part(SignsSection, "Signs that people may report.")
