"""One size of the network: loading, building, a step with a minute of readings, memory; prints JSON.

    python -m benchmarks.bench_growth --stations 7000

Villages and households grow with the stations as a county's do (2,855 to 700). Every station reports
eight values each minute. `bench_all` runs it for 1, 10 and 100 counties and fits the exponent.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.processes import memory_mb
from station_sim.county.wide_network import SCALES, VARIABLES, Scale, write_wide_network
from station_sim.seeds import stream
from warnstream.config.load import load_configuration
from warnstream.model.observations.readings import ReadingBatch, Variable, batch_of
from warnstream.model.times import MINUTE_S
from warnstream.runners.build import build_engine

START_S = 1_781_762_400
WARM_UP_STEPS = 3
STEPS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stations", type=int, default=700, help="default 700")
    options = parser.parse_args()
    county = SCALES["county"]
    scale = Scale(options.stations, round(options.stations * county.n_villages / county.n_stations))
    with tempfile.TemporaryDirectory() as name:
        # The nowcast has a limit of its own (65,536 cells); a step is measured without it.
        settings = {"longest: 72h": "longest: 24h", "# lateness_max: 24h": "lateness_max: 1h"}
        settings["method: advection"] = "method: none"
        write_wide_network(Path(name), scale, settings=settings)
        empty_mb = memory_mb(os.getpid())
        started = time.perf_counter()
        configuration = load_configuration(Path(name))
        loaded_s = time.perf_counter() - started
    started = time.perf_counter()
    engine = build_engine(configuration)
    built_s = time.perf_counter() - started
    took_ms = []
    for minute in range(WARM_UP_STEPS + STEPS):
        now_s = START_S + MINUTE_S * minute
        batch = minute_of_readings(scale.n_stations, now_s, minute)
        started = time.perf_counter()
        engine.step(batch, [], now_s)
        if minute >= WARM_UP_STEPS:
            took_ms.append(1e3 * (time.perf_counter() - started))
    result = {
        "stations": scale.n_stations,
        "villages": scale.n_villages,
        "configuration loaded, s": round(loaded_s, 3),
        "engine built, s": round(built_s, 3),
        "step with a minute of readings, p50 ms": round(statistics.median(took_ms), 2),
        "values a second through steps": round(1e3 * len(batch) / statistics.median(took_ms)),
        "memory of configuration, engine and 13 minutes, MB": round(memory_mb(os.getpid()) - empty_mb, 1),
    }
    print(json.dumps(result))


def minute_of_readings(n_stations: int, now_s: int, minute: int) -> ReadingBatch:
    """Eight values of every station, a tenth of the stations with rain."""
    generator = stream(minute, "growth rain")
    station = np.repeat(np.arange(n_stations), len(VARIABLES))
    variable = np.tile([Variable[word.upper()] for word in VARIABLES], n_stations)
    value = np.tile([0.0, 21.5, 88.0, 1001.2, 3.4, 210.0, 33.0, 1.25], n_stations)
    wet = generator.random(n_stations) < 0.1
    value[:: len(VARIABLES)] = np.where(wet, generator.integers(1, 5, n_stations) / 10, 0.0)
    return batch_of(station, variable, np.full(len(station), now_s), value)


if __name__ == "__main__":
    main()
