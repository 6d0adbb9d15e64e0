"""stations.csv and villages.csv or villages.geojson -> `Stations` and `Villages`."""

import json
import math
import re
from collections.abc import Sized
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from warnstream.config.faults import FaultLog
from warnstream.config.folder import Folder, is_utf8
from warnstream.config.rounding import is_rounded
from warnstream.config.tables.csv_rows import Columns, Row, read_rows
from warnstream.config.tables.earlier import earlier_codes
from warnstream.config.yaml.quantities import code_expected, is_code, parse_whole_duration_s
from warnstream.model.arrays import Float64Array
from warnstream.model.network import Stations, Villages
from warnstream.model.observations.counter_forms import CounterForm
from warnstream.model.observations.readings import COUNTERS, VARIABLE_OF_WORD, Variable
from warnstream.model.times import DAY_S

STATIONS_FILE = "stations.csv"
VILLAGES_FILE = "villages.csv"
VILLAGES_GEOJSON = "villages.geojson"
STATION_COLUMNS = Columns(
    ("station", "latitude", "longitude", "elevation_m", "variables", "interval_s", "county"),
    ("name", "resolution_mm", "spare_of", "wrap_mm", "day_start", "was"),
)
VILLAGE_COLUMNS = Columns(
    ("village", "name", "latitude", "longitude", "township", "county"),
    ("polygon_wkt", "short_name", "shelter", "people", "was"),
)
INTERVAL_S_MIN, INTERVAL_S_MAX = 60, 3600
RESOLUTION_MM_MIN, RESOLUTION_MM_MAX = 0.01, 10
WRAP_MM_MIN, WRAP_MM_MAX = 1, 1e9
PEOPLE_MAX = 1_000_000
ELEVATION_M_MIN, ELEVATION_M_MAX = -500, 9000
_RAIN_WORDS = frozenset(variable.word for variable in (Variable.RAIN, Variable.RAIN_TIP, *COUNTERS))
_VILLAGE_PROPERTIES = ("village", "name", "township", "county")
_GEOMETRIES = ("Point", "Polygon", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class _Station:
    latitude: float
    longitude: float
    interval_s: int
    measures_rain: bool
    measures_stage: bool
    measured: frozenset[Variable]
    spare_of: str
    resolution_mm: float
    counters: CounterForm
    was: str


@dataclass(frozen=True, slots=True)
class _Village:
    name: str
    township: str
    county: str
    latitude: float
    longitude: float
    polygon_wkt: str | None
    short_name: str = ""
    shelter: str = ""
    people: int = 0
    was: str = ""
    line: int = 0


def read_stations(folder: Folder, faults: FaultLog) -> Stations | None:
    """Stations of stations.csv in the order of the file.

    Parameters
    ----------
    folder : Folder
    faults : FaultLog

    Returns
    -------
    Stations or None
        Stations with a fault are there with what is known of them, so that
        other files can be checked against their codes; None without the file.
    """
    data = folder.read(STATIONS_FILE)
    if data is None:
        return None
    n_before = len(faults)
    line_of_code: dict[str, int] = {}
    found = [
        _station_of(row)
        for row in read_rows(STATIONS_FILE, data, STATION_COLUMNS, faults)
        if is_new_code(row, "station", line_of_code)
    ]
    if not _is_usable(found, STATIONS_FILE, faults, n_before, "station"):
        return None
    lines = line_of_code.items()
    return Stations(
        code=tuple(line_of_code),
        latitude=np.array([s.latitude for s in found], dtype=np.float64),
        longitude=np.array([s.longitude for s in found], dtype=np.float64),
        interval_s=np.array([s.interval_s for s in found], dtype=np.int32),
        measures_rain=np.array([s.measures_rain for s in found], dtype=np.bool_),
        measures_stage=np.array([s.measures_stage for s in found], dtype=np.bool_),
        measured=tuple(s.measured for s in found),
        resolution_mm=_resolutions([s.resolution_mm for s in found]),
        spares=_spares(tuple(lines), found, faults),
        counter_forms={
            number: station.counters
            for number, station in enumerate(found)
            if station.counters != CounterForm()
        },
        was=_was_of(
            [(line, code, station.was) for (code, line), station in zip(lines, found, strict=True)], faults
        ),
    )


def _is_usable(found: Sized, file: str, faults: FaultLog, n_before: int, what: str) -> bool:
    """Whether a file was read to its end and holds anything; one that is empty for no other fault is one."""
    if not faults.is_whole(file):
        return False
    if not found and len(faults) == n_before:
        faults.add(file, 0, "", f"expected at least one {what}")
    return len(found) > 0


def _spares(
    lines: tuple[tuple[str, int], ...], found: list[_Station], faults: FaultLog
) -> tuple[tuple[int, int], ...]:
    """Pairs of gauge and spare in the order of the file; `lines` has code and line of each station."""
    number_of = {code: number for number, (code, _) in enumerate(lines)}
    pairs = []
    for number, station in enumerate(found):
        if not station.spare_of:
            continue
        gauge = number_of.get(station.spare_of)
        if gauge is None or gauge == number or found[gauge].spare_of:
            expected = "the code of another station of this file that is no spare itself"
        elif not (station.measures_rain and found[gauge].measures_rain):
            expected = "two stations that measure rain"
        else:
            pairs.append((gauge, number))
            continue
        faults.add(
            STATIONS_FILE, lines[number][1], "spare_of", f"expected {expected}, got {station.spare_of!r}"
        )
    return tuple(pairs)


def _was_of(rows: list[tuple[int, str, str]], faults: FaultLog) -> dict[str, str]:
    """By code, the code that a station had before."""
    return earlier_codes(rows, faults, STATIONS_FILE, "station")


def _resolutions(found: list[float]) -> Float64Array | None:
    resolution_mm = np.array(found, dtype=np.float64)
    return None if np.isnan(resolution_mm).all() else resolution_mm


def _station_of(row: Row) -> _Station:
    latitude, longitude = row.latitude(), row.longitude()
    if row.cell("elevation_m"):
        row.decimal("elevation_m", ELEVATION_M_MIN, ELEVATION_M_MAX)
    row.text("county")
    words = row.text("variables").replace(";", " ").split()
    for word in words:
        if word not in VARIABLE_OF_WORD:
            row.fault("variables", f"unknown variable {word!r}. Known here: {', '.join(VARIABLE_OF_WORD)}")
    interval_s = row.whole("interval_s", INTERVAL_S_MIN, INTERVAL_S_MAX)
    if interval_s is not None and interval_s % 60:
        row.fault("interval_s", f"expected whole minutes in seconds (60, 300, 600), got {interval_s}")
    resolution_mm = None
    if row.cell("resolution_mm"):
        resolution_mm = row.decimal("resolution_mm", RESOLUTION_MM_MIN, RESOLUTION_MM_MAX)
    return _Station(
        latitude=math.nan if latitude is None else latitude,
        longitude=math.nan if longitude is None else longitude,
        interval_s=interval_s or 0,
        measures_rain=bool(_RAIN_WORDS.intersection(words)),
        measures_stage=Variable.STAGE.word in words,
        measured=frozenset(VARIABLE_OF_WORD[word] for word in words if word in VARIABLE_OF_WORD),
        spare_of=row.cell("spare_of"),
        resolution_mm=math.nan if resolution_mm is None else resolution_mm,
        counters=_counter_form(row),
        was=row.code("was") if row.cell("was") else "",
    )


def _counter_form(row: Row) -> CounterForm:
    """Where a station's total wraps, and when the day of its day counter begins, where it says so."""
    wrap_mm = row.decimal("wrap_mm", WRAP_MM_MIN, WRAP_MM_MAX) if row.cell("wrap_mm") else None
    day_start_s = None
    if row.cell("day_start"):
        try:
            day_start_s = parse_whole_duration_s(row.cell("day_start"))
        except ValueError as error:
            row.fault("day_start", str(error))
        if day_start_s is not None and not 0 <= day_start_s <= DAY_S:
            row.fault("day_start", f"expected 0s to 24h after midnight, got {row.cell('day_start')!r}")
    return CounterForm(wrap_mm, day_start_s)


def read_villages(folder: Folder, faults: FaultLog) -> Villages | None:
    """Villages of villages.csv or villages.geojson in the order of the file.

    Parameters
    ----------
    folder : Folder
    faults : FaultLog

    Returns
    -------
    Villages or None
        Villages with a fault are there with what is known of them; None without the file.
    """
    if folder.has(VILLAGES_GEOJSON):
        if folder.has(VILLAGES_FILE):
            faults.add(VILLAGES_GEOJSON, 0, "", f"there is a {VILLAGES_FILE} too: keep one of the two")
        file, read = VILLAGES_GEOJSON, _villages_of_geojson
    else:
        file, read = VILLAGES_FILE, _villages_of_csv
    data = folder.read(file)
    if data is None:
        return None
    n_before = len(faults)
    found = read(data, faults)
    if not _is_usable(found, file, faults, n_before, "village"):
        return None
    villages = found.values()
    return Villages(
        code=tuple(found),
        name=tuple(v.name for v in villages),
        township=tuple(v.township for v in villages),
        county=tuple(v.county for v in villages),
        latitude=np.array([v.latitude for v in villages], dtype=np.float64),
        longitude=np.array([v.longitude for v in villages], dtype=np.float64),
        polygon_wkt=tuple(v.polygon_wkt for v in villages),
        short_name=tuple(v.short_name for v in villages),
        shelter=tuple(v.shelter for v in villages),
        people=tuple(v.people for v in villages),
        was={before: code for code, before in _villages_were(found, file, faults).items()},
    )


def _villages_were(found: dict[str, _Village], file: str, faults: FaultLog) -> dict[str, str]:
    rows = ((village.line, code, village.was) for code, village in found.items())
    return earlier_codes(rows, faults, file, "village")


def _villages_of_csv(data: bytes, faults: FaultLog) -> dict[str, _Village]:
    found: dict[str, _Village] = {}
    line_of_code: dict[str, int] = {}
    for row in read_rows(VILLAGES_FILE, data, VILLAGE_COLUMNS, faults):
        if not is_new_code(row, "village", line_of_code):
            continue
        name, township, county = (row.text(column) for column in ("name", "township", "county"))
        latitude, longitude = row.latitude(), row.longitude()
        wkt = row.cell("polygon_wkt")
        fault = outline_fault(wkt) if wkt else ""
        if fault:
            row.fault("polygon_wkt", fault)
        found[row.cell("village")] = _Village(
            name=name,
            township=township,
            county=county,
            latitude=math.nan if latitude is None else latitude,
            longitude=math.nan if longitude is None else longitude,
            polygon_wkt=wkt or None,
            short_name=row.cell("short_name"),
            shelter=row.cell("shelter"),
            people=row.whole("people", 0, PEOPLE_MAX) or 0 if row.cell("people") else 0,
            was=row.code("was") if row.cell("was") else "",
            line=row.line,
        )
    return found


def is_new_code(row: Row, column: str, line_of_code: dict[str, int]) -> bool:
    """Whether a row's code stands for the first time; notes a fault where it is wrong or does not."""
    code = row.code(column)
    first = line_of_code.setdefault(code, row.line)
    if first != row.line and not is_rounded(code):
        row.fault(column, f"duplicate {column} {code!r}, first on line {first}")
    return first == row.line


def outline_fault(wkt: str) -> str:
    """What is wrong with an outline as well-known text; empty if nothing."""
    try:
        outline = shapely.from_wkt(wkt)
    except shapely.errors.ShapelyError as error:
        return f"expected well-known text such as POLYGON ((lon lat, ...)): {_one_line(error)}"
    return _geometry_fault(outline, _GEOMETRIES[1:])


def _geometry_fault(geometry: BaseGeometry, kinds: tuple[str, ...]) -> str:
    if geometry.geom_type not in kinds or geometry.is_empty:
        return f"expected {' or '.join(kinds)}, got {geometry.geom_type}{' EMPTY' * geometry.is_empty}"
    west, south, east, north = geometry.bounds
    # Written so that NaN, which compares false, is refused too.
    if not (west >= -180 and south >= -90 and east <= 180 and north <= 90):
        return "expected longitude -180 to 180, then latitude -90 to 90 (are they swapped?)"
    if not geometry.is_valid:
        return f"expected a valid outline: {shapely.is_valid_reason(geometry)}"
    return ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _villages_of_geojson(data: bytes, faults: FaultLog) -> dict[str, _Village]:
    if not is_utf8(VILLAGES_GEOJSON, data, faults):
        return {}
    text = data.decode("utf-8-sig")
    try:
        collection = json.loads(text)
    except json.JSONDecodeError as error:
        faults.add(VILLAGES_GEOJSON, error.lineno, "", f"not valid JSON: {error.msg}")
        return {}
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        faults.add(
            VILLAGES_GEOJSON, 0, "", "not a JSON that a map program writes: nested or numbered beyond limits"
        )
        return {}
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or collection.get("type") != "FeatureCollection":
        faults.add(VILLAGES_GEOJSON, 1, "", 'expected {"type": "FeatureCollection", "features": [...]}')
        return {}
    reader = _FeatureReader(text, faults)
    for index, feature in enumerate(features):
        reader.read(index, feature)
    return reader.found


class _FeatureReader:
    """Villages of GeoJSON features; lines of features are worked out at the first fault only."""

    def __init__(self, text: str, faults: FaultLog) -> None:
        self.found: dict[str, _Village] = {}
        self._index_of_code: dict[str, int] = {}
        self._text = text
        self._faults = faults
        self._lines: list[int] | None = None

    def read(self, index: int, feature: object) -> None:
        if not isinstance(feature, dict):
            self._fault(index, "", "expected a Feature")
            return
        properties = feature.get("properties")
        if not isinstance(properties, dict):
            self._fault(index, "properties", f"expected an object with {', '.join(_VILLAGE_PROPERTIES)}")
            return
        code, name, township, county = (self._property(index, properties, key) for key in _VILLAGE_PROPERTIES)
        if not code:
            return
        if not is_code(code):
            self._fault(index, "properties.village", code_expected(code))
        if code in self._index_of_code:
            first = self._index_of_code[code]
            self._fault(
                index, "properties.village", f"duplicate village {code!r}, first in features[{first}]"
            )
            return
        self._index_of_code[code] = index
        latitude, longitude, wkt = self._place(index, feature.get("geometry"))
        short_name, shelter = (str(properties.get(key) or "").strip() for key in ("short_name", "shelter"))
        people = self._people(index, properties.get("people"))
        place, was = (latitude, longitude, wkt), self._was(index, properties.get("was"))
        line = self._line(index) if was else 0
        self.found[code] = _Village(name, township, county, *place, short_name, shelter, people, was, line)

    def _property(self, index: int, properties: dict[str, object], key: str) -> str:
        value = properties.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        number = " (codes are text: put it in quotes)" if isinstance(value, int | float) else ""
        self._fault(index, f"properties.{key}", f"expected text, got {value!r}{number}")
        return ""

    def _people(self, index: int, value: object) -> int:
        if value in (None, ""):
            return 0
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= PEOPLE_MAX:
            return value
        self._fault(
            index, "properties.people", f"expected a whole number from 0 to {PEOPLE_MAX}, got {value!r}"
        )
        return 0

    def _was(self, index: int, value: object) -> str:
        if value in (None, ""):
            return ""
        if isinstance(value, str) and is_code(value):
            return value
        self._fault(index, "properties.was", code_expected(str(value)))
        return ""

    def _place(self, index: int, geometry: object) -> tuple[float, float, str | None]:
        """Latitude and longitude of a point inside, and the outline if there is one."""
        fault, shape = "", None
        try:
            shape = shapely.from_geojson(json.dumps(geometry))
        except shapely.errors.ShapelyError as error:
            fault = f"expected {' or '.join(_GEOMETRIES)}: {_one_line(error)}"
        if shape is not None:
            fault = _geometry_fault(shape, _GEOMETRIES)
        if fault or shape is None:
            self._fault(index, "geometry", fault or f"expected {' or '.join(_GEOMETRIES)}, got {geometry!r}")
            return math.nan, math.nan, None
        inside = shape.representative_point()
        wkt = None if shape.geom_type == "Point" else shapely.to_wkt(shape, rounding_precision=7)
        return float(inside.y), float(inside.x), wkt

    def _line(self, index: int) -> int:
        if self._lines is None:
            self._lines = _feature_lines(self._text)
        return self._lines[index] if index < len(self._lines) else 0

    def _fault(self, index: int, key: str, expected: str) -> None:
        line = self._line(index)
        path = f"features[{index}].{key}" if key else f"features[{index}]"
        self._faults.add(VILLAGES_GEOJSON, line, path, expected)


def _feature_lines(text: str) -> list[int]:
    """Line on which each feature begins, for a text that is known to be JSON."""
    start = re.search(r'"features"\s*:\s*\[', text)
    decoder = json.JSONDecoder()
    lines: list[int] = []
    position = start.end() if start else len(text)
    line, counted = 1, 0
    while True:
        blank = re.compile(r"[\s,]*").match(text, position)
        position = blank.end() if blank else position
        if position >= len(text) or text[position] == "]":
            return lines
        line, counted = line + text.count("\n", counted, position), position
        lines.append(line)
        position = decoder.raw_decode(text, position)[1]
