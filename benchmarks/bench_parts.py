"""What a step is made of: a storm through the engine, with the time of each stage.

    python -m benchmarks.bench_parts [--minutes N]

The demo's county under its storm. Each stage's calls are timed inside the real engine, wrapped at the
names by which it calls them; a name that is not there any more is said. Copying eight columns of all
villages stands beside them as the least that touching these costs. Beside the milliseconds stands how many
functions steps of few readings call, which no machine changes.
"""

import argparse
import functools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_engine import decode, prepare
from benchmarks.step_calls import step_calls
from benchmarks.table import Row, add_rows_option, write_rows
from warnstream.engine import Engine
from warnstream.runners.build import build_engine


class Stopwatch:
    """Seconds per stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.missing: list[str] = []

    def wrap(self, owner: Any, method: str, stage: str) -> None:
        """Time a bound method of an object under a stage's name."""
        original: Callable[..., Any] | None = getattr(owner, method, None)
        if original is None:
            self.missing.append(f"{method} ({stage})")
            return

        @functools.wraps(original)
        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return original(*arguments, **named)
            finally:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started

        setattr(owner, method, timed)


def watch(engine: Engine) -> Stopwatch:
    clock = Stopwatch()
    assessment = engine.assessment
    for part, method, stage in (
        ("_stations", "take", "stations: quality, duplicates, windows"),
        ("_stations", "is_reporting", "stations: who reports"),
        ("_villages", "update_nowcast", "nowcast (every 5 min)"),
        ("_villages", "rain", "villages: accumulations and weights"),
        ("_villages", "antecedent", "villages: soil water by weights"),
        ("_judgement", "step", "hazards and hysteresis, all rules"),
    ):
        clock.wrap(getattr(assessment, part, None), method, stage)
    clock.wrap(engine.desk, "step", "desk: warnings, calls")
    clock.wrap(assessment, "step", "assessment, whole")
    return clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=int, default=480, help="of the storm; default 480")
    add_rows_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        configuration, minutes = prepare(Path(name), options.minutes / 60)
    batches = [(minute[0], decode(configuration, minute)) for minute in minutes]
    engine = build_engine(configuration)
    clock = watch(engine)
    started = time.perf_counter()
    for now_s, batch in batches:
        engine.step(batch, [], now_s)
    whole_s = time.perf_counter() - started
    n_values = sum(len(batch) for _, batch in batches)
    columns = [np.ones(len(configuration.network.villages)) for _ in range(8)]
    started = time.perf_counter()
    for _ in batches:
        for column in columns:
            column.copy()
    copy_ms = 1e3 * (time.perf_counter() - started) / len(batches)
    print(f"{len(batches)} steps, {n_values:,} values, {len(configuration.network.villages):,} villages\n")
    print("| stage | ms per step, mean | share |\n|---|---|---|")
    for stage, seconds in sorted(clock.seconds.items(), key=lambda item: -item[1]):
        print(f"| {stage} | {1e3 * seconds / len(batches):.3f} | {100 * seconds / whole_s:.0f} % |")
    for name in clock.missing:
        print(f"| not timed: there is no {name} any more | | |")
    print(f"| step, whole | {1e3 * whole_s / len(batches):.3f} | 100 % |")
    print(f"| copying 8 columns of all villages | {copy_ms:.4f} | |")
    calls = step_calls(build_engine(configuration), batches, len(batches) // 2)
    print("\n| step | function calls, median |\n|---|---|")
    for name, count in calls.items():
        print(f"| {name} | {count:,.0f} |")
    rows = [
        Row(
            f"step: {stage}", "ms", [1e3 * seconds / len(batches)], "whole step", 1e3 * whole_s / len(batches)
        )
        for stage, seconds in sorted(clock.seconds.items(), key=lambda item: -item[1])
    ]
    rows += [Row(name, "function calls", [count]) for name, count in calls.items()]
    write_rows(options.rows, rows)


if __name__ == "__main__":
    main()
