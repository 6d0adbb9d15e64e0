"""What is printed: a village's own values, for the careful side, in both languages, safely escaped."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.commands.paper import pdf
from warnstream.commands.paper.command import write_pages
from warnstream.commands.paper.content import cards
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.bulletins import Action
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.rules.rules import CriticalRain
from warnstream.model.transfers.objects import HouseholdFacts, ObjectKind, TransferObject

NOW_S = 1_781_740_800


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    directory = tmp_path_factory.mktemp("county")
    build_county(1, CountyPlan(n_stations=30, n_villages=12, n_gauges=6)).write(directory)
    write_demo_config(directory)
    return load_configuration(directory)


def test_the_leave_value_is_the_lowest_rain_whose_order_sends_everybody(county: Configuration) -> None:
    rule = next(rule for rule in county.rules if rule.name == "flash_flood")
    assert isinstance(rule.thresholds, CriticalRain)
    leaves = [level for level in range(1, 5) if _action(county, level) is Action.LEAVE]
    for village, card in enumerate(cards(county, range(len(county.network.villages)), {})):
        places = county.network.places.of_villages(np.array([village]))
        rows = [row for row in card.cup if row.hazard.en == "Flash flood"]
        lowest = np.fmin.reduce(rule.thresholds.critical_mm[places][:, :, leaves[0] - 1 :], axis=(0, 2))
        said = [value for value in lowest.tolist() if np.isfinite(value)]
        assert [row.leave_mm for row in rows if row.leave_mm is not None] == [np.floor(line) for line in said]
        assert said
        assert all((row.ready_mm or 0) < (row.leave_mm or np.inf) for row in rows)


def _action(county: Configuration, level: int) -> Action:
    from warnstream.model.level import Level

    return county.orders.order("flash_flood", Level(level)).action


def test_a_staff_has_a_value_to_be_ready_below_the_one_to_leave(county: Configuration) -> None:
    found = [row for card in cards(county, range(12), {}) for row in card.staff]
    assert found
    assert all(row.ready_m is not None and row.leave_m is not None for row in found)
    assert all((row.ready_m or 0) < (row.leave_m or 0) for row in found)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_village_has_a_page_of_three_sheets_and_all_posts_stand_in_the_call_list(
    county: Configuration, tmp_path: Path, language: str
) -> None:
    files = write_pages(county, range(12), tmp_path, language, NOW_S)
    assert [file.stem for file in files] == [*county.network.villages.code, "calls"]
    first = files[0].read_text("utf-8")
    assert first.count("<section>") == 3
    assert county.network.villages.name[0] in first
    calls = files[-1].read_text("utf-8")
    posts = {post.post for post in county.network.chain}
    assert {post for post in posts if f"<td>{post}</td>" in calls} == posts


def test_the_same_configuration_and_time_give_the_same_bytes(county: Configuration, tmp_path: Path) -> None:
    one, two = (write_pages(county, range(2), tmp_path / name, "zh", NOW_S) for name in ("a", "b"))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]


def test_a_name_cannot_break_out_of_the_page(county: Configuration, tmp_path: Path) -> None:
    villages = county.network.villages
    evil = replace(villages, name=("<script>alert(1)</script>", *villages.name[1:]))
    there = replace(county, network=replace(county.network, villages=evil))
    text = write_pages(there, [0], tmp_path, "zh", NOW_S)[0].read_text("utf-8")
    assert "<script" not in text
    assert not re.search(r"(src|href)=", text), "nothing is fetched"


def test_a_folder_that_cannot_be_written_is_named(county: Configuration, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match="file"):
        write_pages(county, [0], tmp_path / "file", "zh", NOW_S)


def test_without_a_font_for_chinese_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WarnstreamError, match="fonts-noto-cjk"):
        pdf.demand_chinese_font()


def test_the_fetch_list_has_class_a_first_in_each_zone_and_objects_among_the_doors(
    county: Configuration,
) -> None:
    doors = county.network.households
    n_doors = len(doors)
    facts = HouseholdFacts(
        grade=tuple("DA"[door % 2] for door in range(n_doors)),
        persons=(3,) * n_doors,
        helpless=(1,) * n_doors,
        zone=("",) * n_doors,
        helper=("grid",) * n_doors,
        shelter=("",) * n_doors,
    )
    hut = TransferObject("HUT1", "", 0, "", ObjectKind.HUT, "B", 12)
    network = replace(county.network, households=replace(doors, facts=facts), objects=(hut,))
    (card,) = cards(replace(county, network=network), [0], {})
    assert [row.grade for row in card.fetch] == sorted(row.grade for row in card.fetch)
    assert [row.persons for row in card.fetch if "HUT1" in row.door] == [12]
    assert len(card.fetch) == len(doors.of_village(0)) + 1
