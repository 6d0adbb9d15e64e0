"""A RabbitMQ of our own with its MQTT plugin, on free ports of this machine, without root."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import free_port

START_S_MAX = 90.0

SETTINGS = """\
listeners.tcp = none
mqtt.listeners.tcp.default = 127.0.0.1:{port}
mqtt.allow_anonymous = true
disk_free_limit.absolute = 10MB
"""


def find_rabbitmq() -> Path | None:
    """Its start script: as Debian installs it, or below the folder that RABBITMQ_ROOT names."""
    root = Path(os.environ.get("RABBITMQ_ROOT", "/"))
    found = sorted(root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"))
    return found[-1] if found and find_epmd() else None


def find_epmd() -> str | None:
    """Erlang's port mapper."""
    root = os.environ.get("RABBITMQ_ROOT", "/")
    return shutil.which("epmd", path=f"{root}/usr/lib/erlang/bin:{os.environ.get('PATH', '')}")


@contextmanager
def rabbitmq(program: Path, directory: Path, more_settings: str = "") -> Iterator[int]:
    """Run it; yields the port of its MQTT listener.

    Raises
    ------
    RuntimeError
        If it does not listen within `START_S_MAX`.
    """
    port, epmd_port = free_port(), free_port()
    epmd = find_epmd()
    assert epmd is not None
    (directory / "rabbitmq.conf").write_text(SETTINGS.format(port=port) + more_settings, encoding="utf-8")
    (directory / "plugins").write_text("[rabbitmq_mqtt].\n", encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": f"{Path(epmd).parent}:{os.environ.get('PATH', '')}",
        "HOME": str(directory),
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"ws{port}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
        "RABBITMQ_LOG_BASE": str(directory / "log"),
    }
    log = (directory / "out").open("wb")
    mapper = subprocess.Popen(
        [epmd, "-address", "127.0.0.1", "-port", str(epmd_port)], stdout=log, stderr=log
    )
    server = subprocess.Popen(
        ["sh", str(program)], env=environment, cwd=directory, stdout=log, stderr=log, start_new_session=True
    )
    try:
        _wait_until_open(port, server, directory)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, 9)
            server.wait(10)
        mapper.terminate()
        mapper.wait(10)
        log.close()


def _wait_until_open(port: int, server: "subprocess.Popen[bytes]", directory: Path) -> None:
    deadline = time.monotonic() + START_S_MAX
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"RabbitMQ does not listen: {(directory / 'out').read_text(errors='replace')[-2000:]}")
