"""Readings archives: Parquet or CSV with ``station,observed_at,variable,value``.

One row is one value of one variable at one station; rain is the amount of the
interval that ends at `observed_at`. Times are UTC: ISO 8601 text (a missing
zone means UTC), Parquet timestamps, or whole seconds since 1970.

Rows that cannot be used are refused with a reason, counted all and kept up to
`REFUSED_ROWS_MAX`; the others go on. Vectorised: about a second per million rows.
The whole archive is held in memory, 25 bytes a row when read.
"""

import contextlib
import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from warnstream.model.alerts.alert import AlertArrived
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.errors import ArchiveError
from warnstream.model.network import Stations
from warnstream.model.observations.readings import VARIABLE_OF_WORD, ReadingBatch, Variable, batch_of
from warnstream.model.observations.refusals import RefusalReason
from warnstream.model.radar.fields import Frame
from warnstream.model.times import parse_iso

COLUMNS = ("station", "observed_at", "variable", "value")

REFUSED_ROWS_MAX = 1000
"""Refused rows kept as examples; all are counted."""

EPOCH_S_MIN, EPOCH_S_MAX = 100_000_000, 4_102_444_800
"""Numbers outside 1973 to 2100 are not seconds since 1970 but milliseconds or dates such as 20190408."""

_NO_TIME = np.iinfo(np.int64).min
_LISTED_COLUMNS_MAX = 20


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not used: its number, its cells as text, and why.

    Row 1 is the first row of data; empty lines do not count. A row with too many or
    too few cells stands in `station` as it was written.
    """

    row: int
    station: str
    observed_at: str
    variable: str
    value: str
    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class ArchiveReadings:
    """What an archive holds.

    Attributes
    ----------
    readings : ReadingBatch
        Sorted by observation time, then station number; otherwise in the archive's order.
    refused : tuple of RefusedRow
        The first `REFUSED_ROWS_MAX`.
    n_refused : dict
        Reason -> rows, of all refused rows.
    frames : tuple of Frame
        What grids told, in the order of the ends of their intervals; a journal has them.
    alerts : tuple of (int, AlertArrived)
        Alerts of other services with the time at which each came, in that order.
    """

    readings: ReadingBatch
    refused: tuple[RefusedRow, ...]
    n_refused: dict[str, int]
    frames: tuple[Frame, ...] = ()
    alerts: tuple[tuple[int, AlertArrived], ...] = ()


def read_archive(path: Path, stations: Stations) -> ArchiveReadings:
    """Readings of an archive in the order of time.

    Parameters
    ----------
    path : Path
        ``.parquet``, ``.csv`` or ``.csv.gz``.
    stations : Stations

    Returns
    -------
    ArchiveReadings

    Raises
    ------
    ArchiveError
        If the file is missing, unreadable or lacks a column.
    """
    table, broken = _read_table(path)
    station = pd.Index(stations.code).get_indexer(pd.Index(table["station"].astype("str")))
    observed_at_s, has_time = _seconds(table["observed_at"])
    codes = pd.Index(list(VARIABLE_OF_WORD))
    variable = codes.get_indexer(pd.Index(table["variable"].astype("str")))
    value = _numbers(table["value"])
    faults = {
        RefusalReason.UNKNOWN_STATION: station < 0,
        RefusalReason.BAD_TIME: ~has_time,
        RefusalReason.UNKNOWN_VARIABLE: variable < 0,
        RefusalReason.BAD_VALUE: ~np.isfinite(value),
    }
    good = ~np.logical_or.reduce(list(faults.values()))
    number_of_code = np.array([int(v) for v in VARIABLE_OF_WORD.values()], dtype=np.uint8)
    readings = batch_of(station[good], number_of_code[variable[good]], observed_at_s[good], value[good])
    order = np.lexsort((readings.station, readings.observed_at_s))
    refused, n_refused = _refused(table, faults, broken)
    return ArchiveReadings(readings.select(order), refused, n_refused)


def write_archive(path: Path, readings: ReadingBatch, stations: Stations) -> None:
    """Write readings in the order given; equal readings give equal bytes.

    Parameters
    ----------
    path : Path
        ``.parquet`` (times as UTC timestamps), ``.csv`` or ``.csv.gz`` (as ISO 8601 text).
    readings : ReadingBatch
    stations : Stations

    Raises
    ------
    ArchiveError
        If the name ends otherwise.
    """
    kind = _kind(path)
    time = readings.observed_at_s.astype("datetime64[s]")
    codes = np.array(stations.code, dtype=object)
    words = np.array([variable.word for variable in Variable], dtype=object)
    columns = {"station": codes[readings.station], "variable": words[readings.variable]}
    if kind == "parquet":
        table = pa.table(
            {
                "station": pa.array(columns["station"], pa.string()),
                "observed_at": pa.array(time.astype("datetime64[ms]"), pa.timestamp("ms", "UTC")),
                "variable": pa.array(columns["variable"], pa.string()),
                "value": pa.array(readings.value),
            }
        )
        pq.write_table(table, path)
        return
    text = np.char.add(np.datetime_as_string(time, unit="s"), "Z")
    frame = pd.DataFrame({**columns, "observed_at": text, "value": readings.value})[list(COLUMNS)]
    content = frame.to_csv(index=False, lineterminator="\n").encode()
    path.write_bytes(gzip.compress(content, mtime=0) if kind == "csv.gz" else content)


def _kind(path: Path) -> str:
    for kind in ("parquet", "csv.gz", "csv"):
        if path.name.endswith(f".{kind}"):
            return kind
    raise ArchiveError(f"{path}: a readings archive ends in .parquet, .csv or .csv.gz")


@dataclass(frozen=True, slots=True)
class _BrokenRows:
    """Rows of a CSV file without one cell per column: numbers of all, text of the first."""

    rows: list[int]
    texts: list[str]


def _read_table(path: Path) -> tuple[pd.DataFrame, _BrokenRows]:
    kind = _kind(path)
    if not path.is_file():
        raise ArchiveError(f"{path}: there is no such file")
    try:
        return (_read_parquet(path), _BrokenRows([], [])) if kind == "parquet" else _read_csv(path, kind)
    except (OSError, EOFError, ValueError, pa.ArrowException) as error:
        raise ArchiveError(f"{path}: cannot be read as {kind}: {error}") from error


def _read_parquet(path: Path) -> pd.DataFrame:
    _check_columns(path, list(pq.read_schema(path).names))
    table: pd.DataFrame = pq.read_table(path, columns=list(COLUMNS)).to_pandas()
    return table


def _read_csv(path: Path, kind: str) -> tuple[pd.DataFrame, _BrokenRows]:
    """All cells as text, so that one bad cell changes no other; and the rows that are no rows."""
    content = gzip.decompress(path.read_bytes()) if kind == "csv.gz" else path.read_bytes()
    _check_columns(path, _header(content))
    broken = _BrokenRows([], [])

    def keep_aside(row: pa_csv.InvalidRow) -> str:
        broken.rows.append(row.number - 1)
        if len(broken.texts) < REFUSED_ROWS_MAX:
            broken.texts.append(row.text)
        return "skip"

    table: pd.DataFrame = pa_csv.read_csv(
        io.BytesIO(content),
        read_options=pa_csv.ReadOptions(use_threads=False),  # with threads rows have no numbers
        parse_options=pa_csv.ParseOptions(invalid_row_handler=keep_aside),
        convert_options=pa_csv.ConvertOptions(
            include_columns=list(COLUMNS), column_types=dict.fromkeys(COLUMNS, pa.string())
        ),
    ).to_pandas()
    return table, broken


def _header(content: bytes) -> list[str]:
    first = content.split(b"\n", 1)[0].decode("utf-8-sig").strip()
    return [name.strip('"') for name in first.split(",")]


def _check_columns(path: Path, found: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        listed = ", ".join(found[:_LISTED_COLUMNS_MAX]) or "nothing"
        raise ArchiveError(
            f"{path}: column {', '.join(missing)} is missing: expected {','.join(COLUMNS)}, found {listed}"
        )


def _seconds(column: "pd.Series[str]") -> tuple[Int64Array, BoolArray]:
    """Seconds since 1970 UTC, and which rows have a time at all."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _seconds_of_times(pd.to_datetime(column, utc=True))
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _seconds_of_numbers(column.to_numpy(np.float64))
    # Times repeat at every station: each text is parsed once.
    number, texts = pd.factorize(column.astype("str"))
    as_number = _numbers(pd.Series(texts))
    seconds, has_time = _seconds_of_numbers(as_number)
    written = pd.to_datetime(
        pd.Series(texts).where(np.isnan(as_number)), format="ISO8601", utc=True, errors="coerce"
    )
    parsed, is_written = _seconds_of_times(written)
    seconds = np.where(is_written, parsed, seconds)
    has_time |= is_written
    for row in np.flatnonzero(~has_time).tolist():  # forms that pandas does not know, such as 24:00
        with contextlib.suppress(ValueError):
            seconds[row] = parse_iso(str(texts[row]))
            has_time[row] = True
    return seconds[number], has_time[number]


