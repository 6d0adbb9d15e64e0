"""A running node whose system clock goes wrong: true readings are judged, an orange rain goes out."""

import json
import logging
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.in_process import (
    get,
    levels_of,
    running,
    sent_alarms,
    state_of,
    wait_until,
    write_small_county,
)
from warnstream.adapters.journal.journal import Journal
from warnstream.commands.clock import accept_clock
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.times import iso_utc
from warnstream.runners.intake.entries import CLOCK
from warnstream.runners.live import clock
from warnstream.runners.live.node import Node

pytestmark = pytest.mark.slow

DAY = 86_400
TEN_YEARS = 3_653 * DAY
WRONG_S = 12
ENOUGH_MM = 8.0
"""In five minutes for an hour: 96 mm, far beyond orange."""


@dataclass
class Wall:
    """A system clock that a test sets."""

    off_s: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.off_s


@pytest.fixture
def county(tmp_path: Path) -> Path:
    directory = write_small_county(tmp_path)
    path = directory / "warnstream.yaml"
    text = path.read_text(encoding="utf-8")
    assert "clock: simulated" in text
    text = re.sub(r"\n +tick: .*", "", text).replace("clock: simulated", "clock: system\n  tick: 1s")
    path.write_text(text, encoding="utf-8")
    return directory


def report(node: Node, rain_mm: float, minutes: range = range(1)) -> None:
    """Every station's amounts of five minutes that ended so many minutes ago, by true time."""
    now_s = int(time.time())
    node.keep_messages(
        [
            RawMessage(
                f"ws/c/rain/{code}/obs",
                json.dumps({"station": code, "time": iso_utc(now_s - 60 * ago), "rain": rain_mm}).encode(),
            )
            for ago in reversed(minutes)
            for code in node.configuration.network.stations.code
        ]
    ).result(60)


def now_of(node: Node) -> str:
    return str(state_of(node).get("now", ""))


def is_true_time(node: Node) -> bool:
    """Whether the last step was judged by true time."""
    return iso_utc(int(time.time()) - 5) <= now_of(node) <= iso_utc(int(time.time()) + 1)


def clock_alarms(node: Node) -> list[dict[str, object]]:
    alarms = state_of(node)["alarms"]
    assert isinstance(alarms, list)
    return [alarm for alarm in alarms if alarm["alarm"] == "clock"]


def an_orange_rain_goes_out(node: Node) -> None:
    report(node, ENOUGH_MM, range(0, 60, 5))
    wait_until(lambda: levels_of(node, "flash_flood")["orange"] + levels_of(node, "flash_flood")["red"] > 0)
    assert get(node, "/api/v1/warnings").json()
    metrics = get(node, "/metrics").text
    for reason in ("future", "too_late"):
        lines = [line for line in metrics.splitlines() if f'_refused_total{{reason="{reason}"}}' in line]
        assert all(line.endswith(" 0.0") for line in lines), lines


@pytest.mark.parametrize("off_s", [DAY, -DAY])
def test_a_clock_wrong_by_a_day_for_twelve_seconds_deafens_nobody(county: Path, off_s: int) -> None:
    wall = Wall()
    with running(load_configuration(county), wall) as node:
        report(node, 0.0)
        wait_until(lambda: is_true_time(node))
        wall.off_s = off_s
        ends_at = time.monotonic() + WRONG_S
        wait_until(lambda: clock_alarms(node) != [])
        (alarm,) = clock_alarms(node)
        assert ("ahead of" if off_s > 0 else "behind") in str(alarm["text"])
        assert not alarm["blocking"]
        # Its text tells the time: the second may have turned between the two looks.
        assert f"is {DAY} s {'ahead of' if off_s > 0 else 'behind'}" in get(node, "/readyz").text
        report(node, 0.5)
        while time.monotonic() < ends_at:
            assert is_true_time(node)
            time.sleep(0.5)
        wall.off_s = 0
        wait_until(lambda: clock_alarms(node) == [])
        an_orange_rain_goes_out(node)
        assert is_true_time(node)
    assert sent_alarms(county, "clock") == {"clock": 2}


def test_a_clock_ahead_by_ten_years_at_the_first_start_deafens_nobody(
    county: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "HOLD_S", 3)
    with running(load_configuration(county), Wall(TEN_YEARS)) as node:
        report(node, 0.0)
        wait_until(lambda: is_true_time(node))
        assert clock_alarms(node)
        an_orange_rain_goes_out(node)


def test_a_clock_ahead_by_ten_years_at_a_restart_deafens_nobody(
    county: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "SETTLE_S", 2)
    monkeypatch.setattr(clock, "HOLD_S", 3)
    with running(load_configuration(county)) as node:
        report(node, 0.0)
        wait_until(lambda: is_true_time(node))
    with running(load_configuration(county), Wall(TEN_YEARS)) as node:
        an_orange_rain_goes_out(node)
        assert clock_alarms(node)
    with running(load_configuration(county)) as node:
        report(node, 0.5)
        wait_until(lambda: is_true_time(node) and clock_alarms(node) == [])


def test_a_start_a_day_after_the_last_entry_goes_by_the_clock_once_stations_report(county: Path) -> None:
    yesterday = Wall(-DAY)
    with running(load_configuration(county), yesterday) as node:
        node.keep_messages(
            [
                RawMessage(
                    f"ws/c/rain/{code}/obs",
                    json.dumps({"station": code, "time": iso_utc(int(yesterday())), "rain": 0.0}).encode(),
                )
                for code in node.configuration.network.stations.code
            ]
        ).result(60)
        wait_until(lambda: iso_utc(int(yesterday()) - 5) <= now_of(node))
    with running(load_configuration(county)) as node:
        wait_until(lambda: clock_alarms(node) != [])
        assert "warnstream clock accept" in str(clock_alarms(node)[0]["text"])
        an_orange_rain_goes_out(node)
        assert is_true_time(node)
        wait_until(lambda: clock_alarms(node) == [])


def test_a_step_of_two_seconds_is_nothing(county: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    wall = Wall()
    with running(load_configuration(county), wall) as node:
        report(node, 0.0)
        for off_s in (2, 0):
            wall.off_s = off_s
            wait_until(lambda: is_true_time(node))
            time.sleep(2)
        an_orange_rain_goes_out(node)
    assert not [record for record in caplog.records if record.__dict__.get("alarm") == "clock"]


def test_the_duty_officer_accepts_a_jump_and_the_journal_keeps_it(county: Path) -> None:
    configuration, wall = load_configuration(county), Wall()
    with running(configuration, wall) as node:
        report(node, 0.0)
        wait_until(lambda: is_true_time(node))
        wall.off_s = 7_200
        wait_until(lambda: clock_alarms(node) != [])
        assert "is accepted by zhang" in accept_clock(configuration, "zhang", "it had been wrong")
        wait_until(lambda: clock_alarms(node) == [])
        assert now_of(node) >= iso_utc(int(time.time()) + 7_190)
    journal = Journal(configuration.storage.directory)
    assert [kind for _, kind, _ in journal.since(0) if kind == CLOCK] == [CLOCK]
    journal.close()
