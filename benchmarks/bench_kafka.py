"""What Kafka between readings and judgement costs: `make bench-kafka`.

    python -m benchmarks.bench_kafka [--hours 4] [--stations 0]

The demo county's storm as entries of a minute each. An engine of its own takes them one by one in this
process; then a `warnstream judge` of each client takes them from a real Kafka. Compared is processor time
for the same entries, not wall time: brokers and workers share this machine. Then the last hour once more at
ten entries a second, for the time from an entry's place in Kafka to the mark behind its events.
"""

import argparse
import asyncio
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.kafka_cluster import KafkaCluster
from benchmarks.kafka_jars import why_absent
from benchmarks.processes import command, free_port
from station_sim.county.county import read_county
from station_sim.sending.scenario import Scenario
from station_sim.topics import is_clock
from tests.kafka import KafkaCounty
from warnstream.adapters.kafka.client import ensure_topics
from warnstream.adapters.kafka.producer import Producer, Record
from warnstream.adapters.kafka.schema import Topics, headers_of
from warnstream.config.load import load_configuration
from warnstream.runners.build import derive
from warnstream.runners.intake import entries
from warnstream.runners.kafka.shard import Shard

CLIENTS = ("aiokafka", "faust")
PACED = 100
PACE_S = 0.1
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def minutes(directory: Path, hours: float) -> tuple[list[bytes], int]:
    """Entries, each with the messages of a minute and the time after it; how many messages in all."""
    found, waiting, count = [], [], 0
    for message in Scenario(1, read_county(directory), hours).messages():
        waiting.append((message.topic, message.payload))
        count += 1
        if is_clock(message.topic):
            topics, payloads = zip(*waiting, strict=True)
            found.append(entries.encode_arrived([(topics, payloads)]))
            waiting = []
    return found, count


def alone(directory: Path, taken: list[bytes]) -> float:
    """Processor seconds of an engine of its own."""
    shard = Shard(derive(load_configuration(directory)))
    begun = time.process_time()
    for payload in taken:
        assert not shard.take(entries.MESSAGES, payload).error
    return time.process_time() - begun


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


async def produce(county: KafkaCounty, taken: list[bytes], pace_s: float) -> None:
    producer = Producer(county.kafka, "bench")
    topic = Topics(county.kafka.prefix).entries
    for payload in taken:
        record = Record(topic, county.partition, payload, headers=headers_of(entries.MESSAGES))
        await producer.send([record])
        if pace_s:
            await asyncio.sleep(pace_s)
    await producer.close()


def through(county: KafkaCounty, client: str, taken: list[bytes]) -> tuple[float, list[float]]:
    """Processor seconds of a judge for the entries; milliseconds from entry to mark where paced."""
    asyncio.run(ensure_topics(county.kafka))
    n_paced = min(PACED, len(taken) // 4)
    fast, paced = taken[:-n_paced], taken[-n_paced:]
    try:
        county.start("judge", "--client", client)
        county.wait_until_ready("judge")
        before = cpu_s(county.processes["judge"].pid)
        asyncio.run(produce(county, fast, 0))
        county.wait_until_judged()
        took_s = cpu_s(county.processes["judge"].pid) - before
        asyncio.run(produce(county, paced, PACE_S))
        county.wait_until_judged()
    finally:
        county.end()
    at_ms = {record.offset + 1: record.timestamp for record in county.records("entries")}
    marks = [
        (int(record.value), record.timestamp)
        for record in county.records("events")
        if record.key == b"judged"
    ]
    late = [(marked_ms - at_ms[number]) for number, marked_ms in marks if number > len(fast)]
    return took_s, late


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=float, default=4)
    parser.add_argument("--stations", type=int, default=0, help="default: the county's 700")
    options = parser.parse_args()
    if absent := why_absent():
        print(f"cannot be run: {absent}")
        return 1
    with tempfile.TemporaryDirectory(prefix="bench-kafka-") as name:
        folder = Path(name)
        words = [command("station-sim"), "county", "--out", str(folder / "county"), "--clock", "simulated"]
        if options.stations:
            words += ["--stations", str(options.stations), "--villages", str(4 * options.stations)]
        subprocess.run(words, check=True, capture_output=True, timeout=300)
        taken, n_messages = minutes(folder / "county", options.hours)
        n_fast = len(taken) - min(PACED, len(taken) // 4)
        own_s = alone(folder / "county", taken[:n_fast])
        cores, load = os.cpu_count(), os.getloadavg()[0]
        print(f"{platform.machine()}, {cores} cores, load {load:.0f} at the beginning")
        print(f"{n_messages} messages in {len(taken)} entries; an engine of its own: {own_s:.2f} CPU s\n")
        print("| client | CPU s | of the engine's own | entry to mark, ms p50 | p99 |\n|---|---|---|---|---|")
        with KafkaCluster(folder / "kafka") as cluster:
            for client in CLIENTS:
                ports = {role: free_port() for role in ("bridge", "judge", "deliver")}
                county = KafkaCounty(folder / client, cluster.addresses, ports=ports)
                county.copy_of(KafkaCounty(folder / "county", cluster.addresses))
                with (county.directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
                    file.write(county.section(prefix=client))
                took_s, late = through(county, client, taken)
                p50, p99 = np.percentile(late, [50, 99])
                print(
                    f"| {client} | {took_s:.2f} | {own_s / took_s:.2f} | {p50:.0f} | {p99:.0f} |", flush=True
                )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
