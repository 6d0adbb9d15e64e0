"""The doors of a running node: full of idle connections, reloaded, private, and a broker that forgets."""

import contextlib
import json
import resource
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import Mosquitto, free_port
from tests.e2e.live import LiveNode, command, takes_readings
from tests.integration.mqtt_listening import RawClient, connect_packet
from warnstream.adapters.mqtt.listener.access import user_line

pytestmark = pytest.mark.slow

SEED = 5
IDLE = 1_000
FILES_MAX = 256


class Gateway:
    """An SMS gateway that takes everything."""

    def __init__(self) -> None:
        received: list[str] = []

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the library's name
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                received.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing."""

        self.received = received
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    opened = Gateway()
    yield opened
    opened.close()


def configured(directory: Path, *, broker_port: int, sms_port: int, embedded: bool) -> LiveNode:
    build_county(SEED, CountyPlan(n_stations=40, n_villages=100)).write(directory)
    http_port = free_port()
    write_demo_config(
        directory, broker_port=broker_port, http_port=http_port, sms_port=sms_port, embedded_broker=embedded
    )
    return LiveNode(directory, http_port)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Both ends of many connections are in processes of this test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4 * IDLE:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * IDLE, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_a_thousand_idle_connections_stop_neither_a_warning_s_notification_nor_healthz(
    tmp_path: Path, gateway: Gateway
) -> None:
    port = free_port()
    node = configured(tmp_path, broker_port=port, sms_port=gateway.port, embedded=True)
    with (tmp_path / "node.log").open("ab") as log:
        low = f"ulimit -n {FILES_MAX} && exec {command('warnstream')} run {tmp_path}"
        node.process = subprocess.Popen(["bash", "-c", low], stdout=log, stderr=log)
    idle: list[socket.socket] = []
    try:
        node.wait_until_ready()
        for address in (port, node.http_port):
            for _ in range(IDLE):
                with contextlib.suppress(OSError):
                    idle.append(socket.create_connection(("127.0.0.1", address), 5))
        assert len(idle) > IDLE
        node.wait_for(lambda: node.get("/healthz").get("alive"))
        storm = ["--config", str(tmp_path), "--seed", str(SEED), "--hours", "2", "--speed", "600"]
        station_sim = [command("station-sim"), "run", *storm, "--port", str(port)]
        with subprocess.Popen(station_sim, stdout=subprocess.DEVNULL) as sender:
            for _ in range(IDLE):  # whoever was pushed out comes again
                with contextlib.suppress(OSError):
                    idle.append(socket.create_connection(("127.0.0.1", port), 5))
            node.wait_for(lambda: gateway.received)
            node.wait_for(lambda: node.get("/healthz").get("alive"))
            assert sender.wait(120) == 0
        assert "Too many open files" not in (tmp_path / "node.log").read_text(encoding="utf-8")
        assert "LimitNOFILE" in (tmp_path / "node.log").read_text(encoding="utf-8")
    finally:
        for connection in idle:
            connection.close()
        node.end()


def test_a_sighup_reads_users_again_and_never_ends_the_node(tmp_path: Path) -> None:
    port = free_port()
    node = configured(tmp_path, broker_port=port, sms_port=free_port(), embedded=True)
    settings = tmp_path / "warnstream.yaml"
    users = tmp_path / "users"
    users.write_text(user_line("R0001", b"secret") + "\n", encoding="utf-8")
    settings.write_text(
        settings.read_text(encoding="utf-8") + "\nlistener:\n  users_file: users\n", encoding="utf-8"
    )

    def answer(user: str) -> bytes:
        with RawClient(port, connect_packet("x", user=(user, "secret"))) as client:
            return client.read(4)

    try:
        node.start()
        assert node.process is not None
        assert answer("R0002") == b"\x20\x02\x00\x04"
        users.write_text("broken\n", encoding="utf-8")
        node.process.send_signal(signal.SIGHUP)
        node.wait_for(lambda: "users:1: expected name" in json.dumps(node.get("/readyz")))
        assert answer("R0001") == b"\x20\x02\x00\x00", "what was read earlier holds"
        users.write_text(user_line("R0002", b"secret") + "\n", encoding="utf-8")
        node.process.send_signal(signal.SIGHUP)
        node.wait_for(lambda: takes_readings(node.get("/readyz")))
        assert answer("R0002") == b"\x20\x02\x00\x00"
        for _ in range(20):
            node.process.send_signal(signal.SIGHUP)
        assert node.get("/healthz")["alive"] is True
        assert node.stop() == 0
    finally:
        node.end()


def test_what_a_node_keeps_is_readable_for_its_user_alone(tmp_path: Path) -> None:
    node = configured(tmp_path, broker_port=free_port(), sms_port=free_port(), embedded=True)
    try:
        node.start()
        kept = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
        assert len(kept) > 5
        assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in kept} == {0}
        assert node.stop() == 0
    finally:
        node.end()


@pytest.mark.server
def test_a_broker_that_forgets_sessions_is_named_by_readyz_until_it_shows_one(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    node = configured(tmp_path, broker_port=mosquitto.port, sms_port=free_port(), embedded=False)
    try:
        node.start()
        mosquitto.kill()
        for file in mosquitto.directory.glob("*.db"):
            file.unlink()
        mosquitto.start()
        node.wait_for(lambda: "has forgotten the session" in json.dumps(node.get("/readyz")))
        mosquitto.stop()
        mosquitto.start()
        node.wait_for(lambda: takes_readings(node.get("/readyz")))
        assert node.stop() == 0
    finally:
        node.end()
