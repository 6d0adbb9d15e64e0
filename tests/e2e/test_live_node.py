"""A node, a broker and a storm as separate processes; and what is left when the node is killed."""

import json
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from paho.mqtt import subscribe

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.mqtt_client import BrokerAddress
from station_sim.people.answers import AnswerHabits
from station_sim.people.devices import BrokerDevices, People
from station_sim.sending.scenario import DEFAULT_START_S, Scenario
from tests.conftest import Mosquitto, free_port
from tests.e2e.live import LiveNode, all_shown, bulletin_lines, command, feed, state_on_disk
from warnstream.commands.warnings import export_bulletins, export_warnings
from warnstream.config.load import load_configuration
from warnstream.model.bulletins import Bulletin
from warnstream.model.times import HOUR_S, MINUTE_S, iso_utc
from warnstream.review.bulletins import write_bulletins
from warnstream.review.report import same_warnings, write_warnings
from warnstream.runners.build import bulletin_wording

SEED = 5
HOURS = 3.0
SPEED = 600.0
DURATIONS_S = np.array([600, 900, HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 24 * HOUR_S], dtype=np.int32)

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def reader() -> str:
    """How the node reads its broker; tests name others."""
    return "bulk"


@pytest.fixture
def county(tmp_path: Path, mosquitto: Mosquitto, reader: str) -> tuple[Path, LiveNode, Scenario]:
    """A small county configured for the real broker."""
    county = build_county(SEED, CountyPlan(n_stations=60, n_villages=200))
    county.write(tmp_path)
    http_port = free_port()
    write_demo_config(
        tmp_path, broker_port=mosquitto.port, http_port=http_port, sms_port=free_port(), embedded_broker=False
    )
    settings = tmp_path / "warnstream.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("broker:\n", f"broker:\n  reader: {reader}\n", 1), encoding="utf-8")
    return tmp_path, LiveNode(tmp_path, http_port), Scenario(SEED, county, HOURS)


def storm(directory: Path, port: int) -> "subprocess.Popen[bytes]":
    arguments = ["--config", str(directory), "--seed", str(SEED), "--hours", str(HOURS)]
    arguments += ["--speed", str(SPEED), "--port", str(port)]
    return subprocess.Popen([command("station-sim"), "run", *arguments], stdout=subprocess.DEVNULL)


def assert_same_as_uninterrupted(directory: Path, scenario: Scenario) -> None:
    """Accumulations equal to the micrometre, and the same warnings."""
    told: list[Bulletin] = []
    expected, issued = feed(directory, scenario, told)
    found = state_on_disk(directory).engine.assessment.accumulate(DURATIONS_S)
    wanted = expected.engine.assessment.accumulate(DURATIONS_S)
    np.testing.assert_array_equal(found.rain_mm, wanted.rain_mm)
    np.testing.assert_array_equal(found.coverage, wanted.coverage)
    assert wanted.rain_mm.sum() > 0
    configuration = load_configuration(directory)
    export_warnings(configuration, directory / "live.jsonl")
    write_warnings(directory / "expected.jsonl", issued, configuration)
    assert len(issued) > 100
    assert same_warnings(directory / "live.jsonl", directory / "expected.jsonl") == []
    export_bulletins(configuration, directory / "live_bulletins.jsonl")
    write_bulletins(directory / "expected_bulletins.jsonl", told, bulletin_wording(configuration))
    live, due = (bulletin_lines(directory / f"{name}_bulletins.jsonl") for name in ("live", "expected"))
    assert len(due) > 50
    assert live == due


def assert_newest_bulletins_are_retained(directory: Path, port: int) -> None:
    """Whoever comes late finds each village's newest bulletin on its topic, and no older one."""
    lines = bulletin_lines(directory / "live_bulletins.jsonl")
    newest = {str(line["village"]): line["bulletin"] for line in lines}
    found = subscribe.simple(  # type: ignore[no-untyped-call]
        ["ws/bulletin/+"], msg_count=len(newest), hostname="127.0.0.1", port=port
    )
    retained = {
        message.topic.rpartition("/")[2]: json.loads(message.payload)["bulletin"] for message in found
    }
    assert retained == newest


def run_storm(
    directory: Path, node: LiveNode, scenario: Scenario, port: int, kills_at_s: list[int]
) -> People:
    """The whole storm; the node is killed and started again at the given seconds of simulated time."""
    people = People(
        BrokerDevices(BrokerAddress(port=port)), AnswerHabits(seed=SEED, off_share=0.2, speed=SPEED)
    )
    node.start()
    people.start()
    publisher = storm(directory, port)
    for after_s in kills_at_s:
        node.wait_until(iso_utc(DEFAULT_START_S + after_s), timeout_s=120)
        node.kill()
        node.start()
    assert publisher.wait(180) == 0
    node.wait_until(iso_utc(scenario.end_s), timeout_s=120)
    _wait_for_devices(directory, people)
    people.stop()
    assert node.stop() == 0, node.log()
    return people


def _wait_for_devices(directory: Path, people: People) -> None:
    """Until everything is shown and stays so: alarms of the last step follow it as entries of their own."""
    deadline = time.monotonic() + 60
    looks_in_a_row = 0
    while time.monotonic() < deadline and looks_in_a_row < 10:
        looks_in_a_row = looks_in_a_row + 1 if all_shown(directory, people) else 0
        time.sleep(0.2)


def test_a_live_node_gives_the_warnings_of_the_storm(
    county: tuple[Path, LiveNode, Scenario], mosquitto: Mosquitto
) -> None:
    directory, node, scenario = county
    people = run_storm(directory, node, scenario, mosquitto.port, kills_at_s=[])
    assert_same_as_uninterrupted(directory, scenario)
    counts = people.counts()
    assert counts.repeats == 0
    assert all_shown(directory, people)
    assert_newest_bulletins_are_retained(directory, mosquitto.port)


@pytest.mark.parametrize("reader", ["bulk", "paho"])
def test_a_node_killed_in_mid_storm_loses_nothing_and_tells_nobody_twice(
    county: tuple[Path, LiveNode, Scenario], mosquitto: Mosquitto
) -> None:
    directory, node, scenario = county
    kills = [35 * MINUTE_S, 71 * MINUTE_S, 118 * MINUTE_S]
    people = run_storm(directory, node, scenario, mosquitto.port, kills)
    assert node.starts == 4
    assert_same_as_uninterrupted(directory, scenario)
    counts = people.counts()
    assert all_shown(directory, people), "a notification was lost"
    assert_newest_bulletins_are_retained(directory, mosquitto.port)
    assert counts.unreadable == 0
