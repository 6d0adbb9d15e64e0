"""thresholds.yaml and its tables -> `HazardRule` objects with arrays over all villages.

A village that has rows of its own for a hazard is judged by those alone; the
others by the `levels` of thresholds.yaml (rows: `threshold_table`).
"""

from dataclasses import dataclass

import numpy as np

from warnstream.config.thresholds.document import (
    CriticalRainfallSection,
    ForestFireSection,
    HazardDocument,
    LandslideRainSection,
    RainstormSection,
    RiverStageSection,
    SlopeMovementSection,
    WaterloggingSection,
)
from warnstream.config.thresholds.table import Threshold
from warnstream.config.thresholds.units import units_of
from warnstream.config.thresholds.untabled import fire_table, landslide_rain
from warnstream.config.thresholds.wetness import wetness_of
from warnstream.model.arrays import Float64Array, Int32Array
from warnstream.model.geodesy import local_xy_m
from warnstream.model.level import LEVELS, Level
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.signs import SignTrigger
from warnstream.model.rules.expressions import RuleTable
from warnstream.model.rules.indicators import Indicator
from warnstream.model.rules.rules import (
    CriticalRain,
    CriticalStage,
    DowngradePolicy,
    HazardRule,
    SlopeTable,
    Thresholds,
    WaterloggingTable,
)

SOURCES_SHOWN_MAX = 3


def build_rule(
    name: str,
    hazard: HazardDocument,
    rows: list[Threshold],
    villages: Villages,
    stations: Stations,
    conditions: RuleTable | None = None,
) -> HazardRule:
    """One hazard with its thresholds over all villages.

    Parameters
    ----------
    name : str
    hazard : section of thresholds.yaml
    rows : list of Threshold
        Rows of this hazard, without fault.
    villages : Villages
        The places that are judged: `Places.site`.
    stations : Stations
    conditions : RuleTable, optional
        Of a hazard with the evaluator ``rule``.

    Returns
    -------
    HazardRule
    """
    signs = hazard.signs
    return HazardRule(
        name=name,
        evaluator=hazard.evaluator,
        title_zh=hazard.title.zh,
        title_en=hazard.title.en,
        thresholds=conditions or _thresholds(hazard, rows, villages, stations),
        continues_mm_per_h=hazard.continues_mm_per_h if isinstance(hazard, RainstormSection) else 0.0,
        forecast_level_max=getattr(hazard, "forecast_level_max", Level.NONE),
        lowering=DowngradePolicy(
            clear_ratio=hazard.lowering.clear_ratio,
            hold_s=hazard.lowering.hold_s,
            active_s_min=hazard.lowering.active_s_min,
            coverage_min=hazard.lowering.coverage_min,
        ),
        source=hazard.source or _source_of(rows),
        signs=None
        if signs is None
        else SignTrigger(frozenset(signs.kinds), signs.reported_level, signs.validated_level),
    )


def _thresholds(
    hazard: HazardDocument, rows: list[Threshold], villages: Villages, stations: Stations
) -> Thresholds:
    if isinstance(hazard, RiverStageSection):
        return _critical_stage(hazard, rows, villages, stations)
    if isinstance(hazard, LandslideRainSection):
        return landslide_rain(hazard, villages)
    if isinstance(hazard, ForestFireSection):
        return fire_table(hazard, villages, stations)
    if isinstance(hazard, SlopeMovementSection):
        return _slope_table(hazard, rows, villages, stations)
    if isinstance(hazard, WaterloggingSection):
        return _waterlogging_table(hazard, rows, villages, stations)
    return _rain_thresholds(hazard, rows, villages)


def _rain_thresholds(hazard: HazardDocument, rows: list[Threshold], villages: Villages) -> CriticalRain:
    assert isinstance(hazard, RainstormSection | CriticalRainfallSection), "the others are told apart before"
    if isinstance(hazard, CriticalRainfallSection):
        return wetness_of(hazard, lambda wetness: _critical_rain(hazard, rows, villages, wetness))
    return _critical_rain(hazard, rows, villages)


def _source_of(rows: list[Threshold]) -> str:
    """Sources of a table where thresholds.yaml names none."""
    sources = list(dict.fromkeys(row.source for row in rows if row.source))
    more = f"; and {len(sources) - SOURCES_SHOWN_MAX} more" if len(sources) > SOURCES_SHOWN_MAX else ""
    return "; ".join(sources[:SOURCES_SHOWN_MAX]) + more


