"""A node whose disk is full: nothing is acknowledged, everybody is told, and it goes on by itself."""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.integration.journal_files import FullDisk
from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.config.load import load_configuration
from warnstream.runners.live.node import Node

TOPIC = "ws/county/rain/R0001/obs"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A running node with our own listener, nothing else needed."""
    build_county(1, CountyPlan(n_stations=12, n_villages=12, n_gauges=2)).write(tmp_path)
    write_demo_config(tmp_path, broker_port=free_port(), http_port=free_port(), sms_port=free_port())
    node = Node(load_configuration(tmp_path))
    node.start()
    thread = threading.Thread(target=node.run)
    thread.start()
    yield node
    node.ask_to_stop()
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def gateway(node: Node) -> Iterator[Client]:
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", node.configuration.broker.port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def publish(gateway: Client, minute: int) -> MQTTMessageInfo:
    payload = f'{{"station": "R0001", "time": "2026-06-18T06:{minute:02}:00Z", "rain": 0.2}}'
    return gateway.publish(TOPIC, payload, qos=1)


def is_acknowledged(info: MQTTMessageInfo, within_s: float) -> bool:
    info.wait_for_publish(within_s)
    return info.is_published()


def wait_until_ready(node: Node, *, ready: bool) -> list[str]:
    deadline = time.monotonic() + 60
    while (not reasons_of(node)) != ready and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (not reasons_of(node)) == ready
    return reasons_of(node)


def reasons_of(node: Node) -> list[str]:
    """Why it is not ready, but for readings and time, of which this test gives few."""
    return [
        why for why in node.status.ready().reasons if not why.startswith(("waits for ", "no reading yet "))
    ]


@pytest.mark.slow
def test_a_full_disk_acknowledges_nothing_alarms_and_ends_by_itself(
    node: Node, gateway: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert is_acknowledged(publish(gateway, 1), within_s=20)
    disk = FullDisk(monkeypatch, room_bytes=50)
    waiting = publish(gateway, 2)
    reasons = wait_until_ready(node, ready=False)
    assert any("not acknowledged" in reason and "the disk is full" in reason for reason in reasons)
    assert not is_acknowledged(waiting, within_s=2.5)  # two more attempts
    assert node.metrics.registry.get_sample_value("warnstream_storage_refusals_total") >= 2  # type: ignore[operator]
    told = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert [record.getMessage() for record in told] == ["disk refuses: readings are not acknowledged"]
    disk.is_full = False
    assert is_acknowledged(waiting, within_s=20)
    wait_until_ready(node, ready=True)
    assert "disk writes again" in caplog.text


@pytest.mark.slow
def test_what_waited_for_the_disk_is_in_the_journal_once(
    node: Node, gateway: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk = FullDisk(monkeypatch)
    waiting = [publish(gateway, minute) for minute in range(5)]
    wait_until_ready(node, ready=False)
    disk.is_full = False
    assert all(is_acknowledged(info, within_s=20) for info in waiting)
    assert [kept(tmp_path).count(f"06:{minute:02}:00Z") for minute in range(5)] == [1] * 5


def kept(directory: Path) -> str:
    """Everything in the journal, read beside the node."""
    entries = read_entries(find_extent(directory / "data" / "journal"), 1)
    return "".join(payload.decode(errors="replace") for _, _, payload in entries)
