"""Judges, bridges and brokers of a real Kafka of three nodes are killed under a storm; judges stand still.

Run: ``python -m tests.simulation.crash_kafka [--judges N] [--bridges N] [--brokers N] [--stops N] [--client
C] [--hours H] [--seed N]`` (``make crash-kafka``).

Two judges share the county's partition, two bridges and two delivery nodes wait for each other behind a real
MQTT broker. While a storm passes, again and again, a judge, a bridge or a broker gets SIGKILL (or, a judge,
SIGSTOP for longer than the session), and is started again. At the end:

- every message that the storm's sender was acknowledged is in the entries;
- no device is shown anything twice (what comes again under a key that it has shown it drops: counted);
- an engine of its own, given the entries of the partition one by one, leads to the very same events, key by
  key and byte by byte: none is missing, none is another one.

Printed: acknowledged messages and those lost, events and those missing, of other bytes or told again, what
devices showed, got again and showed twice, and how long a partition was not judged after the death of its
judge, beside the goal: the session's time and three seconds. `--seed` repeats the order of deaths.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmarks.kafka_cluster import KafkaCluster
from benchmarks.processes import BrokerProcess, find_mosquitto
from station_sim.county.county import read_county
from station_sim.sending.scenario import Scenario
from tests.conftest import free_port
from tests.e2e.live import LiveNode, command
from tests.kafka import KafkaCounty, storm, why_no_kafka
from tests.simulation.shown import Shown
from warnstream.adapters.kafka.schema import kind_of
from warnstream.config.load import load_configuration
from warnstream.model.times import parse_iso
from warnstream.runners.build import derive
from warnstream.runners.intake import entries
from warnstream.runners.kafka.shard import Shard

SESSION_S = 6
GOAL_S = SESSION_S + 3.0
QUIET_S = 15.0
START_DAY = "2026-06-{day:02d}T06:00:00Z"


@dataclass(slots=True)
class Tally:
    """What has been done and found."""

    done: list[str] = field(default_factory=list)
    judged_after_s: list[float] = field(default_factory=list)
    restored_in_s: list[float] = field(default_factory=list)
    n_sent: int = 0
    n_lost: int = 0
    n_missing: int = 0
    n_strange: int = 0
    n_other: int = 0
    n_events: int = 0
    n_again: int = 0
    n_shown: int = 0
    n_shown_again: int = 0
    faults: list[str] = field(default_factory=list)


class Campaign:
    """One county, its processes, and what happens to them."""

    def __init__(self, county: KafkaCounty, cluster: KafkaCluster, client: str, random: Random) -> None:
        self.county, self._cluster, self._client, self._random = county, cluster, client, random
        self.tally = Tally()

    def start(self) -> None:
        """Two of each."""
        for role in ("judge-a", "judge-b", "bridge-a", "bridge-b", "deliver-a", "deliver-b"):
            self.start_one(role)
        self.county.wait_for(lambda: all(map(self.leading, ("judge", "bridge", "deliver"))), "start")

    def start_one(self, name: str) -> None:
        """Start a judge, a bridge or a delivery node."""
        if name.startswith("judge"):
            port = str(self.county.ports[name])
            self.county.start("judge", "--client", self._client, "--port", port, name=name)
            return
        other = self.county if name.endswith("a") else self.second
        other.start(name.partition("-")[0], "--port", str(self.county.ports[name]), name=name)
        self.county.processes[name] = other.processes.pop(name)

    second: KafkaCounty

    def leading(self, role: str) -> str:
        """Which of them works now; empty: neither."""
        return next((name for name in (f"{role}-a", f"{role}-b") if self._works(name, role)), "")

    def _works(self, name: str, role: str) -> bool:
        metric = "warnstream_kafka_judging" if role == "judge" else "warnstream_kafka_leads"
        return name in self.county.processes and self.county.metric(name, metric) == 1

    def disturb(self, what: str) -> None:
        """One death, and the return of the dead."""
        if what == "broker":
            self._kill_broker()
            return
        role = "bridge" if what == "bridge" else "judge"
        self.county.wait_for(lambda: self.leading(role), role)
        name = self.leading(role)
        begun_s = time.monotonic()
        print(f"{len(self.tally.done) + 1}: {what} ({name})", flush=True)
        if what == "stop":
            self.county.processes[name].send_signal(signal.SIGSTOP)
        else:
            self.county.kill(name)
        other = f"{role}-{'b' if name.endswith('a') else 'a'}"
        self.county.wait_for(lambda: self._works(other, role), f"after {what}")
        if role == "judge":
            self.tally.judged_after_s.append(time.monotonic() - begun_s)
            self.tally.restored_in_s.append(self._restored_in_s(other))
        if what == "stop":
            self.county.processes[name].send_signal(signal.SIGCONT)
        else:
            self.start_one(name)
        self.tally.done.append(what)

    def _restored_in_s(self, name: str) -> float:
        """How long a restore took there, in the mean of those since its start."""
        node = LiveNode(self.county.directory, self.county.ports[name])
        name = "warnstream_kafka_restoring_seconds"
        return node.metric(f"{name}_sum") / max(1.0, node.metric(f"{name}_count"))

    def wait_until_told(self, shown: Shown) -> None:
        """Wait until the delivery node that leads has followed everything and devices are quiet."""
        self.county.wait_for(
            lambda: (
                (name := self.leading("deliver"))
                and self.county.metric(name, "warnstream_kafka_lag_entries") == 0
            ),
            "told",
        )
        shown.wait_until_quiet(QUIET_S, 300)
        self.tally.n_shown, self.tally.n_shown_again = shown.n_keys, shown.n_again
        self.tally.faults += [f"shown twice: {words}" for words in shown.twice]

    def wait_until_judged(self) -> None:
        """Wait until everything that was written is judged."""
        last = self.county.bounds("entries")[1]
        names = ("judge-a", "judge-b")
        self.county.wait_for(
            lambda: any(
                self.county.metric(name, "warnstream_kafka_judging") == 1
                and self.county.metric(name, "warnstream_kafka_next_entry") == last + 1
                for name in names
            ),
            "judged",
        )

    def _kill_broker(self) -> None:
        node = self._random.choice(self._cluster.nodes)
        print(f"{len(self.tally.done) + 1}: broker {node.number}", flush=True)
        node.kill()
        time.sleep(self._random.uniform(2, 8))
        node.start()
        self._cluster.wait_for(node)
        time.sleep(10)  # it has what the others have before another one dies
        self.tally.done.append("broker")

    def check(self, sent: set[tuple[str, bytes]]) -> None:
        """Compare what stands in the topics with an engine of our own."""
        county, tally = self.county, self.tally
        records = county.records("entries")
        kept = {
            pair
            for record in records
            if kind_of(record.headers, "it") == entries.MESSAGES
            for pair in entries.decode_messages(record.value)
        }
        tally.n_sent, tally.n_lost = len(sent), len(sent - kept)
        if missing := sent - kept:
            self.tally.faults.append(f"{len(missing)} acknowledged messages are in no entry")
        shard = Shard(derive(load_configuration(county.directory)))
        expected: dict[str, bytes] = {}
        for record in records:
            taken = shard.take(kind_of(record.headers, "it"), record.value)
            if taken.error:
                self.tally.faults.append(f"entry {record.offset + 1}: {taken.error}")
            expected |= {event.key: event.value for event in taken.events}
        told = [
            (record.key.decode(), record.value)
            for record in county.records("events")
            if record.key != b"judged"
        ]
        found: dict[str, bytes] = {}
        for key, value in told:
            if found.setdefault(key, value) != value:
                self.tally.faults.append(f"{key} was told with two contents")
        lost, strange = expected.keys() - found.keys(), found.keys() - expected.keys()
        tally.n_missing, tally.n_strange = len(lost), len(strange)
        if lost or strange:
            self.tally.faults.append(f"{len(lost)} events missing, {len(strange)} that no entry led to")
        if other := [key for key, value in found.items() if expected.get(key, value) != value]:
            tally.n_other = len(other)
            self.tally.faults.append(f"{len(other)} events of other bytes, the first {other[0]}")
        tally.n_events, tally.n_again = len(found), len(told) - len(found)


def written(folder: Path, cluster: KafkaCluster, mqtt_port: int) -> tuple[KafkaCounty, KafkaCounty]:
    """A county behind a broker, and the same on a second machine."""
    http, directory = free_port(), folder / "county"
    words = [command("station-sim"), "county", "--out", str(directory), "--clock", "simulated"]
    words += ["--stations", "40", "--villages", "100", "--external-broker", "--broker-port", str(mqtt_port)]
    subprocess.run([*words, "--http-port", str(http)], check=True, capture_output=True, timeout=120)
    ports = {role: free_port() for role in ("bridge", "judge", "deliver")}
    county = KafkaCounty(
        directory, cluster.addresses, copies=len(cluster.nodes), mqtt_port=mqtt_port, ports=ports
    )
    with (directory / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(county.section(prefix="crash"))
    second = KafkaCounty(folder / "second", cluster.addresses, ports=dict(county.ports))
    second.copy_of(county)
    county.ports |= {
        "bridge-a": county.ports.pop("bridge"),
        "bridge-b": free_port(),
        "judge-a": county.ports.pop("judge"),
        "judge-b": free_port(),
        "deliver-a": county.ports.pop("deliver"),
        "deliver-b": free_port(),
    }
    return county, second


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--judges", type=int, default=50)
    parser.add_argument("--bridges", type=int, default=20)
    parser.add_argument("--brokers", type=int, default=10)
    parser.add_argument("--stops", type=int, default=5)
    parser.add_argument("--client", choices=("aiokafka", "faust"), default="aiokafka")
    parser.add_argument("--hours", type=float, default=4.0, help="of each storm (default 4)")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    absent, program = why_no_kafka(), find_mosquitto()
    if absent or program is None:
        print(f"cannot be run: {absent or 'mosquitto is not on this machine'}")
        return 2
    seed = options.seed if options.seed is not None else int(time.time())
    print(f"seed {seed}", flush=True)
    random = Random(seed)
    plan = ["judge"] * options.judges + ["bridge"] * options.bridges + ["broker"] * options.brokers
    plan += ["stop"] * options.stops
    random.shuffle(plan)
    with tempfile.TemporaryDirectory(prefix="crash-kafka-") as name:
        folder = Path(name)
        n_nodes = 3 if options.brokers else 1
        with (
            KafkaCluster(folder / "kafka", n_nodes) as cluster,
            BrokerProcess(program, folder / "mqtt") as mqtt,
        ):
            county, second = written(folder, cluster, mqtt.port)
            campaign = Campaign(county, cluster, options.client, random)
            campaign.second = second
            shown = Shown(mqtt.port)
            try:
                shown.start()
                campaign.start()
                sent = run_storms(campaign, plan, mqtt.port, random, options.hours)
                campaign.wait_until_judged()
                campaign.wait_until_told(shown)
                campaign.check(sent)
            finally:
                shown.stop()
                county.end()
                second.end()
    return tell(campaign.tally)


def run_storms(
    campaign: Campaign, plan: list[str], port: int, random: Random, hours: float
) -> set[tuple[str, bytes]]:
    """Storms one after the other, as long as there is something to be done; what was sent."""
    directory = campaign.county.directory
    sent: set[tuple[str, bytes]] = set()
    day, left = 1, list(plan)
    while left or day == 1:
        start = START_DAY.format(day=day)
        sender = storm(directory, port, hours, "--start", start, "--seed", str(day))
        while left and sender.poll() is None:
            time.sleep(random.uniform(0.2, 2.0))
            campaign.disturb(left.pop())
        if sender.wait(600) != 0:
            campaign.tally.faults.append("a storm was not acknowledged to its end")
        sent |= messages_of(directory, day, start, hours)
        day += 1
    return sent


def messages_of(directory: Path, seed: int, start: str, hours: float) -> set[tuple[str, bytes]]:
    """What `station-sim run` sends of a storm; it ends once everything is acknowledged."""
    scenario = Scenario(seed, read_county(directory), hours, start_s=parse_iso(start))
    return {(message.topic, message.payload) for message in scenario.messages()}


def tell(tally: Tally) -> int:
    """Print what was found; 1 if something is wrong."""
    counts = {what: tally.done.count(what) for what in ("judge", "bridge", "broker", "stop")}
    print(
        f"{counts['judge']} judges, {counts['bridge']} bridges, {counts['broker']} brokers of three killed, "
        f"{counts['stop']} judges stood still\n"
        f"messages: {tally.n_sent} acknowledged, {tally.n_lost} lost\n"
        f"events: {tally.n_events}, {tally.n_missing} missing, {tally.n_strange} too many, "
        f"{tally.n_other} of other bytes, {tally.n_again} told again\n"
        f"notifications: {tally.n_shown} shown, {tally.n_shown_again} came again and were dropped by key, "
        f"{sum('shown twice' in fault for fault in tally.faults)} shown twice"
    )
    if times := sorted(tally.judged_after_s):
        restored = sorted(tally.restored_in_s)
        print(
            f"judged again after {times[len(times) // 2]:.1f} s in the middle, {times[-1]:.1f} s at most, "
            f"{sum(time_s <= GOAL_S for time_s in times)} of {len(times)} within {GOAL_S:.0f} s (session "
            f"{SESSION_S} s and 3 s); of it taking up the state {restored[len(restored) // 2]:.1f} s in the "
            f"middle, {restored[-1]:.1f} s at most"
        )
    for fault in tally.faults:
        print(f"WRONG: {fault}")
    if not tally.faults:
        print("no acknowledged message lost, no event missing or of other bytes")
    return int(bool(tally.faults))


if __name__ == "__main__":
    sys.exit(main())
