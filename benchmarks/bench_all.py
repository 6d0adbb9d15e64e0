"""Everything that RESULTS.md tells, in one run of less than 30 minutes, as Markdown to paste.

    python -m benchmarks.bench_all [--quick] [--only limits,engine,…] [--out FILE]     (`make bench`)

Sections: limits of this machine (copying, fsync), engine, parts of a step, growth
with 1, 10 and 100 counties, peers on one trace, recovery after kill -9, ingest beside a C subscriber,
latency to the household's device, and the scripts of single pieces that are there. Each
section is a process of its own, says its command, and may be left out when time is up: that is
said too. Measure on a quiet machine: the load average is printed.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.processes import find_mosquitto

HERE = Path(__file__).resolve().parent
BUDGET_S = 28 * 60
COPY_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: values of repeated runs, and the yardstick beside them."""

    what: str
    unit: str
    values: list[float]
    beside: str = ""
    yardstick: float = float("nan")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the run: the command that repeats it alone, and what it needs at most."""

    name: str
    command: str
    seconds_max: int
    run: Callable[[argparse.Namespace], str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it works, not how fast")
    parser.add_argument("--only", help="sections, separated by commas")
    parser.add_argument(
        "--out", type=Path, default=HERE / "measured.md", help="default benchmarks/measured.md"
    )
    options = parser.parse_args()
    begun = time.monotonic()
    texts = [head()]
    wanted = options.only.split(",") if options.only else [section.name for section in SECTIONS]
    unknown = set(wanted) - {section.name for section in SECTIONS}
    if unknown:
        parser.error(
            f"no section {', '.join(sorted(unknown))}: there are {', '.join(s.name for s in SECTIONS)}"
        )
    failed = False
    for section in SECTIONS:
        if section.name not in wanted:
            continue
        print(f"{section.name} ...", file=sys.stderr, flush=True)
        left_s = BUDGET_S - (time.monotonic() - begun)
        started = time.monotonic()
        if left_s < section.seconds_max and not options.quick:
            text = f"left out: {left_s:.0f} s were left, it may need {section.seconds_max}."
        else:
            try:
                text = section.run(options)
            except (RuntimeError, OSError, subprocess.SubprocessError, ImportError) as error:
                failed, text = True, f"**failed**: {error}"
        took = f"{time.monotonic() - started:.0f} s"
        texts.append(f"### {section.name}\n\n`{section.command}` ({took})\n\n{text}\n")
        options.out.write_text("\n".join(texts), encoding="utf-8")
    print(options.out.read_text(encoding="utf-8"))
    return 1 if failed else 0


def head() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    load = os.getloadavg()[0]
    busy = (
        " **not a quiet machine: figures are not to be published**"
        if load > 0.5 * (os.cpu_count() or 1)
        else ""
    )
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"## Measured {datetime.now(UTC):%Y-%m-%d}, commit {done.stdout.strip() or 'unknown'}\n\n"
        f"{platform.machine()}, {os.cpu_count()} cores, {memory_gb:.0f} GB, "
        f"Python {platform.python_version()}, "
        f"numpy {np.__version__}, {platform.system()} {platform.release()}; load average at the start "
        f"{load:.1f}.{busy}\n"
    )


def rows_as_table(rows: list[Row]) -> str:
    lines = ["| what | unit | median (min-max) | beside it | ratio |", "|---|---|---|---|---|"]
    for row in rows:
        median = statistics.median(row.values)
        spread = f"{number(median)} ({number(min(row.values))}-{number(max(row.values))})"
        ratio = "" if np.isnan(row.yardstick) else f"{median / row.yardstick:.3g}"
        lines.append(f"| {row.what} | {row.unit} | {spread} | {row.beside} | {ratio} |")
    return "\n".join(lines)


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def limits(options: argparse.Namespace) -> str:
    """What no program on this machine can beat."""
    repeats = 2 if options.quick else 5
    source = np.ones(COPY_BYTES // 8)
    target = np.empty_like(source)
    np.copyto(target, source)
    copies = []
    for _ in range(repeats):
        started = time.perf_counter()
        np.copyto(target, source)
        copies.append(COPY_BYTES / (time.perf_counter() - started) / 1e9)
    waits = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(50 if options.quick else 400):
            file.write(b"x" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            waits.append(1e3 * (time.perf_counter() - started))
    p50, p99 = np.percentile(waits, [50, 99])
    return rows_as_table(
        [
            Row("memory copied", "GB/s", copies),
            Row("fdatasync after 4 KiB, p50", "ms", [float(p50)]),
            Row("fdatasync after 4 KiB, p99", "ms", [float(p99)]),
        ]
    )


def script(*arguments: str, seconds_max: int, out: Path | None = None) -> str:
    """Output of a benchmark of its own."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        timeout=seconds_max,
        check=False,
    )
    if done.returncode != 0:
        name = " ".join(arguments)
        raise RuntimeError(f"`{name}` ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    return out.read_text(encoding="utf-8") if out else done.stdout.strip()


def engine(options: argparse.Namespace) -> str:
    size = ("--hours", "1", "--repeats", "1") if options.quick else ("--repeats", "3")
    return script("benchmarks.bench_engine", *size, seconds_max=400)


def parts(options: argparse.Namespace) -> str:
    size = ("--minutes", "30") if options.quick else ()
    return script("benchmarks.bench_parts", *size, seconds_max=300)


def growth(options: argparse.Namespace) -> str:
    """Cost with the number of stations, each size in a process of its own."""
    sizes = (100, 300, 1_000) if options.quick else (700, 7_000, 70_000)
    found: list[dict[str, Any]] = [
        json.loads(script("benchmarks.bench_growth", "--stations", str(n), seconds_max=400)) for n in sizes
    ]
    names = [name for name in found[0] if name not in {"stations", "villages"}]
    lines = ["| what | " + " | ".join(f"{one['stations']:,} stations" for one in found) + " | exponent |"]
    lines.append("|---|" + "---|" * (len(found) + 1))
    stations = np.log([one["stations"] for one in found])
    for name in names:
        values = [float(one[name]) for one in found]
        exponent = f"{np.polyfit(stations, np.log(values), 1)[0]:.2f}" if min(values) > 0 else "none"
        lines.append(f"| {name} | " + " | ".join(number(value) for value in values) + f" | {exponent} |")
    return "\n".join(lines)


def peers(options: argparse.Namespace) -> str:
    size = ("--stations", "50", "--hours", "4", "--repeats", "1") if options.quick else ()
    return script("benchmarks.bench_peers", *size, seconds_max=500)


def recovery(options: argparse.Namespace) -> str:
    size = ("--entries", "200", "--stations", "100") if options.quick else ()
    return script("benchmarks.bench_recovery", *size, seconds_max=300)


def ingest(options: argparse.Namespace) -> str:
    if find_mosquitto() is None:
        return "mosquitto is not on this machine: not measured."
    size = ("--messages", "5000", "--repeats", "1") if options.quick else ("--messages", "100000")
    return script("benchmarks.bench_ingest", *size, seconds_max=600)


def latency(options: argparse.Namespace) -> str:
    size = ("--samples", "10", "--scales", "1") if options.quick else ("--samples", "100")
    return script("benchmarks.bench_latency", *size, seconds_max=500)


def others(options: argparse.Namespace) -> str:
    """Benchmarks of single pieces, where they are there."""
    del options
    texts = []
    for name in ("bench_assess", "load_backlog", "load_edge", "bench_nowcast"):
        if not (HERE / f"{name}.py").exists():
            texts.append(f"`benchmarks/{name}.py` is not there.")
            continue
        try:
            texts.append(f"`python -m benchmarks.{name}`\n\n{script(f'benchmarks.{name}', seconds_max=240)}")
        except subprocess.TimeoutExpired:
            texts.append(f"`python -m benchmarks.{name}`: needs more than 240 s, run it alone.")
        except RuntimeError as error:
            texts.append(f"{error}")
    return "\n\n".join(texts)


SECTIONS = (
    Section("limits", "python -m benchmarks.bench_all --only limits", 20, limits),
    Section("engine", "python -m benchmarks.bench_engine", 240, engine),
    Section("parts", "python -m benchmarks.bench_parts", 120, parts),
    Section("growth", "python -m benchmarks.bench_growth --stations 700 (7000, 70000)", 300, growth),
    Section("peers", "python -m benchmarks.bench_peers", 300, peers),
    Section("recovery", "python -m benchmarks.bench_recovery", 120, recovery),
    Section("ingest", "python -m benchmarks.bench_ingest --messages 100000", 400, ingest),
    Section("latency", "python -m benchmarks.bench_latency --samples 100", 400, latency),
    Section("others", "python -m benchmarks.bench_all --only others", 240, others),
)


if __name__ == "__main__":
    sys.exit(main())
