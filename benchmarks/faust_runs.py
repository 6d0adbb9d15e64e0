"""Faust on the trace of `benchmarks.peer_runs`, through a real Kafka broker on this machine.

Two ways: Faust's own hopping-window tables with one reading per event, and batches of 1,000
readings that go to our ring. The topic is filled first; the clock runs from the first to the last
reading in the worker. The tables write a changelog message for every window that a reading falls into
(610 for ten minutes to six hours in steps of a minute), so they get the first minute of the trace only.
"""

import asyncio
import json
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.faust_worker import encode_batch
from benchmarks.peer_runs import Trace, sums_at_end

BATCH = 1_000
TABLE_MINUTES = 1
WORKER_S_MAX = 90.0
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Found:
    """One run: what it took, and how many sums differ from those of all readings added up."""

    readings: int
    took_s: float
    cpu_s: float
    differing: int

    @property
    def us_per_reading(self) -> float:
        """Microseconds of the clock."""
        return 1e6 * self.took_s / self.readings


def run_table(broker: str, trace: Trace, number: int, minutes: int = TABLE_MINUTES) -> Found:
    """Faust's windowed table, one reading per event, over the first minutes of the trace (one by default)."""
    n_readings = int(trace.minutes[minutes - 1].stop)
    events = (
        (str(trace.station[row]).encode(), json.dumps([str(trace.station[row]), trace.rain_mm[row]]).encode())
        for row in range(n_readings)
    )
    topic = f"readings-{number}"
    asyncio.run(_fill(broker, topic, zip(events, trace.at_s[:n_readings].tolist(), strict=True)))
    return _work("table", broker, topic, trace, n_readings)


def run_ring(broker: str, trace: Trace, number: int) -> Found:
    """Batches of readings that go to our ring, over the whole trace."""
    topic = f"batches-{number}"
    asyncio.run(_fill(broker, topic, _batches(trace)))
    return _work("ring", broker, topic, trace, len(trace))


def _batches(trace: Trace) -> Iterator[tuple[tuple[None, bytes], int]]:
    for first in range(0, len(trace), BATCH):
        some = slice(first, first + BATCH)
        payload = encode_batch(trace.station[some], trace.at_s[some], trace.rain_mm[some])
        yield (None, payload), int(trace.at_s[some].max())


async def _fill(broker: str, topic: str, events: Iterator[tuple[tuple[bytes | None, bytes], int]]) -> None:
    """Everything into one partition, with the time of the readings as that of the event."""
    from aiokafka import AIOKafkaProducer
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    # The oldest time that a topic keeps would drop readings of another year.
    settings = {"retention.ms": "-1", "message.timestamp.after.max.ms": str(2**62)}
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=settings)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all", linger_ms=5)
    await producer.start()
    try:
        for (key, value), at_s in events:
            await producer.send(topic, value, key=key, partition=0, timestamp_ms=1000 * at_s)
        await producer.flush()
    finally:
        await producer.stop()


def _work(kind: str, broker: str, topic: str, trace: Trace, n_readings: int) -> Found:
    """One worker over a topic that is full."""
    command = [sys.executable, "-m", "benchmarks.faust_worker", kind, broker, topic]
    worker = subprocess.Popen(
        [*command, str(n_readings), str(trace.n_stations)],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = _line_within(worker, WORKER_S_MAX)
    finally:
        worker.kill()
        _, errors = worker.communicate()
    if not line:
        raise RuntimeError(
            f"the Faust worker ended or told nothing in {WORKER_S_MAX:.0f} s: {errors[-1500:]}"
        )
    told = json.loads(line)
    wanted = sums_at_end(trace, n_readings)
    differing = int((~np.isclose(np.array(told["rain_mm"]), wanted, atol=0.005)).sum())
    return Found(n_readings, told["took_s"], told["cpu_s"], differing)


def _line_within(worker: "subprocess.Popen[str]", seconds: float) -> str:
    """The worker's line; empty if it ended or is not done by then."""
    assert worker.stdout is not None
    ready, _, _ = select.select([worker.stdout], [], [], seconds)
    return worker.stdout.readline() if ready else ""
