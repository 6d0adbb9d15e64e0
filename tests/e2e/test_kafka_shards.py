"""A county that is cut: villages stay in their partitions, delivery nodes have a shard; brokers are gone."""

import csv
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.kafka_cluster import KafkaCluster
from tests.conftest import Mosquitto
from tests.e2e.live import command
from tests.e2e.test_kafka_deliver import doors_told, publish, town
from tests.kafka import KafkaCounty, kafka_cluster, storm, write_county
from tests.simulation.changed_county import Phones, phones
from warnstream.commands.kafka.topology import topology
from warnstream.config.load import load_configuration

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    with kafka_cluster(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture
def gateway() -> Iterator[Phones]:
    with phones() as shown:
        yield shown


def cut(directory: Path, shards: dict[str, int]) -> None:
    lines = ["village,shard", *(f"{code},{shard}" for code, shard in shards.items()), ""]
    (directory / "shards.csv").write_text("\n".join(lines), encoding="utf-8")


def test_doors_of_each_shard_are_told_by_its_own_node_and_a_village_stays_where_it_is(
    tmp_path: Path, cluster: KafkaCluster, gateway: Phones, mosquitto: Mosquitto
) -> None:
    written, county = town(tmp_path, gateway, cluster, mosquitto, "cut")
    villages = county.directory / "villages.csv"
    text = villages.read_text(encoding="utf-8")
    for code in ("V3", "V4"):
        line = next(line for line in text.splitlines() if line.startswith(code))
        text = text.replace(line, line.replace("Town", "Hill"))
    villages.write_text(text, encoding="utf-8")
    halves = {"V1": 0, "V2": 0, "V3": 1, "V4": 1}
    cut(county.directory, halves)
    try:
        county.start("bridge")
        county.start("judge")
        for shard, role in ((0, "deliver"), (1, "second")):
            words = ("--shard", str(shard), "--port", str(county.ports[role]))
            county.start("deliver", *words, name=role)
        county.wait_until_ready("bridge", "judge", "deliver", "second")
        publish(county, written, 0.0, 1.0, 11.0)
        county.wait_for(lambda: len(doors_told(gateway)) == 6, "doors of both shards")
        assert gateway.repeats == 0
        office = {text.message for text in gateway.shown if text.recipient == "office"}
        assert {message.split(".")[1] for message in office} == {"@post-0"}, "yellow asks no county"
        name = load_configuration(county.directory).node.name
        seen = topology([county.directory])
        assert [(row.node, row.partition, row.problems) for row in seen] == [
            (f"{name} shard {shard}", shard, []) for shard in (0, 1)
        ]
        for name in ("bridge", "judge"):
            assert county.stop(name) == 0, county.log()
        cut(county.directory, {code: 1 - shard for code, shard in halves.items()})
        county.start("bridge")
        county.wait_for(lambda: "has moved villages" in str(county.ready("bridge")), "bridge refuses")
        assert not county.ready("bridge")["ready"]
        county.start("judge")
        county.wait_for(lambda: "has moved villages" in str(county.ready("judge")), "judge refuses")
        assert not county.ready("judge")["ready"]
        for name in ("bridge", "judge"):
            assert county.stop(name) == 0, county.log()
        cut(county.directory, halves)
        county.start("bridge")
        county.start("judge")
        county.wait_until_ready("bridge", "judge")
    finally:
        county.end()


def villages_by_township(directory: Path) -> dict[str, list[str]]:
    with (directory / "villages.csv").open(encoding="utf-8") as file:
        found: dict[str, list[str]] = {}
        for row in csv.DictReader(file):
            found.setdefault(row["township"], []).append(row["village"])
        return found


def test_a_delivery_node_of_a_cut_county_is_told_which_shard(tmp_path: Path) -> None:
    words = [command("station-sim"), "county", "--out", str(tmp_path / "county"), "--stations", "20"]
    subprocess.run([*words, "--villages", "60"], check=True, capture_output=True, timeout=120)
    section = {"servers": ["127.0.0.1:1"], "partition": 0, "partitions": 2}
    with (tmp_path / "county" / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(f"kafka: {json.dumps(section)}\n")
    towns = villages_by_township(tmp_path / "county")
    cut(tmp_path / "county", {c: n % 2 for n, (_, those) in enumerate(sorted(towns.items())) for c in those})
    for more, said in (
        ([], "say which with --shard 0 to 1"),
        (["--shard", "2"], "no shard 2: there is 0 to 1"),
    ):
        done = subprocess.run(
            [command("warnstream"), "deliver", str(tmp_path / "county"), *more],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode != 0
        assert said in done.stderr


def test_while_the_brokers_are_gone_nobody_is_ready_and_nothing_is_lost(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    write_county(tmp_path / "county", stations=20, villages=30)
    with kafka_cluster(tmp_path / "kafka") as cluster:
        ours = KafkaCounty.of(tmp_path / "county", "gone", cluster)
        try:
            ours.start("bridge")
            ours.start("judge")
            ours.wait_until_ready("bridge", "judge")
            cluster.nodes[0].kill()
            sender = storm(ours.directory, ours.mqtt_port, 0.2)
            ours.wait_for(lambda: "nothing is acknowledged" in str(ours.ready("bridge")), "bridge says so")
            ours.wait_for(lambda: ours.ready("judge").get("ready") is False, "judge says so")
            assert sender.poll() is None, "somebody was acknowledged what no broker has"
            cluster.nodes[0].start()
            cluster.wait_for(cluster.nodes[0])
            assert sender.wait(300) == 0
            ours.wait_until_ready("bridge", "judge")
            ours.wait_until_judged()
        finally:
            ours.end()
