"""Files of loggers (TOA5, EA hydrology, IEM, GHCN-hourly …) -> readings, as ``logger_files:`` declares.

A row is read like an object of a gateway that cannot be changed, whose members are
its cells. Amounts of rain must come as often as their interval says: sums of days, or
hours read as five minutes, are refused with the whole file.

Limit: rows are read one by one, some 100,000 a second.
"""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from warnstream.config.settings import Configuration
from warnstream.ingest.any_json import AnyJsonDecoder
from warnstream.ingest.names import RawMessage, Rows
from warnstream.ingest.senml import Moment
from warnstream.model.arrays import Int64Array
from warnstream.model.errors import ArchiveError
from warnstream.model.network import Stations
from warnstream.model.observations.logger_files import DELIMITERS, ONLY_STATION, LoggerFileRule, rule_of
from warnstream.model.observations.readings import ReadingBatch, Variable, concatenate
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.model.times import DAY_S, MINUTE_S
from warnstream.review.archive import (
    REFUSED_ROWS_MAX,
    Archive,
    ArchiveReadings,
    RefusedRow,
    in_memory,
    open_archive,
    read_archive,
)

ROWS_AT_ONCE = 10_000
_SPACINGS_MIN = 3
"""Fewer spaces between amounts say nothing of how often they come."""


def read_readings(path: Path, configuration: Configuration) -> ArchiveReadings:
    """Readings of a logger's file that the configuration declares, else of an archive.

    Raises
    ------
    ArchiveError
        If it cannot be read; see `read_logger_file` and `read_archive`.
    """
    rule = rule_of(path.name, configuration.logger_files)
    stations = configuration.network.stations
    return read_archive(path, stations) if rule is None else read_logger_file(path, stations, rule)


def open_readings(path: Path, configuration: Configuration) -> Archive:
    """The same, piece by piece; a logger's file is in memory.

    Raises
    ------
    ArchiveError
        As of `read_readings`.
    """
    if rule_of(path.name, configuration.logger_files) is not None:
        return in_memory(read_readings(path, configuration))
    return open_archive(path, configuration.network.stations)


def read_logger_file(path: Path, stations: Stations, rule: LoggerFileRule) -> ArchiveReadings:
    """Readings of a logger's file in the order of time.

    Raises
    ------
    ArchiveError
        If the file is missing or lacks a column, or its rain comes less often than its interval says.
    """
    decoder = AnyJsonDecoder(stations, rule.rows, Moment(), takes_exercises=False)
    batches: list[ReadingBatch] = []
    refused: list[RefusedRow] = []
    n_refused: Counter[str] = Counter()
    rows = Rows()

    def keep() -> None:
        nonlocal rows
        decoded, rows = rows.decoded(), Rows()
        batches.append(decoded.readings)
        n_refused.update(str(refusal.reason) for refusal in decoded.refusals)
        refused.extend(map(_refused_row, decoded.refusals[: REFUSED_ROWS_MAX - len(refused)]))

    for number, (line, cells, text) in enumerate(_rows(path, rule), start=1):
        message = RawMessage(f"line {line}", text)
        rows.begin(message)
        if isinstance(cells, str):
            rows.refuse(RefusalReason.WRONG_SHAPE, cells, message)
        else:
            decoder.take_observation((cells,), message, rows)
        if number % ROWS_AT_ONCE == 0:
            keep()
    keep()
    readings = concatenate(batches)
    check_amounts(path, readings, stations)
    order = np.lexsort((readings.station, readings.observed_at_s))
    return ArchiveReadings(readings.select(order), tuple(refused), dict(n_refused))


