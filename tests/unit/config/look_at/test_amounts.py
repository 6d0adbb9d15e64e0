"""Every one of these configurations is legal; each must be pointed at, and a right one must not."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.look_at import amounts
from warnstream.config.look_at.registry import look_at

TOWNSHIP = 8


@pytest.fixture
def township(config_dir: Path) -> Path:
    """Eight more villages of one township, each with amounts of its own."""
    codes = [f"1{number}" for number in range(TOWNSHIP)]
    _append(config_dir, "villages.csv", (f"{code},v,28.42{code[1]},119.9,East,County" for code in codes))
    _append(config_dir, "households.csv", (f"d{code},{code},device,d{code}" for code in codes))
    rows = [
        f"{code},flash_flood,1h,{level},{value + number},mm,,survey 2024"
        for number, code in enumerate(codes)
        for level, value in (("yellow", 41), ("red", 71))
    ]
    _append(config_dir, "thresholds.csv", rows)
    return config_dir


def _append(directory: Path, file: str, rows: Iterable[str]) -> None:
    path = directory / file
    path.write_text(path.read_text("utf-8") + "".join(f"{row}\n" for row in rows), "utf-8")


def _replace(directory: Path, file: str, old: str, new: str) -> list[str]:
    path = directory / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), "utf-8")
    return look_at(load_configuration(directory))


def test_usual_amounts_are_not_looked_at(township: Path) -> None:
    configuration = load_configuration(township)
    for look in (amounts.beyond_records, amounts.beyond_quality, amounts.unlike_neighbours):
        assert list(look(configuration)) == []


def test_an_amount_that_has_never_fallen_is_looked_at(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    faults_after("thresholds.yaml", "rain_mm: 120", "rain_mm: 900")
    assert faults_after("thresholds.yaml", "rain_mm: 80", "rain_mm: 800") == []
    assert list(amounts.beyond_records(load_configuration(config_dir))) == [
        (
            "flash_flood: 2 villages with amounts such as red from 800 mm in 1h (001, 003): "
            "more than has ever fallen anywhere"
        )
    ]


def test_an_amount_in_centimetres_is_looked_at(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    assert faults_after("thresholds.yaml", "rain_mm: 45", "rain_mm: 3.5") == []
    assert list(amounts.beyond_records(load_configuration(config_dir))) == [
        (
            "flash_flood: 2 villages with amounts such as yellow from 3.5 mm in 1h (001, 003): "
            "any shower reaches that; is the unit mm?"
        )
    ]


def test_an_amount_that_the_quality_checks_refuse_is_looked_at(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    assert faults_after("warnstream.yaml", "windows:", "quality: {rain_mm_per_min_max: 1}\nwindows:") == []
    assert list(amounts.beyond_quality(load_configuration(config_dir))) == [
        (
            "flash_flood: 2 villages with amounts such as red from 80 mm in 1h (001, 003): "
            "out of reach, quality.rain_mm_per_min_max 1"
        )
    ]


@pytest.mark.parametrize("value", ["4.3", "430"])
def test_an_amount_ten_times_off_its_neighbours_is_looked_at(township: Path, value: str) -> None:
    level, right = ("yellow", "43") if value == "4.3" else ("red", "73")
    row = f"12,flash_flood,1h,{level},{{}},mm"
    found = _replace(township, "thresholds.csv", row.format(right), row.format(value))
    assert (
        f"flash_flood: 1 village with amounts such as {level} from {value} mm in 1h (12): "
        "5 times off the villages around"
    ) in found


def test_a_table_that_ends_half_way_is_looked_at(township: Path) -> None:
    text = (township / "thresholds.csv").read_text("utf-8")
    cut = "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith(("15,", "16,", "17,"))
    )
    (township / "thresholds.csv").write_text(cut, "utf-8")
    assert (
        "flash_flood: 6 of 11 villages have amounts of their own, 5 the general ones: "
        "001, 003, 15, 16, 17; is the table whole?"
    ) in list(amounts.half_tables(load_configuration(township)))


def test_a_village_without_a_level_that_most_have_is_looked_at(township: Path) -> None:
    levels = """    levels:
      - {level: yellow, duration: 1h, rain_mm: 45}
      - {level: red, duration: 1h, rain_mm: 80}
      - {level: red, duration: 3h, rain_mm: 120}
"""
    _replace(township, "thresholds.yaml", levels, "")
    found = _replace(township, "thresholds.csv", "13,flash_flood,1h,red,74,mm,,survey 2024\n", "")
    assert ("flash_flood: 2 villages without levels that most have, such as yellow over 1h: 002, 13") in found


def test_a_gauge_without_orange_and_red_is_looked_at(config_dir: Path) -> None:
    _append(config_dir, "stations.csv", ["G2,28.42,119.92,,stage,300,County"])
    _append(config_dir, "thresholds.csv", ["002,river_flood,,yellow,4,m,G2,hydrology office"])
    assert "river_flood: 1 gauge without orange or red: G2" in look_at(load_configuration(config_dir))


def test_stages_of_one_gauge_far_apart_are_looked_at(
    config_dir: Path, faults_after: Callable[[str, str, str], list[str]]
) -> None:
    assert list(amounts.stages_apart(load_configuration(config_dir))) == []
    assert faults_after("thresholds.csv", "red,12,m", "red,120,m") == []
    assert list(amounts.stages_apart(load_configuration(config_dir))) == [
        (
            "river_flood: levels of gauge G1 lie from 10.5 to 120 m: "
            "is one over another datum, or a decimal point lost?"
        )
    ]
