"""What Kafka between readings and judgement costs: `make bench-kafka`.

    python -m benchmarks.bench_kafka [--hours 4] [--stations 0] [--rate 100000]

The demo county's storm as entries of a minute each. An engine of its own takes them one by one in this
process; then a `warnstream judge` of each client takes them from a real Kafka. Compared is processor time
for the same entries, not wall time: brokers and workers share this machine. Then the last quarter at `--rate`
values a second, for the time from producing the entry whose readings crossed a threshold to the level change
in the events topic: goal on a quiet machine p99 below 500 ms at 100,000 values/s. The rate that was reached
is printed beside it; where that is below the asked one, the time is one of a queue.
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
from warnstream.adapters.kafka.schema import Topics, header_number, headers_of, kind_of
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.runners.build import build_decoder, derive, topics_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.topics import StationTopics
from warnstream.runners.kafka.shard import CHANGE, Shard

CLIENTS = ("aiokafka", "faust")
PACED_SHARE = 0.25
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


def values_of(directory: Path, taken: list[bytes]) -> list[int]:
    """How many values each entry has."""
    configuration = load_configuration(directory)
    decoder, stations = build_decoder(configuration), StationTopics(topics_of(configuration))
    found = []
    for payload in taken:
        pairs = [pair for pair in entries.decode_messages(payload) if stations.has(pair[0])]
        decoded = decoder.decode([RawMessage(topic, content) for topic, content in pairs], 0)
        found.append(len(decoded.readings))
    return found


async def produce(county: KafkaCounty, taken: list[bytes], values: list[int], rate: float) -> float:
    """Write entries, not faster than so many values a second (0: as fast as it goes); the rate reached."""
    producer = Producer(county.kafka, "bench")
    topic = Topics(county.kafka.prefix).entries
    await producer.open()
    begun_s, n_values = time.monotonic(), 0
    for payload, count in zip(taken, values, strict=True):
        record = Record(topic, county.partition, payload, headers=headers_of(entries.MESSAGES))
        await producer.send([record])
        n_values += count
        if rate:
            await asyncio.sleep(max(0.0, begun_s + n_values / rate - time.monotonic()))
    took_s = time.monotonic() - begun_s
    await producer.close()
    return n_values / took_s


def through(
    county: KafkaCounty, client: str, taken: list[bytes], values: list[int], rate: float
) -> tuple[float, float, list[float]]:
    """Processor seconds of a judge for the first entries; of the others the rate reached, and delays.

    Those are milliseconds from producing an entry to each level change that it led to.
    """
    asyncio.run(ensure_topics(county.kafka))
    n_fast = len(taken) - int(len(taken) * PACED_SHARE)
    try:
        county.start("judge", "--client", client)
        county.wait_until_ready("judge")
        before = cpu_s(county.processes["judge"].pid)
        asyncio.run(produce(county, taken[:n_fast], values[:n_fast], 0))
        county.wait_until_judged()
        took_s = cpu_s(county.processes["judge"].pid) - before
        reached = asyncio.run(produce(county, taken[n_fast:], values[n_fast:], rate))
        county.wait_until_judged()
    finally:
        county.end()
    at_ms = {record.offset + 1: record.timestamp for record in county.records("entries")}
    changes = [record for record in county.records("events") if kind_of(record.headers, "it") == CHANGE]
    caused = [(header_number(record.headers, "of", "it"), record.timestamp) for record in changes]
    return took_s, reached, [float(told_ms - at_ms[of]) for of, told_ms in caused if of > n_fast]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=float, default=4)
    parser.add_argument("--rate", type=float, default=100_000, help="values a second (default 100,000)")
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
        values = values_of(folder / "county", taken)
        n_fast = len(taken) - int(len(taken) * PACED_SHARE)
        own_s = alone(folder / "county", taken[:n_fast])
        cores, load = os.cpu_count(), os.getloadavg()[0]
        print(f"{platform.machine()}, {cores} cores, load {load:.0f} at the beginning")
        print(
            f"{n_messages} messages, {sum(values)} values in {len(taken)} entries; an engine of its own: "
            f"{own_s:.2f} CPU s\n"
        )
        print(
            "| client | CPU s | of the engine's own | values/s asked | reached | level changes | "
            "produced to changed, ms p50 | p99 |\n|---|---|---|---|---|---|---|---|"
        )
        with KafkaCluster(folder / "kafka") as cluster:
            for client in CLIENTS:
                ports = {role: free_port() for role in ("bridge", "judge", "deliver")}
                county = KafkaCounty(folder / client, cluster.addresses, ports=ports)
                county.copy_of(KafkaCounty(folder / "county", cluster.addresses))
                with (county.directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
                    file.write(county.section(prefix=client))
                took_s, reached, late = through(county, client, taken, values, options.rate)
                p50, p99 = np.percentile(late, [50, 99]) if late else (np.nan, np.nan)
                print(
                    f"| {client} | {took_s:.2f} | {own_s / took_s:.2f} | {options.rate:.0f} | "
                    f"{reached:.0f} | {len(late)} | {p50:.0f} | {p99:.0f} |",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
