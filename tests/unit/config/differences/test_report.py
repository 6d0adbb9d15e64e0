"""What a change of configuration means, in the words of an operator."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.config.conftest import FILES
from warnstream.config.differences.report import Differences, differences
from warnstream.config.load import load_configuration

Compare = Callable[..., Differences]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """The configuration as it is, and with text of some files replaced."""

    def write(folder: Path, files: dict[str, str]) -> Path:
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    def work(
        changes: dict[str, tuple[str, str]],
        old: dict[str, str] | None = None,
        new: dict[str, str] | None = None,
    ) -> Differences:
        files = FILES | (new or {})
        for name, (was, becomes) in changes.items():
            assert was in files[name]
            files[name] = files[name].replace(was, becomes)
        folders = [write(tmp_path / "old", FILES | (old or {})), write(tmp_path / "new", files)]
        before, after = map(load_configuration, folders)
        paths = [{name: folder / name for name in FILES} for folder in folders]
        return differences(before, after, *paths)

    return work


def test_the_same_files_differ_in_nothing(compare: Compare) -> None:
    assert compare({}) == Differences((), {})


def test_a_level_of_all_villages_without_rows_of_their_own_is_one_line(compare: Compare) -> None:
    found = compare(
        {"thresholds.yaml": ("yellow, duration: 1h, rain_mm: 45", "yellow, duration: 1h, rain_mm: 40")}
    )
    assert found.meaning == ("flash_flood: 2 villages (001, 003), yellow 1h: 45 -> 40 mm",)
    assert found.files == {"thresholds.yaml": "changed"}


def test_a_cell_of_a_table_names_its_village_and_gauge(compare: Compare) -> None:
    changes = {"thresholds.csv": ("1h,orange,30", "1h,orange,28.5")}
    assert compare(changes).meaning == ("flash_flood: 1 village (002), orange 1h: 30 -> 28.5 mm",)


def test_a_stage_has_its_gauge_and_its_unit(compare: Compare) -> None:
    changes = {"thresholds.csv": ("yellow,10.5,m", "yellow,10.2,m")}
    assert compare(changes).meaning == ("river_flood: 1 village (001), yellow stage at G1: 10.5 -> 10.2 m",)


def test_a_level_that_comes_or_goes_is_none_on_one_side(compare: Compare) -> None:
    changes = {"thresholds.csv": ("002,flash_flood,1h,orange,30,mm,,survey 2024\n", "")}
    assert compare(changes).meaning == ("flash_flood: 1 village (002), orange 1h: 30 -> none mm",)


def test_hazards_that_come_and_go(compare: Compare) -> None:
    text = FILES["thresholds.yaml"]
    gone = text[text.index("  flash_flood:") : text.index("  river_flood:")]
    found = compare(
        {
            "thresholds.yaml": (gone, gone.replace("flash_flood", "torrent")),
            "thresholds.csv": ("flash_flood", "torrent"),
        }
    )
    assert found.meaning[:2] == ("flash_flood: the hazard is gone", "torrent: a new hazard")


def test_places_that_come_go_and_move(compare: Compare) -> None:
    found = compare(
        {
            "stations.csv": (
                "S1,28.40,119.90,120,rain,300,County",
                "S1,28.41,119.90,120,rain,600,County\nS2,28.5,119.9,,rain,300,County",
            ),
            "villages.csv": ("003,Hill,28.45,119.95,West", "004,Hill,28.45,119.95,West"),
            "households.csv": ("h3,003", "h3,004"),
        }
    )
    assert found.meaning == (
        "stations: 1 station more (S2)",
        "station S1: moved by 1112 m",
        "station S1: reports every 5min -> 10min",
        "villages: 1 village more (004)",
        "villages: 1 village fewer (003)",
        "households: 1 in another village",
    )


def test_people_are_counted_and_no_address_is_shown(compare: Compare) -> None:
    found = compare(
        {
            "households.csv": ("h1,001,sms,+8610", "h1,001,sms,+8699"),
            "chain.csv": ("p2,leader,2,East,sms,+8621", "p2,leader,2,East,sms,+8688"),
        }
    )
    assert found.meaning == ("households: 1 with another address", "posts: 1 changed (p2)")
    assert "+86" not in "".join(found.meaning)


def test_keys_are_told_as_they_are_written_and_those_of_channels_without_values(compare: Compare) -> None:
    found = compare(
        {
            "warnstream.yaml": ("longest: 24h", "longest: 48h"),
            "channels.yaml": ("http://127.0.0.1:18081/sms", "http://127.0.0.1:18081/other?token=x"),
        }
    )
    assert found.meaning == (
        "warnstream.yaml: windows.longest: 24h -> 48h",
        "channels.yaml: channels.sms.url changed",
    )


def test_many_different_changes_of_one_level_are_a_range_and_their_factor(compare: Compare) -> None:
    rows = [(f"0{n}", 20 + 10 * n) for n in range(10, 16)]
    villages = "".join(f"{code},V,28.50,119.90,East,County\n" for code, _ in rows)
    table = "".join(f"{code},flash_flood,1h,orange,{mm},mm,,s\n" for code, mm in rows)
    lower = "".join(f"{code},flash_flood,1h,orange,{mm * 0.9:g},mm,,s\n" for code, mm in rows)
    before = {
        "villages.csv": FILES["villages.csv"] + villages,
        "thresholds.csv": FILES["thresholds.csv"] + table,
    }
    after = before | {"thresholds.csv": FILES["thresholds.csv"] + lower}
    found = compare({}, before, after)
    assert found.meaning == ("flash_flood: 6 villages, orange 1h: 120 to 170 -> 108 to 153 mm (x 0.9)",)


def test_objects_and_shelters_are_compared_by_code_whatever_their_village_s_number(compare: Compare) -> None:
    head = "object,village,kind,persons\n"
    old = {"objects.csv": f"{head}o1,002,hut,4\no2,002,boat,2\n"}
    new = {
        "objects.csv": f"{head}o1,002,hut,6\no3,003,site,9\n",
        "shelters.csv": "shelter,name,village,capacity\ns1,Hall,003,80\n",
    }
    found = compare({"villages.csv": ("002,下村", "0015,新村,28.47,119.91,East,County\n002,下村")}, old, new)
    assert "objects: 1 more (o3)" in found.meaning
    assert "objects: 1 fewer (o2)" in found.meaning
    assert "objects: 1 changed (o1)" in found.meaning
    assert "shelters: 1 more (s1)" in found.meaning


def test_a_station_with_another_code_is_neither_new_nor_gone(compare: Compare) -> None:
    rows = FILES["stations.csv"].replace("county\n", "county,was\n").replace("County\n", "County,\n")
    found = compare(
        {},
        new={
            "stations.csv": rows.replace(
                "S1,28.40,119.90,120,rain,300,County,", "S2,28.40,119.90,120,rain,300,County,S1"
            )
        },
    )
    assert found.meaning == ("station S2: was S1",)
