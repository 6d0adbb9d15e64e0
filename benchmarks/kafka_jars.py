"""The published jars of Kafka, which `benchmarks.kafka_cluster` runs: no container, no installation.

    python -m benchmarks.kafka_jars --fetch [FOLDER]     (Java 17 and Maven; 43 MB into build/kafka-jars)

The jars come with Maven's own settings, from Maven Central unless ``settings.xml`` names a mirror.
``KAFKA_JARS=FOLDER`` uses jars that are there.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

KAFKA_VERSION = "4.1.1"
JARS = Path(__file__).resolve().parent.parent / "build" / "kafka-jars"
FETCH_S_MAX = 600

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


def why_absent() -> str:
    """What is missing for a broker on this machine; empty if nothing is."""
    if shutil.which("java") is None:
        return "java is not on this machine"
    if jars() is None:
        return f"Kafka's jars are not in {jars_folder()} (python -m benchmarks.kafka_jars --fetch)"
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
