"""Real processes that benchmarks measure: a node, a broker, a load; their CPU, memory and metrics."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

REPOSITORY = Path(__file__).resolve().parent.parent
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
START_S_MAX = 600.0
NOT_MEASURED = "Not measured: "
MOSQUITTO_SETTINGS = """\
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages 1000
max_queued_messages 0
persistence true
persistence_location {directory}/
autosave_interval 10
"""
"""As docs/operating.md recommends."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def cpu_s(process: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_mb(process: int, what: str = "VmRSS") -> float:
    """``VmRSS`` is what a process holds now, ``VmHWM`` the most it held."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(rf"{what}:\s+(\d+) kB", text)
    assert found is not None, f"the system does not tell {what}"
    return int(found[1]) / 1024


@dataclass(slots=True)
class NodeProcess:
    """``warnstream run`` on a folder; a context manager that starts it and ends it.

    `program` is run on the folder instead, where it is given, in the environment with `environment` added.
    """

    directory: Path
    http_port: int
    arguments: Sequence[str] = ("--log-level", "WARNING")
    program: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_after_s: float = 0.0
    process: "subprocess.Popen[bytes] | None" = None
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=30))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(120)
            except subprocess.TimeoutExpired:
                self.kill()
        self._client.close()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it and wait until it is ready; how long that took stays in `ready_after_s`."""
        begun = time.monotonic()
        words = self.program or [command("warnstream"), "run"]
        arguments = () if self.program else self.arguments
        with (self.directory / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*words, str(self.directory), *arguments],
                stdout=log,
                stderr=log,
                env=os.environ | self.environment if self.environment else None,
            )
        while time.monotonic() - begun < START_S_MAX:
            if self.process.poll() is not None:
                raise RuntimeError(f"the node ended:\n{self.log()}")
            if takes_readings(self._get("/readyz")):
                self.ready_after_s = time.monotonic() - begun
                return
            time.sleep(0.02)
        raise RuntimeError(f"the node is not ready after {START_S_MAX} s:\n{self.log()}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def state(self) -> dict[str, Any]:
        return self._get("/api/v1/state")

    def metrics(self) -> dict[str, float]:
        """Every sample by its name with labels; empty while the node does not answer."""
        try:
            text = self._client.get(f"http://127.0.0.1:{self.http_port}/metrics").text
        except httpx.HTTPError:
            return {}
        rows = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in rows}

    def log(self) -> str:
        return (self.directory / "node.log").read_text(encoding="utf-8")[-3000:]

    def _get(self, path: str) -> dict[str, Any]:
        try:
            content: dict[str, Any] = self._client.get(f"http://127.0.0.1:{self.http_port}{path}").json()
        except (httpx.HTTPError, ValueError):
            return {}
        return content


class BrokerProcess:
    """mosquitto on a port of its own; a context manager."""

    def __init__(self, program: str, directory: Path) -> None:
        self._program, self._directory = program, directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._directory.chmod(0o777)
        settings = self._directory / "mosquitto.conf"
        settings.write_text(
            MOSQUITTO_SETTINGS.format(port=self.port, directory=self._directory), encoding="utf-8"
        )
        self._process = subprocess.Popen(
            [self._program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise RuntimeError(f"mosquitto does not listen on port {self.port}")

    @property
    def pid(self) -> int:
        """Of the running broker."""
        assert self._process is not None
        return self._process.pid

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)


@contextmanager
def process(module: str, role: str, directory: Path, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A role of a module of ours in a process with its log in the directory; ended whatever happens."""
    words = [sys.executable, "-m", module, role, str(directory), *map(str, arguments)]
    with (directory / f"{role.strip('-')}.log").open("w", encoding="utf-8") as log:
        started = subprocess.Popen(
            words, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


def wait_for(condition: Callable[[], bool], what: str, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {within_s:.0f} s")
        time.sleep(0.1)


class Watch:
    """What the node says of itself over HTTP."""

    def __init__(self, http_port: int) -> None:
        self._client = httpx.Client(trust_env=False, timeout=20, base_url=f"http://127.0.0.1:{http_port}")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def is_ready(self) -> bool:
        """It takes readings."""
        try:
            return takes_readings(self._client.get("/readyz").json())
        except (httpx.HTTPError, ValueError):
            return False

    def number(self, name: str) -> float:
        """A metric without labels, of a node that takes readings (one that starts has few of them)."""
        rows = self._client.get("/metrics").text.splitlines()
        return float(next(row for row in rows if row.startswith(name + " ")).split()[1])

    def accepted(self) -> float:
        """Readings that the engine has seen, repetitions not counted."""
        return self.number("warnstream_readings_accepted_total")


def way_in(way: str, directory: Path, stack: ExitStack) -> int:
    """Port to publish to: that of a mosquitto started here, or a free one for the node's own listener.

    Raises
    ------
    RuntimeError
        If mosquitto is asked for and not on this machine.
    """
    if way == "listener":
        return free_port()
    program = find_mosquitto()
    if program is None:
        raise RuntimeError("mosquitto is not on this machine: only --way listener can be run")
    return stack.enter_context(BrokerProcess(program, directory / "broker")).port


def ways_in(asked: str) -> tuple[str, ...]:
    """The ways to measure: one that was asked for, or of ``both`` those that this machine has."""
    if asked != "both":
        return (asked,)
    if find_mosquitto() is None:
        say_not_measured("through mosquitto", "it is not on this machine")
        return ("listener",)
    return ("listener", "mosquitto")


def say_not_measured(what: str, why: str) -> None:
    """A line that `make bench` repeats at the top of its document."""
    print(f"{NOT_MEASURED}{what}: {why}\n", flush=True)


def find_mosquitto() -> str | None:
    """The broker's program; Debian installs it where ordinary users do not look."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")


def start_load(arguments: Sequence[str]) -> "subprocess.Popen[str]":
    """``station-sim load`` in the background; its summary is JSON on standard output."""
    return subprocess.Popen(
        [command("station-sim"), "load", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def load_summary(load: "subprocess.Popen[str]", timeout_s: float) -> dict[str, Any]:
    """Wait for a load to end; what it really sent."""
    try:
        output, _ = load.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        load.kill()
        load.communicate()
        raise
    if not output.strip():
        raise RuntimeError(f"the load ended with {load.returncode} and no summary")
    summary: dict[str, Any] = json.loads(output)
    return summary


NO_MATTER = ("channel ", "nobody ", "waits for ", "no reading yet ", "doors of ", "late readings prove ")
"""How reasons begin that keep no reading out: people who are not played here, nothing has come yet."""


def takes_readings(readiness: Mapping[str, Any]) -> bool:
    """Whether ``/readyz`` names only what keeps no reading out."""
    # Alarms of things that people have to do are among the reasons of a node that is ready.
    is_ready = readiness.get("ready") is True
    return is_ready or (
        "reasons" in readiness and all(reason.startswith(NO_MATTER) for reason in readiness["reasons"])
    )
