"""A real Kafka of one or three nodes on this machine's loopback, without a container: `make kafka`.

    python -m benchmarks.kafka_cluster [--nodes 3] [--port 9092] [--data FOLDER] [--fresh]

Runs in the foreground until Ctrl-C. The jars come by ``make kafka-jars`` (`benchmarks.kafka_jars`). Data
stays in the folder (build/kafka-data) and is there again at the next start; ``--fresh`` begins with nothing.
Each node is broker and controller, listens on 127.0.0.1 only, and takes two ports: --port and --port + 1000,
then the next.
"""

import argparse
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from benchmarks.kafka_jars import jars, why_absent
from benchmarks.processes import REPOSITORY, free_port

DATA = REPOSITORY / "build" / "kafka-data"
CONTROLLER_PORTS_ON = 1000
START_S_MAX = 180.0
"""For a busy machine's sake long."""
MEMORY = ("-Xms256m", "-Xmx512m")

SETTINGS = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={directory}
auto.create.topics.enable=false
num.partitions=1
default.replication.factor={copies}
min.insync.replicas={copies_least}
offsets.topic.num.partitions=4
offsets.topic.replication.factor={copies}
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={copies_least}
group.initial.rebalance.delay.ms=0
log.retention.check.interval.ms=1000
log.cleaner.backoff.ms=1000
log.segment.delete.delay.ms=1000
"""


@dataclass(slots=True)
class KafkaNode:
    """One broker that is a controller, too."""

    number: int
    port: int
    controller_port: int
    directory: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def address(self) -> str:
        """As clients name it."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.directory / "kafka.log"

    def start(self) -> None:
        """Start it and do not wait."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*java(), "kafka.Kafka", str(self.directory / "server.properties")], stdout=log, stderr=log
            )

    def is_listening(self) -> bool:
        """Clients can connect."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            self.process = None

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process = None


class KafkaCluster:
    """One node or several; a context manager.

    Parameters
    ----------
    directory : Path
        For settings, logs and data; what is there already is gone on with.
    n_nodes : int
    port : int
        Of the first node; 0: free ones.

    Raises
    ------
    RuntimeError
        On entering, if something is missing (`why_absent`) or a node does not come up.
    """

    def __init__(self, directory: Path, n_nodes: int = 1, port: int = 0) -> None:
        self._directory = directory
        self.nodes = [
            KafkaNode(
                number,
                port + number - 1 if port else free_port(),
                port + CONTROLLER_PORTS_ON + number - 1 if port else free_port(),
                directory / f"node-{number}",
            )
            for number in range(1, n_nodes + 1)
        ]

    @property
    def addresses(self) -> list[str]:
        """Of all nodes, as clients name them."""
        return [node.address for node in self.nodes]

    def __enter__(self) -> Self:
        absent = why_absent()
        if absent:
            raise RuntimeError(absent)
        cluster = self._cluster_id()
        for node in self.nodes:
            self._prepare(node, cluster)
            node.start()
        for node in self.nodes:
            self.wait_for(node)
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            if node.process is not None:
                node.process.terminate()
        for node in self.nodes:
            node.stop()

    def wait_for(self, node: KafkaNode) -> None:
        """Wait until a node listens. RuntimeError if it ends or does not come up."""
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            if node.is_listening():
                return
            if node.process is None or node.process.poll() is not None:
                break
            time.sleep(0.1)
        text = node.log.read_text(encoding="utf-8", errors="replace")[-1500:]
        self.__exit__()
        raise RuntimeError(f"node {node.number} of Kafka did not start:\n{text}")

    def _cluster_id(self) -> str:
        """The identity of a cluster is kept with its data."""
        self._directory.mkdir(parents=True, exist_ok=True)
        file = self._directory / "cluster-id"
        if not file.exists():
            file.write_text(_run_tool("random-uuid").split()[-1], encoding="utf-8")
        return file.read_text(encoding="utf-8").strip()

    def _prepare(self, node: KafkaNode, cluster: str) -> None:
        node.directory.mkdir(parents=True, exist_ok=True)
        n_nodes, data = len(self.nodes), node.directory / "data"
        settings = node.directory / "server.properties"
        settings.write_text(
            SETTINGS.format(
                number=node.number,
                voters=",".join(f"{voter.number}@127.0.0.1:{voter.controller_port}" for voter in self.nodes),
                port=node.port,
                controller_port=node.controller_port,
                directory=data,
                copies=min(3, n_nodes),
                copies_least=1 if n_nodes < 3 else 2,
            ),
            encoding="utf-8",
        )
        if not (data / "meta.properties").exists():
            _run_tool("format", "-t", cluster, "-c", str(settings))


def java() -> list[str]:
    """The words that begin a program of Kafka's jars."""
    program = shutil.which("java")
    assert program is not None, "looked for before"
    return [program, *MEMORY, "-XX:+UseSerialGC", "-cp", f"{jars()}/*"]


def _run_tool(*arguments: str) -> str:
    done = subprocess.run(
        [*java(), "kafka.tools.StorageTool", *arguments],
        capture_output=True,
        text=True,
        timeout=START_S_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"Kafka's storage tool refused {arguments[0]}: {done.stderr[-600:]}")
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    parser.add_argument("--port", type=int, default=9092, help="of the first node (default: 9092)")
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER")
    parser.add_argument("--fresh", action="store_true", help="delete what FOLDER holds of an earlier run")
    options = parser.parse_args()
    folder = options.data / f"{options.nodes}-nodes"
    if options.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with KafkaCluster(folder, options.nodes, options.port) as cluster:
            print(
                f"Kafka listens on {', '.join(cluster.addresses)}; data in {folder}; Ctrl-C ends it",
                flush=True,
            )
            while True:
                time.sleep(1)
                ended = [
                    node.number for node in cluster.nodes if node.process and node.process.poll() is not None
                ]
                if ended:
                    print(f"node {ended[0]} has ended: see {folder}", file=sys.stderr)
                    return 1
    except KeyboardInterrupt:
        return 0
    except RuntimeError as error:
        print(f"Kafka cannot be started: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
