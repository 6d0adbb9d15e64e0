"""Crash campaign: a node killed again and again under a storm must lose and double nothing.

Run: ``python -m tests.simulation.crash_ingest`` (``make crash-ingest``). Storms
of a small county are published through mosquitto; ``warnstream run`` is killed
with SIGKILL at random moments, the broker is restarted now and then. After each
storm the accumulations and warnings are compared with an engine that saw the
same messages without any interruption, and every notification with what
people were shown. Prints the seed; the same seed kills at the same moments
(of simulated time, as near as processes allow).

The broker is restarted, not killed: mosquitto writes its store once a second
at best, so a broker killed between loses messages it had acknowledged
(docs/operating.md).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np

from station_sim.answers import AnswerHabits
from station_sim.broker import BrokerAddress
from station_sim.county import CountyPlan, build_county
from station_sim.demo_config import write_demo_config
from station_sim.people import BrokerDevices, People
from station_sim.scenario import Scenario
from tests.conftest import Mosquitto, find_mosquitto, free_port
from tests.e2e.live import LiveNode, all_shown, command, feed, state_on_disk
from warnstream.config.load import load_configuration
from warnstream.model.times import HOUR_S, iso_utc
from warnstream.review.report import same_warnings, write_warnings
from warnstream.runners.export import export_warnings

HOURS = 8.0
SPEED = 240.0
DURATIONS_S = np.array([600, HOUR_S, 6 * HOUR_S, 24 * HOUR_S], dtype=np.int32)
SETTLE_S_MAX = 120.0


@dataclass(slots=True)
class Tally:
    """What the campaign has found so far."""

    kills: int = 0
    broker_restarts: int = 0
    readings: int = 0
    faults: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="kills of the node in all (default 200)")
    parser.add_argument("--broker-restarts", type=int, default=20, help="restarts of the broker (default 20)")
    parser.add_argument("--seed", type=int, default=None, help="repeat a campaign")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int(time.time())
    program = find_mosquitto()
    if program is None:
        print("mosquitto is not installed on this machine")
        return 2
    print(f"seed {seed}", flush=True)
    tally, random, storm = Tally(), Random(seed), 0
    share = options.broker_restarts / max(options.kills, 1)
    while tally.kills < options.kills:
        storm += 1
        with tempfile.TemporaryDirectory(prefix="crash-") as name:
            run_storm(Path(name), program, seed + storm, random, tally, options.kills, share)
        print(
            f"storm {storm}: {tally.kills} kills, {tally.broker_restarts} broker restarts, "
            f"{tally.readings} readings, {len(tally.faults)} faults",
            flush=True,
        )
    for fault in tally.faults:
        print(fault)
    verdict = "nothing lost, nothing doubled" if not tally.faults else f"{len(tally.faults)} FAULTS"
    print(
        f"seed {seed}: {tally.kills} kills, {tally.broker_restarts} broker restarts, "
        f"{tally.readings} readings: {verdict}"
    )
    return 1 if tally.faults else 0


def run_storm(
    directory: Path, program: str, seed: int, random: Random, tally: Tally, kills_max: int, share: float
) -> None:
    """One storm with as many kills as fit into it."""
    county_directory, broker_directory = directory / "county", directory / "broker"
    county_directory.mkdir()
    broker_directory.mkdir()
    county = build_county(seed, CountyPlan(n_stations=60, n_villages=200))
    county.write(county_directory)
    broker = Mosquitto(program, free_port(), broker_directory)
    broker.start()
    http_port = free_port()
    write_demo_config(
        county_directory,
        broker_port=broker.port,
        http_port=http_port,
        sms_port=free_port(),
        embedded_broker=False,
    )
    scenario = Scenario(seed, county, HOURS)
    node = LiveNode(county_directory, http_port)
    people = People(BrokerDevices(BrokerAddress(port=broker.port)), AnswerHabits(seed=seed, speed=SPEED))
    node.start()
    people.start()
    arguments = ["--config", str(county_directory), "--seed", str(seed), "--speed", str(SPEED)]
    publisher = subprocess.Popen(
        [command("station-sim"), "run", *arguments, "--port", str(broker.port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while publisher.poll() is None:
            time.sleep(random.uniform(0.05, 2.0))
            if tally.kills < kills_max and publisher.poll() is None:
                disturb(node, broker, random, tally, share)
        node.wait_until(iso_utc(scenario.end_s), timeout_s=SETTLE_S_MAX)
        settle(county_directory, people)
        people.stop()
        status = node.stop()
        if status != 0:
            tally.faults.append(f"storm {seed}: the node ended with {status}")
        compare(county_directory, scenario, people, tally)
    finally:
        publisher.kill()
        publisher.wait()
        node.end()
        broker.stop()


def disturb(node: LiveNode, broker: Mosquitto, random: Random, tally: Tally, share: float) -> None:
    """Kill the node, sometimes restart the broker while it is away, and start it again."""
    node.kill()
    tally.kills += 1
    if random.random() < share:
        broker.stop()
        broker.start()
        tally.broker_restarts += 1
    node.start()


def settle(directory: Path, people: People) -> None:
    """Wait until everything was sent and shown."""
    deadline = time.monotonic() + SETTLE_S_MAX
    while time.monotonic() < deadline and not all_shown(directory, people):
        time.sleep(0.5)


def compare(directory: Path, scenario: Scenario, people: People, tally: Tally) -> None:
    """Against an engine that saw the same messages in one go."""
    expected, issued = feed(directory, scenario)
    wanted = expected.engine.assessment.accumulate(DURATIONS_S)
    found = state_on_disk(directory).engine.assessment.accumulate(DURATIONS_S)
    differs = int((found.rain_mm != wanted.rain_mm).sum() + (found.coverage != wanted.coverage).sum())
    if differs:
        tally.faults.append(f"storm {scenario.seed}: {differs} accumulations differ")
    configuration = load_configuration(directory)
    export_warnings(configuration, directory / "live.jsonl")
    write_warnings(directory / "expected.jsonl", issued, configuration)
    for difference in same_warnings(directory / "live.jsonl", directory / "expected.jsonl")[:5]:
        tally.faults.append(f"storm {scenario.seed}: {difference}")
    if not all_shown(directory, people):
        tally.faults.append(f"storm {scenario.seed}: {people.counts().shown} shown do not fit the outbox")
    tally.readings += sum(message.n_readings for message in scenario.messages())


if __name__ == "__main__":
    sys.exit(main())
