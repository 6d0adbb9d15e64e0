"""The first machine at county, province and nation size: windows, villages, evaluation, whole steps.

Run: ``make bench-assess`` (``python -m benchmarks.bench_assess``), or
``--sizes county province`` for a shorter run; the nation wants 6 GB of memory.
Other people's tools on one trace are `benchmarks.bench_peers`. Prints tables in Markdown for
RESULTS.md. Every figure is a median; beside each kernel stands a plain copy of
as many bytes as it reads and writes, made in the same moment.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks import table
from benchmarks.assess_network import (
    INTERVAL_S,
    NEIGHBOURS,
    SIZES,
    START_S,
    WINDOW_S,
    Size,
    assessment_of,
    dry_of,
    readings_of,
)
from benchmarks.bench_engine import commit, machine
from benchmarks.table import add_rows_option, write_rows
from warnstream.assessment import Assessment
from warnstream.hazards import rain_table
from warnstream.model.observations.readings import empty_batch
from warnstream.villages.combine import combine
from warnstream.windows.accumulation import Accumulation

WARM_UP_STEPS = 16
SILENT_SHARE = 0.02
"""Stations that never report."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: milliseconds of each run, median of a copy of the same bytes (None: none)."""

    label: str
    took_ms: list[float]
    copy_ms: float | None

    @property
    def ms(self) -> float:
        """Their median."""
        return statistics.median(self.took_ms)


