"""CSV files of a CONFIG_DIR: what warnstream reads, and what the simulator reads back.

UTF-8, comma separated, one header line. Reading checks every cell that is
used and stops at the first fault with file, line, column and what was
expected; columns that the simulator does not use are ignored, so a user's own
configuration can be simulated.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import NoReturn, TypeVar

import numpy as np

from station_sim.county.ground_inventory import GroundInventory, threshold_rows
from station_sim.county.places import CriticalRainTable, GaugeTable, StationTable
from station_sim.errors import CountyFileError
from station_sim.seeds import share_of
from warnstream.model.level import LEVELS, parse_level
from warnstream.model.network import Villages
from warnstream.model.observations.readings import VARIABLE_OF_WORD

STATIONS_HEADER = ("station", "latitude", "longitude", "elevation_m", "variables", "interval_s", "county")
VILLAGES_HEADER = ("village", "name", "latitude", "longitude", "township", "county")
WAYS_HEADER = ("household", "village", "ways")
HOUSEHOLDS_HEADER = ("household", "village", "channel", "address")
OPERATORS_HEADER = ("person", "name", "role", "area", "phone", "public_key")
CHAIN_HEADER = ("post", "role", "rank", "area", "channel", "address", "duty")
THRESHOLDS_HEADER = ("village", "hazard", "duration", "level", "value", "unit", "station", "source")

RAIN_HAZARD = "flash_flood"
STAGE_HAZARD = "river_flood"

_Value = TypeVar("_Value")

_SMS_SHARE = 0.1
_UNIT_S = {"min": 60, "h": 3600, "d": 86_400}


def write_stations(path: Path, stations: StationTable) -> None:
    """Write stations.csv; an unknown elevation is left empty."""
    write_rows(
        path,
        STATIONS_HEADER,
        (
            (
                stations.code[n],
                f"{stations.latitude[n]:.5f}",
                f"{stations.longitude[n]:.5f}",
                "" if np.isnan(stations.elevation_m[n]) else f"{stations.elevation_m[n]:g}",
                " ".join(stations.variables[n]),
                int(stations.interval_s[n]),
                stations.county[n],
            )
            for n in range(len(stations))
        ),
    )


def write_villages(path: Path, villages: Villages) -> None:
    """Write villages.csv, with the people of each village, and polygon_wkt if any has an outline."""
    has_outlines = any(villages.polygon_wkt)
    header = (*VILLAGES_HEADER, "people", *(("polygon_wkt",) if has_outlines else ()))
    write_rows(
        path,
        header,
        (
            (
                villages.code[n],
                villages.name[n],
                f"{villages.latitude[n]:.5f}",
                f"{villages.longitude[n]:.5f}",
                villages.township[n],
                villages.county[n],
                120 + int(share_of(0, villages.code[n], "people") * 480),
                villages.polygon_wkt[n] or "",
            )[: len(header)]
            for n in range(len(villages))
        ),
    )


def write_households(
    path: Path, villages: Villages, households_per_village: int, *, ways: bool = False
) -> None:
    """Write households.csv: most are reached by a device, one in ten by SMS.

    With `ways` a door has a phone behind its device, too. No country code begins with 0, so none of the
    numbers can be anybody's.
    """
    rows = _household_rows(villages, households_per_village)
    if not ways:
        write_rows(path, HOUSEHOLDS_HEADER, rows)
        return
    write_rows(path, WAYS_HEADER, (_with_ways(row, number) for number, row in enumerate(rows, start=1)))


def _with_ways(row: tuple[object, ...], number: int) -> tuple[object, ...]:
    household, village, channel, address = row
    phone = f"; sms:+{number:010d}" if channel == "device" else ""
    return household, village, f"{channel}:{address}{phone}"


def _household_rows(villages: Villages, households_per_village: int) -> Iterator[tuple[object, ...]]:
    number = 0
    for village in villages.code:
        for door in range(1, households_per_village + 1):
            number += 1
            household = f"H{village}-{door:03d}"
            if share_of(0, household, "channel") < _SMS_SHARE:
                yield household, village, "sms", f"+{number:010d}"
            else:
                yield household, village, "device", household


def write_chain(path: Path, villages: Villages) -> None:
    """Write chain.csv: grid member and head of each village, an officer of each township and county."""
    write_rows(path, CHAIN_HEADER, _chain_rows(villages))


def _chain_rows(villages: Villages) -> Iterator[tuple[object, ...]]:
    for village in villages.code:
        yield f"G{village}", "grid_member", 1, village, "device", f"G{village}", "fetch"
    for number, village in enumerate(villages.code, start=1):
        by_sms = share_of(0, village, "head") < _SMS_SHARE
        address = f"+09{number:08d}" if by_sms else f"V{village}"
        yield f"V{village}", "village_head", 2, village, "sms" if by_sms else "device", address, "lead"
    for number, township in enumerate(dict.fromkeys(villages.township), start=1):
        yield f"T{number:04d}", "township_officer", 3, township, "device", f"T{number:04d}", "command"
    for number, county in enumerate(dict.fromkeys(villages.county), start=1):
        yield f"C{number:04d}", "county_duty_officer", 4, county, "device", f"C{number:04d}", "command"


TEAMS_HEADER = ("team", "name", "base", "area", "echelon", "heads", "kit", "channel", "address")
_TEAMS = ((0, "消防救援站", 12), (2, "民兵应急分队", 20), (4, "蓝天救援队", 16), (12, "市级支援队", 40))
"""Echelon (hours within which it is to be there), name, people; invented."""


def write_teams(path: Path, villages: Villages) -> None:
    """Write teams.csv: a rescue team of each echelon in each county."""
    write_rows(path, TEAMS_HEADER, _team_rows(villages))


def _team_rows(villages: Villages) -> Iterator[tuple[object, ...]]:
    counties = dict.fromkeys(villages.county)
    teams = ((county, *team) for county in counties for team in _TEAMS)
    for number, (county, echelon, name, heads) in enumerate(teams, start=1):
        team = f"RT{number:04d}"
        yield team, name, county, county, echelon, heads, "冲锋舟、照明", "device", team


def write_operators(path: Path, villages: Villages) -> None:
    """Write operators.csv: an officer of each county and township, and a second of each county.

    No country code begins with 0, so none of the numbers can be anybody's.
    """
    write_rows(path, OPERATORS_HEADER, _operator_rows(villages))


def _operator_rows(villages: Villages) -> Iterator[tuple[object, ...]]:
    for number, county in enumerate(dict.fromkeys(villages.county), start=1):
        yield f"officer-{number}", "县值班员", "officer", county, f"+0700{number:06d}", ""
        yield f"leader-{number}", "县防指领导", "second", county, f"+0701{number:06d}", ""
    for number, township in enumerate(dict.fromkeys(villages.township), start=1):
        yield f"town-{number}", "乡镇值班员", "officer", township, f"+0702{number:06d}", ""


ROSTER_HEADER = ("post", "from", "to", "person", "phone", "channel")
ROSTER_SHIFTS_H = (8, 20)
"""Local hours at which the shift changes."""

ROSTER_DAYS = 40
OFFSET_S = 8 * 3600
"""That the clock of simulated counties is ahead of UTC."""

_TEAMS_OF_OFFICE = ("甲班", "乙班", "丙班")


def write_roster(path: Path, villages: Villages, start_s: int, offset_s: int) -> None:
    """Write roster.csv: the duty officer of each county in shifts of twelve hours, three teams in turn.

    From the day of `start_s` by a clock that is `offset_s` ahead of UTC, for `ROSTER_DAYS`. All of them sit
    at the terminal of the office.
    """
    day_s = (start_s + offset_s) // 86_400 * 86_400
    hours = [day * 24 + hour for day in range(ROSTER_DAYS) for hour in ROSTER_SHIFTS_H]
    bounds = [str(np.datetime64(day_s + (hour - 24) * 3600, "s"))[:16].replace("T", " ") for hour in hours]
    posts = [f"C{number:04d}" for number, _ in enumerate(dict.fromkeys(villages.county), start=1)]
    write_rows(
        path,
        ROSTER_HEADER,
        (
            (post, begin, end, _TEAMS_OF_OFFICE[number % len(_TEAMS_OF_OFFICE)], post, "device")
            for post in posts
            for number, (begin, end) in enumerate(pairwise(bounds))
        ),
    )


def write_thresholds(
    path: Path,
    stations: StationTable,
    villages: Villages,
    critical_rain: CriticalRainTable,
    gauges: GaugeTable,
    ground: GroundInventory | None = None,
) -> None:
    """Write thresholds.csv: critical rain of villages, stages that warn them, then slopes and low spots."""
    rows = _threshold_rows(stations, villages, critical_rain, gauges)
    if ground is not None:
        rows = chain(rows, threshold_rows(ground, stations.code, villages.code))
    write_rows(path, THRESHOLDS_HEADER, rows)


def _threshold_rows(
    stations: StationTable, villages: Villages, critical_rain: CriticalRainTable, gauges: GaugeTable
) -> Iterator[tuple[object, ...]]:
    durations = [_duration_word(int(seconds)) for seconds in critical_rain.duration_s]
    for number, village in enumerate(villages.code):
        source = critical_rain.source[number]
        for duration, row in zip(durations, critical_rain.critical_mm[number], strict=True):
            for level, value in zip(LEVELS, row, strict=True):
                if not np.isnan(value):
                    yield village, RAIN_HAZARD, duration, level.word, f"{value:g}", "mm", "", source
    for gauge, village_number, row in zip(gauges.station, gauges.village, gauges.critical_m, strict=True):
        for level, value in zip(LEVELS, row, strict=True):
            if not np.isnan(value):
                village = villages.code[village_number]
                station = stations.code[gauge]
                yield village, STAGE_HAZARD, "", level.word, f"{value:.2f}", "m", station, "simulated bank"


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file: UTF-8, one header line, lines end with a line feed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_stations(path: Path) -> StationTable:
    """Read stations.csv.

    Raises
    ------
    CountyFileError
        If the file is missing or a cell is not what its column needs.
    """
    rows = list(_rows(path, STATIONS_HEADER))
    if not rows:
        raise CountyFileError(f"{path}: expected at least one station")
    return StationTable(
        tuple(row.text("station") for row in rows),
        np.array([row.number("latitude") for row in rows]),
        np.array([row.number("longitude") for row in rows]),
        np.array([row.number("elevation_m") if row.cell("elevation_m") else np.nan for row in rows]),
        tuple(row.converted("variables", _variables, "words such as rain or stage") for row in rows),
        np.array([row.interval_s("interval_s") for row in rows], dtype=np.int32),
        tuple(row.text("county") for row in rows),
    )


def read_villages(path: Path) -> Villages:
    """Read villages.csv; outlines are not read, the simulator needs points only.

    Raises
    ------
    CountyFileError
        If the file is missing or a cell is not what its column needs.
    """
    rows = list(_rows(path, VILLAGES_HEADER))
    if not rows:
        raise CountyFileError(f"{path}: expected at least one village")
    return Villages(
        tuple(row.text("village") for row in rows),
        tuple(row.text("name") for row in rows),
        tuple(row.cell("township") for row in rows),
        tuple(row.cell("county") for row in rows),
        np.array([row.number("latitude") for row in rows]),
        np.array([row.number("longitude") for row in rows]),
        (None,) * len(rows),
    )


def read_thresholds(
    path: Path, stations: StationTable, villages: Villages
) -> tuple[CriticalRainTable, GaugeTable]:
    """Read thresholds.csv: flash flood rain by village and duration, river stages by gauge and village.

    A missing file gives empty tables; rows of other hazards are ignored.

    Raises
    ------
    CountyFileError
        If a row names an unknown village, station, level or duration, or its value is not a number.
    """
    rain: dict[tuple[int, int, int], float] = {}
    stage: dict[tuple[int, int], list[float]] = {}
    source = [""] * len(villages)
    village_of, station_of = villages.index_of_code(), {code: n for n, code in enumerate(stations.code)}
    for row in _rows(path, THRESHOLDS_HEADER) if path.exists() else ():
        if row.cell("hazard") not in {RAIN_HAZARD, STAGE_HAZARD}:
            continue
        village = row.known("village", village_of)
        level = row.converted("level", lambda word: int(parse_level(word)) - 1, "blue, yellow, orange or red")
        value = row.number("value")
        if row.cell("hazard") == RAIN_HAZARD:
            duration_s = row.converted("duration", _duration_s, "a duration such as 10min or 3h")
            rain[village, duration_s, level] = value
            source[village] = row.cell("source")
        else:
            stage.setdefault((row.known("station", station_of), village), [np.nan] * 4)[level] = value
    duration_s_all = sorted({key[1] for key in rain})
    critical_mm = np.full((len(villages), len(duration_s_all), 4), np.nan)
    for (village, duration_s, level), value in rain.items():
        critical_mm[village, duration_s_all.index(duration_s), level] = value
    pairs = np.array(list(stage), dtype=np.int32).reshape(-1, 2)
    return (
        CriticalRainTable(np.array(duration_s_all, dtype=np.int32), critical_mm, tuple(source)),
        GaugeTable(pairs[:, 0], pairs[:, 1], np.array(list(stage.values())).reshape(-1, 4)),
    )


def read_posts(path: Path) -> frozenset[str]:
    """Codes of the posts of a chain.csv.

    Raises
    ------
    CountyFileError
        If the file cannot be read, or a row has no post.
    """
    return frozenset(row.text("post") for row in _rows(path, ("post",)))


def read_teams(path: Path) -> frozenset[str]:
    """Codes of the rescue teams of a teams.csv. CountyFileError as of `read_posts`."""
    return frozenset(row.text("team") for row in _rows(path, ("team",)))


def _variables(words: str) -> tuple[str, ...]:
    found = tuple(words.replace(";", " ").split())
    if not found or not set(found) <= set(VARIABLE_OF_WORD):
        raise ValueError(words)
    return found


def _duration_word(seconds: int) -> str:
    return f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{seconds // 60}min"


def _duration_s(word: str) -> int:
    for unit, seconds in _UNIT_S.items():
        if word.endswith(unit):
            return int(word.removesuffix(unit)) * seconds
    raise ValueError(word)


class _Row:
    """One line of a CSV file that can say what is wrong with a cell."""

    def __init__(self, path: Path, line: int, cells: dict[str, str]) -> None:
        self._path, self._line, self._cells = path, line, cells

    def cell(self, column: str) -> str:
        return self._cells[column]

    def text(self, column: str) -> str:
        if not self._cells[column]:
            self._refuse(column, "a text that is not empty")
        return self._cells[column]

    def number(self, column: str) -> float:
        return self.converted(column, float, "a number")

    def interval_s(self, column: str) -> int:
        seconds = self.converted(column, int, "seconds, a whole number of minutes")
        if seconds <= 0 or seconds % 60:
            self._refuse(column, "seconds, a whole number of minutes")
        return seconds

    def known(self, column: str, number_of_code: dict[str, int]) -> int:
        return self.converted(column, number_of_code.__getitem__, f"a known {column}")

    def converted(self, column: str, convert: Callable[[str], _Value], expected: str) -> _Value:
        try:
            return convert(self._cells[column])
        except (ValueError, KeyError):
            self._refuse(column, expected)

    def _refuse(self, column: str, expected: str) -> NoReturn:
        got = self._cells[column]
        raise CountyFileError(f"{self._path}:{self._line}: {column}: expected {expected}, got {got!r}")


def _rows(path: Path, needed: Sequence[str]) -> Iterator[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            missing = [column for column in needed if column not in header]
            if missing:
                raise CountyFileError(
                    f"{path}:1: expected the columns {', '.join(needed)}; missing: {missing}"
                )
            for cells in reader:
                if len(cells) != len(header):
                    raise CountyFileError(
                        f"{path}:{reader.line_num}: expected {len(header)} cells, got {len(cells)}"
                    )
                yield _Row(path, reader.line_num, dict(zip(header, cells, strict=True)))
    except (OSError, UnicodeDecodeError) as error:
        raise CountyFileError(f"{path}: cannot be read: {error}") from error
