"""Everything that RESULTS.md tells, in one run of less than 30 minutes, as one Markdown document to paste.

    python -m benchmarks.bench_all [--quick] [--only limits,engine,…] [--out FILE]     (`make bench`)

One section after the other, each a process of its own with its command and a time that is kept for it; these
times together are 27 minutes, so nothing is left out because others were slow, and what earlier ones
leave over the next may use. What could not be
measured (a server or a peer that is absent, a failure, a limit reached) is said at the top. One table
comes first: every figure with its spread over repeated runs and its ratio to a yardstick of the same
run. Measure on a quiet machine: the load average is printed, and a busy one is marked. ``--quick``
shows in minutes that every section works.

Longer than this run, each a command of its own: `make load-nation` (ten minutes), `make sim-day`,
`make crash-ingest`, `make fuzz`, `make rio-alarms`.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.processes import NOT_MEASURED, find_mosquitto
from benchmarks.table import Row, number, read_rows, rows_as_table

HERE = Path(__file__).resolve().parent
BUDGET_S = 27 * 60
GROWTH_STATIONS = (700, 7_000, 70_000)
GROWTH_STATIONS_QUICK = (100, 300, 1_000)
BUSY_LOAD_PER_CORE = 0.5


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the run.

    Attributes
    ----------
    name, title : str
    module : str
        In `benchmarks`, run as a process; it takes ``--rows FILE``.
    size, quick : sequence of str
        Its arguments in the full run, and when only its working is shown.
    seconds_max : int
        Kept for it; ended after that and what earlier sections have left over, and said to have failed.
    broker : bool
        Nothing can be measured without mosquitto.
    """

    name: str
    title: str
    module: str
    size: Sequence[str]
    quick: Sequence[str]
    seconds_max: int
    broker: bool = False

    def command(self, *, is_quick: bool) -> str:
        """That repeats it alone."""
        return " ".join(["python -m", f"benchmarks.{self.module}", *(self.quick if is_quick else self.size)])


@dataclass(slots=True)
class Part:
    """What a section led to; `trouble` says why there is nothing, or less than asked."""

    text: str
    rows: list[Row]
    trouble: str = ""
    took_s: float = 0.0