def main() -> None:
    """Measure what the options ask for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    names = [size.name for size in SIZES]
    parser.add_argument("--sizes", nargs="*", choices=names, default=names, help="default: all")
    parser.add_argument("--steps", type=int, default=15, help="steps of a minute per size (default 15)")
    add_rows_option(parser)
    options = parser.parse_args()
    print(f"{machine()}; commit {commit()}\n")
    measured = {
        size.name: measure(size, options.steps if size.n_stations < 100_000 else 5)
        for size in SIZES
        if size.name in options.sizes
    }
    report_sizes(measured)
    write_rows(options.rows, rows(measured))


def measure(size: Size, n_steps: int) -> tuple[list[Row], float, float]:
    """Rows of one size, bytes per station and bytes per village."""
    random = np.random.default_rng(2)
    assessment = assessment_of(size)
    now_s = START_S
    reports = random.random(size.n_stations) >= SILENT_SHARE
    assessment.step(dry_of(np.flatnonzero(reports).astype(np.int32), now_s), now_s)
    parts: dict[str, list[float]] = {}
    for step in range(WARM_UP_STEPS + n_steps):
        now_s += 60
        some = np.arange(step % (INTERVAL_S // 60), size.n_stations, INTERVAL_S // 60, dtype=np.int32)
        batch = readings_of(some[reports[some]], now_s, random)
        took = clock(lambda batch=batch, now_s=now_s: assessment.step(batch, now_s))  # type: ignore[misc]
        if step >= WARM_UP_STEPS:
            name = "step of a minute, a fifth of the stations report"
            parts.setdefault(f"{name}, soil water too" if now_s % 600 == 0 else name, []).append(took)
            idle = clock(lambda now_s=now_s: assessment.step(empty_batch(), now_s))  # type: ignore[misc]
            parts.setdefault("step without readings in the same minute", []).append(idle)
    rows = [Row(label, [1e3 * seconds for seconds in took], None) for label, took in parts.items()]
    rows = kernels(assessment, size, now_s, n_steps) + rows
    bytes_of = {
        name: sum(array.nbytes for array in part.values()) for name, part in assessment.snapshot().items()
    }
    of_villages = sum(n for name, n in bytes_of.items() if name == "villages" or name.startswith("level."))
    return (
        rows,
        (sum(bytes_of.values()) - of_villages) / size.n_stations,
        of_villages / size.n_villages,
    )


def kernels(assessment: Assessment, size: Size, now_s: int, repeats: int) -> list[Row]:
    """The parts of a step by themselves, each beside a copy of the same bytes."""
    ring = assessment._stations._rain.ring  # noqa: SLF001  # the parts of the machine are what is measured
    weights = assessment._villages._weights  # noqa: SLF001
    rules = assessment._judgement._rules  # noqa: SLF001
    end_min = np.full(size.n_stations, now_s // 60)
    last_min = ring.window_end_min(now_s)
    scratch = ring.accumulate_until(WINDOW_S, end_min)
    with_gaps, usual = ring.accumulate_until(WINDOW_S, end_min), ring.accumulate_until(WINDOW_S, last_min)
    reporting = np.ones(size.n_stations, dtype=np.bool_)
    seen = assessment.step(empty_batch(), now_s).rain
    n_windows = len(WINDOW_S)
    tables = [rule for rule in rules if rule.evaluator == "critical_rainfall"]
    # Rows of rain (4 bytes) and observed minutes (2): one for the end, one for every beginning; sums out.
    window_bytes = size.n_stations * (6 * (n_windows + 1) + 8 * n_windows) // 2
    # Rain and coverage of four stations per village, window by window; both out.
    village_bytes = size.n_villages * n_windows * 16 * (NEIGHBOURS + 1) // 2

    def villages_of(found: Accumulation) -> Callable[[], object]:
        rain_mm, coverage = found.rain_mm, found.coverage
        return lambda: combine(weights.own, weights.fallback, rain_mm, coverage, reporting)

    jobs: list[tuple[str, Callable[[], object], int]] = [
        (
            f"{n_windows} windows of every station, all to one minute",
            lambda: ring.accumulate_until(WINDOW_S, end_min, into=scratch),
            window_bytes,
        ),
        (
            f"{n_windows} windows, each to its station's last reading",
            lambda: ring.accumulate_until(WINDOW_S, last_min, into=scratch),
            window_bytes,
        ),
        (
            f"villages: {n_windows} windows by {NEIGHBOURS} stations, as in a step",
            villages_of(usual),
            village_bytes,
        ),
        (
            f"villages: {n_windows} windows by {NEIGHBOURS} stations, all with gaps",
            villages_of(with_gaps),
            village_bytes,
        ),
        # Four thresholds and one value of each.
        (
            f"{len(tables)} tables of critical rain, with reasons",
            lambda: [rain_table.evaluate_where(rule, seen, counts=None) for rule in tables],
            size.n_villages * len(tables) * 8 * 5 // 2,
        ),
    ]
    rows = []
    for label, job, n_bytes in jobs:
        source = np.ones(max(n_bytes // 8, 1))
        target = np.empty_like(source)
        took, copied = [], []
        for _ in range(max(repeats, 3)):
            took.append(clock(job))
            copied.append(clock(lambda source=source, target=target: np.copyto(target, source)))  # type: ignore[misc]
        rows.append(Row(label, [1e3 * seconds for seconds in took], 1e3 * statistics.median(copied)))
    return rows


def clock(job: Callable[[], object]) -> float:
    """Seconds that a job takes."""
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def report_sizes(measured: dict[str, tuple[list[Row], float, float]]) -> None:
    """Milliseconds by size, the ratio to the copy, and how cost grows with the number of villages."""
    sizes = [size for size in SIZES if size.name in measured]
    heads = [f"{size.name} {size.n_stations:,} / {size.n_villages:,}" for size in sizes]
    print("Milliseconds; in brackets the multiple of a copy of the same bytes in the same run.\n")
    print("| what | " + " | ".join(heads) + " | growth |\n|---|" + "---|" * (len(heads) + 1))
    for label in dict.fromkeys(row.label for rows, _, _ in measured.values() for row in rows):
        by_size = [
            next((row for row in measured[size.name][0] if row.label == label), None) for size in sizes
        ]
        print(f"| {label} | " + " | ".join(_cell(row) for row in by_size) + f" | {_growth(sizes, by_size)} |")
    for label, index in (("bytes per station", 1), ("bytes per village", 2)):
        cells = [f"{measured[size.name][index]:,.0f}" for size in sizes]
        print(f"| {label} | " + " | ".join(cells) + " | |")
    print(
        "\nGrowth: exponent of the time between the smallest and the largest size; 1 is proportional to the "
        "number of stations and villages together.\n"
        "What the kernels do: every sum comes with its observed and its whole minutes, readings lie across "
        "the beginnings of windows, villages get rain and coverage, rounded to the micrometre. In a step "
        "windows end at each station's last reading, and only those that moved or changed are worked out; "
        f"the rules here look at no forecast, so {len(WINDOW_S)} windows are all they read.\n"
    )


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    return f"{row.ms:,.3g}" + ("" if row.copy_ms is None else f" ({row.ms / row.copy_ms:.2f})")


def _growth(sizes: list[Size], rows: list[Row | None]) -> str:
    first, last = rows[0], rows[-1]
    if len(sizes) < 2 or first is None or last is None:
        return ""
    n = [size.n_stations + size.n_villages for size in (sizes[0], sizes[-1])]
    return f"{np.log(last.ms / first.ms) / np.log(n[1] / n[0]):.2f}"


def rows(measured: dict[str, tuple[list[Row], float, float]]) -> list[table.Row]:
    """For the common table: each kernel beside its copy, each step, and what a station and a village hold."""
    found = []
    for size, (lines, station_bytes, village_bytes) in measured.items():
        for line in lines:
            copied = np.nan if line.copy_ms is None else line.copy_ms
            found.append(table.Row(f"{size}: {line.label}", "ms", line.took_ms, "copy of the bytes", copied))
        found.append(table.Row(f"{size}: memory of the machine per station", "bytes", [station_bytes]))
        found.append(table.Row(f"{size}: memory of the machine per village", "bytes", [village_bytes]))
    return found


if __name__ == "__main__":
    main()
