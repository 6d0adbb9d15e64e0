"""Rain accumulations of one trace by warnstream and by others: pandas, polars, bytewax.

    python -m benchmarks.bench_peers [--stations N] [--hours H] [--repeats N] [--json FILE]

Everybody gets the same readings of one storm (station, minute, millimetres) and says the rain of the
last 1, 3, 6 and 24 hours. warnstream takes them minute by minute, as a node does, and says all stations'
rain after each minute; it also keeps how much of each window was observed, which nobody else does. pandas
and polars get the whole trace at once, which a live service cannot, and say the rain at each reading.
bytewax keeps one state per station and takes reading by reading. The last amounts of all stations are
compared. A peer that is not installed is said to be absent (`pip install 'warnstream[bench]'`).
"""

import argparse
import json
import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from station_sim.seeds import stream
from warnstream.model.arrays import Float64Array, Int32Array, Int64Array
from warnstream.model.times import DAY_S, MINUTE_S
from warnstream.windows.rain_window import RainWindow

DURATIONS_S = (3_600, 10_800, 21_600, 86_400)
START_S = 1_781_762_400
INTERVAL_MIN = 5


@dataclass(frozen=True, slots=True)
class Trace:
    """Readings in order of time, then station."""

    n_stations: int
    station: Int32Array
    observed_at_s: Int64Array
    rain_mm: Float64Array

    def __len__(self) -> int:
        return len(self.station)


def make_trace(n_stations: int, hours: float) -> Trace:
    """Tips of 0.1 mm every five minutes; a tenth of the time is wet."""
    generator = stream(1, "peer trace")
    n_times = round(hours * 60 / INTERVAL_MIN)
    wet = generator.random((n_times, n_stations)) < 0.1
    rain_mm = np.where(wet, generator.integers(1, 40, (n_times, n_stations)) / 10, 0.0)
    times = START_S + INTERVAL_MIN * MINUTE_S * np.arange(1, n_times + 1)
    return Trace(
        n_stations,
        np.tile(np.arange(n_stations, dtype=np.int32), n_times),
        np.repeat(times, n_stations),
        rain_mm.ravel(),
    )


def by_warnstream(trace: Trace) -> Float64Array:
    window = RainWindow(
        np.full(trace.n_stations, INTERVAL_MIN * MINUTE_S, dtype=np.int32), span_s=DAY_S + 3_600, grace_s=0
    )
    durations = np.array(DURATIONS_S, dtype=np.int32)
    ends = np.flatnonzero(np.diff(trace.observed_at_s)) + 1
    rain_mm = np.zeros((trace.n_stations, len(durations)))
    for first, last in zip([0, *ends], [*ends, len(trace)], strict=True):
        rows, now_s = slice(first, last), int(trace.observed_at_s[first])
        # Four minutes bring nothing and are judged all the same.
        for back in range(INTERVAL_MIN - 1, -1, -1):
            window.advance(now_s - back * MINUTE_S)
            if back == 0:
                window.add(trace.station[rows], trace.observed_at_s[rows], trace.rain_mm[rows])
            rain_mm = window.accumulate(durations, now_s - back * MINUTE_S).rain_mm
    return rain_mm


def by_pandas(trace: Trace) -> Float64Array:
    import pandas as pd

    frame = pd.DataFrame(
        {"station": trace.station, "at": pd.to_datetime(trace.observed_at_s, unit="s"), "rain": trace.rain_mm}
    ).set_index("at")
    groups = frame.groupby("station")["rain"]
    columns = [groups.rolling(f"{seconds}s").sum().groupby(level=0).last() for seconds in DURATIONS_S]
    return np.stack([column.sort_index().to_numpy() for column in columns], axis=-1)


def by_polars(trace: Trace) -> Float64Array:
    import polars as pl

    frame = pl.DataFrame(
        {"station": trace.station, "at": trace.observed_at_s, "rain": trace.rain_mm}
    ).with_columns(pl.from_epoch("at"))
    sums = [
        pl.col("rain").rolling_sum_by("at", window_size=f"{seconds}s").over("station").alias(str(seconds))
        for seconds in DURATIONS_S
    ]
    last = frame.with_columns(sums).group_by("station").last().sort("station")
    return np.asarray(last.select([str(seconds) for seconds in DURATIONS_S]).to_numpy())


def by_bytewax(trace: Trace) -> Float64Array:
    import bytewax.operators as op
    from bytewax.dataflow import Dataflow
    from bytewax.testing import TestingSink, TestingSource, run_main

    def accumulate(
        state: "deque[tuple[int, float]] | None", reading: tuple[int, float]
    ) -> "tuple[deque[tuple[int, float]], tuple[float, ...]]":
        kept: deque[tuple[int, float]] = deque() if state is None else state
        kept.append(reading)
        while kept[0][0] <= reading[0] - DURATIONS_S[-1]:
            kept.popleft()
        return kept, tuple(
            sum(rain for at, rain in kept if at > reading[0] - seconds) for seconds in DURATIONS_S
        )

    rows = zip(
        map(str, trace.station.tolist()),
        zip(trace.observed_at_s.tolist(), trace.rain_mm.tolist(), strict=True),
        strict=True,
    )
    found: list[tuple[str, tuple[float, ...]]] = []
    flow = Dataflow("rain")
    readings = op.input("in", flow, TestingSource(list(rows), batch_size=1000))
    op.output("out", op.stateful_map("sum", readings, accumulate), TestingSink(found))
    run_main(flow)  # type: ignore[no-untyped-call,unused-ignore]
    last = dict(found)
    return np.array([last[str(station)] for station in range(trace.n_stations)])


PEERS: dict[str, Callable[[Trace], Float64Array]] = {
    "pandas": by_pandas,
    "polars": by_polars,
    "bytewax": by_bytewax,
}


def measure(trace: Trace, repeats: int) -> dict[str, Any]:
    """Readings a second of everybody, and who is absent or disagrees."""
    wanted = by_warnstream(trace)
    rates: dict[str, list[float]] = {}
    notes: dict[str, str] = {}
    for _ in range(repeats):
        for name, run in {"warnstream": by_warnstream, **PEERS}.items():
            if name in notes:
                continue
            started = time.perf_counter()
            try:
                found = run(trace)
            except ImportError:
                notes[name] = "absent"
                continue
            rates.setdefault(name, []).append(len(trace) / (time.perf_counter() - started))
            if not np.allclose(found, wanted, atol=0.005):
                notes[name] = f"differs by up to {np.abs(found - wanted).max():.3f} mm"
    return {"readings": len(trace), "rates": rates, "notes": notes}


def table(result: dict[str, Any]) -> str:
    own = statistics.median(result["rates"]["warnstream"])
    lines = ["| who | readings/s, median (min-max) | warnstream is | note |", "|---|---|---|---|"]
    for name in ("warnstream", *PEERS):
        rates, note = result["rates"].get(name), result["notes"].get(name, "")
        if rates:
            spread = f"{statistics.median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})"
            lines.append(f"| {name} | {spread} | {own / statistics.median(rates):.1f} times | {note} |")
        else:
            lines.append(f"| {name} | | | {note} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stations", type=int, default=700, help="default 700")
    parser.add_argument("--hours", type=float, default=24.0, help="default 24")
    parser.add_argument("--repeats", type=int, default=3, help="default 3")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")
    options = parser.parse_args()
    result = measure(make_trace(options.stations, options.hours), options.repeats)
    print(f"{result['readings']:,} readings, 4 durations\n")
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
