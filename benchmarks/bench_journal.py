"""The journal's segments beside SQLite: appending durably and reading back, in one interleaved run.

Run: ``python -m benchmarks.bench_journal`` (``--appends 200`` for a quick look). One append is one
entry of 1, 100 or 1,000 observations as the node writes it (flat JSON, eight values each), synced
before it returns. Rounds of the ways alternate, so that both see the same disk and the same
neighbours; what is printed is over all rounds.

- ``segments``: `warnstream.adapters.refused.store.Journal`, as the node uses it
- ``sqlite``: one table, WAL, ``synchronous=FULL``, one row per entry with its checksum: the journal
  of the first version
"""

import argparse
import json
import os
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.table import Table

from benchmarks.table import Row, add_rows_option, write_rows
from warnstream.adapters.journal.journal import Journal
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.runners.intake.entries import MESSAGES, encode_messages

OBSERVATIONS = (1, 100, 1_000)
ROUNDS = 5
PAGE_ENTRIES = 200


class Way(Protocol):
    """One way to keep entries."""

    def append(self, payload: bytes) -> None:
        """Keep one, durably."""

    def read(self) -> Iterator[bytes]:
        """All of them, checked."""

    def close(self) -> None:
        """Close the files."""


class Segments:
    """The journal of this version."""

    def __init__(self, directory: Path) -> None:
        self._journal = Journal(directory)

    def append(self, payload: bytes) -> None:
        """Keep one, durably."""
        self._journal.append(MESSAGES, payload)

    def read(self) -> Iterator[bytes]:
        """All of them, checked."""
        return (payload for _, _, payload in self._journal.since(0))

    def close(self) -> None:
        """Close the files."""
        self._journal.close()


class Sqlite:
    """The journal of the first version, with its statements."""

    def __init__(self, directory: Path) -> None:
        self._connection = sqlite3.connect(directory / "journal.sqlite3", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(
            "CREATE TABLE entries (sequence INTEGER PRIMARY KEY AUTOINCREMENT, written_at REAL NOT NULL,"
            " kind TEXT NOT NULL, checksum INTEGER NOT NULL, payload BLOB NOT NULL)"
        )

    def append(self, payload: bytes) -> None:
        """Keep one, durably."""
        connection = self._connection
        row = (time.time(), MESSAGES, _checksum(payload), payload)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO entries (written_at, kind, checksum, payload) VALUES (?, ?, ?, ?)", row
        )
        connection.execute("SELECT max(sequence) FROM entries").fetchone()
        connection.execute("COMMIT")

    def read(self) -> Iterator[bytes]:
        """All of them, checked."""
        expected = 1
        while True:
            page = self._connection.execute(
                "SELECT sequence, checksum, payload FROM entries"
                " WHERE sequence >= ? ORDER BY sequence LIMIT ?",
                (expected, PAGE_ENTRIES),
            ).fetchall()
            if not page:
                return
            for sequence, checksum, payload in page:
                if sequence != expected or checksum != _checksum(payload):
                    raise ValueError(f"entry {expected} is damaged")
                yield payload
                expected += 1

    def close(self) -> None:
        """Close the files."""
        self._connection.close()


WAYS: dict[str, type[Segments] | type[Sqlite]] = {"segments": Segments, "sqlite": Sqlite}


@dataclass(slots=True)
class Figures:
    """What one way took."""

    append_s: list[float] = field(default_factory=list)
    appended_bytes: int = 0
    read_s: float = 0.0

    def row(self) -> tuple[float, float, float, float, float]:
        """Append p50, p99 and longest in ms, MB/s appended, MB/s read."""
        ordered = sorted(self.append_s)
        megabytes = self.appended_bytes / 1e6
        return (
            ordered[len(ordered) // 2] * 1e3,
            ordered[int(len(ordered) * 0.99)] * 1e3,
            ordered[-1] * 1e3,
            megabytes / sum(ordered),
            megabytes / self.read_s,
        )


def _checksum(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(MESSAGES.encode()))


def entry(n_observations: int) -> bytes:
    """An entry as the node writes it."""
    values = dict.fromkeys(("rain", "stage", "tilt_x", "tilt_y", "crack", "displacement", "voltage"), 1.25)
    return encode_messages(
        [
            RawMessage(
                f"ws/county/rain/R{n:05d}/obs",
                json.dumps({"station": f"R{n:05d}", "time": "2026-06-18T08:05:00Z", **values}).encode(),
            )
            for n in range(n_observations)
        ]
    )


def measure(directory: Path, n_observations: int, n_appends: int) -> dict[str, Figures]:
    """Both ways in turn, on journals of their own."""
    payload = entry(n_observations)
    figures = {name: Figures() for name in WAYS}
    for name in WAYS:
        (directory / name).mkdir()
    ways: dict[str, Way] = {name: way(directory / name) for name, way in WAYS.items()}
    for way_round in range(ROUNDS):
        order = list(ways.items()) if way_round % 2 == 0 else list(reversed(ways.items()))
        for name, way in order:
            found = figures[name]
            for _ in range(n_appends // ROUNDS):
                started = time.perf_counter()
                way.append(payload)
                found.append_s.append(time.perf_counter() - started)
                found.appended_bytes += len(payload)
    for name, way in ways.items():
        started = time.perf_counter()
        n_read = sum(1 for entry in way.read() if entry == payload)
        figures[name].read_s = time.perf_counter() - started
        if n_read != len(figures[name].append_s):
            raise ValueError(f"{name}: {n_read} entries read of {len(figures[name].append_s)}")
        way.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--appends", type=int, default=2_000, help="of each size and way (default 2000)")
    parser.add_argument("--directory", type=Path, help="on the disk to measure (default: a temporary one)")
    add_rows_option(parser)
    options = parser.parse_args()
    rows: list[Row] = []
    table = Table(title=f"{options.appends} appends of each size and way, {os.cpu_count()} cores")
    columns = ("observations", "bytes", "way", "p50 ms", "p99 ms", "longest ms", "append MB/s", "read MB/s")
    for column in columns:
        table.add_column(column, justify="left" if column == "way" else "right")
    for n_observations in OBSERVATIONS:
        with tempfile.TemporaryDirectory(prefix="bench-journal-", dir=options.directory) as name:
            found = measure(Path(name), n_observations, options.appends)
            rows += rows_of(found, n_observations)
            for way, figures in found.items():
                p50, p99, longest, append, read = figures.row()
                table.add_row(
                    str(n_observations),
                    str(len(entry(n_observations))),
                    way,
                    f"{p50:.3f}",
                    f"{p99:.3f}",
                    f"{longest:.1f}",
                    f"{append:.1f}",
                    f"{read:.0f}",
                )
    Console(width=110).print(table)
    write_rows(options.rows, rows)


def rows_of(found: dict[str, Figures], n_observations: int) -> list[Row]:
    """For the common table: segments beside SQLite."""
    own, other = found["segments"].row(), found["sqlite"].row()
    of = f"journal, {n_observations} observations"
    return [
        Row(f"{of}: durable append, p50", "ms", [own[0]], "SQLite", other[0]),
        Row(f"{of}: durable append, p99", "ms", [own[1]], "SQLite", other[1]),
        Row(f"{of}: read back", "MB/s", [own[4]], "SQLite", other[4]),
    ]


if __name__ == "__main__":
    main()
