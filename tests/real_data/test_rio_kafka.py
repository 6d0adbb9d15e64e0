"""The storm of 2019-04-08 over Rio, through a broker into a node of its own and into a bridge and a judge."""

import json
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Mosquitto, free_port
from tests.e2e.live import LiveNode, command
from tests.kafka import KafkaCounty, issued_by_judges, issued_by_node, kafka_cluster

DATE = "2019-04-08"
LAST_READING = "2019-04-11T02:45:00Z"

pytestmark = [pytest.mark.real_data, pytest.mark.server, pytest.mark.slow]


@pytest.mark.parametrize("client", ["aiokafka", "faust"])
def test_a_judge_killed_under_the_storm_tells_byte_for_byte_what_the_node_issues(
    shared_data: Path, tmp_path: Path, mosquitto: Mosquitto, client: str
) -> None:
    rio = tmp_path / "rio"
    runpy.run_path(str(REPOSITORY / "configs" / "rio" / "prepare.py"))["prepare"](
        shared_data / "rio_alerta_gauges", rio
    )
    ports = {"mqtt": mosquitto.port, "http": free_port()}
    settings = rio / "warnstream.yaml"
    text = settings.read_text(encoding="utf-8").replace("port: 18090", f"port: {ports['http']}")
    text = text.replace("port: 1883\n", f"port: {mosquitto.port}\n")
    settings.write_text(text.replace("port: 1883 ", f"port: {mosquitto.port} "), encoding="utf-8")
    (rio / "ports.json").write_text(json.dumps(ports), encoding="utf-8")
    with kafka_cluster(tmp_path / "kafka") as cluster:
        ours = KafkaCounty.of(rio, "ours", cluster)
        own = ours.directory / "warnstream.yaml"  # the same broker, another session
        text = own.read_text(encoding="utf-8").replace(str(ours.mqtt_port), str(mosquitto.port))
        own.write_text(text.replace("client_id: warnstream-rio", "client_id: bridge-rio"), encoding="utf-8")
        alone = tmp_path / "alone"
        shutil.copytree(rio, alone)
        node = LiveNode(alone, ports["http"])
        try:
            ours.start("bridge")
            ours.start("judge", "--client", client)
            node.start()
            ours.wait_until_ready("bridge", "judge")
            replay = [command("station-sim"), "replay", str(rio / f"readings_{DATE}.parquet")]
            with subprocess.Popen([*replay, "--speed", "0", "--port", str(mosquitto.port)]) as sender:
                ours.wait_until_judged_to(20)
                ours.kill("judge")
                ours.start("judge", "--client", client)
                assert sender.wait(280) == 0
            node.wait_until(LAST_READING, timeout_s=120)
            assert node.stop() == 0, node.log()
            expected = issued_by_node(alone)
            assert len(expected) > 50
            ours.wait_for(lambda: len(issued_by_judges(ours)) >= len(expected), "all of it")
            ours.wait_until_judged()
            assert issued_by_judges(ours) == expected
        finally:
            node.end()
            ours.end()
