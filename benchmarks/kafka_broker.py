"""One node of Kafka on this machine, from its published jars: no container, no installation.

    python -m benchmarks.kafka_broker --fetch [FOLDER]     (Java 17 and Maven; 43 MB into build/kafka-jars)

The jars come with Maven's own settings, from Maven Central unless ``settings.xml`` names a mirror.
``KAFKA_JARS=FOLDER`` uses jars that are there. A broker keeps everything in a folder of its own, listens
on 127.0.0.1 only, and is ready in about five seconds.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from benchmarks.processes import free_port

KAFKA_VERSION = "4.1.1"
JARS = Path(__file__).resolve().parent.parent / "build" / "kafka-jars"
START_S_MAX = 60.0
FETCH_S_MAX = 600
MEMORY = ("-Xms256m", "-Xmx512m")

POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-broker</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{version}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={directory}
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def why_absent() -> str:
    """What is missing for a broker on this machine; empty if nothing is."""
    if shutil.which("java") is None:
        return "java is not on this machine"
    if jars() is None:
        return f"Kafka's jars are not in {jars_folder()} (python -m benchmarks.kafka_broker --fetch)"
    return ""


def jars_folder() -> Path:
    """Where the jars are looked for."""
    return Path(os.environ.get("KAFKA_JARS", JARS))


def jars() -> Path | None:
    """Folder of the jars, if the broker's own is among them."""
    folder = jars_folder()
    return folder if any(folder.glob("kafka_2.13-*.jar")) else None


def fetch_jars(folder: Path) -> None:
    """Bring the broker and everything that it needs to run.

    Raises
    ------
    RuntimeError
        If Maven is absent or could not get them all; its words are in the message.
    """
    program = shutil.which("mvn")
    if program is None:
        raise RuntimeError("mvn is not on this machine: install Maven, or set KAFKA_JARS to a folder of jars")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        pom, found = Path(name) / "pom.xml", Path(name) / "jars"
        pom.write_text(POM.format(version=KAFKA_VERSION), encoding="utf-8")
        goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={found}")
        done = subprocess.run(
            [program, "-B", "-q", "-f", str(pom), *goal],
            capture_output=True,
            text=True,
            timeout=FETCH_S_MAX,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"Maven ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}")
        shutil.rmtree(folder, ignore_errors=True)
        found.rename(folder)


class KafkaBroker:
    """One broker that is its own controller; a context manager.

    Parameters
    ----------
    directory : Path
        For its settings, log and data; made if needed.

    Raises
    ------
    RuntimeError
        On entering, if something is missing (`why_absent`) or the broker does not come up.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """As clients name it."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        absent = why_absent()
        if absent:
            raise RuntimeError(absent)
        self._directory.mkdir(parents=True, exist_ok=True)
        settings = self._directory / "server.properties"
        settings.write_text(
            SETTINGS.format(port=self.port, controller_port=free_port(), directory=self._directory / "data"),
            encoding="utf-8",
        )
        cluster = self._run_tool("random-uuid").split()[-1]
        self._run_tool("format", "-t", cluster, "-c", str(settings))
        with self._log().open("ab") as log:
            self._process = subprocess.Popen(
                [*self._java(), "kafka.Kafka", str(settings)], stdout=log, stderr=log
            )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def _java(self) -> list[str]:
        program = shutil.which("java")
        assert program is not None, "looked for on entering"
        return [program, *MEMORY, "-cp", f"{jars()}/*"]

    def _log(self) -> Path:
        return self._directory / "kafka.log"

    def _run_tool(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._java(), "kafka.tools.StorageTool", *arguments],
            capture_output=True,
            text=True,
            timeout=START_S_MAX,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"Kafka's storage tool refused {arguments[0]}: {done.stderr[-600:]}")
        return done.stdout

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        text = self._log().read_text(encoding="utf-8", errors="replace")[-1500:]
        self.__exit__()
        raise RuntimeError(f"Kafka did not start within {START_S_MAX:.0f} s:\n{text}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fetch", nargs="?", type=Path, const=jars_folder(), metavar="FOLDER")
    options = parser.parse_args()
    if options.fetch is None:
        print(why_absent() or f"Kafka can be started from {jars()}")
        return 0
    try:
        fetch_jars(options.fetch)
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"Kafka's jars could not be fetched: {error}", file=sys.stderr)
        return 1
    print(f"{len(list(options.fetch.glob('*.jar')))} jars in {options.fetch}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