def _critical_rain(
    hazard: RainstormSection | CriticalRainfallSection | WaterloggingSection,
    rows: list[Threshold],
    villages: Villages,
    wetness: str = "",
) -> CriticalRain:
    """Values over all places; of ground of one class, its own before those of all."""
    durations_s = sorted({level.duration_s for level in hazard.levels} | {row.duration_s for row in rows})
    column = {duration_s: index for index, duration_s in enumerate(durations_s)}
    default: Float64Array = np.full((len(durations_s), len(LEVELS)), np.nan)
    for level in sorted(hazard.levels, key=lambda level: getattr(level, "wetness", None) or ""):
        if (getattr(level, "wetness", None) or wetness) != wetness:
            continue
        default[column[level.duration_s], level.level - 1] = level.rain_mm
    critical_mm = np.repeat(default[np.newaxis], len(villages), axis=0)
    village_of_code = villages.index_of_code()
    critical_mm[[village_of_code[row.village] for row in rows]] = np.nan
    for row in sorted(rows, key=lambda row: row.wetness):
        if (row.wetness or wetness) != wetness:
            continue
        critical_mm[village_of_code[row.village], column[row.duration_s], row.level - 1] = row.value
    return CriticalRain(np.array(durations_s, dtype=np.int32), critical_mm)


@dataclass(frozen=True, slots=True)
class _SensorRows:
    """Rows of a table by village, sensor and unit, with the values of their four levels."""

    village: Int32Array
    station: Int32Array
    unit: tuple[str, ...]
    critical: Float64Array


def _sensor_rows(rows: list[Threshold], villages: Villages, stations: Stations) -> _SensorRows:
    village_of_code, station_of_code = villages.index_of_code(), stations.index_of_code()
    place = [(village_of_code[row.village], station_of_code[row.station], row.unit) for row in rows]
    sensors = sorted(set(place))
    number = {sensor: index for index, sensor in enumerate(sensors)}
    critical: Float64Array = np.full((len(sensors), len(LEVELS)), np.nan)
    for sensor, row in zip(place, rows, strict=True):
        critical[number[sensor], row.level - 1] = row.value
    return _SensorRows(
        village=np.array([village for village, _, _ in sensors], dtype=np.int32),
        station=np.array([station for _, station, _ in sensors], dtype=np.int32),
        unit=tuple(unit for _, _, unit in sensors),
        critical=critical,
    )


def _critical_stage(
    hazard: RiverStageSection, rows: list[Threshold], villages: Villages, stations: Stations
) -> CriticalStage:
    gauges = _sensor_rows(rows, villages, stations)
    return CriticalStage(
        village=gauges.village,
        station=gauges.station,
        critical_m=gauges.critical,
        stale_after_s=hazard.stale_after_s,
        rise_window_s=hazard.rise_window_s,
        horizon_s=hazard.horizon_s,
    )


def _slope_table(
    hazard: SlopeMovementSection, rows: list[Threshold], villages: Villages, stations: Stations
) -> SlopeTable:
    sensors = _sensor_rows(rows, villages, stations)
    units = [units_of(hazard.evaluator)[unit] for unit in sensors.unit]
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
        steady_mm_per_day=np.array([hazard.steady_mm_per_day.get(name, nan) for name in code]),
        thermal_deg_per_degc=np.array([hazard.thermal_deg_per_degc.get(name, 0.0) for name in code]),
        near=_neighbours(np.unique(sensors.station), stations, hazard.neighbour_radius_km * 1000),
        window_s=hazard.window_s,
        persistence=hazard.persistence,
        noise_mm=hazard.noise_mm,
        noise_deg=hazard.noise_deg,
        fit_r2_min=hazard.fit_r2_min,
        stale_after_s=hazard.stale_after_s,
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


def _waterlogging_table(
    hazard: WaterloggingSection, rows: list[Threshold], villages: Villages, stations: Stations
) -> WaterloggingTable:
    depth = _sensor_rows([row for row in rows if row.station], villages, stations)
    return WaterloggingTable(
        village=depth.village,
        station=depth.station,
        critical_cm=depth.critical,
        rain=_critical_rain(hazard, [row for row in rows if not row.station], villages),
        persistence=hazard.persistence,
        stale_after_s=hazard.stale_after_s,
    )
