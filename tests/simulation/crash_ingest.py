"""Crash campaign: a node killed again and again under a storm must lose and double nothing.

Run: ``python -m tests.simulation.crash_ingest`` (``make crash-ingest``). Storms
of a small county are published through mosquitto by `station-sim`. Meanwhile

- ``warnstream run`` is killed with SIGKILL at random moments,
- the end of its journal is torn before it starts again: garbage, half a record, bytes cut off,
- the broker is killed or restarted, with the node there or away; a killed broker loses what
  it had acknowledged since its last save, so the gateway sends its last seconds again (``--resend``),
- the disk of its storage (a tmpfs) is filled; sometimes the node is killed then, and started too early.

After each storm the journal is searched for every message that was sent, and
accumulations and warnings are compared with an engine that saw the same
messages without any interruption; every notification with what people were
shown. Prints the seed; the same seed disturbs in the same order (the moments
are as near as processes allow).

Stations whose clock is ahead are left out while brokers are killed: a reading refused as from the future
is judged anew when it comes again, and at this speed ten seconds are forty minutes of simulated time.
Notifications to devices that a killed broker lost are counted, not held
against the node: it had been told that they were on their way.
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
from rich.console import Console
from rich.table import Table

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.mqtt_client import BrokerAddress
from station_sim.people.answers import AnswerHabits
from station_sim.people.devices import BrokerDevices, People
from station_sim.sending.scenario import Scenario
from station_sim.stations.faults import HARSH_FAULTS, FaultKind, FaultMix
from station_sim.topics import is_clock
from tests.conftest import Mosquitto, find_mosquitto, free_port
from tests.e2e.live import LiveNode, command, feed, notifications_told, state_on_disk
from tests.simulation.storage_faults import TEARS, SmallDisk, tear
from warnstream.adapters.journal.extents import find_extent, read_entries
from warnstream.commands.warnings import export_warnings
from warnstream.config.load import load_configuration
from warnstream.model.times import HOUR_S, iso_utc
from warnstream.review.report import same_warnings, write_warnings
from warnstream.runners.intake import entries

DURATIONS_S = np.array([600, HOUR_S, 6 * HOUR_S, 24 * HOUR_S], dtype=np.int32)
SETTLE_S_MAX = 120.0
NOTICE_S_MAX = 40.0
"""A full disk must be seen at /readyz within that time."""

AUTOSAVE_S = 2.5
"""Sessions made so long ago are in the broker's saved state (its autosave_interval is 1 s)."""

