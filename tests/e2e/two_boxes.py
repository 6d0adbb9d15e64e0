"""Two `warnstream run` processes with one log, each in its own folder, time zone and locale."""

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests import forks
from tests.conftest import free_port
from tests.local_http import LOCAL
from tests.simulation.changed_county import County, Phones
from warnstream.adapters.journal.extents import find_extent, read_entries

WAIT_S_MAX = 240.0
NAMES = ("north", "south")
PLACES = {
    "north": ("127.0.0.1", {"TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}),
    "south": ("127.0.0.2", {"TZ": "America/Lima", "LC_ALL": "POSIX", "LANG": "POSIX"}),
}

STANDBY = """\
standby:
  first: north
  wait: {wait}
  boxes:
    north: {{host: 127.0.0.1, port: {north}, listen_port: {north_in}, bind: 127.0.0.1,
      url: "http://127.0.0.1:{http}"}}
    south: {{host: 127.0.0.2, port: {south}, listen_port: {south_in}, bind: 127.0.0.2,
      url: "http://127.0.0.2:{http}"}}
"""


@dataclass(slots=True)
class BoxProcess:
    """One box: its folder and, while it runs, its process."""

    name: str
    directory: Path
    http_port: int
    mqtt_port: int
    process: forks.Running | None = None

    @property
    def host(self) -> str:
        """Where its servers listen."""
        return PLACES[self.name][0]

    @property
    def data(self) -> Path:
        """Its storage."""
        return self.directory / "data"

    def spawn(self, *options: str) -> None:
        """Start it, and do not wait."""
        with (self.directory / "node.log").open("ab") as log:
            words = ["run", str(self.directory), "--box", self.name, *options]
            self.process = forks.spawn(words, log, place=PLACES[self.name][1])

    def kill(self) -> None:
        """End it at once."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def pause(self) -> None:
        """It stands still, as a machine that is too slow."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It works again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self.process = None
        return status

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def get(self, path: str) -> Any:
        """JSON of its HTTP interface; empty while it does not answer."""
        try:
            url = f"http://{self.host}:{self.http_port}{path}"
            return LOCAL.get(url, timeout=10).json()
        except (httpx.HTTPError, ValueError):
            return {}

    def metric(self, name: str) -> float:
        """A metric without labels; -1 while it is not there."""
        try:
            url = f"http://{self.host}:{self.http_port}/metrics"
            text = LOCAL.get(url, timeout=10).text
        except httpx.HTTPError:
            return -1.0
        values = [line.split(" ")[1] for line in text.splitlines() if line.startswith(f"{name} ")]
        return float(values[0]) if values else -1.0

    def reasons(self) -> list[str]:
        """What /readyz says."""
        return list(self.get("/readyz").get("reasons", []))

    def says(self, *words: str) -> bool:
        """Whether a reason of /readyz has all these words."""
        return any(all(word in reason for word in words) for reason in self.reasons())

    @property
    def leads(self) -> bool:
        """Whether it leads and its node works."""
        return "now" in self.get("/api/v1/state") or self.metric("warnstream_standby_leads") == 1

    def take_over(self) -> subprocess.CompletedProcess[str]:
        """`warnstream takeover` on it."""
        return forks.run(["takeover", str(self.directory)], 240, PLACES[self.name][1])

    def log(self) -> str:
        """The end of what it logged."""
        text = (self.directory / "node.log").read_text(encoding="utf-8", errors="replace")
        return f"--- {self.name}\n{text[-6_000:]}"

    def entries(self) -> list[tuple[int, str, bytes]]:
        """Its log on disk."""
        extent = find_extent(self.data / "journal")
        return list(read_entries(extent, extent.segments[0].first_sequence)) if extent.segments else []

    def numbered(self) -> list[tuple[int, tuple[str, bytes]]]:
        """Its log on disk, by number."""
        return [(number, (kind, payload)) for number, kind, payload in self.entries()]


@dataclass(slots=True)
class Cable:
    """A proxy between the boxes that can be cut: both stay alive and do not hear each other."""

    listens: tuple[str, int]
    leads_to: tuple[str, int]
    is_cut: bool = False
    _sockets: list[socket.socket] = field(default_factory=list)
    _server: socket.socket | None = None

    def open(self) -> None:
        """Carry connections from now on."""
        self._server = socket.create_server(self.listens)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Nothing goes through."""
        self.is_cut = True
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._sockets.clear()

    def mend(self) -> None:
        """Everything goes through again."""
        self.is_cut = False

    def close(self) -> None:
        """For good."""
        self.cut()
        if self._server is not None:
            with suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()

    def _accept(self) -> None:
        assert self._server is not None
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            try:
                far = socket.create_connection(self.leads_to, 2)
            except OSError:
                near.close()
                continue
            self._sockets += [near, far]
            for box, other in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(box, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
    for sock in (one, other):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class Pair:
    """Both boxes over one county, and its phones."""

    north: BoxProcess
    south: BoxProcess
    county: County
    cables: list[Cable] = field(default_factory=list)

    def write(self, wait: str = "2s") -> None:
        """The configuration into both folders; each reaches the other one through a cable."""
        county = self.county
        county.write()
        settings = (county.directory / "warnstream.yaml").read_text(encoding="utf-8")
        ports = {name: free_port() for name in ("north", "north_in", "south", "south_in")}
        section = STANDBY.format(wait=wait, http=self.north.http_port, **ports)
        for name, (host, _) in PLACES.items():
            self.cables.append(Cable((host, ports[name]), (host, ports[f"{name}_in"])))
            self.cables[-1].open()
        settings = settings.replace("clock: simulated", "clock: simulated, duty_posts: [office]")
        county.put("warnstream.yaml", settings + section)
        self.copy()

    def copy(self) -> None:
        """The county's files into both folders."""
        for box in (self.north, self.south):
            shutil.copytree(self.county.directory, box.directory, dirs_exist_ok=True)

    def start(self) -> None:
        """Both, until the second follows."""
        self.north.spawn()
        self.south.spawn()
        self.wait_for(lambda: self.is_protected)

    @property
    def is_protected(self) -> bool:
        """South follows, and north waits for it."""
        return (
            self.south.says("standby of north", "entries behind")
            and self.north.metric("warnstream_standby_protected") == 1
        )

    @property
    def has_same_logs(self) -> bool:
        """Both end with the same entry, and have the same entries as far as both go back."""
        north, south = dict(self.north.numbered()), dict(self.south.numbered())
        both = north.keys() & south.keys()
        is_level = max(north) == max(south)
        return is_level and bool(both) and all(north[number] == south[number] for number in both)

    def other(self, box: BoxProcess) -> BoxProcess:
        """The one beside a box."""
        return self.south if box is self.north else self.north

    def wait_for(self, is_so: Any, timeout_s: float = WAIT_S_MAX) -> None:
        """Until something is so."""
        deadline = time.monotonic() + timeout_s
        while not is_so():
            for box in (self.north, self.south):
                ended = box.process is not None and box.process.poll() not in {None, -signal.SIGKILL}
                assert not ended, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def log(self) -> str:
        """What both have said."""
        readiness = [f"{box.name}: {box.reasons()}" for box in (self.north, self.south)]
        return "\n".join([*readiness, self.north.log(), self.south.log()])

    def cut(self) -> None:
        """Both live on and do not hear each other."""
        for cable in self.cables:
            cable.cut()

    def mend(self) -> None:
        """They hear each other again."""
        for cable in self.cables:
            cable.mend()

    def end(self) -> None:
        """Nothing of either is left."""
        self.north.end()
        self.south.end()
        for cable in self.cables:
            cable.close()


@contextmanager
def pair_of_boxes(directory: Path, gateway: Phones, wait: str = "2s") -> Iterator[Pair]:
    """A pair over a small county, not started."""
    county = County(directory / "county", gateway)
    http, mqtt = free_port(), free_port()
    boxes = [BoxProcess(name, directory / name, http, mqtt) for name in NAMES]
    pair = Pair(boxes[0], boxes[1], county)
    pair.write(wait)
    settings = (county.directory / "warnstream.yaml").read_text(encoding="utf-8")
    lines = []
    for line in settings.splitlines():
        if line.startswith("broker:"):
            lines.append(f"broker: {{embedded: true, port: {mqtt}}}")
        elif line.startswith("http:"):
            lines.append(f"http: {{port: {http}}}")
        else:
            lines.append(line)
    county.put("warnstream.yaml", "\n".join(lines) + "\n")
    pair.copy()
    try:
        yield pair
    finally:
        pair.end()


class Gateway:
    """A gateway that knows both boxes: it publishes where it is acknowledged, and remembers what was."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self.acknowledged: list[tuple[str, bytes]] = []

    def publish(self, messages: list[Any], box: BoxProcess, timeout_s: float = 20.0) -> int:
        """Publish to a box; how many were acknowledged."""
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"gateway-{time.monotonic_ns()}")
        count = 0
        try:
            client.connect(box.host, box.mqtt_port)
            client.loop_start()
            for message in messages:
                told = client.publish(message.topic, bytes(message.payload), qos=1)
                with suppress(RuntimeError, ValueError):
                    told.wait_for_publish(timeout_s)
                if not told.is_published():
                    break
                self.acknowledged.append((message.topic, bytes(message.payload)))
                count += 1
        except OSError:
            return count
        finally:
            client.disconnect()
            client.loop_stop()
        return count
