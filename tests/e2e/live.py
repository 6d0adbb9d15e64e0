"""Running the real commands as processes, as an operator would."""

import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from station_sim.people.devices import People
from station_sim.sending.scenario import Scenario
from station_sim.topics import is_clock
from tests import forks
from tests.local_http import LOCAL
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.outbox.outbox import Outbox
from warnstream.config.load import load_configuration
from warnstream.delivery.dispatch.notification import State
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.bulletins import Bulletin
from warnstream.model.warning import WarningMessage
from warnstream.runners.build import build_engine, judged_as
from warnstream.runners.history.doors import doors_of_folder
from warnstream.runners.intake import entries
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.topics import Topics

COMMANDS = Path(sys.executable).parent
START_S_MAX = 120.0
WAIT_S_MAX = 120.0
ANSWER_S_MAX = 20.0


def command(name: str) -> str:
    """Path of a command of this installation."""
    found = shutil.which(name, path=f"{COMMANDS}{os.pathsep}{os.environ.get('PATH', '')}")
    assert found, f"{name} is not installed beside {sys.executable}"
    return found


def takes_readings(readiness: Mapping[str, Any]) -> bool:
    """Whether ``/readyz`` names only what keeps no reading out.

    That is whatever does not block, channels that reach nobody, what people have ordered or wait for, and
    that nothing has come yet.
    """
    of_orders = (
        "doors of ",
        "by hand in ",
        "posts are not told ",
        "an order waits ",
        "orders that were taken ",
        "state of response ",
    )
    no_matter = (
        "channel ",
        "nobody ",
        "answers are missing ",
        "reports that ",
        "no alerts can ",
        "radar ",
        "waits for ",
        "no reading yet ",
        "drill is on ",
        "drills are on",
        "rescue teams ",
        *of_orders,
    )
    if "reasons" not in readiness:
        return False
    # A node that is starting says its reason alone.
    details = readiness["details"] or [{"en": reason, "blocks": True} for reason in readiness["reasons"]]
    return all(reason["en"].startswith(no_matter) for reason in details if reason["blocks"])


@dataclass(slots=True)
class LiveNode:
    """``warnstream run`` on a configuration directory."""

    directory: Path
    http_port: int
    process: forks.Running | None = None
    starts: int = field(default=0)

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.spawn()
        self.wait_until_ready()

    def spawn(self) -> None:
        """Start and do not wait."""
        self.starts += 1
        with (self.directory / "node.log").open("ab") as log:
            self.process = forks.spawn(["run", str(self.directory)], log)

    def wait_until_ready(self) -> None:
        """Wait until readings come in; channels whose gateway the test does not play may be held."""
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            if takes_readings(self.get("/readyz")):
                return
            assert self.process is not None
            assert self.process.poll() is None, self.log()
            time.sleep(0.05)
        raise AssertionError(f"the node did not become ready: {self.get('/readyz')}\n{self.log()}")

    def get(self, path: str) -> Any:
        """JSON of the node's HTTP interface; empty while it does not answer."""
        try:
            response = LOCAL.get(f"http://127.0.0.1:{self.http_port}{path}", timeout=ANSWER_S_MAX)
            return response.json()
        except (httpx.HTTPError, ValueError):
            return {}

    def metric(self, name: str) -> float:
        """A metric without labels; 0 while the node does not answer."""
        try:
            text = LOCAL.get(f"http://127.0.0.1:{self.http_port}/metrics", timeout=ANSWER_S_MAX).text
        except httpx.HTTPError:
            return 0.0
        values = [line.split(" ")[1] for line in text.splitlines() if line.startswith(f"{name} ")]
        return float(values[0]) if values else 0.0

    def wait_for(self, is_so: Callable[[], object]) -> None:
        """Wait until something is so, for a busy machine's sake for long; it is looked at again and again."""
        deadline = time.monotonic() + WAIT_S_MAX
        while not is_so():
            assert time.monotonic() < deadline, f"{self.get('/readyz')}\n{self.log()}"
            time.sleep(0.05)

    def wait_until(self, now: str, timeout_s: float) -> None:
        """Wait until the engine's time has reached an ISO time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if str(self.get("/api/v1/state").get("now", "")) >= now:
                return
            time.sleep(0.02)
        raise AssertionError(f"the node did not reach {now}:\n{self.log()}")

    def kill(self) -> None:
        """End it at once, without any chance to tidy up."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """Ask it to end; returns its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def log(self) -> str:
        """The last of what it wrote."""
        return (self.directory / "node.log").read_text(encoding="utf-8")[-4000:]