DISK_BYTES = 64_000_000
SEGMENT_BYTES = 65_536
"""Small, so that many kills fall on a change of segments and a full disk is met at once."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """One thing that happens: the node is killed, the broker `kill`ed or `restart`ed, the disk full."""

    kills_node: bool = False
    tear: str = ""
    broker: str = ""
    fills_disk: bool = False


@dataclass(slots=True)
class Tally:
    """What the campaign has done and found so far."""

    kills: int = 0
    broker_kills: int = 0
    broker_restarts: int = 0
    disk_full: int = 0
    torn: int = 0
    readings: int = 0
    readings_lost: int = 0
    readings_doubled: int = 0
    notifications: int = 0
    notifications_doubled: int = 0
    notifications_lost: int = 0
    notifications_lost_by_broker: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Campaign:
    """The options, and what is left to do."""

    seed: int
    program: str
    hours: float
    speed: float
    resend: str
    can_mount: bool
    faults: FaultMix
    fault_words: str
    random: Random
    left: list[Disturbance]
    tally: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class Storm:
    """The processes of one storm."""

    seed: int
    directory: Path
    broker: Mosquitto
    node: LiveNode
    people: People
    disk: SmallDisk
    scenario: Scenario
    broker_was_killed: bool = False

    @property
    def journal(self) -> Path:
        """Folder of the node's journal."""
        return self.directory / "data" / "journal"


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    program = find_mosquitto()
    if program is None:
        print("mosquitto is not installed on this machine")
        return 2
    seed = options.seed if options.seed is not None else int(time.time())
    print(f"seed {seed}", flush=True)
    reason = why_no_small_disk()
    if reason:
        print(f"episodes of a full disk are skipped: a tmpfs cannot be mounted here ({reason})", flush=True)
        options.disk_full = 0
    random = Random(seed)
    left = plan(options, random)
    kinds = [kind for kind in FaultKind if kind is not FaultKind.CLOCK_AHEAD or not options.broker_kills]
    campaign = Campaign(
        seed=seed,
        program=program,
        hours=options.hours,
        speed=options.speed,
        resend=options.resend,
        can_mount=not reason,
        faults=HARSH_FAULTS.only(kinds),
        fault_words=",".join(kinds),
        random=random,
        left=left,
    )
    number = 0
    while campaign.left:
        number += 1
        with tempfile.TemporaryDirectory(prefix="crash-") as name:
            run_storm(Path(name), seed + number, campaign)
        tally = campaign.tally
        print(
            f"storm {number}: {tally.kills} kills, {len(campaign.left)} disturbances left, "
            f"{tally.readings} readings, {len(tally.faults)} faults",
            flush=True,
        )
    return report(campaign)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="kills of the node in all (default 200)")
    parser.add_argument("--broker-kills", type=int, default=20, help="kills of the broker (default 20)")
    parser.add_argument("--broker-restarts", type=int, default=20, help="orderly ones (default 20)")
    parser.add_argument("--disk-full", type=int, default=8, help="episodes of a full disk (default 8)")
    parser.add_argument("--torn", type=int, default=40, help="kills followed by a torn tail (default 40)")
    parser.add_argument("--hours", type=float, default=8.0, help="simulated, of each storm (default 8)")
    parser.add_argument("--speed", type=float, default=240.0, help="simulated per real seconds (default 240)")
    parser.add_argument("--resend", default="10s", help="what the gateway sends again (default 10s)")
    parser.add_argument("--seed", type=int, default=None, help="repeat a campaign")
    options = parser.parse_args(arguments)
    if options.torn > options.kills:
        parser.error(f"--torn {options.torn} needs as many --kills")
    return options


def plan(options: argparse.Namespace, random: Random) -> list[Disturbance]:
    """All disturbances in random order; a torn tail needs a kill, the broker goes with the node or alone."""
    kills = [Disturbance(kills_node=True) for _ in range(options.kills)]
    for number in range(options.torn):
        kills[number] = Disturbance(kills_node=True, tear=TEARS[number % len(TEARS)])
    random.shuffle(kills)
    others = ["kill"] * options.broker_kills + ["restart"] * options.broker_restarts
    for number, broker in enumerate(others):
        if number % 2 and number < len(kills):
            kills[number] = Disturbance(kills_node=True, tear=kills[number].tear, broker=broker)
        else:
            kills.append(Disturbance(broker=broker))
    kills += [Disturbance(fills_disk=True) for _ in range(options.disk_full)]
    random.shuffle(kills)
    return kills


def why_no_small_disk() -> str:
    """Why a tmpfs cannot be mounted here; empty if it can."""
    with tempfile.TemporaryDirectory(prefix="crash-disk-") as name:
        disk = SmallDisk(Path(name), 1_000_000)
        reason = disk.mount()
        disk.unmount()
    return reason


def run_storm(directory: Path, seed: int, campaign: Campaign) -> None:
    """One storm with as many disturbances as fit into it."""
    storm = prepare(directory, seed, campaign)
    storm.node.start()
    storm.people.start()
    time.sleep(AUTOSAVE_S)
    arguments = ["--config", str(storm.directory), "--seed", str(seed), "--hours", str(campaign.hours)]
    arguments += ["--speed", str(campaign.speed), "--resend", campaign.resend]
    arguments += ["--faults", campaign.fault_words]
    with (directory / "station-sim.log").open("wb") as log:
        publisher = subprocess.Popen(
            [command("station-sim"), "run", *arguments, "--port", str(storm.broker.port)],
            stdout=log,
            stderr=log,
        )
    try:
        disturb_until_over(storm, campaign, publisher)
        if publisher.wait() != 0:
            campaign.tally.faults.append(f"storm {seed}: station-sim ended with {publisher.returncode}")
        storm.node.wait_until(iso_utc(storm.scenario.end_s), timeout_s=SETTLE_S_MAX)
        settle(storm)
        storm.people.stop()
        status = storm.node.stop()
        if status != 0:
            campaign.tally.faults.append(f"storm {seed}: the node ended with {status}")
        compare(storm, campaign.tally)
    finally:
        publisher.kill()
        publisher.wait()
        storm.node.end()
        storm.broker.stop()
        storm.disk.unmount()


