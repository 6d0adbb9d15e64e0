"""Readings archives: Parquet or CSV with ``station,observed_at,variable,value``.

One row is one value of one variable at one station; rain is the amount of the
interval that ends at `observed_at`. Times are UTC: ISO 8601 text (a missing
zone means UTC), Parquet timestamps, or whole seconds since 1970.

Rows that cannot be used are refused with a reason, counted all and kept up to
`REFUSED_ROWS_MAX`; the others go on. `open_archive` reads in the order of time and holds a few chunks and
what rows stand out of that order, at 29 bytes a row: of a sorted file some tens of megabytes, however long.
"""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from warnstream.model.alerts.alert import AlertArrived
from warnstream.model.errors import ArchiveError
from warnstream.model.network import Stations
from warnstream.model.observations.readings import ReadingBatch, Variable, concatenate
from warnstream.model.radar.fields import Frame
from warnstream.review.archives.form import COLUMNS, REFUSED_ROWS_MAX, Refused, RefusedRow, kind_of

__all__ = [
    "REFUSED_ROWS_MAX",
    "Archive",
    "ArchiveReadings",
    "RefusedRow",
    "in_memory",
    "open_archive",
    "read_archive",
    "write_archive",
]

ROWS_KEPT = 2_000_000
"""An archive of no more rows is decoded once and kept; of a longer one the second reading decodes again."""

_NEVER = np.iinfo(np.int64).max


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


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """What an archive holds, read piece by piece in the order of time, as often as it is asked for.

    Attributes
    ----------
    n_readings : int
    begin_s, end_s : int or None
        Of the first and the last reading; None where there is none.
    refused, n_refused, frames, alerts
        As of `ArchiveReadings`.
    pieces : callable
        Its readings: each piece sorted by observation time, then station number, otherwise in the archive's
        order, and later than the piece before it.
    """

    n_readings: int
    begin_s: int | None
    end_s: int | None
    refused: tuple[RefusedRow, ...]
    n_refused: dict[str, int]
    pieces: Callable[[], Iterator[ReadingBatch]]
    frames: tuple[Frame, ...] = ()
    alerts: tuple[tuple[int, AlertArrived], ...] = ()


def in_memory(archive: ArchiveReadings) -> Archive:
    """One that is in memory already."""
    readings = archive.readings
    observed_at_s = readings.observed_at_s
    begin_s, end_s = (int(observed_at_s[0]), int(observed_at_s[-1])) if len(readings) else (None, None)
    return Archive(
        len(readings),
        begin_s,
        end_s,
        archive.refused,
        archive.n_refused,
        lambda: iter((readings,)) if len(readings) else iter(()),
        archive.frames,
        archive.alerts,
    )


def open_archive(path: Path, stations: Stations) -> Archive:
    """An archive whose length memory does not feel: it is gone through once now, and once for its pieces.

    Parameters
    ----------
    path : Path
        ``.parquet``, ``.csv`` or ``.csv.gz``.
    stations : Stations

    Raises
    ------
    ArchiveError
        If the file is missing, unreadable or lacks a column. The pieces raise it, too, where the file is
        not what it was.
    """
    from warnstream.review.archives.chunks import chunks_of  # pandas and pyarrow, an extra

    refused, spans, kept = Refused(), list[tuple[int, int]](), list[ReadingBatch]()
    n_readings = 0
    for chunk in chunks_of(path, stations, refused):
        times = chunk.observed_at_s
        spans.append((int(times.min()), int(times.max())) if len(chunk) else (_NEVER, -_NEVER))
        n_readings += len(chunk)
        kept = [*kept, chunk] if n_readings <= ROWS_KEPT else []
    is_kept = n_readings <= ROWS_KEPT

    def pieces() -> Iterator[ReadingBatch]:
        chunks = iter(kept) if is_kept else chunks_of(path, stations, Refused())
        return _in_order(path, chunks, [begin_s for begin_s, _ in spans])

    return Archive(
        n_readings,
        min(begin_s for begin_s, _ in spans) if n_readings else None,
        max(end_s for _, end_s in spans) if n_readings else None,
        refused.examples(),
        refused.by_reason(),
        pieces,
    )


def _in_order(path: Path, chunks: Iterator[ReadingBatch], begins_s: list[int]) -> Iterator[ReadingBatch]:
    """Chunks in the order of time: a row waits until no later chunk has an earlier one."""
    later_s = [*list(accumulate(reversed(begins_s), min))[::-1], _NEVER][1:]
    held: list[ReadingBatch] = []
    for number, chunk in enumerate(chunks):
        if number >= len(begins_s):
            raise ArchiveError(f"{path}: has changed while it was read")
        held.append(chunk)
        whole = concatenate(held) if any(_begins_before(batch, later_s[number]) for batch in held) else None
        if whole is None:
            continue
        is_ready = whole.observed_at_s < later_s[number]
        ready, held = whole.select(is_ready), [whole.select(~is_ready)]
        yield ready.select(np.lexsort((ready.station, ready.observed_at_s)))


def _begins_before(chunk: ReadingBatch, time_s: int) -> bool:
    return len(chunk) > 0 and int(chunk.observed_at_s.min()) < time_s


def read_archive(path: Path, stations: Stations) -> ArchiveReadings:
    """All readings of an archive in the order of time, in memory.

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
    archive = open_archive(path, stations)
    return ArchiveReadings(concatenate(list(archive.pieces())), archive.refused, archive.n_refused)


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
    kind = kind_of(path)
    time = readings.observed_at_s.astype("datetime64[s]")
    codes = np.array(stations.code, dtype=object)
    words = np.array([variable.word for variable in Variable], dtype=object)
    columns = {"station": codes[readings.station], "variable": words[readings.variable]}
    if kind == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

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
    import pandas as pd

    text = np.char.add(np.datetime_as_string(time, unit="s"), "Z")
    frame = pd.DataFrame({**columns, "observed_at": text, "value": readings.value})[list(COLUMNS)]
    content = frame.to_csv(index=False, lineterminator="\n").encode()
    path.write_bytes(gzip.compress(content, mtime=0) if kind == "csv.gz" else content)
