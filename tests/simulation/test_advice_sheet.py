"""风险提示单 beside a running node: rain, what stands, orders and answers are the node's own."""

import csv
from pathlib import Path

import pytest

from tests.simulation.changed_county import RAIN_MM, County, phones
from warnstream.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def county(county: County) -> County:
    """An hour of a storm, and a node that goes on."""
    county.rain(12)
    county.settle()
    return county


def rows_of(county: County, out: Path, *options: str) -> dict[str, list[list[str]]]:
    """Rows by the heading of their table, without the columns' names."""
    assert main(["sheet", "advice", str(county.directory), "--out", str(out), *options]) == 0
    rows = list(csv.reader((out / "advice.csv").read_text("utf-8")[1:].splitlines()))
    found: dict[str, list[list[str]]] = {}
    for number, row in enumerate(rows):
        if len(row) == 1 and number and not rows[number - 1] and len(rows[number + 1]) > 1:
            end = next((at for at in range(number, len(rows)) if not rows[at]), len(rows))
            found[row[0]] = rows[number + 2 : end]
    return found


def test_it_says_what_the_node_knows(county: County, tmp_path: Path) -> None:
    node = county.node
    assert node is not None
    standing = {
        (warning.village, warning.hazard): (warning.level.word, len(warning.posts_called))
        for warning in node._keeper.engine.desk.open_warnings()
    }
    assert {level for level, _ in standing.values()} >= {"red", "orange", "yellow"}
    found = rows_of(county, tmp_path / "out", "--language", "en")
    villages = {row[0]: row for row in found["Villages, the most endangered first"]}
    names = [f"village {n}" for n in range(1, 5)]
    assert list(villages) == names, "the rain is heaviest in the first and the fourth is dry"
    title = {"flash_flood": "Flash flood", "storm": "Storm"}
    for at, name in enumerate(names):
        told = {
            f"{title[hazard]} {level}" for (village, hazard), (level, _) in standing.items() if village == at
        }
        assert set(villages[name][1].split(", ")) == (told or {"none"})
        assert float(villages[name][2]) == pytest.approx(12 * RAIN_MM[f"S{at + 1}"], abs=0.06)
        assert villages[name][-1] == "heard"
    assert villages["village 1"][-3:-1] == ["Storm", "144%"], "72 mm, and its highest level is 50 mm"
    orders = found["What to do (texts of the plan)"]
    assert len(orders) == len(standing)
    posts = {row[3]: row for row in found["Posts"]}
    n_called = sum(called > 0 for (village, _), (_, called) in standing.items() if village == 0)
    assert posts["G1"][-1] == f"{n_called}/0"
    assert posts["G4"][-1] == "0/0"
    assert posts["G1"][4:6] == ["'+86101", "doubtful number"], "three digits are no phone of its country"
    page = (tmp_path / "out" / "advice.html").read_text("utf-8")
    assert "no nowcast is configured" in page
    assert "no weather model is configured" in page
    assert "EXERCISE" not in page


def test_a_township_by_name_and_a_wrong_one(
    county: County, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = rows_of(county, tmp_path / "out", "--township", "Town")
    assert len(found["各村（最险的在前）"]) == 4
    asked = ["sheet", "advice", str(county.directory), "--out", str(tmp_path / "no")]
    assert main([*asked, "--township", "Elsewhere"]) == 1
    assert "--township 'Elsewhere': expected one of villages.csv: Town" in capsys.readouterr().err


def test_without_anything_kept_there_is_no_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with phones() as gateway:
        found = County(tmp_path / "county", gateway)
        found.write()
        out = tmp_path / "out"
        assert main(["sheet", "advice", str(found.directory), "--out", str(out)]) == 1
        assert "journal" in capsys.readouterr().err
        assert not out.exists()
