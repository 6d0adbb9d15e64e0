"""A day on which everything goes wrong: a county under a storm, every kind of fault, a real node.

Run: ``python -m tests.simulation.day`` (``make sim-day``). A varied network of a
whole county sends 24 simulated hours with every fault of `station_sim.stations.faults`
through MQTT into ``warnstream run``, as fast as it takes them. Then:

- nothing is lost: accumulations and warnings are those of an engine that saw
  the same messages in one go, every message was received, every notification shown;
- warnings are scored against what really happened, per hazard;
- a second run of the same seed sends the same bytes and issues the same bytes.

Prints the seed. About ten minutes for the whole county.
"""

import argparse
import hashlib
import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.county.ground_inventory import SLOPE_HAZARD, write_ground_hazards
from station_sim.message import Message
from station_sim.mqtt_client import BrokerAddress, BrokerTransport
from station_sim.people.answers import AnswerHabits
from station_sim.people.devices import BrokerDevices, People
from station_sim.sending.publish import Publisher
from station_sim.sending.scenario import Scenario
from station_sim.stations.faults import HARSH_FAULTS, FaultKind
from station_sim.stations.varied_network import varied
from tests.conftest import free_port
from tests.e2e.live import LiveNode, all_shown, feed, state_on_disk
from tests.local_http import LOCAL
from warnstream.commands.warnings import export_warnings
from warnstream.config.load import load_configuration
from warnstream.model.times import HOUR_S, iso_utc
from warnstream.review.events import read_events
from warnstream.review.report import read_warnings, same_warnings, write_warnings
from warnstream.review.verification import HAZARDS_OF_KIND, HazardScore, VerificationPolicy, score_warnings

DURATIONS_S = np.array([600, HOUR_S, 6 * HOUR_S, 24 * HOUR_S], dtype=np.int32)
SETTLE_S_MAX = 300.0
HAZARDS_OF_TRUTH = {**HAZARDS_OF_KIND, "landslide": ("landslide", SLOPE_HAZARD)}
"""A landslide is warned of by rain and by sensors on the slope."""


@dataclass(slots=True)
class Day:
    """What one run led to; `faults` is empty when nothing was lost."""

    scenario: Scenario
    sent_sha256: str = ""
    warnings: bytes = b""
    messages: int = 0
    readings: int = 0
    beacons: int = 0
    shown: int = 0
    wall_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    scores: list[HazardScore] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0, help="default 24")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--stations", type=int, help="rain stations of the grid; default all, about 700")
    parser.add_argument("--villages", type=int, help="default 2,855")
    parser.add_argument("--once", action="store_true", help="no second run of the same seed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")
    options = parser.parse_args()
    plan = CountyPlan(n_stations=options.stations, n_villages=options.villages)
    print(f"seed {options.seed}", flush=True)
    days = []
    for number in range(1 if options.once else 2):
        day = run_day(plan, options.seed, options.hours)
        days.append(day)
        print(
            f"run {number + 1}: {day.messages:,} messages, {day.readings:,} reports, {day.beacons} minutes, "
            f"{day.wall_s:.0f} s; {day.warnings.count(b'{'):,} warning messages, {day.shown:,} shown; "
            f"{'; '.join(day.faults) or 'nothing lost'}",
            flush=True,
        )
        print(
            f"  sha256 of what was sent {day.sent_sha256}\n"
            f"  sha256 of the warnings  {hashlib.sha256(day.warnings).hexdigest()}",
            flush=True,
        )
    is_same = len({(day.sent_sha256, day.warnings) for day in days}) == 1
    if not options.once:
        print("the same seed gave the same bytes" if is_same else "THE SAME SEED GAVE OTHER BYTES")
    print(report(days[0]))
    if options.json:
        options.json.write_text(json.dumps(as_dict(days[0], is_same=is_same)), encoding="utf-8")
    return 0 if is_same and not any(day.faults for day in days) else 1


def run_day(plan: CountyPlan, seed: int, hours: float) -> Day:
    """One run on fresh folders."""
    with tempfile.TemporaryDirectory(prefix="day-") as name:
        directory = Path(name)
        county = varied(build_county(seed, plan), seed)
        county.write(directory)
        port, http_port = free_port(), free_port()
        write_demo_config(directory, broker_port=port, http_port=http_port, sms_port=free_port())
        assert county.ground is not None
        write_ground_hazards(directory, county.ground, county.villages.code)
        day = Day(Scenario(seed, county, hours, fault_mix=HARSH_FAULTS))
        day.scenario.write_truth(directory / "truth")
        node = LiveNode(directory, http_port)
        # Nobody answers: answers come in real time, and two runs are to be compared byte by byte.
        habits = AnswerHabits(seed=seed, off_share=1.0)
        people = People(BrokerDevices(BrokerAddress(port=port)), habits)
        node.start()
        try:
            people.start()
            send(day, port, node)
            settle(directory, people)
            day.shown = people.counts().shown
            received = counter(node, "warnstream_messages_received_total")
            people.stop()
            status = node.stop()
            if status != 0:
                day.faults.append(f"the node ended with {status}")
            if received != day.messages + day.beacons:
                day.faults.append(f"{received} messages received of {day.messages + day.beacons}")
            compare(directory, day, people)
            score(directory, day)
        finally:
            node.end()
        return day