def check_amounts(path: Path, readings: ReadingBatch, stations: Stations) -> None:
    """Amounts of rain come as often as their interval says.

    Raises
    ------
    ArchiveError
        If those of a station mostly come less often: each would be taken for what fell in one interval.
    """
    is_rain = readings.variable == Variable.RAIN
    for station in np.unique(readings.station[is_rain]).tolist():
        rows = np.flatnonzero(is_rain & (readings.station == station))
        times_s: Int64Array = np.unique(readings.observed_at_s[rows])
        spacing_s = times_s[1:] - times_s[:-1]
        if len(spacing_s) < _SPACINGS_MIN:
            continue
        usual_s, share = _most_common(spacing_s)
        told_s = readings.interval_s[rows]
        interval_s = int(np.where(told_s > 0, told_s, stations.interval_s[station]).max())
        if usual_s <= interval_s or share <= 0.5:
            continue
        code = stations.code[station]
        if usual_s >= DAY_S // 2:
            advice = "sums of days are no intervals: windows.warm_up takes them"
        else:
            advice = f"its interval is {interval_s // MINUTE_S} min: declare interval in variables"
        raise ArchiveError(f"{path}: rain of {code} comes every {usual_s // MINUTE_S} min, and {advice}")


def _most_common(spacing_s: Int64Array) -> tuple[int, float]:
    """The most common space between amounts, and its share of all."""
    values, counts = np.unique(spacing_s, return_counts=True)
    place = int(np.argmax(counts))
    return int(values[place]), float(counts[place] / counts.sum())


def _rows(path: Path, rule: LoggerFileRule) -> Iterator[tuple[int, Mapping[str, object] | str, bytes]]:
    """Line number, cells by column (or what is wrong with the row) and text of every row of data."""
    columns: list[str] | None = None if rule.header_line else []
    skip = rule.skip_lines
    for number, line in enumerate(_lines(path), start=1):
        if number < rule.header_line or not line.strip() or (rule.comment and line.startswith(rule.comment)):
            continue
        cells = _cells(line, rule)
        if columns is None:
            columns = cells
            _check_columns(path, number, columns, rule)
        elif skip > 0:
            skip -= 1
        else:
            columns = columns or [str(place) for place in range(1, len(cells) + 1)]
            yield number, _row(columns, cells, rule), line.encode()
    if columns is None:
        raise ArchiveError(f"{path}: expected column names on line {rule.header_line}, the file ends before")


def _row(columns: list[str], cells: list[str], rule: LoggerFileRule) -> Mapping[str, object] | str:
    if len(cells) != len(columns):
        return f"expected {len(columns)} cells, got {len(cells)}"
    row: dict[str, object] = {}
    for column, cell in zip(columns, cells, strict=True):
        word = cell.strip()
        is_missing = not word or word in rule.missing
        row[column] = None if is_missing else ("0" if word in rule.zero else word)
    if rule.only_station:
        row[ONLY_STATION] = rule.only_station
    return row


def _check_columns(path: Path, line: int, columns: list[str], rule: LoggerFileRule) -> None:
    layout = rule.rows.layout
    assert layout is not None
    wanted = [layout.time, layout.station, layout.name, layout.value]
    missing = [name for name in wanted if name and name != ONLY_STATION and name not in columns]
    if not layout.name and not set(columns) & set(rule.rows.variables):
        missing.append(" or ".join(rule.rows.variables))
    if missing:
        there = ", ".join(columns)
        raise ArchiveError(f"{path}:{line}: looked for column {', '.join(missing)}; there is {there}")


def _lines(path: Path) -> Iterator[str]:
    if not path.is_file():
        raise ArchiveError(f"{path}: there is no such file")
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise ArchiveError(f"{path}: cannot be read: {error}") from error
    is_wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = content.decode("utf-16" if is_wide else "utf-8-sig", "replace")
    return iter(io.StringIO(text.replace("\0", ""), newline=None))


def _cells(line: str, rule: LoggerFileRule) -> list[str]:
    if rule.delimiter == "blanks":
        return line.split()
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=DELIMITERS[rule.delimiter]))]
    except (csv.Error, StopIteration):
        return [line]


def _refused_row(refusal: Refusal) -> RefusedRow:
    number = int(refusal.topic.rpartition(" ")[2])
    text = refusal.payload.decode("utf-8", "replace").strip()
    return RefusedRow(number, text[:200], "", refusal.detail[:200], "", refusal.reason)
