"""`warnstream bridge` and `judge` on a real Kafka, against a node of its own under the same storm."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.kafka_cluster import KafkaCluster
from tests.e2e.live import LiveNode
from tests.kafka import (
    KafkaCounty,
    issued_by_judges,
    issued_by_node,
    kafka_cluster,
    storm,
    write_county,
)
from warnstream.adapters.kafka.schema import Topics, headers_of

pytestmark = [pytest.mark.server, pytest.mark.slow]

HOURS = 3.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    with kafka_cluster(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, cluster: KafkaCluster) -> Path:
    """Written once, never run."""
    directory = tmp_path_factory.mktemp("counties") / "county"
    write_county(directory, stations=40, villages=100)
    return directory


@pytest.fixture(scope="module")
def embedded(county: Path, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What a node of its own issues under the storm."""
    directory = tmp_path_factory.mktemp("embedded") / "county"
    ports = write_county(directory, stations=40, villages=100)
    node = LiveNode(directory, ports["http"])
    try:
        node.start()
        assert storm(directory, ports["mqtt"], HOURS).wait(300) == 0
        node.wait_until("2026-06-18T09:00:00Z", 120)
        assert node.stop() == 0
    finally:
        node.end()
    return issued_by_node(directory)


def started(county: KafkaCounty, client: str = "aiokafka") -> None:
    county.start("bridge")
    county.start("judge", "--client", client)
    county.wait_until_ready("bridge", "judge")


@pytest.mark.parametrize(("client", "partition"), [("aiokafka", 0), ("faust", 1)])
def test_judges_killed_under_a_storm_tell_byte_for_byte_what_a_node_of_its_own_issues(
    county: Path, embedded: list[bytes], cluster: KafkaCluster, client: str, partition: int
) -> None:
    ours = KafkaCounty.of(county, client, cluster, partition)
    try:
        started(ours, client)
        sender = storm(ours.directory, ours.mqtt_port, HOURS)
        for entries in (60, 130):
            ours.wait_until_judged_to(entries)
            ours.kill("judge")
            ours.start("judge", "--client", client)
        assert sender.wait(300) == 0
        ours.wait_until_judged()
        assert ours.stop("judge") == 0, ours.log()
        assert ours.stop("bridge") == 0, ours.log()
        assert len(embedded) > 40
        assert issued_by_judges(ours) == embedded
    finally:
        ours.end()


def test_what_cannot_be_judged_is_aside_and_said_and_later_forms_stop_one_county_alone(
    county: Path, cluster: KafkaCluster
) -> None:
    ours = KafkaCounty.of(county, "poison", cluster)
    try:
        started(ours)
        entries = Topics(ours.kafka.prefix).entries
        write(ours, entries, b"\x00", headers_of("magic"))
        ours.wait_for(lambda: "could not be judged" in str(ours.ready("judge")), "poison")
        assert [record.value for record in ours.records("dlq")] == [b"\x00"]
        assert ours.metric("judge", "warnstream_kafka_set_aside_total") == 1
        sender = storm(ours.directory, ours.mqtt_port, 0.2)
        assert sender.wait(120) == 0
        ours.wait_until_judged()
        ours.wait_until_ready("judge")
        write(ours, entries, b"\x00", [("v", b"2"), ("kind", b"tick")])
        ours.wait_for(lambda: "has version 2" in str(ours.ready("judge")), "version")
        assert not ours.ready("judge")["ready"]
        assert ours.processes["judge"].poll() is None
    finally:
        ours.end()


def test_a_log_that_is_pruned_before_the_newest_snapshot_stops_its_county_and_says_so(
    county: Path, cluster: KafkaCluster
) -> None:
    ours = KafkaCounty.of(county, "pruned", cluster)
    try:
        started(ours)
        assert storm(ours.directory, ours.mqtt_port, 0.2).wait(120) == 0
        ours.wait_until_judged()
        assert ours.stop("judge") == 0
        assert storm(ours.directory, ours.mqtt_port, 0.2).wait(120) == 0
        prune(ours, ours.bounds("entries")[1] - 1)
        ours.start("judge")
        ours.wait_for(lambda: "are not kept any more" in str(ours.ready("judge")), "pruned")
        said = ours.ready("judge")
        assert said["ready"] is False
        assert "partition 0 (demo-county) is stopped" in said["reasons"][0]
    finally:
        ours.end()


def test_a_second_bridge_waits_until_the_first_is_dead(county: Path, cluster: KafkaCluster) -> None:
    ours = KafkaCounty.of(county, "first", cluster, prefix="pair")
    second = KafkaCounty.of(county, "second", cluster, prefix="pair")
    try:
        ours.start("bridge")
        ours.wait_until_ready("bridge")
        second.start("bridge")
        second.wait_for(lambda: "another bridge of this county leads" in str(second.ready("bridge")))
        time.sleep(1)
        assert ours.ready("bridge")["ready"]
        ours.kill("bridge")
        second.wait_until_ready("bridge")
        assert second.stop("bridge") == 0
    finally:
        ours.end()
        second.end()


def write(county: KafkaCounty, topic: str, value: bytes, headers: list[tuple[str, bytes]]) -> None:
    """A record that no bridge wrote."""
    from warnstream.adapters.kafka.producer import Producer, Record

    async def send() -> None:
        producer = Producer(county.kafka, "test")
        await producer.send([Record(topic, county.partition, value, headers=headers)])
        await producer.close()

    asyncio.run(send())


def prune(county: KafkaCounty, before: int) -> None:
    """Delete entries as a broker does whose retention is too short."""
    from aiokafka import TopicPartition
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.admin.records_to_delete import RecordsToDelete

    async def delete() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=county.servers)
        await admin.start()
        await admin.delete_records(
            {TopicPartition(Topics(county.kafka.prefix).entries, county.partition): RecordsToDelete(before)}
        )
        await admin.close()

    asyncio.run(delete())