def _seconds_of_times(times: "pd.Series[pd.Timestamp]") -> tuple[Int64Array, BoolArray]:
    seconds = times.dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    return seconds, seconds != _NO_TIME


def _seconds_of_numbers(numbers: Float64Array) -> tuple[Int64Array, BoolArray]:
    has_time = (numbers >= EPOCH_S_MIN) & (numbers <= EPOCH_S_MAX) & (numbers == np.floor(numbers))
    return np.where(has_time, numbers, 0).astype(np.int64), has_time


def _numbers(column: "pd.Series[str]") -> Float64Array:
    """Numbers of a column; NaN where there is none."""
    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)


def _refused(
    table: pd.DataFrame, faults: dict[RefusalReason, BoolArray], broken: _BrokenRows
) -> tuple[tuple[RefusedRow, ...], dict[str, int]]:
    """Examples in the order of the archive, and counts; a row with several faults counts for the first."""
    reason = np.select(list(faults.values()), list(range(len(faults))), default=-1)
    reasons = list(faults)
    rows = np.flatnonzero(reason >= 0)
    counts = {str(reasons[code]): int((reason == code).sum()) for code in range(len(reasons))}
    counts[RefusalReason.WRONG_SHAPE] = len(broken.rows)
    first = rows[:REFUSED_ROWS_MAX]
    texts = table.iloc[first][list(COLUMNS)].astype("str").to_numpy().tolist()
    refused = [
        RefusedRow(row, station, observed_at, variable, value, reasons[reason[at]])
        for at, row, (station, observed_at, variable, value) in zip(
            first, _row_numbers(first, broken.rows), texts, strict=True
        )
    ]
    refused += [
        RefusedRow(row, text, "", "", "", RefusalReason.WRONG_SHAPE)
        for row, text in zip(broken.rows, broken.texts, strict=False)
    ]
    refused.sort(key=lambda row: row.row)
    return tuple(refused[:REFUSED_ROWS_MAX]), {reason: count for reason, count in counts.items() if count}


def _row_numbers(at: Int64Array, broken_rows: list[int]) -> list[int]:
    """Row numbers in the file of rows of the table, which lacks the broken ones."""
    left_out = np.asarray(broken_rows, dtype=np.int64) - np.arange(len(broken_rows))
    return [int(row) for row in at + 1 + np.searchsorted(left_out, at + 1, side="right")]
