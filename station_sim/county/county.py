"""A seeded county: stations on a grid, villages about their townships, gauges on invented rivers.

The full county has about 690 rain stations on a 5 km grid, 60 stage gauges
and 2,855 villages in 173 townships of nine counties; a smaller one is a
square cut out of it. The frame is Lishui's (`outline`), every place in it is
invented: names, positions and village codes, whose township numbers begin at
901 where no real ones are.

Limits: 99 townships in a county, 799 villages in a township.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from station_sim import outline
from station_sim.county import files as county_files
from station_sim.county import names
from station_sim.county.ground_inventory import GroundInventory
from station_sim.county.people_to_move import write_objects, write_shelters
from station_sim.county.places import CriticalRainTable, GaugeTable, StationTable
from station_sim.errors import SimulatorError
from station_sim.outline import CountyPart
from station_sim.seeds import stream
from station_sim.weather.terrain import elevation_m
from warnstream.model.arrays import Float64Array, Int64Array
from warnstream.model.network import Villages

INTERVAL_S = 300
"""Every simulated station reports each five minutes, on the round minute."""

CRITICAL_DURATION_S = (600, 1800, 3600, 10_800, 21_600)

CRITICAL_MM = np.array(
    [[14, 18, 24, 32], [25, 32, 42, 56], [35, 45, 60, 80], [55, 75, 100, 120], [70, 95, 120, 150]],
    dtype=np.float64,
)
"""Critical rain of an average village: durations by blue, yellow, orange, red.