def state_on_disk(directory: Path) -> Intake:
    """The engine as a stopped node left it in its snapshot."""
    configuration = load_configuration(directory)
    intake = new_intake(directory)
    with closing(Journal(configuration.storage.directory)) as journal:
        snapshot = journal.latest_snapshot()
        assert snapshot is not None
        assert snapshot[0] == journal.last_sequence()
    intake.restore(snapshot[1])
    return intake


def new_intake(directory: Path) -> Intake:
    """An engine of the same configuration that has seen nothing."""
    configuration = load_configuration(directory)
    return Intake(
        build_engine(configuration),
        configuration.network,
        Topics(configuration.topic_prefix),
        clock=configuration.node.clock,
        status=configuration.message.status,
        judged_as=judged_as(configuration),
    )


def kept_messages(directory: Path) -> list[RawMessage]:
    """Messages in the journal of a node that has ended."""
    configuration = load_configuration(directory)
    with closing(Journal(configuration.storage.directory)) as journal:
        return [
            RawMessage(topic, payload)
            for _, kind, entry in journal.since(0)
            if kind == entries.MESSAGES
            for topic, payload in entries.decode_messages(entry)
        ]


def feed(
    directory: Path, scenario: Scenario, bulletins: list[Bulletin] | None = None
) -> tuple[Intake, list[WarningMessage]]:
    """A storm straight into an engine of that configuration: no broker, no interruption.

    What the doors are told is added to `bulletins`.
    """
    intake, issued = new_intake(directory), []
    minute: list[RawMessage] = []
    for message in scenario.messages():
        minute.append(RawMessage(message.topic, message.payload))
        # How messages are cut into entries changes nothing: tests/unit/runners/test_intake.py.
        if is_clock(message.topic):
            for _, step in intake.consume(entries.MESSAGES, entries.encode_messages(minute)).steps:
                issued += step.effects.messages
                if bulletins is not None:
                    bulletins += step.effects.bulletins
            minute.clear()
    return intake, issued


def bulletin_lines(path: Path) -> list[dict[str, object]]:
    """Bulletins of a bulletins.jsonl in its order; without the doors, of which some may have answered."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "doors"} for line in lines]


def all_shown(directory: Path, people: People) -> bool:
    """Whether people were shown every notification, and nothing that is not in the outbox.

    One that was on its way when the node was killed, and was replaced by a newer
    message before the node was back, is superseded in the outbox; whether it was
    shown nobody knows.
    """
    least, most = notifications_told(directory)
    return least <= people.counts().shown <= most


def notifications_told(directory: Path) -> tuple[int, int]:
    """How many notifications devices must have been shown, and may have been at most."""
    configuration = load_configuration(directory)
    topics = Topics(configuration.topic_prefix)
    doors = doors_of_folder(directory / "data", configuration.network, topics)
    with closing(Outbox(directory / "data")) as outbox:
        both = [*outbox.counts().items(), *doors.counts().items()]
    counts: Counter[State] = Counter()
    for (channel, state), n in both:
        counts[state] += n if channel == "device" else 0
    told = sum(n for state, n in counts.items() if state != State.SUPERSEDED)
    return told, told + counts[State.SUPERSEDED]
