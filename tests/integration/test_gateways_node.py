"""Gateways that cannot be changed, over MQTT into a running node and out as warnings, or as refusals."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx
import numpy as np
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.ingest.sl651.frame import ETX, Frame, build
from warnstream.runners.live.node import Node

DECODERS = """
decoders:
  - {topic: v3/+/devices/+/up, format: the_things_stack, variables: {mm: {variable: rain}}}
  - {topic: rtu/+, format: sl651, stations: {"0012345678": R0001}}
  - topic: tele/+/state
    format: json
    layout: {station_level: 2, time: t}
    variables: {mm: {variable: rain}, stage: {variable: stage}}
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    build_county(5, CountyPlan(n_stations=4, n_villages=6)).write(tmp_path)
    write_demo_config(tmp_path, broker_port=free_port(), http_port=free_port(), sms_port=free_port())
    node = tmp_path / "warnstream.yaml"
    text = node.read_text(encoding="utf-8").replace("clock: simulated", "clock: system")
    text = text.replace("status: Exercise", "status: Actual").replace("tick: 5s", "tick: 1s")
    node.write_text(text + DECODERS, encoding="utf-8")
    return load_configuration(tmp_path)


Send = Callable[[str, bytes], None]


@contextmanager
def running(configuration: Configuration) -> Iterator[tuple[Send, httpx.Client]]:
    node = Node(configuration)
    node.start()
    loop = Thread(target=node.run)
    loop.start()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect(configuration.broker.host, configuration.broker.port)
    client.loop_start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{node.http.port}") as http:
            yield lambda topic, payload: client.publish(topic, payload, qos=1).wait_for_publish(30), http
    finally:
        client.disconnect()
        client.loop_stop()
        node.ask_to_stop()
        loop.join(30)


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("waited half a minute")


def refused(http: httpx.Client, reason: str) -> float:
    name = f'warnstream_readings_refused_total{{reason="{reason}"}} '
    lines = http.get("/metrics").text.splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def uplink(now_s: int, mm: float, **more: object) -> bytes:
    at = f"{np.datetime64(now_s, 's')}Z"
    content = {"end_device_ids": {"device_id": "R0001"}, "received_at": at, **more}
    message = {"received_at": at, "decoded_payload": {"mm": mm}}
    return json.dumps({**content, "uplink_message": message}).encode()


def test_a_simulated_uplink_and_an_error_value_warn_nobody_and_the_hour_of_an_rtu_does(
    configuration: Configuration,
) -> None:
    now_s = int(time.time())
    with running(configuration) as (send, http):
        send("v3/county/devices/R0001/up", uplink(now_s, 95.0, simulated=True))
        send("v3/county/devices/R0001/up", uplink(now_s, 65.535))
        send("v3/county/devices/R0001/up", b'{"end_device_ids":{"device_id":"R0001"},"uplink_message":{}}')
        send("tele/R0001/state", f'{{"t": {now_s}, "mm": 0.0, "stage": nan}}\0'.encode())
        until(lambda: refused(http, "not_json") == 1 and refused(http, "error_value") == 1)
        assert (refused(http, "exercise"), refused(http, "wrong_shape")) == (1, 1)
        assert http.get("/api/v1/warnings").json() == []

        send("rtu/1", hour_report(now_s))
        until(lambda: any(warning["level"] == "red" for warning in http.get("/api/v1/warnings").json()))
        assert refused(http, "future") == 0


def hour_report(now_s: int) -> bytes:
    """34H with 8 mm in each of its twelve cells, dated by the end of its hour."""
    sent, end = (
        time.strftime("%y%m%d%H%M%S", time.gmtime(at_s + 8 * 3600)) for at_s in (now_s, now_s // 300 * 300)
    )
    digits = sent + "F1F1001234567850F0F0" + end[:10] + "F460" + "50" * 12
    body = bytes.fromhex("0001" + digits)
    return build(Frame("0012345678", 1, 0x34, ETX, b"\x12\x34", True, 0, 0, body, False))