1, 3 and 6 h are the published table of Jianghua county; 10 and 30 minutes are
0.4 and 0.7 of its hour, an assumption of this simulator.
"""

AUTOMATIC_WEATHER_STATION = (
    "rain",
    "temperature",
    "humidity",
    "pressure",
    "wind_speed",
    "wind_direction",
    "wind_gust",
    "soil_moisture",
)

_WEATHER_STATION_SHARE = 0.12
_CROP_CENTRE = (28.30, 119.75)
_FULL_N_GAUGES = 60
_CANDIDATES = 8
_SCATTER_M = 2_500.0
_SCATTER_ROUNDS = 60
_FIRST_TOWNSHIP = 901
_TOWNSHIPS_MAX = 99
_VILLAGES_PER_TOWNSHIP_MAX = 799
_DECIMALS = 5
_DOWNSTREAM_M_MAX = 20_000.0
_STAGE_SHARE_OF_RED = np.array([0.62, 0.75, 0.88, 1.0])


@dataclass(frozen=True, slots=True)
class CountyPlan:
    """What county to build.

    Attributes
    ----------
    n_stations : int or None
        Rain stations; None takes every point of the grid, fewer crop the frame to a square.
    n_villages : int or None
        None takes the share of 2,855 that lies in the frame.
    n_gauges : int or None
        Stage gauges; None takes 60 or the share of them that lies in the frame.
    households_per_village : int
    ways : bool
        Doors with a device have a phone behind it, in a column `ways`.
    grid_m : float
        Spacing of rain stations.
    village_polygons : bool
        Also give villages outlines (Voronoi cells of their points).
    counties_file : Path or None
        GeoJSON of true county outlines instead of the invented ones.
    """

    n_stations: int | None = None
    n_villages: int | None = None
    n_gauges: int | None = None
    households_per_village: int = 4
    grid_m: float = 5_000.0
    village_polygons: bool = False
    counties_file: Path | None = None
    ways: bool = False


@dataclass(frozen=True, slots=True)
class County:
    """Places and thresholds of a county; see `station_sim.county.places` for the tables.

    `ground` is None where slopes and low spots are nobody's concern: no sensors, no thresholds.
    """

    stations: StationTable
    villages: Villages
    critical_rain: CriticalRainTable
    gauges: GaugeTable
    households_per_village: int = 4
    ground: GroundInventory | None = None
    ways: bool = False

    def write(self, directory: Path) -> None:
        """Write every table of a CONFIG_DIR: places, people, who and what is to be moved, thresholds.

        The folder is made if needed; files of these names are replaced.
        """
        directory.mkdir(parents=True, exist_ok=True)
        county_files.write_stations(directory / "stations.csv", self.stations)
        county_files.write_villages(directory / "villages.csv", self.villages)
        county_files.write_households(
            directory / "households.csv", self.villages, self.households_per_village, ways=self.ways
        )
        county_files.write_chain(directory / "chain.csv", self.villages)
        county_files.write_teams(directory / "teams.csv", self.villages)
        county_files.write_operators(directory / "operators.csv", self.villages)
        write_objects(directory / "objects.csv", self.villages)
        write_shelters(directory / "shelters.csv", self.villages)
        county_files.write_thresholds(
            directory / "thresholds.csv",
            self.stations,
            self.villages,
            self.critical_rain,
            self.gauges,
            self.ground,
        )


def read_county(directory: Path) -> County:
    """The county of a CONFIG_DIR, simulated or a user's own.

    Reads stations.csv, villages.csv and, if it is there, thresholds.csv;
    households and posts are not needed to simulate rain.

    Raises
    ------
    CountyFileError
        If a file is missing or a row cannot be used; says file, line and column.
    """
    stations = county_files.read_stations(directory / "stations.csv")
    villages = county_files.read_villages(directory / "villages.csv")
    critical_rain, gauges = county_files.read_thresholds(directory / "thresholds.csv", stations, villages)
    return County(stations, villages, critical_rain, gauges)


def build_county(seed: int, plan: CountyPlan | None = None) -> County:
    """The county of a seed.

    Raises
    ------
    SimulatorError
        If more stations are asked for than the grid has points, or a number is below 1.
    CountyFileError
        If `plan.counties_file` cannot be used.
    """
    plan = plan or CountyPlan()
    parts, station_xy_m, share = _frame(plan)
    n_villages = plan.n_villages or max(1, round(sum(part.n_villages for part in parts)))
    villages, village_xy_m = _place_villages(seed, parts, n_villages, polygons=plan.village_polygons)
    n_gauges = plan.n_gauges if plan.n_gauges is not None else max(1, round(_FULL_N_GAUGES * share))
    gauge_xy_m = _spread_points(
        stream(seed, "gauges"), shapely.union_all([p.polygon for p in parts]), n_gauges
    )
    stations = _station_table(seed, parts, station_xy_m, gauge_xy_m)
    gauges = _link_gauges(seed, len(station_xy_m), gauge_xy_m, village_xy_m)
    return County(
        stations,
        villages,
        _critical_rain(seed, len(villages)),
        gauges,
        plan.households_per_village,
        ways=plan.ways,
    )


def _frame(plan: CountyPlan) -> tuple[Sequence[CountyPart], Float64Array, float]:
    """Counties, station points, and the share of the full grid that they are."""
    for name in ("n_stations", "n_villages", "n_gauges", "households_per_village"):
        number = getattr(plan, name)
        if number is not None and number < 1:
            raise SimulatorError(f"{name} must be 1 or more, got {number}")
    parts: Sequence[CountyPart] = (
        outline.read_counties(plan.counties_file)
        if plan.counties_file is not None
        else outline.invented_counties()
    )
    points = outline.grid_points(shapely.union_all([part.polygon for part in parts]), plan.grid_m)
    if plan.n_stations is None or plan.n_stations == len(points):
        return parts, points, 1.0
    if plan.n_stations > len(points):
        raise SimulatorError(
            f"the frame holds {len(points)} stations {plan.grid_m / 1000:g} km apart, not {plan.n_stations}: "
            "ask for fewer or for a finer grid"
        )
    latitude, longitude = _CROP_CENTRE
    centre_xy_m = outline.project(np.array([latitude]), np.array([longitude]))[0]
    away_m = np.abs(points - centre_xy_m).max(axis=1)
    nearest = np.sort(np.argsort(away_m, kind="stable")[: plan.n_stations])
    half_side_m = float(away_m[nearest].max()) + plan.grid_m / 2
    share = plan.n_stations / len(points)
    return outline.crop(parts, centre_xy_m, half_side_m), points[nearest], share


def _place_villages(
    seed: int, parts: Sequence[CountyPart], n_villages: int, *, polygons: bool
) -> tuple[Villages, Float64Array]:
    generator = stream(seed, "villages")
    of_part = _apportion(np.array([part.n_villages for part in parts]), n_villages)
    n_townships_all = max(1, round(n_villages * outline.N_TOWNSHIPS / outline.N_VILLAGES))
    # A county that has villages has a township; none has more townships than codes.
    townships_of_part = np.clip(_apportion(of_part, n_townships_all), np.minimum(of_part, 1), _TOWNSHIPS_MAX)
    township_name = iter(names.township_names(generator, int(townships_of_part.sum())))
    rows: list[tuple[str, str, str, str]] = []
    places: list[Float64Array] = []
    for part, n_part, n_townships in zip(parts, of_part, townships_of_part, strict=True):
        centres = _spread_points(generator, part.polygon, int(n_townships))
        of_township = _apportion(generator.uniform(0.6, 1.4, n_townships), int(n_part))
        for number, (centre, n_here) in enumerate(zip(centres, of_township, strict=True)):
            township = next(township_name)
            places.append(_scatter(generator, part, centre, int(n_here)))
            rows += _village_rows(generator, part, f"{_FIRST_TOWNSHIP + number}", township, int(n_here))
    latitude, longitude = (
        np.round(degrees, _DECIMALS) for degrees in outline.unproject(np.concatenate(places))
    )
    xy_m = outline.project(latitude, longitude)
    wkt = _village_outlines(parts, xy_m) if polygons else (None,) * len(rows)
    code, name, township_of, county = (tuple(column) for column in zip(*rows, strict=True))
    return Villages(code, name, township_of, county, latitude, longitude, wkt), xy_m


def _village_rows(
    generator: np.random.Generator, part: CountyPart, township_number: str, township: str, n_villages: int
) -> list[tuple[str, str, str, str]]:
    if n_villages > _VILLAGES_PER_TOWNSHIP_MAX:
        raise SimulatorError(
            f"{n_villages} villages in one township of {part.name}: at most {_VILLAGES_PER_TOWNSHIP_MAX} "
            "have a code; ask for fewer villages"
        )
    return [
        (f"{part.code}{township_number}{201 + number:03d}", name, township, part.name)
        for number, name in enumerate(names.village_names(generator, n_villages))
    ]


def _apportion(weight: Float64Array | Int64Array, n_items: int) -> Int64Array:
    """Whole numbers in proportion to weights that add up to `n_items` (largest remainders)."""
    quota = weight / weight.sum() * n_items
    whole: Int64Array = np.floor(quota).astype(np.int64)
    left = n_items - int(whole.sum())
    whole[np.argsort(whole - quota, kind="stable")[:left]] += 1
    return whole


def _spread_points(
    generator: np.random.Generator, polygon: shapely.geometry.base.BaseGeometry, n_points: int
) -> Float64Array:
    """Random points inside, each the loneliest of a few candidates, so that they keep apart."""
    shapely.prepare(polygon)
    west, south, east, north = polygon.bounds
    chosen = np.empty((0, 2))
    while len(chosen) < n_points:
        candidates = generator.uniform((west, south), (east, north), size=(4 * _CANDIDATES, 2))
        inside = candidates[shapely.contains_xy(polygon, candidates[:, 0], candidates[:, 1])][:_CANDIDATES]
        if len(inside) == 0:
            continue
        away_m = np.linalg.norm(inside[:, None] - chosen[None], axis=-1).min(axis=1, initial=np.inf)
        chosen = np.vstack([chosen, inside[np.argmax(away_m)]])
    return chosen


def _scatter(
    generator: np.random.Generator, part: CountyPart, centre_xy_m: Float64Array, n_points: int
) -> Float64Array:
    """Points about a township's, inside its county; what finds no place there stays at the township."""
    points = np.tile(centre_xy_m, (n_points, 1))
    pending = np.arange(n_points)
    for _ in range(_SCATTER_ROUNDS):
        if len(pending) == 0:
            break
        candidates = centre_xy_m + generator.normal(0.0, _SCATTER_M, size=(len(pending), 2))
        inside = shapely.contains_xy(part.polygon, candidates[:, 0], candidates[:, 1])
        points[pending[inside]] = candidates[inside]
        pending = pending[~inside]
    return points


