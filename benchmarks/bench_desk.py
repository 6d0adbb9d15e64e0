"""The second machine: a front warns every village of a county at once, and every door is put on the list.

    python -m benchmarks.bench_desk [--doors N] [--repeats N]

The demo's county with 900,000 doors. All 2,855 villages rise to orange in one step: the lifecycle
issues its messages (`WarningDesk.step`), each is rendered (texts and CAP), and the outbox puts down village
topics, posts and doors durably in one transaction, as a node does. Then a step in which nothing
happens, and one in which all rise to red. Beside the outbox stands SQLite inserting as many short rows
with one index: the least that a ledger on this disk costs. Two minutes, 1 GB of disk.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from benchmarks.table import Row, add_rows_option, rows_as_table, write_rows
from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.delivery.plan import notifications_of
from warnstream.delivery.render import render_any
from warnstream.model.changes import Change, LevelChange, Reason
from warnstream.model.effects import Effects
from warnstream.model.level import Level
from warnstream.runners.build import build_engine, bulletin_wording

START_S = 1_781_762_400
DOORS = 900_000
T = TypeVar("T")
OUTBOX = "outbox: who is told, put down durably, s"
BARE = "SQLite alone: as many rows, s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--doors", type=int, default=DOORS, help="of the county; default 900,000")
    parser.add_argument("--villages", type=int, help="default 2,855")
    parser.add_argument("--repeats", type=int, default=2, help="runs on new folders; default 2")
    add_rows_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        configuration, loaded_s = county(Path(name), options.doors, options.villages)
    n_doors = len(configuration.network.households)
    found: dict[str, list[float]] = {}
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as name:
            for label, value in measure(configuration, Path(name)).items():
                found.setdefault(label, []).append(value)
    rows = [Row(f"configuration with {n_doors:,} doors loaded", "s", [loaded_s]), *rows_of(found)]
    print(f"{len(configuration.network.villages):,} villages, {n_doors:,} doors\n")
    print(rows_as_table(rows))
    write_rows(options.rows, rows)


def county(directory: Path, n_doors: int, n_villages: int | None) -> tuple[Configuration, float]:
    """The demo's county with so many doors, as many in each village; and the seconds that loading takes."""
    plan = CountyPlan(n_villages=n_villages)
    n_villages = len(build_county(1, plan).villages)
    per_village = max(1, round(n_doors / n_villages))
    plan = CountyPlan(n_villages=n_villages, households_per_village=per_village)
    build_county(1, plan).write(directory)
    write_demo_config(directory)
    started = time.perf_counter()
    return load_configuration(directory), time.perf_counter() - started


def measure(configuration: Configuration, directory: Path) -> dict[str, float]:
    """One front over the county; keys are rows of the table."""
    desk, network = build_engine(configuration).desk, configuration.network
    hazard = configuration.rules[0].name
    n_villages = len(network.villages)

    def all_rise(level: Level, previous: Level, now_s: int) -> list[LevelChange]:
        return [
            LevelChange(Change.RISE, hazard, village, level, previous, now_s, now_s, reason(level, now_s))
            for village in range(n_villages)
        ]

    found: dict[str, float] = {}
    with closing(Outbox(directory)) as outbox:
        orange = all_rise(Level.ORANGE, Level.NONE, START_S)
        effects, found["desk: every village of a county rises at once, s"] = clocked(
            lambda: desk.step(orange, START_S)
        )
        n_told, found[OUTBOX] = clocked(lambda: record(outbox, effects, configuration))
        found["outbox: notifications put down, rows/s"] = n_told / found[OUTBOX]
        found["outbox: notifications of the front, rows"] = n_told
        again, found["outbox: the same again after a crash, s"] = clocked(
            lambda: record(outbox, effects, configuration)
        )
        if again:
            raise RuntimeError(f"{again} notifications were put down twice")
        _, found["desk: a step without inputs, every warning open, ms"] = clocked(
            lambda: desk.step([], START_S + 60), unit_s=1e-3
        )
        red = all_rise(Level.RED, Level.ORANGE, START_S + 120)
        effects, found["desk: all of them rise again, s"] = clocked(lambda: desk.step(red, START_S + 120))
        _, found["outbox: who is told again, older rows superseded, s"] = clocked(
            lambda: record(outbox, effects, configuration)
        )
    _, found["delivery: the plan of notifications, none kept, s"] = clocked(
        lambda: sum(1 for _ in notifications_of(effects, network))
    )
    found[BARE] = bare_inserts(directory, n_told)
    return found


def reason(level: Level, now_s: int) -> Reason:
    """Rain above the threshold of its level."""
    return Reason(
        indicator="rain",
        station="R0001",
        value=20.0 * level,
        threshold=18.0 * level,
        unit="mm",
        duration_s=3_600,
        forecast_value=0.0,
        lead_s=0,
        observed_until_s=now_s,
        coverage=1.0,
        confirmed=True,
        source="made up for a benchmark",
    )


def record(outbox: Outbox, effects: Effects, configuration: Configuration) -> int:
    """As a node records the effects of a step."""
    return outbox.record(
        effects,
        configuration.network,
        lambda one: render_any(one, bulletin_wording(configuration), configuration.message),
    )


def bare_inserts(directory: Path, n_rows: int) -> float:
    """Seconds for as many rows of 100 bytes with a unique key, in one durable transaction."""
    with closing(sqlite3.connect(directory / "bare.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE told (key TEXT PRIMARY KEY, address TEXT, state INTEGER)")
        rows = ((f"warning-{n % 2_855:05d}-message|H{n:09d}|device", f"H{n:09d}", 0) for n in range(n_rows))
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO told VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
        return time.perf_counter() - started


def clocked(work: Callable[[], T], unit_s: float = 1.0) -> tuple[T, float]:
    """What a piece of work returns, and how long it took."""
    started = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - started) / unit_s


def rows_of(found: dict[str, list[float]]) -> list[Row]:
    """For the table; the outbox beside bare SQLite."""
    rows = []
    for label, values in found.items():
        what, _, unit = label.rpartition(", ")
        if label == OUTBOX:
            rows.append(Row(what, unit, values, "SQLite, same rows", statistics.median(found[BARE])))
        else:
            rows.append(Row(what, unit, values))
    return rows


if __name__ == "__main__":
    main()