def send(day: Day, port: int, node: LiveNode) -> None:
    """The whole day, as fast as the node takes it."""
    digest = hashlib.sha256()

    def hashed() -> Iterator[Message]:
        for message in day.scenario.messages():
            digest.update(f"{message.time_s} {message.topic} ".encode() + message.payload + b"\n")
            yield message

    begun = time.monotonic()
    summary = Publisher(hashed(), BrokerTransport(BrokerAddress(port=port)), speed=0).run()
    node.wait_until(iso_utc(day.scenario.end_s), timeout_s=SETTLE_S_MAX)
    day.wall_s = time.monotonic() - begun
    day.messages, day.readings, day.beacons = summary.messages, summary.readings, summary.beacons
    day.sent_sha256 = digest.hexdigest()
    if not summary.finished or summary.reconnects:
        day.faults.append(f"sending was not smooth: {summary}")


def counter(node: LiveNode, name: str) -> int:
    """A counter of the node's metrics."""
    text = LOCAL.get(f"http://127.0.0.1:{node.http_port}/metrics", timeout=10).text
    return round(sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name} ")))


def settle(directory: Path, people: People) -> None:
    deadline = time.monotonic() + SETTLE_S_MAX
    while time.monotonic() < deadline and not all_shown(directory, people):
        time.sleep(0.5)


def compare(directory: Path, day: Day, people: People) -> None:
    """With an engine that saw the same messages in one go."""
    expected, issued = feed(directory, day.scenario)
    wanted = expected.engine.assessment.accumulate(DURATIONS_S)
    found = state_on_disk(directory).engine.assessment.accumulate(DURATIONS_S)
    differs = int((found.rain_mm != wanted.rain_mm).sum() + (found.coverage != wanted.coverage).sum())
    if differs:
        day.faults.append(f"{differs} accumulations differ")
    configuration = load_configuration(directory)
    export_warnings(configuration, directory / "live.jsonl")
    write_warnings(directory / "expected.jsonl", issued, configuration)
    day.faults += same_warnings(directory / "live.jsonl", directory / "expected.jsonl")[:5]
    day.warnings = (directory / "live.jsonl").read_bytes()
    if not all_shown(directory, people):
        day.faults.append(f"{people.counts().shown} shown do not fit the outbox")


def score(directory: Path, day: Day) -> None:
    """Warnings against what really happened."""
    configuration = load_configuration(directory)
    villages = configuration.network.villages
    warnings = read_warnings(directory / "live.jsonl", villages)
    policy = VerificationPolicy(
        hazards=tuple(rule.name for rule in configuration.rules), hazards_of_kind=HAZARDS_OF_TRUTH
    )
    events = read_events(directory / "truth" / "truth.csv")
    day.scores = list(score_warnings(warnings, events, villages, policy).scores)


def report(day: Day) -> str:
    """Faults by kind, and warnings against truth: every hazard of the configuration, every level."""
    counts = Counter(record.kind for record in day.scenario.faults)
    reports = Counter[FaultKind]()
    for record in day.scenario.faults:
        reports[record.kind] += record.readings
    happened = Counter(event.label for event in day.scenario.truth)
    absent = [kind.value for kind in FaultKind if not counts[kind]]
    lines = [
        "faults, of which reports: "
        + ", ".join(f"{kind.value} {counts[kind]} ({reports[kind]})" for kind in FaultKind if counts[kind]),
        f"faults that this seed did not draw: {', '.join(absent) or 'none'}",
        "happened: " + (", ".join(f"{kind} {n}" for kind, n in happened.items()) or "nothing"),
        "",
        "| hazard | from | events | warned | without event | POD | FAR | CSI | median lead, min |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for hazard in dict.fromkeys(score.hazard for score in day.scores):
        lines += hazard_lines([score for score in day.scores if score.hazard == hazard])
    return "\n".join(lines)


def hazard_lines(scores: list[HazardScore]) -> list[str]:
    """Rows of one hazard by level; one row that says so where there is nothing to score."""
    name, events = scores[0].hazard, max(score.hits + score.misses for score in scores)
    if not events and not any(score.warnings for score in scores):
        return [f"| {name} | any | 0: no such event happened, nobody was warned | 0 | 0 | - | - | - | - |"]
    return [
        f"| {name} | {score.level.word} | {events or '0: no such event happened'} | {score.hits} | "
        f"{score.false_alarms} | {share(score.pod)} | {share(score.far)} | {share(score.csi)} | "
        f"{minutes(score.lead_min_median)} |"
        for score in scores
        if events or score.warnings
    ]


def share(value: float) -> str:
    """A dash where nothing is to be divided by."""
    return "-" if math.isnan(value) else f"{value:.2f}"


def minutes(value: float) -> str:
    """A dash where nothing was warned of."""
    return "-" if math.isnan(value) else f"{value:.0f}"


def as_dict(day: Day, *, is_same: bool) -> dict[str, object]:
    return {
        "seed": day.scenario.seed,
        "hours": day.scenario.hours,
        "messages": day.messages,
        "faults": day.faults,
        "is_same": is_same,
        "sent_sha256": day.sent_sha256,
        "warnings_sha256": hashlib.sha256(day.warnings).hexdigest(),
        "report": report(day),
    }


if __name__ == "__main__":
    sys.exit(main())
