"""The demo, as a new user types it, only smaller."""

import json
import subprocess
from pathlib import Path

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.sending.scenario import Scenario
from tests.e2e.live import bulletin_lines, command, feed
from warnstream.config.load import load_configuration
from warnstream.model.bulletins import TRANSFER, Bulletin
from warnstream.review.bulletins import write_bulletins
from warnstream.review.report import same_warnings, write_warnings
from warnstream.runners.build import bulletin_wording

SEED, HOURS, STATIONS, VILLAGES = 5, 2.0, 60, 200

pytestmark = pytest.mark.slow


def test_the_demo_ends_well_and_gives_the_warnings_of_its_storm(tmp_path: Path) -> None:
    kept = tmp_path / "demo"
    size = ["--stations", str(STATIONS), "--villages", str(VILLAGES), "--hours", str(HOURS)]
    arguments = ["demo", "--seed", str(SEED), *size, "--speed", "400", "--keep", str(kept), "--json"]
    done = subprocess.run([command("warnstream"), *arguments], capture_output=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    summary = json.loads(done.stdout)
    assert summary["people"]["messages_lost"] == 0
    assert summary["people"]["answered"] > 0
    assert set(summary["first_warnings"]) >= {"rainstorm", "flash_flood", "river_flood"}
    for score in summary["scores"]:
        assert score["in_time"] + score["late"] + score["misses"] == score["events"]
    events = {(score["hazard"], score["level"]): score["events"] for score in summary["scores"]}
    assert events["rainstorm", "blue"] >= events["rainstorm", "orange"] >= events["rainstorm", "red"]
    assert events["rainstorm", "orange"] > events["rainstorm", "red"]
    assert (kept / "daily_rain.csv").is_file()
    configuration = load_configuration(kept)
    scenario = Scenario(SEED, build_county(SEED, CountyPlan(STATIONS, VILLAGES)), HOURS)
    told: list[Bulletin] = []
    _, expected = feed(kept, scenario, told)
    write_warnings(tmp_path / "expected.jsonl", expected, configuration)
    assert len(expected) > 50
    assert same_warnings(kept / "warnings.jsonl", tmp_path / "expected.jsonl") == []
    write_bulletins(tmp_path / "bulletins.jsonl", told, bulletin_wording(configuration))
    shown, alone = bulletin_lines(kept / "bulletins.jsonl"), bulletin_lines(tmp_path / "bulletins.jsonl")
    assert len(alone) > 20
    assert sum(summary["bulletins"].values()) == len(shown)
    moved = {message["village"] for message in shown if f'"{TRANSFER}"' in json.dumps(message["standing"])}
    rest = [[line for line in lines if line["village"] not in moved] for lines in (shown, alone)]
    assert rest[0] == rest[1], "an officer moves one township; all others hear what the gauges say"
    transfer = summary["transfer"]
    assert transfer["villages"] == len(moved) > 0
    assert transfer["open"] < transfer["rows"]
