"""First figures of the engine: readings per second, tick time at county size, what a tick is made of.

Run: ``python -m benchmarks.bench_engine`` (about a minute). Prints a table in
Markdown for RESULTS.md. Everything runs in one process on one core; a plain
copy of the same arrays and bytes in the same run stands beside each figure.
"""

import argparse
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.table import Row, add_rows_option, write_rows
from station_sim.county.county import build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.message import Message
from station_sim.sending.scenario import Scenario
from station_sim.stations.gateway import gather
from station_sim.topics import is_clock
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.ingest.flat_json.decoder import Decoder, RawMessage
from warnstream.model.observations.readings import ReadingBatch, batch_of, empty_batch
from warnstream.runners.build import build_engine

COPYING = "copying the same columns, readings/s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0, help="length of the storm (default 8)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each part, interleaved (default 3)")
    add_rows_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        configuration, minutes = prepare(Path(name), options.hours)
    n_readings = sum(len(decode(configuration, minute)) for minute in minutes)
    parts: dict[str, list[float]] = {}
    for _ in range(options.repeats):
        for label, value in measure(configuration, minutes, n_readings).items():
            parts.setdefault(label, []).append(value)
    report(configuration, minutes, n_readings, parts)
    write_rows(options.rows, rows(parts))


def rows(parts: dict[str, list[float]]) -> list[Row]:
    """For the common table; throughputs beside a copy of the columns."""
    found = []
    for label, values in parts.items():
        what, _, unit = label.rpartition(", ")
        if unit == "readings/s" and not what.startswith("copying"):
            found.append(Row(what, unit, values, "copying the columns", statistics.median(parts[COPYING])))
        else:
            words = label.rpartition(" ")
            found.append(Row(what, unit, values) if unit == "readings/s" else Row(words[0], words[2], values))
    return found


def prepare(directory: Path, hours: float) -> tuple[Configuration, list[tuple[int, list[Message]]]]:
    """The demo's county and its storm, as messages per simulated minute."""
    county = build_county(1)
    county.write(directory)
    write_demo_config(directory)
    configuration = load_configuration(directory)
    minutes: list[tuple[int, list[Message]]] = []
    waiting: list[Message] = []
    for message in Scenario(1, county, hours).messages():
        if is_clock(message.topic):
            minutes.append((message.time_s, waiting))
            waiting = []
        else:
            waiting.append(message)
    return configuration, minutes


def decode(configuration: Configuration, minute: tuple[int, list[Message]]) -> ReadingBatch:
    raw = [RawMessage(message.topic, message.payload) for message in minute[1]]
    return Decoder(configuration.network.stations).decode(raw).readings


def measure(
    configuration: Configuration, minutes: list[tuple[int, list[Message]]], n_readings: int
) -> dict[str, float]:
    """One run of every part; keys are rows of the table."""
    decoder = Decoder(configuration.network.stations)
    single = [[RawMessage(m.topic, m.payload) for m in messages] for _, messages in minutes]
    gathered = [[RawMessage(m.topic, m.payload) for m in gather(messages)] for _, messages in minutes]
    batches = [decoder.decode(messages).readings for messages in single]
    seconds_single = clock(lambda: [decoder.decode(messages) for messages in single])
    seconds_gathered = clock(lambda: [decoder.decode(messages) for messages in gathered])
    engine = build_engine(configuration)
    ticks, calm = [], []
    for (now_s, _), batch in zip(minutes, batches, strict=True):
        ticks.append(clock(lambda batch=batch, now_s=now_s: engine.step(batch, [], now_s)))  # type: ignore[misc]
        calm.append(clock(lambda now_s=now_s: engine.step(empty_batch(), [], now_s + 30)))  # type: ignore[misc]
    last_s = minutes[-1][0]
    blackout = [
        clock(lambda now_s=last_s + 60 * minute: engine.step(empty_batch(), [], now_s))  # type: ignore[misc]
        for minute in range(1, 31)
    ]
    burst_s, burst_n = burst(configuration)
    copy_s = clock(lambda: [copy(batch) for batch in batches])
    return {
        "decode, one observation per message, readings/s": n_readings / seconds_single,
        "decode, gateways gather 50 observations, readings/s": n_readings / seconds_gathered,
        "engine step with a minute of readings, p50 ms": 1e3 * statistics.median(ticks),
        "engine step with a minute of readings, p99 ms": 1e3 * float(np.percentile(ticks, 99)),
        "engine step, calm minute (gauges report, nothing new), p50 ms": 1e3 * statistics.median(calm),
        "engine step, blackout (nobody reports, windows slide), p50 ms": 1e3 * statistics.median(blackout),
        "whole storm through the engine, readings/s": n_readings / sum(ticks),
        "backlog of 6 h in one step, readings/s": burst_n / burst_s,
        COPYING: n_readings / copy_s,
    }


def burst(configuration: Configuration) -> tuple[float, int]:
    """Six hours of rain from every station at once."""
    stations = configuration.network.stations
    rain = np.flatnonzero(stations.measures_rain)
    now_s = 1_781_762_400
    times = np.arange(now_s - 6 * 3600 + 300, now_s + 1, 300)
    station, at_s = np.tile(rain, len(times)), np.repeat(times, len(rain))
    amounts = np.random.default_rng(1).integers(0, 20, len(station)) / 10
    batch = batch_of(station, np.zeros(len(station)), at_s, amounts)
    engine = build_engine(configuration)
    engine.step(empty_batch(), [], now_s - 60)
    return clock(lambda: engine.step(batch, [], now_s)), len(batch)


def copy(batch: ReadingBatch) -> ReadingBatch:
    return ReadingBatch(*(getattr(batch, name).copy() for name in ReadingBatch.__slots__))


def clock(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def report(
    configuration: Configuration,
    minutes: list[tuple[int, list[Message]]],
    n_readings: int,
    parts: dict[str, list[float]],
) -> None:
    network = configuration.network
    print(f"{machine()}; commit {commit()}")
    print(
        f"{len(network.stations)} stations, {len(network.villages)} villages, "
        f"{len(configuration.rules)} hazards, {n_readings} readings in {len(minutes)} steps\n"
    )
    print("| what | median | min | max |")
    print("|---|---|---|---|")
    for label, values in parts.items():
        cells = (statistics.median(values), min(values), max(values))
        print(
            f"| {label} | "
            + " | ".join(f"{value:,.1f}" if value < 1000 else f"{value:,.0f}" for value in cells)
            + " |"
        )


def machine() -> str:
    return f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}"


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