SECTIONS = (
    Section(
        "limits", "Limits of this machine", "bench_limits", (), ("--repeats", "2", "--messages", "5000"), 20
    ),
    Section("engine", "Engine", "bench_engine", (), ("--hours", "1", "--repeats", "1"), 45),
    Section("parts", "Parts of a step", "bench_parts", (), ("--minutes", "30"), 25),
    Section(
        "assess",
        "Windows, villages, evaluation",
        "bench_assess",
        ("--steps", "10"),
        ("--sizes", "county", "--steps", "3"),
        90,
    ),
    Section(
        "desk",
        "Desk: lifecycle, ledger and outbox of 900,000 doors",
        "bench_desk",
        (),
        ("--doors", "4000", "--villages", "200", "--repeats", "1"),
        115,
    ),
    Section("growth", "Growth", "bench_growth", ("--stations", "N"), ("--stations", "N"), 75),
    Section(
        "peers",
        "Peers on one trace",
        "bench_peers",
        (),
        ("--stations", "40", "--minutes", "30", "--repeats", "1"),
        110,
    ),
    Section(
        "journal", "Journal beside SQLite", "bench_journal", ("--appends", "1000"), ("--appends", "50"), 20
    ),
    Section(
        "recovery",
        "Recovery after kill -9",
        "bench_recovery",
        ("--entries", "600"),
        ("--entries", "200", "--stations", "100", "--repeats", "1"),
        110,
    ),
    Section(
        "ingest",
        "Messages into a node",
        "bench_ingest",
        ("--messages", "80000", "--repeats", "2"),
        ("--messages", "2000", "--repeats", "1"),
        225,
        broker=True,
    ),
    Section(
        "message",
        "What a message costs, by part",
        "bench_message",
        ("--messages", "150000"),
        ("--messages", "5000", "--repeats", "1"),
        40,
    ),
    Section(
        "latency",
        "From the gauge to the door",
        "bench_latency",
        ("--samples", "100"),
        ("--samples", "8", "--scales", "1"),
        370,
    ),
    Section(
        "backlog",
        "A day of backlog",
        "load_backlog",
        (),
        ("--stations", "60", "--hours", "1", "--connections", "10", "--way", "listener"),
        110,
    ),
    Section(
        "edge",
        "An edge box",
        "load_edge",
        ("--seconds", "10"),
        ("--seconds", "4", "--way", "listener"),
        95,
    ),
    Section(
        "nation",
        "A nation on one machine, one minute",
        "load_nation",
        ("--minutes", "1"),
        ("--minutes", "0.2", "--stations", "2000", "--rate", "200", "--tick", "5s"),
        170,
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it works, not how fast")
    parser.add_argument("--only", help="sections, separated by commas")
    parser.add_argument(
        "--out", type=Path, default=HERE / "measured.md", help="default benchmarks/measured.md"
    )
    options = parser.parse_args()
    names = [section.name for section in SECTIONS]
    wanted = options.only.split(",") if options.only else names
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        parser.error(f"no section {', '.join(unknown)}: there are {', '.join(names)}")
    stop_on_terminate()
    begun, head_ = time.monotonic(), head(is_quick=options.quick)
    parts: dict[str, Part] = {}
    asked = [section for section in SECTIONS if section.name in wanted]
    for place, section in enumerate(asked):
        print(f"{section.name} ...", file=sys.stderr, flush=True)
        kept_s = sum(later.seconds_max for later in asked[place + 1 :])
        seconds_max = BUDGET_S - kept_s - (time.monotonic() - begun)
        parts[section.name] = run(section, seconds_max, is_quick=options.quick)
        # After each: whoever stops the run has what was measured until then.
        text = document(head_, parts, time.monotonic() - begun, is_quick=options.quick)
        options.out.write_text(text, encoding="utf-8")
    print(options.out.read_text(encoding="utf-8"))
    return 1 if any(part.trouble for part in parts.values()) else 0


def run(section: Section, seconds_max: float, *, is_quick: bool) -> Part:
    """One section, timed; whatever happens is told in the document."""
    started = time.monotonic()
    if section.broker and find_mosquitto() is None:
        part = Part("", [], "mosquitto is not on this machine")
    else:
        measure = growth if section.module == "bench_growth" else script
        try:
            part = measure(section, seconds_max, is_quick=is_quick)
        except subprocess.TimeoutExpired:
            part = Part("", [], f"ended after {seconds_max:.0f} s, the most it may take")
        except (RuntimeError, OSError, ValueError) as error:
            part = Part("", [], f"failed: {error}")
    part.took_s = time.monotonic() - started
    return part


def script(section: Section, seconds_max: float, *, is_quick: bool) -> Part:
    """A benchmark of its own, its output and its rows.

    Raises
    ------
    RuntimeError
        If it ends with an error.
    """
    with tempfile.TemporaryDirectory() as name:
        rows = Path(name) / "rows.json"
        arguments = [*(section.quick if is_quick else section.size), "--rows", str(rows)]
        text = output_of(section.module, arguments, seconds_max)
        return Part(text, read_rows(rows))


def output_of(module: str, arguments: Sequence[str], seconds_max: float) -> str:
    """What a module prints.

    Raises
    ------
    RuntimeError
        If it ends with an error; with the end of what it said.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output, tempfile.TemporaryFile("w+") as errors:
        # A session of its own, and files instead of pipes: whatever it has started ends with it, and
        # nobody waits for a server that a benchmark has left behind.
        started = subprocess.Popen(
            command, cwd=HERE.parent, stdout=output, stderr=errors, text=True, start_new_session=True
        )
        try:
            started.wait(seconds_max)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.wait()
        output.seek(0)
        errors.seek(0)
        text, trouble = output.read().strip(), errors.read().strip()
    if started.returncode != 0:
        raise RuntimeError(f"`{module}` ended with {started.returncode}: {(trouble or text)[-600:]}")
    return text


def stop_on_terminate() -> None:
    """SIGTERM as Ctrl-C, so that the section that runs ends too."""

    def stop(number: int, frame: object) -> None:
        del frame
        sys.exit(128 + number)

    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, stop)


def growth(section: Section, seconds_max: float, *, is_quick: bool) -> Part:
    """Cost with the number of stations, each size in a process of its own, and the exponent."""
    sizes = GROWTH_STATIONS_QUICK if is_quick else GROWTH_STATIONS
    left_s, found = seconds_max, list[dict[str, Any]]()
    for n in sizes:
        started = time.monotonic()
        found.append(json.loads(output_of(section.module, ("--stations", str(n)), left_s)))
        left_s = max(left_s - (time.monotonic() - started), 1.0)
    lines = ["| what | " + " | ".join(f"{row['stations']:,} stations" for row in found) + " | exponent |"]
    lines.append("|---|" + "---|" * (len(found) + 1))
    stations, rows = np.log([row["stations"] for row in found]), []
    for name in found[0]:
        if name in {"stations", "villages"}:
            continue
        values = [float(row[name]) for row in found]
        exponent = np.polyfit(stations, np.log(values), 1)[0] if min(values) > 0 else np.nan
        told = " | ".join(number(value) for value in values)
        lines.append(f"| {name} | {told} | {exponent:.2f} |")
        rows.append(Row(f"growth with stations: {name}", "exponent", [float(exponent)], "proportional", 1.0))
    per_station = 1024 * found[-1]["memory of configuration, engine and 13 minutes, MB"] / sizes[-1]
    rows.append(Row(f"memory per station at {sizes[-1]:,}", "kB", [per_station]))
    return Part("\n".join(lines), rows)


def document(head_: str, parts: dict[str, Part], took_s: float, *, is_quick: bool) -> str:
    """Head, what is missing, one table, then every section."""
    texts = [head_]
    of = {section.name: section for section in SECTIONS}
    missing = [name for name in of if name not in parts]
    told = [f"{name}: {part.trouble}" for name, part in parts.items() if part.trouble]
    for name, part in parts.items():
        lines = [line for line in part.text.splitlines() if line.startswith(NOT_MEASURED)]
        told += [f"{name}, {line.removeprefix(NOT_MEASURED)}" for line in lines]
    told += [f"not run: {', '.join(missing)}"] if missing else []
    texts.append(
        "Left out: " + ("; ".join(told) if told else "nothing") + f". The run took {took_s / 60:.1f} min.\n"
    )
    rows = [row for part in parts.values() for row in part.rows]
    texts.append(f"### One table\n\n{rows_as_table(rows)}\n")
    for name, part in parts.items():
        title, command = of[name].title, of[name].command(is_quick=is_quick)
        body = f"**{part.trouble}**" if part.trouble else part.text
        texts.append(f"### {title}\n\n`{command}` ({part.took_s:.0f} s)\n\n{body}\n")
    return "\n".join(texts)


def head(*, is_quick: bool) -> str:
    """Machine, versions, commit, and how quiet it was at the start."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=False
    )
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    text = (
        f"## Measured {datetime.now(UTC):%Y-%m-%d}, commit {done.stdout.strip() or 'unknown'}\n\n"
        f"{platform.machine()}, {cores} cores, {memory_gb:.0f} GB, Python {platform.python_version()}, "
        f"numpy {np.__version__}, {platform.system()} {platform.release()}; "
        f"load average at the start {load:.1f}.\n"
    )
    if load > BUSY_LOAD_PER_CORE * cores:
        text += "\n**Not a quiet machine: figures are not to be published.**\n"
    if is_quick:
        text += "\n**A quick run: it shows that every section works; its figures mean nothing.**\n"
    return text


if __name__ == "__main__":
    sys.exit(main())
