"""`warnstream deliver`: doors and posts are told what judges issue, by one node of several, each key once."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.kafka_cluster import KafkaCluster
from tests.conftest import Mosquitto, free_port
from tests.kafka import KafkaCounty, kafka_cluster
from tests.simulation.changed_county import County, Phones, phones
from warnstream.commands.kafka.topology import topology

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    with kafka_cluster(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture
def gateway() -> Iterator[Phones]:
    with phones() as shown:
        yield shown


def town(
    tmp_path: Path, gateway: Phones, cluster: KafkaCluster, broker: Mosquitto, name: str
) -> tuple[County, KafkaCounty]:
    """Four villages and their processes, none of them started."""
    written = County(tmp_path / name, gateway)
    written.write()
    county = KafkaCounty(written.directory, cluster.addresses)
    county.ports = {role: free_port() for role in ("http", "bridge", "judge", "deliver", "second")}
    county.mqtt_port = broker.port
    text = written.text("warnstream.yaml")
    port = text.partition("embedded: true, port: ")[2].partition("}")[0]
    text = text.replace(f"embedded: true, port: {port}", f"host: 127.0.0.1, port: {broker.port}")
    written.put("warnstream.yaml", f"{text}\n{county.section(prefix=name)}")
    written.replace("channels.yaml", "attempts_max: 20", "attempts_max: 100")
    written.replace("channels.yaml", "wait_max: 100ms", "wait_max: 1s")
    return written, county


def publish(county: KafkaCounty, written: County, *times: float) -> None:
    """Intervals of the storm, through the broker."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="gateway")
    client.connect("127.0.0.1", county.mqtt_port)
    client.loop_start()
    for strength in times:
        for message in written.next_messages(strength):
            client.publish(message.topic, message.payload, qos=1).wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def doors_told(gateway: Phones) -> set[str]:
    return {text.recipient for text in gateway.warnings() if text.recipient[0] == "H"}


def test_doors_are_told_by_one_of_two_nodes_and_by_the_other_when_that_is_killed(
    tmp_path: Path, cluster: KafkaCluster, gateway: Phones, mosquitto: Mosquitto
) -> None:
    written, county = town(tmp_path, gateway, cluster, mosquitto, "told")
    other = KafkaCounty(tmp_path / "other", cluster.addresses, ports=county.ports)
    other.copy_of(county)
    try:
        for role in ("bridge", "judge", "deliver"):
            county.start(role)
        county.wait_until_ready("bridge", "judge", "deliver")
        county.wait_for(lambda: county.metric("deliver", "warnstream_kafka_leads") == 1)
        other.start("deliver", "--port", str(county.ports["second"]), name="second")
        county.wait_for(lambda: "another delivery node leads" in str(county.ready("second")))
        (seen,) = topology([county.directory])
        assert [len(seen.judges), len(seen.bridges), len(seen.deliverers)] == [1, 1, 1]
        assert seen.problems == []
        publish(county, written, 0.0, 1.0, 11.0)
        county.wait_for(lambda: len(doors_told(gateway)) == 6, "doors")
        assert gateway.repeats == 0
        county.wait_for(lambda: county.metric("second", "warnstream_kafka_lag_entries") == 0, "second")
        time.sleep(2)  # what became of the last ones is an entry by now
        n_shown = len(gateway.shown)
        county.kill("deliver")
        county.wait_for(lambda: county.metric("second", "warnstream_kafka_leads") == 1, "leads")
        time.sleep(1)
        assert [text for text in gateway.shown[n_shown:] if text.recipient[0] == "H"] == []
        publish(county, written, *(0.0,) * 30)
        county.wait_for(lambda: any("解除" in shown.text for shown in gateway.shown[n_shown:]), "the end")
        assert len({text.key for text in gateway.shown}) == len(gateway.shown)
    finally:
        county.end()
        other.end()


def test_a_node_that_is_killed_while_it_tells_tells_the_rest_after_its_start(
    tmp_path: Path, cluster: KafkaCluster, gateway: Phones, mosquitto: Mosquitto
) -> None:
    written, county = town(tmp_path, gateway, cluster, mosquitto, "killed")
    try:
        for role in ("bridge", "judge", "deliver"):
            county.start(role)
        county.wait_until_ready("bridge", "judge", "deliver")
        gateway.is_down = True  # nobody can be told, and it is killed with everybody in hand
        publish(county, written, 0.0, 1.0, 11.0)
        county.wait_for(lambda: county.metric("deliver", "warnstream_kafka_lag_entries") == 0)
        time.sleep(1)
        county.kill("deliver")
        county.kill("judge")
        gateway.is_down = False
        county.start("judge")
        county.start("deliver")
        county.wait_for(lambda: len(doors_told(gateway)) == 6, "doors")
        assert len({text.key for text in gateway.shown}) == len(gateway.shown)
        assert county.stop("deliver") == 0, county.log()
        assert county.stop("judge") == 0, county.log()
        assert county.stop("bridge") == 0, county.log()
    finally:
        county.end()


def test_who_is_asked_to_end_ends_though_the_brokers_are_gone(
    tmp_path: Path, gateway: Phones, mosquitto: Mosquitto
) -> None:
    """A machine that is shut down after its brokers: nobody waits for them for ever."""
    with kafka_cluster(tmp_path / "kafka") as own:
        written, county = town(tmp_path, gateway, own, mosquitto, "gone")
        try:
            for role in ("bridge", "judge", "deliver"):
                county.start(role)
            county.wait_until_ready("bridge", "judge", "deliver")
            publish(county, written, 0.0, 1.0)
            county.wait_until_judged()
            for node in own.nodes:
                node.kill()
            publish(county, written, 11.0)  # the bridge holds it, and asks the brokers
            time.sleep(3)
            for role in ("deliver", "judge", "bridge"):
                county.processes[role].send_signal(signal.SIGTERM)
            ended = {role: process.wait(60) for role, process in county.processes.items()}
            assert ended == {"bridge": 0, "judge": 0, "deliver": 0}, county.log()
        finally:
            county.end()
