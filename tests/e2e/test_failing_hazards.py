"""Two hazards fail on purpose in a running node: the others go on, levels are held, everybody is told.

One evaluator raises, one table has become NaN. The node runs in this process,
with its journal, snapshot, HTTP interface and metrics; only the broker is
passed over: messages go straight into the journal, as those of a listener do.
"""

import json
import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType

import httpx
import numpy as np
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from tests.conftest import free_port
from tests.e2e.live import takes_readings
from tests.kinds import judge_by
from warnstream.assessment import judgement
from warnstream.assessment.grids import Grids
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.hazards import rainstorm
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.rules.indicators import HazardLevels, VillageRain
from warnstream.model.rules.rules import CriticalRain, HazardRule
from warnstream.model.times import iso_utc
from warnstream.quality.stations import RainGaugeQuality
from warnstream.runners.live.node import Node

pytestmark = pytest.mark.slow

T0 = 1_781_740_800
STEP_S = 300
WAIT_S = 60.0


@pytest.fixture
def county(tmp_path: Path) -> Path:
    build_county(1, CountyPlan(n_stations=9, n_villages=10, n_gauges=1)).write(tmp_path)
    write_demo_config(tmp_path, broker_port=free_port(), http_port=free_port(), embedded_broker=True)
    without_gateway(tmp_path)
    return tmp_path


def without_gateway(directory: Path) -> None:
    """Nobody is told by SMS: no gateway runs here, and a held channel is not ready."""
    for name in ("households.csv", "chain.csv"):
        table = directory / name
        text = table.read_text(encoding="utf-8")
        table.write_text(text.replace(",sms,", ",terminal,"), encoding="utf-8")


@contextmanager
def running(configuration: Configuration) -> Iterator[Node]:
    """A node in this process; closed whatever happens."""
    node = Node(configuration)
    node.start()
    loop = threading.Thread(target=node.run, name="node")
    loop.start()
    try:
        yield node
    finally:
        node.ask_to_stop()
        loop.join(WAIT_S)
        assert not loop.is_alive()


