"""A node that takes long to start says that it lives and is not ready."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.local_http import LOCAL
from warnstream.config.http_address import http_address
from warnstream.config.load import load_configuration
from warnstream.runners.live import node as live
from warnstream.runners.live.node import Node


def county(folder: Path) -> tuple[Path, int]:
    port = free_port()
    build_county(5, CountyPlan(n_stations=4, n_villages=6)).write(folder)
    write_demo_config(folder, broker_port=free_port(), http_port=port, sms_port=free_port())
    return folder, port


def test_a_node_that_recovers_for_long_is_alive_and_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, port = county(tmp_path)
    may_go_on = threading.Event()
    monkeypatch.setattr(live, "keep_freed_memory", lambda: may_go_on.wait(60))
    node = Node(load_configuration(folder))
    starting = threading.Thread(target=node.start)
    starting.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            alive, ready, state = (client.get(path) for path in ("/healthz", "/readyz", "/api/v1/state"))
            assert (alive.status_code, alive.json()) == (200, {"alive": True, "node": "demo-county"})
            assert (ready.status_code, ready.json()) == (
                503,
                {"ready": False, "reasons": ["the node is starting"], "bundle": 0, "details": []},
            )
            assert (state.status_code, state.headers["Retry-After"]) == (503, "5")
            may_go_on.set()
            starting.join(30)
            assert client.get("/api/v1/state").status_code == 200
            assert "the node is starting" not in client.get("/readyz").json()["reasons"]
    finally:
        may_go_on.set()
        starting.join(30)
        node.ask_to_stop()
        node.run()


WAITS = """
import sys, time
from warnstream.cli import main
from warnstream.commands import run

read = run.configuration_to_run

def read_late(directory):
    while not (directory / "go").exists():
        time.sleep(0.05)
    return read(directory)

run.configuration_to_run = read_late
sys.exit(main(sys.argv[1:]))
"""
"""A county that takes long to read: until somebody says `go`."""


def test_the_command_answers_while_it_reads_its_configuration(tmp_path: Path) -> None:
    folder, port = county(tmp_path)
    command = [sys.executable, "-c", WAITS, "run", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert asked(f"http://127.0.0.1:{port}/healthz").status_code == 200
            assert asked(f"http://127.0.0.1:{port}/readyz").json()["reasons"] == ["the node is starting"]
            (folder / "go").touch()
            for _ in range(600):
                if "the node is starting" not in asked(f"http://127.0.0.1:{port}/readyz").text:
                    break
                time.sleep(0.05)
            else:
                raise AssertionError("the node did not start")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def asked(url: str) -> httpx.Response:
    """What the address answers, once it is listened on."""
    for _ in range(600):
        try:
            return LOCAL.get(url)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


def test_an_address_that_is_wrong_is_left_to_the_configuration_to_tell(tmp_path: Path) -> None:
    folder, port = county(tmp_path)
    name, http = http_address(folder) or ("", None)
    assert http is not None
    assert (name, http.host, http.port) == ("demo-county", "127.0.0.1", port)
    node = folder / "warnstream.yaml"
    node.write_text(node.read_text(encoding="utf-8").replace(f"port: {port}", "port: yes"), encoding="utf-8")
    assert http_address(folder) is None
    assert http_address(tmp_path / "none") is None