def prepare(directory: Path, seed: int, campaign: Campaign) -> Storm:
    """A county of its own with a broker and a small disk."""
    county_directory, broker_directory = directory / "county", directory / "broker"
    county_directory.mkdir()
    broker_directory.mkdir()
    county = build_county(seed, CountyPlan(n_stations=60, n_villages=200))
    county.write(county_directory)
    broker = Mosquitto(campaign.program, free_port(), broker_directory)
    broker.start()
    http_port = free_port()
    write_demo_config(
        county_directory,
        broker_port=broker.port,
        http_port=http_port,
        sms_port=free_port(),
        embedded_broker=False,
    )
    settings = county_directory / "warnstream.yaml"
    text = settings.read_text(encoding="utf-8")
    small = f"storage:\n  journal_segment_bytes: {SEGMENT_BYTES}\n"
    text = text.replace("storage:\n", small, 1).replace("snapshot_every: 10min", "snapshot_every: 10s")
    settings.write_text(text, encoding="utf-8")
    disk = SmallDisk(county_directory / "data", DISK_BYTES)
    if campaign.can_mount:
        reason = disk.mount()
        assert not reason, reason
    habits = AnswerHabits(seed=seed, speed=campaign.speed)
    people = People(BrokerDevices(BrokerAddress(port=broker.port)), habits)
    scenario = Scenario(seed, county, campaign.hours, fault_mix=campaign.faults)
    return Storm(
        seed, county_directory, broker, LiveNode(county_directory, http_port), people, disk, scenario
    )


def disturb_until_over(storm: Storm, campaign: Campaign, publisher: "subprocess.Popen[bytes]") -> None:
    """Disturbances at random moments until the storm is over or none is left."""
    # A broker killed after the gateway has sent its last takes that with it: nobody would send it again.
    last_kill_at = time.monotonic() + campaign.hours * HOUR_S / campaign.speed - 5
    while publisher.poll() is None:
        time.sleep(campaign.random.uniform(0.05, 2.0))
        fitting = (node for node in campaign.left if node.broker != "kill" or time.monotonic() < last_kill_at)
        disturbance = next(fitting, None)
        if disturbance is not None and publisher.poll() is None:
            campaign.left.remove(disturbance)
            disturb(storm, campaign, disturbance)


def disturb(storm: Storm, campaign: Campaign, disturbance: Disturbance) -> None:
    """Let one thing happen, and the node be there again afterwards."""
    tally = campaign.tally
    if disturbance.fills_disk:
        fill_disk(storm, campaign)
        return
    if disturbance.kills_node:
        storm.node.kill()
        tally.kills += 1
    if disturbance.broker == "kill":
        if disturbance.kills_node:
            # Messages gather at the broker that nobody else has: these are what its kill loses.
            time.sleep(campaign.random.uniform(0.3, 2.5))
        storm.broker.kill()
        storm.broker.start()
        storm.broker_was_killed = True
        tally.broker_kills += 1
    elif disturbance.broker == "restart":
        storm.broker.stop()
        storm.broker.start()
        tally.broker_restarts += 1
    if not disturbance.kills_node:
        return
    is_torn = bool(disturbance.tear) and tear(storm.journal, campaign.random, disturbance.tear)
    storm.node.start()
    if is_torn:
        tally.torn += 1
        if storm.node.metric("warnstream_journal_repairs_total") != 1:
            tally.faults.append(f"storm {storm.seed}: a torn tail ({disturbance.tear}) was not told")


def fill_disk(storm: Storm, campaign: Campaign) -> None:
    """Fill the disk, see the alarm, sometimes kill the node and start it too early, and free the disk."""
    node, tally = storm.node, campaign.tally
    storm.disk.fill()
    deadline = time.monotonic() + NOTICE_S_MAX
    while "not acknowledged" not in str(node.get("/readyz")) and time.monotonic() < deadline:
        time.sleep(0.1)
    if "not acknowledged" not in str(node.get("/readyz")):
        tally.faults.append(f"storm {storm.seed}: a full disk was not told at /readyz")
    if not node.metric("warnstream_storage_refusals_total"):
        tally.faults.append(f"storm {storm.seed}: a full disk was not counted")
    time.sleep(campaign.random.uniform(0.5, 3.0))
    if campaign.random.random() < 0.5:
        node.kill()
        tally.kills += 1
        node.spawn()
        time.sleep(campaign.random.uniform(1.0, 4.0))
        node.end()
        storm.disk.free()
        node.start()
    else:
        storm.disk.free()
        node.wait_until_ready()
    tally.disk_full += 1


