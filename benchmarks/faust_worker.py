"""A Faust worker that takes a trace from Kafka, for `benchmarks.faust_runs`.

    python -m benchmarks.faust_worker table|ring BROKER TOPIC READINGS STATIONS

``table``: one reading per event, hopping-window tables of one-minute steps as Faust's manual has
them, and the worst level of every reading. ``ring``: an event is a raw batch that goes to our ring.
Prints one line of JSON when the last reading has been taken: seconds since the first, CPU seconds,
and every station's rain at the end. Faust holds the process until it is ended.
"""

import json
import sys
import time
from typing import Any

import numpy as np

from benchmarks.peer_runs import CRITICAL_LISTS, WINDOW_MIN, Ring
from warnstream.model.arrays import Float64Array, Int32Array, Int64Array

STEP_S = 60
ROW = np.dtype([("station", "<i4"), ("at_s", "<i8"), ("rain_mm", "<f8")])
"""One reading of a raw batch."""


def encode_batch(station: Int32Array, at_s: Int64Array, rain_mm: Float64Array) -> bytes:
    """Readings as one Kafka message."""
    rows = np.empty(len(station), dtype=ROW)
    rows["station"], rows["at_s"], rows["rain_mm"] = station, at_s, rain_mm
    return rows.tobytes()


def decode_batch(payload: bytes) -> tuple[Int32Array, Int64Array, Float64Array]:
    """Columns of a batch."""
    rows = np.frombuffer(payload, dtype=ROW)
    return rows["station"].copy(), rows["at_s"].copy(), rows["rain_mm"].copy()


def make_app(broker: str, topic: str) -> Any:
    """Settings that helped; state in memory, changelogs in Kafka as always."""
    import faust

    return faust.App(
        f"peer-{topic}",
        broker=f"kafka://{broker}",
        store="memory://",
        web_enabled=False,
        topic_partitions=1,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=1.0,
        broker_max_poll_records=500,
        stream_wait_empty=False,
    )


class Told:
    """When the first and the last reading came."""

    def __init__(self, n_readings: int) -> None:
        self._left = n_readings
        self._begun: tuple[float, float] | None = None

    def begin(self) -> None:
        """Before the first reading is worked on."""
        if self._begun is None:
            self._begun = time.perf_counter(), time.process_time()

    def took(self, n: int) -> bool:
        """So many more are done; True at the last."""
        self._left -= n
        return self._left <= 0

    def tell(self, rain_mm: list[list[float]]) -> None:
        """Say it to who started this process."""
        assert self._begun is not None
        took_s, cpu_s = time.perf_counter() - self._begun[0], time.process_time() - self._begun[1]
        print(json.dumps({"took_s": took_s, "cpu_s": cpu_s, "rain_mm": rain_mm}), flush=True)


def add_table_agent(app: Any, topic: str, n_readings: int, n_stations: int) -> None:
    """Four tables of hopping windows; the window that ends with this minute is the earliest that holds it."""
    tables = [
        app.Table(f"rain-{window_min}", default=float, partitions=1).hopping(
            60 * window_min, STEP_S, expires=60 * (window_min + 60)
        )
        for window_min in WINDOW_MIN
    ]
    told = Told(n_readings)

    @app.agent(app.topic(topic, value_serializer="json", key_type=str))  # type: ignore[untyped-decorator]
    async def accumulate(stream: Any) -> None:
        async for event in stream.events():
            told.begin()
            station, rain_mm = event.value
            worst = 0
            for table, critical in zip(tables, CRITICAL_LISTS, strict=True):
                windows = table[station]
                windows += rain_mm
                found = windows[table.table.window.earliest(event.message.timestamp)]
                worst = max([worst, *(level for level, mm in enumerate(critical, 1) if found >= mm)])
            if told.took(1):
                at_s = event.message.timestamp
                told.tell(
                    [[t[str(n)][t.table.window.earliest(at_s)] for t in tables] for n in range(n_stations)]
                )


def add_ring_agent(app: Any, topic: str, n_readings: int, n_stations: int) -> None:
    """Columns of a batch as they are go to the ring; levels of all stations once per batch."""
    ring, told = Ring(n_stations), Told(n_readings)

    @app.agent(app.topic(topic, value_serializer="raw"))  # type: ignore[untyped-decorator]
    async def accumulate(stream: Any) -> None:
        async for payload in stream:
            told.begin()
            station, at_s, rain_mm = decode_batch(payload)
            ring.step(station, at_s, rain_mm, int(at_s.max()))
            if told.took(len(station)):
                told.tell(ring.rain_mm.tolist())


AGENTS = {"table": add_table_agent, "ring": add_ring_agent}


def main() -> None:
    from mode import Worker

    kind, broker, topic, n_readings, n_stations = sys.argv[1:]
    app = make_app(broker, topic)
    AGENTS[kind](app, topic, int(n_readings), int(n_stations))
    Worker(app, loglevel="WARNING", logfile=sys.stderr, redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
