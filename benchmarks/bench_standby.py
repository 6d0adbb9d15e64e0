"""What waiting for a second box costs an append, beside the journal alone, in one interleaved run.

Run: ``python -m benchmarks.bench_standby`` (``--appends 200`` for a quick look; ``make bench-standby``). One
append is one entry of 1, 100 or 1,000 observations, as in `bench_journal`. ``journal``: synced on one disk.
``both``: the same, then sent to a real ``warnstream run`` that stands by in its own process, synced
there and confirmed, before it returns. Rounds alternate. Both boxes share one machine and one disk, over
loopback in plain: a network adds its round trip, a disk of its own takes the second sync off this one.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bench_journal import OBSERVATIONS, ROUNDS, entry
from benchmarks.table import Row, add_rows_option, write_rows
from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.metrics.standby import StandbyMetrics
from warnstream.adapters.standby.connection import Connection
from warnstream.adapters.standby.doorway import Doorway
from warnstream.adapters.standby.leadership import Leadership
from warnstream.adapters.standby.messages import LEADS, Hello
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.runners.intake.entries import MESSAGES
from warnstream.runners.standby.bundles.in_force import on_box
from warnstream.runners.standby.line import Line
from warnstream.runners.standby.link import hello_of
from warnstream.runners.standby.replicated import ReplicatedLog

START_S_MAX = 120.0
STANDBY = """
standby:
  first: north
  wait: 10s
  boxes:
    north: {{host: 127.0.0.1, port: {north}, bind: 127.0.0.1}}
    south: {{host: 127.0.0.1, port: {south}, bind: 127.0.0.1}}
"""


class Untold:
    """Alarms that nobody hears; a bench that went on alone says so itself."""

    def raise_alarm(self, key: str, text: str, *, is_blocking: bool = True, zh: str = "") -> None:
        """Nothing is expected to be wrong."""
        raise RuntimeError(f"{key}: {text} ({zh}, {is_blocking})")

    def end_alarm(self, key: str) -> None:
        """Nothing was."""


@dataclass(slots=True)
class Figures:
    """What one way took."""

    append_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def at(self, share: float) -> float:
        """Milliseconds below which that share of the appends is."""
        ordered = sorted(self.append_s)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1e3


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def configured(directory: Path) -> tuple[Configuration, Path]:
    """A configuration of two boxes: loaded for the first, and the folder of the second."""
    north, south = directory / "north", directory / "south"
    north.mkdir()
    write_demo_config(north, broker_port=free_port(), http_port=free_port(), sms_port=free_port())
    build_county(1, CountyPlan(n_stations=60, n_villages=200)).write(north)
    with (north / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(STANDBY.format(north=free_port(), south=free_port()))
    shutil.copytree(north, south)
    return on_box(load_configuration(north), "north"), south


@contextmanager
def second_box(folder: Path) -> Iterator[None]:
    """`warnstream run` that stands by."""
    program = "import sys; from warnstream.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "run", str(folder), "--box", "south", "--log-level", "ERROR"]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def replicated(configuration: Configuration, folder: Path) -> Iterator[ReplicatedLog]:
    """A log on both boxes."""
    leadership = Leadership("north", LEADS, 1, "north", "bench")
    journal = Journal(configuration.storage.directory)
    metrics = StandbyMetrics(Metrics().registry)
    line = Line(configuration, leadership, journal, Untold(), metrics, lambda: None)

    def serve(connection: Connection, hello: Hello) -> None:
        connection.send(hello_of(configuration, leadership, LEADS, journal.last_sequence(), ""))
        line.serve(connection, hello)

    assert configuration.standby is not None
    doorway = Doorway(configuration.standby.boxes["north"], None, serve)
    with closing(journal), second_box(folder):
        deadline = time.monotonic() + START_S_MAX
        while not line.is_linked:
            if time.monotonic() > deadline:
                raise TimeoutError("the second box does not come")
            time.sleep(0.05)
        yield ReplicatedLog(journal, line)
        line.close()
        doorway.close()


def measure(ways: dict[str, Callable[[bytes], object]], payload: bytes, n_appends: int) -> dict[str, Figures]:
    """All ways in turn."""
    figures = {name: Figures() for name in ways}
    for number in range(ROUNDS):
        order = list(ways.items()) if number % 2 == 0 else list(reversed(ways.items()))
        for name, append in order:
            found, cpu_s = figures[name], time.process_time()
            for _ in range(n_appends // ROUNDS):
                started = time.perf_counter()
                append(payload)
                found.append_s.append(time.perf_counter() - started)
            found.cpu_s += time.process_time() - cpu_s
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--appends", type=int, default=1_000, help="of each size and way (default 1000)")
    add_rows_option(parser)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    table = Table(
        title=f"{options.appends} appends of each size and way, load {load:.1f} on {os.cpu_count()} cores"
    )
    for column in ("observations", "way", "p50 ms", "p99 ms", "longest ms", "CPU ms an append"):
        table.add_column(column, justify="left" if column == "way" else "right")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bench-standby-") as name:
        configuration, folder = configured(Path(name))
        with replicated(configuration, folder) as both, closing(Journal(Path(name) / "alone")) as alone:
            ways: dict[str, Callable[[bytes], object]] = {
                "journal": lambda payload: alone.append(MESSAGES, payload),
                "both": lambda payload: both.append_many([(MESSAGES, payload)]),
            }
            for n_observations in OBSERVATIONS:
                found = measure(ways, entry(n_observations), options.appends)
                for way, figures in found.items():
                    cpu_ms = figures.cpu_s / len(figures.append_s) * 1e3
                    cells = (figures.at(0.5), figures.at(0.99), figures.at(1.0), cpu_ms)
                    table.add_row(f"{n_observations:,}", way, *(f"{cell:.2f}" for cell in cells))
                label = f"append of {n_observations} observations on two boxes, p50"
                rows.append(Row(label, "ms", [found["both"].at(0.5)], "one box", found["journal"].at(0.5)))
    Console().print(table)
    write_rows(options.rows, rows)


if __name__ == "__main__":
    main()
