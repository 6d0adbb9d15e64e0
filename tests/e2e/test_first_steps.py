"""What a new operator does first, through the commands: a county of one's own, its node, a slip."""

import json
import os
import pty
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.e2e.live import LiveNode, command

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def county(tmp_path: Path) -> LiveNode:
    """A county as `station-sim county` writes it, on free ports; nobody plays its SMS gateway."""
    build_county(5, CountyPlan(n_stations=6, n_villages=9)).write(tmp_path)
    port = free_port()
    write_demo_config(tmp_path, broker_port=free_port(), http_port=port, sms_port=free_port(), clock="system")
    return LiveNode(tmp_path, port)


@pytest.fixture
def running(county: LiveNode) -> Iterator[LiveNode]:
    county.start()
    yield county
    county.end()


def broker_port(node: LiveNode) -> int:
    text = (node.directory / "warnstream.yaml").read_text("utf-8")
    return int(text.partition("broker:")[2].partition("port:")[2].split()[0])


def send(node: LiveNode, **reading: object) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker_port(node))
    client.loop_start()
    payload = json.dumps({"station": "R0001", "time": now, **reading})
    client.publish("ws/C/rain/R0001/obs", payload, qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def ended_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`warnstream` with these arguments, which ends by itself."""
    return subprocess.run(
        [command("warnstream"), *arguments], check=False, capture_output=True, text=True, timeout=60
    )


def test_a_node_without_readings_is_not_ready_until_the_first_is_judged(running: LiveNode) -> None:
    before = running.get("/readyz")
    assert before["ready"] is False
    assert "waits for readings: no reading yet of any of" in json.dumps(before)
    running.wait_for(lambda: "waits for readings" in running.log())
    send(running, rain=0.2)
    running.wait_for(lambda: running.get("/readyz").get("ready"))
    assert "no reading yet of" in json.dumps(running.get("/readyz")["reasons"]), "the others are named"


def test_a_county_with_a_simulated_clock_says_that_it_waits_for_it(county: LiveNode) -> None:
    write_demo_config(county.directory, broker_port=broker_port(county), http_port=county.http_port)
    try:
        county.start()
        send(county, rain=0.2)
        county.wait_for(lambda: county.metric("warnstream_messages_received_total"))
        ready = county.get("/readyz")
        assert ready["ready"] is False
        assert "waits for ws/clock: node.clock is simulated" in json.dumps(ready)
    finally:
        county.end()


def test_every_warning_is_a_line_of_the_log(running: LiveNode) -> None:
    send(running, rain=70.0)
    running.wait_for(lambda: 'event="warning issued"' in running.log())
    (first, *_) = [line for line in running.log().splitlines() if 'event="warning issued"' in line]
    assert "level=warning" in first
    assert "R0001 70 mm in" in first


@pytest.mark.parametrize("door", ["http", "broker"])
def test_a_port_that_is_taken_is_one_line_and_no_traceback(county: LiveNode, door: str) -> None:
    port = county.http_port if door == "http" else broker_port(county)
    with socket.create_server(("127.0.0.1", port)):
        ended = ended_command("run", str(county.directory))
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert f"port {port}" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "{county}", "--log-level", "LOUD"], "invalid choice: 'LOUD'"),
        (["check", "{county}/nowhere"], "no such folder"),
        (["replay", "{county}", "{county}/none.csv", "--out", "{county}/out"], "there is no such file"),
        (["warnings", "{county}", "--out", "/proc/none"], "no node has kept anything there yet"),
    ],
)
def test_a_slip_is_a_sentence_and_no_traceback(county: LiveNode, arguments: list[str], expected: str) -> None:
    written = [argument.format(county=county.directory) for argument in arguments]
    ended = ended_command(*written)
    assert ended.returncode in {1, 2}
    assert "Traceback" not in ended.stderr
    assert expected in ended.stderr


def test_strict_makes_what_deserves_a_look_a_fault(county: LiveNode) -> None:
    friendly = ended_command("check", str(county.directory))
    strict = ended_command("check", str(county.directory), "--strict")
    assert "look at: messages.status is Exercise" in friendly.stdout
    assert friendly.stdout == strict.stdout
    assert (friendly.returncode, strict.returncode) == (0, 2)


def test_at_a_terminal_the_picture_of_the_county_is_shown(county: LiveNode) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    seen = b""
    with subprocess.Popen(
        [command("warnstream"), "run", str(county.directory)], stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        try:
            deadline = time.monotonic() + 30
            while b"stations reporting" not in seen and time.monotonic() < deadline:
                seen += os.read(ours, 4096)
        finally:
            process.terminate()
            while process.poll() is None:
                try:
                    seen += os.read(ours, 4096)
                except OSError:  # the other end of a terminal is gone
                    break
            process.wait(60)
            os.close(ours)
    assert b"stations reporting" in seen
    assert b"not ready:" in seen
    assert process.returncode == 0, seen
