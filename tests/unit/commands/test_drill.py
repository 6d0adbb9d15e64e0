"""What a person asks of a drill: an order, or every fault at once."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.commands.drill.acts import drill_of, score, show, start, stop
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.errors import ConfigError, WarnstreamError
from warnstream.model.hands.drills import END_S, DrillAct
from warnstream.model.hands.orders import Operator, Role
from warnstream.model.hands.requests import DrillRequest, DrillStepRequest, OrderFaultsError
from warnstream.model.level import Level
from warnstream.model.times import iso_utc
from warnstream.model.warning import MessageStatus
from warnstream.runners.drill.folders import SCORES
from warnstream.runners.drill.request import drill_order
from warnstream.runners.drill.scores import DrillScores, PostScore, VillageScore, write_scores


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    directory = tmp_path_factory.mktemp("county")
    build_county(1, CountyPlan(n_stations=9, n_villages=3, n_gauges=1)).write(directory)
    write_demo_config(directory)
    found = load_configuration(directory)
    storage = replace(found.storage, directory=directory / "data")
    message = replace(found.message, status=MessageStatus.ACTUAL)
    people = (
        Operator("zhang", "张三", Role.OFFICER, "*", ""),
        Operator("wang", "王五", Role.READER, "*", ""),
    )
    return replace(found, operators=people, storage=storage, message=message)


def asked(county: Configuration, **said: object) -> DrillRequest:
    words: dict[str, object] = {
        "act": "start",
        "villages": [county.network.villages.code[0]],
        "hazard": "flash_flood",
        "level": "red",
        "author": "zhang",
        "reason": "yearly",
    }
    return DrillRequest(**(words | said))  # type: ignore[arg-type]


def script_in(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "night.yaml"
    file.write_text(text, "utf-8")
    return file


def test_a_simple_rise_is_one_step_and_lasts_an_hour(county: Configuration) -> None:
    order = drill_of(county, asked(county), None)
    assert order.act is DrillAct.START
    assert [(step.after_s, step.hazard, step.level) for step in order.steps] == [
        (0, "flash_flood", Level.RED)
    ]
    assert order.for_s == 3600


def test_a_script_ends_ten_minutes_after_its_last_step(county: Configuration, tmp_path: Path) -> None:
    village = county.network.villages.code[0]
    text = f"""\
steps:
  - {{at: 0min, hazard: flash_flood, level: yellow}}
  - {{at: 20min, hazard: flash_flood, level: red, villages: ["{village}"]}}
"""
    order = drill_of(county, asked(county, hazard="", level=""), script_in(tmp_path, text))
    assert order.for_s == 1200 + END_S
    assert order.steps[1].villages == (village,)


def test_every_fault_of_a_script_is_told_at_its_line(county: Configuration, tmp_path: Path) -> None:
    text = """\
steps:
  - {at: 20min, hazard: flod, level: yellow}
  - {at: 10min, hazard: flash_flood, level: red, villages: ["nowhere"]}
