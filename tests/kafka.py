"""Counties whose log is a partition of a real Kafka: the commands as processes, what stands in the topics."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from benchmarks.kafka_cluster import KafkaCluster
from benchmarks.kafka_jars import why_absent
from tests import forks
from tests.conftest import free_port
from tests.e2e.live import LiveNode, command
from warnstream.adapters.journal.journal import Journal
from warnstream.config.load import load_configuration
from warnstream.config.settings import KafkaSettings
from warnstream.runners.intake.history_entries import ISSUED, Issued, decode_issued

WAIT_S_MAX = 120.0


def why_no_kafka() -> str:
    """What is missing for a broker and its clients; empty if nothing is."""
    try:
        import aiokafka  # noqa: F401
        import faust  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed (extra [kafka])"
    return why_absent()


def demand_kafka() -> None:
    """Skip a test where there is no Kafka; in CI that brought it, fail it."""
    absent = why_no_kafka()
    if absent and os.environ.get("WARNSTREAM_REQUIRE_KAFKA"):
        pytest.fail(absent)
    if absent:
        pytest.skip(absent)


@contextmanager
def kafka_cluster(directory: Path, n_nodes: int = 1) -> Iterator[KafkaCluster]:
    """A real Kafka, or a skip with the reason."""
    demand_kafka()
    with KafkaCluster(directory, n_nodes) as cluster:
        yield cluster


@dataclass(slots=True)
class KafkaCounty:
    """A CONFIG_DIR with a section `kafka`, and its processes."""

    directory: Path
    servers: list[str]
    partition: int = 0
    copies: int = 1
    partitions: int = 2
    mqtt_port: int = field(default_factory=free_port)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, forks.Running] = field(default_factory=dict)

    @classmethod
    def of(
        cls, embedded: Path, name: str, cluster: KafkaCluster, partition: int = 0, prefix: str = ""
    ) -> "KafkaCounty":
        """A copy of a folder of `write_county` that was never run; `prefix` of its topics: the name."""
        directory = embedded.parent / name
        shutil.copytree(embedded, directory, ignore=shutil.ignore_patterns("data", "*.log"))
        county = cls(directory, cluster.addresses, partition, min(3, len(cluster.nodes)))
        county.ports = {role: free_port() for role in ("http", "bridge", "judge", "deliver")}
        settings = directory / "warnstream.yaml"
        text = settings.read_text(encoding="utf-8")
        ports = json.loads((embedded / "ports.json").read_text(encoding="utf-8"))
        for was, now in ((ports["mqtt"], county.mqtt_port), (ports["http"], county.ports["http"])):
            text = text.replace(str(was), str(now))
        settings.write_text(f"{text}\n{county.section(prefix or name)}", encoding="utf-8")
        return county

    def section(self, prefix: str) -> str:
        """The lines of warnstream.yaml."""
        section = {
            "servers": self.servers,
            "partition": self.partition,
            "partitions": self.partitions,
            "prefix": prefix,
            "copies": self.copies,
            "session": "6s",
            **{f"{role}_port": self.ports[role] for role in ("bridge", "judge", "deliver")},
        }
        return f"kafka: {json.dumps(section)}\n"

    def copy_of(self, other: "KafkaCounty") -> None:
        """The same files on another machine."""
        shutil.copytree(other.directory, self.directory, ignore=shutil.ignore_patterns("data", "*.log"))

    @property
    def kafka(self) -> KafkaSettings:
        """Its section."""
        found = load_configuration(self.directory).kafka
        assert found is not None
        return found

    def start(self, role: str, *arguments: str, name: str = "") -> None:
        """Start a command; `name` where there are several of a role."""
        words = [role, str(self.directory), *arguments]
        with (self.directory / f"{name or role}.log").open("ab") as log:
            self.processes[name or role] = forks.spawn(words, log)

    def kill(self, name: str) -> None:
        """End it at once."""
        self.processes[name].kill()
        self.processes.pop(name).wait(20)

    def stop(self, name: str) -> int:
        """Ask it to end; its exit status."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(60)

    def end(self) -> None:
        """Make sure that nothing is left."""
        for name in list(self.processes):
            self.kill(name)

    def ready(self, role: str) -> dict[str, Any]:
        """What a process says of itself; empty while it does not answer."""
        node = LiveNode(self.directory, self.ports[role])
        found: dict[str, Any] = node.get("/readyz")
        return found

    def metric(self, role: str, name: str, partition: int | None = None) -> float:
        """A metric of a partition, without a number of the county's first."""
        label = self.partition if partition is None else partition
        return LiveNode(self.directory, self.ports[role]).metric(f'{name}{{partition="{label}"}}')

    def wait_for(self, is_so: Callable[[], object], what: str = "") -> None:
        """Wait until something is so, for a busy machine's sake for long."""
        deadline = time.monotonic() + WAIT_S_MAX
        while not is_so():
            said = {role: self.ready(role) for role in self.ports if role != "http"}
            assert time.monotonic() < deadline, f"{what}: {said}\n{self.log()}"
            time.sleep(0.1)

    def wait_until_ready(self, *roles: str) -> None:
        """Wait until processes do their work."""
        self.wait_for(lambda: all(self.ready(role).get("ready") for role in roles), "ready")

    def wait_until_judged_to(self, number: int) -> None:
        """Wait until an entry of that number is judged."""
        self.wait_for(lambda: self.metric("judge", "warnstream_kafka_next_entry") > number, "judged")

    def wait_until_judged(self) -> None:
        """Wait until everything that was written is judged."""
        last = self.bounds("entries")[1]
        self.wait_for(lambda: self.metric("judge", "warnstream_kafka_next_entry") == last + 1, "judged")

    def log(self) -> str:
        """The end of what the processes wrote."""
        return "\n".join(
            f"{path.name}: {path.read_text(encoding='utf-8')[-1500:]}"
            for path in sorted(self.directory.glob("*.log"))
        )

    def records(self, topic: str, partition: int | None = None) -> list[Any]:
        """Everything in a partition of a topic, without a number in the county's first."""
        return asyncio.run(self._records(topic, self.partition if partition is None else partition))

    def bounds(self, topic: str, partition: int | None = None) -> tuple[int, int]:
        """First and next offset of it."""
        return asyncio.run(self._bounds(topic, self.partition if partition is None else partition))

    def issued(self) -> dict[str, bytes]:
        """What its judges told that steps issued, by key; told again it must be the same."""
        found: dict[str, bytes] = {}
        for record in self.records("events"):
            key = record.key.decode()
            if key == "judged":
                continue
            assert found.setdefault(key, record.value) == record.value, key
        return found

    async def _records(self, topic: str, partition: int) -> list[Any]:
        from warnstream.adapters.kafka.reading import PartitionReader
        from warnstream.adapters.kafka.schema import Topics

        name: str = getattr(Topics(self.kafka.prefix), topic)
        reader = PartitionReader(self.kafka, name, partition, is_compacted=topic == "state")
        first, last = await reader.bounds()
        found = [record async for record in reader.read(first, last)]
        await reader.close()
        return found

    async def _bounds(self, topic: str, partition: int) -> tuple[int, int]:
        from warnstream.adapters.kafka.reading import PartitionReader
        from warnstream.adapters.kafka.schema import Topics

        reader = PartitionReader(self.kafka, getattr(Topics(self.kafka.prefix), topic), partition)
        found = await reader.bounds()
        await reader.close()
        return found