def _village_outlines(parts: Sequence[CountyPart], xy_m: Float64Array) -> tuple[str | None, ...]:
    frame = shapely.union_all([part.polygon for part in parts])
    points = shapely.MultiPoint(xy_m)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame))
    tree = shapely.STRtree(cells)
    village, cell = tree.query(shapely.points(xy_m), predicate="intersects")
    cell_of_village = dict(zip(village.tolist(), cell.tolist(), strict=True))

    def degrees(points_xy_m: Float64Array) -> Float64Array:
        latitude, longitude = outline.unproject(points_xy_m)
        return np.stack([longitude, latitude], axis=-1)

    clipped = shapely.intersection(cells[[cell_of_village[number] for number in range(len(xy_m))]], frame)
    texts = shapely.to_wkt(shapely.transform(clipped, degrees), rounding_precision=_DECIMALS)
    return tuple(str(text) for text in texts)


def _station_table(
    seed: int, parts: Sequence[CountyPart], rain_xy_m: Float64Array, gauge_xy_m: Float64Array
) -> StationTable:
    xy_m = np.concatenate([rain_xy_m, gauge_xy_m])
    n_rain, n_all = len(rain_xy_m), len(xy_m)
    latitude, longitude = (np.round(degrees, _DECIMALS) for degrees in outline.unproject(xy_m))
    is_weather_station = stream(seed, "weather stations").random(n_rain) < _WEATHER_STATION_SHARE
    county = outline.county_of_points(parts, xy_m)
    return StationTable(
        tuple([f"R{n + 1:04d}" for n in range(n_rain)] + [f"Z{n + 1:04d}" for n in range(n_all - n_rain)]),
        latitude,
        longitude,
        np.round(elevation_m(xy_m)),
        tuple(AUTOMATIC_WEATHER_STATION if weather else ("rain",) for weather in is_weather_station)
        + (("stage",),) * (n_all - n_rain),
        np.full(n_all, INTERVAL_S, dtype=np.int32),
        tuple(parts[number].name for number in county),
    )


