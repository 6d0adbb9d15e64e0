"""Fixtures that every suite shares."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

with contextlib.suppress(ImportError):
    import pyproj  # noqa: F401  # before xarray looks for its engines: ecCodes, one of them, brings a PROJ of its own

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("units", settings.get_profile("any machine"), max_examples=30)
"""Of `make test`: as many examples as the shares of `make mutants` are found with, others in every run."""
settings.register_profile(
    "mutants",
    settings.get_profile("any machine"),
    max_examples=30,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("any machine")
# A deadline per example (200 ms by default), and whether ten examples are drawn within a second, tell how
# busy the machine is, not whether a law holds.

REPOSITORY = Path(__file__).resolve().parent.parent

MOSQUITTO_SETTINGS = """\
user {user}
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages 1000
max_queued_messages 0
persistence true
persistence_location {directory}/
autosave_interval 1
"""
"""As docs/operating.md recommends. Without `user`, a broker started by root loses its files."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real events; the test is skipped where it is absent."""
    folder = Path(os.environ.get("WARNSTREAM_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real events are not on this machine (set WARNSTREAM_SHARED_DATA to their folder)")
    return folder


@dataclass(slots=True)
class Mosquitto:
    """A real broker of our own on a free port of this machine."""

    program: str
    port: int
    directory: Path
    settings: str = MOSQUITTO_SETTINGS
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it accepts connections."""
        file = self.directory / "mosquitto.conf"
        file.write_text(
            self.settings.format(user=getpass.getuser(), port=self.port, directory=self.directory),
            encoding="utf-8",
        )
        with (self.directory / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([self.program, "-c", str(file)], stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"mosquitto does not listen on port {self.port}; see {self.directory}")

    def stop(self) -> None:
        """End it and wait."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def kill(self) -> None:
        """End it at once: what it has acknowledged since its last save is lost."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


_GIVEN: set[int] = set()


def free_port() -> int:
    """A TCP port that nobody uses just now, another one each time."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port


def find_mosquitto() -> str | None:
    """The broker's program; Debian installs it where ordinary users do not look."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")


@pytest.fixture
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A running mosquitto; skipped where it is not installed, a failure in CI."""
    program = find_mosquitto()
    if program is None:
        reason = "mosquitto is not installed on this machine"
        if os.environ.get("WARNSTREAM_REQUIRE_SERVERS"):
            pytest.fail(reason)
        pytest.skip(reason)
    broker = Mosquitto(program, free_port(), tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    yield broker
    broker.stop()
