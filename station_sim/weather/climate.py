"""Years of rain at gauges: storms come in wet spells, and most hours are dry.

A marked cluster process in space and time (the idea of Neyman and Scott, in
hydrology since Cowpertwait 1995 and Northrop 1998): wet and dry spells
alternate; in wet spells *fronts* and *convective storms* arrive; each has an
area that drifts with its own wind and gives birth to large weak *sheets* and
small strong *cells* (`station_sim.weather.cells`). Some storms are strong as a whole,
which is what makes gauges far apart alike. Fronts prefer no hour; convective
storms prefer the late afternoon. One half of the year is wetter.

The numbers stand in climate.yaml, fitted to a published network by
`station_sim.weather.climate_fit`; `station-sim calibrate` shows how well. What the
process does not know: terrain, the memory of one year for the next, and
motion that changes within a storm.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from station_sim.errors import SimulatorError
from station_sim.seeds import stream
from station_sim.weather.cells import Cells, join, rain_at_points
from warnstream.model.arrays import Float64Array, Int64Array

DAY_MIN = 1_440
YEAR_DAYS = 365
YEAR_MIN = YEAR_DAYS * DAY_MIN
STEP_MIN = 5
_POINT_MIN = 15
PARAMETERS_FILE = Path(__file__).with_name("climate.yaml")

_LOCAL_NOON_UTC_MIN = 4 * 60
"""Noon at 120 degrees east."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What a storm gives birth to: sheets or cells.

    Attributes
    ----------
    births_per_h : float
        In one storm.
    radius_km : float
        Median.
    radius_spread : float
        Standard deviation of the logarithm of radii.
    life_min : float
        Median.
    mm_per_h : float
        Mean peak intensity in a storm of factor 1.
    spread : float
        Standard deviation of the logarithm of the peaks of one storm.
    """

    births_per_h: float
    radius_km: float
    radius_spread: float
    life_min: float
    mm_per_h: float
    spread: float


@dataclass(frozen=True, slots=True)
class StormKind:
    """One kind of storm.

    Attributes
    ----------
    per_year : float
        Storms whose middle lies in 10,000 km2, in a year.
    hours : float
        Mean duration.
    area_km : float
        Standard deviation of births about the storm's moving centre.
    drift_km_per_h : float
        Mean speed.
    storm_spread : float
        Standard deviation of the logarithm of the factor that all of a storm's peaks share; cut at two
        of them, or one storm in fifty years would rule the statistics.
    afternoon : float
        Share of storms that begin in the afternoon instead of at any hour.
    sheets, cells : Layer
    """

    per_year: float
    hours: float
    area_km: float
    drift_km_per_h: float
    storm_spread: float
    afternoon: float
    sheets: Layer
    cells: Layer


@dataclass(frozen=True, slots=True)
class Climate:
    """Numbers of the process.

    Attributes
    ----------
    wet_spell_days, dry_spell_days : float
        Means; both are exponential.
    season : float
        0 to 1: the wettest time of the year has 1 + season times the mean number of storms.
    evaporation_mm_per_h : float
        What of the intensity never reaches the ground: thin rain dries up below the cloud.
    point_spread : float
        Standard deviation of the logarithm of a gauge's quarter hour against the kilometre about it:
        rain varies within a kilometre and gauges do not catch all of it.
    fronts, convective : StormKind
    """

    wet_spell_days: float
    dry_spell_days: float
    season: float
    evaporation_mm_per_h: float
    point_spread: float
    fronts: StormKind
    convective: StormKind


def read_climate(path: Path = PARAMETERS_FILE) -> Climate:
    """The climate of a YAML file.

    Raises
    ------
    SimulatorError
        If the file is missing, a key is missing or unknown, or a number is negative; names file and key.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SimulatorError(f"{path}: cannot be read: {error}") from error
    if not isinstance(tree, dict):
        raise SimulatorError(f"{path}: expected keys of a climate, got {tree!r}")
    return climate_of(tree, str(path))