"""
    with pytest.raises(ConfigError) as error:
        drill_of(county, asked(county, hazard="", level=""), script_in(tmp_path, text))
    assert {(fault.line, fault.path) for fault in error.value.faults} == {
        (2, "steps[0].hazard"),
        (3, "steps[1].villages"),
        (3, "steps[1].at"),
    }


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"author": "wang"}, "author: 'wang' is reader"),
        ({"author": "nobody"}, "no person of operators.csv"),
        ({"villages": ["nowhere"]}, "no village 'nowhere'"),
        ({"villages": []}, "villages: expected codes"),
        ({"hazard": "flod"}, "hazard: expected"),
        ({"hazard": "", "level": ""}, "expected hazard and level, or a script"),
        ({"lasts": "13h"}, "lasts: expected up to 12h"),
        ({"lasts": "soon"}, "lasts:"),
        ({"drill": "d1"}, "drill: a start has none"),
        ({"steps": [DrillStepRequest("13h", "flash_flood", "red")]}, "cannot stand beside it"),
        (
            {"hazard": "", "level": "", "steps": [DrillStepRequest("13h", "flash_flood", "red")]},
            "steps[0].at: expected up to 12h",
        ),
        (
            {"hazard": "", "level": "", "steps": [DrillStepRequest("1min", "flod", "rot", ["nowhere"])]},
            "steps[0].level: expected",
        ),
        ({"reason": " "}, "reason: expected"),
    ],
)
def test_what_cannot_be_is_refused(county: Configuration, said: dict[str, object], fault: str) -> None:
    with pytest.raises(OrderFaultsError) as error:
        drill_of(county, asked(county, **said), None)
    assert any(fault in told for told in error.value.faults), error.value.faults


def test_a_node_in_an_exercise_has_no_drill_beside_it(county: Configuration) -> None:
    there = replace(county, message=replace(county.message, status=MessageStatus.EXERCISE))
    with pytest.raises(OrderFaultsError, match="exercise"):
        drill_of(there, asked(there), None)


def test_no_drill_is_left_for_a_node_that_does_not_run(county: Configuration) -> None:
    with pytest.raises(WarnstreamError, match="no node runs"):
        start(county, asked(county), None)


def test_without_any_drill_that_is_said(county: Configuration) -> None:
    assert show(county, as_json=False) == "no drill so far"
    with pytest.raises(WarnstreamError, match="no drill so far"):
        score(county, "", as_json=False)


def test_drills_of_the_last_year_are_counted_by_village(county: Configuration) -> None:
    folder = county.storage.directory / "drill" / "20261101T080000Z-d1"
    folder.mkdir(parents=True)
    begun = time.time() - 86_400
    codes = county.network.villages.code
    villages = [
        VillageScore(code, code, None, None, "stopped", 4, 0, 0.0, None, 0, posts)
        for code, posts in zip(codes, ([PostScore("grid", "x", 60, 0, None)], [], []), strict=True)
    ]
    scores = DrillScores(1, "d1", "zhang", "yearly", False, iso_utc(int(begun)), villages)
    write_scores(folder / SCORES, scores)
    try:
        said = show(county, as_json=False)
        assert said.endswith("1 of 3 villages have had a drill in the last year")
        assert "60 s" in score(county, "d1", as_json=False)
        assert '"schema":1' in score(county, "", as_json=True)
    finally:
        shutil.rmtree(folder.parent)


RUNNING = {"d1": ["V1"], "d2": ["V2", "V3"]}


@pytest.mark.parametrize(
    ("drill", "running", "fault"),
    [
        ("", RUNNING, "several are on, name one of d1, d2, or all"),
        ("d9", RUNNING, "'d9' is not on; on: d1, d2"),
        ("", {}, "no drill is on"),
        ("all", {}, "no drill is on"),
    ],
)
def test_a_stop_names_its_drill_where_several_are_on(
    county: Configuration, drill: str, running: dict[str, list[str]], fault: str
) -> None:
    request = DrillRequest(act="stop", author="zhang", reason="enough", drill=drill)
    with pytest.raises(OrderFaultsError, match=fault):
        drill_order(request, county, running)


def test_a_stop_ends_the_drill_that_it_names(county: Configuration) -> None:
    code = county.network.villages.code[0]
    request = DrillRequest(act="stop", author="zhang", reason="enough", drill="d1")
    order = drill_order(request, county, {"d1": [code], "d2": []})
    assert (order.act, order.drill, order.villages) == (DrillAct.STOP, "d1", (code,))
    everywhere = drill_order(replace_drill(request, "all"), county, {"d1": [code], "d2": []})
    assert (everywhere.drill, everywhere.villages) == ("", (code,))


def replace_drill(request: DrillRequest, drill: str) -> DrillRequest:
    return DrillRequest(act=request.act, author=request.author, reason=request.reason, drill=drill)


def test_steps_can_be_said_without_a_file(county: Configuration) -> None:
    steps = [DrillStepRequest("0min", "flash_flood", "red"), DrillStepRequest("20min", "flash_flood", "none")]
    order = drill_of(county, asked(county, hazard="", level="", steps=steps, identifier="zhang/k"), None)
    assert [(step.after_s, step.level) for step in order.steps] == [(0, Level.RED), (1200, Level.NONE)]
    again = drill_of(county, asked(county, identifier="zhang/k"), None)
    assert order.identifier == again.identifier, "the same key is the same drill"


def test_there_is_nothing_to_stop_without_a_drill(county: Configuration) -> None:
    with pytest.raises(OrderFaultsError, match="no drill is on"):
        stop(county, DrillRequest(act="stop", author="zhang", reason="enough"))
