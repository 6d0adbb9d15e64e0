"""Shards of a county, judged by workers of a real Kafka, beside one engine of the whole county.

Run: ``python -m tests.simulation.parity_kafka [--shards 1 4 12] [--workers 1 2 4] [--hours H] [--stations N]
[--villages N] [--client C] [--seed N]`` (``make parity-kafka``).

A storm with harsh faults and a radar goes through MQTT, `warnstream bridge` and the county's partitions to so
many `warnstream judge`; people send signs. In its second third a worker is added, in its last one is stopped.
Then, for every shard, one engine of the *whole* county takes what stands in that shard's partition:
what it tells the shard's villages must stand in the events topic, key by key and byte by byte; so must
digests of posts. Nobody answers for a whole county here: such posts are told by shard.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.kafka_cluster import KafkaCluster
from benchmarks.processes import BrokerProcess, find_mosquitto
from tests.conftest import free_port
from tests.e2e.live import command
from tests.kafka import KafkaCounty, storm, why_no_kafka
from tests.shards import Said, as_told, write_shards
from warnstream.adapters.kafka.schema import kind_of
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.runners.build import derive
from warnstream.runners.kafka.parts import parts_of
from warnstream.runners.kafka.shard import Shard

WAIT_S_MAX = 900.0
SIGNS = 20


@dataclass(slots=True)
class Tally:
    """What has been compared and found."""

    n_events: int = 0
    n_told: int = 0
    n_villages: int = 0
    n_digests: int = 0
    faults: list[str] = field(default_factory=list)


class Workers:
    """The judges of one county, which come and go."""

    def __init__(self, county: KafkaCounty, n_shards: int, client: str) -> None:
        self._county, self.partitions, self._client = county, range(n_shards), client
        self._n = 0
        self.names: list[str] = []

    def add(self) -> None:
        """One more."""
        self._n += 1
        name = f"worker-{self._n}"
        self._county.ports[name] = free_port()
        port = str(self._county.ports[name])
        self._county.start("judge", "--client", self._client, "--port", port, name=name)
        self.names.append(name)

    def stop(self) -> None:
        """Ask the eldest to end, as an operator does."""
        assert self._county.stop(self.names.pop(0)) == 0, self._county.log()

    def judged(self, partition: int) -> int:
        """Number of the entry up to which a partition is judged; 0 while nobody judges it."""
        for name in self.names:
            if self._county.metric(name, "warnstream_kafka_judging", partition) == 1:
                return int(self._county.metric(name, "warnstream_kafka_next_entry", partition)) - 1
        return 0

    def wait(self, is_so: Callable[[int], bool], what: str) -> None:
        """Wait until something is so of every partition."""
        deadline = time.monotonic() + WAIT_S_MAX
        while not all(is_so(partition) for partition in self.partitions):
            said = {name: self._county.ready(name) for name in self.names}
            assert time.monotonic() < deadline, f"{what}: {said}\n{self._county.log()}"
            time.sleep(0.2)

    def wait_until_all_is_judged(self) -> None:
        """Everything that was written."""
        last = {partition: self._county.bounds("entries", partition)[1] for partition in self.partitions}
        self.wait(lambda partition: self.judged(partition) >= last[partition], "all is judged")


def written(
    folder: Path, plan: argparse.Namespace, n_shards: int, cluster: KafkaCluster, port: int
) -> KafkaCounty:
    """A county behind an MQTT broker, with a radar, cut into shards."""
    directory = folder / "county"
    words = [command("station-sim"), "county", "--out", str(directory), "--clock", "simulated", "--radar"]
    words += ["--stations", str(plan.stations), "--villages", str(plan.villages), "--external-broker"]
    words += ["--broker-port", str(port), "--http-port", str(free_port())]
    subprocess.run(words, check=True, capture_output=True, timeout=300)
    ports = {role: free_port() for role in ("bridge", "judge", "deliver")}
    county = KafkaCounty(directory, cluster.addresses, partitions=n_shards, mqtt_port=port, ports=ports)
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(county.section(prefix=folder.name))
    if n_shards > 1:
        without_county_posts(directory)
        write_shards(directory, n_shards)
    return county


def without_county_posts(directory: Path) -> None:
    """Leave out who answers for a whole county: shards pace it apart, and those below it are rung with it."""
    chain, teams = directory / "chain.csv", directory / "teams.csv"
    lines = chain.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("C")]
    chain.write_text("\n".join([*kept, ""]), encoding="utf-8")
    teams.write_text(teams.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    (directory / "roster.csv").unlink()  # shifts of those posts


def send_signs(county: KafkaCounty, configuration: Configuration, round_: int) -> None:
    """People of some villages report a crack."""
    network, prefix = configuration.network, configuration.topic_prefix
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"signs-{round_}")
    client.connect("127.0.0.1", county.mqtt_port)
    client.loop_start()
    for number in range(SIGNS):
        village = (number * 7 + round_) * len(network.villages) // (7 * SIGNS + 8)
        post = min(network.posts_of_village(village), key=lambda post: post.rank)
        body = json.dumps({"village": network.villages.code[village], "kind": "crack"})
        client.publish(f"{prefix}/sign/{post.post}", body, qos=1).wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def judge(
    county: KafkaCounty, configuration: Configuration, workers: Workers, plan: argparse.Namespace
) -> None:
    """Three storms, in the second of which a worker comes and in the third of which one goes."""
    for day, change in ((1, None), (2, workers.add), (3, workers.stop)):
        start = f"2026-06-{day:02d}T06:00:00Z"
        more = ("--faults", "harsh", "--radar", "--start", start, "--seed", str(day))
        sender = storm(county.directory, county.mqtt_port, plan.hours / 3, *more)
        if change is not None:
            before = {partition: county.bounds("entries", partition)[1] for partition in workers.partitions}
            workers.wait(lambda partition: workers.judged(partition) > before[partition], "it has begun")  # noqa: B023
            change()
            send_signs(county, configuration, day)
        assert sender.wait(WAIT_S_MAX) == 0
    # The bridge tells the time until it ends: entries and events are compared when no more of them come.
    assert county.stop("bridge") == 0, county.log()
    workers.wait_until_all_is_judged()


def compare(county: KafkaCounty, configuration: Configuration, tally: Tally) -> None:
    """Every shard's events beside those of an engine of the whole county."""
    whole = derive(replace(configuration, shards=()))
    for partition, part in enumerate(parts_of(configuration)):
        own = part.routing.part.own if part.part else {post.post for post in configuration.network.chain}
        codes = frozenset(part.network.villages.code)
        engine, expected, found = Shard(whole), Said(codes), Said(codes)
        for record in county.records("entries", partition):
            taken = engine.take(kind_of(record.headers, "it"), record.value)
            if taken.error:
                tally.faults.append(f"entry {record.offset + 1} of partition {partition}: {taken.error}")
            expected.take(as_told(taken.events), own)
        told: dict[str, tuple[str, str, bytes]] = {}
        for record in county.records("events", partition):
            key, kind = record.key.decode(), kind_of(record.headers, "it")
            if kind == "judged":
                continue
            tally.n_told += 1
            if told.setdefault(key, (kind, key, record.value))[2] != record.value:
                tally.faults.append(f"{key} was told with two contents")
        found.take(in_order(told.values()), own)
        tally.n_events += len(expected.events)
        tally.n_villages += len(expected.doors)
        tally.n_digests += sum(map(len, expected.digests.values()))
        tally.faults += [f"partition {partition}: {words}" for words in expected.unlike(found)]


