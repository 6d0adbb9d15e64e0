"""Totals that fall, come back or change their scale warn nobody: a node killed and restarted, a replay."""

import json
import subprocess
from pathlib import Path

import pytest
from paho.mqtt import publish

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.sending.scenario import DEFAULT_START_S
from tests.conftest import Mosquitto, free_port
from tests.e2e.live import LiveNode, command
from warnstream.config.load import load_configuration
from warnstream.model.times import iso_utc

pytestmark = [pytest.mark.server, pytest.mark.slow]

STEP_S = 300
RETURNED = 'warnstream_rain_counters_total{counter="rain_total",event="returned"}'
FELL = 'warnstream_rain_counters_total{counter="rain_total",event="fell"}'
BEGAN = 'warnstream_rain_counters_total{counter="rain_total",event="began"}'


class County:
    """A node whose every gauge sends the same totals, five minutes apart."""

    def __init__(self, directory: Path, port: int) -> None:
        build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(directory)
        http_port = free_port()
        write_demo_config(directory, broker_port=port, http_port=http_port, embedded_broker=False)
        self.directory, self._port = directory, port
        stations = load_configuration(directory).network.stations
        self._codes = [code for code, rain in zip(stations.code, stations.measures_rain, strict=True) if rain]
        self.n = len(self._codes)
        self.node = LiveNode(directory, http_port)
        self._at_s = DEFAULT_START_S

    def send(self, *totals: float, member: str = "rain_total") -> None:
        """One total of every gauge at each next time, judged before the next."""
        for total in totals:
            self._at_s += STEP_S
            time = iso_utc(self._at_s)
            said = [{"station": code, "time": time, member: total} for code in self._codes]
            self._publish("ws/c/rain/gateway/obs", said)
            self._publish("ws/clock", {"time": time})
            self.node.wait_until(time, timeout_s=60)

    def _publish(self, topic: str, content: object) -> None:
        publish.single(topic, json.dumps(content), qos=1, hostname="127.0.0.1", port=self._port)

    def warnings(self) -> object:
        """Villages by hazard and level."""
        villages = self.node.get("/api/v1/state")["villages"]
        assert isinstance(villages, dict)
        return {hazard: levels for hazard, levels in villages["levels"].items() if any(levels.values())}

    def doubts(self) -> set[str]:
        """Flags of the gauges."""
        stations = self.node.get("/api/v1/state")["stations"]
        assert isinstance(stations, dict)
        return {flag for station in stations["doubted_why"] for flag in station["flags"]}


def test_a_counter_that_falls_and_comes_back_warns_nobody_whatever_happens_to_the_node(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    county = County(tmp_path, mosquitto.port)
    node = county.node
    node.start()
    try:
        county.send(80.2, 80.4, 0.0)
        assert node.metric(FELL) == county.n
        node.kill()
        node.start()
        county.send(80.4)
        assert node.metric(RETURNED) == county.n
        assert "counter" in county.doubts()
        county.send(0.0, 0.0)
        assert node.stop() == 0
        node.start()
        county.send(80.4, 80.6)
        assert county.warnings() == {}
        assert node.stop() == 0
        replayed = tmp_path / "replayed"
        arguments = ["replay", str(tmp_path), "--journal", str(tmp_path / "data"), "--out", str(replayed)]
        subprocess.run([command("warnstream"), *arguments], check=True, timeout=150, capture_output=True)
        assert (replayed / "warnings.jsonl").read_text(encoding="utf-8") == ""
        node.start()
        county.send(95.0, 140.0, 170.0)  # real rain, so that silence above means something
        assert county.warnings() != {}
    finally:
        node.end()


def test_a_factor_that_was_changed_between_two_starts_warns_nobody(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    county = County(tmp_path, mosquitto.port)
    file = tmp_path / "warnstream.yaml"
    plain = file.read_text(encoding="utf-8")
    form = (
        "\ndecoders:\n  - topic: ws/+/+/+/obs\n    format: flat_json\n"
        "    variables: {tips: {variable: rain_total, factor: %s}}\n"
    )
    file.write_text(plain + form % 0.2, encoding="utf-8")
    node = county.node
    node.start()
    try:
        county.send(400, 401, member="tips")
        for end in (node.kill, node.stop):
            end()
            factor = 0.3 if end == node.kill else 0.2
            file.write_text(plain + form % factor, encoding="utf-8")
            node.start()
            county.send(402, 403, member="tips")
            assert county.warnings() == {}
        assert node.metric(BEGAN) >= county.n
    finally:
        node.end()
