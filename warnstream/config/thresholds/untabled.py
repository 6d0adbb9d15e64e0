"""Sections of thresholds.yaml that have no table -> thresholds as arrays over all villages."""

from collections.abc import Iterator, Sequence

import numpy as np

from warnstream.config.faults import unknown
from warnstream.config.thresholds.document import (
    DailyLevelSection,
    ForestFireSection,
    LandslideRainSection,
    LevelValueSection,
    RuleSection,
    TerritorySection,
)
from warnstream.model.arrays import Float64Array, Int32Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.level import LEVELS
from warnstream.model.network import Stations, Villages, Zone
from warnstream.model.observations.days import DayWindow, last_days
from warnstream.model.observations.readings import Variable
from warnstream.model.rules.rules import FireTable, LandslideRain, LandslideTerritory

EVERYWHERE = "*"


def find_unknown_areas(
    territories: Sequence[TerritorySection | RuleSection], villages: Villages, zones: Sequence[Zone] = ()
) -> Iterator[tuple[int, int, str]]:
    """Areas that are no zone, village, township or county: (territory, area, what was expected)."""
    codes = (*villages.code, *(zone.code for zone in zones))
    known = dict.fromkeys((EVERYWHERE, *villages.county, *villages.township, *codes))
    for number, territory in enumerate(territories):
        for index, area in enumerate(territory.areas):
            if area not in known:
                yield number, index, unknown("village, township or county", area, known)


def territory_of_villages(
    territories: Sequence[TerritorySection | RuleSection], villages: Villages
) -> Int32Array:
    """Territory of each village or place, shape (n_villages,); -1: none.

    The most exact name counts: a zone's code before its village's, its township, its county and ``*``.
    """
    number_of_area = {
        area: number for number, territory in enumerate(territories) for area in territory.areas
    }
    parent = villages.parent or villages.code
    names = zip(villages.code, parent, villages.township, villages.county, strict=True)
    return np.array(
        [
            next((number_of_area[area] for area in (*name, EVERYWHERE) if area in number_of_area), -1)
            for name in names
        ],
        dtype=np.int32,
    )


def landslide_rain(hazard: LandslideRainSection, villages: Villages) -> LandslideRain:
    """Thresholds of the evaluator ``landslide_rain``."""
    asked = {_window_of(item) for territory in hazard.territories for item in territory.daily_rain}
    daily = tuple(sorted(asked))
    api_days = None
    if hazard.api_days is not None and any(territory.antecedent_rain for territory in hazard.territories):
        api_days = last_days(hazard.api_days, today=hazard.api_today, ratio=hazard.api_ratio)
    return LandslideRain(
        territory=territory_of_villages(hazard.territories, villages),
        territories=tuple(_territory(territory, daily) for territory in hazard.territories),
        dry_gap_s=hazard.dry_gap_s,
        half_life_s=hazard.half_life_s,
        api_ratio=hazard.api_ratio,
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


FIRE_VARIABLES = frozenset({Variable.RAIN, Variable.TEMPERATURE, Variable.HUMIDITY, Variable.WIND_SPEED})
_FIRE_STATIONS = 3


def weather_stations(stations: Stations) -> Int32Array:
    """Stations that measure all that the Fire Weather Index needs."""
    return np.array(
        [number for number, measured in enumerate(stations.measured) if measured >= FIRE_VARIABLES],
        dtype=np.int32,
    )


def fire_table(hazard: ForestFireSection, villages: Villages, stations: Stations) -> FireTable:
    """Thresholds of the evaluator ``forest_fire``: the index, and the three nearest weather stations."""
    critical: Float64Array = np.full(len(LEVELS), np.nan)
    for item in hazard.levels:
        critical[item.level - 1] = item.fwi
    candidate = weather_stations(stations)
    near: Int32Array = np.full((len(villages), _FIRE_STATIONS), -1, dtype=np.int32)
    if len(candidate):
        centre = float(villages.latitude.mean()), float(villages.longitude.mean())
        xy_m = local_xy_m(stations.latitude[candidate], stations.longitude[candidate], *centre)
        village_xy_m = local_xy_m(villages.latitude, villages.longitude, *centre)
        for number, here in enumerate(village_xy_m):
            distance_m = np.hypot(*(xy_m - here).T)
            order = np.argsort(distance_m, kind="stable")[:_FIRE_STATIONS]
            order = order[distance_m[order] <= hazard.weather_radius_km * 1000]
            near[number, : len(order)] = candidate[order]
    return FireTable(critical=critical, station=near, noon_s=hazard.noon_s % 86_400)
