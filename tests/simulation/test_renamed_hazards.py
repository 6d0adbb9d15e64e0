"""A hazard with another name (`was`) goes on: levels, hold times, warnings and debts, there and back."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.simulation.changed_county import MOMENTS, County
from tests.simulation.test_renamed_rows import by_kill, by_reload, by_restart, owed
from warnstream.commands.renamed import renamed_looks
from warnstream.config.load import load_configuration
from warnstream.model.effects import OperatorAffirm

pytestmark = pytest.mark.slow

NOW = {"flash_flood": "torrent", "storm": "cloudburst"}


def rename(county: County) -> None:
    """Both hazards have other names."""
    for before, name in NOW.items():
        county.replace("thresholds.yaml", f"  {before}:\n", f"  {name}:\n    was: {before}\n")


def warnings(county: County) -> dict[str, tuple[str, str]]:
    """Open warnings by name: hazard and level."""
    return {standing.warning: (standing.hazard, standing.level.word) for standing in county.open_warnings()}


def levels(county: County) -> dict[str, dict[str, Any]]:
    """All that lets levels fall, by hazard."""
    assert county.node is not None
    state = county.node.engine.assessment.snapshot()
    return {
        part.partition(".")[2]: {name: array.tolist() for name, array in arrays.items()}
        for part, arrays in state.items()
        if part.startswith("level.")
    }


@pytest.mark.parametrize("how", [by_reload, by_restart, by_kill])
def test_a_renamed_hazard_keeps_levels_warnings_and_debts_there_and_back(
    county: County, how: Callable[[County], None]
) -> None:
    county.rain(12)
    county.settle()
    before, stood, debts, held = (
        county.text("thresholds.yaml"),
        warnings(county),
        owed(county),
        levels(county),
    )
    assert {hazard for hazard, _ in stood.values()} == set(NOW)
    n_shown = len(county.gateway.warnings())
    rename(county)
    how(county)
    county.settle()
    assert warnings(county) == {name: (NOW[hazard], level) for name, (hazard, level) in stood.items()}
    assert levels(county) == {NOW[hazard]: arrays for hazard, arrays in held.items()}
    again = {shown.message for shown in county.gateway.warnings()[n_shown:]}
    if how is by_reload:  # a restart asks posts anew whatever was changed
        assert owed(county) == debts
        assert not again, "nobody is told anything because a hazard has another name"
    assert not {message for message in again if "@post" not in message}
    county.rain(2)
    assert county.find_faults() == []
    stood = warnings(county)
    n_shown = len(county.gateway.warnings())
    county.put("thresholds.yaml", before)
    how(county)
    county.settle()
    back = {name: hazard for hazard, name in NOW.items()}
    assert warnings(county) == {name: (back[hazard], level) for name, (hazard, level) in stood.items()}
    again = {shown.message for shown in county.gateway.warnings()[n_shown:]}
    assert not {message for message in again if "@post" not in message}
    county.dries_out()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_moment_of_a_renaming_loses_nothing_and_tells_nothing_twice(
    county: County, moment: str
) -> None:
    county.rain(12)
    stood = {name for name, _ in warnings(county).items()}
    rename(county)
    county.reload_killed(moment)
    county.rain(2)
    assert county.find_faults() == []
    assert stood <= set(warnings(county)), "the same warnings, by their names"
    assert {hazard for hazard, _ in warnings(county).values()} == set(NOW.values())
    county.rain(60, times=0.0)
    assert county.find_faults() == []
    assert county.open_warnings() == []


def test_a_level_falls_when_it_would_have_fallen(county: County) -> None:
    county.rain(12)
    county.rain(8, times=0.0)
    held = levels(county)
    assert any(since >= 0 for since in held["flash_flood"]["below_since_s"]), "it is about to fall"
    rename(county)
    by_reload(county)
    assert levels(county)["torrent"] == held["flash_flood"]


def test_machines_hear_under_both_names(county: County) -> None:
    county.rain(12)
    county.settle()
    rename(county)
    by_reload(county)
    county.rain(2)
    with closing(sqlite3.connect(county.directory / "data" / "outbox.sqlite3")) as outbox:
        told = outbox.execute(
            "SELECT recipient, warning FROM notifications"
            " JOIN messages ON messages.number = notifications.message"
            " WHERE channel = 'village_topic' AND recipient LIKE '%/%'"
        ).fetchall()
    assert {recipient.partition("/")[2] for recipient, _ in told} == set(NOW)
    assert {warning for _, warning in told} >= set(warnings(county))


def test_an_affirmation_and_an_end_by_the_warning_s_name_count(county: County) -> None:
    county.rain(12)
    rename(county)
    by_reload(county)
    assert county.node is not None
    name = next(iter(warnings(county)))
    county.node.status.submit_action(OperatorAffirm(name, "zhang", "seen"))
    county.step(6.0)
    status = county.node.engine.desk.status(name)
    assert status is not None
    assert status.operator == "zhang"


def test_a_name_that_was_another_hazard_s_carries_nothing(county: County) -> None:
    county.rain(12, times=0.5)
    county.rain(20, times=0.0)
    text = county.text("thresholds.yaml")
    begin, end = text.index("  storm:"), len(text)
    kept = text[:begin] + text[begin:end].replace("  storm:\n", "").replace(text[begin:end], "")
    county.put("thresholds.yaml", kept.replace("  flash_flood:\n", "  storm:\n    was: flash_flood\n"))
    is_live, said = county.reload()
    held = levels(county)
    assert not is_live or set(held) == {"storm"}, said
    assert county.find_faults() == []


def test_a_check_names_an_earlier_name_that_nothing_had(county: County) -> None:
    rename(county)
    assert list(renamed_looks(load_configuration(county.directory))) == []
    county.replace("thresholds.yaml", "was: storm", "was: gale")
    (said,) = renamed_looks(load_configuration(county.directory))
    assert said.startswith("thresholds.yaml: was: gale: no row of what runs (bundle 1) has or had that code")