def settle(storm: Storm) -> None:
    """Wait until everything was sent and shown, as far as the broker has not lost it."""
    deadline = time.monotonic() + (20.0 if storm.broker_was_killed else SETTLE_S_MAX)
    while time.monotonic() < deadline:
        least, _ = notifications_told(storm.directory)
        if storm.people.counts().shown >= least:
            return
        time.sleep(0.5)


def compare(storm: Storm, tally: Tally) -> None:
    """Against an engine that saw the same messages in one go, and against everything that was sent."""
    tally.readings += sum(message.n_readings for message in storm.scenario.messages())
    tally.readings_lost += lost_readings(storm)
    expected, issued = feed(storm.directory, storm.scenario)
    wanted = expected.engine.assessment.accumulate(DURATIONS_S)
    found = state_on_disk(storm.directory).engine.assessment.accumulate(DURATIONS_S)
    more, less = int((found.rain_mm > wanted.rain_mm).sum()), int((found.rain_mm < wanted.rain_mm).sum())
    tally.readings_doubled += more
    if more or less or (found.coverage != wanted.coverage).any():
        tally.faults.append(f"storm {storm.seed}: {more} accumulations too high, {less} too low")
    configuration = load_configuration(storm.directory)
    export_warnings(configuration, storm.directory / "live.jsonl")
    write_warnings(storm.directory / "expected.jsonl", issued, configuration)
    for difference in same_warnings(storm.directory / "live.jsonl", storm.directory / "expected.jsonl")[:5]:
        tally.faults.append(f"storm {storm.seed}: {difference}")
    least, most = notifications_told(storm.directory)
    shown = storm.people.counts().shown
    tally.notifications += shown
    tally.notifications_doubled += max(shown - most, 0)
    if storm.broker_was_killed:
        tally.notifications_lost_by_broker += max(least - shown, 0)
    else:
        tally.notifications_lost += max(least - shown, 0)


def lost_readings(storm: Storm) -> int:
    """Readings of messages that are not in the journal as they were sent."""
    extent = find_extent(storm.journal)
    kept: set[tuple[str, bytes]] = set()
    for _, kind, payload in read_entries(extent, 1):
        if kind == entries.MESSAGES:
            kept.update(entries.decode_messages(payload))
    sent = (message for message in storm.scenario.messages() if not is_clock(message.topic))
    return sum(message.n_readings for message in sent if (message.topic, message.payload) not in kept)


def report(campaign: Campaign) -> int:
    """Print what was done and found; the exit status."""
    tally = campaign.tally
    table = Table(title=f"crash campaign, seed {campaign.seed}")
    table.add_column("what")
    table.add_column("count", justify="right")
    rows = {
        "kills of the node (SIGKILL)": tally.kills,
        "kills of the broker (SIGKILL)": tally.broker_kills,
        "restarts of the broker": tally.broker_restarts,
        "episodes of a full disk": tally.disk_full,
        "torn tails of the journal": tally.torn,
        "readings sent": tally.readings,
        "readings lost": tally.readings_lost,
        "accumulations that count a reading twice": tally.readings_doubled,
        "notifications shown": tally.notifications,
        "notifications doubled": tally.notifications_doubled,
        "notifications lost": tally.notifications_lost,
        "notifications lost by a killed broker": tally.notifications_lost_by_broker,
        "other faults": len(tally.faults),
    }
    for name, count in rows.items():
        table.add_row(name, str(count))
    Console(width=80).print(table)
    for fault in tally.faults:
        print(fault)
    is_good = not (
        tally.faults
        or tally.readings_lost
        or tally.readings_doubled
        or tally.notifications_doubled
        or tally.notifications_lost
    )
    print(f"seed {campaign.seed}: {'nothing lost, nothing doubled' if is_good else 'FAULTS'}")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
