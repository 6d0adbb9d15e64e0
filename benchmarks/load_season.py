"""A season of a county at a reading a minute: what reading, replay and comparison cost, and the memory held.

    python -m benchmarks.load_season [--days 120] [--ways read replay compare]

Writes an archive in the order of time (a million readings a day) and runs each way in a
process of its own. CPU is that of the process, user and system.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.bench_engine import machine
from benchmarks.equal_steps import county_of
from station_sim.county.county import build_county
from warnstream.config.settings import Configuration
from warnstream.model.arrays import Float64Array

T0 = 1_780_272_000
DAY_MIN = 1440
STORM_EVERY_DAYS, STORM_MIN = 4, 180
PEAK_MM_PER_MIN = 0.6

READ = """
import sys
from pathlib import Path
from warnstream.config.load import load_configuration
from warnstream.review.archive import open_archive
stations = load_configuration(Path(sys.argv[1])).network.stations
archive = open_archive(Path(sys.argv[2]), stations)
assert sum(len(piece) for piece in archive.pieces()) == archive.n_readings
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--ways", nargs="+", default=["read", "replay", "compare"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        configuration = county_of(build_county(1), folder / "old")
        shutil.copytree(folder / "old", folder / "new")
        thresholds = folder / "new" / "thresholds.yaml"
        thresholds.write_text(thresholds.read_text("utf-8").replace("rain_mm: 50}", "rain_mm: 45}"), "utf-8")
        archive = folder / "season.parquet"
        n = write_season(archive, configuration, options.days)
        print(f"{machine()}; {options.days} days, {n:,} readings, {archive.stat().st_size >> 20} MB\n")
        print("| way | CPU s | most memory, MB |\n|---|---:|---:|", flush=True)
        program = str(Path(sys.executable).parent / "warnstream")
        out = ["--out", str(folder / "out")]
        ways = {
            "read": [sys.executable, "-c", READ, str(folder / "old"), str(archive)],
            "replay": [program, "replay", str(folder / "old"), str(archive), *out],
            "compare": [
                program, "compare", str(folder / "old"), str(folder / "new"),
                "--archive", str(archive), "--jobs", "1", *out,
            ],
        }  # fmt: skip
        for way in options.ways:
            cpu_s, peak_mb = measured(ways[way])
            print(f"| {way} | {cpu_s:.0f} | {peak_mb:.0f} |", flush=True)


def measured(command: list[str]) -> tuple[float, float]:
    """CPU seconds and the most memory of a process."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def write_season(path: Path, configuration: Configuration, days: int) -> int:
    """An amount of every gauge every minute; every fourth day a cell of rain crosses the county."""
    stations = configuration.network.stations
    gauges = np.flatnonzero(stations.measures_rain)
    codes = pa.array([stations.code[number] for number in gauges])
    number = np.arange(len(gauges), dtype=np.int32)
    count = 0
    schema = pa.schema(
        [
            ("station", pa.dictionary(pa.int32(), pa.string())),
            ("observed_at", pa.timestamp("s", "UTC")),
            ("variable", pa.dictionary(pa.int32(), pa.string())),
            ("value", pa.float64()),
        ]
    )
    random = np.random.default_rng(1)
    with pq.ParquetWriter(path, schema) as writer:
        for day in range(days):
            amount = rain_of_day(configuration, gauges, random, is_wet=day % STORM_EVERY_DAYS == 1)
            at_s = T0 + 60 * (day * DAY_MIN + np.arange(1, DAY_MIN + 1))
            n = amount.size
            table = pa.table(
                [
                    pa.DictionaryArray.from_arrays(np.tile(number, DAY_MIN), codes),
                    pa.array(np.repeat(at_s, len(gauges))).cast(schema.field("observed_at").type),
                    pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), pa.array(["rain"])),
                    pa.array(amount.ravel()),
                ],
                schema=schema,
            )
            writer.write_table(table, row_group_size=1 << 18)
            count += n
    return count


def rain_of_day(
    configuration: Configuration, gauges: np.ndarray, random: np.random.Generator, *, is_wet: bool
) -> Float64Array:
    """Rain of each minute and gauge in mm, shape (1440, n_gauges) and tenths."""
    stations = configuration.network.stations
    rain_mm = np.zeros((DAY_MIN, len(gauges)))
    if not is_wet:
        return rain_mm
    latitude, longitude = stations.latitude[gauges], stations.longitude[gauges]
    begin = int(random.integers(0, DAY_MIN - STORM_MIN))
    start, end = (
        np.array([random.uniform(of.min(), of.max()) for of in (latitude, longitude)]) for _ in range(2)
    )
    for minute in range(STORM_MIN):
        centre = start + (end - start) * minute / STORM_MIN
        far = ((latitude - centre[0]) ** 2 + (longitude - centre[1]) ** 2) / 0.15**2
        rain_mm[begin + minute] = np.round(PEAK_MM_PER_MIN * np.exp(-far) * random.uniform(0.5, 1.5), 1)
    return rain_mm


if __name__ == "__main__":
    main()
