"""One trace through our windows and through other people's tools, for `benchmarks.bench_peers`.

The trace: stations that report every minute, some readings late. Each tool
keeps four rolling sums per station and compares them with four thresholds.
Streaming tools give levels every minute; pandas and polars see the whole trace
at once, which is the easier task. Every run says each station's sums at the end.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from benchmarks.assess_network import START_S
from warnstream.hazards.tables import levels_of
from warnstream.model.arrays import Float64Array, Int32Array, Int64Array
from warnstream.windows.rain_window import RainWindow

WINDOW_MIN = (10, 60, 180, 360)
CRITICAL_MM = np.array([[5, 8, 12, 20], [15, 25, 40, 80], [30, 50, 80, 120], [50, 80, 120, 160.0]])
LATE_SHARE, LATE_MIN_MAX = 0.01, 30


class Trace:
    """Readings in order of arrival.

    Attributes
    ----------
    station : Int32Array, shape (n,)
    at_s : Int64Array, shape (n,)
    rain_mm : Float64Array, shape (n,)
    minutes : list of slice
        What arrived in each minute.
    """

    def __init__(self, n_stations: int, n_minutes: int) -> None:
        random = np.random.default_rng(3)
        self.n_stations, self.n_minutes = n_stations, n_minutes
        minute, station = np.divmod(np.arange(n_stations * n_minutes), n_stations)
        late = np.where(
            random.random(len(minute)) < LATE_SHARE, random.integers(1, LATE_MIN_MAX, len(minute)), 0
        )
        arrives = np.minimum(minute + late, n_minutes - 1)
        order = np.argsort(arrives, kind="stable")
        self.station: Int32Array = station[order].astype(np.int32)
        self.at_s: Int64Array = START_S + 60 * (minute[order] + 1)
        tips = random.integers(0, 8, len(order)) * (random.random(len(order)) < 0.4)
        self.rain_mm: Float64Array = tips / 10
        bounds = np.searchsorted(arrives[order], np.arange(n_minutes + 1))
        self.minutes = [slice(a, b) for a, b in pairwise(bounds)]

    def __len__(self) -> int:
        return len(self.station)


class Ring:
    """Our windows and levels, fed minute by minute."""

    def __init__(self, n_stations: int) -> None:
        self._ring = RainWindow(np.full(n_stations, 60, dtype=np.int32), span_s=8 * 3600, grace_s=120)
        self._ring.advance(START_S)
        self._duration_s = 60 * np.array(WINDOW_MIN, dtype=np.int32)
        self.rain_mm: Float64Array = np.zeros((n_stations, len(WINDOW_MIN)))

    def step(self, station: Int32Array, at_s: Int64Array, rain_mm: Float64Array, now_s: int) -> int:
        """Worst level after a minute's readings."""
        self._ring.advance(now_s)
        self._ring.add(station, at_s, rain_mm)
        self.rain_mm = self._ring.latest(self._duration_s, now_s).rain_mm  # as a step of a node does
        return int(levels_of(self.rain_mm, CRITICAL_MM).max(initial=0))


def ours(trace: Trace) -> Float64Array:
    """One batch a minute."""
    ring = Ring(trace.n_stations)
    for minute, rows in enumerate(trace.minutes):
        ring.step(trace.station[rows], trace.at_s[rows], trace.rain_mm[rows], START_S + 60 * (minute + 1))
    return ring.rain_mm


def sums_at_end(trace: Trace, n_readings: int | None = None) -> Float64Array:
    """Every station's rain until the newest reading, plainly added up; shape (n_stations, n_windows).

    Of the first `n_readings` in order of arrival; None: of all.
    """
    rows = slice(0, n_readings)
    station, at_s, rain_mm = trace.station[rows], trace.at_s[rows], trace.rain_mm[rows]
    sums = np.zeros((trace.n_stations, len(WINDOW_MIN)))
    for index, window_min in enumerate(WINDOW_MIN):
        inside = at_s > at_s.max() - 60 * window_min
        np.add.at(sums[:, index], station[inside], rain_mm[inside])
    return sums


class Queues:
    """A queue and a running sum per window of one station: what a stream processor keeps per key.

    A late reading queues behind newer ones and leaves late: its sums are not
    ours (`tests/unit/windows/test_late_readings_in_queues.py`).
    """

    def __init__(self) -> None:
        self._kept: list[deque[tuple[int, float]]] = [deque() for _ in WINDOW_MIN]
        self.sums_mm = [0.0] * len(WINDOW_MIN)

    def step(self, at_s: int, rain_mm: float) -> int:
        """Worst level after one reading."""
        worst = 0
        for index, window_min in enumerate(WINDOW_MIN):
            kept = self._kept[index]
            kept.append((at_s, rain_mm))
            self.sums_mm[index] += rain_mm
            while kept[0][0] <= at_s - 60 * window_min:
                self.sums_mm[index] -= kept.popleft()[1]
            for level, critical in enumerate(CRITICAL_LISTS[index], start=1):
                if self.sums_mm[index] >= critical and level > worst:
                    worst = level
        return worst