def in_order(told: Iterable[tuple[str, str, bytes]]) -> list[tuple[str, str, bytes]]:
    """Events by their place in the log: what was told again stands behind what was first."""

    def place(event: tuple[str, str, bytes]) -> tuple[int, int]:
        words = event[1].split("/")
        return (int(words[1]), int(words[2])) if event[0] == "issued" else (0, 0)

    return sorted(told, key=place)


def one_run(
    folder: Path, plan: argparse.Namespace, n_shards: int, n_workers: int, cluster: KafkaCluster
) -> Tally:
    """One county, cut and judged; what was compared."""
    program, tally = find_mosquitto(), Tally()
    assert program is not None
    folder.mkdir()
    with BrokerProcess(program, folder / "mqtt") as mqtt:
        county = written(folder, plan, n_shards, cluster, mqtt.port)
        configuration = load_configuration(county.directory)
        workers = Workers(county, n_shards, plan.client)
        try:
            county.start("bridge")
            for _ in range(n_workers):
                workers.add()
            county.wait_until_ready("bridge")
            judge(county, configuration, workers, plan)
            compare(county, configuration, tally)
        finally:
            county.end()
    return tally


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 4, 12])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--hours", type=float, default=4.0)
    parser.add_argument("--stations", type=int, default=120)
    parser.add_argument("--villages", type=int, default=480)
    parser.add_argument("--client", choices=("aiokafka", "faust"), default="aiokafka")
    plan = parser.parse_args(arguments)
    absent = why_no_kafka() or ("" if find_mosquitto() else "mosquitto is not on this machine")
    if absent:
        print(f"cannot be run: {absent}")
        return 2
    n_faults = 0
    with tempfile.TemporaryDirectory(prefix="parity-kafka-") as name:
        folder = Path(name)
        with KafkaCluster(folder / "kafka") as cluster:
            for n_shards in plan.shards:
                for n_workers in plan.workers:
                    run = folder / f"s{n_shards}w{n_workers}"
                    tally = one_run(run, plan, n_shards, n_workers, cluster)
                    n_faults += tell(tally, n_shards, n_workers)
    print("every village heard what the whole county tells" if not n_faults else f"{n_faults} faults")
    return int(n_faults > 0)


def tell(tally: Tally, n_shards: int, n_workers: int) -> int:
    """Print what was found; how many faults."""
    print(
        f"{n_shards} shards, {n_workers} workers, one added, one stopped: {tally.n_events} changes and "
        f"messages, doors of {tally.n_villages} villages, {tally.n_digests} digests of posts, "
        f"{tally.n_told} events told, {len(tally.faults)} faults",
        flush=True,
    )
    for fault in tally.faults:
        print(f"WRONG: {fault}")
    return len(tally.faults)


if __name__ == "__main__":
    sys.exit(main())