def climate_of(tree: dict[str, Any], where: str) -> Climate:
    """The climate of nested keys as they stand in climate.yaml; `source` is left out."""
    tree = {key: value for key, value in tree.items() if key != "source"}
    climate: Climate = _built(Climate, tree, where)
    return climate


def _built(kind: Any, tree: Any, where: str) -> Any:
    names = kind.__dataclass_fields__
    if not isinstance(tree, dict) or set(tree) != set(names):
        got = sorted(tree) if isinstance(tree, dict) else tree
        raise SimulatorError(f"{where}: expected the keys {', '.join(names)}, got {got}")
    nested = {"fronts": StormKind, "convective": StormKind, "sheets": Layer, "cells": Layer}
    values = {}
    for name in names:
        value = tree[name]
        if name in nested:
            values[name] = _built(nested[name], value, f"{where}: {name}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < np.inf:
            raise SimulatorError(f"{where}: {name}: expected a number of at least 0, got {value!r}")
        else:
            values[name] = float(value)
    return kind(**values)


_LIFE_SPREAD = 0.3
_MARGIN_AREAS = 2.0
_STORM_MAX = 2.0
_WARM_UP_MIN = DAY_MIN


def cells_of_year(
    climate: Climate, seed: int, year: int, west_south_m: Float64Array, east_north_m: Float64Array
) -> Cells:
    """All sheets and cells of one year that may reach a rectangle; minutes count from the year's start.

    Each year is drawn by itself, so a year is the same however many are asked for.
    """
    # A stream for each purpose: a parameter that changes one of them leaves the others as they were.
    spells = _wet_spells(climate, stream(seed, f"climate year {year} spells"))
    layers = []
    for name, kind in (("fronts", climate.fronts), ("convective", climate.convective)):
        purpose = f"climate year {year} {name}"
        storms = _storms_of(kind, climate, stream(seed, purpose), spells, west_south_m, east_north_m)
        layers.append(storms.born(kind.sheets, stream(seed, f"{purpose} sheets")))
        layers.append(storms.born(kind.cells, stream(seed, f"{purpose} cells")))
    return join(layers)


def _wet_spells(climate: Climate, generator: np.random.Generator) -> Float64Array:
    """Begin and end of wet spells, minutes, shape (n, 2)."""
    mean_days = climate.wet_spell_days + climate.dry_spell_days
    n_spells = int(3 * YEAR_DAYS / mean_days) + 20
    wet = generator.exponential(climate.wet_spell_days * DAY_MIN, n_spells)
    dry = generator.exponential(climate.dry_spell_days * DAY_MIN, n_spells)
    begins = np.cumsum(wet + dry) - wet - DAY_MIN * mean_days
    spells = np.stack([begins, begins + wet], axis=-1)
    return np.clip(spells, -_WARM_UP_MIN, YEAR_MIN)


def _storms_of(
    kind: StormKind,
    climate: Climate,
    generator: np.random.Generator,
    spells: Float64Array,
    west_south_m: Float64Array,
    east_north_m: Float64Array,
) -> "_Storms":
    margin_m = _MARGIN_AREAS * kind.area_km * 1e3 + 30e3
    low, high = west_south_m - margin_m, east_north_m + margin_m
    area = float(np.prod(high - low)) / 1e10
    wet_share = climate.wet_spell_days / (climate.wet_spell_days + climate.dry_spell_days)
    rate = kind.per_year * area / wet_share * (1 + climate.season)
    wet_years = np.diff(spells, axis=1)[:, 0] / YEAR_MIN
    spell = np.repeat(np.arange(len(spells)), generator.poisson(rate * wet_years))
    middle = spells[spell, 0] + generator.random(len(spell)) * (spells[spell, 1] - spells[spell, 0])
    in_season = (1 + climate.season * np.cos(2 * np.pi * middle / YEAR_MIN)) / (1 + climate.season)
    middle = middle[generator.random(len(middle)) < in_season]
    n = len(middle)
    day = np.floor(middle / DAY_MIN)
    at_five = day * DAY_MIN + _LOCAL_NOON_UTC_MIN + generator.normal(300.0, 120.0, n)
    middle = np.where(generator.random(n) < kind.afternoon, at_five, middle)
    hours = kind.hours * np.clip(generator.gamma(2.0, 0.5, n), 0.2, None)
    heading = np.radians(generator.normal(20.0, 40.0, n))
    speed = kind.drift_km_per_h * generator.gamma(6.0, 1 / 6, n) * 1e3 / 60
    return _Storms(
        middle,
        hours,
        low + generator.random((n, 2)) * (high - low),
        speed[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=-1),
        np.exp(kind.storm_spread * np.clip(generator.normal(size=n), -_STORM_MAX, _STORM_MAX)),
        kind.area_km * 1e3,
    )


@dataclass(frozen=True, slots=True)
class _Storms:
    """Storms of a kind: middle of each in time (minutes) and place, hours, drift, common factor."""

    middle_min: Float64Array
    hours: Float64Array
    centre_m: Float64Array
    drift_m_per_min: Float64Array
    factor: Float64Array
    area_m: float

    def born(self, layer: Layer, generator: np.random.Generator) -> Cells:
        n_born = generator.poisson(layer.births_per_h * self.hours)
        storm: Int64Array = np.repeat(np.arange(len(self.hours)), n_born)
        n = len(storm)
        since_min = (generator.random(n) - 0.5) * self.hours[storm] * 60.0
        life = layer.life_min * np.exp(generator.normal(0.0, _LIFE_SPREAD, n))
        place = self.centre_m[storm] + self.drift_m_per_min[storm] * since_min[:, None]
        place += generator.normal(0.0, self.area_m, (n, 2))
        drift = self.drift_m_per_min[storm]
        spread = np.exp(generator.normal(-0.5 * layer.spread**2, layer.spread, n))
        return Cells(
            self.middle_min[storm] + since_min - life / 2,
            life,
            place[:, 0] - drift[:, 0] * life / 2,
            place[:, 1] - drift[:, 1] * life / 2,
            drift[:, 0].copy(),
            drift[:, 1].copy(),
            layer.mm_per_h * self.factor[storm] * spread,
            layer.radius_km * 1e3 * np.exp(generator.normal(0.0, layer.radius_spread, n)),
        )


def years_at_gauges(climate: Climate, seed: int, n_years: int, xy_m: Float64Array) -> Iterator[Float64Array]:
    """True rain of each year at gauges in steps of `STEP_MIN`, shape (YEAR_MIN / 5, n_gauges), mm."""
    for year in range(n_years):
        cells = cells_of_year(climate, seed, year, xy_m.min(axis=0), xy_m.max(axis=0))
        aloft_mm = rain_at_points(cells, xy_m, YEAR_MIN // STEP_MIN, STEP_MIN)
        rain_mm = np.maximum(aloft_mm - climate.evaporation_mm_per_h * STEP_MIN / 60, 0.0)
        noise = stream(seed, f"climate year {year} points").normal(size=(YEAR_MIN // _POINT_MIN, len(xy_m)))
        factor = np.exp(climate.point_spread * noise - climate.point_spread**2 / 2)
        yield rain_mm * np.repeat(factor, _POINT_MIN // STEP_MIN, axis=0)


def tips_of(rain_mm: Float64Array, tip_mm: float) -> Float64Array:
    """What a tipping bucket reports of each step's rain; the rest waits in the bucket.

    Examples
    --------
    >>> tips_of(np.array([[0.15], [0.1], [0.5]]), 0.2)[:, 0].round(1).tolist()
    [0.0, 0.2, 0.4]
    """
    count = np.floor(np.cumsum(rain_mm, axis=0) / tip_mm + 1e-9)
    tips: Float64Array = np.diff(count, axis=0, prepend=0.0) * tip_mm
    return tips
