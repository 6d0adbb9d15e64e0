"""Rows of a readings archive, a quarter of a million at a time: memory does not grow with the file.

See `warnstream.review.archive` for the form of an archive.
"""

import contextlib
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.errors import ArchiveError
from warnstream.model.network import Stations
from warnstream.model.observations.readings import VARIABLE_OF_WORD, ReadingBatch, batch_of
from warnstream.model.times import parse_iso
from warnstream.review.archives.form import COLUMNS, REASONS, REFUSED_ROWS_MAX, Refused, RefusedRow, kind_of

EPOCH_S_MIN, EPOCH_S_MAX = 100_000_000, 4_102_444_800
WRITTEN_S_MIN = -2_208_988_800
"""1900: a time that is written out may be older than one in seconds; neither is after 2099."""
"""Numbers outside 1973 to 2100 are not seconds since 1970 but milliseconds or dates such as 20190408."""

ROWS_AT_ONCE = 1 << 18
BLOCK_BYTES = 8 << 20
"""Of a CSV file."""

_LISTED_COLUMNS_MAX = 20


def chunks_of(path: Path, stations: Stations, refused: Refused) -> Iterator[ReadingBatch]:
    """Readings of an archive in its own order, some at a time; what is refused is added to `refused`.

    Raises
    ------
    ArchiveError
        If the file is missing, unreadable or lacks a column.
    """
    kind = kind_of(path)
    if not path.is_file():
        raise ArchiveError(f"{path}: there is no such file")
    rows = _Rows(stations, refused)
    try:
        batches = _parquet_batches(path) if kind == "parquet" else _csv_batches(path, kind, refused)
        for batch in batches:
            yield rows.readings(batch)
    except (OSError, EOFError, ValueError, pa.ArrowException) as error:
        raise ArchiveError(f"{path}: cannot be read as {kind}: {error}") from error


class _Rows:
    """Rows of a table become readings, chunk by chunk."""

    def __init__(self, stations: Stations, refused: Refused) -> None:
        number = stations.index_of_name()
        self._stations = pd.Index(list(number))
        self._station = np.array(list(number.values()), dtype=np.int64)
        self._words = pd.Index(list(VARIABLE_OF_WORD))
        self._variable = np.array([int(v) for v in VARIABLE_OF_WORD.values()], dtype=np.uint8)
        self._refused = refused
        self._n_before = 0

    def readings(self, batch: pa.RecordBatch) -> ReadingBatch:
        """Those of a chunk; the rest is refused."""
        station = _places_in(self._stations, batch.column("station"))
        variable = _places_in(self._words, batch.column("variable"))
        observed_at_s, has_time = _seconds(batch.column("observed_at").to_pandas())
        value = _numbers(batch.column("value").to_pandas())
        faults = (station < 0, ~has_time, variable < 0, ~np.isfinite(value))
        good = ~np.logical_or.reduce(faults)
        if not good.all():
            self._refuse(batch, faults)
        self._n_before += batch.num_rows
        return batch_of(
            self._station[station[good]], self._variable[variable[good]], observed_at_s[good], value[good]
        )

    def _refuse(self, batch: pa.RecordBatch, faults: tuple[BoolArray, ...]) -> None:
        refused = self._refused
        reason = np.select(faults, list(range(len(faults))), default=-1)
        for code, why in enumerate(REASONS):
            refused.counts[str(why)] += int((reason == code).sum())
        rows = np.flatnonzero(reason >= 0)[: REFUSED_ROWS_MAX - len(refused.rows)]
        if len(rows) == 0:
            return
        texts = batch.take(pa.array(rows)).to_pandas()[list(COLUMNS)].astype("str").to_numpy().tolist()
        numbers = _row_numbers(rows + self._n_before, refused.broken)
        for at, row, (station, observed_at, variable, value) in zip(
            rows.tolist(), numbers, texts, strict=True
        ):
            why = REASONS[reason[at]]
            refused.rows.append(RefusedRow(row, station, observed_at, variable, value, why))


def _places_in(names: "pd.Index[str]", column: pa.Array) -> Int64Array:
    """Place of each cell among names, -1 for none: texts repeat, each is looked for once."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = pc.dictionary_encode(column.cast(pa.string()))
    of_text = np.append(names.get_indexer(pd.Index(encoded.dictionary.to_pylist(), dtype=object)), -1)
    number = encoded.indices.fill_null(len(of_text) - 1).to_numpy(zero_copy_only=False)
    found: Int64Array = of_text[number].astype(np.int64)
    return found


def _parquet_batches(path: Path) -> Iterator[pa.RecordBatch]:
    _check_columns(path, list(pq.read_schema(path).names))
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(COLUMNS), use_threads=False)


def _csv_batches(path: Path, kind: str, refused: Refused) -> Iterator[pa.RecordBatch]:
    """All cells as text, so that one bad cell changes no other."""

    def keep_aside(row: pa_csv.InvalidRow) -> str:
        refused.broken.append(row.number - 1)
        if len(refused.broken_texts) < REFUSED_ROWS_MAX:
            refused.broken_texts.append(row.text)
        return "skip"

    with _opened(path, kind) as file:
        _check_columns(path, _header(file.readline()))
    with _opened(path, kind) as file:
        yield from pa_csv.open_csv(
            file,
            # With threads rows have no numbers.
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
            parse_options=pa_csv.ParseOptions(invalid_row_handler=keep_aside),
            convert_options=pa_csv.ConvertOptions(
                include_columns=list(COLUMNS), column_types=dict.fromkeys(COLUMNS, pa.string())
            ),
        )


def _opened(path: Path, kind: str) -> BinaryIO | gzip.GzipFile:
    return gzip.open(path) if kind == "csv.gz" else path.open("rb")


def _header(line: bytes) -> list[str]:
    first = line.decode("utf-8-sig").strip()
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
    has_time &= (seconds >= WRITTEN_S_MIN) & (seconds <= EPOCH_S_MAX)
    return seconds[number], has_time[number]


def _seconds_of_times(times: "pd.Series[pd.Timestamp]") -> tuple[Int64Array, BoolArray]:
    seconds = times.dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    return seconds, (seconds >= WRITTEN_S_MIN) & (seconds <= EPOCH_S_MAX)


def _seconds_of_numbers(numbers: Float64Array) -> tuple[Int64Array, BoolArray]:
    has_time = (numbers >= EPOCH_S_MIN) & (numbers <= EPOCH_S_MAX) & (numbers == np.floor(numbers))
    return np.where(has_time, numbers, 0).astype(np.int64), has_time


def _numbers(column: "pd.Series[str]") -> Float64Array:
    """Numbers of a column; NaN where there is none."""
    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)


def _row_numbers(at: Int64Array, broken_rows: list[int]) -> list[int]:
    """Row numbers in the file of rows of the table, which lacks the broken ones."""
    left_out = np.asarray(broken_rows, dtype=np.int64) - np.arange(len(broken_rows))
    return [int(row) for row in at + 1 + np.searchsorted(left_out, at + 1, side="right")]