def write_county(directory: Path, *, stations: int, villages: int) -> dict[str, int]:
    """A simulated county for an embedded node; its ports, also in ports.json."""
    ports = {"mqtt": free_port(), "http": free_port(), "sms": free_port()}
    words = [command("station-sim"), "county", "--out", str(directory), "--clock", "simulated"]
    words += ["--stations", str(stations), "--villages", str(villages)]
    words += ["--broker-port", str(ports["mqtt"]), "--http-port", str(ports["http"])]
    subprocess.run([*words, "--sms-port", str(ports["sms"])], check=True, capture_output=True, timeout=120)
    (directory / "ports.json").write_text(json.dumps(ports), encoding="utf-8")
    return ports


def storm(directory: Path, port: int, hours: float, *more: str) -> "subprocess.Popen[bytes]":
    """A storm as fast as it is taken, to a broker's port."""
    words = [command("station-sim"), "run", "--config", str(directory), "--port", str(port)]
    return subprocess.Popen(
        [*words, "--speed", "0", "--hours", f"{hours:g}", "--resend", "60", *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def content_of(issued: Issued) -> bytes:
    """What a step issued, whichever entry it came from.

    Without what the desk knew after the entry: where time comes by messages, how many steps that holds
    depends on how messages were cut into entries.
    """
    return msgspec.msgpack.encode(structs.replace(issued, of=0, step=0, cases=[], voices=[]))


def issued_by_node(directory: Path) -> list[bytes]:
    """What an embedded node that has ended issued, step by step."""
    with closing(Journal(load_configuration(directory).storage.directory)) as journal:
        rows = [payload for _, kind, payload in journal.since(0) if kind == ISSUED]
    return [content_of(decode_issued(payload)) for payload in rows]


def issued_by_judges(county: KafkaCounty) -> list[bytes]:
    """What judges told, step by step; told again it counts once and must have the same bytes."""
    found = [decode_issued(value) for key, value in county.issued().items() if key.startswith("issued/")]
    return [content_of(issued) for issued in sorted(found, key=lambda issued: (issued.of, issued.step))]