class Storm:
    """The same rain at every station of a node, interval by interval."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.number = 0

    def goes_on(
        self,
        rain_mm: float,
        intervals: int,
        *,
        first: int | None = None,
        but: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Send so many intervals, each with the time after it, and wait until the node has judged them."""
        self.number = self.number if first is None else first - 1
        for _ in range(intervals):
            self.number += 1
            at = iso_utc(T0 + STEP_S * self.number)
            messages = [
                RawMessage(
                    f"ws/c/rain/{code}/obs",
                    json.dumps({"station": code, "time": at, "rain": but.get(code, rain_mm)}).encode(),
                )
                for code in self.node.configuration.network.stations.code
            ]
            self._send(messages, at)

    def nobody_reports(self, intervals: int) -> None:
        """Time alone goes on."""
        self.number += intervals
        self._send([], iso_utc(T0 + STEP_S * self.number))

    def _send(self, messages: list[RawMessage], at: str) -> None:
        clock = RawMessage("ws/clock", json.dumps({"time": at}).encode())
        self.node.keep_messages([*messages, clock]).result(WAIT_S)
        wait_until(lambda: self.node.status.state().now == at)


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def get(node: Node, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{node.http.port}{path}", timeout=5, trust_env=False)


def state_of(node: Node) -> dict[str, object]:
    content: dict[str, object] = get(node, "/api/v1/state").json()
    return content


def levels_of(node: Node, hazard: str) -> dict[str, int]:
    villages = state_of(node)["villages"]
    assert isinstance(villages, dict)
    found: dict[str, int] = villages["levels"][hazard]
    return found


def with_empty_table(configuration: Configuration, hazard: str) -> Configuration:
    """The table of one hazard has become NaN behind the back of the checks."""
    for rule in configuration.rules:
        if rule.name == hazard:
            assert isinstance(rule.thresholds, CriticalRain)
            rule.thresholds.critical_mm[:] = np.nan
    return configuration


def test_two_failing_hazards_hold_their_levels_and_silence_no_other(
    county: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running(load_configuration(county)) as node:
        storm = Storm(node)
        storm.goes_on(6.0, 8)
        before = {hazard: levels_of(node, hazard) for hazard in ("rainstorm", "flash_flood")}
        assert before["flash_flood"]["yellow"] + before["flash_flood"]["orange"] > 0
        assert any(before["rainstorm"].values())
        assert takes_readings(get(node, "/readyz").json())

    def fails(rule: HazardRule, rain: VillageRain) -> HazardLevels:
        if rule.name == "rainstorm":
            raise RuntimeError("seeded fault")
        return rainstorm.evaluate(rule, rain)

    judge_by(monkeypatch, "rainstorm", fails)
    caplog.set_level(logging.INFO)
    with running(with_empty_table(load_configuration(county), "flash_flood")) as node:
        storm = Storm(node)
        storm.goes_on(15.0, 20, first=9)
        assert sum(levels_of(node, "landslide").values()) > 0, "the sound hazard rises"
        storm.goes_on(0.0, 84)
        assert sum(levels_of(node, "landslide").values()) == 0, "and falls in seven dry hours"
        assert {hazard: levels_of(node, hazard) for hazard in before} == before

        ready = get(node, "/readyz")
        assert ready.status_code == 503
        reasons = " ".join(ready.json()["reasons"])
        assert "rainstorm cannot be evaluated, its levels are held: RuntimeError: seeded fault" in reasons
        assert "flash_flood cannot be evaluated" in reasons
        assert "no threshold is a number" in reasons
        metrics = get(node, "/metrics").text
        assert "warnstream_hazards_degraded 2.0" in metrics
        assert (
            f'warnstream_villages_blind{{hazard="rainstorm"}} {len(node.configuration.network.villages)}.0'
            in metrics
        )
        begun = [r.__dict__["alarm"] for r in caplog.records if r.message == "alarm"]
        assert sorted(of_machine(begun)) == ["hazard:flash_flood", "hazard:rainstorm"], (
            "each once, not at every step"
        )

        monkeypatch.undo()
        storm.goes_on(0.0, 1)
        again = get(node, "/readyz").json()["reasons"]
        assert not any("rainstorm" in reason for reason in again)
        assert any("flash_flood" in reason for reason in again)
        standing = [alarm["alarm"] for alarm in state_of(node)["alarms"]]  # type: ignore[attr-defined]
        assert of_machine(standing) == ["hazard:flash_flood"]

    assert sent_to_posts(county) == {
        "warnstream.hazard:flash_flood": 1,  # stands
        "warnstream.hazard:rainstorm": 2,  # began and ended
    }
    with running(load_configuration(county)) as node:
        assert not node.status.ready().ready, "an alarm outlives the process"
        Storm(node).goes_on(0.0, 1, first=114)
        assert node.status.ready().ready, "until what it is about has ended"


def of_machine(keys: Iterable[str]) -> list[str]:
    """Alarms but those of the chain: nobody plays the duty posts here, so none of them answers."""
    return [key for key in keys if not key.startswith("chain:")]


def sent_to_posts(directory: Path) -> dict[str, int]:
    """How many messages of each alarm each county duty officer was to get."""
    with closing(sqlite3.connect(directory / "data" / "outbox.sqlite3")) as connection:
        rows = connection.execute(
            "SELECT warning, recipient, count(*) FROM messages JOIN notifications"
            " ON notifications.message = messages.number WHERE msg_type = 'Alarm' GROUP BY warning, recipient"
        ).fetchall()
    found = {}
    for warning, recipient, count in rows:
        assert recipient.startswith("C0"), "county duty officers alone"
        if of_machine([warning.split(".")[2]]):
            found[f"warnstream.{warning.split('.')[2]}"] = count
    return found


def test_a_clogged_gauge_and_blind_villages_are_told_once_and_shown_always(
    county: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with running(load_configuration(county)) as node:
        network = node.configuration.network
        clogged = network.stations.code[0]
        storm = Storm(node)
        for number in range(1, 14):
            storm.goes_on(1.0 + 0.1 * (number % 3), 1, but={clogged: 0.0})
        stations = state_of(node)["stations"]
        assert isinstance(stations, dict)
        doubted = {one["station"]: one for one in stations["doubted_why"]}
        assert doubted[clogged]["flags"] == ["faulty_zero"]
        assert "silent, not dry" in doubted[clogged]["why"]
        assert 'warnstream_stations_flagged{flag="faulty_zero"} 1.0' in get(node, "/metrics").text

        storm.nobody_reports(intervals=24)
        villages = state_of(node)["villages"]
        assert isinstance(villages, dict)
        n_villages = len(network.villages)
        assert villages["blind"] == n_villages
        assert f'warnstream_villages_sight{{sight="blind"}} {n_villages}.0' in get(node, "/metrics").text
        storm.goes_on(0.0, 3)

    told = [(r.message, r.__dict__.get("stations"), r.__dict__.get("count")) for r in caplog.records]
    assert [stations for message, stations, _ in told if message == "gauges doubted"] == [clogged]
    assert [count for message, _, count in told if message == "villages became blind"] == [n_villages]
    assert len([message for message, _, _ in told if message == "villages see again"]) == 1


def test_reasons_grids_and_checks_that_raise_keep_no_warning_back(
    county: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three parts of every step fail in a running node: its levels are those of a sound one."""

    def fails(*_args: object, **_named: object) -> None:
        raise RuntimeError("seeded fault")

    with running(load_configuration(county)) as node:
        Storm(node).goes_on(6.0, 8)
        sound = {hazard: levels_of(node, hazard) for hazard in ("rainstorm", "flash_flood", "landslide")}
    shutil.rmtree(county / "data")
    monkeypatch.setattr(judgement, "reason_of_value", fails)
    monkeypatch.setattr(RainGaugeQuality, "step", fails)
    monkeypatch.setattr(Grids, "take", fails)
    with running(load_configuration(county)) as node:
        Storm(node).goes_on(6.0, 8)
        assert {hazard: levels_of(node, hazard) for hazard in sound} == sound
        reasons = " ".join(get(node, "/readyz").json()["reasons"])
        assert "quality of gauges cannot be worked out, the rest of the step is: RuntimeError" in reasons
        assert "grids cannot be worked out" in reasons
        warnings = get(node, "/api/v1/warnings").json()
        assert len(warnings) >= sum(sum(levels.values()) for levels in sound.values())
        monkeypatch.undo()
        Storm(node).goes_on(0.0, 1, first=9)
        assert takes_readings(get(node, "/readyz").json())