def _critical_rain(seed: int, n_villages: int) -> CriticalRainTable:
    """The average table times a factor of each village, in whole millimetres."""
    factor = np.clip(np.exp(stream(seed, "village thresholds").normal(0.0, 0.15, n_villages)), 0.75, 1.35)
    critical_mm = np.round(CRITICAL_MM[None] * factor[:, None, None])
    source = tuple(f"simulated: Jianghua table times {value:.2f}" for value in factor)
    return CriticalRainTable(np.array(CRITICAL_DURATION_S, dtype=np.int32), critical_mm, source)


def _link_gauges(seed: int, n_rain: int, gauge_xy_m: Float64Array, village_xy_m: Float64Array) -> GaugeTable:
    """Each gauge warns 5 to 20 villages down its river; rivers run roughly east-south-east."""
    generator = stream(seed, "rivers")
    station, village, critical_m = [], [], []
    for number, place in enumerate(gauge_xy_m):
        angle = np.radians(generator.normal(-25.0, 30.0))
        red_m = generator.uniform(3.2, 6.0)
        linked = _downstream_villages(village_xy_m - place, angle, int(generator.integers(5, 21)))
        bank_m = red_m + generator.uniform(-0.2, 0.3, len(linked))
        station += [n_rain + number] * len(linked)
        village += linked.tolist()
        critical_m.append(np.round(bank_m[:, None] * _STAGE_SHARE_OF_RED, 2))
    return GaugeTable(
        np.array(station, dtype=np.int32), np.array(village, dtype=np.int32), np.concatenate(critical_m)
    )


def _downstream_villages(offset_m: Float64Array, angle: float, n_villages: int) -> Int64Array:
    """The nearest villages within 60 degrees of the flow; the nearest five of all where these are fewer."""
    away_m = np.linalg.norm(offset_m, axis=1)
    along_m = offset_m @ np.array([np.cos(angle), np.sin(angle)])
    order = np.argsort(away_m, kind="stable")
    downstream = order[((along_m > away_m / 2) & (away_m < _DOWNSTREAM_M_MAX))[order]]
    chosen = downstream[:n_villages] if len(downstream) >= 5 else order[:5]
    return np.sort(chosen).astype(np.int64)
