"""风险提示单: what a weather model expects, how near a threshold is, what is said where nobody knows."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.commands.sheets.advice.facts import ModelRain, Now, _nearest, _of_model
from warnstream.commands.sheets.advice.sheet import advice_sheet
from warnstream.commands.sheets.words.say import Say
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.forecast import RainMembers

NOW_S = 1_780_300_000


@pytest.fixture
def county(tmp_path: Path) -> Configuration:
    write_county(tmp_path)
    return load_configuration(tmp_path)


def test_of_members_the_last_step_that_is_known_counts_and_of_a_village_its_worst_zone() -> None:
    rain_mm = np.full((10, 4, 3), np.nan, dtype=np.float32)
    rain_mm[:, :3, 0] = np.arange(10)[:, None]
    rain_mm[:, :3, 1] = 2 * np.arange(10)[:, None]
    members = RainMembers(rain_mm, 3600, NOW_S, "model", "", "grapes", NOW_S - 3600)
    found = _of_model(members, np.array([0, 2]))
    assert found is not None
    assert (found.model, found.hours) == ("grapes", 3)
    assert found.median_mm[0] == pytest.approx(9.0), "the second zone is the worse one"
    assert found.high_mm[0] == pytest.approx(16.2)
    assert np.isnan(found.median_mm[1]), "the model does not reach that village"


def test_members_of_which_nothing_is_known_are_none() -> None:
    rain_mm = np.full((2, 1, 1), np.nan, dtype=np.float32)
    assert _of_model(RainMembers(rain_mm, 3600, NOW_S, "model", ""), np.array([0])) is None
    assert _of_model(None, np.array([0])) is None


def test_the_nearest_hazard_is_the_one_with_the_greatest_share() -> None:
    share, hazard = _nearest(
        {"flood": np.array([0.4, np.nan, np.nan]), "slide": np.array([0.5, 0.0, np.nan])}, 3
    )
    assert hazard == ("slide", "slide", "")
    assert share[:2].tolist() == [0.5, 0.0]
    assert np.isnan(share[2])
    assert _nearest({}, 2)[1] == ("", "")


def test_rain_of_a_model_stands_beside_what_has_fallen_and_the_unknown_is_said(county: Configuration) -> None:
    unknown = np.full(2, np.nan)
    model = ModelRain("grapes", NOW_S - 3600, 24, np.array([12.34, np.nan]), np.array([40.0, np.nan]))
    now = Now(NOW_S, {3600: np.array([1.0, np.nan])}, {}, model, unknown, ("", ""), (0, 2), {}, ["note"])
    (part,) = advice_sheet(county, now, None, Say("en")).parts
    villages, orders, posts = part.tables
    assert villages.columns == (
        "village", "stands", "fell in 1h, mm", "24 h median, mm", "9 of 10 below, mm",
        "nearest to its highest level", "of threshold", "own gauges",
    )  # fmt: skip
    assert [row[2:] for row in villages.rows] == [
        (1.0, 12.3, 40.0, "unknown", "unknown", "heard"),
        ("unknown", "unknown", "unknown", "unknown", "unknown", "all silent"),
    ]
    assert orders.rows == []
    assert orders.note == "no warning stands, the plan asks for nothing"
    assert [row[3] for row in posts.rows] == ["p2", "p1"], "the highest rank first"
    said = " ".join(part.lines)
    assert "EXERCISE" in part.title
    assert "Model grapes" in said
    assert "no nowcast is configured" in said
    assert "note" in part.lines
