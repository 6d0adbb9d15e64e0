"""What a change would do is known before it is done: by a command that asks the running node for nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.changed_county import County, phones
from tests.simulation.test_carry_live import add_far_station, standing
from tests.simulation.test_changed_configuration import lower_thresholds, raise_thresholds
from warnstream.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def county(county: County) -> County:
    """Six hours of a storm, a snapshot in the midst of it, and a node that goes on."""
    county.rain(8)
    county.write_snapshot()
    county.rain(4)
    county.settle()
    return county


def preview(county: County, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["preview", str(county.directory), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_what_wakes_nobody_says_so(county: County, capsys: pytest.CaptureFixture[str]) -> None:
    add_far_station(county)
    assert main(["preview", str(county.directory), "--wakes-max", "0"]) == 0
    said = capsys.readouterr().out
    assert "no level would rise\n0 doors in 0 villages would be told now\n" in said
    assert "look at: stations that are new and begin without a past: S0" in said


def test_what_a_preview_says_is_what_the_restart_does(
    county: County, capsys: pytest.CaptureFixture[str]
) -> None:
    before = standing(county)
    lower_thresholds(county)
    found = preview(county, capsys)
    rises = {(rise["village"], rise["hazard"]): rise["level"] for rise in found["rises"]}
    assert rises == {("V2", "flash_flood"): "red", ("V3", "flash_flood"): "orange"}
    assert found["doors_told"] == 4
    assert standing(county) == before, "the running node knows nothing of it"
    n_shown = len(county.gateway.warnings())
    assert main(["preview", str(county.directory), "--wakes-max", "3"]) == 3
    assert "4 doors are more than --wakes-max 3" in capsys.readouterr().out
    assert len(county.gateway.warnings()) == n_shown
    county.stop()
    county.start()
    county.rain(1)
    county.settle()
    told = {
        warning.recipient for warning in county.gateway.warnings()[n_shown:] if warning.recipient[0] == "H"
    }
    assert told == {"H2a", "H2b", "H3a", "H3b"}
    assert county.find_faults() == []


def test_levels_that_would_fall_and_villages_that_would_be_blind_are_named(
    county: County, capsys: pytest.CaptureFixture[str]
) -> None:
    raise_thresholds(county)
    county.replace("stations.csv", "S2,", "S2b,")  # a new gauge is silent until it speaks
    found = preview(county, capsys)
    assert found["rises"] == []
    assert {fall["village"] for fall in found["falls"]} >= {"V1", "V3"}
    assert found["villages_blind"] == ["V2"]


def test_a_node_that_has_kept_nothing_has_no_preview(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with phones() as gateway:
        county = County(tmp_path / "county", gateway)
        county.write()
    assert main(["preview", str(county.directory)]) == 1
    assert "expected a node's journal" in capsys.readouterr().err
