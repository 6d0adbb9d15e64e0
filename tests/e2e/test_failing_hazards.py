"""Two hazards fail on purpose in a running node: the others go on, levels are held, everybody is told.

One evaluator raises, one table has become NaN.
"""

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.in_process import (
    Storm,
    get,
    levels_of,
    running,
    sent_alarms,
    state_of,
    wait_until,
    write_small_county,
)
from tests.e2e.live import takes_readings
from tests.kinds import judge_by
from warnstream.assessment import judgement
from warnstream.assessment.grids import Grids
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.hazards import rainstorm
from warnstream.model.rules.indicators import HazardLevels, VillageRain
from warnstream.model.rules.rules import CriticalRain, HazardRule
from warnstream.quality.stations import RainGaugeQuality

pytestmark = pytest.mark.slow


@pytest.fixture
def county(tmp_path: Path) -> Path:
    return write_small_county(tmp_path)


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
        storm.goes_on(7.0, 20, first=9)
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
        wait_until(lambda: node.status.ready().ready)  # what it is about has ended


def of_machine(keys: Iterable[str]) -> list[str]:
    """Alarms but those of the chain: nobody plays duty posts and teams here, so none of them answers."""
    return [key for key in keys if not key.startswith("chain:") and key != "team"]


def sent_to_posts(directory: Path) -> dict[str, int]:
    """How many messages of each alarm of the machine each county duty officer was to get."""
    return {f"warnstream.{key}": n for key, n in sent_alarms(directory).items() if of_machine([key])}


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
        doubted = {station["station"]: station for station in stations["doubted_why"]}
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