CRITICAL_LISTS = CRITICAL_MM.tolist()


def dict_and_deque(trace: Trace) -> Float64Array:
    """One reading after the other, in plain Python."""
    queues: dict[int, Queues] = {}
    for station, at_s, rain_mm in _rows(trace):
        if station not in queues:
            queues[station] = Queues()
        queues[station].step(at_s, rain_mm)
    return np.array([queues[station].sums_mm for station in range(trace.n_stations)])


def bytewax_stateful_map(trace: Trace) -> Float64Array:
    """The same state per key in bytewax."""
    import bytewax.operators as op  # an optional peer
    from bytewax.dataflow import Dataflow
    from bytewax.testing import TestingSink, TestingSource, run_main

    states: list[tuple[int, Queues]] = []

    def step(state: Queues | None, value: tuple[int, int, float]) -> tuple[Queues, int]:
        station, at_s, rain_mm = value
        if state is None:
            state = Queues()
            states.append((station, state))
        return state, state.step(at_s, rain_mm)

    flow = Dataflow("queues")
    rows = [(str(reading[0]), reading) for reading in _rows(trace)]
    stream = op.input("in", flow, TestingSource(rows, batch_size=1000))
    levels = op.stateful_map("levels", stream, step)
    op.output("out", levels, TestingSink([]))
    run_main(flow)
    return np.array([state.sums_mm for _, state in sorted(states, key=lambda item: item[0])])


def bytewax_ring(trace: Trace) -> Float64Array:
    """Bytewax hands every minute's readings to our ring."""
    import bytewax.operators as op
    from bytewax.dataflow import Dataflow
    from bytewax.testing import TestingSink, TestingSource, run_main

    ring = Ring(trace.n_stations)
    rows = list(_rows(trace))
    minutes = [(minute, rows[some]) for minute, some in enumerate(trace.minutes)]

    def step(item: tuple[int, list[tuple[int, int, float]]]) -> int:
        station, at_s, rain_mm = zip(*item[1], strict=True)
        return ring.step(
            np.array(station, dtype=np.int32), np.array(at_s), np.array(rain_mm), START_S + 60 * (item[0] + 1)
        )

    flow = Dataflow("ring")
    stream = op.input("in", flow, TestingSource(minutes))
    op.output("out", op.map("levels", stream, step), TestingSink([]))
    run_main(flow)
    return ring.rain_mm


def pandas_rolling(trace: Trace) -> Float64Array:
    """The whole trace at once: rolling sums per station and window."""
    import pandas as pd

    time_ = pd.to_datetime(trace.at_s, unit="s")
    frame = pd.DataFrame({"station": trace.station, "time": time_, "rain": trace.rain_mm})
    frame = frame.sort_values(["station", "time"])
    last = np.flatnonzero(np.diff(frame["station"].to_numpy(), append=-1))
    by_station = frame.set_index("time").groupby("station", sort=False)["rain"]
    found = []
    for index, window_min in enumerate(WINDOW_MIN):
        sums = by_station.rolling(f"{window_min}min").sum().to_numpy()
        levels_of(sums, CRITICAL_MM[index])
        found.append(sums[last])
    return np.stack(found, axis=-1)


def polars_rolling(trace: Trace) -> Float64Array:
    """The same in polars."""
    import polars as pl

    frame = pl.DataFrame({"station": trace.station, "time": trace.at_s, "rain": trace.rain_mm})
    frame = frame.sort(["station", "time"]).with_columns(pl.from_epoch("time", time_unit="s").alias("time"))
    sums = frame.with_columns(
        pl.col("rain").rolling_sum_by("time", window_size=f"{window_min}m").over("station").alias(str(index))
        for index, window_min in enumerate(WINDOW_MIN)
    )
    last = np.flatnonzero(np.diff(frame["station"].to_numpy(), append=-1))
    found = []
    for index in range(len(WINDOW_MIN)):
        column = sums[str(index)].to_numpy()
        levels_of(column, CRITICAL_MM[index])
        found.append(column[last])
    return np.stack(found, axis=-1)


OURS = "ours, one batch a minute"
RUNS: dict[str, tuple[str, Callable[[Trace], Float64Array]]] = {
    OURS: ("numpy", ours),
    "polars rolling, whole trace at once": ("polars", polars_rolling),
    "pandas rolling, whole trace at once": ("pandas", pandas_rolling),
    "bytewax handing minutes to our ring": ("bytewax", bytewax_ring),
    "dict and deque in plain Python": ("numpy", dict_and_deque),
    "bytewax stateful_map": ("bytewax", bytewax_stateful_map),
}
"""Label -> the package it needs, and the run."""


def _rows(trace: Trace) -> Iterator[tuple[int, int, float]]:
    return zip(trace.station.tolist(), trace.at_s.tolist(), trace.rain_mm.tolist(), strict=True)
