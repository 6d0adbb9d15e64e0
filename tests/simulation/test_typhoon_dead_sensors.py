"""Thirty hours of typhoon with one sensor dead in every village: every warning ends when the others fall.

Every village that ground sensors warn (gauges, slopes, depths) has one more, which falls silent for good
when the storm begins, low as it is then. A day after the storm no warning of these hazards
stands but those that a sensor which reports still holds up, and those of villages that hear no sensor at all.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.county.ground_inventory import write_ground_hazards
from station_sim.message import Message
from station_sim.sending.scenario import Scenario
from station_sim.stations.faults import NO_FAULTS
from station_sim.stations.varied_network import varied
from tests.conftest import free_port
from tests.e2e.live import feed
from warnstream.config.load import load_configuration
from warnstream.model.rules.rules import CriticalStage, SlopeTable, WaterloggingTable
from warnstream.model.warning import Cause

pytestmark = pytest.mark.slow

SEED, STORM_H, AFTER_H = 3, 30, 24
SENSOR_TABLES = CriticalStage | SlopeTable | WaterloggingTable


class Silenced:
    """A scenario from which some stations have vanished after two hours."""

    def __init__(self, scenario: Scenario, dead: set[str]) -> None:
        self._scenario = scenario
        self._dead = dead

    def messages(self) -> Iterator[Message]:
        from_s = self._scenario.start_s + 2 * 3600
        for message in self._scenario.messages():
            station = message.topic.split("/")[-2]
            if message.time_s < from_s or station not in self._dead:
                yield message


def with_a_dead_sensor_everywhere(directory: Path) -> set[str]:
    """Every village that ground sensors warn gets one more, which is going to die; their codes."""
    dead = set()
    for path in sorted(directory.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if not rows or not {"village", "hazard", "station"} <= rows[0].keys():
            continue
        more = []
        for hazard in {row["hazard"] for row in rows if row["station"]}:
            own = [row for row in rows if row["hazard"] == hazard and row["station"]]
            extra = own[0]["station"]
            of_extra = [row for row in own if row["station"] == extra and row["village"] == own[0]["village"]]
            heard = {row["village"] for row in own if row["station"] == extra}
            villages = sorted({row["village"] for row in own} - heard)
            more += [{**row, "village": village} for village in villages for row in of_extra]
            dead.add(extra)
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, rows[0].keys(), lineterminator="\n").writerows(more)
    return dead


def test_every_warning_ends_when_its_own_sensors_fall(tmp_path: Path) -> None:
    county = varied(build_county(SEED, CountyPlan(n_stations=40, n_villages=40)), SEED)
    county.write(tmp_path)
    write_demo_config(tmp_path, broker_port=free_port(), http_port=free_port(), sms_port=free_port())
    assert county.ground is not None
    write_ground_hazards(tmp_path, county.ground, county.villages.code)
    dead = with_a_dead_sensor_everywhere(tmp_path)
    configuration = load_configuration(tmp_path)
    rules = [rule for rule in configuration.rules if isinstance(rule.thresholds, SENSOR_TABLES)]
    scenario = Scenario(SEED, county, STORM_H + AFTER_H, fault_mix=NO_FAULTS, weather="typhoon")
    intake, issued = feed(tmp_path, Silenced(scenario, dead))  # type: ignore[arg-type]
    names = {rule.name for rule in rules}
    opened = {(m.village, m.hazard) for m in issued if m.cause is Cause.FIRST and m.hazard in names}
    assert dead
    assert len(opened) >= 10
    judgement = intake.engine.assessment._judgement
    for rule in rules:
        state, findings = judgement.levels[rule.name], judgement.findings(rule.name)
        assert findings is not None
        held = np.maximum(findings.of_villages.holding, findings.of_villages.level)
        stands = np.flatnonzero(state.level)
        # What stands is held up by a sensor that reports, or nobody is heard at all.
        assert (state.is_blind[stands] | (held[stands] >= state.level[stands])).all(), rule.name
